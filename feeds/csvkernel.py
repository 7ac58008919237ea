"""Delimited text split into fields: one line is one row, whatever its quotes do.

A row is one line, so a broken quote spoils one row and no more, and a field in quotes cannot span
lines. A line whose quotes do not close, or close in the middle of a value, is read a second time
with its quotes as plain characters, because ship names may hold them.
"""

import numba
import numpy as np
import numpy.typing as npt

from feeds.textkernels import Bytes

_NEWLINE, _RETURN, _QUOTE, _SPACE, _TAB = 10, 13, 34, 32, 9
_NO_QUOTE = -1


@numba.njit(cache=True, nogil=True)
def _quoted_end(block: Bytes, p: int) -> int:
    """Return the position of the closing quote of a value that starts at `p`, or -1."""
    while block[p] != _NEWLINE:
        if block[p] == _QUOTE:
            if block[p + 1] != _QUOTE:
                return p
            p += 1
        p += 1
    return -1


@numba.njit(cache=True, nogil=True)
def _split_line(
    block: Bytes,
    p: int,
    delimiter: int,
    quote: int,
    slots: npt.NDArray[np.int32],
    starts: npt.NDArray[np.int32],
    lengths: npt.NDArray[np.int32],
    row: int,
) -> tuple[int, int]:
    """Split the line at `p`; return (fields, position of its newline), fields -1 where broken."""
    field = 0
    while True:
        start = p
        if block[p] == quote:
            start = p + 1
            end = _quoted_end(block, start)
            if end < 0:
                return -1, p
            p = end + 1
            if block[p] == _RETURN and block[p + 1] == _NEWLINE:
                p += 1
            if block[p] not in (delimiter, _NEWLINE):
                return -1, p
        else:
            while block[p] != delimiter and block[p] != _NEWLINE:
                p += 1
            end = p
            if block[p] == _NEWLINE and end > start and block[end - 1] == _RETURN:
                end -= 1
        if field < len(slots) and slots[field] >= 0:
            starts[slots[field], row] = start
            lengths[slots[field], row] = end - start
        field += 1
        if block[p] == _NEWLINE:
            return field, p
        p += 1


@numba.njit(cache=True, nogil=True)
def split_rows(
    block: Bytes,
    delimiter: int,
    slots: npt.NDArray[np.int32],
    starts: npt.NDArray[np.int32],
    lengths: npt.NDArray[np.int32],
    bad: npt.NDArray[np.bool_],
) -> int:
    """Split `block`, whole lines that end with a newline, into rows; return how many there are.

    Args:
        block: bytes, the last one a newline.
        delimiter: byte between fields.
        slots: for each field of a sound row, the row of `starts` that takes it, or -1.
        starts: (slots, rows) start of each field kept, as an offset into `block`.
        lengths: (slots, rows) its bytes.
        bad: (rows,) set where a line does not have as many fields as `slots`; its lengths are 0.

    Blank lines are not rows.
    """
    row, line, size = 0, 0, len(block)
    while line < size:
        p = line
        while block[p] in (_SPACE, _TAB, _RETURN) and block[p] != delimiter:
            p += 1
        if block[p] == _NEWLINE:
            line = p + 1
            continue
        fields, p = _split_line(block, line, delimiter, _QUOTE, slots, starts, lengths, row)
        if fields < 0:
            fields, p = _split_line(block, line, delimiter, _NO_QUOTE, slots, starts, lengths, row)
        bad[row] = fields != len(slots)
        if bad[row]:
            starts[:, row] = 0
            lengths[:, row] = 0
        row += 1
        line = p + 1
    return row
