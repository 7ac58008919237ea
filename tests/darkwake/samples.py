"""A small result to write, read back and compare: one event of each type."""

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa

from darkwake.outputs import VESSELS_SCHEMA, ReplayResult
from darkwake.settings import Settings
from detectors.events import Event, Reason
from feeds.report import InputFile, ReadReport

START_US = 1_609_459_200_000_000
HOUR_US = 3_600_000_000


def dark_period(**changes: Any) -> Event:
    """A closed silence over the antimeridian."""
    values: dict[str, Any] = {
        "type": "dark_period",
        "mmsi": 412_000_001,
        "hull_id": "412000001-1",
        "start_us": START_US,
        "end_us": START_US + 20 * HOUR_US,
        "now_us": START_US + 90 * HOUR_US,
        "lat": -1.5,
        "lon": 179.5,
        "vessel_name": "日本丸 <b>",
        "flag": "CN",
        "confidence": 0.8125,
        "severity": "watch",
        "reasons": (Reason("silence", 20.0, 12.0, "h"), Reason("receiver", "satellite", None, "")),
        "details": {"last_lat": -1.5, "distance_m": 111_195.0, "positions_before": 14},
        "path": ((179.5, -1.5), (-179.5, -1.5)),
    }
    return Event(**(values | changes))


def encounter(**changes: Any) -> Event:
    """An open meeting of two hulls."""
    values: dict[str, Any] = {
        "type": "encounter",
        "mmsi": 412_000_001,
        "other_mmsi": 563_000_002,
        "hull_id": "412000001-1",
        "other_hull_id": "563000002-1",
        "start_us": START_US + HOUR_US,
        "now_us": START_US + 90 * HOUR_US,
        "lat": 10.25,
        "lon": -20.5,
        "confidence": 0.5,
        "reasons": (Reason("name", "B", "A", ""),),
        "details": {"parts": 2, "role": "carrier"},
    }
    return Event(**(values | changes))


def vessels() -> pa.Table:
    """Two hulls, out of order, with a column more than the contract's."""
    rows = [
        {"mmsi": 563_000_002, "hull_id": "563000002-1", "fixes": 7, "kind": "ship", "more": 1},
        {"mmsi": 412_000_001, "hull_id": "412000001-1", "fixes": 9, "kind": "ship", "more": 2},
    ]
    schema = VESSELS_SCHEMA.append(pa.field("more", pa.int8()))
    return pa.Table.from_pylist(rows, schema=schema)


def report() -> ReadReport:
    """Ten rows, of which three were rejected."""
    return ReadReport(
        rows_read=10,
        rows_decoded=7,
        rejected=Counter({"noise": 2, "bad_mmsi": 1}),
        message_types=Counter({1: 6, 5: 1}),
        inputs=[InputFile(path="a.nmea", format="nmea", bytes=500, sha256="ab" * 32, rows_read=10)],
    )


def result(**changes: Any) -> ReplayResult:
    """A result with both events."""
    values: dict[str, Any] = {
        "events": [encounter(), dark_period()],
        "vessels": vessels(),
        "report": report(),
        "parameters": Settings().run_parameters(),
        "learnt": {"reception": "cd" * 32},
        "seconds": {"reading": 0.12345},
        "peak_memory_mb": 123.456,
        "now_us": START_US + 90 * HOUR_US,
    }
    return ReplayResult(**(values | changes))


def names(folder: Path) -> list[str]:
    """Return the names in a folder, hidden ones included, sorted."""
    return sorted(path.name for path in folder.iterdir())
