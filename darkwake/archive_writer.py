"""The archive: tracks of a watch as Parquet files, a folder a day, that a replay reads.

`date=YYYY-MM-DD/part-NAME.parquet` holds rows of the house schema by event time. A file appears
whole or not at all: it is written aside, seen through to the disk and renamed. Small parts of a day
are merged into one, sorted by MMSI and time; days older than the policy says are deleted.
"""

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from feeds.dedupe import Deduper
from vessels.errors import StoreError
from vessels.schema import FIXES
from vessels.units import US_PER_DAY

_PREFIX = "date="
_ASIDE = ".tmp"
_ROW_GROUP = 131_072
_EPOCH = date(1970, 1, 1)


def write_rows(folder: Path, tables: Iterable[pa.Table], name: str) -> list[Path]:
    """Write rows to the parts `name` of their days; parts of that name are replaced.

    Writing the same rows again changes nothing, so that it can be repeated after a crash.

    Raises:
        StoreError: a file cannot be written; what was there before is untouched.
    """
    rows = pa.concat_tables([FIXES.empty_table(), *tables]).unify_dictionaries()
    days = np.floor_divide(rows["time"].cast(pa.int64()).to_numpy(), US_PER_DAY)
    written = []
    for day in np.unique(days).tolist():
        path = folder / _day_name(day) / f"part-{name}.parquet"
        _write(path, rows.filter(pa.array(days == day)))
        written.append(path)
    return written


def compact(folder: Path, before: date) -> int:
    """Merge the parts of each day before `before` into one; return how many files went.

    The merged file is written under the name of the day's last part, which it replaces; should the
    machine die before the others are deleted, their rows are there twice, and exact duplicates are
    dropped by every reader and by the next merge.

    Raises:
        StoreError: a file cannot be read or written.
    """
    gone = 0
    for day in _days(folder):
        parts = sorted((folder / _name(day)).glob("part-*.parquet"))
        if day >= before or len(parts) < 2:
            continue
        try:
            table = pa.concat_tables([_read(part) for part in parts])
        except (OSError, pa.ArrowInvalid) as error:
            raise StoreError(f"{folder / _name(day)}: cannot be merged: {error}") from error
        table = table.unify_dictionaries().sort_by([("mmsi", "ascending"), ("time", "ascending")])
        _write(parts[-1], Deduper().filter(table.combine_chunks()))
        for part in parts[:-1]:
            part.unlink()
        gone += len(parts) - 1
    return gone


def expire(folder: Path, keep_days: int, today: date) -> list[str]:
    """Delete the days that ended more than `keep_days` before `today`; return their names."""
    old = [day for day in _days(folder) if day < today - timedelta(days=keep_days)]
    for day in old:
        for part in (folder / _name(day)).iterdir():
            part.unlink()
        (folder / _name(day)).rmdir()
    return [day.isoformat() for day in old]


def newest_day(folder: Path) -> date | None:
    """Return the last day that the archive holds rows of."""
    return max(_days(folder), default=None)


def day_of(time_us: int) -> date:
    """Return the UTC day of a time."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).date()


def sweep(folder: Path) -> None:
    """Delete files that were being written when an earlier process died."""
    for path in folder.glob(f"{_PREFIX}*/*{_ASIDE}"):
        path.unlink(missing_ok=True)


def _days(folder: Path) -> list[date]:
    found = []
    for path in sorted(folder.glob(f"{_PREFIX}*")):
        try:
            found.append(date.fromisoformat(path.name.removeprefix(_PREFIX)))
        except ValueError:
            continue  # somebody else's
    return found


def _name(day: date) -> str:
    return f"{_PREFIX}{day.isoformat()}"


def _day_name(day: int) -> str:
    return _name(_EPOCH + timedelta(days=day))


def _write(path: Path, table: pa.Table) -> None:
    aside = path.with_suffix(_ASIDE)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, aside, compression="zstd", version="2.6", row_group_size=_ROW_GROUP)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
        for folder in (path.parent, path.parent.parent):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise StoreError(f"{path}: {error.strerror or error}") from error


def _read(path: Path) -> pa.Table:
    return pq.ParquetFile(path).read().cast(FIXES)


def rows_in(folder: Path) -> int:
    """Return how many rows the archive holds."""
    return sum(
        pq.read_metadata(path).num_rows for path in folder.glob(f"{_PREFIX}*/part-*.parquet")
    )
