"""Every limit of the hull splitter moves by less than a tenth before a test here fails."""

import numpy as np
import pytest

from tests.detectors.scene import OFFSHORE, every, ship
from tests.vessels.test_hulls import hulls, split

A = 416000001
KM_DEG = 1.0 / 111.195
KM_PER_NM = 1.852


def moved_while_silent(silent_h, km):
    """Return a ship at rest that is silent for so long and then lies so far north."""
    hours = np.concatenate([every(6, 0, 3), every(6, 3 + silent_h, 6 + silent_h)])
    return ship(A, hours, OFFSHORE[0] + np.where(hours > 3.01, km * KM_DEG, 0.0))


def one_fix_away(after_h, km, *, lat=OFFSHORE[0]):
    """Return how many fixes of a ship at rest are not kept, when one of them lies so far off."""
    hours = np.concatenate([every(6, 0, 3), [3 + after_h], every(6, 3 + after_h + 2, 8 + after_h)])
    at = np.where(np.arange(len(hours)) == 31, km * KM_DEG, 0.0)
    return len(hours) - len(split(ship(A, hours, lat + at)).fixes)


@pytest.mark.parametrize(("knots", "silent_h"), [(45.0, 2.0), (30.0, 6.0), (30.0, 12.0)])
@pytest.mark.parametrize(("share", "found"), [(0.98, 1), (1.02, 2)])
def test_a_hull_is_within_reach_of_itself(knots, silent_h, share, found):
    out = split(moved_while_silent(silent_h, 2.5 + share * knots * KM_PER_NM * silent_h))
    assert len(hulls(out)) == found


@pytest.mark.parametrize(("km", "lost"), [(2.4, 0), (2.6, 1)])
def test_noise_of_two_and_a_half_km_is_let_pass(km, lost):
    """A tenth of a second after the fix before: no time for a ship to go anywhere."""
    assert one_fix_away(0.1 / 3600, km) == lost


@pytest.mark.parametrize(("km", "lost"), [(4.85, 0), (5.15, 1)])
def test_a_step_of_five_km_must_be_like_the_ship(km, lost):
    """Forty knots by a ship that tells no speed and has lain still: possible, and unlike it."""
    assert one_fix_away(km / KM_PER_NM / 40.0, km) == lost


@pytest.mark.parametrize(("knots", "lost"), [(24.0, 0), (26.0, 1)])
def test_a_ship_that_lay_still_is_not_taken_to_make_more_than_25_knots(knots, lost):
    assert one_fix_away(10.0 / KM_PER_NM / knots, 10.0) == lost


@pytest.mark.parametrize(("km", "found"), [(19.5, 1), (20.5, 2)])
def test_a_track_that_goes_on_within_twenty_km_is_the_same_hull(km, found):
    assert len(hulls(split(moved_while_silent(0.05, km)))) == found


@pytest.mark.parametrize(("wait_h", "found"), [(5.8, 2), (6.2, 1)])
def test_a_tentative_track_waits_six_hours_for_its_third_fix(wait_h, found):
    steady = ship(A, every(10, 0, 24))
    far = ship(A, [10.01, 10.11, 10.11 + wait_h], OFFSHORE[0] + 60.0)
    assert len(hulls(split(steady, far))) == found


@pytest.mark.parametrize(("places", "shared"), [(6, 0), (7, 1)])
def test_six_changes_of_voice_make_a_number_shared(places, shared):
    assert split(by_turns(12.0, places)).switches["shared"][-1] == shared


@pytest.mark.parametrize(("every_h", "shared"), [(46.5, 1), (49.5, 0)])
def test_changes_more_than_two_days_apart_do_not_add_up(every_h, shared):
    assert split(by_turns(every_h, 12)).switches["shared"][-1] == shared


def by_turns(every_h, places):
    """Return a number heard off Colombia and off Mozambique in turn, three fixes at each."""
    starts = np.repeat(np.arange(places) * every_h, 3)
    hours = starts + np.tile([0.0, 0.1, 0.2], places)
    odd = np.repeat(np.arange(places) % 2 == 1, 3)
    return ship(A, hours, np.where(odd, -20.0, 10.0), np.where(odd, 38.0, -76.0))


@pytest.mark.parametrize(("degrees", "kept"), [(0.0048, 0), (0.0052, 31)])
def test_null_island_ends_half_a_hundredth_of_a_degree_from_zero(degrees, kept):
    assert len(split(ship(A, every(6, 0, 3), degrees, -degrees)).fixes) == kept


@pytest.mark.parametrize(("knots", "kept"), [(0.95, 31), (1.05, 1)])
def test_a_ship_that_makes_a_knot_does_not_repeat_its_position(knots, kept):
    """The one that is kept waits for others that never come."""
    out = split(ship(A, every(6, 0, 3), sog=knots))
    assert 31 - len(out.rejected) == kept
