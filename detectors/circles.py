"""Positions that go round a circle while the ship says that it does otherwise.

Simulated and interfered positions have gone round circles of a few hundred metres to some miles, at
quays, on land and on open sea ("Circling above Point Reyes", Global Fishing Watch data blog, 2021;
Shanghai and Dalian oil terminals, 2019). A hull that really turns tells a speed to match; one whose
position is made up mostly does not. So a circle counts where two full turns the same way lie on one
circle (Kasa 1976, IEEE Trans. Instrum. Meas. 25: 8, least squares) within a tenth of its radius,
and the mean speed told is off the speed round the circle by three tenths or more. Ships at anchor
swing slower than the least speed. A hull that tells no speed is not judged.

One fix a minute of each hull is looked at; half an hour of silence begins anew.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from vessels.fixes import Array
from vessels.geodesy import wrap_lon
from vessels.units import EARTH_RADIUS_M, MPS_PER_KNOT, US_PER_H, US_PER_MIN

_GAP_US = 30 * US_PER_MIN
_MIN_STEP_M = 30.0
_MAX_STEP_TURN = math.radians(150.0)
_MIN_STEPS = 8
QUIET_US = 6 * US_PER_H
"""Circles of one hull less than this apart are one event."""

Record = Any


@dataclass(frozen=True, slots=True)
class CircleLimits:
    """See the module's docstring."""

    turns: float
    deviation: float
    speed_mismatch: float
    min_speed_knots: float


