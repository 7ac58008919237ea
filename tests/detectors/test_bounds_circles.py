"""The constants of circles, from both sides."""

import numpy as np
import pytest

from tests.detectors.scene import OFFSHORE, ship
from tests.detectors.test_circles import M_DEG, circles, round_and_round
from vessels.units import US_PER_H

KNOT_M_MIN = 1852.0 / 60.0


@pytest.mark.parametrize(("minutes", "found"), [(29.5, 1), (30.5, 0)])
def test_fixes_more_than_half_an_hour_apart_make_no_circle(minutes, found):
    """41 degrees a step: with 40 the second turn would look like the first one, sent again."""
    radius_m = 12.0 * KNOT_M_MIN * minutes / np.radians(41.0)
    assert len(circles(round_and_round(2.6, radius_m=radius_m, step_min=minutes))) == found


@pytest.mark.parametrize(("degrees", "found"), [(105.0, 1), (121.0, 0)])
def test_two_turns_have_eight_steps(degrees, found):
    """At 105 degrees a step the eighth step ends the second turn, at 121 the seventh."""
    radius_m = 12.0 * KNOT_M_MIN * 10.0 / np.radians(degrees)
    track = round_and_round(3.0, radius_m=radius_m, step_min=10.0)
    assert len(circles(track.take(slice(0, 10 if found else 9)))) == found


@pytest.mark.parametrize(("degrees", "found"), [(147.0, 1), (153.0, 0)])
def test_a_turn_of_150_degrees_is_a_step_back(degrees, found):
    """Once round by steps of 29 degrees, then two of so many, and nearly once round again."""
    angle = np.radians(np.cumsum([0, *[29] * 12, degrees, degrees, *[29] * 11]))
    hours = angle * 1_500.0 / (12.0 * KNOT_M_MIN * 60.0)
    lat = OFFSHORE[0] + 1_500.0 * np.cos(angle) * M_DEG
    lon = OFFSHORE[1] + 1_500.0 * np.sin(angle) * M_DEG / np.cos(np.radians(OFFSHORE[0]))
    assert len(circles(ship(416000001, hours, lat, lon, sog=1.0))) == found


@pytest.mark.parametrize(("metres", "found"), [(28.5, 1), (31.5, 0)])
def test_a_step_back_of_thirty_metres_is_noise(metres, found):
    """After one and a third of two and two thirds of turns: a real step back begins them anew."""
    track = round_and_round(2.66, radius_m=3000.0, step_min=2.0)
    half = len(track) // 2
    twice = track.take(np.sort(np.append(np.arange(len(track)), half)))
    back = np.array([track.lat_deg[half - 1], track.lon_deg[half - 1]])
    here = np.array([track.lat_deg[half], track.lon_deg[half]])
    step_m = 12.0 * KNOT_M_MIN * 2.0
    twice.lat_deg[half + 1], twice.lon_deg[half + 1] = here + (back - here) * metres / step_m
    twice.time_us[half + 1] += 60_000_000
    assert len(circles(track)) == 1
    assert len(circles(twice)) == found


@pytest.mark.parametrize(("hours", "events"), [(5.8, 1), (6.2, 2)])
def test_circles_six_hours_apart_are_two(hours, events):
    """Both go round twice and a little."""
    first, second = round_and_round(2.1), round_and_round(2.1)
    first, second = (track.take(np.arange(len(track))) for track in (first, second))
    second.lat_deg = second.lat_deg + M_DEG * 40.0
    (alone,) = circles(first)
    ended_us = int(first.time_us[0]) + round(alone.now_us - alone.start_us)
    second.time_us = second.time_us - second.time_us[0] + ended_us + round(hours * US_PER_H)
    assert len(circles(first, second)) == events
