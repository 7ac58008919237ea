"""The part of detection that looks at one number at a time, and so may run in many processes.

A fold: `step` takes the state left by all earlier fixes and the next sorted ones, and returns a new
state and what those fixes brought; `peek` tells what is open at a time, without changing anything.
The state is a dict of numpy arrays, so that it can be written down without pickle.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from detectors.circles import CIRCLER, follow_circles, new_circlers
from detectors.context import port_and_shore_m
from detectors.dark_period import BEFORE_US, SILENCE, find_silences, open_silences
from detectors.dark_rendezvous import unheard_rows
from detectors.hand_over import find_births
from detectors.hull_rows import OldAndNew
from detectors.identity_stage import Traces, circle_limits
from detectors.loitering import RUN, follow_runs, lying, new_runs, qualified
from detectors.parameters import Parameters
from detectors.reception_neighbours import first_heard
from detectors.slots import SLOT, SLOT_US, TRAIL, HullRows, fill_slots
from detectors.twins import under_way
from detectors.zone_entry import STAY, ZoneState, follow_zones, new_zone_state, open_stays
from feeds.liveness import telling
from vessels import hulls, visits
from vessels.fixes import Array, Fixes, distinct, empty_fixes, spread, starts_of
from vessels.mmsi import MmsiKind, is_vessel, kind_of, ship_messages
from vessels.reception import count_reception
from vessels.units import US_PER_DAY, US_PER_H

SLOW_KNOTS = 5.0
"""Faster slots are neither contact nor looked up for port and shore, unless thresholds ask so."""

HULL = np.dtype([("key", "i8"), ("count", "i8"), ("first_us", "i8"), ("last_us", "i8")])
OPEN_SEA = np.dtype([*SLOT.descr, ("port_m", "f8"), ("shore_m", "f8")])
"""A slow slot with its surroundings."""

State = dict[str, Array]


@dataclass(slots=True)
class VesselOutput:
    """What one step brought."""

    slots: Array
    """OPEN_SEA: slow slots far enough from port and shore for a meeting."""
    silences: Array
    unheard: Array
    """SILENCE: hulls long silent, for stops that become final (detectors/dark_rendezvous.py)."""
    runs: Array
    """Loitering runs that closed."""
    lying: Array
    """LYING: runs that are still on."""
    visits: Array
    """Visits to ports that ended (vessels.visits.VISIT)."""
    voyages: Array
    """Voyages that such a visit ended."""
    switches: Array
    kept: Fixes
    key: Array
    """Hull of each kept fix."""
    rejected: Fixes
    reason: Array
    reception: Array
    """Vessel-hours present and heard (vessels.reception.RECEPTION)."""
    stays: Array
    """Stays in zones that ended (detectors.zone_entry.STAY)."""
    traces: Traces
    """What tells of doubtful numbers and places."""
    heard: Array
    """Fixes that the feed's health is judged by (feeds.liveness.HEARD)."""
    neighbours: Array
    """Who was heard where (detectors.reception_neighbours.NEIGHBOUR)."""


class Pending(NamedTuple):
    """What is open in a vessel stage at a time."""

    silences: Array
    runs: Array
    """Loitering runs so far."""
    voyages: Array
    """Long voyages."""
    stays: Array
    """Stays in zones."""


def new_state() -> State:
    """Return the state before any fix."""
    state = {f"split_{name}": column for name, column in hulls.new_state().items()}
    state |= empty_fixes().as_arrays("tail_")
    state["tail_key"] = np.empty(0, "i8")
    state["hulls"] = np.empty(0, HULL)
    state["trail"] = np.empty(0, TRAIL)
    state["runs"] = np.empty(0, RUN)
    state["circlers"] = np.empty(0, CIRCLER)
    state |= _zone_state_arrays(new_zone_state())
    return state | _visit_state_arrays(visits.new_visit_state())


