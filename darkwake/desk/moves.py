"""What a reviewer does to an alert: the moves of `darkwake alerts`, on sight of a version."""

from collections.abc import Mapping

from sqlalchemy import Engine

from alerts.database import transaction
from alerts.lifecycle import MOVES, find_alert, move_alert
from alerts.review import NOTE, add_note, hold
from alerts.suppressions import end_suppression
from darkwake.alert_store import wall_us
from darkwake.suppressing import suppress_until
from vessels.clock import iso_z
from vessels.errors import UsageError

SUPPRESS = "suppress"
ACTIONS = (*MOVES, NOTE, SUPPRESS)
SPANS = {"12h": "12 hours", "1d": "1 day", "7d": "7 days", "4w": "4 weeks", "52w": "1 year"}
"""How long after the event a suppression can hold, by its name in a form."""


def act(engine: Engine, event_id: str, action: str, form: Mapping[str, str], *, by: str) -> str:
    """Do what a form asks for and return what was done, in words.

    Args:
        engine: the open store.
        event_id: the alert's, whole.
        action: one of ACTIONS.
        form: `version`, and `text` or `until` as the action needs it.
        by: who it is.

    Raises:
        Overtaken: somebody changed the alert after it was shown; nothing was done.
        UsageError: there is no such alert, or the action does not follow its status.
        StoreError: the store cannot be written.
    """
    if action not in ACTIONS:
        raise UsageError(f"no action {action[:20]!r}")
    seen, text = form.get("version", ""), form.get("text", "").strip()
    if not (seen.isascii() and seen.isdigit() and len(seen) < 19):
        raise UsageError("the form does not say which version of the alert was seen")
    with transaction(engine) as connection:
        find_alert(connection, event_id)
        hold(connection, event_id, int(seen))
        if action == NOTE:
            add_note(connection, event_id, text, by=by, now_us=wall_us())
            return "Your note was added."
        if action == SUPPRESS:
            until = form.get("until", "")
            if until not in SPANS:
                raise UsageError(f"until: one of {', '.join(SPANS)}")
            number, until_us = suppress_until(
                connection, event_id, until, by=by, reason=text or None
            )
            return f"Suppression {number} holds for events that start before {iso_z(until_us)}."
        status = move_alert(
            connection, event_id, action, by=by, now_us=wall_us(), reason=text or None
        )
    return f"The alert is now {status}."


def lift(engine: Engine, number: str) -> str:
    """End a suppression and return what was done.

    Raises:
        UsageError: there is none of this number in force.
        StoreError: the store cannot be written.
    """
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise UsageError(f"no suppression {number[:20]!r}")
    with transaction(engine) as connection:
        end_suppression(connection, int(number), wall_us())
    return f"Suppression {number} has ended: later findings are mailed again."
