"""Where a ship can have been while nobody heard it: the reachable set, or space-time prism.

Between a fix at (p1, t1) and one at (p2, t2) a ship of at most v can be at time t where the disk of
radius v (t - t1) round p1 and the disk of radius v (t2 - t) round p2 overlap; over all times that
is the ellipse with the two as foci (Hagerstrand 1970; Miller 1991). With no second fix it is the
first disk. `reachable_area` and `whole_lens` draw these on the sphere, land not cut out;
`could_reach` asks about places and takes the way by sea (vessels/_reach_sea.py).
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vessels._reach_sea import sea_grid, sea_ways
from vessels._reach_shapes import areas_of, ellipse
from vessels.fixes import Array
from vessels.geodesy import distances_m
from vessels.units import MPS_PER_KNOT, US_PER_S

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["Reach", "could_reach", "reachable_area", "sea_distance_m", "whole_lens"]


class Reach(NamedTuple):
    """What `could_reach` tells; equally long arrays."""

    minutes: Array
    """Minutes that the ship can have spent at the place in the time asked about, at most."""
    slack_min: Array
    """Minutes of the silence that going there and on leaves; negative where it cannot have been
    there, infinite with no second fix, -inf where there is no way by sea."""
    needed_knots: Array
    """Least speed at which it can have been there at all within the time asked about."""
    distance_m: Array
    """The way by sea from the first fix to the place; inf where out of reach."""
    distance_on_m: Array
    """The way by sea from the place to the second fix; NaN with no second fix."""


def reachable_area(
    lat1: float,
    lon1: float,
    t1_us: int,
    lat2: float | None,
    lon2: float | None,
    t2_us: int | None,
    at_us: int,
    max_speed_knots: float,
) -> "BaseGeometry | None":
    """Return where the ship can be at a time: a lens, or a disk with no second fix.

    Degrees, longitudes in [-180, 180], cut there. None where it can be nowhere: before the first
    fix, after the second, or where the two are further apart than it sails.
    """
    speed = max_speed_knots * MPS_PER_KNOT / US_PER_S
    ahead = ellipse(lat1, lon1, lat1, lon1, 2.0 * speed * (at_us - t1_us))
    if ahead is None or lat2 is None or lon2 is None or t2_us is None:
        return ahead
    back = ellipse(lat2, lon2, lat2, lon2, 2.0 * speed * (t2_us - at_us))
    if back is None:
        return None
    shape = areas_of(ahead.intersection(back))
    return None if shape.is_empty else shape


def whole_lens(
    lat1: float,
    lon1: float,
    t1_us: int,
    lat2: float | None,
    lon2: float | None,
    t2_us: int,
    max_speed_knots: float,
) -> "BaseGeometry | None":
    """Return where the ship can have been at any time of its silence: the union of all lenses.

    With no second fix (`lat2`, `lon2` None) it is the disk at `t2_us`. For a query polygon.
    """
    sails_m = max_speed_knots * MPS_PER_KNOT * (t2_us - t1_us) / US_PER_S
    if lat2 is None or lon2 is None:
        return ellipse(lat1, lon1, lat1, lon1, 2.0 * sails_m)
    return ellipse(lat1, lon1, lat2, lon2, sails_m)


def sea_distance_m(
    lat: float, lon: float, lats: ArrayLike, lons: ArrayLike, limit_m: ArrayLike = np.inf
) -> Array:
    """Return the way by sea from one place to each of many points, metres.

    Never less than the great circle, and equal to it where that crosses no land. Infinite where
    there is no way, or none within `limit_m` (which makes the search cheap). NaN gives NaN.
    """
    columns = np.broadcast_arrays(lats, lons, limit_m)
    lats, lons, limits = (np.array(c, "f8").ravel() for c in columns)
    away_m = sea_ways(sea_grid(), (float(lat), float(lon)), lats, lons, limits)
    return np.asarray(away_m).reshape(columns[0].shape)


def could_reach(
    lat1: ArrayLike,
    lon1: ArrayLike,
    t1_us: ArrayLike,
    lat2: ArrayLike,
    lon2: ArrayLike,
    t2_us: ArrayLike,
    lat: ArrayLike,
    lon: ArrayLike,
    from_us: ArrayLike,
    to_us: ArrayLike,
    max_speed_knots: ArrayLike,
    *,
    land_counts: bool = True,
) -> Reach:
    """Tell for each silence whether the ship can have been at a place within [from, to].

    Args:
        lat1: where it was heard last, degrees; all arguments broadcast.
        lon1: the same.
        t1_us: when.
        lat2: where it was heard again; NaN where it was not.
        lon2: the same.
        t2_us: when; without a second fix, the time that is known so far.
        lat: the place.
        lon: the same.
        from_us: beginning of the time asked about.
        to_us: end of it.
        max_speed_knots: what the ship sails at most.
        land_counts: False takes the great circle for the way: a lower bound, and much cheaper.
    """
    given = (lat1, lon1, t1_us, lat2, lon2, t2_us, lat, lon, from_us, to_us, max_speed_knots)
    columns = np.broadcast_arrays(*(np.asarray(value) for value in given))
    shape = columns[0].shape
    la1, lo1, la2, lo2, la, lo, knots = (
        columns[i].astype("f8").ravel() for i in (0, 1, 3, 4, 6, 7, 10)
    )
    t1, t2, begin, end = (columns[i].astype("i8").ravel() for i in (2, 5, 8, 9))
    sails_m = knots * MPS_PER_KNOT
    there_m = distances_m(la1, lo1, la, lo)
    on_m = np.where(np.isnan(la2), np.nan, distances_m(la, lo, la2, lo2))
    if land_counts:
        until_s = (np.minimum(end, t2) - t1) / US_PER_S
        after_s = (t2 - np.maximum(begin, t1)) / US_PER_S
        near = there_m <= sails_m * until_s
        near &= np.isnan(on_m) | (on_m <= sails_m * after_s)
        there_m, on_m = _by_sea(
            (la, lo),
            (la1, lo1, there_m, sails_m * np.maximum(until_s, 0.0)),
            (la2, lo2, on_m, sails_m * np.maximum(after_s, 0.0)),
            near,
        )
    reach = _times(there_m, on_m, (t1, t2, begin, end), sails_m)
    return Reach(*(column.reshape(shape) for column in reach))


def _by_sea(
    place: tuple[Array, Array],
    before: tuple[Array, Array, Array, Array],
    after: tuple[Array, Array, Array, Array],
    wanted: Array,
) -> tuple[Array, Array]:
    """Return ways by sea to and from places for the rows wanted; the others keep the great circle.

    `before` and `after` are latitude, longitude, great circle and the furthest that matters. One
    search serves all rows of a place.
    """
    there_m, on_m = before[2].copy(), after[2].copy()
    rows = np.flatnonzero(wanted)
    _, group = np.unique(np.column_stack([place[0], place[1]])[rows], axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    cuts = np.flatnonzero(np.diff(group.ravel()[order])) + 1
    for part in np.split(rows[order], cuts):
        if len(part) == 0:
            continue
        lat, lon = place[0][part[0]], place[1][part[0]]
        ends = [np.concatenate([before[i][part], after[i][part]]) for i in (0, 1, 3)]
        both = sea_distance_m(lat, lon, *ends)
        there_m[part], on_m[part] = both[: len(part)], both[len(part) :]
    return there_m, on_m


def _times(
    there_m: Array, on_m: Array, times: tuple[Array, Array, Array, Array], sails_m: Array
) -> Reach:
    t1, t2, begin, end = times
    with np.errstate(divide="ignore", invalid="ignore"):
        to_s = there_m / sails_m
        on_s = np.where(np.isnan(on_m), 0.0, on_m / sails_m)
        silence_s = (t2 - t1) / US_PER_S
        arrive_s = np.maximum(to_s, (begin - t1) / US_PER_S)
        leave_s = np.minimum(silence_s - on_s, (end - t1) / US_PER_S)
        minutes = np.maximum(leave_s - arrive_s, 0.0) / 60.0
        minutes = np.where(np.isfinite(to_s) & np.isfinite(on_s), minutes, 0.0)
        slack_min = (silence_s - to_s - on_s) / 60.0
        slack_min = np.where(np.isnan(on_m) & np.isfinite(to_s), np.inf, slack_min)
        until_s = np.minimum(end, t2) - t1
        after_s = t2 - np.maximum(begin, t1)
        legs = there_m + np.where(np.isnan(on_m), 0.0, on_m)
        needed = np.maximum(there_m / (until_s / US_PER_S), legs / silence_s)
        needed = np.where(
            np.isnan(on_m),
            there_m / (until_s / US_PER_S),
            np.maximum(needed, on_m / (after_s / US_PER_S)),
        )
        apart = (until_s < 0) | (after_s < 0)
        needed = np.where(apart, np.inf, np.where(legs == 0.0, 0.0, needed))
    return Reach(minutes, slack_min, needed / MPS_PER_KNOT, there_m, on_m)
