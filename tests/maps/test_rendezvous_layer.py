"""The candidates of a dark rendezvous on a page: lines in words, areas on the map."""

import json
from pathlib import Path

import pytest

from detectors.events import Event
from maps.alert_map import render_page
from maps.payload import Page, page_payload, to_json
from maps.rendezvous_layer import MOST_DRAWN, ranked, reaches
from tests.maps.browser import needs_chromium, result, visit, with_driver
from vessels.geodesy import distance_m
from vessels.units import M_PER_NM, US_PER_H

T0 = 1_600_000_000_000_000


def rendezvous(lon: float = 150.0, count: int = 2, name: str = "TIDE RUNNER 3") -> Event:
    return Event(
        type="dark_rendezvous",
        mmsi=299000017,
        hull_id="299000017-1",
        start_us=T0,
        end_us=T0 + 20 * US_PER_H,
        now_us=T0 + 20 * US_PER_H,
        lat=-9.6,
        lon=lon,
        confidence=0.5,
        severity="watch",
        details={
            "candidates": count,
            "max_speed_knots": 15.0,
            "candidate_mmsi": [299000021 + i for i in range(count)],
            "candidate_names": [name if i == 0 else "" for i in range(count)],
            "candidate_roles": ["fishing"] * count,
            "candidate_probability": [0.3 - 0.02 * i for i in range(count)],
            "candidate_minutes": [600.0] * count,
            "candidate_last_heard": ["2020-09-13T08:26:40Z"] * count,
            "candidate_first_heard": ["2020-09-14T12:26:40Z"] + [None] * (count - 1),
            "candidate_last_lat": [-9.5] * count,
            "candidate_last_lon": [lon] * count,
            "candidate_first_lat": [-9.5] + [None] * (count - 1),
            "candidate_first_lon": [lon] + [None] * (count - 1),
            "candidate_distance_nm": [6.0] * count,
            "candidate_needed_knots": [0.4] * count,
        },
        path=((lon, -9.6),),
    )


def test_each_candidate_is_a_line_with_its_probability() -> None:
    first, second = ranked(rendezvous())
    assert first.startswith("TIDE RUNNER 3 (fishing): 30 %. Silent from 2020-09-13 08:26 UTC")
    assert "to 2020-09-14 12:26 UTC" in first
    assert "10 h" in first
    assert second.startswith("MMSI 299000022 (fishing): 28 %")
    assert "not heard again" in second


def test_the_area_is_the_lens_at_the_middle_of_the_stop() -> None:
    """14 hours from last heard, 14 to heard again: 210 nm both ways; the other 14 h, one way."""
    closed, still = reaches(rendezvous(), 150.0)
    for one in (closed, still):
        (ring,) = one["rings"]
        away = [distance_m(-9.5, 150.0, lat, lon) / M_PER_NM for lat, lon in ring]
        assert min(away) > 205.0
        assert max(away) < 211.0
    assert closed["says"] == "TIDE RUNNER 3: 30 %"
    assert closed["share"] == 0.3


@pytest.mark.parametrize(("lon", "centre"), [(179.5, 179.0), (-179.5, 179.0), (179.5, -179.0)])
def test_areas_over_180_degrees_stay_together_in_the_frame(lon: float, centre: float) -> None:
    one = reaches(rendezvous(lon), centre)[0]
    assert len(one["rings"]) == 2
    lons = [point[1] for ring in one["rings"] for point in ring]
    assert max(lons) - min(lons) < 10.0
    assert all(abs(x - centre) < 10.0 for x in lons)


def test_few_are_drawn_and_all_are_listed() -> None:
    event = rendezvous(count=8)
    assert len(reaches(event, 150.0)) == MOST_DRAWN
    assert len(ranked(event)) == 8


def test_other_types_have_neither() -> None:
    event = rendezvous().with_(type="loitering", details={})
    assert ranked(event) == []
    assert reaches(event, 150.0) == []


def test_the_page_holds_them_as_text_and_raw_lists_are_left_out() -> None:
    payload = page_payload(Page(events=[rendezvous(name="</script><b>")], tracks={}, title="t"))
    (found,) = payload["events"]
    assert len(found["ranked"]) == len(found["reaches"]) == 2
    assert not any("candidate" in line for line in found["details"] if "candidates" not in line)
    assert "</script>" not in to_json(payload)
    assert len(json.dumps(found["reaches"])) < 6_000
    assert "silent vessels could have come to it unheard" in found["says"]


LOOK = """
(async () => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const areas = () => {
    let count = 0;
    map_alerts.eachLayer((layer) => { count += layer.getTooltip && layer.getTooltip() ? 1 : 0; });
    return count;
  };
  const seen = { before: areas() };
  document.querySelector("#list button").click();
  await pause(1500);
  seen.during = areas();
  const popup = document.querySelector(".leaflet-popup-content");
  seen.text = popup ? popup.textContent : "";
  map_alerts.closePopup();
  await pause(300);
  seen.after = areas();
  document.documentElement.dataset.result = JSON.stringify(seen);
})();
"""


@needs_chromium
def test_areas_are_shaded_while_the_finding_is_read(tmp_path: Path) -> None:
    page = render_page(Page(events=[rendezvous(name="<img src=x>")], tracks={}, title="t"))
    dom, console, requests = visit(with_driver(page, "", LOOK), tmp_path)
    assert (console, requests) == ("", [])
    seen = result(dom)
    assert (seen["before"], seen["during"], seen["after"]) == (0, 2, 0)
    assert "<img src=x> (fishing): 30 %" in seen["text"]
