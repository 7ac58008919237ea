"""The archive put into its final order: one file a day and cell, and the tracks by number.

Rows that a watch appended as they came are divided among cells; the files of a cell become one,
sorted by MMSI and time, equal rows once. Then each month that is over gets its tracks by number
(darkwake/archive/numbers.py). A day is one change: whatever crashes, each row is there.
"""

import hashlib
import shutil
from datetime import date
from pathlib import Path

from darkwake.archive import layout
from darkwake.archive.change import Change, changing
from darkwake.archive.layout import OWN, Part
from darkwake.archive.numbers import write_numbers
from darkwake.archive.sorter import Sorter, joined, without_duplicates


def compact(folder: Path, before: date | None = None) -> int:
    """Put the days before `before` in order, all of them by default; return the files that went.

    Raises:
        StoreError: a file cannot be read or written, or another process changes the archive.
    """
    limit = None if before is None else layout.day_number(before)
    days = [day for day in layout.days(folder) if limit is None or day < limit]
    if not days:
        return 0
    gone = 0
    with changing(folder) as change:
        for day in days:
            parts = layout.parts_of(folder, day)
            if not _is_compact(parts):
                gone += _compact_day(folder, parts, change)
    write_numbers(folder, limit)
    return gone


def _is_compact(parts: list[Part]) -> bool:
    cells = [part.cell for part in parts]
    return None not in cells and len(set(cells)) == len(cells)


def _compact_day(folder: Path, parts: list[Part], change: Change) -> int:
    scratch = folder / OWN / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        sorter, gone, made = Sorter(scratch), 0, 0
        mixed = [part for part in parts if part.cell is None]
        for part in mixed:
            sorter.add(joined([layout.read_part(part.path)]))
        fresh = {cell for _, cell in sorter.places()}
        day = parts[0].day
        for cell in sorted(fresh | {part.cell for part in parts if part.cell is not None}):
            mine = [part for part in parts if part.cell == cell]
            if len(mine) < 2 and cell not in fresh:
                continue
            tables = [layout.read_part(part.path) for part in mine]
            table = without_duplicates(joined([*tables, sorter.take((day, cell))]))
            path = layout.part_path(folder, day, cell, _name(mine, mixed))
            change.write(path, table)
            made += 1
            gone += _let_go(mine, change)
        gone += _let_go(mixed, change)
        change.commit()
        return max(gone - made, 0) if not mixed else gone
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _let_go(parts: list[Part], change: Change) -> int:
    for part in parts:
        change.remove(part.path)
    return len(parts)


def _name(mine: list[Part], mixed: list[Part]) -> str:
    """Return a name for what is made of these files: no other is ever made of just them."""
    names = "\n".join(part.path.name for part in (*mine, *mixed))
    return hashlib.sha256(names.encode()).hexdigest()[:16]
