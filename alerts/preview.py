"""What subscriptions would have sent: a dry run over events that are known already.

Nothing is stored. Each event is taken as known when it could be told: a meeting or call at its end,
a silence or a stay while it lasts, at the earliest at its start plus the shortest silence.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from alerts.rules import Subscription, digest_due_us, matches, wants_type
from detectors.events import Event
from vessels.units import US_PER_DAY, US_PER_H

_TOLD_EARLY_US = {"dark_period": 12 * US_PER_H, "time_at_sea": 90 * US_PER_DAY}


@dataclass(frozen=True, slots=True)
class Preview:
    """What one subscription would have sent to each of its receivers."""

    name: str
    events: int
    by_type: dict[str, int]
    mails: int
    """Openings sent on their own, and bundles; later steps of an alert come on top."""
    busiest_day: int


def preview(
    subscriptions: Iterable[Subscription], events: Iterable[Event], *, days: float
) -> tuple[int, list[Preview]]:
    """Return how many events lie in the last `days`, and what each subscription makes of them.

    The days are counted back from the last event, so old data can be tried too.
    """
    known = sorted((told_at_us(event), event.event_id, event) for event in events)
    newest = known[-1][0] if known else 0
    recent = [(at, event) for at, _, event in known if at > newest - days * US_PER_DAY]
    return len(recent), [_one(subscription, recent) for subscription in subscriptions]


def told_at_us(event: Event) -> int:
    """Return when the event could be told of at the earliest."""
    over_us = event.now_us if event.end_us is None else event.end_us
    early = _TOLD_EARLY_US.get(event.type)
    return over_us if early is None else min(event.start_us + early, over_us)


def _one(subscription: Subscription, recent: list[tuple[int, Event]]) -> Preview:
    mine: list[tuple[int, Event]] = []
    told: set[str] = set()
    for at_us, event in recent:
        wanted = wants_type(subscription, event.type) and matches(subscription, event)
        if not wanted and event.type == "port_visit" and subscription.port_arrivals:
            wanted = bool(told & set(event.details.get("after_events") or ()))
        if wanted:
            mine.append((at_us, event))
            told.add(event.event_id)
    mails = _mail_times(subscription, [at_us for at_us, _ in mine])
    days = Counter(at_us // US_PER_DAY for at_us in mails)
    return Preview(
        name=subscription.name,
        events=len(mine),
        by_type=dict(sorted(Counter(event.type for _, event in mine).items())),
        mails=len(mails),
        busiest_day=max(days.values(), default=0),
    )


def _mail_times(subscription: Subscription, times_us: list[int]) -> list[int]:
    """Return when mails would go out: with cap and roll-up, or one for each digest."""
    if subscription.mode != "immediate":
        return sorted({digest_due_us(subscription, at_us) for at_us in times_us})
    sent: list[int] = []
    rollups: list[int] = []
    for at_us in times_us:
        within = sum(1 for earlier in sent if earlier > at_us - US_PER_H)
        if within < subscription.max_per_hour:
            sent.append(at_us)
        elif not rollups or rollups[-1] < at_us:
            rollups.append(at_us + US_PER_H)
    return sorted([*sent, *rollups])
