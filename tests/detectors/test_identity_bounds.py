"""The bounds of jumps, shared numbers and statements move by less than a tenth unseen."""

import numpy as np
import pytest

from tests.darkwake.test_replay import as_table
from tests.detectors.scene import OFFSHORE, events, every, ship
from vessels.identity import IdentityBook

A = 416000001
KM_DEG = 1.0 / 111.195


def jumps(hours_away, km=1_500.0):
    """Return a ship that is so far north of itself at these hours, at a fix each 6 minutes."""
    hours = every(6, 0, 30)
    away = np.isin(np.round(hours * 10), np.round(np.asarray(hours_away) * 10))
    lat = OFFSHORE[0] + hours * 0.15 + np.where(away, km * KM_DEG, 0.0)
    return events(ship(A, hours, lat, sog=9.0))


@pytest.mark.parametrize(("fixes", "found"), [(2, 0), (3, 1), (4, 1)])
def test_three_fixes_at_the_far_place_are_a_jump(fixes, found):
    away = 10.0 + 0.1 * np.arange(fixes)
    assert len(jumps(away)) == found


@pytest.mark.parametrize(("km", "found"), [(19.5, 0), (21.0, 1)])
def test_a_jump_is_twenty_km_long(km, found):
    """Measured from where it was heard last; it sails 1.7 km in the six minutes before."""
    away = 10.0 + 0.1 * np.arange(20)
    assert len(jumps(away, km - 0.15 * 0.1 / KM_DEG)) == found


@pytest.mark.parametrize(("km", "found"), [(19.5, 0), (21.0, 1)])
def test_hulls_that_share_a_number_are_twenty_km_apart(km, found):
    """Every half hour the voice changes, for a day: two ships at rest, so far from each other."""
    hours = every(30, 0, 24)
    first = ship(A, hours, sog=0.1)
    second = ship(A, hours + 1 / 60, OFFSHORE[0] + km * KM_DEG, sog=0.1)
    found_ = events(first, second, kind="identity_conflict")
    assert len(found_) == found


@pytest.mark.parametrize(("letters", "found"), [(19, 1), (20, 0)])
def test_names_are_compared_by_the_twenty_letters_that_a_message_holds(letters, found):
    """Alike in so many letters and different after them."""
    times = [i * 3_600_000_000 for i in range(6)]
    names = ["A" * letters + "B"] * 3 + ["A" * letters + "C"] * 3
    book = IdentityBook()
    book.update(as_table({"mmsi": [A] * 6, "time": times, "name": names}))
    assert len(book.changes()) == found


@pytest.mark.parametrize(("old", "new", "found"), [(2, 9, 0), (9, 2, 0), (3, 3, 1)])
def test_three_statements_are_believed(old, new, found):
    times = [i * 3_600_000_000 for i in range(old + new)]
    book = IdentityBook()
    names = ["BEFORE"] * old + ["AFTER"] * new
    book.update(as_table({"mmsi": [A] * (old + new), "time": times, "name": names}))
    assert len(book.changes()) == found


@pytest.mark.parametrize(("reports", "found"), [(2, 0), (3, 1)])
def test_old_and_new_name_are_stated_three_times(reports, found):
    names = ["BEFORE"] * 3 + ["AFTER"] * reports
    times = [i * 3_600_000_000 for i in range(len(names))]
    book = IdentityBook()
    book.update(as_table({"mmsi": [A] * len(names), "time": times, "name": names}))
    from detectors.identity_conflict import IdentityConflictParameters

    assert len(book.changes(IdentityConflictParameters().min_reports)) == found
