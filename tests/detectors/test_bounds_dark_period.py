"""Every threshold of dark periods, at its default, moves by less than a tenth unseen."""

import numpy as np
import pytest

from detectors.dark_events import _severity
from tests.detectors.scene import OFFSHORE, events, every, ship
from vessels.geodesy import distance_m
from vessels.geography import distance_to_shore_m
from vessels.ports import nearest_port

A, B = 416000001, 440000002


def dark(*ships, **kwargs):
    return events(*ships, kind="dark_period", **kwargs)


def silent_for(hours, at=OFFSHORE, **kwargs):
    """Return a ship that lies at a place, is silent for so long, and is heard there again."""
    return ship(
        B, np.concatenate([every(10, 0, 13), every(10, 13 + hours, 15 + hours)]), *at, **kwargs
    )


def off_the_port(metres):
    """Return a place so far south of Easter Island's port, to a metre or so."""
    lat = np.linspace(-27.15, -27.4, 100_001)
    off_m = np.abs(nearest_port(lat, np.full(len(lat), -109.43))[1] - metres)
    assert off_m.min() < 2.0
    return float(lat[off_m.argmin()]), -109.43


def off_the_desert(metres, at_lat=-26.0):
    """Return a place so far off the coast of Namibia, far from any port."""
    lon = np.linspace(14.9, 14.97, 20_001)
    lat = np.full(len(lon), at_lat)
    off_m = np.abs(distance_to_shore_m(lat, lon) - metres)
    assert off_m.min() < 5.0
    assert nearest_port(lat, lon)[1].min() > 30_000.0
    return at_lat, float(lon[off_m.argmin()])


@pytest.mark.parametrize(("hours", "found"), [(11.99, 0), (12.0, 1)])
def test_twelve_hours_by_default(hours, found):
    assert len(dark(silent_for(hours))) == found


@pytest.mark.parametrize(("share", "found"), [(0.96, 0), (1.04, 1)])
def test_at_rest_within_ten_km_of_a_port_a_ship_may_be_silent(share, found):
    at = off_the_port(share * 10_000.0)
    assert distance_to_shore_m(*map(np.atleast_1d, at))[0] > 2_000.0
    assert len(dark(ship(B, every(10, 0, 13), *at, sog=0.1), now_h=40)) == found


@pytest.mark.parametrize(("metres", "found"), [(950.0, 0), (1_050.0, 1)])
def test_at_rest_within_a_km_of_land_a_ship_may_be_silent(metres, found):
    assert len(dark(silent_for(20, off_the_desert(metres), sog=0.1))) == found


@pytest.mark.parametrize(("share", "found"), [(0.96, 0), (1.04, 1)])
def test_a_slow_ship_within_three_km_of_a_port_is_arriving(share, found):
    at = off_the_port(share * 3_000.0)
    lat = at[0] - np.linspace(0.001, 0.0, 79)  # a ship that moves repeats no position
    assert len(dark(ship(B, every(10, 0, 13), lat, at[1], sog=2.0), now_h=40)) == found


@pytest.mark.parametrize(("knots", "found"), [(2.9, 0), (3.1, 1)])
def test_below_three_knots_it_is_slow(knots, found):
    at = off_the_port(2_500.0)
    lat = at[0] - np.linspace(0.001, 0.0, 79)
    assert len(dark(ship(B, every(10, 0, 13), lat, at[1], sog=knots), now_h=40)) == found


@pytest.mark.parametrize(("knots", "found"), [(0.47, 0), (0.53, 1)])
def test_below_half_a_knot_it_is_at_rest(knots, found):
    assert (
        len(dark(ship(B, every(10, 0, 13), *off_the_port(8_000.0), sog=knots), now_h=40)) == found
    )


@pytest.mark.parametrize(("knots", "found"), [(0.95, 0), (1.05, 1)])
def test_below_a_knot_it_is_at_rest_if_it_says_that_it_is_moored(knots, found):
    at = off_the_port(8_000.0)
    lat = at[0] - np.linspace(0.001, 0.0, 79)
    moored = ship(B, every(10, 0, 13), lat, at[1], sog=knots, nav_status=5)
    assert len(dark(moored, now_h=40)) == found


@pytest.mark.parametrize(("km", "found"), [(4.85, 0), (5.15, 1)])
def test_five_km_along_a_shore_are_one_harbour(km, found):
    """Under way off a beach, silent for twenty hours, and off the beach again so far south."""
    first, lon = off_the_desert(500.0)
    for _ in range(3):  # the coast is not quite a meridian
        south = -26.0 - np.sqrt(km**2 - east_km(first, lon, km) ** 2) / 110.77
        again = off_the_desert(500.0, south)
    assert distance_m(first, lon, *again) == pytest.approx(km * 1e3, abs=60.0)
    drift = np.linspace(0.0005, 0.0, 79)
    before = ship(B, every(10, 0, 13), first + drift, lon, sog=3.0)
    after = ship(B, every(10, 33, 35), again[0] - drift[:13], again[1], sog=3.0)
    assert len(dark(before, after)) == found


def east_km(lat, lon, km):
    """Return how far east the coast goes over so many km south."""
    return (off_the_desert(500.0, lat - km / 110.77)[1] - lon) * 100.1


@pytest.mark.parametrize(("minutes", "found"), [(58.0, 1), (62.0, 0)])
def test_an_hour_in_which_nobody_is_heard_is_an_outage(minutes, found):
    """B is silent for twelve and a half hours; of these the outage is taken off."""
    hours = np.concatenate([every(5, 0, 20), every(5, 20 + minutes / 60, 31)])
    fleet = [ship(416000000 + n, hours, -30.0 + n, -100.0) for n in range(6)]
    assert len(dark(silent_for(12.5, (-20.0, -100.0)), *fleet)) == found


@pytest.mark.parametrize(("numbers", "found"), [(2, 1), (3, 0)])
def test_three_numbers_tell_an_outage(numbers, found):
    hours = np.concatenate([every(5, 0, 20), every(5, 22, 31)])
    fleet = [ship(416000000 + n, hours, -30.0 + n, -100.0) for n in range(numbers)]
    assert len(dark(silent_for(12.5, (-20.0, -100.0)), *fleet)) == found


@pytest.mark.parametrize(
    ("confidence", "hours", "severity"),
    [
        (0.81, 24.5, "high"),
        (0.79, 24.5, "watch"),
        (0.81, 23.5, "watch"),
        (0.51, 12.0, "watch"),
        (0.49, 99.0, "info"),
    ],
)
def test_severity_by_confidence_and_length(confidence, hours, severity):
    assert _severity(confidence, hours) == severity
