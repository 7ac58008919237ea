"""Disks and ellipses on the sphere as polygons in longitude and latitude, split at 180 degrees.

Every shape here is the set of points whose distances to two foci add up to no more than a length; a
disk has both foci in one place. Where that length is half the Earth's girth or more, the shape is
the world without the ellipse round the antipodes, so that what is drawn is always convex.
"""

import math
from typing import TYPE_CHECKING

import numpy as np

from vessels.fixes import Array
from vessels.geodesy import distances_m, interpolate, wrap_lon
from vessels.units import EARTH_RADIUS_M

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_HALF_GIRTH_M = math.pi * EARTH_RADIUS_M
_EVEN = np.linspace(0.0, 360.0, 144, endpoint=False)
_NEAR_POLE = np.geomspace(0.01, 2.0, 12)
_BEARINGS = np.unique(
    np.concatenate([_EVEN, *((b + s * _NEAR_POLE) % 360.0 for b in (0.0, 180.0) for s in (-1, 1))])
)
"""Directions of the vertices; dense towards the poles, where a step of longitude is short."""
_HALVINGS = 40  # of the distance to the edge: 20,000 km become less than a millimetre


def ellipse(
    lat1: float, lon1: float, lat2: float, lon2: float, length_m: float
) -> "BaseGeometry | None":
    """Return the points whose distances to two foci add up to `length_m` or less.

    The edge runs through 190 vertices; between them the polygon is inside the true shape by less
    than 0.03 % of its size. None where the foci are further apart than the length.
    """
    import shapely  # noqa: PLC0415 - slow to import, and most callers of reach do without

    if length_m >= 2.0 * _HALF_GIRTH_M:
        return shapely.box(-180.0, -90.0, 180.0, 90.0)
    if float(distances_m(lat1, lon1, lat2, lon2)) > length_m or length_m <= 0.0:
        return None
    if length_m < _HALF_GIRTH_M:
        return _convex((lat1, lon1), (lat2, lon2), length_m)
    hole_m = 2.0 * _HALF_GIRTH_M - length_m
    away = (-lat1, wrap_lon(lon1 + 180.0)), (-lat2, wrap_lon(lon2 + 180.0))
    hole = None
    if float(distances_m(*away[0], *away[1])) < hole_m:
        hole = _convex(*away, hole_m)
    world = shapely.box(-180.0, -90.0, 180.0, 90.0)
    return world if hole is None else world.difference(hole)


def _convex(
    focus1: tuple[float, float], focus2: tuple[float, float], length_m: float
) -> "BaseGeometry":
    lat0, lon0 = interpolate(*focus1, *focus2, 0.5)
    low = np.zeros(len(_BEARINGS))
    high = np.full(len(_BEARINGS), length_m / 2.0)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        lat, lon = destinations(lat0, lon0, _BEARINGS, middle)
        inside = distances_m(*focus1, lat, lon) + distances_m(*focus2, lat, lon) <= length_m
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    lat, lon = destinations(lat0, lon0, _BEARINGS, low)
    poles = [
        pole
        for pole in (90.0, -90.0)
        if float(distances_m(*focus1, pole, 0.0) + distances_m(*focus2, pole, 0.0)) < length_m
    ]
    return _polygon(lat, lon, poles[0] if poles else None)


def destinations(lat: float, lon: float, bearing_deg: Array, away_m: Array) -> tuple[Array, Array]:
    """Return the points at these bearings and distances from a point, degrees."""
    phi, theta = math.radians(lat), np.radians(bearing_deg)
    delta = np.asarray(away_m) / EARTH_RADIUS_M
    sine = math.sin(phi) * np.cos(delta) + math.cos(phi) * np.sin(delta) * np.cos(theta)
    east = np.sin(theta) * np.sin(delta) * math.cos(phi)
    north = np.cos(delta) - math.sin(phi) * sine
    out_lon = (lon + np.degrees(np.arctan2(east, north)) + 180.0) % 360.0 - 180.0
    return np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))), out_lon


def _polygon(lat: Array, lon: Array, pole: float | None) -> "BaseGeometry":
    """Return the ring as a polygon within [-180, 180], closed over the pole that it holds."""
    import shapely  # noqa: PLC0415 - as above
    from shapely.affinity import translate  # noqa: PLC0415 - as above

    run = np.degrees(np.unwrap(np.radians(lon)))
    if pole is not None:
        turn = 360.0 if run[-1] > run[0] else -360.0
        run = np.append(run, [run[0] + turn, run[0] + turn, run[0]])
        lat = np.append(lat, [lat[0], pole, pole])
    ring = shapely.make_valid(shapely.Polygon(np.column_stack([run, lat])))
    world = shapely.box(-180.0, -90.0, 180.0, 90.0)
    turns = range(
        math.floor((run.min() + 180.0) / 360.0), math.ceil((run.max() - 180.0) / 360.0) + 1
    )
    parts = [translate(ring, xoff=-360.0 * turn).intersection(world) for turn in turns]
    return areas_of(shapely.union_all(parts))


def areas_of(shape: "BaseGeometry") -> "BaseGeometry":
    """Return the polygons of a shape, without lines and points that an intersection leaves."""
    import shapely  # noqa: PLC0415 - as above

    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    parts = [p for p in shapely.get_parts(shape, return_index=False) if p.geom_type == "Polygon"]
    return shapely.union_all(parts)
