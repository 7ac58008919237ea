"""One look at one event: the ships of a chip, matched to AIS, and what that says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from imagery.expected import OnAis, expect
from imagery.image import Image
from imagery.matching import Expected, Look, Match, match, radial_knots
from imagery.quicklook import footprint
from imagery.scenes import Ranked, inside
from imagery.ships import find_ships
from imagery.telling import saying
from vessels.errors import InputError
from vessels.geodesy import distances_m

Floats = NDArray[np.float64]

NEAR_M = 2_000.0
"""So near to a suspect a ship without AIS is evidence on its event."""
ALONGSIDE_M = 350.0
"""Lengths of two ships and the radar's blur: nearer than this they may be tied up."""
LEAST_SCORE = 0.2
_MISSING_AT = 0.6
_ALIKE = 1.4
"""Measured lengths are off by half: within this ratio ships are told as alike."""
_METRES_PER_DEGREE = 111_195.0

SEEN = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("scene_id", pa.string(), nullable=False),
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("lat", pa.float64(), nullable=False),
        pa.field("lon", pa.float64(), nullable=False),
        pa.field("length_m", pa.float64()),
        pa.field("heading_deg", pa.float64()),
        pa.field("score", pa.float64()),
        pa.field("flags", pa.list_(pa.string())),
        pa.field("status", pa.string(), nullable=False),
        pa.field("hull_id", pa.string()),
        pa.field("p_match", pa.float64(), nullable=False),
        pa.field("p_dark", pa.float64(), nullable=False),
        pa.field("from_suspect_m", pa.float64()),
        pa.field("radial_knots", pa.float64()),
    ]
)
"""Columns of detections.parquet: one ship seen in one scene, for one event.

`status`: `on_ais`, `dark` (a ship that sends no AIS) or `doubtful`. `from_suspect_m`: from where
the event's vessel was seen, or where AIS has it. `radial_knots`: speed across the track that the
radar's azimuth shift tells, for a matched ship; null for optical images.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What one scene shows of one event."""

    ranked: Ranked
    image: Image
    """The chip, in memory."""
    ships: pa.Table
    """Table of SEEN."""
    suspect: tuple[float, float]
    """Where the event's vessel was seen, or else where AIS has it: lat, lon."""
    suspect_seen: bool
    missing: tuple[tuple[str, float], ...]
    """Ships on AIS that ought to be in the picture and are not: hull, probability."""
    suspect_missing: float
    """The same probability of the event's own vessel; 0 where it is seen."""


def look_at(
    event_id: str, image: Image, ranked: Ranked, suspect: OnAis, others: Sequence[OnAis]
) -> Sight:
    """Find the ships of a chip and match them to those on AIS; the suspect is one of these.

    Raises:
        InputError: the image is damaged, or tells no time.
    """
    if image.time is None:
        raise InputError("the scene tells no time")
    at_us = round(image.time.timestamp() * 1e6)
    found = find_ships(image)
    found = found.filter(pa.compute.greater_equal(found["score"], LEAST_SCORE))
    ships = [suspect, *others]
    expected = within(expect(ships, at_us), image)
    lat, lon, length = (np.asarray(found[name], np.float64) for name in ("lat", "lon", "length_m"))
    rows, columns = image.shape
    look = Look(**image.provenance["look"]) if "look" in image.provenance else None
    result = match(
        lat,
        lon,
        length,
        expected,
        sensor=image.sensor,
        area_m2=rows * columns * image.pixel_m**2,
        look=look,
    )
    own = int(result.detection[0])
    place = (
        (float(lat[own]), float(lon[own]))
        if own >= 0
        else (float(expected.lat[0]), float(expected.lon[0]))
    )
    missing = [
        (ship.name, round(float(p), 3))
        for ship, p in zip(ships[1:], result.p_missing[1:], strict=True)
        if p >= _MISSING_AT
    ]
    speeds = _radial(lat, lon, expected, result, look)
    table = _table(event_id, ranked, at_us, found, result, ships, place, speeds)
    gone = 0.0 if own >= 0 else round(float(result.p_missing[0]), 3)
    return Sight(ranked, image, table, place, own >= 0, tuple(missing), gone)


