"""True tracks: wandering legs, drift with the current, swinging at anchor, keeping beside a ship.

Every function returns a Track from `t0` to `t1`, seconds from the start of the world. Speeds are
in knots, places are (latitude, longitude).
"""

from dataclasses import replace

import numpy as np

from tests.worlds import sphere
from tests.worlds.model import AT_ANCHOR, HOUR, KNOT, UNDER_WAY, Track
from tests.worlds.places import nm_from
from tests.worlds.sphere import NM_M

Place = tuple[float, float]
Span = tuple[float, float]
Rng = np.random.Generator


def path(t_s: object, lat: object, lon: object, status: int) -> Track:
    """Return a track of given knots with one status."""
    times = np.asarray(t_s, dtype=float)
    return Track(
        times,
        np.asarray(lat, dtype=float),
        np.asarray(lon, dtype=float),
        np.full(len(times), status, dtype=np.int64),
    )


def cut(track: Track, t0: float, t1: float) -> Track:
    """Return the part of a track from t0 to t1."""
    inside = (track.t_s > t0) & (track.t_s < t1)
    times = np.concatenate([[t0], track.t_s[inside], [t1]])
    lat, lon = track.at(times)
    return Track(times, lat, lon, track.status_at(times))


def wander(
    rng: Rng, place: Place, span: Span, radius_nm: float = 60.0, knots: Span = (7.0, 13.0)
) -> Track:
    """Steam straight legs inside a disc around `place`, starting at its centre.

    No leg is shorter than 0.6 radii, so that sparse fixes cannot take it for loitering.
    """
    t, here = span[0], place
    times, points = [t], [place]
    while t < span[1]:
        there = nm_from(place, rng.uniform(0, 360), radius_nm * np.sqrt(rng.uniform(0.1, 1.0)))
        leg_m = float(sphere.distance(*here, *there))
        if leg_m < 0.6 * radius_nm * NM_M:
            continue
        t += leg_m / (rng.uniform(*knots) * KNOT)
        here = there
        times.append(t)
        points.append(here)
    lat, lon = zip(*points, strict=True)
    return cut(path(times, lat, lon, UNDER_WAY), *span)


def wander_to(
    rng: Rng, place: Place, span: Span, radius_nm: float = 60.0, knots: Span = (7.0, 13.0)
) -> Track:
    """Steam legs inside a disc so as to be at its centre at the end of the span."""
    away = wander(rng, place, span, radius_nm, knots)
    return replace(
        away,
        t_s=(span[0] + span[1] - away.t_s)[::-1],
        lat=away.lat[::-1],
        lon=away.lon[::-1],
        status=away.status[::-1],
    )


def voyage(
    rng: Rng, core: Track, end: float, radius_nm: float = 60.0, knots: Span = (7.0, 13.0)
) -> Track:
    """Return `core` with wandering before it, from time 0, and after it, to `end`."""
    track = core
    if core.t_s[0] > 0:
        start = (float(core.lat[0]), float(core.lon[0]))
        before = wander_to(rng, start, (0.0, float(core.t_s[0])), radius_nm, knots)
        track = before.then(core)
    if core.t_s[-1] < end:
        last = (float(core.lat[-1]), float(core.lon[-1]))
        track = track.then(wander(rng, last, (float(core.t_s[-1]), end), radius_nm, knots))
    return track


def drift(
    rng: Rng, place: Place, span: Span, knots: float, set_deg: float, status: int = UNDER_WAY
) -> Track:
    """Drift with the current: speed within 20 % of `knots`, direction wavering about `set_deg`."""
    step_s = 450.0
    count = max(1, int(np.ceil((span[1] - span[0]) / step_s)))
    times = np.linspace(*span, count + 1)
    legs_m = np.diff(times) * knots * KNOT * rng.uniform(0.8, 1.2, count)
    courses = set_deg + 20.0 * np.sin(times[:-1] / rng.uniform(1.5, 4.0) / HOUR + rng.uniform(0, 6))
    lat, lon = [place[0]], [place[1]]
    for leg_m, course in zip(legs_m, courses, strict=True):
        to_lat, to_lon = sphere.destination(lat[-1], lon[-1], course, leg_m)
        lat.append(float(to_lat))
        lon.append(float(to_lon))
    return path(times, lat, lon, status)


def steam(place: Place, t0: float, hours: float, knots: float, course: float, status: int) -> Track:
    """Steam one straight leg."""
    end = nm_from(place, course, knots * hours)
    return path([t0, t0 + hours * HOUR], [place[0], end[0]], [place[1], end[1]], status)


def end_of(track: Track) -> Place:
    """Return the last place of a track."""
    return float(track.lat[-1]), float(track.lon[-1])


def swing(
    rng: Rng, place: Place, span: Span, radius_m: float = 120.0, status: int = AT_ANCHOR
) -> Track:
    """Swing round an anchor with tide and wind; a few metres of radius make it a mooring."""
    count = max(2, int((span[1] - span[0]) / 900.0))
    times = np.linspace(*span, count + 1)
    angle = rng.uniform(0, 360) + 150.0 * np.sin(2 * np.pi * times / (12.4 * HOUR))
    angle = angle + 15.0 * np.sin(times / 2000.0)
    lat, lon = sphere.destination(*place, angle, radius_m)
    return path(times, lat, lon, status)


def beside(
    rng: Rng, other: Track, span: Span, range_m: float, wobble_m: float = 20.0, status: int = 0
) -> Track:
    """Keep `range_m` (give or take `wobble_m`) off another ship, on a slowly turning bearing."""
    step_s = 150.0
    count = max(2, int(np.ceil((span[1] - span[0]) / step_s)))
    times = np.linspace(*span, count + 1)
    lat, lon = other.at(times)
    phase = rng.uniform(0, 6)
    angle = rng.uniform(0, 360) + 25.0 * np.sin(times / 7000.0 + phase)
    gap = range_m + wobble_m * np.sin(times / 1900.0 + phase)
    lat, lon = sphere.destination(lat, lon, angle, gap)
    return path(times, lat, lon, status)
