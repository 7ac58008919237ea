"""The nearest of many short segments on Earth, exactly: a tree of boxes in Earth-centred space.

Points become WGS84 Earth-centred coordinates, so 180 degrees and the poles are nothing special.
The straight (chord) distance found there is turned into an arc. Against the WGS84 geodesic the
arc errs by less than 1 m within 200 km and less than 0.3 km within 3,000 km, because the chord
already runs on the ellipsoid; only the small difference between chord and arc uses a mean radius.

An answer never depends on the other points of a call: every segment within the best distance
found is looked at, and of equal ones the first wins. The previous point's segment only gives the
search an early bound, which makes tracks cheap.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vessels.geodesy import wrap_lon
from vessels.units import EARTH_RADIUS_M

_SEMI_MAJOR_M = 6_378_137.0  # WGS84
_ECCENTRICITY2 = 6.694379990141317e-3  # WGS84, first eccentricity squared
_LEAF = 8  # segments in a leaf: three cache lines
_SLACK = 1.0 + 1e-6  # boxes and segments are 32-bit floats: never prune on a rounding error


class SegmentTree(NamedTuple):
    """Segments in leaf order, their numbers as given, and boxes as a complete binary tree."""

    segments: NDArray[np.float32]  # (leaves * _LEAF, 6): both ends, Earth-centred, metres
    numbers: NDArray[np.int32]  # (leaves * _LEAF,): position in the input; -1 pads
    boxes: NDArray[np.float32]  # (2 * leaves, 6): low and high corner; node 1 is the root


@njit(cache=True)
def earth_centred(lat_deg: float, lon_deg: float) -> tuple[float, float, float]:
    """Return the WGS84 Earth-centred coordinates of a point at sea level, metres."""
    phi = math.radians(lat_deg)
    lam = math.radians(lon_deg)
    s = math.sin(phi)
    c = math.cos(phi)
    n = _SEMI_MAJOR_M / math.sqrt(1.0 - _ECCENTRICITY2 * s * s)
    return n * c * math.cos(lam), n * c * math.sin(lam), n * (1.0 - _ECCENTRICITY2) * s


@njit(cache=True)
def _project(
    lat1: NDArray[np.float64],
    lon1: NDArray[np.float64],
    lat2: NDArray[np.float64],
    lon2: NDArray[np.float64],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the ends of each segment in space, shape (n, 6), and its middle, shape (3, n)."""
    ends = np.empty((lat1.size, 6), np.float32)
    middles = np.empty((3, lat1.size), np.float32)
    for i in range(lat1.size):
        ends[i, 0], ends[i, 1], ends[i, 2] = earth_centred(lat1[i], lon1[i])
        ends[i, 3], ends[i, 4], ends[i, 5] = earth_centred(lat2[i], lon2[i])
        for axis in range(3):
            middles[axis, i] = 0.5 * (ends[i, axis] + ends[i, axis + 3])
    return ends, middles


