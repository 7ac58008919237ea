"""Stops and silences put together: who, of those not heard, can have been there.

One loop over stops; the silences are sorted by when they began, so that each stop looks only at
those that began in the month before its end. What passes the great circle is asked for the way by
sea, and then weighed.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from vessels._reach_sea import cell_of, centre_of
from vessels.fixes import Array
from vessels.geodesy import distance_m, distances_m
from vessels.presence import density_per_m2, presence_of
from vessels.reachable import sea_distance_m
from vessels.units import M_PER_NM, US_PER_H, US_PER_S

STOP = np.dtype(
    [
        ("key", "i8"),
        ("start_us", "i8"),
        ("end_us", "i8"),
        ("start_lat", "f8"),
        ("start_lon", "f8"),
        ("lat", "f8"),  # half-way through it
        ("lon", "f8"),
        ("is_open", "u1"),
    ]
)
SILENT = np.dtype(
    [
        ("key", "i8"),
        ("start_us", "i8"),
        ("end_us", "i8"),  # 0 while not heard again
        ("lat1", "f8"),
        ("lon1", "f8"),
        ("lat2", "f8"),  # NaN while not heard again
        ("lon2", "f8"),
        ("sog_knots", "f8"),
        ("rate_per_h", "f8"),  # of its positions before
        ("at_rest", "u1"),
        ("elsewhere", "u1"),
    ]
)
PAIR = np.dtype(
    [
        ("stop_key", "i8"),
        ("stop_us", "i8"),
        *SILENT.descr[:7],
        ("likelihood", "f8"),
        ("minutes", "f8"),
        ("distance_m", "f8"),
        ("on_m", "f8"),  # NaN while not heard again
    ]
)
"""A silence that a stop lay in the reach of; `end_us` is as the stop takes it."""

WAY_LIMIT_M = 700.0 * M_PER_NM
"""Ways by sea longer than this, each way, are not looked for: two days at 15 knots."""
_MEMO_SIZE = 500_000

Record = Any


@njit(cache=True)
def _find(
    stops: Record, silent: Record, limits: tuple[float, float, float, int, int]
) -> tuple[Array, Array]:
    """Return (stop, silence) numbers of all pairs that the great circle allows."""
    speed, stay_us, pool_m, before_us, cap_us = limits
    found = np.empty((1024, 2), np.int64)
    away = np.empty((1024, 2))
    count = 0
    starts = silent["start_us"]
    for i in range(len(stops)):
        stop = stops[i]
        first = np.searchsorted(starts, stop.end_us - before_us)
        last = np.searchsorted(starts, stop.end_us)
        for j in range(first, last):
            row = silent[j]
            if row.key >> 16 == stop.key >> 16 or 0 < row.end_us <= stop.start_us:
                continue
            if abs(row.lat1 - stop.lat) * 110_000.0 > pool_m:
                continue
            there_m = distance_m(row.lat1, row.lon1, stop.lat, stop.lon)
            if there_m > pool_m:
                continue
            leave_us, on_m = stop.end_us, math.nan
            if 0 < row.end_us <= stop.end_us + cap_us:
                on_m = distance_m(row.lat2, row.lon2, stop.lat, stop.lon)
                leave_us = min(leave_us, row.end_us - int(on_m / speed))
            arrive_us = max(stop.start_us, row.start_us + int(there_m / speed))
            if leave_us - arrive_us < stay_us:
                continue
            if count == len(found):
                found = np.concatenate((found, np.empty_like(found)))
                away = np.concatenate((away, np.empty_like(away)))
            found[count] = i, j
            away[count] = there_m, on_m
            count += 1
    return found[:count].copy(), away[:count].copy()


def pair_up(
    stops: Array,
    silent: Array,
    speed_m_per_us: float,
    stay_us: float,
    pool_m: float,
    before_us: int,
    cap_us: int,
) -> tuple[Array, Array, Array]:
    """Return numbers of stops and silences that go together, and the ways there and on, metres.

    Args:
        stops: STOP rows.
        silent: SILENT rows in order of `start_us`.
        speed_m_per_us: what a silent hull sails at most.
        stay_us: shortest time at the place.
        pool_m: furthest that it was heard last from the place.
        before_us: longest that it had been silent when the stop ended.
        cap_us: heard again later than this after the stop counts as not heard again.
    """
    limits = (speed_m_per_us, stay_us, pool_m, before_us, cap_us)
    found, away = _find(stops, silent, limits)
    if len(found) == 0:
        return found[:, 0], found[:, 1], away
    there, rows = stops[found[:, 0]], silent[found[:, 1]]
    away[:, 0] += detours_m(there["lat"], there["lon"], rows["lat1"], rows["lon1"])
    closed = ~np.isnan(away[:, 1])
    back = rows[closed]
    away[closed, 1] += detours_m(
        there["lat"][closed], there["lon"][closed], back["lat2"], back["lon2"]
    )
    arrive = np.maximum(there["start_us"], rows["start_us"] + away[:, 0] / speed_m_per_us)
    back_us = np.where(closed, away[:, 1] / speed_m_per_us, 0.0)
    leave = np.where(closed, rows["end_us"] - back_us, np.inf)
    enough = np.minimum(there["end_us"], leave) - arrive >= stay_us
    return found[enough, 0], found[enough, 1], away[enough]


_MEMO: dict[tuple[int, int], float] = {}
"""Detours from cell to cell. A pure function of its key, so results never depend on the memo."""


def detours_m(lat: Array, lon: Array, lat2: Array, lon2: Array) -> Array:
    """Return how much longer than the great circle the way by sea is, metres; inf without one.

    It is that between the centres of the two cells (1/8 degree), so that it need be worked out
    once: ships lie and fish in the same places.
    """
    here, there = _cells(lat, lon), _cells(lat2, lon2)
    keys = list(zip(here.tolist(), there.tolist(), strict=True))
    missing: dict[int, set[int]] = {}
    for a, b in keys:
        if (a, b) not in _MEMO:
            missing.setdefault(a, set()).add(b)
    if len(_MEMO) > _MEMO_SIZE:
        missing = {}
        for a, b in keys:
            missing.setdefault(a, set()).add(b)
        _MEMO.clear()
    for a, many in missing.items():
        goals = sorted(many)
        ends = np.array([centre_of(b) for b in goals])
        start = centre_of(a)
        ways = sea_distance_m(*start, ends[:, 0], ends[:, 1], WAY_LIMIT_M)
        extra = ways - distances_m(*start, ends[:, 0], ends[:, 1])
        _MEMO.update(zip(((a, b) for b in goals), extra.tolist(), strict=True))
    return np.array([_MEMO[key] for key in keys], "f8")


@njit(cache=True)
def _cells(lat: Array, lon: Array) -> Array:
    out = np.empty(len(lat), np.int64)
    for i in range(len(lat)):
        out[i] = cell_of(lat[i], lon[i])
    return out


def weigh(
    stops: Array,
    silent: Array,
    away: Array,
    limits: tuple[float, int, float, float, float, float],
    motion: tuple[float, float],
) -> Array:
    """Return PAIR rows of stops and silences, row by row.

    Args:
        stops: STOP rows.
        silent: SILENT rows, equally many.
        away: ways there and on, metres.
        limits: metres a microsecond, the cap (microseconds), area that the silent ships are taken
            to be spread over (m^2), highest likelihood, hours of a whole meeting, messages in a
            burst.
        motion: standard deviation of velocity (m/s) and its reversion rate (1/s).
    """
    out = np.zeros(len(stops), PAIR)
    out["stop_key"], out["stop_us"] = stops["key"], stops["start_us"]
    for name, *_ in SILENT.descr[:7]:
        out[name] = silent[name]
    out["distance_m"], out["on_m"] = away[:, 0], away[:, 1]
    unheard = np.isnan(away[:, 1])
    out["end_us"][unheard] = 0
    out["lat2"][unheard] = out["lon2"][unheard] = np.nan
    _weigh(stops, silent, out, limits, motion)
    return out


@njit(cache=True)
def _weigh(
    stops: Record,
    silent: Record,
    out: Record,
    limits: tuple[float, int, float, float, float, float],
    motion: tuple[float, float],
) -> None:
    speed, cap_us, area_m2, most, whole_h, burst = limits
    for i in range(len(stops)):
        stop, row, pair = stops[i], silent[i], out[i]
        end_us = stop.end_us + cap_us if pair.end_us == 0 else pair.end_us
        arrive_us = max(stop.start_us, row.start_us + int(pair.distance_m / speed))
        leave_us = stop.end_us
        if pair.end_us > 0:
            leave_us = min(leave_us, row.end_us - int(pair.on_m / speed))
        at_us = (arrive_us + leave_us) // 2
        seconds = (at_us - row.start_us) / US_PER_S, (end_us - at_us) / US_PER_S
        # Courses are not kept with silences: only a ship that lay still has a known velocity.
        before = (row.lat1, row.lon1, row.sog_knots, math.nan)
        after = (pair.lat2, pair.lon2, math.nan, math.nan)
        lat, lon, variance = presence_of(before, after, seconds, motion[0], motion[1])
        there = density_per_m2(stop.lat, stop.lon, (lat, lon), variance) * area_m2
        hours = (leave_us - arrive_us) / US_PER_H
        together_h = (min(stop.end_us, end_us) - max(stop.start_us, row.start_us)) / US_PER_H
        off = 1.0 - math.exp(-row.rate_per_h * together_h / burst)
        pair.minutes = hours * 60.0
        pair.likelihood = min(there, most) * min(1.0, hours / whole_h) * off
