"""The numba half of vessels/visits.py: what a hull does (motion), then where it calls (logs).

Two folds over rows sorted by (hull, time). The first tells for each fix whether the hull is at
rest, how far the nearest port is and whether the silence before it could have hidden a call. The
second follows visits and voyages. Ports are looked up only where an answer could differ from the
last one, so most fixes cost no search; what is told never depends on which were looked up.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from vessels._nearest import SegmentTree, _search, earth_centred
from vessels.fixes import Array
from vessels.geodesy import distance_m
from vessels.units import EARTH_RADIUS_M, MPS_PER_KNOT, US_PER_MIN

MOTION = np.dtype(
    [
        ("key", "i8"),
        ("seen_us", "i8"),  # last fix; 0 before the first
        ("seen_lat", "f8"),
        ("seen_lon", "f8"),
        ("mark_us", "i8"),  # the fix that the pace is measured from
        ("mark_lat", "f8"),
        ("mark_lon", "f8"),
        ("pace_knots", "f8"),  # from positions ten minutes or more apart; NaN before
        ("brisk", "u1"),  # that pace belies a told speed of zero
        ("resting", "u1"),
    ]
)
LOG = np.dtype(
    [
        ("key", "i8"),
        ("last_us", "i8"),
        ("last_lat", "f8"),
        ("last_lon", "f8"),
        # The visit that is on, if `inside`.
        ("inside", "u1"),
        ("entry", "u1"),
        ("stop", "u1"),
        ("gap", "u1"),
        ("near", "u1"),  # was within the entry distance of a port's point
        ("placed", "u1"),
        ("away", "u1"),  # that place is beyond the exit distance of every port's point
        ("resting", "u1"),
        ("start_us", "i8"),
        ("start_lat", "f8"),
        ("start_lon", "f8"),
        ("place_lat", "f8"),
        ("place_lon", "f8"),
        ("rest_us", "i8"),
        ("before_us", "i8"),  # last fix outside; 0 where there was none
        ("before_lower_us", "i8"),  # the voyage as the visit found it
        ("before_proven_us", "i8"),
        ("before_longest_us", "i8"),
        ("before_silences", "i4"),
        # The voyage that is on, or that the visit will end.
        ("silences", "i4"),  # those that could have hidden a call
        ("since_us", "i8"),
        ("since_lat", "f8"),
        ("since_lon", "f8"),
        ("inside_us", "i8"),  # last fix in the port left; 0 where the hull was never in one
        ("port_lat", "f8"),
        ("port_lon", "f8"),
        ("latest_us", "i8"),  # latest time at which it may have left a port
        ("proven_us", "i8"),  # longest stretch so far in which no call was possible
        ("longest_us", "i8"),
    ]
)
VISIT = np.dtype(
    [
        ("key", "i8"),
        ("start_us", "i8"),
        ("end_us", "i8"),  # 0 while in port
        ("last_inside_us", "i8"),
        ("before_us", "i8"),
        ("start_lat", "f8"),
        ("start_lon", "f8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("rest_us", "i8"),
        ("entry", "u1"),
        ("exit", "u1"),
        ("stop", "u1"),
        ("gap", "u1"),
        ("confidence", "u1"),
    ]
)
VOYAGE = np.dtype(
    [
        ("key", "i8"),
        ("start_us", "i8"),
        ("end_us", "i8"),  # 0 while at sea
        ("start_lat", "f8"),
        ("start_lon", "f8"),
        ("end_lat", "f8"),
        ("end_lon", "f8"),
        ("port_lat", "f8"),  # the port left; NaN where the hull was never in one
        ("port_lon", "f8"),
        ("lower_us", "i8"),
        ("upper_us", "i8"),  # -1 where not known: the start is not in the data
        ("proven_us", "i8"),
        ("longest_us", "i8"),
        ("silences", "i4"),
    ]
)
PACE_US = 10 * US_PER_MIN
BRISK_US = 30 * US_PER_MIN
BRISK_KNOTS = 3.0
"""A hull that made more than this in the last 10 to 30 minutes does not rest, whatever it says:
some transponders say 0 knots all the time."""
_DEGREE_M = 111_700.0
"""No degree of latitude or longitude is longer on WGS84."""
_ROUNDING_M = 5.0
_ROUNDING_KNOTS = 1e-3  # told speeds are 32-bit tenths of a knot
_DIAMETER_M = 2.0 * EARTH_RADIUS_M

Record = Any


@njit(cache=True)
def _port_m(
    tree: SegmentTree, work: tuple[Array, Array], hint: int, lat: float, lon: float
) -> tuple[int, float]:
    """Return the slot of the nearest port in the tree, for the next hint, and the distance."""
    x, y, z = earth_centred(lat, lon)
    slot, d2 = _search(tree[0], tree[1], tree[2], work[0], work[1], hint, x, y, z)
    return slot, _DIAMETER_M * math.asin(min(1.0, math.sqrt(d2) / _DIAMETER_M))


@njit(cache=True)
def _moved_at_most_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    turn = abs(lon2 - lon1)
    return (abs(lat2 - lat1) + min(turn, 360.0 - turn)) * _DEGREE_M + _ROUNDING_M


@njit(cache=True)
def _move(motion: Record, time_us: int, lat: float, lon: float, sog: float, stop: Array) -> None:
    """Fold one fix into a hull's motion. `stop`: speeds at which a stop begins and ends."""
    if motion.seen_us == 0:
        motion.mark_us, motion.mark_lat, motion.mark_lon = time_us, lat, lon
        motion.pace_knots = np.nan
    elif time_us - motion.mark_us >= PACE_US:
        seconds = (time_us - motion.mark_us) / 1e6
        moved = distance_m(motion.mark_lat, motion.mark_lon, lat, lon)
        motion.pace_knots = moved / seconds / MPS_PER_KNOT
        motion.brisk = time_us - motion.mark_us <= BRISK_US and motion.pace_knots > BRISK_KNOTS
        motion.mark_us, motion.mark_lat, motion.mark_lon = time_us, lat, lon
    speed = motion.pace_knots if math.isnan(sog) else sog
    if motion.brisk > 0 or speed >= stop[1] - _ROUNDING_KNOTS:
        motion.resting = 0
    elif speed <= stop[0] + _ROUNDING_KNOTS:
        motion.resting = 1


