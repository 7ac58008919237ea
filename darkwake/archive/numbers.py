"""The same rows once more by number, a folder a month: what makes a vessel's year quick to find.

In a day's files one vessel is a few rows among millions; a year of it lies in 365 of them. So each
month that is over is kept a second time, sorted by MMSI and time, in files of some 260,000 rows
whose row groups end where a vessel ends. It can be made anew at any time, and lies where a replay
does not look. `covers.json` names the files that it was made of: where one of them is gone, the
month is read from its days; files that came later are read besides.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from duckdb import ColumnExpression, ConstantExpression

from darkwake.archive import layout
from darkwake.archive.change import Change, changing
from darkwake.archive.layout import OWN, Part
from darkwake.archive.sorter import joined, without_duplicates
from darkwake.vessel_fixes import database
from vessels.errors import StoreError
from vessels.fixes import Array
from vessels.schema import FIXES

SORT_ROWS = 2_000_000
"""Rows put in order in memory at once, about 100 bytes each."""
FILE_ROWS = 262_144
"""To open a file costs by its row groups: many small files are read sooner than one large."""
GROUP_ROWS = 8_192
_COVERS = "covers.json"


@dataclass(frozen=True, slots=True)
class Month:
    """The files by number of one month."""

    files: tuple[Path, ...]
    covers: frozenset[str]
    """Names of the days' files that these were made of, as `date=.../NAME`."""


def months(folder: Path) -> dict[str, Month]:
    """Return the months that are kept by number, by name `YYYY-MM`."""
    found = {}
    for path in (folder / OWN / "numbers").glob(f"*/{_COVERS}"):
        told = json.loads(path.read_text("utf-8"))
        files = tuple(path.parent / name for name in told["files"])
        found[path.parent.name] = Month(files, frozenset(told["covers"]))
    return found


def month_of(day: int) -> str:
    """Return the name of the month of a day."""
    return layout.date_of(day).isoformat()[:7]


def numbers_in(path: Path) -> tuple[int, int]:
    """Return the lowest and the highest MMSI of a file, as its name tells."""
    low, high = path.stem.split("-")[:2]
    return int(low), int(high)


def write_numbers(folder: Path, limit: int | None = None) -> int:
    """Write the tracks by number of each month whose files have changed; return how many.

    Months that do not end before the day `limit` wait until they are over: they are still written
    to. Without a limit, all are.

    Raises:
        StoreError: a file cannot be read or written.
    """
    by_month: dict[str, list[int]] = {}
    for day in layout.days(folder):
        by_month.setdefault(month_of(day), []).append(day)
    written = 0
    known = months(folder)
    for name, days in by_month.items():
        if limit is not None and _end(name) > limit:
            continue
        parts = [part for day in days for part in layout.parts_of(folder, day)]
        covers = frozenset(part.key for part in parts)
        if name not in known or known[name].covers != covers:
            with changing(folder) as change:
                _write_month(folder, name, parts, change)
            written += 1
    for name in known.keys() - by_month.keys():
        with changing(folder) as change:
            _let_go(folder, name, change)
    return written


def _end(name: str) -> int:
    """Return the first day after a month."""
    year, month = map(int, name.split("-"))
    return layout.day_number(date(year + month // 12, month % 12 + 1, 1))


def _let_go(folder: Path, name: str, change: Change) -> None:
    old = folder / OWN / "numbers" / name
    if old.is_dir():
        for path in old.iterdir():
            change.remove(path)


def _write_month(folder: Path, name: str, parts: list[Part], change: Change) -> None:
    _let_go(folder, name, change)
    paths = [str(part.path) for part in parts]
    files = []
    with database() as connection:
        try:
            numbers, counts = _counts(connection, paths)
            # Another name than that of the file that it replaces.
            stamp = f"{len(parts)}x{sum(part.size for part in parts)}"
            for low, high in _ranges(numbers, counts, SORT_ROWS):
                for table in _files(_rows(connection, paths, low, high)):
                    first, last = table["mmsi"][0].as_py(), table["mmsi"][-1].as_py()
                    path = folder / OWN / "numbers" / name / f"{first}-{last}-{stamp}.parquet"
                    change.write(path, table, _groups(table))
                    files.append(path.name)
        except duckdb.Error as error:
            why = str(error).splitlines()[0]
            raise StoreError(f"{folder}: {name} cannot be put by number: {why}") from error
    covers = sorted(part.key for part in parts)
    path = folder / OWN / "numbers" / name / _COVERS
    change.write_json(path, {"files": files, "covers": covers})


def _counts(connection: duckdb.DuckDBPyConnection, paths: list[str]) -> tuple[Array, Array]:
    found = connection.execute(
        "SELECT mmsi, count(*) FROM read_parquet(?) GROUP BY mmsi ORDER BY mmsi", [paths]
    ).fetchnumpy()
    return np.asarray(found["mmsi"]), np.asarray(found["count_star()"])


def _ranges(numbers: Array, counts: Array, most: int) -> list[tuple[int, int]]:
    """Return ranges of MMSIs of at most so many rows each, or of one MMSI."""
    out: list[tuple[int, int]] = []
    rows = 0
    for mmsi, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        if out and rows + count <= most:
            out[-1] = out[-1][0], mmsi
            rows += count
        else:
            out.append((mmsi, mmsi))
            rows = count
    return out


def _rows(connection: duckdb.DuckDBPyConnection, paths: list[str], low: int, high: int) -> pa.Table:
    rows = connection.read_parquet(paths, hive_partitioning=False)
    wanted = ColumnExpression("mmsi").between(ConstantExpression(low), ConstantExpression(high))
    table = rows.filter(wanted).order("mmsi, time").to_arrow_table()
    return without_duplicates(joined([table.cast(FIXES)]))  # what is equal in time, by hash


def _files(table: pa.Table) -> Iterator[pa.Table]:
    """Yield the rows of each file: some vessels' of at most FILE_ROWS in all, or one's."""
    mmsi = table["mmsi"].to_numpy()
    numbers, starts, counts = np.unique(mmsi, return_index=True, return_counts=True)
    for low, high in _ranges(numbers, counts, FILE_ROWS):
        first, last = np.searchsorted(numbers, [low, high])
        yield table.slice(starts[first], starts[last] + counts[last] - starts[first])


def _groups(table: pa.Table) -> list[int]:
    """Return the rows of each row group: GROUP_ROWS or more, ended where a vessel ends."""
    mmsi = table["mmsi"].to_numpy()
    ends = np.flatnonzero(np.append(mmsi[1:] != mmsi[:-1], True)) + 1
    out, first = [], 0
    for end in ends.tolist():
        if end - first >= GROUP_ROWS or end == len(mmsi):
            out.append(end - first)
            first = end
    return out
