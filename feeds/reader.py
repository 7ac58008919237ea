"""`read`: files of any known format and packing as one stream of tables in the house schema."""

import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import NamedTuple, cast

import pyarrow as pa

from feeds.dedupe import Deduper
from feeds.formats import SKIPPED, Options, in_time_order, read_source
from feeds.layout import parse_column_map
from feeds.paths import FoundFile, PathLike, find_files
from feeds.prefetch import lanes
from feeds.report import InputFile, ReadReport
from feeds.source import HashedFile
from vessels.errors import InputError, UsageError
from vessels.schema import FIXES

FORMATS = ("auto", "nmea", "marinecadastre", "dma", "jsonl", "csv", "parquet")
"""Values of `format`. `auto` tells them by content."""
BATCH_ROWS = 262_144
MOST_WORKERS = 4
"""Cores used where none are named: more do not help a single reader."""

Progress = Callable[[int, int | None], None]


def read(
    paths: PathLike | Sequence[PathLike],
    *,
    format: str = "auto",  # noqa: A002 - the name that users type
    columns: Mapping[str, str] | None = None,
    start_time_us: int | None = None,
    report: ReadReport | None = None,
    progress: Progress | None = None,
    batch_rows: int = BATCH_ROWS,
    workers: int | None = None,
) -> Iterator[pa.Table]:
    """Read AIS files as one stream of tables of `vessels.schema.FIXES`, in bounded memory.

    Args:
        paths: files, folders and globs. Several files are read in the order of the time of their
            first row, then by name. Files of a folder or a glob that are no AIS data are skipped
            and listed in the report; a file named by itself never is.
        format: one of FORMATS.
        columns: column of each key, for tables whose columns are not recognised; a number is a
            0-based position. `time` may end in `:iso`, `:dmy`, `:mdy`, `:s`, `:ms`, `:us`, `:ns`.
        start_time_us: time of the first sentence of an NMEA log without times.
        report: filled while reading; every row is counted once.
        progress: called with the bytes read so far and the bytes of all files.
        batch_rows: most rows of a table. Rows are in file order; exact duplicates are dropped.
        workers: cores to use; None for those of the machine, at most MOST_WORKERS. With 1 all is
            done in the calling thread. The rows, their order and the report do not depend on it.

    Raises:
        UsageError: an unknown format or key of the column map.
        InputError: a file does not exist, is damaged, is no AIS data or lacks a needed column.
    """
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}; formats are {', '.join(FORMATS)}")
    parse_column_map(columns)
    if workers is None:
        workers = min(os.cpu_count() or 1, MOST_WORKERS)
    options = Options(format, columns, start_time_us, max(1, workers))
    files = find_files(paths)
    tables = _read_files(files, options, report or ReadReport(), progress)
    return _rebatched(tables, max(1, batch_rows))


class _Part(NamedTuple):
    """Rows of a file, what was counted on the way to them, and how far the reading is."""

    table: pa.Table
    seen: ReadReport
    bytes_done: int


def _read_files(
    files: list[FoundFile], options: Options, report: ReadReport, progress: Progress | None
) -> Iterator[pa.Table]:
    deduper = Deduper()
    known = sum(file.path.stat().st_size for file in files)
    done = 0
    any_read = False
    ordered = in_time_order(files, options)
    parts_of_files = lanes((_parts(file, options) for file in ordered), options.workers)
    with closing(parts_of_files):
        for parts in parts_of_files:
            first = len(report.inputs)
            for table, seen, bytes_done in parts:
                report.add(seen)
                fresh = deduper.filter(table)
                repeated = table.num_rows - fresh.num_rows
                report.reject_decoded("duplicate", repeated)
                entry = report.inputs[first]
                entry.rows_read += seen.rows_read
                entry.rows_decoded += seen.rows_decoded - repeated
                if progress is not None:
                    progress(done + bytes_done, known)
                yield fresh
            any_read = any_read or report.inputs[first].format != SKIPPED
            done += report.inputs[first].bytes
    if not any_read:
        raise InputError("no AIS data in this folder", path=str(files[0].path.parent))


def _parts(file: FoundFile, options: Options) -> Iterator[_Part]:
    """Yield the tables of one file; its entry in the report comes with the first."""
    counts = ReadReport()
    with closing(HashedFile(file.path)) as source:
        entry = InputFile(path=str(file.path), bytes=source.size)
        counts.inputs.append(entry)
        tables = read_source(source, entry, options, counts, named=file.named)
        with closing(cast("Generator[pa.Table]", tables)):
            for table in tables:
                yield _Part(table, counts.take(), min(source.bytes_done, source.size))
        if entry.format != SKIPPED:
            entry.sha256 = source.sha256()
        yield _Part(FIXES.empty_table(), counts.take(), source.size)


def _rebatched(tables: Iterator[pa.Table], batch_rows: int) -> Iterator[pa.Table]:
    """Yield the same rows as tables of at most `batch_rows` rows; small ones are joined.

    A table that has an eighth of that passes as it is: joining unifies dictionaries, and costs more
    than it saves.
    """
    pending: list[pa.Table] = []
    rows = 0
    with closing(cast("Generator[pa.Table]", tables)):
        for table in tables:
            if table.num_rows:
                pending.append(table)
                rows += table.num_rows
            if rows >= max(1, batch_rows // 8):
                yield from _cut(_joined(pending), batch_rows)
                pending, rows = [], 0
        if pending:
            yield from _cut(_joined(pending), batch_rows)


def _joined(tables: list[pa.Table]) -> pa.Table:
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables).combine_chunks()


def _cut(table: pa.Table, batch_rows: int) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows, batch_rows):
        yield table.slice(start, batch_rows)
