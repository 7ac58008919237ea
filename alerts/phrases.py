"""What a mail says of a finding, as text that can be translated. Data enters only through {places}.

A sentence says who did what, for how long, since when, how far from shore. It never says why.
"""

from collections.abc import Callable
from typing import Any

from alerts.translate import Words, mark
from detectors.events import Event
from maps.kinds import INLAND, PROTECTED
from maps.sentences import MOST_ZONES
from maps.words import REASON_WORDS, plain, type_words
from vessels.units import M_PER_NM

_DARK_OPEN = mark("{name} has not been heard on AIS for {length}, since {start}{shore}.")
_DARK_CLOSED = mark("{name} was not heard on AIS for {length}, from {start}{shore}.")
_MET_APART = mark(
    "{name} and {other} lay about {metres} m apart for {length}, from {start}{shore}."
)
_MET = mark("{name} and {other} lay close together for {length}, from {start}{shore}.")
_DRIFTED_AT = mark("{name} drifted at {knots} knots for {length}, from {start}{shore}.")
_DRIFTED = mark("{name} drifted for {length}, from {start}{shore}.")
_IN_PORT = mark("{name} has been in or near {port} for {length}, since {start}.")
_WAS_IN_PORT = mark("{name} stopped in or near {port} for {length}, from {start}.")
_AT_SEA = mark(
    "{name} has been at sea for {length} without a port call that could be seen, since {start}."
)
_WAS_AT_SEA = mark(
    "{name} was at sea for {length} without a port call that could be seen, from {start}."
)
_TWO_PLACES = mark("The number MMSI {mmsi} was sent from two places at once, from {start}.")
_CHANGED = mark("The vessel with MMSI {mmsi} changed its {what} from {old} to {new}, {start}.")
_BY_TURNS = mark(
    "The vessel with MMSI {mmsi} stated {old} and {new} by turns as its {what}, from {start}."
)
_MORE_IDENTITIES = mark("{name} stated more than one identity, from {start}.")
_TWO_TRANSMITTERS = mark(
    "MMSI {mmsi} and {other} sailed as close as two transmitters of one ship, from {start}."
)
_HANDED_OVER = mark(
    "MMSI {new} began where MMSI {old} fell silent, as the same ship would, {start}."
)
_NO_COUNTRY = mark("{name} uses the number {mmsi}, which no country has given, from {start}.")
_NO_IMO = mark("{name} stated {new}, which is no IMO number, from {start}.")
_CROWD = mark(
    "{name} and {others} other vessels reported one and the same place where they cannot have "
    "been, from {start}."
)
_CIRCLE = mark(
    "{name} reported positions that went round a circle, at another speed than it told, from "
    "{start}."
)
_LAY = mark(
    "{name} has lain still for {length}, since {start}; {silent} could have come to it unheard"
    "{likeliest}."
)
_HAD_LAIN = mark(
    "{name} lay still for {length}, from {start}; {silent} could have come to it unheard"
    "{likeliest}."
)
_ONE_SILENT, _SILENT = mark("one silent vessel"), mark("{count} silent vessels")
_LIKELIEST = mark(", most likely {vessel}")
_TOO_FAST = mark("{name} reported positions that would need {knots} knots, from {start}.")
_UNTRUE = mark("{name} reported positions that cannot all be true, from {start}.")
_INLAND = mark("{name} reported positions {km} km inside the mapped land, from {start}.")
_ENTERED = mark("{name} entered {zone}, {start}, and was heard inside for {length}.")
_IS_IN = mark("{name} entered {zone}, {start}, and has not been heard outside since.")
_BEGAN_IN = mark("{name} was inside {zone} when first heard, {start}, and for {length}.")
_IS_IN_SINCE = mark(
    "{name} was inside {zone} when first heard, {start}, and has not been heard outside since."
)
_OTHERWISE = mark("{name}: {type}, from {start}.")
_SHORE = mark(", {miles} nautical miles from shore")
_IDENTITY = mark("identity")
_ATTRIBUTES = {"name": mark("name"), "callsign": mark("call sign"), "imo": mark("IMO number")}

