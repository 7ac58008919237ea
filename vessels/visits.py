"""Visits to ports, and the voyages between them: a fold over the fixes of hulls.

A visit begins within 3 km of a port's point and ends 4 km from it (pipe-anchorages). That point is
not the berth: of the places where real ships lie still, 37 to 55 % are within 3 km of one, 80 %
within 10 km, and most others at a shore with no listed port near. So a hull at rest within 10 km
of a port or 1 km of a shore is in port too, the words by which a silence there is no dark period:
the place where it rests then takes the part of the port's point, and it must rest for an hour.

A voyage runs from one confident visit to the next. Its length has a lower and an upper bound. The
upper one takes the last fix in one port and the first in the next. The lower one ends when the hull
can have been in port again at the earliest, from where it was heard last. It begins anew after each
silence in which the hull could have called: nearest port to where it fell silent, plus
nearest port to where it was heard again, no further than it sails in the silence less the shortest
call. (The sum is least where both ports are the same one, so no call that was possible is missed.)
Where the first fix is at sea, the upper bound is not known.

State is arrays of MOTION and LOG, a row a hull; nothing is changed in place.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from vessels import _nearest
from vessels._visit_kernel import (
    LOG,
    MOTION,
    VISIT,
    VOYAGE,
    close_voyages,
    follow,
    sense,
)
from vessels.anchorages import Anchorages, no_anchorages
from vessels.fixes import Array, Fixes
from vessels.geography import distance_to_shore_m
from vessels.hulls import hull_id_of
from vessels.ports import nearest_port, ports
from vessels.units import M_PER_NM, MPS_PER_KNOT, US_PER_DAY, US_PER_H, US_PER_MIN, US_PER_S

__all__ = [
    "LOG",
    "MOTION",
    "VISIT",
    "VOYAGE",
    "VisitParameters",
    "VisitState",
    "Voyage",
    "follow_visits",
    "new_visit_state",
    "open_visits",
    "open_voyages",
    "port_rows",
    "voyages_of",
]

_CELL_DEG = 0.002
_COLUMNS = 180_000

VisitState = dict[str, Array]
"""`motions` (MOTION) and `logs` (LOG), each in order of key."""


@dataclass(frozen=True, slots=True)
class VisitParameters:
    """Thresholds of visits and voyages; those of the first five are pipe-anchorages' own."""

    entry_distance_km: float = 3.0
    exit_distance_km: float = 4.0
    stop_begin_knots: float = 0.2
    stop_end_knots: float = 0.5
    port_gap_min: float = 240.0
    rest_port_distance_km: float = 10.0
    rest_shore_distance_km: float = 1.0
    min_rest_h: float = 1.0
    """Shortest rest that is a visit away from a port's point; a silence in port counts as rest."""
    break_distance_nm: float = 60.0
    """A silence in port of `port_gap_min` or more, ending in port this far away, ends a visit."""
    min_confidence: int = 2
    """From this on (1 to 4) a visit ends a voyage: it has a stop or a silence in port. The
    reference recommends 2 for products; a passage through port waters is 1."""
    max_speed_knots: float = 20.0
    """Speed that a silent hull may have made: what carriers sustain. Faster ones (large container
    ships, ferries) are never at sea for months."""
    shortest_call_h: float = 1.0
    """A silence hides a call only if it leaves this much time in port."""

    @property
    def reach(self) -> tuple[float, float]:
        """Metres a microsecond, and microseconds of the shortest call."""
        return self.max_speed_knots * MPS_PER_KNOT / US_PER_S, self.shortest_call_h * US_PER_H


@dataclass(frozen=True, slots=True)
class Voyage:
    """A hull's time between two confident visits, for people: times are microseconds since 1970."""

    hull_id: str
    start_us: int
    """First fix outside the port left, or the hull's first fix."""
    end_us: int | None
    """First fix in the next port; None while at sea."""
    from_port: str | None
    """None where the hull was at sea when first heard, or left a harbour that no list holds."""
    to_port: str | None
    censored: bool
    """The hull was at sea when first heard: the bounds are "at least"."""
    lower_days: float
    upper_days: float | None
    silences: int
    """Silences in which it could have called."""
    longest_silence_h: float


