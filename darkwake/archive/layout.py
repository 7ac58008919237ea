"""Where rows lie in an archive: a folder a day, in it files of one cell each, or of any cell.

`date=YYYY-MM-DD/cell-CELL-ID.parquet` holds rows of one cell, sorted by MMSI and time;
`date=YYYY-MM-DD/part-NAME.parquet` rows of any cell, as they were heard. All have the columns of
the house schema. A cell is a square of ten degrees named by its south-west corner, `n30w080`; rows
without a position are in `none`. The folder `.darkwake` holds what can be made anew, and what was
added from where.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vessels.errors import StoreError
from vessels.fixes import Array
from vessels.schema import FIXES
from vessels.units import US_PER_DAY

ASIDE = ".tmp"
CELL_DEG = 10
ROWS, COLUMNS = 180 // CELL_DEG, 360 // CELL_DEG
NO_CELL = ROWS * COLUMNS
"""The cell of rows without a position."""
OWN = ".darkwake"
"""Folder of what is ours alone; a replay and other programs do not look into it."""
ROW_GROUP = 65_536

_PREFIX = "date="
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the archive."""

    folder: Path
    """Of the archive."""
    key: str
    """Its name there: `date=YYYY-MM-DD/NAME`."""
    day: int
    """Days since 1970."""
    cell: int | None
    """None where it holds rows of any cell."""

    @property
    def path(self) -> Path:
        """Return where it lies."""
        return self.folder / self.key

    @property
    def size(self) -> int:
        """Return its bytes."""
        return self.path.stat().st_size


def cell_name(cell: int) -> str:
    """Return the name of a cell.

    >>> cell_name(12 * 36 + 10)
    'n30w080'
    """
    if cell == NO_CELL:
        return "none"
    lat, lon = cell // COLUMNS * CELL_DEG - 90, cell % COLUMNS * CELL_DEG - 180
    return f"{'ns'[lat < 0]}{abs(lat):02d}{'ew'[lon < 0]}{abs(lon):03d}"


_CELLS = {cell_name(cell): cell for cell in range(NO_CELL + 1)}


def cells_of(table: pa.Table) -> Array:
    """Return the cell of each row of a table of FIXES."""
    known = pc.and_(pc.is_valid(table["lat_deg"]), pc.is_valid(table["lon_deg"])).to_numpy()
    lat, lon = (
        pc.fill_null(table[name], 0.0).to_numpy(zero_copy_only=False)
        for name in ("lat_deg", "lon_deg")
    )
    row = np.clip(np.floor((lat + 90.0) / CELL_DEG), 0, ROWS - 1).astype("i4")
    column = np.floor((lon + 180.0) / CELL_DEG).astype("i4") % COLUMNS
    return np.where(known, row * COLUMNS + column, NO_CELL)


def cells_in(bbox: tuple[float, float, float, float]) -> set[int]:
    """Return the cells that a box touches: west, south, east, north; west > east spans 180."""
    west, south, east, north = bbox
    last = (180.0 if east < west else east) + 180.0
    columns = set(range(int((west + 180.0) // CELL_DEG), int(last // CELL_DEG) + 1))
    if east < west:
        columns |= set(range(int((east + 180.0) // CELL_DEG) + 1))
    first, top = int((south + 90.0) // CELL_DEG), int((north + 90.0) // CELL_DEG)
    rows = range(min(first, ROWS - 1), min(top, ROWS - 1) + 1)
    return {row * COLUMNS + column % COLUMNS for row in rows for column in columns}


def days_of(table: pa.Table) -> Array:
    """Return the UTC day of each row, in days since 1970."""
    return np.floor_divide(table["time"].cast(pa.int64()).to_numpy(), US_PER_DAY)


def day_of(time_us: int) -> date:
    """Return the UTC day of a time."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).date()


def date_of(day: int) -> date:
    """Return the date of a day since 1970."""
    return _EPOCH + timedelta(days=day)


def day_number(day: date) -> int:
    """Return the days from 1970 to a date."""
    return (day - _EPOCH).days


def day_folder(folder: Path, day: int) -> Path:
    """Return the folder of a day."""
    return folder / f"{_PREFIX}{date_of(day).isoformat()}"


def part_path(folder: Path, day: int, cell: int | None, name: str) -> Path:
    """Return where a file of a day goes."""
    first = "part" if cell is None else f"cell-{cell_name(cell)}"
    return day_folder(folder, day) / f"{first}-{name}.parquet"


def days(folder: Path) -> list[int]:
    """Return the days that the archive has folders of, sorted."""
    found = []
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except FileNotFoundError:
        return []
    for name in names:
        if name.startswith(_PREFIX):
            try:
                found.append(day_number(date.fromisoformat(name.removeprefix(_PREFIX))))
            except ValueError:
                continue  # somebody else's
    return sorted(found)


def parts_of(folder: Path, day: int) -> list[Part]:
    """Return the files of a day by name."""
    return as_parts(folder, day, sorted(keys_of(folder, day)))


def keys_of(folder: Path, day: int) -> set[str]:
    """Return what lies in the folder of a day, as `date=YYYY-MM-DD/NAME`."""
    within = f"{_PREFIX}{date_of(day).isoformat()}/"
    try:
        # os: an answer of a year asks this for every day.
        return {within + name for name in os.listdir(f"{folder}/{within}")}  # noqa: PTH208
    except FileNotFoundError:
        return set()


def as_parts(folder: Path, day: int, keys: Iterable[str]) -> list[Part]:
    """Return those of a day's keys that are files of the archive."""
    found = []
    for key in keys:
        name = key.partition("/")[2]
        if name.startswith(("part-", "cell-")) and name.endswith(".parquet"):
            cell = None if name.startswith("part-") else _CELLS.get(name.split("-", 2)[1])
            found.append(Part(folder, key, day, cell))
    return found


def read_part(path: Path) -> pa.Table:
    """Return the rows of a file, in the house schema.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        return pq.ParquetFile(path).read().cast(FIXES)
    except (OSError, pa.ArrowException) as error:
        why = str(error).splitlines()[0]
        raise StoreError(f"{path}: cannot be read: {why}") from error
