"""Jumps and shared numbers at their defaults, between hulls that are known already.

A second hull is never founded within 20 km of the first, so these bounds only show where one that
was founded far away is heard again nearer by.
"""

import numpy as np
import pytest

from tests.detectors.scene import OFFSHORE, events, every, ship
from tests.detectors.test_identity_bounds import jumps

A = 416000001
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
