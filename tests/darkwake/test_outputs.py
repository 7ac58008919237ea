"""run.json, vessels.parquet and the set of files of a result."""

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from darkwake.options import ReplayOptions
from darkwake.outputs import VESSELS_SCHEMA, run_record, write_json, write_result
from darkwake.progress import Progress
from tests.darkwake.samples import names, report, result

WHOLE = [
    *("events.geojson", "events.parquet", "identities.parquet", "run.json"),
    "vessels.parquet",
]


def options(out: Path, **changes: object) -> ReplayOptions:
    values = {"paths": ("a.nmea",), "out": out, "draw_map": False}
    return ReplayOptions(**(values | changes))


def test_a_result_without_map_is_five_files(tmp_path: Path) -> None:
    write_result(result(), options(tmp_path), Progress())
    assert names(tmp_path) == WHOLE


def test_a_result_with_a_map_has_a_page(tmp_path: Path) -> None:
    write_result(result(), options(tmp_path, draw_map=True), Progress())
    assert names(tmp_path) == ["alerts.html", *WHOLE]
    assert "<html" in (tmp_path / "alerts.html").read_text("utf-8").lower()


def test_run_json_accounts_for_every_row(tmp_path: Path) -> None:
    write_result(result(), options(tmp_path), Progress())
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["rejected"] == {"bad_mmsi": 1, "noise": 2}
    assert record["rows_read"] == record["rows_decoded"] + sum(record["rejected"].values())


def test_run_json_holds_what_a_researcher_needs_to_repeat_the_run(tmp_path: Path) -> None:
    record = run_record(result(), options(tmp_path, from_us=0, bbox=(170.0, -5.0, -170.0, 5.0)))
    assert record["inputs"][0]["path"] == "a.nmea"
    assert record["inputs"][0]["sha256"] == "ab" * 32
    assert record["options"]["from"] == "1970-01-01T00:00:00Z"
    assert record["options"]["bbox"] == [170.0, -5.0, -170.0, 5.0]
    assert record["parameters"]["detectors.dark_period.min_duration_h"] == 12.0
    assert record["versions"]["darkwake"] == "0.1.0"
    assert record["versions"]["pyarrow"]
    assert record["learnt"] == {"reception": "cd" * 32}
    assert record["now"] == "2021-01-04T18:00:00Z"
    assert record["events"] == {"dark_period": 1, "encounter": 1}
    assert (record["seconds"], record["peak_memory_mb"]) == ({"reading": 0.123}, 123.5)


def test_the_time_of_writing_is_counted_too(tmp_path: Path) -> None:
    made = result(seconds={"read": 2.0, "total": 2.0})
    write_result(made, options(tmp_path), Progress())
    seconds = json.loads((tmp_path / "run.json").read_text())["seconds"]
    assert list(seconds) == ["read", "total", "write"]
    assert made.seconds["total"] == 2.0 + made.seconds["write"]


def test_counts_that_do_not_add_up_are_never_written(tmp_path: Path) -> None:
    wrong = report()
    wrong.rejected = Counter({"noise": 2})
    with pytest.raises(ValueError, match="10 read, 7 decoded, 2 rejected"):
        run_record(result(report=wrong), options(tmp_path))


def test_vessels_are_sorted_and_hold_the_columns_of_the_contract(tmp_path: Path) -> None:
    write_result(result(), options(tmp_path), Progress())
    table = pq.read_table(tmp_path / "vessels.parquet")
    assert table.schema.names == VESSELS_SCHEMA.names
    assert table["mmsi"].to_pylist() == [412_000_001, 563_000_002]


def test_a_file_name_that_is_not_utf8_still_gives_valid_json(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_json(path, {"path": b"caf\xe9.csv".decode("utf-8", "surrogateescape")})
    assert json.loads(path.read_bytes())["path"] == "caf\udce9.csv"
