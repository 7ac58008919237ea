"""Identity statements, reduced as they come: one entry for what a number said on a day.

A file may repeat a ship's name in every row. Rows with equal content on one UTC day become one
entry with first time, last time and count, in a numba hash table. Minimum, maximum and sum do not
care for order, so the table is a function of the set of rows; and it grows with what was said, not
with how often.
"""

from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from vessels.units import US_PER_DAY

TEXT_ATTRIBUTES = ("ais_class", "name", "callsign")
NUMBER_ATTRIBUTES = ("imo", "ship_type")
METRE_ATTRIBUTES = ("length_m", "beam_m")
ATTRIBUTES = TEXT_ATTRIBUTES + NUMBER_ATTRIBUTES + METRE_ATTRIBUTES
"""What an entry can state, in the order of its key columns after MMSI and day."""

ABSENT = -1  # the code of "not stated" in every attribute
_UNSEEN = -2  # the code of a text that no row has used yet
_NO_CODES = np.empty(0, np.int32)
_KEYS = 2 + len(ATTRIBUTES)
_SLICE = 1 << 18  # rows at a time: bounds the memory of an update

Scalar = TypeVar("Scalar", bound=np.generic)


@njit(cache=True, nogil=True)
def _hash(keys: NDArray[np.int32], row: int) -> np.uint64:
    mixed = np.uint64(0x9E3779B97F4A7C15)
    for k in range(0, _KEYS - 1, 2):  # two columns at a time
        low, high = np.uint32(keys[k, row]), np.uint32(keys[k + 1, row])
        mixed ^= np.uint64(low) | np.uint64(high) << np.uint64(32)
        mixed *= np.uint64(0xFF51AFD7ED558CCD)
        mixed ^= mixed >> np.uint64(32)
    mixed ^= np.uint64(np.uint32(keys[_KEYS - 1, row]))  # the odd one
    mixed *= np.uint64(0xFF51AFD7ED558CCD)
    return mixed ^ (mixed >> np.uint64(32))


@njit(cache=True, nogil=True)
def _find(
    keys: NDArray[np.int32], row: int, stored: NDArray[np.int32], slots: NDArray[np.int32]
) -> int:
    """Return the slot that holds the row's key, or the free one where it belongs."""
    mask = np.uint64(slots.size - 1)
    slot = _hash(keys, row) & mask
    while slots[slot] >= 0:
        same = True
        for k in range(_KEYS):
            if stored[slots[slot], k] != keys[k, row]:
                same = False
                break
        if same:
            break
        slot = (slot + np.uint64(1)) & mask
    return int(slot)


@njit(cache=True, nogil=True)
def _absorb(
    keys: NDArray[np.int32],
    spans: NDArray[np.int64],
    start: int,
    stored: NDArray[np.int32],
    stored_spans: NDArray[np.int64],
    slots: NDArray[np.int32],
    used: int,
) -> tuple[int, int]:
    """Take in rows from `start` on; return the row reached and the entries used.

    Stops early where the store is full. Spans are first time, last time and count.
    """
    for row in range(start, keys.shape[1]):
        states_something = False
        for k in range(2, _KEYS):
            if keys[k, row] != ABSENT:
                states_something = True
                break
        if not states_something:
            continue
        slot = _find(keys, row, stored, slots)
        entry = slots[slot]
        if entry >= 0:
            stored_spans[entry, 0] = min(stored_spans[entry, 0], spans[0, row])
            stored_spans[entry, 1] = max(stored_spans[entry, 1], spans[1, row])
            stored_spans[entry, 2] += spans[2, row]
            continue
        if used == stored.shape[0]:
            return row, used
        slots[slot] = used
        stored[used, :] = keys[:, row]
        stored_spans[used, :] = spans[:, row]
        used += 1
    return keys.shape[1], used


@njit(cache=True, nogil=True)
def _rehash(stored: NDArray[np.int32], used: int, slots: NDArray[np.int32]) -> None:
    slots[:] = -1
    for entry in range(used):
        slots[_find(stored.T, entry, stored, slots)] = entry


