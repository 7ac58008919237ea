"""`read`: files of any known format and packing as one stream of tables in the house schema."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import cast

import pyarrow as pa

from feeds.dedupe import Deduper
from feeds.formats import SKIPPED, Options, in_time_order, read_source
from feeds.layout import parse_column_map
from feeds.paths import FoundFile, PathLike, find_files
from feeds.report import InputFile, ReadReport
from feeds.source import HashedFile
from vessels.errors import InputError, UsageError

FORMATS = ("auto", "nmea", "marinecadastre", "dma", "jsonl", "csv", "parquet")
"""Values of `format`. `auto` tells them by content."""
BATCH_ROWS = 262_144

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

    Raises:
        UsageError: an unknown format or key of the column map.
        InputError: a file does not exist, is damaged, is no AIS data or lacks a needed column.
    """
    if format not in FORMATS:
        raise UsageError(f"unknown format {format!r}; formats are {', '.join(FORMATS)}")
    parse_column_map(columns)
    options = Options(format, columns, start_time_us)
    files = find_files(paths)
    tables = _read_files(files, options, report or ReadReport(), progress)
    return _rebatched(tables, max(1, batch_rows))


def _read_files(
    files: list[FoundFile], options: Options, report: ReadReport, progress: Progress | None
) -> Iterator[pa.Table]:
    deduper = Deduper()
    known = sum(file.path.stat().st_size for file in files)
    done = 0
    any_read = False
    for file in in_time_order(files, options):
        with closing(HashedFile(file.path)) as source:
            entry = InputFile(path=str(file.path), bytes=source.size)
            report.inputs.append(entry)
            rows_before, decoded_before = report.rows_read, report.rows_decoded
            for table in read_source(source, entry, options, report, named=file.named):
                fresh = deduper.filter(table)
                report.reject_decoded("duplicate", table.num_rows - fresh.num_rows)
                if progress is not None:
                    progress(done + min(source.bytes_done, source.size), known)
                yield fresh
            entry.rows_read = report.rows_read - rows_before
            entry.rows_decoded = report.rows_decoded - decoded_before
            if entry.format != SKIPPED:
                any_read = True
                entry.sha256 = source.sha256()
            done += source.size
    if not any_read:
        raise InputError("no AIS data in this folder", path=str(files[0].path.parent))
    if progress is not None:
        progress(done, known)


def _rebatched(tables: Iterator[pa.Table], batch_rows: int) -> Iterator[pa.Table]:
    """Yield the same rows as tables of `batch_rows` rows, the last one shorter."""
    pending: list[pa.Table] = []
    rows = 0
    with closing(cast("Generator[pa.Table]", tables)):
        for table in tables:
            if table.num_rows:
                pending.append(table)
                rows += table.num_rows
            if rows < batch_rows:
                continue
            joined = pa.concat_tables(pending).combine_chunks()
            for start in range(0, rows - batch_rows + 1, batch_rows):
                yield joined.slice(start, batch_rows)
            rest = rows % batch_rows
            pending = [joined.slice(rows - rest)] if rest else []
            rows = rest
        if pending:
            yield pa.concat_tables(pending).combine_chunks()
