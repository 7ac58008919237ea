"""Vessel-days: what each hull did on each UTC day, summed from its fixes in one pass.

Hours are observed hours only: the time between two fixes of one hull at most MAX_STEP_US apart,
both at sea, at the speed between them. Longer silences are nobody's hours. Times are summed as
integer microseconds, so that the order of the fixes changes nothing.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vessels.units import EARTH_RADIUS_M, US_PER_DAY, US_PER_H

Array = NDArray[np.void]

MAX_STEP_US = 2 * US_PER_H
"""As `detectors.encounter.max_interpolation_h`: beyond it what happened between is not observed."""
STILL_KNOTS, WORK_KNOTS = 1.0, 6.0
"""Below the first a vessel lies or drifts; up to the second it may be working its gear (ours)."""
_SUNSET_RAD = math.radians(-0.833)  # the upper limb on the horizon, refraction included

HOME, FOREIGN, HIGH_SEAS, UNSURE = 1, 2, 3, 0

DAY = np.dtype(
    [
        ("hull", "<i4"),
        ("day", "<i4"),
        ("fixes", "<i4"),
        ("class_b", "<i4"),
        ("box", "<i4"),
        ("heard", "<i4"),
        ("told", "<i4"),
        ("worked", "<i4"),
        ("way_day_us", "<i8"),
        ("way_night_us", "<i8"),
        ("slow_day_us", "<i8"),
        ("slow_night_us", "<i8"),
        ("still_day_us", "<i8"),
        ("still_night_us", "<i8"),
        ("foreign_us", "<i8"),
        ("high_seas_us", "<i8"),
        ("travelled_m", "<i8"),
        ("shore_m", "<f4"),
        ("port_m", "<f4"),
    ]
)
"""One vessel-day. `day` counts from 1970; `heard` has a bit for each UTC hour with a fix at sea,
`told` for each with a speed sent, `worked` for each with one between STILL_KNOTS and WORK_KNOTS:
where positions are lost bits can only go, whereas the way between fixes seems slower;
`box` is the 30 by 60 degrees of the first fix at sea, -1 where there was none; the distances are
the largest at sea, -1 where there was no fix at sea."""


def vessel_days(
    hull: NDArray[np.int32],
    time_us: NDArray[np.int64],
    lat_deg: NDArray[np.float64],
    lon_deg: NDArray[np.float64],
    *,
    at_sea: NDArray[np.bool_],
    class_b: NDArray[np.bool_],
    shore_m: NDArray[np.float32],
    port_m: NDArray[np.float32],
    zone: NDArray[np.int8],
    sog_knots: NDArray[np.float32],
) -> Array:
    """Return DAY rows by hull and day.

    Args:
        hull: number of the hull of each fix; fixes are sorted by hull, then time.
        time_us: microseconds since 1970.
        lat_deg: latitude.
        lon_deg: longitude.
        at_sea: whether the fix lies outside every confident port visit.
        class_b: whether it came from a Class B set.
        shore_m: distance to shore; NaN where not known.
        port_m: distance to the nearest known port, likewise.
        zone: HOME, FOREIGN, HIGH_SEAS or UNSURE.
        sog_knots: speed as sent; NaN where none was.
    """
    day = (time_us // US_PER_DAY).astype("i4")
    if len(hull) == 0:
        return np.empty(0, DAY)
    new = np.empty(len(hull), bool)
    new[0] = True
    new[1:] = (hull[1:] != hull[:-1]) | (day[1:] != day[:-1])
    row = np.cumsum(new) - 1
    out = np.zeros(int(row[-1]) + 1, DAY)
    out["hull"], out["day"] = hull[new], day[new]
    out["box"], out["shore_m"], out["port_m"] = -1, -1.0, -1.0
    _sum(
        out, row, hull, time_us, lat_deg, lon_deg, at_sea, class_b, shore_m, port_m, zone, sog_knots
    )
    return out


def box_words(box: int) -> str:
    """Return a box of DAY in words.

    >>> box_words(2 * 6 + 5)
    '30 S-0 N, 120 E-180 E'
    """
    if box < 0:
        return "unknown"
    south, west = box // 6 * 30 - 90, box % 6 * 60 - 180
    lat = [f"{abs(v)} {'S' if v < 0 else 'N'}" for v in (south, south + 30)]
    lon = [f"{abs(v)} {'W' if v < 0 else 'E'}" for v in (west, west + 60)]
    return f"{lat[0]}-{lat[1]}, {lon[0]}-{lon[1]}"


@njit(cache=True)
def is_night(time_us: int, lat_deg: float, lon_deg: float) -> bool:
    """Return whether the sun's upper limb is below the horizon.

    Declination and equation of time after Spencer 1971, good to about a minute of time.
    """
    days = time_us / 86_400e6
    year = (days + 0.5) % 365.2425  # day of a mean year: 1970-01-01 is its first
    angle = 2.0 * math.pi * year / 365.2425
    declination = (
        0.006918
        - 0.399912 * math.cos(angle)
        + 0.070257 * math.sin(angle)
        - 0.006758 * math.cos(2 * angle)
        + 0.000907 * math.sin(2 * angle)
    )
    minutes = 229.18 * (
        0.000075
        + 0.001868 * math.cos(angle)
        - 0.032077 * math.sin(angle)
        - 0.014615 * math.cos(2 * angle)
        - 0.040849 * math.sin(2 * angle)
    )
    solar_h = (days % 1.0) * 24.0 + lon_deg / 15.0 + minutes / 60.0
    hour_angle = math.radians(15.0 * (solar_h - 12.0))
    lat = math.radians(lat_deg)
    height = math.sin(lat) * math.sin(declination) + math.cos(lat) * math.cos(
        declination
    ) * math.cos(hour_angle)
    return math.asin(min(1.0, max(-1.0, height))) < _SUNSET_RAD


@njit(cache=True)
def _apart_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    a, b = math.radians(lat1), math.radians(lat2)
    half = math.radians(lon2 - lon1) / 2.0
    h = math.sin((b - a) / 2.0) ** 2 + math.cos(a) * math.cos(b) * math.sin(half) ** 2
    return 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


@njit(cache=True)
def _sum(  # noqa: C901, PLR0912 - one pass over the columns; parts of it would each be a pass
    out: Array,
    row: NDArray[np.int64],
    hull: NDArray[np.int32],
    time_us: NDArray[np.int64],
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    at_sea: NDArray[np.bool_],
    class_b: NDArray[np.bool_],
    shore_m: NDArray[np.float32],
    port_m: NDArray[np.float32],
    zone: NDArray[np.int8],
    sog_knots: NDArray[np.float32],
) -> None:
    for i in range(hull.size):
        day = out[row[i]]
        day.fixes += 1
        if class_b[i]:
            day.class_b += 1
        if not at_sea[i]:
            continue
        if day.box < 0:
            north = min(5, int((lat[i] + 90.0) // 30.0))
            east = int(((lon[i] + 180.0) % 360.0) // 60.0)
            day.box = north * 6 + east
        hour = 1 << (time_us[i] // US_PER_H % 24)
        day.heard |= hour
        if sog_knots[i] >= 0.0:
            day.told |= hour
            if STILL_KNOTS <= sog_knots[i] <= WORK_KNOTS:
                day.worked |= hour
        day.shore_m = max(day.shore_m, shore_m[i])
        day.port_m = max(day.port_m, port_m[i])
        j = i + 1
        if j >= hull.size or hull[j] != hull[i] or not at_sea[j]:
            continue
        step = time_us[j] - time_us[i]
        if step <= 0 or step > MAX_STEP_US:
            continue
        way = _apart_m(lat[i], lon[i], lat[j], lon[j])
        day.travelled_m += round(way)
        knots = way / (step * 1e-6) * 3600.0 / 1852.0
        night = is_night(time_us[i], lat[i], lon[i])
        if knots > WORK_KNOTS:
            if night:
                day.way_night_us += step
            else:
                day.way_day_us += step
        elif knots >= STILL_KNOTS:
            if night:
                day.slow_night_us += step
            else:
                day.slow_day_us += step
        elif night:
            day.still_night_us += step
        else:
            day.still_day_us += step
        if zone[i] == FOREIGN:
            day.foreign_us += step
        elif zone[i] == HIGH_SEAS:
            day.high_seas_us += step
