"""MarineCadastre: both schemas, their sentinels, and every packing they come in."""

import bz2
import gzip
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import shapely

from tests.feeds.samples import NEW_HEADER, OLD_HEADER, old_row, read_all, write_lines


def test_every_column_of_the_old_schema_arrives(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "day.csv", [OLD_HEADER, old_row()])
    table, report = read_all(path)
    row = table.to_pylist()[0]
    assert row == {
        "mmsi": 367379190,
        "time": datetime(2022, 1, 3, tzinfo=UTC),
        "msg_type": None,
        "ais_class": "A",
        "lat_deg": 30.3706,
        "lon_deg": -88.56408,
        "sog_knots": 0.0,
        "cog_deg": pytest.approx(336.2),
        "heading_deg": None,
        "nav_status": 0,
        "imo": 8207721,
        "name": "EAGLE",
        "callsign": "WTD4583",
        "ship_type": 31,
        "length_m": 28.0,
        "beam_m": 11.0,
        "draught_m": pytest.approx(3.3),
        "destination": None,
        "station": None,
        "receiver": None,
    }
    assert report.inputs[0].format == "marinecadastre"


def test_new_schema_gives_the_same_rows_as_the_old(tmp_path: Path) -> None:
    fields = dict(zip(OLD_HEADER.split(","), old_row().split(","), strict=True))
    fields["BaseDateTime"] = "2022-01-03 00:00:00"
    fields["Heading"] = ""
    names = OLD_HEADER.split(",")
    order = [*names[:2], "LON", "LAT", *names[4:]]
    new = write_lines(tmp_path / "n.csv", [NEW_HEADER, ",".join(fields[name] for name in order)])
    old = write_lines(tmp_path / "o.csv", [OLD_HEADER, old_row()])
    assert read_all(new)[0].to_pylist() == read_all(old)[0].to_pylist()


@pytest.mark.parametrize(
    ("field", "sent", "column"),
    [
        ("SOG", "102.3", "sog_knots"),
        ("SOG", "-0.1", "sog_knots"),
        ("COG", "360.0", "cog_deg"),
        ("COG", "409.5", "cog_deg"),
        ("COG", "-49.6", "cog_deg"),
        ("Heading", "511", "heading_deg"),
        ("VesselType", "0", "ship_type"),
        ("Length", "0", "length_m"),
        ("Width", "0", "beam_m"),
        ("Draft", "0.0", "draught_m"),
        ("IMO", "IMO0000000", "imo"),
        ("IMO", "", "imo"),
        ("Status", "15", "nav_status"),
        ("Status", "", "nav_status"),
        ("VesselName", "   ", "name"),
        ("TransceiverClass", "", "ais_class"),
        ("SOG", "fast", "sog_knots"),
        ("Length", "1e9", "length_m"),
    ],
)
def test_not_available_is_null(tmp_path: Path, field: str, sent: str, column: str) -> None:
    path = write_lines(tmp_path / "day.csv", [OLD_HEADER, old_row(**{field: sent})])
    table, _ = read_all(path)
    assert table[column].to_pylist() == [None]


def test_a_course_that_overflowed_twelve_bits_is_mended(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "day.csv", [OLD_HEADER, old_row(COG="-100.0")])
    assert read_all(path)[0]["cog_deg"].to_pylist() == [pytest.approx(309.6)]


def test_coast_guard_ship_types_become_itu_types(tmp_path: Path) -> None:
    rows = [old_row(VesselType=t) for t in ("1001", "1004", "1012", "1024", "1025", "1019")]
    table, _ = read_all(write_lines(tmp_path / "day.csv", [OLD_HEADER, *rows]))
    assert table["ship_type"].to_pylist() == [30, 70, 60, 80, 31, 37]


def _pack(path: Path, data: bytes, kind: str) -> Path:
    if kind == "gz":
        half = data.index(b"\n", len(data) // 2)
        path.write_bytes(gzip.compress(data[:half]) + gzip.compress(data[half:]))
    elif kind == "bz2":
        path.write_bytes(bz2.compress(data))
    elif kind == "zst":
        path.write_bytes(pa.compress(data, codec="zstd", asbytes=True))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("AIS_2022_01_03.csv", data)
    else:
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("AIS_2022_01_03.csv.gz", gzip.compress(data))
    return path


@pytest.mark.parametrize("kind", ["gz", "bz2", "zst", "zip", "gz in zip"])
def test_packing_changes_nothing(tmp_path: Path, kind: str) -> None:
    rows = [old_row(MMSI=str(200_000_000 + i)) for i in range(500)]
    plain = write_lines(tmp_path / "plain.csv", [OLD_HEADER, *rows])
    packed = _pack(tmp_path / "a name that says nothing", plain.read_bytes(), kind)
    table, report = read_all(packed)
    assert table.equals(read_all(plain)[0])
    assert report.inputs[0].format == "marinecadastre"


@pytest.mark.parametrize("with_columns", [True, False])
def test_geoparquet_gives_the_same_rows_as_csv(tmp_path: Path, *, with_columns: bool) -> None:
    rows = [old_row(MMSI=str(200_000_000 + i), LAT=f"{i / 10}") for i in range(50)]
    plain = write_lines(tmp_path / "plain.csv", [OLD_HEADER, *rows])
    source = pyarrow.csv.read_csv(plain)
    points = shapely.to_wkb(shapely.points(source["LON"].to_numpy(), source["LAT"].to_numpy()))
    source = source.append_column("geometry", pa.array(points, pa.binary()))
    if not with_columns:
        source = source.drop_columns(["LON", "LAT"])
    metadata = {b"geo": b'{"primary_column": "geometry", "columns": {"geometry": {}}}'}
    path = tmp_path / "day.parquet"
    pq.write_table(source.replace_schema_metadata(metadata), path)
    table, report = read_all(path)
    assert table.to_pylist() == read_all(plain)[0].to_pylist()
    assert report.inputs[0].format == "marinecadastre"


@pytest.mark.real_data
def test_real_day_in_both_schemas_gives_the_same_fixes(shared_data: Path) -> None:
    tracks = shared_data / "tracks"
    old, report = read_all(tracks / "marinecadastre_20220103_100k_oldschema.csv.gz")
    new, _ = read_all(tracks / "marinecadastre_20220103_30k_CONVERTED_to_2025_schema.csv.gz")
    assert report.rows_read == 99_999
    assert report.rejected == {"bad_mmsi": 5, "duplicate": 1}
    assert new.num_rows == 29_997
    assert new.to_pylist() == old.slice(0, new.num_rows).to_pylist()
