"""Jumps and shared numbers at their defaults, between hulls that are known already.

A second hull is never founded within 20 km of the first, so these bounds only show where one that
was founded far away is heard again nearer by.
"""

import numpy as np
import pytest

from detectors.hand_over import BIRTH, at_sea
from detectors.naming import alongside
from detectors.same_ship import judge_hand_overs
from tests.detectors.scene import OFFSHORE, events, every, ship
from tests.detectors.test_encounter_bounds import adrift
from tests.detectors.test_hand_over import book, hand_overs, sails
from tests.detectors.test_identity_bounds import jumps

A, B = 416000001, 636000002
KM_DEG = 1.0 / 111.195


def with_a_second_place(hours_there, km, near_h):
    """Return a ship that sails north at 9 knots and is heard at one fixed place by turns.

    The place lies `km` ahead of where the ship is heard last before `near_h`.
    """
    hours = every(6, 0, near_h + 30)
    lat = OFFSHORE[0] + np.minimum(hours, near_h - 0.1) * 0.15 + hours * 1e-5
    there = np.isin(np.round(hours * 10), np.round(np.asarray(hours_there) * 10))
    place = OFFSHORE[0] + (near_h - 0.1) * 0.15 + km * KM_DEG
    return ship(A, hours, np.where(there, place + hours * 1e-5, lat))


def test_every_jump_has_three_fixes_at_the_far_place():
    """The second one finds its hull there already, and has two."""
    first, second = 10.0 + 0.1 * np.arange(3), 15.0 + 0.1 * np.arange(2)
    assert len([e for e in jumps(first) if e.type == "implausible_position"]) == 1
    found = jumps([*first, *second])
    assert len([e for e in found if e.type == "implausible_position"]) == 1
    found = jumps([*first, *second, 15.2])
    assert len([e for e in found if e.type == "implausible_position"]) == 2


@pytest.mark.parametrize(("km", "found"), [(19.5, 1), (20.5, 2)])
def test_a_jump_to_a_place_known_before_is_twenty_km_long(km, found):
    there = [*(10.0 + 0.1 * np.arange(4)), *(20.0 + 0.1 * np.arange(4))]
    told = events(with_a_second_place(there, km, 20.0), kind="implausible_position")
    assert len(told) == found


@pytest.mark.parametrize(("km", "found"), [(19.5, 0), (20.5, 1)])
def test_a_number_shared_with_a_place_known_before_is_twenty_km_apart(km, found):
    """Two days of quiet later the voice changes every half hour, for five hours."""
    there = [*(10.0 + 0.1 * np.arange(4)), *(t + 70.0 for t in range(6)), 70.1]
    told = events(with_a_second_place(there, km, 70.0), kind="identity_conflict")
    assert len(told) == found


@pytest.mark.parametrize(
    ("own_knots", "knots", "after_h", "found"),
    [
        (4.0, 12.7, 4.0, 1),
        (4.0, 13.3, 4.0, 0),
        (2.0, 8.8, 4.0, 1),
        (2.0, 9.2, 4.0, 0),
        (15.0, 24.5, 4.0, 1),
        (15.0, 25.5, 4.0, 0),
    ],
)
def test_a_new_number_begins_within_twice_the_old_ones_speed_and_five_knots(
    own_knots, knots, after_h, found
):
    off_nm = 2_000.0 / 1852.0 + (knots - own_knots) * after_h
    new = sails(B, every(10, 20 + after_h, 60), north_nm=off_nm, knots=own_knots)
    assert len(hand_overs(sails(A, every(10, 0, 20), knots=own_knots), new)) == found


@pytest.mark.parametrize(("slack_m", "found"), [(1_900.0, 1), (2_100.0, 0)])
def test_two_km_are_let_pass(slack_m, found):
    off_nm = slack_m / 1852.0 + (13.0 - 4.0) * 0.1
    new = sails(B, every(10, 20.1, 60), north_nm=off_nm, knots=4.0)
    assert len(hand_overs(sails(A, every(10, 0, 20), knots=4.0), new)) == found


def test_only_numbers_that_begin_at_sea_are_looked_at():
    births = np.zeros(4, BIRTH)
    births["port_m"] = [9_700.0, 10_300.0, 20_000.0, 20_000.0]
    births["shore_m"] = [5_000.0, 5_000.0, 1_950.0, 2_050.0]
    assert at_sea(births)["port_m"].tolist() == [10_300.0, 20_000.0]


@pytest.mark.parametrize(("length_m", "found"), [(19.0, 0), (21.0, 1)])
def test_boats_below_twenty_metres_are_too_many_to_go_by_size(length_m, found):
    size = {"length_m": length_m, "beam_m": 5.0}
    (event,) = hand_overs(sails(A, every(10, 0, 20)), sails(B, every(10, 20.5, 60)))
    told = judge_hand_overs([event], book({"mmsi": A, **size}, {"mmsi": B, **size}))
    assert [one.confidence for one in told] == [0.5] * found


@pytest.mark.parametrize(("gap_m", "code"), [(48.0, "may_lie_alongside"), (52.0, "hulls_apart")])
def test_hulls_within_fifty_metres_may_lie_alongside(gap_m, code):
    (event,) = events(*adrift(every(5, 0, 6)), kind="encounter", now_h=10)
    far = event.with_(details=event.details | {"median_distance_m": 80.0 + gap_m})
    reasons, details = alongside(far, 100.0, 60.0)
    assert [reason.code for reason in reasons] == [code]
    assert details["hull_gap_m"] == gap_m
