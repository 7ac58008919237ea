"""Who is meant: names, flags and roles put on events from what the vessels stated of themselves.

Identity never decides whether a hull moved like that; it decides what the finding means. Events of
fishing-gear beacons are dropped here, because only the name tells that they are no vessels.
"""

from collections.abc import Iterable
from typing import Any

from detectors.events import Event, Reason
from detectors.roles import Listed, Role, encounter_severity, meeting_roles
from vessels.identity import IdentityBook, IdentityChange
from vessels.mmsi import flag_of, is_gear_beacon
from vessels.units import US_PER_DAY

TOLD_ATTRIBUTES = frozenset({"name", "callsign", "imo"})
"""Changes of ship type or size are too often corrections of a form to be told."""
_FENDERS_M = 50.0
"""Between hulls that lie alongside: fenders, and the errors of two positions."""
_CHANGED_CONFIDENCE, _FLIP_FLOP_CONFIDENCE = 0.8, 0.5


def name_events(
    events: Iterable[Event], book: IdentityBook, listed: Listed | None = None
) -> list[Event]:
    """Return the events with name and flag as stated at their start, without gear beacons.

    A statement made later counts only where none was made before (AIS sends names every 6 min).
    `listed` tells the roles that lists give.
    """
    events = [
        event
        for event in events
        if not any(
            is_gear_beacon(mmsi, book.at(mmsi, event.start_us).name)
            for mmsi in (event.mmsi, event.other_mmsi)
            if mmsi is not None
        )
    ]
    roles = meeting_roles(events, book, listed)
    return [_named(event, book, roles) for event in events]


def _named(event: Event, book: IdentityBook, roles: dict[str, tuple[Role, Role]]) -> Event:
    who = book.at(event.mmsi, event.start_us)
    named = event.with_(vessel_name=who.name, flag=flag_of(event.mmsi))
    if event.type != "encounter" or event.other_mmsi is None:
        return named
    other = book.at(event.other_mmsi, event.start_us)
    mine, theirs = roles[event.event_id]
    reasons, details = alongside(event, who.length_m, other.length_m)
    details |= {
        "role": mine.word,
        "other_role": theirs.word,
        "role_basis": mine.basis,
        "other_role_basis": theirs.basis,
    }
    return named.with_(
        reasons=(*event.reasons, *reasons),
        details={**event.details, **details},
        severity=encounter_severity(mine.word, theirs.word),
    )


def alongside(
    event: Event, length_m: float | None, other_length_m: float | None
) -> tuple[tuple[Reason, ...], dict[str, Any]]:
    """Return what the lengths of two hulls tell of an encounter: reasons, and details.

    Positions are those of antennas, which may stand anywhere along a hull. Two hulls alongside, bow
    to stern, have them up to half the sum of their lengths apart; what the distance is more than
    that lay between the hulls for certain.
    """
    told: dict[str, Any] = {
        "length_m": length_m,
        "other_length_m": other_length_m,
        "hull_gap_m": None,
        "min_hull_gap_m": None,
    }
    if not length_m or not other_length_m:
        return (), told
    halves_m = 0.5 * (length_m + other_length_m)
    gap_m = max(float(event.details["median_distance_m"]) - halves_m, 0.0)
    nearest_m = max(float(event.details["min_distance_m"]) - halves_m, 0.0)
    told |= {"hull_gap_m": round(gap_m, 1), "min_hull_gap_m": round(nearest_m, 1)}
    code = "may_lie_alongside" if gap_m <= _FENDERS_M else "hulls_apart"
    return (Reason(code, round(gap_m, 1), _FENDERS_M, "m"),), told


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
        confidence=_FLIP_FLOP_CONFIDENCE if first.flip_flop else _CHANGED_CONFIDENCE,
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
