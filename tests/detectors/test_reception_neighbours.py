"""Who else was heard: near enough, in time, during the silence, and the same in any cuts."""

from itertools import pairwise

import numpy as np
import pytest

from detectors.reception_neighbours import (
    KEPT_US,
    NEIGHBOUR,
    drop_old,
    first_heard,
    follow_neighbours,
    neighbours_heard,
)
from tests.detectors.scene import HOUR_US, T0_US, every, ship
from vessels.fixes import concat_fixes, sort_fixes

A, B, C = 416000001, 440000002, 477000003
NM_DEG = 1.0 / 60.0 * 1852.0 / 1853.25  # a nautical mile on the house's sphere (111,195 m a degree)


def records(*ships, cuts=()):
    """Return the records of ships' fixes, folded in stretches cut at some hours."""
    fixes = sort_fixes(concat_fixes(ships))[0]
    hours = (fixes.time_us - T0_US) / HOUR_US
    out = np.empty(0, NEIGHBOUR)
    edges = [-1e9, *cuts, 1e9]
    for low, high in pairwise(edges):
        out = follow_neighbours(out, first_heard(fixes.take((hours > low) & (hours <= high))))
    return out


def asked(found, span_h, at_h, lat=-30.0, lon=-100.0, mmsi=A):
    """Return (numbers heard, 1 or 0 or -1 at the one point asked about)."""
    count, heard = neighbours_heard(
        found,
        np.array([mmsi]),
        T0_US + np.array([[span_h[0] * HOUR_US, span_h[1] * HOUR_US]], "i8"),
        np.array([[[lat, lon]]]),
        T0_US + np.array([[round(at_h * HOUR_US)]], "i8"),
    )
    return int(count[0]), int(heard[0, 0])


@pytest.mark.parametrize(("nm", "count"), [(19.9, 1), (20.1, 0)])
@pytest.mark.parametrize(("north", "east"), [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_a_neighbour_is_one_within_20_nm(nm, count, north, east):
    lat = -30.0 + north * nm * NM_DEG
    lon = -100.0 + east * nm * NM_DEG / np.cos(np.radians(30.0))
    assert asked(records(ship(B, [10.0], lat, lon)), (0, 24), 10) == (count, count)


@pytest.mark.parametrize(("at_h", "count"), [(3.9, 0), (4.1, 1), (15.9, 1), (16.1, 0)])
def test_a_neighbour_is_heard_within_six_hours(at_h, count):
    assert asked(records(ship(B, [10.0])), (0, 24), at_h)[0] == count


@pytest.mark.parametrize(("span_h", "count"), [((10, 24), 0), ((0, 10), 0), ((9.9, 10.1), 1)])
def test_only_fixes_strictly_within_the_silence_count(span_h, count):
    assert asked(records(ship(B, [10.0])), span_h, 10)[0] == count


def test_the_hulls_own_number_is_no_neighbour_and_each_other_counts_once():
    found = records(ship(A, every(10, 0, 20)), ship(B, every(10, 0, 20)), ship(C, [9.0]))
    assert asked(found, (0, 24), 10) == (2, 1)
    assert asked(found, (0, 24), 10, mmsi=B) == (2, 1)


def test_base_stations_and_numbers_that_are_defaults_are_no_vessels():
    strange = [ship(B, [10.0], msg_type=4), ship(123456789, [10.0]), ship(992351000, [10.0])]
    assert asked(records(*strange), (0, 24), 10) == (0, 0)


def test_counting_stops_where_more_prove_nothing():
    fleet = [ship(416000000 + n, [10.0]) for n in range(100)]
    assert asked(records(*fleet), (0, 24), 10, mmsi=B) == (64, 1)


@pytest.mark.parametrize("lon", [179.9, -179.9, 180.0 - 1e-6])
def test_180_degrees_is_no_edge(lon):
    found = records(ship(B, [10.0], -30.0, 179.95), ship(C, [10.0], -30.0, -179.95))
    assert asked(found, (0, 24), 10, lon=lon) == (2, 1)


@pytest.mark.parametrize("lat", [89.95, -89.95])
def test_the_poles_are_no_edge(lat):
    found = records(ship(B, [10.0], lat, 0.0), ship(C, [10.0], lat, 179.0))
    assert asked(found, (0, 24), 10, lat=lat, lon=90.0) == (2, 1)


def test_more_than_a_week_before_the_end_is_not_known():
    found = records(ship(B, [10.0]))
    assert asked(found, (0, 10 + 7 * 24 - 1), 10) == (1, 1)
    assert asked(found, (0, 10 + 7 * 24 + 7), 10) == (0, -1)


@pytest.mark.parametrize("seed", range(6))
def test_records_are_the_same_however_the_time_is_cut(seed):
    rng = np.random.default_rng(seed)
    fleet = [
        ship(416000000 + n, np.sort(rng.uniform(0, 60, 80)), -30.0 + rng.normal(0, 0.3, 80))
        for n in range(5)
    ]
    whole = records(*fleet)
    cut = records(*fleet, cuts=np.sort(rng.uniform(0, 60, 9)).tolist())
    assert whole.tobytes() == cut.tobytes()
    assert len(whole) > 100


def test_what_is_dropped_is_never_asked_for():
    rng = np.random.default_rng(3)
    whole = records(*(ship(416000000 + n, rng.uniform(0, 400, 400)) for n in range(4)))
    watermark_us = T0_US + 390 * HOUR_US
    kept = drop_old(whole, watermark_us)
    assert 0 < len(kept) < len(whole)
    for end_h in (390.5, 400.0):
        for at_h in (200.0, 222.5, 223.0, 226.0, 300.0):
            assert asked(kept, (0, end_h), at_h) == asked(whole, (0, end_h), at_h)
    assert KEPT_US == 7 * 24 * HOUR_US
