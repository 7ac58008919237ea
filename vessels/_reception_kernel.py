"""Kernels of reception: hours present and heard of each hull, and what a cell's ring has heard."""

from typing import Any

import numpy as np
from numba import njit

from vessels.fixes import Array
from vessels.geodesy import distance_m, interpolate
from vessels.units import M_PER_NM, US_PER_H

ROWS, COLUMNS = 180, 360
CELLS = ROWS * COLUMNS
BLOCKS = 8
"""Three-hour blocks of the UTC day."""
CLASSES = 3
"""0 not told, 1 A, 2 B, as in vessels.fixes."""
PER_DAY = CELLS * BLOCKS * CLASSES
_FIRST_PAIR = 2
"""A hull is known from its third fix on: the step to it is the first that is known in time."""
_CLASS_B = 2
_DAY_H = 24
_BLOCK_H = _DAY_H // BLOCKS
COUNTS = 6
_STEADY_A_KNOTS = (0.5, 14.0)
_STEADY_B_KNOTS = (2.0, 30.0)
"""Between these a transmitter's rate is steady (ITU-R M.1371; Welch et al. 2022), strictly."""

Record = Any


@njit(cache=True)
def cell_of(lat: float, lon: float) -> int:
    """Return the number of the 1-degree cell: rows from the south, columns from 180 W."""
    row = min(max(int(np.floor(lat)) + 90, 0), ROWS - 1)
    return row * COLUMNS + (int(np.floor(lon)) + 180) % COLUMNS


@njit(cache=True, nogil=True)
def count_hours(
    columns: tuple[Array, ...], ordinal: Array, fresh: Array, gap_us: int
) -> tuple[Array, Array]:
    """Return keys and counts of every hour in which a hull was there, as `fresh` rows prove it.

    An hour [T - 1 h, T) is proven by the step that spans T, if the hull was known at T - 1 h and no
    step in between is longer than `gap_us`. All that is looked at lies less than 1 h + `gap_us`
    before the step, so the answer is the same however the fixes were cut.

    Args:
        columns: key, time_us, lat, lon, ais_class, receiver; sorted by (key, time).
        ordinal: how many fixes the hull had before each row.
        fresh: whether the row is new.
        gap_us: longest step between two fixes of a present hull.
    """
    key, time_us, lat, lon, ais_class, receiver = columns
    total = 0
    for j in range(1, len(key)):
        if fresh[j] and key[j] == key[j - 1] and time_us[j] - time_us[j - 1] <= gap_us:
            total += time_us[j] // US_PER_H - time_us[j - 1] // US_PER_H
    keys = np.empty(total, np.int64)
    counts = np.zeros((total, COUNTS), np.int32)
    n = 0
    for j in range(1, len(key)):
        step_us = time_us[j] - time_us[j - 1]
        if not fresh[j] or key[j] != key[j - 1] or ordinal[j] < _FIRST_PAIR or step_us > gap_us:
            continue
        for hour in range(time_us[j - 1] // US_PER_H + 1, time_us[j] // US_PER_H + 1):
            begin_us = (hour - 1) * US_PER_H
            i = j - 1
            messages, satellite, terrestrial = 0, 0, 0
            while i >= 0 and key[i] == key[j] and time_us[i] >= begin_us:
                messages += 1
                satellite += receiver[i] == 1
                terrestrial += receiver[i] == 2
                i -= 1
            if i < j - 1 and time_us[i + 1] == begin_us:
                i += 1
            elif i < 0 or key[i] != key[j] or time_us[min(i + 1, j)] - time_us[i] > gap_us:
                continue
            if not _steady(lat, lon, time_us, ais_class[j - 1], i, j):
                continue
            share = (hour * US_PER_H - time_us[j - 1]) / step_us
            at = interpolate(lat[j - 1], lon[j - 1], lat[j], lon[j], share)
            day, hour_of_day = (hour - 1) // _DAY_H, (hour - 1) % _DAY_H
            place = (day * CELLS + cell_of(at[0], at[1])) * BLOCKS + hour_of_day // _BLOCK_H
            keys[n] = place * CLASSES + ais_class[j - 1]
            counts[n, 0] = 1
            counts[n, 1] = messages > 0
            counts[n, 2] = satellite > 0
            counts[n, 3] = terrestrial > 0
            counts[n, 4] = messages
            counts[n, 5] = satellite
            n += 1
    return keys[:n].copy(), counts[:n].copy()


@njit(cache=True)
def _steady(lat: Array, lon: Array, time_us: Array, ais_class: int, i: int, j: int) -> bool:
    """Tell whether the transmitter's rate was steady: the speeds of Welch et al. 2022, strictly."""
    seconds = (time_us[j] - time_us[i]) / 1e6
    if seconds <= 0.0:
        return False
    knots = distance_m(lat[i], lon[i], lat[j], lon[j]) / M_PER_NM / (seconds / 3600.0)
    if ais_class == _CLASS_B:
        return _STEADY_B_KNOTS[0] < knots < _STEADY_B_KNOTS[1]
    return _STEADY_A_KNOTS[0] < knots < _STEADY_A_KNOTS[1]


@njit(cache=True)
def ring_sums(places: Array, counts: Array, cells: Array, classes: Array) -> Array:
    """Return, for each point, the counts of its own cell and of the ring of eight around it.

    Args:
        places: sorted cell * CLASSES + class of the rows of `counts`.
        counts: (rows, COUNTS) integers.
        cells: cell of each point.
        classes: class of each point's ship.

    Returns:
        (points, 2, COUNTS): own, ring. The ring goes over 180 degrees and ends at the poles.
    """
    out = np.zeros((len(cells), 2, counts.shape[1]), np.int64)
    for p in range(len(cells)):
        row, column = cells[p] // COLUMNS, cells[p] % COLUMNS
        for y in range(max(row - 1, 0), min(row + 2, ROWS)):
            for step in range(-1, 2):
                x = (column + step) % COLUMNS
                place = (y * COLUMNS + x) * CLASSES + classes[p]
                at = np.searchsorted(places, place)
                if at < len(places) and places[at] == place:
                    own = y == row and step == 0
                    for c in range(counts.shape[1]):
                        out[p, 0 if own else 1, c] += counts[at, c]
    return out
