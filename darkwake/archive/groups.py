"""Row groups that can hold rows of an answer, told by their statistics, and their rows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from darkwake.archive.question import Query
from vessels.errors import StoreError
from vessels.schema import FIXES

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FEW_ROWS = 100_000
"""Fewer are read sooner by one thread than divided among several."""
_COLUMN = {name: number for number, name in enumerate(FIXES.names)}


@dataclass(frozen=True, slots=True)
class Found:
    """Row groups of one file that can hold rows of an answer."""

    path: Path
    file: pq.ParquetFile
    groups: list[int]
    rows: int
    whole: bool
    """Every row of these groups is asked for."""

    def read(self, query: Query) -> pa.Table:
        """Return the rows of the answer, in the order of the file.

        Raises:
            StoreError: the file cannot be read.
        """
        if not self.groups:
            return FIXES.empty_table()
        try:
            table = self.file.read_row_groups(self.groups, use_threads=self.rows > _FEW_ROWS)
            table = table.cast(FIXES)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(self.path, error) from error
        return table if self.whole else table.filter(_mask(table, query))


def search(path: Path, query: Query) -> Found:
    """Return the row groups of a file that can hold rows of an answer.

    Raises:
        StoreError: the file cannot be read, or is none of the archive's.
    """
    try:
        file = pq.ParquetFile(path, memory_map=True)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error
    metadata = file.metadata
    if file.schema_arrow.names != FIXES.names:
        raise StoreError(f"{path}: cannot be read: not the columns of an archive")
    ranges = _ranges(query)
    groups, rows, whole = [], 0, True
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        told = [_within(group.column(_COLUMN[name]), *ends) for name, *ends in ranges]
        mmsi = _of_numbers(group.column(_COLUMN["mmsi"]), query.mmsi)
        if None not in (*told, mmsi):
            groups.append(number)
            rows += group.num_rows
            whole = whole and all(told) and bool(mmsi)
    return Found(path, file, groups, rows, whole)


def _ranges(query: Query) -> list[tuple[str, Any, Any]]:
    """Return column, lowest and highest value; a box across 180 degrees is no range of longitude.

    The statistics of a time are UTC to the microsecond, as a datetime.
    """
    out: list[tuple[str, Any, Any]] = []
    if query.from_us is not None or query.to_us is not None:
        out.append(("time", _time(query.from_us), _time(query.to_us)))
    if query.bbox is not None:
        west, south, east, north = query.bbox
        out.append(("lat_deg", south, north))
        out.append(("lon_deg", west, east) if west <= east else ("lon_deg", None, None))
    return out


def _time(time_us: int | None) -> datetime | None:
    return None if time_us is None else EPOCH + timedelta(microseconds=time_us)


def _within(column: pq.ColumnChunkMetaData, low: Any, high: Any) -> bool | None:
    """Tell whether all values of a column lie between two; None where none can."""
    known = column.statistics
    if known is None or not known.has_min_max:
        empty = known is not None and known.null_count == column.num_values
        return None if empty else False
    if (low is not None and known.max < low) or (high is not None and known.min > high):
        return None
    inside = low is not None or high is not None
    inside = inside and (low is None or known.min >= low) and (high is None or known.max <= high)
    return inside and known.null_count == 0


def _of_numbers(column: pq.ColumnChunkMetaData, mmsi: tuple[int, ...]) -> bool | None:
    """Tell whether all rows are of these numbers; None where none can be."""
    if not mmsi:
        return True
    known = column.statistics
    if known is None or not known.has_min_max:
        return False
    if not any(known.min <= number <= known.max for number in mmsi):
        return None
    return bool(known.min == known.max)


def _mask(table: pa.Table, query: Query) -> pa.ChunkedArray:
    """Tell which rows are asked for."""
    time_us, lat, lon = table["time"].cast(pa.int64()), table["lat_deg"], table["lon_deg"]
    mask = pc.is_valid(time_us)
    if query.mmsi:
        mask = pc.and_(mask, pc.is_in(table["mmsi"], pa.array(query.mmsi, pa.int32())))
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


def _unreadable(path: Path, error: Exception) -> StoreError:
    return StoreError(f"{path}: cannot be read: {str(error).splitlines()[0]}")
