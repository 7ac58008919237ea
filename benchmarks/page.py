"""What the alert map weighs and how fast it opens, beside folium's plain markers and lines.

`python -m benchmarks.page` makes 1,000 events and 100 tracks of 1,000 fixes, writes both pages from
the same data, opens each in headless Chromium and prints one JSON line a page. Load is from
navigation to the first frame after the load event; pan is the time of a frame while the map is
moved; step is one step of the time slider; problems are errors and requests that the browser saw.
`--events 10000 --map-limit 1000` is a flood (benchmarks/flood.py weighs it without a browser).
Folium's page gets Leaflet inlined and nothing else: as folium writes it, it links to ten addresses
and shows nothing without a network.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import folium

from detectors.events import EVENT_TYPES, SEVERITIES, Event, Reason
from maps.alert_map import render_page
from maps.assets import inline_assets
from maps.payload import Page
from maps.tracks import Track
from tests.maps.devtools import Tab, chromium
from vessels.units import US_PER_H, US_PER_MIN

START_US = 1_429_488_000_000_000  # 2015-04-20T00:00:00Z
RUNS = 5

FRAME = "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))"
PAN = """(async () => {
  const map = Object.values(window).find((one) => one instanceof L.Map);
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const times = [];
  for (let i = 0; i < 60; i += 1) {
    const begun = performance.now();
    map.panBy([i % 20 < 10 ? 25 : -25, 0], { animate: false });
    await frame();
    times.push(performance.now() - begun);
  }
  return times;
})()"""
STEP = """(async () => {
  const slider = document.getElementById("moment");
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const times = [];
  for (let i = 0; i < 30; i += 1) {
    const begun = performance.now();
    slider.value = Number(slider.min) + (i / 30) * (slider.max - slider.min);
    slider.dispatchEvent(new Event("input"));
    await frame();
    times.push(performance.now() - begun);
  }
  return times;
})()"""


def fleet(vessels: int, fixes: int) -> dict[str, Track]:
    """Return tracks of steady courses with turns, a fix every ten minutes."""
    rng = random.Random(7)
    tracks: dict[str, Track] = {}
    for number in range(vessels):
        lon, lat = rng.uniform(-175.0, 165.0), rng.uniform(-55.0, 55.0)
        east, north = 0.0, 0.0
        track = []
        for i in range(fixes):
            if i % 20 == 0:
                east, north = rng.gauss(0.0, 0.012), rng.gauss(0.0, 0.012)
            track.append((START_US + i * 10 * US_PER_MIN, lon, lat))
            lon += east + rng.gauss(0.0, 0.0004)
            lat += north + rng.gauss(0.0, 0.0004)
        tracks[f"{898000000 + number}-1"] = track
    return tracks


def events_of(tracks: Mapping[str, Track], count: int) -> list[Event]:
    """Return events of all types along the tracks."""
    rng = random.Random(11)
    hulls = list(tracks)
    made = []
    for number in range(count):
        hull = hulls[number % len(hulls)]
        start_us, lon, lat = rng.choice(tracks[hull])
        made.append(
            Event(
                type=rng.choice(EVENT_TYPES),
                mmsi=int(hull[:9]),
                hull_id=hull,
                start_us=start_us,
                end_us=start_us + 14 * US_PER_H,
                now_us=START_US,
                lat=round(lat, 6),
                lon=round(lon, 6),
                vessel_name=f"VESSEL {hull[3:9]}",
                confidence=round(rng.random(), 3),
                severity=rng.choice(SEVERITIES),
                reasons=(Reason("silence", 14.0, 12, "h"), Reason("shore_distance", 60, 50, "nm")),
                details={"implied_speed_knots": 2.5, "shore_distance_m": 111_120.0},
            )
        )
    return made


def folium_page(events: Sequence[Event], tracks: Mapping[str, Track]) -> str:
    """Return folium's own page of the same: a marker an event, a line a track."""
    plain = folium.Map(location=(0.0, 0.0), zoom_start=2, tiles=None, prefer_canvas=True)
    kept = ("leaflet", "leaflet_css")
    plain.default_js = [link for link in plain.default_js if link[0] in kept]
    plain.default_css = [link for link in plain.default_css if link[0] in kept]
    for track in tracks.values():
        folium.PolyLine([(lat, lon) for _, lon, lat in track]).add_to(plain)
    for event in events:
        words = f"{event.vessel_name} {event.type} {event.severity} {event.confidence}"
        folium.Marker((event.lat, event.lon), tooltip=words).add_to(plain)
    return inline_assets(plain.get_root().render())


def measure(name: str, text: str, render_s: float, tab: Tab, folder: Path) -> dict[str, Any]:
    """Open the page `RUNS` times; return its weight and its times in milliseconds."""
    file = folder / f"{name}.html"
    file.write_text(text, encoding="utf-8")
    loads = []
    tab.problems.clear()
    for _ in range(RUNS):
        begun = time.perf_counter()
        tab.open(file.as_uri())
        tab.run(FRAME)
        loads.append((time.perf_counter() - begun) * 1000.0)
    tab.run("document.getElementById('reset')?.click()")
    pan = tab.run(PAN)
    line = {
        "page": name,
        "bytes": len(text.encode()),
        "render_s": round(render_s, 2),
        "load_ms": round(statistics.median(loads)),
        "load_max_ms": round(max(loads)),
        "pan_frame_ms": round(statistics.median(pan), 1),
        "pan_frame_max_ms": round(max(pan), 1),
    }
    if name == "darkwake":
        steps = tab.run(STEP)
        line["step_ms"] = round(statistics.median(steps), 1)
        line["step_max_ms"] = round(max(steps), 1)
    line["problems"] = len(tab.problems)
    return line


def main() -> None:
    """Print a JSON line for each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--map-limit", type=int, default=0, help="most on the map; 0: all of them")
    parser.add_argument("--vessels", type=int, default=100)
    parser.add_argument("--fixes", type=int, default=1_000, help="of each vessel")
    arguments = parser.parse_args()
    tracks = fleet(arguments.vessels, arguments.fixes)
    events = events_of(tracks, arguments.events)
    size = {"events": len(events), "fixes": sum(len(track) for track in tracks.values())}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with chromium(folder / "profile") as tab:
            tab.size(1280, 800)
            begun = time.perf_counter()
            limit = arguments.map_limit or len(events)
            page = Page(events=events, tracks=tracks, title="Benchmark", limit=limit)
            ours = render_page(page)
            seconds = time.perf_counter() - begun
            print(json.dumps({**size, **measure("darkwake", ours, seconds, tab, folder)}))
            begun = time.perf_counter()
            theirs = folium_page(events, tracks)
            seconds = time.perf_counter() - begun
            print(json.dumps({**size, **measure("folium", theirs, seconds, tab, folder)}))


if __name__ == "__main__":
    main()
