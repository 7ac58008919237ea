"""The list of alerts that pass a reviewer's filters, a page at a time.

The database narrows by its columns; flag, zone and text stand in the event's JSON, so they are
asked for there as text, and what comes back is looked at again exactly. However long the store,
what is read stops with the page.
"""

import json
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from alerts.rules import inside_bbox
from alerts.schema import alerts, events
from alerts.stored import Row, to_json, with_alerts
from darkwake.desk.filters import PAGE_ROWS, Filters
from darkwake.watching.store import progress
from detectors.events import SEVERITIES
from maps.words import plain


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list."""

    rows: list[Row]
    more: bool
    """Whether a further page has rows."""


def page_of(connection: Connection, asked: Filters, now_us: int) -> Listed:
    """Return the page of alerts that the filters ask for."""
    first = (asked.page - 1) * PAGE_ROWS
    rows: list[Row] = []
    with closing(_passing(connection, asked, now_us)) as passing:
        for number, row in enumerate(passing):
            if number >= first + PAGE_ROWS:
                return Listed(rows, more=True)
            if number >= first:
                rows.append(row)
    return Listed(rows, more=False)


def next_to_review(connection: Connection, asked: Filters, now_us: int, without: str) -> str | None:
    """Return the first alert of the list that is not `without`."""
    with closing(_passing(connection, asked, now_us)) as passing:
        return next((row["event_id"] for row in passing if row["event_id"] != without), None)


def counts(connection: Connection) -> dict[str, int]:
    """Return how many alerts that stand have each status."""
    asked = (
        select(alerts.c.status, func.count())
        .join(events, events.c.event_id == alerts.c.event_id)
        .where(events.c.withdrawn.is_(False))
        .group_by(alerts.c.status)
    )
    return {status: int(number) for status, number in connection.execute(asked)}


def now_of(connection: Connection) -> int:
    """Return the watch's now: the time up to which it has judged, else of its newest event."""
    now = connection.execute(select(progress.c.now_us)).scalar()
    if now is None:
        now = connection.execute(select(func.max(events.c.start_us))).scalar()
    return int(now or 0)


def _passing(connection: Connection, asked: Filters, now_us: int) -> Generator[Row, None, None]:
    """Yield the alerts that pass; whoever stops early closes it, and so the database's cursor."""
    question = with_alerts().where(and_(True, *_conditions(asked, now_us)))
    severity = case({name: i for i, name in enumerate(SEVERITIES)}, value=events.c.severity)
    order = {
        "severity": (severity.desc(), events.c.start_us.desc(), events.c.event_id),
        "newest": (events.c.start_us.desc(), events.c.event_id),
        "oldest": (events.c.start_us, events.c.event_id),
    }[asked.sort]
    question = question.order_by(*order).execution_options(yield_per=PAGE_ROWS)
    with connection.execute(question) as streamed:
        for found in streamed.mappings():
            row = dict(found)
            row["event"] = json.loads(row["body"])
            if _passes(row, asked):
                yield row


def _conditions(asked: Filters, now_us: int) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [events.c.withdrawn.is_(asked.status == "withdrawn")]
    if asked.statuses:
        found.append(alerts.c.status.in_(asked.statuses))
    if asked.type:
        found.append(events.c.type == asked.type)
    if asked.severity:
        found.append(events.c.severity.in_(SEVERITIES[SEVERITIES.index(asked.severity) :]))
    if asked.age_us is not None:
        end_us = func.coalesce(events.c.end_us, now_us)
        found.append(end_us >= now_us - asked.age_us)
    if asked.flag:
        # Of either vessel: the event's own flag, or one of the identities beside it.
        found.append(_holds(events.c.body, asked.flag) | _holds(events.c.identities, asked.flag))
    if asked.zone and asked.zone.isascii():
        found.append(_holds(events.c.body, asked.zone))
    if asked.q and asked.q.isascii():
        texts = (events.c.event_id, events.c.body, events.c.identities, alerts.c.reason)
        number = asked.q.lstrip("0")  # numbers stand in JSON without leading zeros
        wanted = {asked.q, number} if number.isdigit() else {asked.q}
        found.append(or_(*(_holds(text, one) for text in texts for one in sorted(wanted))))
    if asked.bbox is not None:
        found.append(events.c.lat.between(asked.bbox[1], asked.bbox[3]))
    return found


def _holds(column: Any, text: str) -> ColumnElement[bool]:
    """Return whether JSON text holds a text, small and capital letters alike."""
    return func.lower(column).contains(to_json(text.lower())[1:-1], autoescape=True)


def _passes(row: Row, asked: Filters) -> bool:
    event, known = row["event"], json.loads(row["identities"])
    if asked.bbox is not None and not inside_bbox(asked.bbox, row["lat"], row["lon"]):
        return False
    if asked.flag and asked.flag not in {event["flag"], *(one[1] for one in known.values())}:
        return False
    zones = event["details"].get("zones") or ()
    if asked.zone and asked.zone.lower() not in {str(zone).lower() for zone in zones}:
        return False
    return not asked.q or asked.q.lower() in _searched(row, event, known)


def _searched(row: Row, event: dict[str, Any], known: dict[str, list[Any]]) -> str:
    """Return all that a reviewer may search an alert by, in small letters."""
    parts: list[Any] = [row["event_id"], event["vessel_name"], f"{event['mmsi']:09d}"]
    if event["other_mmsi"] is not None:
        parts.append(f"{event['other_mmsi']:09d}")
    parts += [text for one in known.values() for text in one]
    parts += event["details"].get("zones") or ()
    parts += [event["details"].get("port_name"), row["alert_reason"]]
    return "\n".join(plain(str(part)).lower() for part in parts if part is not None)
