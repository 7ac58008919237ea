"""Findings, changes and a policy for the tests of alerts."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine, select

from alerts.book import apply
from alerts.database import reading, transaction
from alerts.rules import AlertContext, AlertPolicy, Subscription
from alerts.schema import outbox
from detectors.events import Event, Reason
from vessels.units import US_PER_H

START_US = 1_700_000_000_000_000
WALL_US = 1_790_000_000_000_000
"""The machine's clock in these tests: three years after the events."""


@dataclass(frozen=True)
class Change:
    """What the engine tells."""

    kind: str
    event: Event


def dark(number: int = 0, *, end_h: float | None = None, **values: Any) -> Event:
    """Return a dark period; `number` makes it another one."""
    start_us = START_US + number * US_PER_H
    event = Event(
        type="dark_period",
        mmsi=563_012_345,
        hull_id="563012345-1",
        start_us=start_us,
        end_us=None if end_h is None else start_us + int(end_h * US_PER_H),
        now_us=start_us + int((end_h or 26.0) * US_PER_H),
        lat=-8.513,
        lon=142.25,
        confidence=0.85,
        severity="high",
        vessel_name="SILVER TERN",
        flag="SGP",
        reasons=(Reason("silence", 26.0, 12.0, "h"),),
        details={"shore_distance_m": 68_524.0, "last_lat": -8.513, "sog_before_knots": 9.1},
        path=((142.25, -8.513),),
    )
    return replace(event, **values)


def meeting(number: int = 0, **values: Any) -> Event:
    """Return an encounter."""
    event = Event(
        type="encounter",
        mmsi=563_012_345,
        other_mmsi=574_000_001,
        hull_id="563012345-1",
        other_hull_id="574000001-1",
        start_us=START_US + number * US_PER_H,
        end_us=START_US + number * US_PER_H + 3 * US_PER_H,
        now_us=START_US + number * US_PER_H + 3 * US_PER_H,
        lat=10.5,
        lon=-179.9,
        confidence=0.6,
        severity="watch",
        vessel_name="SILVER TERN",
        flag="SGP",
        details={"median_distance_m": 140.0},
        path=((-179.9, 10.5),),
    )
    return replace(event, **values)


def subscription(**values: Any) -> Subscription:
    """Return a subscription to everything at once."""
    return Subscription(**{"name": "inspectors", "to": ("inspector@example.org",)} | values)


def policy(*subscriptions: Subscription, **values: Any) -> AlertPolicy:
    """Return a policy of these subscriptions; of one to everything where there are none."""
    return AlertPolicy(
        subscriptions=subscriptions or (subscription(),), domain="example.org", **values
    )


def take_in(
    engine: Engine, rules: AlertPolicy, *changes: Change, now_us: int = WALL_US, **context: Any
) -> None:
    """Take changes into the book in one transaction."""
    with transaction(engine) as connection:
        apply(connection, changes, AlertContext(now_us=now_us, policy=rules, **context))


def opened(*events: Event) -> list[Change]:
    """Return the openings of events."""
    return [Change("opened", event) for event in events]


def rows(engine: Engine) -> list[dict[str, Any]]:
    """Return all rows of the outbox in their order."""
    with reading(engine) as connection:
        found = connection.execute(select(outbox).order_by(outbox.c.id)).mappings()
        return [dict(row) for row in found]


def posted(engine: Engine) -> list[tuple[str, str, str]]:
    """Return (step, receiver, state) of all rows."""
    return [(row["step"], row["recipient"], row["state"]) for row in rows(engine)]
