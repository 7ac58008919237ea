"""Reachable sets against distances, and ways by sea against charts."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from vessels._reach_sea import CANALS, sea_grid
from vessels.geodesy import distances_m
from vessels.reachable import could_reach, reachable_area, sea_distance_m, whole_lens
from vessels.units import M_PER_NM, US_PER_H

KNOTS = 15.0
QUICK = settings(max_examples=60, deadline=None, derandomize=True)


def scatter(lat: float, lon: float, scale_m: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points all over the Earth, most of them within some scales of a place."""
    rng = np.random.default_rng(seed)
    far = np.degrees(np.arcsin(rng.uniform(-1, 1, 200))), rng.uniform(-180, 180, 200)
    wide = scale_m / 111e3
    near_lat = np.clip(lat + rng.normal(0, wide, 800), -89.999, 89.999)
    stretch = max(np.cos(np.radians(lat)), 0.05)
    near_lon = (lon + rng.normal(0, wide / stretch, 800) + 180.0) % 360.0 - 180.0
    return np.append(far[0], near_lat), np.append(far[1], near_lon)


@QUICK
@given(
    lat=st.floats(-90, 90),
    lon=st.sampled_from([-180.0, -179.9, 0.0, 150.0, 179.95]),
    turn=st.floats(-30, 30),
    climb=st.floats(-8, 8),
    hours=st.floats(1, 1400),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 99),
)
def test_areas_hold_exactly_the_points_whose_distances_fit(
    lat: float, lon: float, turn: float, climb: float, hours: float, share: float, seed: int
) -> None:
    lat2 = float(np.clip(lat + climb, -90, 90))
    lon2 = (lon + turn + 180.0) % 360.0 - 180.0
    t2, at = int(hours * US_PER_H), int(hours * share * US_PER_H)
    sails_m = hours * KNOTS * M_PER_NM
    reach = sails_m * share, sails_m * (1.0 - share)
    lats, lons = scatter(lat, lon, sails_m / 2.0, seed)
    d1, d2 = distances_m(lat, lon, lats, lons), distances_m(lat2, lon2, lats, lons)
    slack_m = 0.002 * sails_m + 100.0
    lens = reachable_area(lat, lon, 0, lat2, lon2, t2, at, KNOTS)
    whole = whole_lens(lat, lon, 0, lat2, lon2, t2, KNOTS)
    disk = reachable_area(lat, lon, 0, None, None, None, at, KNOTS)
    for shape, over_m in (
        (lens, np.maximum(d1 - reach[0], d2 - reach[1])),
        (whole, d1 + d2 - sails_m),
        (disk, d1 - reach[0]),
    ):
        inside = shape is not None and shapely.intersects_xy(shape, lons, lats)
        assert not (inside & (over_m > slack_m)).any()
        assert not (~np.asarray(inside) & (over_m < -slack_m)).any()
        if shape is not None:
            assert shape.is_valid
            assert shape.bounds[0] >= -180.0
            assert shape.bounds[2] <= 180.0


def test_a_lens_over_180_degrees_is_cut_there() -> None:
    lens = reachable_area(-18.0, 179.0, 0, -18.0, -179.0, 24 * US_PER_H, 12 * US_PER_H, KNOTS)
    assert lens is not None
    assert lens.geom_type == "MultiPolygon"
    assert shapely.intersects_xy(lens, [179.9, -179.9, 0.0], [-18.0] * 3).tolist() == [1, 1, 0]


