"""Silences of hulls: the raw material of dark periods.

A silence is two consecutive fixes of one hull `min_duration_h` or more apart, or a last fix that
far before now. Whether it is a dark period is judged later, with port, shore and the feed's health
(detectors/dark_events.py). Counts of positions in the 12 hours before are by receiver kind and
include the last fix, as in pipe-gaps and Welch et al. 2022.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from vessels.fixes import Array, Fixes
from vessels.geodesy import distances_m
from vessels.units import MPS_PER_KNOT, US_PER_H, US_PER_MIN, US_PER_S

BEFORE_US = 12 * US_PER_H
_MOORED_KNOTS = 0.5
_TOLD_MOORED_KNOTS = 1.0  # of a ship that says that it is at anchor or moored
Record = Any
_AT_ANCHOR, _MOORED = 1, 5  # navigational status, ITU-R M.1371


@dataclass(frozen=True, slots=True)
class DarkPeriodParameters:
    """Thresholds; see docs/detectors.md for sources."""

    min_duration_h: float = 12.0
    in_port_distance_km: float = 10.0
    harbour_distance_km: float = 1.0
    """At rest this near to land is alongside or moored, whatever the port list knows."""
    feed_silence_min: float = 60.0
    feed_min_numbers: int = 3
    """All numbers silent for `feed_silence_min`, when at least this many were heard just before, is
    an outage of the feed: that time is not counted as silence of a hull (feeds/liveness.py)."""


SILENCE = np.dtype(
    [
        ("key", "i8"),
        ("start_us", "i8"),
        ("end_us", "i8"),  # 0 while open
        ("start_lat", "f8"),
        ("start_lon", "f8"),
        ("end_lat", "f8"),
        ("end_lon", "f8"),
        ("sog_knots", "f8"),
        ("at_rest", "u1"),
        ("elsewhere", "u1"),  # its number, not known as shared, was heard at another hull since
        ("before", "i4"),
        ("before_satellite", "i4"),
        ("before_terrestrial", "i4"),
        ("heard_h", "f8"),  # how much of the 12 hours before the hull was known
        ("ais_class", "u1"),
        ("heard_hours", "i4"),  # in how many of the 12 hours before it was heard
        ("longest_h", "f8"),  # longest time without a fix in the 12 hours before
        ("north_knots", "f8"),  # way made over the last half hour or more before
        ("east_knots", "f8"),
    ]
)
_WAY_US = 30 * US_PER_MIN
_LEAST_WAY_US, _LONGEST_WAY_US = 5 * US_PER_MIN, 3 * US_PER_H


def find_silences(
    key: Array, fixes: Fixes, ends: Array, first_us: Array, elsewhere: Array
) -> Array:
    """Return SILENCE rows for the fixes at `ends`, the first heard again after a silence.

    Args:
        key: hull of each fix; sorted by (key, time).
        fixes: equally long.
        ends: row numbers of the fixes that end a silence.
        first_us: time of the hull's first fix, for each end.
        elsewhere: whether the number was heard at another hull meanwhile, for each end.
    """
    out = _describe(key, fixes, ends - 1, first_us)
    out["end_us"] = fixes.time_us[ends]
    out["end_lat"] = fixes.lat_deg[ends]
    out["end_lon"] = fixes.lon_deg[ends]
    out["elsewhere"] = elsewhere
    return out


def open_silences(
    key: Array, fixes: Fixes, lasts: Array, first_us: Array, elsewhere: Array
) -> Array:
    """Return SILENCE rows, open, for hulls whose last fixes are the rows `lasts`."""
    out = _describe(key, fixes, lasts, first_us)
    out["elsewhere"] = elsewhere
    return out


def _describe(key: Array, fixes: Fixes, rows: Array, first_us: Array) -> Array:
    out = np.zeros(len(rows), SILENCE)
    out["key"] = key[rows]
    out["start_us"] = fixes.time_us[rows]
    out["start_lat"] = fixes.lat_deg[rows]
    out["start_lon"] = fixes.lon_deg[rows]
    sog = fixes.sog_knots[rows].astype("f8")
    out["sog_knots"] = np.where(np.isnan(sog), _implied_knots(key, fixes, rows), sog)
    told_rest = np.isin(fixes.nav_status[rows], (_AT_ANCHOR, _MOORED))
    below_knots = np.where(told_rest, _TOLD_MOORED_KNOTS, _MOORED_KNOTS)
    out["at_rest"] = out["sog_knots"] < below_knots
    out["heard_h"] = np.minimum(BEFORE_US, out["start_us"] - first_us) / US_PER_H
    out["ais_class"] = fixes.ais_class[rows]
    columns = (key, fixes.time_us, fixes.lat_deg, fixes.lon_deg, fixes.receiver)
    _look_back(columns, rows, first_us, out)
    return out


@njit(cache=True, nogil=True)
def _look_back(columns: tuple[Array, ...], rows: Array, first_us: Array, out: Record) -> None:
    """Fill in what the 12 hours before each silence hold, the last fix included."""
    key, time_us, lat, lon, receiver = columns
    for n in range(len(rows)):
        row = rows[n]
        silence = out[n]
        last_us = time_us[row]
        seen_hours = 0
        way = -1
        i = row
        while i >= 0 and key[i] == key[row] and time_us[i] >= last_us - BEFORE_US:
            silence.before += 1
            silence.before_satellite += receiver[i] == 1
            silence.before_terrestrial += receiver[i] == 2
            seen_hours |= 1 << ((last_us - time_us[i]) // US_PER_H)
            if i < row:
                silence.longest_h = max(silence.longest_h, (time_us[i + 1] - time_us[i]) / US_PER_H)
            if way < 0 and last_us - time_us[i] >= _WAY_US:
                way = i
            i -= 1
        if first_us[n] < time_us[i + 1]:  # it was known before the first of these
            begin_us = max(first_us[n], last_us - BEFORE_US)
            silence.longest_h = max(silence.longest_h, (time_us[i + 1] - begin_us) / US_PER_H)
        for hour in range(13):
            silence.heard_hours += (seen_hours >> hour) & 1
        way = i + 1 if way < 0 else way
        way_us = last_us - time_us[way]
        if _LEAST_WAY_US <= way_us <= _LONGEST_WAY_US:
            hours = way_us / US_PER_H
            east_deg = (lon[row] - lon[way] + 180.0) % 360.0 - 180.0
            silence.north_knots = (lat[row] - lat[way]) * 60.0 / hours
            silence.east_knots = east_deg * 60.0 * np.cos(np.radians(lat[row])) / hours


def _implied_knots(key: Array, fixes: Fixes, rows: Array) -> Array:
    """Return the speed over the step to each row, from positions; 0 for a hull's first fix."""
    before = np.maximum(rows - 1, 0)
    moved = distances_m(
        fixes.lat_deg[before], fixes.lon_deg[before], fixes.lat_deg[rows], fixes.lon_deg[rows]
    )
    seconds = (fixes.time_us[rows] - fixes.time_us[before]) / US_PER_S
    known = (key[before] == key[rows]) & (seconds > 0)
    return np.where(known, moved / np.where(known, seconds, 1.0) / MPS_PER_KNOT, 0.0)
