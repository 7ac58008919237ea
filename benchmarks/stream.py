"""Thirty days of a fleet through what a watch folds with: is it state that is kept, or data?

`python -m benchmarks.stream [--days 30] [--vessels 2000] [--every-min 5]` feeds a generated fleet
hour by hour, as a watch takes it in and tells what it found, and prints a JSON line for each day:
resident memory, the fixes that are kept because late ones may change what they mean (those of the
last 72 hours), the bytes of a snapshot, which is all state there is, and seconds of processor time.
The fleet is that of benchmarks.day, sailing on from day to day; each day other ships fall silent
for 13 hours and the pairs at sea meet anew. The last line compares the last ten days with the ten
before them. Memory grows until the horizon is full (day 4), then by what is remembered for a
month: reception, silences and stops, findings.
"""

import argparse
import gc
import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
import pyarrow as pa

from benchmarks.day import DAY_S, DRIFTING, MEETINGS, STEAMING, Fleet, make_fleet, move, statics
from darkwake.replay import detection_parameters
from darkwake.settings import Settings
from darkwake.watching.finder import Finder
from vessels.schema import FIXES
from vessels.units import US_PER_DAY, US_PER_S

FIRST_DAY = 20_089
"""2025-01-01."""
HORIZON_H = 72.0
SILENT_EACH_DAY, SILENT_S = 25, 13 * 3600
APART_KM = 15.0
"""How far the pairs drift from each other in the first half of each day."""
KM_PER_DEGREE = 111.195


def hours(
    fleet: Fleet, days: int, every_s: int, rng: np.random.Generator
) -> Iterator[tuple[int, pa.Table]]:
    """Yield the end of each hour, and what was heard in it."""
    count = len(fleet.kind)
    about = statics(np.random.default_rng(3), fleet)
    steaming = np.flatnonzero(fleet.kind == STEAMING)
    guests = np.flatnonzero(fleet.kind == DRIFTING)[MEETINGS : 2 * MEETINGS]
    first_s = rng.uniform(0, every_s, count)
    for day in range(days):
        silent = rng.choice(steaming, min(SILENT_EACH_DAY, len(steaming)), replace=False)
        for hour in range(24):
            start_s = day * DAY_S + hour * 3600
            due = np.arange(start_s, start_s + 3600, every_s)
            who = np.tile(np.arange(count), len(due))
            t_s = np.repeat(due, count) + first_s[who]
            if hour * 3600 < SILENT_S:
                heard = ~np.isin(who, silent)
                who, t_s = who[heard], t_s[heard]
            here = move(rng, fleet, who, t_s)
            off_km = APART_KM * np.clip(np.sin(2 * np.pi * t_s / DAY_S), 0, None)
            here["lat"] += np.where(np.isin(who, guests), off_km / KM_PER_DEGREE, 0.0)
            order = np.argsort(t_s, kind="stable")
            table = _table(about, who, t_s, here).take(pa.array(order))
            yield FIRST_DAY * US_PER_DAY + (start_s + 3600) * US_PER_S, table


def _table(about: dict[str, pa.Array], who: Any, t_s: Any, here: dict[str, Any]) -> pa.Table:
    at = pa.array(who)
    time_us = FIRST_DAY * US_PER_DAY + (t_s * 1e6).astype("i8")
    columns = {
        "mmsi": about["mmsi"].take(at),
        "time": time_us,
        "ais_class": about["transceiver"].take(at),
        "lat_deg": here["lat"],
        "lon_deg": here["lon"],
        "sog_knots": here["sog"],
        "cog_deg": here["cog"],
        "heading_deg": here["heading"],
        "name": about["name"].take(at),
        "ship_type": about["type"].take(at),
    }
    arrays = [
        pa.array(columns[field.name]).cast(field.type)
        if field.name in columns
        else pa.nulls(len(who), field.type)
        for field in FIXES
    ]
    return pa.Table.from_arrays(arrays, schema=FIXES)


def main() -> None:
    """Feed the days, and print what is kept after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--vessels", type=int, default=2000)
    parser.add_argument("--every-min", type=int, default=5)
    args = parser.parse_args()
    rng = np.random.default_rng(7)
    finder = Finder(detection_parameters(Settings()), horizon_h=HORIZON_H)
    fleet = make_fleet(rng, args.vessels)
    told: list[dict[str, Any]] = []
    rows, begun = 0, time.process_time()
    for done, (upto_us, table) in enumerate(hours(fleet, args.days, args.every_min * 60, rng), 1):
        finder.take(table)
        finder.advance(upto_us)
        findings = finder.tell(upto_us)
        rows += table.num_rows
        if done % 24:
            continue
        snapshot_mb = len(finder.snapshot()) / 1e6
        gc.collect()
        told.append(
            {
                "day": done // 24,
                "rows": rows,
                "rss_mb": round(psutil.Process().memory_info().rss / 1e6, 1),
                "rows_in_memory": finder.rows_in_memory,
                "snapshot_mb": round(snapshot_mb, 2),
                "findings": len(findings),
                "cpu_seconds": round(time.process_time() - begun, 1),
            }
        )
        say(**told[-1])
        begun = time.process_time()
    third = len(told) // 3
    late, before = told[-third:], told[-2 * third : -third]
    say(
        days=args.days,
        vessels=args.vessels,
        rows=rows,
        **{
            f"{name}_growth": round(_median(late, name) / _median(before, name), 3)
            for name in ("rss_mb", "snapshot_mb", "rows_in_memory", "cpu_seconds")
        },
    )


def _median(told: list[dict[str, Any]], name: str) -> float:
    return statistics.median(one[name] for one in told)


def say(**values: object) -> None:
    """Print one JSON line."""
    print(json.dumps({"benchmark": "stream", **values}), flush=True)


if __name__ == "__main__":
    main()
