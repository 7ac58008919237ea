"""Was the feed alive? Silence is not evidence until the receiver is proven alive (law 3).

An outage is a stretch without any fix from anybody, when enough numbers were heard just before. A
file of few vessels has no outages: one hull's silence cannot be told from its feed's. A fold, like
everything that events depend on.
"""

from itertools import pairwise

import numpy as np

from vessels.fixes import Array
from vessels.units import US_PER_H, US_PER_MIN

_BEFORE_US = 6 * US_PER_H

State = dict[str, Array]


def new_state() -> State:
    """Return the state before any fix: no outage, nobody heard."""
    return {
        "outages": np.empty((0, 2), "i8"),  # start and end, microseconds
        "mmsi": np.empty(0, "i4"),  # heard in the last six hours ...
        "heard_us": np.empty(0, "i8"),  # ... and when last
    }


def follow_feed(
    state: State, mmsi: Array, time_us: Array, silence_min: float, min_numbers: int
) -> State:
    """Fold the fixes of one more stretch of time; `mmsi` and `time_us` are equally long."""
    if len(time_us) == 0:
        return state
    outages = [tuple(row) for row in state["outages"].tolist()]
    # Of the past only the very last fix bounds a gap: the others are each number's last alone.
    news = np.concatenate([state["heard_us"][state["heard_us"].argsort()][-1:], time_us])
    gaps = _gaps(news, int(silence_min * US_PER_MIN))
    mmsi = np.concatenate([state["mmsi"], mmsi])
    time_us = np.concatenate([state["heard_us"], time_us])
    for start, end in gaps:
        before = (time_us <= start) & (time_us > start - _BEFORE_US)
        if len(np.unique(mmsi[before])) >= min_numbers:
            outages.append((start, end))
    recent = time_us > time_us.max() - _BEFORE_US
    numbers, place = np.unique(mmsi[recent], return_inverse=True)
    heard = np.zeros(len(numbers), "i8")
    np.maximum.at(heard, place, time_us[recent])
    return {
        "outages": np.array(sorted(set(outages)), "i8").reshape(-1, 2),
        "mmsi": numbers,
        "heard_us": heard,
    }


def outages_until(state: State, now_us: int, silence_min: float, min_numbers: int) -> Array:
    """Return all outages, with the one that is on at `now_us`, as (start, end) rows."""
    if len(state["heard_us"]) == 0:
        return state["outages"]
    last = int(state["heard_us"].max())
    if now_us - last < silence_min * US_PER_MIN or len(state["mmsi"]) < min_numbers:
        return state["outages"]
    return np.vstack([state["outages"], np.array([[last, now_us]], "i8")])


def overlap_us(outages: Array, start_us: Array, end_us: Array) -> Array:
    """Return how much of each span [start, end] falls into outages, microseconds."""
    if len(outages) == 0:
        return np.zeros(len(start_us), "i8")
    begin = np.maximum(outages[:, 0][None, :], start_us[:, None])
    finish = np.minimum(outages[:, 1][None, :], end_us[:, None])
    return np.maximum(finish - begin, 0).sum(axis=1)


def _gaps(time_us: Array, silence_us: int) -> list[tuple[int, int]]:
    """Return the stretches of at least `silence_us` between neighbours in time.

    Minutes are counted first, so that millions of times need not be sorted.
    """
    minute = time_us // US_PER_MIN
    first = int(minute.min())
    heard = np.flatnonzero(np.bincount(minute - first))
    out = []
    for before, after in pairwise(heard.tolist()):
        if (after - before + 1) * US_PER_MIN < silence_us:
            continue
        start = int(time_us[minute == first + before].max())
        end = int(time_us[minute == first + after].min())
        if end - start >= silence_us:
            out.append((start, end))
    return out
