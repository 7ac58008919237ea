"""Bad input at the command: one clear line, the right exit code, nothing half-written."""

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from darkwake.cli import app
from tests.darkwake.samples import names

HEADER = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName\n"
GIANT_BYTES = int(os.environ.get("DARKWAKE_TEST_GIANT_BYTES", str(64 << 20)))
"""Length of the line that is too long. DARKWAKE_TEST_GIANT_BYTES=2147483648 tests the real thing;
it takes 2 GB of (sparse) disk and half a minute."""


def row(minute: int, *, mmsi: int, day: str) -> str:
    """Return a row of a ship that sails north at 6 knots, `minute` minutes into a day."""
    time = f"{day}T{minute // 60:02}:{minute % 60:02}:00"
    return f"{mmsi},{time},{1 + minute / 600:.6f},2.0,6.0,0.0,0.0,X\n"


def rows(first: int, last: int, *, mmsi: int = 412000001, day: str = "2021-01-01") -> str:
    """Return a row a minute."""
    return "".join(row(minute, mmsi=mmsi, day=day) for minute in range(first, last))


def run(*arguments: object) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr of a command that must not raise."""
    words = [str(argument) for argument in arguments]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def record_of(out: Path) -> dict[str, object]:
    """Return run.json."""
    return dict(json.loads((out / "run.json").read_text("utf-8")))


def truncated(path: Path) -> None:
    packed = gzip.compress((HEADER + rows(0, 600)).encode())
    path.write_bytes(packed[: len(packed) // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def jpeg(path: Path) -> None:
    path.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 40)


def no_longitude(path: Path) -> None:
    path.write_text("MMSI,BaseDateTime,LAT\n412000001,2021-01-01T00:00:00,1.0\n")


def only_a_header(path: Path) -> None:
    path.write_text(HEADER)


def missing(path: Path) -> None:
    del path


def only_mmsi_zero(path: Path) -> None:
    path.write_text(HEADER + rows(0, 5, mmsi=0))


def one_giant_line(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"!AIVDM,1,1,,A,")
        file.truncate(GIANT_BYTES)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (truncated, "input.dat: truncated or damaged"),
        (empty, "input.dat: not AIS data: an empty file"),
        (jpeg, "input.dat: not AIS data: a JPEG image"),
        (no_longitude, "input.dat: no column found for lon; its columns are 'MMSI'"),
        (only_a_header, "input.dat: no AIS position in 0 rows"),
        (missing, "input.dat: no such file or folder"),
        (only_mmsi_zero, "input.dat: no AIS position in 5 rows (5 bad_mmsi)"),
        (one_giant_line, "input.dat: holds no AIS sentence"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_bad_file_is_one_clear_line_exit_4_and_nothing_left(
    tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    make(tmp_path / "input.dat")
    before = names(tmp_path)
    code, out, err = run("replay", tmp_path / "input.dat", "--out", tmp_path / "deep" / "out")
    assert (code, out) == (4, "")
    assert err.startswith("darkwake: ")
    assert says in err
    assert err.count("\n") == 1
    assert names(tmp_path) == before


def test_an_old_result_survives_a_replay_that_fails(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(HEADER + rows(0, 60))
    out = tmp_path / "out"
    assert run("replay", tmp_path / "good.csv", "--out", out)[0] == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    jpeg(tmp_path / "input.dat")
    assert run("replay", tmp_path / "input.dat", "--out", out)[0] == 4
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


GIANTS = {
    "csv": (HEADER + rows(0, 300), rows(300, 600)),
    "jsonl": tuple(
        "".join(
            f'{{"mmsi":412000001,"timestamp":"2021-01-01T00:{minute:02}:00Z","lat":1,"lon":2}}\n'
            for minute in part
        )
        for part in (range(30), range(30, 60))
    ),
}


@pytest.mark.parametrize("name", GIANTS)
def test_a_giant_line_is_one_rejected_row_and_bounded_memory(tmp_path: Path, name: str) -> None:
    """In a process of its own: peak memory is that of a whole process."""
    before, after = GIANTS[name]
    path = tmp_path / f"log.{name}"
    with path.open("wb") as file:
        file.write(before.encode())
        file.seek(GIANT_BYTES, os.SEEK_CUR)
        file.write(b"\n" + after.encode())
    command = [sys.executable, "-m", "darkwake", "replay", str(path), "--no-map"]
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own text
        [*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    record = record_of(tmp_path / "out")
    sound = len((before + after).splitlines()) - (name == "csv")
    assert (record["rows_decoded"], record["rejected"]) == (sound, {"noise": 1})
    assert float(str(record["peak_memory_mb"])) < 1000.0


def test_names_that_are_not_utf_8_are_read_and_made_harmless(tmp_path: Path) -> None:
    text = HEADER.encode() + rows(0, 60).encode().replace(b",X\n", b",\xc6R\xd8 \x1b[31m\x07\n")
    (tmp_path / "log.csv").write_bytes(text)
    code, _, err = run(
        *("replay", tmp_path / "log.csv", "--to", "2021-01-03", "--out", tmp_path / "out")
    )
    assert (code, err) == (0, "")
    assert record_of(tmp_path / "out")["rejected"] == {}
    (feature,) = json.loads((tmp_path / "out" / "events.geojson").read_text("utf-8"))["features"]
    assert re.fullmatch(r"\S+ \[31m", feature["properties"]["vessel_name"])


def test_rows_of_mmsi_zero_are_counted_and_the_others_read(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(HEADER + rows(0, 60) + rows(0, 5, mmsi=0))
    assert run("replay", tmp_path / "log.csv", "--out", tmp_path / "out")[0] == 0
    record = record_of(tmp_path / "out")
    assert (record["rows_decoded"], record["rejected"]) == (60, {"bad_mmsi": 5})
    assert record["vessels"] == 1


def test_a_clock_that_jumps_back_a_year_for_good_is_a_silence_between_the_two(
    tmp_path: Path,
) -> None:
    """The rows say so, in whatever order they lie: time is theirs, not that of the file."""
    (tmp_path / "log.csv").write_text(HEADER + rows(0, 60) + rows(60, 120, day="2020-01-01"))
    code, _, err = run("replay", tmp_path / "log.csv", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    (feature,) = json.loads((tmp_path / "out" / "events.geojson").read_text("utf-8"))["features"]
    event = feature["properties"]
    assert event["type"] == "dark_period"
    assert (event["start"], event["end"]) == ("2020-01-01T01:59:00Z", "2021-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("log.csv", "is not a folder"),
        ("log.csv/out", "cannot write results here: Not a directory"),
        ("/dev/null/out", "cannot write results here: Not a directory"),
        ("x" * 300, "cannot write results here: File name too long"),
    ],
)
def test_an_out_that_cannot_be_written_exits_5(tmp_path: Path, out: str, says: str) -> None:
    (tmp_path / "log.csv").write_text(HEADER + rows(0, 60))
    code, text, err = run("replay", tmp_path / "log.csv", "--out", tmp_path / out)
    assert (code, text) == (5, "")
    assert says in err
    assert err.count("\n") == 1
    assert names(tmp_path) == ["log.csv"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "c.toml: "),
        ("[detectors\n", "c.toml:1: not TOML"),
        ("[detectors.dark_period]\nmin_duration_h = -1\n", "c.toml:2: "),
        ("[detectors.dark]\nmin_duration_h = 1\n", "c.toml:1: "),
    ],
)
def test_a_wrong_configuration_exits_3(tmp_path: Path, text: str | None, says: str) -> None:
    (tmp_path / "log.csv").write_text(HEADER + rows(0, 60))
    if text is not None:
        (tmp_path / "c.toml").write_text(text)
    before = names(tmp_path)
    code, _, err = run(
        *("replay", tmp_path / "log.csv", "--config", tmp_path / "c.toml"),
        *("--out", tmp_path / "out"),
    )
    assert code == 3
    assert says in err
    assert err.count("\n") == 1
    assert names(tmp_path) == before


def test_a_path_that_is_too_long_is_one_line(tmp_path: Path) -> None:
    code, _, err = run("replay", tmp_path / ("x" * 300), "--out", tmp_path / "out")
    assert code == 4
    assert err.endswith(": cannot be opened: File name too long\n")


def test_an_earlier_result_below_the_input_folder_is_no_input(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(HEADER + rows(0, 60))
    for _ in range(2):
        out = tmp_path / "found"
        assert run("replay", tmp_path, "--tracks", "--no-map", "--out", out)[0] == 0
    record = record_of(tmp_path / "found")
    assert (record["rows_read"], record["rejected"]) == (60, {})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full: the system has none")
def test_a_full_disk_behind_stdout_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "darkwake", "config", "show"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 5
    assert done.stderr == "darkwake: cannot print: No space left on device\n"
