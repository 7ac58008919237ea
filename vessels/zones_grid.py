"""Which polygons hold a point, for millions of points: a grid of cells, in numba.

Each cell of half a degree or less knows the zones that hold its centre and the borders that run
through it. A point is in the zones of its cell's centre, each changed once for every border between
the two (the rule of vessels/_landmask.py, with several polygons at once). Most cells hold no
border, so most points cost one look. All state is arrays: it goes to worker processes as it is.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vessels._landmask import _crosses
from vessels.geodesy import wrap_lon

_COARSE, _FINE = 2, 8
"""Cells a degree: half a degree, or where borders are detailed an eighth, which takes 33 MB."""
_DETAILED = 20_000
"""Edges from which on cells are fine: near a detailed coast a coarse one holds hundreds."""
_MARGIN_DEG = 1e-9
"""A border this near to a cell is listed in it too: a rounding error never loses one."""


_NORTHMOST = 90.0 - 1e-9
"""The pole itself lies on the edge of every zone that holds it: it is judged from just below."""


class ZoneGrid(NamedTuple):
    """Cells row by row from 90 S 180 W; compressed rows of zones and of borders."""

    per_degree: int  # cells
    held_first: NDArray[np.int32]  # (cells + 1,)
    held: NDArray[np.int32]  # zones that hold a cell's centre, ascending
    border_first: NDArray[np.int32]  # (cells + 1,)
    borders: NDArray[np.int32]  # edges that run through a cell, by zone
    ends: NDArray[np.float64]  # (edges, 4): lon, lat, lon, lat
    zone: NDArray[np.int32]  # zone of each edge
    most: int  # zones and borders of the fullest cell: what a point may be in at most


@njit(cache=True)
def _row(lat: float, per_degree: int) -> int:
    return min(max(int(np.floor((lat + 90.0) * per_degree)), 0), 180 * per_degree - 1)


@njit(cache=True)
def _column(lon: float, per_degree: int) -> int:
    return min(max(int(np.floor((lon + 180.0) * per_degree)), 0), 360 * per_degree - 1)


@njit(cache=True)
def _centre_lat(row: int, per_degree: int) -> float:
    return (row + 0.5) / per_degree - 90.0


@njit(cache=True)
def _centre_lon(column: int, per_degree: int) -> float:
    return (column + 0.5) / per_degree - 180.0


def build_grid(outlines: Sequence[Any]) -> ZoneGrid:
    """Return the grid of some multipolygons or polygons within [-180, 180]; zone k is the k-th."""
    ends, zone = _edges(outlines)
    first = np.searchsorted(zone, np.arange(len(outlines) + 1)).astype("i8")
    per_degree = _FINE if len(ends) > _DETAILED else _COARSE
    held_cell, held_zone = _held(ends, first, per_degree)
    border_cell, border = _bordered(ends, per_degree)
    held_first, held = _rows_of(held_cell, held_zone, per_degree)
    border_first, borders = _rows_of(border_cell, border, per_degree)
    most = int((np.diff(held_first) + np.diff(border_first)).max())
    return ZoneGrid(per_degree, held_first, held, border_first, borders, ends, zone, most)


def _edges(outlines: Sequence[Any]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    import shapely  # noqa: PLC0415 - slow to import

    parts, of_outline = shapely.get_parts(np.array(outlines, dtype=object), return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    of_zone = of_outline[of_part]
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    same = of_ring[1:] == of_ring[:-1]  # rings are closed: consecutive vertices are all edges
    ends = np.hstack([points[:-1], points[1:]])[same]
    return np.ascontiguousarray(ends), of_zone[of_ring[:-1][same]].astype("i4")


def _rows_of(
    cell: NDArray[np.int32], value: NDArray[np.int32], per_degree: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return values as compressed rows, one a cell, in their order within it."""
    order = np.argsort(cell, kind="stable")
    cells = 180 * 360 * per_degree * per_degree
    first = np.zeros(cells + 1, np.int32)
    np.cumsum(np.bincount(cell, minlength=cells), out=first[1:])
    return first, value[order]


