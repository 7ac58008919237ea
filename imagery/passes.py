# mypy: disable-error-code="import-untyped"
"""When Sentinel-1 and -2 pass over a place next, from two-line elements that the user supplies.

SGP4 (the sgp4 package, tested by its authors against the vectors of Vallado et al. 2006) gives the
satellite in TEME; a turn by Greenwich sidereal time puts it on the Earth (polar motion and the
equation of the equinoxes, some ten metres, are left out). A place is in view while it lies at right
angles to the track within the swath: to the right for Sentinel-1 IW (ESA: 250 km wide, incidence
29.1 to 46.0 degrees), to both sides for Sentinel-2 (290 km, by day). Whether the instrument was on
is the agency's plan, which this does not know.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sgp4.api import Satrec, jday

from imagery.scenes import Outline, unrolled
from vessels.errors import InputError

Floats = NDArray[np.float64]

_A_KM = 6378.137
_E2 = 0.006_694_379_990_141_316
_STEP_S = 10.0
_MOST_LINES = 10_000
_OLD_DAYS = 14.0
_SUN_DEG = 5.0
_INCIDENCE = (29.1, 46.0)
_HALF_SWATH_KM = 145.0
_MOST_POINTS = 64


@dataclass(frozen=True, slots=True, eq=False)
class Satellite:
    """One satellite and its elements."""

    name: str
    elements: Satrec
    sensor: str
    """s1 or s2."""

    @property
    def epoch(self) -> datetime:
        """Of the elements."""
        days = self.elements.jdsatepoch - 2_440_587.5 + self.elements.jdsatepochF
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Pass:
    """One chance of a picture."""

    satellite: str
    sensor: str
    time: datetime
    """When the middle of what it can see of the area is at right angles to the track."""
    share: float
    """Part of the area, by points, within the swath."""
    ascending: bool
    elements_age_days: float

    @property
    def doubtful(self) -> bool:
        """The elements are older than two weeks: the time is some seconds to minutes off."""
        return self.elements_age_days > _OLD_DAYS


def read_tle(path: Path) -> list[Satellite]:
    """Return the Sentinel-1 and -2 satellites of a file of two-line elements with names.

    Raises:
        InputError: it cannot be read, a line fails its checksum, or none of them is in it.
    """
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read as two-line elements", path=str(path)) from error
    if len(lines) > _MOST_LINES:
        raise InputError(f"has more than {_MOST_LINES} lines", path=str(path))
    out = []
    for number in range(1, len(lines) - 1):
        first, second = lines[number].rstrip(), lines[number + 1].rstrip()
        if not (first.startswith("1 ") and second.startswith("2 ")):
            continue
        name = lines[number - 1].removeprefix("0 ").strip().upper()
        sensor = {"SENTINEL-1": "s1", "SENTINEL-2": "s2"}.get(name[:10])
        if sensor is None:
            continue
        for offset, line in enumerate((first, second)):
            if len(line) < 69 or _checksum(line[:68]) != line[68]:
                raise InputError("fails its checksum", path=str(path), line=number + 1 + offset)
        out.append(Satellite(name[:12], Satrec.twoline2rv(first, second), sensor))
    if not out:
        raise InputError("names neither Sentinel-1 nor Sentinel-2", path=str(path))
    return out


def _checksum(line: str) -> str:
    return str(sum(int(c) if c.isdigit() else c == "-" for c in line) % 10)


def positions_km(elements: Satrec, times: Iterable[datetime]) -> Floats:
    """Return Earth-fixed positions, kilometres, shape (n, 3); NaN where SGP4 gives up."""
    when = [time.astimezone(UTC) for time in times]
    days = [
        jday(t.year, t.month, t.day, t.hour, t.minute, t.second + t.microsecond / 1e6) for t in when
    ]
    whole, part = (np.array(column) for column in zip(*days, strict=True))
    error, place, _ = elements.sgp4_array(whole, part)
    place[error != 0] = np.nan
    turn = sidereal(whole, part)
    x = np.cos(turn) * place[:, 0] + np.sin(turn) * place[:, 1]
    y = -np.sin(turn) * place[:, 0] + np.cos(turn) * place[:, 1]
    return np.column_stack([x, y, place[:, 2]])


def sidereal(whole: Floats, part: Floats) -> Floats:
    """Return Greenwich mean sidereal time in radians (IAU 1982; Vallado 2013, equation 3-47)."""
    t = (whole - 2_451_545.0 + part) / 36_525.0
    seconds = 67_310.54841 + (876_600.0 * 3600.0 + 8_640_184.812866) * t
    seconds += 0.093104 * t**2 - 6.2e-6 * t**3
    return np.asarray(np.radians(seconds / 240.0) % (2.0 * np.pi))


def next_passes(
    satellites: Iterable[Satellite], area: Outline, begin: datetime, days: float
) -> list[Pass]:
    """Return when each satellite can see part of an area, earliest first."""
    points = _points(area)
    found = [one for sat in satellites for one in _passes(sat, points, begin, days)]
    return sorted(found, key=lambda one: (one.time, one.satellite))


def _points(area: Outline) -> Floats:
    """Return the outline's points and its middle on the Earth, kilometres."""
    ring = np.array(unrolled(area))[:-1]
    ring = ring[:: max(len(ring) // _MOST_POINTS, 1)]
    spread = np.vstack([ring, ring.mean(axis=0), (ring + ring.mean(axis=0)) / 2.0])
    lon, lat = np.radians(spread).T
    down = _A_KM / np.sqrt(1.0 - _E2 * np.sin(lat) ** 2)
    flat = down * np.cos(lat)
    return np.column_stack(
        [flat * np.cos(lon), flat * np.sin(lon), down * (1.0 - _E2) * np.sin(lat)]
    )


def _passes(sat: Satellite, points: Floats, begin: datetime, days: float) -> list[Pass]:
    count = int(days * 86_400.0 / _STEP_S) + 2
    times = [begin + timedelta(seconds=_STEP_S * i) for i in range(count)]
    place = positions_km(sat.elements, times)
    speed = np.gradient(place, _STEP_S, axis=0)
    crossings: list[tuple[datetime, bool]] = []
    for point in points:
        away = point - place
        along = np.einsum("ij,ij->i", away, speed)
        over = np.flatnonzero((along[:-1] > 0.0) & (along[1:] <= 0.0))
        # A quick sieve before geometry: within reach of any swath.
        over = over[np.linalg.norm(away[over], axis=1) < 1500.0]
        for row in over:
            share = float(along[row] / (along[row] - along[row + 1]))
            at, motion = (v[row] + share * (v[row + 1] - v[row]) for v in (place, speed))
            if _sees(sat.sensor, at, motion, point):
                time = times[row] + timedelta(seconds=share * _STEP_S)
                if sat.sensor == "s1" or _by_day(point, time):
                    crossings.append((time, bool(motion[2] > 0.0)))
    return _joined(sat, sorted(crossings), len(points))


def _sees(sensor: str, at: Floats, motion: Floats, point: Floats) -> bool:
    """Return whether a point abeam of the satellite lies in the swath."""
    away = point - at
    up = point / np.array([1.0, 1.0, 1.0 - _E2])
    up = up / np.linalg.norm(up)
    cosine = float(-away @ up / np.linalg.norm(away))
    incidence = float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
    if sensor == "s1":
        right = np.cross(motion, at)
        return bool(away @ right > 0.0) and _INCIDENCE[0] <= incidence <= _INCIDENCE[1]
    angle = np.arccos(np.clip(at @ point / (np.linalg.norm(at) * np.linalg.norm(point)), -1.0, 1.0))
    return float(angle) * 6371.0 <= _HALF_SWATH_KM


def _by_day(point: Floats, time: datetime) -> bool:
    """Return whether the sun stands high enough for a picture, to a degree."""
    day = (time - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86_400.0
    mean = np.radians(357.529 + 0.98560028 * day)
    longitude = np.radians(280.459 + 0.98564736 * day + 1.915 * np.sin(mean))
    tilt = np.radians(23.439)
    sun = np.array(
        [np.cos(longitude), np.cos(tilt) * np.sin(longitude), np.sin(tilt) * np.sin(longitude)]
    )
    turn = float(sidereal(np.array([2_451_545.0]), np.array([day]))[0])
    fixed = np.array(
        [
            np.cos(turn) * sun[0] + np.sin(turn) * sun[1],
            -np.sin(turn) * sun[0] + np.cos(turn) * sun[1],
            sun[2],
        ]
    )
    return bool(point @ fixed / np.linalg.norm(point) > np.sin(np.radians(_SUN_DEG)))


def _joined(sat: Satellite, crossings: list[tuple[datetime, bool]], points: int) -> list[Pass]:
    """Return one pass for the crossings of one overflight."""
    groups: list[list[tuple[datetime, bool]]] = []
    for one in crossings:
        if groups and (one[0] - groups[-1][-1][0]).total_seconds() < 1200.0:
            groups[-1].append(one)
        else:
            groups.append([one])
    out = []
    for group in groups:
        time = group[len(group) // 2][0]
        age = abs((time - sat.epoch).total_seconds()) / 86_400.0
        share = round(len(group) / points, 3)
        out.append(Pass(sat.name, sat.sensor, time, share, group[0][1], round(age, 1)))
    return out
