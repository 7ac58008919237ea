"""Tracks made light: thinned lines with times, cut where the vessel was silent.

A line keeps the first and last fix of every run between silences and the fixes nearest to the
start and end of each event; between them Douglas and Peucker (1973) drop what lies within a
tolerance, in place at its time, that grows until the page keeps its budget.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from detectors.events import Event
from maps.frame import unwrap
from vessels.units import US_PER_H, US_PER_MIN

Track = Sequence[tuple[int, float, float]]
"""Fixes of one hull in time order: (microseconds since 1970 UTC, longitude, latitude)."""

SILENCE_US = 12 * US_PER_H
"""Fixes further apart than this are joined by a dashed line: the published gap threshold."""
POINT_BUDGET = 60_000
"""Most track vertices on one page, about 0.9 MB."""
FIRST_TOLERANCE_M = 50.0
SCALE = 10_000
"""Positions on the page are integers of 1e-4 degree: 11 m at most."""
_M_PER_DEGREE = 111_195.0
_DEG_PER_H = 100.0
"""Far steeper than any vessel moves (1 knot is 1/60 degree an hour): slant and height agree."""


def track_payload(
    tracks: Mapping[str, Track], events: Sequence[Event], centre_deg: float, *, budget: int
) -> list[dict[str, Any]]:
    """Return each track as `{"hull": id, "runs": [[t, lon, lat, ...], ...]}`, sorted by hull.

    Runs hold integers, each value the difference from the one before within its run: minutes since
    1970, then longitude and latitude in 1e-4 degree. Between two runs the vessel was silent.
    At most `budget` vertices are kept wherever thinning can reach it.
    """
    keep = _event_times(events)
    runs = {
        hull: _runs(tracks[hull], keep.get(hull, ()), centre_deg)
        for hull in sorted(tracks)
        if tracks[hull]
    }
    tolerance_m = FIRST_TOLERANCE_M
    thinned = _thin_all(runs, tolerance_m)
    while _vertices(thinned) > budget and tolerance_m < 50_000.0:
        tolerance_m *= 2.0
        thinned = _thin_all(runs, tolerance_m)
    return [
        {"hull": hull, "runs": [_deltas(piece) for piece in pieces]}
        for hull, pieces in thinned.items()
    ]


def _event_times(events: Sequence[Event]) -> dict[str, list[int]]:
    times: dict[str, list[int]] = {}
    for event in events:
        for hull in (event.hull_id, event.other_hull_id):
            if hull is not None:
                times.setdefault(hull, []).append(event.start_us)
                times[hull].append(event.now_us if event.end_us is None else event.end_us)
    return times


_Run = tuple[npt.NDArray[np.float64], list[int]]
"""Rows of (time_us, lon, lat), and the row numbers that thinning must keep."""


def _runs(track: Track, keep_us: Sequence[int], centre_deg: float) -> list[_Run]:
    times = [fix[0] for fix in track]
    lons = unwrap([fix[1] for fix in track], centre_deg)
    rows = np.column_stack([np.array(times, dtype=np.float64), lons, [fix[2] for fix in track]])
    cuts = [i for i, (a, b) in enumerate(pairwise(times), start=1) if b - a >= SILENCE_US]
    bounds = [0, *cuts, len(times)]
    kept = sorted({_nearest(times, moment) for moment in keep_us})
    return [
        (rows[first:last], sorted({0, last - first - 1, *_inside(kept, first, last)}))
        for first, last in pairwise(bounds)
    ]


def _inside(numbers: Sequence[int], first: int, last: int) -> list[int]:
    return [n - first for n in numbers if first <= n < last]


def _nearest(times: Sequence[int], moment: int) -> int:
    after = bisect_left(times, moment)
    near = [i for i in (after - 1, after) if 0 <= i < len(times)]
    return min(near, key=lambda i: abs(times[i] - moment))


def _thin_all(
    runs: Mapping[str, list[_Run]], tolerance_m: float
) -> dict[str, list[npt.NDArray[np.float64]]]:
    return {
        hull: [_thin(rows, kept, tolerance_m) for rows, kept in pieces]
        for hull, pieces in runs.items()
    }


def _thin(
    rows: npt.NDArray[np.float64], kept: Sequence[int], tolerance_m: float
) -> npt.NDArray[np.float64]:
    """Thin between the vertices that must stay, so that place and time both stay true.

    Douglas-Peucker on longitude against time and on latitude against time, time drawn so long that
    a distance from the line is a distance at that moment. What either keeps is kept: a vessel that
    stopped on a straight course stays where it stopped.
    """
    if len(rows) < 3:
        return rows
    squeeze = max(math.cos(math.radians(float(rows[:, 2].mean()))), 0.01)
    moment = (rows[:, 0] - rows[0, 0]) / US_PER_H * _DEG_PER_H
    number = np.arange(len(rows), dtype=np.float64)
    keep = np.zeros(len(rows), dtype=np.bool_)
    keep[list(kept)] = True
    for side in (rows[:, 1] * squeeze, rows[:, 2]):
        # The row number rides along as the third coordinate, which simplification ignores.
        plane = np.column_stack([moment, side, number])
        for first, last in pairwise(kept):
            line = shapely.linestrings(plane[first : last + 1])
            simple = shapely.simplify(line, tolerance_m / _M_PER_DEGREE, preserve_topology=False)
            keep[shapely.get_coordinates(simple, include_z=True)[:, 2].astype(np.int64)] = True
    return rows[keep]


def _vertices(thinned: Mapping[str, Sequence[npt.NDArray[np.float64]]]) -> int:
    return sum(len(rows) for pieces in thinned.values() for rows in pieces)


def _deltas(rows: npt.NDArray[np.float64]) -> list[int]:
    whole = np.column_stack([rows[:, 0] / US_PER_MIN, rows[:, 1] * SCALE, rows[:, 2] * SCALE])
    steps = np.diff(np.rint(whole), axis=0, prepend=np.zeros((1, 3)))
    return [int(step) for step in steps.ravel()]
