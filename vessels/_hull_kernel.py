"""The numba half of vessels/hulls.py: one pass over sorted fixes, a few open tracks a number."""

import math
from typing import Any

import numpy as np
from numba import njit

from vessels.fixes import Array
from vessels.geodesy import distance_m
from vessels.units import M_PER_NM, US_PER_H, US_PER_MIN, US_PER_S

Record = Any
"""A row of TRACK, NUMBER or SWITCH, or an array of them: numba reads the fields by name."""
Tuple = tuple[Any, ...]

TRACKS = 6
"""Tracks kept open for one number; the stalest tentative one gives way."""
SIGNATURES = 1024
"""Remembered (position, speed, course) signatures a number, for exact re-transmissions."""

TRACK = np.dtype(
    [
        ("ordinal", "i4"),  # -1 empty, 0 tentative, else the hull's number within its MMSI
        ("parent", "i4"),  # track that this tentative one may turn out to continue, or -1
        ("parent_us", "i8"),  # last fix of the parent when this one began
        ("count", "i8"),
        ("first_us", "i8"),
        ("time_us", "i8"),
        ("first_lat", "f8"),
        ("first_lon", "f8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("sog", "f8"),
        ("knots", "f8"),  # speed over the last step of a minute or more; 0 before the first
        ("held0", "i8"),
        ("held1", "i8"),
    ]
)
NUMBER = np.dtype(
    [
        ("mmsi", "i4"),
        ("current", "i4"),  # track that spoke last, or -1
        ("hulls", "i4"),
        ("alternations", "i4"),  # changes of hull in the current run
        ("shared", "i4"),  # 1 once a run had enough of them
        ("run_fixes", "i8"),  # fixes of the current hull since it began to speak
        ("switch_us", "i8"),
    ]
)
SWITCH = np.dtype(
    [
        ("mmsi", "i4"),
        ("alternations", "i4"),  # in the current run, this one included
        ("shared", "i4"),  # 1 where this or an earlier run makes the number shared
        ("from_hull", "i4"),
        ("to_hull", "i4"),
        ("from_fixes", "i8"),  # fixes of the hull that spoke before, since it began to
        ("known_us", "i8"),  # the fix at which the change is known
        ("from_us", "i8"),  # last fix of the hull that spoke before
        ("previous_us", "i8"),  # last fix of the hull that speaks now, from before; 0 if new
        ("to_us", "i8"),  # first fix of the hull that speaks now
        ("from_lat", "f8"),
        ("from_lon", "f8"),
        ("to_lat", "f8"),
        ("to_lon", "f8"),
    ]
)
KEPT, WAITING, NOT_A_VESSEL, JUNK_MMSI, NULL_ISLAND, RETRANSMISSION, UNCONFIRMED = range(7)

_NULL_ISLAND_DEG = 0.005
_STALE_MIN_SOG = 1.0
_FORGET_US = 6 * US_PER_H
"""A tentative track that waits longer than this, while the number speaks elsewhere, is noise."""
_SUSPECT_MIN_M = 5_000.0
_CLOCK_FAULT_M = 20_000.0
"""A track this near to the hull that spoke last is the same hull with a wrong clock."""
_SUSPECT_KNOTS = 25.0
_SUSPECT_TELLING_KNOTS = 15.0
"""The same for a ship that tells its speed."""
_UNLIKE_TIMES, _UNLIKE_KNOTS = 1.5, 5.0
"""A step is unlike a ship if it takes so many times its speed, and so much more."""
_FAST_H, _SUSTAINED_H = 2.0, 6.0
"""Up to the first a ship may make its highest speed, from the second on the sustained one."""
_TOLD_TIMES = 1.1
"""A ship that tells a higher speed than either may make a little more than it tells."""
_TOLD_S = 600.0
"""Over minutes a ship keeps about the speed that it tells."""
_RECENT_H = 0.25
"""Of tracks heard later than this ago the nearer one wins, not the later one."""
_MPS = M_PER_NM / 3600.0


@njit(cache=True)
def reach_m(dt_us: int, sog1: float, sog2: float, limits: Array) -> float:
    """Return how far a ship can be from where it was `dt_us` ago, metres."""
    dt_s = dt_us / US_PER_S
    hours = dt_s / 3600.0
    fast, sustained, slack, _ = limits
    if hours <= _FAST_H:
        knots = fast
    elif hours >= _SUSTAINED_H:
        knots = sustained
    else:
        knots = fast + (sustained - fast) * (hours - _FAST_H) / (_SUSTAINED_H - _FAST_H)
    if not (math.isnan(sog1) or math.isnan(sog2)):
        told = max(sog1, sog2)
        knots = max(knots, _TOLD_TIMES * told)
        if dt_s <= _TOLD_S:
            knots = min(knots, _SUSPECT_KNOTS + told)
    return slack + knots * _MPS * dt_s


@njit(cache=True)
def is_suspect(dt_us: int, distance: float, track: Record, sog: float) -> bool:
    """Tell whether a step is possible but unlike the ship: it then waits for a second fix.

    A ship is known by the speeds that it tells and by its last step: some tell 0 for ever.
    """
    if distance < _SUSPECT_MIN_M or dt_us <= 0:
        return False
    knots = distance / (dt_us / US_PER_S) / _MPS
    if math.isnan(track.sog) or math.isnan(sog):
        return knots > max(_SUSPECT_KNOTS, _UNLIKE_TIMES * track.knots + _UNLIKE_KNOTS)
    like = max(track.sog, sog, track.knots)
    return knots > max(_SUSPECT_TELLING_KNOTS, _UNLIKE_TIMES * like + _UNLIKE_KNOTS)


@njit(cache=True)
def _signature(lat: float, lon: float, sog: float, cog: float, heading: float) -> Any:
    h = np.uint64(1469598103934665603)
    parts = (
        round(lat * 1e6),
        round(lon * 1e6),
        round(sog * 10.0),
        -1 if math.isnan(cog) else round(cog * 10.0),
        -1 if math.isnan(heading) else round(heading),
    )
    for part in parts:
        h = (h ^ np.uint64(np.int64(part))) * np.uint64(1099511628211)
        h ^= h >> np.uint64(29)
    return np.uint32((h >> np.uint64(17)) & np.uint64(0xFFFFFFFF)) | np.uint32(1)


@njit(cache=True)
def _is_stale(fix: Tuple, tracks: Record, k: int, signatures: Array) -> bool:
    """Tell whether a fix repeats an older one of its number to the last digit; remember it.

    A ship under way (1 knot and more) never repeats itself. One at rest may, but not from a
    place where no hull of the number is: `k` is the track that the fix continues, or -1. Fixes at
    rest are remembered of hulls only, so that a second ship may come into being at anchor.
    """
    time_us, lat, lon, sog, cog, heading = fix
    moving = sog >= _STALE_MIN_SOG
    at_hull = k >= 0 and tracks[k].ordinal > 0
    mark = _signature(lat, lon, -1.0 if math.isnan(sog) else sog, cog, heading)
    place = (np.int64(mark) >> 1) % (SIGNATURES // 2) * 2
    if signatures[place] != mark and signatures[place + 1] != mark:
        if moving or at_hull:  # the older of the two that share a place gives way
            signatures[place + 1] = signatures[place]
            signatures[place] = mark
        return False
    if not moving:
        return not at_hull
    for track in tracks:  # the same moment heard by two receivers is no repeat
        if track.ordinal >= 0 and track.time_us == time_us:
            return track.lat != lat or track.lon != lon
    return True


@njit(cache=True)
def _choose(fix: Tuple, tracks: Record, current: int, limits: Array) -> tuple[int, int, float]:
    """Return the track that a fix continues, or -1, and a hull that it may continue, or -1.

    The third is how far the fix is from the last one of the track, metres; -1 where there is none.

    Score as in gpsdio-segment: exp(-(distance / reach)^2) / hours since, so that a recent track
    wins over one that is silent for long, and a near one over a far one. A hull that the fix is
    like goes before any tentative track: a wild fix must not draw the true ones to itself. A hull
    that the fix is unlike, but within reach of, comes second: the fix waits for another.
    """
    time_us, lat, lon, sog = fix[0], fix[1], fix[2], fix[3]
    like, like_score, like_m = -1, 0.0, -1.0
    tentative, tentative_score, tentative_m = -1, 0.0, -1.0
    possible, possible_score = -1, 0.0
    for k in range(TRACKS):
        track = tracks[k]
        if track.ordinal < 0:
            continue
        dt_us = time_us - track.time_us
        forgotten = track.ordinal == 0 and dt_us > _FORGET_US and current >= 0
        if forgotten and tracks[current].time_us > track.time_us:
            continue
        distance = distance_m(track.lat, track.lon, lat, lon)
        alpha = distance / reach_m(dt_us, track.sog, sog, limits)
        if alpha > 1.0:
            continue
        score = math.exp(-alpha * alpha) / max(dt_us / US_PER_H, _RECENT_H)
        if track.ordinal == 0:
            if score > tentative_score:
                tentative, tentative_score, tentative_m = k, score, distance
        elif is_suspect(dt_us, distance, track, sog):
            if score > possible_score:
                possible, possible_score = k, score
        elif score > like_score:
            like, like_score, like_m = k, score, distance
    return (like, possible, like_m) if like >= 0 else (tentative, possible, tentative_m)


@njit(cache=True)
def _free_track(tracks: Record, reason: Array) -> int:
    """Return an empty track, emptying the stalest tentative one (else the stalest) if need be."""
    stalest = -1
    for k in range(TRACKS):
        if tracks[k].ordinal < 0:
            return k
        if stalest >= 0:
            tentative, other = tracks[k].ordinal == 0, tracks[stalest].ordinal == 0
            if tentative != other:
                if not tentative:
                    continue
            elif tracks[k].time_us >= tracks[stalest].time_us:
                continue
        stalest = k
    _drop(tracks[stalest], reason)
    tracks[stalest].ordinal = -1
    return stalest


@njit(cache=True)
def _open_track(number: Record, tracks: Record, fix: Tuple, link: int, reason: Array) -> int:
    """Begin a tentative track with a fix; `link` is the track that it may continue, or -1."""
    k = _free_track(tracks, reason)
    if number.current == k:
        number.current = -1
    track = tracks[k]
    track.parent = link if link != k else -1
    track.parent_us = tracks[link].time_us if link >= 0 else 0
    track.ordinal = 0
    track.count = 0
    track.knots = 0.0
    track.held0 = -1
    track.held1 = -1
    track.first_us, track.first_lat, track.first_lon = fix[0], fix[1], fix[2]
    return k


@njit(cache=True)
def _settle(number: Record, tracks: Record, k: int, min_fixes: int) -> int:
    """Return the hull track that the next fix of tentative track `k` makes it, or -1.

    A linked track joins its parent with its second fix, if the parent has not spoken since; any
    track becomes a hull of its own with its `min_fixes`-th, unless the hull that spoke last is, or
    fell silent, close by: then it is that hull with wrong times.
    """
    track = tracks[k]
    p = track.parent
    if (
        p >= 0
        and track.count == 1
        and tracks[p].ordinal > 0
        and tracks[p].time_us == track.parent_us
    ):
        track.ordinal = -1
        return p
    if track.count + 1 < min_fixes:
        return -1
    c = number.current
    if c >= 0:
        if tracks[c].time_us <= track.first_us:
            near_m = distance_m(tracks[c].lat, tracks[c].lon, track.first_lat, track.first_lon)
        else:
            near_m = distance_m(tracks[c].lat, tracks[c].lon, track.lat, track.lon)
        if near_m <= _CLOCK_FAULT_M:
            track.ordinal = -1
            return c
    number.hulls += 1
    track.ordinal = number.hulls
    return k


@njit(cache=True)
def _release(track: Record, ordinal: int, hull: Array, reason: Array) -> int:
    """Hand the held fixes of a track to a hull; return the first of them, or -1."""
    first = track.held0
    if track.held0 >= 0:
        hull[track.held0] = ordinal
        reason[track.held0] = KEPT
    if track.held1 >= 0:
        hull[track.held1] = ordinal
        reason[track.held1] = KEPT
    track.held0 = -1
    track.held1 = -1
    return first


@njit(cache=True)
def _drop(track: Record, reason: Array) -> None:
    """Give up the held fixes of a track."""
    if track.held0 >= 0:
        reason[track.held0] = UNCONFIRMED
    if track.held1 >= 0:
        reason[track.held1] = UNCONFIRMED
    track.held0 = -1
    track.held1 = -1


@njit(cache=True)
def _advance(track: Record, fix: Tuple, away_m: float) -> None:
    """Take a fix into a track; `away_m` is how far it is from the last one, -1 where not known."""
    dt_us = fix[0] - track.time_us
    if dt_us >= US_PER_MIN and track.count > 0:
        moved_m = away_m
        if away_m < 0.0:
            moved_m = distance_m(track.lat, track.lon, fix[1], fix[2])
        track.knots = moved_m / (dt_us / US_PER_S) / _MPS
    track.time_us, track.lat, track.lon, track.sog = fix[0], fix[1], fix[2], fix[3]
    track.count += 1


@njit(cache=True)
def _note_switch(switch: Record, number: Record, before: Record, first: Tuple, now: Tuple) -> None:
    """Fill one row of SWITCH. `first` is the new speaker's first fix, `now` what is known of it."""
    switch.mmsi = number.mmsi
    switch.alternations = number.alternations
    switch.shared = number.shared
    switch.from_hull = before.ordinal
    switch.from_fixes = number.run_fixes
    switch.from_us, switch.from_lat, switch.from_lon = before.time_us, before.lat, before.lon
    switch.to_us, switch.to_lat, switch.to_lon = first[0], first[1], first[2]
    switch.to_hull, switch.known_us, switch.previous_us = now


@njit(cache=True)
def _place(
    number: Record,
    tracks: Record,
    fix: Tuple,
    row: int,
    choice: Tuple,
    outcome: Tuple,
    min_fixes: int,
) -> Tuple:
    """Give one fix to the track chosen for it, or to a new one.

    Returns the hull track (or -1 while it waits), the first row that this hands to the hull, that
    row's fix, how many fixes were handed over, and the time of the hull's fix before them (0 for a
    new hull).
    """
    hull, reason, _, known = outcome
    k, may_continue, away_m = choice
    if k < 0:
        k = _open_track(number, tracks, fix, may_continue, reason)
    first_row, first = row, (fix[0], fix[1], fix[2])
    previous_us = tracks[k].time_us
    handed = 1
    if tracks[k].ordinal == 0:
        handed += tracks[k].count
        target = _settle(number, tracks, k, min_fixes)
        if target < 0:
            if tracks[k].count == 0:
                tracks[k].held0 = row
            else:
                tracks[k].held1 = row
            _advance(tracks[k], fix, away_m)
            return -1, first_row, first, 0, previous_us
        previous_us = 0 if target == k else tracks[target].time_us
        if target != k and tracks[k].first_us <= previous_us:
            # The hull has spoken since: what was held would go back in its time.
            _drop(tracks[k], reason)
            handed = 1
        else:
            first = (tracks[k].first_us, tracks[k].first_lat, tracks[k].first_lon)
            for waited in (tracks[k].held0, tracks[k].held1):
                if waited >= 0:
                    known[waited] = fix[0]
            held = _release(tracks[k], tracks[target].ordinal, hull, reason)
            first_row = held if held >= 0 else first_row
        k = target
    _advance(tracks[k], fix, away_m if k == choice[0] else -1.0)
    hull[row] = tracks[k].ordinal
    reason[row] = KEPT
    return k, first_row, first, handed, previous_us


@njit(cache=True)
def _refuse(fix: Tuple, tracks: Record, k: int, signatures: Array) -> int:
    """Return why a fix is no news of its ship, or WAITING."""
    if abs(fix[1]) < _NULL_ISLAND_DEG and abs(fix[2]) < _NULL_ISLAND_DEG:
        return NULL_ISLAND
    return RETRANSMISSION if _is_stale(fix, tracks, k, signatures) else WAITING


@njit(cache=True, nogil=True)
def split(columns: Tuple, held_count: int, state: Tuple, outcome: Tuple, limits: Tuple) -> Array:
    """Assign rows from `held_count` on to hulls; return the switches.

    Changes `state` and `outcome` in place. `columns` are the first seven of `Fixes`; `limits` are
    the kinematic ones, the fixes that make a hull, and the alternations that make a number shared.
    """
    mmsi, time_us, lat, lon, sog, cog, heading = columns
    _, reason, elsewhere, _ = outcome
    kinematics, min_fixes, shared_at = limits
    quiet_us = np.int64(kinematics[3] * US_PER_H)
    switches = np.empty(64, SWITCH)
    found = 0
    m = -1
    for i in range(held_count, len(mmsi)):
        if reason[i] != WAITING:
            continue
        while m < 0 or state[0][m].mmsi < mmsi[i]:
            m += 1
        number, tracks = state[0][m], state[1][m]
        fix = (time_us[i], lat[i], lon[i], float(sog[i]), float(cog[i]), float(heading[i]))
        choice = _choose(fix, tracks, number.current, kinematics)
        reason[i] = _refuse(fix, tracks, choice[0], state[2][m])
        if reason[i] != WAITING:
            continue
        k, first_row, first, handed, previous_us = _place(
            number, tracks, fix, i, choice, outcome, min_fixes
        )
        if k < 0 or number.current == k:
            number.run_fixes += handed
            continue
        if number.current >= 0:
            if fix[0] - number.switch_us > quiet_us:
                number.alternations = 0
            number.alternations += 1
            number.switch_us = fix[0]
            if number.alternations >= shared_at:
                number.shared = 1
            elsewhere[first_row] = number.shared == 0 and previous_us > 0
            if found == len(switches):
                switches = np.concatenate((switches, np.empty(found, SWITCH)))
            now = (tracks[k].ordinal, fix[0], previous_us)
            _note_switch(switches[found], number, tracks[number.current], first, now)
            found += 1
        number.current = k
        number.run_fixes = handed
    return switches[:found].copy()
