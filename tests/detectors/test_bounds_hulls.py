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


@pytest.mark.parametrize(("share", "found"), [(0.995, 1), (1.005, 2)])
def test_between_two_and_six_hours_the_reach_falls_evenly(share, found):
    """After four hours 37.5 knots."""
    out = split(moved_while_silent(4.0, 2.5 + share * 37.5 * KM_PER_NM * 4.0))
    assert len(hulls(out)) == found


def ahead(knots, at_knots, after_h, *, back_h=2.0):
    """Return how many fixes of a ship on its way north are not kept.

    One lies further ahead: as if the ship had made `at_knots` since the one before it.
    """
    hours = np.concatenate([every(6, 0, 3), [3 + after_h], every(6, 3 + after_h + back_h, 8)])
    north_km = np.where(np.arange(len(hours)) == 31, (at_knots - knots) * after_h * KM_PER_NM, 0.0)
    lat = OFFSHORE[0] + (hours * knots * KM_PER_NM + north_km) * KM_DEG
    return len(hours) - len(split(ship(A, hours, lat, sog=knots)).fixes)


@pytest.mark.parametrize(("at_knots", "lost"), [(34.7, 0), (35.3, 1)])
def test_half_as_fast_again_and_five_knots_is_unlike_a_ship(at_knots, lost):
    assert ahead(20.0, at_knots, 0.2) == lost


@pytest.mark.parametrize(("at_knots", "lost"), [(40.7, 0), (41.3, 1)])
def test_the_faster_the_ship_the_more_it_may_make(at_knots, lost):
    assert ahead(24.0, at_knots, 0.2) == lost


@pytest.mark.parametrize(("at_knots", "lost"), [(14.6, 0), (15.4, 1)])
def test_a_slow_ship_that_tells_its_speed_is_not_taken_to_make_more_than_15_knots(at_knots, lost):
    assert ahead(2.0, at_knots, 0.5) == lost


@pytest.mark.parametrize(("share", "lost"), [(0.98, 0), (1.02, 2)])
def test_a_fast_craft_may_make_a_tenth_more_than_it_tells(share, lost):
    """It tells 60 knots, and is silent for half an hour; two fixes later it is within reach."""
    hours = np.concatenate([every(6, 0, 3), every(6, 3.5, 6)])
    on_km = (2.5 + share * 66.0 * KM_PER_NM * 0.5) - 60.0 * KM_PER_NM * 0.5
    north_km = hours * 60.0 * KM_PER_NM + np.where(hours > 3.01, on_km, 0.0)
    out = split(ship(A, hours, OFFSHORE[0] - 30.0 + north_km * KM_DEG, sog=60.0))
    assert len(hours) - len(out.fixes) == lost


@pytest.mark.parametrize(("seconds", "lost"), [(590, 2), (610, 0)])
def test_for_ten_minutes_a_ship_keeps_about_the_speed_that_it_tells(seconds, lost):
    """Heard twice 12 km away: out of its reach, or only unlike a ship that tells next to none."""
    later = 3.0 + seconds / 3600.0
    hours = np.concatenate([every(6, 0, 3), [later, later + 0.01]])
    at = ship(A, hours, OFFSHORE[0] + np.where(hours > 3.01, 12.0 * KM_DEG, 0.0), sog=0.1)
    assert len(hours) - len(split(at).fixes) == lost


@pytest.mark.parametrize(("off_km", "apart_km", "hull"), [(10.9, 22.0, 1), (11.1, 21.9, 2)])
def test_of_tracks_heard_a_quarter_of_an_hour_ago_the_nearer_wins(off_km, apart_km, hull):
    """One heard 14.4 minutes ago, one nearer by heard 15.6 minutes ago: age still tells a little.

    The scores are 3.16 and 3.12 a quarter of an hour, then 3.14 and 3.15.
    """
    first = ship(A, [*every(6, 0, 2), 2.52])
    second = ship(A, [*every(6, 1.05, 2.05), 2.5], OFFSHORE[0] + apart_km * KM_DEG)
    between = ship(A, [2.76], OFFSHORE[0] + off_km * KM_DEG)
    out = split(first, second, between)
    assert out.hull[out.fixes.time_us.argmax()] == hull
