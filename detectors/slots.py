"""Where each hull was every five minutes: what meetings and loitering are judged on.

A slot is a multiple of five minutes of UTC, so there is no day boundary and every hull has the
same instants. A position is interpolated along the great circle between two fixes of one hull at
most `max_interpolation_h` apart; it is never extrapolated, and a longer silence has no slots.

How far off an interpolated position may be is told with it, as `sigma_m` on each axis. Between two
fixes T apart, a after the first, it is c * (4 a (T - a) / T / 1 h)^1.5: the bridge of a body whose
velocity wanders (integrated Brownian motion with both ends known), so c is the error half-way
through an hour of silence. c was measured on the real tracks of gpsdio-segment (39 ships away from
port, 107,000 fixes left out and interpolated from others 10 min to 2 h apart), on the careful side:
the median over ships of each one's 68 % quantile is 50 to 110 m below 1.2 knots and 220 to 790 m
from 3 knots on; 90 and 550 m are taken. The power 1.5 fits every class of speed and of silence
there; the errors have longer tails than a Gaussian (detectors/nearness.py). Figure:
docs/detectors/encounter.md.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from vessels.fixes import Array
from vessels.geodesy import distance_m, interpolate
from vessels.units import MPS_PER_KNOT, US_PER_MIN

SLOT_MIN = 5
SLOT_US = SLOT_MIN * US_PER_MIN
_SLOT_S = SLOT_MIN * 60.0
_OBSERVED_US = 10 * US_PER_MIN
"""A slot within this of a fix of its hull is observed; others are interpolated."""
_SPARSE_US = 15 * US_PER_MIN
"""Between fixes further apart than this, a straight line hides the way sailed: SOG counts too."""
_GNSS_SIGMA_M = 10.0
"""Of a fix itself: IMO MSC.401(95) asks for 13 m at 95 %, and positions are told to 2 m."""
_STILL_SIGMA_M, _SAILING_SIGMA_M = 90.0, 550.0
_STILL_KNOTS, _SAILING_KNOTS = 1.2, 3.0
_HOUR_S = 3600.0

SLOT = np.dtype(
    [
        ("key", "i8"),  # hull: MMSI << 16 | number
        ("slot", "i4"),  # time_us // SLOT_US
        ("sequence", "i4"),  # how many slots this hull had before
        ("messages", "i4"),  # fixes since the slot before
        ("observed", "u1"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("speed_knots", "f8"),
        ("sigma_m", "f8"),  # of the position, on each axis
    ]
)
TRAIL = np.dtype(
    [
        ("key", "i8"),
        ("sequence", "i4"),
        ("messages", "i4"),
        ("slot", "i4"),  # last slot, or -1
        ("lat", "f8"),
        ("lon", "f8"),
    ]
)
"""What the next step needs to know of a hull's last slot."""

Record = Any


@dataclass(slots=True)
class HullRows:
    """Fixes of hulls sorted by (key, time); rows before a hull's first `fresh` one are old.

    No slot ends at a `late` fix: it would come after its time was settled, and what is found would
    depend on how the fixes were cut into steps.
    """

    key: Array
    time_us: Array
    lat: Array
    lon: Array
    sog: Array
    fresh: Array
    late: Array
    """Known to be of its hull only longer after its time than a position is interpolated over."""


def fill_slots(rows: HullRows, trail: Array, max_gap_us: int) -> tuple[Array, Array]:
    """Return the new slots (SLOT) of the fresh rows, by (key, slot), and the new trail.

    `trail` has a row for every hull in `rows`, in order of key; it is not changed.
    """
    ends = trail.copy()
    news = rows.fresh & ~rows.late
    count = _count_slots(rows.key, rows.time_us, news, max_gap_us)
    out = np.zeros(count, SLOT)
    columns = (rows.key, rows.time_us, rows.lat, rows.lon, rows.sog, rows.fresh, rows.late)
    _fill(columns, ends, max_gap_us, out)
    return out, ends


@njit(cache=True)
def bridge_sigma_m(since_s: float, until_s: float, speed_knots: float) -> float:
    """Return how far off a position may be, on each axis, between two fixes, metres.

    `since_s` and `until_s` are the times from the fix before and to the fix after; formula and
    constants are in the module's docstring.
    """
    share = (speed_knots - _STILL_KNOTS) / (_SAILING_KNOTS - _STILL_KNOTS)
    half_hour_m = _STILL_SIGMA_M + (_SAILING_SIGMA_M - _STILL_SIGMA_M) * min(max(share, 0.0), 1.0)
    gap_h = 4.0 * since_s * until_s / (since_s + until_s) / _HOUR_S
    return math.hypot(_GNSS_SIGMA_M, half_hour_m * gap_h**1.5)


@njit(cache=True, nogil=True)
def _count_slots(key: Array, time_us: Array, fresh: Array, max_gap_us: int) -> int:
    total = 0
    for j in range(1, len(key)):
        if fresh[j] and key[j] == key[j - 1] and 0 < time_us[j] - time_us[j - 1] <= max_gap_us:
            total += time_us[j] // SLOT_US - time_us[j - 1] // SLOT_US
    return total


@njit(cache=True, nogil=True)
def _fill(columns: tuple[Array, ...], ends: Record, max_gap_us: int, out: Record) -> None:
    key, time_us, lat, lon, sog, fresh, late = columns
    n = 0
    h = -1
    for j in range(len(key)):
        while h < 0 or ends[h].key < key[j]:
            h += 1
        if not fresh[j]:
            continue
        end = ends[h]
        end.messages += 1
        if j == 0 or key[j] != key[j - 1]:
            continue
        t1, t2 = time_us[j - 1], time_us[j]
        if t2 - t1 > max_gap_us or t2 <= t1 or late[j] or t2 // SLOT_US == t1 // SLOT_US:
            continue
        step_m = distance_m(lat[j - 1], lon[j - 1], lat[j], lon[j])
        straight = step_m / ((t2 - t1) / 1e6) / MPS_PER_KNOT
        told = -1.0
        if t2 - t1 > _SPARSE_US and not (math.isnan(sog[j - 1]) or math.isnan(sog[j])):
            told = 0.5 * (sog[j - 1] + sog[j])
        for slot in range(t1 // SLOT_US + 1, t2 // SLOT_US + 1):
            t = slot * SLOT_US
            row = out[n]
            n += 1
            share = (t - t1) / (t2 - t1)
            row.lat, row.lon = interpolate(lat[j - 1], lon[j - 1], lat[j], lon[j], share)
            row.key = key[j]
            row.slot = slot
            row.sequence = end.sequence
            row.messages = end.messages
            row.observed = t - t1 <= _OBSERVED_US or t2 - t <= _OBSERVED_US
            row.sigma_m = bridge_sigma_m((t - t1) / 1e6, (t2 - t) / 1e6, max(straight, told))
            if end.slot == slot - 1:
                moved = distance_m(end.lat, end.lon, row.lat, row.lon)
                row.speed_knots = max(moved / _SLOT_S / MPS_PER_KNOT, told)
            else:
                row.speed_knots = max(straight, told)
            end.slot, end.lat, end.lon = slot, row.lat, row.lon
            end.sequence += 1
            end.messages = 0
