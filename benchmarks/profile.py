"""Where a replay spends its time, as py-spy sees it: which line of Python, and under whose lock.

`python -m benchmarks.profile PATH... [--rate 100] [--top 12]` runs `darkwake replay PATH...
--no-map --workers 1` under py-spy, twice, and prints JSON lines for the stages `read` and `detect`:

- one for the stage: its samples, and as `locked` the share of its time in which any thread held
  Python's lock. All of Python is in it, and what numpy does without letting go of it. It is from
  the second run, which samples the holders of the lock alone.
- one for each of the commonest innermost lines of Python: its share of the stage's samples, and how
  much of the stage's time it held the lock. A line that calls a compiled kernel, numpy, Arrow or
  DuckDB stands for all of their work. A loop over rows in Python would be lines as often locked as
  seen.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STAGES = {"read": "LocalDriver.read (", "detect": "_fold (darkwake/replay.py"}
"""Stage -> the frame that all of its samples on the main thread have."""
Samples = Counter[tuple[str, ...]]


def record(paths: list[str], rate: int, folder: Path, *, locked: bool) -> tuple[Samples, Any]:
    """Run the replay under py-spy; return how often each stack was seen, and run.json's seconds."""
    raw, out = folder / f"{locked}.raw", folder / f"run-{locked}"
    spy = ["py-spy", "record", "--rate", str(rate), "--format", "raw", "--output", str(raw)]
    spy += ["--gil"] if locked else []
    replay = [sys.executable, "-m", "darkwake", "replay", *paths, "--out", str(out)]
    command = [*spy, "--", *replay, "--no-map", "--workers", "1"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
    samples: Samples = Counter()
    for line in raw.read_text(encoding="utf-8").splitlines():
        stack, count = line.rsplit(" ", 1)
        samples[tuple(stack.split(";"))] += int(count)
    return samples, json.loads((out / "run.json").read_text(encoding="utf-8"))["seconds"]


def innermost(samples: Samples, frame: str) -> Counter[str]:
    """Return the innermost lines of the stacks that hold a frame."""
    found: Counter[str] = Counter()
    for stack, count in samples.items():
        if any(frame in one for one in stack):
            found[stack[-1]] += count
    return found


def report(paths: list[str], rate: int, top: int) -> Iterator[dict[str, Any]]:
    """Yield a record for each stage."""
    with tempfile.TemporaryDirectory() as name:
        every, _ = record(paths, rate, Path(name), locked=False)
        holders, seconds = record(paths, rate, Path(name), locked=True)
    for stage, frame in STAGES.items():
        lines, locked = innermost(every, frame), innermost(holders, frame)
        ticks = seconds[stage] * rate
        about = {"benchmark": "profile", "stage": stage}
        yield {**about, "samples": lines.total(), "locked": round(locked.total() / ticks, 3)}
        for line, count in lines.most_common(top):
            share, held = count / lines.total(), locked[line] / ticks
            yield {**about, "line": line, "share": round(share, 3), "locked_share": round(held, 3)}


def main() -> None:
    """Profile, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--top", type=int, default=12)
    asked = parser.parse_args()
    for line in report(asked.paths, asked.rate, asked.top):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
