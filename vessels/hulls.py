"""Fixes split into hulls by kinematics: a hull is not an MMSI (law 4).

One number may be sent by two ships, by a ship whose receiver jumps, or with a wild fix now and
then. `split_hulls` is a fold: it takes sorted fixes and the state left by all earlier ones, and
gives the same hulls however the fixes are cut into batches. A track becomes a hull with its third
consistent fix; until then its fixes are held, so one or two wild fixes never make anything.

Ideas from gpsdio-segment (several open tracks a number, a score that prefers recent tracks, exact
re-transmissions dropped); thresholds are in `HullParameters`.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vessels._hull_kernel import (
    JUNK_MMSI,
    KEPT,
    NOT_A_VESSEL,
    NUMBER,
    SIGNATURES,
    TRACK,
    TRACKS,
    WAITING,
    split,
)
from vessels.fixes import COLUMNS, Array, Fixes, concat_fixes, distinct, empty_fixes

__all__ = [
    "JUNK_MMSI",
    "MIN_FIXES",
    "NOT_A_VESSEL",
    "REASONS",
    "HullOutput",
    "HullParameters",
    "hull_id",
    "hull_id_of",
    "hull_ids",
    "hull_key",
    "hull_keys",
    "mmsi_of",
    "new_state",
    "split_hulls",
]

REASONS = (
    "kept",
    "waiting",
    "not_a_vessel",
    "junk_mmsi",
    "null_island",
    "retransmission",
    "unconfirmed",
)
"""What became of a fix; the index is the code in `HullOutput.reason`. `waiting` is not decided
yet, `unconfirmed` is a wild fix: too few consistent ones came near it."""


MIN_FIXES = 3
"""Consistent fixes that make a track a hull: two wild ones never do."""


@dataclass(frozen=True, slots=True)
class HullParameters:
    """What a ship can do between two fixes."""

    max_speed_knots: float = 45.0
    """Faster than this between two fixes up to 2 h apart is another hull or a wild fix."""
    max_sustained_speed_knots: float = 30.0
    """The same for fixes 6 h and more apart; in between the limit falls linearly."""
    slack_m: float = 2500.0
    """Added to every reach: position noise, and receive times minutes late (4 min at 20 knots)."""
    shared_alternations: int = 6
    """Changes between hulls, none more than `quiet_h` apart, that make a number shared."""
    quiet_h: float = 48.0


@dataclass(slots=True)
class HullOutput:
    """What one step decided. `fixes` are rows of hulls in order of (MMSI, hull, time)."""

    fixes: Fixes
    hull: Array
    """uint16, 1-based number of the hull within its MMSI."""
    elsewhere: Array
    """bool: since this hull's previous fix its number was heard at another hull, unshared."""
    known_us: Array
    """int64: time of the fix with which each became known to be of its hull; mostly its own."""
    switches: Array
    """One row of `SWITCH` each time a number's voice moves to another hull."""
    rejected: Fixes
    reason: Array
    """uint8, code into REASONS, of each rejected fix."""


State = dict[str, Array]


def new_state() -> State:
    """Return the state before any fix."""
    return _blank_state(np.empty(0, "i4")) | empty_fixes().as_arrays("held_")


def _blank_state(mmsi: Array) -> State:
    numbers = np.zeros(len(mmsi), NUMBER)
    numbers["mmsi"] = mmsi
    numbers["current"] = -1
    tracks = np.zeros((len(mmsi), TRACKS), TRACK)
    for name in ("ordinal", "parent", "held0", "held1"):
        tracks[name] = -1
    return {
        "numbers": numbers,
        "tracks": tracks,
        "signatures": np.zeros((len(mmsi), SIGNATURES), "u4"),
    }


