"""The long form of the crash sweep: `python -m tests.crash --kills 200`. Prints a JSON line."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.crash.sweep import as_json, sweep


def main() -> int:
    """Run the sweep; return 1 where anything was lost or said twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", default="sqlite:///state.db", help="URL of the store")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="darkwake-crash-") as folder:
        found = sweep(Path(folder), given.kills, given.seed, given.store)
    sys.stdout.write(f"{as_json(found)}\n")
    return int(bool(sum(faults(found))))


def faults(found: object) -> list[int]:
    """Return the counts that must be 0."""
    names = (
        "events_lost",
        "events_too_many",
        "events_that_differ",
        "mails_lost",
        "mails_unknown",
        "ids_with_two_subjects",
        "openings_missing",
    )
    return [getattr(found, name) for name in names]


if __name__ == "__main__":
    raise SystemExit(main())
