"""The text that goes with every score, on every page and in every file."""

from collections.abc import Mapping
from typing import Any

NOT_EVIDENCE = (
    "Behaviour unlike its peers. Not evidence of forced labour, not a probability, "
    "not an accusation."
)
BLIND_TO = (
    "Blind to wages, debt, documents, violence, deception, and to vessels without AIS: in one "
    "published study 21 of 193 reported vessels could be profiled at all (Swartz et al. 2021)."
)
ACT = (
    "Verify the identity, ask for the crew list, offer a port interview by trained inspectors. "
    "Never tell crew or master about the score: people have been punished for less. Contacts: "
    "the ITF, the flag State, the national referral mechanism."
)
DECISION = (
    "A person decides, and writes the decision down. Do not publish a ranking of named vessels; "
    "keep scores no longer than the case needs; an operator may ask for a correction."
)
NOT_SHOWN = (
    "It is shown that such rankings find isolation in distant waters; it is not shown that they "
    "find forced labour."
)
ALL = (NOT_EVIDENCE, BLIND_TO, ACT, DECISION, NOT_SHOWN)

WITHHELD = {
    "coverage_unknown": "AIS coverage unknown: replay with --tracks",
    "coverage_below_floor": "AIS coverage below the floor",
    "too_few_peers": "too few peers",
    "too_short": "too few hours at sea in the window",
    "no_role": "role unknown: it has no peers",
    "too_few_families": "fewer than two families of features observed",
}
"""Why a score is withheld."""


def why_withheld(code: str, row: Mapping[str, Any]) -> str:
    """Return why a score is withheld, with the figure that it was held against.

    >>> why_withheld("too_few_peers", {"peers": 3})
    'too few peers: 3'
    """
    said = WITHHELD.get(code, code)
    if code == "too_few_peers":
        return f"{said}: {row['peers']}"
    if code == "coverage_below_floor":
        return f"{said}: {100 * row['coverage']:.0f} %"
    return said
