"""Who is meant: names, flags and roles put on events from what the vessels stated of themselves.

Identity never decides whether a hull moved like that; it decides what the finding means. Events of
fishing-gear beacons are dropped here, because only the name tells that they are no vessels.
"""

from collections.abc import Iterable

from detectors.events import Event, Reason
from vessels.identity import IdentityBook, IdentityChange, role_of
from vessels.mmsi import flag_of, is_gear_beacon
from vessels.units import US_PER_DAY

CATCHERS = frozenset({"fishing"})
CARRIERS = frozenset({"cargo", "tanker"})
TOLD_ATTRIBUTES = frozenset({"name", "callsign", "imo"})
"""Changes of ship type or size are too often corrections of a form to be told."""
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


def telling_changes(
    changes: Iterable[IdentityChange], conflicts: Iterable[Event]
) -> list[list[IdentityChange]]:
    """Return changes of name, call sign or IMO number, those of one number and day together.

    Where two hulls speak on one number their names alternate: that is told already, as a conflict.
    """
    shared = {(event.mmsi, event.start_us, event.end_us or event.now_us) for event in conflicts}
    groups: dict[int, list[list[IdentityChange]]] = {}
    for change in sorted(changes, key=lambda c: (c.mmsi, c.time_us, c.attribute)):
        if change.attribute not in TOLD_ATTRIBUTES or any(
            mmsi == change.mmsi and start - US_PER_DAY <= change.time_us <= end + US_PER_DAY
            for mmsi, start, end in shared
        ):
            continue
        mine = groups.setdefault(change.mmsi, [])
        if mine and change.time_us - mine[-1][0].time_us <= US_PER_DAY:
            mine[-1].append(change)
        else:
            mine.append([change])
    return [group for mine in groups.values() for group in mine]


def identity_change_event(
    changes: list[IdentityChange], place: tuple[str, float, float], min_reports: int
) -> Event:
    """Return the identity conflict that changes of one number within a day are.

    Args:
        changes: at least one; the first is the one that is told in `details`.
        place: hull_id, lat and lon heard last before the first of them.
        min_reports: how often old and new value were stated at least.
    """
    first = changes[0]
    hull, lat, lon = place
    return Event(
        type="identity_conflict",
        mmsi=first.mmsi,
        hull_id=hull,
        start_us=first.time_us,
        end_us=first.time_us,
        now_us=first.time_us,
        lat=lat,
        lon=lon,
        confidence=0.5 if first.flip_flop else 0.8,
        severity="watch",
        reasons=tuple(
            Reason(f"{change.attribute}_changed", str(change.new), None, "") for change in changes
        ),
        details={
            "kind": "flip_flop" if first.flip_flop else "changed",
            "attribute": first.attribute,
            "old": str(first.old),
            "new": str(first.new),
            "reports": min_reports,
        },
        path=((lon, lat),),
    )
