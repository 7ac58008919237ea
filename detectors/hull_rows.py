"""Old and new rows of hulls put together, each hull's behind one another.

The vessel stage keeps the last twelve hours of every hull. Few questions look back that far, so a
step joins to the new rows only as many old ones as are asked for, and copies runs of rows hull by
hull: nothing is sorted again.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from vessels.fixes import COLUMNS, Array, Fixes, distinct


@dataclass(frozen=True, slots=True)
class OldAndNew:
    """Rows of two batches, each sorted by (hull, time); a hull's old ones are not later."""

    old_key: Array
    old: Fixes
    new_key: Array
    new: Fixes
    keys: Array
    """Every hull, sorted."""
    spans: Array
    """(hulls, 4): first row and the one past the last, in `old` and in `new`."""

    @classmethod
    def of(cls, old_key: Array, old: Fixes, new_key: Array, new: Fixes) -> "OldAndNew":
        """Find where each hull's rows are."""
        keys = np.union1d(distinct(old_key), distinct(new_key))
        edges = [
            np.searchsorted(column, keys, side)
            for column in (old_key, new_key)
            for side in ("left", "right")
        ]
        return cls(old_key, old, new_key, new, keys, np.stack(edges, axis=1))

    def last_us(self) -> Array:
        """Return the time of each hull's newest row."""
        out = np.empty(len(self.keys), "i8")
        for time_us, first, end in ((self.old.time_us, 0, 1), (self.new.time_us, 2, 3)):
            some = self.spans[:, end] > self.spans[:, first]
            out[some] = time_us[self.spans[some, end] - 1]
        return out

    def since(self, since_us: Array) -> "OldAndNew":
        """Return the rows from a time on, one for each hull."""
        spans = self.spans.copy()
        _cut(self.old.time_us, since_us, spans, 0)
        _cut(self.new.time_us, since_us, spans, 2)
        return self._with(self.keys, spans)

    def last_old(self, back_us: int) -> "OldAndNew":
        """Return the new rows, and the old ones of `back_us` before a hull's last, with one more.

        So the step to any moment within that time is whole.
        """
        spans = self.spans.copy()
        some = spans[:, 1] > spans[:, 0]
        since_us = np.zeros(len(spans), "i8")
        since_us[some] = self.old.time_us[spans[some, 1] - 1] - back_us
        _cut(self.old.time_us, since_us, spans, 0)
        spans[:, 0] = np.maximum(spans[:, 0] - 1, self.spans[:, 0])
        return self._with(self.keys, spans)

    def only(self, keys: Array) -> "OldAndNew":
        """Return the rows of some hulls."""
        wanted = np.isin(self.keys, keys)
        return self._with(self.keys[wanted], self.spans[wanted])

    def join(self) -> tuple[Array, Fixes]:
        """Return the hull of each row and the rows, by (hull, time)."""
        columns = (
            self.column(getattr(self.old, name), getattr(self.new, name)) for name in COLUMNS
        )
        return self.column(self.old_key, self.new_key), Fixes(*columns)

    def column(self, old: Array, new: Array) -> Array:
        """Return one column of the rows, from one of each batch."""
        lengths = self.spans[:, 1::2] - self.spans[:, ::2]
        if not lengths[:, 0].any() and lengths[:, 1].sum() == len(new):
            return new
        out = np.empty(int(lengths.sum()), new.dtype)
        _join(old, new, self.spans, out)
        return out

    def fresh(self) -> Array:
        """Tell which rows are new."""
        old, new = np.zeros(len(self.old_key), bool), np.ones(len(self.new_key), bool)
        return self.column(old, new)

    def _with(self, keys: Array, spans: Array) -> "OldAndNew":
        return OldAndNew(self.old_key, self.old, self.new_key, self.new, keys, spans)


@njit(cache=True, nogil=True)
def _cut(time_us: Array, since_us: Array, spans: Array, at: int) -> None:
    """Move the beginning of each span to its first row from a time on."""
    for h in range(len(spans)):
        first, end = spans[h, at], spans[h, at + 1]
        spans[h, at] = first + np.searchsorted(time_us[first:end], since_us[h])


@njit(cache=True, nogil=True)
def _join(old: Array, new: Array, spans: Array, out: Array) -> None:
    n = 0
    for h in range(len(spans)):
        for i in range(spans[h, 0], spans[h, 1]):
            out[n] = old[i]
            n += 1
        for i in range(spans[h, 2], spans[h, 3]):
            out[n] = new[i]
            n += 1
