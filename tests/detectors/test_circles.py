"""Positions round a circle at another speed than told."""

import numpy as np
import pytest

from tests.detectors.scene import OFFSHORE, events, every, ship

A = 416000001
M_DEG = 1.0 / 111_195.0


def round_and_round(
    turns, *, radius_m=1500.0, knots=12.0, told=1.0, at=OFFSHORE, wobble=0.0, step_min=3.0
):
    """Return a ship that goes round a circle, and says that it makes `told` knots."""
    around_m = turns * 2.0 * np.pi * radius_m
    hours = every(step_min, 0, around_m / (knots * 1852.0))
    angle = hours * knots * 1852.0 / radius_m
    # In and out by turns, so that the root mean square is the wobble itself.
    r = radius_m * (1.0 + wobble * np.where(np.arange(len(hours)) % 2 == 0, 1.0, -1.0))
    lat = at[0] + r * np.cos(angle) * M_DEG
    lon = at[1] + r * np.sin(angle) * M_DEG / np.cos(np.radians(at[0]))
    return ship(A, hours, lat, lon, sog=told)


def circles(*ships, **kwargs):
    found = events(*ships, kind="implausible_position", **kwargs)
    return [event for event in found if event.details["kind"] == "circle"]


def test_a_circle_at_another_speed_than_told_is_an_implausible_position():
    (event,) = circles(round_and_round(6.5))
    assert event.reasons[0].code == "circle"
    assert event.reasons[1].code == "speed_mismatch"
    assert event.details["radius_m"] == pytest.approx(1500, rel=0.02)
    assert event.details["circle_speed_knots"] == pytest.approx(12, rel=0.03)
    assert event.details["told_speed_knots"] == pytest.approx(1.0)
    assert (event.lat, event.lon) == pytest.approx(OFFSHORE, abs=0.001)
    assert event.details["turns"] == pytest.approx(6, abs=1.1)
    assert event.status == "open"


def test_a_circle_across_180_degrees_is_one():
    (event,) = circles(round_and_round(4, at=(-17.0, 179.999)))
    assert abs(event.lon) == pytest.approx(180.0, abs=0.01)


@pytest.mark.parametrize(("turns", "found"), [(1.95, 0), (2.15, 1)])
def test_two_full_turns_are_needed(turns, found):
    assert len(circles(round_and_round(turns, step_min=1.0, radius_m=4000.0))) == found


@pytest.mark.parametrize(("share", "found"), [(0.68, 1), (0.72, 0), (1.0, 0), (1.28, 0), (1.32, 1)])
def test_the_speed_told_must_be_off_by_three_tenths(share, found):
    assert len(circles(round_and_round(4, told=12.0 * share))) == found


@pytest.mark.parametrize(("knots", "found"), [(2.9, 0), (3.1, 1)])
def test_slower_than_three_knots_a_ship_may_swing_at_anchor(knots, found):
    assert len(circles(round_and_round(4, knots=knots, radius_m=300.0, told=0.1))) == found


@pytest.mark.parametrize(("wobble", "found"), [(0.095, 1), (0.107, 0)])
def test_the_track_must_lie_on_the_circle(wobble, found):
    """Few steps a turn, so that the wobble does not turn the course the other way."""
    track = round_and_round(5, radius_m=1500.0, knots=12.0, step_min=5.5, wobble=wobble)
    assert len(circles(track)) == found


def test_a_hull_that_tells_no_speed_is_not_judged():
    assert circles(round_and_round(6, told=np.nan)) == []


def test_a_zigzag_and_a_straight_course_are_no_circles():
    hours = every(3, 0, 12)
    zigzag = np.where((hours * 4).astype(int) % 2 == 0, 1.0, -1.0)
    lat = OFFSHORE[0] + np.concatenate([[0], np.cumsum(zigzag[1:] * 0.005)])
    assert circles(ship(A, hours, lat, OFFSHORE[1] + hours * 0.1, sog=0.5)) == []
    assert circles(ship(A, hours, OFFSHORE[0] + hours * 0.2, sog=0.5)) == []


def test_a_spiral_out_is_no_circle():
    hours = every(2, 0, 3)
    angle = hours * 8.0
    r = 800.0 + 1500.0 * hours
    lat = OFFSHORE[0] + r * np.cos(angle) * M_DEG
    lon = OFFSHORE[1] + r * np.sin(angle) * M_DEG / np.cos(np.radians(OFFSHORE[0]))
    assert circles(ship(A, hours, lat, lon, sog=0.5)) == []


def test_a_ship_that_swings_at_anchor_is_no_circle():
    hours = every(3, 0, 30)
    angle = hours * 2.0 * np.pi / 12.0
    lat = OFFSHORE[0] + 120.0 * np.cos(angle) * M_DEG
    lon = OFFSHORE[1] + 120.0 * np.sin(angle) * M_DEG
    assert circles(ship(A, hours, lat, lon, sog=0.2)) == []


def test_circles_six_hours_apart_are_two_events():
    first, second = round_and_round(4.5), round_and_round(4.5)
    second.lon_deg = second.lon_deg + 0.001  # else they are the first ones sent again
    second.time_us = second.time_us + 12 * 3_600_000_000
    assert len(circles(first, second)) == 2
    second.time_us = second.time_us - 5 * 3_600_000_000
    assert len(circles(first, second)) == 1
