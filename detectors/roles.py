"""What part each of two ships plays in a meeting: from lists, types, names and behaviour.

In this order: a list of the user's that names the vessel; the AIS ship type; the name, where the
type says nothing; and what the vessel does. Behaviour tells two things:

- a tanker beside a vessel that is no tanker, away from port, is a `bunker`: it hands over fuel;
- a cargo ship, or one whose type is not told, that met three different fishing vessels within 30
  days up to this meeting is a `carrier`: ships that collect catch meet catcher after catcher
  (Miller et al. 2018 name 694 such ships; most state AIS type 70-79, which is any cargo ship).

Only meetings that began no later count, so that a role is known when the meeting begins.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from detectors.events import Event
from vessels.identity import Identity, IdentityBook, role_of
from vessels.units import US_PER_DAY

CATCHERS = frozenset({"fishing"})
CARRIERS = frozenset({"carrier", "bunker", "cargo", "tanker"})
HELPERS = frozenset({"tug", "pilot", "sar", "law", "dredging"})
"""Lying alongside is their work: a meeting with one of these is worth a line, not an alarm."""

_CARRIER_MEETINGS = 3
_CARRIER_DAYS = 30
_CARRIER_NAME = re.compile(r"\b(?:REEFER|FRIO|FRIGO)\b", re.IGNORECASE | re.ASCII)
_MAYBE_CARRIER = frozenset({"cargo", "other", "unknown"})

Listed = Callable[[int, Identity, int], str | None]
"""Tells the role that a list gives a number with an identity at a time (microseconds), or None."""


@dataclass(frozen=True, slots=True)
class Role:
    """A word, and what it rests on: `list`, `type`, `name`, `behaviour` or `none`."""

    word: str
    basis: str


def stated_role(mmsi: int, who: Identity, time_us: int, listed: Listed | None = None) -> Role:
    """Return the role that lists, the stated ship type and the name give a vessel at a time."""
    word = None if listed is None else listed(mmsi, who, time_us)
    if word is not None:
        return Role(word, "list")
    word = role_of(who.ship_type, who.name)
    if word in {"cargo", "unknown"} and who.name and _CARRIER_NAME.search(who.name):
        return Role("carrier", "name")
    if word == "unknown":
        return Role(word, "none")
    return Role(word, "type" if who.ship_type else "name")


def meeting_roles(
    events: Iterable[Event], book: IdentityBook, listed: Listed | None = None
) -> dict[str, tuple[Role, Role]]:
    """Return the roles of the two vessels of each encounter, by `event_id`."""
    meetings = sorted(
        (e for e in events if e.type == "encounter" and e.other_mmsi is not None),
        key=lambda e: (e.start_us, e.event_id),
    )
    stated: dict[str, tuple[Role, Role]] = {}
    catchers: dict[int, list[tuple[int, int]]] = {}
    for event in meetings:
        pair = (event.mmsi, event.other_mmsi or 0)
        at_us = event.start_us
        roles = [stated_role(m, book.at(m, at_us), at_us, listed) for m in pair]
        stated[event.event_id] = (roles[0], roles[1])
        for mmsi, other, role in zip(pair, reversed(pair), reversed(roles), strict=True):
            if role.word in CATCHERS:
                catchers.setdefault(mmsi, []).append((at_us, other))
    out = {}
    for event in meetings:
        one, two = stated[event.event_id]
        at_us = event.start_us
        out[event.event_id] = (
            _by_behaviour(one, two, catchers.get(event.mmsi, []), at_us),
            _by_behaviour(two, one, catchers.get(event.other_mmsi or 0, []), at_us),
        )
    return out


def _by_behaviour(mine: Role, other: Role, catchers: list[tuple[int, int]], at_us: int) -> Role:
    if mine.basis == "list":
        return mine
    if mine.word == "tanker" and other.word not in {"tanker", *HELPERS}:
        return Role("bunker", "behaviour")
    since_us = at_us - _CARRIER_DAYS * US_PER_DAY
    met = {mmsi for start_us, mmsi in catchers if since_us < start_us <= at_us}
    if mine.word in _MAYBE_CARRIER and len(met) >= _CARRIER_MEETINGS:
        return Role("carrier", "behaviour")
    return mine


def encounter_severity(role: str, other_role: str) -> str:
    """Return `high` for catcher and carrier, `info` where a tug, pilot or rescuer is one of two."""
    roles = {role, other_role}
    if roles & HELPERS:
        return "info"
    return "high" if roles & CATCHERS and roles & CARRIERS else "watch"
