"""Fixes as numpy columns: what the kernels work on, sorted and without duplicates.

`Fixes` is the positional half of the house schema. Nulls are NaN in floats and the codes below in
small integers. The order is total (every column takes part), so that equal sets of fixes are equal
arrays, whichever way they arrived.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

NO_STATUS = 255
CLASS_CODES = {"A": 1, "B": 2}
RECEIVER_CODES = {"satellite": 1, "terrestrial": 2}

Array = npt.NDArray[Any]


@dataclass(slots=True)
class Fixes:
    """Equally long columns; `lat_deg` and `lon_deg` are never null."""

    mmsi: Array  # int32
    time_us: Array  # int64, microseconds since 1970 UTC
    lat_deg: Array  # float64
    lon_deg: Array  # float64
    sog_knots: Array  # float32, NaN where not told
    cog_deg: Array  # float32
    heading_deg: Array  # float32
    nav_status: Array  # uint8, 255 where not told
    msg_type: Array  # uint8, 0 where not told
    ais_class: Array  # uint8: 0 not told, 1 A, 2 B
    receiver: Array  # uint8: 0 not told, 1 satellite, 2 terrestrial

    def __len__(self) -> int:
        return len(self.mmsi)

    def take(self, rows: Any) -> "Fixes":
        """Return the rows that an index array (none negative), a mask or a slice selects."""
        if (
            isinstance(rows, np.ndarray) and rows.dtype != bool
        ):  # clip: bounds are not checked twice
            return Fixes(*(getattr(self, name).take(rows, mode="clip") for name in COLUMNS))
        return Fixes(*(getattr(self, name)[rows] for name in COLUMNS))

    def as_arrays(self, prefix: str = "") -> dict[str, Array]:
        """Return the columns by name, for snapshots and pipes."""
        return {prefix + name: getattr(self, name) for name in COLUMNS}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array], prefix: str = "") -> "Fixes":
        """Return the fixes whose columns `as_arrays` gave."""
        return cls(*(arrays[prefix + name] for name in COLUMNS))


COLUMNS = tuple(f.name for f in fields(Fixes))
_DTYPES = ("i4", "i8", "f8", "f8", "f4", "f4", "f4", "u1", "u1", "u1", "u1")


def empty_fixes() -> Fixes:
    """Return no fixes."""
    return Fixes(*(np.empty(0, dtype) for dtype in _DTYPES))


def concat_fixes(parts: Sequence[Fixes]) -> Fixes:
    """Return the fixes of all parts, in their order."""
    kept = [part for part in parts if len(part)]
    if not kept:
        return empty_fixes()
    if len(kept) == 1:
        return kept[0]
    return Fixes(*(np.concatenate([getattr(part, name) for part in kept]) for name in COLUMNS))


def distinct(ordered: Array) -> Array:
    """Return the distinct values of a sorted column.

    >>> distinct(np.array([2, 2, 7]))
    array([2, 7])
    """
    return ordered[starts_of(ordered)]


def starts_of(ordered: Array) -> Array:
    """Return the first row of each value of a sorted column.

    >>> starts_of(np.array([2, 2, 7]))
    array([0, 2])
    """
    if len(ordered) == 0:
        return np.empty(0, np.int64)
    return np.append(0, np.flatnonzero(ordered[1:] != ordered[:-1]) + 1)


@njit(cache=True, nogil=True)
def spread(values: Array, starts: Array, rows: int) -> Array:
    """Return for each of so many rows the value of its group; `starts` are as of `starts_of`.

    What np.repeat does, without Python's lock: the groups are numbers or hulls, and other threads
    have their own.
    """
    out = np.empty(rows, values.dtype)
    for group in range(len(starts)):
        end = starts[group + 1] if group + 1 < len(starts) else rows
        out[starts[group] : end] = values[group]
    return out


def fixes_from_table(table: pa.Table) -> Fixes:
    """Return the rows of a house-schema table that carry a position.

    Raises:
        KeyError: a position column of the house schema is missing.
    """
    if table.num_rows == 0:
        return empty_fixes()
    known = pc.and_(pc.is_valid(table["lat_deg"]), pc.is_valid(table["lon_deg"]))
    rows = table.filter(known)
    if rows.num_rows == 0:
        return empty_fixes()
    return Fixes(
        _plain(rows["mmsi"], "i4", 0),
        _plain(rows["time"].cast(pa.int64()), "i8", 0),
        _plain(rows["lat_deg"], "f8", np.nan),
        _plain(rows["lon_deg"], "f8", np.nan),
        _plain(rows["sog_knots"], "f4", np.nan),
        _plain(rows["cog_deg"], "f4", np.nan),
        _plain(rows["heading_deg"], "f4", np.nan),
        _plain(rows["nav_status"], "u1", NO_STATUS),
        _plain(rows["msg_type"], "u1", 0),
        _codes(rows["ais_class"], CLASS_CODES),
        _codes(rows["receiver"], RECEIVER_CODES),
    )


def _plain(column: pa.ChunkedArray, dtype: str, null: float) -> Array:
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(null, column.type))
    return np.ascontiguousarray(column.to_numpy(zero_copy_only=False), dtype=dtype)


def _codes(column: pa.ChunkedArray, codes: dict[str, int]) -> Array:
    """Return small codes for a text column; unknown words and nulls are 0."""
    out = []
    for chunk in column.chunks:
        encoded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        words = encoded.dictionary.to_pylist()
        table = np.array([codes.get(word, 0) for word in words] + [0], "u1")
        indices = pc.fill_null(encoded.indices, len(words)).to_numpy(zero_copy_only=False)
        out.append(table[indices])
    return np.concatenate(out) if out else np.empty(0, "u1")


def sort_fixes(fixes: Fixes) -> tuple[Fixes, int]:
    """Return the fixes in house order without exact duplicates, and how many were dropped.

    House order is MMSI, time, then every other column. Two rows that differ in the receiver alone
    are one fix heard twice: both are kept, so that both receivers count.
    """
    if len(fixes) < 2:
        return fixes, 0
    ordered = fixes.take(_order(fixes.mmsi, fixes.time_us))
    ties = _tie_rows(ordered.mmsi, ordered.time_us)
    if len(ties) == 0:
        return ordered, 0
    tied = ordered.take(ties)
    rank = np.lexsort([getattr(tied, name) for name in reversed(COLUMNS)])
    tied = tied.take(rank)
    for name in COLUMNS:
        getattr(ordered, name)[ties] = getattr(tied, name)
    same = np.ones(len(tied), bool)
    same[0] = False
    for name in COLUMNS:
        column = getattr(tied, name)
        same[1:] &= (column[1:] == column[:-1]) | ((column[1:] != column[1:]) & _nan(column[:-1]))
    if not same.any():
        return ordered, 0
    keep = np.ones(len(ordered), bool)
    keep[ties[same]] = False
    return ordered.take(keep), int(same.sum())


def _nan(column: Array) -> Array:
    return column != column  # noqa: PLR0124  NaN is the one value unlike itself; works on integers


def _order(mmsi: Array, time_us: Array) -> Array:
    """Return the order by (mmsi, time); rows that tie are put in order afterwards."""
    numbers, rank = _ranks(mmsi)
    rising = np.argsort(numbers)
    place = np.empty(len(numbers), np.int64)
    place[rising] = np.arange(len(numbers))
    return _grouped(place, rank, time_us)


@njit(cache=True, nogil=True)
def _ranks(mmsi: Array) -> tuple[Array, Array]:
    """Return the distinct numbers as they come, and for each row which of them it has."""
    bits = 10
    slots = np.full(1 << bits, -1, np.int32)
    numbers = np.empty(1 << (bits - 1), np.int32)
    rank = np.empty(len(mmsi), np.int32)
    count = 0
    for row in range(len(mmsi)):
        if count == len(numbers):  # half full: twice as large
            bits += 1
            slots = np.full(1 << bits, -1, np.int32)
            grown = np.empty(1 << (bits - 1), np.int32)
            grown[:count] = numbers
            numbers = grown
            for entry in range(count):
                slots[_slot_of(numbers[entry], numbers, slots)] = entry
        slot = _slot_of(mmsi[row], numbers, slots)
        if slots[slot] < 0:
            slots[slot] = count
            numbers[count] = mmsi[row]
            count += 1
        rank[row] = slots[slot]
    return numbers[:count].copy(), rank


@njit(cache=True, nogil=True)
def _slot_of(number: int, numbers: Array, slots: Array) -> int:
    """Return the slot that holds a number, or the free one where it belongs."""
    mask = np.int64(len(slots) - 1)
    slot = (np.int64(number) * np.int64(0x9E3779B1) >> np.int64(16)) & mask
    while slots[slot] >= 0 and numbers[slots[slot]] != number:
        slot = (slot + np.int64(1)) & mask
    return int(slot)


@njit(cache=True, nogil=True)
def _grouped(place: Array, rank: Array, time_us: Array) -> Array:
    """Return the order by place of the row's rank, then by time.

    Archives are in order of time, or nearly: a counting sort keeps that order within each number,
    and only numbers whose times do not rise are sorted.
    """
    ends = np.zeros(len(place) + 1, np.int64)
    for row in range(len(rank)):
        ends[place[rank[row]] + 1] += 1
    for number in range(len(place)):
        ends[number + 1] += ends[number]
    starts = ends[:-1].copy()
    order = np.empty(len(rank), np.int64)
    for row in range(len(rank)):
        number = place[rank[row]]
        order[starts[number]] = row
        starts[number] += 1
    for number in range(len(place)):
        rows = order[ends[number] : ends[number + 1]]
        for i in range(1, len(rows)):
            if time_us[rows[i]] < time_us[rows[i - 1]]:
                rows[:] = rows[np.argsort(time_us[rows], kind="mergesort")]
                break
    return order


@njit(cache=True, nogil=True)
def _tie_rows(mmsi: Array, time_us: Array) -> Array:
    """Return the rows that share MMSI and time with a neighbour."""
    n = len(mmsi)
    out = np.empty(n, np.int64)
    count = 0
    for i in range(n):
        before = i > 0 and mmsi[i] == mmsi[i - 1] and time_us[i] == time_us[i - 1]
        after = i + 1 < n and mmsi[i] == mmsi[i + 1] and time_us[i] == time_us[i + 1]
        if before or after:
            out[count] = i
            count += 1
    return out[:count].copy()
