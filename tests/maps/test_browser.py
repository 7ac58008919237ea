"""The page in a real browser: nothing asked for, nothing fired, everything reachable."""

from pathlib import Path
from typing import Any

from detectors.events import Reason
from maps.alert_map import render_page
from maps.kinds import KIND_CAUSES, KIND_MEANING
from maps.payload import Identity
from maps.words import OTHER_CAUSES, TYPE_MEANING
from tests.maps.browser import needs_chromium, result, visit, with_driver
from tests.maps.samples import HOSTILE, event, page, walk

pytestmark = needs_chromium

WATCH = """
window.seen = {fired: 0, errors: []};
window.alert = () => { window.seen.fired += 1; };
window.addEventListener("error", (e) => window.seen.errors.push(String(e.message)));
document.addEventListener("securitypolicyviolation", (e) => {
  window.seen.errors.push(e.violatedDirective);
});
"""
TELL = "document.documentElement.dataset.result = JSON.stringify({});"
# Clicks every finding, reads its popup, then leaves what was seen on the root element.
CLICK_ALL = """
(async () => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const seen = window.seen;
  seen.ready = document.documentElement.dataset.ready;
  seen.popups = [];
  for (const button of document.querySelectorAll("#list button")) {
    button.click();
    await pause(1500);
    const popup = document.querySelector(".leaflet-popup-content");
    seen.popups.push(popup ? popup.textContent : null);
  }
  const slider = document.getElementById("moment");
  for (const share of [0, 0.3, 0.6]) {
    slider.value = Number(slider.min) + share * (slider.max - slider.min);
    slider.dispatchEvent(new Event("input"));
    await pause(50);
  }
  seen.named = [...document.querySelectorAll(".vessel-name")].map((name) => name.textContent);
  document.getElementById("whole").click();
  seen.current = document.querySelectorAll("#list button[aria-current]").length;
  seen.images = document.querySelectorAll("img, iframe, [onerror], [onload]").length;
  seen.list = [...document.querySelectorAll("#list .name")].map((name) => name.textContent);
  seen.title = document.getElementById("page-title").textContent;
  seen.layers = [...document.querySelectorAll("#tree label")].map((label) => label.textContent);
  seen.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  seen.map = document.getElementById("map_alerts").getBoundingClientRect().toJSON();
  document.documentElement.dataset.result = JSON.stringify(seen);
})();
"""


def _look(folder: Path, driver: str = CLICK_ALL, width: int = 1280, **changes: Any) -> Any:
    text = with_driver(render_page(page(**changes)), WATCH, driver)
    dom, console, requests = visit(text, folder, width=width)
    assert requests == []
    assert console == ""
    return result(dom)


def test_the_harness_sees_requests_and_scripts_of_an_unsafe_page(tmp_path: Path) -> None:
    unsafe = (
        "<html><body><img src='http://127.0.0.1:9/x.png' onerror='"
        'document.documentElement.dataset.result=1;console.error("seen")\'></body></html>'
    )
    dom, console, requests = visit(unsafe, tmp_path)
    assert requests == ["http://127.0.0.1:9/x.png"]
    assert "seen" in console
    assert result(dom) == 1


def test_a_finding_flies_to_its_place_and_says_what_it_is(tmp_path: Path) -> None:
    other = event(
        type="encounter", mmsi=898000102, hull_id="b", lat=-10.0, vessel_name="TWO", path=()
    )
    seen = _look(tmp_path, events=[event(), other], title="Two findings")
    assert seen["ready"] == "yes"
    assert seen["errors"] == []
    assert seen["title"] == "Two findings"
    assert seen["list"] == ["SEA ORCHID", "TWO"]
    assert seen["layers"] == [
        "Findings (2)",
        "Dark period (1)",
        "Encounter (1)",
        "Tracks (1)",
        "Heard",
        "Silent 12 h or more (0)",
    ]
    assert seen["current"] == 1
    assert "SEA ORCHID" in seen["popups"][0]
    assert "Not heard for: 30 h (threshold 12 h)" in seen["popups"][0]
    assert "MMSI 898000102" in seen["popups"][1]
    assert "never a verdict" in seen["popups"][1]


