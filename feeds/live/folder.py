"""Files dropped into a folder, of any format that `feeds.read` knows, each read once.

A file is read when it has kept its size and time for a while, so that half-written ones are left
alone; names that begin with a dot or end like a transfer under way are not looked at. The cursor
holds a digest of each file that was read, its size and time within, and how many rows of the file
being read were handed over. A file that grows or is replaced is read again from its start; rows
that were there before are dropped as duplicates where duplicates are.
"""

import base64
import contextlib
import hashlib
import json
import os
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, cast

import pyarrow as pa

import feeds.formats
from feeds.live.meter import now_us
from feeds.live.settings import Settings
from feeds.live.source import Chunk, FeedSpec, Sink
from feeds.live.worker import Worker
from feeds.paths import FoundFile
from feeds.reader import FORMATS, read
from feeds.report import ReadReport
from vessels.errors import DarkwakeError
from vessels.schema import FIXES

MAX_FILES = 100_000
"""Most files of a folder, those below it included."""
SETTLE_S = 2.0
POLL_S = 1.0
CHUNK_ROWS = 65_536
_DIGEST_BYTES = 8
_UNDER_WAY = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")


class Seen(NamedTuple):
    """One file as it stands: its path below the folder, its size, its time of change."""

    path: str
    size: int
    mtime_ns: int

    def digest(self) -> bytes:
        """Return 8 bytes that tell this file in this state."""
        text = f"{self.path}\0{self.size}\0{self.mtime_ns}".encode("utf-8", "surrogateescape")
        return hashlib.blake2b(text, digest_size=_DIGEST_BYTES).digest()


class FolderReader(Worker):
    """`dir:///srv/ais/in`. Options: `format` as for `--format`, `settle_s`, `poll_s`."""

    def __init__(self, spec: FeedSpec) -> None:
        super().__init__(spec)
        settings = Settings(spec)
        self._folder = Path(settings.path())
        self._format = settings.choice("format", "auto", FORMATS)
        self._settle_s = settings.number("settle_s", SETTLE_S, 0, 3_600)
        self._poll_s = settings.number("poll_s", POLL_S, 0.05, 3_600)
        settings.finish()
        if spec.clock != "message":
            raise settings.error('files tell their own times: clock = "message"')
        self._done: set[bytes] = set()
        self._current: tuple[bytes, int] | None = None  # digest of a file, rows handed over
        self._since_s: dict[Seen, float] = {}

    def prepare(self) -> None:
        """Look whether the folder is there, and where the last run left off."""
        settings = Settings(self.spec)
        if not self._folder.is_dir():
            raise settings.error(f"no folder {str(self._folder)!r}")
        if self.cursor is not None:
            try:
                self._restore(self.cursor)
            except (ValueError, KeyError, TypeError) as error:
                raise settings.error(f"the stored cursor cannot be read: {error}") from error

    def run(self, sink: Sink) -> None:
        """Read files until `stopping` is set."""
        self.meter.connected()
        while not self.stopping.is_set():
            ready = self._ready()
            for file in ready:
                if self.stopping.is_set():
                    return
                self._read(file, sink)
            if not ready:
                self.stopping.wait(self._poll_s)

    def _ready(self) -> list[Seen]:
        """Return the files that stand still and were not read, in the order of their times."""
        try:
            found = list(_files(self._folder))
        except OSError as error:
            self.meter.failed(f"cannot be looked into: {error.strerror}", "waiting")
            return []
        if len(found) > MAX_FILES:
            self.meter.failed(f"more than {MAX_FILES} files in the folder", "connected")
            found = found[:MAX_FILES]
        self.meter.state("connected")
        self._done &= {file.digest() for file in found}
        now_s = time.monotonic()  # not the files' own time: that clock may be another machine's
        self._since_s = {
            file: self._since_s.get(file, now_s)
            for file in found
            if file.digest() not in self._done
        }
        still = [
            file for file, since_s in self._since_s.items() if now_s - since_s >= self._settle_s
        ]
        options = feeds.formats.Options(self._format)
        by_path = {self._folder / file.path: file for file in still}
        named = [FoundFile(path, named=False) for path in by_path]
        with contextlib.suppress(OSError, DarkwakeError):  # gone meanwhile: the next look tells
            return [by_path[file.path] for file in feeds.formats.in_time_order(named, options)]
        return []

    def _read(self, file: Seen, sink: Sink) -> None:
        """Hand a file's rows over, but for those of an earlier start."""
        digest = file.digest()
        skip = self._current[1] if self._current and self._current[0] == digest else 0
        report = ReadReport()
        rows = 0
        try:
            tables = read(
                self._folder / file.path, format=self._format, report=report, batch_rows=CHUNK_ROWS
            )
            with closing(cast("Generator[pa.Table]", tables)):
                for table in tables:
                    rows += table.num_rows
                    fresh = table.slice(max(0, skip - (rows - table.num_rows)))
                    if fresh.num_rows:
                        self._current = (digest, rows)
                        self._put(fresh, sink)
                    if self.stopping.is_set():
                        return
        except DarkwakeError as error:
            self.meter.failed(error, "connected")  # told once; the file is not tried again
        self._done.add(digest)
        self._since_s.pop(file, None)
        self._current = None
        self._put(FIXES.empty_table(), sink, report, file.size)

    def _put(
        self, table: pa.Table, sink: Sink, report: ReadReport | None = None, size: int = 0
    ) -> None:
        received_us = now_us()
        sink.put(Chunk(self.name, table, received_us, self._cursor()))
        counted = ReadReport() if report is None else report
        lines = counted.rows_read
        self.meter.count(counted, size=size, lines=lines, table=table, received_us=received_us)

    def _cursor(self) -> bytes:
        current = None
        if self._current is not None:
            current = [base64.b64encode(self._current[0]).decode("ascii"), self._current[1]]
        done = base64.b64encode(b"".join(sorted(self._done))).decode("ascii")
        return json.dumps({"done": done, "current": current}).encode("ascii")

    def _restore(self, raw: bytes) -> None:
        state = json.loads(raw)
        done = base64.b64decode(state["done"], validate=True)
        if len(done) % _DIGEST_BYTES:
            raise ValueError("a digest is cut short")
        self._done = {done[at : at + _DIGEST_BYTES] for at in range(0, len(done), _DIGEST_BYTES)}
        if state["current"] is not None:
            digest, rows = state["current"]
            self._current = (base64.b64decode(digest, validate=True), int(rows))


def _raise(error: OSError) -> None:
    raise error  # an unreadable folder is no empty one: what was read must not be forgotten


def _files(folder: Path) -> Iterator[Seen]:
    """Yield the files below a folder, in name order; links out of it are not followed."""
    for root, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or name.lower().endswith(_UNDER_WAY):
                continue
            path = Path(root) / name
            with contextlib.suppress(OSError):  # gone since it was listed
                stat = path.lstat()
                if path.is_file() and not path.is_symlink():
                    relative = str(path.relative_to(folder))
                    yield Seen(relative, stat.st_size, stat.st_mtime_ns)