CIRCLER = np.dtype(
    [
        ("key", "i8"),
        ("seen_us", "i8"),  # last fix looked at
        ("on", "u1"),  # 0 nothing, 1 a first point, 2 a step
        ("first_us", "i8"),
        ("lat", "f8"),  # last point that was a step away
        ("lon", "f8"),
        ("origin_lat", "f8"),
        ("origin_lon", "f8"),
        ("dx", "f8"),
        ("dy", "f8"),
        ("turned", "f8"),  # radians, to the right positive
        ("bends", "i8"),  # turns that make it up
        ("n", "i8"),
        ("sog_sum", "f8"),
        ("sog_n", "i8"),
        ("sx", "f8"),
        ("sy", "f8"),
        ("sxx", "f8"),
        ("syy", "f8"),
        ("sxy", "f8"),
        ("sz", "f8"),
        ("sxz", "f8"),
        ("syz", "f8"),
        ("szz", "f8"),
    ]
)
"""How a hull has turned so far: the sums of a circle fit, metres from its first point."""
CIRCLE = np.dtype(
    [
        ("key", "i8"),
        ("start_us", "i8"),
        ("end_us", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("radius_m", "f8"),
        ("turns", "f8"),
        ("knots", "f8"),
        ("told_knots", "f8"),
        ("fixes", "i8"),
    ]
)
"""A circle gone round; as an event, the first of several with the sums of all."""


def new_circlers(keys: Array) -> Array:
    """Return rows for hulls of which nothing is known."""
    out = np.zeros(len(keys), CIRCLER)
    out["key"] = keys
    return out


def follow_circles(
    circlers: Array, columns: tuple[Array, ...], limits: CircleLimits
) -> tuple[Array, Array]:
    """Fold fixes into the circlers; return the new ones and the circles found (CIRCLE).

    Args:
        circlers: a row for every hull in the columns, in order of key; not changed.
        columns: key, time_us, lat, lon, sog and whether the row is new; by (key, time).
        limits: when a track is a circle.
    """
    work = circlers.copy()
    out = np.empty(16, CIRCLE)
    numbers = (limits.turns, limits.deviation, limits.speed_mismatch, limits.min_speed_knots)
    return work, _follow(work, columns, numbers, out)


@njit(cache=True, nogil=True)
def _follow(work: Record, columns: tuple[Array, ...], limits: Any, out: Record) -> Record:
    key, time_us, lat, lon, sog, fresh = columns
    found = 0
    h = -1
    for j in range(len(key)):
        if not fresh[j]:
            continue
        while h < 0 or work[h].key < key[j]:
            h += 1
        row = work[h]
        t = time_us[j]
        if row.on > 0 and t // US_PER_MIN == row.seen_us // US_PER_MIN:
            continue
        if row.on == 0 or t - row.seen_us > _GAP_US:
            _begin(row, t, lat[j], lon[j])
        else:
            _turn(row, lat[j], lon[j], sog[j])
        row.seen_us = t
        if abs(row.turned) >= limits[0] * 2.0 * math.pi:
            if found == len(out):
                out = np.concatenate((out, np.empty(found, CIRCLE)))
            if _fit(row, limits, out[found]):
                found += 1
            _begin(row, t, row.lat, row.lon)
            row.on = 2  # the course goes on
    return out[:found].copy()


@njit(cache=True)
def _begin(row: Record, time_us: int, lat: float, lon: float) -> None:
    """Begin anew at a position."""
    row.on = 1
    row.first_us = time_us
    row.lat, row.lon = lat, lon
    row.origin_lat, row.origin_lon = lat, lon
    row.turned, row.bends, row.n, row.sog_sum, row.sog_n = 0.0, 0, 0, 0.0, 0
    row.sx, row.sy, row.sxx, row.syy, row.sxy = 0.0, 0.0, 0.0, 0.0, 0.0
    row.sz, row.sxz, row.syz, row.szz = 0.0, 0.0, 0.0, 0.0


@njit(cache=True)
def _plane(lat0: float, lon0: float, lat: float, lon: float) -> tuple[float, float]:
    """Return metres east and north of a point, on the plane that touches there."""
    scale = math.cos(math.radians(0.5 * (lat0 + lat)))
    east = wrap_lon(lon - lon0)
    return (
        math.radians(east) * scale * EARTH_RADIUS_M,
        math.radians(lat - lat0) * EARTH_RADIUS_M,
    )


@njit(cache=True)
def _turn(row: Record, lat: float, lon: float, sog: float) -> None:
    """Take in a fix: the turn from the step before to the step to it."""
    dx, dy = _plane(row.lat, row.lon, lat, lon)
    if math.hypot(dx, dy) < _MIN_STEP_M:
        return
    if row.on == 2:
        turn = math.atan2(row.dy * dx - row.dx * dy, row.dx * dx + row.dy * dy)
        if abs(turn) > _MAX_STEP_TURN or turn * row.turned < 0.0:
            _begin(row, row.seen_us, row.lat, row.lon)
        else:
            row.turned += turn
            row.bends += 1
    row.on = 2
    row.lat, row.lon, row.dx, row.dy = lat, lon, dx, dy
    x, y = _plane(row.origin_lat, row.origin_lon, lat, lon)
    z = x * x + y * y
    row.n += 1
    row.sx += x
    row.sy += y
    row.sxx += x * x
    row.syy += y * y
    row.sxy += x * y
    row.sz += z
    row.sxz += x * z
    row.syz += y * z
    row.szz += z * z
    if not math.isnan(sog):
        row.sog_sum += sog
        row.sog_n += 1


@njit(cache=True)
def _fit(row: Record, limits: Any, out: Record) -> bool:
    """Fill a circle, and tell whether the track is one that the speed told denies."""
    n = float(row.n)
    if row.n < _MIN_STEPS or 2 * row.sog_n < row.n:
        return False
    mx, my, mz = row.sx / n, row.sy / n, row.sz / n
    xx, yy, xy = row.sxx / n - mx * mx, row.syy / n - my * my, row.sxy / n - mx * my
    xz, yz = row.sxz / n - mx * mz, row.syz / n - my * mz
    det = xx * yy - xy * xy
    if det <= 0.0:
        return False
    a = (xz * yy - yz * xy) / det  # twice the centre
    b = (yz * xx - xz * xy) / det
    c = mz - a * mx - b * my
    square = c + 0.25 * (a * a + b * b)
    if square <= 0.0:
        return False
    radius = math.sqrt(square)
    # The mean square of |p - centre|^2 - R^2, which is about 2 R times the radial error.
    zz = row.szz / n - mz * mz
    miss = max(zz - a * xz - b * yz, 0.0)
    if math.sqrt(miss) > limits[1] * 2.0 * radius * radius:
        return False
    seconds = (row.seen_us - row.first_us) / 1e6
    # The first step of all has nothing to turn from.
    knots = abs(row.turned) * n / row.bends * radius / seconds / MPS_PER_KNOT
    told = row.sog_sum / row.sog_n
    if knots < limits[3] or abs(told - knots) < limits[2] * knots:
        return False
    out.key, out.start_us, out.end_us = row.key, row.first_us, row.seen_us
    out.lat = row.origin_lat + math.degrees(0.5 * b / EARTH_RADIUS_M)
    scale = math.cos(math.radians(0.5 * (row.origin_lat + out.lat)))
    out.lon = wrap_lon(row.origin_lon + math.degrees(0.5 * a / EARTH_RADIUS_M / scale))
    out.radius_m, out.turns = radius, abs(row.turned) / (2.0 * math.pi)
    out.knots, out.told_knots, out.fixes = knots, told, row.n
    return True


def join_circles(runs: Array, circles: Array) -> tuple[Array, Array]:
    """Join circles of one hull less than six hours apart.

    Returns the last run of each hull, and those that a later circle ended. Nothing is ended by the
    clock: a circle may become known late, when a fix that was held turns out to be the hull's.
    """
    latest = {int(run["key"]): run.copy() for run in runs}
    over = []
    for circle in circles[np.lexsort((circles["start_us"], circles["key"]))]:
        key = int(circle["key"])
        run = latest.get(key)
        if run is not None and circle["start_us"] - run["end_us"] > QUIET_US:
            over.append(run)
            run = None
        if run is None:
            latest[key] = circle.copy()
            continue
        run["end_us"] = circle["end_us"]
        run["turns"] += circle["turns"]
        run["fixes"] += circle["fixes"]
    return _rows([latest[key] for key in sorted(latest)]), _rows(over)


def _rows(rows: list[Array]) -> Array:
    return np.array([tuple(row) for row in rows], CIRCLE)
