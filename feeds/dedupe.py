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

from vessels.schema import FIXES

TABLE_BITS = 22
"""The table has 2^22 slots of 8 bytes: 32 MiB."""
IGNORED = ("station",)
"""Provenance: which station heard a row does not make it another row."""

_COMPARED = [field.name for field in FIXES if field.name not in IGNORED]
_NULL = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

Hashes = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Unsigned = npt.NDArray[np.unsignedinteger]
Rows = npt.NDArray[np.uint32]
_NO_NULLS = np.empty(0, np.uint8)
_UNSIGNED = {8: np.uint8, 32: np.uint32, 64: np.uint64}


@numba.njit(cache=True, nogil=True, inline="always")
def _mixed(value: np.uint64) -> np.uint64:
    """Finaliser of splitmix64 (Steele, Lea and Flood, 2014)."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return value ^ (value >> np.uint64(31))


@numba.njit(cache=True, nogil=True, inline="always")
def _folded(value: np.uint64, bits: np.uint64) -> np.uint64:
    """Take 64 more bits into a hash: a bijection of either while the other stands still."""
    value = (value ^ bits) * _MIX_1
    return value ^ (value >> np.uint64(32))


@numba.njit(cache=True, nogil=True, inline="always")
def _known(validity: Bytes, bit: int) -> np.uint64:
    """Return all bits set where a row is not null, else none: what is known is chosen by masks.

    Nulls come in no order, so a branch would be guessed wrong every other time.
    """
    at = np.uint64(bit)
    known = np.uint64(validity[at >> np.uint64(3)]) >> (at & np.uint64(7)) & np.uint64(1)
    return np.uint64(0) - known


@numba.njit(cache=True, nogil=True)
def _add_values(hashes: Hashes, values: Unsigned, validity: Bytes, offset: int) -> None:
    """Take a column into the hashes. `validity` is Arrow's bitmap, empty where nothing is null."""
    if len(validity) == 0:
        for row in range(len(hashes)):
            hashes[row] = _folded(hashes[row], np.uint64(values[row]))
        return
    for row in range(len(hashes)):
        known = _known(validity, offset + row)
        hashes[row] = _folded(hashes[row], np.uint64(values[row]) & known | _NULL & ~known)


@numba.njit(cache=True, nogil=True)
def _add_words(
    hashes: Hashes, indices: Unsigned, words: Hashes, validity: Bytes, offset: int
) -> None:
    """Take a dictionary column into the hashes: that of its word for each row.

    `words` has at least one; a null's index says nothing, so the first stands in for its word.
    """
    if len(validity) == 0:
        for row in range(len(hashes)):
            hashes[row] = _folded(hashes[row], words[indices[row]])
        return
    for row in range(len(hashes)):
        known = _known(validity, offset + row)
        word = words[np.uint64(indices[row]) & known]
        hashes[row] = _folded(hashes[row], word & known | _NULL & ~known)


@numba.njit(cache=True, nogil=True)
def _add_nulls(hashes: Hashes) -> None:
    for row in range(len(hashes)):
        hashes[row] = _folded(hashes[row], _NULL)


@numba.njit(cache=True, nogil=True)
def _hash_texts(offsets: npt.NDArray[np.int32], data: Bytes, out: Hashes) -> None:
    for entry in range(len(out)):
        value = np.uint64(0xCBF29CE484222325)  # FNV-1a
        for p in range(offsets[entry], offsets[entry + 1]):
            value = (value ^ np.uint64(data[p])) * np.uint64(0x100000001B3)
        out[entry] = _mixed(value)


@numba.njit(cache=True, nogil=True)
def _find_new(hashes: Hashes, table: Hashes, rows: Rows) -> int:
    """Write the rows that were not seen lately to `rows`, in order; return how many there are."""
    mask = np.uint64(len(table) - 1)
    count = 0
    for row in range(len(hashes)):
        value = _mixed(hashes[row]) | np.uint64(1 << 63)  # never 0, the empty slot
        slot = value & mask
        rows[count] = row
        count += table[slot] != value
        table[slot] = value
    return count


