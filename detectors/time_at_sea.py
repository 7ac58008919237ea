"""Time at sea: a voyage in which a hull cannot have called at a port for 90 days or more.

The figures are bounds (vessels/visits.py): the lower one begins anew after every silence in which
the hull could have called. The event is raised by `proven_days`, the longest stretch of the voyage
in which it could not, so a later silence does not take back what was shown. One event a voyage: it
starts with the departure, or with the first fix where that was at sea, and ends with the next
confident visit. No authority names such a number of days; 365 is the service after which a seafarer
must be repatriated (MLC 2006, less than 12 months), 90 and 180 are quarters of it.

Whom it met, and how long its peers stay out, is put on at the end, with the names: see
`with_company` and `with_peers`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from detectors.events import Event, Reason
from vessels.fixes import Array
from vessels.hulls import hull_id_of, mmsi_of
from vessels.ports import ports
from vessels.units import US_PER_DAY, US_PER_H
from vessels.visits import port_rows

MIN_PEERS = 50
CARRIERS = ("carrier", "bunker", "cargo", "tanker")
"""Roles that take fish or people over at sea; a fish carrier's type says cargo."""
_NAMED_PORT_M = 10_000.0
_RUNNING, _BROKEN = 0.95, 0.7


@dataclass(frozen=True, slots=True)
class TimeAtSeaParameters:
    """Days of proven time at sea."""

    min_days: float = 90.0
    high_days: float = 180.0
    year_days: float = 365.0


def time_at_sea_events(voyages: Array, now_us: int, parameters: TimeAtSeaParameters) -> list[Event]:
    """Return the voyages (vessels.visits.VOYAGE) that are long enough, as events.

    Args:
        voyages: closed ones, and those that are on at `now_us`.
        now_us: the time that open voyages run to.
        parameters: thresholds.
    """
    rows = voyages[voyages["proven_us"] >= int(parameters.min_days * US_PER_DAY)]
    if len(rows) == 0:
        return []
    left = port_rows(rows["port_lat"], rows["port_lon"], _NAMED_PORT_M)
    names = [*ports()["name"].tolist(), None]
    return [_event(row, names[left[i]], now_us, parameters) for i, row in enumerate(rows)]


def _event(
    row: np.void, port_name: str | None, now_us: int, parameters: TimeAtSeaParameters
) -> Event:
    key = int(row["key"])
    end_us = int(row["end_us"]) or None
    proven = round(int(row["proven_us"]) / US_PER_DAY, 3)
    lower = round(int(row["lower_us"]) / US_PER_DAY, 3)
    passed = [
        tier
        for tier in (parameters.min_days, parameters.high_days, parameters.year_days)
        if int(row["proven_us"]) >= int(tier * US_PER_DAY)
    ]
    lat, lon = float(row["start_lat"]), float(row["start_lon"])
    reasons = [Reason("days_at_sea", proven, parameters.min_days, "days")]
    if parameters.year_days in passed:
        reasons.append(Reason("a_year_at_sea", proven, parameters.year_days, "days"))
    if row["silences"]:
        reasons.append(Reason("possible_calls", int(row["silences"]), None, "silences"))
    return Event(
        type="time_at_sea",
        mmsi=mmsi_of(key),
        hull_id=hull_id_of(key),
        start_us=int(row["start_us"]),
        end_us=end_us,
        now_us=now_us if end_us is None else end_us,
        lat=lat,
        lon=lon,
        confidence=_RUNNING if row["lower_us"] >= row["proven_us"] else _BROKEN,
        severity="high" if max(passed) >= parameters.high_days else "watch",
        reasons=tuple(reasons),
        details={
            "lower_days": lower,
            "upper_days": None
            if row["upper_us"] < 0
            else round(int(row["upper_us"]) / US_PER_DAY, 3),
            "proven_days": proven,
            "tier_days": int(max(passed)),
            "censored": bool(row["upper_us"] < 0),
            "last_port_name": port_name,
            "last_lat": round(float(row["end_lat"]), 6),
            "last_lon": round(float(row["end_lon"]), 6),
            "silences": int(row["silences"]),
            "longest_silence_h": round(int(row["longest_us"]) / US_PER_H, 3),
        },
        path=((lon, lat),),
    )


def with_company(events: Iterable[Event]) -> list[Event]:
    """Return the events; those of time at sea list the encounters of the hull during it.

    Encounters must carry their roles (detectors/naming.py). Carriers come first, then by time.
    """
    events = list(events)
    met: dict[str, list[tuple[Event, int, str]]] = {}
    for event in events:
        if event.type == "encounter" and event.other_mmsi is not None:
            roles = event.details.get("role", ""), event.details.get("other_role", "")
            met.setdefault(event.hull_id, []).append((event, event.other_mmsi, roles[1]))
            met.setdefault(event.other_hull_id or "", []).append((event, event.mmsi, roles[0]))
    return [
        _with_meetings(event, met.get(event.hull_id, [])) if event.type == "time_at_sea" else event
        for event in events
    ]


def _with_meetings(event: Event, met: list[tuple[Event, int, str]]) -> Event:
    end_us = event.now_us if event.end_us is None else event.end_us
    during = [one for one in met if event.start_us <= one[0].start_us <= end_us]
    during.sort(key=lambda one: (one[2] not in CARRIERS, one[0].start_us, one[0].event_id))
    details = event.details | {
        "meetings": [mmsi for _, mmsi, _ in during],
        "meeting_events": [met_event.event_id for met_event, _, _ in during],
    }
    return event.with_(details=details)


def longest_days(voyages: Array) -> dict[str, float]:
    """Return hull_id -> its longest proven time at sea among VOYAGE rows, days."""
    longest: dict[str, float] = {}
    for key, proven_us in zip(voyages["key"].tolist(), voyages["proven_us"].tolist(), strict=True):
        name = hull_id_of(key)
        longest[name] = max(longest.get(name, 0.0), proven_us / US_PER_DAY)
    return longest


def with_peers(
    events: Iterable[Event], longest: Mapping[str, float], roles: Mapping[str, str]
) -> list[Event]:
    """Return the events; those of time at sea say how they compare with other hulls of the run.

    Args:
        events: of all types.
        longest: hull_id -> longest proven time at sea in the run, days (`longest_days`).
        roles: hull_id -> role; hulls of role `unknown` or `other` have no peers.
    """
    groups: dict[str, list[tuple[float, str]]] = {}
    for hull, days in longest.items():
        role = roles.get(hull, "unknown")
        if role not in {"unknown", "other"}:
            groups.setdefault(role, []).append((days, hull))
    out = []
    for event in events:
        if event.type == "time_at_sea":
            group = groups.get(roles.get(event.hull_id, "unknown"), [])
            others = [days for days, hull in group if hull != event.hull_id]
            shorter = sum(days < longest.get(event.hull_id, 0.0) for days in others)
            enough = len(others) >= MIN_PEERS
            percentile = round(100.0 * shorter / len(others), 1) if enough else None
            told = event.details | {"peers": len(others), "peer_percentile": percentile}
            out.append(event.with_(details=told))
        else:
            out.append(event)
    return out
