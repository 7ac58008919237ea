"""The demo end to end: the planted events and no others, and its label on everything."""

import json
import re
from pathlib import Path

import pytest

from darkwake.demo import LABEL, run_demo, say_findings
from detectors.events import Event
from tools import demo_world

CARRIER = demo_world.CARRIER_MMSI


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of one run of the demo."""
    out = tmp_path_factory.mktemp("demo") / "out"
    assert run_demo(out) == out / "alerts.html"
    return out


def test_the_demo_raises_exactly_what_was_planted(demo: Path) -> None:
    features = json.loads((demo / "events.geojson").read_text("utf-8"))["features"]
    found = sorted(
        (p["type"], p["mmsi"], p["other_mmsi"], p["status"])
        for p in (feature["properties"] for feature in features)
    )
    assert found == [
        ("dark_period", CARRIER, None, "closed"),
        ("encounter", CARRIER, demo_world.FIRST_TRAWLER_MMSI, "closed"),
        ("encounter", CARRIER, demo_world.SECOND_TRAWLER_MMSI, "closed"),
    ]


def test_the_planted_times_are_found(demo: Path) -> None:
    features = json.loads((demo / "events.geojson").read_text("utf-8"))["features"]
    hours = {
        (p["type"], p["other_mmsi"]): p["duration_h"]
        for p in (feature["properties"] for feature in features)
    }
    assert hours["dark_period", None] == pytest.approx(demo_world.SILENCE_H, abs=0.2)
    first = hours["encounter", demo_world.FIRST_TRAWLER_MMSI]
    second = hours["encounter", demo_world.SECOND_TRAWLER_MMSI]
    assert first == pytest.approx(demo_world.FIRST_MEETING_H, abs=0.25)
    assert second == pytest.approx(demo_world.SECOND_MEETING_H, abs=0.25)


def test_every_row_of_the_demo_is_decoded(demo: Path) -> None:
    record = json.loads((demo / "run.json").read_text("utf-8"))
    assert record["rejected"] == {}
    assert record["vessels"] == len(demo_world.ships())


def test_the_page_says_that_it_is_synthetic_and_names_both_vessels(demo: Path) -> None:
    page = (demo / "alerts.html").read_text("utf-8")
    block = re.search(r'id="alert-data">(.*?)</script>', page)
    assert block is not None
    data = json.loads(block[1])
    assert LABEL in data["title"]
    assert LABEL in re.findall(r"<title>(.*?)</title>", page)[0]
    assert any(LABEL in line for line in data["summary"])
    who = {row[1].split(" · ")[0] for event in data["events"] for row in event["rows"][:2]}
    assert {"GULF CEDAR 7", "TIDE RUNNER 3", "TIDE RUNNER 5"} <= who
    assert len(page.encode()) < 1_000_000


def test_the_printout_says_that_it_is_synthetic(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_demo(tmp_path / "out")
    printed = capsys.readouterr().out
    assert LABEL in printed
    assert "never a verdict" in printed
    assert printed.count("Encounter") == 2
    assert printed.count("Dark period") == 1


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