def step(
    state: State, fixes: Fixes, watermark_us: int, parameters: Parameters
) -> tuple[State, VesselOutput]:
    """Fold sorted fixes, all those up to `watermark_us` that were not folded before."""
    split_state = {k.removeprefix("split_"): v for k, v in state.items() if k.startswith("split_")}
    split_state, out = hulls.split_hulls(split_state, fixes, _beforehand(fixes), parameters.hulls)
    new_key = hulls.hull_keys(out.fixes.mmsi, out.hull)
    old_key = state["tail_key"]
    batches = OldAndNew.of(old_key, Fixes.from_arrays(state, "tail_"), new_key, out.fixes)
    near = batches.last_old(US_PER_H)
    key, rows = near.join()
    fresh = near.fresh()

    table = _count_hulls(state["hulls"], key, rows.time_us, fresh)
    held_us = near.column(np.zeros(len(old_key), "i8"), out.known_us - out.fixes.time_us)
    late = held_us > int(parameters.encounter.max_interpolation_h * US_PER_H)
    hull_rows = HullRows(key, rows.time_us, rows.lat_deg, rows.lon_deg, rows.sog_knots, fresh, late)
    slots, company, runs, trail, closed_runs = _slots_and_runs(
        state, table, hull_rows, watermark_us, parameters
    )
    circlers, circles = _circles(state, table, hull_rows, parameters)
    new = {f"split_{name}": column for name, column in split_state.items()}
    spoke_us = int(state["hulls"]["last_us"].max()) if len(state["hulls"]) else 0
    tail_key, tail = batches.since(batches.last_us() - BEFORE_US).join()
    new |= tail.as_arrays("tail_") | {"tail_key": tail_key}
    new |= {"hulls": table, "trail": trail, "runs": runs, "circlers": circlers}
    called, ended, voyages = visits.follow_visits(
        visit_state(state),
        new_key,
        out.fixes,
        parameters.port_visit,
        parameters.surroundings.anchorages,
    )
    new |= _visit_state_arrays(called)
    stays_on, stays = follow_zones(
        _zone_state(state), new_key, out.fixes, parameters.surroundings.zones, parameters.zone_entry
    )
    new |= _zone_state_arrays(stays_on)
    return new, VesselOutput(
        slots=slots,
        silences=_closed_silences(batches, (key, rows.time_us), out.elsewhere, table, parameters),
        unheard=unheard_rows(tail_key, tail, table, spoke_us, watermark_us),
        runs=closed_runs,
        lying=lying(runs),
        visits=ended,
        voyages=voyages,
        switches=out.switches,
        kept=out.fixes,
        key=new_key,
        rejected=out.rejected,
        reason=out.reason,
        reception=_reception(key, rows, fresh, table, parameters),
        stays=stays,
        traces=Traces(company, find_births(state["hulls"]["key"], key, rows), circles),
        heard=telling(fixes.mmsi, fixes.time_us, parameters.dark_period.feed_silence_min),
        neighbours=first_heard(fixes),
    )


def peek(state: State, now_us: int, parameters: Parameters) -> Pending:
    """Return what is open at `now_us`."""
    key = state["tail_key"]
    fixes = Fixes.from_arrays(state, "tail_")
    if len(key) == 0:
        empty = (np.empty(0, kind) for kind in (SILENCE, RUN, visits.VOYAGE, STAY))
        return Pending(*empty)
    lasts = np.flatnonzero(np.append(key[1:] != key[:-1], True))
    min_us = int(parameters.dark_period.min_duration_h * US_PER_H)
    lasts = lasts[now_us - fixes.time_us[lasts] >= min_us]
    table = state["hulls"]
    place = np.searchsorted(table["key"], key[lasts])
    speaks = _speaking_hull(state)
    number = np.searchsorted(state["split_numbers"]["mmsi"], key[lasts] >> 16)
    elsewhere = (speaks[number] > 0) & (speaks[number] != key[lasts] & 0xFFFF)
    silences = open_silences(key, fixes, lasts, table["first_us"][place], elsewhere)
    long_us = int(parameters.time_at_sea.min_days * US_PER_DAY)
    voyages = visits.open_voyages(
        visit_state(state),
        now_us,
        parameters.port_visit,
        long_us,
        anchorages=parameters.surroundings.anchorages,
    )
    stays = open_stays(_zone_state(state), parameters.zone_entry)
    return Pending(silences, qualified(state["runs"], parameters.loitering), voyages, stays)