@njit(cache=True, nogil=True)
def sense(
    tree: SegmentTree,
    motions: Record,
    rows: tuple[Array, ...],
    stop: Array,
    borders_m: Array,
    reach: tuple[float, float],
    out: tuple[Array, Array, Array],
) -> None:
    """Fold fixes into motions; fill in what they tell.

    Args:
        tree: the ports.
        motions: MOTION for every hull in `rows`, in order of key; changed.
        rows: key, time_us, lat, lon, sog (knots).
        stop: speeds at which a stop begins and ends, knots.
        borders_m: entry, exit, and rest distance from a port, ascending.
        reach: speed in metres a microsecond, and the shortest call in microseconds.
        out: at rest (u1); distance to port (f8), on the right side of every border, else not exact;
            whether a call was possible in the silence before (u1).
    """
    key, times, lats, lons, sogs = rows
    resting, port_m, possible = out
    work = np.empty(64, np.int32), np.empty(64, np.float64)
    hint = -1
    h = -1
    base_m = base_lat = base_lon = least_m = 0.0
    for j in range(len(key)):
        if h < 0 or motions[h].key != key[j]:
            while h < 0 or motions[h].key < key[j]:
                h += 1
            base_m = -1.0
            least_m = 0.0
        motion = motions[h]
        time_us, lat, lon = times[j], lats[j], lons[j]
        before_m, least_m = least_m, 0.0
        if base_m >= 0.0:
            moved = _moved_at_most_m(base_lat, base_lon, lat, lon)
            least_m = max(base_m - moved, 0.0)
            for border in borders_m:
                if least_m <= border <= base_m + moved:
                    base_m = -1.0
                    break
        if base_m < 0.0:
            hint, base_m = _port_m(tree, work, hint, lat, lon)
            base_lat, base_lon, least_m = lat, lon, base_m
        port_m[j] = base_m
        possible[j] = 0
        reach_m = (time_us - motion.seen_us - reach[1]) * reach[0]
        if motion.seen_us > 0 and reach_m > 0.0:
            rest_m = borders_m[2]
            if max(before_m - rest_m, 0.0) + max(least_m - rest_m, 0.0) <= reach_m:
                hint, before_m = _port_m(tree, work, hint, motion.seen_lat, motion.seen_lon)
                hint, least_m = _port_m(tree, work, hint, lat, lon)
                base_m, base_lat, base_lon = least_m, lat, lon
                port_m[j] = base_m
            way_m = max(before_m - rest_m, 0.0) + max(least_m - rest_m, 0.0)
            possible[j] = way_m <= reach_m
        _move(motion, time_us, lat, lon, sogs[j], stop)
        resting[j] = motion.resting
        motion.seen_us, motion.seen_lat, motion.seen_lon = time_us, lat, lon


@njit(cache=True)
def confidence_of(entry: int, leaving: int, stop: int, gap: int) -> int:
    """Return how sure a visit is, 1 to 4 (pipe-anchorages, create_port_visits.py)."""
    rested = stop > 0 or gap > 0
    if entry > 0 and leaving > 0 and rested:
        return 4
    if not rested:
        return 1
    return 3 if entry > 0 or leaving > 0 else 2


