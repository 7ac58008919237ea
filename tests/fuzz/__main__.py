"""The long form: `python -m tests.fuzz --inputs 1000000 [--seed N] [--targets A,B]`.

Prints a JSON line for each target: inputs, seconds of CPU, the slowest input, the growth of
resident memory. An input that breaks a parser is written to a file and ends the run with 1.
"""

import argparse
import faulthandler
import gc
import hashlib
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.fuzz.edits import apply, random_edits
from tests.fuzz.targets import Target, clear_environment, targets

HANG_S = 30.0
"""An input that takes so long ends the process with the stacks of its threads."""
MAX_GROWTH_MB = 150.0
_WARM_UP = 300


def fuzz(target: Target, inputs: int, seed: int) -> dict[str, object]:
    """Try so many inputs; return the figures.

    Raises:
        Exception: whatever a parser raised; the input is written beside the working folder.
    """
    rng = random.Random(f"{seed}:{target.name}")
    process = psutil.Process()
    distinct: set[bytes] = set()
    slowest_s, base_mb, peak_mb = 0.0, 0.0, 0.0
    started_s = time.process_time()
    for number in range(inputs):
        data = apply(rng.choice(target.samples), random_edits(rng), repair=target.repair)
        distinct.add(hashlib.blake2b(data, digest_size=6).digest())
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        before_s = time.process_time()
        try:
            target.run(data)
        except BaseException:
            name = f"fuzz-{target.name}-{hashlib.sha256(data).hexdigest()[:12]}"
            Path(name).write_bytes(data)
            print(f"{target.name}: input {number} of seed {seed} is in {name}", file=sys.stderr)  # noqa: T201 - a tool
            raise
        if number > _WARM_UP:
            slowest_s = max(slowest_s, time.process_time() - before_s)
        if number % 500 == _WARM_UP or number == inputs - 1:
            gc.collect()
            memory_mb = process.memory_info().rss / 1e6
            base_mb = base_mb or memory_mb
            peak_mb = max(peak_mb, memory_mb)
    faulthandler.cancel_dump_traceback_later()
    return {
        "target": target.name,
        "inputs": inputs,
        "distinct": len(distinct),
        "cpu_s": round(time.process_time() - started_s, 1),
        "slowest_ms": round(slowest_s * 1e3, 1),
        "growth_mb": round(peak_mb - base_mb, 1),
    }


def main() -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--targets", default="")
    asked = parser.parse_args()
    clear_environment()
    bad = False
    done = 0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        chosen = [
            target
            for target in targets(Path(folder))
            if not asked.targets or target.name in asked.targets.split(",")
        ]
        shares = sum(target.share for target in chosen)
        for target in chosen:
            inputs = max(1, round(asked.inputs * target.share / shares))
            figures = fuzz(target, inputs, asked.seed)
            done += inputs
            # The set of digests is ours; what is left must not grow with the inputs.
            own_mb = float(figures["distinct"]) * 1.1e-4
            bad = bad or float(figures["growth_mb"]) - own_mb > MAX_GROWTH_MB
            print(json.dumps(figures), flush=True)  # noqa: T201 - a tool
    print(json.dumps({"inputs": done, "seed": asked.seed, "memory_bounded": not bad}))  # noqa: T201 - a tool
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
