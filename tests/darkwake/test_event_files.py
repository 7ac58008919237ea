"""events.parquet and events.geojson: same contents, same bytes, readable by others."""

import json
from pathlib import Path

import geopandas
import pyarrow.parquet as pq
import pytest

from darkwake.event_files import event_table, write_events_geojson, write_events_parquet
from detectors.details import DETAIL_FIELDS, details_type
from detectors.events import EVENT_TYPES
from tests.darkwake.samples import dark_period, encounter


def test_geopandas_reads_the_parquet_file_with_geometry_and_lon_lat_order(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    write_events_parquet(path, [encounter(), dark_period()])
    frame = geopandas.read_parquet(path)
    assert list(frame["type"]) == ["dark_period", "encounter"]
    assert [shape.geom_type for shape in frame.geometry] == ["MultiLineString", "Point"]
    assert (frame.geometry.iloc[1].x, frame.geometry.iloc[1].y) == (-20.5, 10.25)
    assert frame.crs is not None
    assert frame.crs.is_geographic


def test_both_files_hold_the_same_properties(tmp_path: Path) -> None:
    write_events_geojson(tmp_path / "e.geojson", [encounter(), dark_period()])
    features = json.loads((tmp_path / "e.geojson").read_text("utf-8"))["features"]
    rows = event_table([encounter(), dark_period()]).to_pylist()
    for feature, row in zip(features, rows, strict=True):
        properties = feature["properties"]
        details = {key: value for key, value in row["details"].items() if value is not None}
        assert details == properties["details"]
        same = properties.keys() - {"details", "reasons"}
        assert {key: row[key] for key in same} == {key: properties[key] for key in same}


def test_the_order_of_events_does_not_change_a_byte(tmp_path: Path) -> None:
    one, two = [encounter(), dark_period()], [dark_period(), encounter()]
    for write, suffix in ((write_events_parquet, "parquet"), (write_events_geojson, "geojson")):
        a, b = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
        write(a, one)
        write(b, two)
        assert a.read_bytes() == b.read_bytes()


def test_times_are_text_with_z_and_an_open_event_has_no_end() -> None:
    first, second = event_table([dark_period(), encounter()]).to_pylist()
    assert (first["start"], first["end"]) == ("2021-01-01T00:00:00Z", "2021-01-01T20:00:00Z")
    assert (second["status"], second["end"], second["duration_h"]) == ("open", None, 89.0)


def test_a_reason_keeps_numbers_as_numbers_and_words_as_text() -> None:
    dark, meeting = event_table([dark_period(), encounter()]).to_pylist()
    number = {"code": "silence", "value": 20.0, "threshold": 12.0, "unit": "h", "text": None}
    word = {"code": "receiver", "value": None, "threshold": None, "unit": "", "text": "satellite"}
    assert dark["reasons"] == [number, word]
    assert meeting["reasons"][0]["text"] == "B / A"


def test_geojson_has_one_feature_a_line_and_keeps_names_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "e.geojson"
    write_events_geojson(path, [encounter(), dark_period()])
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) == 4
    assert json.loads(lines[1].removesuffix(","))["properties"]["vessel_name"] == "日本丸 <b>"


def test_no_events_still_make_whole_files(tmp_path: Path) -> None:
    write_events_parquet(tmp_path / "e.parquet", [])
    write_events_geojson(tmp_path / "e.geojson", [])
    assert len(geopandas.read_parquet(tmp_path / "e.parquet")) == 0
    assert json.loads((tmp_path / "e.geojson").read_text())["features"] == []
    filled = event_table([dark_period()]).schema
    assert pq.read_schema(tmp_path / "e.parquet").remove_metadata() == filled.remove_metadata()


def test_a_detail_that_the_contract_does_not_name_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"dark_period.*colour"):
        event_table([dark_period(details={"colour": "grey"})])


def test_a_detail_of_another_type_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"encounter.*alternations"):
        event_table([encounter(details={"alternations": 3})])


def test_every_detail_field_fits_the_one_struct() -> None:
    names = {name for fields in DETAIL_FIELDS.values() for name in fields}
    struct = details_type()
    assert {struct.field(i).name for i in range(struct.num_fields)} == names
    assert DETAIL_FIELDS.keys() <= set(EVENT_TYPES)