def _zone_state(state: State) -> ZoneState:
    return {name: state[f"zone_{name}"] for name in ("stays", "over", "heard")}


def _zone_state_arrays(state: ZoneState) -> State:
    return {f"zone_{name}": column for name, column in state.items()}


def visit_state(state: State) -> visits.VisitState:
    """Return the part of a state that visits and voyages are folded in."""
    return {name: state[f"visits_{name}"] for name in ("motions", "logs")}


def _visit_state_arrays(called: visits.VisitState) -> State:
    return {f"visits_{name}": column for name, column in called.items()}


def _speaking_hull(state: State) -> Array:
    """Return the number of the hull that each MMSI was heard at last; 0 if shared or unknown."""
    numbers = state["split_numbers"]
    tracks = state["split_tracks"]
    current = numbers["current"]
    hull = tracks["ordinal"][np.arange(len(numbers)), np.maximum(current, 0)]
    return np.where((current < 0) | (numbers["shared"] > 0), 0, hull)


def _beforehand(fixes: Fixes) -> Array:
    """Return the reason found before any kinematics, 0 for none, for each fix."""
    starts = starts_of(fixes.mmsi)
    kind = kind_of(fixes.mmsi[starts])
    number = np.where(is_vessel(kind), 0, hulls.NOT_A_VESSEL).astype("u1")
    number[kind == MmsiKind.JUNK] = hulls.JUNK_MMSI
    reject = spread(number, starts, len(fixes))
    reject[~ship_messages(fixes.msg_type)] = hulls.NOT_A_VESSEL
    return reject


def _count_hulls(table: Array, key: Array, time_us: Array, fresh: Array) -> Array:
    """Return the hull table with the fresh rows counted in; every hull is in `key`."""
    starts = starts_of(key)
    out = np.zeros(len(starts), HULL)
    out["key"] = key[starts]
    out["count"] = np.add.reduceat(fresh, starts, dtype="i8") if len(starts) else 0
    out["first_us"] = time_us[starts]
    out["last_us"] = time_us[np.append(starts[1:], len(key)) - 1] if len(starts) else 0
    place = np.searchsorted(out["key"], table["key"])
    out["count"][place] += table["count"]
    out["first_us"][place] = table["first_us"]
    return out


def _slots_and_runs(
    state: State, table: Array, rows: HullRows, watermark_us: int, parameters: Parameters
) -> tuple[Array, Array, Array, Array, Array]:
    max_gap_us = int(parameters.encounter.max_interpolation_h * US_PER_H)
    trail = np.zeros(len(table), TRAIL)
    trail["key"] = table["key"]
    trail["slot"] = -1
    trail[np.searchsorted(table["key"], state["trail"]["key"])] = state["trail"]
    runs = new_runs(table["key"])
    runs[np.searchsorted(table["key"], state["runs"]["key"])] = state["runs"]
    slots, trail = fill_slots(rows, trail, max_gap_us)
    asked_knots = max(
        parameters.loitering.max_speed_knots, parameters.encounter.max_median_speed_knots
    )
    slow = slots["speed_knots"] < max(SLOW_KNOTS, asked_knots)
    port_m = np.full(len(slots), np.nan)
    shore_m = np.full(len(slots), np.nan)
    port_m[slow], shore_m[slow] = port_and_shore_m(
        slots["lat"][slow],
        slots["lon"][slow],
        slots["slot"][slow].astype("i8") * SLOT_US,
        parameters.surroundings.anchorages,
        in_port_m=1000.0
        * min(parameters.loitering.min_port_distance_km, parameters.encounter.min_port_distance_km),
    )
    upto_slot = settled_slot(watermark_us, parameters)
    in_port = port_m < parameters.loitering.min_port_distance_km * 1000.0
    alone_m = np.where(in_port, 0.0, shore_m)
    runs, closed = follow_runs(runs, slots, alone_m, upto_slot, parameters.loitering)
    meet = parameters.encounter
    wanted = slow & (port_m >= meet.min_port_distance_km * 1000.0)
    wanted &= shore_m >= meet.min_shore_distance_km * 1000.0
    out = np.empty(int(wanted.sum()), OPEN_SEA)
    for name in SLOT.names or ():
        out[name] = slots[name][wanted]
    out["port_m"] = port_m[wanted]
    out["shore_m"] = shore_m[wanted]
    company = under_way(slots, parameters.identity_conflict.twin_speed_knots)
    return out, company, runs, trail, closed


