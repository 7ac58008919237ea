"""The one JSON payload of a page: events in words, tracks and land in integers.

All data goes into a page this way and no other. The page reads it with `JSON.parse` and shows it
with `textContent`.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from detectors.events import EVENT_TYPES, SEVERITIES, Event
from detectors.parameters import Parameters
from maps import words
from maps.basemap import VERTEX_BUDGET, Land, basemap_payload, shipped_land
from maps.findings import finding, other_identity
from maps.frame import centre_longitude
from maps.identities import Identity
from maps.sentences import headline
from maps.tracks import POINT_BUDGET, Track, track_payload
from vessels.units import US_PER_MIN

__all__ = ["DEFAULT_LIMIT", "Identity", "Page", "most_severe", "page_payload", "to_json"]

DEFAULT_LIMIT = 1_000
"""Events drawn on one page unless the user asks for more: the list is still readable."""

ORDINARY = frozenset({"port_visit"})
"""Types of everyday events. Where there are others and none of these is more than `info`, the page
starts with these put away."""

LOOKED_FOR = tuple(section.name for section in fields(Parameters) if section.name in EVENT_TYPES)
"""The kinds of event that a run looks for: those that have a detector with parameters."""


def most_severe(events: Sequence[Event]) -> list[Event]:
    """Return the events, most severe first, then most confident, then earliest."""
    return sorted(
        events,
        key=lambda e: (-_severity(e), -e.confidence, e.start_us, e.type, e.event_id),
    )


def _severity(event: Event) -> int:
    return SEVERITIES.index(event.severity) if event.severity in SEVERITIES else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page is made of.

    Args:
        events: The findings, in any order.
        tracks: For each hull id its fixes in time order, `(time_us, lon_deg, lat_deg)`.
        title: Shown at the top and in the window title. Plain text.
        limit: Most events drawn; above it the most severe are drawn and the page says so.
        looked_at: A sentence on what was read (rows, vessels, period). Plain text.
        identities: By hull id, for the names of tracks, the other vessel of a meeting, and search.
        land: Where the outlines of land come from.
        point_budget: Most track vertices; tracks are thinned to it.
        land_budget: Most vertices of fine land; outlines are simplified to it.
        open_first: Show the first finding in full when the page opens: for a page of one.
        bare: Leave out title, list and words: the map is framed by a page that tells them.
        reception: What `maps.reception_layer.reception_payload` gives; None draws no such layer.
    """

    events: Sequence[Event]
    tracks: Mapping[str, Track]
    title: str
    limit: int = DEFAULT_LIMIT
    looked_at: str = ""
    identities: Mapping[str, Identity] = field(default_factory=dict)
    land: Land = shipped_land
    point_budget: int = POINT_BUDGET
    land_budget: int = VERTEX_BUDGET
    open_first: bool = False
    bare: bool = False
    reception: Mapping[str, Any] | None = None


def page_payload(page: Page) -> dict[str, Any]:
    """Return everything that the page shows, as JSON values."""
    shown = most_severe(page.events)[: max(page.limit, 0)]
    places = [place for event in shown for place in (event.path or ((event.lon, event.lat),))]
    if not shown:
        ends = [fix for track in page.tracks.values() if track for fix in (track[0], track[-1])]
        places = [(lon, lat) for _, lon, lat in ends]
    centre = centre_longitude([event.lon for event in shown] or [lon for lon, _ in places])
    tracks = _involved(page.tracks, shown) if len(shown) < len(page.events) else page.tracks
    drawn = track_payload(tracks, shown, centre, budget=page.point_budget)
    events = [finding(event, centre, page.identities) for event in shown]
    return {
        "title": words.plain(page.title),
        "lead": _lead(page, shown),
        "disclaimer": words.DISCLAIMER,
        "summary": _summary(page, shown, tracks),
        "types": _types(shown),
        "events": events,
        "tracks": _named(drawn, page),
        "span": _span(events, tracks),
        "land": basemap_payload(places, page.land, budget=page.land_budget),
        "centre": centre,
        "openFirst": page.open_first,
        "reception": page.reception,
    }


