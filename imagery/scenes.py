"""Scenes that could show an event: what a catalogue tells of them, and which are worth a look.

A scene is worth P(the ship is in it) times P(it would be found there): see `rank_scenes`. That
there is none is an answer too, and is written down.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imagery.bands import Sensor
from vessels.geography import on_land

if TYPE_CHECKING:
    from imagery.image import Image

Floats = NDArray[np.float64]
Outline = tuple[tuple[float, float], ...]
"""(lon, lat) of a ring, degrees; a ring over 180 degrees goes on beyond it."""

_FOUND: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "s1": ((10.0, 15.0, 20.0, 25.0, 30.0, 40.0), (0.1, 0.45, 0.75, 0.95, 0.96, 0.99)),
    "s2": ((10.0, 20.0, 30.0, 50.0), (0.3, 0.7, 0.85, 0.95)),
}
"""Length in metres -> share of ships that are found. Radar: both polarisations, calm sea, simulated
(benchmarks/cfar.py). Optical: our judgement, below what moored ships gave (docs/imagery.md)."""
_USUAL_LENGTH_M = 40.0
_DRAWS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One scene of a catalogue; no pixel has been read."""

    scene_id: str
    provider: str
    sensor: Sensor
    time: datetime
    """When it was taken, UTC."""
    outline: Outline
    """What it covers."""
    assets: Mapping[str, str] = field(default_factory=dict)
    """Band -> where it lies. May hold signatures: never for files or logs."""
    cloud: float | None = None
    """Share of the scene under cloud, 0..1; None where nobody tells, and for radar."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else the catalogue tells, in JSON values without secrets."""

    @property
    def time_us(self) -> int:
        """When it was taken, microseconds since 1970."""
        return round(self.time.timestamp() * 1e6)


class Provider(Protocol):
    """Where scenes come from: a folder, a catalogue."""

    name: str

    def search(
        self, area: Outline, begin: datetime, end: datetime, sensors: Sequence[Sensor]
    ) -> list[Scene]:
        """Return the scenes that touch an area within a time, earliest first.

        Raises:
            InputError: the catalogue cannot be asked.
        """

    def fetch(self, scene: Scene, lat_deg: float, lon_deg: float, side_m: float) -> "Image":
        """Return the part of a scene round a place, in memory.

        Raises:
            InputError: it cannot be read, or does not cover the place.
        """


@dataclass(frozen=True, slots=True)
class Ranked:
    """A scene and what it is worth for one ship."""

    scene: Scene
    p_inside: float
    """Probability that the ship was within the outline, at sea."""
    p_found: float
    """Probability that it would be found if it was, cloud counted."""

    @property
    def worth(self) -> float:
        """Probability that it was there and is found."""
        return self.p_inside * self.p_found


def p_found(length_m: ArrayLike, sensor: str) -> Floats:
    """Return the share of ships of a length that the sensor's detector finds; NaN is 40 m."""
    lengths = np.asarray(length_m, np.float64)
    lengths = np.where(np.isfinite(lengths) & (lengths > 0.0), lengths, _USUAL_LENGTH_M)
    return np.asarray(np.interp(lengths, *_FOUND[sensor]))


def inside(outline: Outline, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.bool_]:
    """Return whether places lie within an outline, also over 180 degrees."""
    from shapely import contains_xy  # noqa: PLC0415 - slow to import
    from shapely.geometry import Polygon  # noqa: PLC0415

    ring = np.asarray(unrolled(outline))
    lats, lons = np.asarray(lat, np.float64), np.asarray(lon, np.float64)
    middle = float(ring[:, 0].mean())
    turned = middle + (lons - middle + 180.0) % 360.0 - 180.0
    return np.asarray(contains_xy(Polygon(ring), turned, lats))


def unrolled(outline: Outline) -> Outline:
    """Return a ring whose longitudes take the short way from point to point."""
    out = [outline[0]]
    for lon, lat in outline[1:]:
        before = out[-1][0]
        out.append((before + (lon - before + 180.0) % 360.0 - 180.0, lat))
    return tuple(out)


def overlaps(one: Outline, other: Outline) -> bool:
    """Return whether two outlines touch."""
    from shapely.affinity import translate  # noqa: PLC0415 - slow to import
    from shapely.geometry import Polygon  # noqa: PLC0415

    first, second = Polygon(unrolled(one)).buffer(0), Polygon(unrolled(other)).buffer(0)
    return any(first.intersects(translate(second, shift)) for shift in (-360.0, 0.0, 360.0))


def rank_scenes(
    scenes: Iterable[tuple[Scene, tuple[float, float], float]], length_m: float | None
) -> list[Ranked]:
    """Return scenes by what they are worth, best first.

    Args:
        scenes: each with where the ship probably was at its time: mean (lat, lon), and variance per
            axis in square metres (`vessels.presence`).
        length_m: of the ship, where known.
    """
    out = [_rank(scene, mean, variance, length_m) for scene, mean, variance in scenes]
    return sorted(out, key=lambda one: (-one.worth, one.scene.time_us, one.scene.scene_id))


def _rank(
    scene: Scene, mean: tuple[float, float], variance_m2: float, length_m: float | None
) -> Ranked:
    # A lattice of equally likely places: rings of a Gaussian, a golden angle apart.
    steps = (np.arange(_DRAWS) + 0.5) / _DRAWS
    radius = np.sqrt(-2.0 * np.log1p(-steps) * variance_m2) / 111_194.9
    angle = np.arange(_DRAWS) * 2.399963229728653
    lat = np.clip(mean[0] + radius * np.sin(angle), -89.9, 89.9)
    lon = mean[1] + radius * np.cos(angle) / np.cos(np.radians(lat))
    lon = (lon + 180.0) % 360.0 - 180.0
    there = inside(scene.outline, lat, lon)
    at_sea = ~np.asarray(on_land(lat, lon))
    p_inside = float((there & at_sea).sum() / max(int(at_sea.sum()), 1))
    clear = 1.0 - (scene.cloud or 0.0) if scene.sensor == "s2" else 1.0
    found = float(p_found(np.nan if length_m is None else length_m, scene.sensor)) * clear
    return Ranked(scene, round(p_inside, 4), round(found, 4))
