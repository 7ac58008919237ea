"""Move the world, and the events move with it: turned by half, mirrored, or days later.

Land, ports and zones are moved likewise. What must be exact is: which events there are, of which
hulls, from when to when, why, and how grave. Places may differ by the rounding of moved degrees
(2e-6), distances by that of 32-bit coordinates of the shore (metres), and numbers made of them
accordingly.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import shapely

from darkwake.engine import Engine
from detectors.events import Event
from detectors.parameters import Parameters
from detectors.surroundings import Surroundings
from tests.property import earth
from tests.property.streams import sea
from tests.worlds.world import make_world
from vessels.clock import parse_iso_us
from vessels.fixes import Fixes
from vessels.units import US_PER_DAY
from vessels.zones import Zone, zone_set
from vessels.zones_sphere import cut

CONFIDENCE = 0.002
RELATIVE, METRES = 2e-3, 25.0
_IDS = ("after_events", "meeting_events", "zones_hash")


@dataclass(frozen=True)
class Move:
    """A way to move the world."""

    points: earth.Move
    land: Callable[[shapely.MultiPolygon], shapely.MultiPolygon] | None = None
    course: Callable[[np.ndarray], np.ndarray] = lambda course: course
    days: int = 0

    @contextmanager
    def earth(self) -> Iterator[None]:
        """Let land and ports be moved."""
        with earth.moved_earth(self.points, self.land) if self.land else nullcontext():
            yield

    def fixes(self, fixes: Fixes) -> Fixes:
        """Return fixes moved, rounded as readers do."""
        moved = self.points(np.column_stack([fixes.lon_deg, fixes.lat_deg]))
        return replace(
            fixes,
            time_us=fixes.time_us + self.days * US_PER_DAY,
            lon_deg=np.round(moved[:, 0], 6),
            lat_deg=np.round(moved[:, 1], 6),
            cog_deg=self.course(fixes.cog_deg),
            heading_deg=self.course(fixes.heading_deg),
        )

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Return a place moved."""
        ((x, y),) = self.points(np.array([[lon, lat]])).tolist()
        return x, y


def _mirrored_course(course: np.ndarray) -> np.ndarray:
    return ((np.float32(180.0) - course) % np.float32(360.0)).astype("f4")


def _turned_course(course: np.ndarray) -> np.ndarray:
    return course


MOVES = {
    "turned": Move(earth.turn_points, earth.turned, _turned_course),
    "mirrored": Move(earth.mirror_points, earth.mirrored, _mirrored_course),
    "later": Move(lambda points: points, days=1000),
}


def world_fixes(seed: int) -> Fixes:
    """Return the fixes of a world with all that is planted in it, but two kinds.

    At 0 N 0 E receivers without a fix put ships: that place does not turn with the Earth. And two
    fixes of one number in one second have no order but that of their places: one is left out.
    """
    rows = make_world(seed, 3.5).rows
    rows = rows.where((np.abs(rows.lat) <= 90.0) & ((rows.lat != 0.0) | (rows.lon != 0.0)))
    rows = rows.where(np.unique(np.stack([rows.mmsi, rows.t_s]), axis=1, return_index=True)[1])
    n = len(rows)
    return Fixes(
        rows.mmsi.astype("i4"),
        rows.t_s * 1_000_000,
        np.round(rows.lat, 6),
        np.round((rows.lon + 180.0) % 360.0 - 180.0, 6),
        rows.sog.astype("f4"),
        rows.cog.astype("f4"),
        rows.heading.astype("f4"),
        np.where(rows.status == 15, 255, rows.status).astype("u1"),
        np.ones(n, "u1"),
        np.ones(n, "u1"),
        (1 + rows.station % 2).astype("u1"),
    )


SEAS: dict[str, Callable[[], Fixes]] = {"world": lambda: world_fixes(3), "sea": lambda: sea(3)}


def zones_at(fixes: Fixes, points: earth.Move) -> Surroundings:
    """Return boxes of four degrees around some ships, moved."""
    few = np.linspace(0, len(fixes) - 1, 12).astype(int)
    zones = []
    for i, (lon, lat) in enumerate(zip(fixes.lon_deg[few], fixes.lat_deg[few], strict=True)):
        box = shapely.box(lon - 2.013, max(lat - 1.017, -89), lon + 2.019, min(lat + 1.011, 89))
        pieces = [piece for part in cut(box) for piece in cut(_through(part, points))]
        zones.append(Zone(f"box {i}", "area", "own", shapely.MultiPolygon(pieces)))
    return Surroundings(zones=zone_set(zones))


def _through(part: shapely.Polygon, points: earth.Move) -> shapely.Polygon:
    """Return a polygon moved, its longitudes running on."""
    west = part.bounds[0]
    (base, _), *_ = points(np.array([[west, 0.0]])).tolist()
    return shapely.transform(
        part, lambda xy: np.column_stack([base + (xy[:, 0] - west), points(xy)[:, 1]])
    )


