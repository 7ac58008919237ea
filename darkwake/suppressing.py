"""Suppressions as people ask for them, on the command line and at the desk: by alert, by span."""

import json
from datetime import timedelta

from sqlalchemy import Connection

from alerts.lifecycle import find_alert
from alerts.review import NOTE_LIMIT, add_note
from alerts.suppressions import add_suppression, silence_alert
from darkwake.alert_store import wall_us
from darkwake.arguments import parse_time
from vessels.clock import iso_z
from vessels.errors import UsageError
from vessels.text import clean_text

_SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def suppress_until(
    connection: Connection,
    event_id: str | None,
    until: str,
    *,
    by: str,
    reason: str | None = None,
    type_name: str | None = None,
    mmsi: int | None = None,
    bbox: tuple[float, float, float, float] | None = None,
) -> tuple[int, int]:
    """Add a suppression; return its number and until when it holds, in event time.

    Args:
        connection: an open transaction.
        event_id: an alert, whole or how it alone begins: its hull and type are suppressed.
        until: ISO 8601, or a span such as 12h, 7d, 4w after the alert's event.
        by: who asks for it.
        reason: why.
        type_name: events of this type, where no alert is named or in place of its type.
        mmsi: events of this number.
        bbox: events inside west, south, east, north, degrees.

    Raises:
        UsageError: there is no such alert, `until` is no time, or nothing narrows it.
    """
    reason = clean_text(reason, limit=NOTE_LIMIT)
    row = None if event_id is None else find_alert(connection, event_id)
    hull = None
    after_us = None
    if row is not None:
        hull, type_name = row["hull_id"], type_name or row["type"]
        after_us = int(json.loads(row["body"])["now_us"])
    until_us = _until_us(until, after_us)
    number = add_suppression(
        connection,
        until_us=until_us,
        by=by,
        now_us=wall_us(),
        type_name=type_name,
        mmsi=mmsi,
        hull_id=hull,
        bbox=bbox,
        reason=reason,
    )
    if row is not None:
        silence_alert(connection, row["event_id"], number, now_us=wall_us())
        said = f"suppression {number} until {iso_z(until_us)}" + (f": {reason}" if reason else "")
        add_note(connection, row["event_id"], said, by=by, now_us=wall_us(), move="suppress")
    return number, until_us


def _until_us(text: str, after_us: int | None) -> int:
    """Return an event time: ISO 8601, or a span after the event."""
    number, unit = text[:-1], text[-1:]
    if unit in _SPANS and number.isdigit() and len(number) < 6:
        if after_us is None:
            raise UsageError("--until: a span counts from an event; without one give a time")
        return after_us + int(int(number) * _SPANS[unit] / timedelta(microseconds=1))
    found = parse_time("--until", text)
    return 0 if found is None else found
