"""Comparisons with peers on a finished map: shown with their text, and inert."""

from pathlib import Path

import pytest

from detectors.unusual import guard
from maps.alert_map import render_page, write_text
from maps.risk_layer import add_comparisons
from tests.maps.browser import needs_chromium, result, visit, with_driver
from tests.maps.samples import HOSTILE, event, page
from tests.maps.test_browser import CLICK_ALL, WATCH
from vessels.errors import InputError


@needs_chromium
def test_a_popup_tells_both_numbers_and_all_that_goes_with_them(tmp_path: Path) -> None:
    file = tmp_path / "alerts.html"
    write_text(file, render_page(page(events=[event(), event(mmsi=1, hull_id="other")])))
    lines = ["exposure 5 of 12", *HOSTILE[:9]]
    for _ in range(2):  # what was there is replaced
        add_comparisons(file, {"898000101-1": lines}, guard.ALL)

    dom, console, requests = visit(
        with_driver(file.read_text(encoding="utf-8"), WATCH, CLICK_ALL), tmp_path
    )
    assert (console, requests) == ("", [])
    seen = result(dom)
    compared = next(text for text in seen["popups"] if "exposure 5 of 12" in text)
    for line in guard.ALL:
        assert compared.count(line) == 1
    assert HOSTILE[0] in compared
    assert (seen["fired"], seen["errors"], seen["images"]) == (0, [], 0)
    assert sum(guard.NOT_EVIDENCE in text for text in seen["popups"]) == 1, "no numbers, no text"


def test_a_map_that_cannot_show_them_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "alerts.html"
    file.write_text(render_page(page()).replace("let guardText", "let other"), encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(InputError, match="run darkwake replay again"):
        add_comparisons(file, {}, guard.ALL)
    assert file.read_bytes() == before
