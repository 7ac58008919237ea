"""JSON lines: GFW's rich and simple forms, and lines that are no records."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from tests.feeds.samples import read_all, write_lines

RICH: dict[str, Any] = {
    "Index": 1,
    "source": "orbcomm",
    "type": "AIS.5",
    "ssvid": "416070900",
    "timestamp": "2021-01-01T00:06:13+00:00",
    "lon": float("nan"),
    "lat": float("nan"),
    "speed": float("nan"),
    "course": float("nan"),
    "heading": float("nan"),
    "shipname": "PEI YUH NO.6",
    "callsign": "BI2528",
    "destination": "",
    "imo": "0",
    "shiptype": "Cargo, Hazardous category A",
    "receiver_type": "satellite",
    "receiver": "rORBCOMM999",
    "length": 60.0,
    "width": 0.0,
    "status": float("nan"),
    "identities": [{"shipname": "OTHER"}],
}


def _file(path: Path, *records: dict[str, Any]) -> Path:
    return write_lines(path, [json.dumps(record) for record in records])


def test_every_field_of_the_rich_form_arrives(tmp_path: Path) -> None:
    table, report = read_all(_file(tmp_path / "x", RICH))
    row = table.to_pylist()[0]
    assert row["time"] == datetime(2021, 1, 1, 0, 6, 13, tzinfo=UTC)
    assert (row["msg_type"], row["ais_class"]) == (5, "A")
    assert (row["name"], row["callsign"], row["imo"]) == ("PEI YUH NO.6", "BI2528", None)
    assert (row["ship_type"], row["length_m"], row["beam_m"]) == (71, 60.0, None)
    assert (row["receiver"], row["station"]) == ("satellite", "rORBCOMM999")
    assert (row["lat_deg"], row["sog_knots"], row["destination"]) == (None, None, None)
    assert report.inputs[0].format == "jsonl"
    assert report.message_types == {5: 1}


def test_numbers_and_text_mix_in_one_field(tmp_path: Path) -> None:
    first = {"ssvid": 1, "lat": -23.2656002045, "lon": 97.0, "timestamp": "2015-10-15T02:39:55Z"}
    second = {**first, "ssvid": "2", "lat": "-23.5"}
    table, _ = read_all(_file(tmp_path / "x", first, second))
    assert table["mmsi"].to_pylist() == [1, 2]
    assert table["lat_deg"].to_pylist() == [-23.2656, -23.5]


@pytest.mark.parametrize(
    "line",
    ["{", "[1]", "17", '{"ssvid": 1', "\x00", "[" * 100_000, '{"a": ' + "1" * 6_000 + "}", "x"],
)
def test_a_line_that_is_no_object_is_a_bad_row(tmp_path: Path, line: str) -> None:
    good = json.dumps({**RICH, "msgid": 1})
    path = write_lines(tmp_path / "x", [good, good.replace("BI2528", "BI2529"), line])
    _, report = read_all(path)
    assert report.rows_decoded == 2
    assert sum(report.rejected.values()) == 1


def test_a_record_whose_fields_are_of_other_kinds_is_counted(tmp_path: Path) -> None:
    odd = {"ssvid": [1], "lat": {}, "lon": True, "timestamp": None, "shipname": ["A"]}
    _, report = read_all(_file(tmp_path / "x", RICH, odd))
    assert report.rejected == {"bad_mmsi": 1}


@pytest.mark.real_data
def test_every_real_file_is_read_and_adds_up(shared_data: Path) -> None:
    files = sorted((shared_data / "tracks" / "gpsdio").glob("*.json.gz"))
    assert len(files) == 50
    table, report = read_all(files)
    assert report.rows_read == 84_685
    assert set(report.rejected) == {"duplicate", "no_position_or_identity"}
    assert report.message_types[5] == 12_432
    assert set(table["receiver"].unique().to_pylist()) == {None, "satellite", "terrestrial"}


def test_fields_that_turn_up_late_are_read(tmp_path: Path) -> None:
    """Ships' names do not depend on which ship a file begins with."""
    plain = [_line(mmsi=412000001, minute=minute) for minute in range(40)] * 1000
    named = [_line(mmsi=412000002, minute=minute, shipname="LATE") for minute in range(3)]
    (tmp_path / "a").write_text("".join(plain + named))
    (tmp_path / "b").write_text("".join(named + plain))
    for name in ("a", "b"):
        table, _ = read_all(tmp_path / name)
        late = table.filter(pc.equal(table["mmsi"], 412000002))
        assert late["name"].to_pylist() == ["LATE"] * 3


def _line(*, mmsi: int, minute: int, **more: str) -> str:
    time = f"2021-01-01T00:{minute:02}:00Z"
    return json.dumps({"mmsi": mmsi, "timestamp": time, "lat": 1.0, "lon": 2.0, **more}) + "\n"
