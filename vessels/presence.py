"""Where a silent ship probably was: a two-sided integrated Ornstein-Uhlenbeck smoother.

A ship's velocity is taken as a mean-reverting random walk with standard deviation s on each axis
and reversion rate g, whose integral is its position (Millefiori et al. 2016, IEEE Transactions on
Aerospace and Electronic Systems 52(5), use it for ships). From a fix with known velocity v, after
time t (reference: house notes on imagery, section 5):

    mean = x + v (1 - e^-gt) / g,    variance = s^2 [2t/g - (3 - 4 e^-gt + e^-2gt) / g^2],

and with unknown velocity mean = x, variance = s^2 [2t/g - 2 (1 - e^-gt) / g^2]. The fix before and
the fix after (time running back) each give such a Gaussian; they are fused by precision.

`MOTIONS` holds s and g by kind of ship. They were measured on real tracks by displacement over lags
of 0.5 to 96 h, ships that moved 20 km or more only (benchmarks/rendezvous.py, `--motions`).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from vessels.fixes import Array
from vessels.geodesy import distance_m, interpolate, wrap_lon
from vessels.units import EARTH_RADIUS_M, MPS_PER_KNOT, US_PER_H, US_PER_S

POSITION_SIGMA_M = 30.0
"""Standard deviation of a fix itself, per axis: GNSS, antenna offset, receive times."""
_STILL_KNOTS = 0.5  # so slow, a missing course does not matter


class Motion(NamedTuple):
    """How a kind of ship moves about."""

    speed_knots: float
    """s: standard deviation of its velocity on each axis."""
    memory_h: float
    """1/g: how long it keeps a velocity."""


MOTIONS = {
    "fishing": Motion(2.8, 51.0),  # 21 hulls
    "cargo": Motion(7.1, 75.0),  # 9 hulls; tankers and carriers too
    "unknown": Motion(4.6, 54.0),  # all 35 hulls
}
"""Kind -> motion, as measured on satellite tracks of January 2021 (nine days)."""


def presence(
    lat1: ArrayLike,
    lon1: ArrayLike,
    sog1_knots: ArrayLike,
    cog1_deg: ArrayLike,
    t1_us: ArrayLike,
    lat2: ArrayLike | None,
    lon2: ArrayLike | None,
    sog2_knots: ArrayLike | None,
    cog2_deg: ArrayLike | None,
    t2_us: ArrayLike | None,
    at_us: ArrayLike,
    *,
    kind: str = "unknown",
) -> tuple[Array, Array, Array]:
    """Return the Gaussian of a ship's position at a time between two fixes, or after one.

    Args:
        lat1: fix before, degrees; all arguments broadcast.
        lon1: the same.
        sog1_knots: its speed; NaN where not known.
        cog1_deg: its course; NaN where not known.
        t1_us: its time.
        lat2: fix after; None or NaN where there is none.
        lon2: the same.
        sog2_knots: its speed.
        cog2_deg: its course.
        t2_us: its time.
        at_us: the time asked about, between the two.
        kind: key of `MOTIONS`; another word is `unknown`.

    Returns:
        Latitude, longitude in [-180, 180), and covariance in square metres in local east and
        north, shape (..., 2, 2). NaN where `at_us` is not between the fixes.
    """
    motion = MOTIONS.get(kind, MOTIONS["unknown"])
    nothing = np.nan
    given = [
        *(lat1, lon1, sog1_knots, cog1_deg, t1_us),
        *(nothing if value is None else value for value in (lat2, lon2, sog2_knots, cog2_deg)),
        *(0 if t2_us is None else t2_us, at_us),
    ]
    columns = np.broadcast_arrays(*(np.asarray(value) for value in given))
    shape = columns[0].shape
    flat = [np.array(column).ravel() for column in columns]
    times = [flat[i].astype("i8") for i in (4, 9, 10)]
    fixes = [flat[i].astype("f8") for i in (0, 1, 2, 3, 5, 6, 7, 8)]
    limits = motion.speed_knots * MPS_PER_KNOT, 1.0 / (motion.memory_h * US_PER_H / US_PER_S)
    lat, lon, variance = _presences(tuple(fixes), tuple(times), *limits)
    covariance = np.zeros((*shape, 2, 2))
    covariance[..., 0, 0] = covariance[..., 1, 1] = variance.reshape(shape)
    return lat.reshape(shape), lon.reshape(shape), covariance


@njit(cache=True)
def _presences(
    fixes: tuple[Array, ...], times: tuple[Array, ...], s_mps: float, g_per_s: float
) -> tuple[Array, Array, Array]:
    lat1, lon1, sog1, cog1, lat2, lon2, sog2, cog2 = fixes
    t1, t2, at = times
    lat, lon, variance = np.empty(len(at)), np.empty(len(at)), np.empty(len(at))
    for i in range(len(at)):
        before = (lat1[i], lon1[i], sog1[i], cog1[i])
        after = (lat2[i], lon2[i], sog2[i], cog2[i])
        seconds = (at[i] - t1[i]) / 1e6, (t2[i] - at[i]) / 1e6
        lat[i], lon[i], variance[i] = presence_of(before, after, seconds, s_mps, g_per_s)
    return lat, lon, variance


@njit(cache=True)
def presence_of(
    before: tuple[float, float, float, float],
    after: tuple[float, float, float, float],
    seconds: tuple[float, float],
    s_mps: float,
    g_per_s: float,
) -> tuple[float, float, float]:
    """Return latitude, longitude and variance per axis (m^2) of one ship.

    Args:
        before: lat, lon, speed in knots and course of the fix before.
        after: the same of the fix after; a latitude of NaN says that there is none.
        seconds: since the fix before, and to the fix after.
        s_mps: standard deviation of velocity per axis.
        g_per_s: its reversion rate.
    """
    alone = math.isnan(after[0])
    if seconds[0] < 0.0 or (seconds[1] < 0.0 and not alone):
        return math.nan, math.nan, math.nan
    lat, lon, variance = _drift(before, seconds[0], 1.0, s_mps, g_per_s)
    if alone:
        return lat, lon, variance
    lat2, lon2, variance2 = _drift(after, seconds[1], -1.0, s_mps, g_per_s)
    # Both are round, so the fused mean lies on the great circle between the two.
    lat, lon = interpolate(lat, lon, lat2, lon2, variance / (variance + variance2))
    return lat, lon, variance * variance2 / (variance + variance2)


@njit(cache=True)
def _drift(
    fix: tuple[float, float, float, float],
    seconds: float,
    sense: float,
    s_mps: float,
    g_per_s: float,
) -> tuple[float, float, float]:
    """Return mean and variance of a ship `seconds` after (sense 1) or before (-1) a fix."""
    lat, lon, sog_knots, cog_deg = fix
    gt = g_per_s * seconds
    gone = -math.expm1(-gt)  # 1 - e^-gt
    still = sog_knots < _STILL_KNOTS
    known = not math.isnan(sog_knots) and (still or not math.isnan(cog_deg))
    # Differences of nearly equal numbers for a short time: their leading terms instead.
    if known:
        inner = 2.0 * gt - gone * (2.0 + gone) if gt > 1e-3 else 2.0 / 3.0 * gt**3
    else:
        inner = 2.0 * gt - 2.0 * gone if gt > 1e-3 else gt**2
    variance = POSITION_SIGMA_M**2 + (s_mps / g_per_s) ** 2 * inner
    if not known or still:
        return lat, lon, variance
    away_m = sense * sog_knots * MPS_PER_KNOT * gone / g_per_s
    lat, lon = _ahead(lat, lon, cog_deg, away_m)
    return lat, lon, variance


@njit(cache=True)
def _ahead(lat: float, lon: float, course_deg: float, away_m: float) -> tuple[float, float]:
    """Return the point that far along the great circle with this course; behind if negative."""
    phi, theta, delta = math.radians(lat), math.radians(course_deg), away_m / EARTH_RADIUS_M
    sine = math.sin(phi) * math.cos(delta) + math.cos(phi) * math.sin(delta) * math.cos(theta)
    sine = min(1.0, max(-1.0, sine))
    east = math.sin(theta) * math.sin(delta) * math.cos(phi)
    turned = math.degrees(math.atan2(east, math.cos(delta) - math.sin(phi) * sine))
    return math.degrees(math.asin(sine)), wrap_lon(lon + turned)


@njit(cache=True)
def density_per_m2(lat: float, lon: float, mean: tuple[float, float], variance_m2: float) -> float:
    """Return the density of a round Gaussian on the sphere at a place, per square metre."""
    away_m = distance_m(lat, lon, mean[0], mean[1])
    return math.exp(-0.5 * away_m * away_m / variance_m2) / (2.0 * math.pi * variance_m2)
