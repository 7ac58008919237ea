"""Events of some numbers, read back from a run's events.geojson.

The GeoJSON keeps the words of reasons apart, which the Parquet file joins. It holds one feature a
line, so a long run is read line by line.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from detectors.events import Event, Reason
from vessels.clock import parse_iso_us
from vessels.errors import InputError


def read_events(run: Path, numbers: Sequence[int], now_us: int) -> list[Event]:
    """Return the events that name one of `numbers`, in the order of the file.

    Open ones are judged at `now_us`.

    Raises:
        InputError: the file is missing or damaged.
    """
    return _read(run, now_us, numbers)


def read_all_events(run: Path, now_us: int) -> list[Event]:
    """Return all events of a run, as `read_events` does.

    Raises:
        InputError: the file is missing or damaged.
    """
    return _read(run, now_us, None)


def event_from_feature(feature: dict[str, Any], now_us: int) -> Event:
    """Return the event that a GeoJSON feature tells of.

    Raises:
        KeyError, TypeError, ValueError: it does not hold an event.
    """
    told = feature["properties"]
    geometry = feature["geometry"]
    return Event(
        type=told["type"],
        mmsi=told["mmsi"],
        hull_id=told["hull_id"],
        start_us=parse_iso_us(told["start"]),
        end_us=None if told["end"] is None else parse_iso_us(told["end"]),
        now_us=now_us,
        lat=told["lat"],
        lon=told["lon"],
        other_mmsi=told["other_mmsi"],
        other_hull_id=told["other_hull_id"],
        vessel_name=told["vessel_name"],
        flag=told["flag"],
        confidence=told["confidence"],
        severity=told["severity"],
        replaces=told["replaces"],
        reasons=tuple(Reason(**reason) for reason in told["reasons"]),
        details=told["details"],
        path=tuple(_path(geometry["type"], geometry["coordinates"])),
    )


def _read(run: Path, now_us: int, numbers: Sequence[int] | None) -> list[Event]:
    path = run / "events.geojson"
    try:
        with path.open(encoding="utf-8") as lines:
            return [
                event_from_feature(feature, now_us)
                for feature in map(_feature, lines)
                if feature is not None
                and (numbers is None or _names(feature["properties"], numbers))
            ]
    except FileNotFoundError as error:
        raise InputError("is missing", path=str(path)) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("cannot be read as events", path=str(path)) from error


def _path(kind: str, coordinates: list[Any]) -> Iterable[tuple[float, float]]:
    """Return (lon, lat) pairs; a line that was cut at 180 degrees is joined again."""
    if kind == "Point":
        points: Iterable[Any] = [coordinates]
    elif kind == "MultiLineString":
        inner = list(chain.from_iterable(coordinates))
        points = [p for i, p in enumerate(inner) if i in (0, len(inner) - 1) or abs(p[0]) != 180.0]
    else:
        points = coordinates
    return ((float(lon), float(lat)) for lon, lat in points)


def _feature(line: str) -> dict[str, Any] | None:
    """Return the feature on a line; None for the lines around them."""
    text = line.strip().rstrip(",")
    if not text.startswith('{"type":"Feature",'):
        return None
    found: dict[str, Any] = json.loads(text)
    return found


def _names(properties: dict[str, Any], numbers: Sequence[int]) -> bool:
    return properties["mmsi"] in numbers or properties["other_mmsi"] in numbers
