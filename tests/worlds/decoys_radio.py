"""Decoys in the data: wild fixes, old fixes sent again, fixes that are none."""

import numpy as np

from tests.worlds import helm
from tests.worlds.cast import CARGO, FISHER, Cast, stray
from tests.worlds.model import NO_LAT, NO_LON, Rows


def steaming(cast: Cast) -> Rows:
    """Record a ship that only steams, and return its rows to be spoiled."""
    track = helm.wander(cast.rng, cast.atlas.open_sea(), (0.0, cast.end))
    ship = cast.identity(int(cast.rng.choice([CARGO, FISHER])))
    return cast.sail(ship, track)


def glitches(cast: Cast) -> None:
    """Single wild fixes: one, three of them hours apart, and one as the very first fix."""
    rng = cast.rng
    rows = steaming(cast)
    stray(cast, rows, len(rows) // 2)
    rows = steaming(cast)
    for share in (0.2, 0.5, 0.8):
        stray(cast, rows, int(len(rows) * (share + rng.uniform(-0.1, 0.1))))
    stray(cast, steaming(cast), 0)


def retransmissions(cast: Cast) -> None:
    """Old reports are recorded again, unchanged, half an hour to six hours later."""
    rng = cast.rng
    for count in (5, 40):
        rows = steaming(cast)
        moving = np.flatnonzero((rows.sog > 3.0) & (np.arange(len(rows)) < 0.8 * len(rows)))
        again = rows.where(rng.choice(moving, count, replace=False))
        later = rng.integers(1800, 6 * 3600, count)
        again.columns["t_s"][:] = again.t_s + later
        cast.parts.append(again)


def null_island(cast: Cast) -> None:
    """A receiver without a fix says 0 N 0 E: now and then, and six times in a row."""
    rng = cast.rng
    rows = steaming(cast)
    spoilt = list(rng.choice(len(rows) // 2, 4, replace=False))
    first = int(len(rows) * rng.uniform(0.6, 0.9))
    for index in (*spoilt, *range(first, first + 6)):
        rows.columns["lat"][index] = 0.0
        rows.columns["lon"][index] = 0.0


def no_position(cast: Cast) -> None:
    """Two ships say "position not available" for the same five hours."""
    start = cast.start_s + cast.hour(20.0, 60.0)
    for _ in range(2):
        rows = steaming(cast)
        lost = (rows.t_s > start) & (rows.t_s < start + 5 * 3600)
        rows.columns["lat"][lost] = NO_LAT
        rows.columns["lon"][lost] = NO_LON


def clock_duplicates(cast: Cast) -> None:
    """A third of the reports is recorded twice, by stations whose clocks differ by seconds."""
    rng = cast.rng
    rows = steaming(cast)
    again = rows.where(rng.uniform(size=len(rows)) < 0.33)
    again.columns["t_s"][:] = again.t_s + rng.integers(1, 16, len(again))
    cast.parts.append(again)
    again.columns["station"][:] = (again.station + 1) % len(cast.stations)
    rows = steaming(cast)
    same = rows.where(rng.uniform(size=len(rows)) < 0.2)
    same.columns["lat"][:] = same.lat + 0.0002
    cast.parts.append(same)


def radio_decoys(cast: Cast) -> None:
    """All decoys in the data of a world."""
    for scene in (glitches, retransmissions, null_island, no_position, clock_duplicates):
        scene(cast)