SHORT = {
    "dark_period": mark("AIS silent {length}"),
    "encounter": mark("encounter {length}"),
    "loitering": mark("loitering {length}"),
    "port_visit": mark("in port"),
    "time_at_sea": mark("at sea {length}"),
    "identity_conflict": mark("identity conflict"),
    "implausible_position": mark("implausible position"),
    "dark_rendezvous": mark("possible dark meeting"),
    "zone_entry": mark("zone entry"),
}
"""What happened, for a subject line."""
KIND_SHORT = {
    "two_hulls_at_once": mark("one number, two places"),
    "two_transmitters": mark("two numbers sail as one"),
    "hand_over": mark("another number goes on"),
    "changed": mark("identity changed"),
    "flip_flop": mark("two identities by turns"),
    "mid_unassigned": mark("number of no country"),
    "imo_invalid": mark("wrong IMO number"),
    "jump": mark("position jumped"),
    "jump_and_return": mark("position jumped and came back"),
    INLAND: mark("position on land"),
    "circle": mark("positions round a circle"),
    "interference": mark("many ships, one false place"),
    PROTECTED: mark("entered a protected area"),
}
"""The same in place of the type's, where the kind has one."""
SEVERITY = {"info": mark("INFO"), "watch": mark("WATCH"), "high": mark("HIGH")}
_SURE = ((0.8, mark("strong")), (0.5, mark("fair")), (0.0, mark("weak")))
STEP_LEAD = {
    "reminder": mark("Reminder: nobody has acknowledged this alert yet."),
    "closed": mark("Update: this has ended."),
    "pictured": mark("Update: a satellite picture of this place and time has come in."),
    "withdrawn": mark(
        "Correction: late data changed the picture. This alert is withdrawn and no longer holds."
    ),
    "corrected": mark("Correction: late data moved the start. This replaces alert {old}."),
}
STEP_SHORT = {
    "reminder": mark("Reminder"),
    "closed": mark("Ended"),
    "pictured": mark("Picture"),
    "withdrawn": mark("Withdrawn"),
    "corrected": mark("Corrected"),
}
_UNITS = {
    "knots": "kn",
    **dict.fromkeys(("count", "silences", "level", "event_id", "turns", "others", "share"), ""),
    **dict.fromkeys(("MID", "flag", "list", "messages", "vessels", "probability"), ""),
}
"""How units of reasons read; those that the words before the figure tell are left out."""
_HOURS = {"h": 1.0, "min": 1.0 / 60.0}
_FROM_TO = frozenset({"hand_over", "flag_changed"})
"""Reasons whose value is one thing and what it became, joined by an English word."""


def headline(event: Event, words: Words, other_name: str | None = None) -> str:
    """Return the finding as one sentence."""
    say = _SENTENCES.get(event.type)
    values = {
        "name": vessel_name(event),
        "length": words.length(event.duration_h),
        "start": words.moment(event.start_us),
        "shore": shore(event, words),
    }
    if say is None:
        return words.say(_OTHERWISE, type=words.plain(type_words(event.type)), **values)
    return say(event, words, values, other_name)


def vessel_name(event: Event) -> str:
    """Return the name, or the number where no name is known."""
    return plain(event.vessel_name) if event.vessel_name else f"MMSI {event.mmsi:09d}"


def other_vessel(event: Event, name: str | None) -> str:
    """Return the name or number of the other vessel."""
    if name:
        return plain(name)
    return "" if event.other_mmsi is None else f"MMSI {event.other_mmsi:09d}"


def shore(event: Event, words: Words) -> str:
    """Return how far from shore, where told."""
    miles = shore_miles(event)
    return "" if miles is None else words.say(_SHORE, miles=words.number(miles))


def shore_miles(event: Event) -> float | None:
    """Return nautical miles from shore, where told."""
    metres = number_of(event.details, "shore_distance_m")
    if metres is not None:
        return metres / M_PER_NM
    return number_of(event.details, "min_shore_distance_nm")


def number_of(details: dict[str, Any], name: str) -> float | None:
    """Return a detail that is a number, or None."""
    value = details.get(name)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and value is not None else None


def sureness(confidence: float, words: Words) -> str:
    """Return a confidence in words and as a number."""
    word = next(word for least, word in _SURE if confidence >= least)
    return words.say(
        "{word} ({number} of 1)", word=words.plain(word), number=words.number(confidence, 2)
    )


def reasons(event: Event, words: Words) -> list[str]:
    """Return the reasons with value, unit and threshold."""
    lines = []
    for reason in event.reasons:
        name = words.plain(REASON_WORDS.get(reason.code) or plain(reason.code.replace("_", " ")))
        unit = plain(_UNITS.get(reason.unit, reason.unit))
        value = reason.value
        if isinstance(value, str) and reason.code in _FROM_TO:
            value = value.replace(" to ", " → ")
        line = name if value is None else f"{name}: {_value(value, unit, words)}"
        if reason.threshold is not None:
            threshold = _value(reason.threshold, unit, words)
            line += " " + words.say("(threshold {value})", value=threshold)
        lines.append(line)
    return lines


def _value(value: float | str, unit: str, words: Words) -> str:
    if isinstance(value, str):
        return plain(value)
    if unit in _HOURS:
        return words.length(value * _HOURS[unit])
    if unit == "days":
        return words.say("{number} days", number=words.number(value, 1))
    places = 0 if isinstance(value, int) else 1 if abs(value) >= 10.0 else 2
    text = words.number(value, places)
    return f"{text} {words.plain(unit)}" if unit else text


def _dark(event: Event, words: Words, values: dict[str, str], _: str | None) -> str:
    return words.say(_DARK_OPEN if event.end_us is None else _DARK_CLOSED, **values)


def _encounter(event: Event, words: Words, values: dict[str, str], other: str | None) -> str:
    metres = number_of(event.details, "median_distance_m")
    values["other"] = other_vessel(event, other)
    if metres is None:
        return words.say(_MET, **values)
    return words.say(_MET_APART, metres=words.number(metres), **values)