def _held(
    ends: NDArray[np.float64], first: NDArray[np.int64], per_degree: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return (cell, zone) for every zone that holds a cell's centre, by zone."""
    size = 1 << 16
    while True:
        cells, zones = np.empty(size, np.int32), np.empty(size, np.int32)
        count = _scan(ends, first, per_degree, cells, zones)
        if count <= size:
            return cells[:count].copy(), zones[:count].copy()
        size = count


@njit(cache=True)
def _scan(
    ends: NDArray[np.float64],
    first: NDArray[np.int64],
    per_degree: int,
    cells: NDArray[np.int32],
    zones: NDArray[np.int32],
) -> int:
    """Fill in the cells whose centre each zone holds, as far as there is room; return the number.

    Crossings are counted from the west, row by row.
    """
    count = 0
    for zone in range(len(first) - 1):
        mine = ends[first[zone] : first[zone + 1]]
        if len(mine) == 0:
            continue
        south, west = _row(mine[:, 1].min(), per_degree), _column(mine[:, 0].min(), per_degree)
        flips = _flips(mine, south, west, per_degree)
        for row in range(flips.shape[0]):
            inside = False
            for column in range(flips.shape[1] - 2):
                inside ^= flips[row, column]
                if inside and count < len(cells):
                    cells[count] = (south + row) * 360 * per_degree + west + column
                    zones[count] = zone
                count += inside
    return count


@njit(cache=True)
def _flips(ends: NDArray[np.float64], south: int, west: int, per_degree: int) -> NDArray[np.bool_]:
    """Return from which cell centres on a row's points are in or out, cells from (south, west)."""
    north, east = _row(ends[:, 1].max(), per_degree), _column(ends[:, 0].max(), per_degree)
    flips = np.zeros((north - south + 1, east - west + 3), np.bool_)
    for i in range(len(ends)):
        lon1, lat1, lon2, lat2 = ends[i]
        for row in range(_row(min(lat1, lat2), per_degree), _row(max(lat1, lat2), per_degree) + 1):
            lat = _centre_lat(row, per_degree)
            if (lat1 > lat) == (lat2 > lat):
                continue
            lon = lon1 + (lat - lat1) / (lat2 - lat1) * (lon2 - lon1)
            column = max(_column(lon, per_degree), west)
            # A centre on a border lies east of it, as for `_crosses`; round numbers meet.
            if _centre_lon(column, per_degree) < lon:
                column += 1
            flips[row - south, column - west] ^= True
    return flips


def _bordered(
    ends: NDArray[np.float64], per_degree: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return (cell, edge) for every edge that runs through a cell, by edge."""
    size = 2 * len(ends) + 1024
    while True:
        cells, edges = np.empty(size, np.int32), np.empty(size, np.int32)
        count = _trace(ends, per_degree, cells, edges)
        if count <= size:
            return cells[:count].copy(), edges[:count].copy()
        size = count


@njit(cache=True)
def _trace(
    ends: NDArray[np.float64], per_degree: int, cells: NDArray[np.int32], edges: NDArray[np.int32]
) -> int:
    count = 0
    for i in range(len(ends)):
        lon1, lat1, lon2, lat2 = ends[i]
        if lat1 > lat2:
            lon1, lat1, lon2, lat2 = lon2, lat2, lon1, lat1
        for row in range(
            _row(lat1 - _MARGIN_DEG, per_degree), _row(lat2 + _MARGIN_DEG, per_degree) + 1
        ):
            low, high = lon1, lon2
            if lat2 > lat1:  # the part of the edge within the row
                south = max(row / per_degree - 90.0 - _MARGIN_DEG, lat1)
                north = min((row + 1) / per_degree - 90.0 + _MARGIN_DEG, lat2)
                low = lon1 + max(south - lat1, 0.0) / (lat2 - lat1) * (lon2 - lon1)
                high = lon1 + max(north - lat1, 0.0) / (lat2 - lat1) * (lon2 - lon1)
            if low > high:
                low, high = high, low
            for column in range(
                _column(low - _MARGIN_DEG, per_degree), _column(high + _MARGIN_DEG, per_degree) + 1
            ):
                if count < len(cells):
                    cells[count] = row * 360 * per_degree + column
                    edges[count] = i
                count += 1
    return count


@njit(cache=True)
def put_zones_at(grid: ZoneGrid, lat_deg: float, lon_deg: float, found: NDArray[np.int32]) -> int:
    """Put the zones that hold a point into `found`, ascending; return how many."""
    if not (abs(lat_deg) <= 90.0 and np.isfinite(lon_deg)):
        return 0
    lon = wrap_lon(lon_deg)
    per_degree = grid.per_degree
    lat = min(lat_deg, _NORTHMOST)
    row, column = _row(lat, per_degree), _column(lon, per_degree)
    cell = row * 360 * per_degree + column
    count = 0
    held, last = grid.held_first[cell], grid.held_first[cell + 1]
    k, end = grid.border_first[cell], grid.border_first[cell + 1]
    path = (_centre_lon(column, per_degree), _centre_lat(row, per_degree), lon, lat)
    while k < end:
        zone = grid.zone[grid.borders[k]]
        while held < last and grid.held[held] < zone:
            found[count] = grid.held[held]
            count += 1
            held += 1
        inside = False
        if held < last and grid.held[held] == zone:
            inside = True
            held += 1
        while k < end and grid.zone[grid.borders[k]] == zone:
            inside ^= _crosses(grid.ends, grid.borders[k], path)
            k += 1
        if inside:
            found[count] = zone
            count += 1
    while held < last:
        found[count] = grid.held[held]
        count += 1
        held += 1
    return count


@njit(cache=True)
def _count_and_fill(
    grid: ZoneGrid,
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    first: NDArray[np.int64],
    zones: NDArray[np.int32],
) -> int:
    found = np.empty(grid.most, np.int32)
    total = 0
    for i in range(len(lat)):
        count = put_zones_at(grid, lat[i], lon[i], found)
        for k in range(count):
            if total + k < len(zones):
                zones[total + k] = found[k]
        total += count
        first[i + 1] = total
    return total


def zones_of_points(
    grid: ZoneGrid, lat: NDArray[np.float64], lon: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the zones of each point as compressed rows (see ZoneSet.at)."""
    first = np.zeros(len(lat) + 1, np.int64)
    zones = np.empty(len(lat) + 64, np.int32)
    total = _count_and_fill(grid, lat, lon, first, zones)
    if total > len(zones):
        zones = np.empty(total, np.int32)
        _count_and_fill(grid, lat, lon, first, zones)
    return first, zones[:total]
