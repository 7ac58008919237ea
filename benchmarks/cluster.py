"""A replay on one worker, on two, and without a cluster, of the same archive: time and memory.

`python -m benchmarks.cluster --day day.csv` adds the file to an archive, which every replay then
reads: partitioned Parquet, as a cluster gets it. benchmarks.day makes one; 30 million rows with
`--rows 30000000 --vessels 60000`. Runs take turns; compiled code is cached by a run before. The
peer is the plain replay, in its own process. Scheduler and workers are processes of this machine,
one thread each, so two of them need two cores. Prints JSON lines, with the seconds of each stage.

On a machine with other work the clock tells little: `cpu_path_seconds` is the processor time of the
driver and of the busiest worker, one after the other, as they mostly are. With a core for each
worker no less than that passes.
"""

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.replay import children_s
from darkwake.archive.add import add_files
from darkwake.archive.writer import rows_in
from darkwake.reading import Reading

SAME = ("events.parquet", "events.geojson", "vessels.parquet", "visits.parquet")


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[tuple[str, list[psutil.Process]]]:
    """Yield the address of a scheduler with some workers, and their processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ["dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
    worker = ["dask_worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    commands = [scheduler, *([worker] * workers)]
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"}
    running = [
        subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, "-m", f"distributed.cli.{command[0]}", *command[1:]],
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        for command in commands
    ]
    try:
        yield address, [psutil.Process(process.pid) for process in running[1:]]
    finally:
        for process in running:
            process.kill()  # nothing of theirs is kept; a worker would wait for its scheduler
        for process in running:
            process.wait(30)


def busy_s(process: psutil.Process) -> float:
    """Return the processor time of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def replay(
    archive: Path, out: Path, *more: str, workers: Sequence[psutil.Process] = ()
) -> dict[str, Any]:
    """Run the command; return its seconds, and what run.json tells."""
    command = [sys.executable, "-m", "darkwake", "replay", str(archive), "--out", str(out)]
    before, mine = [busy_s(worker) for worker in workers], children_s()
    begun = time.perf_counter()
    subprocess.run([*command, "--no-map", *more], check=True, capture_output=True)  # noqa: S603
    seconds = time.perf_counter() - begun
    driver = children_s() - mine
    spent = [busy_s(worker) - was for worker, was in zip(workers, before, strict=True)]
    told = json.loads((out / "run.json").read_text("utf-8"))
    return {
        "seconds": seconds,
        "driver_cpu_seconds": driver,
        "cpu_path_seconds": driver + max(spent, default=0.0),
        "stages": told["seconds"],
        "driver_mb": told["peak_memory_mb"],
        "worker_mb": told.get("cluster", {}).get("peak_worker_memory_mb", 0.0),
        "files": [(out / name).read_bytes() for name in SAME],
    }


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-warm-up", action="store_true", help="kernels are compiled already")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="darkwake-cluster-") as folder:
        archive = Path(folder) / "archive"
        begun = time.perf_counter()
        add_files([str(args.day)], archive, Reading())
        rows = rows_in(archive)
        say(benchmark="cluster", step="add", rows=rows, seconds=time.perf_counter() - begun)
        found: dict[str, list[dict[str, Any]]] = {"plain": [], "1 worker": [], "2 workers": []}
        first = 1 if args.no_warm_up else 0
        for run in range(first, args.runs + 1):  # run 0 compiles, and is not counted
            for name, told in _turn(archive, Path(folder), run):
                found[name] += [told] if run else []
                if told["files"] != found["plain"][0]["files"] if run else False:
                    raise RuntimeError(f"{name}: other events than those of the plain replay")
        medians = {name: statistics.median(t["seconds"] for t in of) for name, of in found.items()}
        paths = {n: statistics.median(t["cpu_path_seconds"] for t in of) for n, of in found.items()}
        for name, of in found.items():
            stages = {
                stage: round(statistics.median(told["stages"][stage] for told in of), 2)
                for stage in of[0]["stages"]
            }
            say(
                benchmark="cluster",
                tool=name,
                rows=rows,
                runs=args.runs,
                seconds=medians[name],
                driver_cpu_seconds=statistics.median(t["driver_cpu_seconds"] for t in of),
                cpu_path_seconds=paths[name],
                stages=stages,
                seconds_per_million={k: round(v / rows * 1e6, 3) for k, v in stages.items()},
                driver_mb=max(told["driver_mb"] for told in of),
                worker_mb=max(told["worker_mb"] for told in of),
                speed_up_to_one_worker=medians["1 worker"] / medians[name],
                cpu_path_speed_up=paths["1 worker"] / paths[name],
                ratio_to_plain=medians[name] / medians["plain"],
            )


def _turn(archive: Path, folder: Path, run: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run each of the three once."""
    yield "plain", replay(archive, folder / f"plain-{run}")
    for workers, name in ((1, "1 worker"), (2, "2 workers")):
        out = folder / f"many-{workers}-{run}"
        with cluster(workers) as (address, processes):
            yield name, replay(archive, out, "--scheduler", address, workers=processes)


def say(**values: Any) -> None:
    """Print one JSON line."""
    short = {k: round(v, 2) if isinstance(v, float) else v for k, v in values.items()}
    print(json.dumps(short), flush=True)


if __name__ == "__main__":
    main()
