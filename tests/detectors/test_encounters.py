"""Encounters: definition, boundaries, and the faults of pipe-encounters by their numbers (2.N)."""

import numpy as np
import pytest

from tests.detectors.scene import OFFSHORE, events, every, hours_of, ship

A, B = 416000001, 440000002
M_DEG = 1.0 / 111_195.0
"""Degrees of latitude in a metre."""


def pair(
    start_h, end_h, *, apart_m=100.0, step_min=5, at=OFFSHORE, cruise=10.0, speed=0.3, **kwargs
):
    """Return two ships that come together from north and south, drift, and part again."""
    out = []
    for number, side in ((A, 1.0), (B, -1.0)):
        hours = every(step_min, start_h - 6, end_h + 6)
        if "offset_min" in kwargs and side < 0:
            hours = hours + kwargs["offset_min"] / 60.0
        away_h = np.maximum(start_h - hours, 0) + np.maximum(hours - end_h, 0)
        drift_h = np.clip(hours, start_h, end_h) - start_h
        lat = at[0] + side * (away_h * cruise / 60.0 + apart_m / 2 * M_DEG)
        lon = at[1] + drift_h * speed / 60.0 / np.cos(np.radians(at[0]))
        out.append(ship(number, hours, lat, lon))
    return out


def met(*ships, **kwargs):
    return events(*ships, kind="encounter", **kwargs)


def test_two_ships_together_for_three_hours_are_one_encounter():
    (event,) = met(*pair(10, 13))
    start, end = hours_of(event)
    assert start == pytest.approx(10, abs=0.1)
    assert end == pytest.approx(13, abs=0.1)
    assert (event.mmsi, event.other_mmsi) == (A, B)
    assert event.details["median_distance_m"] == pytest.approx(100, rel=0.02)
    assert event.details["contact_min"] == pytest.approx(180, abs=10)


@pytest.mark.parametrize(("hours", "found"), [(1.75, 0), (2.25, 1)])
def test_contact_must_last_two_hours(hours, found):
    assert len(met(*pair(10, 10 + hours))) == found


@pytest.mark.parametrize(("apart_m", "found"), [(480, 1), (520, 0)])
def test_hulls_must_be_within_500_m(apart_m, found):
    assert len(met(*pair(10, 14, apart_m=apart_m))) == found


@pytest.mark.parametrize(("speed", "found"), [(1.9, 1), (2.1, 0)])
def test_each_must_be_slower_than_two_knots(speed, found):
    assert len(met(*pair(10, 15, speed=speed))) == found


def test_2_1_an_encounter_over_midnight_is_found_whole():
    """E3: 23:10 to 01:30 is 2 h 20 and lost in the reference."""
    (event,) = met(*pair(23 + 10 / 60, 25.5))
    assert event.duration_h == pytest.approx(2.33, abs=0.2)


def test_2_2_silence_is_not_bridged():
    """E13: together 01:00-01:30 and 21:00-21:30, silent in between: 20.5 h in the reference."""
    hours = np.concatenate([every(5, 1, 1.5), every(5, 21, 21.5)])
    assert met(ship(A, hours), ship(B, hours, OFFSHORE[0] + 100 * M_DEG)) == []


def test_2_2_silence_within_an_encounter_is_unobserved_not_contact():
    hours = np.concatenate([every(5, 0, 1.5), every(5, 4.5, 6)])
    (event,) = met(ship(A, hours), ship(B, hours, OFFSHORE[0] + 100 * M_DEG))
    assert event.details["contact_min"] == pytest.approx(180, abs=10)
    assert event.details["unobserved_min"] == pytest.approx(175, abs=10)
    assert event.details["parts"] == 2


def test_2_3_and_2_4_nothing_is_extrapolated():
    """E14: two messages a vessel, 18 minutes apart, make two hours in the reference."""
    for hours in ([10.0, 10.3], [10.0]):
        assert met(ship(A, hours), ship(B, hours, OFFSHORE[0] + 100 * M_DEG), now_h=24) == []


def test_2_4_two_messages_each_two_hours_apart_are_no_encounter():
    assert met(ship(A, [10, 12]), ship(B, [10, 12], OFFSHORE[0] + 100 * M_DEG), now_h=24) == []


@pytest.mark.parametrize("offset_min", [0, 2.5])
def test_2_5_an_encounter_on_180_degrees_is_found(offset_min):
    (event,) = met(*pair(10, 14, at=(-30.0, 179.999), speed=0.8, offset_min=offset_min))
    assert abs(event.lon) > 179.9


def test_an_encounter_at_75_north_is_found():
    (event,) = met(*pair(10, 14, at=(75.0, 36.0)))
    assert event.lat == pytest.approx(75.0, abs=0.1)


