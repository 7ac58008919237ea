"""The journal: every batch of rows is on the disk here before it counts.

A batch is one record: its number, where each feed has read to, and its rows as an Arrow stream,
under a checksum. Records go to segment files that are only appended to; a segment that is full is
sealed, its rows go to the archive, and once a snapshot covers it, it is deleted. A record that was
being written when the machine died is cut off at the next start: its rows were never acknowledged.
"""

import fcntl
import json
import os
import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Self

import pyarrow as pa

from vessels.errors import StoreError

SEGMENT_BYTES = 64 << 20
_HEAD = struct.Struct("<4sII")
_MAGIC = b"DWJ1"
_LENGTH = struct.Struct("<I")
_SUFFIX = ".journal"


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of some chunks of all feeds, taken in together."""

    number: int
    """Batches are numbered from 1 without gaps."""
    table: pa.Table
    cursors: Mapping[str, bytes]
    """How far each feed that remembers has read, this batch included."""


class Journal:
    """A folder of segments. Not safe for use by two threads at once.

    Args:
        folder: made where it is missing; nobody else may use it.
        segment_bytes: a segment is sealed when it is longer than this.

    Raises:
        StoreError: another watch has it open, or it cannot be read or written.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._file: FileIO | None = None
        self.cut_bytes = 0
        """Bytes of an unfinished record that were cut off at the start."""
        with self._errors():
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / "lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise StoreError(f"{folder}: another watch of this machine is using it") from error
        self.last = 0
        """Number of the newest batch; 0 before the first."""
        try:
            self._mend()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def first(self) -> int:
        """Number of the oldest batch that is still here; that of the next one where none is."""
        paths = self._segments()
        return _first_of(paths[0]) if paths else self.last + 1

    def skip_to(self, number: int) -> None:
        """Let the next batch have a number above `number`: batches up to it were, and are gone."""
        self.last = max(self.last, number)

    def append(self, table: pa.Table, cursors: Mapping[str, bytes]) -> Batch:
        """Write a batch and wait until it is on the disk; only then does it exist.

        Raises:
            StoreError: it cannot be written; nothing of it stays, and it can be tried again.
        """
        batch = Batch(self.last + 1, table, dict(cursors))
        record = _record(batch)
        with self._errors():
            file = self._file or self._open(batch.number)
            begin = file.tell()
            try:
                left = memoryview(record)
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(begin)
                file.seek(begin)
                raise
        self.last = batch.number
        if file.tell() >= self._segment_bytes:
            self.seal()
        return batch

    def seal(self) -> None:
        """End the segment; the next batch begins another."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def batches(self, after: int = 0) -> Iterator[Batch]:
        """Yield the batches numbered above `after`, in order.

        Raises:
            StoreError: one of them is missing or damaged.
        """
        expected = after + 1
        for path in self._segments():
            if self._last_of(path) < expected:
                continue
            for batch, _ in _read(path):
                if batch.number > after:
                    if batch.number != expected:
                        raise self._gap(expected)
                    expected += 1
                    yield batch
        if expected <= self.last:
            raise self._gap(expected)

    def sealed(self) -> list[tuple[Path, int, int]]:
        """Return each sealed segment with the numbers of its first and last batch."""
        paths = self._segments()
        open_one = Path(self._file.name) if self._file is not None else None
        return [(path, _first_of(path), self._last_of(path)) for path in paths if path != open_one]

    def rows_of(self, path: Path) -> Iterator[pa.Table]:
        """Yield the tables of a segment."""
        for batch, _ in _read(path):
            yield batch.table

    def delete(self, path: Path) -> None:
        """Delete a segment whose rows are in the archive and in a snapshot."""
        with self._errors():
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the files; another watch may open the folder."""
        self.seal()
        self._lock.close()

    def _open(self, number: int) -> FileIO:
        path = self._folder / f"{number:012d}{_SUFFIX}"
        # Without a buffer: what could not be written must not be tried again behind our back.
        self._file = path.open("ab", buffering=0)
        sync_folder(self._folder)
        return self._file

    def _segments(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{_SUFFIX}"))

    def _last_of(self, path: Path) -> int:
        """Return the newest number of a segment: one less than the first of the next."""
        later = [_first_of(other) for other in self._segments() if other > path]
        return min(later) - 1 if later else self.last

    def _mend(self) -> None:
        """Find the newest batch; cut off what the last segment holds after it.

        Raises:
            StoreError: a sound record follows a damaged one: that is no unfinished write.
        """
        paths = self._segments()
        while paths:
            path = paths.pop()
            end = 0
            for batch, after in _read(path):
                self.last, end = batch.number, after
            size = path.stat().st_size
            if end < size:
                self._cut(path, end, size)
            if end:
                return
            with self._errors():
                path.unlink()  # made, but nothing was written: the numbers go on from before
            self.last = _first_of(path) - 1

    def _cut(self, path: Path, end: int, size: int) -> None:
        rest = path.read_bytes()[end:]
        place = rest.find(_MAGIC, 1)
        while place > 0:
            if _parse(rest[place:]) is not None:
                raise StoreError(
                    f"{path}: damaged at byte {end}, and batches follow: move the journal away and "
                    "start with --rebuild, which reads the archive"
                )
            place = rest.find(_MAGIC, place + 1)
        with self._errors(), path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())
        self.cut_bytes += size - end

    def _gap(self, number: int) -> StoreError:
        return StoreError(
            f"{self._folder}: batch {number} of the journal is missing or damaged: move the "
            "journal away and start with --rebuild, which reads the archive"
        )

    def _errors(self) -> "_Errors":
        return _Errors(self._folder)


