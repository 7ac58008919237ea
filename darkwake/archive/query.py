"""Questions to an archive: rows by number, time and box.

Which files can hold an answer is known from their names (day, cell, range of numbers); within
them row groups are skipped by their statistics. One vessel's months come from the files by number
where these are up to date, the rest from the days. Equal rows are told once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from duckdb import ColumnExpression as Column
from duckdb import ConstantExpression as Value

from darkwake.archive import layout
from darkwake.archive.numbers import month_of, months, numbers_in
from darkwake.archive.sorter import joined, without_duplicates
from darkwake.vessel_fixes import database
from feeds.dedupe import Deduper
from vessels.errors import StoreError
from vessels.schema import FIXES
from vessels.units import US_PER_DAY

_BATCH_ROWS = 262_144
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for; all rows where nothing is."""

    mmsi: tuple[int, ...] = ()
    from_us: int | None = None
    to_us: int | None = None
    """Both ends are included."""
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees; west > east spans 180 degrees."""


def find(folder: Path, query: Query) -> Iterator[pa.Table]:
    """Yield the rows as tables of FIXES, sorted by MMSI and time.

    Raises:
        StoreError: there is no archive, or a file cannot be read.
    """
    if not layout.days(folder):
        raise StoreError(f"{folder}: there is no archive here")
    files = files_for(folder, query)
    if query.mmsi:
        yield from _of_numbers(files, query)
    elif files:
        yield from _of_all(folder, files, query)


def _of_numbers(files: list[Path], query: Query) -> Iterator[pa.Table]:
    """Yield the rows of some vessels, which fit into memory, as one table."""
    found = [table for path in files for table in _read_numbers(path, query.mmsi)]
    table = without_duplicates(joined(found))
    table = table.filter(_within(table, query))
    if table.num_rows:
        yield table.combine_chunks()


def _read_numbers(path: Path, mmsi: tuple[int, ...]) -> Iterator[pa.Table]:
    """Yield the rows of some vessels in one file, whose first column is the MMSI."""
    try:
        file = pq.ParquetFile(path, memory_map=True)
        groups = []
        for group in range(file.num_row_groups):
            known = file.metadata.row_group(group).column(0).statistics
            if any(known.min <= number <= known.max for number in mmsi):
                groups.append(group)
        if groups:
            table = file.read_row_groups(groups).cast(FIXES)
            yield table.filter(pc.is_in(table["mmsi"], pa.array(mmsi, pa.int32())))
    except (OSError, pa.ArrowException) as error:
        why = str(error).splitlines()[0]
        raise StoreError(f"{path}: cannot be read: {why}") from error


def _within(table: pa.Table, query: Query) -> pa.ChunkedArray:
    """Tell which rows lie in the time and the box that are asked for."""
    time_us, lat, lon = table["time"].cast(pa.int64()), table["lat_deg"], table["lon_deg"]
    mask = pc.is_valid(time_us)
    if query.from_us is not None:
        mask = pc.and_(mask, pc.greater_equal(time_us, query.from_us))
    if query.to_us is not None:
        mask = pc.and_(mask, pc.less_equal(time_us, query.to_us))
    if query.bbox is not None:
        west, south, east, north = query.bbox
        both = pc.and_ if west <= east else pc.or_
        mask = pc.and_(mask, both(pc.greater_equal(lon, west), pc.less_equal(lon, east)))
        mask = pc.and_(mask, pc.and_(pc.greater_equal(lat, south), pc.less_equal(lat, north)))
    return mask


def _of_all(folder: Path, files: list[Path], query: Query) -> Iterator[pa.Table]:
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
            for part in layout.as_parts(folder, day, sorted(of_day - covers)):
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
        yield time >= Value(_EPOCH + timedelta(microseconds=query.from_us))
    if query.to_us is not None:
        yield time <= Value(_EPOCH + timedelta(microseconds=query.to_us))
    if query.bbox is not None:
        west, south, east, north = map(Value, query.bbox)
        yield lat.between(south, north)
        wide = query.bbox[0] > query.bbox[2]
        yield (lon >= west) | (lon <= east) if wide else lon.between(west, east)