class StatementTable:
    """Distinct statements by number and UTC day, with first time, last time and count."""

    def __init__(self) -> None:
        self.used = 0
        self.texts: list[str] = []
        self._codes: dict[str, int] = {}
        self._looked_up: dict[str, tuple[pa.Array, NDArray[np.int32]]] = {}
        self._stored = np.empty((1024, _KEYS), np.int32)  # an entry is one line of the cache
        self._spans = np.empty((1024, 3), np.int64)
        self._slots = np.full(2048, -1, np.int32)

    @property
    def mmsi(self) -> NDArray[np.int32]:
        """MMSI of each entry."""
        return self._stored[: self.used, 0]

    @property
    def spans(self) -> NDArray[np.int64]:
        """First time, last time (microseconds) and count of each entry, shape (3, entries)."""
        return self._spans[: self.used].T

    def codes(self, attribute: str) -> NDArray[np.int32]:
        """Return the code of one attribute in each entry; ABSENT where it states none."""
        return self._stored[: self.used, 2 + ATTRIBUTES.index(attribute)]

    def value(self, attribute: str, code: int) -> str | int | float:
        """Return what a code (not ABSENT) stands for."""
        if attribute in TEXT_ATTRIBUTES:
            return self.texts[code]
        if attribute in METRE_ATTRIBUTES:
            return float(np.int32(code).view(np.float32))
        return code

    def add_rows(self, table: pa.Table) -> None:
        """Take in rows of the house schema; columns that are missing state nothing."""
        for batch in table.to_batches(max_chunksize=_SLICE):
            time = _numbers(batch["time"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()), 0)
            ones = np.ones(len(time), np.int64)
            self._add(self._keys_of(batch, time), np.stack([time, time, ones]))

    def add_entries(self, table: pa.Table) -> None:
        """Take in entries as `to_table` gives them."""
        for batch in table.to_batches(max_chunksize=_SLICE):
            spans = np.stack([_numbers(batch[name], 0) for name in ("first", "last", "count")])
            self._add(self._keys_of(batch, spans[0]), spans.astype(np.int64))

    def _keys_of(self, batch: pa.RecordBatch, time: NDArray[np.int64]) -> NDArray[np.int32]:
        keys = np.full((_KEYS, len(batch)), ABSENT, np.int32)
        keys[0] = _numbers(batch["mmsi"], 0)
        keys[1] = time // US_PER_DAY
        for row, name in enumerate(ATTRIBUTES, start=2):
            if name not in batch.schema.names:
                continue
            column = batch[name]
            if name in TEXT_ATTRIBUTES:
                keys[row] = self._intern(name, column)
            elif name in METRE_ATTRIBUTES:
                metres = _numbers(column.cast(pa.float32()), -1.0)
                keys[row] = np.where(
                    (metres > 0) & np.isfinite(metres), metres.view(np.int32), ABSENT
                )
            else:
                keys[row] = _numbers(column.cast(pa.int32()), ABSENT)
        return keys

    def _intern(self, name: str, column: pa.Array) -> NDArray[np.int32]:
        """Return codes of a text column in this table's own list of texts.

        A reader's dictionaries grow from table to table: what was looked up stays.
        """
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column)
        dictionary = column.dictionary
        known, codes = self._looked_up.get(name, (dictionary[:0], _NO_CODES))
        if len(dictionary) < len(known) or not dictionary[: len(known)].equals(known):
            codes = _NO_CODES
        codes = np.concatenate([codes, np.full(len(dictionary) - len(codes), _UNSEEN, np.int32)])
        self._looked_up[name] = dictionary, codes
        indices = _numbers(column.indices, -1)
        used = np.zeros(len(codes) + 1, np.bool_)  # its last element stands for null, index -1
        used[indices] = True
        for index in np.flatnonzero(used[:-1] & (codes == _UNSEEN)).tolist():
            text = dictionary[index].as_py()
            if text is None:
                codes[index] = ABSENT
                continue
            codes[index] = self._codes.setdefault(text, len(self.texts))
            if codes[index] == len(self.texts):
                self.texts.append(text)
        return np.append(codes, np.int32(ABSENT))[indices]

    def _add(self, keys: NDArray[np.int32], spans: NDArray[np.int64]) -> None:
        row = 0
        while row < keys.shape[1]:
            row, self.used = _absorb(
                keys, spans, row, self._stored, self._spans, self._slots, self.used
            )
            if row < keys.shape[1]:
                self._grow()

    def _grow(self) -> None:
        self._stored = np.concatenate([self._stored, np.empty_like(self._stored)])
        self._spans = np.concatenate([self._spans, np.empty_like(self._spans)])
        self._slots = np.empty(2 * len(self._stored), np.int32)
        _rehash(self._stored, self.used, self._slots)

    def to_table(self) -> pa.Table:
        """Return the entries, sorted: equal sets of rows give equal tables, to the byte."""
        columns: dict[str, pa.Array] = {"mmsi": pa.array(self.mmsi)}
        texts = pa.array(self.texts, pa.string())
        for name in ATTRIBUTES:
            codes = self.codes(name)
            absent = codes == ABSENT
            if name in TEXT_ATTRIBUTES:
                columns[name] = texts.take(pa.array(codes, mask=absent))
            elif name in METRE_ATTRIBUTES:
                columns[name] = pa.array(codes.copy().view(np.float32), mask=absent)
            else:
                columns[name] = pa.array(codes, mask=absent)
        for name, values in zip(("first", "last", "count"), self.spans, strict=True):
            columns[name] = pa.array(values)
        table = pa.table(columns)
        order = ["mmsi", "first", "last", *ATTRIBUTES]
        return table.sort_by([(name, "ascending") for name in order]).combine_chunks()


def _numbers(column: pa.Array, null: float) -> NDArray[np.int64]:
    """Return a number column as numpy, nulls replaced."""
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(null, column.type))
    return np.asarray(column.to_numpy(zero_copy_only=False))
