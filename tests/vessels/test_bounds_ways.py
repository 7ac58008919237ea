"""Ways by sea: how far inland a way may begin, from both sides."""

import numpy as np
import pytest

from vessels._reach_sea import COLUMNS, ROWS, _open_near, cell_of, centre_of


@pytest.mark.parametrize(("north", "east"), [(1, 0), (-1, 0), (0, 1), (0, -1)])
@pytest.mark.parametrize(("cells", "found"), [(16, True), (17, False)])
def test_a_way_begins_in_an_open_cell_two_degrees_off_at_most(north, east, cells, found):
    port = 20.06, 30.06
    lat, lon = port[0] + north * cells / 8.0, port[1] + east * cells / 8.0
    is_open = np.zeros(ROWS * COLUMNS, bool)
    is_open[cell_of(lat, lon)] = True
    cell = _open_near(is_open, *port)
    assert (cell >= 0) is found
    if found:
        assert centre_of(cell) == pytest.approx((lat, lon), abs=0.07)
