"""Made-up events, tracks and land for the tests of the pages."""

import random
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from detectors.events import EVENT_TYPES, SEVERITIES, Event, Reason
from maps.payload import Page
from vessels.units import US_PER_H, US_PER_MIN

START_US = 1_429_488_000_000_000  # 2015-04-20T00:00:00Z
HOSTILE = (
    "<IMG SRC=X ONERROR=alert(1)>",
    "`+alert(1)+`",
    "${alert(1)}",
    "</script><script>alert(1)//",
    "<SVG/ONLOAD=alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<SCRIPT SRC=//T.CO>",
    "{{7*7}}{% raw %}{# #}",
    "\"onmouseover=alert(1) x='",
    "<!--<script>",
    "]]>\u2028alert(1)\u2029",
    "javascript:alert(1)",
    "&lt;img src=x onerror=alert(1)&gt;",
    "\\u003cimg src=x onerror=alert(1)\\u003e",
    "\x1b[31m\x00\u202eevil",
)
"""The injection matrix: text that fired or broke a page of folium's, and its relatives."""


def land(scale: str) -> list[BaseGeometry]:
    """Return two squares and a lake; the fine one has more corners than the coarse one."""
    block = shapely.box(130.0, -8.0, 150.0, 5.0)
    lake = shapely.box(140.0, -4.0, 142.0, -2.0)
    island = shapely.box(178.0, -20.0, 180.0, -16.0)
    shapes = [block.difference(lake), island]
    return shapes if scale == "110m" else [shape.segmentize(0.5) for shape in shapes]


def event(**changes: Any) -> Event:
    """Return a dark period with two reasons, changed as asked."""
    base: dict[str, Any] = {
        "type": "dark_period",
        "mmsi": 898000101,
        "hull_id": "898000101-1",
        "start_us": START_US + 10 * US_PER_H,
        "end_us": START_US + 40 * US_PER_H,
        "now_us": START_US + 99 * US_PER_H,
        "lat": -9.5,
        "lon": 141.0,
        "vessel_name": "SEA ORCHID",
        "flag": "THA",
        "confidence": 0.87,
        "severity": "high",
        "reasons": (
            Reason("silence", 30.0, 12, "h"),
            Reason("positions_before_12h", 410, 14, "positions"),
        ),
        "details": {"implied_speed_knots": 2.31},
        "path": ((141.0, -9.5), (141.5, -10.25)),
    }
    return Event(**{**base, **changes})


def walk(seed: int, fixes: int, lon: float = 141.0, lat: float = -9.5) -> list[tuple[Any, ...]]:
    """Return a wandering track with a fix every ten minutes."""
    rng = random.Random(seed)
    track = []
    for i in range(fixes):
        track.append((START_US + i * 10 * US_PER_MIN, lon, lat))
        lon = min(179.9, max(-179.9, lon + rng.gauss(0.0, 0.01)))
        lat = min(80.0, max(-80.0, lat + rng.gauss(0.0, 0.01)))
    return track


def many_events(count: int) -> list[Event]:
    """Return events of every type over the seas of the world."""
    rng = random.Random(7)
    return [
        event(
            type=rng.choice(EVENT_TYPES),
            mmsi=898000000 + i,
            hull_id=f"{898000000 + i}-1",
            start_us=START_US + i * US_PER_MIN,
            lat=rng.uniform(-60.0, 60.0),
            lon=rng.uniform(-180.0, 179.9),
            vessel_name=f"VESSEL {i}",
            confidence=round(rng.random(), 3),
            severity=rng.choice(SEVERITIES),
            path=(),
        )
        for i in range(count)
    ]


def page(**changes: Any) -> Page:
    """Return a small page on made-up land."""
    base: dict[str, Any] = {
        "events": [event()],
        "tracks": {"898000101-1": walk(1, 60)},
        "title": "Test page",
        "land": land,
    }
    return Page(**{**base, **changes})
