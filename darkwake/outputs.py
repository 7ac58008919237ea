"""The files of one replay: what the engine hands over, and how it is written down.

docs/events.md is the contract of these files.
"""

import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.event_files import write_events_geojson, write_events_parquet
from darkwake.identity_file import IDENTITIES_SCHEMA, write_identities
from darkwake.options import ReplayOptions
from darkwake.progress import Progress
from darkwake.staging import MARKER
from darkwake.versions import versions
from detectors.events import Event, sort_events
from feeds.report import ReadReport
from vessels.clock import iso_z

if TYPE_CHECKING:
    from vessels.fixes import Array

VESSELS_SCHEMA = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("hull_id", pa.string(), nullable=False),
        pa.field("name", pa.string()),
        pa.field("callsign", pa.string()),
        pa.field("imo", pa.int32()),
        pa.field("flag", pa.string()),
        pa.field("ship_type", pa.uint8()),
        pa.field("length_m", pa.float32()),
        pa.field("first_time", pa.timestamp("us", tz="UTC")),
        pa.field("last_time", pa.timestamp("us", tz="UTC")),
        pa.field("fixes", pa.int64(), nullable=False),
        pa.field("kind", pa.string()),
        pa.field("doubts", pa.list_(pa.string())),
    ]
)
"""Columns of vessels.parquet: one row a hull, sorted by MMSI and hull."""

Track = list[tuple[int, float, float]]
"""A hull's track for the map: (time in microseconds, lon, lat), in time order."""


@dataclass(slots=True, kw_only=True)
class ReplayResult:
    """Everything a replay found, ready to be written."""

    events: list[Event]
    vessels: pa.Table
    """Columns of VESSELS_SCHEMA, in any order; more columns are dropped."""
    report: ReadReport
    parameters: dict[str, Any]
    """`Settings.run_parameters()`, as used."""
    identities: pa.Table = field(default_factory=IDENTITIES_SCHEMA.empty_table)
    """Table of IDENTITIES_SCHEMA: what each number said it was, and when."""
    statements: pa.Table | None = None
    """What the numbers said, by UTC day (`IdentityBook.statements`), where tracks are written."""
    visits: pa.Table | None = None
    """Visits to ports (darkwake/visit_tables.py); None where they were not worked out."""
    voyages: pa.Table | None = None
    """Voyages between them, likewise."""
    reception: "Array | None" = None
    """Reception learnt in the last days before `now_us` (vessels.reception), where worked out."""
    learnt: dict[str, Any] = field(default_factory=dict)
    """Hashes of what was learnt from the data, by name."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall-clock seconds by stage."""
    peak_memory_mb: float = 0.0
    driven: dict[str, Any] = field(default_factory=dict)
    """What a cluster did, where one did the work."""
    tracks: Path | None = None
    """tracks.parquet, finished, in the folder `options.out`."""
    event_tracks: dict[str, Track] = field(default_factory=dict)
    """hull_id -> track, for the hulls that the map draws."""
    now_us: int | None = None
    """The time that open events run to: the last fix, or `--to`; None where nothing was read."""

    def events_by_type(self) -> dict[str, int]:
        """Return type -> number of events, sorted by type."""
        return dict(sorted(Counter(event.type for event in self.events).items()))


def write_result(result: ReplayResult, options: ReplayOptions, progress: Progress) -> None:
    """Write every file of `result` into `options.out`, which is a staging folder.

    The time it takes is added to `result.seconds`, as `write` and in `total`.

    Raises:
        ValueError: the counts of the read do not add up.
        KeyError: an event has a detail that the contract does not name.
        OSError: a file cannot be written.
    """
    begun = time.perf_counter()
    folder = options.out
    events = sort_events(result.events)
    progress.stage("writing")
    write_events_parquet(folder / "events.parquet", events)
    write_events_geojson(folder / "events.geojson", events)
    write_vessels(folder / "vessels.parquet", result.vessels)
    write_identities(folder / "identities.parquet", result.identities)
    tables = {
        "visits": result.visits,
        "voyages": result.voyages,
        "statements": result.statements,
    }
    for name, table in tables.items():
        if table is not None:
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd", version="2.6")
    if result.reception is not None:
        write_reception(folder / "reception.nc", result.reception)
    if options.draw_map:
        progress.stage("drawing the map")
        _draw_map(folder / "alerts.html", result, options.map_limit)
    seconds = time.perf_counter() - begun
    result.seconds["write"] = seconds
    result.seconds["total"] = result.seconds.get("total", 0.0) + seconds
    write_json(folder / MARKER, run_record(result, options))


