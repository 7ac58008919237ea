"""Moves every threshold by a tenth, up and down, and tells which tests notice.

    python -m tests.mutation                        all; an hour or so on two cores
    python -m tests.mutation --only encounter.      those whose key matches
    python -m tests.mutation --only twins --factor 1.05 --jobs 1

A line of JSON a trial: `key`, `factor`, `value` (the number as moved), `result`, `by` (the test
that failed first), `seconds`. First the tests run unmoved, for a test that fails anyway notices
nothing. Exit code 1 if a threshold survived that docs/detectors.md does not name as one that may.
"""

import argparse
import json
import multiprocessing
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.mutation.thresholds import ROOT, all_thresholds, files_of
from tests.mutation.trial import PRELOADED, Trial, run


def trials(only: str, factors: list[float]) -> list[Trial]:
    """Return the trials of the thresholds whose key matches `only`, unmoved ones first."""
    moved: list[Trial] = []
    unmoved: dict[tuple[str, ...], Trial] = {}
    for key, (place, names) in all_thresholds().items():
        if re.search(only, key):
            tests = tuple(files_of(names))
            unmoved.setdefault(tests, Trial(f"unmoved {names}", place, 1.0, tests))
            moved += [Trial(key, place, factor, tests) for factor in factors]
    return [*unmoved.values(), *moved]


def may_survive() -> set[str]:
    """Return the keys that docs/detectors.md lists as moved without any event changing."""
    page = (ROOT / "docs" / "detectors.md").read_text("utf-8")
    _, _, after = page.partition("<!-- may survive -->")
    return set(re.findall(r"^\| `([^`]+)` \|", after, re.MULTILINE))


def main() -> int:
    """Run the trials; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--only", default="", help="a pattern of keys")
    parser.add_argument("--factor", type=float, action="append", help="default: 1.1 and 0.9")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    todo = trials(given.only, given.factor or [1.1, 0.9])
    bad = 0
    allowed = may_survive()
    with ThreadPoolExecutor(given.jobs) as pool:
        for told in pool.map(lambda trial: run(trial, context), todo):
            bad += _is_bad(told, allowed)
            print(json.dumps(told), flush=True)  # noqa: T201  # lines of JSON are what it is for
    return 1 if bad else 0


def _is_bad(told: dict[str, Any], allowed: set[str]) -> bool:
    if told["factor"] == 1.0:
        return told["result"] != "SURVIVED"
    return told["result"] not in {"killed", "timeout"} and told["key"] not in allowed


if __name__ == "__main__":
    sys.exit(main())
