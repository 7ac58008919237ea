"""Is a point on land: even-odd crossings against the edges of one grid cell.

Each cell of a 0.25 degree grid knows whether its centre is on land and which edges touch it. A
point is on land if a path inside the cell, from the centre, crosses the right number of edges.
Edges are straight in degrees, as the polygons are.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vessels.geodesy import wrap_lon

_PER_DEGREE = 4
_COLUMNS = 360 * _PER_DEGREE
_ROWS = 180 * _PER_DEGREE


class LandMask(NamedTuple):
    """Centres of cells on land, and the edges of each cell (compressed rows)."""

    centre_on_land: NDArray[np.bool_]  # (_ROWS * _COLUMNS,)
    first: NDArray[np.int32]  # (_ROWS * _COLUMNS + 1,): where a cell's edges begin
    edges: NDArray[np.int32]  # numbers of edges
    ends: NDArray[np.float64]  # (edges, 4): lon, lat, lon, lat


@njit(cache=True)
def _row(lat_deg: float) -> int:
    return min(_ROWS - 1, max(0, int((lat_deg + 90.0) * _PER_DEGREE)))


@njit(cache=True)
def _column(lon_deg: float) -> int:
    return min(_COLUMNS - 1, max(0, int((lon_deg + 180.0) * _PER_DEGREE)))


@njit(cache=True)
def _centre_lat(row: int) -> float:
    return (row + 0.5) / _PER_DEGREE - 90.0


@njit(cache=True)
def _centre_lon(column: int) -> float:
    return (column + 0.5) / _PER_DEGREE - 180.0


@njit(cache=True)
def _list_edges(ends: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the edges by cell: each edge stands in every cell that its bounds touch."""
    first = np.zeros(_ROWS * _COLUMNS + 1, np.int32)
    for step in range(2):
        if step:
            first[1:] = np.cumsum(first[1:])
            edges = np.empty(first[-1], np.int32)
            fill = first[:-1].copy()
        for i in range(ends.shape[0]):
            row2 = _row(max(ends[i, 1], ends[i, 3]))
            column2 = _column(max(ends[i, 0], ends[i, 2]))
            for row in range(_row(min(ends[i, 1], ends[i, 3])), row2 + 1):
                for column in range(_column(min(ends[i, 0], ends[i, 2])), column2 + 1):
                    cell = row * _COLUMNS + column
                    if step:
                        edges[fill[cell]] = i
                        fill[cell] += 1
                    else:
                        first[cell + 1] += 1
    return first, edges


@njit(cache=True)
def _judge_centres(ends: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each cell whether its centre is on land, counting crossings from 180 W on."""
    flips = np.zeros((_ROWS, _COLUMNS + 1), np.bool_)
    for i in range(ends.shape[0]):
        lon1, lat1, lon2, lat2 = ends[i]
        for row in range(_row(min(lat1, lat2)), _row(max(lat1, lat2)) + 1):
            lat = _centre_lat(row)
            if (lat1 > lat) == (lat2 > lat):
                continue
            lon = lon1 + (lat - lat1) / (lat2 - lat1) * (lon2 - lon1)
            column = _column(lon)
            if _centre_lon(column) <= lon:
                column += 1
            flips[row, column] ^= True
    inside = np.empty(_ROWS * _COLUMNS, np.bool_)
    for row in range(_ROWS):
        state = False
        for column in range(_COLUMNS):
            state ^= flips[row, column]
            inside[row * _COLUMNS + column] = state
    return inside


def build_mask(ends: NDArray[np.float64]) -> LandMask:
    """Return the mask of closed rings given as edges (lon, lat, lon, lat), shape (n, 4)."""
    first, edges = _list_edges(ends)
    return LandMask(_judge_centres(ends), first, edges, ends)


@njit(cache=True)
def _crosses(ends: NDArray[np.float64], i: int, path: tuple[float, float, float, float]) -> bool:
    """Return whether an edge cuts the path: along the centre's parallel, then along a meridian."""
    lon0, lat0, lon, lat = path
    lon1, lat1, lon2, lat2 = ends[i]
    odd = False
    if (lat1 > lat0) != (lat2 > lat0):
        cut = lon1 + (lat0 - lat1) / (lat2 - lat1) * (lon2 - lon1)
        odd = (cut > lon0) != (cut > lon)
    if (lon1 > lon) != (lon2 > lon):
        cut = lat1 + (lon - lon1) / (lon2 - lon1) * (lat2 - lat1)
        odd ^= (cut > lat0) != (cut > lat)
    return odd


@njit(cache=True, nogil=True)
def _on_land(
    centre_on_land: NDArray[np.bool_],
    first: NDArray[np.int32],
    edges: NDArray[np.int32],
    ends: NDArray[np.float64],
    lat_deg: NDArray[np.float64],
    lon_deg: NDArray[np.float64],
    out: NDArray[np.bool_],
) -> None:
    for i in range(lat_deg.size):
        lat = lat_deg[i]
        if not (abs(lat) <= 90.0 and np.isfinite(lon_deg[i])):
            out[i] = False
            continue
        lon = wrap_lon(lon_deg[i])
        row = _row(lat)
        column = _column(lon)
        cell = row * _COLUMNS + column
        state = centre_on_land[cell]
        path = (_centre_lon(column), _centre_lat(row), lon, lat)
        for k in range(first[cell], first[cell + 1]):
            state ^= _crosses(ends, edges[k], path)
        out[i] = state


def on_land(
    mask: LandMask, lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return whether each point is on land; a point without a position is not."""
    out = np.empty(lat_deg.size, np.bool_)
    _on_land(*mask, lat_deg, lon_deg, out)
    return out
