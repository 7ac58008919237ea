"""Loitering: a hull that stays below 2 knots on average for 4 hours, 20 nm or more from shore.

One vessel, possibly waiting for another that is dark (definition: GFW/Miller et al. 2018, 2 kn and
20 nm; 4 h as in RFMO reports). The average is kept as a running sum of (2 kn - speed) over
five-minute slots: a run begins where the sum rises, ends at its highest point, and is given up
when the sum falls more than `BUDGET_KNOT_HOURS` below that, so that a short burst of speed does
not cut a night's drift in two and slow passage does not stretch it. Silence is never counted: time
counts where the hull was heard. A silence ends the run when it is longer than `merge_gap_h`, or
when the ship left in it (2 knots and more from where it was to where it is heard again).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from detectors.slots import SLOT_MIN
from vessels.fixes import Array
from vessels.geodesy import distance_m
from vessels.units import M_PER_NM

BUDGET_KNOT_HOURS = 2.0
"""Excess that a run survives: an hour at 4 kn, or ten minutes at 14 kn."""
_SLOT_H = SLOT_MIN / 60.0

Record = Any


@dataclass(frozen=True, slots=True)
class LoiteringParameters:
    """Thresholds; sources in the module's docstring."""

    max_speed_knots: float = 2.0
    min_duration_h: float = 4.0
    min_shore_distance_nm: float = 20.0
    min_port_distance_km: float = 10.0
    """Ports and terminals on small islands and offshore lie beyond any mapped shore."""
    merge_gap_h: float = 4.0
    """Longest silence within one event, as for encounters; it is no part of the four hours."""


RUN = np.dtype(
    [
        ("key", "i8"),
        ("start_slot", "i4"),  # -1 where no run is on
        ("last_slot", "i4"),
        ("best_slot", "i4"),
        ("slots", "i4"),
        ("best_slots", "i4"),
        ("start_lat", "f8"),
        ("start_lon", "f8"),
        ("score", "f8"),
        ("best_score", "f8"),
        ("distance_nm", "f8"),
        ("best_distance_nm", "f8"),
        ("shore_sum_m", "f8"),
        ("best_shore_sum_m", "f8"),
        ("shore_min_m", "f8"),
        ("best_shore_min_m", "f8"),
        ("before_slot", "i4"),  # the hull's last slot, in a run or not
        ("before_lat", "f8"),
        ("before_lon", "f8"),
    ]
)
"""A hull's current run; a closed run is a copy of it."""
LYING = np.dtype([("key", "i8"), ("start_slot", "i4")])
"""A run that is on, long enough or not, and since when."""


def new_runs(keys: Array) -> Array:
    """Return runs of hulls of which no slot is known."""
    runs = np.zeros(len(keys), RUN)
    runs["key"] = keys
    runs["start_slot"] = -1
    runs["before_slot"] = -1
    return runs


