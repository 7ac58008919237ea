"""The one JSON payload of a page: events in words, tracks and land in integers.

All data goes into a page this way and no other. The page reads it with `JSON.parse` and shows it
with `textContent`.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from detectors.events import EVENT_TYPES, SEVERITIES, Event
from detectors.parameters import Parameters
from maps import words
from maps.basemap import Land, basemap_payload, shipped_land
from maps.frame import centre_longitude, into_frame, unwrap
from maps.tracks import POINT_BUDGET, Track, track_payload

DEFAULT_LIMIT = 1_000
"""Events drawn on one page unless the user asks for more: the list is still readable."""


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


class Identity(NamedTuple):
    """What a vessel says of itself, as far as a page shows it."""

    name: str | None
    flag: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page is made of.

    Args:
        events: The findings, in any order.
        tracks: For each hull id its fixes in time order, `(time_us, lon_deg, lat_deg)`.
        title: Shown at the top and in the window title. Plain text.
        limit: Most events drawn; above it the most severe are drawn and the page says so.
        looked_at: A sentence on what was read (rows, vessels, period). Plain text.
        identities: Name and flag by hull id, for the tracks and for the other vessel of a meeting.
        land: Where the outlines of land come from.
        point_budget: Most track vertices; tracks are thinned to it.
    """

    events: Sequence[Event]
    tracks: Mapping[str, Track]
    title: str
    limit: int = DEFAULT_LIMIT
    looked_at: str = ""
    identities: Mapping[str, Identity] = field(default_factory=dict)
    land: Land = shipped_land
    point_budget: int = POINT_BUDGET


def page_payload(page: Page) -> dict[str, Any]:
    """Return everything that the page shows, as JSON values."""
    shown = most_severe(page.events)[: max(page.limit, 0)]
    places = [place for event in shown for place in (event.path or ((event.lon, event.lat),))]
    if not shown:
        ends = [fix for track in page.tracks.values() if track for fix in (track[0], track[-1])]
        places = [(lon, lat) for _, lon, lat in ends]
    centre = centre_longitude([event.lon for event in shown] or [lon for lon, _ in places])
    drawn = track_payload(page.tracks, shown, centre, budget=page.point_budget)
    return {
        "title": words.plain(page.title),
        "disclaimer": words.DISCLAIMER,
        "summary": _summary(page, shown),
        "types": _types(shown),
        "events": [_event(event, centre, page.identities) for event in shown],
        "tracks": _named(drawn, page),
        "land": basemap_payload(places, page.land),
        "centre": centre,
    }


def to_json(payload: Mapping[str, Any]) -> str:
    """Return the payload as ASCII JSON that cannot end or open a tag."""
    text = json.dumps(payload, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _summary(page: Page, shown: Sequence[Event]) -> list[str]:
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
    lines.append(_tracks_sentence(page.tracks))
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
    order = [name for name in EVENT_TYPES if name in counts]
    order += sorted(set(counts) - set(EVENT_TYPES))
    return [
        {
            "type": name,
            "label": words.type_words(name),
            "meaning": words.TYPE_MEANING.get(name, ""),
            "causes": words.OTHER_CAUSES.get(name, ""),
            "count": counts[name],
        }
        for name in order
    ]


def _event(event: Event, centre_deg: float, identities: Mapping[str, Identity]) -> dict[str, Any]:
    lon = round(into_frame(event.lon, centre_deg), 6)
    path = event.path if len(event.path) > 1 else ()
    path_lons = unwrap([point[0] for point in path], centre_deg)
    return {
        "id": event.event_id,
        "type": event.type,
        "severity": event.severity if event.severity in SEVERITIES else SEVERITIES[0],
        "confidence": round(event.confidence, 3),
        "name": words.plain(event.vessel_name) if event.vessel_name else f"MMSI {event.mmsi:09d}",
        "lat": round(event.lat, 6),
        "lon": lon,
        "path": [
            [round(point[1], 6), round(x, 6)] for x, point in zip(path_lons, path, strict=True)
        ],
        "hulls": [hull for hull in (event.hull_id, event.other_hull_id) if hull is not None],
        "start": words.utc(event.start_us),
        "sure": words.sureness(event.confidence),
        "rows": _rows(event, identities),
        "why": [words.reason_words(reason) for reason in event.reasons],
        "details": words.detail_words(event.details),
    }


def _rows(event: Event, identities: Mapping[str, Identity]) -> list[list[str]]:
    """Return label and text pairs in the order a reader asks: who, where, when, how sure."""
    rows = [["Who", words.who(event.vessel_name, event.flag, event.mmsi)]]
    if event.other_mmsi is not None:
        other = identities.get(event.other_hull_id or "", Identity(None, None))
        rows.append(["With", words.who(other.name, other.flag, event.other_mmsi)])
    lat, lon = round(event.lat, 6), round(event.lon, 6)
    rows += [
        ["Where", f"{lat:.5f}, {lon:.5f} · {words.dms(lat, lon)}"],
        ["When", words.when(event)],
        ["How sure", words.sureness(event.confidence)],
        ["Severity", f"{event.severity} · {event.status}"],
    ]
    if event.replaces:
        rows.append(["Replaces", words.plain(event.replaces)])
    return rows


def _named(drawn: list[dict[str, Any]], page: Page) -> list[dict[str, Any]]:
    """Give each track the name of its vessel, or its hull id."""
    names = {event.hull_id: event.vessel_name for event in page.events if event.vessel_name}
    names |= {hull: vessel.name for hull, vessel in page.identities.items() if vessel.name}
    for track in drawn:
        track["name"] = words.plain(names.get(track["hull"], track["hull"]))
    return drawn
