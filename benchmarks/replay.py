"""Replay of a generated day against the peers that people use for a part of it.

`python -m benchmarks.replay --day day.csv [--runs 3]` prints JSON lines: wall seconds (median),
peak memory, and each peer's ratio to us in the same run. The peers do less than a replay does: they
find gaps and nothing else, so their times are a floor. Ratios add the parsing of the file.

- pandas: gaps by groupby and diff, on the whole day.
- movingpandas: ObservationGapSplitter on the first vessels of the day, and that time scaled by
  rows to the whole day (`scaled: true`); it would take minutes otherwise.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import psutil

GAP_H = 12
SAMPLE_VESSELS = 150


def tree_rss(process: psutil.Process) -> int:
    """Return the resident bytes of a process and all its children now."""
    total = 0
    for member in (process, *process.children(recursive=True)):
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    return total


def run_replay(day: Path, extra: list[str]) -> dict[str, object]:
    """Run the command once; return seconds, peak megabytes of all processes, and the run's own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "darkwake", "replay", str(day), "--out", str(out)]
        begin = time.perf_counter()
        process = psutil.Popen([*command, "--no-map", *extra], stderr=subprocess.PIPE)
        peak = [0]
        watcher = threading.Thread(target=_watch, args=(process, peak))
        watcher.start()
        _, errors = process.communicate()
        seconds = time.perf_counter() - begin
        watcher.join()
        if process.returncode:
            raise RuntimeError(errors.decode(errors="replace")[-2000:])
        told = json.loads((out / "run.json").read_text(encoding="utf-8"))
        return {"seconds": seconds, "peak_mb": peak[0] / 1e6, "stages": told.get("seconds")}


def _watch(process: psutil.Popen, peak: list[int]) -> None:
    """Sample the memory of a process and its children until it ends."""
    while process.poll() is None:
        try:
            peak[0] = max(peak[0], tree_rss(process))
        except psutil.Error:
            return
        time.sleep(0.05)


def load(day: Path) -> pd.DataFrame:
    """Return number, time and place of every row, for the peers."""
    columns = ["mmsi", "base_date_time", "longitude", "latitude"]
    frame = pd.read_csv(day, usecols=columns, engine="pyarrow")
    frame["base_date_time"] = pd.to_datetime(frame["base_date_time"])
    return frame


def pandas_gaps(frame: pd.DataFrame) -> int:
    """Count gaps the plain way: sort, group, difference."""
    ordered = frame.sort_values(["mmsi", "base_date_time"])
    gaps = ordered.groupby("mmsi")["base_date_time"].diff()
    return int((gaps >= pd.Timedelta(hours=GAP_H)).sum())


def movingpandas_gaps(sample: pd.DataFrame) -> int:
    """Split the sample's trajectories at gaps; return how many pieces there are."""
    import movingpandas as mpd  # noqa: PLC0415 - a peer, not needed for our own figures

    collection = mpd.TrajectoryCollection(
        sample, "mmsi", t="base_date_time", x="longitude", y="latitude", crs="EPSG:4326"
    )
    pieces = mpd.ObservationGapSplitter(collection).split(gap=timedelta(hours=GAP_H))
    return len(pieces.trajectories)


def timed(work: Callable[[], int], runs: int) -> tuple[float, int]:
    """Return the median seconds of some runs, and the last result."""
    seconds, result = [], 0
    for _ in range(runs):
        begin = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds), result


def say(**values: object) -> None:
    """Print one JSON line."""
    print(json.dumps(values), flush=True)


def main() -> None:
    """Measure the replay and its peers on one day."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=0, help="0: the command's own default")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    extra = ["--workers", str(args.workers)] if args.workers else []
    runs = [run_replay(args.day, extra) for _ in range(args.runs)]
    ours = statistics.median(float(str(run["seconds"])) for run in runs)
    peak_mb = max(float(str(run["peak_mb"])) for run in runs)
    say(
        benchmark="replay",
        tool="darkwake",
        runs=args.runs,
        seconds=round(ours, 2),
        peak_mb=round(peak_mb),
        stages=runs[-1]["stages"],
    )
    if not args.no_peers:
        peers(args.day, args.runs, ours)


def peers(day: Path, runs: int, ours: float) -> None:
    """Measure what the peers need for gaps alone, on the parsed table."""
    begin = time.perf_counter()
    frame = load(day)
    parse = time.perf_counter() - begin
    seconds, gaps = timed(lambda: pandas_gaps(frame), runs)
    say(
        benchmark="gaps",
        tool="pandas groupby",
        rows=len(frame),
        seconds=round(seconds, 2),
        parse_seconds=round(parse, 2),
        gaps=gaps,
        ratio_to_whole_replay=round((parse + seconds) / ours, 2),
    )
    sample = frame[frame["mmsi"].isin(frame["mmsi"].unique()[:SAMPLE_VESSELS])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds, pieces = timed(lambda: movingpandas_gaps(sample), 1)
    whole = seconds * len(frame) / len(sample)
    say(
        benchmark="gaps",
        tool="movingpandas ObservationGapSplitter",
        rows=len(sample),
        seconds=round(seconds, 2),
        pieces=pieces,
        scaled=True,
        scaled_seconds=round(whole, 1),
        ratio_to_whole_replay=round((parse + whole) / ours, 2),
    )


if __name__ == "__main__":
    main()