def test_nowhere_before_after_or_where_the_fixes_are_too_far_apart() -> None:
    day = 24 * US_PER_H
    assert reachable_area(0, 0, 0, 0, 1, day, -1, KNOTS) is None
    assert reachable_area(0, 0, 0, 0, 1, day, day + 1, KNOTS) is None
    assert reachable_area(0, 0, 0, 0, 9, day, day // 2, KNOTS) is None
    assert whole_lens(0, 0, 0, 0, 9, day, KNOTS) is None
    assert whole_lens(0, 0, 0, 0, 5.9, day, KNOTS) is not None


STRAITS = {
    "Suez": ((31.6, 32.3), (29.0, 32.8)),
    "Panama": ((9.6, -79.9), (8.6, -79.5)),
    "Kiel": ((53.95, 8.5), (54.6, 10.6)),
    "Corinth": ((38.0, 22.5), (37.8, 23.4)),
    "Bosporus": ((41.5, 29.3), (40.7, 28.5)),
    "Dardanelles": ((40.7, 27.5), (39.9, 25.8)),
    "Gibraltar": ((36.0, -8.0), (36.0, -3.0)),
    "Malacca": ((6.0, 96.0), (1.2, 104.5)),
    "Hormuz": ((26.0, 54.0), (25.0, 58.0)),
    "Bab el Mandeb": ((14.0, 42.5), (12.0, 45.0)),
    "Kerch": ((44.9, 36.5), (45.6, 36.9)),
    "Magellan": ((-52.4, -67.5), (-52.6, -75.5)),
    "Messina": ((38.6, 15.5), (37.5, 15.6)),
    "Oresund": ((56.4, 12.0), (55.2, 12.8)),
    "Kanmon": ((34.0, 130.6), (33.9, 131.5)),
    "Torres": ((-10.5, 141.5), (-9.8, 143.8)),
}


@pytest.mark.parametrize("name", STRAITS)
def test_no_strait_or_canal_is_closed(name: str) -> None:
    here, there = STRAITS[name]
    straight = float(distances_m(*here, *there))
    way = float(sea_distance_m(*here, *there))
    assert straight <= way <= 1.12 * straight + 5_000.0
    assert float(sea_distance_m(*there, *here)) == pytest.approx(way, rel=0.04)


@pytest.mark.parametrize(
    ("here", "there", "least_nm", "most_nm"),
    [
        ((9.5, 97.5), (9.5, 100.5), 1100, 1250),  # Kra: 178 nm over land, round Singapore by sea
        ((43.0, 10.0), (43.0, 15.0), 780, 860),  # over Italy, round it by Messina
        ((55.0, 6.0), (56.0, 12.0), 260, 300),  # round Skagen
        ((26.0, -83.0), (26.0, -79.0), 235, 270),  # round Florida
        ((36.0, -6.5), (41.0, 2.5), 530, 580),  # Cadiz to Barcelona
        ((51.98, 3.6), (40.4, -73.8), 3200, 3350),  # Rotterdam to New York: 3,300 nm in tables
    ],
)
def test_land_in_the_way_counts(
    here: tuple[float, float], there: tuple[float, float], least_nm: float, most_nm: float
) -> None:
    assert least_nm <= float(sea_distance_m(*here, *there)) / M_PER_NM <= most_nm


def test_with_no_land_between_the_way_is_the_great_circle() -> None:
    rng = np.random.default_rng(3)
    lat, lon = rng.uniform(-45, 10, 200), rng.uniform(-125, -100, 200)
    assert (sea_distance_m(-20.0, -110.0, lat, lon) == distances_m(-20.0, -110.0, lat, lon)).all()
    over = float(sea_distance_m(-25.0, 179.0, -25.0, -178.0))
    assert over == float(distances_m(-25.0, 179.0, -25.0, -178.0))


def test_ways_are_never_shorter_and_stop_at_their_limit() -> None:
    rng = np.random.default_rng(4)
    lat, lon = rng.uniform(-10, 20, 60), rng.uniform(95, 125, 60)
    straight = distances_m(5.0, 98.0, lat, lon)
    ways = sea_distance_m(5.0, 98.0, lat, lon)
    assert (ways >= straight).all()
    limited = sea_distance_m(5.0, 98.0, lat, lon, 1.5e6)
    assert (limited[ways <= 1.5e6] == ways[ways <= 1.5e6]).all()
    assert np.isinf(limited[ways > 1.5e6]).all()


def test_there_is_no_way_into_the_caspian_or_from_deep_inland_and_none_to_nan() -> None:
    ways = sea_distance_m(42.0, 30.0, [42.0, 50.0, np.nan], [50.0, 70.0, 1.0])
    assert np.isinf(ways[:2]).all()
    assert np.isnan(ways[2])
    assert np.isinf(sea_distance_m(50.0, 70.0, 42.0, 30.0))


def test_a_port_up_a_river_is_reached() -> None:
    portland = float(sea_distance_m(45.0, -130.0, 45.6, -122.7)) / M_PER_NM
    assert 310 < portland < 400


def test_canals_are_open_cells() -> None:
    from vessels._reach_sea import cell_of

    is_open = sea_grid().is_open
    assert all(is_open[cell_of(*point)] for way in CANALS.values() for point in way)


def test_minutes_slack_and_speed_on_a_line_of_longitude() -> None:
    """15 knots: two hours north, two hours back, of a silence of ten."""
    hours = US_PER_H
    reach = could_reach(
        -30,
        -100,
        0,
        -30,
        -100,
        10 * hours,
        -29.5,
        -100,
        [0, 3 * hours],
        [10 * hours, 4 * hours],
        15,
    )
    assert reach.minutes == pytest.approx([360.0, 60.0], abs=0.5)
    assert reach.slack_min == pytest.approx([360.0, 360.0], abs=0.5)
    assert reach.needed_knots[0] == pytest.approx(6.0, abs=0.01)  # there and back in ten hours
    assert reach.needed_knots[1] == pytest.approx(7.5, abs=0.01)  # there in four
    assert reach.distance_m[0] == pytest.approx(30 * M_PER_NM, rel=2e-3)


def test_out_of_reach_has_no_minutes_and_says_what_speed_it_would_take() -> None:
    reach = could_reach(-30, -100, 0, -30, -100, 3 * US_PER_H, -29.5, -100, 0, 3 * US_PER_H, 15)
    assert float(reach.minutes) == 0.0
    assert float(reach.slack_min) == pytest.approx(-60.0, abs=0.5)
    assert float(reach.needed_knots) == pytest.approx(20.0, abs=0.05)


def test_without_a_second_fix_only_the_way_there_counts() -> None:
    hour = US_PER_H
    reach = could_reach(-30, -100, 0, np.nan, np.nan, 10 * hour, -29.5, -100, 0, 10 * hour, 15)
    assert float(reach.minutes) == pytest.approx(480.0, abs=0.5)
    assert np.isinf(reach.slack_min)
    assert float(reach.needed_knots) == pytest.approx(3.0, abs=0.01)
    assert np.isnan(reach.distance_on_m)


def test_land_takes_a_place_out_of_reach() -> None:
    day = 24 * US_PER_H
    given_ = (9.5, 97.5, 0, 9.5, 97.5, 2 * day, 9.5, 100.5, 0, 2 * day, 15)
    assert float(could_reach(*given_, land_counts=False).minutes) > 24 * 60
    assert float(could_reach(*given_).minutes) == 0.0
    long = could_reach(9.5, 97.5, 0, 9.5, 97.5, 8 * day, 9.5, 100.5, 0, 8 * day, 15)
    assert 1100 < float(long.distance_m) / M_PER_NM < 1250
    assert float(long.minutes) > 0.0


def test_no_time_in_common_is_no_time() -> None:
    hour = US_PER_H
    after = could_reach(0, -100, 0, 0, -100, 5 * hour, 0, -100, 6 * hour, 7 * hour, 15)
    before = could_reach(0, -100, 6 * hour, 0, -100, 9 * hour, 0, -100, 0, 5 * hour, 15)
    assert float(after.minutes) == float(before.minutes) == 0.0
    assert np.isinf(after.needed_knots)
    assert np.isinf(before.needed_knots)
