"""Satellite images on a finished map: overlays, footprints, ships with and without AIS.

The page keeps all its data in one JSON block. Images come after the replay that drew it, so they
are put into that block, and nothing else of the page changes.
"""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maps import words
from maps.alert_map import write_text
from maps.frame import into_frame
from maps.payload import to_json
from vessels.errors import InputError
from vessels.units import US_PER_MIN

_BLOCK = re.compile(
    r'(<script type="application/json" id="alert-data">)(.*?)(</script>)', re.DOTALL
)
_SCRIPT_MARK = "function imageLayer("


@dataclass(frozen=True, slots=True, kw_only=True)
class MapImage:
    """One picture of one event.

    Args:
        event_id: The event that it was looked at for.
        title: Scene and sensor, plain text.
        time_us: When it was taken.
        role: `during` the event, or `before` it.
        says: What it shows, plain text; empty for a picture to compare with.
        png: The picture in Web Mercator.
        bounds: South, west, north, east, degrees.
        outline: (lon, lat) of its edge.
        ships: lat, lon, status (`on_ais`, `dark`, `doubtful`), text.
    """

    event_id: str
    title: str
    time_us: int
    role: str
    says: str
    png: bytes
    bounds: tuple[float, float, float, float]
    outline: Sequence[tuple[float, float]]
    ships: Sequence[tuple[float, float, str, str]] = ()


def add_images(page: Path, images: Sequence[MapImage]) -> None:
    """Put images into a written map, in place of those that it held of the same events.

    Raises:
        InputError: the file is not a map of ours, or one of an older Darkwake.
        StoreError: it cannot be written.
    """
    with payload_of(page, _SCRIPT_MARK, "images") as payload:
        _put(payload, images)


@contextmanager
def payload_of(page: Path, mark: str, what: str) -> Iterator[dict[str, Any]]:
    """Give the data of a written map, to be changed in place, and write the map with them.

    Args:
        page: the map.
        mark: text that its scripts hold if they can show what is added.
        what: that, in words.

    Raises:
        InputError: the file is not a map of ours, or one of an older Darkwake.
        StoreError: it cannot be written.
    """
    try:
        text = page.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read as a map", path=str(page)) from error
    block = _BLOCK.search(text)
    if block is None or mark not in text:
        raise InputError(
            f"is no map that can show {what}: run darkwake replay again", path=str(page)
        )
    try:
        payload = json.loads(block[2])
    except ValueError as error:
        raise InputError("holds damaged data: run darkwake replay again", path=str(page)) from error
    yield payload
    # The policy hashes scripts alone; data may change under it.
    write_text(page, text[: block.start(2)] + to_json(payload) + text[block.end(2) :])


def _put(payload: dict[str, Any], images: Sequence[MapImage]) -> None:
    again = {image.event_id for image in images}
    kept = [one for one in payload.get("imagery") or [] if one["event"] not in again]
    payload["imagery"] = kept + image_payload(images, payload["centre"])
    seen: dict[str, list[str]] = {}
    for one in payload["imagery"]:
        if one["says"]:
            seen.setdefault(one["event"], []).append(f"{one['title']}: {one['says']}")
    for event in payload["events"]:
        event["seen"] = seen.get(event["id"], [])


def image_payload(images: Sequence[MapImage], centre_deg: float) -> list[dict[str, Any]]:
    """Return what the page draws, in the frame around `centre_deg`."""
    return [_one(image, centre_deg) for image in images]


def _one(image: MapImage, centre_deg: float) -> dict[str, Any]:
    south, west, north, east = image.bounds
    middle = (west + east) / 2.0
    shift = into_frame(middle, centre_deg) - middle

    def place(lat: float, lon: float) -> list[float]:
        turned = middle + (lon - middle + 180.0) % 360.0 - 180.0
        return [round(lat, 6), round(turned + shift, 6)]

    return {
        "event": image.event_id,
        "title": f"{words.plain(image.title)}, {words.utc(image.time_us)}",
        "minute": image.time_us // US_PER_MIN,
        "role": image.role,
        "says": words.plain(image.says, limit=500),
        "png": "data:image/png;base64," + base64.b64encode(image.png).decode("ascii"),
        "bounds": [
            [round(south, 6), round(west + shift, 6)],
            [round(north, 6), round(east + shift, 6)],
        ],
        "outline": [place(lat, lon) for lon, lat in image.outline],
        "ships": [
            [*place(lat, lon), status, words.plain(text)] for lat, lon, status, text in image.ships
        ],
    }
