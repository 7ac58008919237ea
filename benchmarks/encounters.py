"""Pair search: every two hulls within 500 m in one five-minute slot, ours against the usual trees.

`python -m benchmarks.encounters [--day day.csv] [--hours 3] [--runs 5]` prints JSON lines: median
processor seconds of searches that take turns, and the ratio of ours to each. Without a day it shows
the curve: 5,000, 20,000 and 80,000 vessels in a slot, spread over the sea or with half of them
crowded into places as dense as a port. All tools get the same positions and must find the same
number of pairs, or the run fails. Ours is what the detector calls: every pair as a row with
distance and speeds, in order of hulls; the trees return two indices, or count, and pandas counts.
BallTree is measured once, and not above 20,000 vessels: it takes long enough.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.contacts import find_contacts
from detectors.slots import SLOT, SLOT_MIN
from vessels.geodesy import distances_m
from vessels.units import EARTH_RADIUS_M

RANGE_M = 500.0
CURVE, CURVE_SLOTS, CROWD = (5_000, 20_000, 80_000), 6, 200
OURS, BALL, BALL_VESSELS = "darkwake", "scikit-learn BallTree", 20_000
Search = Callable[[NDArray[np.void]], int]
Tools = dict[str, Search]


def load_slots(day: Path, hours: float) -> NDArray[np.void]:
    """Return the last position of each vessel in each slot of the first hours, sorted by slot."""
    query = """
        SELECT mmsi, epoch(base_date_time)::BIGINT // $seconds AS slot,
               arg_max(latitude, base_date_time) AS lat, arg_max(longitude, base_date_time) AS lon
        FROM read_csv($path) GROUP BY ALL ORDER BY slot, mmsi
    """
    with duckdb.connect() as database:
        columns = database.execute(query, {"path": str(day), "seconds": SLOT_MIN * 60}).fetchnumpy()
    slots = np.zeros(len(columns["slot"]), SLOT)
    slots["key"] = columns["mmsi"].astype(np.int64) << 16
    slots["slot"], slots["lat"], slots["lon"] = columns["slot"], columns["lat"], columns["lon"]
    last = slots["slot"][0] + int(hours * 60 / SLOT_MIN)
    return slots[slots["slot"] < last]


def by_slot(slots: NDArray[np.void]) -> list[NDArray[np.void]]:
    """Return the positions of each slot."""
    return np.split(slots, np.flatnonzero(np.diff(slots["slot"])) + 1)


def ours(slots: NDArray[np.void]) -> int:
    """Search with the detector's own kernel."""
    return len(find_contacts(slots, RANGE_M))


def ball_tree(slots: NDArray[np.void]) -> int:
    """Search with one scikit-learn BallTree a slot, on the haversine metric."""
    from sklearn.neighbors import BallTree  # noqa: PLC0415 - a peer

    pairs = 0
    for part in by_slot(slots):
        points = np.radians(np.column_stack([part["lat"], part["lon"]]))
        tree = BallTree(points, metric="haversine")
        near = tree.query_radius(points, RANGE_M / EARTH_RADIUS_M, count_only=True)
        pairs += (int(near.sum()) - len(part)) // 2
    return pairs


