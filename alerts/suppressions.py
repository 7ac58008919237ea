"""Suppressions: what is not to be mailed until a time. They go by the event's time, not by today's.

So a finding that was set aside does not come back with the next run over the same data: an event
that starts before `until_us` stays silent whenever it is found.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from alerts.rules import inside_bbox
from alerts.schema import alerts, outbox, suppressions
from detectors.events import Event
from vessels.errors import UsageError


def suppression_of(event: Event, rows: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the number of the first suppression that holds for the event, or None."""
    return next((int(row["id"]) for row in rows if _holds(row, event)), None)


def add_suppression(
    connection: Connection,
    *,
    until_us: int,
    by: str,
    now_us: int,
    type_name: str | None = None,
    mmsi: int | None = None,
    hull_id: str | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    reason: str | None = None,
) -> int:
    """Add a suppression and return its number. What is None does not narrow it.

    Raises:
        UsageError: nothing narrows it: it would silence everything.
    """
    if type_name is None and mmsi is None and hull_id is None and bbox is None:
        raise UsageError("a suppression needs an event, a type, an MMSI or an area")
    added = connection.execute(
        insert(suppressions)
        .values(
            type=type_name,
            mmsi=mmsi,
            hull_id=hull_id,
            bbox=None if bbox is None else json.dumps(bbox),
            until_us=until_us,
            by=by,
            reason=reason,
            created_us=now_us,
        )
        .returning(suppressions.c.id)
    )
    return int(added.scalar_one())


def silence_alert(connection: Connection, event_id: str, number: int, *, now_us: int) -> None:
    """Put an alert under a suppression: what waits about it is not sent, and nothing follows."""
    connection.execute(
        update(alerts).where(alerts.c.event_id == event_id).values(suppressed_by=number)
    )
    connection.execute(
        update(outbox)
        .where(
            outbox.c.event_id == event_id,
            outbox.c.state.in_(("pending", "held", "gathered")),
            outbox.c.lease_us == 0,
        )
        .values(state="cancelled", done_us=now_us)
    )


def end_suppression(connection: Connection, number: int, now_us: int) -> None:
    """End a suppression: later findings are mailed again.

    Raises:
        UsageError: there is no such suppression in force.
    """
    ended = connection.execute(
        update(suppressions)
        .where(suppressions.c.id == number, suppressions.c.ended_us.is_(None))
        .values(ended_us=now_us)
    )
    if ended.rowcount == 0:
        raise UsageError(f"no suppression {number} is in force")


def list_suppressions(connection: Connection) -> list[dict[str, Any]]:
    """Return the suppressions in force."""
    rows = connection.execute(
        select(suppressions).where(suppressions.c.ended_us.is_(None)).order_by(suppressions.c.id)
    )
    return [dict(row) for row in rows.mappings()]


def _holds(row: Mapping[str, Any], event: Event) -> bool:
    numbers = (event.mmsi, event.other_mmsi)
    hulls = (event.hull_id, event.other_hull_id)
    bbox = None if row["bbox"] is None else tuple(json.loads(row["bbox"]))
    return (
        event.start_us < row["until_us"]
        and row["type"] in (None, event.type)
        and (row["mmsi"] is None or row["mmsi"] in numbers)
        and (row["hull_id"] is None or row["hull_id"] in hulls)
        and (bbox is None or inside_bbox(bbox, event.lat, event.lon))
    )
