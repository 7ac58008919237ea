"""Port visits and time at sea: the defaults, from both sides."""

import numpy as np
import pytest

from detectors.port_visits import PortVisitParameters, port_visit_events
from detectors.time_at_sea import TimeAtSeaParameters, time_at_sea_events
from tests.detectors.scene import ship
from tests.detectors.test_bounds_dark_period import off_the_port
from tests.vessels.test_visits import KEY, far_out, leg, run
from vessels._visit_kernel import MOTION, _move
from vessels.geodesy import distance_m
from vessels.geography import distance_to_shore_m
from vessels.ports import nearest_port
from vessels.units import M_PER_NM, US_PER_DAY, US_PER_H, US_PER_MIN
from vessels.visits import VISIT, VOYAGE


@pytest.mark.parametrize(
    ("days", "severity", "tier"),
    [
        (89.9, None, None),
        (90.0, "watch", 90),
        (179.9, "watch", 90),
        (180.0, "high", 180),
        (364.9, "high", 180),
        (365.0, "high", 365),
    ],
)
def test_tiers_of_time_at_sea(days, severity, tier):
    voyage = np.zeros(1, VOYAGE)
    voyage["key"] = (416_000_001 << 16) | 1
    voyage["proven_us"] = voyage["lower_us"] = voyage["upper_us"] = round(days * US_PER_DAY)
    voyage["port_lat"] = voyage["port_lon"] = np.nan
    found = time_at_sea_events(voyage, round(days * US_PER_DAY), TimeAtSeaParameters())
    told = [(event.severity, event.details["tier_days"]) for event in found]
    assert told == ([] if severity is None else [(severity, tier)])
    assert [len(event.reasons) for event in found] == ([2] if tier == 365 else [1] * len(found))


@pytest.mark.parametrize(("knots", "stops"), [(0.19, 1), (0.21, 0)])
def test_a_stop_begins_at_a_fifth_of_a_knot_and_no_more(knots, stops):
    visits, _, _ = run(leg([0, 1, 2, 3], [20, 1, 1, 20], sog=[9, knots, knots, 9]))
    assert visits["stop"].tolist() == [stops]


@pytest.mark.parametrize(("knots", "rest_h"), [(0.48, 2), (0.52, 0)])
def test_a_stop_lasts_up_to_half_a_knot(knots, rest_h):
    visits, _, _ = run(leg([0, 1, 2, 3, 4], [20, 1, 1, 1, 20], sog=[9, 0.1, knots, 0.1, 9]))
    assert visits["rest_us"].tolist() == [rest_h * US_PER_H]


@pytest.mark.parametrize(("hours", "found"), [(0.95, 0), (1.05, 1)])
def test_a_rest_of_an_hour_away_from_a_ports_point_is_a_visit(hours, found):
    visits, _, _ = run(leg([0, 1, 1 + hours, 2 + hours], [40, 6, 6, 40], sog=[9, 0, 0, 9]))
    assert len(visits) == found


@pytest.mark.parametrize(("metres", "found"), [(940.0, 1), (1_060.0, 0)])
def test_at_rest_within_a_km_of_a_shore_a_ship_is_in_port(metres, found):
    lat, lon = off_the_desert_by_cells(metres)
    at = ship(KEY >> 16, [0, 3, 6, 9], lat, lon - np.array([1, 0, 0, 1]), sog=[9, 0, 0, 9])
    visits, _, _ = run(at)
    assert len(visits) == found


def off_the_desert_by_cells(metres):
    """Return the middle of a cell of the visits' own grid, so far off the coast of Namibia."""
    lat, lon = (
        grid.ravel()
        for grid in np.meshgrid(
            -26.3 + np.arange(300) * 0.002 + 0.001, 14.801 + np.arange(100) * 0.002
        )
    )
    off_m = np.abs(distance_to_shore_m(lat, lon) - metres)
    assert off_m.min() < 20.0
    at = int(off_m.argmin())
    assert nearest_port(lat[at : at + 1], lon[at : at + 1])[1][0] > 12_000.0
    return float(lat[at]), float(lon[at])


