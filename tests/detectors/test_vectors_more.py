"""The published vectors T3, T11b and T22; T11, T12 and T15 are not at hand, T21 is of fishing."""

import numpy as np
import pytest

from detectors.dark_period import DarkPeriodParameters
from detectors.parameters import Parameters
from tests.detectors.real import gpsdio
from tests.detectors.scene import OFFSHORE, T0_US, events, every, ship
from vessels.fixes import Fixes
from vessels.units import US_PER_DAY

A, B = 416000001, 440000002


@pytest.mark.parametrize(
    ("last_h", "now_h", "min_h", "found"),
    [(12.0, 24.0, 6.0, 1), (20.0, 24.0, 6.0, 0), (12.0, 23.99, 12.0, 0), (12.0, 24.0, 12.0, 1)],
)
def test_t3_a_silence_is_open_from_its_threshold_on(last_h, now_h, min_h, found):
    """12 h to midnight exactly is none in pipe-gaps; here 12 h is enough, as in Welch et al."""
    parameters = Parameters(dark_period=DarkPeriodParameters(min_duration_h=min_h))
    ships = ship(A, every(10, 0, last_h))
    told = events(ships, now_h=now_h, parameters=parameters, kind="dark_period")
    assert [e.status for e in told] == ["open"] * found


@pytest.mark.real_data
def test_t11b_two_ships_without_a_position_never_meet(shared_data):
    """413503050 and 701006168 say latitude 91; a reference core has them meet for 15 hours."""
    both = [gpsdio(shared_data, f"regr_{mmsi}") for mmsi in (413503050, 701006168)]
    assert all(len(one) for one in both)
    told = events(*both)
    assert not [e for e in told if e.type == "encounter"]
    assert all(abs(e.lat) <= 90.0 and abs(e.lon) <= 180.0 for e in told)


@pytest.mark.real_data
def test_t11b_no_silence_needs_more_than_50_knots(shared_data):
    """The reference has 5 of them, of 412588888 and 417000694."""
    for mmsi in (412588888, 417000694):
        for gap in events(gpsdio(shared_data, f"regr_{mmsi}"), kind="dark_period"):
            assert (gap.details["implied_speed_knots"] or 0.0) <= 50.0


def test_t22_savannah_and_norfolk_in_one_minute_is_a_jump():
    """Aisstream #92: 32.08 N 81.03 W, a minute later 36.87 N 76.35 W, and back."""
    hours = every(5, 0, 10)
    away = (hours > 5.0) & (hours < 6.0)
    lat = np.where(away, 36.87, 32.08)
    lon = np.where(away, -76.35, -81.03)
    told = events(ship(311000922, hours, lat, lon, sog=0.0))
    assert [(e.type, e.details["kind"]) for e in told] == [
        ("implausible_position", "jump_and_return")
    ]


def test_t22_an_outage_of_the_whole_feed_is_nobodys_silence():
    hours = np.concatenate([every(10, 0, 20), every(10, 44, 60)])
    fleet = [ship(A + n, hours, -30.0 + n, -100.0, sog=0.0) for n in range(6)]
    assert events(*fleet, kind="dark_period") == []


def test_t22_a_band_in_which_nobody_is_heard_is_learnt():
    """Nobody is heard between 31 and 29 S, which takes ships half a day to cross."""
    fleet: list[Fixes] = []
    for n in range(16):
        hours = every(20, 0, 168)
        lat = -34.0 + 8.0 * np.abs((hours / 48.0 + n / 16.0) % 2.0 - 1.0)
        heard = (lat < -31.0) | (lat > -29.0)
        fleet.append(ship(A + n, hours[heard], lat[heard], OFFSHORE[1]))
    told = [e for e in events(*fleet, kind="dark_period") if e.status == "closed"]
    before = [e for e in told if e.end_us < T0_US + 2 * US_PER_DAY]
    after = [e for e in told if e.end_us >= T0_US + 4 * US_PER_DAY]
    assert len(before) > 5
    assert len(after) > 20
    assert min(e.confidence for e in before) > 0.8
    assert max(e.confidence for e in after) < 0.3
    assert {e.severity for e in after} == {"info"}
    assert {(e.details["reception"], e.details["reception_basis"]) for e in after} == {(0.0, "own")}
