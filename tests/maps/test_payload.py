"""What a page says: order, limits, words, and what it says when nothing was found."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.events import EVENT_TYPES, Reason
from maps import kinds, words
from maps.payload import Identity, most_severe, page_payload
from tests.maps.samples import event, many_events, page, walk


def test_the_most_severe_come_first_then_the_most_confident() -> None:
    order = [(e.severity, e.confidence) for e in most_severe(many_events(200))]
    rank = {"high": 0, "watch": 1, "info": 2}
    assert order == sorted(order, key=lambda pair: (rank[pair[0]], -pair[1]))


def test_above_the_limit_the_most_severe_are_drawn_and_the_page_says_so() -> None:
    events = many_events(40)
    payload = page_payload(page(events=events, limit=10))
    assert [e["id"] for e in payload["events"]] == [e.event_id for e in most_severe(events)[:10]]
    assert payload["summary"][0].startswith("40 findings; the 10 most severe are drawn.")
    assert sum(kind["count"] for kind in payload["types"]) == 10


def test_a_limit_of_zero_draws_none_and_does_not_say_that_nothing_was_found() -> None:
    payload = page_payload(page(limit=0))
    assert payload["events"] == []
    assert payload["summary"][0].startswith("1 finding; none is drawn.")


def test_an_empty_run_says_that_nothing_was_found_and_what_was_looked_at() -> None:
    payload = page_payload(page(events=[], looked_at="Read 12 rows from 1 file."))
    text = " ".join(payload["summary"])
    assert "Nothing was found" in text
    assert "dark period" in text
    assert "Read 12 rows from 1 file." in text
    assert "1 vessel, thinned from 60 positions, 2015-04-20 00:00 UTC to 2015-04-20 09:50" in text


def test_without_tracks_the_page_says_that_none_are_drawn() -> None:
    assert "No tracks are drawn." in page_payload(page(tracks={"a": []}))["summary"]


def test_a_popup_says_who_where_when_why_and_how_sure() -> None:
    shown = page_payload(page())["events"][0]
    rows = dict(shown["rows"])
    assert rows["Who"] == "SEA ORCHID · flag THA · MMSI 898000101"
    assert rows["Where"] == "-9.50000, 141.00000 · 9°30'00\"S 141°00'00\"E"
    assert rows["When"] == "2015-04-20 10:00 UTC to 2015-04-21 16:00 UTC (30 h)"
    assert rows["How sure"] == "strong (0.87 of 1)"
    assert rows["Severity"] == "high · ended"
    assert shown["why"] == [
        "Not heard for: 30 h (threshold 12 h)",
        "positions before 12h: 410 positions (threshold 14 positions)",
    ]


def test_an_open_event_of_an_unknown_vessel_says_so() -> None:
    found = event(end_us=None, vessel_name=None, flag=None, mmsi=1234)
    shown = page_payload(page(events=[found]))["events"][0]
    rows = dict(shown["rows"])
    assert rows["Who"] == "Name not known · flag not known · MMSI 000001234"
    assert "still open" in rows["When"]
    assert shown["name"] == "MMSI 000001234"


def test_the_other_vessel_and_a_replaced_event_are_named() -> None:
    found = event(
        type="encounter",
        other_mmsi=898000102,
        other_hull_id="898000102-1",
        replaces="abc",
        path=(),
    )
    payload = page_payload(
        page(
            events=[found],
            tracks={"898000102-1": walk(2, 9), "x": walk(3, 9)},
            identities={"898000102-1": Identity("LUCKY", "FJI")},
        )
    )
    rows = dict(payload["events"][0]["rows"])
    assert rows["With"] == "LUCKY · flag FJI · MMSI 898000102"
    assert rows["Replaces"] == "abc"
    assert [track["name"] for track in payload["tracks"]] == ["LUCKY", "x"]


def test_every_type_has_words_a_meaning_and_other_causes() -> None:
    for name in EVENT_TYPES:
        assert words.type_words(name)
        assert words.TYPE_MEANING[name]
        assert words.OTHER_CAUSES[name]


def test_a_kind_with_words_of_its_own_brings_them() -> None:
    circle = event(type="implausible_position", details={"kind": "circle"})
    told = page_payload(page(events=[circle, event()]))["events"]
    own = {one["type"]: one["own"] for one in told}
    assert own["dark_period"] == {}
    assert own["implausible_position"] == {
        "meaning": kinds.KIND_MEANING["circle"],
        "causes": kinds.KIND_CAUSES["circle"],
    }


def test_an_unknown_type_is_still_drawn() -> None:
    types = page_payload(page(events=[event(type="new_kind", severity="odd")]))["types"]
    assert types == [
        {
            "type": "new_kind",
            "label": "New kind",
            "meaning": "",
            "causes": "",
            "count": 1,
            "off": False,
        }
    ]


def test_port_visits_are_put_away_where_there_is_something_else() -> None:
    visit = event(type="port_visit", path=(), severity="info")
    mixed = page_payload(page(events=[visit, event()]))["types"]
    alone = page_payload(page(events=[visit]))["types"]
    assert [kind["off"] for kind in mixed] == [False, True]
    assert [kind["off"] for kind in alone] == [False]
    grave = page_payload(page(events=[visit.with_(severity="watch"), event()]))["types"]
    assert [kind["off"] for kind in grave] == [False, False]


def test_details_read_as_words() -> None:
    details = {"a_b": 1.5, "c": True, "d": ["x", 2], "e": None, "f": [], "g": "name"}
    assert words.detail_words(details) == ["a b: 1.5", "c: yes", "d: x, 2", "g: name"]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason("a_b", None, None, ""), "a b"),
        (Reason("a", 1.23456, None, "kn"), "a: 1.23 kn"),
        (Reason("a", "moored", 0, ""), "a: moored (threshold 0)"),
    ],
)
def test_a_reason_reads_as_words(reason: Reason, text: str) -> None:
    assert words.reason_words(reason) == text


@given(lat=st.floats(-90.0, 90.0), lon=st.floats(-180.0, 180.0))
def test_dms_is_within_half_a_second_and_never_shows_sixty(lat: float, lon: float) -> None:
    found = re.fullmatch(
        r"(\d+)°(\d\d)'(\d\d)\"([NS]) (\d+)°(\d\d)'(\d\d)\"([EW])", words.dms(lat, lon)
    )
    assert found is not None
    d1, m1, s1, h1, d2, m2, s2, h2 = found.groups()
    for value, d, m, s, minus in ((lat, d1, m1, s1, h1 == "S"), (lon, d2, m2, s2, h2 == "W")):
        assert int(m) < 60
        assert int(s) < 60
        back = (int(d) + int(m) / 60 + int(s) / 3600) * (-1 if minus else 1)
        assert back == pytest.approx(value, abs=0.5001 / 3600)
