"""The constants of five-minute slots and of the way made before a silence, from both sides."""

import numpy as np
import pytest

from detectors.dark_period import open_silences
from detectors.nearness import within_probability
from detectors.slots import SLOT_US, TRAIL, HullRows, fill_slots
from tests.detectors.scene import OFFSHORE, ship

KEY = 416000001 << 16 | 1
MIN_US = 60_000_000


def slots_between(minutes, *, sog=np.nan, north_deg=0.0):
    """Return the slots from a fix at 0 to one so many minutes later, so far north."""
    time_us = SLOT_US * 1000 + np.array([0, round(minutes * MIN_US)], "i8")
    trail = np.zeros(1, TRAIL)
    trail["key"], trail["slot"] = KEY, -1
    rows = HullRows(
        key=np.full(2, KEY, "i8"),
        time_us=time_us,
        lat=OFFSHORE[0] + np.array([0.0, north_deg]),
        lon=np.full(2, OFFSHORE[1]),
        sog=np.full(2, sog, "f4"),
        fresh=np.ones(2, bool),
        late=np.zeros(2, bool),
    )
    return fill_slots(rows, trail, 120 * MIN_US)[0]


@pytest.mark.parametrize(("minutes", "seen"), [(19.8, 1), (20.2, 1), (24.8, 1), (25.2, 0)])
def test_a_slot_is_observed_within_ten_minutes_of_a_fix(minutes, seen):
    """The third slot lies 15 minutes after the first fix: 4.8 to 10.2 before the second."""
    assert slots_between(minutes)["observed"][2] == seen


def test_ten_minutes_after_a_fix_a_slot_is_still_observed():
    assert slots_between(60.0)["observed"].tolist() == [1, 1, *[0] * 7, 1, 1, 1]


@pytest.mark.parametrize(("minutes", "knots"), [(14.5, 0.0), (15.5, 8.0)])
def test_between_fixes_a_quarter_of_an_hour_apart_the_speed_told_counts(minutes, knots):
    assert slots_between(minutes, sog=8.0)["speed_knots"][0] == pytest.approx(knots, abs=1e-6)


def test_a_fifth_of_positions_is_three_times_as_far_off():
    """At no distance the probability is that of Rayleigh: 1 - exp(-1/2 (limit / sigma)^2)."""
    sigma_m = np.array([250.0, 500.0, 1000.0])
    near, far = (1.0 - np.exp(-0.5 * (500.0 / (times * sigma_m)) ** 2) for times in (1.0, 3.0))
    told = within_probability(np.zeros(3), sigma_m, 500.0)
    assert told == pytest.approx(0.8 * near + 0.2 * far)


def way_before(minutes):
    """Return the way made to the north before a silence, by a hull heard so long before only."""
    hours = [0.0, minutes / 60.0]
    fixes = ship(416000001, hours, OFFSHORE[0] + np.array(hours) * 6.0 / 60.0)
    first_us = fixes.time_us[:1]
    silence = open_silences(np.full(2, KEY), fixes, np.array([1]), first_us, np.zeros(1, bool))
    return float(silence["north_knots"][0])


@pytest.mark.parametrize(
    ("minutes", "knots"), [(4.7, 0.0), (5.3, 6.0), (170.0, 6.0), (179.0, 6.0), (181.0, 0.0)]
)
def test_a_way_takes_five_minutes_to_three_hours(minutes, knots):
    assert way_before(minutes) == pytest.approx(knots, rel=0.01)


@pytest.mark.parametrize(("minutes", "knots"), [(29.0, 1.0), (31.0, 0.0)])
def test_the_way_is_that_of_the_last_half_hour(minutes, knots):
    """It moved before that, and then lay still: only a fix half an hour ago ends the look back."""
    hours = np.array([0.0, 1.0, 1.0 + minutes / 60.0])
    fixes = ship(416000001, hours, OFFSHORE[0] + np.array([0.0, 0.1, 0.1]))
    silence = open_silences(
        np.full(3, KEY), fixes, np.array([2]), fixes.time_us[:1], np.zeros(1, bool)
    )
    assert (silence["north_knots"][0] > 0.0) == (knots > 0.0)
