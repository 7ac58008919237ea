"""A small sea on 180 degrees where everything happens, as fixes, for the laws.

Seven numbers over four days: two ships that meet, one that goes dark, one that loiters, a number
with two hulls, a position that jumps away and back, and honest traffic.
"""

from typing import Any

import numpy as np

from vessels.fixes import Fixes, concat_fixes

T0_US = 1_700_000_000_000_000
HOUR_US = 3_600_000_000
DAYS = 4
_KNOT_DEG_PER_H = 1.0 / 60.0


def track(
    rng: np.random.Generator,
    mmsi: int,
    hours: tuple[float, float],
    start: tuple[float, float],
    velocity: tuple[float, float],
    every_min: float = 12.0,
) -> Fixes:
    """Return fixes of a ship that keeps (north, east) speeds in knots from a start (lat, lon)."""
    count = int((hours[1] - hours[0]) * 60.0 / every_min)
    steps = rng.uniform(0.5, 1.5, count) * every_min / 60.0
    at_h = hours[0] + np.cumsum(steps)
    at_h = at_h[at_h < hours[1]]
    gone_h = at_h - hours[0]
    noise = rng.normal(0.0, 1e-4, (2, len(at_h)))
    lat = start[0] + gone_h * velocity[0] * _KNOT_DEG_PER_H + noise[0]
    scale = np.cos(np.radians(start[0]))
    lon = start[1] + gone_h * velocity[1] * _KNOT_DEG_PER_H / scale + noise[1]
    sog = np.hypot(*velocity) + rng.normal(0.0, 0.05, len(at_h))
    n = len(at_h)
    return Fixes(
        np.full(n, mmsi, "i4"),
        T0_US + (at_h * HOUR_US).astype("i8") // 1_000_000 * 1_000_000,
        np.round(lat, 6),
        np.round((lon + 180.0) % 360.0 - 180.0, 6),
        np.round(np.maximum(sog, 0.0), 1).astype("f4"),
        np.full(n, np.nan, "f4"),
        np.full(n, np.nan, "f4"),
        np.full(n, 255, "u1"),
        np.ones(n, "u1"),
        np.ones(n, "u1"),
        rng.integers(1, 3, n).astype("u1"),
    )


def sea(seed: int) -> Fixes:
    """Return all fixes of the small sea, in order of vessel."""
    rng = np.random.default_rng(seed)
    end = DAYS * 24.0
    meet = float(rng.uniform(20, 50))
    dark = float(rng.uniform(20, 40))
    jump = float(rng.uniform(10, 60))
    parts = [
        track(rng, 636000001, (0, meet), (-30.0 - meet / 6, 179.9), (10, 0)),
        track(rng, 636000001, (meet, meet + 6), (-30.0, 179.999), (0.2, 0.4)),
        track(rng, 636000001, (meet + 6, end), (-29.97, 179.9), (-9, 2)),
        track(rng, 412000002, (0, meet), (-30.0 + meet * 8 / 60, -179.99), (-8, 0)),
        track(rng, 412000002, (meet, meet + 6), (-30.001, 179.999), (0.2, 0.4)),
        track(rng, 412000002, (meet + 6, end), (-29.98, -179.99), (7, 3)),
        track(rng, 416000003, (0, dark), (-34.0, 178.0), (5, 5)),
        track(rng, 416000003, (dark + 16, end), (-34.0 + (dark + 16) / 12, 179.0), (5, 5)),
        track(rng, 440000004, (0, end), (-33.0, -178.0), (0.3, -0.3), every_min=25),
        track(rng, 477000005, (0, end), (-36.0, 175.9), (6, 2)),
        track(rng, 477000005, (5, end - 5), (-25.0, -170.0), (-4, 2), every_min=31),
        track(rng, 538000006, (0, jump), (-40.0, -175.0), (9, 0)),
        track(rng, 538000006, (jump, jump + 2), (-20.0, -150.0), (9, 0)),
        track(rng, 538000006, (jump + 2, end), (-40.0 + (jump + 2) * 9 / 60, -175.0), (9, 0)),
        track(rng, 227000007, (0, end), (-45.0, 170.0), (3, 8), every_min=40),
    ]
    return concat_fixes(parts)


def shuffled(fixes: Fixes, rng: np.random.Generator, *, late_h: float) -> list[Fixes]:
    """Return the fixes as they might arrive: each up to `late_h` late, some twice, in batches."""
    delay = rng.uniform(0.0, late_h * HOUR_US, len(fixes)) * (rng.random(len(fixes)) < 0.3)
    twice = rng.random(len(fixes)) < 0.1
    rows = np.concatenate([np.arange(len(fixes)), np.flatnonzero(twice)])
    arrival = fixes.time_us[rows] + np.concatenate(
        [delay, rng.uniform(0.0, late_h * HOUR_US, int(twice.sum()))]
    )
    rows = rows[np.argsort(arrival, kind="stable")]
    cuts = np.sort(rng.integers(0, len(rows), int(rng.integers(1, 9))))
    return [fixes.take(part) for part in np.split(rows, cuts) if len(part)]


def as_bytes(events: list[Any]) -> bytes:
    """Return the event file that these events would make."""
    import json

    from detectors.events import sort_events

    return json.dumps([e.properties() | e.geometry() for e in sort_events(events)]).encode()
