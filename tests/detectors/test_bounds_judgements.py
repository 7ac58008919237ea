"""How sure a finding is, where that is judgement: the numbers, as each page has them."""

import numpy as np
import pytest

from detectors.interference import judge_positions
from detectors.naming import identity_change_event
from detectors.parameters import Parameters
from tests.detectors.scene import OFFSHORE, events, every, ship
from tests.detectors.test_circles import circles, round_and_round
from tests.detectors.test_hand_over import candidate
from tests.detectors.test_identity_bounds import jumps
from tests.detectors.test_interference import judged, jump
from tests.detectors.test_twins import beside, sailing, twins
from vessels.identity import IdentityChange

A = 416000001
DOUBTFUL = Parameters(identity_conflict=type(Parameters().identity_conflict)(doubtful_numbers=True))


@pytest.mark.parametrize(("fixes", "confidence"), [(3, 1 - 0.7**3), (6, 1 - 0.7**6)])
def test_each_fix_at_the_far_place_takes_three_tenths_of_the_doubt(fixes, confidence):
    (event,) = jumps(10.0 + 0.1 * np.arange(fixes))
    assert event.confidence == pytest.approx(confidence)


def test_each_whole_turn_of_a_circle_halves_the_doubt():
    (event,) = circles(round_and_round(2.2))
    assert event.confidence == pytest.approx(1 - 0.5**2)


def test_each_number_at_one_false_place_halves_the_doubt():
    (event,) = judged(*(jump(number) for number in (1, 2, 3, 4)))
    assert event.confidence == pytest.approx(1 - 0.5**4, abs=5e-4)
    assert judge_positions([jump(1)], Parameters().implausible_position)[0].confidence == 0.7


def test_each_change_of_voice_takes_a_fifth_of_the_doubt():
    hours = every(30, 0, 4)
    first = ship(A, hours, sog=0.1)
    second = ship(A, hours + 1 / 60, OFFSHORE[0] + 1.0, sog=0.1)
    (event,) = events(first, second, kind="identity_conflict")
    changes = event.details["alternations"]
    assert 6 <= changes < 20
    assert event.confidence == pytest.approx(1 - 0.8**changes)


@pytest.mark.parametrize(("to_and_fro", "confidence"), [(False, 0.8), (True, 0.5)])
def test_a_change_is_surer_than_a_flip_flop(to_and_fro, confidence):
    change = IdentityChange(A, "name", "OLD", "NEW", 0, flip_flop=to_and_fro)
    assert identity_change_event([change], (f"{A}-1", 1.0, 2.0), 3).confidence == confidence


@pytest.mark.parametrize(("hours", "confidence"), [(8, 8 / 9), (40, 0.95)])
def test_twins_are_half_sure_after_an_hour_and_never_more_than_95(hours, confidence):
    track = every(5, 0, hours + 0.05)
    (event,) = twins(*beside(track, sailing(track), 12.0))
    assert event.details["together_h"] == hours
    assert event.confidence == pytest.approx(confidence, abs=1e-3)


def test_a_hand_over_before_it_is_judged_is_unlikely():
    assert candidate().confidence == 0.1


def test_a_number_of_no_country_is_sure_to_be_wrong():
    lat = OFFSHORE[0] + np.arange(121) * 0.02
    (event,) = events(ship(200000010, every(10, 0, 20), lat), parameters=DOUBTFUL)
    assert event.confidence == 0.95
