"""What is known of whether a silent hull would have been heard, gathered for many silences.

Its own rate before; where it may have been (six points on its path); how well these places are
heard by what was learnt up to two days before; who else was heard there meanwhile. Nothing here
decides: detectors/dark_confidence.py weighs it.
"""

from dataclasses import dataclass

import numpy as np

from detectors.dark_period import BEFORE_US
from detectors.deaf_cells import is_deaf
from detectors.reception_neighbours import RANGE_NM, neighbours_heard
from detectors.reception_state import ReceptionState
from vessels.fixes import Array
from vessels.geodesy import distances_m, interpolate
from vessels.hulls import mmsi_of
from vessels.reception import BASES
from vessels.units import M_PER_NM, US_PER_DAY, US_PER_H

WELCH_SHORE_M = 50.0 * M_PER_NM
"""Beyond 50 nm more than 99 % of receptions are by satellite, so leaving the range of stations on
land cannot explain a silence (Welch et al. 2022)."""
_STATION_NM = 40.0
POINTS = 6
_AHEAD_US = 12 * US_PER_H
"""An open silence is judged where the ship's way before would have taken it in so long."""
_MOST_KNOTS = 30.0
_CHOSEN_H = 0.5
"""The last hour was heard by choice, or there would be no silence to judge: it counts half."""
_ALONE_WEIGHT = 0.5
"""Weight of a point that nothing speaks for, if nobody else was heard where this one was last."""
_OWN = BASES.index("own")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Columns, one row a silence; NaN is not known."""

    expected_h: Array
    """Hours in which its own rate before would have let it be heard."""
    longest_h: Array
    """Longest time without a fix in the 12 hours before."""
    own_rate: Array
    """Share of the hours before in which it was heard."""
    reception: Array
    """P(heard in an hour | there), mean over the points of the path where it is learnt; 0 in a cell
    that others crossed and nobody was heard in (detectors/deaf_cells.py)."""
    basis: Array
    """Index into vessels.reception.BASES."""
    neighbours: Array
    """Other numbers heard within 20 nm of the path within 6 h; -1 where not known any more."""
    heard_share: Array
    """Share of the points near which another number was heard; NaN where not known any more."""
    unknown_share: Array
    """Share of the points that nothing speaks for: nobody was heard there meanwhile, they lie
    further than 20 nm from where it was last heard itself, and either their cell has no reception
    of its own, or others were heard all the while where this one was last heard. Without such
    others a point counts half: lack of evidence is not deafness."""
    beyond_stations: Array
    """0..1: received by satellite before, or so far out that only satellites hear."""
    satellite_per_day: Array
    """Positions by satellite per vessel-day where last heard: `reception` of Welch et al."""


def gather(
    silences: Array, ends: Array, alive_h: Array, shore_m: Array, learnt: ReceptionState
) -> Evidence:
    """Return the evidence on SILENCE rows.

    Args:
        silences: rows of detectors.dark_period.SILENCE.
        ends: end of each, or the time it is judged at while open, microseconds.
        alive_h: hours of it in which the feed was alive.
        shore_m: distance to shore where last heard.
        learnt: what the feed has told so far.
    """
    rate = _own_rate(silences)
    points, at_us = path_points(silences, ends)
    value, basis, per_day = _learnt(silences, ends, points, at_us, learnt)
    start = np.column_stack([silences["start_lat"], silences["start_lon"]])
    span_us = np.column_stack([silences["start_us"], ends])
    number = np.array([mmsi_of(key) for key in silences["key"].tolist()], "i8")
    count, heard = neighbours_heard(
        learnt.neighbours,
        number,
        span_us,
        np.concatenate([start[:, None], points], axis=1),
        np.concatenate([silences["start_us"][:, None], at_us], axis=1),
    )
    at_start, heard = heard[:, :1] == 1, heard[:, 1:]
    asked = (heard >= 0).sum(axis=1)
    known = basis > 0
    own, some = (basis == _OWN).sum(axis=1), known.sum(axis=1)
    by_satellite = silences["before_satellite"] / np.maximum(silences["before"], 1)
    return Evidence(
        expected_h=rate * alive_h,
        longest_h=silences["longest_h"],
        own_rate=rate,
        reception=_mean(np.where(known, value, 0.0).sum(axis=1), some),
        basis=np.where(own >= POINTS // 2, _OWN, np.where(some > 0, 1, 0)),
        neighbours=np.where(asked > 0, count, -1),
        heard_share=_mean((heard == 1).sum(axis=1), asked),
        unknown_share=_unknown_share(start, points, heard == 1, basis == _OWN, at_start),
        beyond_stations=np.maximum(by_satellite, _beyond_stations(shore_m)),
        satellite_per_day=per_day,
    )


def _unknown_share(start: Array, points: Array, heard: Array, own: Array, at_start: Array) -> Array:
    """Return the share of points that nothing speaks for: see `Evidence.unknown_share`."""
    away_m = distances_m(start[:, :1], start[:, 1:], points[:, :, 0], points[:, :, 1])
    nothing = ~heard & (away_m > RANGE_NM * M_PER_NM) & (~own | at_start)
    return (nothing * np.where(at_start, 1.0, _ALONE_WEIGHT)).mean(axis=1)


def _beyond_stations(shore_m: Array) -> Array:
    """Return 0 within 40 nm of shore, the range of a good station, and 1 beyond 50 nm."""
    first_m = _STATION_NM * M_PER_NM
    return np.clip((shore_m - first_m) / (WELCH_SHORE_M - first_m), 0.0, 1.0)


def _mean(total: Array, count: Array) -> Array:
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _own_rate(silences: Array) -> Array:
    """Return the share of hours in which each hull was heard before, 0..1.

    Hours and not messages: they come in bursts. The last hour was heard by choice, so it counts
    half; a hull known for less than an hour is given half an hour in one and a half.
    """
    hours = np.clip(silences["heard_h"], 1.0, BEFORE_US / US_PER_H)
    return np.clip((silences["heard_hours"] - _CHOSEN_H) / (hours + _CHOSEN_H), 0.0, 1.0)


def path_points(silences: Array, ends: Array) -> tuple[Array, Array]:
    """Return points (n, POINTS, 2) on the way of each hull, and their times.

    Closed: on the great circle between its ends. Open: on the way made before, for 12 hours.
    """
    is_open = silences["end_us"] == 0
    start_us = silences["start_us"]
    length_us = np.where(is_open, np.minimum(ends - start_us, _AHEAD_US), ends - start_us)
    share = (np.arange(POINTS) + 0.5) / POINTS
    at_us = start_us[:, None] + (length_us[:, None] * share).astype("i8")
    points = np.empty((len(silences), POINTS, 2))
    speed = np.hypot(silences["north_knots"], silences["east_knots"])
    slower = np.minimum(1.0, _MOST_KNOTS / np.maximum(speed, 1e-9))
    hours = length_us[:, None] * share / US_PER_H
    lat0 = silences["start_lat"][:, None]
    ahead = hours * slower[:, None] / 60.0
    points[:, :, 0] = np.clip(lat0 + silences["north_knots"][:, None] * ahead, -89.9, 89.9)
    east_deg = silences["east_knots"][:, None] * ahead / np.maximum(np.cos(np.radians(lat0)), 0.01)
    points[:, :, 1] = (silences["start_lon"][:, None] + east_deg + 180.0) % 360.0 - 180.0
    for i in np.flatnonzero(~is_open):
        one = silences[i]
        ends_at = (one["start_lat"], one["start_lon"], one["end_lat"], one["end_lon"])
        points[i] = [interpolate(*ends_at, part) for part in share]
    return points, at_us


def _learnt(
    silences: Array, ends: Array, points: Array, at_us: Array, learnt: ReceptionState
) -> tuple[Array, Array, Array]:
    """Return reception and basis at the points, and Welch's reception where last heard."""
    value = np.full(at_us.shape, np.nan)
    basis = np.zeros(at_us.shape, "i8")
    per_day = np.full(len(silences), np.nan)
    days = ends // US_PER_DAY
    for day in np.unique(days).tolist():
        mine = np.flatnonzero(days == day)
        known = learnt.as_of(day)
        classes = silences["ais_class"][mine].astype("i8")
        lat, lon = points[mine, :, 0].ravel(), points[mine, :, 1].ravel()
        hour = (at_us[mine] // US_PER_H % 24).ravel()
        told = known.at(lat, lon, np.repeat(classes, POINTS), hour)
        value[mine], basis[mine] = (column.reshape(-1, POINTS) for column in told)
        number = np.array([mmsi_of(key) for key in silences["key"][mine].tolist()], "i8")
        deaf = is_deaf(learnt.crossed, known, lat, lon, np.repeat(number, POINTS))
        deaf = deaf.reshape(-1, POINTS)
        value[mine], basis[mine] = (
            np.where(deaf, 0.0, value[mine]),
            np.where(deaf, _OWN, basis[mine]),
        )
        start = silences["start_lat"][mine], silences["start_lon"][mine]
        per_day[mine] = known.satellite_per_day(*start, classes)
    return value, basis, per_day