def write_vessels(path: Path, vessels: pa.Table) -> None:
    """Write vessels.parquet, sorted by MMSI and hull.

    Raises:
        KeyError: a column of VESSELS_SCHEMA is missing.
    """
    table = vessels.select(VESSELS_SCHEMA.names).cast(VESSELS_SCHEMA)
    table = table.sort_by([("mmsi", "ascending"), ("hull_id", "ascending")])
    pq.write_table(table.replace_schema_metadata(None), path, compression="zstd", version="2.6")


def write_reception(path: Path, rows: "Array") -> None:
    """Write reception.nc, NetCDF 3; see `vessels.reception.to_dataset`."""
    from vessels.reception import to_dataset  # noqa: PLC0415 - numba costs a second

    to_dataset(rows).to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")


def run_record(result: ReplayResult, options: ReplayOptions) -> dict[str, Any]:
    """Return what run.json holds.

    Raises:
        ValueError: `rows_read` is not `rows_decoded` plus the sum of `rejected`.
    """
    report = result.report
    rejected = {reason: rows for reason, rows in sorted(report.rejected.items()) if rows}
    if report.rows_read != report.rows_decoded + sum(rejected.values()):
        raise ValueError(
            f"rows do not add up: {report.rows_read} read, {report.rows_decoded} decoded, "
            f"{sum(rejected.values())} rejected"
        )
    return {
        "inputs": [asdict(file) for file in report.inputs],
        "options": options.as_dict(),
        "rows_read": report.rows_read,
        "rows_decoded": report.rows_decoded,
        "rejected": rejected,
        "message_types": {str(key): n for key, n in sorted(report.message_types.items())},
        "now": None if result.now_us is None else iso_z(result.now_us),
        "events": result.events_by_type(),
        "vessels": result.vessels.num_rows,
        "parameters": result.parameters,
        "learnt": result.learnt,
        "versions": versions(),
        "workers": options.workers,
        **result.driven,
        "seconds": {stage: round(value, 3) for stage, value in result.seconds.items()},
        "peak_memory_mb": round(result.peak_memory_mb, 1),
    }


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write `value` for people and programs: indented UTF-8.

    File names may hold bytes that are not UTF-8; these become JSON escapes.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    path.write_bytes(text.encode("utf-8", "backslashreplace"))


def _draw_map(path: Path, result: ReplayResult, limit: int) -> None:
    from maps.alert_map import write_page  # noqa: PLC0415 - folium costs a second
    from maps.identities import identities  # noqa: PLC0415
    from maps.payload import Page  # noqa: PLC0415
    from maps.reception_layer import reception_payload  # noqa: PLC0415

    page = Page(
        events=result.events,
        tracks=result.event_tracks,
        title="Darkwake: findings to check",
        limit=limit,
        looked_at=_looked_at(result),
        identities=identities(result.vessels),
        reception=None if result.reception is None else reception_payload(result.reception),
    )
    write_page(path, page)


def _looked_at(result: ReplayResult) -> str:
    """Return what was read, for the head of the map: a finding is worth what it rests on."""
    report = result.report
    until = "" if result.now_us is None else f", up to {iso_z(result.now_us)}"
    return (
        f"{report.rows_read:,} rows of {len(report.inputs)} files read, "
        f"{report.rows_decoded:,} decoded; {result.vessels.num_rows:,} hulls{until}."
    )
