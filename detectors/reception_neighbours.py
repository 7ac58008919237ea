"""Who else was heard, where and when: the plainest proof that a place was not deaf.

One record for each number, quarter-degree cell and six hours: the first fix heard there. Every fix
of a vessel's number counts as it came, confirmed as a hull or not, so a record is known the moment
its fix is. A fold over stretches of time, in any cuts; records older than a week are dropped.
"""

from typing import Any

import numpy as np
from numba import njit

from vessels.fixes import Array, Fixes, spread, starts_of
from vessels.geodesy import distance_m
from vessels.mmsi import MmsiKind, is_vessel, kind_of, ship_messages
from vessels.units import M_PER_NM, US_PER_DAY, US_PER_H

RANGE_NM = 20.0
"""How near another vessel must be heard to speak for a place: well within one station's range."""
KEPT_US = 7 * US_PER_DAY
AROUND_US = 6 * US_PER_H
"""A neighbour counts if it was heard within this time of the moment that is asked about."""
MOST = 64
"""Counting stops here: more prove nothing more."""

_BLOCK_US = 6 * US_PER_H
_STEPS = 4  # cells in a degree
_ROWS, _COLUMNS = 180 * _STEPS, 360 * _STEPS
_CELLS = _ROWS * _COLUMNS

NEIGHBOUR = np.dtype(
    [("key", "i8"), ("mmsi", "i4"), ("time_us", "i8"), ("lat", "f8"), ("lon", "f8")]
)
"""`key` is block * cells + cell; sorted by key, then MMSI."""

Record = Any


def first_heard(fixes: Fixes) -> Array:
    """Return records of fixes sorted by (MMSI, time): whenever number, block or cell change."""
    if len(fixes) == 0:
        return np.empty(0, NEIGHBOUR)
    starts = starts_of(fixes.mmsi)
    kind = kind_of(fixes.mmsi[starts])
    ship = spread(is_vessel(kind) & (kind != MmsiKind.JUNK), starts, len(fixes))
    ship &= ship_messages(fixes.msg_type)
    return _first_heard(fixes.mmsi, fixes.time_us, fixes.lat_deg, fixes.lon_deg, ship)


