"""Replay of a generated day against DuckDB reading it, and against peers that do a part of it.

`python -m benchmarks.replay --day day.csv [--runs 5] [--workers N]` prints JSON lines.

- `replay`: wall seconds (median) of the whole command without a map, its peak memory, and
  `ratio_to_duckdb_read_sort`: to DuckDB hashing the file, reading the 13 columns that a replay
  needs and sorting them by number and time, in rounds that take turns.
- `workers`: seconds of the detection stage with 1, 2, ... workers in turns, up to `--most-workers`;
  the events must be equal to the byte. `cpu_seconds` are those of the whole command, `other_cores`
  the mean number of cores that other processes took meanwhile. `machine_speed_up` is that of an
  empty kernel in as many threads, in the same turns: what the machine had to give.
- `growth`, with `--grow LARGE` (benchmarks.day makes it with `--rows 30000000 --vessels 60000`):
  the command on both days in turns; how much more time and memory the large one takes.
- `start`: a small file with an empty cache of compiled kernels (cold), and again (warm).
- `gaps`, `stops`: what the peers need for a part of the work, so their times are a floor. pandas
  takes the whole day. movingpandas' ObservationGapSplitter and TrajectoryStopDetector take the
  first vessels of the day, and that time is scaled by rows (`scaled: true`): it would be minutes.
  Ratios add the parsing of the file.
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import psutil
from numba import njit

from darkwake.options import cores

GAP_H = 12
SAMPLE_VESSELS = 150
SMALL_ROWS = 20_000
CHUNK = 1 << 20
COLUMNS = (
    "mmsi, base_date_time, longitude, latitude, sog, cog, heading, vessel_name, imo, call_sign, "
    "vessel_type, status, transceiver"
)
"""The columns of a MarineCadastre file of 2025 that a replay reads."""
Run = dict[str, Any]


def tree_rss(process: psutil.Process) -> int:
    """Return the resident bytes of a process and all its children now."""
    total = 0
    for member in (process, *process.children(recursive=True)):
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    return total


def run_replay(day: Path, extra: list[str], cache: Path | None = None) -> Run:
    """Run the command once; return seconds by the clock and of processor, and the run's own.

    With them the most megabytes that all its processes held together.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "darkwake", "replay", str(day), "--out", str(out)]
        environment = {**os.environ, **({"NUMBA_CACHE_DIR": str(cache)} if cache else {})}
        begin, before, busy = time.perf_counter(), children_s(), _busy_s()
        process = psutil.Popen(
            [*command, "--no-map", *extra], stderr=subprocess.PIPE, env=environment
        )
        peak = [0]
        watcher = threading.Thread(target=_watch, args=(process, peak))
        watcher.start()
        _, errors = process.communicate()
        seconds = time.perf_counter() - begin
        watcher.join()
        if process.returncode:
            raise RuntimeError(errors.decode(errors="replace")[-2000:])
        cpu_s = children_s() - before
        told = json.loads((out / "run.json").read_text(encoding="utf-8"))
        return {
            "seconds": seconds,
            "cpu_seconds": cpu_s,
            "other_cores": max(_busy_s() - busy - cpu_s, 0.0) / seconds,
            "peak_mb": peak[0] / 1e6,
            "stages": told["seconds"],
            "rows": told["rows_read"],
            "workers": told["workers"],
            "events": hashlib.sha256((out / "events.geojson").read_bytes()).hexdigest(),
        }


def children_s() -> float:
    """Return the seconds of processor of all processes that this one started and that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _busy_s() -> float:
    """Return the processor seconds that the machine has worked."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)


def read_and_sort(day: Path) -> float:
    """Return the seconds that DuckDB needs to hash the file, read the columns and sort them."""
    begin = time.perf_counter()
    digest = hashlib.sha256()
    with day.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    with duckdb.connect() as database:
        database.execute("SET enable_progress_bar = false")
        database.execute(
            f"CREATE TABLE day AS SELECT {COLUMNS} FROM read_csv(?) ORDER BY mmsi, base_date_time",  # noqa: S608 - our own names
            [str(day)],
        )
    return time.perf_counter() - begin


def compare(day: Path, rounds: int, extra: list[str]) -> float:
    """Print the replay's line, measured in turns with DuckDB; return its median seconds."""
    runs, floor = [], []
    for _ in range(rounds):
        runs.append(run_replay(day, extra))
        floor.append(read_and_sort(day))
    ours, theirs = statistics.median(run["seconds"] for run in runs), statistics.median(floor)
    say(
        benchmark="replay",
        tool="darkwake",
        rows=runs[0]["rows"],
        runs=rounds,
        workers=runs[0]["workers"],
        seconds=round(ours, 2),
        duckdb_read_sort_seconds=round(theirs, 2),
        ratio_to_duckdb_read_sort=round(ours / theirs, 2),
        peak_mb=round(max(run["peak_mb"] for run in runs)),
        stages={
            name: round(statistics.median(run["stages"][name] for run in runs), 2)
            for name in runs[0]["stages"]
        },
    )
    return ours


