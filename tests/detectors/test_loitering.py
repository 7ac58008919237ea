"""Loitering: definition, boundaries, and the faults of pipe-loitering by their numbers (3.N)."""

import numpy as np
import pytest

from tests.detectors.scene import OFFSHORE, events, every, hours_of, ship

A = 416000001


def drift(hours, knots):
    """Return a ship that moves north with a speed given for each step."""
    steps = np.diff(hours, prepend=hours[0])
    return ship(A, hours, OFFSHORE[0] + np.cumsum(knots * steps) / 60.0)


def loiters(*ships, **kwargs):
    return events(*ships, kind="loitering", **kwargs)


def test_a_night_of_drifting_is_one_event():
    hours = every(10, 0, 24)
    (event,) = loiters(drift(hours, np.where((hours > 6) & (hours <= 16), 0.5, 9.0)))
    start, end = hours_of(event)
    assert start == pytest.approx(6, abs=0.2)
    assert end == pytest.approx(16, abs=0.2)
    assert event.details["mean_speed_knots"] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("hours", "found"), [(3.8, 0), (4.2, 1)])
def test_it_takes_four_hours(hours, found):
    at = every(5, 0, 24)
    assert len(loiters(drift(at, np.where((at > 6) & (at <= 6 + hours), 0.3, 9.0)))) == found


@pytest.mark.parametrize(("knots", "found"), [(1.9, 1), (2.05, 0)])
def test_the_mean_speed_must_be_below_two_knots(knots, found):
    assert len(loiters(drift(every(10, 0, 24), knots))) == found


@pytest.mark.parametrize(("lat", "found"), [(-7.7, 0), (-7.0, 1)])
def test_it_must_be_20_nm_from_shore(lat, found):
    """North of Ascension Island (7.95 S 14.36 W): 12 nm and 52 nm off."""
    assert len(loiters(ship(A, every(10, 0, 24), lat, -14.36))) == found


def test_3_1_silence_is_not_counted():
    """L1: slow 01-05, silent 10 h, slow 15-17 is one event of 15.8 h in the reference."""
    hours = np.concatenate([every(10, 0.9, 5.1), every(10, 15, 17)])
    (event,) = loiters(drift(hours, 0.4), now_h=40)
    assert hours_of(event)[1] <= 5.1
    assert event.details["observed_h"] == pytest.approx(4.2, abs=0.2)


def test_3_2_two_samples_of_six_knots_do_not_cut_nine_hours_in_two():
    """L2: 2.8 h and 5 h in the reference."""
    hours = every(10, 0, 9)
    knots = np.where((hours > 3) & (hours < 3.4), 6.0, 0.3)
    (event,) = loiters(drift(hours, knots), now_h=20)
    assert event.duration_h == pytest.approx(9, abs=0.3)


def test_3_3_ten_minutes_of_twelve_knots_every_two_hours_are_one_event():
    """L3: four events in the reference."""
    hours = every(10, 0, 12)
    knots = np.where(hours % 2.0 < 0.01, 12.0, 0.3)
    assert len(loiters(drift(hours, knots), now_h=20)) == 1


def test_3_3_position_noise_at_ten_seconds_is_not_speed():
    rng = np.random.default_rng(0)
    hours = np.arange(0, 6, 10 / 3600)
    noisy = ship(A, hours, OFFSHORE[0] + rng.normal(0, 1e-4, len(hours)))
    (event,) = loiters(noisy, now_h=20)
    assert event.duration_h == pytest.approx(6, abs=0.3)


def test_3_4_and_3_5_events_do_not_depend_on_the_machines_time_zone(monkeypatch):
    import time

    hours = every(10, 20, 30)
    here = [e.properties() for e in loiters(drift(hours, 0.4))]
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    there = [e.properties() for e in loiters(drift(hours, 0.4))]
    monkeypatch.undo()
    time.tzset()
    assert here == there != []


def test_3_6_a_meeting_is_an_encounter_and_not_loitering_as_well():
    hours = every(5, 0, 6)
    one, two = ship(A, hours), ship(440000002, hours, OFFSHORE[0] + 0.001)
    assert {event.type for event in events(one, two, now_h=12)} == {"encounter"}


def test_3_6_drifting_alone_for_long_around_a_meeting_is_both():
    hours = every(5, 0, 30)
    two = ship(440000002, every(5, 12, 15), OFFSHORE[0] + 0.001)
    found = events(ship(A, hours), two, now_h=40)
    kinds = sorted(event.type for event in found if event.mmsi == A)
    # The other fell silent beside it and was not heard again: it may have stayed.
    assert kinds == ["dark_rendezvous", "encounter", "loitering"]
    (alone,) = [event for event in found if event.type == "loitering"]
    assert alone.details["encounter_h"] == pytest.approx(3, abs=0.3)


def test_3_7_the_place_is_right_across_180():
    hours = every(10, 0, 12)
    (event,) = loiters(ship(A, hours, -30.0, 179.99 + hours * 0.004), now_h=24)
    assert abs(event.lon) > 179.9


def test_loitering_goes_on_until_the_last_fix_is_too_old():
    hours = every(10, 0, 10)
    (event,) = loiters(drift(hours, 0.3), now_h=13.5)
    assert event.status == "open"
    (event,) = loiters(drift(hours, 0.3), now_h=14.5)
    assert event.status == "closed"


def test_a_short_silence_in_a_drift_leaves_one_event_and_is_not_counted():
    hours = np.concatenate([every(10, 0, 5), every(10, 8, 13)])
    (event,) = loiters(drift(hours, 0.3), now_h=20)
    assert event.duration_h == pytest.approx(13, abs=0.2)
    assert event.details["observed_h"] == pytest.approx(10, abs=0.3)


def test_a_ship_that_leaves_in_the_silence_ends_its_loitering():
    hours = np.concatenate([every(10, 0, 5), every(10, 8, 13)])
    knots = np.where((hours > 5) & (hours < 8.1), 6.0, 0.3)
    assert len(loiters(drift(hours, knots), now_h=20)) == 2
