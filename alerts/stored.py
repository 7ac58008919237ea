"""Events as the store keeps them: the whole finding as JSON, and back without loss."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from alerts.schema import alerts, events
from detectors.events import Event, Reason
from maps.identities import Identity

Row = dict[str, Any]
"""A row of the store by column name."""

_CHUNK = 500
"""Most ids in one question: SQLite takes a limited number of values."""


def to_json(value: Any) -> str:
    """Return compact JSON that never holds what is not JSON (NaN)."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def event_body(event: Event) -> dict[str, Any]:
    """Return the whole event as JSON values."""
    return asdict(event)


def event_from(body: Mapping[str, Any]) -> Event:
    """Return the event that `event_body` made."""
    values = dict(body)
    values["reasons"] = tuple(Reason(**reason) for reason in body["reasons"])
    values["path"] = tuple((lon, lat) for lon, lat in body["path"])
    return Event(**values)


def identities_body(event: Event, known: Mapping[str, Identity]) -> dict[str, Any]:
    """Return what is known of the event's hulls, as JSON values."""
    hulls = (event.hull_id, event.other_hull_id)
    return {hull: list(known[hull]) for hull in hulls if hull is not None and hull in known}


def identities_from(body: Mapping[str, Any]) -> dict[str, Identity]:
    """Return the identities that `identities_body` made."""
    return {hull: Identity(*values) for hull, values in body.items()}


def rows_of(connection: Connection, event_ids: Iterable[str]) -> dict[str, Row]:
    """Return the events and their alerts of these ids; ids that are not stored are left out."""
    found: dict[str, Row] = {}
    ids = sorted(set(event_ids))
    for first in range(0, len(ids), _CHUNK):
        part = ids[first : first + _CHUNK]
        for row in connection.execute(with_alerts().where(events.c.event_id.in_(part))).mappings():
            found[row["event_id"]] = dict(row)
    return found


def with_alerts() -> Any:
    """Return the question for events together with their alerts; alert columns begin `alert_`."""
    review = [column.label(f"alert_{column.name}") for column in alerts.c]
    return select(*events.c, *review).join(alerts, alerts.c.event_id == events.c.event_id)


def row_event(row: Mapping[str, Any]) -> Event:
    """Return the event of a row of `with_alerts`."""
    return event_from(json.loads(row["body"]))


def listed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event properties of the contract, and `alert_status` after them."""
    return {**row_event(row).properties(), "alert_status": row["alert_status"]}


def listed_all(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return `listed` of each row."""
    return [listed(row) for row in rows]