@cache
def _tree() -> _nearest.SegmentTree:
    table = ports()
    lat, lon = table["lat_deg"].to_numpy(), table["lon_deg"].to_numpy()
    return _nearest.build_tree(lat, lon, lat, lon)


def new_visit_state() -> VisitState:
    """Return the state before any fix."""
    return {"motions": np.empty(0, MOTION), "logs": np.empty(0, LOG)}


def follow_visits(
    state: VisitState,
    key: Array,
    fixes: Fixes,
    parameters: VisitParameters,
    anchorages: Anchorages | None = None,
) -> tuple[VisitState, Array, Array]:
    """Fold fixes into the state; return the new one, and the visits and voyages that closed.

    Args:
        state: what `new_visit_state` or an earlier step returned; it is not changed.
        key: hull of each fix (MMSI << 16 | number); sorted by (key, time).
        fixes: equally long, none earlier than the hull's in the step before.
        parameters: thresholds.
        anchorages: ports besides the shipped ones, each from when it is known; none by default.

    Returns:
        The state, VISIT rows and VOYAGE rows, both by key and time.
    """
    if anchorages is None or len(anchorages) == 0:
        return _follow_visits(state, key, fixes, parameters, _tree())
    # From when another anchorage is known, it is a step of its own: how steps are cut is no matter.
    known = anchorages.known_at(fixes.time_us)
    visits, voyages = [np.empty(0, VISIT)], [np.empty(0, VOYAGE)]
    for count in np.unique(known).tolist():
        rows = known == count
        tree = anchorages.tree(count) if count else _tree()
        state, ended, over = _follow_visits(state, key[rows], fixes.take(rows), parameters, tree)
        visits.append(ended)
        voyages.append(over)
    parts = np.concatenate(visits), np.concatenate(voyages)
    by_key = [part[np.argsort(part["key"], kind="stable")] for part in parts]
    return state, by_key[0], by_key[1]


def _follow_visits(
    state: VisitState,
    key: Array,
    fixes: Fixes,
    parameters: VisitParameters,
    tree: _nearest.SegmentTree,
) -> tuple[VisitState, Array, Array]:
    """Do what `follow_visits` does with one set of ports."""
    first = np.append(True, key[1:] != key[:-1]) if len(key) else np.empty(0, bool)
    motions, logs = (_widen(state[name], key[first]) for name in ("motions", "logs"))
    new = {"motions": motions, "logs": logs}
    if len(key) == 0:
        return new, np.empty(0, VISIT), np.empty(0, VOYAGE)
    rows = key, fixes.time_us, fixes.lat_deg, fixes.lon_deg
    entry_m, exit_m = parameters.entry_distance_km * 1e3, parameters.exit_distance_km * 1e3
    resting, port_m, possible = (
        np.zeros(len(key), "u1"),
        np.empty(len(key)),
        np.empty(len(key), "u1"),
    )
    sense(
        tree,
        motions,
        (*rows, fixes.sog_knots),
        np.array([parameters.stop_begin_knots, parameters.stop_end_knots]),
        np.array([entry_m, exit_m, parameters.rest_port_distance_km * 1e3]),
        parameters.reach,
        (resting, port_m, possible),
    )
    berthed = _berthed(resting, port_m, fixes, parameters)
    gap_us = int(parameters.port_gap_min * US_PER_MIN)
    visits = np.zeros(
        _visits_at_most(key, fixes.time_us, (port_m <= entry_m) | berthed, gap_us), VISIT
    )
    visits = np.zeros(len(visits) + int((logs["inside"] > 0).sum()), VISIT)
    voyages = np.zeros(len(visits), VOYAGE)
    closed, parted = follow(
        logs,
        rows,
        (resting, port_m, possible, berthed.astype("u1")),
        (
            entry_m,
            exit_m,
            parameters.break_distance_nm * M_PER_NM,
            gap_us,
            int(parameters.min_rest_h * US_PER_H),
            parameters.min_confidence,
        ),
        (tree, parameters.rest_port_distance_km * 1e3, parameters.reach[0]),
        visits,
        voyages,
    )
    return new, visits[:closed].copy(), voyages[:parted].copy()


