"""Rows in any order, put into days and cells in bounded memory."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from darkwake.archive.layout import NO_CELL, cells_of, days_of
from feeds.dedupe import row_hashes
from vessels.fixes import Array
from vessels.schema import FIXES

MEMORY_ROWS = 4_000_000
"""Rows kept in memory, about 100 bytes each; above it all are laid down in a scratch folder."""

Key = tuple[int, int]
"""Day since 1970, and cell."""


class Sorter:
    """Add tables of FIXES in any order; take out the rows of each day and cell."""

    def __init__(self, scratch: Path, *, memory_rows: int = MEMORY_ROWS) -> None:
        self._scratch = scratch
        self._memory_rows = memory_rows
        self._parts: dict[Key, list[pa.Table]] = {}
        self._files: dict[Key, list[Path]] = {}
        self._rows = 0
        self._spills = 0

    def add(self, table: pa.Table) -> None:
        """Sort rows into their days and cells."""
        if table.num_rows == 0:
            return
        place = days_of(table) * (NO_CELL + 1) + cells_of(table)
        order = np.argsort(place, kind="stable")
        place = place[order]
        starts = np.flatnonzero(np.append(True, place[1:] != place[:-1]))
        ordered = table if len(starts) == 1 else table.take(pa.array(order))
        for start, end in zip(starts, np.append(starts[1:], len(place)), strict=True):
            day, cell = divmod(int(place[start]), NO_CELL + 1)
            self._parts.setdefault((day, cell), []).append(ordered.slice(start, end - start))
        self._rows += table.num_rows
        if self._rows > self._memory_rows:
            self._spill()

    def places(self) -> list[Key]:
        """Return the days and cells that rows were added of, sorted."""
        return sorted({*self._parts, *self._files})

    def take(self, key: Key) -> pa.Table:
        """Return the rows of a day and cell, and forget them."""
        tables = []
        for path in self._files.pop(key, []):
            with pa.ipc.open_file(path) as reader:
                tables.append(reader.read_all())
            path.unlink()
        tables += self._parts.pop(key, [])
        return joined(tables)

    def _spill(self) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True)
        for (day, cell), tables in self._parts.items():
            path = self._scratch / f"{day}-{cell}-{self._spills}.arrow"
            table = joined(tables)
            with pa.ipc.new_file(path, table.schema) as writer:
                writer.write_table(table)
            self._files.setdefault((day, cell), []).append(path)
        self._parts, self._rows = {}, 0
        self._spills += 1


def joined(tables: list[pa.Table]) -> pa.Table:
    """Return the rows of all tables as one of FIXES, in one chunk."""
    whole = pa.concat_tables([FIXES.empty_table(), *tables])
    return whole.unify_dictionaries().combine_chunks()


def without_duplicates(table: pa.Table, known: Array | None = None) -> pa.Table:
    """Return the rows sorted by MMSI and time; one of equal ones, and none that is known.

    Rows are equal as everywhere: in every column but the station that heard them
    (feeds/dedupe.py). `known` are hashes of rows that are there already. Only rows of one number
    and time can be equal, so without `known` no others are hashed.
    """
    mmsi, time_us = table["mmsi"].to_numpy(), table["time"].cast(pa.int64()).to_numpy()
    order = np.arange(len(mmsi)) if _in_order(mmsi, time_us) else np.lexsort((time_us, mmsi))
    if known is not None and len(known):
        order = order[~np.isin(row_hashes(table)[order], known)]
    order = _one_of_equal(table, order, mmsi[order], time_us[order])
    if len(order) == len(mmsi) and _in_order(order, order):
        return table
    return table.take(pa.array(order))


def _in_order(first: Array, second: Array) -> bool:
    """Tell whether pairs of values never fall."""
    rises = (first[1:] > first[:-1]) | ((first[1:] == first[:-1]) & (second[1:] >= second[:-1]))
    return bool(rises.all())


def _one_of_equal(table: pa.Table, order: Array, mmsi: Array, time_us: Array) -> Array:
    """Return an order of rows whose ties go by hash, the first of equal rows alone.

    `mmsi` and `time_us` are those of the rows in this order.
    """
    same = (mmsi[1:] == mmsi[:-1]) & (time_us[1:] == time_us[:-1])
    tied = np.flatnonzero(np.append(False, same) | np.append(same, False))
    if len(tied) == 0:
        return order
    rows = order[tied]
    hashes = row_hashes(table.take(pa.array(rows)))
    by_hash = np.lexsort((hashes, time_us[tied], mmsi[tied]))
    rows, hashes = rows[by_hash], hashes[by_hash]
    order = order.copy()
    order[tied] = rows
    return np.delete(order, tied[1:][hashes[1:] == hashes[:-1]])
