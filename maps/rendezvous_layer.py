"""Dark rendezvous on a page: the candidates in words, and where each of them can have been.

The reachable set of a candidate is drawn for the middle of the time that it was silent and the
other lay still: the lens of all places that it can have been at then (vessels/reachable.py).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from detectors.events import Event
from maps import words
from maps.frame import into_frame
from vessels.reachable import reachable_area
from vessels.units import US_PER_S

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

MOST_DRAWN = 3
"""More areas than this on one another cannot be told apart."""
_TOLERANCE = 0.004
"""Vertices are dropped within this share of an area's width: some 40 are left."""


def ranked(event: Event) -> list[str]:
    """Return a line for each candidate, likeliest first; none for other types."""
    return [_line(one) for one in _candidates(event)]


def _candidates(event: Event) -> Iterator[dict[str, Any]]:
    """Yield the candidates of a dark rendezvous, each as a dict without the prefix."""
    columns = {
        name.removeprefix("candidate_"): values
        for name, values in event.details.items()
        if name.startswith("candidate_") and isinstance(values, list)
    }
    if event.type != "dark_rendezvous" or "mmsi" not in columns:
        return
    for row in range(len(columns["mmsi"])):
        yield {name: values[row] for name, values in columns.items() if row < len(values)}


def _line(one: dict[str, Any]) -> str:
    who = _who(one)
    role = one.get("roles")
    kind = f" ({words.plain(role)})" if role and role != "unknown" else ""
    hours = words.hours_words((one["minutes"] or 0.0) / 60.0)
    again = one["first_heard"]
    until = f"to {_minute(again)}" if again else "and not heard again within 30 days of the stop"
    return (
        f"{who}{kind}: {100.0 * one['probability']:.0f} %. Silent from "
        f"{_minute(one['last_heard'])} {until}, {one['distance_nm']:.0f} nm away by sea; it could "
        f"have been there for {hours}, at {one['needed_knots']:.1f} kn or more."
    )


def _who(one: dict[str, Any]) -> str:
    return words.plain(one["names"]) if one.get("names") else f"MMSI {one['mmsi']:09d}"


def _minute(iso: str) -> str:
    return f"{iso[:16].replace('T', ' ')} UTC"


def reaches(event: Event, centre_deg: float) -> list[dict[str, Any]]:
    """Return the areas of the likeliest candidates: `says`, `share` (0..1) and `rings`.

    A ring is a list of [lat, lon] in the frame around `centre_deg`. An area that runs over 180
    degrees from it has several.
    """
    out = []
    for one in list(_candidates(event))[:MOST_DRAWN]:
        area = _area(event, one)
        if area is not None:
            says = f"{_who(one)}: {100.0 * one['probability']:.0f} %"
            rings = list(_rings(area, centre_deg))
            out.append({"says": says, "share": one["probability"], "rings": rings})
    return out


def _area(event: Event, one: dict[str, Any]) -> "BaseGeometry | None":
    last_us = _time_us(one["last_heard"])
    first_us = _time_us(one["first_heard"]) if one["first_heard"] else None
    end_us = event.now_us if event.end_us is None else event.end_us
    begin_us = max(event.start_us, last_us)
    at_us = (begin_us + (end_us if first_us is None else min(end_us, first_us))) // 2
    again = one["first_lat"], one["first_lon"]
    here = one["last_lat"], one["last_lon"]
    return reachable_area(*here, last_us, *again, first_us, at_us, event.details["max_speed_knots"])


def _time_us(iso: str) -> int:
    moment = datetime.fromisoformat(iso)
    return round(moment.astimezone(UTC).timestamp()) * US_PER_S


def _rings(area: "BaseGeometry", centre_deg: float) -> Iterator[list[list[float]]]:
    import shapely  # noqa: PLC0415 - slow to import, and most pages have no such area

    for part in shapely.get_parts(area):
        west, _, east, _ = part.bounds
        outline = part.exterior.simplify(_TOLERANCE * max(east - west, 0.01))
        middle = 0.5 * (west + east)
        shift = into_frame(middle, centre_deg) - middle
        yield [[round(lat, 4), round(lon + shift, 4)] for lon, lat in outline.coords[:-1]]
