"""Where ships lie together anyway: the defaults of encounters, from both sides."""

import numpy as np
import pytest

from detectors.context import port_and_shore_m
from detectors.encounters import EncounterParameters
from detectors.parameters import Parameters
from tests.detectors.scene import OFFSHORE, every, ship
from tests.detectors.test_encounter_bounds import M_DEG, A, B, adrift, met


def near_easter_island(*, port_km=None, shore_km=None):
    """Return a place so far from the port or the shore, and far enough from the other."""
    lat, lon = (
        grid.ravel()
        for grid in np.meshgrid(np.linspace(-27.0, -27.35, 700), np.linspace(-109.5, -109.1, 500))
    )
    port_m, shore_m = port_and_shore_m(lat, lon)
    free = shore_m > 3_000.0 if shore_km is None else port_m > 10_500.0
    wanted_m = (port_m - port_km * 1e3) if shore_km is None else (shore_m - shore_km * 1e3)
    at = int(np.argmin(np.where(free, np.abs(wanted_m), np.inf)))
    assert abs(wanted_m[at]) < 50.0
    return float(lat[at]), float(lon[at])


@pytest.mark.parametrize(("km", "found"), [(9.6, 0), (10.4, 1)])
def test_ten_km_from_a_port(km, found):
    pair = adrift(every(5, 0, 6), at=near_easter_island(port_km=km), apart_m=5.0)
    assert len(met(*pair, now_h=40)) == found


@pytest.mark.parametrize(("km", "found"), [(1.9, 0), (2.1, 1)])
def test_two_km_from_the_shore(km, found):
    pair = adrift(every(5, 0, 6), at=near_easter_island(shore_km=km), apart_m=5.0)
    assert len(met(*pair, now_h=40)) == found


@pytest.mark.parametrize(("knots", "parts"), [(4.8, 1), (5.2, 2)])
def test_a_spell_at_more_than_five_knots_is_no_contact(knots, parts):
    """A quarter of an hour of it, side by side, between three hours at rest and three more."""
    hours = every(1, 0, 6.25)
    steaming = (hours > 3.0) & (hours <= 3.25)
    lat = OFFSHORE[0] + np.cumsum(np.where(steaming, knots, 0.0) / 60.0) / 60.0405
    pair = ship(A, hours, lat), ship(B, hours, lat + 100.0 * M_DEG)
    (event,) = met(*pair, now_h=40)
    assert event.details["parts"] == parts


@pytest.mark.parametrize(("most_knots", "found"), [(5.8, 0), (6.2, 1)])
def test_where_more_speed_is_let_pass_ships_meet_under_way(most_knots, found):
    """Six knots side by side; by default nothing above five is looked at."""
    hours = every(5, 0, 6)
    lat = OFFSHORE[0] + hours * 6.0 / 60.0405
    pair = ship(A, hours, lat), ship(B, hours, lat + 300.0 * M_DEG)
    faster = Parameters(encounter=EncounterParameters(max_median_speed_knots=most_knots))
    assert len(met(*pair, now_h=40, parameters=faster)) == found


@pytest.mark.parametrize(("minutes", "found"), [(55, 1), (65, 0)])
def test_two_knot_hours_of_steaming_together_end_a_contact(minutes, found):
    """Together for 1.9 h at rest, so long at 4 knots, and for 1.9 h at rest again."""
    hours = every(1, 0, 20)
    steaming = (hours > 10.0) & (hours <= 10.0 + minutes / 60.0)
    lat = OFFSHORE[0] + np.cumsum(np.where(steaming, 4.0, 0.0) / 60.0) / 60.0405
    near = (hours >= 8.1) & (hours <= 11.9 + minutes / 60.0)
    other = lat + np.where(near, 100.0, 2_000.0) * M_DEG
    assert len(met(ship(A, hours, lat), ship(B, hours, other), now_h=60)) == found
