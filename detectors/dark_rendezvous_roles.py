"""Dark rendezvous with names: what kind of ship the loiterer and the candidates are.

The fold knows only how hulls moved. Here the prior becomes that of the loiterer's kind, and each
candidate is weighed by its own: fish carriers lie still to take fish over, trawlers come to them.
All of it is judgement, stated here and on the page of the detector, not fitted.
"""

from collections.abc import Iterable

import numpy as np

from detectors.dark_rendezvous import (
    BEST_PRIOR,
    LEAST_WEIGHT,
    PRIOR,
    probabilities,
    with_probabilities,
)
from detectors.events import Event
from vessels.identity import IdentityBook, role_of

PRIORS = {"carrier": BEST_PRIOR, "cargo": BEST_PRIOR, "tanker": BEST_PRIOR, "bunker": BEST_PRIOR}
"""Role of a loiterer -> probability that its stop is a meeting with a ship not heard; other roles
have that of any ship. A fish carrier states the type of a cargo ship."""
HELPER_PRIOR = 0.03
"""Tugs, pilots, rescuers, dredgers and the like lie still for their work."""
WEIGHTS = {"fishing": 1.0, "carrier": 0.7, "cargo": 0.7, "tanker": 0.7, "bunker": 0.7}
"""Role of a candidate -> weight; one not told has `UNKNOWN_WEIGHT`, all others `LEAST_WEIGHT`."""
UNKNOWN_WEIGHT = 0.7
_HELPERS = frozenset({"tug", "pilot", "sar", "law", "dredging"})
_HIGH_CONFIDENCE = 0.5


def with_kinds(events: Iterable[Event], book: IdentityBook, floor: float) -> list[Event]:
    """Return the events; dark rendezvous carry names and kinds, and their probabilities anew.

    Those in which no candidate has the probability `floor` any more are left out.
    """
    out = []
    for event in events:
        told = event if event.type != "dark_rendezvous" else _with_kind(event, book, floor)
        if told.type != "dark_rendezvous" or told.details["candidate_probability"][0] >= floor:
            out.append(told)
    return out


def _with_kind(event: Event, book: IdentityBook, floor: float) -> Event:
    who = book.at(event.mmsi, event.start_us)
    role = role_of(who.ship_type, who.name)
    others = [book.at(mmsi, event.start_us) for mmsi in event.details["candidate_mmsi"]]
    roles = [role_of(other.ship_type, other.name) for other in others]
    prior = HELPER_PRIOR if role in _HELPERS else PRIORS.get(role, PRIOR)
    weights = np.array([weight_of(role) for role in roles])
    unlisted = event.details["candidates"] - len(roles)
    each = probabilities(
        np.array(event.details["candidate_likelihood"]) * weights,
        float(np.sum(weights)) + UNKNOWN_WEIGHT * unlisted,
        UNKNOWN_WEIGHT * event.details["likelihood_of_others"],
        prior,
    )
    order = np.lexsort((np.arange(len(each)), -each))
    details = event.details | {
        "prior": prior,
        "loiterer_role": role,
        "candidate_names": [other.name or "" for other in others],
        "candidate_roles": roles,
    }
    for name, column in details.items():
        if name.startswith("candidate_"):
            details[name] = [column[i] for i in order]
    told = with_probabilities(event.with_(details=details), each[order], floor)
    if prior == BEST_PRIOR and told.confidence >= _HIGH_CONFIDENCE:
        return told.with_(severity="high")
    return told


def weight_of(role: str) -> float:
    """Return the weight of a candidate of this role."""
    return WEIGHTS.get(role, UNKNOWN_WEIGHT if role == "unknown" else LEAST_WEIGHT)
