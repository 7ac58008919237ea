"""Reminders: an alert that nobody has looked at is brought up once more, and only once."""

from sqlalchemy import Connection, select, update

from alerts.posting import Poster
from alerts.rules import AlertContext
from alerts.schema import alerts, events, outbox
from alerts.stored import row_event, with_alerts
from vessels.units import US_PER_H


def remind(connection: Connection, context: AlertContext) -> int:
    """Put the reminders that are due into the outbox and return for how many alerts.

    Due are alerts that are still open, not suppressed, and were sent longer ago than their
    subscription's `reminder_after_h`. The store remembers which were reminded of.
    """
    waits = [
        one.reminder_after_h for one in context.policy.subscriptions if one.reminder_after_h > 0
    ]
    if not waits:
        return 0
    sent = select(outbox.c.event_id).where(
        outbox.c.state == "sent", outbox.c.step.in_(("opened", "corrected"))
    )
    due = with_alerts().where(
        alerts.c.status == "open",
        alerts.c.reminded_us.is_(None),
        alerts.c.suppressed_by.is_(None),
        alerts.c.opened_us <= context.now_us - int(min(waits) * US_PER_H),
        events.c.withdrawn.is_(False),
        events.c.event_id.in_(sent),
    )
    poster = Poster(connection, context)
    reminded = 0
    for row in connection.execute(due.order_by(events.c.event_id)).mappings().all():
        if poster.reminder(row_event(dict(row)), row["alert_life"], row["alert_opened_us"]):
            reminded += 1
            connection.execute(
                update(alerts)
                .where(alerts.c.event_id == row["event_id"])
                .values(reminded_us=context.now_us)
            )
    return reminded
