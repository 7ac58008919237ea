"""Tables of any layout: common names, the user's map, and refusals that say what to type."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feeds.layout import KEYS
from tests.feeds.samples import read_all, write_lines
from vessels.errors import InputError, UsageError
from vessels.schema import FIXES


def test_common_names_are_recognised(tmp_path: Path) -> None:
    header = "MMSI;Date Time;Lat;Long;SOG (knots);Course;HDG;Ship Name;Width_m"
    path = write_lines(tmp_path / "a", [header, "1;2022-01-03 00:00;1.25;2.5;10.26;359.99;12;X;4"])
    row = read_all(path)[0].to_pylist()[0]
    assert (row["mmsi"], row["lat_deg"], row["lon_deg"]) == (1, 1.25, 2.5)
    assert row["sog_knots"] == pytest.approx(10.3, abs=1e-6)
    assert (row["cog_deg"], row["heading_deg"], row["name"]) == (0.0, 12.0, "X")


def test_a_map_names_any_columns(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", ["who,when,y,x,v", "7,2022-01-03T00:00:00Z,1,2,3.3"])
    columns = {"mmsi": "who", "time": "when", "lat": "y", "lon": "x", "sog": "v"}
    row = read_all(path, columns=columns)[0].to_pylist()[0]
    assert (row["mmsi"], row["lat_deg"], row["lon_deg"]) == (7, 1.0, 2.0)
    assert row["time"] == datetime(2022, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize("header", [[], ["who,x,y,when"]])
def test_a_map_by_position_reads_with_and_without_a_header(
    tmp_path: Path, header: list[str]
) -> None:
    path = write_lines(tmp_path / "a", [*header, "7,2.5,1.5,1641168000", "8,2.5,1.5,1641168000"])
    columns = {"mmsi": "0", "lon": "1", "lat": "2", "time": "3"}
    table, report = read_all(path, columns=columns)
    assert (table["mmsi"].to_pylist(), report.rows_read) == ([7, 8], 2)


def test_the_map_wins_over_a_common_name(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "a", ["mmsi,time,received_time,lat,lon", "7,junk,2022-01-03 00:00:00,1,2"]
    )
    with pytest.raises(InputError, match=r"'time', 'received_time' could each be time"):
        read_all(path)
    table, _ = read_all(path, columns={"time": "received_time"})
    assert table.num_rows == 1


@pytest.mark.parametrize("missing", ["mmsi", "time", "lat", "lon"])
def test_a_missing_column_is_named_with_those_found(tmp_path: Path, missing: str) -> None:
    names = [name for name in ("mmsi", "time", "lat", "lon", "colour") if name != missing]
    path = write_lines(tmp_path / "a.csv", [",".join(names), "1,2,3,4"])
    with pytest.raises(InputError, match=f"a.csv: no column found for {missing};.*'colour'.*--col"):
        read_all(path)


def test_a_map_to_an_absent_column_is_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.csv", ["a,b,c,d", "1,2,3,4"])
    with pytest.raises(InputError, match="no column 'z'; its columns are 'a', 'b'"):
        read_all(path, columns={"mmsi": "z"})


@pytest.mark.parametrize("columns", [{"colour": "a"}, {"mmsi": " "}])
def test_a_wrong_map_is_a_usage_error_before_anything_is_read(columns: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="--columns"):
        read_all("no-such-file", columns=columns)


def test_every_key_of_the_map_fills_a_column(tmp_path: Path) -> None:
    values = {
        "mmsi": "7",
        "time": "2022-01-03T00:00:00",
        "lat": "1",
        "lon": "2",
        "sog": "3.3",
        "cog": "4.4",
        "heading": "5",
        "nav_status": "6",
        "msg_type": "18",
        "ais_class": "b",
        "imo": "8207721",
        "name": "N",
        "callsign": "C",
        "ship_type": "30",
        "length": "28",
        "beam": "11",
        "draught": "3.3",
        "destination": "D",
        "station": "S",
        "receiver": "satellite",
    }
    assert set(values) == set(KEYS)
    path = write_lines(
        tmp_path / "a", [",".join(f"x{key}" for key in values), ",".join(values.values())]
    )
    row = read_all(path, columns={key: f"x{key}" for key in values})[0].to_pylist()[0]
    assert None not in row.values()
    assert (row["ais_class"], row["receiver"], row["msg_type"]) == ("B", "satellite", 18)


def test_what_darkwake_writes_it_reads_back(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "a.csv",
        ["mmsi,time,lat,lon,sog,name,station", "7,2022-01-03T00:00:00.25Z,1.5,2.5,3.3,N,S"],
    )
    table, _ = read_all(path)
    pq.write_table(table, tmp_path / "fixes.parquet")
    again, report = read_all(tmp_path / "fixes.parquet")
    assert again.to_pylist() == table.to_pylist()
    assert report.inputs[0].format == "parquet"


@pytest.mark.parametrize(
    "mmsi",
    [
        pa.array([7, 0, None, 1_000_000_000], pa.int64()),
        pa.array([7.0, 7.5, None, -1.0]),
        pa.array(["7", "seven", None, "0"]),
        pa.array(["7", "seven", None, "0"]).dictionary_encode(),
        pa.array(["7", "x", None, "0"], pa.large_string()),
        pa.array([7, 0, None, 0], pa.uint32()),
    ],
)
def test_parquet_columns_of_any_type_are_judged_like_text(tmp_path: Path, mmsi: pa.Array) -> None:
    times = pa.array([datetime(2022, 1, 3, tzinfo=UTC)] * 4, pa.timestamp("ms", "UTC"))
    table = pa.table({"mmsi": mmsi, "time": times, "lat": [1.0] * 4, "lon": [2.0] * 4})
    pq.write_table(table, tmp_path / "a")
    read, report = read_all(tmp_path / "a")
    assert (read["mmsi"].to_pylist(), report.rejected) == ([7], {"bad_mmsi": 3})


def test_parquet_in_another_projection_is_refused(tmp_path: Path) -> None:
    metadata = {
        b"geo": b'{"primary_column": "g", "columns": {"g": {"crs": {"id": {"code": 3857}}}}}'
    }
    table = pa.table({"mmsi": [7], "time": [1641168000], "g": pa.array([b""], pa.binary())})
    pq.write_table(table.replace_schema_metadata(metadata), tmp_path / "a")
    with pytest.raises(InputError, match="EPSG:3857"):
        read_all(tmp_path / "a")


def test_csv_json_and_parquet_of_the_same_values_give_the_same_rows(tmp_path: Path) -> None:
    rows = [
        {
            "mmsi": str(200_000_000 + i),
            "time": f"2022-01-03T00:00:{i % 60:02}.5Z",
            "lat": f"{i / 7 - 10:.9f}",
            "lon": f"{i * 3.3 - 190:.7f}",
            "sog": f"{i / 3:.2f}",
            "cog": f"{i * 3.7:.1f}",
            "name": f"SHIP {i % 7}" if i % 5 else "",
            "imo": str(9_000_000 + i % 3),
        }
        for i in range(120)
    ]
    csv = write_lines(tmp_path / "c", [",".join(rows[0]), *(",".join(r.values()) for r in rows)])
    jsonl = write_lines(tmp_path / "j", [json.dumps(row) for row in rows])
    typed = [{**row, "lat": float(row["lat"]), "imo": int(row["imo"])} for row in rows]
    pq.write_table(pa.Table.from_pylist(typed), tmp_path / "p")
    expected, report = read_all(csv)
    assert report.rejected["no_position_or_identity"] == 0
    assert expected["lat_deg"].null_count > 0
    assert read_all(jsonl)[0].to_pylist() == expected.to_pylist()
    assert read_all(tmp_path / "p")[0].to_pylist() == expected.to_pylist()


def test_a_demanded_layout_that_the_file_lacks_is_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", ["mmsi,time,lat,lon", "7,2022-01-03T00:00:00,1,2"])
    with pytest.raises(InputError, match="not the dma layout"):
        read_all(path, format="dma")
    assert read_all(path, format="csv")[0].num_rows == 1
    with pytest.raises(InputError, match="not parquet: this is a table"):
        read_all(path, format="parquet")
    with pytest.raises(UsageError, match="unknown format 'xlsx'"):
        read_all(path, format="xlsx")


def test_tables_are_of_the_schema_even_where_all_rows_are_bad(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a", ["mmsi,time,lat,lon", "0,2022-01-03T00:00:00,1,2"])
    table, report = read_all(path)
    assert table.schema.equals(FIXES)
    assert report.rejected == {"bad_mmsi": 1}
