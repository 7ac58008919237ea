"""Which pairs are one ship, by what they state of themselves.

A number that begins where another fell silent is the same hull under a new number only if something
else says so too: the same IMO number (its check digit right), call sign or name, or the same length
and beam. Candidates without any of these are not told: ships leave and enter hearing all the time.
"""

from collections.abc import Iterable

from detectors.events import Event, Reason
from vessels.identity import Identity, IdentityBook, comparable
from vessels.mmsi import flag_of

_SURE, _LIKELY = 0.9, 0.5
_MIN_LENGTH_M = 20.0
"""Boats of one length are too many."""
_STATED = ("imo", "callsign", "name")


def judge_hand_overs(events: Iterable[Event], book: IdentityBook) -> list[Event]:
    """Return the events, with those hand-overs that the two numbers' statements bear out."""
    out = []
    for event in events:
        if event.details.get("kind") != "hand_over":
            out.append(event)
            continue
        judged = _judge(event, book)
        if judged is not None:
            out.append(judged)
    return out


def _judge(event: Event, book: IdentityBook) -> Event | None:
    old, new = event.details["from_mmsi"], event.details["to_mmsi"]
    before, after = book.at(old, event.start_us), book.at(new, event.start_us)
    same = [name for name in _STATED if _equal(name, before, after)]
    reasons = [Reason(f"same_{name}", str(getattr(after, name)), None, "") for name in same]
    if not same and _same_size(before, after):
        reasons = [Reason("same_size", after.length_m, None, "m")]
    if not reasons:
        return None
    flags = flag_of(old), flag_of(new)
    if flags[0] != flags[1]:
        reasons.append(Reason("flag_changed", f"{flags[0]} to {flags[1]}", None, ""))
    return event.with_(
        confidence=_SURE if same else _LIKELY,
        severity="watch",
        reasons=(*event.reasons, *reasons),
        details={**event.details, "same": same or ["size"]},
    )


def _equal(attribute: str, one: Identity, two: Identity) -> bool:
    values = getattr(one, attribute), getattr(two, attribute)
    if None in values:
        return False
    keys = [comparable(attribute, value) for value in values]
    return keys[0] is not None and keys[0] == keys[1]


def _same_size(one: Identity, two: Identity) -> bool:
    sizes = one.length_m, one.beam_m, two.length_m, two.beam_m
    if None in sizes or (one.length_m or 0.0) < _MIN_LENGTH_M:
        return False
    return _equal("length_m", one, two) and _equal("beam_m", one, two)
