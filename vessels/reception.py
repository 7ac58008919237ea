"""How well a place is heard, learnt from the fixes themselves.

The unit is a vessel-hour: a hull that was there for an hour, known from fixes before and after, was
heard in it or not. Counted per 1-degree cell, three-hour block of the UTC day and AIS class, by
receiver kind; all counts are integers, so their sums do not depend on any order. Cells are degrees
and not H3: no dependency, and they line up with the published layers (Welch et al. 2022).

What is left out, and why. Hours in steps longer than `LONGEST_STEP_H` (or the shortest dark period,
if that is less): else a hull that switched off would lower its own cell, which is the fault of the
published layer. So a cell that is heard only twice a day seems better than it is; the hull's own
rate must tell that. Speeds at which the transmitter's rate is not steady: class A and unknown count
between 0.5 and 14 knots, class B between 2 and 30 (ITU-R M.1371; Welch et al. 2022).

Judging a day D, only days D - 30 to D - 2 are used, so that it does not matter when it is judged.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vessels._reception_kernel import (
    BLOCKS,
    CLASSES,
    COLUMNS,
    COUNTS,
    PER_DAY,
    ROWS,
    count_hours,
    ring_sums,
)
from vessels.fixes import Array, Fixes
from vessels.units import US_PER_DAY, US_PER_H

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "BASES",
    "LONGEST_STEP_H",
    "PER_DAY",
    "RECEPTION",
    "WINDOW_DAYS",
    "Learnt",
    "by_cell",
    "cells_of",
    "count_reception",
    "digest",
    "learn",
    "merge_reception",
    "newest_day",
    "since_day",
    "to_dataset",
]

LONGEST_STEP_H = 10.0
"""Longest step between two fixes of a hull that counts as being there."""
WINDOW_DAYS = (30, 2)
"""A day is judged by the days from 30 before it to 2 before it, both included."""
OWN_HOURS = 24
"""Vessel-hours from which on a cell, or its ring, is evidence of its own: one ship for a day."""
_CELL_PRIOR_HOURS = 24.0
_RING_PRIOR_HOURS = 24.0
_BLOCK_PRIOR_HOURS = 12.0
BASES = ("none", "borrowed", "own")

_NAMES = ("present", "heard", "satellite", "terrestrial", "messages", "messages_satellite")
RECEPTION = np.dtype([("key", "i8"), *((name, "i4") for name in _NAMES)])
"""Counts of one day, cell, block and class: `key` is ((day * cells + cell) * blocks + block) *
classes + class. `present` and `heard` are vessel-hours, `satellite` and `terrestrial` those heard
by such a receiver (one hour may be both), `messages` the fixes in them."""


def count_reception(
    key: Array, fixes: Fixes, ordinal: Array, fresh: Array, longest_step_us: int
) -> Array:
    """Return RECEPTION rows, sorted by key, for the hours that the fresh rows prove.

    Args:
        key: hull of each fix; sorted by (key, time).
        fixes: equally long; for each hull at least the 12 hours before its first fresh row.
        ordinal: how many fixes the hull had before each row.
        fresh: whether each row is new.
        longest_step_us: shorter of the shortest dark period and `LONGEST_STEP_H`.
    """
    columns = (
        key,
        fixes.time_us,
        fixes.lat_deg,
        fixes.lon_deg,
        fixes.ais_class,
        fixes.receiver,
    )
    gap_us = min(longest_step_us, int(LONGEST_STEP_H * US_PER_H))
    return _grouped(*count_hours(columns, ordinal, fresh, gap_us))


def merge_reception(parts: list[Array]) -> Array:
    """Return the sums of RECEPTION rows, sorted by key."""
    filled = [part for part in parts if len(part)]
    if len(filled) < 2:
        return filled[0] if filled else np.empty(0, RECEPTION)
    rows = np.concatenate(filled)
    return _grouped(rows["key"], _wide(rows))


def _grouped(key: Array, counts: Array) -> Array:
    key, sums = _summed(key, counts)
    out = np.empty(len(key), RECEPTION)
    out["key"] = key
    for i, name in enumerate(_NAMES):
        out[name] = sums[:, i]
    return out


def since_day(rows: Array, day: int) -> Array:
    """Return the rows of `day` (days since 1970) and later."""
    return rows[np.searchsorted(rows["key"], day * PER_DAY) :]


def around(rows: Array, lat: Array, lon: Array) -> Array:
    """Return counts that tell the same at some points, in fewer rows.

    Those of the cells of the points and of the eight around each are kept; all others are summed
    up by day and class in one cell that lies elsewhere, because their sum counts too.
    """
    row = np.clip(np.floor(lat).astype("i8") + 90, 0, ROWS - 1)
    column = np.floor(lon).astype("i8") + 180
    asked = [
        np.clip(row + north, 0, ROWS - 1) * COLUMNS + (column + east) % COLUMNS
        for north in (-1, 0, 1)
        for east in (-1, 0, 1)
    ]
    cells = np.unique(np.concatenate(asked))
    spare = int(np.setdiff1d(np.arange(len(cells) + 1), cells)[0])
    near = np.isin(rows["key"] % PER_DAY // (BLOCKS * CLASSES), cells)
    key = rows["key"] // PER_DAY * PER_DAY + spare * BLOCKS * CLASSES + rows["key"] % CLASSES
    return _grouped(np.where(near, rows["key"], key), _wide(rows))


def newest_day(rows: Array) -> int:
    """Return the last day that rows are of; -1 where there are none."""
    return int(rows["key"][-1]) // PER_DAY if len(rows) else -1


def by_cell(rows: Array) -> tuple[Array, Array, Array]:
    """Return cells in order, and the vessel-hours present and heard in each, over all else."""
    cell = rows["key"] % PER_DAY // (BLOCKS * CLASSES)
    cells, sums = _summed(cell, _wide(rows))
    return cells, sums[:, 0], sums[:, 1]


def digest(rows: Array) -> str:
    """Return the SHA-256 of the rows: the name of what was learnt."""
    return hashlib.sha256(np.ascontiguousarray(rows).astype(RECEPTION).tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Learnt:
    """Reception as of one day: counts by cell and class, summed over the window."""

    day: int
    places: Array
    """Sorted cell * CLASSES + class."""
    counts: Array
    """(places, 6) integers in the order of RECEPTION."""
    blocks: Array
    """Sorted (cell * BLOCKS + block) * CLASSES + class."""
    block_counts: Array
    """(blocks, 6) integers."""
    feed: Array
    """(CLASSES, 6): the same over all cells."""

    def at(
        self, lat: Array, lon: Array, ais_class: Array, hour: Array | None = None
    ) -> tuple[Array, Array]:
        """Return P(heard in an hour | there) at points, and its basis (index into BASES).

        A cell's own hours are weighed against what the eight cells around it have heard (a Beta
        prior worth 24 vessel-hours), and these against the whole feed (the same). With fewer than
        24 vessel-hours in the cell the value is borrowed, with fewer than 24 in cell and ring
        there is none: NaN. Where `hour` (of the UTC day, 0..23) is given, the cell's hours in that
        three-hour block are weighed against all its hours (a prior worth 12).
        """
        own, ring = self._sums(lat, lon, ais_class)
        feed = self.feed[ais_class]
        rate = feed[:, 1] / np.maximum(feed[:, 0], 1)
        near = _shrunk(ring[:, 1], ring[:, 0], rate, _RING_PRIOR_HOURS)
        value = _shrunk(own[:, 1], own[:, 0], near, _CELL_PRIOR_HOURS)
        if hour is not None:
            block = (cells_of(lat, lon) * BLOCKS + hour * BLOCKS // 24) * CLASSES + ais_class
            part = self._in_block(block)
            value = _shrunk(part[:, 1], part[:, 0], value, _BLOCK_PRIOR_HOURS)
        basis = np.where(own[:, 0] + ring[:, 0] >= OWN_HOURS, 1, 0)
        basis = np.where(own[:, 0] >= OWN_HOURS, 2, basis)
        return np.where(basis > 0, value, np.nan), basis

    def _in_block(self, block: Array) -> Array:
        if len(self.blocks) == 0:
            return np.zeros((len(block), COUNTS), "i8")
        at = np.minimum(np.searchsorted(self.blocks, block), len(self.blocks) - 1)
        return np.where((self.blocks[at] == block)[:, None], self.block_counts[at], 0)

    def satellite_per_day(self, lat: Array, lon: Array, ais_class: Array) -> Array:
        """Return positions by satellite per vessel-day at points, as `reception` of Welch et al.

        NaN where cell and ring have fewer than 24 vessel-hours, or none by satellite.
        """
        own, ring = self._sums(lat, lon, ais_class)
        near = ring[:, 5] / np.maximum(ring[:, 0], 1)
        per_hour = _shrunk(own[:, 5], own[:, 0], near, np.minimum(_CELL_PRIOR_HOURS, ring[:, 0]))
        known = (own[:, 0] + ring[:, 0] >= OWN_HOURS) & (own[:, 5] + ring[:, 5] > 0)
        return np.where(known, per_hour * 24.0, np.nan)

    def _sums(self, lat: Array, lon: Array, ais_class: Array) -> tuple[Array, Array]:
        cells = cells_of(lat, lon)
        sums = ring_sums(self.places, self.counts, cells, ais_class.astype("i8"))
        return sums[:, 0], sums[:, 1]


def cells_of(lat: Array, lon: Array) -> Array:
    """Return the numbers of the 1-degree cells that hold points, degrees."""
    row = np.clip(np.floor(lat).astype("i8") + 90, 0, ROWS - 1)
    return row * COLUMNS + (np.floor(lon).astype("i8") + 180) % COLUMNS


def _shrunk(heard: Array, present: Array, prior: Array, weight: float | Array) -> Array:
    return (heard + weight * prior) / np.maximum(present + weight, 1e-9)


def learn(rows: Array, day: int) -> Learnt:
    """Return what is known of reception on a day (days since 1970), from the days of its window."""
    first, last = (day - back for back in WINDOW_DAYS)
    edges = np.searchsorted(rows["key"], [first * PER_DAY, (last + 1) * PER_DAY])
    used = rows[edges[0] : edges[1]]
    blocks, block_counts = _summed(used["key"] % PER_DAY, _wide(used))
    place = blocks // (BLOCKS * CLASSES) * CLASSES + blocks % CLASSES
    places, counts = _summed(place, block_counts)
    feed = np.zeros((CLASSES, COUNTS), "i8")
    np.add.at(feed, places % CLASSES, counts)
    return Learnt(day, places, counts, blocks, block_counts, feed)


def _wide(rows: Array) -> Array:
    return np.column_stack([rows[name] for name in _NAMES]).astype("i8")


def _summed(key: Array, counts: Array) -> tuple[Array, Array]:
    """Return the sorted unique keys and the sums of their rows."""
    if len(key) == 0:
        return key, counts
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    return key[starts], np.add.reduceat(counts[order], starts, axis=0)


def to_dataset(rows: Array) -> "xr.Dataset":
    """Return the counts, summed over days, as a dataset over (cell, block, ais_class, receiver).

    Only cells and classes with evidence are held; `lat` and `lon` are their centres, degrees.
    `dataset.set_index(cell=["lat", "lon"]).unstack("cell")` makes a grid. `reception` is what
    `Learnt.at` gives for the cell, `basis` how much of it is its own. The days summed are in the
    attributes, with the digest that run.json names.
    """
    import xarray as xr  # noqa: PLC0415 - half a second, for those who ask for it

    place = rows["key"] % PER_DAY
    classes, one = np.unique(place % CLASSES, return_inverse=True)
    cells, row = np.unique(place // (BLOCKS * CLASSES), return_inverse=True)
    lat, lon = cells // COLUMNS - 89.5, cells % COLUMNS - 179.5
    grids = {name: np.zeros((len(cells), BLOCKS, len(classes)), "i4") for name in _NAMES}
    for name, grid in grids.items():
        np.add.at(grid, (row, place // CLASSES % BLOCKS, one), rows[name])
    heard = [grids[name] for name in ("heard", "satellite", "terrestrial")]
    value, basis = _cell_reception(rows, lat, lon, classes)
    dims = ("cell", "block", "ais_class")
    days = rows["key"] // PER_DAY
    return xr.Dataset(
        {
            "present_hours": (dims, grids["present"]),
            "heard_hours": ((*dims, "receiver"), np.stack(heard, axis=-1)),
            "messages": (dims, grids["messages"]),
            "messages_satellite": (dims, grids["messages_satellite"]),
            "reception": (("cell", "ais_class"), value),
            "basis": (("cell", "ais_class"), basis),
        },
        coords={
            "lat": ("cell", lat),
            "lon": ("cell", lon),
            "block": ("block", np.arange(BLOCKS) * (24 // BLOCKS), {"long_name": "UTC hour from"}),
            "ais_class": [("unknown", "A", "B")[code] for code in classes],
            "receiver": ["any", "satellite", "terrestrial"],
        },
        attrs={
            "title": "vessel-hours present and heard, learnt from AIS positions",
            "first_day": _day_text(int(days.min())) if len(rows) else "",
            "last_day": _day_text(int(days.max())) if len(rows) else "",
            "basis_values": "0 none, 1 borrowed from the ring of cells around, 2 own",
            "sha256": digest(rows),
        },
    )


def _cell_reception(rows: Array, lat: Array, lon: Array, classes: Array) -> tuple[Array, Array]:
    """Return reception and basis (cells, classes), as of two days after the last row."""
    shape = (len(lat), len(classes))
    if len(rows) == 0:
        return np.empty(shape), np.empty(shape, "i1")
    known = learn(rows, newest_day(rows) + WINDOW_DAYS[1])
    wide = np.tile(classes, len(lat))
    value, basis = known.at(lat.repeat(len(classes)), lon.repeat(len(classes)), wide)
    return value.reshape(shape), basis.reshape(shape).astype("i1")


def _day_text(day: int) -> str:
    return str(np.datetime64(day * US_PER_DAY, "us").astype("datetime64[D]"))
