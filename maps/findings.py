"""One event as a page shows it: words for the reader, numbers for the map and the slider."""

from collections.abc import Mapping
from typing import Any

from detectors.events import SEVERITIES, Event
from maps import words
from maps.frame import into_frame, unwrap
from maps.identities import NOBODY, Identity
from maps.kinds import own_words
from maps.rendezvous_layer import ranked, reaches
from maps.sentences import headline
from vessels.units import US_PER_MIN


def finding(event: Event, centre_deg: float, known: Mapping[str, Identity]) -> dict[str, Any]:
    """Return everything that a page says of one event, as JSON values.

    `from` and `to` are minutes since 1970; an open event runs to the time it was judged at.
    `own` holds the meaning and the other causes of its kind, where these are not its type's.
    Longitudes lie in the frame around `centre_deg`; `path` is a list of [lat, lon].
    """
    path = event.path if len(event.path) > 1 else ()
    path_lons = unwrap([point[0] for point in path], centre_deg)
    end_us = event.now_us if event.end_us is None else event.end_us
    return {
        "id": event.event_id,
        "type": event.type,
        "severity": event.severity if event.severity in SEVERITIES else SEVERITIES[0],
        "name": words.plain(event.vessel_name) if event.vessel_name else f"MMSI {event.mmsi:09d}",
        "with": _other_name(event, known),
        "says": headline(event, other_identity(event, known).name),
        "own": own_words(event),
        "find": _find(event, known),
        "lat": round(event.lat, 6),
        "lon": round(into_frame(event.lon, centre_deg), 6),
        "path": [
            [round(point[1], 6), round(x, 6)] for x, point in zip(path_lons, path, strict=True)
        ],
        "hulls": [hull for hull in (event.hull_id, event.other_hull_id) if hull is not None],
        "start": words.utc(event.start_us),
        "from": event.start_us // US_PER_MIN,
        "to": -(-end_us // US_PER_MIN),
        "sure": words.sureness(event.confidence),
        "rows": _rows(event, known),
        "why": [words.reason_words(reason) for reason in event.reasons],
        "details": words.detail_words(
            {k: v for k, v in event.details.items() if not k.startswith("candidate_")}
        ),
        "ranked": ranked(event),
        "reaches": reaches(event, centre_deg),
    }


def other_identity(event: Event, known: Mapping[str, Identity]) -> Identity:
    """Return what is known of the other vessel of an event."""
    return known.get(event.other_hull_id or "", NOBODY)


def _other_name(event: Event, known: Mapping[str, Identity]) -> str:
    """Return the name or number of the other vessel; empty where there is none."""
    if event.other_mmsi is None:
        return ""
    name = other_identity(event, known).name
    return words.plain(name) if name else f"MMSI {event.other_mmsi:09d}"


def _find(event: Event, known: Mapping[str, Identity]) -> str:
    """Return all that a reader may search the event by, in small letters, one a line."""
    parts: list[object] = [event.vessel_name, f"{event.mmsi:09d}", event.flag, event.event_id]
    parts += [part for part in known.get(event.hull_id, NOBODY) if part is not None]
    if event.other_mmsi is not None:
        parts.append(f"{event.other_mmsi:09d}")
        parts += other_identity(event, known)
    texts = dict.fromkeys(words.plain(part).lower() for part in parts if part is not None)
    return "\n".join(texts)


def _rows(event: Event, known: Mapping[str, Identity]) -> list[list[str]]:
    """Return label and text pairs in the order a reader asks: who, where, when, how sure."""
    own = known.get(event.hull_id, NOBODY)
    rows = [["Who", words.who(event.vessel_name, event.flag, event.mmsi, own.imo)]]
    if event.other_mmsi is not None:
        other = other_identity(event, known)
        rows.append(["With", words.who(other.name, other.flag, event.other_mmsi, other.imo)])
    lat, lon = round(event.lat, 6), round(event.lon, 6)
    rows += [
        ["Where", f"{lat:.5f}, {lon:.5f} · {words.dms(lat, lon)}"],
        ["When", words.when(event)],
        ["How sure", words.sureness(event.confidence)],
        ["Severity", f"{event.severity} · {'still going on' if event.end_us is None else 'ended'}"],
    ]
    if event.replaces:
        rows.append(["Replaces", words.plain(event.replaces)])
    return rows
