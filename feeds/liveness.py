"""Was the feed alive? Silence is not evidence until the receiver is proven alive (law 3).

An outage is a stretch without any fix from anybody, when enough numbers were heard just before. A
file of few vessels has no outages: one hull's silence cannot be told from its feed's.

Feeds have lulls of their own: satellites pass every hour and a half, and archives are thinned to
one position an hour, at the full hour for every ship. So an outage is also three times as long as
the feed's usual lull, which is the third longest of the day before: no two outages make one usual.
And numbers count only while they are heard that often, so that ships which fall silent one after
the other are no outage.

A fold, like everything that events depend on.
"""

from itertools import pairwise

import numpy as np
from numba import njit

from vessels.fixes import Array
from vessels.units import US_PER_H, US_PER_MIN

_BEFORE_US = 6 * US_PER_H
_DAY_MIN = 24 * 60
_USUAL_RANK = 3
_TIMES_USUAL = 3
_MIN_MINUTES = 10
"""In fewer minutes of a day than this nobody can say how often the feed brings anything."""

HEARD = np.dtype([("mmsi", "i4"), ("time_us", "i8")])
"""A fix, as far as the feed's health asks."""

State = dict[str, Array]


def new_state() -> State:
    """Return the state before any fix: no outage, nobody heard."""
    return {
        "outages": np.empty((0, 2), "i8"),  # start and end, microseconds
        "mmsi": np.empty(0, "i4"),  # heard in the last six hours ...
        "heard_us": np.empty(0, "i8"),  # ... and when last
        "minutes": np.empty(0, "i8"),  # of the last day, in which anybody was heard
    }


def telling(mmsi: Array, time_us: Array, silence_min: float) -> Array:
    """Return the rows of HEARD that `follow_feed` needs of fixes; with all others it finds no more.

    Numbers may be divided over any parts, each thinned for itself: a gap of all is a gap of each
    part. Kept are the first and the last fix of each minute, and the last of each number before
    each gap and before the end.

    Args:
        mmsi: sorted.
        time_us: sorted within each number.
        silence_min: as for `follow_feed`.
    """
    if len(time_us) == 0:
        return np.empty(0, HEARD)
    kept = np.zeros(len(mmsi), np.bool_)
    ends_us = _keep_minutes(time_us, int(silence_min * US_PER_MIN), kept)
    _keep_last(mmsi, time_us, ends_us, kept)
    out = np.empty(int(kept.sum()), HEARD)
    out["mmsi"], out["time_us"] = mmsi[kept], time_us[kept]
    return out


@njit(cache=True, nogil=True)
def _keep_minutes(time_us: Array, silence_us: int, kept: Array) -> Array:
    """Mark the first and last fix of each minute; return the last times before gaps and the end."""
    first_minute = time_us.min() // US_PER_MIN
    minutes = time_us.max() // US_PER_MIN - first_minute + 1
    first = np.full(minutes, -1, np.int64)
    last = np.full(minutes, -1, np.int64)
    for i in range(len(time_us)):
        m = time_us[i] // US_PER_MIN - first_minute
        if first[m] < 0 or time_us[i] < time_us[first[m]]:
            first[m] = i
        if last[m] < 0 or time_us[i] > time_us[last[m]]:
            last[m] = i
    first, last = first[first >= 0], last[last >= 0]
    kept[first] = True
    kept[last] = True
    gap = np.append(time_us[first[1:]] - time_us[last[:-1]] >= silence_us, True)
    return time_us[last[gap]]


@njit(cache=True, nogil=True)
def _keep_last(mmsi: Array, time_us: Array, ends_us: Array, kept: Array) -> None:
    """Mark the last fix of each number before each end, if it was less than six hours earlier."""
    at = 0
    for i in range(len(time_us)):
        if i == 0 or mmsi[i] != mmsi[i - 1]:
            at = 0
        while ends_us[at] < time_us[i]:
            at += 1
        last = i + 1 == len(time_us) or mmsi[i + 1] != mmsi[i] or time_us[i + 1] > ends_us[at]
        kept[i] |= last and time_us[i] > ends_us[at] - _BEFORE_US


