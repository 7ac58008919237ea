"""One sentence for each finding, for a reader who has never seen the tool.

A sentence says who did what, for how long, since when, and how far from shore. It never says why:
that is for the reasons, and for a person to find out.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from detectors.events import Event
from maps.words import hours_words, plain, type_words
from vessels.units import M_PER_NM

MOST_ZONES = 3
"""Zones that a sentence names; the details name all."""
_ATTRIBUTES = {"callsign": "call sign", "imo": "IMO number"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def headline(event: Event, other_name: str | None = None) -> str:
    """Return the finding as one sentence. `other_name` is the name of `other_mmsi`, where known."""
    say = _SENTENCES.get(event.type)
    if say is None:
        return f"{_name(event)}: {type_words(event.type).lower()}, {_since(event)}."
    return say(event, other_name)


def day_and_time(time_us: int) -> str:
    """Return a time as a person writes it.

    >>> day_and_time(1_700_000_000_000_000)
    '14 November 2023, 22:13 UTC'
    """
    moment = _EPOCH + timedelta(microseconds=time_us)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _name(event: Event) -> str:
    return plain(event.vessel_name) if event.vessel_name else f"MMSI {event.mmsi:09d}"


def _since(event: Event) -> str:
    return f"{'since' if event.end_us is None else 'from'} {day_and_time(event.start_us)}"


def _number(details: dict[str, Any], name: str) -> float | None:
    value = details.get(name)
    return float(value) if isinstance(value, (int, float)) else None


def _off_shore(event: Event) -> str:
    metres = _number(event.details, "shore_distance_m")
    miles = _number(event.details, "min_shore_distance_nm") if metres is None else metres / M_PER_NM
    return "" if miles is None else f", {miles:.0f} nautical miles from shore"


def _dark_period(event: Event, _: str | None) -> str:
    length = hours_words(event.duration_h)
    if event.end_us is None:
        told = f"has not been heard on AIS for {length}"
    else:
        told = f"was not heard on AIS for {length}"
    return f"{_name(event)} {told}, {_since(event)}{_off_shore(event)}."


def _encounter(event: Event, other_name: str | None) -> str:
    number = f"MMSI {event.other_mmsi:09d}" if event.other_mmsi is not None else "another vessel"
    other = plain(other_name) if other_name else number
    metres = _number(event.details, "median_distance_m")
    apart = "close together" if metres is None else f"about {metres:.0f} m apart"
    length = hours_words(event.duration_h)
    return (
        f"{_name(event)} and {other} lay {apart} for {length}, {_since(event)}{_off_shore(event)}."
    )


def _loitering(event: Event, _: str | None) -> str:
    knots = _number(event.details, "mean_speed_knots")
    speed = "" if knots is None else f" at {knots:.1f} knots"
    length = hours_words(event.duration_h)
    return f"{_name(event)} drifted{speed} for {length}, {_since(event)}{_off_shore(event)}."


def _port_visit(event: Event, _: str | None) -> str:
    port = event.details.get("port_name")
    place = f"in or near {plain(port)}" if isinstance(port, str) and port else "in or near a port"
    return f"{_name(event)} stopped {place} for {hours_words(event.duration_h)}, {_since(event)}."


def _time_at_sea(event: Event, _: str | None) -> str:
    lower, upper = (_number(event.details, f"{end}_days") for end in ("lower", "upper"))
    if lower is None:
        length = hours_words(event.duration_h)
    elif upper is None:
        length = f"at least {lower:.0f} days"
    elif f"{lower:.0f}" == f"{upper:.0f}":
        length = f"{lower:.0f} days"
    else:
        length = f"between {lower:.0f} and {upper:.0f} days"
    verb = "has been" if event.end_us is None else "was"
    port = event.details.get("last_port_name")
    left = f", after leaving {plain(port)}" if isinstance(port, str) and port else ""
    return (
        f"{_name(event)} {verb} at sea for {length} without a port call that could be seen, "
        f"{_since(event)}{left}."
    )


def _identity_conflict(event: Event, _: str | None) -> str:
    details = event.details
    if details.get("kind") == "two_hulls_at_once":
        told = f"The number MMSI {event.mmsi:09d} was sent from two places at once"
    elif details.get("old") is not None and details.get("new") is not None:
        told = _change(event)
    else:
        told = _doubt(event)
    return f"{told}, {_since(event)}."


def _change(event: Event) -> str:
    """Return what a number stated of itself before and after."""
    who, details = f"The vessel with MMSI {event.mmsi:09d}", event.details
    word = plain(details.get("attribute") or "identity")
    what, old, new = _ATTRIBUTES.get(word, word), plain(details["old"]), plain(details["new"])
    if details.get("kind") == "flip_flop":
        return f"{who} stated {old} and {new} by turns as its {what}"
    return f"{who} changed its stated {what} from {old} to {new}"


def _doubt(event: Event) -> str:
    """Return what is doubtful about a number, where no value changed."""
    details = event.details
    other = f"{event.other_mmsi or 0:09d}"
    match details.get("kind"):
        case "two_transmitters":
            return (
                f"MMSI {event.mmsi:09d} and {other} sailed as close as two transmitters of one ship"
            )
        case "hand_over":
            old, new = (details.get(name) or 0 for name in ("from_mmsi", "to_mmsi"))
            return f"MMSI {new:09d} began where MMSI {old:09d} fell silent, as the same ship would"
        case "mid_unassigned":
            return f"{_name(event)} uses the number {event.mmsi:09d}, which no country has given"
        case "imo_invalid":
            return f"{_name(event)} stated {plain(details.get('new'))}, which is no IMO number"
    return f"{_name(event)} stated more than one identity"


def _implausible(event: Event, _: str | None) -> str:
    others = _number(event.details, "others")
    if others is not None:
        return (
            f"{_name(event)} and {others:.0f} other vessels reported one and the same place where "
            f"they cannot have been, {_since(event)}."
        )
    if event.details.get("kind") == "circle":
        return (
            f"{_name(event)} reported positions that went round a circle, at another speed than it "
            f"told, {_since(event)}."
        )
    inland_km = _number(event.details, "inland_km")
    if inland_km is not None:
        told = f"reported positions {inland_km:.0f} km inside the mapped land"
        return f"{_name(event)} {told}, {_since(event)}."
    knots = _number(event.details, "implied_speed_knots")
    need = "that cannot all be true" if knots is None else f"that would need {knots:,.0f} knots"
    return f"{_name(event)} reported positions {need}, {_since(event)}."


def _dark_rendezvous(event: Event, _: str | None) -> str:
    numbers = event.details.get("candidate_mmsi") or [None]
    names = event.details.get("candidate_names") or [""]
    lay = "has lain" if event.end_us is None else "lay"
    likeliest = ""
    if names[0] or numbers[0] is not None:
        likeliest = plain(names[0]) if names[0] else f"MMSI {numbers[0]:09d}"
        likeliest = f", most likely {likeliest}"
    return (
        f"{_name(event)} {lay} still for {hours_words(event.duration_h)}, {_since(event)}; "
        f"{_silent(event)} could have come to it unheard{likeliest}."
    )


def _silent(event: Event) -> str:
    count = _number(event.details, "candidates") or 1.0
    return "one silent vessel" if count == 1.0 else f"{count:.0f} silent vessels"


def _zone_entry(event: Event, _: str | None) -> str:
    """Return the entry. Silence is no exit: an open stay is not told as a stay."""
    details = event.details
    names = [plain(name) for name in (details.get("zones_entered") or ())[:MOST_ZONES]]
    place = ", ".join(name for name in names if name) or "a watched zone"
    told = f"entered {place}"
    if "last_outside_before" in details and details["last_outside_before"] is None:
        told = f"was inside {place} when first heard"
    told = f"{_name(event)} {told}, {day_and_time(event.start_us)}"
    if event.end_us is None:
        return f"{told}, and has not been heard outside since."
    return f"{told}, and was heard inside for {hours_words(event.duration_h)}."


_SENTENCES: dict[str, Callable[[Event, str | None], str]] = {
    "dark_period": _dark_period,
    "encounter": _encounter,
    "loitering": _loitering,
    "port_visit": _port_visit,
    "time_at_sea": _time_at_sea,
    "identity_conflict": _identity_conflict,
    "implausible_position": _implausible,
    "dark_rendezvous": _dark_rendezvous,
    "zone_entry": _zone_entry,
}