@njit(cache=True)
def _select(
    order: NDArray[np.int32], values: NDArray[np.float32], first: int, end: int, place: int
) -> None:
    """Put the `place`-th value of order[first:end] in its place, smaller ones before (quickselect).

    Hoare's partition from both ends; which of equal values comes first does not matter here.
    """
    last = end - 1
    while first < last:
        pivot = values[order[(first + last) // 2]]
        i = first
        j = last
        while i <= j:
            while values[order[i]] < pivot:
                i += 1
            while values[order[j]] > pivot:
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if place <= j:
            last = j
        elif place >= i:
            first = i
        else:
            return


@njit(cache=True)
def _widest_axis(middles: NDArray[np.float32], members: NDArray[np.int32]) -> int:
    widest = 0
    width = -1.0
    for axis in range(3):
        low = np.inf
        high = -np.inf
        for i in members:
            low = min(low, middles[axis, i])
            high = max(high, middles[axis, i])
        if high - low > width:
            width = high - low
            widest = axis
    return widest


@njit(cache=True, nogil=True)
def _leaf_order(middles: NDArray[np.float32], leaves: int) -> NDArray[np.int32]:
    """Return the segments in leaf order: halved across the widest axis, again and again.

    Leaf k holds the segments i with i * leaves // n == k, so all leaves are filled evenly.
    """
    n = middles.shape[1]
    order = np.arange(n).astype(np.int32)
    width = leaves
    while width > 1:
        half = width // 2
        for leaf in range(0, leaves, width):
            first = -(-leaf * n // leaves)
            end = -(-(leaf + width) * n // leaves)
            middle = -(-(leaf + half) * n // leaves)
            if first < middle < end:
                axis = _widest_axis(middles, order[first:end])
                _select(order, middles[axis], first, end, middle)
        width = half
    return order


@njit(cache=True, nogil=True)
def _fill_boxes(
    segments: NDArray[np.float32], numbers: NDArray[np.int32], leaves: int
) -> NDArray[np.float32]:
    """Return the boxes of all nodes, from the leaves up."""
    boxes = np.empty((2 * leaves, 6), np.float32)
    boxes[:, :3] = np.inf
    boxes[:, 3:] = -np.inf
    for i in range(numbers.size):
        if numbers[i] >= 0:
            node = leaves + i // _LEAF
            for axis in range(3):
                a = segments[i, axis]
                b = segments[i, axis + 3]
                boxes[node, axis] = min(boxes[node, axis], a, b)
                boxes[node, axis + 3] = max(boxes[node, axis + 3], a, b)
    for node in range(leaves - 1, 0, -1):
        for axis in range(3):
            boxes[node, axis] = min(boxes[2 * node, axis], boxes[2 * node + 1, axis])
            boxes[node, axis + 3] = max(boxes[2 * node, axis + 3], boxes[2 * node + 1, axis + 3])
    return boxes


def build_tree(
    lat1_deg: NDArray[np.float64],
    lon1_deg: NDArray[np.float64],
    lat2_deg: NDArray[np.float64],
    lon2_deg: NDArray[np.float64],
) -> SegmentTree:
    """Return the tree over segments; a segment with equal ends is a point.

    Segments stand for the chord between their ends: keep them below some 20 km.
    """
    ends, middles = _project(lat1_deg, lon1_deg, lat2_deg, lon2_deg)
    leaves = 1
    while leaves * _LEAF < len(ends):
        leaves *= 2
    order = _leaf_order(middles, leaves)
    slots = (np.arange(len(order)) * (leaves * _LEAF)) // len(order)
    segments = np.zeros((leaves * _LEAF, 6), np.float32)
    numbers = np.full(leaves * _LEAF, -1, np.int32)
    segments[slots] = ends[order]
    numbers[slots] = order
    return SegmentTree(segments, numbers, _fill_boxes(segments, numbers, leaves))


@njit(cache=True)
def _box_distance2(boxes: NDArray[np.float32], node: int, x: float, y: float, z: float) -> float:
    dx = max(boxes[node, 0] - x, 0.0, x - boxes[node, 3])
    dy = max(boxes[node, 1] - y, 0.0, y - boxes[node, 4])
    dz = max(boxes[node, 2] - z, 0.0, z - boxes[node, 5])
    return dx * dx + dy * dy + dz * dz


@njit(cache=True)
def _segment_distance2(
    segments: NDArray[np.float32], i: int, x: float, y: float, z: float
) -> float:
    ax = x - segments[i, 0]
    ay = y - segments[i, 1]
    az = z - segments[i, 2]
    bx = np.float64(segments[i, 3]) - segments[i, 0]
    by = np.float64(segments[i, 4]) - segments[i, 1]
    bz = np.float64(segments[i, 5]) - segments[i, 2]
    length2 = bx * bx + by * by + bz * bz
    if length2 > 0.0:
        t = min(1.0, max(0.0, (ax * bx + ay * by + az * bz) / length2))
        ax -= t * bx
        ay -= t * by
        az -= t * bz
    return ax * ax + ay * ay + az * az


@njit(cache=True)
def _search_leaf(
    segments: NDArray[np.float32],
    numbers: NDArray[np.int32],
    first: int,
    best: int,
    best2: float,
    point: tuple[float, float, float],
) -> tuple[int, float]:
    """Return the better of the best slot so far and the slots of one leaf."""
    for i in range(first, first + _LEAF):
        if numbers[i] >= 0:
            d2 = _segment_distance2(segments, i, *point)
            if d2 < best2 or (d2 == best2 and numbers[i] < numbers[best]):
                best = i
                best2 = d2
    return best, best2


@njit(cache=True)
def _search(
    segments: NDArray[np.float32],
    numbers: NDArray[np.int32],
    boxes: NDArray[np.float32],
    stack: NDArray[np.int32],
    bounds: NDArray[np.float64],
    hint: int,
    x: float,
    y: float,
    z: float,
) -> tuple[int, float]:
    """Return the slot of the nearest segment and its squared chord distance."""
    leaves = boxes.shape[0] // 2
    best = hint
    best2 = _segment_distance2(segments, hint, x, y, z) if hint >= 0 else np.inf
    stack[0] = 1
    bounds[0] = 0.0
    depth = 1
    while depth > 0:
        depth -= 1
        if bounds[depth] > best2 * _SLACK:
            continue
        node = stack[depth]
        while node < leaves:
            left = 2 * node
            near2 = _box_distance2(boxes, left, x, y, z)
            far2 = _box_distance2(boxes, left + 1, x, y, z)
            node = left
            if far2 < near2:
                node = left + 1
                near2, far2 = far2, near2
            if far2 <= best2 * _SLACK:
                stack[depth] = 2 * left + 1 - node
                bounds[depth] = far2
                depth += 1
            if near2 > best2 * _SLACK:
                node = -1
                break
        if node >= leaves:
            first = (node - leaves) * _LEAF
            best, best2 = _search_leaf(segments, numbers, first, best, best2, (x, y, z))
    return best, best2


@njit(cache=True, nogil=True)
def _visiting_order(
    lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Return the points by cells of one degree, row by row and back, so that hints are close."""
    cells = np.zeros(lat_deg.size, np.int32)
    counts = np.zeros(181 * 361 + 1, np.int32)
    for i in range(lat_deg.size):
        if abs(lat_deg[i]) <= 90.0 and np.isfinite(lon_deg[i]):
            row = int(lat_deg[i] + 90.0)
            column = int(wrap_lon(lon_deg[i]) + 180.0)
            cells[i] = row * 361 + (360 - column if row % 2 else column)
        counts[cells[i] + 1] += 1
    counts = np.cumsum(counts)
    order = np.empty(lat_deg.size, np.int32)
    for i in range(lat_deg.size):
        order[counts[cells[i]]] = i
        counts[cells[i]] += 1
    return order


@njit(cache=True, nogil=True)
def _nearest(
    segments: NDArray[np.float32],
    numbers: NDArray[np.int32],
    boxes: NDArray[np.float32],
    lat_deg: NDArray[np.float64],
    lon_deg: NDArray[np.float64],
    skip: NDArray[np.bool_],
    index: NDArray[np.int32],
    distance_m: NDArray[np.float32],
) -> None:
    stack = np.empty(64, np.int32)
    bounds = np.empty(64, np.float64)
    diameter_m = 2.0 * EARTH_RADIUS_M
    hint = -1
    for i in _visiting_order(lat_deg, lon_deg):
        index[i] = -1
        if skip[i]:
            distance_m[i] = 0.0
        elif not (abs(lat_deg[i]) <= 90.0 and np.isfinite(lon_deg[i])):
            distance_m[i] = np.nan
        else:
            x, y, z = earth_centred(lat_deg[i], lon_deg[i])
            hint, d2 = _search(segments, numbers, boxes, stack, bounds, hint, x, y, z)
            index[i] = numbers[hint]
            distance_m[i] = diameter_m * math.asin(min(1.0, math.sqrt(d2) / diameter_m))


def nearest(
    tree: SegmentTree,
    lat_deg: NDArray[np.float64],
    lon_deg: NDArray[np.float64],
    skip: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return for each point the number of the nearest segment and the distance to it, metres.

    A point without a position gets -1 and NaN; a point to skip gets -1 and 0.
    """
    index = np.empty(lat_deg.size, np.int32)
    distance_m = np.empty(lat_deg.size, np.float32)
    mask = np.zeros(lat_deg.size, np.bool_) if skip is None else skip
    _nearest(*tree, lat_deg, lon_deg, mask, index, distance_m)
    return index, distance_m
