"""IMO numbers that are none."""

import pytest

from detectors.identity_faults import wrong_imo_event, wrong_imo_numbers
from tests.darkwake.test_replay import as_table
from vessels.identity import IdentityBook

A = 416000001


def book(*imos: int | None, mmsi: int = A) -> IdentityBook:
    out = IdentityBook()
    times = [hour * 3_600_000_000 for hour in range(len(imos))]
    out.update(as_table({"mmsi": [mmsi] * len(imos), "time": times, "imo": list(imos)}))
    return out


@pytest.mark.parametrize(
    ("imo", "found"),
    [
        (9074729, 0),  # right
        (9074728, 1),  # one off
        (9704729, 1),  # two digits changed places
        (0, 0),
        (123456, 0),  # no seven digits
        (1278453, 0),  # a United States official number
        (4999999, 0),
        (5000000, 1),
        (9999999, 1),
        (10000001, 0),
        (367496150, 0),  # an MMSI in the wrong field
    ],
)
def test_seven_digits_with_a_wrong_check_digit_are_told(imo: int, found: int) -> None:
    assert len(wrong_imo_numbers(book(imo, imo, imo), 3)) == found


def test_it_must_be_stated_often_enough() -> None:
    assert wrong_imo_numbers(book(9074728, 9074728), 3) == []
    assert wrong_imo_numbers(book(9074728, 9074729, 9074728), 3) == []
    (fault,) = wrong_imo_numbers(book(9074728, 9074729, 9074728, 9074728), 3)
    assert (fault.mmsi, fault.imo, fault.time_us) == (A, 9074728, 0)


def test_a_message_that_came_twice_changes_nothing() -> None:
    """A reader forgets a row after millions of others: it may come through again."""
    once, twice = book(*[9074728] * 9), book(*[9074728] * 9)
    row = {"mmsi": [A], "time": [3_600_000_000], "imo": [9074728]}
    twice.update(as_table(row))
    told = [
        wrong_imo_event(fault, (f"{A}-1", 1.0, 2.0), 3)
        for one in (once, twice)
        for fault in wrong_imo_numbers(one, 3)
    ]
    assert len(told) == 2
    assert told[0] == told[1]
    assert (told[0].reasons[1].code, told[0].reasons[1].value) == ("stated", 3)


def test_the_event_says_what_and_where() -> None:
    (fault,) = wrong_imo_numbers(book(9074728, 9074728, 9074728), 3)
    event = wrong_imo_event(fault, (f"{A}-1", 1.0, 2.0), 3)
    assert event.type == "identity_conflict"
    assert event.reasons[0].code == "imo_check_digit"
    assert event.reasons[0].value == "9074728"
    assert (event.lat, event.lon) == (1.0, 2.0)
    assert event.severity == "info"
