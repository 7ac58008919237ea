"""Events as files: events.parquet (GeoParquet 1.1) and events.geojson (RFC 7946).

Both hold the same properties in the same order, sorted by start, type and identity. Equal events
give equal bytes: nothing of the machine, the clock or the order of arrival enters.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from shapely.geometry import shape

from detectors.details import check_details, details_type
from detectors.events import Event, sort_events

REASON_TYPE = pa.struct(
    [
        pa.field("code", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("threshold", pa.float64()),
        pa.field("unit", pa.string()),
        pa.field("text", pa.string()),
    ]
)
"""`value` and `threshold` are numbers, null where they are words; then `text` holds the words,
value first, joined by " / ". GeoJSON keeps the words in place."""

_NUMBER = pa.float64()
EVENTS_SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("type", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("start", pa.string(), nullable=False),
        pa.field("end", pa.string()),
        pa.field("duration_h", _NUMBER, nullable=False),
        pa.field("mmsi", pa.int64(), nullable=False),
        pa.field("other_mmsi", pa.int64()),
        pa.field("hull_id", pa.string(), nullable=False),
        pa.field("other_hull_id", pa.string()),
        pa.field("vessel_name", pa.string()),
        pa.field("flag", pa.string()),
        pa.field("lat", _NUMBER, nullable=False),
        pa.field("lon", _NUMBER, nullable=False),
        pa.field("confidence", _NUMBER, nullable=False),
        pa.field("severity", pa.string(), nullable=False),
        pa.field("replaces", pa.string()),
        pa.field("reasons", pa.list_(REASON_TYPE), nullable=False),
        pa.field("details", details_type(), nullable=False),
        pa.field("geometry", pa.binary(), nullable=False),
    ]
)
"""Columns of events.parquet: the event properties of the contract, and the geometry as WKB."""

_ROW_GROUP = 65_536


def event_table(events: Sequence[Event]) -> pa.Table:
    """Return the events as a table of EVENTS_SCHEMA, with GeoParquet metadata.

    Raises:
        KeyError: an event has a detail that DETAIL_FIELDS does not name.
    """
    rows: list[dict[str, Any]] = []
    geometries = []
    for event in sort_events(list(events)):
        check_details(event.type, event.details)
        row = event.properties()
        row["reasons"] = [_reason_row(reason) for reason in row["reasons"]]
        geometries.append(shape(event.geometry()))
        row["geometry"] = shapely.to_wkb(geometries[-1])
        rows.append(row)
    table = pa.Table.from_pylist(rows, schema=EVENTS_SCHEMA)
    return table.replace_schema_metadata({"geo": json.dumps(_geo_metadata(geometries))})


def write_events_parquet(path: Path, events: Sequence[Event]) -> None:
    """Write events.parquet."""
    pq.write_table(
        event_table(events), path, compression="zstd", row_group_size=_ROW_GROUP, version="2.6"
    )


def write_events_geojson(path: Path, events: Sequence[Event]) -> None:
    """Write events.geojson: one feature a line, so that line tools and `diff` work on it."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"type":"FeatureCollection","features":[')
        for index, event in enumerate(sort_events(list(events))):
            file.write(",\n" if index else "\n")
            file.write(_feature_line(event))
        file.write("\n]}\n")


def _feature_line(event: Event) -> str:
    feature = {
        "type": "Feature",
        "id": event.event_id,
        "geometry": event.geometry(),
        "properties": event.properties(),
    }
    return json.dumps(feature, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _reason_row(reason: dict[str, Any]) -> dict[str, Any]:
    parts = [reason["value"], reason["threshold"]]
    words = [part for part in parts if isinstance(part, str)]
    value, threshold = (None if isinstance(part, str) else part for part in parts)
    return {
        "code": reason["code"],
        "value": value,
        "threshold": threshold,
        "unit": reason["unit"],
        "text": " / ".join(words) or None,
    }


def _geo_metadata(geometries: list[Any]) -> dict[str, Any]:
    """Return the `geo` entry of GeoParquet 1.1; without a `crs` it means OGC:CRS84 (lon, lat)."""
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted({geometry.geom_type for geometry in geometries}),
    }
    if geometries:
        column["bbox"] = [float(edge) for edge in shapely.total_bounds(geometries)]
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
