"""One input file as raw bytes: read once, hashed on the way, its progress known."""

import hashlib
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from vessels.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HEAD_BYTES = 1 << 18
"""Bytes looked at to tell what a file is."""
MAX_SPOOL_BYTES = 8 << 30
"""Largest packed Parquet file or inner zip that is laid down in a temporary file to be sought."""
_COPY_BYTES = 1 << 20


class HashedFile(io.RawIOBase):
    """A file read from start to end, hashed as it is read.

    `bytes_done` is how far the reading is, for a progress bar.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.bytes_done = 0
        self._hash = hashlib.sha256()
        try:
            self._file = path.open("rb", buffering=0)
            self.size = path.stat().st_size
        except OSError as error:
            raise InputError(f"cannot be opened: {error.strerror}", path=str(path)) from error

    def readable(self) -> bool:
        """Return True: a raw stream has to say so."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read the next bytes into `buffer` and hash them."""
        try:
            count = self._file.readinto(buffer) or 0
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", path=str(self.path)) from error
        self._hash.update(memoryview(buffer)[:count])
        self.bytes_done += count
        return count

    def sha256(self) -> str:
        """Return the hash of the whole file; what was not read yet is read now."""
        chunk = bytearray(_COPY_BYTES)
        while self.readinto(memoryview(chunk)):
            pass
        return self._hash.hexdigest()

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._file.close()
        super().close()


class PeekedStream(io.RawIOBase):
    """A stream whose first HEAD_BYTES are known before it is read. `head` holds them."""

    def __init__(self, inner: BinaryIO) -> None:
        super().__init__()
        self._inner = inner
        parts: list[bytes] = []
        wanted = HEAD_BYTES
        while wanted and (part := inner.read(wanted)):
            parts.append(part)
            wanted -= len(part)
        self.head = b"".join(parts)
        self.whole = wanted > 0
        """The head is all there is."""
        self._used = 0

    def readable(self) -> bool:
        """Return True: a raw stream has to say so."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read the next bytes into `buffer`, those of the head first."""
        room = memoryview(buffer)
        if self._used == len(self.head) and isinstance(self._inner, io.RawIOBase):
            return self._inner.readinto(room) or 0  # not by way of bytes of its own
        if self._used < len(self.head):
            part = self.head[self._used : self._used + len(room)]
            self._used += len(part)
        else:
            part = self._inner.read(len(room))
        room[: len(part)] = part
        return len(part)


class GuardedStream(io.RawIOBase):
    """An unpacked stream: errors become InputError, and a bomb is refused while it unpacks.

    Args:
        inner: the unpacking stream.
        name: names the file in errors.
        packed_bytes: returns how many packed bytes were read so far.
        damage: what the unpacker raises when the packed bytes are damaged.
    """

    def __init__(
        self,
        inner: BinaryIO,
        *,
        name: str,
        packed_bytes: Callable[[], int],
        damage: tuple[type[Exception], ...],
    ) -> None:
        super().__init__()
        self._inner = inner
        self._name = name
        self._packed_bytes = packed_bytes
        self._damage = damage
        self._unpacked = 0

    def readable(self) -> bool:
        """Return True: a raw stream has to say so."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Unpack the next bytes into `buffer`."""
        room = memoryview(buffer)
        try:
            part = self._inner.read(len(room))
        except InputError:
            raise
        except self._damage as error:
            raise InputError(f"truncated or damaged: {error}", path=self._name) from error
        self._unpacked += len(part)
        check_bomb(self._unpacked, self._packed_bytes(), name=self._name)
        room[: len(part)] = part
        return len(part)


MAX_UNPACKED_BYTES = 1 << 40
"""Most bytes that one input file may unpack to."""
MAX_RATIO = 200
"""Most unpacked bytes for each packed one. AIS text packs 5 to 30 times."""
RATIO_FLOOR_BYTES = 64 << 20
"""Below this an unpacked stream is harmless whatever its ratio."""


def check_bomb(unpacked: int, packed: int, *, name: str) -> None:
    """Refuse a stream that unpacks to more than MAX_UNPACKED_BYTES or beyond MAX_RATIO.

    Raises:
        InputError: it does.
    """
    if unpacked > MAX_UNPACKED_BYTES:
        raise InputError(f"unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB", path=name)
    if unpacked > RATIO_FLOOR_BYTES and unpacked > MAX_RATIO * max(packed, 1):
        raise InputError(
            f"unpacks to more than {MAX_RATIO} times its size: this looks like a zip bomb",
            path=name,
        )


def spool(stream: BinaryIO, *, name: str) -> BinaryIO:
    """Return the stream's bytes as a temporary file that can be sought; it goes when closed.

    Raises:
        InputError: there are more than MAX_SPOOL_BYTES.
    """
    kept = cast("BinaryIO", tempfile.TemporaryFile(prefix="darkwake-"))  # noqa: SIM115 - returned
    size = 0
    try:
        while part := stream.read(_COPY_BYTES):
            size += len(part)
            _check_spool(size, name=name)
            kept.write(part)
    except BaseException:
        kept.close()
        raise
    kept.seek(0)
    return kept


def _check_spool(size: int, *, name: str) -> None:
    if size > MAX_SPOOL_BYTES:
        raise InputError(
            f"more than {MAX_SPOOL_BYTES >> 30} GiB inside; unpack it first", path=name
        )
