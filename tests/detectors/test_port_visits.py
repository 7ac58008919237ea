"""Port visits as events: which calls are told, and what they say."""

import numpy as np
import pytest

from detectors.events import Event
from detectors.port_visits import CONFIDENCE, PortVisitParameters, port_visit_events
from vessels.units import US_PER_DAY, US_PER_H
from vessels.visits import VISIT

KEY = 525000001 << 16 | 1
T0_US = 1_600_000_000_000_000
DARU = (-9.08, 143.21)


def day(days: float) -> int:
    return T0_US + round(days * US_PER_DAY)


def visit(start: float, end: float | None, level: int = 4, key: int = KEY) -> np.ndarray:
    row = np.zeros(1, VISIT)
    row["key"] = key
    row["start_us"], row["end_us"] = day(start), 0 if end is None else day(end)
    row["start_lat"], row["start_lon"] = DARU[0] - 0.02, DARU[1]
    row["lat"], row["lon"] = DARU
    row["rest_us"] = 9 * US_PER_H
    row["confidence"] = level
    row["entry"], row["exit"], row["stop"] = level > 2, level > 3, level > 1
    return row


def finding(start: float, end: float | None, **changes: object) -> Event:
    event = Event(
        type="dark_period",
        mmsi=525000001,
        hull_id="525000001-1",
        start_us=day(start),
        end_us=None if end is None else day(end),
        now_us=day(60),
        lat=-9.5,
        lon=141.0,
        confidence=0.9,
        severity="high",
    )
    return event.with_(**changes)


def told(visits, findings, **parameters) -> list[Event]:
    return port_visit_events(visits, findings, day(60), PortVisitParameters(**parameters))


def test_ordinary_calls_are_not_told() -> None:
    assert told(visit(10, 12), []) == []
    assert told(visit(10, 12), [finding(1, 2, hull_id="525000001-2")]) == []


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [(1, 5, 1), (1, None, 1), (11, 13, 0), (1, 39.9, 1), (-40, -20.1, 0), (-40, -19.9, 1)],
)
def test_a_call_is_told_for_thirty_days_after_a_finding(start, end, found) -> None:
    assert len(told(visit(10, 12), [finding(start, end)])) == found


def test_findings_for_information_do_not_count() -> None:
    assert told(visit(10, 12), [finding(1, 2, severity="info")]) == []


def test_the_other_vessel_of_a_meeting_is_told_too() -> None:
    meeting = finding(1, 2, type="encounter", mmsi=412000009, hull_id="412000009-1")
    meeting = meeting.with_(other_mmsi=525000001, other_hull_id="525000001-1")
    assert [event.mmsi for event in told(visit(10, 12), [meeting])] == [525000001]


def test_a_call_says_where_and_after_what() -> None:
    dark = finding(1, 5)
    (event,) = told(visit(10, 12.5), [dark])
    assert (event.start_us, event.end_us, event.status) == (day(10), day(12.5), "closed")
    assert (event.details["port_name"], event.details["port_country"]) == ("Daru", "PNG")
    assert event.details["port_distance_m"] < 12_000
    assert event.details["confidence_level"] == 4
    assert event.details["after_events"] == [dark.event_id]
    assert event.details["rest_h"] == 9
    assert event.severity == "info"
    assert event.path == ((DARU[1], DARU[0]),)


def test_a_call_that_is_on_is_open_and_keeps_its_identity() -> None:
    (still,) = told(visit(10, None, level=3), [finding(1, 5)])
    (over,) = told(visit(10, 12), [finding(1, 5)])
    assert (still.status, still.end_us) == ("open", None)
    assert still.event_id == over.event_id


def test_all_calls_but_passages_can_be_told_or_none() -> None:
    calls = np.concatenate(
        [visit(at, at + 1, level) for at, level in [(1, 1), (3, 2), (5, 3), (7, 4)]]
    )
    assert [e.confidence for e in told(calls, [], events="all")] == [
        CONFIDENCE[level] for level in (2, 3, 4)
    ]
    assert told(calls, [finding(0, 2)], events="none") == []


def test_a_harbour_that_no_list_holds_has_no_name() -> None:
    call = visit(10, 12)
    call["lat"], call["lon"] = -45.9, 166.62
    (event,) = told(call, [finding(1, 5)])
    assert (event.details["port_name"], event.details["port_country"]) == (None, None)
    assert event.details["port_distance_m"] > 10_000
