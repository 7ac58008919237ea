"""What a detector says: one event, its reasons, its identity for life, and its form in files.

An event is a finding to check, never a verdict. `event_id` hashes the type, the sorted MMSIs and
the integer start time and place; never a float, never the end, so it is known when the event opens
and survives until it closes (law 2). Everything here is rounded before it leaves, so that equal
fixes give equal bytes (law 1).
"""

import hashlib
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from vessels.clock import iso_z
from vessels.units import US_PER_H

EVENT_TYPES = (
    "dark_period",
    "encounter",
    "loitering",
    "port_visit",
    "time_at_sea",
    "identity_conflict",
    "implausible_position",
    "dark_rendezvous",
    "zone_entry",
)
SEVERITIES = ("info", "watch", "high")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an event was raised, or what makes it more or less sure."""

    code: str
    value: float | int | str | None
    threshold: float | int | str | None
    unit: str

    def as_dict(self) -> dict[str, Any]:
        """Return the reason as plain JSON values."""
        return {
            "code": self.code,
            "value": self.value,
            "threshold": self.threshold,
            "unit": self.unit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One finding. Times are microseconds since 1970 UTC; `end_us` is None while open.

    `path` is the geometry as (lon, lat) pairs: one for a point, two or more for a line.
    `details` holds plain scalars and lists by name; docs/detectors.md has a section a type.
    """

    type: str
    mmsi: int
    hull_id: str
    start_us: int
    lat: float
    lon: float
    end_us: int | None = None
    now_us: int
    """The time the event was judged at: an open event's duration runs to it."""
    other_mmsi: int | None = None
    other_hull_id: str | None = None
    vessel_name: str | None = None
    flag: str | None = None
    confidence: float
    severity: str = "info"
    replaces: str | None = None
    reasons: tuple[Reason, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    path: tuple[tuple[float, float], ...] = ()

    @property
    def event_id(self) -> str:
        """The event's identity for life: 16 hexadecimal digits."""
        return event_id(
            self.type, (self.mmsi, self.other_mmsi), self.start_us, (self.lat, self.lon)
        )

    @property
    def status(self) -> str:
        """`open` until the event has an end."""
        return "open" if self.end_us is None else "closed"

    @property
    def duration_h(self) -> float:
        """Hours from start to end, or to the time of judgement while open."""
        end_us = self.now_us if self.end_us is None else self.end_us
        return round((end_us - self.start_us) / US_PER_H, 4)

    def with_(self, **changes: Any) -> "Event":
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def properties(self) -> dict[str, Any]:
        """Return the event properties of the contract, in their fixed order, as JSON values."""
        return {
            "event_id": self.event_id,
            "type": self.type,
            "status": self.status,
            "start": iso_z(self.start_us),
            "end": None if self.end_us is None else iso_z(self.end_us),
            "duration_h": self.duration_h,
            "mmsi": self.mmsi,
            "other_mmsi": self.other_mmsi,
            "hull_id": self.hull_id,
            "other_hull_id": self.other_hull_id,
            "vessel_name": self.vessel_name,
            "flag": self.flag,
            "lat": round(self.lat, 6),
            "lon": round(self.lon, 6),
            "confidence": round(self.confidence, 3),
            "severity": self.severity,
            "replaces": self.replaces,
            "reasons": [reason.as_dict() for reason in self.reasons],
            "details": {
                key: round(value, 6) if isinstance(value, float) else value
                for key, value in self.details.items()
            },
        }

    def geometry(self) -> dict[str, Any]:
        """Return the GeoJSON geometry: a point, or a line that may cross 180 degrees.

        A line over the antimeridian is cut there (RFC 7946, section 3.1.9).
        """
        points = [[round(lon, 6), round(lat, 6)] for lon, lat in self.path]
        points = points or [[round(self.lon, 6), round(self.lat, 6)]]
        if len(points) == 1:
            return {"type": "Point", "coordinates": points[0]}
        parts = cut_at_antimeridian(points)
        if len(parts) == 1:
            return {"type": "LineString", "coordinates": parts[0]}
        return {"type": "MultiLineString", "coordinates": parts}


def event_id(
    type_name: str, mmsis: tuple[int | None, ...], start_us: int, lat_lon: tuple[float, float]
) -> str:
    """Return the identity of an event, from integers only.

    >>> event_id("encounter", (2, 1), 0, (0.0, 0.0)) == event_id("encounter", (1, 2), 0, (0.0, 0.0))
    True
    """
    numbers = sorted(m for m in mmsis if m is not None)
    micro = [round(value * 1_000_000) for value in lat_lon]
    text = "|".join([type_name, *(str(n) for n in (*numbers, start_us, *micro))])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cut_at_antimeridian(points: list[list[float]]) -> list[list[list[float]]]:
    """Return the line as parts that do not cross 180 degrees."""
    parts = [[points[0]]]
    for (lon1, lat1), (lon2, lat2) in pairwise(points):
        if abs(lon2 - lon1) > 180.0:
            edge = 180.0 if lon1 > 0 else -180.0
            lon2_near = lon2 + (360.0 if lon1 > 0 else -360.0)
            span = lon2_near - lon1
            share = (edge - lon1) / span if span else 0.0
            lat = round(lat1 + share * (lat2 - lat1), 6)
            parts[-1].append([edge, lat])
            parts.append([[-edge, lat]])
        parts[-1].append([lon2, lat2])
    return parts


def sort_events(events: list[Event]) -> list[Event]:
    """Return the events in the order of every file: start, type, then identity."""
    return sorted(events, key=lambda e: (e.start_us, e.type, e.event_id))
