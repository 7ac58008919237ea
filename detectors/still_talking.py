"""Dark periods of ships that were heard meanwhile, without a position.

A transmitter whose receiver of positions has failed, or was switched off, goes on sending its name
and call sign every six minutes, and positions that say "not available". The former come through as
statements (vessels/identity.py). A number that made some during a silence was transmitting: that
lowers the confidence, which is of silence, and never suppresses (law 3).

Of what a number says on a UTC day only the first and the last time are kept, so what lies between
the two counts as heard, and a silence within one day may hold statements that nobody knows of. Two
times within the silence are needed: one may be a stray. A number that two hulls share tells
nothing: the other one may have spoken.
"""

from collections.abc import Iterable

from detectors.events import Event, Reason
from vessels.identity import IdentityBook
from vessels.units import US_PER_H

TALKING_CONFIDENCE = 0.1
"""Most that is left of a silence which, without its statements, is shorter than a dark period."""


def judge_silences(
    events: Iterable[Event], book: IdentityBook, min_duration_h: float
) -> list[Event]:
    """Return the events; dark periods tell how long nothing at all was heard, if that is less.

    Args:
        events: those of all types, with the shared numbers that are known.
        book: what was stated.
        min_duration_h: from this on a silence is a dark period.
    """
    events = list(events)
    shared = {e.mmsi for e in events if e.details.get("kind") == "two_hulls_at_once"}
    return [
        _judged(event, book, min_duration_h)
        if event.type == "dark_period" and event.mmsi not in shared
        else event
        for event in events
    ]


def _judged(event: Event, book: IdentityBook, min_duration_h: float) -> Event:
    start_us = event.start_us
    end_us = event.now_us if event.end_us is None else event.end_us
    spans = book.stated_between(event.mmsi, start_us, end_us)
    if len({time_us for span in spans for time_us in span if start_us < time_us < end_us}) < 2:
        return event
    longest_h = _longest_us(spans, start_us, end_us) / US_PER_H
    reason = Reason("heard_without_position", round(longest_h, 3), min_duration_h, "h")
    event = event.with_(reasons=(*event.reasons, reason))
    if longest_h >= min_duration_h:
        return event
    return event.with_(confidence=min(event.confidence, TALKING_CONFIDENCE), severity="info")


def _longest_us(spans: list[tuple[int, int]], start_us: int, end_us: int) -> int:
    """Return the longest stretch of a silence that no span covers."""
    longest_us, heard_us = 0, start_us
    for first_us, last_us in spans:
        longest_us = max(longest_us, first_us - heard_us)
        heard_us = max(heard_us, last_us)
    return max(longest_us, end_us - heard_us)
