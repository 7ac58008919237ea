"""One alert as its page shows it: the finding in words, who did what, what was sent."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from alerts.letter import letter
from alerts.lifecycle import allowed, history
from alerts.listing import list_outbox
from alerts.review import version_of
from alerts.stored import Row, identities_from, listed, row_event
from alerts.suppressions import list_suppressions
from alerts.translate import Words
from darkwake.tiles import FOLDER, read_findings
from detectors.events import SEVERITIES, Event
from maps.identities import NOBODY, Identity
from maps.words import hours_words, plain, type_words
from vessels.clock import iso_z
from vessels.errors import InputError


def brief(row: Row) -> dict[str, Any]:
    """Return an alert as a row of the list."""
    event, known = row_event(row), identities_from(json.loads(row["identities"]))
    told = letter(event, Words(), step="opened", known=known)
    return {
        **_common(event, row, known),
        "says": told.headline,
        "zones": [plain(zone) for zone in event.details.get("zones") or ()][:3],
    }


def whole(connection: Connection, row: Row, run: Path | None) -> dict[str, Any]:
    """Return everything that the page of an alert shows."""
    event, known = row_event(row), identities_from(json.loads(row["identities"]))
    event_id = row["event_id"]
    held = [one for one in list_suppressions(connection) if one["id"] == row["alert_suppressed_by"]]
    return {
        **_common(event, row, known),
        "letter": letter(event, Words(), step="opened", known=known),
        "vessels": _vessels(event, known),
        "withdrawn": row["withdrawn"],
        "replaced_by": row["replaced_by"],
        "replaces": event.replaces,
        "reason": row["alert_reason"],
        "may_follow": [] if row["withdrawn"] else allowed(row["alert_status"]),
        "version": version_of(connection, event_id),
        "log": [{**one, "at": _minute(one["at_us"])} for one in history(connection, event_id)],
        "messages": list_outbox(connection, event_id=event_id),
        "suppressions": [{**one, "until": _minute(one["until_us"])} for one in held],
        "images": images_of(run, event_id),
    }


def as_json(connection: Connection, row: Row) -> dict[str, Any]:
    """Return an alert for programs: the event properties, and the review after them."""
    event_id = row["event_id"]
    return {
        **listed(row),
        "withdrawn": row["withdrawn"],
        "replaced_by": row["replaced_by"],
        "reason": row["alert_reason"],
        "suppressed_by": row["alert_suppressed_by"],
        "may_follow": [] if row["withdrawn"] else allowed(row["alert_status"]),
        "version": version_of(connection, event_id),
        "log": [{**move, "at": iso_z(move.pop("at_us"))} for move in history(connection, event_id)],
    }


def images_of(run: Path | None, event_id: str) -> list[dict[str, Any]]:
    """Return what satellites showed of an event, a picture each; nothing where nobody looked."""
    if run is None:
        return []
    try:
        found = read_findings(run).get(event_id)
    except InputError:
        return [{"says": "The satellite findings of this run cannot be read.", "file": None}]
    if found is None:
        return []
    scenes = found.get("scenes") or []
    told = [
        {"says": plain(one["says"], limit=500), "time": one["time"], "file": one["picture"]}
        for one in scenes
    ]
    if not told:
        told = [{"says": plain(text, limit=500), "file": None} for text in found["says"]]
    before = run / FOLDER / event_id / "before.png"
    if told and before.is_file():
        told.append({"says": "The same place before, to compare.", "file": "before.png"})
    return told


def picture_of(run: Path | None, event_id: str, name: str) -> Path | None:
    """Return the file of a picture; only names that `images_of` gave lead to one."""
    if name not in {one["file"] for one in images_of(run, event_id)} or run is None:
        return None
    folder = (run / FOLDER / event_id).resolve()
    path = (folder / name).resolve()
    return path if path.is_file() and path.parent == folder and path.suffix == ".png" else None


def _common(event: Event, row: Row, known: dict[str, Identity]) -> dict[str, Any]:
    name = plain(event.vessel_name) if event.vessel_name else f"MMSI {event.mmsi:09d}"
    severity = event.severity if event.severity in SEVERITIES else SEVERITIES[0]
    other = known.get(event.other_hull_id or "", NOBODY).name
    return {
        "event_id": row["event_id"],
        "type": event.type,
        "type_words": type_words(event.type),
        "severity": severity,
        "confidence": f"{event.confidence:.2f}",
        "name": name,
        "flag": plain(event.flag) if event.flag else "",
        "with": plain(other) if other else event.other_mmsi and f"MMSI {event.other_mmsi:09d}",
        "start": _minute(event.start_us),
        "length": hours_words(event.duration_h),
        "going_on": event.end_us is None,
        "status": "withdrawn" if row["withdrawn"] else row["alert_status"],
        "suppressed": row["alert_suppressed_by"] is not None,
        "opened": _minute(row["alert_opened_us"]),
    }


def _vessels(event: Event, known: dict[str, Identity]) -> list[dict[str, Any]]:
    """Return the vessels of an event: number, hull and what is known of each."""
    own = known.get(event.hull_id, Identity(event.vessel_name, event.flag))
    pairs = [(event.mmsi, event.hull_id, own)]
    if event.other_mmsi is not None:
        other = known.get(event.other_hull_id or "", NOBODY)
        pairs.append((event.other_mmsi, event.other_hull_id or "", other))
    return [
        {
            "mmsi": f"{mmsi:09d}",
            "hull_id": hull,
            "name": plain(one.name) if one.name else "name not known",
            "flag": plain(one.flag) if one.flag else "not known",
            "imo": "not known" if one.imo is None else f"{one.imo:07d}",
            "callsign": plain(one.callsign) if one.callsign else "not known",
        }
        for mmsi, hull, one in pairs
    ]


def _minute(time_us: int) -> str:
    """Return a time as a page shows it: `2026-01-31 18:05`."""
    return iso_z(time_us)[:16].replace("T", " ")
