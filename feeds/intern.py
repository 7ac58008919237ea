"""Text values read once: a column of text becomes codes into a growing list of distinct values.

Names and call signs repeat millions of times. Each distinct byte string is decoded, cleaned or
converted once by a Python function; the rows carry integers.
"""

from collections.abc import Callable

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from feeds.columns import Text, Words
from feeds.textkernels import NULL_WORDS, Bytes, Spans, trim
from feeds.words import hash_of, word_at
from vessels.text import clean_text

MAX_VALUE_BYTES = 1024
"""Longest text looked at, in bytes; the rest of a longer one is not read."""
MAX_ENTRIES = 1 << 17
"""Distinct values kept from block to block; beyond it the next block begins anew."""
_EMPTY = -1


@numba.njit(cache=True, nogil=True)
def _is_same(arena: Bytes, at: int, data: Bytes, start: int, size: int) -> bool:
    """Tell whether `size` bytes are equal."""
    p = 0
    while p + 8 <= size:
        if word_at(arena, at + p) != word_at(data, start + p):
            return False
        p += 8
    while p < size:
        if arena[at + p] != data[start + p]:
            return False
        p += 1
    return True


@numba.njit(cache=True, nogil=True)
def _rehash(table: npt.NDArray[np.int32], hashes: npt.NDArray[np.uint64], count: int) -> None:
    mask = np.uint64(len(table) - 1)
    table[:] = _EMPTY
    for entry in range(count):
        slot = hashes[entry] & mask
        while table[slot] != _EMPTY:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = entry


@numba.njit(cache=True, nogil=True)
def _intern(
    data: Bytes,
    starts: Spans,
    lengths: Spans,
    table: npt.NDArray[np.int32],
    hashes: npt.NDArray[np.uint64],
    offsets: npt.NDArray[np.int64],
    arena: Bytes,
    count: int,
    codes: npt.NDArray[np.int32],
) -> int:
    """Write the code of each span into `codes` (-1 where blank); return the number of values."""
    mask = np.uint64(len(table) - 1)
    for row in range(len(starts)):
        start, end = trim(data, starts[row], lengths[row])
        if start == end:
            codes[row] = -1
            continue
        end = min(end, start + MAX_VALUE_BYTES)
        value_hash = hash_of(data, start, end)
        slot = value_hash & mask
        while True:
            entry = table[slot]
            if entry == _EMPTY:
                used = offsets[count]
                for p in range(start, end):
                    arena[used + p - start] = data[p]
                offsets[count + 1] = used + end - start
                hashes[count] = value_hash
                table[slot] = count
                codes[row] = count
                count += 1
                break
            if hashes[entry] == value_hash:
                first = offsets[entry]
                size = offsets[entry + 1] - first
                if size == end - start and _is_same(arena, first, data, start, size):
                    codes[row] = entry
                    break
            slot = (slot + np.uint64(1)) & mask
    return count


def decode_text(raw: bytes) -> str:
    """Return `raw` as UTF-8, or as Latin-1 where it is not UTF-8. Doubled quotes become one."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        cut_short = len(raw) == MAX_VALUE_BYTES and error.start > len(raw) - 4
        text = raw[: error.start].decode("utf-8") if cut_short else raw.decode("latin-1")
    return text.replace('""', '"')


class CodeColumn:
    """A column of small integers that a source writes as numbers or as words.

    Args:
        convert: called once with each distinct text, never with a blank or a null word; returns
            its value, 0 or above, or None for null.
    """

    def __init__(self, convert: Callable[[str], int | None]) -> None:
        self._convert = convert
        self.reset()

    def reset(self) -> None:
        """Forget the distinct values; the next block begins anew."""
        self._count = 0
        self._table = np.full(1 << 10, _EMPTY, np.int32)
        self._hashes = np.empty(1 << 9, np.uint64)
        self._offsets = np.zeros((1 << 9) + 1, np.int64)
        self._arena = np.empty(1 << 14, np.uint8)
        self._values = np.full(1, -1, np.int32)  # the last is that of code -1, blank

    def encode(self, column: Text | Words) -> npt.NDArray[np.int32]:
        """Return the value of each row, -1 where null."""
        if isinstance(column, Words):
            return np.append(self._encode(column.distinct), np.int32(-1))[column.rows]
        return self._encode(column)

    def _encode(self, column: Text) -> npt.NDArray[np.int32]:
        starts, lengths = column.starts, column.lengths
        if self._count > MAX_ENTRIES:
            self.reset()
        self._make_room(len(starts), int(np.minimum(lengths, MAX_VALUE_BYTES).sum()))
        codes = np.empty(len(starts), np.int32)
        before = self._count
        self._count = _intern(
            column.data,
            starts,
            lengths,
            self._table,
            self._hashes,
            self._offsets,
            self._arena,
            before,
            codes,
        )
        if self._count > before:
            fresh = [self._value(entry) for entry in range(before, self._count)]
            self._values = np.concatenate([self._values[:-1], np.array([*fresh, -1], np.int32)])
        return self._values[codes]

    def _value(self, entry: int) -> int:
        raw = self._arena[self._offsets[entry] : self._offsets[entry + 1]].tobytes()
        text = decode_text(raw)
        value = None if text.strip().lower() in NULL_WORDS else self._convert(text)
        return -1 if value is None else value

    def _make_room(self, rows: int, size: int) -> None:
        entries, used = self._count + rows, int(self._offsets[self._count]) + size
        if entries > len(self._hashes):
            capacity = 1 << entries.bit_length()
            hashes = np.empty(capacity, np.uint64)
            hashes[: self._count] = self._hashes[: self._count]
            offsets = np.zeros(capacity + 1, np.int64)
            offsets[: self._count + 1] = self._offsets[: self._count + 1]
            self._hashes, self._offsets = hashes, offsets
            self._table = np.empty(2 * capacity, np.int32)
            _rehash(self._table, self._hashes, self._count)
        if used > len(self._arena):
            arena = np.empty(1 << used.bit_length(), np.uint8)
            arena[: len(self._arena)] = self._arena
            self._arena = arena


class TextColumn:
    """A text column of the house schema: dictionary-encoded, cleaned, never empty.

    Args:
        convert: called once with each distinct text; returns what is kept, or None for null.
    """

    def __init__(self, convert: Callable[[str], str | None] = clean_text) -> None:
        self._convert = convert
        self._index: dict[str, int] = {}
        self._dictionary = pa.array([], pa.string())
        self._column = CodeColumn(self._number)

    def _number(self, raw: str) -> int | None:
        value = self._convert(raw)
        return None if value is None else self._index.setdefault(value, len(self._index))

    def encode(self, column: Text | Words) -> pa.Array:
        """Return the column; blanks and null words are null."""
        if len(self._index) > MAX_ENTRIES:
            self._index.clear()
            self._dictionary = pa.array([], pa.string())
            self._column.reset()
        indices = self._column.encode(column)
        if len(self._index) > len(self._dictionary):
            self._dictionary = pa.array(list(self._index), pa.string())
        codes = pa.array(indices, mask=indices < 0)
        return pa.DictionaryArray.from_arrays(codes, self._dictionary)
