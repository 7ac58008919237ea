"""Who a number said it was, and when: names, call signs, IMO numbers, types and sizes over time.

An IdentityBook takes fixes in any order and any chunking; what it tells is a function of the set
of rows. It keeps the first time, the last time and the count of each distinct statement for each
UTC day, so its size follows what was said, not how often. Rows must be distinct: exact duplicates
are dropped by the readers before they get here, or counts rise.
"""

import io
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vessels import _statement_columns
from vessels._statements import (
    ABSENT,
    ATTRIBUTES,
    METRE_ATTRIBUTES,
    TEXT_ATTRIBUTES,
    StatementTable,
)
from vessels._timeline import Entry, Interval, Value, merge_days, turns, value_at
from vessels.errors import StoreError
from vessels.mmsi import imo_is_valid

__all__ = [
    "ATTRIBUTES",
    "Identity",
    "IdentityBook",
    "IdentityChange",
    "Interval",
    "comparable",
    "role_of",
]

MIN_STATEMENTS = 3
"""How often the old and the new value must be stated before a change is believed."""

AIS_NAME_LENGTH = 20
"""Characters of a name in AIS messages 5, 19 and 24; longer names come from registries."""

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a number stated of itself; None where it never did.

    `imo` is as stated: its check digit may be wrong (vessels.mmsi.imo_is_valid). `ship_type` is
    ITU-R M.1371 table 53. Each attribute is judged for itself, so one may be older than another.
    """

    name: str | None = None
    callsign: str | None = None
    imo: int | None = None
    ship_type: int | None = None
    length_m: float | None = None
    beam_m: float | None = None
    ais_class: str | None = None


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """A number gave up one value for another; both were stated MIN_STATEMENTS times or more.

    `old` and `new` are as stated most often. `time_us` is the first statement of `new` after
    `old`. `flip_flop`: the number went back and forth, as when two hulls share it.
    """

    mmsi: int
    attribute: str
    old: str | int | float
    new: str | int | float
    time_us: int
    flip_flop: bool


class IdentityBook:
    """All identity statements of a set of fixes. Not safe for use by two threads at once."""

    def __init__(self) -> None:
        self._table = StatementTable()
        self._order: NDArray[np.int64] | None = None  # entries by MMSI; None after an update

    def update(self, table: pa.Table) -> None:
        """Take in rows of the house schema, in any order. Rows that state nothing are skipped."""
        self._table.add_rows(table)
        self._order = None

    def merge(self, other: "IdentityBook") -> None:
        """Take in all that another book holds; the two must come of disjoint sets of rows."""
        self.take_statements(other.statements())

    def take_statements(self, table: pa.Table) -> None:
        """Take in a table as `statements` gives it, of rows that were not taken in before."""
        self._table.add_entries(table)
        self._order = None

    def statements(self) -> pa.Table:
        """Return the distinct statements of each number and UTC day, sorted.

        Columns: mmsi, ais_class, name, callsign, imo, ship_type, length_m, beam_m, first, last
        (microseconds since 1970), count. Equal sets of rows give equal tables.
        """
        return self._table.to_table()

    def snapshot(self) -> bytes:
        """Return the book as an Arrow IPC stream; equal books give equal bytes."""
        table = self.statements()
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return sink.getvalue()

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """Return the book of a snapshot.

        Raises:
            StoreError: the bytes are no snapshot of a book.
        """
        book = cls()
        try:
            with pa.ipc.open_stream(snapshot) as reader:
                book._table.add_entries(reader.read_all())
        except (pa.ArrowInvalid, KeyError) as error:
            raise StoreError(f"not a snapshot of an identity book: {error}") from error
        return book

    def numbers(self) -> NDArray[np.int32]:
        """Return all MMSIs that stated anything, sorted."""
        return np.unique(self._table.mmsi)

    def numbers_of(self, imo: int) -> tuple[int, ...]:
        """Return all MMSIs that stated an IMO number, sorted: one hull may change its number."""
        return tuple(np.unique(self._table.mmsi[self._table.codes("imo") == imo]).tolist())

    def stated(self, attribute: str) -> list[tuple[int, Any]]:
        """Return each (MMSI, value) of an attribute that was ever stated, sorted."""
        codes = self._table.codes(attribute)
        known = codes != ABSENT
        pairs = set(zip(self._table.mmsi[known].tolist(), codes[known].tolist(), strict=True))
        values = [(mmsi, self._table.value(attribute, code)) for mmsi, code in pairs]
        return sorted(values)

    def at(self, mmsi: int, time_us: int) -> Identity:
        """Return what the number had stated latest at a time (microseconds since 1970).

        Where it had stated nothing yet, the earliest later statement. Within one UTC day only the
        first and last statement of each value are known, so between two values that alternate
        inside a day the answer may be the other one.
        """
        rows = self._rows(mmsi)
        found: dict[str, Any] = {
            name: value_at(self._entries(name, rows), time_us) for name in ATTRIBUTES
        }
        return Identity(**found)

    def stated_between(self, mmsi: int, after_us: int, before_us: int) -> list[tuple[int, int]]:
        """Return the first and last time of each statement of a UTC day, if one lies between two.

        Sorted, microseconds since 1970. Of the times between first and last only their number is
        known. A statement of the AIS class alone is none: every position makes it.
        """
        rows = self._rows(mmsi)
        stated = np.zeros(len(rows), bool)
        for name in ATTRIBUTES:
            if name != "ais_class":
                stated |= self._table.codes(name)[rows] != ABSENT
        spans = self._table.spans[:2, rows[stated]].T
        inside = ((spans > after_us) & (spans < before_us)).any(axis=1)
        return sorted(map(tuple, spans[inside].tolist()))

    def at_many(
        self, mmsi: NDArray[Any], time_us: NDArray[Any], attributes: Sequence[str] = ATTRIBUTES
    ) -> dict[str, pa.Array]:
        """Return for each attribute what `at` tells of each number at its time, as a column.

        `mmsi` and `time_us` are equally long, in any order; nulls where nothing was stated.
        """
        order = self._by_number()
        return {
            name: _statement_columns.value_column(
                self._table,
                name,
                _statement_columns.latest_codes(self._table, order, name, mmsi, time_us),
            )
            for name in attributes
        }

    def held_once(self, attribute: str) -> pa.Table:
        """Return the intervals of numbers that stated one value of an attribute and no other.

        Columns: mmsi (sorted), value, first_us, last_us, reports. They are those of `intervals`.
        """
        mmsi, codes, spans = _statement_columns.held_once(self._table, attribute)
        value = _statement_columns.value_column(self._table, attribute, codes)
        columns = (pa.array(mmsi, pa.int32()), value, *(pa.array(span) for span in spans))
        return pa.table(columns, names=["mmsi", "value", "first_us", "last_us", "reports"])

    def numbers_with_several(self, attribute: str) -> list[int]:
        """Return the MMSIs that stated more than one value of an attribute, sorted."""
        return _statement_columns.numbers_with_several(self._table, attribute).tolist()

    def intervals_of(self, mmsi: int, attribute: str) -> list[Interval]:
        """Return what `intervals` tells of one attribute."""
        return merge_days(self._entries(attribute, self._rows(mmsi)))

    def intervals(self, mmsi: int) -> dict[str, list[Interval]]:
        """Return for each attribute which value was held from when to when, and stated how often.

        Values are as stated, not normalised. An attribute that was never stated has no intervals.
        """
        rows = self._rows(mmsi)
        return {name: merge_days(self._entries(name, rows)) for name in ATTRIBUTES}

    def changes(self, min_statements: int = MIN_STATEMENTS) -> list[IdentityChange]:
        """Return all confirmed changes, by MMSI, attribute, time.

        Names and call signs are compared without case, punctuation and spaces, names by their
        first 20 characters; IMO numbers only where the check digit is right; sizes in whole metres.
        """
        out = []
        for attribute in sorted(ATTRIBUTES):
            for mmsi in self.numbers_with_several(attribute):
                entries = self._entries(attribute, self._rows(mmsi))
                out += _changes_of(mmsi, attribute, entries, min_statements)
        return sorted(out, key=lambda c: (c.mmsi, c.attribute, c.time_us, str(c.old), str(c.new)))

    def _rows(self, mmsi: int) -> NDArray[np.int64]:
        """Return the entries of one number."""
        order = self._by_number()
        first, last = np.searchsorted(self._sorted, [mmsi, mmsi + 1])
        return order[first:last]

    def _by_number(self) -> NDArray[np.int64]:
        """Return the entries in order of MMSI."""
        if self._order is None:
            self._order = _statement_columns.by_number(self._table)
            self._sorted = self._table.mmsi[self._order]
        return self._order

    def _entries(self, attribute: str, rows: NDArray[np.int64]) -> list[Entry]:
        """Return what some entries state of one attribute."""
        codes = self._table.codes(attribute)[rows].tolist()
        spans = self._table.spans[:, rows].T.tolist()
        return [
            Entry(first_us, last_us, reports, self._table.value(attribute, code))
            for code, (first_us, last_us, reports) in zip(codes, spans, strict=True)
            if code != ABSENT
        ]


def _changes_of(
    mmsi: int, attribute: str, entries: list[Entry], min_statements: int
) -> list[IdentityChange]:
    """Return the confirmed changes of one attribute of one number."""
    stated: dict[Value, Counter[Value]] = {}
    keyed: list[Entry] = []
    for entry in entries:
        key = comparable(attribute, entry.value)
        if key is not None:
            stated.setdefault(key, Counter())[entry.value] += entry.reports
            keyed.append(entry._replace(value=key))
    best = {
        key: max((reports, value) for value, reports in counts.items())[1]
        for key, counts in stated.items()
        if counts.total() >= min_statements
    }
    return [
        IdentityChange(mmsi, attribute, best[old], best[new], time_us, flip_flop)
        for old, new, time_us, flip_flop in turns(e for e in keyed if e.value in best)
    ]


def comparable(attribute: str, value: Value) -> Value | None:
    """Return a form of a value that is equal for values that mean the same; None for none.

    >>> comparable("name", "PEI YUH NO.6") == comparable("name", "Pei Yuh No6")
    True
    """
    if attribute in TEXT_ATTRIBUTES:
        text = str(value)[:AIS_NAME_LENGTH] if attribute == "name" else str(value)
        return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text).upper()) or None
    if attribute in METRE_ATTRIBUTES:
        return round(float(value))
    if attribute == "imo" and not imo_is_valid(value):
        return None
    return value


_ROLES = {
    30: "fishing",
    31: "tug",  # towing
    32: "tug",  # towing, long or wide
    33: "dredging",
    35: "law",  # military
    36: "pleasure",  # sailing
    37: "pleasure",
    50: "pilot",
    51: "sar",
    52: "tug",
    55: "law",
}
_ROLES_BY_TENS = {6: "passenger", 7: "cargo", 8: "tanker"}
_FISHING_NAME = re.compile(r"(F/V|FV)\b|FISHING VESSEL\b", re.IGNORECASE | re.ASCII)


def role_of(ship_type: int | None, name: str | None = None) -> str:
    """Return a vessel's role from its AIS type; the name helps only where there is no type.

    One of fishing, cargo, tanker (bunkering tankers too), tug, pilot, sar, passenger, pleasure,
    law (military too), dredging, other, unknown. A fish carrier cannot be told from the type: it
    is `cargo`.
    """
    if not ship_type:
        return "fishing" if name and _FISHING_NAME.match(name.strip()) else "unknown"
    if ship_type in _ROLES:
        return _ROLES[ship_type]
    return _ROLES_BY_TENS.get(ship_type // 10, "other")
