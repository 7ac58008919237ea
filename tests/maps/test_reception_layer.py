"""The layer of reception: what is drawn of the counts, and that it is put away at first."""

from pathlib import Path

import numpy as np

from maps.alert_map import render_page
from maps.reception_layer import reception_payload
from tests.maps.browser import needs_chromium, result, visit, with_driver
from tests.maps.samples import page
from vessels.reception import PER_DAY, RECEPTION

DAY = 18_000


def rows() -> np.ndarray:
    """Return two cells, one of them on two days and in two classes, the other barely followed."""
    out = np.zeros(4, RECEPTION)
    place = np.array([((80 * 360) + 321) * 24 + 1, ((80 * 360) + 322) * 24 + 1])
    out["key"] = [
        *(DAY * PER_DAY + place),
        DAY * PER_DAY + place[0] + 1,
        (DAY + 1) * PER_DAY + place[0],
    ]
    out["present"], out["heard"] = [30, 4, 10, 60], [10, 4, 0, 15]
    return out[np.argsort(out["key"])]


def test_cells_are_summed_over_days_blocks_and_classes() -> None:
    payload = reception_payload(rows())
    assert payload == {"cells": [80 * 360 + 321, 25, 100, 1, 100, 4]}


def test_nothing_learnt_is_no_layer() -> None:
    assert reception_payload(np.empty(0, RECEPTION)) is None


_LOOK = """
addEventListener("load", () => setTimeout(() => {
  const box = document.getElementById("layer-reception");
  const drawn = () => {
    let count = 0;
    map_alerts.eachLayer((layer) => { if (layer instanceof L.Rectangle) count += 1; });
    return count;
  };
  const out = { before: box === null ? null : [box.checked, drawn()] };
  if (box !== null) {
    box.click();
    const colours = [];
    map_alerts.eachLayer((layer) => {
      if (!(layer instanceof L.Rectangle)) return;
      const { fillColor, fillOpacity } = layer.options;
      colours.push([fillColor, fillOpacity, layer.getBounds().toBBoxString()]);
    });
    map_alerts.fire("mousemove", { latlng: L.latLng(-9.5, 141.5) });
    out.after = [box.checked, colours, document.querySelector(".reception").textContent];
    map_alerts.fire("mousemove", { latlng: L.latLng(40, 10) });
    out.empty = document.querySelector(".reception .here").textContent;
    box.click();
    out.away = [drawn(), document.querySelector(".reception").hidden];
  }
  document.documentElement.dataset.result = JSON.stringify(out);
}, 500));
"""


@needs_chromium
def test_the_layer_is_put_away_until_its_box_is_ticked(tmp_path: Path) -> None:
    text = with_driver(render_page(page(reception=reception_payload(rows()))), "", _LOOK)
    dom, console, urls = visit(text, tmp_path)
    assert (console, urls) == ("", [])
    seen = result(dom)
    assert seen["before"] == [False, 0]
    checked, squares, words = seen["after"]
    assert checked
    assert squares == [
        ["#ef8a62", 0.5, "141,-10,142,-9"],
        ["#2166ac", 0.2, "142,-10,143,-9"],
    ]
    assert "Here: heard in 25 % of 100 vessel-hours." in words
    assert seen["empty"] == "Here: nobody was followed."
    assert seen["away"] == [0, True]


@needs_chromium
def test_a_page_without_reception_has_no_such_box(tmp_path: Path) -> None:
    dom, console, _ = visit(with_driver(render_page(page()), "", _LOOK), tmp_path)
    assert console == ""
    assert result(dom)["before"] is None
