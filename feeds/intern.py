"""Text values read once: a column of text becomes codes into a growing list of distinct values.

Names and call signs repeat millions of times. Each distinct byte string is decoded, cleaned or
converted once by a Python function; the rows carry integers.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from feeds.textkernels import NULL_WORDS, Bytes, Spans, trim
from vessels.schema import TEXT
from vessels.text import clean_text

Value = TypeVar("Value")

MAX_VALUE_BYTES = 1024
"""Longest text looked at, in bytes; the rest of a longer one is not read."""
_MAX_ENTRIES = 1 << 17
_EMPTY = -1


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
        value_hash = np.uint64(0xCBF29CE484222325)  # FNV-1a, 64 bits, then mixed
        for p in range(start, end):
            value_hash = (value_hash ^ np.uint64(data[p])) * np.uint64(0x100000001B3)
        value_hash ^= value_hash >> np.uint64(32)
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
                same = offsets[entry + 1] - first == end - start
                p = start
                while same and p < end:
                    same = arena[first + p - start] == data[p]
                    p += 1
                if same:
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


class Interner(Generic[Value]):
    """Distinct values of one column, kept from block to block of a file.

    Args:
        convert: called once with each distinct text, never with a blank or a null word; returns
            its value, or None for null.
    """

    def __init__(self, convert: Callable[[str], Value | None]) -> None:
        self._convert = convert
        self.generation = 0
        """Rises when the distinct values were dropped and codes began anew."""
        self._reset()

    def _reset(self) -> None:
        self.generation += 1
        self._count = 0
        self._table = np.full(1 << 10, _EMPTY, np.int32)
        self._hashes = np.empty(1 << 9, np.uint64)
        self._offsets = np.zeros((1 << 9) + 1, np.int64)
        self._arena = np.empty(1 << 14, np.uint8)
        self.values: list[Value | None] = []
        """Value of each code."""

    def _make_room(self, rows: int, size: int) -> None:
        if self._count > _MAX_ENTRIES:
            self._reset()
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

    def codes(self, data: Bytes, starts: Spans, lengths: Spans) -> npt.NDArray[np.int32]:
        """Return the code of each span: an index into `values`, or -1 where it is blank."""
        self._make_room(len(starts), int(np.minimum(lengths, MAX_VALUE_BYTES).sum()))
        out = np.empty(len(starts), np.int32)
        before = self._count
        self._count = _intern(
            data,
            starts,
            lengths,
            self._table,
            self._hashes,
            self._offsets,
            self._arena,
            before,
            out,
        )
        for entry in range(before, self._count):
            raw = self._arena[self._offsets[entry] : self._offsets[entry + 1]].tobytes()
            text = decode_text(raw)
            null = text.strip().lower() in NULL_WORDS
            self.values.append(None if null else self._convert(text))
        return out


class CodeColumn:
    """A column of small integers that a source writes as numbers or as words."""

    def __init__(self, convert: Callable[[str], int | None]) -> None:
        self._interner = Interner(convert)
        self._key = (0, 0)
        self._lookup = np.full(1, -1, np.int32)

    def encode(self, data: Bytes, starts: Spans, lengths: Spans) -> npt.NDArray[np.int32]:
        """Return the value of each row, -1 where null."""
        codes = self._interner.codes(data, starts, lengths)
        key = (self._interner.generation, len(self._interner.values))
        if key != self._key:
            known = [-1 if value is None else value for value in self._interner.values]
            self._lookup = np.array([*known, -1], np.int32)  # code -1 (blank) reads the last
            self._key = key
        return self._lookup[codes]


class TextColumn:
    """A text column of the house schema: dictionary-encoded, cleaned, never empty."""

    def __init__(self, convert: Callable[[str], str | None] = clean_text) -> None:
        self._interner = Interner(convert)
        self._key = (0, 0)
        self._lookup = np.full(1, -1, np.int32)
        self._dictionary = pa.array([], pa.string())

    def encode(self, data: Bytes, starts: Spans, lengths: Spans) -> pa.Array:
        """Return the column; blanks and null words are null."""
        codes = self._interner.codes(data, starts, lengths)
        key = (self._interner.generation, len(self._interner.values))
        if key != self._key:
            index: dict[str, int] = {}
            known = [
                -1 if value is None else index.setdefault(value, len(index))
                for value in self._interner.values
            ]
            self._lookup = np.array([*known, -1], np.int32)  # code -1 (blank) reads the last
            self._dictionary = pa.array(list(index), pa.string())
            self._key = key
        indices = self._lookup[codes]
        array = pa.DictionaryArray.from_arrays(
            pa.array(indices, mask=indices < 0), self._dictionary
        )
        return array.cast(TEXT)
