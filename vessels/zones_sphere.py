"""Polygons on a round Earth: rings across 180 degrees or around a pole, cut to flat polygons.

A ring that crosses 180 degrees is written in one of three ways, and all are understood: cut there
(RFC 7946), with longitudes that run on (175 to 190), or with a jump (178 to -178). The last means:
an edge longer than 180 degrees is the short way round. An edge from -180 to 180 exactly is not: it
is the edge of a world map, as long as the ring is a sound one so. A ring that runs once around the
Earth holds the pole of the hemisphere where its middle latitude lies.
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate

_ROUND = 9  # decimals of a degree: a tenth of a millimetre
_EDGE_DEG = 1e-6
"""How far from 180 a vertex on it may lie."""
MAX_LON_DEG = 540.0
"""Longitudes beyond are no degrees: another unit, or another coordinate system."""


def flat_polygons(geometry: Any, *, straight: bool) -> tuple[shapely.MultiPolygon, str | None]:
    """Return the polygons of a geometry within [-180, 180], sound and cut at 180 degrees.

    Args:
        geometry: any shapely geometry in degrees; points and lines in it are left out.
        straight: edges from -180 to 180 may mean what they say. Not so where the vertices are
            dense and computed, as after a change of projection.

    Returns:
        The polygons (none where nothing with an area is left), and what had to be mended.

    Raises:
        ValueError: a coordinate is not finite, or no degrees.
    """
    points = shapely.get_coordinates(geometry)
    if not np.isfinite(points).all():
        raise ValueError("has coordinates that are not numbers")
    if len(points) and (np.abs(points[:, 0]).max() > MAX_LON_DEG or _beyond_poles(points)):
        raise ValueError("has coordinates that are not degrees")
    whole: list[shapely.Polygon] = []
    mended: str | None = None
    for part in _polygons(geometry):
        shell, turn = _ring(np.asarray(part.exterior.coords)[:, :2], straight=straight)
        holes = [_hole(shell, hole, straight=straight) for hole in part.interiors]
        polygon = shapely.Polygon(shell, [hole for hole in holes if len(hole) >= 4])
        if not polygon.is_valid:
            reason = shapely.is_valid_reason(polygon).partition("[")[0].lower()
            # A ring closed over a pole may touch itself there: nothing that its author did.
            mended = mended or (None if turn else reason)
            sound = shapely.make_valid(polygon, method="structure", keep_collapsed=False)
        else:
            sound = polygon
        whole += [piece for flat in _polygons(sound) for piece in cut(flat)]
    joined = shapely.union_all(whole) if len(whole) > 1 else shapely.MultiPolygon(whole)
    rounded = shapely.transform(joined, lambda xy: np.round(xy, _ROUND))
    return shapely.MultiPolygon(list(_polygons(rounded))), mended


def _beyond_poles(points: NDArray[np.float64]) -> bool:
    return bool(np.abs(points[:, 1]).max() > 90.0 + _EDGE_DEG)


def _polygons(geometry: Any) -> list[shapely.Polygon]:
    """Return the polygons that a geometry is made of, whatever it nests them in."""
    if geometry.geom_type == "Polygon":
        return [] if geometry.is_empty else [geometry]
    if not hasattr(geometry, "geoms"):
        return []
    return [polygon for part in geometry.geoms for polygon in _polygons(part)]


def _ring(ring: NDArray[np.float64], *, straight: bool) -> tuple[NDArray[np.float64], int]:
    """Return a closed ring whose longitudes run on, and how often it runs around the Earth."""
    points = ring.copy()
    points[:, 1] = np.clip(points[:, 1], -90.0, 90.0)
    step = np.diff(points[:, 0])
    wide = np.abs(step) > 180.0
    if not wide.any() or (straight and _means_it(points, wide)):
        return points, 0
    # By whole turns, so that a vertex keeps its own digits.
    turns = np.concatenate([[0.0], np.cumsum(-np.round(step / 360.0))])
    points[:, 0] += 360.0 * turns
    around = round((points[-1, 0] - points[0, 0]) / 360.0)
    if around:
        pole = 90.0 if np.median(points[:, 1]) > 0.0 else -90.0
        ends = points[[-1, 0]] * [1.0, 0.0] + [0.0, pole]
        points = np.concatenate([points, ends, points[:1]])
    return points, around


def _means_it(points: NDArray[np.float64], wide: NDArray[np.bool_]) -> bool:
    """Tell whether all wide edges are edges of a world map: from -180 to 180, in a sound ring."""
    on_edge = np.abs(np.abs(points[:, 0]) - 180.0) <= _EDGE_DEG
    along = on_edge[:-1] & on_edge[1:]
    # Cut at 180 already, or wide without a vertex there: the latter can only be the short way.
    return bool(along[wide].all()) and len(points) >= 4 and shapely.Polygon(points).is_valid


def _hole(shell: NDArray[np.float64], hole: Any, *, straight: bool) -> NDArray[np.float64]:
    """Return a hole moved by whole turns to where its shell is."""
    points, _ = _ring(np.asarray(hole.coords)[:, :2], straight=straight)
    west, east = shell[:, 0].min(), shell[:, 0].max()
    middle = 0.5 * (points[:, 0].min() + points[:, 0].max())
    turn = 0.0
    while middle + turn < west:
        turn += 360.0
    while middle + turn > east:
        turn -= 360.0
    points[:, 0] += turn
    return points


def cut(polygon: shapely.Polygon) -> list[shapely.Polygon]:
    """Return the parts of a polygon in each turn of the Earth, moved into [-180, 180]."""
    west, _, east, _ = polygon.bounds
    if west >= -180.0 and east <= 180.0:
        return [polygon]
    pieces: list[shapely.Polygon] = []
    for turn in range(int(np.floor((west + 180.0) / 360.0)), int(np.ceil((east + 180.0) / 360.0))):
        band = shapely.box(-180.0 + 360.0 * turn, -90.0, 180.0 + 360.0 * turn, 90.0)
        part = shapely.intersection(polygon, band)
        pieces += _polygons(translate(part, xoff=-360.0 * turn))
    return pieces
