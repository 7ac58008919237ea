"""Contacts: every two hulls within a distance of each other in one five-minute slot.

Each slot is searched on a grid of its own: rows of latitude as high as the distance, columns as
wide as the distance is at the row's colder edge, so that a hull's neighbours lie in nine cells; a
row goes round 180 degrees, and at the poles it is one cell. Hulls enter the grid in order of key,
each after it was compared with those before it: so each pair is found once, with the lower key
first. The grid is a hash table (heads of linked lists) as large as the fullest slot needs. Work
grows with candidates, not with hulls squared; beside it, memory is that of the contacts found.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

from vessels.fixes import Array
from vessels.geodesy import distance_m
from vessels.units import EARTH_RADIUS_M

_LEAST_ROW_DEG = 0.001
"""Rows are no lower, so that a short distance does not make a table of millions of rows."""
_POLAR_COS = 0.01
"""Nearer to a pole (64 km) a row is one cell: columns of a few degrees are not worth having."""
_FAR_LAM = 0.1
"""Radians. Up to here sin(x / 2) is x / 2 to 0.05 %; what is farther is taken for this far."""
_SLACK = 1.002
"""What `_flat` is too large by, twice over: the true distance decides."""
_CELLS = 1 << 32
_ROW_HASH = 40_503  # odd, and far from a power of two (Knuth); columns of a row stay side by side

Record = Any

CONTACT = np.dtype(
    [
        ("key1", "i8"),
        ("key2", "i8"),
        ("slot", "i4"),
        ("observed", "u1"),
        ("sequence1", "i4"),
        ("sequence2", "i4"),
        ("messages1", "i4"),
        ("messages2", "i4"),
        ("distance_m", "f8"),
        ("sigma_m", "f8"),  # of the vector between the two, on each axis
        ("speed1", "f8"),
        ("speed2", "f8"),
        ("lat1", "f8"),
        ("lon1", "f8"),
        ("lat2", "f8"),
        ("lon2", "f8"),
    ]
)
"""Two hulls near each other in one slot; key1 < key2, so the MMSIs are in order."""


def find_contacts(slots: Array, max_distance_m: float) -> Array:
    """Return every pair of hulls of different numbers within `max_distance_m` in one slot.

    `slots` are SLOT rows in any order, a hull at most once in a slot; the contacts come sorted by
    (key1, key2, slot).
    """
    if len(slots) < 2:
        return np.empty(0, CONTACT)
    number = slots["slot"].astype("i8")
    number -= number.min()
    if number.max() > 4 * len(slots):  # a wrong clock, years off: count the slots that there are
        number = np.unique(number, return_inverse=True)[1].astype("i8")
    by_key = np.argsort(slots["key"], kind="stable")
    pairs, apart_m = _search(slots, _group(number, by_key), _grid(max_distance_m), max_distance_m)
    ordinal, hulls = _ordinals(slots["key"], by_key)
    one, two = ordinal[pairs[:, 0]], ordinal[pairs[:, 1]]
    order = _sort(one, _sort(two, np.arange(len(pairs), dtype="i4"), hulls), hulls)
    return np.asarray(_fill(slots, pairs, apart_m, order))


@lru_cache(maxsize=8)
def _grid(max_distance_m: float) -> tuple[float, Array]:
    """Return the height of the rows in degrees, and the number of cells of each row."""
    reach_deg = math.degrees(max_distance_m / EARTH_RADIUS_M) * 1.000001
    row_deg = max(reach_deg, _LEAST_ROW_DEG)
    edge = np.arange(math.floor(180.0 / row_deg) + 1) * row_deg - 90.0
    coldest = np.minimum(np.maximum(np.abs(edge - row_deg), np.abs(edge + 2.0 * row_deg)), 90.0)
    cos_lat = np.cos(np.radians(coldest))
    columns = np.floor(360.0 * np.maximum(cos_lat, _POLAR_COS) / (row_deg * 1.01))
    return row_deg, np.where(cos_lat < _POLAR_COS, 1, np.maximum(columns, 1)).astype("i8")


@njit(cache=True, nogil=True)
def _group(number: Array, by_key: Array) -> tuple[Array, Array]:
    """Return the rows slot by slot, in order of key, and where each slot begins among them."""
    begin = np.zeros(number.max() + 2, np.int64)
    for i in range(len(number)):
        begin[number[i] + 1] += 1
    for k in range(1, len(begin)):
        begin[k] += begin[k - 1]
    place = begin.copy()
    member = np.empty(len(number), np.int32)
    for i in by_key:
        member[place[number[i]]] = i
        place[number[i]] += 1
    return member, begin


@njit(cache=True, nogil=True)
def _ordinals(key: Array, by_key: Array) -> tuple[Array, int]:
    """Return which hull each row is of, counted in order of key, and how many there are."""
    ordinal = np.empty(len(key), np.int32)
    hull = 0
    for n in range(len(by_key)):
        if n > 0 and key[by_key[n]] != key[by_key[n - 1]]:
            hull += 1
        ordinal[by_key[n]] = hull
    return ordinal, hull + 1


@njit(cache=True, nogil=True)
def _sort(value: Array, order: Array, values: int) -> Array:
    """Return `order` sorted by value, otherwise as it was: a pass of a radix sort."""
    place = np.zeros(values + 1, np.int64)
    for v in value:
        place[v + 1] += 1
    for v in range(1, values):
        place[v] += place[v - 1]
    out = np.empty_like(order)
    for i in order:
        v = value[i]
        out[place[v]] = i
        place[v] += 1
    return out


@njit(cache=True, nogil=True)
def _search(
    slots: Record, grouped: tuple[Array, Array], grid: tuple[float, Array], max_distance_m: float
) -> tuple[Array, Array]:
    """Return the two rows of each pair, and their distance, in order of slot."""
    member, begin = grouped
    pairs, apart_m = np.empty((len(slots), 2), np.int32), np.empty(len(slots))
    count = 0
    for k in range(len(begin) - 1):
        rows = member[begin[k] : begin[k + 1]]
        while True:
            room = pairs[count:], apart_m[count:]
            found = _search_slot(slots, rows, grid, max_distance_m, room)
            if count + found <= len(pairs):
                break
            pairs = np.concatenate((pairs[:count], np.empty((count + 2 * found, 2), np.int32)))
            apart_m = np.concatenate((apart_m[:count], np.empty(count + 2 * found)))
        count += found
    return pairs[:count], apart_m[:count]


@njit(cache=True, nogil=True)
def _search_slot(
    slots: Record,
    rows: Array,
    grid: tuple[float, Array],
    max_distance_m: float,
    room: tuple[Array, Array],
) -> int:
    """Write down the pairs of one slot while there is room; return how many there are.

    An array that grew in these loops would cost more than the search: its owner is counted anew
    for every cell.
    """
    row_deg, columns = grid
    pairs, apart_m = room
    mask = 15
    while mask < 2 * len(rows):
        mask = 2 * mask + 1
    heads, links = np.full(mask + 1, -1, np.int32), np.empty(len(rows), np.int32)
    cells, places = np.empty(len(rows), np.int64), np.empty((len(rows), 3))
    limit = (max_distance_m / EARTH_RADIUS_M) ** 2 * _SLACK
    count = 0
    for p in range(len(rows)):
        this = slots[rows[p]]
        phi, lon = math.radians(this.lat), this.lon
        cos_phi = math.cos(phi)
        row = int((this.lat + 90.0) / row_deg)
        for r in range(max(row - 1, 0), min(row + 2, len(columns))):
            wide = columns[r]
            middle = int((lon + 180.0) * wide / 360.0)
            for c in range(middle - 1, middle - 1 + min(wide, 3)):
                cell = r * _CELLS + (c + wide if c < 0 else c - wide if c >= wide else c)
                q = heads[_bucket(cell) & mask]
                while q >= 0:
                    if cells[q] == cell:
                        cosines = cos_phi * places[q, 2]
                        if _flat(phi - places[q, 0], lon - places[q, 1], cosines) <= limit:
                            other = slots[rows[q]]
                            apart = distance_m(other.lat, other.lon, this.lat, lon)
                            if apart <= max_distance_m and other.key >> 16 != this.key >> 16:
                                if count < len(apart_m):
                                    pairs[count, 0], pairs[count, 1] = rows[q], rows[p]
                                    apart_m[count] = apart
                                count += 1
                    q = links[q]
        column = int((lon + 180.0) * columns[row] / 360.0)
        cells[p] = row * _CELLS + (column if column < columns[row] else 0)
        places[p, 0], places[p, 1], places[p, 2] = phi, lon, cos_phi
        bucket = _bucket(cells[p]) & mask
        links[p], heads[bucket] = heads[bucket], p
    return count


@njit(cache=True, inline="always")
def _flat(dphi: float, dlon_deg: float, cosines: float) -> float:
    """Return the square of a distance in radians that is at most 0.1 % above the true one."""
    dlon_deg = abs(dlon_deg)
    dlam = min(math.radians(min(dlon_deg, 360.0 - dlon_deg)), _FAR_LAM)
    return dphi * dphi + cosines * dlam * dlam


@njit(cache=True, inline="always")
def _bucket(cell: int) -> int:
    """Spread rows; keep the columns of a row side by side, which is what memory likes."""
    return (cell >> 32) * _ROW_HASH + cell


@njit(cache=True, nogil=True)
def _fill(slots: Record, pairs: Array, apart_m: Array, order: Array) -> Record:
    """Return the contacts in an order."""
    out = np.empty(len(order), CONTACT)
    for k in range(len(order)):
        pair = order[k]
        one, two, row = slots[pairs[pair, 0]], slots[pairs[pair, 1]], out[k]
        row.key1, row.key2, row.slot = one.key, two.key, one.slot
        row.observed = one.observed and two.observed
        row.sequence1, row.sequence2 = one.sequence, two.sequence
        row.messages1, row.messages2 = one.messages, two.messages
        row.speed1, row.speed2 = one.speed_knots, two.speed_knots
        row.lat1, row.lon1, row.lat2, row.lon2 = one.lat, one.lon, two.lat, two.lon
        row.distance_m = apart_m[pair]
        row.sigma_m = np.hypot(one.sigma_m, two.sigma_m)
    return out
