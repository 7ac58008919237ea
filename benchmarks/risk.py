"""What the features of risk cost: `uv run python -m benchmarks.risk [VESSELS] [DAYS]`.

A generated fleet that reports every hour is put into a run's folder, and read as `darkwake risk`
reads it: tracks to vessel-days to features. One JSON line: CPU seconds, vessel-days, peak memory.
The default is 1 million vessel-days (24 million positions).
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.event_files import write_events_parquet
from darkwake.outputs import VESSELS_SCHEMA
from darkwake.peak_memory import peak_memory_mb
from darkwake.risk_run import read_run
from darkwake.visit_tables import VISITS_SCHEMA, VOYAGES_SCHEMA
from detectors.unusual.windows import features
from vessels.units import US_PER_DAY, US_PER_H

T0_US = 1_704_067_200_000_000  # 2024-01-01
_TIME = pa.timestamp("us", tz="UTC")
_TEXT = pa.dictionary(pa.int32(), pa.string())


def main() -> None:
    """Build the run, warm up on a small one, measure."""
    given = [int(one) for one in sys.argv[1:]]
    vessels, days = (given + [2_740, 365][len(given) :])[:2]
    with tempfile.TemporaryDirectory() as folder:
        for name, size in (("warm", (20, 10)), ("whole", (vessels, days))):
            run = Path(folder) / name
            run.mkdir()
            build(run, *size)
            begun, wall = time.process_time(), time.perf_counter()
            found = read_run(run)
            read_s = time.process_time() - begun
            windows = features(found.facts, "month")
            total_s = time.process_time() - begun
            rows = 0 if found.facts.days is None else len(found.facts.days)
    print(
        json.dumps(
            {
                "vessel_days": rows,
                "windows": len(windows.label),
                "cpu_read_s": round(read_s, 2),
                "cpu_total_s": round(total_s, 2),
                "wall_s": round(time.perf_counter() - wall, 2),
                "peak_memory_mb": round(peak_memory_mb()),
            }
        )
    )


def build(run: Path, vessels: int, days: int) -> None:
    """Write a run's folder: hourly positions in time order, a port visit every twenty days."""
    mmsi = 412_000_000 + np.arange(vessels)
    hulls = pa.array([f"{number}-1" for number in mmsi.tolist()])
    rng = np.random.default_rng(5)
    lat0, lon0 = rng.uniform(-40, 40, vessels), rng.uniform(-180, 175, vessels)
    schema = pa.schema([("mmsi", pa.int32()), ("hull_id", _TEXT), ("time", _TIME),
                        ("lat_deg", pa.float64()), ("lon_deg", pa.float64()),
                        ("sog_knots", pa.float32()), ("ais_class", _TEXT)])  # fmt: skip
    with pq.ParquetWriter(run / "tracks.parquet", schema, compression="zstd") as writer:
        for day in range(days):
            hours = np.arange(24)[:, None] + day * 24.0
            time_us = T0_US + (hours * US_PER_H).astype("i8") + np.arange(vessels) * 1_000_000
            lat, lon = lat0 + 2 * np.sin(hours / 70.0), lon0 + 2 * np.cos(hours / 90.0)
            place = np.tile(np.arange(vessels, dtype="i4"), 24)
            columns = [
                pa.array(np.tile(mmsi, 24), pa.int32()),
                pa.DictionaryArray.from_arrays(place, hulls),
                pa.array(time_us.ravel()).cast(_TIME),
                pa.array(lat.ravel()),
                pa.array(lon.ravel()),
                pa.array(np.full(len(place), 4.5), pa.float32()),
                pa.DictionaryArray.from_arrays(np.zeros(len(place), "i4"), pa.array(["A"])),
            ]
            writer.write_table(pa.table(columns, schema=schema))
    last = T0_US + days * US_PER_DAY
    who = {name: [None] * vessels for name in VESSELS_SCHEMA.names}
    who |= {"mmsi": mmsi.tolist(), "hull_id": hulls, "ship_type": [30] * vessels}
    who |= {"first_time": [T0_US] * vessels, "last_time": [last] * vessels}
    who |= {"fixes": [24 * days] * vessels}
    pq.write_table(pa.Table.from_pydict(who, schema=VESSELS_SCHEMA), run / "vessels.parquet")
    calls = [(h, d) for h in range(vessels) for d in range(0, days, 20)]
    _write_calls(run, calls, mmsi, days)
    write_events_parquet(run / "events.parquet", [])
    (run / "run.json").write_text(json.dumps({"now": "2024-12-31T00:00:00Z"}))


def _write_calls(run: Path, calls: list[tuple[int, int]], mmsi: np.ndarray, days: int) -> None:
    hull = np.array([h for h, _ in calls])
    start = T0_US + np.array([d for _, d in calls]) * US_PER_DAY
    end = start + 2 * US_PER_DAY
    until = np.minimum(start + 20 * US_PER_DAY, T0_US + days * US_PER_DAY)
    ids = [f"{number}-1" for number in mmsi[hull].tolist()]
    size = len(calls)
    visits = {name: [None] * size for name in VISITS_SCHEMA.names}
    visits |= {name: [True] * size for name in ("entry", "exit", "stop", "gap")}
    visits |= {name: [0.0] * size for name in ("lat", "lon", "port_distance_m", "rest_h")}
    visits |= {"mmsi": mmsi[hull].tolist(), "hull_id": ids, "start": start.tolist()}
    visits |= {"end": end.tolist(), "last_inside": end.tolist(), "confidence_level": [4] * size}
    voyages = {name: [None] * size for name in VOYAGES_SCHEMA.names}
    voyages |= {"mmsi": mmsi[hull].tolist(), "hull_id": ids, "start": end.tolist()}
    voyages |= {"end": until.tolist(), "censored": [False] * size, "silences": [0] * size}
    voyages |= {"lower_days": ((until - end) / US_PER_DAY).tolist()}
    voyages |= {"longest_silence_h": [1.0] * size}
    pq.write_table(pa.Table.from_pydict(visits, schema=VISITS_SCHEMA), run / "visits.parquet")
    pq.write_table(pa.Table.from_pydict(voyages, schema=VOYAGES_SCHEMA), run / "voyages.parquet")


if __name__ == "__main__":
    main()
