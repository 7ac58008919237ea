"""The real GFW-style JSON lines beside the tree, read without the house's own reader."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from vessels.fixes import RECEIVER_CODES, Fixes


def gpsdio(shared_data: Path, name: str) -> Fixes:
    """Return the positions of one file of tracks/gpsdio, unsorted, as they are."""
    with gzip.open(shared_data / "tracks" / "gpsdio" / f"{name}.json.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    rows = [row for row in rows if _has_position(row)]
    return Fixes(
        np.array([int(row["ssvid"]) for row in rows], "i4"),
        np.array([_time_us(row["timestamp"]) for row in rows], "i8"),
        np.array([round(row["lat"], 6) for row in rows]),
        np.array([round(row["lon"], 6) for row in rows]),
        _column(rows, "speed", 102.25),
        _column(rows, "course", 359.95),
        _column(rows, "heading", 360.0),
        np.full(len(rows), 255, "u1"),
        np.zeros(len(rows), "u1"),
        np.zeros(len(rows), "u1"),
        np.array([RECEIVER_CODES.get(row.get("receiver_type", ""), 0) for row in rows], "u1"),
    )


def _has_position(row: dict[str, Any]) -> bool:
    lat, lon = row.get("lat"), row.get("lon")
    return lat is not None and lon is not None and abs(lat) <= 90.0 and abs(lon) <= 180.0


def _column(rows: list[dict[str, Any]], name: str, limit: float) -> np.ndarray:
    values = np.array([np.nan if row.get(name) is None else row[name] for row in rows], "f4")
    values[~(values < limit)] = np.nan
    return values


def _time_us(text: str) -> int:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp()) * 1_000_000
