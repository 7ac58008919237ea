"""Encounters: two hulls within 500 m for 2 hours, each slower than 2 knots, away from any port.

Definition: Miller et al. 2018 as published by GFW (500 m, 2 h, median speed of each < 2 kn, 10 km
from an anchorage). Contact (detectors/contacts.py) is judged on five-minute slots
(detectors/slots.py), so there is no day boundary, nothing is extrapolated and 180 degrees is no
edge; a slot of contact counts five minutes. Breaks of up to 4 hours are merged as GFW does, but
only contact counts towards the 2 hours: silence is reported as unobserved minutes, never bridged.
An hour between fixes is enough to interpolate, so pairs heard by satellite alone are found; how
sure that is, is told by detectors/nearness.py.

A contact run is kept like a loitering run: the sum of (2 kn - the faster of the two speeds) must
stay within `BUDGET_KNOT_HOURS` of its highest point, so that ships that steam or trawl in company
end the run, and a transshipment after a night in convoy is still found.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from detectors.slots import SLOT_MIN
from vessels.fixes import Array

BUDGET_KNOT_HOURS = 2.0
_SLOT_H = SLOT_MIN / 60.0

Record = Any


@dataclass(frozen=True, slots=True)
class EncounterParameters:
    """Thresholds; sources in the module's docstring."""

    max_distance_m: float = 500.0
    min_duration_h: float = 2.0
    max_median_speed_knots: float = 2.0
    min_port_distance_km: float = 10.0
    min_shore_distance_km: float = 2.0
    """Nearer than this lie harbours that no port list holds."""
    merge_gap_h: float = 4.0
    max_interpolation_h: float = 2.0
    min_messages: int = 3
    """Fixes of each hull during the contact: four messages in all are not an encounter."""


@dataclass(frozen=True, slots=True)
class Patience:
    """When the end of a chain is not yet the end of its story.

    Antennas nearer than `distance_m` may be two transmitters of one hull; whether they are is seen
    when the hull sails on, so such a chain is decided `slots` after its end.
    """

    distance_m: float
    slots: int


@dataclass(slots=True)
class Chain:
    """One run of contact: `rows` from the first to the best contact, closed or still possible."""

    rows: Array
    closed: bool
    decided: bool
    """Nothing that may still come changes what it is."""
    parts: tuple[tuple[int, int], ...]
    """First and last slot of each unbroken stretch."""
    silent_min: int
    apart_min: int

    @property
    def keys(self) -> tuple[int, int]:
        """The two hulls."""
        return int(self.rows["key1"][0]), int(self.rows["key2"][0])

    @property
    def span(self) -> tuple[int, int]:
        """First and last slot."""
        return int(self.rows["slot"][0]), int(self.rows["slot"][-1])


def follow_chains(
    contacts: Array, upto_slot: int, parameters: EncounterParameters, patience: Patience
) -> tuple[Array, list[Chain]]:
    """Return the contacts that undecided chains still need, and the chains that qualify.

    `contacts` are all rows that earlier calls kept and the new ones, sorted by (key1, key2, slot);
    `upto_slot` is the last slot for which all contacts are known. Chains are followed from their
    first contact each time, so the way in which contacts were cut into calls does not matter.
    """
    if len(contacts) == 0:
        return contacts, []
    gap_slots = round(parameters.merge_gap_h / _SLOT_H)
    chains = _follow(contacts, gap_slots, upto_slot, parameters.max_median_speed_knots)
    keep = np.zeros(len(contacts), bool)
    found = []
    least = parameters.min_duration_h / _SLOT_H - 1e-9
    for first, best, last, closed in chains.tolist():
        rows = contacts[first : best + 1]
        qualifies = len(rows) >= least and _is_encounter(rows, parameters)
        decided = bool(closed) and not (qualifies and _must_wait(rows, upto_slot, patience))
        if not (closed and decided):
            keep[first : last + 1] = True
        if qualifies:
            found.append(Chain(rows, bool(closed), decided, *_breaks(rows)))
    return contacts[keep], found


def _must_wait(rows: Array, upto_slot: int, patience: Patience) -> bool:
    near = float(np.median(rows["distance_m"])) <= patience.distance_m
    return near and int(rows["slot"][-1]) + patience.slots >= upto_slot


def _is_encounter(rows: Array, parameters: EncounterParameters) -> bool:
    speed = parameters.max_median_speed_knots
    return bool(
        np.median(rows["speed1"]) < speed
        and np.median(rows["speed2"]) < speed
        and rows["messages1"].sum() >= parameters.min_messages
        and rows["messages2"].sum() >= parameters.min_messages
    )


def _breaks(rows: Array) -> tuple[tuple[tuple[int, int], ...], int, int]:
    """Return the parts of a chain, and the minutes between them silent and seen apart.

    A missing slot is silent where either hull had none; where the two were silent at different
    times the longer silence is counted.
    """
    missing = np.diff(rows["slot"]) - 1
    heard = np.minimum(np.diff(rows["sequence1"]), np.diff(rows["sequence2"])) - 1
    silent = np.maximum(missing - heard, 0)
    ends = np.flatnonzero(missing > 0)
    first = rows["slot"][np.append(0, ends + 1)].tolist()
    last = rows["slot"][np.append(ends, len(rows) - 1)].tolist()
    return (
        tuple(zip(first, last, strict=True)),
        int(silent.sum()) * SLOT_MIN,
        int((missing - silent).sum()) * SLOT_MIN,
    )


@njit(cache=True)
def _note(out: Array, count: int, rows: tuple[int, int, int], closed: bool) -> int:  # noqa: FBT001
    out[count, 0], out[count, 1], out[count, 2] = rows
    out[count, 3] = closed
    return count + 1


@njit(cache=True, nogil=True)
def _follow(contacts: Record, gap_slots: int, upto_slot: int, max_speed: float) -> Array:
    """Return first row, best row, last row and whether it is closed (0 or 1) of every chain."""
    key1, key2, slot = contacts["key1"], contacts["key2"], contacts["slot"]
    speed1, speed2 = contacts["speed1"], contacts["speed2"]
    n = len(contacts)
    out = np.empty((n, 4), np.int64)
    count = 0
    first = -1
    best = -1
    score = 0.0
    best_score = 0.0
    for i in range(n):
        new_pair = i == 0 or key1[i] != key1[i - 1] or key2[i] != key2[i - 1]
        if first >= 0 and (new_pair or slot[i] - slot[i - 1] > gap_slots):
            closed = not new_pair or slot[i - 1] + gap_slots < upto_slot
            count = _note(out, count, (first, best, i - 1), closed)
            first = -1
        gain = (max_speed - max(speed1[i], speed2[i])) * _SLOT_H
        if first < 0:
            if gain <= 0.0:
                continue
            first = i
            score = 0.0
            best_score = 0.0
        score += gain
        if score >= best_score:
            best, best_score = i, score
        elif best_score - score > BUDGET_KNOT_HOURS or score <= 0.0:
            count = _note(out, count, (first, best, i), True)
            first = -1
    if first >= 0:
        count = _note(out, count, (first, best, n - 1), slot[n - 1] + gap_slots < upto_slot)
    return out[:count].copy()
