"""One hull under one number after another, and numbers that are nobody's."""

import numpy as np
import pytest

from detectors.events import Event
from detectors.identity_conflict import IdentityConflictParameters
from detectors.parameters import Parameters
from detectors.same_ship import judge_hand_overs
from tests.darkwake.test_replay import as_table
from tests.detectors.scene import HOUR_US, OFFSHORE, T0_US, events, every, hours_of, ship
from vessels.identity import IdentityBook

A, B = 416000001, 636000002
KNOTS = 9.0


def sails(mmsi, hours, *, north_nm=0.0, at=OFFSHORE, knots=KNOTS):
    """Return a number that steams north as if it had from hour 0 on."""
    lat = at[0] + (np.asarray(hours) * knots + north_nm) / 60.0
    return ship(mmsi, hours, lat, at[1], sog=knots)


def hand_overs(*ships, **kwargs):
    found = events(*ships, kind="identity_conflict", **kwargs)
    return [event for event in found if event.details["kind"] == "hand_over"]


def test_a_number_that_begins_where_another_fell_silent_is_a_candidate():
    (event,) = hand_overs(sails(A, every(10, 0, 20)), sails(B, every(10, 20.5, 60)))
    assert (event.mmsi, event.other_mmsi) == (A, B)
    assert (event.details["from_mmsi"], event.details["to_mmsi"]) == (A, B)
    assert event.reasons[0].code == "hand_over"
    assert hours_of(event) == (20.5, 20.5)
    assert event.details["implied_speed_knots"] == pytest.approx(KNOTS, rel=0.02)


def test_the_pair_is_in_order_whichever_came_first():
    (event,) = hand_overs(sails(B, every(10, 0, 20)), sails(A, every(10, 20.5, 60)))
    assert (event.mmsi, event.other_mmsi) == (A, B)
    assert (event.details["from_mmsi"], event.details["to_mmsi"]) == (B, A)


@pytest.mark.parametrize(("after_h", "found"), [(5.9, 1), (6.1, 0)])
def test_the_new_number_begins_within_six_hours(after_h, found):
    new = sails(B, every(10, 20 + after_h, 60))
    assert len(hand_overs(sails(A, every(10, 0, 20)), new)) == found


@pytest.mark.parametrize(
    ("own", "knots", "found"),
    [
        (15.0, 24.0, 1),
        (15.0, 26.0, 0),
        (4.0, 12.5, 1),  # twice its own speed and five
        (4.0, 13.5, 0),
    ],
)
def test_the_new_number_begins_within_reach(own, knots, found):
    slack_nm = 2_000.0 / 1852.0
    off_nm = (knots - own) * 2.0 + slack_nm
    new = sails(B, every(10, 22, 60), north_nm=off_nm, knots=own)
    assert len(hand_overs(sails(A, every(10, 0, 20), knots=own), new)) == found


def test_the_three_nearest_are_candidates_in_a_crowd():
    crowd = [sails(B + i, every(10, 20.5, 60), at=(-30.0, -100.0 + 0.01 * i)) for i in range(5)]
    found = hand_overs(sails(A, every(10, 0, 20)), *crowd)
    assert sorted(event.other_mmsi for event in found) == [B, B + 1, B + 2]


def test_a_number_that_goes_on_has_handed_nothing_over():
    new = sails(B, every(10, 20.5, 60))
    assert hand_overs(sails(A, every(10, 0, 60)), new) == []
    assert hand_overs(sails(A, np.append(every(10, 0, 20), every(10, 26, 60))), new) == []


def test_a_number_heard_before_is_no_new_one():
    before = sails(B, every(10, 0, 2), at=(-30.0, -99.0))
    after = ship(B, every(10, 30, 60), OFFSHORE[0] + 4.5, OFFSHORE[1], sog=1.0)
    assert hand_overs(sails(A, every(10, 0, 29.5)), before, after) == []