def events_of(fixes: Fixes, surroundings: Surroundings) -> list[Event]:
    engine = Engine(Parameters(surroundings=surroundings))
    engine.update(fixes)
    return engine.events()


def _moved(value: Any, name: str, move: Move) -> Any:
    """Return a detail as the moved world should tell it."""
    if isinstance(value, list):
        return [_moved(one, name, move) for one in value]
    if isinstance(value, str) and value[:2] == "20" and value.endswith("Z"):
        return parse_iso_us(value) + move.days * US_PER_DAY
    if isinstance(value, float) and name.endswith("lat"):
        return move.place(0.0, value)[1]
    if isinstance(value, float) and name.endswith("lon"):
        return move.place(value, 0.0)[0]
    return value


def _told(value: Any) -> Any:
    if isinstance(value, list):
        return [_told(one) for one in value]
    is_time = isinstance(value, str) and value[:2] == "20" and value.endswith("Z")
    return parse_iso_us(value) if is_time else value


def _alike(name: str, expected: Any, found: Any) -> bool:
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(
            _alike(name, one, other) for one, other in zip(expected, found, strict=True)
        )
    if isinstance(expected, float) and isinstance(found, float):
        if name.endswith(("lat", "lon")):
            return abs((expected - found + 180.0) % 360.0 - 180.0) <= 2e-6
        slack = METRES if name.endswith("_m") else METRES / 1852 if name.endswith("_nm") else 2e-3
        return abs(expected - found) <= slack + RELATIVE * abs(expected)
    if name.endswith("minutes"):  # of ways by sea, found in steps of a grid
        return bool(abs(expected - found) <= 5)
    return bool(expected == found)


def identity(event: Event, move: Move | None = None) -> tuple[Any, ...]:
    """Return what must be exact of an event."""
    later_us = move.days * US_PER_DAY if move else 0
    return (
        event.type,
        event.hull_id,
        event.other_hull_id or "",
        event.start_us + later_us,
        (event.end_us or 0) + (later_us if event.end_us else 0),
        event.severity,
        event.status,
        tuple(sorted(reason.code for reason in event.reasons)),
    )


def differences(before: list[Event], after: list[Event], move: Move) -> list[str]:
    """Return what the moved events tell otherwise than the events moved."""
    wanted = sorted(before, key=lambda e: (identity(e, move), e.details.get("kind") or ""))
    found = sorted(after, key=lambda e: (identity(e), e.details.get("kind") or ""))
    told = [identity(e, move) for e in wanted], [identity(e) for e in found]
    if told[0] != told[1]:
        return [f"only in {k}: {one}" for k in (0, 1) for one in set(told[k]) - set(told[1 - k])]
    out = []
    for one, other in zip(wanted, found, strict=True):
        x, y = move.place(one.lon, one.lat)
        if not (_alike("lon", x, other.lon) and _alike("lat", y, other.lat)):
            out.append(f"{one.type} {one.hull_id}: place {other.lat} {other.lon}")
        if abs(one.confidence - other.confidence) > CONFIDENCE:
            out.append(f"{one.type} {one.hull_id}: {one.confidence} {other.confidence}")
        if one.details.keys() != other.details.keys():
            out.append(f"{one.type}: {one.details.keys() ^ other.details.keys()}")
        for name, value in one.details.items():
            expected = _moved(value, name, move)
            if name not in _IDS and not _alike(name, expected, _told(other.details[name])):
                out.append(f"{one.type} {one.hull_id} {name}: {expected} {other.details[name]}")
    return out


@pytest.mark.parametrize("where", SEAS)
@pytest.mark.parametrize("way", MOVES)
def test_events_move_with_the_world(way: str, where: str) -> None:
    move, fixes = MOVES[way], SEAS[where]()
    before = events_of(fixes, zones_at(fixes, lambda points: points))
    with move.earth():
        after = events_of(move.fixes(fixes), zones_at(fixes, move.points))
    assert differences(before, after, move) == []
    kinds = {event.type for event in before}
    assert {"dark_period", "loitering", "zone_entry"} <= kinds
    assert len(before) > 8


def test_a_later_world_is_the_same_to_the_byte() -> None:
    fixes, move = sea(5), MOVES["later"]
    nothing = Surroundings()
    before, after = events_of(fixes, nothing), events_of(move.fixes(fixes), nothing)

    still = Move(move.points)

    def plain(event: Event, way: Move) -> str:
        properties = event.properties()
        properties |= {name: _moved(properties[name], name, way) for name in ("start", "end")}
        properties["details"] = {k: _moved(v, k, way) for k, v in event.details.items()}
        del properties["event_id"]
        return repr(properties)

    assert sorted(plain(e, move) for e in before) == sorted(plain(e, still) for e in after)


def test_land_that_stays_behind_is_noticed() -> None:
    """The test can fail: ships that are turned without their land and ports tell other things."""
    move, fixes = MOVES["turned"], world_fixes(3)
    nothing = Surroundings()
    before, after = events_of(fixes, nothing), events_of(move.fixes(fixes), nothing)
    assert differences(before, after, move)
