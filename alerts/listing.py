"""What the lists show: alerts by status, type and time, and the outbox."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from alerts.schema import alerts, events, outbox
from alerts.stored import Row, with_alerts
from vessels.clock import iso_z


def list_alerts(
    connection: Connection,
    *,
    withdrawn: bool = False,
    statuses: Sequence[str] = (),
    types: Sequence[str] = (),
    since_us: int | None = None,
) -> list[Row]:
    """Return events with their alerts, in the order of every file: start, type, then identity.

    Args:
        connection: an open transaction.
        withdrawn: also those that were withdrawn.
        statuses: alert statuses; empty means all.
        types: event types; empty means all.
        since_us: only events that start then or later.
    """
    asked = with_alerts()
    if not withdrawn:
        asked = asked.where(events.c.withdrawn.is_(False))
    if statuses:
        asked = asked.where(alerts.c.status.in_(statuses))
    if types:
        asked = asked.where(events.c.type.in_(types))
    if since_us is not None:
        asked = asked.where(events.c.start_us >= since_us)
    order = (events.c.start_us, events.c.type, events.c.event_id)
    return [dict(row) for row in connection.execute(asked.order_by(*order)).mappings()]


def list_outbox(
    connection: Connection,
    *,
    states: Sequence[str] = (),
    event_id: str | None = None,
) -> list[dict[str, Any]]:
    """Return rows of the outbox, first made first; empty `states` means all."""
    asked = select(outbox)
    if states:
        asked = asked.where(outbox.c.state.in_(states))
    if event_id is not None:
        asked = asked.where(outbox.c.event_id == event_id)
    rows = connection.execute(asked.order_by(outbox.c.id)).mappings()
    return [_told(dict(row)) for row in rows]


def _told(row: Row) -> dict[str, Any]:
    plain = ("id", "channel", "kind", "step", "event_id", "subscription", "recipient", "message_id")
    later = row["state"] in ("pending", "held", "gathered")
    return {
        **{name: row[name] for name in plain},
        "state": row["state"],
        "bundle": row["bundle"],
        "bundled_in": row["bundled_in"],
        "created": iso_z(row["created_us"]),
        "due": iso_z(row["due_us"]) if later else None,
        "done": None if row["done_us"] is None else iso_z(row["done_us"]),
        "tries": row["tries"],
        "last_error": row["last_error"],
    }
