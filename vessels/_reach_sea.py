"""The way by sea: how far a ship sails where land is in the way of the great circle.

Land is seen through a grid of 1/8 degree: a cell is closed only where it is all land (no sea at its
centre and no coast in it). So no strait is closed, however narrow, and what errs errs towards
reach: land thinner than two cells (28 km) may be sailed through. Canals are opened by hand.

Where the great circle between two points meets no closed cell, the way is the great circle. Else it
is the shortest path over the cells (16 neighbours, Dijkstra), pulled straight between the capes.
"""

import math
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import njit

from vessels import _landmask
from vessels.fixes import Array
from vessels.geodesy import distance_m, interpolate
from vessels.geography import _mask, _Rings

PER_DEGREE = 8
ROWS, COLUMNS = 180 * PER_DEGREE, 360 * PER_DEGREE
_STRIDE_M = 5_000.0  # between looks along a great circle: less than half a cell's height
_SNAP_CELLS = 16
"""A port up a river lies in closed cells: its way begins in an open cell up to 2 degrees off."""

CANALS = {
    "Suez": ((31.30, 32.33), (30.60, 32.32), (30.40, 32.36), (29.90, 32.56)),
    "Panama": ((9.38, -79.92), (9.20, -79.90), (9.08, -79.68), (8.88, -79.53)),
    "Kiel": ((53.89, 9.13), (54.15, 9.35), (54.33, 9.75), (54.37, 10.15)),
    "Corinth": ((37.95, 22.95), (37.91, 23.01)),
}
"""Waterways that the land outline lacks: name -> (lat, lon) along it, to 2 km or so."""


class SeaGrid(NamedTuple):
    """Which cells are open, row by row from the south pole and 180 W, and what a step costs."""

    is_open: Array  # (ROWS * COLUMNS,) bool
    step_m: Array  # (ROWS, 5, 3): from a row, by rows moved + 2 and columns moved, metres
    scratch: "Scratch"


class Scratch(NamedTuple):
    """What a search writes on; each leaves it as it was. Whole grids are slow to make anew."""

    away_m: Array  # (ROWS * COLUMNS,), infinite
    before: Array  # (ROWS * COLUMNS,) int32, of no meaning where `away_m` is infinite
    is_goal: Array  # (ROWS * COLUMNS,) bool, all false
    touched: Array  # (ROWS * COLUMNS,) int32: cells that were reached, in order


@cache
def sea_grid() -> SeaGrid:
    """Return the grid, made from the shipped coast once a process (under a second)."""
    is_open = _sea_centres(_mask())
    _mark_lines(is_open, _coast())
    for way in CANALS.values():
        legs = [(lon1, lat1, lon2, lat2) for (lat1, lon1), (lat2, lon2) in pairwise(way)]
        _mark_lines(is_open, np.array(legs))
    cells = ROWS * COLUMNS
    scratch = Scratch(
        np.full(cells, np.inf), np.zeros(cells, "i4"), np.zeros(cells, bool), np.zeros(cells, "i4")
    )
    return SeaGrid(is_open, _step_lengths(), scratch)


def _coast() -> Array:
    """Return the edges of all land but those where polygons are cut (180 degrees, the pole)."""
    edges = _Rings("10m").edges()
    lon1, lat1, lon2, lat2 = edges.T
    cut = (np.abs(lon1) == 180.0) & (np.abs(lon2) == 180.0) | (lat1 == -90.0) & (lat2 == -90.0)
    return np.ascontiguousarray(edges[~cut])


def _sea_centres(mask: _landmask.LandMask) -> Array:
    """Return whether each cell's centre is sea.

    Four cells make one of the mask's; in one without a coast all four are as its centre is.
    """
    side = PER_DEGREE // 4
    shape = 180 * 4, 360 * 4

    def refined(coarse: Array) -> Array:
        return np.repeat(np.repeat(coarse.reshape(shape), side, axis=0), side, axis=1)

    sea = refined(~mask.centre_on_land)
    rows, columns = np.nonzero(refined(np.diff(mask.first) > 0))
    lat, lon = (rows + 0.5) / PER_DEGREE - 90.0, (columns + 0.5) / PER_DEGREE - 180.0
    sea[rows, columns] = ~_landmask.on_land(mask, lat, lon)
    return np.ascontiguousarray(sea).ravel()


@njit(cache=True)
def cell_of(lat_deg: float, lon_deg: float) -> int:
    """Return the cell that holds a point; longitudes in [-180, 180]."""
    row = min(ROWS - 1, max(0, int((lat_deg + 90.0) * PER_DEGREE)))
    return row * COLUMNS + int((lon_deg + 180.0) * PER_DEGREE) % COLUMNS


@njit(cache=True)
def centre_of(cell: int) -> tuple[float, float]:
    """Return latitude and longitude of a cell's centre."""
    row, column = cell // COLUMNS, cell % COLUMNS
    return (row + 0.5) / PER_DEGREE - 90.0, (column + 0.5) / PER_DEGREE - 180.0