def read_rows(folder: Path) -> Iterator[pa.Table]:
    """Yield the rows of a journal, beside a watch that may be writing it.

    Raises:
        StoreError: it cannot be read.
    """
    with _Errors(folder):
        for path in sorted(folder.glob(f"*{_SUFFIX}")):
            try:
                for batch, _ in _read(path):
                    yield batch.table
            except FileNotFoundError:
                continue  # moved to the archive meanwhile


class _Errors:
    """Turns errors of the disk into a StoreError of one line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise StoreError(f"{self._folder}: {error.strerror or error}") from error


def sync_folder(folder: Path) -> None:
    """See through that the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _record(batch: Batch) -> bytes:
    head = {
        "number": batch.number,
        "cursors": {feed: b64encode(c).decode() for feed, c in batch.cursors.items()},
    }
    text = json.dumps(head).encode()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.table.schema) as writer:
        writer.write_table(batch.table.combine_chunks())
    payload = b"".join((_LENGTH.pack(len(text)), text, sink.getvalue()))
    return _HEAD.pack(_MAGIC, len(payload), zlib.crc32(payload)) + payload


def _read(path: Path) -> Iterator[tuple[Batch, int]]:
    """Yield the sound records of a segment from its begin, each with the byte after it."""
    at = 0
    with path.open("rb") as file:
        while True:
            head = file.read(_HEAD.size)
            length = _HEAD.unpack(head)[1] if len(head) == _HEAD.size else 0
            batch = _parse(head + file.read(length))
            if batch is None:
                return
            at += _HEAD.size + length
            yield batch, at


def _parse(data: bytes) -> Batch | None:
    """Return the batch whose record `data` begins with; None where it is not whole."""
    if len(data) < _HEAD.size:
        return None
    magic, length, check = _HEAD.unpack_from(data)
    payload = data[_HEAD.size : _HEAD.size + length]
    if magic != _MAGIC or len(payload) < length or zlib.crc32(payload) != check:
        return None
    (size,) = _LENGTH.unpack_from(payload)
    head = json.loads(payload[_LENGTH.size : _LENGTH.size + size])
    with pa.ipc.open_stream(payload[_LENGTH.size + size :]) as reader:
        table = reader.read_all()
    cursors = {feed: b64decode(text) for feed, text in head["cursors"].items()}
    return Batch(head["number"], table, cursors)


def _first_of(path: Path) -> int:
    return int(path.name.removesuffix(_SUFFIX))