def split_hulls(
    state: State, fixes: Fixes, reject: Array, parameters: HullParameters
) -> tuple[State, HullOutput]:
    """Fold sorted fixes into the hulls of their numbers.

    Args:
        state: what `new_state` or an earlier step returned; it is not changed.
        fixes: sorted by `sort_fixes`, none earlier than the step before.
        reject: uint8 per fix, 0 or the code of a reason found beforehand (not a vessel, junk).
        parameters: kinematic limits.
    """
    rows = concat_fixes([Fixes.from_arrays(state, "held_"), fixes])
    held_count = len(rows) - len(fixes)
    work = _widen(state, distinct(fixes.mmsi[reject == 0]))
    hull = np.zeros(len(rows), "u2")
    reason = np.full(len(rows), WAITING, "u1")
    reason[held_count:][reject > 0] = reject[reject > 0]
    elsewhere = np.zeros(len(rows), bool)
    known_us = rows.time_us.copy()
    limits = np.array(
        [
            parameters.max_speed_knots,
            parameters.max_sustained_speed_knots,
            parameters.slack_m,
            parameters.quiet_h,
        ]
    )
    switches = split(
        tuple(getattr(rows, name) for name in COLUMNS[:7]),
        held_count,
        (work["numbers"], work["tracks"], work["signatures"]),
        (hull, reason, elsewhere, known_us),
        (limits, MIN_FIXES, parameters.shared_alternations),
    )
    return _finish_step(work, rows, (hull, reason, elsewhere, known_us), switches)


def _widen(state: State, mmsi: Array) -> State:
    """Return a copy of the per-number arrays with a row for each number, in order."""
    known = state["numbers"]["mmsi"]
    numbers = np.union1d(known, mmsi)
    work = _blank_state(numbers.astype("i4"))
    place = np.searchsorted(numbers, known)
    for name, column in work.items():
        column[place] = state[name]
    return work


def _finish_step(
    work: State, rows: Fixes, outcome: tuple[Array, Array, Array, Array], switches: Array
) -> tuple[State, HullOutput]:
    hull, reason, elsewhere, known_us = outcome
    held = np.flatnonzero(reason == WAITING)
    renumber = np.full(len(rows) + 1, -1, "i8")
    renumber[held] = np.arange(len(held))
    for name in ("held0", "held1"):
        work["tracks"][name] = renumber[work["tracks"][name]]
    state = work | rows.take(held).as_arrays("held_")
    kept = np.flatnonzero(reason == KEPT)
    # Held rows come before the batch, and both are in order of time: stable order by hull is all.
    key = hull_keys(rows.mmsi[kept], hull[kept])
    kept = kept[np.argsort(key, kind="stable")]
    gone = np.flatnonzero(reason > WAITING)
    return state, HullOutput(
        fixes=rows.take(kept),
        hull=hull[kept],
        elsewhere=elsewhere[kept],
        known_us=known_us[kept],
        switches=switches,
        rejected=rows.take(gone),
        reason=reason[gone],
    )


_NUMBER_BITS = 16
"""A hull's key is one integer: its MMSI, and in the low bits its number within that."""


def hull_id(mmsi: int, number: int) -> str:
    """Return the name of a hull: its MMSI and its number in order of becoming known."""
    return f"{mmsi}-{number}"


def hull_key(name: str) -> int:
    """Return the key of the hull of this name.

    >>> hull_id_of(hull_key("416000001-2"))
    '416000001-2'
    """
    mmsi, _, number = name.partition("-")
    return int(mmsi) << _NUMBER_BITS | int(number)


def hull_id_of(key: int) -> str:
    """Return the name of the hull with this key."""
    return hull_id(mmsi_of(key), int(key) & ((1 << _NUMBER_BITS) - 1))


def hull_ids(keys: Array) -> pa.Array:
    """Return the names of the hulls with these keys, as a text column."""
    numbers = (keys >> _NUMBER_BITS, keys & ((1 << _NUMBER_BITS) - 1))
    texts = (pa.array(number, pa.int64()).cast(pa.string()) for number in numbers)
    return pc.binary_join_element_wise(*texts, "-")


def mmsi_of(key: int) -> int:
    """Return the MMSI of the hull with this key."""
    return int(key) >> _NUMBER_BITS


def hull_keys(mmsi: Array, number: Array) -> Array:
    """Return keys (int64) for arrays of MMSIs and numbers."""
    return (mmsi.astype("i8") << _NUMBER_BITS) | number