def _widen(known: Array, keys: Array) -> Array:
    """Return a copy with a row for each hull, in order."""
    every = np.union1d(known["key"], keys)
    out = np.zeros(len(every), known.dtype)
    out["key"] = every
    if "port_lat" in (known.dtype.names or ()):
        out["port_lat"] = out["port_lon"] = np.nan
    out[np.searchsorted(every, known["key"])] = known
    return out


def _berthed(resting: Array, port_m: Array, fixes: Fixes, parameters: VisitParameters) -> Array:
    """Tell which fixes are at rest near a port or a shore; the shore's distance is a cell's."""
    berthed = (resting > 0) & (port_m <= parameters.rest_port_distance_km * 1e3)
    asked = np.flatnonzero((resting > 0) & ~berthed)
    if len(asked):
        row = np.floor((fixes.lat_deg[asked] + 90.0) / _CELL_DEG).astype("i8")
        column = np.floor((fixes.lon_deg[asked] + 180.0) / _CELL_DEG).astype("i8") % _COLUMNS
        cells, place = np.unique(row * _COLUMNS + column, return_inverse=True)
        lat = np.minimum((cells // _COLUMNS + 0.5) * _CELL_DEG - 90.0, 90.0)
        lon = (cells % _COLUMNS + 0.5) * _CELL_DEG - 180.0
        berthed[asked] = (distance_to_shore_m(lat, lon) <= parameters.rest_shore_distance_km * 1e3)[
            place
        ]
    return berthed


def _visits_at_most(key: Array, time_us: Array, here: Array, gap_us: int) -> int:
    """Return how many visits may begin: none does beside a fix of one, but after a port gap."""
    fresh = here.copy()
    fresh[1:] &= ~here[:-1] | (key[1:] != key[:-1]) | (time_us[1:] - time_us[:-1] >= gap_us)
    return int(fresh.sum())


def open_visits(state: VisitState, now_us: int, parameters: VisitParameters) -> Array:
    """Return the visits that are on at `now_us`, as VISIT rows with `end_us` 0."""
    logs = state["logs"]
    gap = _gap(logs, now_us, parameters)
    on = _counts(logs, gap, parameters)
    logs, gap = logs[on], gap[on]
    out = np.zeros(len(logs), VISIT)
    for name in ("key", "start_us", "start_lat", "start_lon", "before_us", "rest_us", "entry"):
        out[name] = logs[name]
    placed = logs["placed"] > 0
    out["lat"] = np.where(placed, logs["place_lat"], logs["start_lat"])
    out["lon"] = np.where(placed, logs["place_lon"], logs["start_lon"])
    out["last_inside_us"] = logs["last_us"]
    out["stop"], out["gap"] = logs["stop"], gap
    out["confidence"] = _open_confidence(logs, gap)
    return out


def open_voyages(
    state: VisitState,
    now_us: int,
    parameters: VisitParameters,
    min_us: int = 0,
    *,
    anchorages: Anchorages | None = None,
) -> Array:
    """Return the voyages that are on, and those that a visit ends which is still on.

    Args:
        state: the fold's state.
        now_us: the time to judge at; not before any fix.
        parameters: thresholds.
        min_us: leave out voyages that cannot have a proven length of this much.
        anchorages: ports besides the shipped ones; none by default.

    Returns:
        VOYAGE rows; `end_us` is 0 where the hull is at sea.
    """
    logs = state["logs"]
    gap = _gap(logs, now_us, parameters)
    ended = _counts(logs, gap, parameters)
    ended &= _open_confidence(logs, gap) >= parameters.min_confidence
    was_at_sea = ended & (logs["before_us"] > 0) & (logs["before_proven_us"] >= min_us)
    over = np.zeros(int(was_at_sea.sum()), VOYAGE)
    close_voyages(logs[was_at_sea], over)
    logs = logs[~ended]
    logs = logs[np.maximum(logs["proven_us"], now_us - logs["latest_us"]) >= min_us]
    rows = np.concatenate([over, _at_sea(logs, now_us, parameters, anchorages or no_anchorages())])
    return rows[np.argsort(rows["key"], kind="stable")]


def _at_sea(logs: Array, now_us: int, parameters: VisitParameters, anchorages: Anchorages) -> Array:
    out = np.zeros(len(logs), VOYAGE)
    if len(logs) == 0:
        return out
    speed, _ = parameters.reach
    _, port_m = anchorages.nearest(logs["last_lat"], logs["last_lon"], now_us)
    way_m = np.maximum(port_m - parameters.rest_port_distance_km * 1e3, 0.0)
    # It may be in port now: the call need not be over, as it must be before a next fix.
    could_call = way_m < (now_us - logs["last_us"]) * speed
    out["key"] = logs["key"]
    out["start_us"] = logs["since_us"]
    out["start_lat"], out["start_lon"] = logs["since_lat"], logs["since_lon"]
    out["end_lat"], out["end_lon"] = logs["last_lat"], logs["last_lon"]
    out["port_lat"], out["port_lon"] = logs["port_lat"], logs["port_lon"]
    until_us = np.minimum(logs["last_us"] + (way_m / speed).astype("i8"), now_us)
    out["lower_us"] = np.maximum(until_us - logs["latest_us"], 0)
    rests = (logs["inside"] > 0) & (logs["stop"] > 0) & (logs["before_us"] > 0)
    out["lower_us"][rests] = np.minimum(out["lower_us"], logs["before_lower_us"])[rests]
    out["upper_us"] = np.where(logs["inside_us"] > 0, now_us - logs["inside_us"], -1)
    out["proven_us"] = np.maximum(logs["proven_us"], out["lower_us"])
    out["longest_us"] = np.maximum(logs["longest_us"], now_us - logs["last_us"])
    out["silences"] = logs["silences"] + could_call
    return out


def _gap(logs: Array, now_us: int, parameters: VisitParameters) -> Array:
    silent = now_us - logs["last_us"] >= int(parameters.port_gap_min * US_PER_MIN)
    return (logs["gap"] > 0) | silent


def _counts(logs: Array, gap: Array, parameters: VisitParameters) -> Array:
    """Tell which hulls are in port: the rule of `_visit_kernel.counts` for a visit that is on."""
    rested = logs["rest_us"] >= int(parameters.min_rest_h * US_PER_H)
    return (logs["inside"] > 0) & ((logs["near"] > 0) | gap | rested)


def _open_confidence(logs: Array, gap: Array) -> Array:
    rested = (logs["stop"] > 0) | gap
    return np.where(rested, np.where(logs["entry"] > 0, 3, 2), 1)


def port_rows(lat_deg: Array, lon_deg: Array, limit_m: float) -> Array:
    """Return the row in `ports()` of the port at each place; -1 where none is within `limit_m`."""
    index, distance_m = nearest_port(lat_deg, lon_deg)
    return np.where(distance_m <= limit_m, index, -1)


_VOYAGE_TOLD = ("key", "start_us", "end_us", "lower_us", "upper_us", "silences", "longest_us")


def voyages_of(rows: Array, parameters: VisitParameters) -> list[Voyage]:
    """Return VOYAGE rows for people, in their order."""
    limit_m = parameters.rest_port_distance_km * 1e3
    names = [*ports()["name"].tolist(), None]
    left = port_rows(rows["port_lat"], rows["port_lon"], limit_m)
    reached = port_rows(rows["end_lat"], rows["end_lon"], limit_m)
    told = (rows[name].tolist() for name in _VOYAGE_TOLD)
    return [
        Voyage(
            hull_id=hull_id_of(key),
            start_us=start_us,
            end_us=end_us or None,
            from_port=names[left_at],
            to_port=names[reached_at] if end_us else None,
            censored=upper_us < 0,
            lower_days=round(lower_us / US_PER_DAY, 4),
            upper_days=None if upper_us < 0 else round(upper_us / US_PER_DAY, 4),
            silences=silences,
            longest_silence_h=round(longest_us / US_PER_H, 3),
        )
        for left_at, reached_at, (
            key,
            start_us,
            end_us,
            lower_us,
            upper_us,
            silences,
            longest_us,
        ) in zip(left.tolist(), reached.tolist(), zip(*told, strict=True), strict=True)
    ]
