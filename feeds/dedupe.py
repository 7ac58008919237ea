"""Exact duplicates dropped in bounded memory while a read streams by.

Archives repeat messages: the same sentence heard by several stations, the same row twice (40 % of
a Danish file). A row is a duplicate where every column but the station is equal. The same fix by
satellite and on the ground is two rows: the receiver enters events (how a hull was heard before it
fell silent), so which of the two came first must not decide.
"""

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vessels.schema import FIXES

TABLE_BITS = 22
"""The table has 2^22 slots of 8 bytes: 32 MiB."""
IGNORED = ("station",)
"""Provenance: which station heard a row does not make it another row."""

_COMPARED = [field.name for field in FIXES if field.name not in IGNORED]
_NULL = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

Hashes = npt.NDArray[np.uint64]


@numba.njit(cache=True, nogil=True, inline="always")
def _mixed(value: np.uint64) -> np.uint64:
    """Finaliser of splitmix64 (Steele, Lea and Flood, 2014)."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@numba.njit(cache=True, nogil=True)
def _add(hashes: Hashes, bits: Hashes) -> None:
    for row in range(len(hashes)):
        hashes[row] = _mixed(hashes[row] * np.uint64(3) ^ bits[row])


@numba.njit(cache=True, nogil=True)
def _add_constant(hashes: Hashes, bits: np.uint64) -> None:
    for row in range(len(hashes)):
        hashes[row] = _mixed(hashes[row] * np.uint64(3) ^ bits)


@numba.njit(cache=True, nogil=True)
def _hash_texts(offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8], out: Hashes) -> None:
    for entry in range(len(out)):
        value = np.uint64(0xCBF29CE484222325)  # FNV-1a
        for p in range(offsets[entry], offsets[entry + 1]):
            value = (value ^ np.uint64(data[p])) * np.uint64(0x100000001B3)
        out[entry] = _mixed(value)


@numba.njit(cache=True, nogil=True)
def _mark_new(hashes: Hashes, table: Hashes, fresh: npt.NDArray[np.bool_]) -> int:
    """Set `fresh` where a row was not seen lately; return how many rows are duplicates."""
    mask = np.uint64(len(table) - 1)
    seen = 0
    for row in range(len(hashes)):
        value = hashes[row] | np.uint64(1 << 63)  # never 0, the empty slot
        slot = value & mask
        fresh[row] = table[slot] != value
        seen += not fresh[row]
        table[slot] = value
    return seen


class Deduper:
    """Drops rows equal to one seen before, among the last few million distinct rows.

    A direct-mapped table holds one 64-bit hash a slot, so memory is bounded and a duplicate far
    from its first may be missed: whoever sorts the rows later drops those. Two different rows
    collide with a probability of 2^-41 for each row read.
    """

    def __init__(self, bits: int = TABLE_BITS) -> None:
        self._table = np.zeros(1 << bits, np.uint64)

    def filter(self, table: pa.Table) -> pa.Table:
        """Return the rows of a table of FIXES that were not seen before, in their order."""
        fresh = np.empty(table.num_rows, np.bool_)
        if _mark_new(row_hashes(table), self._table, fresh) == 0:
            return table
        return table.filter(pa.array(fresh))


def row_hashes(table: pa.Table) -> Hashes:
    """Return a hash of each row's compared columns; equal rows have equal hashes."""
    hashes = np.zeros(table.num_rows, np.uint64)
    for name in _COMPARED:
        column = table[name]
        if column.null_count == table.num_rows:
            _add_constant(hashes, _NULL)
        else:
            _add(hashes, _bits(column))
    return hashes


def _bits(column: pa.ChunkedArray) -> Hashes:
    """Return 64 bits for each value; nulls have bits of their own."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    valid = None if array.null_count == 0 else array.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_dictionary(array.type):
        texts = _text_hashes(array.dictionary)
        array = array.indices
    else:
        texts = None
    kind = array.type
    if pa.types.is_timestamp(kind):
        array, kind = array.cast(pa.int64()), pa.int64()
    filled = array if valid is None else pc.fill_null(array, pa.scalar(0, kind))
    values = filled.to_numpy(zero_copy_only=False)
    if texts is not None:
        bits = texts[values] if len(texts) else np.zeros(len(values), np.uint64)
    elif values.dtype.kind == "f":
        bits = values.astype(np.float64).view(np.uint64)
    else:
        bits = values.astype(np.int64).view(np.uint64)
    return bits if valid is None else np.where(valid, bits, _NULL)


def _text_hashes(dictionary: pa.Array) -> Hashes:
    out = np.empty(len(dictionary), np.uint64)
    if len(dictionary):
        buffers = dictionary.buffers()
        offsets = np.frombuffer(buffers[1], np.int32)[dictionary.offset :]
        data = np.frombuffer(buffers[2] or b"", np.uint8)
        _hash_texts(offsets[: len(dictionary) + 1], data, out)
    return out
