"""Pair search: every two hulls within 500 m in one five-minute slot, ours against the usual trees.

`python -m benchmarks.encounters --day day.csv [--hours 3] [--runs 3]` prints JSON lines: median
seconds and the ratio to ours. All tools get the same slot positions and must find the same number
of pairs, or the run fails. BallTree is measured once; it takes long enough.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from detectors.encounters import find_contacts
from detectors.slots import SLOT, SLOT_MIN
from vessels.units import EARTH_RADIUS_M

RANGE_M = 500.0
Search = Callable[[NDArray[np.void]], int]


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
    """Search with the detector's own kernel, which also returns what it found as rows."""
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


def timed(search: Search, slots: NDArray[np.void], runs: int) -> tuple[float, int]:
    """Return the median seconds of some runs, and the number of pairs."""
    seconds, pairs = [], 0
    for _ in range(runs):
        begin = time.perf_counter()
        pairs = search(slots)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds), pairs


def main() -> None:
    """Measure the three on one set of positions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=Path, required=True)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    slots = load_slots(args.day, args.hours)
    ours(slots[:1000])  # compile, or load the compiled kernel
    base, expected = timed(ours, slots, args.runs)
    tools: list[tuple[str, Search, int]] = [
        ("scipy cKDTree", kd_tree, args.runs),
        ("scikit-learn BallTree", ball_tree, 1),
    ]
    told = {"benchmark": "pairs", "positions": len(slots), "pairs": expected}
    print(json.dumps({**told, "tool": "darkwake", "seconds": round(base, 4), "ratio": 1.0}))
    for name, search, runs in tools:
        seconds, pairs = timed(search, slots, runs)
        if abs(pairs - expected) > expected * 1e-5:
            raise RuntimeError(f"{name} found {pairs} pairs, we found {expected}")
        ratio = round(seconds / base, 1)
        print(json.dumps({**told, "tool": name, "seconds": round(seconds, 4), "ratio": ratio}))


if __name__ == "__main__":
    main()
