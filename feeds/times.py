"""How a file writes its times, decided once for the whole file, never row by row.

The first block of rows is the evidence. A date such as 03/04/2021 is read day first or month first
only where another date of the block settles it (a part above 12), the format promises it (DMA), or
the user says it (`--columns time=COL:dmy`). Rows that contradict the decision are `bad_time`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from feeds.columns import Column, Moments, Numbers, Text, numbers, text
from feeds.layout import Layout
from feeds.textkernels import (
    BAD,
    DAY_FIRST,
    ISO,
    MONTH_FIRST,
    OK,
    Status,
    date_evidence,
    parse_moments,
)
from vessels.errors import InputError

EARLIEST_US = 631_152_000_000_000
"""1990-01-01: no AIS existed before. Earlier times are implausible."""
LATEST_US = 4_102_444_800_000_000
"""2100-01-01: no time from here on is plausible."""
MIN_SAMPLE = 20
"""So many times in the first block, none of them readable, refuse the file."""

_ORDERS = {"iso": ISO, "dmy": DAY_FIRST, "mdy": MONTH_FIRST}
_UNITS_US = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001}


@dataclass(frozen=True, slots=True)
class TimeRule:
    """How times are written: a key of `TIME_HINTS`."""

    kind: str

    def apply(self, column: Column) -> tuple[npt.NDArray[np.int64], Status]:
        """Return (microseconds since 1970 UTC, status) of each row; implausible ones are BAD."""
        if isinstance(column, Moments):
            values, status = column.values, column.status.copy()
        elif self.kind in _UNITS_US:
            values, status = self._epochs(column)
        else:
            column = text(column)
            values = np.empty(len(column.starts), np.int64)
            status = np.empty(len(column.starts), np.uint8)
            order = _ORDERS[self.kind]
            parse_moments(column.data, column.starts, column.lengths, order, values, status)
        implausible = (values < EARLIEST_US) | (values >= LATEST_US)
        status[(status == OK) & implausible] = BAD
        return values, status

    def _epochs(self, column: Column) -> tuple[npt.NDArray[np.int64], Status]:
        scale = _UNITS_US[self.kind]
        if isinstance(column, Numbers) and column.values.dtype == np.int64 and scale <= 1.0:
            whole = column.values if scale == 1.0 else column.values // 1000
            return whole.astype(np.int64), column.status.copy()
        counts, status = numbers(column)
        with np.errstate(over="ignore", invalid="ignore"):
            micros = np.rint(counts * scale)
        beyond = ~(np.abs(micros) < 2.0 * LATEST_US)
        status = np.where((status == OK) & beyond, BAD, status).astype(np.uint8)
        return np.where(beyond, 0.0, micros).astype(np.int64), status


def decide(column: Column, layout: Layout, *, path: str) -> TimeRule | None:
    """Return how a file writes its times, or None where this block holds no time at all.

    Args:
        column: the time column of the file's first rows.
        layout: its time hint wins; `day_first` settles dates that can be read both ways.
        path: names the file in errors.

    Raises:
        InputError: dates can be read day first and month first, or contradict each other, or no
            time of a block of at least MIN_SAMPLE can be read.
    """
    if isinstance(column, Moments):
        return TimeRule("us")
    if isinstance(column, Numbers):
        hint = layout.time_hint if layout.time_hint in _UNITS_US else None
        return TimeRule(hint or _epoch_unit(column)) if (column.status == OK).any() else None
    if layout.time_hint is not None:
        return TimeRule(layout.time_hint)
    return _decide_text(text(column), layout, path=path)


def _decide_text(column: Text, layout: Layout, *, path: str) -> TimeRule | None:
    counts = date_evidence(column.data, column.starts, column.lengths).tolist()
    number, iso, day, month, either, other, _blank = counts
    slashed = day + month + either
    name = layout.columns["time"]
    if number + iso + slashed == 0:
        if other >= MIN_SAMPLE:
            raise InputError(
                f"times in column {name!r} cannot be read, for example {_example(column)!r}; "
                "use ISO 8601, dd/mm/yyyy HH:MM:SS or seconds since 1970",
                path=path,
            )
        return None
    if number >= max(iso, slashed):
        return TimeRule(_epoch_unit(column))
    if iso >= slashed:
        return TimeRule("iso")
    if day and month:
        raise InputError(
            f"dates in column {name!r} are day first in some rows and month first in others; "
            f"say which with --columns time={name}:dmy or time={name}:mdy",
            path=path,
        )
    if day or (layout.day_first and not month):
        return TimeRule("dmy")
    if month:
        return TimeRule("mdy")
    raise InputError(
        f"dates in column {name!r}, such as {_example(column)!r}, can be day first or month first; "
        f"say which with --columns time={name}:dmy or time={name}:mdy",
        path=path,
    )


def _epoch_unit(column: Column) -> str:
    """Return the unit in which the median of the numbers lies nearest to our century."""
    values, status = numbers(column)
    median = float(np.median(np.abs(values[status == OK])))
    return "s" if median < 1e11 else "ms" if median < 1e14 else "us" if median < 1e17 else "ns"


def _example(column: Text) -> str:
    row = int(np.flatnonzero(column.lengths)[0])
    start = int(column.starts[row])
    raw = column.data[start : start + min(int(column.lengths[row]), 40)].tobytes()
    return raw.decode("utf-8", "replace").strip()
