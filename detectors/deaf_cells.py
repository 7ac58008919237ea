"""Cells that ships cross and in which nobody is ever heard: no receiver covers them.

Reception is learnt from hours in which a hull is known to be there by steps shorter than a dark
period, so that one which switches off does not make its own cell look deaf (vessels/reception.py).
That leaves out places that nobody hears at all and that take half a day to cross: a band between
two satellites' swaths, a hole between stations. Every ship that passes them would be dark.

So a closed silence notes the cells between its two ends. A cell that three other numbers crossed so
within the window of days, and in which nobody was heard in it, is deaf. Nobody: one vessel heard
there, and it is not; a fleet that switches off on a ground where others are heard stays dark.

Silences count from ends that the hull's own speed explains, and only of hulls known before, whose
end is known with its fix: so what is known of a day is a function of the fixes up to two days on.
"""

import hashlib

import numpy as np

from vessels._reception_kernel import CELLS, CLASSES
from vessels.fixes import Array
from vessels.geodesy import distances_m, interpolate
from vessels.hulls import MIN_FIXES, mmsi_of
from vessels.reception import WINDOW_DAYS, Learnt, cells_of
from vessels.units import M_PER_NM, US_PER_DAY, US_PER_H

CROSSERS = 3
"""Other numbers that crossed it silently; one or two may have switched off."""
_MOST_H = 72.0
"""Who was silent for longer may have been anywhere."""
_LEAST_KNOTS, _MOST_KNOTS = 2.0, 25.0
"""A passage; below it lay somewhere, above one end is doubtful."""
_STEP_NM = 20.0

CROSSED = np.dtype([("key", "i8"), ("mmsi", "i4")])
"""One number silent in one cell: `key` is day of the silence's end * cells + cell. Sorted."""


def crossed(silences: Array) -> Array:
    """Return CROSSED rows, sorted and distinct, for SILENCE rows; open ones cross nothing."""
    hours = (silences["end_us"] - silences["start_us"]) / US_PER_H
    near = (silences["end_us"] > 0) & (hours <= _MOST_H) & (silences["elsewhere"] == 0)
    silences = silences[near & (silences["before"] >= MIN_FIXES)]
    keys: list[int] = []
    numbers: list[int] = []
    names = ("start_lat", "start_lon", "end_lat", "end_lon")
    lat0, lon0, lat1, lon1 = (silences[name] for name in names)
    miles = distances_m(lat0, lon0, lat1, lon1) / M_PER_NM
    knots = miles / np.maximum((silences["end_us"] - silences["start_us"]) / US_PER_H, 1e-9)
    for row in np.flatnonzero((knots >= _LEAST_KNOTS) & (knots <= _MOST_KNOTS)).tolist():
        steps = int(miles[row] // _STEP_NM) + 2
        ends = (lat0[row], lon0[row], lat1[row], lon1[row])
        way = np.array([interpolate(*ends, i / steps) for i in range(steps + 1)])
        cells = cells_of(way[:, 0], way[:, 1])
        between = np.setdiff1d(cells, cells[[0, -1]])
        day = int(silences["end_us"][row]) // US_PER_DAY
        keys += (day * CELLS + between).tolist()
        numbers += [mmsi_of(int(silences["key"][row]))] * len(between)
    out = np.empty(len(keys), CROSSED)
    out["key"], out["mmsi"] = keys, numbers
    return np.unique(out)


def since_day(rows: Array, day: int) -> Array:
    """Return the rows of `day` (days since 1970) and later."""
    return rows[np.searchsorted(rows["key"], day * CELLS) :]


def digest(rows: Array) -> str:
    """Return the SHA-256 of the rows: the name of what was learnt."""
    return hashlib.sha256(np.ascontiguousarray(rows).astype(CROSSED).tobytes()).hexdigest()


def is_deaf(rows: Array, known: Learnt, lat: Array, lon: Array, mmsi: Array) -> Array:
    """Return whether each point lies in a deaf cell, for a number that does not speak for itself.

    Args:
        rows: CROSSED rows.
        known: reception as of the day that is judged; its window is that of the rows.
        lat: latitudes of points, degrees.
        lon: longitudes, degrees.
        mmsi: number of the silent hull, for each point.
    """
    first, last = (known.day - back for back in WINDOW_DAYS)
    edges = np.searchsorted(rows["key"], [first * CELLS, (last + 1) * CELLS])
    used = rows[edges[0] : edges[1]]
    pairs = np.unique((used["key"] % CELLS << 32) | used["mmsi"])
    if len(pairs) < CROSSERS:
        return np.zeros(len(lat), bool)
    cells = cells_of(lat, lon)
    count = np.searchsorted(pairs, (cells + 1) << 32) - np.searchsorted(pairs, cells << 32)
    mine = (cells << 32) | mmsi
    count -= pairs[np.minimum(np.searchsorted(pairs, mine), len(pairs) - 1)] == mine
    heard = known.places[known.counts[:, 1] > 0] // CLASSES
    return np.asarray((count >= CROSSERS) & ~np.isin(cells, heard))
