"""What each stage of a cluster's replay costs for a million fixes: seconds of processor time.

`python -m benchmarks.stage_cost --day day.csv` runs the very tasks of a cluster in this process,
one after the other, and then the part that runs where the command was given. Processor time, not
the clock: other work on the machine does not count, and stages can be added up for a plan
(docs/scale.md). Compiled code is cached by a first round on a hundredth of the rows. JSON lines.
"""

import argparse
import itertools
import json
import pickle
import tempfile
import time
from pathlib import Path

import psutil

from darkwake.archive.add import add_files
from darkwake.archive.writer import parts
from darkwake.cluster import tasks
from darkwake.cluster.driver import FoldedStages
from darkwake.cluster.outputs import OutputReader, no_output
from darkwake.cluster.tasks import Job
from darkwake.options import ReplayOptions
from darkwake.reading import Reading
from darkwake.tracks import TrackSpool
from darkwake.visit_tables import Calls
from detectors.parameters import Parameters
from detectors.pipeline import Pipeline, PipelineState
from feeds.paths import FoundFile
from vessels.fixes import empty_fixes
from vessels.identity import IdentityBook

PARTS = 8


def measure(day: Path, folder: Path, *, tell: bool) -> None:
    """Run every stage once over a file; print what each took if asked to."""
    spent: dict[str, float] = {}
    begun = time.process_time()

    def note(stage: str) -> None:
        nonlocal begun
        spent[stage] = time.process_time() - begun
        begun = time.process_time()

    (added,) = add_files([str(day)], folder / "archive", Reading())
    note("archive add")
    scratch = folder / "scratch"
    scratch.mkdir()
    parameters = Parameters()
    (scratch / "parameters.pickle").write_bytes(pickle.dumps(parameters))
    job = Job(ReplayOptions(paths=(), out=folder), scratch, PARTS)
    files = [FoundFile(path, named=True) for path in parts(folder / "archive")]
    begun = time.process_time()
    ingested = tasks.ingest(job, 0, files)
    note("ingest (a worker)")
    steps = sorted(ingested.newest_us.items())
    for part in range(PARTS):
        tasks.fold(job, part, [0], steps, steps[-1][1])
    note("fold (a worker)")
    readers = [OutputReader(job.file("out", part), no_output(parameters)) for part in range(PARTS)]
    spool, calls = TrackSpool(folder / "spool.parquet"), Calls(parameters.port_visit)
    pipeline = Pipeline(parameters, FoldedStages(readers), calls.add)
    state, events = PipelineState(), []
    for _, watermark_us in steps:
        state, final = pipeline.step(state, empty_fixes(), watermark_us)
        events += final
    events += pipeline.peek(state, steps[-1][1])
    book = IdentityBook()
    for part in range(PARTS):
        book.merge(IdentityBook.restore(job.file("book", part).read_bytes()))
    note("sea stage (the driver)")
    spool.close()
    sizes = {
        "shuffled": sum(path.stat().st_size for path in scratch.glob("in-*")),
        "to the driver": sum(path.stat().st_size for path in scratch.glob("out-*")),
        "identities": sum(path.stat().st_size for path in scratch.glob("book-*")),
        "archive": sum(path.stat().st_size for path in parts(folder / "archive")),
    }
    if tell:
        million = added.rows_added / 1e6
        for stage, seconds in spent.items():
            say(stage=stage, rows=added.rows_added, cpu_s_per_million=round(seconds / million, 3))
        for what, size in sizes.items():
            say(bytes_of=what, bytes_per_fix=round(size / added.rows_added, 2))
        say(peak_memory_mb=round(psutil.Process().memory_info().rss / 1e6), events=len(events))


def say(**values: object) -> None:
    """Print one JSON line."""
    print(json.dumps({"benchmark": "stage_cost", **values}), flush=True)


def main() -> None:
    """Measure, once compiled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="darkwake-cost-") as folder:
        small = Path(folder) / "small.csv"
        with args.day.open(encoding="utf-8") as file:
            small.write_text("".join(itertools.islice(file, 50_000)), encoding="utf-8")
        for number, day in enumerate((small, args.day)):
            place = Path(folder) / str(number)
            place.mkdir()
            measure(day, place, tell=number == 1)


if __name__ == "__main__":
    main()
