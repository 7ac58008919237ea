"""The numba half of detectors/zone_entry.py: one pass over fixes, with the stays of each hull."""

import math
from typing import Any

import numpy as np
from numba import njit

from vessels.fixes import Array
from vessels.geodesy import wrap_lon
from vessels.units import EARTH_RADIUS_M
from vessels.zones_grid import ZoneGrid, put_zones_at

STAY = np.dtype(
    [
        ("key", "i8"),  # hull
        ("zone", "i4"),  # number in the zone set
        ("deep", "u1"),  # was heard clear of the border once
        ("before_us", "i8"),  # last fix outside before it; 0 where there was none
        ("start_us", "i8"),
        ("start_lat", "f8"),
        ("start_lon", "f8"),
        ("last_us", "i8"),  # last fix inside
        ("last_lat", "f8"),
        ("last_lon", "f8"),
        ("fixes", "i4"),  # heard inside
        ("longest_us", "i8"),  # longest silence between two fixes of it
        ("out_us", "i8"),  # first fix outside since the last one inside; 0 while inside
        ("after_us", "i8"),  # first fix outside after it; 0 while it is on
    ]
)
HEARD = np.dtype([("key", "i8"), ("last_us", "i8")])
"""A hull's last fix."""
_AROUND = 8
_DEG_PER_M = math.degrees(1.0 / EARTH_RADIUS_M)

Record = Any


@njit(cache=True)
def _is_clear(
    grid: ZoneGrid, zone: int, inside: int, lat: float, lon: float, far_m: float, found: Array
) -> bool:
    """Tell whether eight points around, `far_m` away, are all on the same side of the border."""
    shrink = max(math.cos(math.radians(lat)), 1e-6)
    for k in range(_AROUND):
        angle = 2.0 * math.pi * k / _AROUND
        lat_k = lat + math.cos(angle) * far_m * _DEG_PER_M
        lon_k = lon + math.sin(angle) * far_m * _DEG_PER_M / shrink
        if abs(lat_k) > 90.0:
            return False
        count = put_zones_at(grid, lat_k, wrap_lon(lon_k), found)
        holds = 0
        for i in range(count):
            if found[i] == zone:
                holds = 1
        if holds != inside:
            return False
    return True


@njit(cache=True)
def _begin(
    stay: Record, key: int, zone: int, before_us: int, fix: tuple[int, float, float]
) -> None:
    stay.key, stay.zone = key, zone
    stay.deep = 0
    stay.before_us = before_us
    stay.start_us, stay.start_lat, stay.start_lon = fix
    stay.last_us = fix[0]
    stay.fixes = 0
    stay.longest_us = 0
    stay.out_us = stay.after_us = 0


@njit(cache=True)
def _stay_on(stay: Record, since_us: int, fix: tuple[int, float, float]) -> None:
    if stay.fixes > 0:
        stay.longest_us = max(stay.longest_us, fix[0] - since_us)
    stay.last_us, stay.last_lat, stay.last_lon = fix
    stay.fixes += 1
    stay.out_us = 0


@njit(cache=True)
def _be_inside(
    grid: ZoneGrid,
    zones: Array,
    asked: Array,
    hull: Record,
    fix: tuple[int, float, float],
    mine: tuple[int, int],
    far_m: float,
    near: Array,
    on: Record,
) -> int:
    """Take a fix into the stays on[first:kept] of its hull; return the new `kept`, -1 for no room.

    `zones` are those that hold the fix, `near` is room for as many.
    """
    first, kept = mine
    at = first
    for zone in zones:
        if not asked[zone]:
            continue
        while at < kept and on[at].zone < zone:
            at += 1
        if at == kept or on[at].zone != zone:
            if kept == len(on):
                return -1
            for place in range(kept, at, -1):
                on[place] = on[place - 1]
            kept += 1
            _begin(on[at], hull.key, zone, hull.last_us, fix)
        _stay_on(on[at], hull.last_us, fix)
        if on[at].deep == 0:
            on[at].deep = _is_clear(grid, zone, 1, fix[1], fix[2], far_m, near)
    return kept


@njit(cache=True)
def _be_outside(
    grid: ZoneGrid,
    fix: tuple[int, float, float],
    mine: tuple[int, int, int],
    limits: tuple[float, int],
    near: Array,
    on: Record,
    closed: Record,
) -> tuple[int, int]:
    """End those of a hull's stays on[first:kept] that a fix outside ends.

    Returns the new `kept` and how many closed so far, the latter -1 where there is no room.
    """
    first, kept, done = mine
    far_m, exit_us = limits
    write = first
    for at in range(first, kept):
        stay = on[at]
        if stay.last_us < fix[0]:
            if stay.out_us == 0:
                stay.out_us = fix[0]
            long_out = fix[0] - stay.out_us >= exit_us
            if long_out or _is_clear(grid, stay.zone, 0, fix[1], fix[2], far_m, near):
                if done == len(closed):
                    return kept, -1
                stay.after_us = stay.out_us
                closed[done] = stay
                done += 1
                continue
        if write != at:
            on[write] = on[at]
        write += 1
    return write, done


@njit(cache=True, nogil=True)
def follow(
    grid: ZoneGrid,
    asked: Array,
    hulls: Record,
    known: Record,
    rows: tuple[Array, ...],
    limits: tuple[float, int],
    on: Record,
    closed: Record,
) -> tuple[int, int]:
    """Fold fixes into stays; return how many are on after, and how many closed.

    Where `on` or `closed` has too little room, -1 twice: call again with more.

    Args:
        grid: the zones.
        asked: bool per zone, whether it is followed.
        hulls: HEARD for every hull in `rows` and `known`, in order of key; changed.
        known: STAY that were on before, in order of (key, zone).
        rows: key, time_us, lat, lon, sorted by (key, time).
        limits: distance from the border that is clear of it (m), and time outside that is an exit.
        on: STAY, room for those that are on after; filled in order of (key, zone).
        closed: STAY, room for those that close.
    """
    key, times, lats, lons = rows
    far_m = limits[0]
    found = np.empty(max(grid.most, 1), np.int32)
    near = np.empty(max(grid.most, 1), np.int32)
    kept = done = k = j = 0
    for h in range(len(hulls)):
        hull = hulls[h]
        first = kept  # this hull's stays are on[first:kept]
        while k < len(known) and known[k].key == hull.key:
            if kept == len(on):
                return -1, -1
            on[kept] = known[k]
            kept += 1
            k += 1
        while j < len(key) and key[j] == hull.key:
            fix = times[j], lats[j], lons[j]
            count = put_zones_at(grid, fix[1], fix[2], found)
            kept = _be_inside(grid, found[:count], asked, hull, fix, (first, kept), far_m, near, on)
            if kept < 0:
                return -1, -1
            kept, done = _be_outside(grid, fix, (first, kept, done), limits, near, on, closed)
            if done < 0:
                return -1, -1
            hull.last_us = fix[0]
            j += 1
    return kept, done
