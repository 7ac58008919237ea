"""The demo end to end: the planted events and no others, and its label on everything."""

import contextlib
import io
import json
import re
import socket
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from PIL import Image

from darkwake import demo_story
from darkwake.demo import LABEL, MARK, run_demo, say_findings
from detectors.events import Event
from tools import demo_world
from tools.demo_ship import at
from tools.picture_demo import SIZE_PX


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Folder and printout of one run of the demo, in which nothing can be connected to."""

    def refuse(*_: object) -> None:
        raise AssertionError("the demo used the network")

    out = tmp_path_factory.mktemp("demo") / "out"
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        assert run_demo(out) == out / "alerts.html"
    return out, printed.getvalue()


@pytest.fixture(scope="module")
def found(demo: tuple[Path, str]) -> list[dict[str, Any]]:
    """Properties of the events of that run."""
    features = json.loads((demo[0] / "events.geojson").read_text("utf-8"))["features"]
    return [feature["properties"] for feature in features]


def _one(found: list[dict[str, Any]], type_name: str, mmsi: int) -> dict[str, Any]:
    (event,) = [p for p in found if p["type"] == type_name and p["mmsi"] == mmsi]
    return event


def test_the_demo_raises_exactly_what_was_planted(found: list[dict[str, Any]]) -> None:
    assert sorted((p["type"], p["mmsi"], p["other_mmsi"] or 0) for p in found) == sorted(
        (kind, mmsi, other or 0) for kind, mmsi, other in demo_world.PLANTED
    )


def test_that_the_numbers_are_nobodys_is_told_once_and_not_for_each_ship(
    demo: tuple[Path, str],
) -> None:
    """Every number begins with digits that no country has: that is so on purpose, and is said."""
    text = " ".join(demo[1].replace(MARK, "").split())
    assert text.count("No number is a country's, so that none can be a real ship's.") == 1
    doubts = pq.read_table(demo[0] / "vessels.parquet")["doubts"].to_pylist()
    assert doubts == [["mid_unassigned"]] * len(demo_world.ships())
    assert "mid_unassigned" not in (demo[0] / "events.geojson").read_text("utf-8")
    page = (demo[0] / "alerts.html").read_text("utf-8")
    assert "CORAL LANTERN" not in page, "no track of a ship about which nothing is told"


def test_all_is_over_but_the_long_time_at_sea_and_the_stays_in_port(
    found: list[dict[str, Any]],
) -> None:
    still_on = {(p["type"], p["mmsi"]) for p in found if p["status"] == "open"}
    assert still_on == {
        ("time_at_sea", demo_world.LONG_STAYER),
        ("port_visit", demo_world.FIRST_SISTER),
        ("port_visit", demo_world.SECOND_SISTER),
        ("port_visit", demo_world.FIRST_TRAWLER),
    }


def test_the_trawler_that_stays_out_is_at_sea_for_all_200_days(
    found: list[dict[str, Any]],
) -> None:
    event = _one(found, "time_at_sea", demo_world.LONG_STAYER)
    assert event["severity"] == "high"
    assert event["duration_h"] == pytest.approx(200 * 24.0, abs=3.0)


def test_landings_are_told_as_information_alone(found: list[dict[str, Any]]) -> None:
    landings = [p for p in found if p["type"] == "port_visit"]
    assert {p["severity"] for p in landings} == {"info"}
    assert all(p["details"]["port_distance_m"] <= 3_000.0 for p in landings)


def test_only_the_silent_carriers_are_high_for_silence_and_for_three_weeks(
    found: list[dict[str, Any]],
) -> None:
    fleet = {ship.mmsi: ship for ship in demo_world.ships()}
    for mmsi in (demo_world.CARRIER, demo_world.FIRST_SISTER):
        event = _one(found, "dark_period", mmsi)
        (span,) = fleet[mmsi].silent
        assert event["duration_h"] == pytest.approx(span[1] - span[0], abs=0.01)
        assert event["severity"] == "high"
        assert event["details"]["feed_down_h"] < 6.0
    assert 20 * 24 < _one(found, "dark_period", demo_world.CARRIER)["duration_h"] < 22 * 24
    assert _one(found, "dark_period", demo_world.CARRIER)["end"] == "2015-05-17T05:00:00Z"


def test_the_meetings_last_three_to_five_hours_far_from_port_and_shore(
    found: list[dict[str, Any]],
) -> None:
    meetings = [p for p in found if p["type"] == "encounter"]
    assert all(3.0 <= p["duration_h"] <= 5.0 for p in meetings)
    assert all(p["severity"] == "high" for p in meetings)
    assert all(p["details"]["port_distance_m"] >= 10_000.0 for p in meetings)
    assert all(p["details"]["shore_distance_m"] >= 20 * 1852.0 for p in meetings)
    assert all(p["details"]["median_distance_m"] < 150.0 for p in meetings)


def test_the_carrier_lies_still_alone_through_the_morning_of_14_july(
    found: list[dict[str, Any]],
) -> None:
    event = _one(found, "loitering", demo_world.CARRIER)
    assert event["start"] < "2015-07-14T00:00:00Z"
    assert event["end"] > "2015-07-14T12:00:00Z"
    assert event["duration_h"] == pytest.approx(demo_world.LYING_H, abs=3.0)


def test_honest_ships_raise_nothing(found: list[dict[str, Any]]) -> None:
    suspects = {number for _, mmsi, other in demo_world.PLANTED for number in (mmsi, other)}
    honest = {ship.mmsi for ship in demo_world.ships()} - suspects
    assert len(honest) >= 9
    named = {number for p in found for number in (p["mmsi"], p["other_mmsi"])}
    assert not named & honest


def test_every_row_of_the_demo_is_decoded(demo: tuple[Path, str]) -> None:
    record = json.loads((demo[0] / "run.json").read_text("utf-8"))
    assert record["rejected"] == {}
    assert record["vessels"] == len(demo_world.ships())
    assert set(record["message_types"]) == {"1", "3", "5", "18", "24"}


def test_the_page_says_that_it_is_synthetic_and_names_the_vessels(demo: tuple[Path, str]) -> None:
    page = (demo[0] / "alerts.html").read_text("utf-8")
    block = re.search(r'id="alert-data">(.*?)</script>', page)
    assert block is not None
    data = json.loads(block[1])
    assert LABEL in data["title"]
    assert LABEL in re.findall(r"<title>(.*?)</title>", page)[0]
    assert any(LABEL in line for line in data["summary"])
    for name in ("GULF CEDAR 3", "GULF CEDAR 5", "GULF CEDAR 7", "TIDE RUNNER 3", "TIDE RUNNER 8"):
        assert name in block[1]
    assert len(page.encode()) < 1_000_000


def test_every_page_says_that_it_is_synthetic(demo: tuple[Path, str]) -> None:
    pages = sorted(demo[0].glob("*.html"))
    assert [page.name for page in pages] == ["alerts.html", "vessel-299000017.html"]
    assert all(LABEL in page.read_text("utf-8") for page in pages)


def test_the_files_say_that_they_are_synthetic(demo: tuple[Path, str]) -> None:
    assert json.loads((demo[0] / "run.json").read_text("utf-8"))["label"] == LABEL
    features = json.loads((demo[0] / "events.geojson").read_text("utf-8"))["features"]
    assert all(feature["label"] == LABEL for feature in features)


def test_every_printed_line_says_that_it_is_synthetic(demo: tuple[Path, str]) -> None:
    lines = demo[1].splitlines()
    assert LABEL in lines[0]
    assert all(line.startswith(MARK) for line in lines)
    assert all(len(line) <= 120 for line in lines if str(demo[0]) not in line)


def test_the_carriers_page_is_named_and_does_not_tell_where_it_was_made(
    demo: tuple[Path, str],
) -> None:
    page = demo[0] / f"vessel-{demo_world.CARRIER}.html"
    assert str(page) in demo[1]
    text = page.read_text("utf-8")
    assert "GULF CEDAR 7" in text
    assert ".part" not in text


def test_three_things_are_told_each_with_what_else_could_explain_it(
    demo: tuple[Path, str],
) -> None:
    text = " ".join(demo[1].replace(MARK, "").split())
    one, two, three = re.split(r" [123]\. ", text)[1:]
    for part in (one, two, three):
        assert part.count("What it may mean:") == 1
        assert part.count("What else could explain it:") == 1
    assert "TIDE RUNNER 8, was not seen in a port" in two
    assert one.startswith("GULF CEDAR 7 was not heard for 21.1 days, from 26 April 2015")
    assert two.startswith("GULF CEDAR 5 lay beside two trawlers")
    assert three.startswith("GULF CEDAR 7 came back and lay still")
    assert "an indicator to check, never a verdict" in text


def test_the_map_opens_with_a_meeting_and_then_a_silent_carrier(
    found: list[dict[str, Any]],
) -> None:
    """Ships 47 m apart met for sure.

    Of the silences her sister's is the surer one: others were heard around her meanwhile.
    """
    ranked = sorted(found, key=lambda p: (p["severity"] != "high", -p["confidence"], p["start"]))
    assert [(p["type"], p["mmsi"]) for p in ranked[:3]] == [
        ("encounter", demo_world.SECOND_SISTER),
        ("encounter", demo_world.SECOND_SISTER),
        ("dark_period", demo_world.FIRST_SISTER),
    ]


def test_the_story_is_about_the_ships_of_the_log() -> None:
    assert demo_story.LONG_STAYER == demo_world.LONG_STAYER
    assert demo_story.CARRIER == demo_world.CARRIER
    assert demo_story.SECOND_SISTER == demo_world.SECOND_SISTER


def test_the_story_tells_only_what_was_found() -> None:
    assert demo_story.three_things([]) == []


def test_the_days_are_those_of_the_public_case() -> None:
    carrier = demo_world.ships()[0]
    ((off_h, on_h),) = carrier.silent
    assert at(4, 25) < off_h < at(4, 28)
    assert on_h == at(5, 17, 5)


@pytest.mark.parametrize("name", ["[/]", "[bold]X[/bold]", "\x1b[31mRED", "$_$", ":ship:"])
def test_a_hostile_name_prints_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    event = Event(
        type="dark_period",
        mmsi=1,
        hull_id="1-1",
        start_us=0,
        now_us=0,
        lat=0.0,
        lon=0.0,
        vessel_name=name,
        confidence=0.5,
    )
    say_findings([event])
    printed = capsys.readouterr().out
    assert name.replace("\x1b", "").strip() in printed
    assert "\x1b" not in printed


def test_the_picture_on_the_first_screen_is_small_and_has_a_palette() -> None:
    root = Path(__file__).resolve().parents[2]
    picture = root / "docs" / "img" / "demo-map.png"
    assert f"]({picture.relative_to(root).as_posix()})" in (root / "README.md").read_text("utf-8")
    assert picture.stat().st_size <= 200_000
    with Image.open(picture) as image:
        assert (image.mode, image.size) == ("P", SIZE_PX)


def test_the_page_about_the_demo_names_every_ship() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "demo.md").read_text("utf-8")
    assert LABEL in page
    assert [ship.name for ship in demo_world.ships() if ship.name not in page] == []
