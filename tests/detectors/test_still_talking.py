"""Dark periods of ships that went on sending without a position."""

import numpy as np
import pytest

from detectors.still_talking import judge_silences
from tests.darkwake.test_replay import as_table
from tests.detectors.scene import HOUR_US, T0_US, events, every, ship
from vessels.identity import IdentityBook

A, B = 416000001, 440000002


def dark(start_h, end_h, mmsi=A):
    """Return the dark period of a ship well heard before and after it, last at `start_h`."""
    hours = np.concatenate([every(10, start_h - 13, start_h), every(10, end_h, end_h + 3)])
    company = [
        ship(440000010 + n, every(30, start_h - 13, end_h + 3), -29.9 - 0.05 * n) for n in range(4)
    ]
    here = ship(mmsi, hours, -30.0 - hours * 0.001)
    (event,) = [e for e in events(here, *company, kind="dark_period") if e.mmsi == mmsi]
    assert event.confidence > 0.8
    return event


def names(hours, mmsi=A, **told):
    """Return a book of one number's name, stated at these hours."""
    book = IdentityBook()
    told = told or {"name": "SEA STAR"}
    times = [T0_US + round(hour * HOUR_US) for hour in hours]
    columns = {key: [value] * len(times) for key, value in told.items()}
    book.update(as_table({"mmsi": [mmsi] * len(times), "time": times, **columns}))
    return book


def judged(event, book, *others):
    (told, *_) = judge_silences([event, *others], book, 12.0)
    hours = [r.value for r in told.reasons if r.code == "heard_without_position"]
    return told, hours


def test_a_ship_that_goes_on_stating_its_name_is_hardly_dark():
    event = dark(18, 32)
    told, hours = judged(event, names(every(6, 5, 35)))
    assert told.confidence == 0.1
    assert told.severity == "info"
    assert hours == [0.1]
    assert told.event_id == event.event_id


@pytest.mark.parametrize(
    ("book", "why"),
    [
        (names([*every(6, 5, 18), *every(6, 32, 35)]), "not meanwhile"),
        (names(every(6, 5, 35), mmsi=B), "another number"),
        (names(every(6, 5, 35), ais_class="A"), "every position tells the class"),
        (names([10.0, 20.0, 33.0]), "once: a stray"),
        (IdentityBook(), "nothing"),
    ],
)
def test_without_statements_of_its_own_meanwhile_it_is_as_dark_as_before(book, why):
    event = dark(18, 32)
    assert judged(event, book) == (event, []), why


@pytest.mark.parametrize(("silent_h", "confident"), [(11.9, False), (12.0, True)])
def test_twelve_hours_without_anything_are_a_dark_period_still(silent_h, confident):
    event = dark(18, 66)
    on_and_off = [*every(6, 5, 18), *every(6, 18 + silent_h, 60)]
    told, hours = judged(event, names(on_and_off))
    assert hours == [silent_h]
    assert (told.confidence == event.confidence) is confident
    assert (told.severity == event.severity) is confident


def test_a_shared_number_may_be_the_other_ship_that_speaks():
    event = dark(18, 32)
    shared = event.with_(type="identity_conflict", details={"kind": "two_hulls_at_once"})
    assert judged(event, names(every(6, 5, 35)), shared) == (event, [])


def test_an_open_one_is_judged_up_to_now():
    event = dark(18, 40).with_(end_us=None, now_us=T0_US + 31 * HOUR_US)
    assert judged(event, names(every(6, 5, 31)))[0].confidence == 0.1
    assert judged(event, names(every(6, 5, 18)))[0] == event
