"""What a finding of a kind means and what else explains it, where its type alone says too little.

One type holds what is as different as a wrong digit and two ships on one number. As all texts of
this room: a kind says what was reported, never why.
"""

from detectors.events import Event
from maps.words import OTHER_CAUSES, TYPE_MEANING

INLAND, PROTECTED = "inland", "protected_area"
"""Kinds that the details tell without the word: a jump on to land, an entry to an MPA."""

KIND_MEANING = {
    "two_hulls_at_once": (
        "Two ships far from each other sent one number by turns. What is told of that number can "
        "be of either."
    ),
    "two_transmitters": (
        "Two numbers moved as one, for hours under way: one hull may carry two AIS sets, and sail "
        "under either number."
    ),
    "hand_over": (
        "One number fell silent, and a new one began within its reach and stated the same: it may "
        "be one ship that goes on under another number."
    ),
    "changed": "One number changed what it says it is: older findings bear the old identity.",
    "flip_flop": "One number states two identities by turns.",
    "mid_unassigned": (
        "A ship's number begins with three digits for its country. These are no country's, so no "
        "authority can have given it, and no register tells whose it is."
    ),
    "imo_invalid": (
        "The last digit of an IMO number follows from the others, and here it does not: no ship "
        "has this number, and no register or list finds it."
    ),
    "jump": "The reported positions lie further apart than a ship can sail in the time.",
    "jump_and_return": (
        "The reported positions went further away than a ship can sail in the time, and came back."
    ),
    INLAND: "The reported positions lie on the mapped land, where no ship sailed to.",
    "circle": (
        "The reported positions went round a circle at a speed that is not the one told: the "
        "vessel may have been somewhere else."
    ),
    "interference": (
        "Several vessels were shown at one place that none of them can have sailed to: satellite "
        "navigation may have been disturbed there."
    ),
    PROTECTED: "The vessel entered a zone that the map of zones calls a protected area.",
}
KIND_CAUSES = {
    "two_hulls_at_once": (
        "A number typed wrongly, a set sold with its old number left in, or a number that a maker "
        "gives to all its sets looks the same."
    ),
    "two_transmitters": (
        "A boat carried on deck, a barge towed alongside, or a spare set left switched on looks "
        "the same."
    ),
    "hand_over": (
        "A ship that lawfully changes its flag gets a new number. Two sister ships, one of which "
        "leaves hearing as the other enters it, look the same."
    ),
    "changed": "A sale, a new name, a new register, or a typing error put right looks the same.",
    "flip_flop": (
        "Two spellings of one name, two sets on board that were set up differently, or a number "
        "shared by mistake looks the same."
    ),
    "mid_unassigned": (
        "Mostly the number was typed wrongly, or left as the set came from its maker."
    ),
    "imo_invalid": (
        "A digit typed wrongly, or a national number in the wrong field, looks the same."
    ),
    "jump": (
        "A number given to another ship far away, a clock that is hours wrong, or a faulty "
        "satellite receiver looks the same."
    ),
    "jump_and_return": (
        "A faulty satellite receiver, jamming of a whole area, or messages garbled on the way look "
        "the same."
    ),
    INLAND: (
        "The map holds no rivers, canals, lakes or docks. A faulty satellite receiver or jamming "
        "of a whole area looks the same."
    ),
    "circle": (
        "A ship on trials or on a search that turns circles, with its speed log broken, looks the "
        "same."
    ),
    "interference": (
        "The ships named may all have been disturbed, and none of them have done it. A fault of "
        "one receiving station can look the same."
    ),
    PROTECTED: (
        "Transit, the right of passage, or a permit looks the same: many protected areas allow "
        "some vessels and some fishing."
    ),
}
"""Shown in place of the type's own where the kind has one."""


def kind_of(event: Event) -> str:
    """Return the kind of a finding; empty where its type says it all."""
    details = event.details
    kind = details.get("kind")
    if event.type == "zone_entry":
        return PROTECTED if "mpa" in (details.get("zone_kinds") or ()) else ""
    if kind in {"jump", "jump_and_return"} and details.get("inland_km") is not None:
        return INLAND
    return kind if isinstance(kind, str) else ""


def own_words(event: Event) -> dict[str, str]:
    """Return `meaning` and `causes` where the kind of a finding has its own; else nothing."""
    kind = kind_of(event)
    if kind not in KIND_MEANING:
        return {}
    return {"meaning": KIND_MEANING[kind], "causes": KIND_CAUSES[kind]}


def meaning_of(event: Event) -> str:
    """Return what a finding means; empty for a type that is not known."""
    return KIND_MEANING.get(kind_of(event)) or TYPE_MEANING.get(event.type, "")


def causes_of(event: Event) -> str:
    """Return what else explains a finding; empty for a type that is not known."""
    return KIND_CAUSES.get(kind_of(event)) or OTHER_CAUSES.get(event.type, "")
