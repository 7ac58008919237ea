"""Every threshold of loitering moves by less than a tenth before a test here fails."""

from dataclasses import replace

import numpy as np
import pytest

from detectors.context import port_and_shore_m
from detectors.loitering import LoiteringParameters
from detectors.parameters import Parameters
from tests.detectors.scene import OFFSHORE, events, every, ship

A = 416000001
_M_PER_NM = 1852.0


def loiters(*ships, **kwargs):
    return events(*ships, kind="loitering", **kwargs)


def place_at(distance_m, kind):
    """Return a place south of Easter Island, so far from its port or its shore."""
    lat = np.linspace(-27.1, -28.2, 20_000)
    lon = np.full(len(lat), -109.43)
    mine_m = port_and_shore_m(lat, lon)[0 if kind == "port" else 1]
    off_m = np.abs(mine_m - distance_m)
    at = int(np.median(np.flatnonzero(off_m == off_m.min())))
    assert abs(mine_m[at] - distance_m) < 250.0
    return float(lat[at]), float(lon[at])


@pytest.mark.parametrize(("share", "found"), [(0.97, 0), (1.03, 1)])
def test_it_must_be_20_nm_from_shore(share, found):
    at = place_at(share * 20.0 * _M_PER_NM, "shore")
    assert len(loiters(ship(A, every(10, 0, 12), *at))) == found


@pytest.mark.parametrize(("share", "found"), [(0.95, 0), (1.05, 1)])
def test_it_must_be_10_km_from_a_port(share, found):
    ashore = Parameters(loitering=replace(LoiteringParameters(), min_shore_distance_nm=0.001))
    at = place_at(share * 10_000.0, "port")
    assert len(loiters(ship(A, every(10, 0, 12), *at), parameters=ashore)) == found


@pytest.mark.parametrize(("slots", "found"), [(47, 0), (48, 1)])
def test_four_observed_hours_are_enough(slots, found):
    hours = every(5, 10, 10 + slots * 5 / 60)
    assert len(loiters(ship(A, hours), now_h=40)) == found


@pytest.mark.parametrize(("silence_h", "found"), [(3.9, 1), (4.2, 2)])
def test_a_silence_of_four_hours_ends_it(silence_h, found):
    """From the last slot before it to the first one after."""
    hours = np.concatenate([every(5, 0, 5), every(5, 5 + silence_h, 10 + silence_h)])
    assert len(loiters(ship(A, hours), now_h=40)) == found


@pytest.mark.parametrize(("knots", "found"), [(1.95, 1), (2.05, 0)])
def test_the_mean_speed_must_be_below_two_knots(knots, found):
    hours = every(5, 0, 12)
    assert len(loiters(ship(A, hours, OFFSHORE[0] + hours * knots / 60.0), now_h=40)) == found


@pytest.mark.parametrize(("nm", "found"), [(10.0, 0), (30.0, 1)])
def test_where_more_speed_is_let_pass_the_shore_is_looked_at_for_fast_ships_too(nm, found):
    """To and fro at six knots; by default nothing above five is looked at."""
    hours = every(5, 0, 8)
    to_and_fro = np.abs((np.arange(len(hours)) % 8) - 4) * 0.5 / 60.0
    lat, lon = place_at(nm * _M_PER_NM, "shore")
    faster = Parameters(loitering=replace(LoiteringParameters(), max_speed_knots=8.0))
    assert len(loiters(ship(A, hours, lat + to_and_fro, lon), parameters=faster)) == found