def _circles(
    state: State, table: Array, rows: HullRows, parameters: Parameters
) -> tuple[Array, Array]:
    circlers = new_circlers(table["key"])
    circlers[np.searchsorted(table["key"], state["circlers"]["key"])] = state["circlers"]
    columns = (rows.key, rows.time_us, rows.lat, rows.lon, rows.sog, rows.fresh)
    return follow_circles(circlers, columns, circle_limits(parameters))


def settled_slot(watermark_us: int, parameters: Parameters) -> int:
    """Return the last slot that no later fix can add a position to.

    A position needs the next fix of its hull, up to `max_interpolation_h` later, and that fix may
    have waited as long again until it was known to be of the hull (HullRows.late).
    """
    lag_h = parameters.encounter.max_interpolation_h * (hulls.MIN_FIXES - 1)
    return (watermark_us - int(lag_h * US_PER_H)) // SLOT_US


def _closed_silences(
    batches: OldAndNew,
    near: tuple[Array, Array],
    elsewhere: Array,
    table: Array,
    parameters: Parameters,
) -> Array:
    """Return the silences that new rows ended.

    `near` holds hull and time of all new rows and the last old ones, `elsewhere` is of new rows.
    """
    min_us = int(parameters.dark_period.min_duration_h * US_PER_H)
    ends = _ends_of_silences(*near, min_us)
    if len(ends) == 0:
        return np.empty(0, SILENCE)
    # What a silence is told with lies up to twelve hours back: joined for the few hulls it is of.
    those = batches.only(distinct(near[0][ends]))
    key, rows = those.join()
    fresh = those.fresh()
    ends = _ends_of_silences(key, rows.time_us, min_us)
    ends = ends[fresh[ends]]
    place = np.searchsorted(table["key"], key[ends])
    # One or two fixes a year before all others are a wrong clock, not a ship heard and then silent.
    heard_before = table["count"][place] - (np.searchsorted(key, key[ends], "right") - ends)
    known = heard_before >= hulls.MIN_FIXES
    ends, place = ends[known], place[known]
    elsewhere = those.column(np.zeros(len(batches.old_key), bool), elsewhere)
    return find_silences(key, rows, ends, table["first_us"][place], elsewhere[ends])


def _ends_of_silences(key: Array, time_us: Array, min_us: int) -> Array:
    """Return the rows `min_us` or more after the one before of their hull."""
    return np.flatnonzero((time_us[1:] - time_us[:-1] >= min_us) & (key[1:] == key[:-1])) + 1


def _reception(
    key: Array, rows: Fixes, fresh: Array, table: Array, parameters: Parameters
) -> Array:
    """Return the vessel-hours that the fresh rows prove; hours of dark periods are no part."""
    starts = np.searchsorted(key, table["key"])
    lengths = np.diff(np.append(starts, len(key)))
    ordinal = np.arange(len(key)) + spread(table["count"] - lengths - starts, starts, len(key))
    min_us = int(parameters.dark_period.min_duration_h * US_PER_H)
    return count_reception(key, rows, ordinal, fresh, min_us - 1)
