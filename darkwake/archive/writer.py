"""What a watch does with its archive: rows appended as they are heard, old days deleted."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.archive import layout
from darkwake.archive.change import changing, sync
from darkwake.archive.layout import date_of, day_number
from vessels.errors import StoreError
from vessels.schema import FIXES


def write_rows(folder: Path, tables: Iterable[pa.Table], name: str) -> list[Path]:
    """Write rows to the parts `name` of their days; parts of that name are replaced.

    Writing the same rows again changes nothing, so that it can be repeated after a crash. No lock
    is taken: a part appears by one rename, and nobody else writes one of that name.

    Raises:
        StoreError: a file cannot be written; what was there before is untouched.
    """
    rows = pa.concat_tables([FIXES.empty_table(), *tables]).unify_dictionaries()
    rows = rows.sort_by([("mmsi", "ascending"), ("time", "ascending")])
    days = layout.days_of(rows)
    written = []
    for day in np.unique(days).tolist():
        path = layout.part_path(folder, day, None, name)
        _write(path, rows.filter(pa.array(days == day)))
        written.append(path)
    return written


def expire(folder: Path, keep_days: int, today: date) -> list[str]:
    """Delete the days that ended more than `keep_days` before `today`; return their names.

    Raises:
        StoreError: they cannot be deleted, or another process changes the archive.
    """
    old = [day for day in layout.days(folder) if day < day_number(today) - keep_days]
    if old:
        with changing(folder) as change:
            for day in old:
                for path in layout.day_folder(folder, day).iterdir():
                    change.remove(path)
    return [date_of(day).isoformat() for day in old]


def newest_day(folder: Path) -> date | None:
    """Return the last day that the archive holds rows of."""
    days = layout.days(folder)
    return date_of(days[-1]) if days else None


def parts(folder: Path) -> list[Path]:
    """Return all files of the archive, by day and name."""
    return [part.path for day in layout.days(folder) for part in layout.parts_of(folder, day)]


def rows_in(folder: Path) -> int:
    """Return how many rows the archive holds."""
    return sum(pq.read_metadata(path).num_rows for path in parts(folder))


def _write(path: Path, table: pa.Table) -> None:
    aside = path.with_name(f".{path.name}{layout.ASIDE}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            table, aside, compression="zstd", version="2.6", row_group_size=layout.ROW_GROUP
        )
        sync(aside)
        aside.replace(path)
        sync(path.parent)
        sync(path.parent.parent)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise StoreError(f"{path}: {error.strerror or error}") from error
