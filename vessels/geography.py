"""Land and the distance to it, shipped and offline: Natural Earth 1:10m and 1:110m.

What the shore is here: the outline of Natural Earth land at 1:10m, as packed by world-atlas, whose
grid is 0.0036 degrees of longitude by 0.0017 of latitude (up to 200 m off at the equator). What
to know before relying on it:

- Lakes are land. A ship on the Great Lakes is "on land" with distance 0; the Caspian is sea.
- Rivers, canals, lagoons and docks are land too. Of real positions, 67 % of a MarineCadastre day
  (the Mississippi, Houston, Puget Sound), 20 % of a Danish and 8 % of a Solent sample lie on it.
  So "on land" alone is never a sign of a false position.
- Islands below roughly a kilometre are missing (many atolls, skerries and reefs): an islet's
  harbour can look far from shore. See `MISSING_ISLANDS` for some that ships go to.
- Ice shelves count as land around Antarctica.

Distances are WGS84 geodesics to better than 0.3 km (see vessels/_nearest.py), far below what the
outline itself is worth.
"""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from vessels import _landmask, _nearest

if TYPE_CHECKING:
    import geopandas as gpd

Scale = Literal["10m", "110m"]

_UNITS_PER_DEGREE = 10_000
_NEW_POLYGON = 2  # in the file's column `starts`; 1 is a hole, 0 any later vertex

MISSING_ISLANDS = {
    "Scarborough Shoal": (15.15, 117.76),
    "Pratas Island": (20.70, 116.72),
    "Fiery Cross Reef": (9.55, 112.89),
    "Ashmore Reef": (-12.25, 123.05),
    "Ontong Java Atoll": (-5.20, 159.50),
    "Chesterfield Islands": (-19.90, 158.30),
    "Cato Island": (-23.25, 155.54),
    "Minerva Reefs": (-23.64, -178.95),
    "Okinotorishima": (20.42, 136.08),
}
"""Places with land, or a lagoon where ships lie, that the 1:10m outline lacks: name -> (lat, lon).

From a check of some thirty remote islands; there are more. The next shore is 40 km or more away.
"""


class _Rings:
    """Rings of a scale: vertices in degrees, and where each ring and polygon begins."""

    def __init__(self, scale: Scale) -> None:
        source = files("vessels") / "data" / f"land-{scale}.parquet"
        with source.open("rb") as file:
            table = pq.read_table(file, columns=["lon_e4", "lat_e4", "starts"])
        starts = table["starts"].to_numpy()
        self.lon = table["lon_e4"].to_numpy() / _UNITS_PER_DEGREE
        self.lat = table["lat_e4"].to_numpy() / _UNITS_PER_DEGREE
        self.ring_starts = np.flatnonzero(starts)
        self.is_shell = starts[self.ring_starts] == _NEW_POLYGON

    def edges(self) -> NDArray[np.float64]:
        """Return all edges as (lon, lat, lon, lat), the rings closed."""
        following = np.arange(1, len(self.lon) + 1)
        following[np.append(self.ring_starts[1:], len(self.lon)) - 1] = self.ring_starts
        return np.column_stack([self.lon, self.lat, self.lon[following], self.lat[following]])


@cache
def land_polygons(scale: Scale = "10m") -> "gpd.GeoSeries":
    """Return the land as polygons in EPSG:4326, cut at 180 degrees and closed over the south pole.

    Do not change it in place: all callers share it.
    """
    import geopandas as gpd  # noqa: PLC0415 - slow to import, and distances do without
    import shapely  # noqa: PLC0415 - as above

    rings = _Rings(scale)
    edges = rings.edges()
    lengths = np.diff(np.append(rings.ring_starts, len(edges)))
    # shapely wants closed rings: each ring's first vertex once more at its end.
    last = np.append(rings.ring_starts[1:], len(edges)) - 1
    closed = np.insert(edges[:, :2], last + 1, edges[last, 2:], axis=0)
    ring_offsets = np.concatenate([[0], np.cumsum(lengths + 1)])
    polygon_offsets = np.append(np.flatnonzero(rings.is_shell), len(lengths))
    polygons = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, closed, (ring_offsets, polygon_offsets)
    )
    return gpd.GeoSeries(polygons, crs="EPSG:4326", name="land")


@cache
def _mask() -> _landmask.LandMask:
    return _landmask.build_mask(_Rings("10m").edges())


@cache
def _shore() -> _nearest.SegmentTree:
    lon1, lat1, lon2, lat2 = _Rings("10m").edges().T
    # Where the polygons are cut (180 degrees, the pole) there is no shore.
    cut = (np.abs(lon1) == 180.0) & (np.abs(lon2) == 180.0) | (lat1 == -90.0) & (lat2 == -90.0)
    coast = ~cut
    return _nearest.build_tree(lat1[coast], lon1[coast], lat2[coast], lon2[coast])


def on_land(lat_deg: ArrayLike, lon_deg: ArrayLike) -> NDArray[np.bool_]:
    """Return whether each point lies on 1:10m land; arrays broadcast. NaN is not on land."""
    lat, lon, shape = _points(lat_deg, lon_deg)
    return _landmask.on_land(_mask(), lat, lon).reshape(shape)


def distance_to_shore_m(lat_deg: ArrayLike, lon_deg: ArrayLike) -> NDArray[np.float32]:
    """Return the distance to the nearest 1:10m shore, metres; 0 on land; arrays broadcast.

    NaN, infinity, or a latitude beyond 90 degrees gives NaN. Longitudes may run past 180.
    """
    lat, lon, shape = _points(lat_deg, lon_deg)
    land = _landmask.on_land(_mask(), lat, lon)
    return _nearest.nearest(_shore(), lat, lon, land)[1].reshape(shape)


def distance_inland_m(lat_deg: ArrayLike, lon_deg: ArrayLike) -> NDArray[np.float32]:
    """Return how far inside the 1:10m land each point lies, metres; 0 at sea; arrays broadcast.

    Lakes and rivers are land (see above). NaN, infinity, or a latitude beyond 90 degrees gives 0.
    """
    lat, lon, shape = _points(lat_deg, lon_deg)
    land = _landmask.on_land(_mask(), lat, lon)
    inland = np.zeros(lat.size, np.float32)
    at_sea = np.zeros(int(land.sum()), np.bool_)  # what lies on land would be at distance 0
    inland[land] = _nearest.nearest(_shore(), lat[land], lon[land], at_sea)[1]
    return inland.reshape(shape)


def _points(
    lat_deg: ArrayLike, lon_deg: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[int, ...]]:
    """Return flat, contiguous latitudes and longitudes, and the shape to give back."""
    lat, lon = np.broadcast_arrays(
        np.asarray(lat_deg, dtype=np.float64), np.asarray(lon_deg, dtype=np.float64)
    )
    return np.ascontiguousarray(lat).ravel(), np.ascontiguousarray(lon).ravel(), lat.shape
