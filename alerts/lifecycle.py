"""The life of an alert: open -> acknowledged -> confirmed or dismissed -> closed.

Every move is a person's, named in the log with its time; a move that does not follow is refused.
What may follow is data, so a page or a mail can offer just that. (The book alone closes an alert
whose event was withdrawn, and opens one anew that stands again.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from alerts.schema import alert_log, alerts, events
from alerts.seen import PICTURE_MOVE, seen_note
from alerts.stored import Row, with_alerts
from vessels.errors import UsageError
from vessels.text import clean_text

STATUSES = ("open", "acknowledged", "confirmed", "dismissed", "closed")
_LEAST_PREFIX = 4
_NOTE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Move:
    """From which states a move leads where."""

    before: tuple[str, ...]
    after: str
    needs_reason: bool = False


MOVES: Mapping[str, Move] = {
    "ack": Move(("open",), "acknowledged"),
    "confirm": Move(("acknowledged",), "confirmed"),
    "dismiss": Move(("acknowledged",), "dismissed", needs_reason=True),
    "close": Move(("confirmed", "dismissed"), "closed"),
}


def allowed(status: str) -> list[str]:
    """Return the moves that may follow a status."""
    return [name for name, move in MOVES.items() if status in move.before]


def move_alert(
    connection: Connection,
    event_id: str,
    name: str,
    *,
    by: str,
    now_us: int,
    reason: str | None = None,
) -> str:
    """Make a move and return the status after it.

    Args:
        connection: an open transaction.
        event_id: the alert's, whole.
        name: one of MOVES.
        by: who makes it.
        now_us: time of the machine.
        reason: why; a dismissal needs one.

    Raises:
        UsageError: there is no such alert, or the move does not follow its status.
    """
    move = MOVES[name]
    note = clean_text(reason, limit=_NOTE_LIMIT)
    who = clean_text(by)
    if who is None:
        raise UsageError("--by: a name is needed")
    if move.needs_reason and note is None:
        raise UsageError(f"{name}: a reason is needed: --reason TEXT")
    # The status is part of the condition: of two people at once one is refused.
    values = {"status": move.after, "moved_us": now_us}
    if note is not None:
        values |= {"reason": note}
    before = connection.execute(
        select(alerts.c.status).where(alerts.c.event_id == event_id).with_for_update()
    ).scalar()
    if before is None:
        raise UsageError(f"no alert {event_id}")
    if before not in move.before:
        raise UsageError(_refusal(event_id, name, before))
    connection.execute(update(alerts).where(alerts.c.event_id == event_id).values(**values))
    connection.execute(
        insert(alert_log).values(
            event_id=event_id,
            at_us=now_us,
            by=who,
            move=name,
            from_status=before,
            to_status=move.after,
            note=note,
        )
    )
    return move.after


def find_alert(connection: Connection, text: str) -> Row:
    """Return the event and alert whose id is, or alone begins with, `text`.

    Raises:
        UsageError: there is none, or more than one.
    """
    wanted = text.strip().lower()
    if len(wanted) < _LEAST_PREFIX or not all(letter in "0123456789abcdef" for letter in wanted):
        raise UsageError(f"{text!r} is not an event_id: 16 hexadecimal digits, or how one begins")
    found = (
        connection.execute(with_alerts().where(events.c.event_id.startswith(wanted)).limit(2))
        .mappings()
        .all()
    )
    if not found:
        raise UsageError(f"no alert {wanted}")
    if len(found) > 1:
        raise UsageError(f"more than one alert begins with {wanted}")
    return dict(found[0])


def history(connection: Connection, event_id: str) -> list[dict[str, Any]]:
    """Return the log of an alert, first move first; what a satellite saw is told in English."""
    asked = select(alert_log).where(alert_log.c.event_id == event_id).order_by(alert_log.c.id)
    rows = [dict(row) for row in connection.execute(asked).mappings()]
    for row in rows:
        if row["move"] == PICTURE_MOVE:
            row["note"] = seen_note(row["note"])
    return rows


def _refusal(event_id: str, name: str, status: str) -> str:
    follow = allowed(status)
    hint = f"; what may follow is {' or '.join(follow)}" if follow else "; nothing may follow"
    return f"{name}: alert {event_id} is {status}{hint}"
