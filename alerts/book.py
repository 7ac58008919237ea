"""The alert book: events and their alerts, taken in together with what must be sent about them.

Everything happens in the caller's transaction, so an event and its mails are stored together or
not at all. Taking in the same changes again changes nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from sqlalchemy import Connection, insert, update

from alerts.posting import Poster
from alerts.rules import AlertContext
from alerts.schema import alert_log, alerts, events
from alerts.stored import Row, event_body, identities_body, row_event, rows_of, to_json
from alerts.suppressions import list_suppressions, suppression_of
from detectors.events import Event

US = "darkwake"
"""Who moves alerts that no person moved."""


class Change(Protocol):
    """One step in the life of an event, as the engine tells it."""

    @property
    def kind(self) -> str:
        """opened, updated, closed or withdrawn."""

    @property
    def event(self) -> Event:
        """The event as it stands after the step."""


def apply(connection: Connection, changes: Iterable[Change], context: AlertContext) -> None:
    """Take in what the engine found, and put into the outbox what must be sent about it.

    Of several changes of one event the last one holds. An open event only ages between changes; to
    keep its length and confidence up to date in the list (and to reach those who asked for a higher
    confidence), pass it again as `updated`.

    Args:
        connection: an open transaction; the caller commits it.
        changes: in the order in which the engine told them.
        context: time, configuration and feed health.
    """
    last = {change.event.event_id: change for change in changes}
    replaced = {
        change.event.replaces: change.event
        for change in last.values()
        if change.kind != "withdrawn" and change.event.replaces is not None
    }
    poster = Poster(connection, context)
    stored = rows_of(connection, [*last, *replaced])
    taken = _Taking(connection, context, poster, stored)
    gone = [change for change in last.values() if change.kind == "withdrawn"]
    for change in gone:
        taken.withdraw(change.event, replaced.get(change.event.event_id))
    for change in last.values():
        if change.kind != "withdrawn":
            taken.stand(change.event)
    poster.release_held()


class _Taking:
    """One call of `apply`."""

    def __init__(
        self,
        connection: Connection,
        context: AlertContext,
        poster: Poster,
        stored: Mapping[str, Row],
    ) -> None:
        self._connection = connection
        self._context = context
        self._poster = poster
        self._stored = stored
        self._suppressions = list_suppressions(connection)

    def withdraw(self, event: Event, successor: Event | None) -> None:
        """Take back an event that late data made untrue."""
        row = self._stored.get(event.event_id)
        if row is not None and row["withdrawn"]:
            return
        by = None if successor is None else successor.event_id
        values = {"withdrawn": True, "replaced_by": by}
        if row is None:
            # Told and taken back between two transactions: listed, but nobody was told.
            self._insert_event(event, values)
            self._insert_alert(event, "closed", thread=event.event_id)
            return
        self._update_event(event.event_id, values | {"changed_us": self._context.now_us})
        note = "withdrawn: late data changed the finding" if by is None else f"replaced by {by}"
        self._move(event.event_id, "withdraw", row["alert_status"], "closed", note)
        told = row["alert_suppressed_by"] is None and row["alert_status"] != "dismissed"
        if by is None or by in self._stored:
            self._poster.withdrawn(row_event(row), row["alert_life"], tell=told)

    def stand(self, event: Event) -> None:
        """Store an event that stands, and tell of it as far as it is news."""
        row = self._stored.get(event.event_id)
        if row is None:
            self._open(event)
            return
        kept = event if event.replaces else event.with_(replaces=row_event(row).replaces)
        if row["withdrawn"]:
            self._reinstate(kept, row)
            return
        body = to_json(event_body(kept))
        if body == row["body"]:
            return
        self._update_event(kept.event_id, self._values(kept) | self._identities(kept, row))
        if row["alert_suppressed_by"] is not None or row["alert_status"] == "dismissed":
            return
        self._poster.changed(kept, row["alert_life"], row["alert_status"])
        if row["status"] == "open" and kept.status == "closed":
            self._poster.closed(kept, row["alert_life"])

    def _open(self, event: Event) -> None:
        self._insert_event(event, {"withdrawn": False, "replaced_by": None})
        before = self._stored.get(event.replaces or "")
        status, thread = "open", event.event_id
        if before is not None:
            thread = before["alert_thread"]
            # The person's judgement of the finding holds for its corrected form.
            if before["alert_status"] in {"acknowledged", "confirmed", "dismissed"}:
                status = before["alert_status"]
        suppression = suppression_of(event, self._suppressions)
        self._insert_alert(event, status, thread=thread, suppressed_by=suppression)
        self._log(event.event_id, "open", "", status, None)
        if suppression is not None or status == "dismissed":
            if before is not None:
                self._poster.withdrawn(row_event(before), before["alert_life"], tell=False)
            return
        if before is not None:
            self._poster.corrected(event, row_event(before), before["alert_life"])
        if status == "open":
            self._poster.opened(event, life=0)

    def _reinstate(self, event: Event, row: Row) -> None:
        """Let an event stand again that had been withdrawn: it is told anew, in its old thread."""
        life = row["alert_life"] + 1
        values = {"withdrawn": False, "replaced_by": None}
        self._update_event(event.event_id, self._values(event) | values)
        self._connection.execute(
            update(alerts).where(alerts.c.event_id == event.event_id).values(life=life)
        )
        self._move(event.event_id, "reopen", row["alert_status"], "open", "it stands again")
        if row["alert_suppressed_by"] is None:
            self._poster.opened(event, life=life)

    def _insert_event(self, event: Event, values: Mapping[str, Any]) -> None:
        known = identities_body(event, self._context.identities)
        self._connection.execute(
            insert(events).values(
                event_id=event.event_id,
                stored_us=self._context.now_us,
                identities=to_json(known),
                **self._values(event),
                **values,
            )
        )

    def _update_event(self, event_id: str, values: Mapping[str, Any]) -> None:
        self._connection.execute(
            update(events).where(events.c.event_id == event_id).values(**values)
        )

    def _identities(self, event: Event, row: Row) -> dict[str, str]:
        """Return what is known of the hulls now; what was known before stays where nothing is."""
        known = identities_body(event, self._context.identities)
        return {"identities": to_json(known) if known else row["identities"]}

    def _values(self, event: Event) -> dict[str, Any]:
        return {
            "type": event.type,
            "status": event.status,
            "start_us": event.start_us,
            "end_us": event.end_us,
            "mmsi": event.mmsi,
            "other_mmsi": event.other_mmsi,
            "hull_id": event.hull_id,
            "other_hull_id": event.other_hull_id,
            "lat": event.lat,
            "lon": event.lon,
            "confidence": event.confidence,
            "severity": event.severity,
            "body": to_json(event_body(event)),
            "changed_us": self._context.now_us,
        }

    def _insert_alert(
        self, event: Event, status: str, *, thread: str, suppressed_by: int | None = None
    ) -> None:
        self._connection.execute(
            insert(alerts).values(
                event_id=event.event_id,
                status=status,
                thread=thread,
                life=0,
                suppressed_by=suppressed_by,
                opened_us=self._context.now_us,
                moved_us=self._context.now_us,
            )
        )

    def _move(self, event_id: str, move: str, before: str, after: str, note: str) -> None:
        values = {"status": after, "reason": note, "moved_us": self._context.now_us}
        self._connection.execute(
            update(alerts).where(alerts.c.event_id == event_id).values(**values)
        )
        self._log(event_id, move, before, after, note)

    def _log(self, event_id: str, move: str, before: str, after: str, note: str | None) -> None:
        self._connection.execute(
            insert(alert_log).values(
                event_id=event_id,
                at_us=self._context.now_us,
                by=US,
                move=move,
                from_status=before,
                to_status=after,
                note=note,
            )
        )
