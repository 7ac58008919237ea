"""What many numbers stated, as columns: the same answers as vessels/_timeline.py gives for one.

A table of hulls asks for the identity of every one of them. Here all are looked up in one pass over
the entries; values stay codes until they become Arrow columns.
"""

import numpy as np
import pyarrow as pa
from numba import njit

from vessels._statements import ABSENT, METRE_ATTRIBUTES, TEXT_ATTRIBUTES, StatementTable
from vessels.fixes import Array


def by_number(table: StatementTable) -> Array:
    """Return the entries in order of MMSI."""
    return np.argsort(table.mmsi, kind="stable")


def value_column(table: StatementTable, attribute: str, codes: Array) -> pa.Array:
    """Return what codes of an attribute stand for, null where ABSENT."""
    absent = codes == ABSENT
    if attribute in TEXT_ATTRIBUTES:
        return pa.array(table.texts, pa.string()).take(pa.array(codes, pa.int32(), mask=absent))
    if attribute in METRE_ATTRIBUTES:
        return pa.array(codes.astype("i4").view("f4"), mask=absent)
    return pa.array(codes, pa.int32(), mask=absent)


def _ranks(table: StatementTable, attribute: str, codes: Array) -> Array:
    """Return numbers that are in the order of the values that codes stand for.

    Metres are positive, so their bits are in their order.
    """
    if attribute not in TEXT_ATTRIBUTES:
        return codes
    rank = np.empty(len(table.texts) + 1, np.int32)
    rank[sorted(range(len(table.texts)), key=table.texts.__getitem__)] = np.arange(len(table.texts))
    rank[ABSENT] = ABSENT
    return rank[codes]


def latest_codes(
    table: StatementTable, order: Array, attribute: str, mmsi: Array, time_us: Array
) -> Array:
    """Return the code of what each number had stated latest at each time; ABSENT where nothing.

    The rule is that of `vessels._timeline.value_at`. `order` is what `by_number` gives.
    """
    numbers = table.mmsi[order]
    first, last = np.searchsorted(numbers, mmsi), np.searchsorted(numbers, mmsi, "right")
    codes = table.codes(attribute)
    out = np.full(len(mmsi), ABSENT, np.int32)
    _latest(order, (first, last, time_us), codes, _ranks(table, attribute, codes), table.spans, out)
    return out


@njit(cache=True, nogil=True)
def _latest(
    order: Array,
    asked: tuple[Array, Array, Array],
    codes: Array,
    ranks: Array,
    spans: Array,
    out: Array,
) -> None:
    first, last, times = asked
    for q in range(len(out)):
        heard_before = False
        best = (np.int64(0), np.int64(0), np.int64(0))
        for k in range(first[q], last[q]):
            entry = order[k]
            if codes[entry] == ABSENT:
                continue
            first_us, last_us, reports = spans[0, entry], spans[1, entry], spans[2, entry]
            before = first_us <= times[q]
            if heard_before and not before:
                continue
            known_us = -first_us
            if before:
                known_us = last_us if last_us <= times[q] else first_us
            known = (known_us, reports, np.int64(ranks[entry]))
            if out[q] == ABSENT or (before and not heard_before) or known > best:
                best = known
                out[q] = codes[entry]
            heard_before |= before


def _by_number(table: StatementTable, attribute: str) -> tuple[Array, Array, Array]:
    """Return the entries that state an attribute, grouped by MMSI.

    Returns:
        The entries; where each number's begin; whether it stated one value alone.
    """
    codes = table.codes(attribute)
    stated = np.flatnonzero(codes != ABSENT)
    rows = stated[np.argsort(table.mmsi[stated], kind="stable")]
    mmsi, codes = table.mmsi[rows], codes[rows]
    if len(rows) == 0:
        return rows, rows, np.empty(0, bool)
    starts = np.flatnonzero(np.append(True, mmsi[1:] != mmsi[:-1]))
    single = np.minimum.reduceat(codes, starts) == np.maximum.reduceat(codes, starts)
    return rows, starts, single


def numbers_with_several(table: StatementTable, attribute: str) -> Array:
    """Return the numbers that stated more than one value of an attribute, sorted."""
    rows, starts, single = _by_number(table, attribute)
    return table.mmsi[rows[starts[~single]]]


def held_once(
    table: StatementTable, attribute: str
) -> tuple[Array, Array, tuple[Array, Array, Array]]:
    """Return the numbers that stated one value of an attribute and no other.

    Returns:
        Their MMSIs, sorted; the code of the value; first time, last time and count of statements.
    """
    rows, starts, single = _by_number(table, attribute)
    one = rows[starts[single]]
    if len(rows) == 0:
        none = np.empty(0, "i8")
        return table.mmsi[one], table.codes(attribute)[one], (none, none, none)
    first, last, reports = (column[rows] for column in table.spans)
    spans = (
        np.minimum.reduceat(first, starts)[single],
        np.maximum.reduceat(last, starts)[single],
        np.add.reduceat(reports, starts)[single],
    )
    return table.mmsi[one], table.codes(attribute)[one], spans
