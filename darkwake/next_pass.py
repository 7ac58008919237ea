"""When satellites next pass over where an event's vessel can be; when the vessel came before.

So that an analyst can wait for a picture, or order one.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from darkwake.tiles import events_of
from darkwake.tiles_run import Fixes, RunFixes
from darkwake.vessel_fixes import database
from detectors.events import Event
from imagery.expected import expect
from imagery.passes import Pass, Satellite, next_passes, read_tle
from imagery.scenes import Outline
from imagery.telling import saying
from vessels.aside import written_aside
from vessels.clock import iso_z
from vessels.errors import StoreError, UsageError
from vessels.units import US_PER_DAY, US_PER_MIN

_SLACK_M = 20_000.0
_CORNERS = 24
_NEAR_DEG = 0.25
_APART_US = 2 * US_PER_DAY
_METRES_PER_DEGREE = 111_195.0


ELEMENTS = "elements.tle"
"""Name in the imagery cache of the elements that were given last."""
_TOLD = 3


def elements_for(given: Path | None, cache: Path) -> list[Satellite]:
    """Return the satellites of a file, which is remembered; without one, those remembered.

    Raises:
        UsageError: there is no file and nothing is remembered.
        InputError: the elements cannot be read.
        StoreError: they cannot be remembered.
    """
    held = cache / ELEMENTS
    if given is None:
        if not held.exists():
            raise UsageError("--next-pass needs --tle FILE once; it is remembered then")
        return read_tle(held)
    satellites = read_tle(given)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with written_aside(held) as aside:
            aside.write_bytes(given.read_bytes())
    except OSError as error:
        raise StoreError(f"{held}: cannot be remembered: {error.strerror or error}") from error
    return satellites


def next_pass(
    run: Path, event_ids: Sequence[str], satellites: Sequence[Satellite], days: float
) -> list[dict[str, Any]]:
    """Return passes and earlier visits of events of a run, from the run's own now on.

    Raises:
        UsageError: the run has no such event.
        InputError: the run cannot be read.
    """
    events = events_of(run, event_ids)
    with database() as connection:
        fixes = RunFixes(connection, run)
        return [_of(event, fixes, satellites, days) for event in events]


def _of(
    event: Event, fixes: RunFixes, satellites: Sequence[Satellite], days: float
) -> dict[str, Any]:
    begin = datetime.fromtimestamp(event.now_us / 1e6, UTC)
    visits = _visits(event, fixes)
    return {
        "event_id": event.event_id,
        "passes": [_told(one) for one in next_passes(satellites, _area(event, fixes), begin, days)],
        "visits": [[iso_z(first), iso_z(last)] for first, last in visits],
        "repeats": _repeats(visits),
    }


def _area(event: Event, fixes: Fixes) -> Outline:
    """Return where the event's vessel can be at the event's own now."""
    ship = fixes.around(event.hull_id, event.now_us)
    if ship is None:
        return _disk(event.lat, event.lon, _SLACK_M)
    now = expect([ship], event.now_us)
    reach_m = 2.0 * math.sqrt(float(now.variance_m2[0])) + _SLACK_M
    return _disk(float(now.lat[0]), float(now.lon[0]), min(reach_m, 500_000.0))


def passes_saying(
    event: Event, fixes: Fixes, satellites: Sequence[Satellite], now_us: int, days: float
) -> list[dict[str, Any]]:
    """Return as a saying when satellites pass next over an event; none where none does."""
    begin = datetime.fromtimestamp(now_us / 1e6, UTC)
    passes = next_passes(satellites, _area(event, fixes), begin, days)[:_TOLD]
    if not passes:
        return []
    told = [[one.satellite, f"{one.time:%Y-%m-%d %H:%M}"] for one in passes]
    oldest = max(one.elements_age_days for one in passes)
    name = "passes_doubtful" if any(one.doubtful for one in passes) else "passes"
    return [saying(name, passes=told, days=round(oldest))]


def _told(one: Pass) -> dict[str, Any]:
    return {
        "satellite": one.satellite,
        "sensor": one.sensor,
        "time": one.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "share": one.share,
        "ascending": one.ascending,
        "elements_age_days": one.elements_age_days,
        "doubtful": one.doubtful,
    }


def _disk(lat: float, lon: float, reach_m: float) -> Outline:
    reach = reach_m / _METRES_PER_DEGREE
    stretch = max(math.cos(math.radians(lat)), 0.05)
    turns = [2.0 * math.pi * i / _CORNERS for i in range(_CORNERS)]
    ring = [
        (
            lon + reach * math.cos(turn) / stretch,
            min(max(lat + reach * math.sin(turn), -89.9), 89.9),
        )
        for turn in turns
    ]
    return (*ring, ring[0])


def _visits(event: Event, fixes: RunFixes) -> list[tuple[int, int]]:
    """Return from when to when the vessel was within 15 nm of the event's place."""
    step_us = 10 * US_PER_MIN
    times = [
        t * step_us
        for t in fixes.visits([event.hull_id], (event.lat, event.lon, _NEAR_DEG), step_us)
    ]
    out: list[tuple[int, int]] = []
    for t in times:
        if out and t - out[-1][1] <= _APART_US:
            out[-1] = (out[-1][0], t)
        else:
            out.append((t, t))
    return out


def _repeats(visits: Sequence[tuple[int, int]]) -> str:
    """Return a hint in words, where the vessel came to the same place before."""
    if len(visits) < 2:
        return "The vessel is not known to have been there at another time."
    gaps = [(b[0] - a[0]) / US_PER_DAY for a, b in pairwise(visits)]
    told = ", ".join(f"{gap:.0f}" for gap in gaps[-5:])
    return (
        f"The vessel was there {len(visits)} times, {told} days from one coming to the next:"
        " a hint at most of when it comes again."
    )