def test_a_number_heard_again_after_its_silence_closes_it_and_the_finding_stays():
    old = sails(A, np.append(every(10, 0, 20), every(10, 90, 100)))
    (event,) = hand_overs(old, sails(B, every(10, 20.5, 60)), now_h=200)
    assert event.status == "closed"


def test_a_number_known_only_after_the_old_one_is_heard_again_is_none():
    """Its third fix comes when the old number has long been back."""
    old = sails(A, np.append(every(10, 0, 20), every(10, 40, 100)))
    assert hand_overs(old, sails(B, [20.5, 21.0, 45.0, 45.5])) == []
    assert len(hand_overs(old, sails(B, [20.5, 21.0, 35.0, 45.5]))) == 1


def test_in_port_numbers_come_and_go():
    port = (22.5667, 120.3143)
    old = ship(A, every(10, 0, 20), *port, sog=0.0)
    assert hand_overs(old, ship(B, every(10, 20.5, 60), *port, sog=0.0)) == []


def book(*rows: dict[str, object]) -> IdentityBook:
    """Return a book of statements at hour 1."""
    names = ["mmsi", "time", "name", "callsign", "imo", "length_m", "beam_m"]
    rows_ = [{"time": T0_US + HOUR_US} | row for row in rows]
    out = IdentityBook()
    for row in rows_:
        out.update(as_table({name: [row[name]] for name in names if name in row}))
    return out


def candidate() -> Event:
    (event,) = hand_overs(sails(A, every(10, 0, 20)), sails(B, every(10, 20.5, 60)))
    return event


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ({"imo": 9074729}, {"imo": 9074729}, ["imo"]),
        ({"callsign": "BR-12"}, {"callsign": "br12"}, ["callsign"]),
        ({"name": "SEA STAR 3"}, {"name": "SEA STAR3"}, ["name"]),
        ({"length_m": 60.0, "beam_m": 9.0}, {"length_m": 60.0, "beam_m": 9.0}, ["size"]),
        ({"imo": 9074728}, {"imo": 9074728}, None),  # no IMO number: its check digit is wrong
        ({"name": "SEA STAR 3"}, {"name": "SEA STAR 4"}, None),
        ({"length_m": 60.0, "beam_m": 9.0}, {"length_m": 61.0, "beam_m": 9.0}, None),
        ({"length_m": 60.0}, {"length_m": 60.0}, None),
        ({"length_m": 18.0, "beam_m": 5.0}, {"length_m": 18.0, "beam_m": 5.0}, None),
        ({}, {}, None),
    ],
)
def test_a_candidate_is_told_where_both_state_the_same(one, two, same) -> None:
    told = judge_hand_overs([candidate()], book({"mmsi": A, **one}, {"mmsi": B, **two}))
    if same is None:
        assert told == []
        return
    (event,) = told
    assert event.details["same"] == same
    codes = [reason.code for reason in event.reasons]
    assert f"same_{same[0]}" in codes
    assert "flag_changed" in codes
    assert event.confidence == (0.5 if same == ["size"] else 0.9)


def test_other_events_pass_by() -> None:
    other = candidate().with_(type="loitering", details={})
    assert judge_hand_overs([other], book()) == [other]


def test_a_number_of_no_country_is_told_once_and_only_where_that_is_asked_for() -> None:
    wrong, right = (
        ship(mmsi, every(10, 0, 20), OFFSHORE[0] + np.arange(121) * 0.02, lon)
        for mmsi, lon in ((200000010, OFFSHORE[1]), (416000010, OFFSHORE[1] + 1.0))
    )
    assert events(wrong, right) == []
    asked = Parameters(identity_conflict=IdentityConflictParameters(doubtful_numbers=True))
    (event,) = events(wrong, right, parameters=asked)
    assert event.type == "identity_conflict"
    assert event.reasons[0].code == "mid_unassigned"
    assert event.reasons[0].value == 200
    assert (event.mmsi, event.lat, event.lon) == (200000010, *OFFSHORE)
    assert event.severity == "info"