def workers(day: Path, rounds: int, most: int) -> None:
    """Print what each number of workers does for the detection stage."""
    counts = range(1, most + 1)
    runs: dict[int, list[Run]] = {count: [] for count in counts}
    plain: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(rounds):
        for count in counts:
            plain[count].append(turn_over(count))
            runs[count].append(run_replay(day, ["--workers", str(count)]))
    given = {n: statistics.median(seconds) for n, seconds in plain.items()}
    detect = {n: statistics.median(run["stages"]["detect"] for run in runs[n]) for n in counts}
    events = {run["events"] for some in runs.values() for run in some}
    if len(events) > 1:
        raise RuntimeError("the events depend on the number of workers")
    for count in counts:
        say(
            benchmark="workers",
            workers=count,
            detect_seconds=round(detect[count], 2),
            speed_up=round(detect[1] / detect[count], 2),
            machine_speed_up=round(given[1] / given[count], 2),
            cpu_seconds=round(statistics.median(run["cpu_seconds"] for run in runs[count]), 1),
            other_cores=round(statistics.median(run["other_cores"] for run in runs[count]), 2),
            peak_mb=round(max(run["peak_mb"] for run in runs[count])),
            identical=True,
        )


@njit(nogil=True)
def _turn(times: int) -> float:
    x = 1.0
    for _ in range(times):
        x = x * 1.0000001 + 1e-9
    return x


def turn_over(threads: int, times: int = 1_000_000_000) -> float:
    """Return the seconds of a kernel without lock or memory, divided over threads."""
    _turn(1)  # compiled
    with ThreadPoolExecutor(threads) as pool:
        begin = time.perf_counter()
        list(pool.map(_turn, [times // threads] * threads))
        return time.perf_counter() - begin


def growth(small: Path, large: Path, rounds: int, extra: list[str]) -> None:
    """Print what a large day takes beside a small one, in turns."""
    runs: dict[Path, list[Run]] = {small: [], large: []}
    for _ in range(rounds):
        for day, some in runs.items():
            some.append(run_replay(day, extra))
    first, last = runs[small], runs[large]

    def ratio(name: str) -> float:
        both = [statistics.median(run[name] for run in some) for some in (last, first)]
        return round(both[0] / both[1], 2)

    for some in (first, last):
        say(
            benchmark="growth",
            rows=some[0]["rows"],
            runs=rounds,
            workers=some[0]["workers"],
            seconds=round(statistics.median(run["seconds"] for run in some), 1),
            cpu_seconds=round(statistics.median(run["cpu_seconds"] for run in some), 1),
            peak_mb=round(max(run["peak_mb"] for run in some)),
            stages={
                name: round(statistics.median(run["stages"][name] for run in some), 1)
                for name in some[0]["stages"]
            },
        )
    say(
        benchmark="growth",
        rows_ratio=ratio("rows"),
        seconds_ratio=ratio("seconds"),
        cpu_seconds_ratio=ratio("cpu_seconds"),
        peak_mb=round(max(run["peak_mb"] for run in last)),
    )


def start(day: Path) -> None:
    """Print how long a small file takes while kernels are compiled, and then from their cache."""
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.csv"
        with day.open("rb") as file, small.open("wb") as out:
            for _ in range(SMALL_ROWS + 1):
                out.write(file.readline())
        cache = Path(folder) / "cache"
        cold, warm = (run_replay(small, [], cache)["seconds"] for _ in range(2))
    say(
        benchmark="start",
        rows=SMALL_ROWS,
        cold_seconds=round(cold, 1),
        warm_seconds=round(warm, 2),
    )


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


def movingpandas_stops(sample: pd.DataFrame) -> int:
    """Find the stops of the sample: 4 h in a circle of 5 km, the nearest to loitering."""
    import movingpandas as mpd  # noqa: PLC0415 - as above

    collection = mpd.TrajectoryCollection(
        sample, "mmsi", t="base_date_time", x="longitude", y="latitude", crs="EPSG:4326"
    )
    stops = mpd.TrajectoryStopDetector(collection).get_stop_points(
        min_duration=timedelta(hours=4), max_diameter=5_000
    )
    return len(stops)


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
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=0, help="0: the command's own default")
    parser.add_argument("--most-workers", type=int, default=0, help="0: as many as there are cores")
    parser.add_argument("--grow", type=Path, help="a larger day: print the growth, nothing else")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    extra = ["--workers", str(args.workers)] if args.workers else []
    run_replay(args.day, extra)  # the file is read into memory, the kernels are compiled
    if args.grow is not None:
        growth(args.day, args.grow, args.runs, extra)
        return
    ours = compare(args.day, args.runs, extra)
    if not args.no_peers:
        workers(args.day, args.runs, args.most_workers or cores())
        start(args.day)
        peers(args.day, args.runs, ours)


def peers(day: Path, runs: int, ours: float) -> None:
    """Measure what the peers need for a part of the work, on the parsed table."""
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
        found=gaps,
        ratio_to_whole_replay=round((parse + seconds) / ours, 2),
    )
    sample = frame[frame["mmsi"].isin(frame["mmsi"].unique()[:SAMPLE_VESSELS])]
    for part, tool, work in (
        ("gaps", "movingpandas ObservationGapSplitter", movingpandas_gaps),
        ("stops", "movingpandas TrajectoryStopDetector", movingpandas_stops),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            begin = time.perf_counter()
            found = work(sample)
            seconds = time.perf_counter() - begin
        whole = seconds * len(frame) / len(sample)
        say(
            benchmark=part,
            tool=tool,
            rows=len(sample),
            seconds=round(seconds, 2),
            found=found,
            scaled=True,
            scaled_seconds=round(whole, 1),
            ratio_to_whole_replay=round((parse + whole) / ours, 2),
        )


if __name__ == "__main__":
    main()
