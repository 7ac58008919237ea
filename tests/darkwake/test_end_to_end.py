"""The real engine behind the real command: sound files give whole results, bad ones one line."""

import gzip
import json
import random
from importlib.resources import files
from pathlib import Path

import geopandas
import pytest
from typer.testing import CliRunner

from darkwake.cli import app
from tests.darkwake.samples import names

EVENT_FILES = ("events.parquet", "events.geojson")


def run(*arguments: object) -> tuple[int, str]:
    """Return exit code and stderr of a command that must not fail in a way of its own."""
    done = CliRunner().invoke(
        app, [str(argument) for argument in arguments], catch_exceptions=False
    )
    return done.exit_code, done.stderr


def demo_messages() -> list[bytes]:
    """Return the messages that the demo replays: a line, or the two lines of one in two parts."""
    packed = (files("darkwake") / "data" / "demo.nmea.gz").read_bytes()
    messages: list[bytes] = []
    for line in gzip.decompress(packed).splitlines(keepends=True):
        if b"AIVDM,2,2," in line:
            messages[-1] += line
        else:
            messages.append(line)
    return messages


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result of the demo's sentences as one file."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "log.nmea").write_bytes(b"".join(demo_messages()))
    code, err = run("replay", folder / "log.nmea", "--tracks", "--out", folder / "out")
    assert (code, err) == (0, "")
    return folder / "out"


def test_a_replay_writes_every_file_and_accounts_for_every_row(whole: Path) -> None:
    assert names(whole) == [
        *("alerts.html", "events.geojson", "events.parquet", "identities.parquet"),
        *("reception.nc", "run.json", "statements.parquet", "tracks.parquet", "vessels.parquet"),
        *("visits.parquet", "voyages.parquet"),
    ]
    record = json.loads((whole / "run.json").read_text("utf-8"))
    assert record["rows_read"] == record["rows_decoded"] + sum(record["rejected"].values())
    assert record["rows_read"] == len(demo_messages())
    frame = geopandas.read_parquet(whole / "events.parquet")
    assert dict(frame["type"].value_counts()) == record["events"]
    assert {"dark_period", "encounter"} <= set(frame["type"])


def test_the_same_messages_in_many_shuffled_files_give_the_same_bytes(
    whole: Path, tmp_path: Path
) -> None:
    messages = demo_messages()
    random.Random(7).shuffle(messages)
    for part in range(3):
        (tmp_path / f"{part}.nmea").write_bytes(b"".join(messages[part::3]))
    code, err = run("replay", tmp_path / "*.nmea", "--no-map", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    for name in EVENT_FILES:
        assert (tmp_path / "out" / name).read_bytes() == (whole / name).read_bytes()


def test_a_parameter_changes_the_events_and_diff_tells(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "log.nmea").write_bytes(b"".join(demo_messages()))
    (tmp_path / "c.toml").write_text("[detectors.dark_period]\nmin_duration_h = 800\n")
    code, _ = run(
        *("replay", tmp_path / "log.nmea", "--config", tmp_path / "c.toml", "--no-map"),
        *("--out", tmp_path / "out"),
    )
    assert code == 0
    done = CliRunner().invoke(app, ["diff", str(whole), str(tmp_path / "out"), "--json"])
    told = json.loads(done.stdout)
    gone = {event["type"] for event in told["removed"]}
    assert gone == {"dark_period", "port_visit"}  # calls are told only after a finding
    assert told["parameters"] == {"detectors.dark_period.min_duration_h": {"a": 12.0, "b": 800.0}}
