"""Every threshold of encounters moves by less than a tenth before a test here fails."""

from dataclasses import replace

import numpy as np
import pytest

from detectors.context import port_and_shore_m
from detectors.encounters import EncounterParameters
from detectors.parameters import Parameters
from tests.detectors.scene import OFFSHORE, events, every, ship

A, B = 416000001, 440000002
M_DEG = 1.0 / 111_195.0


def adrift(hours, *, apart_m=100.0, at=OFFSHORE):
    """Return two ships that lie still beside each other, heard at these hours."""
    return ship(A, hours, *at), ship(B, hours, at[0] + apart_m * M_DEG, at[1])


def met(*ships, **kwargs):
    return events(*ships, kind="encounter", **kwargs)


@pytest.mark.parametrize(("slots", "found"), [(23, 0), (24, 1)])
def test_two_hours_of_contact_are_enough(slots, found):
    """The first fix is on a slot, which has no position before it: n steps are n slots."""
    hours = every(5, 10, 10 + slots * 5 / 60)
    assert len(met(*adrift(hours), now_h=30)) == found


@pytest.mark.parametrize(("away_h", "parts"), [(3.9, 1), (4.2, 2)])
def test_four_hours_apart_are_two_encounters(away_h, parts):
    hours = every(5, 0, 6 + away_h)
    away = (hours > 3) & (hours < 3 + away_h)
    lat = OFFSHORE[0] + np.where(away, 2_000.0, 100.0) * M_DEG
    assert len(met(ship(A, hours), ship(B, hours, lat), now_h=40)) == parts


@pytest.mark.parametrize(("step_h", "found"), [(1.95, 1), (2.05, 0)])
def test_positions_two_hours_apart_are_interpolated_and_no_more(step_h, found):
    hours = np.arange(0, 6) * step_h + 0.01
    assert len(met(*adrift(hours), now_h=40)) == found


@pytest.mark.parametrize(("messages", "found"), [(2, 0), (3, 1)])
def test_each_must_have_been_heard_three_times(messages, found):
    """Two fixes at the edges of the contact and so many in it, two hours and more in all."""
    often = every(5, 0, 6)
    rare = np.linspace(1.0, 1.0 + 1.9 * (messages - 1), messages) + 0.01
    parameters = Parameters(encounter=EncounterParameters(min_duration_h=1.5))
    one, two = ship(A, often), ship(B, rare, OFFSHORE[0] + 100 * M_DEG)
    before = ship(B, [-30.0, -29.5, -29.0], OFFSHORE[0] + 0.5)  # so that two make a hull
    assert len(met(one, two, before, now_h=40, parameters=parameters)) == found


@pytest.mark.parametrize("name", ["min_port_distance_km", "min_shore_distance_km"])
@pytest.mark.parametrize(("share", "found"), [(0.94, 0), (1.06, 1)])
def test_near_a_port_or_the_shore_ships_lie_together(name, share, found):
    """Places south of Easter Island's port, whose distances to both are looked up."""
    limit_m = getattr(EncounterParameters(), name) * 1000.0
    lat = np.linspace(-27.1, -27.6, 5000)
    lon = np.full(5000, -109.43)
    port_m, shore_m = port_and_shore_m(lat, lon)
    mine_m = port_m if name == "min_port_distance_km" else shore_m
    off_m = np.abs(mine_m - share * limit_m)  # the same all over a cell of 220 m
    at = int(np.median(np.flatnonzero(off_m == off_m.min())))
    assert abs(mine_m[at] / limit_m - 1.0) < 0.08
    other = {"min_port_distance_km": "min_shore_distance_km"}.get(name, "min_port_distance_km")
    free = Parameters(encounter=replace(EncounterParameters(), **{other: 0.0}))
    hours = every(5, 0, 6)
    pair = adrift(hours, at=(float(lat[at]), float(lon[at])), apart_m=5.0)
    assert len(met(*pair, now_h=40, parameters=free)) == found