def kd_tree(slots: NDArray[np.void]) -> int:
    """Search with one scipy cKDTree a slot, on unit vectors and chords."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - a peer

    chord = 2.0 * np.sin(RANGE_M / EARTH_RADIUS_M / 2.0)
    pairs = 0
    for part in by_slot(slots):
        phi, lam = np.radians(part["lat"]), np.radians(part["lon"])
        points = np.column_stack(
            [np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)]
        )
        pairs += len(cKDTree(points).query_pairs(chord, output_type="ndarray"))
    return pairs


def pandas_cells(slots: NDArray[np.void]) -> int:
    """Search with pandas: positions of a slot and cell merged with those of the cells around.

    Each pair of cells once: a cell with itself, then with four of its eight neighbours.
    """
    reach_deg = np.degrees(RANGE_M / EARTH_RADIUS_M) * 1.001
    width_deg = reach_deg / np.cos(np.radians(np.abs(slots["lat"]).max() + reach_deg))
    frame = pd.DataFrame(
        {
            "slot": slots["slot"],
            "row": np.floor(slots["lat"] / reach_deg).astype(np.int64),
            "column": np.floor(slots["lon"] / width_deg).astype(np.int64),
            "lat": slots["lat"],
            "lon": slots["lon"],
            "order": np.arange(len(slots)),
        }
    )
    pairs = 0
    for rows, columns in ((0, 0), (0, 1), (1, -1), (1, 0), (1, 1)):
        moved = frame.assign(row=frame["row"] - rows, column=frame["column"] - columns)
        both = frame.merge(moved, on=["slot", "row", "column"], suffixes=("", "_2"))
        if rows == columns == 0:
            both = both[both["order"] < both["order_2"]]
        apart_m = distances_m(both["lat"], both["lon"], both["lat_2"], both["lon_2"])
        pairs += int((apart_m <= RANGE_M).sum())
    return pairs


def crowd(vessels: int, slots: int, *, crowded: bool) -> NDArray[np.void]:
    """Return positions of vessels in some slots, sorted by slot; half of them in crowds if asked.

    A crowd is 200 vessels within about 5 km, as at a large anchorage.
    """
    rng = np.random.default_rng(vessels)
    lat, lon = rng.uniform(-60.0, 60.0, vessels), rng.uniform(-180.0, 180.0, vessels)
    if crowded:
        many = vessels // 2
        place = np.arange(many) // CROWD
        lat[:many] = lat[place] + rng.normal(0.0, 0.02, many)
        lon[:many] = lon[place] + rng.normal(0.0, 0.02, many)
    out = np.zeros(vessels * slots, SLOT)
    out["key"] = np.tile(np.arange(1, vessels + 1, dtype="i8") << 16, slots)
    out["slot"] = np.repeat(np.arange(slots), vessels)
    out["lat"] = np.tile(lat, slots) + rng.normal(0.0, 1e-3, len(out))
    out["lon"] = np.tile(lon, slots) + rng.normal(0.0, 1e-3, len(out))
    return out


def in_turn(tools: Tools, slots: NDArray[np.void], runs: int) -> dict[str, tuple[float, int]]:
    """Return each tool's median seconds and pairs; in each round every tool has its turn."""
    seconds: dict[str, list[float]] = {name: [] for name in tools}
    pairs: dict[str, int] = {}
    for turn in range(runs):
        for name, search in tools.items():
            if name == BALL and turn > 0:
                continue
            begin = time.process_time()
            pairs[name] = search(slots)
            seconds[name].append(time.process_time() - begin)
    return {name: (statistics.median(seconds[name]), pairs[name]) for name in tools}


def compare(tools: Tools, slots: NDArray[np.void], runs: int, **told: object) -> None:
    """Print a JSON line for each tool."""
    found = in_turn(tools, slots, runs)
    base, expected = found[OURS]
    for name, (seconds, pairs) in found.items():
        if abs(pairs - expected) > expected * 1e-5 + 1:
            raise RuntimeError(f"{name} found {pairs} pairs, we found {expected}")
        line = {
            "benchmark": "pairs",
            **told,
            "positions": len(slots),
            "pairs": pairs,
            "tool": name,
            "cpu_seconds": round(seconds, 4),
            "ours_to_this": round(base / seconds, 3),
        }
        print(json.dumps(line), flush=True)


def main() -> None:
    """Measure all on one set of positions, or on the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=Path)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    tools: Tools = {
        OURS: ours,
        "scipy cKDTree": kd_tree,
        "pandas merge on cells": pandas_cells,
        BALL: ball_tree,
    }
    ours(crowd(100, 1, crowded=True))  # compile, or load the compiled kernel
    if args.day is not None:
        compare(tools, load_slots(args.day, args.hours), args.runs, traffic="day")
        return
    for vessels in CURVE:
        some = {n: t for n, t in tools.items() if n != BALL or vessels <= BALL_VESSELS}
        for crowded in (False, True):
            traffic = "crowded" if crowded else "sparse"
            slots = crowd(vessels, CURVE_SLOTS, crowded=crowded)
            compare(some, slots, args.runs, traffic=traffic, vessels=vessels)


if __name__ == "__main__":
    main()