def _loitering(event: Event, words: Words, values: dict[str, str], _: str | None) -> str:
    knots = number_of(event.details, "mean_speed_knots")
    if knots is None:
        return words.say(_DRIFTED, **values)
    return words.say(_DRIFTED_AT, knots=words.number(knots, 1), **values)


def _port_visit(event: Event, words: Words, values: dict[str, str], _: str | None) -> str:
    port = event.details.get("port_name")
    values["port"] = plain(port) if isinstance(port, str) and port else words.plain("a port")
    return words.say(_IN_PORT if event.end_us is None else _WAS_IN_PORT, **values)


def _time_at_sea(event: Event, words: Words, values: dict[str, str], _: str | None) -> str:
    low, high = (number_of(event.details, f"{end}_days") for end in ("lower", "upper"))
    if low is not None and high is None:
        values["length"] = words.say("at least {days} days", days=words.number(low))
    elif low is not None and high is not None and round(low) == round(high):
        values["length"] = words.say("{number} days", number=words.number(low))
    elif low is not None and high is not None:
        values["length"] = words.say(
            "between {low} and {high} days", low=words.number(low), high=words.number(high)
        )
    return words.say(_AT_SEA if event.end_us is None else _WAS_AT_SEA, **values)


def _identity(event: Event, words: Words, values: dict[str, str], _: str | None) -> str:
    details = event.details
    values["mmsi"] = f"{event.mmsi:09d}"
    if details.get("kind") == "two_hulls_at_once":
        return words.say(_TWO_PLACES, **values)
    if details.get("old") is None or details.get("new") is None:
        return _doubt(event, words, values)
    what = words.plain(_ATTRIBUTES.get(str(details.get("attribute")), _IDENTITY))
    old, new = plain(details["old"]), plain(details["new"])
    text = _BY_TURNS if details.get("kind") == "flip_flop" else _CHANGED
    return words.say(text, what=what, old=old, new=new, **values)


def _doubt(event: Event, words: Words, values: dict[str, str]) -> str:
    """Return what is doubtful about a number, where no value changed."""
    details = event.details
    match details.get("kind"):
        case "two_transmitters":
            return words.say(_TWO_TRANSMITTERS, other=f"{event.other_mmsi or 0:09d}", **values)
        case "hand_over":
            old, new = (f"{details.get(name) or 0:09d}" for name in ("from_mmsi", "to_mmsi"))
            return words.say(_HANDED_OVER, old=old, new=new, **values)
        case "mid_unassigned":
            return words.say(_NO_COUNTRY, **values)
        case "imo_invalid":
            return words.say(_NO_IMO, new=plain(details.get("new")), **values)
    return words.say(_MORE_IDENTITIES, **values)


def _implausible(event: Event, words: Words, values: dict[str, str], _: str | None) -> str:
    others = number_of(event.details, "others")
    if others is not None:
        return words.say(_CROWD, others=words.number(others), **values)
    if event.details.get("kind") == "circle":
        return words.say(_CIRCLE, **values)
    inland_km = number_of(event.details, "inland_km")
    if inland_km is not None:
        return words.say(_INLAND, km=words.number(inland_km), **values)
    knots = number_of(event.details, "implied_speed_knots")
    if knots is None:
        return words.say(_UNTRUE, **values)
    return words.say(_TOO_FAST, knots=words.number(knots), **values)


def _rendezvous(event: Event, words: Words, values: dict[str, str], _: str | None) -> str:
    details = event.details
    count = number_of(details, "candidates") or 1.0
    names, numbers = (details.get(f"candidate_{name}") or [None] for name in ("names", "mmsi"))
    vessel = plain(names[0]) if names[0] else f"MMSI {numbers[0]:09d}" if numbers[0] else ""
    return words.say(
        _LAY if event.end_us is None else _HAD_LAIN,
        silent=words.plain(_ONE_SILENT)
        if count == 1.0
        else words.say(_SILENT, count=words.number(count)),
        likeliest=words.say(_LIKELIEST, vessel=vessel) if vessel else "",
        **values,
    )


def _zone_entry(event: Event, words: Words, values: dict[str, str], _: str | None) -> str:
    details = event.details
    names = [plain(name) for name in (details.get("zones_entered") or ())[:MOST_ZONES]]
    values["zone"] = ", ".join(name for name in names if name) or words.plain("a watched zone")
    began_inside = "last_outside_before" in details and details["last_outside_before"] is None
    if event.end_us is None:
        return words.say(_IS_IN_SINCE if began_inside else _IS_IN, **values)
    return words.say(_BEGAN_IN if began_inside else _ENTERED, **values)


_Sentence = Callable[[Event, Words, dict[str, str], str | None], str]
_SENTENCES: dict[str, _Sentence] = {
    "dark_period": _dark,
    "encounter": _encounter,
    "loitering": _loitering,
    "port_visit": _port_visit,
    "time_at_sea": _time_at_sea,
    "identity_conflict": _identity,
    "implausible_position": _implausible,
    "dark_rendezvous": _rendezvous,
    "zone_entry": _zone_entry,
}
