"""Zones: named areas of sea from the user's own files, and which of them a point lies in.

EEZs, marine protected areas, RFMO areas and own polygons come as GeoPackage, GeoJSON or Shapefile
in any coordinate system (vessels/zones_files.py) and are kept as WGS84 polygons cut at 180 degrees.
Between two vertices a border is straight in longitude and latitude (RFC 7946, section 3.1.1). A
zone is all polygons of one name in one set. A set of zones is known by the hash of what it holds,
never by a file's name or date, and its order is that of its content: equal zones give equal
numbers, hashes and answers, whichever way their files are written.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vessels.zones_grid import ZoneGrid, build_grid, zones_of_points

if TYPE_CHECKING:
    from shapely import MultiPolygon

__all__ = ["ZONE_KINDS", "Zone", "ZoneKind", "ZoneSet", "ZoneSource", "no_zones", "zone_set"]

ZoneKind = Literal["eez", "mpa", "rfmo", "area"]
ZONE_KINDS: tuple[ZoneKind, ...] = get_args(ZoneKind)
"""Exclusive economic zone, marine protected area, fisheries organisation's area, own polygon."""


@dataclass(frozen=True, slots=True)
class ZoneSource:
    """One file of zones, as configured."""

    name: str
    path: Path
    kind: ZoneKind = "area"
    name_column: str | None = None
    """Attribute that holds a zone's name; guessed where None."""


@dataclass(frozen=True, slots=True)
class Zone:
    """One named area; `source` is the name of its set."""

    name: str
    kind: ZoneKind
    source: str
    geometry: "MultiPolygon"
    """WGS84 longitude and latitude in degrees, within [-180, 180]."""


@dataclass(frozen=True, slots=True, eq=False)
class ZoneSet:
    """All zones of a run, in the order of their set, name and kind. Equal where the hash is."""

    names: tuple[str, ...] = ()
    kinds: tuple[ZoneKind, ...] = ()
    sources: tuple[str, ...] = ()
    hash: str = ""
    """SHA-256 of sets, names, kinds and outlines; empty where there is no zone."""
    grid: ZoneGrid | None = None
    notes: tuple[str, ...] = field(default=(), repr=False)
    """What was mended or left out while reading, one sentence each."""

    def __len__(self) -> int:
        return len(self.names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ZoneSet) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def at(
        self, lat_deg: ArrayLike, lon_deg: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the zones that each point lies in, as compressed rows.

        Args:
            lat_deg: one axis; a point without a position (NaN, beyond 90) is in no zone.
            lon_deg: equally long; may run past 180.

        Returns:
            `first` of n + 1 and `zones`: point i is in `zones[first[i]:first[i + 1]]`, ascending.
            A point on a border is in or out by the last bit, but always the same.
        """
        lat = np.ascontiguousarray(lat_deg, dtype=np.float64)
        lon = np.ascontiguousarray(lon_deg, dtype=np.float64)
        if self.grid is None:
            return np.zeros(lat.size + 1, np.int64), np.empty(0, np.int32)
        return zones_of_points(self.grid, lat, lon)

    def names_at(self, lat_deg: ArrayLike, lon_deg: ArrayLike) -> list[list[str]]:
        """Return the names of the zones that each point lies in, sorted, each once."""
        first, zones = self.at(lat_deg, lon_deg)
        told = [self.names[zone] for zone in zones.tolist()]
        return [
            sorted(set(told[begin:end]))
            for begin, end in zip(first[:-1].tolist(), first[1:].tolist(), strict=True)
        ]

    def of_kinds(self, kinds: Sequence[str]) -> NDArray[np.bool_]:
        """Return whether each zone is of one of these kinds."""
        return np.array([kind in kinds for kind in self.kinds], bool)

    def as_dict(self) -> dict[str, Any]:
        """Return what run.json tells of the zones."""
        counts = {source: self.sources.count(source) for source in sorted(set(self.sources))}
        return {"sha256": self.hash, "zones": counts, "notes": list(self.notes)}


def no_zones() -> ZoneSet:
    """Return the set without any zone."""
    return ZoneSet()


def zone_set(zones: Iterable[Zone], notes: Iterable[str] = ()) -> ZoneSet:
    """Return the set of some zones, each name once a source and kind.

    Polygons of one name, kind and source are one zone.
    """
    import shapely  # noqa: PLC0415 - slow to import, and runs without zones do without

    parts: dict[tuple[str, str, ZoneKind], list[Any]] = {}
    for zone in zones:
        parts.setdefault((zone.source, zone.name, zone.kind), []).append(zone.geometry)
    if not parts:
        return ZoneSet(notes=tuple(notes))
    ordered = sorted(parts)
    outlines = [
        shapely.normalize(several[0] if len(several) == 1 else shapely.union_all(several))
        for several in (parts[key] for key in ordered)
    ]
    digest = hashlib.sha256()
    for (source, name, kind), outline in zip(ordered, outlines, strict=True):
        text = f"{source}\0{name}\0{kind}\0".encode()
        shape = shapely.to_wkb(outline, byte_order=1)
        digest.update(len(text).to_bytes(8, "little") + text)
        digest.update(len(shape).to_bytes(8, "little") + shape)
    return ZoneSet(
        names=tuple(name for _, name, _ in ordered),
        kinds=tuple(kind for _, _, kind in ordered),
        sources=tuple(source for source, _, _ in ordered),
        hash=digest.hexdigest(),
        grid=build_grid(outlines),
        notes=tuple(notes),
    )