@njit(cache=True)
def _mark_lines(is_open: Array, ends: Array) -> None:
    """Open every cell that the lines (lon, lat, lon, lat) pass, at steps of a tenth of a cell."""
    for i in range(len(ends)):
        lon1, lat1, lon2, lat2 = ends[i]
        longest = max(abs(lon2 - lon1), abs(lat2 - lat1))
        steps = int(longest * PER_DEGREE * 10.0) + 1
        for k in range(steps + 1):
            share = k / steps
            lat, lon = lat1 + share * (lat2 - lat1), lon1 + share * (lon2 - lon1)
            is_open[cell_of(lat, lon)] = True


@njit(cache=True)
def _step_lengths() -> Array:
    out = np.empty((ROWS, 5, 3))
    for row in range(ROWS):
        lat = (row + 0.5) / PER_DEGREE - 90.0
        for rows in range(-2, 3):
            lat2 = min(90.0, max(-90.0, lat + rows / PER_DEGREE))
            for columns in range(3):
                out[row, rows + 2, columns] = distance_m(lat, 0.0, lat2, columns / PER_DEGREE)
    return out


@njit(cache=True)
def is_clear(is_open: Array, lat1: float, lon1: float, lat2: float, lon2: float) -> bool:
    """Tell whether the great circle meets no closed cell, but for those of its ends."""
    ends = cell_of(lat1, lon1), cell_of(lat2, lon2)
    steps = int(distance_m(lat1, lon1, lat2, lon2) / _STRIDE_M) + 1
    for k in range(1, steps):
        lat, lon = interpolate(lat1, lon1, lat2, lon2, k / steps)
        cell = cell_of(lat, lon)
        if not is_open[cell] and cell != ends[0] and cell != ends[1]:
            return False
    return True


@njit(cache=True)
def _open_near(is_open: Array, lat: float, lon: float) -> int:
    """Return the open cell nearest to a point, of those within `_SNAP_CELLS`; -1 if none is."""
    cell = cell_of(lat, lon)
    if is_open[cell]:
        return cell
    row, column = cell // COLUMNS, cell % COLUMNS
    best, best_m = -1, np.inf
    for r in range(max(0, row - _SNAP_CELLS), min(ROWS, row + _SNAP_CELLS + 1)):
        for c in range(column - _SNAP_CELLS, column + _SNAP_CELLS + 1):
            other = r * COLUMNS + c % COLUMNS
            if is_open[other]:
                away_m = distance_m(lat, lon, *centre_of(other))
                if away_m < best_m:
                    best, best_m = other, away_m
    return best


@njit(cache=True)
def _push(keys: Array, cells: Array, size: int, key: float, cell: int) -> None:
    """Put an entry on the heap; the place `size` is free."""
    i = size
    while i > 0:
        up = (i - 1) // 2
        if keys[up] <= key:
            break
        keys[i], cells[i] = keys[up], cells[up]
        i = up
    keys[i], cells[i] = key, cell


@njit(cache=True)
def _pop(keys: Array, cells: Array, size: int) -> None:
    """Take the first entry off a heap of `size` entries."""
    last = size - 1
    key, cell = keys[last], cells[last]
    i = 0
    while True:
        down = 2 * i + 1
        if down >= last:
            break
        if down + 1 < last and keys[down + 1] < keys[down]:
            down += 1
        if keys[down] >= key:
            break
        keys[i], cells[i] = keys[down], cells[down]
        i = down
    keys[i], cells[i] = key, cell


@njit(cache=True)
def _may_step(is_open: Array, row: int, column: int, rows: int, columns: int) -> bool:
    """Tell whether a step does not cut a closed corner; its goal is known to be open."""
    half_r = rows // 2 if abs(rows) == 2 else rows
    half_c = columns // 2 if abs(columns) == 2 else columns
    if abs(rows) + abs(columns) == 2:  # diagonal: one of the two sides is enough
        side = is_open[row * COLUMNS + (column + columns) % COLUMNS]
        return side or is_open[(row + rows) * COLUMNS + column]
    first = is_open[(row + half_r) * COLUMNS + (column + half_c) % COLUMNS]
    straight_r = half_r if abs(rows) == 2 else 0
    straight_c = half_c if abs(columns) == 2 else 0
    return first and is_open[(row + straight_r) * COLUMNS + (column + straight_c) % COLUMNS]


_MOVES = np.array(
    [(r, c) for r in range(-2, 3) for c in range(-2, 3) if abs(r) + abs(c) in (1, 3)]
    + [(r, c) for r in (-1, 1) for c in (-1, 1)]
)


