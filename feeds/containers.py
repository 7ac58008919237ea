"""Gzip, bzip2, zstd and zip, found by their first bytes and streamed, never extracted.

A file may be packed twice (a .csv.gz inside a .zip), not more. Zip members are read in name order.
"""

import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO, cast

import pyarrow as pa

from feeds.source import GuardedStream, HashedFile, PeekedStream, check_bomb, spool
from vessels.errors import InputError

MAX_DEPTH = 2
"""Packings that may lie around a file."""
MAX_ZIP_MEMBERS = 10_000
"""Most members of one zip file."""

_CODECS = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd"}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED = 0x1
_ZIP_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError),
    *(lzma.LZMAError, ValueError),
)


@dataclass(frozen=True, slots=True)
class Member:
    """One unpacked file: its name for people, its first bytes, and itself as a stream."""

    name: str
    stream: PeekedStream
    plain: HashedFile | None
    """The file on disk, where nothing is packed around it."""

    @property
    def head(self) -> bytes:
        """The first bytes."""
        return self.stream.head

    def buffered(self) -> BinaryIO:
        """Return the stream, buffered."""
        return io.BufferedReader(self.stream, buffer_size=1 << 20)

    def seekable(self) -> BinaryIO:
        """Return the file for random access, from a temporary file where it is packed."""
        if self.plain is not None:
            return self.plain.path.open("rb")
        return spool(self.buffered(), name=self.name)


def members(source: HashedFile) -> Iterator[Member]:
    """Yield the files in `source`: itself, or what is packed in it. Use each before the next.

    Raises:
        InputError: damaged, truncated, encrypted, a bomb, packed too often, or with unsafe names.
    """
    stream = cast("BinaryIO", source)
    yield from _open(stream, str(source.path), 0, source, lambda: source.bytes_done)


def _open(
    stream: BinaryIO, name: str, depth: int, source: HashedFile, packed_bytes: Callable[[], int]
) -> Iterator[Member]:
    peeked = PeekedStream(stream)
    codec = next((c for magic, c in _CODECS.items() if peeked.head.startswith(magic)), None)
    zipped = peeked.head.startswith(_ZIP)
    if codec is None and not zipped:
        yield Member(name, peeked, source if depth == 0 else None)
        return
    if depth == MAX_DEPTH:
        raise InputError(f"packed more than {MAX_DEPTH} times; unpack it first", path=name)
    if zipped:
        yield from _open_zip(peeked, name, depth, source)
        return
    buffered = io.BufferedReader(peeked, buffer_size=1 << 20)
    inner = pa.CompressedInputStream(pa.PythonFile(buffered, mode="r"), codec)
    guarded = GuardedStream(
        inner, name=name, packed_bytes=packed_bytes, damage=(OSError, pa.ArrowException)
    )
    yield from _open(cast("BinaryIO", guarded), name, depth + 1, source, packed_bytes)


def _open_zip(peeked: PeekedStream, name: str, depth: int, source: HashedFile) -> Iterator[Member]:
    archive = source.path.open("rb") if depth == 0 else spool(io.BufferedReader(peeked), name=name)
    with archive:
        size = archive.seek(0, io.SEEK_END)
        unzipped, infos = _directory(archive, size, name)
        done = 0
        for info in sorted(infos, key=lambda info: info.filename):
            yield from _open_member(unzipped, info, name, depth, source)
            done += info.compress_size
            if depth == 0:
                source.bytes_done = min(done, size)


def _directory(
    archive: BinaryIO, size: int, name: str
) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """Return the zip and its visible files, all of them checked before any is read."""
    try:
        unzipped = zipfile.ZipFile(archive)
    except _ZIP_DAMAGE as error:
        raise InputError(f"truncated or damaged zip file: {error}", path=name) from error
    infos = [info for info in unzipped.infolist() if not info.is_dir()]
    if len(infos) > MAX_ZIP_MEMBERS:
        raise InputError(f"more than {MAX_ZIP_MEMBERS} files in this zip", path=name)
    for info in infos:
        _check_member(info, name)
    # The reader unpacks no more than the directory declares, so the declared sum is the bound.
    check_bomb(sum(info.file_size for info in infos), size, name=name)
    return unzipped, [info for info in infos if not _is_hidden(info.filename)]


def _open_member(
    unzipped: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, depth: int, source: HashedFile
) -> Iterator[Member]:
    label = f"{name}!{info.filename}"
    try:
        inner = unzipped.open(info)
    except _ZIP_DAMAGE as error:
        raise InputError(f"cannot be unzipped: {error}", path=label) from error

    def packed_bytes() -> int:
        return info.compress_size

    with inner:
        guarded = GuardedStream(
            cast("BinaryIO", inner), name=label, packed_bytes=packed_bytes, damage=_ZIP_DAMAGE
        )
        yield from _open(cast("BinaryIO", guarded), label, depth + 1, source, packed_bytes)


def _check_member(info: zipfile.ZipInfo, name: str) -> None:
    path = PurePosixPath(info.filename)
    windows = PureWindowsPath(info.filename)
    if path.is_absolute() or windows.drive or windows.root or ".." in windows.parts:
        raise InputError(f"holds an unsafe name {info.filename[:80]!r}: refused", path=name)
    if info.flag_bits & _ENCRYPTED:
        raise InputError(f"{info.filename[:80]!r} is encrypted; unzip it first", path=name)


def _is_hidden(filename: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(filename).parts)