def _involved(tracks: Mapping[str, Track], shown: Sequence[Event]) -> dict[str, Track]:
    """Return the tracks of the vessels in the events that are drawn."""
    hulls = {hull for event in shown for hull in (event.hull_id, event.other_hull_id)}
    return {hull: track for hull, track in tracks.items() if hull in hulls}


def _lead(page: Page, shown: Sequence[Event]) -> str:
    """Return the first line of the page: what the top finding says, or that there is none."""
    if not page.events:
        return "Nothing was found."
    if not shown:
        return "Findings were made, but none is drawn."
    sentence = headline(shown[0], other_identity(shown[0], page.identities).name)
    return sentence if page.open_first else f"Top finding: {sentence}"


def _span(events: Sequence[Mapping[str, Any]], tracks: Mapping[str, Track]) -> list[int]:
    """Return the first and last minute since 1970 that the page shows; empty where nothing is."""
    heard = [track for track in tracks.values() if track]
    first = [event["from"] for event in events] + [t[0][0] // US_PER_MIN for t in heard]
    last = [event["to"] for event in events] + [-(-t[-1][0] // US_PER_MIN) for t in heard]
    return [min(first), max(last)] if first else []


def to_json(payload: Mapping[str, Any]) -> str:
    """Return the payload as ASCII JSON that cannot end or open a tag."""
    text = json.dumps(payload, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _summary(page: Page, shown: Sequence[Event], tracks: Mapping[str, Track]) -> list[str]:
    """Return the sentences under the title: how much was found and what was looked at."""
    found = len(page.events)
    count = "1 finding" if found == 1 else f"{found} findings"
    if not found:
        kinds = ", ".join(words.type_words(name).lower() for name in LOOKED_FOR)
        lines = [f"Nothing was found. Kinds of event looked for: {kinds}."]
    elif len(shown) < found:
        drawn = f"the {len(shown)} most severe are drawn" if shown else "none is drawn"
        lines = [f"{count}; {drawn}. The event files hold all of them."]
    else:
        lines = [f"{count}."]
    if page.looked_at:
        lines.append(words.plain(page.looked_at, limit=500))
    lines.append(_tracks_sentence(tracks))
    return lines


def _tracks_sentence(all_tracks: Mapping[str, Track]) -> str:
    heard = [track for track in all_tracks.values() if track]
    if not heard:
        return "No tracks are drawn."
    first = words.utc(min(track[0][0] for track in heard))
    last = words.utc(max(track[-1][0] for track in heard))
    fixes = sum(len(track) for track in heard)
    vessels = "1 vessel" if len(heard) == 1 else f"{len(heard):,} vessels"
    return f"Tracks drawn: {vessels}, thinned from {fixes:,} positions, {first} to {last}."


def _types(shown: Sequence[Event]) -> list[dict[str, Any]]:
    counts = Counter(event.type for event in shown)
    ordinary = ORDINARY - {event.type for event in shown if _severity(event) > 0}
    order = [name for name in EVENT_TYPES if name in counts]
    order += sorted(set(counts) - set(EVENT_TYPES))
    return [
        {
            "type": name,
            "label": words.type_words(name),
            "meaning": words.TYPE_MEANING.get(name, ""),
            "causes": words.OTHER_CAUSES.get(name, ""),
            "count": counts[name],
            "off": name in ordinary and set(counts) != ordinary,
        }
        for name in order
    ]


def _named(drawn: list[dict[str, Any]], page: Page) -> list[dict[str, Any]]:
    """Give each track the name of its vessel, or its hull id."""
    names = {event.hull_id: event.vessel_name for event in page.events if event.vessel_name}
    names |= {hull: vessel.name for hull, vessel in page.identities.items() if vessel.name}
    for track in drawn:
        track["name"] = words.plain(names.get(track["hull"], track["hull"]))
    return drawn
