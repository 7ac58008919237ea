"""Telling: what makes findings of the fold's events, the same for a replay and for a watch.

The fold knows how hulls moved. Names, flags and roles, changes of identity, calls at ports, and how
a voyage compares with others are put on here. All of it is a function of the set of rows: it may
run at any time, and again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import numpy as np

from detectors.around import with_surroundings
from detectors.dark_rendezvous_roles import with_kinds
from detectors.events import Event
from detectors.identity_faults import wrong_imo_event, wrong_imo_numbers
from detectors.interference import judge_positions
from detectors.naming import identity_change_event, name_events, telling_changes
from detectors.parameters import Parameters
from detectors.port_visits import port_visit_events
from detectors.same_ship import judge_hand_overs
from detectors.still_talking import judge_silences
from detectors.time_at_sea import longest_days, with_company, with_peers
from vessels.fixes import Array
from vessels.hulls import hull_key, mmsi_of
from vessels.identity import ATTRIBUTES, IdentityBook, role_of

Place = tuple[str, float, float]
"""hull_id, lat and lon."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What telling needs to know besides the events of the fold."""

    book: IdentityBook
    visits: Array
    """VISIT rows by hull and start: those that ended, and those on at `now_us`."""
    voyages: Array
    """VOYAGE rows, likewise."""
    places: Callable[[list[tuple[int, int]]], list[Place | None]]
    """Tells where each (mmsi, time_us) was heard last; None where never before."""
    now_us: int


def tell(events: list[Event], heard: Heard, parameters: Parameters) -> list[Event]:
    """Put names on the events of the fold, and add those that identity and port calls make."""
    events = judge_silences(events, heard.book, parameters.dark_period.min_duration_h)
    events = judge_positions(events, parameters.implausible_position)
    events = judge_hand_overs(events, heard.book)
    events = [*events, *_identity_changes(events, heard, parameters)]
    around = parameters.surroundings
    listed = around.lists.role_of if around.lists else None
    events = with_surroundings(name_events(events, heard.book, listed), heard.book, around)
    events = with_kinds(events, heard.book, parameters.dark_rendezvous.min_probability)
    calls = port_visit_events(
        heard.visits, events, heard.now_us, parameters.port_visit, around.anchorages
    )
    events += with_surroundings(name_events(calls, heard.book), heard.book, around)
    return _with_voyages(events, heard)


def numbers_to_place(book: IdentityBook) -> Array:
    """Return the MMSIs, sorted, of which `tell` may ask where they were heard."""
    several = [book.numbers_with_several(attribute) for attribute in ATTRIBUTES]
    wrong = [fault.mmsi for fault in wrong_imo_numbers(book, min_reports=1)]
    return np.unique(np.array([*chain.from_iterable(several), *wrong], "i8"))


def _identity_changes(events: list[Event], heard: Heard, parameters: Parameters) -> list[Event]:
    """Return the confirmed changes of identity, at the place where the ship was heard last."""
    min_reports = parameters.identity_conflict.min_reports
    conflicts = [event for event in events if event.type == "identity_conflict"]
    groups = telling_changes(heard.book.changes(min_reports), conflicts)
    places = heard.places([(group[0].mmsi, group[0].time_us) for group in groups])
    told = [
        identity_change_event(group, place, min_reports)
        for group, place in zip(groups, places, strict=True)
        if place is not None
    ]
    if not parameters.identity_conflict.doubtful_numbers:
        return told
    faults = wrong_imo_numbers(heard.book, min_reports)
    places = heard.places([(fault.mmsi, fault.time_us) for fault in faults])
    told += [
        wrong_imo_event(fault, place, min_reports)
        for fault, place in zip(faults, places, strict=True)
        if place is not None
    ]
    return told


def _with_voyages(events: list[Event], heard: Heard) -> list[Event]:
    """Return the events; time at sea tells whom the hull met and how its peers do."""
    if not any(event.type == "time_at_sea" for event in events):
        return events
    longest = longest_days(heard.voyages)
    roles = {}
    for hull in longest:
        who = heard.book.at(mmsi_of(hull_key(hull)), heard.now_us)
        roles[hull] = role_of(who.ship_type, who.name)
    return with_peers(with_company(events), longest, roles)
