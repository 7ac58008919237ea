"""Planted identity conflicts and implausible positions."""

from dataclasses import replace

import numpy as np

from tests.worlds import helm, sphere
from tests.worlds.cast import CARGO, FISHER, Cast
from tests.worlds.model import HOUR
from tests.worlds.plants_track import note_silence


def shared_number(
    cast: Cast, what: str, *, same_name: bool = False, joins_h: float = 0.0, dark_h: float = 0.0
) -> None:
    """Two hulls transmit under one number far apart; one of them may fall silent for a while."""
    rng = cast.rng
    first = cast.identity(FISHER)
    second = replace(cast.identity(CARGO), mmsi=first.mmsi)
    if same_name:
        second = replace(first)
    silent = []
    if dark_h:
        start = cast.hour(30.0, cast.end / HOUR - dark_h - 20.0)
        silent = [(start, start + dark_h * HOUR)]
    place = cast.atlas.open_sea()
    one = helm.wander(rng, place, (0.0, cast.end))
    rows = cast.sail(first, one, cast.radio(silent=silent))
    other = helm.wander(rng, cast.atlas.open_sea(), (joins_h * HOUR, cast.end))
    rows_other = cast.sail(second, other, cast.radio())
    t0 = max(rows.t_s[0], rows_other.t_s[0]) - cast.start_s
    t1 = min(rows.t_s[-1], rows_other.t_s[-1]) - cast.start_s
    cast.plant("identity_conflict", (first.mmsi,), (float(t0), float(t1)), place, what)
    if silent:
        note_silence(cast, rows, silent[0], "dark under a shared number")
        # Whether the conflict is one event through the silence or two is a matter of taste.
        cast.plant("identity_conflict", (first.mmsi,), (t0, t1), place, "again", required=False)


def renamed(cast: Cast) -> None:
    """A hull changes name and call sign at sea, and keeps its number."""
    rng = cast.rng
    place = cast.atlas.open_sea()
    at = cast.hour(30.0, cast.end / HOUR - 30.0)
    track = helm.wander(rng, place, (0.0, cast.end))
    before = cast.identity(FISHER)
    other = cast.identity(FISHER, mmsi=before.mmsi)
    after = replace(before, name=other.name + " II", callsign=other.callsign)
    radio = cast.radio(span=(0.0, at))
    cast.sail(before, track, radio)
    cast.sail(after, track, replace(radio, span=(at, cast.end)))
    where = track.at(np.array([at]))
    span = (at - HOUR, at + HOUR)
    here = (float(where[0][0]), float(where[1][0]))
    cast.plant("identity_conflict", (before.mmsi,), span, here, "new name")


def jump(cast: Cast, *, circle: bool) -> None:
    """For 5 to 30 reports the position is far away, then back; nothing is heard from the truth.

    The false positions keep moving: along with the ship, or round a circle.
    """
    rng = cast.rng
    place = cast.atlas.open_sea()
    ship = cast.identity(int(rng.choice([CARGO, FISHER])))
    track = helm.wander(rng, place, (0.0, cast.end))
    rows = cast.sail(ship, track, cast.radio())
    count = int(rng.integers(5, 31))
    first = int(rng.integers(len(rows) // 5, 4 * len(rows) // 5))
    wild = slice(first, first + count)
    far = helm.nm_from(place, rng.uniform(0, 360), rng.uniform(150.0, 1500.0))
    lat, lon = rows.columns["lat"], rows.columns["lon"]
    if circle:
        seconds = (rows.t_s[wild] - rows.t_s[first]).astype(float)
        lat[wild], lon[wild] = sphere.destination(*far, seconds * 0.2, 1500.0)
    else:
        away = sphere.bearing(lat[first], lon[first], lat[wild], lon[wild])
        moved = sphere.distance(lat[first], lon[first], lat[wild], lon[wild])
        lat[wild], lon[wild] = sphere.destination(*far, away, moved)
    span = (rows.t_s[first] - cast.start_s, rows.t_s[first + count - 1] - cast.start_s)
    what = "jump to a circle" if circle else "jump"
    cast.plant("implausible_position", (ship.mmsi,), span, far, what)


def identities(cast: Cast) -> None:
    """All planted identity conflicts and implausible positions of a world."""
    shared_number(cast, "shared number")
    shared_number(cast, "shared number, same name", same_name=True)
    shared_number(cast, "shared number, joins late", joins_h=cast.rng.uniform(20.0, 60.0))
    shared_number(cast, "shared number, one goes dark", dark_h=cast.rng.uniform(14.0, 30.0))
    renamed(cast)
    for circle in (False, False, True, True):
        jump(cast, circle=circle)
