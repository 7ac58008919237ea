"""Two transmitters of one hull: two numbers metres apart wherever the ship sails.

At rest anyone may lie beside another, so only time under way counts: positions on the half hour at
`twin_speed_knots` and more, heard within ten minutes. A pair within `twin_distance_m` at
`twin_min_h` hours' worth of them, and at nine in ten of all half hours in which both were under
way, is one hull: pair trawlers tow 150 to 500 m apart, convoys keep further off, tugs and pilots
leave again. Such a pair is an identity conflict, and its contact is no encounter.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from detectors.contacts import find_contacts
from detectors.encounters import Chain
from detectors.events import Event, Reason
from detectors.identity_conflict import IdentityConflictParameters
from detectors.slots import SLOT, SLOT_MIN, SLOT_US
from vessels.fixes import Array
from vessels.geodesy import interpolate
from vessels.hulls import hull_id_of, mmsi_of

EVERY_SLOTS = 6
"""Half an hour: a convoy is as well seen in two looks an hour as in twelve."""
WAIT_SLOTS = 24 * 60 // SLOT_MIN
"""Twins are known by how they sail on within a day after they lay still, or sailed before it."""
_QUIET_SLOTS = 7 * 24 * 60 // SLOT_MIN
"""Together again after more than this is another event: a week covers a stay in port."""
_TOGETHER_SHARE = 0.9
_HALF_SURE_H, _MOST_CONFIDENCE = 1.0, 0.95

TWIN = np.dtype(
    [
        ("key1", "i8"),
        ("key2", "i8"),
        ("first_slot", "i4"),
        ("last_slot", "i4"),  # last half hour together
        ("proved_slot", "i4"),  # half hour in which it was first enough, or -1
        ("count", "i4"),  # half hours together
        ("both", "i4"),  # half hours from the first on in which both were under way
        ("distance_sum_m", "f8"),
        ("distance_max_m", "f8"),
        ("lat", "f8"),
        ("lon", "f8"),
    ]
)
"""Half hours of one pair together under way, none a week after the one before."""


@dataclass(frozen=True, slots=True)
class TwinState:
    """Never changed in place."""

    samples: Array = field(default_factory=lambda: np.empty(0, SLOT))
    """Half hours under way for which not all positions are known yet."""
    runs: Array = field(default_factory=lambda: np.empty(0, TWIN))
    over: Array = field(default_factory=lambda: np.empty(0, TWIN))
    """Runs that ended and were enough."""


def under_way(slots: Array, min_speed_knots: float) -> Array:
    """Return the half hours in which a hull was under way and heard, of SLOT rows."""
    look = slots["slot"] % EVERY_SLOTS == 0
    return slots[look & (slots["observed"] > 0) & (slots["speed_knots"] >= min_speed_knots)]


def follow_twins(
    state: TwinState, samples: Array, upto_slot: int, parameters: IdentityConflictParameters
) -> tuple[TwinState, Array]:
    """Fold half hours under way; return the new state, and the runs that ended and were enough."""
    waiting = np.concatenate([state.samples, samples])
    settled = waiting["slot"] <= upto_slot
    now = waiting[settled]
    near = find_contacts(now, parameters.twin_distance_m)
    runs = {(int(row["key1"]), int(row["key2"])): row.copy() for row in state.runs}
    pairs = list(zip(near["key1"].tolist(), near["key2"].tolist(), strict=True))
    hulls = {key for pair in (*runs, *pairs) for key in pair}
    slots_of = _slots_of(now, hulls)
    together: dict[tuple[int, int], list[int]] = {}
    for row, pair in enumerate(pairs):
        together.setdefault(pair, []).append(row)
    over = []
    for pair in sorted({*runs, *together}):
        rows = near[together.get(pair, [])]
        both = np.intersect1d(slots_of[pair[0]], slots_of[pair[1]], assume_unique=True)
        run, ended = _follow_pair(runs.get(pair), rows, both, parameters)
        over += ended
        if run is not None and upto_slot - run["last_slot"] > _QUIET_SLOTS:
            over.append(run)
            run = None
        runs.pop(pair, None)
        if run is not None:
            runs[pair] = run
    enough = _rows([run for run in over if run["proved_slot"] >= 0])
    return TwinState(
        samples=waiting[~settled],
        runs=_rows([runs[pair] for pair in sorted(runs)]),
        over=np.concatenate([state.over, enough]),
    ), enough


def _rows(rows: list[Array]) -> Array:
    return np.array([tuple(row) for row in rows], TWIN)


def _slots_of(samples: Array, hulls: set[int]) -> dict[int, Array]:
    """Return the sorted slots of each hull."""
    wanted = samples[np.isin(samples["key"], np.array(sorted(hulls), "i8"))]
    wanted = wanted[np.lexsort((wanted["slot"], wanted["key"]))]
    keys, starts = np.unique(wanted["key"], return_index=True)
    parts = np.split(wanted["slot"], starts[1:]) if len(keys) else []
    return {key: np.empty(0, "i4") for key in hulls} | dict(zip(keys.tolist(), parts, strict=True))


def _follow_pair(
    run: Array | None, rows: Array, both: Array, parameters: IdentityConflictParameters
) -> tuple[Array | None, list[Array]]:
    """Fold the half hours together (`rows`) and under way (`both`) of one pair."""
    need = parameters.twin_min_h * 60.0 / (EVERY_SLOTS * SLOT_MIN)
    ended = []
    seen = 0  # of `both`
    for row in rows:
        slot = int(row["slot"])
        if run is not None and slot - run["last_slot"] > _QUIET_SLOTS:
            ended.append(run)
            run = None
        if run is None:
            run = np.zeros(1, TWIN)[0]
            run["key1"], run["key2"] = row["key1"], row["key2"]
            run["first_slot"], run["proved_slot"] = slot, -1
            run["lat"], run["lon"] = interpolate(
                row["lat1"], row["lon1"], row["lat2"], row["lon2"], 0.5
            )
            seen = int(np.searchsorted(both, slot))
        upto = int(np.searchsorted(both, slot, "right"))
        run["both"] += upto - seen
        seen = upto
        run["count"] += 1
        run["last_slot"] = slot
        run["distance_sum_m"] += row["distance_m"]
        run["distance_max_m"] = max(run["distance_max_m"], row["distance_m"])
        enough = run["count"] >= need and run["count"] >= _TOGETHER_SHARE * run["both"]
        if run["proved_slot"] < 0 and enough:
            run["proved_slot"] = slot
    if run is not None:
        run["both"] += len(both) - seen
    return run, ended


def is_twin(state: TwinState, chain: Chain) -> bool:
    """Tell whether the two of a chain are one hull, from how they sailed within a day of it."""
    first, last = chain.span
    for runs in (state.runs, state.over):
        mine = (runs["key1"] == chain.keys[0]) & (runs["key2"] == chain.keys[1])
        mine &= (runs["proved_slot"] >= 0) & (runs["proved_slot"] <= last + WAIT_SLOTS)
        if (mine & (runs["last_slot"] >= first - WAIT_SLOTS)).any():
            return True
    return False


def twin_events(
    runs: Array, *, over: bool, now_us: int, parameters: IdentityConflictParameters
) -> list[Event]:
    """Return the identity conflicts that TWIN rows are; those that are not enough are none."""
    return [
        _event(run, over=over, now_us=now_us, parameters=parameters)
        for run in runs
        if run["proved_slot"] >= 0
    ]


def _event(run: Array, *, over: bool, now_us: int, parameters: IdentityConflictParameters) -> Event:
    key1, key2 = int(run["key1"]), int(run["key2"])
    hours = int(run["count"]) * EVERY_SLOTS * SLOT_MIN / 60.0
    mean_m = float(run["distance_sum_m"]) / int(run["count"])
    last_us = int(run["last_slot"]) * SLOT_US
    lat, lon = round(float(run["lat"]), 6), round(float(run["lon"]), 6)
    return Event(
        type="identity_conflict",
        mmsi=mmsi_of(key1),
        hull_id=hull_id_of(key1),
        other_mmsi=mmsi_of(key2),
        other_hull_id=hull_id_of(key2),
        start_us=int(run["first_slot"]) * SLOT_US,
        end_us=last_us if over else None,
        now_us=last_us if over else now_us,
        lat=lat,
        lon=lon,
        confidence=round(min(_MOST_CONFIDENCE, hours / (hours + _HALF_SURE_H)), 3),
        severity="watch",
        reasons=(
            Reason("two_transmitters", round(hours, 2), parameters.twin_min_h, "h"),
            Reason("mean_distance", round(mean_m, 1), parameters.twin_distance_m, "m"),
        ),
        details={
            "kind": "two_transmitters",
            "hulls": [hull_id_of(key1), hull_id_of(key2)],
            "together_h": round(hours, 2),
            "distance_m": round(mean_m, 1),
            "max_distance_m": round(float(run["distance_max_m"]), 1),
        },
        path=((lon, lat),),
    )


def forget_old(state: TwinState, earliest_slot: int) -> TwinState:
    """Return the state without ended runs that no chain from `earliest_slot` on can ask for."""
    keep = state.over["last_slot"] >= earliest_slot - WAIT_SLOTS
    return replace(state, over=state.over[keep])
