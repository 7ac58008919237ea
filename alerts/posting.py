"""What must be sent, put into the outbox: a row for each step of an alert and each receiver.

A step goes to a receiver once (`dedup`), however often it is put. A row is sent at once, or it is
gathered for a bundle: a digest, the roll-up of what passes a cap or of a flood, the end of quiet
hours. While a feed is down the openings that silence alone would explain are held.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from alerts.rules import (
    AlertContext,
    Subscription,
    digest_due_us,
    matches,
    quiet_until_us,
    severe,
    wants_type,
)
from alerts.schema import alerts, events, operator_log, outbox
from alerts.stored import Row, event_body, identities_body, to_json
from detectors.events import Event
from vessels.units import US_PER_H

OPENING_STEPS = ("opened", "corrected")
"""The steps by which a receiver hears of an event for the first time."""
_COUNTED = ("pending", "sent", "dead")
_UNSENT = ("held", "gathered")


@dataclass(frozen=True, slots=True)
class _Way:
    """How a row goes out."""

    state: str
    bundle: str | None
    due_us: int


def message_id(domain: str, *parts: str) -> str:
    """Return the Message-ID made of these parts, the last one (a receiver) as a digest.

    The same parts give the same id at any time: a mail that is sent twice after a crash is seen to
    be one.
    """
    *plain, receiver = parts
    digest = hashlib.sha256(receiver.encode()).hexdigest()[:12]
    return f"<{'.'.join([*plain, digest])}@{domain}>"


def insert_once(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless a unique column already holds its value. Tells whether it did."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = dialect.insert(table).values(**values).on_conflict_do_nothing().returning(table.c.id)
    return connection.execute(added).first() is not None


def tell_operator(connection: Connection, context: AlertContext, topic: str, text: str) -> bool:
    """Tell those who run the watch, once for each topic. Tells whether it was news.

    `topic` holds its own time where it may come again, as in "feed:north:2026-11-23T18".
    """
    row = {"topic": topic[:120], "at_us": context.now_us, "text": text}
    if not insert_once(connection, operator_log, row):
        return False
    for operator in context.policy.operators:
        insert_once(
            connection,
            outbox,
            row_values(
                channel="mail",
                kind="operator",
                step="operator",
                subscription="operator",
                recipient=operator,
                dedup=f"operator|{_digest(topic)}|{_digest(operator)}",
                message_id=message_id(context.policy.domain, "operator", _digest(topic), operator),
                payload=to_json({"topic": topic, "text": text, "at_us": context.now_us}),
                created_us=context.now_us,
                due_us=context.now_us,
            ),
        )
    return True


class Poster:
    """Puts rows within one transaction."""

    def __init__(self, connection: Connection, context: AlertContext) -> None:
        self._connection = connection
        self._context = context
        self._policy = context.policy
        self._subscriptions = sorted(
            context.policy.subscriptions, key=lambda one: one.mode != "immediate"
        )
        self._by_name = {one.name: one for one in context.policy.subscriptions}
        self._sent_in_hour: dict[tuple[str, str], int] = {}
        self._opened_in_hour: dict[str, int] = {}

    def opened(self, event: Event, *, life: int) -> None:
        """Tell of a new event everyone who asked for its like."""
        self._tell_all(event, life, flood=self._is_flood(event.type))

    def _tell_all(self, event: Event, life: int, *, flood: bool) -> None:
        told = {row["recipient"] for row in self._told(event.event_id, life)}
        for subscription in self._subscriptions:
            for recipient in subscription.to:
                if recipient not in told and self._wants(subscription, recipient, event):
                    told.add(recipient)
                    self._put(subscription, recipient, "opened", event, life, flood=flood)
        self._put_machines("opened", event, life)

    def changed(self, event: Event, life: int, status: str) -> None:
        """Bring what waits up to date, and tell those whose filters the event passes only now."""
        for row in self._rows(event.event_id, _UNSENT):
            payload = json.loads(row["payload"]) | {"event": event_body(event)}
            self._set(row["id"], payload=to_json(payload))
        if status == "open":
            self._tell_all(event, life, flood=False)

    def closed(self, event: Event, life: int) -> None:
        """Tell those who know of the event that it ended."""
        for row in self._told(event.event_id, life):
            if row["state"] not in _UNSENT:
                self._follow(row, "closed", event, life)
        self._put_machines("closed", event, life)

    def pictured(self, event: Event, life: int, picture: Mapping[str, Any]) -> None:
        """Tell those who know of the event what a satellite saw of it: once, in its thread.

        `picture` holds `says`, sayings of each scene, and `png`, the picture in base64.
        """
        for row in self._told(event.event_id, life):
            if row["state"] not in _UNSENT:
                self._follow(row, "pictured", event, life, more={"picture": dict(picture)})
        self._put_machines("pictured", event, life)

    def reminder(self, event: Event, life: int, opened_us: int) -> int:
        """Remind those who were told at once and whose wait is over; return how many."""
        known = [row for row in self._told(event.event_id, life) if row["state"] == "sent"]
        waiting = self._context.now_us - opened_us
        count = 0
        for row in known:
            subscription = self._by_name.get(row["subscription"])
            wait_h = 0.0 if subscription is None else subscription.reminder_after_h
            if 0 < wait_h * US_PER_H <= waiting:
                self._follow(row, "reminder", event, life)
                count += 1
        return count

    def withdrawn(self, event: Event, life: int, *, tell: bool) -> None:
        """Take back what has not been sent; where something was, tell that it no longer holds."""
        for row in self._take_back(event.event_id, life):
            if tell:
                self._follow(row, "withdrawn", event, life)
        if tell:
            self._put_machines("withdrawn", event, life)

    def corrected(self, event: Event, old: Event, old_life: int) -> None:
        """Tell those who knew the old form of a finding of its new one, in the same thread."""
        for row in self._take_back(old.event_id, old_life):
            self._follow(row, "corrected", event, 0)
        self._put_machines("withdrawn", old, old_life)

    def release_held(self) -> None:
        """Let go what was held for a feed that is well again."""
        for row in self._rows(None, ("held",)):
            if row["type"] in self._context.held_types:
                continue
            subscription = self._by_name.get(row["subscription"])
            severity = json.loads(row["payload"])["event"]["severity"]
            now_us = self._context.now_us
            way = (
                self._way(subscription, row["recipient"], severity, flood=False)
                if subscription is not None
                else _Way("pending", None, now_us)
            )
            self._set(row["id"], state=way.state, bundle=way.bundle, due_us=way.due_us)

    def _wants(self, subscription: Subscription, recipient: str, event: Event) -> bool:
        known = self._context.identities
        if wants_type(subscription, event.type) and matches(subscription, event, known):
            return True
        if event.type != "port_visit" or not subscription.port_arrivals:
            return False
        # A port is where an inspector acts: who heard of the finding hears of the call.
        earlier = list(event.details.get("after_events") or ())
        known_of = select(outbox.c.id).where(
            outbox.c.event_id.in_(earlier),
            outbox.c.recipient == recipient,
            outbox.c.subscription == subscription.name,
            outbox.c.state != "cancelled",
        )
        return bool(earlier) and self._connection.execute(known_of.limit(1)).first() is not None

    def _put(
        self,
        subscription: Subscription,
        recipient: str,
        step: str,
        event: Event,
        life: int,
        *,
        flood: bool = False,
        references: Iterable[str] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        held = event.type in self._context.held_types and step == "opened"
        way = (
            _Way("held", None, self._context.now_us)
            if held
            else self._way(subscription, recipient, event.severity, flood=flood)
        )
        payload = {
            "event": event_body(event),
            "identities": identities_body(event, self._context.identities),
            "language": subscription.language,
            "time_zone": subscription.time_zone,
            "attach": list(subscription.attach),
            "max_kb": subscription.max_kb,
            **(more or {}),
        }
        added = insert_once(
            self._connection,
            outbox,
            row_values(
                channel="mail",
                kind="event",
                step=step,
                event_id=event.event_id,
                life=life,
                type=event.type,
                subscription=subscription.name,
                recipient=recipient,
                dedup=f"{event.event_id}|{life}|{step}|mail|{_digest(recipient)}",
                message_id=message_id(
                    self._policy.domain, event.event_id, f"{step}{life or ''}", recipient
                ),
                references_ids=json.dumps(list(references)),
                payload=to_json(payload),
                state=way.state,
                bundle=way.bundle,
                created_us=self._context.now_us,
                due_us=way.due_us,
            ),
        )
        if added and way.state == "pending":
            self._sent_in_hour[subscription.name, recipient] += 1

    def _put_machines(self, step: str, event: Event, life: int) -> None:
        """Put the step for the webhook and the file, which know neither caps nor quiet hours."""
        policy = self._policy
        places = [("webhook", policy.webhook_url), ("sink", policy.sink_path)]
        for channel, place in places:
            if place is None or (policy.webhook_events and event.type not in policy.webhook_events):
                continue
            dedup = f"{event.event_id}|{life}|{step}|{channel}|{_digest(place)}"
            insert_once(
                self._connection,
                outbox,
                row_values(
                    channel=channel,
                    kind="event",
                    step=step,
                    event_id=event.event_id,
                    life=life,
                    type=event.type,
                    subscription=channel,
                    recipient=place[:320],
                    dedup=dedup,
                    message_id=f"{event.event_id}.{step}{life or ''}",
                    payload=to_json({"event": event_body(event)}),
                    created_us=self._context.now_us,
                    due_us=self._context.now_us,
                ),
            )

    def _way(
        self, subscription: Subscription, recipient: str, severity: str, *, flood: bool
    ) -> _Way:
        now_us = self._context.now_us
        if subscription.mode != "immediate":
            return _Way("gathered", subscription.mode, digest_due_us(subscription, now_us))
        if flood:
            return _Way("gathered", "flood", now_us + US_PER_H)
        quiet_us = quiet_until_us(subscription, now_us)
        if quiet_us is not None and severe(severity) < severe(subscription.quiet_passes):
            return _Way("gathered", "quiet", quiet_us)
        if self._count(subscription, recipient) >= subscription.max_per_hour:
            return _Way("gathered", "rollup", now_us + US_PER_H)
        return _Way("pending", None, now_us)

    def _count(self, subscription: Subscription, recipient: str) -> int:
        """Return how many mails of the subscription went to the receiver within the hour."""
        key = (subscription.name, recipient)
        if key not in self._sent_in_hour:
            mine = (
                outbox.c.subscription == subscription.name,
                outbox.c.recipient == recipient,
                outbox.c.kind == "event",
                outbox.c.state.in_(_COUNTED),
                outbox.c.created_us > self._context.now_us - US_PER_H,
            )
            self._sent_in_hour[key] = self._connection.execute(
                select(func.count()).select_from(outbox).where(*mine)
            ).scalar_one()
        return self._sent_in_hour[key]

    def _is_flood(self, type_name: str) -> bool:
        """Tell whether too many events of one type opened within the hour, and tell the operator.

        The opening that is being put is counted: its alert is in the store already.
        """
        if type_name not in self._opened_in_hour:
            since_us = self._context.now_us - US_PER_H
            recent = (alerts.c.opened_us > since_us, events.c.type == type_name)
            self._opened_in_hour[type_name] = self._connection.execute(
                select(func.count())
                .select_from(alerts.join(events, events.c.event_id == alerts.c.event_id))
                .where(*recent, alerts.c.suppressed_by.is_(None))
            ).scalar_one()
        else:
            self._opened_in_hour[type_name] += 1
        limit = self._policy.flood_per_hour
        if self._opened_in_hour[type_name] <= limit:
            return False
        hour = self._context.now_us // US_PER_H
        text = (
            f"More than {limit} alerts of type {type_name} opened within an hour. Their mails are "
            "rolled up, one mail an hour for each receiver; the list holds every one. A feed that "
            "failed, or a threshold set too low, is the usual cause: look at `darkwake feeds "
            "status` first."
        )
        tell_operator(self._connection, self._context, f"flood:{type_name}:{hour}", text)
        return True

    def _follow(
        self,
        row: Row,
        step: str,
        event: Event,
        life: int,
        *,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Put a later step for who got `row`, in its thread, if the subscription still stands."""
        subscription = self._by_name.get(row["subscription"])
        if subscription is None or row["recipient"] not in subscription.to:
            return
        references = [*json.loads(row["references_ids"]), self._sent_as(row)]
        self._put(
            subscription, row["recipient"], step, event, life, references=references, more=more
        )

    def _sent_as(self, row: Row) -> str:
        """Return the Message-ID that the receiver saw: the row's own, or its bundle's."""
        if row["bundled_in"] is None:
            return str(row["message_id"])
        bundle = select(outbox.c.message_id).where(outbox.c.id == row["bundled_in"])
        return str(self._connection.execute(bundle).scalar_one())

    def _take_back(self, event_id: str, life: int) -> list[Row]:
        """Cancel what nobody can have seen yet; return the openings that were sent."""
        never_tried = (outbox.c.tries == 0, outbox.c.lease_us == 0)
        unseen = outbox.c.state.in_(_UNSENT) | (outbox.c.state == "pending")
        self._connection.execute(
            update(outbox)
            .where(outbox.c.event_id == event_id, unseen, *never_tried)
            .where(outbox.c.channel == "mail")
            .values(state="cancelled", done_us=self._context.now_us)
        )
        return self._told(event_id, life)

    def _told(self, event_id: str, life: int) -> list[Row]:
        """Return the openings of an event to people that were not taken back."""
        rows = self._connection.execute(
            select(outbox).where(
                outbox.c.event_id == event_id,
                outbox.c.life == life,
                outbox.c.channel == "mail",
                outbox.c.step.in_(OPENING_STEPS),
                outbox.c.state != "cancelled",
            )
        )
        return [dict(row) for row in rows.mappings()]

    def _rows(self, event_id: str | None, states: tuple[str, ...]) -> list[Row]:
        asked = select(outbox).where(outbox.c.state.in_(states), outbox.c.channel == "mail")
        if event_id is not None:
            asked = asked.where(outbox.c.event_id == event_id)
        rows = self._connection.execute(asked.order_by(outbox.c.id)).mappings()
        return [dict(row) for row in rows]

    def _set(self, row_id: int, **values: Any) -> None:
        self._connection.execute(update(outbox).where(outbox.c.id == row_id).values(**values))


def row_values(**values: Any) -> dict[str, Any]:
    """Return a row that is to be sent now, but for what `values` says."""
    return {"life": 0, "references_ids": "[]", "state": "pending", "lease_us": 0, "tries": 0} | (
        values
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
