"""Doubtful numbers and places, each in a sentence that says no more than is known."""

from typing import Any

import pytest

from maps.sentences import headline
from tests.maps.samples import HOSTILE, event


@pytest.mark.parametrize(
    ("kind", "details", "start"),
    [
        (
            "two_transmitters",
            {},
            "MMSI 898000101 and 000000007 sailed as close as two transmitters",
        ),
        (
            "hand_over",
            {"from_mmsi": 5, "to_mmsi": 7},
            "MMSI 000000007 began where MMSI 000000005 fell silent, as the same ship would",
        ),
        ("mid_unassigned", {}, "SEA ORCHID uses the number 898000101, which no country has given"),
        ("imo_invalid", {"new": "9074728"}, "SEA ORCHID stated 9074728, which is no IMO number"),
        ("something_new", {}, "SEA ORCHID stated more than one identity"),
    ],
)
def test_a_doubtful_number_is_told_as_what_it_is(
    kind: str, details: dict[str, Any], start: str
) -> None:
    told = headline(
        event(type="identity_conflict", other_mmsi=7, details={"kind": kind, **details}), None
    )
    assert told.startswith(start)
    assert told.endswith("from 20 April 2015, 10:00 UTC.")


def test_interference_and_circles_say_so() -> None:
    area = event(type="implausible_position", details={"kind": "interference", "others": 4})
    assert "4 other vessels reported one and the same place" in headline(area, None)
    circle = event(type="implausible_position", details={"kind": "circle"})
    assert "went round a circle" in headline(circle, None)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_statement_stays_one_line(text: str) -> None:
    wrong = event(type="identity_conflict", details={"kind": "imo_invalid", "new": text})
    told = headline(wrong, None)
    assert "\n" not in told
    assert told.endswith("UTC.")
