"""Two cores against one: `replay --workers 2` beside `--workers 1`, results compared to the byte.

`python -m benchmarks.cores [PATH...] [--sentences N] [--files N] [--rounds R]` prints JSON lines:
the median seconds of the stage `read` (run.json), once for one NMEA log and once for the same
sentences in many files, and their ratio; `identical` tells whether rows, counts and event files
agree. The sentences are those of benchmarks.decode. Rounds take turns.
"""

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.decode import generated_lines, real_lines, renumbered

SENTENCES = 3_000_000
FILES = 24
ROUNDS = 5
START = "2020-09-13T12:26:40Z"
WORKERS = (1, 2)
SAME = ("rows_read", "rows_decoded", "rejected", "message_types", "events", "vessels")
RESULTS = ("events.parquet", "events.geojson", "vessels.parquet")


def write_logs(lines: list[bytes], sentences: int, files: int, folder: Path) -> tuple[Path, Path]:
    """Write the sentences as one log, and as `files` logs of a folder; return both."""
    one, many = folder / "one.nmea", folder / "many"
    many.mkdir()
    copies = -(-sentences // len(lines))
    with one.open("wb") as out:
        for copy in range(copies):
            out.writelines(renumbered(line, copy) + b"\n" for line in lines)
    size = one.stat().st_size // files + 1
    with one.open("rb") as log:
        for number in range(files):
            chunk = log.read(size) + log.readline()
            if chunk:
                (many / f"{number:03d}.nmea").write_bytes(chunk)
    return one, many


def replay(path: Path, workers: int, out: Path) -> dict[str, Any]:
    """Replay in a process of its own; return its run.json, with hashes of the event files."""
    command = [sys.executable, "-m", "darkwake", "replay", str(path), "--out", str(out)]
    command += ["--no-map", "--workers", str(workers), "--start-time", START]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - this very project
    run: dict[str, Any] = json.loads((out / "run.json").read_text())
    run["results"] = [hashlib.sha256((out / n).read_bytes()).hexdigest() for n in RESULTS]
    return run


def measure(path: Path, shape: str, rounds: int, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield a record for each number of workers, then their ratio."""
    runs: dict[int, list[dict[str, Any]]] = {workers: [] for workers in WORKERS}
    replay(path, WORKERS[-1], folder / "warm")  # compiles, and warms the file cache
    for number in range(rounds):
        for workers in WORKERS:
            runs[workers].append(replay(path, workers, folder / f"{shape}-{workers}-{number}"))
    seconds = {
        workers: statistics.median(run["seconds"]["read"] for run in found)
        for workers, found in runs.items()
    }
    base = {"benchmark": "cores", "stage": "read", "log": shape}
    for workers, found in runs.items():
        peak = max(run["peak_memory_mb"] for run in found)
        yield {**base, "workers": workers, "seconds": seconds[workers], "peak_memory_mb": peak}
    first = runs[1][0]
    identical = all(
        run["results"] == first["results"] and all(run[key] == first[key] for key in SAME)
        for found in runs.values()
        for run in found
    )
    ratio = round(seconds[1] / seconds[2], 2)
    yield {**base, "ratio_workers_2_to_1": ratio, "identical": identical}


def main() -> None:
    """Write the logs, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument("--sentences", type=int, default=SENTENCES)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    lines = real_lines(asked.paths) or generated_lines(asked.sentences)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one, many = write_logs(lines, asked.sentences, asked.files, folder)
        size = {"bytes": one.stat().st_size, "files": asked.files}
        print(json.dumps({"benchmark": "cores", **size}), flush=True)
        for shape, path in (("one file", one), ("many files", many)):
            for record in measure(path, shape.replace(" ", "-"), asked.rounds, folder):
                print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
