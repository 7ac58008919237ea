"""Every real file is replayed or refused as documented, and raises only what its ships did."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from darkwake.arguments import parse_columns, parse_time
from darkwake.options import ReplayOptions
from darkwake.outputs import ReplayResult
from darkwake.reports import report_replay
from darkwake.run import run_replay
from darkwake.settings import Settings
from tools.real_data_table import RUNS, SOLENT, SUEZ, Run
from vessels.errors import InputError

pytestmark = pytest.mark.real_data

SHARED_NUMBER = 416_000_000
KAOHSIUNG = ("416070900", "416239500", "416241500", "416004378", "416229900")
"""Taiwanese ships of the same days; the first lies in Kaohsiung beside others of them."""
IN_PORT_M = 10_000.0


@dataclass(frozen=True)
class Told:
    """What a replay wrote: run.json, and the properties of its events."""

    record: dict[str, Any]
    events: list[dict[str, Any]]

    def of(self, type_name: str) -> list[dict[str, Any]]:
        """Return the events of one type."""
        return [event for event in self.events if event["type"] == type_name]


def replay_result(paths: list[Path], out: Path, options: tuple[str, ...]) -> ReplayResult:
    """Replay in this process, as the command does."""
    given = dict(zip(options[::2], options[1::2], strict=True))
    asked = ReplayOptions(
        paths=tuple(str(path) for path in paths),
        out=out,
        columns=parse_columns(given.get("--columns")),
        start_time_us=parse_time("--start-time", given.get("--start-time")),
        draw_map=False,
    )
    return run_replay(asked, Settings())


def replay(paths: list[Path], out: Path, options: tuple[str, ...] = ()) -> Told:
    """Return what a replay wrote."""
    replay_result(paths, out, options)
    features = json.loads((out / "events.geojson").read_text("utf-8"))["features"]
    record = json.loads((out / "run.json").read_text("utf-8"))
    return Told(record, [feature["properties"] for feature in features])


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.path} {' '.join(run.options)}".strip())
def test_a_real_file_is_replayed_or_refused_as_the_page_says(
    shared_data: Path, tmp_path: Path, run: Run
) -> None:
    path = shared_data / run.path
    if run.exit_code:
        with pytest.raises(InputError) as refusal:
            replay([path], tmp_path / "out", run.options)
        assert refusal.value.exit_code == run.exit_code
        assert str(refusal.value).count("\n") == 0
        assert str(refusal.value).startswith(str(path))
        assert not (tmp_path / "out").exists()
        return
    told = replay([path], tmp_path / "out", run.options).record
    assert told["rows_read"] == told["rows_decoded"] + sum(told["rejected"].values())
    assert told["rows_decoded"] > 0


def test_no_real_file_is_left_out(shared_data: Path) -> None:
    files = [path for name in ("nmea", "tracks") for path in (shared_data / name).iterdir()]
    assert {str(path.relative_to(shared_data)) for path in files} == {run.path for run in RUNS}


def test_every_file_of_a_folder_can_be_replayed_alone(shared_data: Path, tmp_path: Path) -> None:
    for path in sorted((shared_data / "tracks" / "gpsdio").iterdir()):
        told = replay([path], tmp_path / path.name).record
        assert told["rows_read"] == told["rows_decoded"] + sum(told["rejected"].values())


@pytest.mark.parametrize("options", [SOLENT, ()], ids=["by map", "by name"])
def test_a_busy_harbour_raises_nothing(
    shared_data: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    path = shared_data / "tracks" / "SolentAIS_20160112_130211.csv.gz"
    told = replay([path], tmp_path / "out", options)
    assert told.record["vessels"] > 50
    assert told.events == []


def test_numbers_that_are_no_ships_are_said_to_be_none(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ships of the Suez file are numbered from 1 to 256."""
    path = shared_data / "tracks" / "suez_evergiven_positions.csv.gz"
    result = replay_result([path], tmp_path / "out", SUEZ)
    report_replay(result, tmp_path / "out")
    assert result.vessels.num_rows == 0
    assert "no ship's number (nine digits" in capsys.readouterr().out


def test_ships_side_by_side_in_kaohsiung_meet_nobody_and_are_not_dark_in_port(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "tracks" / "gpsdio"
    told = replay([folder / f"regr_{name}.json.gz" for name in KAOHSIUNG], tmp_path / "out")
    assert told.of("encounter") == []
    dark = told.of("dark_period")
    assert dark
    assert min(event["details"]["port_distance_m"] for event in dark) > IN_PORT_M
    assert "416070900" not in {str(event["mmsi"]) for event in dark}


@pytest.fixture(scope="module")
def folder(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The whole folder of JSON lines as one stream."""
    return replay([shared_data / "tracks" / "gpsdio"], tmp_path_factory.mktemp("gpsdio") / "out")


def test_a_number_shared_by_many_ships_is_a_conflict_of_several_hulls(folder: Told) -> None:
    conflicts = [e for e in folder.of("identity_conflict") if e["mmsi"] == SHARED_NUMBER]
    hulls = {hull for event in conflicts for hull in event["details"]["hulls"]}
    assert len(hulls) >= 3
    assert all(event["details"]["kind"] == "two_hulls_at_once" for event in conflicts)


def test_no_silence_needs_a_speed_that_no_ship_has(folder: Told) -> None:
    speeds = [event["details"]["implied_speed_knots"] for event in folder.of("dark_period")]
    assert len(speeds) > 50
    assert max(speed for speed in speeds if speed is not None) < 50.0


def test_no_encounter_is_made_of_ships_in_harbours(folder: Told) -> None:
    assert folder.of("encounter") == []