@njit(cache=True)
def counts(log: Record, min_rest_us: int) -> bool:
    """Tell whether what is on is a visit: near a port's point, or long enough at rest."""
    return log.near > 0 or log.gap > 0 or log.rest_us >= min_rest_us


@njit(cache=True, nogil=True)
def follow(
    logs: Record,
    rows: tuple[Array, ...],
    sensed: tuple[Array, ...],
    limits: tuple[float, float, float, int, int, int],
    ways: tuple[SegmentTree, float, float],
    visits: Record,
    voyages: Record,
) -> tuple[int, int]:
    """Fold fixes into logs; return how many visits and voyages closed.

    Args:
        logs: LOG for every hull in `rows`, in order of key; changed.
        rows: key, time_us, lat, lon.
        sensed: at rest, distance to port, call possible (see `sense`), at rest in harbour.
        limits: entry, exit and break distance (m), port gap and shortest rest (microseconds), and
            the confidence from which a visit parts voyages.
        ways: the ports, the distance from one that is in port (m), metres a microsecond.
        visits: VISIT, long enough for all that close.
        voyages: VOYAGE, likewise.
    """
    key, times, lats, lons = rows
    resting, port_m, possible, berthed = sensed
    entry_m, exit_m, break_m, gap_us, min_rest_us, least = limits
    closed = parted = 0
    h = -1
    for j in range(len(key)):
        while h < 0 or logs[h].key < key[j]:
            h += 1
        log = logs[h]
        fix = times[j], lats[j], lons[j]
        if log.last_us == 0:
            _depart(log, *fix)
        here = port_m[j] <= entry_m or berthed[j] > 0
        if log.inside > 0:
            log.gap |= fix[0] - log.last_us >= gap_us
            stays = here or port_m[j] < exit_m or _at_place(log, fix, exit_m)
            if not stays or _is_broken(log, fix, gap_us, break_m):
                log.inside = 0
                end = (log.last_us, log.last_lat, log.last_lon) if stays else fix
                ended = _end(
                    log,
                    end,
                    0 if stays else 1,
                    (min_rest_us, least),
                    visits[closed:],
                    voyages[parted:],
                )
                closed += ended[0]
                parted += ended[1]
        if log.inside == 0 and here:
            _enter(log, fix, ways)
        if log.last_us > 0:
            _pass_silence(log, fix[0], possible[j], ways)
        if log.inside > 0:
            _stay(log, fix, (port_m[j], exit_m), (resting[j], berthed[j]))
            log.near |= port_m[j] <= entry_m
        log.last_us, log.last_lat, log.last_lon = fix
        log.resting = resting[j]
    return closed, parted


@njit(cache=True)
def _end(
    log: Record,
    end: tuple[int, float, float],
    leaving: int,
    limits: tuple[int, int],
    visits: Record,
    voyages: Record,
) -> tuple[int, int]:
    """End what was on in port; return how many visits and voyages that closes (0 or 1 each)."""
    if not counts(log, limits[0]):
        _pass_rest(log, end[0], limits[0])
        return 0, 0
    _close_visit(log, end[0], leaving, visits[0])
    if visits[0].confidence < limits[1]:
        return 1, 0
    return 1, _part(log, end, voyages)


@njit(cache=True)
def _at_place(log: Record, fix: tuple[int, float, float], exit_m: float) -> bool:
    if log.away == 0:
        return False
    return distance_m(log.place_lat, log.place_lon, fix[1], fix[2]) < exit_m


@njit(cache=True)
def _is_broken(log: Record, fix: tuple[int, float, float], gap_us: int, break_m: float) -> bool:
    """Tell whether the hull went from port to port unheard: two visits, not one."""
    if fix[0] - log.last_us < gap_us:
        return False
    return distance_m(log.last_lat, log.last_lon, fix[1], fix[2]) > break_m


@njit(cache=True)
def _part(log: Record, end: tuple[int, float, float], voyages: Record) -> int:
    """End the voyage before a visit and begin the one after; return 1 if there was one before."""
    known = 1 if log.before_us > 0 else 0
    if known:
        _close_voyage(log, voyages[0])
    log.inside_us = log.last_us
    log.port_lat = log.place_lat if log.placed > 0 else log.start_lat
    log.port_lon = log.place_lon if log.placed > 0 else log.start_lon
    _depart(log, *end)
    return known


@njit(cache=True)
def _depart(log: Record, time_us: int, lat: float, lon: float) -> None:
    log.since_us, log.since_lat, log.since_lon = time_us, lat, lon
    log.latest_us = time_us
    log.proven_us = 0
    log.longest_us = 0
    log.silences = 0


