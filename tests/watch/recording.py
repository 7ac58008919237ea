"""A recording of a generated world, and what a replay of it finds."""

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pyarrow as pa

import feeds
from darkwake.config import Settings
from darkwake.options import ReplayOptions
from darkwake.run import run_replay
from tests.worlds.nmea import write_nmea
from tests.worlds.world import make_world

FOLDER = Path(mkdtemp(prefix="darkwake-recording-"))


@cache
def recording(seed: int = 5) -> Path:
    """Return a log of some 110 transmitters over four days, with 48 planted events."""
    path = FOLDER / f"world{seed}.nmea"
    write_nmea(make_world(seed), path)
    return path


@cache
def replayed(path: Path) -> dict[str, dict[str, Any]]:
    """Return the properties of what a replay finds, by event_id."""
    out = FOLDER / f"{path.stem}-run"
    run_replay(ReplayOptions(paths=(str(path),), out=out, draw_map=False), Settings())
    told = json.loads((out / "events.geojson").read_text(encoding="utf-8"))
    return {f["id"]: f["properties"] for f in told["features"]}


@cache
def table_of(path: Path) -> pa.Table:
    """Return all rows of a log."""
    return pa.concat_tables(list(feeds.read(path))).unify_dictionaries()
