"""What runs on workers: read files into parts by number, then fold each part.

A task is given paths and reads its own files; what it leaves are files, written aside and renamed,
so a task that runs again on another worker leaves the same. Only counts travel.
"""

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.cluster.outputs import OutputWriter
from darkwake.driving import in_time
from darkwake.options import ReplayOptions
from darkwake.reading import Reading, read_file
from darkwake.timeline import STRETCH_US, Timeline
from darkwake.tracks import TrackSpool, TrackWriter
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, part_of_number
from feeds.dedupe import row_hashes
from feeds.paths import FoundFile
from feeds.prefetch import prefetch
from feeds.report import ReadReport
from vessels.aside import written_aside
from vessels.fixes import Fixes, empty_fixes, fixes_from_table, sort_fixes
from vessels.identity import IdentityBook
from vessels.schema import FIXES

_BATCH_ROWS = 1_000_000
"""Rows divided among the parts at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """What all tasks of a replay share."""

    options: ReplayOptions
    scratch: Path
    """Folder that every worker and the driver see."""
    parts: int

    def file(self, kind: str, part: int, batch: int | None = None) -> Path:
        """Return the path of a file of a part."""
        ends = {"in": ".parquet", "out": ".zip", "book": ".arrow"}
        number = f"{part}" if batch is None else f"{part}-{batch}"
        return self.scratch / f"{kind}-{number}{ends.get(kind, '.parquet')}"


@dataclass(slots=True)
class Ingested:
    """What came of reading some files."""

    report: ReadReport = field(default_factory=ReadReport)
    newest_us: dict[int, int] = field(default_factory=dict)
    """Stretch of time -> time of its newest position."""
    parts: set[int] = field(default_factory=set)
    """Parts that rows were written of."""


@dataclass(slots=True)
class Folded:
    """What came of folding one part; the rest is in its files."""

    duplicates: int
    peak_memory_mb: float


def ingest(job: Job, batch: int, files: Sequence[FoundFile]) -> Ingested:
    """Read files; write the rows of each part to a Parquet file of its own.

    Raises:
        InputError: a file cannot be read.
    """
    done = Ingested()
    options = job.options
    reading = Reading(
        format=options.format, columns=options.columns, start_time_us=options.start_time_us
    )
    with ExitStack() as stack:
        writers: dict[int, pq.ParquetWriter] = {}

        def write(rows: pa.Table) -> None:
            place = part_of_number(rows["mmsi"].to_numpy(), job.parts)
            for part in np.unique(place).tolist():
                if part not in writers:
                    path = stack.enter_context(written_aside(job.file("in", part, batch)))
                    writers[part] = stack.enter_context(
                        pq.ParquetWriter(path, FIXES, compression="lz4", version="2.6")
                    )
                mine = rows.filter(pa.array(place == part)).unify_dictionaries()
                writers[part].write_table(mine)

        waiting: list[pa.Table] = []
        for file in files:
            for table in prefetch(read_file(file, reading, done.report)):
                rows = in_time(table, options)
                done.report.reject_decoded("outside_time_range", table.num_rows - rows.num_rows)
                _note_newest(done.newest_us, rows)
                waiting.append(rows)
                if sum(one.num_rows for one in waiting) >= _BATCH_ROWS:
                    write(pa.concat_tables(waiting).unify_dictionaries().combine_chunks())
                    waiting = []
        if waiting:
            write(pa.concat_tables(waiting).unify_dictionaries().combine_chunks())
        done.parts = set(writers)
    return done


def fold(
    job: Job, part: int, batches: Sequence[int], steps: Sequence[tuple[int, int]], now_us: int
) -> Folded:
    """Fold one part over all stretches of time; leave its outputs, tracks and identities.

    Args:
        job: what all tasks share.
        part: its number.
        batches: the ingested batches that hold rows of it.
        steps: (stretch, watermark) of the whole replay, in order.
        now_us: what is open is told as of then.
    """
    parameters = _parameters(job.scratch / "parameters.pickle")
    book, duplicates = IdentityBook(), 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="darkwake-part-")))
        timeline = Timeline(folder)
        duplicates += _load(job, part, batches, timeline, book)
        stages, token = LocalStages(parameters), 0
        out = OutputWriter(stack.enter_context(written_aside(job.file("out", part))))
        spool = TrackSpool(stack.enter_context(written_aside(job.file("spool", part))))
        tracks = None
        if job.options.tracks:
            tracks = TrackWriter(stack.enter_context(written_aside(job.file("tracks", part))))
        for fixes, watermark_us, repeated in _steps(timeline, steps):
            duplicates += repeated
            token, (output,) = stages.step(token, fixes, watermark_us)
            stages.forget({token})
            out.add(output)
            spool.add(output)
            if tracks is not None:
                tracks.add(output)
        out.finish(stages.peek(token, now_us)[0], stages.dump(token)[0])
        spool.close()
        if tracks is not None:
            tracks.close()
        stack.enter_context(written_aside(job.file("book", part))).write_bytes(book.snapshot())
    return Folded(duplicates, psutil.Process().memory_info().rss / 1e6)


def _load(
    job: Job, part: int, batches: Sequence[int], timeline: Timeline, book: IdentityBook
) -> int:
    """Read the rows of a part; return how many were there twice."""
    # Exact, unlike the reader's: batches come in any order, so equal rows may be far apart.
    seen, duplicates = np.empty(0, "u8"), 0
    for number in batches:
        for batch in pq.ParquetFile(job.file("in", part, number)).iter_batches(262_144):
            table = pa.Table.from_batches([batch]).cast(FIXES)
            hashes, first = np.unique(row_hashes(table), return_index=True)
            new = ~np.isin(hashes, seen, assume_unique=True)
            fresh = table.take(pa.array(np.sort(first[new])))
            seen = np.concatenate([seen, hashes[new]])
            duplicates += table.num_rows - fresh.num_rows
            book.update(fresh)
            timeline.add(fixes_from_table(fresh))
    return duplicates


def _steps(
    timeline: Timeline, steps: Sequence[tuple[int, int]]
) -> Iterator[tuple[Fixes, int, int]]:
    """Yield for every step of the replay this part's fixes, the watermark, and what was double."""
    stretches = prefetch(map(sort_fixes, timeline.stretches()))  # map lets go of what it sorted
    ahead = next(stretches, None)
    for stretch, watermark_us in steps:
        if ahead is not None and int(ahead[0].time_us[0] // STRETCH_US) == stretch:
            yield ahead[0], watermark_us, ahead[1]
            ahead = next(stretches, None)
        else:
            yield empty_fixes(), watermark_us, 0


def _note_newest(newest_us: dict[int, int], rows: pa.Table) -> None:
    time_us = fixes_from_table(rows).time_us
    stretch = time_us // STRETCH_US
    for number in np.unique(stretch).tolist():
        newest = int(time_us[stretch == number].max())
        newest_us[number] = max(newest, newest_us.get(number, newest))


@lru_cache(maxsize=1)
def _parameters(path: Path) -> Parameters:
    # The driver wrote it; whoever reaches a Dask worker runs what he likes there anyway.
    parameters: Parameters = pickle.loads(path.read_bytes())  # noqa: S301
    return parameters