@njit(cache=True)
def _earliest_us(log: Record, time_us: int, ways: tuple[SegmentTree, float, float]) -> int:
    """Return when a hull can have been in port again at the earliest, up to a time."""
    work = np.empty(64, np.int32), np.empty(64, np.float64)
    _, port_m = _port_m(ways[0], work, -1, log.last_lat, log.last_lon)
    return min(time_us, log.last_us + int(max(port_m - ways[1], 0.0) / ways[2]))


@njit(cache=True)
def _enter(
    log: Record, fix: tuple[int, float, float], ways: tuple[SegmentTree, float, float]
) -> None:
    time_us, lat, lon = fix
    log.inside = 1
    log.entry = log.last_us > 0
    log.stop = log.gap = log.near = log.placed = log.away = 0
    log.rest_us = 0
    log.start_us, log.start_lat, log.start_lon = time_us, lat, lon
    log.before_us = log.last_us
    if log.last_us > 0:
        log.before_lower_us = max(_earliest_us(log, time_us, ways) - log.latest_us, 0)
        log.before_proven_us = max(log.proven_us, log.before_lower_us)
        log.before_longest_us = max(log.longest_us, time_us - log.last_us)
    log.before_silences = log.silences


@njit(cache=True)
def _pass_silence(
    log: Record, time_us: int, possible: int, ways: tuple[SegmentTree, float, float]
) -> None:
    """Take in the time since the last fix: bridged, or the lower bound begins anew."""
    if time_us > log.since_us:
        log.longest_us = max(log.longest_us, time_us - log.last_us)
    if possible > 0 and time_us > log.latest_us:
        log.proven_us = max(log.proven_us, _earliest_us(log, time_us, ways) - log.latest_us)
        log.latest_us = time_us
        log.silences += 1


@njit(cache=True)
def _pass_rest(log: Record, end_us: int, min_rest_us: int) -> None:
    """Take in a rest too short to be a visit; with the silences around it, it could be one."""
    if log.stop > 0 and log.before_us > 0 and end_us - log.before_us >= min_rest_us:
        log.proven_us = max(log.proven_us, log.before_proven_us)
        log.latest_us = end_us
        log.silences += 1


@njit(cache=True)
def _stay(
    log: Record,
    fix: tuple[int, float, float],
    port: tuple[float, float],
    rest: tuple[int, int],
) -> None:
    """Take in a fix in port: `port` is the distance to one and that of the exit."""
    time_us, lat, lon = fix
    port_m, exit_m = port
    resting, berthed = rest
    if resting == 0 or (port_m >= exit_m and berthed == 0):
        return
    if log.resting > 0 and log.stop > 0:
        log.rest_us += time_us - log.last_us
    log.stop = 1
    if log.placed == 0 or (
        port_m >= exit_m and distance_m(log.place_lat, log.place_lon, lat, lon) >= exit_m
    ):
        log.placed = 1
        log.away = port_m >= exit_m
        log.place_lat, log.place_lon = lat, lon


@njit(cache=True)
def _close_visit(log: Record, end_us: int, leaving: int, out: Record) -> None:
    out.key = log.key
    out.start_us, out.end_us = log.start_us, end_us
    out.last_inside_us, out.before_us = log.last_us, log.before_us
    out.start_lat, out.start_lon = log.start_lat, log.start_lon
    out.lat = log.place_lat if log.placed > 0 else log.start_lat
    out.lon = log.place_lon if log.placed > 0 else log.start_lon
    out.rest_us = log.rest_us
    out.entry, out.exit, out.stop, out.gap = log.entry, leaving, log.stop, log.gap
    out.confidence = confidence_of(log.entry, leaving, log.stop, log.gap)


@njit(cache=True)
def _close_voyage(log: Record, out: Record) -> None:
    """Write the voyage that the visit of a log ended."""
    out.key = log.key
    out.start_us, out.end_us = log.since_us, log.start_us
    out.start_lat, out.start_lon = log.since_lat, log.since_lon
    out.end_lat, out.end_lon = log.start_lat, log.start_lon
    out.port_lat, out.port_lon = log.port_lat, log.port_lon
    out.lower_us = log.before_lower_us
    out.upper_us = log.start_us - log.inside_us if log.inside_us > 0 else -1
    out.proven_us = log.before_proven_us
    out.longest_us = log.before_longest_us
    out.silences = log.before_silences


@njit(cache=True, nogil=True)
def close_voyages(logs: Record, out: Record) -> None:
    """Write the voyages that the visits of some logs ended, one a log."""
    for i in range(len(logs)):
        _close_voyage(logs[i], out[i])