def follow_runs(
    runs: Array, slots: Array, shore_m: Array, upto_slot: int, parameters: LoiteringParameters
) -> tuple[Array, Array]:
    """Fold slots into the runs; return the new runs and those that closed and qualify.

    Args:
        runs: RUN for every hull in `slots`, in order of key; not changed.
        slots: SLOT sorted by (key, slot).
        shore_m: distance to shore of each slot, 0 in port; NaN where too fast to be looked up.
        upto_slot: all slots up to this one are known.
        parameters: thresholds.
    """
    work = runs.copy()
    gap_slots = round(parameters.merge_gap_h / _SLOT_H)
    limits = (parameters.max_speed_knots, parameters.min_shore_distance_nm * M_PER_NM, gap_slots)
    closed = np.zeros(len(slots) // 2 + len(runs) + 1, RUN)
    count = _follow(work, slots, shore_m, limits, upto_slot, closed)
    return work, qualified(closed[:count], parameters)


def lying(runs: Array) -> Array:
    """Return the runs that are on as LYING rows."""
    on = runs[runs["start_slot"] >= 0]
    out = np.empty(len(on), LYING)
    out["key"], out["start_slot"] = on["key"], on["start_slot"]
    return out


def qualified(runs: Array, parameters: LoiteringParameters) -> Array:
    """Return the runs long enough to be events."""
    long_enough = runs["best_slots"] * _SLOT_H >= parameters.min_duration_h
    return runs[(runs["start_slot"] >= 0) & long_enough]


@njit(cache=True, nogil=True)
def _follow(
    runs: Record,
    slots: Record,
    shore_m: Array,
    limits: tuple[float, float, int],
    upto_slot: int,
    closed: Record,
) -> int:
    max_speed, min_shore, gap_slots = limits
    count = 0
    h = -1
    for i in range(len(slots)):
        slot = slots[i]
        while h < 0 or runs[h].key < slot.key:
            h += 1
        run = runs[h]
        if run.start_slot >= 0 and (
            shore_m[i] < min_shore or _has_left(run, slot, gap_slots, max_speed)
        ):
            closed[count] = run
            count += 1
            run.start_slot = -1
        if shore_m[i] < min_shore:
            _remember(run, slot)
            continue
        gain = (max_speed - slot.speed_knots) * _SLOT_H
        if run.start_slot < 0 and gain > 0.0:
            _begin(run, slot)
        if run.start_slot >= 0:
            _extend(run, slot, gain, shore_m[i])
            if run.best_score - run.score > BUDGET_KNOT_HOURS or run.score <= 0.0:
                closed[count] = run
                count += 1
                run.start_slot = -1
        _remember(run, slot)
    for h in range(len(runs)):
        if runs[h].start_slot >= 0 and runs[h].last_slot + gap_slots < upto_slot:
            closed[count] = runs[h]
            count += 1
            runs[h].start_slot = -1
    return count


@njit(cache=True)
def _has_left(run: Record, slot: Record, gap_slots: int, max_speed: float) -> bool:
    """Tell whether the silence before a slot is too long, or the ship moved off in it."""
    steps = slot.slot - run.last_slot
    if steps == 1:
        return False
    moved_nm = distance_m(run.before_lat, run.before_lon, slot.lat, slot.lon) / M_PER_NM
    return steps > gap_slots or moved_nm >= max_speed * steps * _SLOT_H


@njit(cache=True)
def _remember(run: Record, slot: Record) -> None:
    run.before_slot, run.before_lat, run.before_lon = slot.slot, slot.lat, slot.lon


@njit(cache=True)
def _begin(run: Record, slot: Record) -> None:
    """Begin a run at the slot before, whose position the speed is measured from."""
    if run.before_slot == slot.slot - 1:
        run.start_slot, run.start_lat, run.start_lon = (
            run.before_slot,
            run.before_lat,
            run.before_lon,
        )
    else:
        run.start_slot, run.start_lat, run.start_lon = slot.slot, slot.lat, slot.lon
    run.slots = 0
    run.score = 0.0
    run.best_score = 0.0
    run.distance_nm = 0.0
    run.shore_sum_m = 0.0
    run.shore_min_m = np.inf


@njit(cache=True)
def _extend(run: Record, slot: Record, gain: float, shore_m: float) -> None:
    run.last_slot = slot.slot
    run.slots += 1
    run.score += gain
    run.distance_nm += slot.speed_knots * _SLOT_H
    if not np.isnan(shore_m):
        run.shore_min_m = min(run.shore_min_m, shore_m)
        run.shore_sum_m += shore_m
    else:
        run.shore_sum_m += run.shore_min_m
    if run.score >= run.best_score:
        run.best_score = run.score
        run.best_slot = slot.slot
        run.best_slots = run.slots
        run.best_distance_nm = run.distance_nm
        run.best_shore_sum_m = run.shore_sum_m
        run.best_shore_min_m = run.shore_min_m
