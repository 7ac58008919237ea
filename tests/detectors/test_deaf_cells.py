"""Cells that silent ships cross and in which nobody is heard, from both sides of each bound."""

import numpy as np
import pytest

from detectors import deaf_cells
from detectors.dark_period import SILENCE
from vessels.reception import PER_DAY, RECEPTION, cells_of, learn
from vessels.units import US_PER_DAY, US_PER_H

DAY = 20_000
A = 416000001


def silence(mmsi=A, hours=24.0, knots=10.0, day=DAY, **changes):
    """Return a silence northwards from 0.5 S on the meridian of 100.5 W, that ends on a day."""
    row = np.zeros(1, SILENCE)
    row["key"] = mmsi << 16 | 1
    row["end_us"] = day * US_PER_DAY + US_PER_H
    row["start_us"] = row["end_us"] - round(hours * US_PER_H)
    row["start_lat"], row["start_lon"], row["end_lon"] = -0.5, -100.5, -100.5
    row["end_lat"] = -0.5 + hours * knots / 60.0405
    row["before"] = 10
    for name, value in changes.items():
        row[name] = value
    return row


def deaf(*silences, mmsi=1, day=DAY + 2, counts=None, lat=1.5):
    rows = np.unique(np.concatenate([deaf_cells.crossed(one) for one in silences]))
    known = learn(np.empty(0, RECEPTION) if counts is None else counts, day)
    point = np.array([lat]), np.array([-100.5])
    return bool(deaf_cells.is_deaf(rows, known, *point, np.array([mmsi], "i8"))[0])


def fleet(size, **changes):
    return [silence(A + n, **changes) for n in range(size)]


def test_a_silence_crosses_the_cells_between_its_ends():
    rows = deaf_cells.crossed(silence())
    expected = cells_of(np.array([0.5, 1.5, 2.5]), np.full(3, -100.5))
    assert (rows["key"] % (180 * 360)).tolist() == expected.tolist()
    assert set(rows["mmsi"].tolist()) == {A}


def test_across_180_degrees_it_crosses_the_few_cells_between():
    across = silence(start_lat=0.5, end_lat=0.5, start_lon=178.5, end_lon=-178.5)
    assert len(deaf_cells.crossed(across)) == 2


@pytest.mark.parametrize(("others", "found"), [(2, False), (3, True)])
def test_three_others_make_a_cell_deaf(others, found):
    assert deaf(*fleet(others)) is found
    assert deaf(*fleet(others + 1), mmsi=A) is found


@pytest.mark.parametrize("lat", [-0.5, 3.5])
def test_where_they_were_heard_it_is_not(lat):
    assert not deaf(*fleet(5), lat=lat)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"hours": 71.0, "knots": 3.0}, True),
        ({"hours": 73.0, "knots": 3.0}, False),
        ({"hours": 70.0, "knots": 2.1}, True),
        ({"hours": 70.0, "knots": 1.9}, False),
        ({"hours": 12.0, "knots": 24.0}, True),
        ({"hours": 12.0, "knots": 26.0}, False),
        ({"before": 3}, True),
        ({"before": 2}, False),
        ({"elsewhere": 1}, False),
        ({"end_us": 0}, False),
    ],
)
def test_only_a_passage_of_a_known_hull_counts(changes, found):
    assert deaf(*fleet(3, **changes), lat=0.5) is found


@pytest.mark.parametrize(("ago", "found"), [(1, False), (2, True), (30, True), (31, False)])
def test_the_days_are_those_of_reception(ago, found):
    assert deaf(*fleet(3), day=DAY + ago) is found


def test_one_vessel_heard_in_a_cell_makes_it_not_deaf():
    cell = int(cells_of(np.array([1.5]), np.array([-100.5]))[0])
    heard = np.zeros(1, RECEPTION)
    heard["key"] = DAY * PER_DAY + cell * PER_DAY // (180 * 360)
    heard["present"] = 1
    assert deaf(*fleet(3), counts=heard)
    heard["heard"] = 1
    assert not deaf(*fleet(3), counts=heard)


def test_the_points_of_a_way_lie_near_enough_to_miss_no_cell_of_a_meridian():
    long = silence(hours=70.0, knots=20.0)
    assert len(deaf_cells.crossed(long)) == 22
