"""The desk over the store that a real watch made, beside a replay of its archive; and `--run`."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from darkwake.desk.tracks import TrackSources, tracks_of
from darkwake.outputs import write_json
from detectors.events import Event
from detectors.unusual import guard
from tests.desk.people import Person
from tests.watch.running import Watched, finished
from tests.watch.test_watch import with_file

_ADDRESS = re.compile(r"http://127\.0\.0\.1:[0-9]+")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """A folder in which a watch has run, and a replay of its archive with risk numbers."""
    folder = tmp_path_factory.mktemp("desk")
    made = with_file(folder / "watch")
    made.run()
    for words in (
        ("replay", "tracks", "--out", "run", "--tracks", "--no-map"),
        ("risk", "--run", "run", "--no-opinions"),
    ):
        finished(made.command(*words))
    config = made.folder / "watch.toml"
    config.write_text(config.read_text().replace("[store]", '[store]\nrun = "run"'))
    return made


@contextmanager
def commanded(watched: Watched, *words: str) -> Iterator[Person]:
    """Run the command as a person does, and open its address."""
    process = watched.command("desk", "--port", "0", *words)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = _ADDRESS.search(line)
        assert found is not None, line + process.stderr.read()
        yield Person(found[0])
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0


def events_of(watched: Watched) -> list[dict[str, Any]]:
    return list(watched.stored().values())


def test_the_command_serves_the_store_of_a_real_watch(watched: Watched) -> None:
    stored = set(watched.stored())
    with commanded(watched) as person:
        first = person.get("/api/alerts?status=open").json()
        assert {one["event_id"] for one in first["alerts"]} <= stored
        dark = next(one for one in first["alerts"] if one["type"] == "dark_period")
        page = person.get(f"/alerts/{dark['event_id']}").text
        assert f"{dark['mmsi']:09d}" in page
        drawn = person.get(f"/alerts/{dark['event_id']}/map").text
        assert f'"hull":"{dark["hull_id"]}"' in drawn
        assert person.act(dark["event_id"], "ack").status_code == 200
        vessel = person.get(f"/vessels/{dark['mmsi']:09d}").text
        for line in guard.ALL:
            assert line.replace("'", "&#39;") in vessel
        assert "Score withheld: " in vessel
        assert "peers and itself are as far out" not in vessel
        story = person.get(f"/vessels/{dark['mmsi']:09d}/story")
        assert story.status_code == 200
        assert story.headers["content-security-policy"].startswith("sandbox allow-scripts;")
        assert person.get("/vessels/000000001").status_code == 404
    # What was done is in the store that the watch goes on with.
    shown = watched.command("alerts", "show", dark["event_id"], "--json")
    told = json.loads(shown.communicate(timeout=60)[0])
    assert told["alert_status"] == "acknowledged"


def test_tracks_come_from_the_archive_hull_by_hull(watched: Watched) -> None:
    told = next(one for one in events_of(watched) if one["type"] == "encounter")
    event = _event(told)
    from_archive = tracks_of(event, TrackSources(None, watched.folder / "tracks"))
    from_run = tracks_of(event, TrackSources(watched.folder / "run", None))
    assert set(from_archive) == {told["hull_id"], told["other_hull_id"]}
    for hull, track in from_run.items():
        assert set(track) == set(from_archive[hull])
    assert tracks_of(event, TrackSources(watched.folder, watched.folder / "nothing")) == {}


def test_a_satellite_picture_is_shown_and_no_other_file(watched: Watched) -> None:
    event_id = events_of(watched)[0]["event_id"]
    folder = watched.folder / "run" / "tiles" / event_id
    folder.mkdir(parents=True)
    Image.new("L", (8, 8)).save(folder / "1.png")
    scene = {"says": "Two ships, one without AIS.", "time": "2026-01-01T00:00:00Z"}
    found = {
        "event_id": event_id,
        "says": [scene["says"]],
        "scenes": [scene | {"picture": "1.png"}],
    }
    write_json(watched.folder / "run" / "imagery.json", {"events": [found]})
    with commanded(watched, "--read-only") as person:
        assert "Two ships, one without AIS." in person.get(f"/alerts/{event_id}").text
        picture = person.get(f"/alerts/{event_id}/pictures/1.png")
        assert picture.headers["content-type"] == "image/png"
        for name in ("2.png", "..%2F..%2Frun.json", "detections.parquet"):
            assert person.get(f"/alerts/{event_id}/pictures/{name}").status_code == 404


def test_a_replay_is_shown_and_cannot_be_changed(watched: Watched) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "darkwake", "desk", "--run", "run", "--port", "0"],
        cwd=watched.folder, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )  # fmt: skip
    assert process.stderr is not None
    found = _ADDRESS.search(process.stderr.readline())
    try:
        assert found is not None
        told = requests.get(f"{found[0]}/api/alerts?status=", timeout=60).json()
        assert {one["event_id"] for one in told["alerts"]} <= set(watched.stored())
        page = requests.get(found[0], timeout=60).text
        assert "read only" in page
        assert "Replay up to" in page
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "desk needs --config FILE, or --run DIR"),
        (("--run", "no-such"), 4, "no-such"),
        (("--config", "watch.toml", "--host", "0.0.0.0"), 3, "lets others in"),  # noqa: S104
        (("--config", "watch.toml", "--host", "192.0.2.1"), 3, "give them a token"),
        (("--config", "none.toml"), 3, "none.toml"),
    ],
)
def test_usage(tmp_path: Path, words: tuple[str, ...], code: int, says: str) -> None:
    (tmp_path / "watch.toml").write_text("")
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "darkwake", "desk", *words],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )  # fmt: skip
    assert done.returncode == code
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def _event(told: dict[str, Any]) -> Event:
    from vessels.clock import parse_iso_us

    end = None if told["end"] is None else parse_iso_us(told["end"])
    start = parse_iso_us(told["start"])
    return Event(
        type=told["type"], mmsi=told["mmsi"], hull_id=told["hull_id"], start_us=start, end_us=end,
        now_us=end or start, lat=told["lat"], lon=told["lon"], other_mmsi=told["other_mmsi"],
        other_hull_id=told["other_hull_id"], confidence=told["confidence"],
    )  # fmt: skip
