"""The page used as a person uses it, in real time: keys, search, tree, phone, links."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from detectors.events import Event
from maps.alert_map import render_page, write_page
from maps.event_page import write_event_page
from maps.identities import Identity
from tests.maps.browser import needs_chromium
from tests.maps.devtools import Tab, chromium
from tests.maps.samples import START_US, event, land, many_events, page, walk
from vessels.units import US_PER_H

pytestmark = needs_chromium

MEETING = event(
    type="encounter",
    mmsi=898000102,
    hull_id="b",
    other_mmsi=898000103,
    other_hull_id="c",
    lat=-10.0,
    lon=143.0,
    vessel_name="TWO",
    confidence=0.6,
    start_us=START_US + 60 * US_PER_H,
    end_us=START_US + 63 * US_PER_H,
    path=(),
)
TRACKS = {
    "898000101-1": [*walk(1, 61), *((t + 40 * US_PER_H, x, y) for t, x, y in walk(1, 61))],
    "b": walk(2, 400, 143.0, -10.0),
}
IDENTITIES = {"c": Identity("LUCKY", "FJI", 9074729, "3DXY")}


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with chromium(tmp_path_factory.mktemp("profile")) as one:
        one.calm()
        yield one


@pytest.fixture
def look(tab: Tab, tmp_path: Path) -> Callable[..., Tab]:
    def _look(width: int = 1280, height: int = 800, mark: str = "", **changes: Any) -> Tab:
        tab.problems.clear()
        made = {"events": [event(), MEETING], "tracks": TRACKS, "identities": IDENTITIES}
        file = tmp_path / "page.html"
        file.write_text(render_page(page(**{**made, **changes})), encoding="utf-8")
        tab.size(width, height, phone=width < 720)
        tab.open(file.as_uri() + mark)
        assert tab.run("document.documentElement.dataset.ready") == "yes"
        return tab

    return _look


def _names(tab: Tab) -> Any:
    return tab.run(
        "[...document.querySelectorAll('#list li:not([hidden]) .name')].map((n) => n.textContent)"
    )


def _text(tab: Tab, name: str) -> Any:
    return tab.run(f"document.getElementById('{name}').textContent")


def _markers(tab: Tab) -> Any:
    return tab.run("document.querySelectorAll('.finding').length")


def _popup(tab: Tab) -> str:
    """Return the text of the popup, once there is one."""
    for _ in range(100):
        text = tab.run("document.querySelector('.leaflet-popup-content')?.textContent ?? ''")
        if text:
            return str(text)
        time.sleep(0.05)
    return ""


def test_the_first_line_says_the_top_finding_in_a_sentence(look: Callable[..., Tab]) -> None:
    tab = look()
    assert tab.run("document.body.innerText.trim().split('\\n')[0]") == (
        "Top finding: SEA ORCHID was not heard on AIS for 30 h, from 20 April 2015, 10:00 UTC."
    )
    assert tab.problems == []


@pytest.mark.parametrize("words", ["lucky", "898000103", "9074729", "3dxy", "TWO fji"])
def test_search_finds_by_name_number_and_imo_of_either_vessel(
    look: Callable[..., Tab], words: str
) -> None:
    tab = look()
    tab.run("document.getElementById('search').focus()")
    tab.type(words)
    assert _names(tab) == ["TWO"]
    assert _markers(tab) == 1
    assert _text(tab, "count") == "1 of 2 findings shown."
    tab.run("document.getElementById('reset').click()")
    assert _names(tab) == ["SEA ORCHID", "TWO"]
    assert _text(tab, "count") == ""
    assert tab.problems == []


def test_the_tree_hides_a_type_and_its_parent_follows(look: Callable[..., Tab]) -> None:
    tab = look()
    assert _markers(tab) == 2
    tab.run("document.getElementById('layer-0').click()")
    assert _names(tab) == ["TWO"]
    assert _markers(tab) == 1
    assert tab.run("document.getElementById('layer-findings').indeterminate") is True
    tab.run("document.getElementById('layer-findings').click()")
    assert _names(tab) == []
    tab.run("document.getElementById('layer-findings').click()")
    assert _names(tab) == ["SEA ORCHID", "TWO"]
    lines = """(() => { let n = 0;
      map_alerts.eachLayer((l) => { n += l.options.dashArray === "3 7"; });
      return n; })()"""
    assert tab.run(lines) == 1
    tab.run("document.getElementById('layer-silent').click()")
    assert tab.run(lines) == 0


def test_the_slider_moves_by_keys_and_shows_what_went_on(look: Callable[..., Tab]) -> None:
    tab = look()
    value = "Number(document.getElementById('moment').value)"
    last = tab.run(value)
    tab.run("document.getElementById('moment').focus()")
    tab.key("ArrowLeft")
    assert tab.run(value) == last - 10
    tab.key("ArrowLeft", shift=True)
    assert tab.run(value) == last - 70
    tab.key("Home")
    assert _text(tab, "moment-text") == "2015-04-20 00:00 UTC and the 12 h before"
    assert _names(tab) == []
    tab.key("PageUp")
    assert _text(tab, "moment-text") == "2015-04-21 00:00 UTC and the 12 h before"
    assert _names(tab) == ["SEA ORCHID"]
    assert "last heard here" in tab.run(
        "[...document.querySelectorAll('.vessel-name')].map((n) => n.textContent).join()"
    )
    assert "10 min" in _text(tab, "time-help")
    tab.run("document.getElementById('whole').click()")
    assert _names(tab) == ["SEA ORCHID", "TWO"]
    tab.run("new Promise((done) => setTimeout(done, 300))")
    assert tab.run("document.querySelectorAll('.vessel-name').length") == 0
    assert tab.problems == []


def test_playing_moves_the_slider_until_it_is_paused(look: Callable[..., Tab]) -> None:
    tab = look()
    tab.run("document.getElementById('play').click()")
    tab.run("new Promise((done) => setTimeout(done, 500))")
    assert tab.run("document.getElementById('play').getAttribute('aria-label')") == "Pause"
    tab.run("document.getElementById('play').click()")
    slider = "document.getElementById('moment')"
    assert tab.run(f"Number({slider}.value) > Number({slider}.min)") is True
    assert tab.run(f"Number({slider}.value) < Number({slider}.max)") is True


def test_a_link_with_an_id_opens_that_finding(look: Callable[..., Tab]) -> None:
    tab = look(mark=f"#{MEETING.event_id}")
    assert "TWO and LUCKY" in _popup(tab)
    assert tab.problems == []


def test_markers_have_words_and_open_by_key(look: Callable[..., Tab]) -> None:
    tab = look()
    label = "document.querySelector('.finding[aria-label^=Encounter]')"
    assert "TWO and LUCKY lay close together" in tab.run(f"{label}.getAttribute('aria-label')")
    assert tab.run(f"{label}.tabIndex") == 0
    tab.run(f"{label}.focus()")
    tab.key("Enter")
    assert "TWO and LUCKY" in _popup(tab)
    assert tab.run("document.activeElement.getAttribute('role')") == "dialog"
    tab.key("Escape")
    assert tab.run("document.activeElement.getAttribute('aria-label')").startswith("Encounter")
    tab.run("new Promise((done) => setTimeout(done, 300))")
    assert tab.run("document.querySelector('.leaflet-popup')") is None


def test_findings_at_one_place_are_bundled_and_each_can_be_opened(
    look: Callable[..., Tab],
) -> None:
    same = [event(mmsi=898000300 + i, vessel_name=f"SHIP {i}", path=()) for i in range(12)]
    tab = look(events=same)
    assert tab.run("document.querySelector('.bundle').getAttribute('aria-label')").startswith("12 ")
    tab.run("document.querySelector('#list li:nth-child(5) button').click()")
    assert "SHIP" in _popup(tab)


def test_a_phone_shows_the_sentence_then_the_map_and_nothing_sideways(
    look: Callable[..., Tab],
) -> None:
    tab = look(390, 844, events=[event(), MEETING, *many_events(3)])
    assert tab.run("innerWidth") == 390
    assert tab.run("document.documentElement.scrollWidth") == 390
    box = tab.run("document.getElementById('map_alerts').getBoundingClientRect().toJSON()")
    assert box["width"] == 390
    assert box["height"] > 300
    assert box["bottom"] <= 844
    tab.run("document.getElementById('show-top').click()")
    assert "SEA ORCHID" in _popup(tab)
    tab.run("new Promise((done) => setTimeout(done, 500))")
    seen = tab.run("document.querySelector('.leaflet-popup').getBoundingClientRect().toJSON()")
    assert seen["left"] >= 0
    assert seen["right"] <= 390
    assert tab.problems == []


def test_everything_that_can_be_used_has_a_name(look: Callable[..., Tab]) -> None:
    tab = look()
    unnamed = """[...document.querySelectorAll("button, input, [role=button], a")].filter((one) =>
      one.textContent.trim() === "" && !one.getAttribute("aria-label") && !one.title
      && !one.closest("label") && !document.querySelector(`label[for="${one.id}"]`))
      .map((one) => one.outerHTML)"""
    assert tab.run(unnamed) == []


def test_above_the_limit_the_page_says_what_is_not_drawn(look: Callable[..., Tab]) -> None:
    tab = look(events=many_events(40), limit=10)
    tab.run("document.getElementById('reset').click()")
    assert len(_names(tab)) == 10
    assert "40 findings; the 10 most severe are drawn." in _text(tab, "found")


def test_an_events_own_page_says_it_in_full_and_is_light(tab: Tab, tmp_path: Path) -> None:
    file = tmp_path / "one.html"
    long = {"898000101-1": walk(1, 50_000), "b": walk(2, 9)}
    found: Event = event()
    write_event_page(file, found, long, land=land)
    tab.problems.clear()
    tab.open(file.as_uri())
    said = _text(tab, "detail")
    for part in ("SEA ORCHID", "9°30'00\"S", "threshold 12 h", "never a verdict", "strong"):
        assert part in said
    assert tab.run("document.querySelectorAll('#tools[hidden]').length") == 1
    assert tab.problems == []
    assert len(file.read_bytes()) <= 1_000_000


def test_a_thousand_findings_can_be_filtered(tab: Tab, tmp_path: Path) -> None:
    file = tmp_path / "many.html"
    tracks = {f"{898000000 + i}-1": walk(i, 1_000, lon=i * 3.0 - 150.0) for i in range(100)}
    write_page(file, page(events=many_events(1_000), tracks=tracks, limit=1_000))
    tab.problems.clear()
    tab.size(1280, 800)
    tab.open(file.as_uri())
    tab.run("document.getElementById('search').focus()")
    tab.type("898000077")
    assert _names(tab) == ["VESSEL 77"]
    assert tab.problems == []
