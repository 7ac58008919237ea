"""A cluster drives the fold: workers read and fold the vessel stage, the sea stage runs here.

Two rounds of tasks. First every file is read once and its rows are divided by number into parts
(the shuffle: one write and one read of the rows, on shared storage). Then each part is folded over
all time by one task. What the parts brought is a small fraction of the rows; the fold reads it back
step by step and goes on as in any replay, so events are the same to the byte.
"""

import contextlib
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkwake.cluster import tasks
from darkwake.cluster.client import check_access, connected
from darkwake.cluster.outputs import OutputReader, no_output
from darkwake.cluster.tasks import Folded, Ingested, Job
from darkwake.cluster_settings import Cluster
from darkwake.driving import Run
from detectors import vessel_stage
from detectors.parameters import Parameters
from detectors.pipeline import Pending, VesselStages
from detectors.vessel_stage import VesselOutput
from feeds.formats import SKIPPED
from feeds.paths import FoundFile, find_files
from vessels.errors import DarkwakeError, InputError
from vessels.fixes import Fixes, empty_fixes
from vessels.identity import IdentityBook

if TYPE_CHECKING:
    from distributed import Client

PARTS_A_WORKER = 4
"""More than one, so that a lost worker costs little and uneven parts even out."""
_BATCH_BYTES = 256 << 20
"""Most bytes of files that one task reads, unless one file is larger."""


class ClusterDriver:
    """Drives a replay on the workers of a scheduler."""

    def __init__(
        self, run: Run, parameters: Parameters, settings: Cluster, stack: contextlib.ExitStack
    ) -> None:
        options = run.options
        if options.scheduler is None:
            raise ValueError("no scheduler")
        self._run = run
        self._parameters = parameters
        self._stack = stack
        self._client: Client = stack.enter_context(connected(options.scheduler, settings))
        self._workers = len(self._client.scheduler_info(n_workers=-1)["workers"])
        parts = settings.parts or PARTS_A_WORKER * self._workers
        run.scratch = run.scratch.resolve()
        self._job = Job(options, run.scratch, parts)
        self._batches: list[Ingested] = []
        self._peak_memory_mb = 0.0
        self.last_us: int | None = None
        self._folded = FoldedStages([])
        self.stages: VesselStages = self._folded
        self._steps: list[tuple[int, int]] = []

    @property
    def ahead(self) -> bool:
        """Return False: the workers have folded everything before the first is judged here."""
        return False

    def read(self) -> None:
        """Let the workers read the files and divide the rows."""
        files = find_files(self._run.options.paths)
        self._run.scratch.mkdir(parents=True, exist_ok=True)
        check_access(self._client, [file.path.resolve() for file in files], self._run.scratch)
        batches = _batched(files, self._workers)
        futures = [
            self._client.submit(tasks.ingest, self._job, number, batch, pure=False)
            for number, batch in enumerate(batches)
        ]
        self._batches = self._gather(futures)
        newest: dict[int, int] = {}
        for done in self._batches:
            _merge_report(self._run, done)
            for stretch, at_us in done.newest_us.items():
                newest[stretch] = max(at_us, newest.get(stretch, at_us))
        if all(entry.format == SKIPPED for entry in self._run.report.inputs):
            raise InputError("no AIS data in this folder", path=str(files[0].path.parent))
        self._steps = sorted(newest.items())
        self.last_us = self._steps[-1][1] if self._steps else None

    def start(self) -> None:
        """Nothing to make ready before the parts are folded."""

    def fold(self, now_us: int | None) -> Iterator[tuple[Fixes, int]]:
        """Let the workers fold the parts; then yield the stretches, whose fixes they keep."""
        job = self._job
        path = job.scratch / "parameters.pickle"
        path.write_bytes(pickle.dumps(self._parameters))
        futures = []
        for part in range(job.parts):
            mine = [n for n, done in enumerate(self._batches) if part in done.parts]
            futures.append(
                self._client.submit(
                    tasks.fold, job, part, mine, self._steps, now_us or 0, pure=False
                )
            )
        folded: list[Folded] = self._gather(futures)
        self._run.report.reject_decoded("duplicate", sum(one.duplicates for one in folded))
        self._peak_memory_mb = max((one.peak_memory_mb for one in folded), default=0.0)
        nothing = no_output(self._parameters)
        readers = [OutputReader(job.file("out", part), nothing) for part in range(job.parts)]
        for part, reader in enumerate(readers):
            self._stack.callback(reader.close)
            self._run.book.merge(IdentityBook.restore(job.file("book", part).read_bytes()))
        self._folded.readers[:] = readers
        for _, watermark_us in self._steps:
            yield empty_fixes(), watermark_us

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def spools(self) -> list[Path]:
        """The thinned tracks of the parts."""
        return [self._job.file("spool", part) for part in range(self._job.parts)]

    @property
    def tracks(self) -> list[Path]:
        """All tracks of the parts."""
        return [self._job.file("tracks", part) for part in range(self._job.parts)]

    def as_dict(self) -> dict[str, Any]:
        """Return what run.json tells of the cluster."""
        return {
            "cluster": {
                "workers": self._workers,
                "parts": self._job.parts,
                "peak_worker_memory_mb": round(self._peak_memory_mb, 1),
            }
        }

    def _gather(self, futures: list[Any]) -> list[Any]:
        """Return the results in order; the first error ends all."""
        from distributed import as_completed  # noqa: PLC0415 - an extra

        self._run.progress.update(0, len(futures))
        try:
            for done, future in enumerate(as_completed(futures, loop=self._client.loop), start=1):
                future.result()
                self._run.progress.update(done, len(futures))
            return self._client.gather(futures)
        except BaseException:
            self._client.cancel(futures, force=True)
            raise


