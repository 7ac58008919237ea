"""What two people need who review the same alerts: a version of what each has seen, and notes.

The version of an alert is the number of its last entry in the log. A move that was chosen on sight
of an older version is refused, so that nobody overrules a colleague without knowing.
"""

from sqlalchemy import Connection, func, insert, select

from alerts.schema import alert_log, alerts
from vessels.errors import UsageError
from vessels.text import clean_text

NOTE = "note"
"""The move that moves nothing."""
NOTE_LIMIT = 500
"""Longest text of a note or a reason."""


class Overtaken(UsageError):  # noqa: N818 - it tells what happened to the reviewer
    """Catch this to show what a colleague did meanwhile; nothing was written."""


def version_of(connection: Connection, event_id: str) -> int:
    """Return the version of an alert: it grows with every entry in its log."""
    asked = select(func.max(alert_log.c.id)).where(alert_log.c.event_id == event_id)
    return connection.execute(asked).scalar() or 0


def hold(connection: Connection, event_id: str, seen: int) -> None:
    """Keep others from moving the alert until the transaction ends, if it is as it was seen.

    Raises:
        UsageError: there is no such alert.
        Overtaken: somebody moved it, or noted something, since.
    """
    asked = select(alerts.c.event_id).where(alerts.c.event_id == event_id).with_for_update()
    if connection.execute(asked).scalar() is None:
        raise UsageError(f"no alert {event_id}")
    if version_of(connection, event_id) != seen:
        raise Overtaken(f"alert {event_id} was changed by somebody else meanwhile")


def add_note(
    connection: Connection, event_id: str, text: str, *, by: str, now_us: int, move: str = NOTE
) -> None:
    """Add a note to the log of an alert; its status stays.

    Args:
        connection: an open transaction.
        event_id: the alert's, whole.
        text: the note.
        by: whose it is.
        now_us: time of the machine.
        move: what the log calls it.

    Raises:
        UsageError: there is no such alert, or no text or no name.
    """
    note, who = clean_text(text, limit=NOTE_LIMIT), clean_text(by)
    if note is None or who is None:
        raise UsageError("a note needs a text and a name")
    status = connection.execute(
        select(alerts.c.status).where(alerts.c.event_id == event_id).with_for_update()
    ).scalar()
    if status is None:
        raise UsageError(f"no alert {event_id}")
    connection.execute(
        insert(alert_log).values(
            event_id=event_id,
            at_us=now_us,
            by=who,
            move=move,
            from_status=status,
            to_status=status,
            note=note,
        )
    )
