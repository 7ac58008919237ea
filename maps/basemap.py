"""The land under the map, from the shipped Natural Earth outlines: no tile is ever fetched.

The world is coarse (1:110m); around the events it is fine (1:10m), clipped to whole-degree cells.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

Scale = Literal["10m", "110m"]
Land = Callable[[Scale], Iterable[BaseGeometry]]
"""Gives the land polygons of a scale in degrees, longitudes in [-180, 180]."""

SCALE = 1_000
"""Outlines on the page are integers of 1e-3 degree: 111 m, finer than 1:10m."""
NEAR_DEG = 2
"""Land is fine in the whole-degree cells up to this many cells away from an event's own."""
VERTEX_BUDGET = 90_000
"""Most vertices of fine land on one page, about 0.7 MB."""
_OVERLAP_DEG = 0.02  # coarse land reaches this far under fine land, so that no seam shows
_SIMPLIFY_DEG = 0.001


def shipped_land(scale: Scale) -> Iterable[BaseGeometry]:
    """Return the land polygons that the package ships."""
    from vessels.geography import land_polygons  # noqa: PLC0415 - geopandas is slow to import

    return list(land_polygons(scale))


Outline = list[list[int]]
"""A polygon: its outer ring, then its holes (the Caspian Sea is one)."""


def basemap_payload(
    places: Sequence[tuple[float, float]], land: Land, *, budget: int = VERTEX_BUDGET
) -> list[Outline]:
    """Return the land as polygons of rings of integer differences, fine near `places`.

    `places` are (lon, lat) in degrees. A ring is [lon, lat, ...] in 1e-3 degree, each pair the
    difference from the one before. Fine land is simplified to `budget` vertices.
    """
    cells = _cells_near(places)
    coarse = list(land("110m"))
    if cells is None:
        return _outlines(coarse)
    shrunk = cells.buffer(-_OVERLAP_DEG, join_style="mitre")
    far = [shape.difference(shrunk) for shape in coarse]
    near = _within_budget(_clip(list(land("10m")), cells), budget)
    return _outlines(far) + _outlines(near)


def _cells_near(places: Sequence[tuple[float, float]]) -> BaseGeometry | None:
    """Return the union of the whole-degree cells near the places, or None where there are none."""
    span = range(-NEAR_DEG, NEAR_DEG + 1)
    cells = set()
    for lon, lat in places:
        west, south = int(np.floor(lon)), int(np.floor(lat))
        for dx in span:
            for dy in span:
                if -90 <= south + dy < 90:
                    cells.add(((west + dx + 180) % 360 - 180, south + dy))
    if not cells:
        return None
    corners = np.array(sorted(cells), dtype=np.float64)
    boxes = shapely.box(corners[:, 0], corners[:, 1], corners[:, 0] + 1.0, corners[:, 1] + 1.0)
    return shapely.union_all(boxes)


def _clip(shapes: list[BaseGeometry], cells: BaseGeometry) -> list[BaseGeometry]:
    shapely.prepare(cells)
    west, south, east, north = cells.bounds
    kept = []
    for shape in shapes:
        if cells.intersects(shape):
            # The rectangle first: it cuts a continent down cheaply before the exact clip.
            part = shapely.clip_by_rect(shape, west, south, east, north)
            kept.append(shapely.intersection(shapely.make_valid(part), cells))
    return kept


def _within_budget(shapes: list[BaseGeometry], budget: int) -> list[BaseGeometry]:
    tolerance_deg = _SIMPLIFY_DEG
    thin = list(shapely.simplify(shapes, tolerance_deg)) if shapes else []
    while sum(shapely.get_num_coordinates(thin)) > budget and tolerance_deg < 1.0:
        tolerance_deg *= 2.0
        thin = list(shapely.simplify(shapes, tolerance_deg))
    return thin


def _outlines(shapes: Iterable[BaseGeometry]) -> list[Outline]:
    outlines = []
    # Twice, because a clip can give a collection that holds a multipolygon.
    for part in shapely.get_parts(shapely.get_parts(np.array(list(shapes), dtype=object))):
        if part.geom_type == "Polygon" and not part.is_empty:
            outer, *holes = [_ring(part.exterior), *(_ring(hole) for hole in part.interiors)]
            if outer:
                outlines.append([outer, *(hole for hole in holes if hole)])
    return outlines


def _ring(line: BaseGeometry) -> list[int]:
    """Return a closed line as integer differences; empty where rounding leaves no area."""
    whole = np.rint(shapely.get_coordinates(line)[:-1] * SCALE).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    moved = np.any(steps != 0, axis=1)
    moved[0] = True
    numbers: list[int] = steps[moved].ravel().tolist()
    return numbers if moved.sum() >= 3 else []
