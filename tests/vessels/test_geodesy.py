"""Great-circle distances and interpolation, across 180 degrees and at the poles."""

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vessels.geodesy import distance_m, distances_m, interpolate, wrap_lon
from vessels.units import EARTH_RADIUS_M

GEOD = pyproj.Geod(ellps="WGS84")
lats = st.floats(-90, 90)
lons = st.floats(-180, 180)
untimed = settings(deadline=None)  # the first example compiles


@untimed
@given(lats, lons, lats, lons)
def test_distance_is_within_0_56_percent_of_the_geodesic(
    lat1: float, lon1: float, lat2: float, lon2: float
) -> None:
    true_m = GEOD.inv(lon1, lat1, lon2, lat2)[2]
    assert distance_m(lat1, lon1, lat2, lon2) == pytest.approx(true_m, rel=0.0057, abs=0.5)


def test_a_degree_across_180_is_a_degree() -> None:
    degree_m = np.pi * EARTH_RADIUS_M / 180
    assert distance_m(0.0, 179.5, 0.0, -179.5) == pytest.approx(degree_m)
    assert distance_m(89.5, 0.0, 89.5, 180.0) == pytest.approx(degree_m)


@untimed
@given(lats, lons, lats, lons, st.floats(0, 1))
def test_the_point_between_lies_at_its_fraction_of_the_way(
    lat1: float, lon1: float, lat2: float, lon2: float, fraction: float
) -> None:
    whole_m = distance_m(lat1, lon1, lat2, lon2)
    if whole_m > 0.999 * np.pi * EARTH_RADIUS_M:
        return  # antipodal: no single great circle
    lat, lon = interpolate(lat1, lon1, lat2, lon2, fraction)
    assert -90.0 <= lat <= 90.0
    assert -180.0 <= lon < 180.0
    assert distance_m(lat1, lon1, lat, lon) == pytest.approx(whole_m * fraction, rel=1e-4, abs=1.0)
    assert distance_m(lat, lon, lat2, lon2) == pytest.approx(
        whole_m * (1 - fraction), rel=1e-4, abs=1.0
    )


def test_interpolation_takes_the_short_way_over_180_and_over_the_pole() -> None:
    lat, lon = interpolate(0.0, 179.0, 0.0, -179.0, 0.5)
    assert lat == pytest.approx(0.0, abs=1e-9)
    assert abs(lon) == pytest.approx(180.0)
    assert interpolate(85.0, 0.0, 85.0, 180.0, 0.5)[0] == pytest.approx(90.0)


@untimed
@given(st.floats(-1e4, 1e4))
def test_a_wrapped_longitude_is_the_same_meridian(lon: float) -> None:
    wrapped = wrap_lon(lon)
    assert -180.0 <= wrapped < 180.0
    turns = (lon - wrapped) / 360.0
    assert turns == pytest.approx(round(turns), abs=1e-6)


def test_arrays_broadcast() -> None:
    out = distances_m(np.zeros((2, 1)), 0.0, 0.0, np.array([0.0, 90.0, 180.0]))
    assert out.shape == (2, 3)
    assert out[0, 0] == 0.0
    assert out[1, 2] == pytest.approx(np.pi * EARTH_RADIUS_M)
