"""Names, roles and changes of identity on events."""

import pytest

from detectors.events import Event
from detectors.naming import (
    encounter_severity,
    identity_change_event,
    name_events,
    telling_changes,
)
from tests.darkwake.test_replay import as_table
from vessels.identity import IdentityBook, IdentityChange

A, B = 416000001, 440000002
HOUR_US = 3_600_000_000


def meeting() -> Event:
    return Event(
        type="encounter",
        mmsi=A,
        hull_id=f"{A}-1",
        other_mmsi=B,
        other_hull_id=f"{B}-1",
        start_us=10 * HOUR_US,
        now_us=20 * HOUR_US,
        lat=1.0,
        lon=2.0,
        confidence=1.0,
    )


def book(*rows: tuple[int, int, str, int]) -> IdentityBook:
    """Return a book of (mmsi, hour, name, ship type) statements."""
    out = IdentityBook()
    table = {
        "mmsi": [row[0] for row in rows],
        "time": [row[1] * HOUR_US for row in rows],
        "name": [row[2] for row in rows],
        "ship_type": [row[3] for row in rows],
    }
    out.update(as_table(table))
    return out


def test_an_event_has_the_name_stated_before_it_and_the_flag_of_its_number() -> None:
    names = book((A, 1, "BEFORE", 30), (A, 15, "AFTER", 30), (B, 30, "LATER", 70))
    (event,) = name_events([meeting()], names)
    assert event.vessel_name == "BEFORE"
    assert event.flag == "TWN"
    assert (event.details["role"], event.details["other_role"]) == ("fishing", "cargo")
    assert event.severity == "high"
    assert event.event_id == meeting().event_id


@pytest.mark.parametrize(
    ("roles", "severity"),
    [
        (("fishing", "cargo"), "high"),
        (("tanker", "fishing"), "high"),
        (("fishing", "fishing"), "watch"),
        (("unknown", "unknown"), "watch"),
        (("cargo", "pilot"), "info"),
        (("tug", "cargo"), "info"),
    ],
)
def test_a_catcher_with_a_carrier_weighs_most_and_helpers_least(
    roles: tuple[str, str], severity: str
) -> None:
    assert encounter_severity(*roles) == severity


def test_gear_beacons_never_meet_anyone() -> None:
    assert name_events([meeting()], book((B, 1, "NET 12 87%", 0))) == []


def test_changes_of_one_day_are_told_once() -> None:
    changes = [
        IdentityChange(A, "name", "OLD", "NEW", 100 * HOUR_US, flip_flop=False),
        IdentityChange(A, "callsign", "AA", "BB", 101 * HOUR_US, flip_flop=False),
        IdentityChange(A, "name", "NEW", "NEWER", 300 * HOUR_US, flip_flop=False),
        IdentityChange(A, "length_m", 10.0, 20.0, 100 * HOUR_US, flip_flop=False),
    ]
    first, second = telling_changes(changes, [])
    assert [change.attribute for change in first] == ["name", "callsign"]
    event = identity_change_event(first, (f"{A}-1", 1.0, 2.0), 3)
    assert event.details["old"] == "OLD"
    assert [reason.code for reason in event.reasons] == ["name_changed", "callsign_changed"]
    assert second[0].new == "NEWER"


def test_names_that_alternate_on_a_shared_number_are_not_told_again() -> None:
    shared = meeting().with_(type="identity_conflict", other_mmsi=None)
    change = IdentityChange(A, "name", "ONE", "TWO", 15 * HOUR_US, flip_flop=True)
    assert telling_changes([change], [shared]) == []
