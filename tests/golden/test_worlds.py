"""Replays of generated worlds find what was planted, nothing else, whatever the format.

Seeds are plain numbers, not chosen by result. A world's plants and decoys are described in
tests/worlds. The floor is that of the published promise: recall and precision of 0.97 a type,
pooled over the seeds, every unplanted event counted as false. Formats differ in rounding (1/10000
minute, five and six decimals) and in whether a ship's name comes with every row; events may differ
by that: 10 minutes (2 for dark periods) and 200 m.
"""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from darkwake.options import ReplayOptions
from darkwake.run import run_replay
from darkwake.settings import Settings
from tests.worlds import (
    Score,
    World,
    load_events,
    make_world,
    pool,
    score,
    write_dma,
    write_marinecadastre,
    write_nmea,
)
from tests.worlds.scoring import Found, explain
from tests.worlds.sphere import distance
from tests.worlds.world import TYPES

SEEDS = (101, 202, 303)
FORMATS = {
    "nmea": (write_nmea, "log.nmea"),
    "marinecadastre": (write_marinecadastre, "AIS_2025.csv"),
    "dma": (write_dma, "aisdk.csv"),
}
FLOOR = 0.97
PLACE_M = 200.0
TOLERANCE_S = {"dark_period": 120.0}
OTHER_TOLERANCE_S = 600.0


@dataclass(frozen=True)
class Replayed:
    """A world and the events that replays of its files found, by format."""

    world: World
    events: dict[str, list[Found]]


def replay(path: Path, out: Path) -> list[Found]:
    """Replay one file in this process, as the command does; return its events."""
    run_replay(ReplayOptions(paths=(str(path),), out=out, draw_map=False), Settings())
    return found_in(out)


def replay_by_command(path: Path, out: Path) -> list[Found]:
    """Run the command itself on one file; return its events."""
    command = [sys.executable, "-m", "darkwake", "replay", str(path), "--out", str(out)]
    done = subprocess.run([*command, "--no-map"], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr[-2000:]
    return found_in(out)


def found_in(out: Path) -> list[Found]:
    told = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert told["rows_read"] == told["rows_decoded"] + sum(told["rejected"].values())
    return load_events(out / "events.geojson")


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> list[Replayed]:
    runs = []
    for seed in SEEDS:
        world = make_world(seed)
        folder = tmp_path_factory.mktemp(f"world{seed}")
        events = {}
        for name, (write, filename) in FORMATS.items():
            write(world, folder / filename)
            events[name] = replay(folder / filename, folder / name)
            (folder / filename).unlink()
        runs.append(Replayed(world, events))
    return runs


def pooled(replayed: list[Replayed], name: str) -> dict[str, Score]:
    return pool(score(run.world, [e.properties for e in run.events[name]]) for run in replayed)


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_planted_is_found_and_nothing_else(replayed: list[Replayed], name: str) -> None:
    scores = pooled(replayed, name)
    bad = {kind: s for kind, s in scores.items() if min(s.recall, s.precision) < FLOOR}
    assert all(s.required >= 12 for s in scores.values())
    assert not bad, explain(bad)


def test_dark_periods_have_the_times_and_places_of_the_rows_around_the_silence(
    replayed: list[Replayed],
) -> None:
    for name in FORMATS:
        for truth, event in pooled(replayed, name)["dark_period"].pairs:
            assert abs(event.start_s - truth.start_s) <= 1.0, str(event)
            assert (event.end_s is None) == (truth.end_s is None), str(event)
            if truth.end_s is not None and event.end_s is not None:
                assert abs(event.end_s - truth.end_s) <= 1.0, str(event)
            assert distance(event.lat, event.lon, truth.lat, truth.lon) < 2.0, str(event)


def test_meetings_and_loitering_are_told_to_the_half_hour(replayed: list[Replayed]) -> None:
    sparse = ("hourly fixes", "satellite and shore", "drift, satellite only")
    for kind in ("encounter", "loitering"):
        pairs = pooled(replayed, "nmea")[kind].pairs
        errors = [
            (abs(event.start_s - truth.start_s), abs((event.end_s or 0.0) - (truth.end_s or 0)))
            for truth, event in pairs
            if truth.what not in sparse
        ]
        assert errors
        assert np.quantile(np.array(errors), 0.9) <= 1800.0, kind


@pytest.mark.parametrize("other", ["marinecadastre", "dma"])
def test_the_same_ships_give_the_same_events_in_every_format(
    replayed: list[Replayed], other: str
) -> None:
    for run in replayed:
        mine, theirs = (planted(run.events[name]) for name in ("nmea", other))
        assert Counter(map(key, mine)) == Counter(map(key, theirs))
        for one, two in zip(mine, theirs, strict=True):
            assert near(one, two), f"{one}\n{two}"


def planted(events: list[Found]) -> list[Found]:
    """Return the events of the types that worlds plant, in an order that times can only tie."""
    mine = [event for event in events if event.type in TYPES]
    return sorted(mine, key=lambda e: (key(e), e.start_s))


def key(event: Found) -> tuple[str, tuple[int, ...]]:
    return event.type, tuple(sorted(event.mmsis))


def near(one: Found, two: Found) -> bool:
    limit_s = TOLERANCE_S.get(one.type, OTHER_TOLERANCE_S)
    same_end = (one.end_s is None) == (two.end_s is None)
    return bool(
        same_end
        and abs(one.start_s - two.start_s) <= limit_s
        and abs((one.end_s or 0.0) - (two.end_s or 0.0)) <= limit_s
        and distance(one.lat, one.lon, two.lat, two.lon) <= PLACE_M
    )


def test_a_silent_feed_makes_no_ship_dark(tmp_path: Path) -> None:
    world = make_world(404, plants=False, outage_h=14.0)
    write_nmea(world, tmp_path / "log.nmea")
    found = replay_by_command(tmp_path / "log.nmea", tmp_path / "run")
    scores = score(world, [e.properties for e in found])
    false = {kind: s for kind, s in scores.items() if s.false}
    assert not false, explain(false)
