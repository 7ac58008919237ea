"""Land and distance to shore: against brute force, at the poles, across 180 degrees."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyproj
import pytest
import shapely
from numpy.typing import ArrayLike, NDArray

from vessels.geography import (
    MISSING_ISLANDS,
    Scale,
    distance_to_shore_m,
    land_polygons,
    on_land,
)

GEOD = pyproj.Geod(ellps="WGS84")
Points = tuple[NDArray[np.float64], NDArray[np.float64]]


def unit_vectors(lat: ArrayLike, lon: ArrayLike) -> NDArray[np.float64]:
    phi, lam = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


@dataclass(frozen=True)
class Coast:
    """Points along the 1:10m shore, at most some 550 m apart, without the cuts."""

    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    vectors: NDArray[np.float64]

    def distance_m(self, lat: float, lon: float) -> float:
        """Return the least geodesic distance; a sphere finds the candidates."""
        cosine = self.vectors @ unit_vectors(lat, lon)
        angle = np.arccos(np.clip(cosine, -1.0, 1.0))
        near = angle < angle.min() * 1.01 + 1e-4
        count = np.count_nonzero(near)
        distance_m = GEOD.inv(
            np.full(count, lon), np.full(count, lat), self.lon[near], self.lat[near]
        )[2]
        return float(np.min(distance_m))


@pytest.fixture(scope="module")
def coast() -> Coast:
    rings = shapely.boundary(land_polygons("10m").to_numpy())
    points = shapely.get_coordinates(shapely.segmentize(rings, 0.005))
    shore = (np.abs(points[:, 0]) < 180.0) & (points[:, 1] > -90.0)
    lon, lat = points[shore].T
    return Coast(lat, lon, unit_vectors(lat, lon))


def sea_points(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> Points:
    sea = ~on_land(lat, lon)
    return lat[sea], lon[sea]


def assert_close_to_brute_force(points: Points, coast: Coast) -> None:
    found_m = distance_to_shore_m(*points)
    for lat, lon, distance_m in zip(*points, found_m, strict=True):
        assert abs(distance_m - coast.distance_m(lat, lon)) < 400.0, (lat, lon)


def test_distance_to_shore_is_the_geodesic_one_all_over_the_world(coast: Coast) -> None:
    rng = np.random.default_rng(1)
    lat, lon = np.degrees(np.arcsin(rng.uniform(-1, 1, 60))), rng.uniform(-180, 180, 60)
    assert_close_to_brute_force(sea_points(lat, lon), coast)


def test_distance_to_shore_is_right_on_both_sides_of_180_degrees(coast: Coast) -> None:
    rng = np.random.default_rng(2)
    lat, lon = rng.uniform(-60, 72, 40), rng.uniform(178, 182, 40)
    assert_close_to_brute_force(sea_points(lat, lon), coast)


def test_distance_to_shore_is_right_near_the_poles(coast: Coast) -> None:
    lat = np.concatenate([np.linspace(83, 90, 12), np.linspace(-78, -62, 12)])
    assert_close_to_brute_force(sea_points(lat, np.linspace(-180, 179, 24)), coast)


def test_close_to_the_shore_the_distance_still_holds(coast: Coast) -> None:
    rng = np.random.default_rng(3)
    pick = rng.integers(0, len(coast.lat), 60)
    lat, lon = coast.lat[pick] + rng.normal(0, 0.05, 60), coast.lon[pick] + rng.normal(0, 0.05, 60)
    assert_close_to_brute_force(sea_points(np.clip(lat, -89, 89), lon), coast)


def test_the_farthest_sea_is_point_nemo() -> None:
    # 48 52.6 S 123 23.6 W, about 2,690 km from Ducie, Motu Nui and Maher islands.
    assert distance_to_shore_m(-48.877, -123.393) == pytest.approx(2_690_000, rel=0.01)


def test_the_north_pole_is_sea_and_the_south_pole_is_land() -> None:
    lons = np.array([-180.0, -77.7, 0.0, 45.0, 180.0])
    north, south = np.full(5, 90.0), np.full(5, -90.0)
    assert not on_land(north, lons).any()
    assert np.ptp(distance_to_shore_m(north, lons)) < 1.0
    assert on_land(south, lons).all()
    assert (distance_to_shore_m(south, lons) == 0.0).all()


def test_on_land_agrees_with_shapely() -> None:
    rng = np.random.default_rng(4)
    lat, lon = rng.uniform(-80, 84, 4000), rng.uniform(-180, 180, 4000)
    tree = shapely.STRtree(land_polygons("10m").to_numpy())
    expected = np.zeros(4000, bool)
    expected[tree.query(shapely.points(lon, lat), predicate="within")[0]] = True
    assert (on_land(lat, lon) == expected).all()
    assert 0.2 < expected.mean() < 0.5


def test_plus_and_minus_180_are_one_meridian() -> None:
    lat = np.linspace(-90, 90, 721)
    assert (on_land(lat, 180.0) == on_land(lat, -180.0)).all()
    assert (distance_to_shore_m(lat, 180.0) == distance_to_shore_m(lat, -180.0)).all()
    assert on_land(68.0, 180.0)  # Chukotka, cut there
    assert on_land(-16.52, 180.0)  # Rabi, Fiji
    assert not on_land(-30.0, 180.0)


def test_a_longitude_may_run_past_180() -> None:
    assert distance_to_shore_m(-16.0, 190.0) == distance_to_shore_m(-16.0, -170.0)


def test_no_parallel_of_fiji_is_land_round_the_world() -> None:
    assert not on_land(-16.9, np.array([-150.0, -100.0, -20.0, 60.0, 100.0, 160.0])).any()


def test_the_caspian_is_sea_and_a_great_lake_is_land() -> None:
    assert not on_land(41.9, 50.8)
    assert on_land(47.6, -87.0)


def test_a_point_without_position_has_no_distance_and_is_not_on_land() -> None:
    lat = np.array([np.nan, 0.0, 91.0, np.inf])
    lon = np.array([0.0, np.nan, 181.0, 0.0])
    assert np.isnan(distance_to_shore_m(lat, lon)).all()
    assert not on_land(lat, lon).any()


def test_shapes_broadcast_and_results_are_float32_metres() -> None:
    out = distance_to_shore_m(np.zeros((2, 1)), np.array([-30.0, -31.0, -32.0]))
    assert out.shape == (2, 3)
    assert out.dtype == np.float32
    assert distance_to_shore_m(0.0, -30.0).shape == ()
    assert distance_to_shore_m([], []).shape == (0,)


def test_a_distance_does_not_depend_on_the_other_points_of_the_call() -> None:
    rng = np.random.default_rng(5)
    lat, lon = rng.uniform(-90, 90, 3000), rng.uniform(-180, 180, 3000)
    whole = distance_to_shore_m(lat, lon)
    order = rng.permutation(3000)
    assert (distance_to_shore_m(lat[order], lon[order]) == whole[order]).all()
    singles = [float(distance_to_shore_m(lat[i], lon[i])) for i in range(200)]
    assert singles == whole[:200].tolist()


@pytest.mark.parametrize("scale", ["10m", "110m"])
def test_land_polygons_are_valid_and_do_not_overlap(scale: Scale) -> None:
    land = land_polygons(scale)
    assert land.crs.to_epsg() == 4326
    assert land.is_valid.all()
    assert (land.total_bounds[:2] >= [-180, -90]).all()
    assert (land.total_bounds[2:] <= [180, 90]).all()
    rng = np.random.default_rng(6)
    points = shapely.points(rng.uniform(-180, 180, 3000), rng.uniform(-90, 90, 3000))
    hits, _ = shapely.STRtree(land.to_numpy()).query(points, predicate="within")
    assert len(hits) == len(np.unique(hits))
    assert len(hits) > 500
    assert shapely.area(land.to_numpy()).sum() == pytest.approx(21_470, rel=0.01)


def test_the_missing_islands_are_missing() -> None:
    lat, lon = np.array(list(MISSING_ISLANDS.values())).T
    assert (distance_to_shore_m(lat, lon) > 40_000).all()


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "lat", "lon", "share"),
    [
        ("SolentAIS_20160112_130211.csv.gz", "Latitude_degrees", "Longitude_degrees", 0.9),
        ("aisdk_20260426_first20k.csv.gz", "Latitude", "Longitude", 0.75),
        ("raw_239500000_2012.csv.gz", "column2", "column1", 0.95),
    ],
)
def test_most_real_positions_are_not_on_land(
    shared_data: Path, name: str, lat: str, lon: str, share: float
) -> None:
    table = duckdb.read_csv(str(shared_data / "tracks" / name), all_varchar=True)
    rows = table.project(
        f'TRY_CAST("{lat}" AS DOUBLE) AS lat, TRY_CAST("{lon}" AS DOUBLE) AS lon'
    ).fetchnumpy()
    found_lat, found_lon = (np.ma.filled(rows[column], np.nan) for column in ("lat", "lon"))
    known = np.abs(found_lat) <= 90.0
    assert np.mean(~on_land(found_lat[known], found_lon[known])) > share