def follow_feed(
    state: State, mmsi: Array, time_us: Array, silence_min: float, min_numbers: int
) -> State:
    """Fold the fixes of one more stretch of time; `mmsi` and `time_us` are equally long."""
    if len(time_us) == 0:
        return state
    outages = [tuple(row) for row in state["outages"].tolist()]
    # Of the past only the very last fix bounds a gap: the others are each number's last alone.
    news = np.concatenate([state["heard_us"][state["heard_us"].argsort()][-1:], time_us])
    minutes = np.union1d(state["minutes"], _minutes(time_us))
    mmsi = np.concatenate([state["mmsi"], mmsi])
    time_us = np.concatenate([state["heard_us"], time_us])
    for start, end in _gaps(news, int(silence_min * US_PER_MIN)):
        if _is_outage((start, end), minutes, (mmsi, time_us), silence_min, min_numbers):
            outages.append((start, end))
    recent = time_us > time_us.max() - _BEFORE_US
    numbers, place = np.unique(mmsi[recent], return_inverse=True)
    heard = np.zeros(len(numbers), "i8")
    np.maximum.at(heard, place, time_us[recent])
    return {
        "outages": np.array(sorted(set(outages)), "i8").reshape(-1, 2),
        "mmsi": numbers,
        "heard_us": heard,
        "minutes": minutes[minutes > minutes[-1] - _DAY_MIN],
    }


def outages_until(state: State, now_us: int, silence_min: float, min_numbers: int) -> Array:
    """Return all outages, with the one that is on at `now_us`, as (start, end) rows."""
    if len(state["heard_us"]) == 0:
        return state["outages"]
    last = int(state["heard_us"].max())
    heard = state["mmsi"], state["heard_us"]
    if not _is_outage((last, now_us), state["minutes"], heard, silence_min, min_numbers):
        return state["outages"]
    return np.vstack([state["outages"], np.array([[last, now_us]], "i8")])


def overlap_us(outages: Array, start_us: Array, end_us: Array) -> Array:
    """Return how much of each span [start, end] falls into outages, microseconds."""
    if len(outages) == 0:
        return np.zeros(len(start_us), "i8")
    begin = np.maximum(outages[:, 0][None, :], start_us[:, None])
    finish = np.minimum(outages[:, 1][None, :], end_us[:, None])
    return np.maximum(finish - begin, 0).sum(axis=1)


def _is_outage(
    gap: tuple[int, int],
    minutes: Array,
    heard: tuple[Array, Array],
    silence_min: float,
    min_numbers: int,
) -> bool:
    """Tell whether nobody heard from one time to another is an outage.

    `minutes` are those in which anybody was heard; `heard` are numbers and times of fixes, of
    which the last six hours before the gap are whole or are each number's last.
    """
    start, end = gap
    last = start // US_PER_MIN
    day = minutes[(minutes <= last) & (minutes > last - _DAY_MIN)]
    if len(day) < _MIN_MINUTES:
        return False
    usual_min = np.partition(np.diff(day), -_USUAL_RANK)[-_USUAL_RANK]
    least_us = max(int(silence_min * US_PER_MIN), _TIMES_USUAL * int(usual_min) * US_PER_MIN)
    if end - start < least_us:
        return False
    mmsi, time_us = heard
    alive = (time_us <= start) & (time_us > start - min(least_us, _BEFORE_US))
    return len(np.unique(mmsi[alive])) >= min_numbers


def _minutes(time_us: Array) -> Array:
    """Return the minutes in which there is a fix, in order, without sorting millions of times."""
    minute = time_us // US_PER_MIN
    first = int(minute.min())
    return np.flatnonzero(np.bincount(minute - first)) + first


def _gaps(time_us: Array, silence_us: int) -> list[tuple[int, int]]:
    """Return the stretches of at least `silence_us` between neighbours in time."""
    minute = time_us // US_PER_MIN
    out = []
    for before, after in pairwise(_minutes(time_us).tolist()):
        if (after - before + 1) * US_PER_MIN < silence_us:
            continue
        start = int(time_us[minute == before].max())
        end = int(time_us[minute == after].min())
        if end - start >= silence_us:
            out.append((start, end))
    return out