def within(expected: Expected, image: Image) -> Expected:
    """Return ships with the probability that each is within the image: its Gaussian, sampled."""
    outline = tuple(footprint(image))
    steps = (np.arange(64) + 0.5) / 64.0
    radius = np.sqrt(-2.0 * np.log1p(-steps))
    angle = np.arange(64) * 2.399963229728653
    sigma = np.sqrt(expected.variance_m2)[:, None] / _METRES_PER_DEGREE
    lat = np.clip(expected.lat[:, None] + sigma * radius * np.sin(angle), -89.9, 89.9)
    stretch = np.cos(np.radians(lat))
    lon = expected.lon[:, None] + sigma * radius * np.cos(angle) / stretch
    share = inside(outline, lat.ravel(), lon.ravel()).reshape(lat.shape).mean(axis=1)
    return replace(expected, p_inside=np.asarray(share))


def _radial(
    lat: Floats, lon: Floats, expected: Expected, result: Match, look: Look | None
) -> list[float | None]:
    out: list[float | None] = [None] * lat.size
    if look is None:
        return out
    track = np.radians(look.heading_deg)
    for row, ship in enumerate(result.ship):
        if ship >= 0:
            north = (lat[row] - expected.lat[ship]) * _METRES_PER_DEGREE
            turn = (lon[row] - expected.lon[ship] + 180.0) % 360.0 - 180.0
            east = turn * _METRES_PER_DEGREE * np.cos(np.radians(lat[row]))
            along = np.array([east * np.sin(track) + north * np.cos(track)])
            out[row] = round(float(radial_knots(along, look)[0]), 1)
    return out


def _table(
    event_id: str,
    ranked: Ranked,
    at_us: int,
    found: pa.Table,
    result: Match,
    ships: Sequence[OnAis],
    suspect: tuple[float, float],
    speeds: list[float | None],
) -> pa.Table:
    count = found.num_rows
    away = distances_m(found["lat"].to_numpy(), found["lon"].to_numpy(), *suspect)
    status = [
        "on_ais" if ship >= 0 else "dark" if dark else "doubtful"
        for ship, dark in zip(result.ship, result.dark, strict=True)
    ]
    return pa.table(
        {
            "event_id": [event_id] * count,
            "scene_id": [ranked.scene.scene_id] * count,
            "time": pa.array([at_us] * count, pa.int64()).cast(SEEN.field("time").type),
            **{name: found[name] for name in ("lat", "lon", "length_m", "heading_deg", "score")},
            "flags": found["flags"],
            "status": status,
            "hull_id": pa.array(
                [ships[ship].name if ship >= 0 else None for ship in result.ship], pa.string()
            ),
            "p_match": np.round(result.p_match, 3),
            "p_dark": np.round(result.p_dark, 3),
            "from_suspect_m": np.round(away, 0),
            "radial_knots": pa.array(speeds, pa.float64()),
        },
        schema=SEEN,
    )


def sayings_of(sight: Sight, name: str) -> list[dict[str, Any]]:
    """Return what the picture says of the event's vessel, as one or two sayings."""
    near = [
        row
        for row in sight.ships.to_pylist()
        if row["status"] == "dark" and row["from_suspect_m"] <= NEAR_M
    ]
    if sight.suspect_seen:
        if not near:
            return [saying("seen_alone", name=name, km=NEAR_M / 1000.0)]
        return [saying("seen", name=name), _without_ais(near, "")]
    where = "not_seen"
    if sight.suspect_missing >= _MISSING_AT:
        where = "missing"
    elif sight.ranked.p_inside < 0.5:
        where = "elsewhere"
    told = [saying(where, name=name)]
    return [*told, _without_ais(near, "_ais")] if near else told


def _without_ais(near: list[dict[str, Any]], of: str) -> dict[str, Any]:
    """Return how many ships without AIS lie how near; `of`: `_ais` where AIS alone has the place.

    Lengths that are alike are one, of unlike ones each is told, nearest first.
    """
    lengths = [row["length_m"] for row in sorted(near, key=_distance)]
    if max(lengths) <= _ALIKE * min(lengths):
        told = [round(sum(lengths) / len(lengths), -1)]
    else:
        told = [round(length) for length in lengths]
    values: dict[str, Any] = {"lengths_m": told}
    count = "one" if len(near) == 1 else "some"
    if len(near) > 1:
        values["count"] = len(near)
    furthest_m = max(row["from_suspect_m"] for row in near)
    if furthest_m <= ALONGSIDE_M:
        return saying(f"{count}_alongside{of}", **values)
    return saying(f"{count}_within{of}", km=round(furthest_m / 1000.0, 1), **values)


def _distance(row: dict[str, Any]) -> float:
    return float(row["from_suspect_m"])
