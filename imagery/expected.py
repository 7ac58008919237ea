"""Who was to be expected in an image: ships on AIS, carried to its time from their fixes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagery.matching import Expected
from vessels.presence import presence
from vessels.units import US_PER_S

Floats = NDArray[np.float64]

NAN = float("nan")
FISHING = 30
_TRADING = range(60, 90)


@dataclass(frozen=True, slots=True)
class Fix:
    """One position report."""

    time_us: int
    lat: float
    lon: float
    sog_knots: float = NAN
    cog_deg: float = NAN


@dataclass(frozen=True, slots=True)
class OnAis:
    """A ship and its fixes before and after a time; one of them may lack."""

    name: str
    before: Fix | None
    after: Fix | None
    length_m: float = NAN
    kind: str = "unknown"


def motion_kind(ship_type: int | None) -> str:
    """Return the kind of `vessels.presence.MOTIONS` for a ship type of AIS (ITU-R M.1371-5)."""
    if ship_type == FISHING:
        return "fishing"
    return "cargo" if ship_type in _TRADING else "unknown"


def expect(ships: Sequence[OnAis], at_us: int) -> Expected:
    """Return where ships were at a time, how sure that is, and how they moved.

    With only a later fix its motion is run back. `p_inside` is 1: the caller knows the image.
    """
    count = len(ships)
    lat, lon, variance = (np.empty(count) for _ in range(3))
    for kind in sorted({ship.kind for ship in ships}):
        rows = [i for i, ship in enumerate(ships) if ship.kind == kind]
        both = [_fixes(ships[i], at_us) for i in rows]
        here = np.array([_values(one) for one, _, _ in both]).T
        again = np.array([_values(two) for _, two, _ in both]).T
        times = np.array([[one.time_us, two.time_us if two else 0, at] for one, two, at in both]).T
        ahead = (here[0], here[1], here[2], here[3], times[0])
        back = (again[0], again[1], again[2], again[3], times[1])
        where = presence(*ahead, *back, times[2], kind=kind)
        lat[rows], lon[rows], variance[rows] = where[0], where[1], where[2][:, 0, 0]
    speed, course = _motion(ships, at_us)
    return Expected(
        lat=lat,
        lon=lon,
        variance_m2=variance,
        sog_knots=speed,
        cog_deg=course,
        length_m=np.array([ship.length_m for ship in ships], np.float64),
        nearest_s=np.array([_nearest_s(ship, at_us) for ship in ships], np.float64),
        p_inside=np.ones(count),
    )


def _fixes(ship: OnAis, at_us: int) -> tuple[Fix, Fix | None, int]:
    """Return the fix to go on from, the one after it, and the time to ask for.

    A later fix alone is mirrored: the same ship sailing the other way, as long after it as the time
    asked about lies before it.
    """
    if ship.before is not None:
        return ship.before, ship.after, at_us
    if ship.after is None:
        raise ValueError("a ship without a fix cannot be expected anywhere")
    after = ship.after
    back = Fix(
        after.time_us, after.lat, after.lon, after.sog_knots, (after.cog_deg + 180.0) % 360.0
    )
    return back, None, 2 * after.time_us - at_us


def _values(fix: Fix | None) -> tuple[float, float, float, float]:
    return (NAN,) * 4 if fix is None else (fix.lat, fix.lon, fix.sog_knots, fix.cog_deg)


def _nearest_s(ship: OnAis, at_us: int) -> float:
    fixes = [fix for fix in (ship.before, ship.after) if fix is not None]
    return min(abs(at_us - fix.time_us) for fix in fixes) / US_PER_S


def _motion(ships: Sequence[OnAis], at_us: int) -> tuple[Floats, Floats]:
    """Return speed and course: those of both fixes as vectors, the nearer one counting more."""
    speed, course = np.full(len(ships), NAN), np.full(len(ships), NAN)
    for row, ship in enumerate(ships):
        total = np.zeros(2)
        weights = 0.0
        for fix in (ship.before, ship.after):
            if fix is None or not np.isfinite(fix.sog_knots) or not np.isfinite(fix.cog_deg):
                continue
            weight = 1.0 / (abs(at_us - fix.time_us) / US_PER_S + 1.0)
            turn = np.radians(fix.cog_deg)
            total += weight * fix.sog_knots * np.array([np.sin(turn), np.cos(turn)])
            weights += weight
        if weights > 0.0:
            east, north = total / weights
            speed[row] = float(np.hypot(east, north))
            course[row] = float(np.degrees(np.arctan2(east, north)) % 360.0)
    return speed, course