@pytest.mark.parametrize(("beyond", "found"), [(-0.02, 1), (0.02, 2)])
def test_ports_sixty_nm_apart_with_silence_between_are_two_visits(beyond, found):
    """Straumsvik and Vestmannaeyjar, 59.8 nm apart; heard two km before or beyond the latter."""
    first, second = np.array([64.05, -22.05]), np.array([63.4333, -20.2833])
    second = second + beyond * (second - first)
    apart_nm = distance_m(*first, *second) / M_PER_NM
    assert abs(abs(apart_nm - 60.0) - 1.2) < 0.5
    lat, lon = np.array([first, first, second, second]).T
    at = ship(KEY >> 16, [0, 1, 7, 8], lat, lon, sog=[0, 0, 0, 0])
    visits, still, _ = run(at)
    assert len(visits) + len(still) == found


@pytest.mark.parametrize(("call_h", "bridged"), [(0.96, True), (1.04, False)])
def test_a_call_that_a_silence_hides_takes_an_hour(call_h, bridged):
    """50 km to within 10 km of the port and 50 back are 2.7 h at 20 knots."""
    again_h = 5 + 100.0 / 37.04 + call_h
    _, _, (voyage,) = run(far_out(0, 5, 100, 60), far_out(again_h, again_h + 25, 60, 500))
    assert voyage.silences == (0 if bridged else 1)


def test_confidence_by_level_is_that_of_the_page():
    rows = np.zeros(4, VISIT)
    rows["key"], rows["confidence"] = KEY, [1, 2, 3, 4]
    rows["start_us"], rows["end_us"] = (
        np.arange(1, 5) * US_PER_DAY,
        np.arange(1, 5) * US_PER_DAY + 1,
    )
    every_one = PortVisitParameters(events="all", min_confidence=1)
    found = port_visit_events(rows, [], 9 * US_PER_DAY, every_one)
    assert [event.confidence for event in found] == [0.3, 0.7, 0.85, 0.95]


@pytest.mark.parametrize(("proven", "confidence"), [(91.0, 0.95), (99.0, 0.7)])
def test_confidence_of_time_at_sea_falls_after_a_silence(proven, confidence):
    voyage = np.zeros(1, VOYAGE)
    voyage["key"] = KEY
    voyage["lower_us"], voyage["proven_us"] = 95 * US_PER_DAY, round(proven * US_PER_DAY)
    voyage["port_lat"] = voyage["port_lon"] = np.nan
    (event,) = time_at_sea_events(voyage, 100 * US_PER_DAY, TimeAtSeaParameters())
    assert event.confidence == confidence


def rests(minutes, knots, told=0.0):
    """Return whether a hull that says `told` knots rests, after so long at such a pace."""
    motion = np.zeros(1, MOTION)[0]
    stop = np.array([0.2, 0.5])
    span_us = round(minutes * US_PER_MIN)
    north_deg = knots * minutes / 60.0 / 60.0405
    _move(motion, US_PER_H, 0.0, 0.0, 0.0, stop)
    motion["seen_us"] = US_PER_H
    _move(motion, US_PER_H + span_us, north_deg, 0.0, told, stop)
    return bool(motion["resting"])


@pytest.mark.parametrize(("knots", "resting"), [(2.85, True), (3.15, False)])
def test_who_makes_more_than_three_knots_does_not_rest_whatever_it_says(knots, resting):
    assert rests(20.0, knots) is resting


@pytest.mark.parametrize(("told", "resting"), [(0.49895, True), (0.49905, False)])
def test_a_thousandth_of_a_knot_is_rounding(told, resting):
    """Speeds are tenths of a knot, held in 32 bits: a stop ends at what is 0.5 but for that."""
    assert rests(0.0, 0.0, told) is resting


@pytest.mark.parametrize(("minutes", "resting"), [(9.5, True), (10.5, False)])
def test_a_pace_is_that_of_ten_minutes(minutes, resting):
    assert rests(minutes, 6.0) is resting


@pytest.mark.parametrize(("minutes", "resting"), [(28.5, False), (31.5, True)])
def test_a_pace_over_more_than_half_an_hour_says_nothing_of_now(minutes, resting):
    assert rests(minutes, 6.0) is resting


@pytest.mark.parametrize(("metres", "named"), [(9_600.0, True), (10_400.0, False)])
def test_the_port_left_is_named_within_ten_km(metres, named):
    voyage = np.zeros(1, VOYAGE)
    voyage["key"] = KEY
    voyage["proven_us"] = voyage["lower_us"] = voyage["upper_us"] = 100 * US_PER_DAY
    voyage["port_lat"], voyage["port_lon"] = off_the_port(metres)
    (event,) = time_at_sea_events(voyage, 100 * US_PER_DAY, TimeAtSeaParameters())
    assert (event.details["last_port_name"] is not None) is named