@numba.njit(cache=True, nogil=True)
def _take_values(values: Unsigned, rows: Rows, out: Unsigned) -> None:
    for i in range(len(rows)):
        out[i] = values[rows[i]]


@numba.njit(cache=True, nogil=True)
def _take_validity(validity: Bytes, offset: int, rows: Rows, out: Bytes) -> None:
    """Write the bits of some rows; `out` has a byte for eight of them, begun or not."""
    for byte in range(len(out)):  # each byte is written once
        bits = np.uint64(0)
        for bit in range(min(8, len(rows) - 8 * byte)):
            row = np.uint64(rows[8 * byte + bit]) + np.uint64(offset)
            known = np.uint64(validity[row >> np.uint64(3)]) >> (row & np.uint64(7)) & np.uint64(1)
            bits |= known << np.uint64(bit)
        out[byte] = bits


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
        rows = np.empty(table.num_rows + 1, np.uint32)
        count = _find_new(row_hashes(table), self._table, rows)
        return table if count == table.num_rows else _taken(table, rows[:count])


def row_hashes(table: pa.Table) -> Hashes:
    """Return a hash of each row's compared columns; equal rows have equal hashes."""
    hashes = np.zeros(table.num_rows, np.uint64)
    for name in _COMPARED:
        first = 0
        for chunk in table[name].chunks:
            _add(hashes[first : first + len(chunk)], chunk)
            first += len(chunk)
    return hashes


def _taken(table: pa.Table, rows: Rows) -> pa.Table:
    """Return some rows of a table of FIXES: `Table.take`, but for this schema twice as fast."""
    batches = []
    first = 0
    for batch in table.to_batches():
        low, high = np.searchsorted(rows, (first, first + batch.num_rows))
        chosen = rows[low:high] - np.uint32(first)
        arrays = [_taken_array(column, chosen) for column in batch.columns]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=table.schema))
        first += batch.num_rows
    return pa.Table.from_batches(batches, schema=table.schema)


def _taken_array(array: pa.Array, rows: Rows) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        return pa.DictionaryArray.from_arrays(_taken_array(array.indices, rows), array.dictionary)
    bitmap, data = array.buffers()
    kind = _UNSIGNED[array.type.bit_width]
    out = np.empty(len(rows), kind)
    _take_values(np.frombuffer(data, kind, len(array) + array.offset)[array.offset :], rows, out)
    validity = None
    if array.null_count:
        valid = np.empty(-(-len(rows) // 8), np.uint8)
        _take_validity(np.frombuffer(bitmap, np.uint8), array.offset, rows, valid)
        validity = pa.py_buffer(valid)
    return pa.Array.from_buffers(array.type, len(rows), [validity, pa.py_buffer(out)])


def _add(hashes: Hashes, array: pa.Array) -> None:
    """Take one chunk of a column into the hashes of its rows, straight from Arrow's buffers."""
    if array.null_count == len(array):
        _add_nulls(hashes)
        return
    words = None
    offset = array.offset
    if pa.types.is_dictionary(array.type):
        words, array = _text_hashes(array.dictionary), array.indices
        offset = array.offset
    bitmap, data = array.buffers()
    validity = np.frombuffer(bitmap, np.uint8) if array.null_count else _NO_NULLS
    kind = _UNSIGNED[array.type.bit_width]
    values = np.frombuffer(data, kind, len(array) + offset)[offset:]
    if words is None:
        _add_values(hashes, values, validity, offset)
    else:
        _add_words(hashes, values, words, validity, offset)


def _text_hashes(dictionary: pa.Array) -> Hashes:
    out = np.empty(len(dictionary), np.uint64)
    if len(dictionary):
        buffers = dictionary.buffers()
        offsets = np.frombuffer(buffers[1], np.int32)[dictionary.offset :]
        data = np.frombuffer(buffers[2] or b"", np.uint8)
        _hash_texts(offsets[: len(dictionary) + 1], data, out)
    return out
