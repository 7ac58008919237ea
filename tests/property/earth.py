"""Another Earth: land and ports turned or mirrored, for tests that move the world.

`moved_earth` puts another outline and another list of ports in the place of the shipped ones, and
forgets whatever was worked out from them before and after. In this process only.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pytest
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate

from vessels import geography, ports
from vessels.zones_sphere import cut

Points = NDArray[np.float64]
Move = Callable[[Points], Points]
"""Takes and returns (lon, lat) rows in degrees."""


def wrapped(lon: Points) -> Points:
    """Return longitudes in [-180, 180), to a billionth of a degree."""
    return np.round((lon + 180.0) % 360.0 - 180.0, 9)


def turn_points(points: Points) -> Points:
    """Turn the Earth by half: longitude + 180."""
    return np.column_stack([wrapped(points[:, 0] + 180.0), points[:, 1]])


def mirror_points(points: Points) -> Points:
    """Mirror the Earth at the equator."""
    return points * [1.0, -1.0]


def turned(geometry: shapely.MultiPolygon) -> shapely.MultiPolygon:
    """Return polygons turned by half; what was cut at 180 degrees grows together again."""
    parts = [translate(part, xoff=180.0) for part in shapely.get_parts(geometry)]
    # Parts west of the old cut lie at 360 now: one turn back, and the halves touch at 0 degrees.
    parts = [translate(p, xoff=-360.0) if p.bounds[0] >= 180.0 else p for p in parts]
    rounded = shapely.transform(np.array(parts, object), lambda points: np.round(points, 9))
    at_cut = [p.bounds[0] == 0.0 or p.bounds[2] == 0.0 for p in rounded]
    grown = shapely.get_parts(shapely.union_all(rounded[at_cut]))
    flat = [cut(part) for part in [*rounded[~np.array(at_cut)], *grown]]
    return shapely.MultiPolygon([piece for pieces in flat for piece in pieces])


def mirrored(geometry: shapely.MultiPolygon) -> shapely.MultiPolygon:
    """Return polygons mirrored at the equator."""
    return shapely.transform(geometry, mirror_points)


class _MovedRings:
    """Stands for `vessels.geography._Rings`: the rings of other polygons."""

    def __init__(self, land: shapely.MultiPolygon) -> None:
        rings = shapely.get_rings(shapely.get_parts(land))
        points, of_ring = shapely.get_coordinates(rings, return_index=True)
        same = of_ring[1:] == of_ring[:-1]
        self._edges = np.hstack([points[:-1], points[1:]])[same]

    def edges(self) -> Points:
        return self._edges


def _forget() -> None:
    """Empty every cache of vessels: what was worked out from land and ports."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("vessels.", "detectors.")):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


@contextmanager
def moved_earth(
    move_points: Move, move_land: Callable[[shapely.MultiPolygon], shapely.MultiPolygon]
) -> Iterator[None]:
    """Let the land and the ports of all rooms be moved ones."""
    land = shapely.MultiPolygon(list(geography.land_polygons("10m")))
    rings = _MovedRings(move_land(land))
    table = ports._table()  # noqa: SLF001 - what is to be replaced
    places = np.column_stack([table["lon_deg"].to_numpy(), table["lat_deg"].to_numpy()])
    moved = np.round(move_points(places), 6)
    for name, column in (("lon_deg", moved[:, 0]), ("lat_deg", moved[:, 1])):
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(column))
    with pytest.MonkeyPatch.context() as patch:
        for module in list(sys.modules.values()):
            if getattr(module, "_Rings", None) is geography._Rings:  # noqa: SLF001 - as above
                patch.setattr(module, "_Rings", lambda _scale: rings)
        patch.setattr(ports, "_table", lambda: table)
        _forget()
        yield
    _forget()
