"""Questions to an archive: rows by number, time and box.

Which files can hold an answer is known from their names (day, cell, range of numbers); within
them row groups are skipped by their statistics. One vessel's months come from the files by number
where these are up to date, the rest from the days. Equal rows are told once.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
from duckdb import ColumnExpression as Column
from duckdb import ConstantExpression as Value

from darkwake.archive import layout
from darkwake.archive.groups import EPOCH, search
from darkwake.archive.numbers import month_of, months, numbers_in
from darkwake.archive.question import Query
from darkwake.archive.sorter import joined, without_duplicates
from darkwake.vessel_fixes import database
from feeds.dedupe import Deduper
from vessels.errors import StoreError
from vessels.schema import FIXES
from vessels.units import US_PER_DAY

_BATCH_ROWS = 262_144
_AT_ONCE_ROWS = 2_000_000
"""Most rows of row groups that are read and put in order in memory, about 100 bytes each. One
vessel's always are: its own are few, and those of others are left out file by file."""


def find(folder: Path, query: Query) -> Iterator[pa.Table]:
    """Yield the rows as tables of FIXES, sorted by MMSI and time.

    Raises:
        StoreError: there is no archive, or a file cannot be read.
    """
    if not layout.days(folder):
        raise StoreError(f"{folder}: there is no archive here")
    files = files_for(folder, query)
    tables = _in_memory(files, query)
    if tables is not None:
        # One file's row groups need not be copied into one chunk.
        whole = tables[0].unify_dictionaries() if len(tables) == 1 else joined(tables)
        table = without_duplicates(whole)
        if table.num_rows:
            yield table
    else:
        yield from _of_many(folder, files, query)


def _in_memory(files: list[Path], query: Query) -> list[pa.Table] | None:
    """Return the rows of the answer by file; None where too many would have to be read for it."""
    out: list[pa.Table] = []
    rows = 0
    for path in files:
        found = search(path, query)
        rows += found.rows
        if rows > _AT_ONCE_ROWS and not query.mmsi:
            return None
        table = found.read(query)
        if table.num_rows:
            out.append(table)
    return out


def _of_many(folder: Path, files: list[Path], query: Query) -> Iterator[pa.Table]:
    """Yield rows that are too many to be put in order in memory: DuckDB spills."""
    deduper = Deduper()
    with database() as connection:
        try:
            rows = connection.read_parquet([str(path) for path in files], hive_partitioning=False)
            for condition in _conditions(query):
                rows = rows.filter(condition)
            for batch in rows.order("mmsi, time").to_arrow_reader(_BATCH_ROWS):
                table = pa.Table.from_batches([batch]).cast(FIXES).unify_dictionaries()
                yield deduper.filter(table.combine_chunks())
        except duckdb.Error as error:
            why = str(error).splitlines()[0]
            raise StoreError(f"{folder}: cannot be read: {why}") from error


def files_for(folder: Path, query: Query) -> list[Path]:
    """Return the files that can hold rows of the answer."""
    low = None if query.from_us is None else query.from_us // US_PER_DAY
    high = None if query.to_us is None else query.to_us // US_PER_DAY
    cells = None if query.bbox is None else layout.cells_in(query.bbox)
    days: dict[str, list[int]] = {}
    for day in layout.days(folder):
        if (low is None or day >= low) and (high is None or day <= high):
            days.setdefault(month_of(day), []).append(day)
    kept = months(folder) if query.mmsi else {}
    whole = (low, high) == (None, None)
    out: list[Path] = []
    for name, of_month in days.items():
        keys = {day: layout.keys_of(folder, day) for day in of_month}
        there = set().union(*keys.values())
        month = kept.get(name)
        covers: frozenset[str] = frozenset()
        if month is not None and _is_valid(folder, month.covers, there, whole=whole):
            out += [path for path in month.files if _may_hold(path, query.mmsi)]
            covers = month.covers
        for day, of_day in keys.items():
            later = sorted(of_day - covers)
            for part in layout.as_parts(folder, day, later) if later else ():
                if cells is None or part.cell is None or part.cell in cells:
                    out.append(part.path)
    return out


def _is_valid(folder: Path, covers: frozenset[str], there: set[str], *, whole: bool) -> bool:
    """Tell whether every file that a month was made of is still there."""
    missing = covers - there
    if whole or not missing:
        return not missing
    return all((folder / name).exists() for name in missing)


def _may_hold(path: Path, mmsi: tuple[int, ...]) -> bool:
    low, high = numbers_in(path)
    return any(low <= number <= high for number in mmsi)


def _conditions(query: Query) -> Iterator[duckdb.Expression]:
    time, lat, lon = (Column(name) for name in ("time", "lat_deg", "lon_deg"))
    if query.from_us is not None:
        yield time >= Value(EPOCH + timedelta(microseconds=query.from_us))
    if query.to_us is not None:
        yield time <= Value(EPOCH + timedelta(microseconds=query.to_us))
    if query.bbox is not None:
        west, south, east, north = map(Value, query.bbox)
        yield lat.between(south, north)
        wide = query.bbox[0] > query.bbox[2]
        yield (lon >= west) | (lon <= east) if wide else lon.between(west, east)