@pytest.mark.parametrize("step_min", [50, 70])
def test_2_6_pings_every_hour_or_so_are_enough(step_min):
    """E8, E9: every 70 min nothing is found in the reference, every 50 min too short."""
    (event,) = met(*pair(10, 16, step_min=step_min))
    assert event.duration_h == pytest.approx(6, abs=1.4)
    assert event.details["observed_min"] < event.details["contact_min"]
    (sure,) = met(*pair(10, 16, step_min=5))
    assert event.confidence < sure.confidence - 0.01
    assert event.details["position_sigma_m"] > 3 * sure.details["position_sigma_m"]


def test_2_7_messages_are_counted_once_for_each_vessel():
    (event,) = met(*pair(10, 13))
    assert event.details["messages"] == pytest.approx(37, abs=3)
    assert event.details["other_messages"] == pytest.approx(37, abs=3)


def test_2_8_vessels_without_speed_or_with_one_fix_are_no_error():
    assert met(ship(A, [1.0]), ship(B, [1.0])) == []


def test_2_9_both_vessels_must_be_slow():
    """A lies still, B passes to and fro at 6 knots within 500 m."""
    hours = every(2, 10, 14)
    still = ship(A, hours)
    wave = np.abs((hours * 60.0) % 8.0 - 4.0) / 4.0  # 4 min one way
    passing = ship(B, hours, OFFSHORE[0] + (wave * 740.0 - 370.0) * M_DEG)
    assert met(still, passing) == []


def test_2_10_two_hulls_of_one_number_do_not_meet():
    a, b = pair(10, 14)
    b.mmsi[:] = A
    assert met(a, b) == []


def test_2_11_ships_in_company_at_speed_do_not_meet():
    """E12: eight knots side by side."""
    hours = every(5, 0, 20)
    lat = OFFSHORE[0] + hours * 8.0 / 60.0
    assert met(ship(A, hours, lat), ship(B, hours, lat, OFFSHORE[1] + 0.003)) == []


def test_2_11_pair_trawlers_do_not_meet_though_each_haul_is_slow():
    hours = every(5, 0, 24)
    hauling = (hours % 4.0) > 3.3
    moved = np.concatenate([[0], np.cumsum(np.where(hauling[1:], 0.3, 3.5) * 5.0 / 60.0)])
    lat = OFFSHORE[0] + moved / 60.0
    assert met(ship(A, hours, lat), ship(B, hours, lat, OFFSHORE[1] + 0.003)) == []


def test_a_meeting_after_a_day_in_convoy_is_found():
    hours = every(5, 0, 36)
    speed = np.where((hours > 24) & (hours <= 30), 0.3, 8.0)
    lat = OFFSHORE[0] + np.concatenate([[0], np.cumsum(speed[1:] * 5.0 / 60.0)]) / 60.0
    (event,) = met(ship(A, hours, lat), ship(B, hours, lat, OFFSHORE[1] + 0.003))
    start, end = hours_of(event)
    assert start == pytest.approx(24, abs=0.3)
    assert end == pytest.approx(30, abs=0.5)


def test_2_11_moored_side_by_side_in_port_is_no_encounter():
    hours = every(5, 0, 24)
    assert met(ship(A, hours, 22.5667, 120.3143), ship(B, hours, 22.5669, 120.3143)) == []


def test_2_12_positions_not_available_do_not_meet_at_the_pole():
    """T11b: 91/181 twice; the reader makes them null, and a pole is a place like any other."""
    hours = every(5, 0, 6)
    assert len(met(ship(A, hours, 89.999, 10.0), ship(B, hours, 89.999, -170.0))) == 1


def test_2_13_the_distances_are_told():
    (event,) = met(*pair(10, 14, apart_m=300))
    assert event.details["min_distance_m"] == pytest.approx(300, rel=0.02)


def test_an_excursion_of_an_hour_is_one_encounter_in_two_parts():
    """E7: the 4 h merge."""
    hours = every(5, 0, 8)
    away = np.where((hours > 3) & (hours < 4), 900.0, 100.0)
    (event,) = met(ship(A, hours), ship(B, hours, OFFSHORE[0] + away * M_DEG))
    assert event.details["parts"] == 2
    assert event.details["apart_min"] == pytest.approx(55, abs=10)


def test_an_encounter_is_open_while_it_lasts():
    a, b = pair(10, 30)
    (event,) = met(a.take(slice(0, 150)), b.take(slice(0, 150)))
    assert event.status == "open"
    assert event.end_us is None


def test_kaohsiung_harbour_raises_nothing(shared_data):
    """416070900 beside 416239500, 416241500 and others: alongside in port, for days."""
    from tests.detectors.real import gpsdio

    names = ["regr_416070900", "regr_416239500", "regr_416241500"]
    found = events(*(gpsdio(shared_data, name) for name in names))
    harbour = [event for event in found if abs(event.lat - 22.57) < 0.5]
    assert {event.type for event in harbour} <= {"identity_conflict"}
