"""Great-circle geometry in numba, right across 180 degrees and at the poles.

Longitudes in, longitudes out are in [-180, 180). Formulas: haversine distance and spherical linear
interpolation of unit vectors, on the mean sphere (error against WGS84 below 0.56 %).
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vessels.units import EARTH_RADIUS_M

_DIAMETER_M = 2.0 * EARTH_RADIUS_M


@njit(cache=True)
def distance_m(lat1_deg: float, lon1_deg: float, lat2_deg: float, lon2_deg: float) -> float:
    """Return the great-circle distance between two points, metres."""
    phi1 = math.radians(lat1_deg)
    phi2 = math.radians(lat2_deg)
    half_dphi = 0.5 * (phi2 - phi1)
    half_dlam = 0.5 * math.radians(lon2_deg - lon1_deg)
    s = math.sin(half_dphi)
    t = math.sin(half_dlam)
    a = s * s + math.cos(phi1) * math.cos(phi2) * t * t
    return _DIAMETER_M * math.asin(min(1.0, math.sqrt(a)))


@njit(cache=True)
def wrap_lon(lon_deg: float) -> float:
    """Return the longitude in [-180, 180)."""
    wrapped = (lon_deg + 180.0) % 360.0 - 180.0
    return -180.0 if wrapped >= 180.0 else wrapped


@njit(cache=True)
def interpolate(
    lat1_deg: float, lon1_deg: float, lat2_deg: float, lon2_deg: float, fraction: float
) -> tuple[float, float]:
    """Return the point at `fraction` (0..1) of the great circle from point 1 to point 2.

    Antipodal points have no single great circle; the first point is returned for them.
    """
    phi1 = math.radians(lat1_deg)
    lam1 = math.radians(lon1_deg)
    phi2 = math.radians(lat2_deg)
    lam2 = math.radians(lon2_deg)
    x1 = math.cos(phi1) * math.cos(lam1)
    y1 = math.cos(phi1) * math.sin(lam1)
    z1 = math.sin(phi1)
    x = x1 + fraction * (math.cos(phi2) * math.cos(lam2) - x1)
    y = y1 + fraction * (math.cos(phi2) * math.sin(lam2) - y1)
    z = z1 + fraction * (math.sin(phi2) - z1)
    angle = 0.0
    if abs(lat2_deg - lat1_deg) + abs(lon2_deg - lon1_deg) > 1.0:  # else no more than 0.0175
        angle = distance_m(lat1_deg, lon1_deg, lat2_deg, lon2_deg) / EARTH_RADIUS_M
    if angle > 0.02:  # beyond about 127 km a chord's fraction is no longer the arc's
        s = math.sin(angle)
        if s < 1e-9:
            return lat1_deg, lon1_deg
        a = math.sin((1.0 - fraction) * angle) / s
        b = math.sin(fraction * angle) / s
        x = a * x1 + b * math.cos(phi2) * math.cos(lam2)
        y = a * y1 + b * math.cos(phi2) * math.sin(lam2)
        z = a * z1 + b * math.sin(phi2)
    lat = math.degrees(math.atan2(z, math.sqrt(x * x + y * y)))
    lon = math.degrees(math.atan2(y, x))
    return lat, wrap_lon(lon)


def distances_m(lat1_deg: Any, lon1_deg: Any, lat2_deg: Any, lon2_deg: Any) -> NDArray[np.float64]:
    """Return great-circle distances of broadcastable arrays of points, metres."""
    points = np.broadcast_arrays(lat1_deg, lon1_deg, lat2_deg, lon2_deg)
    flat = [np.array(column, dtype=np.float64).ravel() for column in points]
    return np.asarray(_distances(*flat)).reshape(points[0].shape)


@njit(cache=True)
def _distances(lat1: Any, lon1: Any, lat2: Any, lon2: Any) -> Any:
    out = np.empty(len(lat1))
    for i in range(len(lat1)):
        out[i] = distance_m(lat1[i], lon1[i], lat2[i], lon2[i])
    return out
