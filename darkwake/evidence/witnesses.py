"""What others prove: of millions of fixes the few that a silence is judged by.

Three things are taken from other vessels. That the feed was alive: the first and last fix of
anybody in each stretch of half an outage's least length, so that no outage is lost and none made,
and before each outage enough numbers to tell it. Who was heard near a silent vessel's way: the
first fix of each number there. How well places are heard: the counts of the cells on the way and
around them; those of all other cells are summed up, because only their sum counts.
"""

import numpy as np

from detectors.dark_evidence import path_points
from detectors.parameters import Parameters
from detectors.reception_neighbours import (
    KEPT_US,
    NEIGHBOUR,
    RANGE_NM,
    first_heard,
    follow_neighbours,
)
from vessels.fixes import COLUMNS, NO_STATUS, Array, Fixes, concat_fixes, empty_fixes
from vessels.geodesy import distances_m
from vessels.reception import around
from vessels.units import M_PER_NM, US_PER_H, US_PER_MIN

_BEFORE_US = 6 * US_PER_H
_NEAR_M = 2.0 * RANGE_NM * M_PER_NM
"""Twice the range that counts: the edge is left to the detector."""


def feed_witnesses(fixes: Fixes, parameters: Parameters) -> Fixes:
    """Return the fixes that prove when the feed was alive."""
    dark = parameters.dark_period
    order = np.argsort(fixes.time_us, kind="stable")
    time_us = fixes.time_us[order]
    stretch = time_us // max(int(dark.feed_silence_min * US_PER_MIN) // 2, 1)
    edge = stretch[1:] != stretch[:-1]
    kept = np.append(True, edge) | np.append(edge, True)
    gap_us = int(dark.feed_silence_min * US_PER_MIN)
    ends = np.append(np.flatnonzero(np.diff(time_us) >= gap_us), len(time_us) - 1)
    for end in ends.tolist():
        begin = int(np.searchsorted(time_us, time_us[end] - _BEFORE_US, "right"))
        number = fixes.mmsi[order[begin : end + 1]][::-1]
        newest = np.sort(np.unique(number, return_index=True)[1])
        kept[end - newest[: dark.feed_min_numbers]] = True
    return fixes.take(np.sort(order[kept]))


def near_witnesses(fixes: Fixes, witnesses: Fixes, silences: Array, now_us: int) -> Fixes:
    """Return the first fixes of other numbers near the ways of some silences.

    With them come those before each of `witnesses` in its cell: a later fix there alone would count
    as the first one.
    """
    records = _records(fixes)
    wanted = np.isin(_names(records), _names(_records(witnesses)))
    ends = np.where(silences["end_us"] > 0, silences["end_us"], now_us)
    points, _ = path_points(silences, ends)
    for row, silence in enumerate(silences):
        since_us = max(int(silence["start_us"]), int(ends[row]) - KEPT_US)
        during = np.flatnonzero(
            (records["time_us"] >= since_us) & (records["time_us"] <= ends[row])
        )
        for lat, lon in [(silence["start_lat"], silence["start_lon"]), *points[row]]:
            away_m = distances_m(lat, lon, records["lat"][during], records["lon"][during])
            wanted[during[away_m <= _NEAR_M]] = True
    return _as_fixes(records[wanted])


def reception_rows(counts: Array, silences: Array, now_us: int) -> Array:
    """Return the counts that some silences are judged by, of all that the vessels gave."""
    ends = np.where(silences["end_us"] > 0, silences["end_us"], now_us)
    points, _ = path_points(silences, ends)
    lat = np.append(points[:, :, 0].ravel(), silences["start_lat"])
    lon = np.append(points[:, :, 1].ravel(), silences["start_lon"])
    return around(counts, lat, lon)


def join_witnesses(parts: list[Fixes], own: Array) -> Fixes:
    """Return the fixes of all parts but those of the numbers `own`."""
    together = concat_fixes(parts)
    return together.take(~np.isin(together.mmsi, own))


def _records(fixes: Fixes) -> Array:
    return follow_neighbours(np.empty(0, NEIGHBOUR), first_heard(fixes))


def _names(records: Array) -> Array:
    """Return one name for each number, cell and six hours."""
    names = np.empty(len(records), [("key", "i8"), ("mmsi", "i4")])
    names["key"], names["mmsi"] = records["key"], records["mmsi"]
    return names


def _as_fixes(records: Array) -> Fixes:
    """Return records as fixes that tell number, time and place alone."""
    told = {
        "mmsi": records["mmsi"],
        "time_us": records["time_us"],
        "lat_deg": records["lat"],
        "lon_deg": records["lon"],
        "nav_status": np.full(len(records), NO_STATUS, "u1"),
    }
    blank = empty_fixes().as_arrays()
    return Fixes(
        *(
            told[name].copy()
            if name in told
            else np.full(len(records), np.nan if blank[name].dtype.kind == "f" else 0).astype(
                blank[name].dtype
            )
            for name in COLUMNS
        )
    )
