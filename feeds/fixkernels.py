"""Sentinels, ranges and rounding of positions, courses and measures, in one pass each."""

import numba
import numpy as np
import numpy.typing as npt

from feeds.textkernels import OK, Status

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@numba.njit(cache=True, nogil=True)
def tidy_positions(lat: Floats, lat_status: Status, lon: Floats, lon_status: Status) -> Flags:
    """Round positions to 1e-6 degrees in place; return which rows have one.

    A position needs both parts, latitude within [-90, 90], longitude within [-180, 180]. The
    sentinels 91 and 181 are out of range like any other. Longitude 180 becomes -180.
    """
    found = np.zeros(len(lat), np.bool_)
    for row in range(len(lat)):
        if lat_status[row] != OK or lon_status[row] != OK:
            continue
        if abs(lat[row]) > 90.0 or abs(lon[row]) > 180.0:
            continue
        lat[row] = np.rint(lat[row] * 1e6) / 1e6 + 0.0  # + 0.0: no negative zero
        east = np.rint(lon[row] * 1e6) / 1e6 + 0.0
        lon[row] = -180.0 if east == 180.0 else east
        found[row] = True
    return found


@numba.njit(cache=True, nogil=True)
def tidy_measures(values: Floats, status: Status, low: float, high: float, out: Singles) -> Flags:
    """Write values rounded to 0.1 into `out`; return which are within [low, high]."""
    found = np.zeros(len(values), np.bool_)
    for row in range(len(values)):
        if status[row] == OK:
            value = np.rint(values[row] * 10.0) / 10.0 + 0.0
            if low <= value <= high:
                out[row] = value
                found[row] = True
    return found


@numba.njit(cache=True, nogil=True)
def tidy_angles(values: Floats, status: Status, shift: float, out: Singles) -> Flags:
    """Write angles rounded to 0.1 degrees into `out`; return which are within [0, 360).

    `shift` is added to angles below 0, for sources that wrote a 12-bit overflow.
    """
    found = np.zeros(len(values), np.bool_)
    for row in range(len(values)):
        if status[row] == OK:
            value = values[row] + shift if values[row] < 0.0 else values[row]
            if 0.0 <= value < 360.0:
                value = np.rint(value * 10.0) / 10.0 + 0.0
                out[row] = 0.0 if value >= 360.0 else value
                found[row] = True
    return found
