"""Who is meant: names, flags and roles put on events from what the vessels stated of themselves.

Identity never decides whether a hull moved like that; it decides what the finding means. Events of
fishing-gear beacons are dropped here, because only the name tells that they are no vessels.
"""

from collections.abc import Iterable

from vessels.identity import IdentityBook, IdentityChange, role_of
from vessels.mmsi import flag_of, is_gear_beacon

from detectors.events import Event, Reason

CATCHERS = frozenset({"fishing"})
CARRIERS = frozenset({"cargo", "tanker"})
HELPERS = frozenset({"tug", "pilot", "sar", "law", "dredging"})
"""Lying alongside is their work: a meeting with one of these is worth a line, not an alarm."""


def name_events(events: Iterable[Event], book: IdentityBook) -> list[Event]:
    """Return the events with name and flag as stated at their start, without gear beacons.

    A statement made later counts only where none was made before (AIS sends names every 6 min).
    """
    return [
        _named(event, book)
        for event in events
        if not any(
            is_gear_beacon(mmsi, book.at(mmsi, event.start_us).name)
            for mmsi in (event.mmsi, event.other_mmsi)
            if mmsi is not None
        )
    ]


def _named(event: Event, book: IdentityBook) -> Event:
    who = book.at(event.mmsi, event.start_us)
    named = event.with_(vessel_name=who.name, flag=flag_of(event.mmsi))
    if event.type != "encounter" or event.other_mmsi is None:
        return named
    other = book.at(event.other_mmsi, event.start_us)
    roles = role_of(who.ship_type, who.name), role_of(other.ship_type, other.name)
    details = {**event.details, "role": roles[0], "other_role": roles[1]}
    return named.with_(details=details, severity=encounter_severity(*roles))


def encounter_severity(role: str, other_role: str) -> str:
    """Return `high` for catcher and carrier, `info` where a tug, pilot or rescuer is one of two."""
    roles = {role, other_role}
    if roles & HELPERS:
        return "info"
    return "high" if roles & CATCHERS and roles & CARRIERS else "watch"


def identity_change_events(
    changes: Iterable[IdentityChange],
    places: dict[int, tuple[str, float, float]],
    now_us: int,
    min_reports: int,
) -> list[Event]:
    """Return an identity conflict for each number whose name, call sign or IMO number changed.

    Args:
        changes: confirmed changes (IdentityBook.changes).
        places: MMSI -> (hull_id, lat, lon) heard last; numbers never heard anywhere are left out.
        now_us: the time of judgement.
        min_reports: how often both values were stated at least.
    """
    out = []
    for change in changes:
        if change.mmsi not in places or change.attribute not in {"name", "callsign", "imo"}:
            continue
        hull, lat, lon = places[change.mmsi]
        out.append(
            Event(
                type="identity_conflict",
                mmsi=change.mmsi,
                hull_id=hull,
                start_us=change.time_us,
                end_us=change.time_us,
                now_us=min(change.time_us, now_us),
                lat=lat,
                lon=lon,
                confidence=0.5,
                severity="info" if change.flip_flop else "watch",
                reasons=(
                    Reason(f"{change.attribute}_changed", min_reports, min_reports, "reports"),
                ),
                details={
                    "kind": "flip_flop" if change.flip_flop else "changed",
                    "attribute": change.attribute,
                    "old": str(change.old),
                    "new": str(change.new),
                },
                path=((lon, lat),),
            )
        )
    return out