class FoldedStages(VesselStages):
    """Vessel stages that workers have folded already: token N is the state after N steps."""

    def __init__(self, readers: list[OutputReader]) -> None:
        self.readers = readers

    def step(self, token: int, fixes: Fixes, watermark_us: int) -> tuple[int, list[VesselOutput]]:
        """Return what the step brought."""
        del fixes, watermark_us
        return token + 1, [reader.step(token) for reader in self.readers]

    def peek(self, token: int, now_us: int) -> list[Pending]:
        """Return what was open at the end, as of the time that the workers were told."""
        del token, now_us
        return [reader.pending() for reader in self.readers]

    def forget(self, keep: set[int]) -> None:
        """Nothing is kept here."""

    def dump(self, token: int) -> list[vessel_stage.State]:
        """Return the states at the end."""
        del token
        return [reader.state() for reader in self.readers]

    def load(self, states: list[vessel_stage.State]) -> int:
        """Refuse: a cluster replays, it does not resume."""
        raise DarkwakeError(f"a cluster takes no states over, but {len(states)} are given")


def _batched(files: list[FoundFile], workers: int) -> list[list[FoundFile]]:
    """Return the files in batches, the largest first: tasks of some length, enough for all."""
    sizes = {file: file.path.stat().st_size for file in files}
    most = min(_BATCH_BYTES, max(1 << 20, sum(sizes.values()) // (4 * workers)))
    batches: list[list[FoundFile]] = []
    filled = most
    for file in sorted(files, key=lambda one: (-sizes[one], str(one.path))):
        if filled + sizes[file] > most:
            batches.append([])
            filled = 0
        batches[-1].append(FoundFile(file.path.resolve(), file.named))
        filled += sizes[file]
    return batches


def _merge_report(run: Run, done: Ingested) -> None:
    mine, theirs = run.report, done.report
    mine.rows_read += theirs.rows_read
    mine.rows_decoded += theirs.rows_decoded
    mine.rejected.update(theirs.rejected)
    mine.message_types.update(theirs.message_types)
    mine.inputs += theirs.inputs
