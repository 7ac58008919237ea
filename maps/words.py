"""Events in words: who, what, where, when, why and how sure, as plain text for any page or mail.

Text leaves here as text. Whoever shows it sets it as text (`textContent`), never as markup.
"""

from typing import Any

from detectors.events import Event, Reason
from vessels.clock import iso_z
from vessels.text import clean_text

TYPE_WORDS = {
    "dark_period": "Dark period",
    "encounter": "Encounter",
    "loitering": "Loitering",
    "port_visit": "Port visit",
    "time_at_sea": "Long time at sea",
    "identity_conflict": "Identity conflict",
    "implausible_position": "Implausible position",
    "dark_rendezvous": "Possible dark rendezvous",
    "zone_entry": "Zone entry",
}
TYPE_MEANING = {
    "dark_period": (
        "AIS tells others where a vessel is. None was heard from this one, though it should have "
        "been: where it was meanwhile is not known."
    ),
    "encounter": (
        "Two vessels lay close together at sea, both slow: fish, fuel or people can change vessels "
        "this way."
    ),
    "loitering": "The vessel stayed slow, far from shore: it may have waited for another.",
    "port_visit": "The vessel stopped in or near a port.",
    "time_at_sea": (
        "The vessel was not seen in a port for a long time: its crew may have had no way to leave."
    ),
    "identity_conflict": (
        "One number was used by two vessels, or one vessel changed what it says it is."
    ),
    "implausible_position": "The reported positions cannot all be true.",
    "dark_rendezvous": (
        "While this vessel lay still at sea, others that sent no AIS could have come to it."
    ),
    "zone_entry": "The vessel entered a zone that is watched.",
}
OTHER_CAUSES = {
    "dark_period": (
        "The set may have failed or been shaded, the air may have been too busy, or no receiver "
        "was near; some crews go silent where pirates are feared."
    ),
    "encounter": (
        "Pair fishing, a tow, bunkering, help given to a vessel in need, or a transfer that is "
        "permitted looks the same."
    ),
    "loitering": (
        "Waiting for orders or weather, repairs, research, or drifting to save fuel looks the same."
    ),
    "port_visit": (
        "The vessel may only have anchored near the port or lain at a yard; most visits are "
        "ordinary trade."
    ),
    "time_at_sea": (
        "It may have called without AIS, or at a place that the list of ports does not hold; some "
        "trades lawfully stay out for months."
    ),
    "identity_conflict": (
        "A set programmed wrongly, a sale, a new name, or a number used twice by mistake looks the "
        "same."
    ),
    "implausible_position": (
        "A faulty satellite receiver, jamming of a whole area, or a garbled message looks the same."
    ),
    "dark_rendezvous": "The two may never have met: being able to reach is not meeting.",
    "zone_entry": (
        "Transit, the right of passage, or a permit that the list does not hold looks the same."
    ),
}
"""What else could explain a finding. Shown beside every one of its type."""

REASON_WORDS = {
    "silence": "Not heard for",
    "expected_messages": "Messages that its own rate before would have given",
    "heard_hours_expected": "Hours in which its own rate before would have let it be heard",
    "reception_own": "Share of hours in which ships on its way are heard",
    "reception_borrowed": "Share of hours in which ships around its way are heard",
    "neighbours_heard": "Heard within 20 nm of its way meanwhile",
    "shore_distance": "Distance from shore",
    "shore_distance_for_confidence": "Distance from shore, which full confidence asks for",
    "name_changed": "New name",
    "callsign_changed": "New call sign",
    "imo_changed": "New IMO number",
    "contact": "Time close together",
    "median_distance": "Median distance between the two",
    "median_speed": "Median speed of the faster one",
    "mean_speed": "Mean speed",
    "observed": "Time observed",
    "implied_speed": "Speed that the positions imply",
    "days_at_sea": "Time at sea",
    "a_year_at_sea": "At sea for more than a year",
    "possible_calls": "Silences in which it could have called at a port",
    "confidence_level": "Level of confidence in the visit, of 4",
    "after_event": "It called after a finding",
    "likeliest_candidate": "Probability of the likeliest vessel",
    "candidates": "Silent vessels that could have come",
    "time_possible": "Time that it could have been there",
    "stop": "Lay still for",
    "alternations": "Times that the number changed place",
    "two_transmitters": "Time sailed together as one",
    "mean_distance": "Mean distance between the two",
    "heard_without_position": "It sent messages without a position; longest time without any",
    "hand_over": "From one number to the other",
    "silent_before": "Time between the two numbers",
    "same_imo": "Both stated the IMO number",
    "same_callsign": "Both stated the call sign",
    "same_name": "Both stated the name",
    "same_size": "Both stated one length and beam: length",
    "flag_changed": "Change of flag",
    "mid_unassigned": "First three digits of the number, which are no country's",
    "imo_check_digit": "IMO number whose check digit is wrong",
    "stated": "Times stated, at least",
    "circle": "Times round the circle",
    "speed_mismatch": "Share by which the speed told is off",
    "several_vessels": "Other vessels that jumped there",
    "on_land": "Distance inside the mapped land",
    "may_lie_alongside": "Between the hulls at least; they may lie alongside",
    "hulls_apart": "Between the hulls at least; they did not lie alongside",
    "listed_iuu": "Named in a list of IUU fishing",
    "fishing_vessel_in_mpa": "It states that it is a fishing vessel, and the area is protected",
    "stayed_inside": "Heard inside for",
    "clear_of_border": "Heard clear of the border",
    "first_heard_inside": "Inside when first heard: it can have entered long before",
}
"""Reason codes in words; a code that is not here is shown with its underscores as spaces."""