@njit(cache=True)
def _spread(
    is_open: Array, step_m: Array, scratch: Scratch, source: int, left: int, limit_m: float
) -> int:
    """Fill in distance from the source and the cell before, up to the last goal.

    Args:
        is_open: cells that ships sail.
        step_m: lengths of steps.
        scratch: `is_goal` is set; how many cells of `touched` were reached is returned.
        source: open cell.
        left: how many goals there are; the search ends when all are reached.
        limit_m: cells further off are not looked at.
    """
    away_m, before, is_goal, touched = scratch
    keys, cells = np.empty(1 << 14), np.empty(1 << 14, np.int32)
    away_m[source] = 0.0
    before[source] = -1
    touched[0] = source
    count = 1
    keys[0], cells[0], size = 0.0, source, 1
    while size > 0 and left > 0:
        here_m, cell = keys[0], cells[0]
        _pop(keys, cells, size)
        size -= 1
        if here_m > away_m[cell]:
            continue
        left -= is_goal[cell]
        row, column = cell // COLUMNS, cell % COLUMNS
        for m in range(len(_MOVES)):
            rows, columns = _MOVES[m, 0], _MOVES[m, 1]
            if not 0 <= row + rows < ROWS:
                continue
            other = (row + rows) * COLUMNS + (column + columns) % COLUMNS
            there_m = here_m + step_m[row, rows + 2, abs(columns)]
            if not is_open[other] or there_m >= away_m[other] or there_m > limit_m:
                continue
            if not _may_step(is_open, row, column, rows, columns):
                continue
            if away_m[other] == np.inf:
                touched[count] = other
                count += 1
            away_m[other], before[other] = there_m, cell
            if size == len(keys):
                keys = np.concatenate((keys, np.empty_like(keys)))
                cells = np.concatenate((cells, np.empty_like(cells)))
            _push(keys, cells, size, there_m, other)
            size += 1
    return count


@njit(cache=True)
def _pulled_m(
    is_open: Array, before: Array, goal: int, start: tuple[float, float], end: tuple[float, float]
) -> float:
    """Return the length of the path back from a goal, straight wherever no land is between."""
    anchor_lat, anchor_lon = end
    last_lat, last_lon = end
    total_m = 0.0
    cell = goal
    while True:
        lat, lon = centre_of(cell) if cell >= 0 else start
        if not is_clear(is_open, anchor_lat, anchor_lon, lat, lon):
            total_m += distance_m(anchor_lat, anchor_lon, last_lat, last_lon)
            anchor_lat, anchor_lon = last_lat, last_lon
        last_lat, last_lon = lat, lon
        if cell < 0:
            return total_m + distance_m(anchor_lat, anchor_lon, last_lat, last_lon)
        cell = before[cell]


@njit(cache=True)
def sea_ways(
    grid: SeaGrid, place: tuple[float, float], lat: Array, lon: Array, limit_m: Array
) -> Array:
    """Return the way by sea from a place to each point, metres; inf where it is over its limit.

    A way that the great circle alone puts over its limit is not looked for; NaN gives NaN.
    """
    is_open, step_m, scratch = grid
    out = np.empty(len(lat))
    goal = _straight_ways(is_open, place, (lat, lon), limit_m, out)
    left, furthest_m = 0, 0.0
    for i in range(len(lat)):
        if goal[i] >= 0:
            left += not scratch.is_goal[goal[i]]
            scratch.is_goal[goal[i]] = True
            furthest_m = max(furthest_m, limit_m[i])
    if left == 0:
        return out
    # A path over cells is up to 2.8 % longer than the way pulled straight; cells round both ends.
    limit = furthest_m * 1.03 + 60_000.0
    source = _open_near(is_open, place[0], place[1])
    count = _spread(is_open, step_m, scratch, source, left, limit)
    for i in range(len(lat)):
        if goal[i] < 0:
            continue
        way_m = np.inf
        if scratch.away_m[goal[i]] < np.inf:
            way_m = _pulled_m(is_open, scratch.before, goal[i], place, (lat[i], lon[i]))
        way_m = max(out[i], way_m)
        out[i] = way_m if way_m <= limit_m[i] else np.inf
        scratch.is_goal[goal[i]] = False
    for i in range(count):
        scratch.away_m[scratch.touched[i]] = np.inf
    return out


@njit(cache=True)
def _straight_ways(
    is_open: Array,
    place: tuple[float, float],
    points: tuple[Array, Array],
    limit_m: Array,
    out: Array,
) -> Array:
    """Fill `out` with great circles; return the cell to find a way to, -1 where none is needed."""
    lat, lon = points
    goal = np.full(len(lat), -1, np.int64)
    afloat = _open_near(is_open, place[0], place[1]) >= 0
    for i in range(len(lat)):
        if math.isnan(lat[i]) or math.isnan(lon[i]):
            out[i] = math.nan
            continue
        out[i] = distance_m(place[0], place[1], lat[i], lon[i])
        if out[i] > limit_m[i]:
            out[i] = np.inf
        elif not is_clear(is_open, place[0], place[1], lat[i], lon[i]):
            goal[i] = _open_near(is_open, lat[i], lon[i])
            if goal[i] < 0 or not afloat:
                goal[i] = -1
                out[i] = np.inf
    return goal
