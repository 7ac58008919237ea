"""One hull with two transmitters, and all those that sail close and are two."""

import numpy as np
import pytest

from detectors.parameters import Parameters
from detectors.vessel_stage import new_state, step
from tests.detectors.scene import HOUR_US, OFFSHORE, T0_US, events, every, hours_of, ship
from vessels.fixes import concat_fixes

A, B = 416000001, 440000002
M_DEG = 1.0 / 111_195.0


def sailing(hours, knots=8.0):
    """Return latitudes of a ship that steams south at each hour."""
    return OFFSHORE[0] - np.asarray(hours) * knots / 60.0


def beside(hours, lat, apart_m, **kwargs):
    """Return two numbers at the same latitudes, so far apart east and west."""
    east = apart_m * M_DEG / np.cos(np.radians(OFFSHORE[0]))
    return ship(A, hours, lat, **kwargs), ship(B, hours, lat, OFFSHORE[1] + east, **kwargs)


def twins(*ships, **kwargs):
    found = events(*ships, kind="identity_conflict", **kwargs)
    return [event for event in found if event.details["kind"] == "two_transmitters"]


def test_two_numbers_metres_apart_under_way_all_day_are_one_hull():
    hours = every(5, 0, 24)
    (event,) = twins(*beside(hours, sailing(hours), 12.0))
    assert (event.mmsi, event.other_mmsi) == (A, B)
    assert event.reasons[0].code == "two_transmitters"
    assert event.details["together_h"] == pytest.approx(24, abs=0.6)
    assert event.details["distance_m"] == pytest.approx(12, abs=1)
    assert event.status == "open"
    assert hours_of(event)[0] == pytest.approx(0, abs=0.6)


@pytest.mark.parametrize(("apart_m", "found"), [(57, 1), (63, 0)])
def test_they_must_be_within_60_m(apart_m, found):
    hours = every(5, 0, 24)
    assert len(twins(*beside(hours, sailing(hours), apart_m))) == found


@pytest.mark.parametrize(("sailed_h", "found"), [(5.6, 0), (6.1, 1)])
def test_they_must_sail_together_for_six_hours(sailed_h, found):
    hours = every(5, 0.05, 0.05 + sailed_h)
    assert len(twins(*beside(hours, sailing(hours), 12.0), now_h=30)) == found


@pytest.mark.parametrize(("knots", "found"), [(2.9, 0), (3.1, 1)])
def test_slower_than_three_knots_anyone_may_lie_beside_another(knots, found):
    hours = every(5, 0, 24)
    assert len(twins(*beside(hours, sailing(hours, knots), 12.0))) == found


@pytest.mark.parametrize("apart_m", [150, 250, 480])
def test_pair_trawlers_are_two_ships_that_do_not_meet(apart_m):
    """3 to 4 knots side by side for a day and a half, with hauls."""
    hours = every(5, 0, 36)
    hauling = (hours % 4.0) > 3.3
    moved = np.concatenate([[0], np.cumsum(np.where(hauling[1:], 0.5, 3.6) * 5.0 / 60.0)])
    found = events(*beside(hours, OFFSHORE[0] - moved / 60.0, apart_m))
    assert [event.type for event in found] == []


def test_tugs_rafted_in_port_all_day_are_nothing():
    hours = every(5, 0, 48)
    found = events(ship(A, hours, 22.5667, 120.3143), ship(B, hours, 22.5668, 120.3143))
    assert found == []


def test_a_pilot_boat_and_an_escort_leave_again():
    """Two hours within 50 m, then an hour on the way to the next ship, all day."""
    hours = every(5, 0, 30)
    lat = sailing(hours)
    aside = np.where(hours % 3.0 < 2.0, 0.0, 3_000.0)
    east = (50.0 + aside) * M_DEG / np.cos(np.radians(OFFSHORE[0]))
    assert twins(ship(A, hours, lat), ship(B, hours, lat, OFFSHORE[1] + east)) == []


def test_a_convoy_two_hundred_metres_apart_is_nothing():
    hours = every(5, 0, 48)
    assert events(*beside(hours, sailing(hours, 10.0), 200.0)) == []


def drifting(drift_h=7.0, sails_h=(0.0, 40.0)):
    """Return hours and latitudes: under way, adrift from hour 20 on, under way again."""
    hours = every(5, *sails_h)
    adrift = (hours > 20.0) & (hours <= 20.0 + drift_h)
    knots = np.where(adrift, 0.3, 8.0)
    moved = np.concatenate([[0], np.cumsum(knots[1:] * 5.0 / 60.0)])
    return hours, OFFSHORE[0] - moved / 60.0


def test_one_hull_adrift_does_not_meet_itself_and_loiters_as_any_other():
    hours, lat = drifting()
    found = events(*beside(hours, lat, 12.0))
    assert [event.type for event in found if event.type == "encounter"] == []
    assert {event.mmsi for event in found if event.type == "loitering"} == {A, B}
    assert len(twins(*beside(hours, lat, 12.0))) == 1


def test_one_hull_adrift_when_first_heard_is_known_by_how_it_sails_on():
    hours, lat = drifting(sails_h=(20.1, 50.0))
    found = events(*beside(hours, lat, 12.0))
    assert [event.type for event in found if event.type == "encounter"] == []


def test_two_ships_metres_apart_that_sail_on_alone_did_meet():
    hours, lat = drifting()
    one, two = beside(hours, lat, 12.0)
    gone = np.maximum(hours - 27.0, 0.0) + np.maximum(20.0 - hours, 0.0)
    two.lon_deg = two.lon_deg + gone * 0.1
    (event,) = events(one, two, kind="encounter")
    assert event.details["median_distance_m"] == pytest.approx(12, abs=2)


def test_two_voyages_a_week_apart_are_two_events():
    hours = np.concatenate([every(5, 0, 12), every(5, 190, 202)])
    lat = sailing(np.concatenate([every(5, 0, 12), every(5, 12, 24)]))
    closed, on = twins(*beside(hours, lat, 12.0))
    assert (closed.status, on.status) == ("closed", "open")


def test_half_hours_heard_only_afar_do_not_count():
    """Positions every 50 minutes: at most of the half hours nobody was heard within ten."""
    hours = every(50, 0, 24)
    fixes = concat_fixes(beside(hours, sailing(hours), 12.0))
    fixes = fixes.take(np.lexsort((fixes.time_us, fixes.mmsi)))
    _, out = step(new_state(), fixes, T0_US + 24 * HOUR_US, Parameters())
    assert 0.3 < len(out.traces.company) / (2 * 48) < 0.7
    assert (out.traces.company["observed"] == 1).all()