DISCLAIMER = (
    "A finding is an indicator to check, never a verdict. AIS is what vessels report of themselves."
)
_UNITS = {
    "knots": "kn",
    "count": "",
    "silences": "",
    "level": "",
    "probability": "",
    "event_id": "",
    **dict.fromkeys(("turns", "others", "share", "MID", "flag", "list", "messages"), ""),
}
"""How units of reasons read; all others read as they are."""
_HOURS = {"h": 1.0, "min": 1.0 / 60.0}
_TEXT_LIMIT = 160


def plain(text: object, *, limit: int = _TEXT_LIMIT) -> str:
    """Return anything as one line of harmless text."""
    return clean_text(str(text), limit=limit) or ""


def type_words(type_name: str) -> str:
    """Return the name of an event type for people."""
    return TYPE_WORDS.get(type_name) or plain(type_name.replace("_", " ")).capitalize()


def who(name: str | None, flag: str | None, mmsi: int | None, imo: int | None = None) -> str:
    """Return name, flag and numbers; says so where one is not known, but for the IMO number."""
    number = "MMSI not known" if mmsi is None else f"MMSI {mmsi:09d}"
    text = f"{plain(name) if name else 'Name not known'} · {_flag(flag)} · {number}"
    return text if imo is None else f"{text} · IMO {imo:07d}"


def _flag(flag: str | None) -> str:
    return f"flag {plain(flag)}" if flag else "flag not known"


def dms(lat_deg: float, lon_deg: float) -> str:
    r"""Return a position in degrees, minutes and whole seconds.

    >>> dms(-9.5, 141.0)
    '9°30\'00"S 141°00\'00"E'
    """
    return f"{_dms(lat_deg, 'NS')} {_dms(lon_deg, 'EW')}"


def _dms(value_deg: float, letters: str) -> str:
    seconds = round(abs(value_deg) * 3600.0)
    letter = letters[1] if value_deg < 0 else letters[0]
    return f"{seconds // 3600}°{seconds // 60 % 60:02d}'{seconds % 60:02d}\"{letter}"


def utc(time_us: int) -> str:
    """Return a time for people, to the minute.

    >>> utc(1_700_000_000_000_000)
    '2023-11-14 22:13 UTC'
    """
    return f"{iso_z(time_us)[:16].replace('T', ' ')} UTC"


def when(event: Event) -> str:
    """Return start, end and length."""
    end = "still open" if event.end_us is None else utc(event.end_us)
    return f"{utc(event.start_us)} to {end} ({hours_words(event.duration_h)})"


def hours_words(hours: float) -> str:
    """Return a length in hours, or in days from four days on."""
    length = f"{hours / 24.0:.1f} days" if hours >= 96.0 else f"{hours:.1f} h"
    return length.replace(".0 ", " ")


def sureness(confidence: float) -> str:
    """Return a confidence in words and as a number.

    The words are for reading only; the bounds 0.5 and 0.8 have no other meaning.
    """
    word = "strong" if confidence >= 0.8 else "fair" if confidence >= 0.5 else "weak"
    return f"{word} ({confidence:.2f} of 1)"


def reason_words(reason: Reason) -> str:
    """Return one reason with its value, unit and threshold."""
    name = REASON_WORDS.get(reason.code) or plain(reason.code.replace("_", " "))
    unit = plain(_UNITS.get(reason.unit, reason.unit))
    text = name if reason.value is None else f"{name}: {_value(reason.value, unit)}"
    if reason.threshold is None:
        return text
    return f"{text} (threshold {_value(reason.threshold, unit)})"


def detail_words(details: dict[str, Any]) -> list[str]:
    """Return the details that hold something, one line each, units as their names tell."""
    return [
        f"{plain(key.replace('_', ' '))}: {_detail(value)}"
        for key, value in details.items()
        if value is not None and value != [] and not isinstance(value, dict)
    ]


def _detail(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return plain(", ".join(_detail(one) for one in value), limit=4 * _TEXT_LIMIT)
    return _value(value, "") if isinstance(value, float) else plain(value)


def _value(value: float | str, unit: str) -> str:
    if isinstance(value, float) and unit in _HOURS:
        return hours_words(value * _HOURS[unit])
    if isinstance(value, float):
        places = 1 if abs(value) >= 10.0 else 2
        value = f"{value:.{places}f}".rstrip("0").rstrip(".")
    text = plain(value)
    return f"{text} {unit}" if unit else text