def test_a_popup_tells_what_its_kind_means_and_not_what_its_type_does(tmp_path: Path) -> None:
    circle = event(type="implausible_position", severity="high", details={"kind": "circle"})
    seen = _look(tmp_path, events=[circle, event(severity="watch")])
    assert KIND_MEANING["circle"] in seen["popups"][0]
    assert KIND_CAUSES["circle"] in seen["popups"][0]
    assert TYPE_MEANING["implausible_position"] not in seen["popups"][0]
    assert OTHER_CAUSES["dark_period"] in seen["popups"][1]
    assert seen["errors"] == []


def test_the_injection_matrix_is_inert(tmp_path: Path) -> None:
    events = [
        event(
            mmsi=898000200 + i,
            hull_id=text,
            vessel_name=text,
            flag=text,
            replaces=text,
            details={text: text},
            reasons=(Reason(text, text, text, text),),
            other_mmsi=1,
            other_hull_id=text,
            path=(),
        )
        for i, text in enumerate(HOSTILE)
    ]
    tracks = {text: walk(i, 5) for i, text in enumerate(HOSTILE[:12])}  # so few are named
    driver = CLICK_ALL.replace("1500", "350")
    seen = _look(
        tmp_path,
        driver,
        events=events,
        tracks=tracks,
        identities={text: Identity(text, text) for text in HOSTILE},
        title="".join(HOSTILE),
        looked_at="".join(HOSTILE),
    )
    assert len(seen["popups"]) == len(HOSTILE)
    assert all(seen["popups"])
    assert seen["fired"] == 0
    assert seen["errors"] == []
    assert seen["images"] == 0
    assert seen["ready"] == "yes"
    assert any(HOSTILE[0] in name for name in seen["named"])
    assert HOSTILE[0] in seen["list"]
    assert HOSTILE[3] in seen["list"]


def test_the_injection_matrix_is_inert_on_a_findings_own_page(tmp_path: Path) -> None:
    every = "".join(HOSTILE)
    found = event(hull_id=every, vessel_name=HOSTILE[0], flag=every, details={every: every})
    seen = _look(
        tmp_path,
        "window.seen.said = document.getElementById('detail').textContent;"
        "window.seen.images = document.querySelectorAll('img, iframe, [onerror]').length;"
        + TELL.format("window.seen"),
        events=[found],
        tracks={every: walk(1, 5)},
        open_first=True,
    )
    assert HOSTILE[0] in seen["said"]
    assert (seen["fired"], seen["errors"], seen["images"]) == (0, [], 0)


def test_without_the_payload_rule_the_matrix_does_fire(tmp_path: Path) -> None:
    raw = render_page(page()).replace("<body>", f"<body>{HOSTILE[3]}</script>", 1)
    dom, _, _ = visit(
        with_driver(raw, WATCH, "document.documentElement.dataset.result=window.seen.fired;"),
        tmp_path,
    )
    assert result(dom) == 1


def test_a_line_over_180_degrees_stays_short_on_the_screen(tmp_path: Path) -> None:
    driver = """
    let widest = 0;
    map_alerts.eachLayer((layer) => {
      const line = layer instanceof L.Polyline && !(layer instanceof L.Polygon);
      if (line && layer.options.pane !== "grid") {
        const bounds = layer.getBounds();
        widest = Math.max(widest, bounds.getEast() - bounds.getWest());
      }
    });
    document.documentElement.dataset.result = JSON.stringify(widest);
    """
    found = event(lat=-17.0, lon=-179.9, path=((179.5, -17.0), (-179.5, -17.5)), hull_id="h")
    track = [(walk(1, 9)[i][0], (179.6 + i * 0.1 + 180) % 360 - 180, -17.0) for i in range(9)]
    widest = _look(tmp_path, driver, events=[found], tracks={"h": track})
    assert 0.5 < widest < 2.0


def test_an_empty_page_says_so_in_the_browser(tmp_path: Path) -> None:
    driver = TELL.format("document.body.innerText")
    assert "Nothing was found" in _look(tmp_path, driver, events=[])