def follow_neighbours(records: Array, news: Array) -> Array:
    """Return the records, the first of each key and number, with what `first_heard` gave."""
    if len(news) == 0:
        return records
    # Only blocks that the news reach are put in order anew; a live step reaches one or two.
    split = np.searchsorted(records["key"], news["key"].min() // _CELLS * _CELLS)
    late = np.concatenate([records[split:], news])
    order = np.lexsort((late["lon"], late["lat"], late["time_us"], late["mmsi"], late["key"]))
    late = late[order]
    new = np.ones(len(late), bool)
    new[1:] = (late["key"][1:] != late["key"][:-1]) | (late["mmsi"][1:] != late["mmsi"][:-1])
    return np.concatenate([records[:split], late[new]])


def drop_old(records: Array, watermark_us: int) -> Array:
    """Return the records that silences ending after `watermark_us` may still ask for."""
    block = (watermark_us - KEPT_US) // _BLOCK_US
    split = np.searchsorted(records["key"], block * _CELLS)
    return records[split:] if split else records


def neighbours_heard(
    records: Array, mmsi: Array, span_us: Array, points: Array, at_us: Array
) -> tuple[Array, Array]:
    """Return how many other numbers were heard near the paths of silences, and at which points.

    Args:
        records: rows of NEIGHBOUR.
        mmsi: number of each silent hull.
        span_us: (n, 2) start and end of each silence; only fixes strictly between them count, and
            only of the last week before the end.
        points: (n, k, 2) latitude and longitude of points of each path.
        at_us: (n, k) time of each point.

    Returns:
        Distinct numbers within `RANGE_NM` of any point and 6 h of its time, `MOST` at most; and
        for each point 1 if there was one, 0 if none, -1 if it lies too far back to be known.
    """
    count = np.zeros(len(mmsi), np.int64)
    heard = np.full(at_us.shape, -1, np.int8)
    _count_near(records, mmsi.astype("i8"), span_us, points, at_us, count, heard)
    return count, heard


@njit(cache=True, nogil=True)
def _first_heard(mmsi: Array, time_us: Array, lat: Array, lon: Array, ship: Array) -> Record:
    """Return a record for each fix at which number, block or cell change."""
    total = 0
    for fill in range(2):
        out = np.empty(total if fill else 0, NEIGHBOUR)
        n = 0
        last_mmsi, last_key = np.int64(-1), np.int64(-1)
        for i in range(len(mmsi)):
            if not ship[i]:
                continue
            row = min(int((lat[i] + 90.0) * _STEPS), _ROWS - 1)
            column = int((lon[i] + 180.0) * _STEPS) % _COLUMNS
            key = time_us[i] // _BLOCK_US * _CELLS + row * _COLUMNS + column
            if key == last_key and mmsi[i] == last_mmsi:
                continue
            last_mmsi, last_key = np.int64(mmsi[i]), key
            if fill:
                record = out[n]
                record.key, record.mmsi, record.time_us = key, mmsi[i], time_us[i]
                record.lat, record.lon = lat[i], lon[i]
            n += 1
        total = n
    return out


@njit(cache=True)
def _count_near(
    records: Record,
    mmsi: Array,
    span_us: Array,
    points: Array,
    at_us: Array,
    count: Array,
    heard: Array,
) -> None:
    found = np.empty(MOST, np.int64)
    for e in range(len(mmsi)):
        begin_us = max(span_us[e, 0] + 1, span_us[e, 1] - KEPT_US)
        end_us = span_us[e, 1] - 1
        for p in range(at_us.shape[1]):
            low_us = max(begin_us, at_us[e, p] - AROUND_US)
            high_us = min(end_us, at_us[e, p] + AROUND_US)
            if high_us >= low_us:
                place = (points[e, p, 0], points[e, p, 1])
                known, hit = _near_point(
                    records, mmsi[e], (low_us, high_us), place, found, count[e]
                )
                count[e] = known
                heard[e, p] = hit


@njit(cache=True)
def _near_point(
    records: Record,
    mmsi: int,
    window_us: tuple[int, int],
    place: tuple[float, float],
    found: Array,
    count: int,
) -> tuple[int, bool]:
    """Add the numbers heard near a place to `found`; return how many, and whether any was."""
    lat, lon = place
    band_deg = RANGE_NM / 60.0
    south = max(int((lat - band_deg + 90.0) * _STEPS), 0)
    north = min(int((lat + band_deg + 90.0) * _STEPS), _ROWS - 1)
    scale = max(np.cos(np.radians(min(abs(lat) + band_deg, 89.9))), 1e-3)
    reach = min(int(band_deg / scale * _STEPS) + 1, _COLUMNS // 2)
    middle = int((lon + 180.0) * _STEPS)
    hit = False
    for block in range(window_us[0] // _BLOCK_US, window_us[1] // _BLOCK_US + 1):
        for row in range(south, north + 1):
            base = block * _CELLS + row * _COLUMNS
            # A run of columns; where it goes over 180 degrees, the rest of it beyond.
            for part in range(-1, 2):
                west = max(middle - reach + part * _COLUMNS, 0)
                east = min(middle + reach + part * _COLUMNS, _COLUMNS - 1)
                if west <= east:
                    cells = (base + west, base + east)
                    count, some = _in_run(records, mmsi, window_us, place, cells, found, count)
                    hit = hit or some
    return count, hit


@njit(cache=True)
def _in_run(
    records: Record,
    mmsi: int,
    window_us: tuple[int, int],
    place: tuple[float, float],
    cells: tuple[int, int],
    found: Array,
    count: int,
) -> tuple[int, bool]:
    keys = records["key"]
    hit = False
    i = np.searchsorted(keys, cells[0])
    while i < len(keys) and keys[i] <= cells[1]:
        one = records[i]
        i += 1
        if one.mmsi == mmsi or one.time_us < window_us[0] or one.time_us > window_us[1]:
            continue
        if distance_m(place[0], place[1], one.lat, one.lon) > RANGE_NM * M_PER_NM:
            continue
        hit = True
        if count < MOST and not np.any(found[:count] == one.mmsi):
            found[count] = one.mmsi
            count += 1
    return count, hit
