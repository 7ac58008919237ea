"""One file opened by what it holds: its members, the reader of each, its first time."""

import io
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc

from feeds.containers import Member, members
from feeds.delimited import read_delimited
from feeds.jsonl import read_jsonl
from feeds.layout import choose_layout
from feeds.nmea import read_nmea
from feeds.parquet import ParquetTrack
from feeds.paths import FoundFile
from feeds.report import InputFile, ReadReport
from feeds.sniff import Kind, TableHead, read_head, sniff
from feeds.source import HashedFile, PeekedStream
from vessels.errors import InputError

SKIPPED = "skipped"
"""Format of a file of a folder, or of a zip, that is no AIS data."""

_FAMILIES = {
    "nmea": "nmea",
    "jsonl": "jsonl",
    "parquet": "parquet",
    "csv": "table",
    "marinecadastre": "table",
    "dma": "table",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the user demands of a read."""

    format: str = "auto"
    columns: Mapping[str, str] | None = None
    start_time_us: int | None = None
    workers: int = 1
    """Cores to use."""

    @property
    def layout(self) -> str | None:
        """The column layout that the user demands."""
        return self.format if self.format in ("marinecadastre", "dma") else None


def read_source(
    source: HashedFile, entry: InputFile, options: Options, report: ReadReport, *, named: bool
) -> Iterator[pa.Table]:
    """Yield the tables of one file, all its members after each other; set the entry's format.

    Args:
        source: the file.
        entry: its line in the report.
        options: what the user demands.
        report: every row is counted here; members of a zip that are no AIS data are listed.
        named: the user named this very file, so it is never skipped.

    Raises:
        InputError: the file is damaged or, where it is named, no AIS data.
    """
    formats: set[str] = set()
    others: list[str] = []
    for member in members(source):
        kind = _kind(member, options)
        is_whole = member.name == entry.path
        if not kind.is_track and not (named and is_whole):
            if not is_whole:
                others.append(f"{member.name.removeprefix(entry.path)} is {kind.description}")
                report.inputs.append(InputFile(path=member.name, format=SKIPPED))
            continue
        format_name, tables = open_member(member, kind, options, report)
        formats.add(format_name)
        yield from tables
    if not formats and named:
        found = f": {', '.join(others[:5])}" if others else ""
        raise InputError(f"no AIS data inside{found}", path=entry.path)
    entry.format = "+".join(sorted(formats)) or SKIPPED


def open_member(
    member: Member, kind: Kind, options: Options, report: ReadReport
) -> tuple[str, Iterator[pa.Table]]:
    """Return the format and the tables of one unpacked file.

    Raises:
        InputError: it is no AIS data, or lacks a needed column.
    """
    if kind.family is None:
        raise InputError(f"not AIS data: {kind.description}", path=member.name)
    if kind.family == "nmea":
        start = options.start_time_us
        stream = member.buffered()
        return "nmea", read_nmea(
            stream, path=member.name, report=report, start_time_us=start, workers=options.workers
        )
    if kind.family == "jsonl":
        return "jsonl", read_jsonl(member, options.columns, report)
    if kind.family == "parquet":
        handle = member.seekable()
        try:
            track = ParquetTrack(
                handle, options.columns, path=member.name, format_name=options.layout
            )
        except BaseException:
            handle.close()
            raise
        return track.layout.format, _closing(handle, track.tables(report, workers=options.workers))
    table = cast("TableHead", kind.table)
    layout = choose_layout(
        table.names, path=member.name, columns=options.columns, format_name=options.layout
    )
    return layout.format, read_delimited(member, table, layout, report, workers=options.workers)


def _closing(handle: BinaryIO, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    with handle:
        yield from tables


def _kind(member: Member, options: Options) -> Kind:
    """Return what a file is, the user's word winning over its content."""
    kind = sniff(member.head, options.columns)
    if options.format == "auto" or kind.family is None:
        return kind
    wanted = _FAMILIES[options.format]
    if wanted == kind.family or (options.layout and kind.family == "parquet"):
        return Kind(kind.family, kind.description, is_track=True, table=kind.table)
    if wanted == "nmea":
        return Kind("nmea", is_track=True)
    table = read_head(member.head, options.columns) if wanted == "table" else None
    if table is None:
        raise InputError(f"not {options.format}: this is {kind.description}", path=member.name)
    return Kind("table", is_track=True, table=table)


def in_time_order(files: list[FoundFile], options: Options) -> list[FoundFile]:
    """Return the files by the time of their first row, then by path; unknown times last."""
    if len(files) < 2:
        return files
    latest = 1 << 62
    alone = replace(options, workers=1)
    with ThreadPoolExecutor(options.workers) as pool:
        found = pool.map(lambda file: first_time_us(file, alone), files)
        times = dict(zip(files, found, strict=True))
    return sorted(files, key=lambda file: (times.get(file) or latest, str(file.path)))


def first_time_us(file: FoundFile, options: Options) -> int | None:
    """Return the time of a file's first sound row, as far as its first bytes tell."""
    with closing(HashedFile(file.path)) as source:
        try:
            for member in members(source):
                kind = _kind(member, options)
                if kind.is_track:
                    return _first_time_of(member, kind, options)
        except InputError:  # told when the file is read
            return None
    return None


def _first_time_of(member: Member, kind: Kind, options: Options) -> int | None:
    if kind.family != "parquet" and not member.stream.whole:
        lines = member.head[: member.head.rfind(b"\n") + 1]
        head = PeekedStream(cast("BinaryIO", io.BytesIO(lines)))
        member = Member(member.name, head, plain=None)
    _, tables = open_member(member, kind, options, ReadReport())
    with closing(cast("io.IOBase", tables)):
        for table in tables:
            if table.num_rows:
                return int(pc.cast(table["time"][:1], pa.int64())[0].as_py())
    return None
