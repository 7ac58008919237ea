"""A vessel's page: what it says, how large it gets, and how it behaves in a real browser."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from detectors.events import Reason
from maps.identities import Identity
from maps.vessel_facts import Chart, Held, Hull, Silence, Slice, Stay, VesselPage
from maps.vessel_page import render_vessel_page, write_vessel_page
from maps.vessel_payload import HULL_LIMIT, vessel_payload
from maps.vessel_tables import ROW_LIMIT, identity_notes
from tests.maps.browser import needs_chromium, result, visit, with_driver
from tests.maps.samples import HOSTILE, START_US, event, land, walk
from tests.maps.test_browser import WATCH
from vessels.errors import StoreError
from vessels.units import US_PER_DAY, US_PER_H, US_PER_MIN

HULL = "898000101-1"
SLICE_US = US_PER_H


def held(attribute: str, value: str, day: int, reports: int = 9, **changes: Any) -> Held:
    values = {"mmsi": 898000101, "first_us": START_US + day * US_PER_DAY}
    values["last_us"] = values["first_us"] + US_PER_DAY // 2
    return Held(attribute=attribute, value=value, reports=reports, **(values | changes))


def slices(count: int, seed: int = 3) -> list[Slice]:
    rng = random.Random(seed)
    first = START_US // SLICE_US
    return [
        Slice(first + i, rng.randint(1, 60), 0.5, 4.0, rng.uniform(4.0, 12.0)) for i in range(count)
    ]


def hull(number: int = 1, **changes: Any) -> Hull:
    values: dict[str, Any] = {
        "hull_id": f"898000101-{number}",
        "mmsi": 898000101,
        "fixes": 60,
        "first_us": START_US,
        "last_us": START_US + 59 * 10 * US_PER_MIN,
        "name": "SEA ORCHID",
        "flag": "THA",
        "kind": "ship",
    }
    return Hull(**(values | changes))


def silence(**changes: Any) -> Silence:
    values: dict[str, Any] = {
        "hull_id": HULL,
        "start_us": START_US + 10 * US_PER_H,
        "end_us": START_US + 40 * US_PER_H,
        "now_us": START_US + 99 * US_PER_H,
        "place": (-9.5, 141.0),
        "end_place": (-10.25, 141.5),
    }
    return Silence(**(values | changes))


def page(**changes: Any) -> VesselPage:
    """Return a small page of one hull, with one of everything."""
    values: dict[str, Any] = {
        "numbers": (898000101,),
        "imo": None,
        "hulls": [hull()],
        "tracks": {HULL: walk(1, 60)},
        "chart": Chart(width_us=SLICE_US, slices={HULL: slices(12)}),
        "silences": [silence()],
        "least_silence_h": 12.0,
        "held": [held("name", "SEA ORCHID", 0), held("imo", "9074729", 0)],
        "events": [event()],
        "rejected": {"jump": 3},
        "now_us": START_US + 99 * US_PER_H,
        "land": land,
    }
    return VesselPage(**(values | changes))


def cells(table: dict[str, Any], column: str) -> list[str]:
    place = table["columns"].index(column)
    return [row[place] for row in table["rows"]]


def test_a_silence_tells_its_length_distance_and_finding() -> None:
    table = vessel_payload(page())["silenceTable"]
    assert cells(table, "Length")[0].startswith("30")
    assert cells(table, "Apart") == ["53.9 nm (1.8 kn)"]
    assert cells(table, "Finding") == ["high, strong (0.87 of 1)"]


def test_a_silence_that_no_detector_raised_says_so_and_an_open_one_has_no_end() -> None:
    one = silence(end_us=None, end_place=None, start_us=START_US)
    table = vessel_payload(page(silences=[one]))["silenceTable"]
    assert cells(table, "Heard again") == ["not heard again"]
    assert cells(table, "Apart") == ["-"]
    assert cells(table, "Finding") == ["none"]


@pytest.mark.parametrize(
    ("statements", "notes"),
    [
        ([held("name", "A", 0), held("name", "a.", 1), held("name", "B", 2)], ["", "", "changed"]),
        (
            [held("name", "A", 0), held("name", "X", 1, reports=1), held("name", "A", 2)],
            ["", "stated too seldom to count as a change", ""],
        ),
        ([held("imo", "9074729", 0), held("imo", "9074720", 1)], ["", "check digit wrong"]),
        ([held("name", "A", 0, reports=1)], [""]),
        ([held("name", "A", 0), held("name", "B", 1, mmsi=898000102)], ["", ""]),
    ],
)
def test_identity_notes_mark_what_is_believed_to_have_changed(
    statements: Sequence[Held], notes: Sequence[str]
) -> None:
    assert identity_notes(statements) == notes


def test_the_head_says_what_was_heard_and_what_was_not() -> None:
    told = vessel_payload(page(held=[held("name", "OLD", 0), held("name", "NEW", 1)]))
    assert told["heading"] == "NEW"
    assert told["summary"][0].startswith("60 positions, 2015-04-20 00:00 UTC to ")
    assert "3 more positions could not be believed." in told["summary"][0]
    assert "1 silence of 12 h or more, 30" in told["summary"][1]
    assert "1 change of stated identity." in told["summary"]


def test_visits_that_were_not_worked_out_are_not_the_same_as_no_visits() -> None:
    assert vessel_payload(page())["visits"] is None
    none = vessel_payload(page(visits=[], voyages=[]))
    assert none["visits"] == {"table": none["visits"]["table"], "bars": []}


def test_visits_have_a_table_and_bars() -> None:
    stay = Stay(START_US, None, "Daru", (("Confidence", "4"),), (-9.08, 143.21))
    told = vessel_payload(page(visits=[stay], voyages=[]))["visits"]
    assert told["table"]["columns"] == ["Port", "From", "To", "Confidence"]
    assert told["table"]["rows"] == [["Daru", "2015-04-20 00:00 UTC", "goes on", "4"]]
    assert told["bars"][0]["place"] == [-9.08, 143.21]


def test_an_imo_number_of_several_numbers_shows_when_each_was_heard() -> None:
    later = hull(mmsi=898000102, hull_id="898000102-1", first_us=START_US + US_PER_DAY)
    told = vessel_payload(page(numbers=(898000101, 898000102), imo=9074729, hulls=[later, hull()]))
    lane = told["lanes"][0]
    assert lane["label"] == "MMSI"
    assert [text for _, _, text in lane["bars"]] == ["898000101", "898000102"]
    assert "IMO 9074729 was stated by 2 numbers: all are shown." in told["summary"]
    assert len(told["who"]) == 2


def test_equal_input_gives_equal_bytes() -> None:
    assert render_vessel_page(page()) == render_vessel_page(page())


def test_a_page_that_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot write"):
        write_vessel_page(tmp_path / "absent" / "v.html", page())
    assert list(tmp_path.iterdir()) == []


def full_page() -> VesselPage:
    """A vessel-year as a run gives it, and a number with more statements than a page shows."""
    track = walk(5, 40_000)
    return page(
        tracks={HULL: track},
        chart=Chart(width_us=SLICE_US, slices={HULL: slices(1_200)}),
        silences=[
            silence(start_us=start_us, end_us=start_us + 13 * US_PER_H)
            for start_us in range(START_US, START_US + 300 * US_PER_DAY, US_PER_DAY)
        ],
        held=[held("name", f"NAME {i:05d}", i % 300) for i in range(ROW_LIMIT + 50)],
        events=[
            event(start_us=start_us, end_us=start_us + 13 * US_PER_H)
            for start_us in range(START_US, START_US + 400 * US_PER_H, US_PER_H)
        ],
    )


def test_a_vessel_year_stays_below_two_megabytes() -> None:
    full = full_page()
    assert len(render_vessel_page(full).encode()) < 2_000_000
    assert vessel_payload(full)["identities"]["left"] == 50


LOOK = """
(async () => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const seen = window.seen;
  const text = (id) => document.getElementById(id).textContent;
  seen.ready = document.documentElement.dataset.ready;
  seen.heading = text("heading");
  seen.label = text("label");
  seen.summary = [...document.querySelectorAll("#summary li")].map((line) => line.textContent);
  seen.popups = [];
  for (const button of document.querySelectorAll("#list button")) {
    button.click();
    await pause(400);
    seen.popups.push(document.querySelector(".leaflet-popup-content")?.textContent ?? null);
  }
  const jump = document.querySelector("#tables td button");
  if (jump) {
    jump.click();
    await pause(1200);
    seen.tip = document.querySelector(".leaflet-tooltip")?.textContent;
  }
  seen.readout = text("readout");
  const slider = document.getElementById("moment");
  slider.value = slider.min;
  slider.dispatchEvent(new Event("input"));
  seen.moved = text("readout");
  seen.tables = [...document.querySelectorAll("#tables h2")].map((title) => title.textContent);
  seen.changed = [...document.querySelectorAll("tr.changed")].map((row) => row.textContent);
  seen.tablesText = text("tables");
  seen.lanes = [...document.querySelectorAll("#chart .lane")].map((lane) => lane.textContent);
  seen.images = document.querySelectorAll("img, iframe, [onerror], [onload]").length;
  seen.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  document.documentElement.dataset.result = JSON.stringify(seen);
})();
"""


def look(folder: Path, width: int = 1280, **changes: Any) -> Any:
    """Open the page, press everything, and return what was seen: nothing asked for, no error."""
    text = with_driver(render_vessel_page(page(**changes)), WATCH, LOOK)
    dom, console, requests = visit(text, folder, width=width)
    assert requests == []
    assert console == ""
    seen = result(dom)
    assert seen["ready"] == "yes"
    assert (seen["fired"], seen["errors"], seen["images"]) == (0, [], 0)
    return seen


@needs_chromium
def test_the_page_shows_findings_silences_chart_and_identities(tmp_path: Path) -> None:
    changed = [held("name", "SEA ORCHID", 0), held("name", "LOTUS", 1)]
    seen = look(tmp_path, held=changed, label="synthetic")
    assert (seen["heading"], seen["label"]) == ("LOTUS", "synthetic")
    assert "Not heard for" in seen["popups"][0]
    assert "not heard 2015-04-20 10:00 UTC to 2015-04-21 16:00 UTC" in seen["tip"]
    assert seen["readout"].startswith("2015-04-20 10:00 UTC. not heard; last heard at -9.")
    assert seen["moved"].startswith("2015-04-20 00:00 UTC. near -9.5000, 141.0000; 4.0 kn")
    assert seen["tables"] == [
        *("Silences of 12 h and more", "Identities over time", "Port visits", "Voyages"),
        "Hulls told apart",
    ]
    assert "This run has no visits worked out." in seen["tablesText"]
    assert "jump: 3" in seen["tablesText"]
    assert [row for row in seen["changed"] if "LOTUS" in row] == seen["changed"] != []
    assert seen["lanes"] == ["Speed", "Positions", "Findings", "Name"]


@needs_chromium
def test_the_injection_matrix_is_inert_on_a_vessel_page(tmp_path: Path) -> None:
    stays = [Stay(START_US, None, text, ((text, text),), (-9.5, 141.0)) for text in HOSTILE]
    events = [
        event(
            start_us=START_US + i * US_PER_H,
            hull_id=HULL,
            vessel_name=text,
            flag=text,
            details={text: text},
            reasons=(Reason(text, text, text, text),),
            other_mmsi=1,
            other_hull_id=text,
        )
        for i, text in enumerate(HOSTILE)
    ]
    seen = look(
        tmp_path,
        hulls=[hull(name=HOSTILE[0], flag=HOSTILE[1], kind=HOSTILE[2])],
        held=[held("name", text, i) for i, text in enumerate(HOSTILE)],
        events=events,
        rejected=dict.fromkeys(HOSTILE, 1),
        looked_at="".join(HOSTILE),
        label="".join(HOSTILE),
        visits=stays,
        voyages=stays,
        identities={text: Identity(text, text) for text in HOSTILE},
    )
    assert len(seen["popups"]) == len(HOSTILE)
    assert all(seen["popups"])
    assert HOSTILE[0] in seen["tablesText"]
    assert seen["lanes"] == ["Speed", "Positions", "Findings", "In port", "Voyages", "Name"]


@needs_chromium
def test_a_phone_shows_nothing_sideways_even_with_many_hulls(tmp_path: Path) -> None:
    hulls = [hull(i + 1) for i in range(HULL_LIMIT)]
    seen = look(
        tmp_path,
        width=500,
        hulls=hulls,
        tracks={one.hull_id: walk(i, 30) for i, one in enumerate(hulls)},
        chart=Chart(width_us=SLICE_US, slices={one.hull_id: slices(9) for one in hulls}),
    )
    assert seen["wide"] <= 0
    assert "Silences" in seen["lanes"]


@needs_chromium
def test_a_number_that_sent_no_position_still_has_a_page(tmp_path: Path) -> None:
    nothing: dict[str, Any] = {"hulls": [], "tracks": {}, "silences": [], "events": []}
    seen = look(tmp_path, **nothing, chart=Chart(width_us=SLICE_US, slices={}))
    assert seen["heading"] == "SEA ORCHID"
    assert seen["summary"][0].startswith("No position of it was kept.")
    assert not any("silen" in line for line in seen["summary"])
