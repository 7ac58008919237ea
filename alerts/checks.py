"""What a person can do about a finding, most useful first."""

from alerts.translate import Words, mark
from detectors.events import Event
from maps.kinds import INLAND, kind_of

_ASK_TRACK = mark("Ask the flag State or the owner for the VMS track of these hours.")
_LOOK_SATELLITE = mark("Look for satellite pictures of the place and time.")
_CALL = mark("Call the vessel by radio, if one of yours is near.")
_NEXT_PORT = mark(
    "At the next port: AIS set and its power supply; log book, fuel and catch against the time away"
    "."
)
_CREW = mark("At the next port: crew list, contracts, and how long each has been on board.")
_PAPERS = mark("Compare name, call sign, IMO number and flag with the papers and the registers.")
_PERMIT = mark("Look up whether the vessel holds a permit for this place and time.")
_TRANSFER = mark("Ask for the declaration of transshipment, and who observed it.")
_WHO_NEAR = mark("See who else was near: darkwake replay draws all of them on one map.")
_BOARD = mark("Meet the vessel while it is in port: the findings before this call are named above.")
_BOTH_SHIPS = mark("Find both ships: at least one of them sends a number that is not its own.")
_COUNT_SETS = mark("On board: count the AIS sets, and read the number that each of them sends.")
_GIVEN_UP = mark("Ask the registers of both flags whether the old number was given up, and when.")
_BOTH_NUMBERS = mark("Look up the findings of both numbers: they may be of one ship.")
_STATED = mark("See all that the number stated, with dates: darkwake vessel draws it on one page.")
_LICENCE = mark("On board: compare the number that the AIS set sends with the radio licence.")
_RIGHT_IMO = mark(
    "Look for the name and the call sign in a register: the right IMO number may differ by one "
    "digit."
)
_DOUBT_AREA = mark(
    "Doubt all AIS positions of the area meanwhile, and look for navigational warnings; radar sees "
    "ships where they are."
)
CHECKS = {
    "dark_period": (_ASK_TRACK, _LOOK_SATELLITE, _CALL, _NEXT_PORT),
    "encounter": (_TRANSFER, _PERMIT, _LOOK_SATELLITE, _NEXT_PORT),
    "loitering": (_WHO_NEAR, _LOOK_SATELLITE, _CALL, _NEXT_PORT),
    "port_visit": (_BOARD, _NEXT_PORT, _CREW),
    "time_at_sea": (_CREW, _TRANSFER, _PERMIT),
    "identity_conflict": (_PAPERS, _WHO_NEAR),
    "implausible_position": (_WHO_NEAR, _PAPERS),
    "dark_rendezvous": (_LOOK_SATELLITE, _WHO_NEAR, _TRANSFER, _NEXT_PORT),
    "zone_entry": (_PERMIT, _CALL, _ASK_TRACK),
}
KIND_CHECKS = {
    "two_hulls_at_once": (_BOTH_SHIPS, _STATED, _PAPERS),
    "two_transmitters": (_COUNT_SETS, _BOTH_NUMBERS, _PAPERS),
    "hand_over": (_GIVEN_UP, _BOTH_NUMBERS, _PAPERS),
    "changed": (_STATED, _PAPERS),
    "flip_flop": (_STATED, _COUNT_SETS, _PAPERS),
    "mid_unassigned": (_LICENCE, _PAPERS),
    "imo_invalid": (_RIGHT_IMO, _PAPERS),
    "jump": (_STATED, _WHO_NEAR, _ASK_TRACK),
    "jump_and_return": (_WHO_NEAR, _ASK_TRACK, _STATED),
    INLAND: (_WHO_NEAR, _ASK_TRACK, _LOOK_SATELLITE),
    "circle": (_LOOK_SATELLITE, _ASK_TRACK, _WHO_NEAR),
    "interference": (_DOUBT_AREA, _WHO_NEAR, _LOOK_SATELLITE),
}
"""In place of the type's own, where the kind has some."""


def checks(event: Event, words: Words) -> tuple[str, ...]:
    """Return what to check about a finding; nothing for a type that is not known."""
    texts = KIND_CHECKS.get(kind_of(event)) or CHECKS.get(event.type, ())
    return tuple(words.plain(text) for text in texts)
