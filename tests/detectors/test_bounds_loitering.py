"""The budget of a loitering run, from both sides."""

import numpy as np
import pytest

from tests.detectors.scene import OFFSHORE, every, ship
from tests.detectors.test_loitering_bounds import A, loiters


@pytest.mark.parametrize(("knots", "found"), [(5.8, 1), (6.2, 2)])
def test_two_knot_hours_of_steaming_end_a_run(knots, found):
    """Half an hour at these knots between two drifts of six hours."""
    hours = every(5, 0, 12.5)
    steaming = (hours > 6.01) & (hours <= 6.51)
    moved = np.concatenate([[0], np.cumsum(np.where(steaming, knots, 0.0)[1:] * 5 / 60)])
    lat = OFFSHORE[0] - moved / 60.0 + hours * 1e-6
    assert len(loiters(ship(A, hours, lat), now_h=40)) == found
