"""Great circles in plain numpy, apart from the code under test.

Degrees and metres; arrays broadcast. Longitudes come back in [-180, 180).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

RADIUS_M = 6_371_008.8
NM_M = 1852.0

Floats = NDArray[np.float64]


def wrap_lon(lon: ArrayLike) -> Floats:
    """Return longitudes in [-180, 180)."""
    return (np.asarray(lon, dtype=float) + 180.0) % 360.0 - 180.0


def unit(lat: ArrayLike, lon: ArrayLike) -> Floats:
    """Return unit vectors, last axis x, y, z."""
    phi, lam = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def from_unit(xyz: Floats) -> tuple[Floats, Floats]:
    """Return latitudes and longitudes of vectors of any length."""
    x, y, z = xyz[..., 0], xyz[..., 1], xyz[..., 2]
    return np.degrees(np.arctan2(z, np.hypot(x, y))), wrap_lon(np.degrees(np.arctan2(y, x)))


def distance(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Return great-circle distances, metres (chord form: exact for short ones)."""
    chord = np.linalg.norm(unit(lat1, lon1) - unit(lat2, lon2), axis=-1)
    return np.asarray(2.0 * RADIUS_M * np.arcsin(np.minimum(1.0, chord / 2.0)))


def bearing(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Return initial great-circle bearings, degrees in [0, 360)."""
    p1, p2 = np.radians(lat1), np.radians(lat2)
    dlam = np.radians(np.asarray(lon2, dtype=float) - np.asarray(lon1, dtype=float))
    y = np.sin(dlam) * np.cos(p2)
    x = np.cos(p1) * np.sin(p2) - np.sin(p1) * np.cos(p2) * np.cos(dlam)
    return np.asarray(np.degrees(np.arctan2(y, x)) % 360.0)


def destination(
    lat: ArrayLike, lon: ArrayLike, bearing_deg: ArrayLike, metres: ArrayLike
) -> tuple[Floats, Floats]:
    """Return where great circles from points, along bearings, end after some metres."""
    phi, lam = np.radians(lat), np.radians(lon)
    theta = np.radians(bearing_deg)
    arc = np.asarray(metres, dtype=float) / RADIUS_M
    sin_phi = np.sin(phi) * np.cos(arc) + np.cos(phi) * np.sin(arc) * np.cos(theta)
    end = np.arcsin(np.clip(sin_phi, -1.0, 1.0))
    dlam = np.arctan2(
        np.sin(theta) * np.sin(arc) * np.cos(phi), np.cos(arc) - np.sin(phi) * sin_phi
    )
    return np.asarray(np.degrees(end)), wrap_lon(np.degrees(lam + dlam))
