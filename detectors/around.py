"""Where and who, by the user's own files: zones and vessel lists put on events of every type.

Runs after the naming, as lists match by what a vessel stated of itself. A listing is somebody's
statement: a match with an IUU list raises the severity by one step and says so in a reason, it
never makes an event. A fishing vessel in a marine protected area is `watch`: whether fishing is
allowed there no AIS tells.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from detectors.events import SEVERITIES, Event, Reason
from detectors.surroundings import Surroundings
from vessels.identity import IdentityBook, role_of

if TYPE_CHECKING:
    from vessels.lists import ListMatch

_FISHING = "fishing"


def with_surroundings(
    events: Sequence[Event], book: IdentityBook, surroundings: Surroundings
) -> list[Event]:
    """Return the events with the zones of their start and the lists that name their vessels."""
    out = list(events)
    zones, lists = surroundings.zones, surroundings.lists
    if len(zones) and out:
        lat = np.array([event.lat for event in out])
        lon = np.array([event.lon for event in out])
        names = zones.names_at(lat, lon)
        out = [
            event.with_(details={**event.details, "zones": found})
            for event, found in zip(out, names, strict=True)
        ]
    out = [_judged_entry(event, book) for event in out]
    if lists:
        out = [_listed(event, book, surroundings) for event in out]
    return out


def _listed(event: Event, book: IdentityBook, surroundings: Surroundings) -> Event:
    found: list[tuple[int, ListMatch]] = []
    for mmsi in (event.mmsi, event.other_mmsi):
        if mmsi is not None:
            who = book.at(mmsi, event.start_us)
            matches = surroundings.lists.match(mmsi, who, event.start_us)
            found += [(mmsi, match) for match in matches]
    details = {
        **event.details,
        "lists": sorted({match.list for _, match in found}),
        "list_matches": [f"{mmsi:09d}: {match.text}" for mmsi, match in found],
    }
    event = event.with_(details=details)
    iuu = sorted({match.list for _, match in found if match.kind == "iuu"})
    if not iuu:
        return event
    reasons = [Reason("listed_iuu", name, None, "list") for name in iuu]
    return _raised(event.with_(reasons=(*event.reasons, *reasons)))


def _judged_entry(event: Event, book: IdentityBook) -> Event:
    if event.type != "zone_entry" or "mpa" not in event.details["zone_kinds"]:
        return event
    who = book.at(event.mmsi, event.start_us)
    if role_of(who.ship_type, who.name) != _FISHING:
        return event
    reason = Reason("fishing_vessel_in_mpa", None, None, "flag")
    event = event.with_(reasons=(*event.reasons, reason))
    return _raised(event)


def _raised(event: Event) -> Event:
    step = min(SEVERITIES.index(event.severity) + 1, len(SEVERITIES) - 1)
    return event.with_(severity=SEVERITIES[step])
