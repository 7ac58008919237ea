"""What drives the fold of a replay: this process and its threads, or a cluster.

A driver reads the rows, folds the vessel stage and keeps its tracks; what it gives the sea stage is
the same, whichever it is.
"""

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import feeds
from darkwake.options import ReplayOptions, cores, worthwhile_threads
from darkwake.progress import Progress
from darkwake.timeline import Timeline
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, VesselStages
from feeds.prefetch import prefetch, threaded
from feeds.report import ReadReport
from vessels.fixes import Fixes, fixes_from_table, sort_fixes
from vessels.identity import IdentityBook

AHEAD_ROWS = 4_000_000
"""Up to so many rows a stretch the next one is worked on ahead; with more, memory decides."""

PART_ROWS = 2_000_000
"""Most rows of a stretch that one thread folds at once: 30 million rows in four stretches take
5.5 GB at most with it, 6.6 GB without."""


@dataclass(slots=True)
class Run:
    """What one replay carries from stage to stage."""

    options: ReplayOptions
    progress: Progress
    report: ReadReport = field(default_factory=ReadReport)
    book: IdentityBook = field(default_factory=IdentityBook)
    seconds: dict[str, float] = field(default_factory=dict)
    scratch: Path = Path()

    @contextlib.contextmanager
    def stage(self, name: str, title: str, total: int | None = None) -> Iterator[None]:
        """Time a stage, and show it."""
        self.progress.stage(title, total)
        begun = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begun


class Driver(Protocol):
    """Reads, and folds the vessel stage. `read`, `start`, `fold`, then the rest."""

    last_us: int | None
    """Time of the newest position; None before the first."""

    @property
    def stages(self) -> VesselStages:
        """The vessel stages, once started."""

    @property
    def ahead(self) -> bool:
        """Whether a stretch is folded while the one before it is judged, once started."""

    def read(self) -> None:
        """Read every row once, and count it."""

    def start(self) -> None:
        """Make `stages` ready."""

    def fold(self, now_us: int | None) -> Iterator[tuple[Fixes, int]]:
        """Yield for each stretch of time the fixes that are folded here, and its watermark."""

    def __len__(self) -> int:
        """Return the number of stretches."""

    @property
    def spools(self) -> list[Path]:
        """Files of a TrackSpool that were written elsewhere."""

    @property
    def tracks(self) -> list[Path]:
        """Files of a TrackWriter that were written elsewhere."""

    def as_dict(self) -> dict[str, Any]:
        """Return what run.json tells of where this ran."""


class LocalDriver:
    """This process reads and folds, in as many threads as `--workers` says."""

    def __init__(self, run: Run, parameters: Parameters) -> None:
        self._run = run
        self._timeline = Timeline(run.scratch)
        self._parameters = parameters
        self._workers = run.options.workers
        self.stages: VesselStages
        self.last_us: int | None = None
        self.spools: list[Path] = []
        self.tracks: list[Path] = []

    def read(self) -> None:
        """Read the files into stretches of time."""
        options = self._run.options
        tables = feeds.read(
            options.paths,
            format=options.format,
            columns=options.columns,
            start_time_us=options.start_time_us,
            report=self._run.report,
            progress=self._run.progress.update,
            workers=options.readers,
        )
        outside = 0
        for table in threaded(tables, 1 if options.readers == 1 else 2):
            rows = in_time(table, options)
            outside += table.num_rows - rows.num_rows
            self._run.book.update(rows)
            self._timeline.add(fixes_from_table(rows))
        self._run.report.reject_decoded("outside_time_range", outside)
        self.last_us = self._timeline.last_us

    def fold(self, now_us: int | None) -> Iterator[tuple[Fixes, int]]:
        """Yield the stretches, sorted."""
        del now_us
        # map, unlike a generator, lets go of a stretch once it is put in order.
        ordered = map(sort_fixes, self._timeline.stretches())
        for fixes, repeated in prefetch(ordered) if self.ahead else ordered:
            self._run.report.reject_decoded("duplicate", repeated)
            yield fixes, int(fixes.time_us.max())

    def start(self) -> None:
        """Make the vessel stages, one for each thread."""
        pa.default_memory_pool().release_unused()  # what the tables of the files took
        if self._workers is None:
            self._workers = worthwhile_threads(self._timeline.rows, len(self._timeline), cores())
        rows = self._timeline.rows / max(1, len(self._timeline))
        several = max(1, math.ceil(rows / (PART_ROWS * self._workers)))
        parts = several * self._workers
        self.stages = LocalStages(self._parameters, parts, threads=self._workers)

    @property
    def ahead(self) -> bool:
        """Tell whether there are threads for it, and memory.

        One worker is one processor's work: the next stretch is then not put in order meanwhile.
        """
        return (self._workers or 1) > 1 and self._timeline.rows <= AHEAD_ROWS * len(self)

    def __len__(self) -> int:
        return len(self._timeline)

    def as_dict(self) -> dict[str, Any]:
        """Return the number of threads."""
        return {"workers": self._workers}


def in_time(table: pa.Table, options: ReplayOptions) -> pa.Table:
    """Return the rows between `--from` and `--to`."""
    if options.from_us is None and options.to_us is None:
        return table
    time_us = table["time"].cast(pa.int64())
    low = options.from_us if options.from_us is not None else np.iinfo("i8").min
    high = options.to_us if options.to_us is not None else np.iinfo("i8").max
    return table.filter(pc.and_(pc.greater_equal(time_us, low), pc.less_equal(time_us, high)))
