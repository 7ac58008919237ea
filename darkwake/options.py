"""What one replay was asked to do, after the command line has been checked."""

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vessels.clock import iso_z

FORMATS = ("auto", "nmea", "marinecadastre", "dma", "jsonl", "csv", "parquet")
COLUMN_KEYS = (
    *("mmsi", "time", "lat", "lon", "sog", "cog", "heading", "nav_status", "msg_type", "ais_class"),
    *("imo", "name", "callsign", "ship_type", "length", "beam", "draught", "destination"),
    *("station", "receiver"),
)
"""Names of `--columns`: feeds.layout.KEYS, told here so that `--help` need not load the readers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """Options of `darkwake replay`. Times are microseconds since 1970 UTC.

    `out` is the folder that files are written to *now*: the staging folder while a replay runs.
    """

    paths: tuple[str, ...]
    """Files, folders or globs, as given."""
    out: Path
    format: str = "auto"
    columns: dict[str, str] = field(default_factory=dict)
    """One of COLUMN_KEYS -> column of the file."""
    start_time_us: int | None = None
    """Time of the first row of a log that carries no time at all."""
    from_us: int | None = None
    to_us: int | None = None
    """Both ends are included."""
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees; west > east spans 180 degrees."""
    workers: int | None = 1
    """Threads for detection; None for as many as are worth it. They change no event."""
    readers: int | None = None
    """Cores that reading uses; None for those of the machine."""
    scheduler: str | None = None
    """Address of a Dask scheduler, whose workers read and fold."""
    tracks: bool = False
    draw_map: bool = True
    map_limit: int = 1000
    """Most events drawn on the map; the files hold all of them."""

    def as_dict(self) -> dict[str, Any]:
        """Return what can change the events, as JSON values, for run.json."""
        return {
            "format": self.format,
            "columns": dict(sorted(self.columns.items())),
            "start_time": _iso(self.start_time_us),
            "from": _iso(self.from_us),
            "to": _iso(self.to_us),
            "bbox": None if self.bbox is None else list(self.bbox),
        }


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worthwhile_threads(rows: int, steps: int, processors: int) -> int:
    """Return how many threads detection is worth, for so many rows in so many steps of the fold.

    A thread's part of a step costs about 2.3 ms under Python's lock, one after the other, and 1.05
    us a row beside it (a generated day, 1,000 to 800,000 rows a step in 1 to 8 parts), so the time
    is least at the square root of rows / 2,200. 5,000 is taken: threads never share a machine's
    memory without loss.
    """
    return max(1, min(processors, math.isqrt(rows // max(steps, 1) // 5_000)))


def _iso(time_us: int | None) -> str | None:
    return None if time_us is None else iso_z(time_us)
