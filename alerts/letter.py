"""What stands in a mail about one finding, in the order a reader asks: what, where, when, how sure.

The same parts make the text and the HTML form. Everything is plain text here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alerts import phrases
from alerts.checks import checks
from alerts.seen import Seen, seen_line
from alerts.translate import Words, mark
from detectors.events import Event
from maps.identities import NOBODY, Identity
from maps.kinds import causes_of, kind_of, meaning_of
from maps.words import DISCLAIMER, dms, plain, type_words
from vessels.reachable import reachable_area
from vessels.units import KM_PER_NM, US_PER_H

MOST_SUBJECT = 78
REACH_KNOTS = 15.0
"""Fast for a fishing vessel or a carrier: a faster ship may be outside the circle."""
_MOST_LISTED = 8

_WHERE, _WHEN, _WHO, _WITH = mark("Where"), mark("When"), mark("Who"), mark("With")
_SURE, _AGAIN, _ZONES = mark("How sure"), mark("Heard again"), mark("Zones")
_CANDIDATES = mark("Candidates")
_LISTS, _AFTER, _ALERT = mark("On lists"), mark("After findings"), mark("Alert")
_NUMBERS, _SEEN = mark("All numbers"), mark("Seen from space")
_LISTED = (
    (_NUMBERS, "numbers"),
    (_ZONES, "zones"),
    (_LISTS, "list_matches"),
    (_AFTER, "after_events"),
)
"""Labels of details that are lists. A match says by what it matched, and whose list of what day."""
_INDICATOR = mark("an indicator to check, never a verdict")
_REACH = mark(
    "As of {now} the silence has lasted {length}. At {knots} knots at most the vessel is now "
    "within {miles} nautical miles ({km} km) of where it was last heard"
)
_REACH_BOX = mark("{reach}: between {south} and {north}, {west} and {east}.")
_ANYWHERE = mark("{reach}: that tells no more than the sea it is in.")


@dataclass(frozen=True, slots=True)
class Letter:
    """The parts of a mail about one finding."""

    subject: str
    lead: str
    headline: str
    meaning: str
    facts: tuple[tuple[str, str], ...]
    reach: str
    why: tuple[str, ...]
    causes: str
    checks: tuple[str, ...]
    disclaimer: str
    event_id: str


def letter(
    event: Event,
    words: Words,
    *,
    step: str,
    time_zone: str = "UTC",
    known: Mapping[str, Identity] | None = None,
    seen: Sequence[Seen] = (),
) -> Letter:
    """Return what a mail says of a finding at a step of its alert.

    `seen` is what a satellite saw, as a row of the outbox keeps it.
    """
    hulls = known or {}
    other = hulls.get(event.other_hull_id or "", NOBODY)
    lines = [seen_line(one, words) for one in seen]
    return Letter(
        subject=subject(event, words, step),
        lead=_lead(event, words, step),
        headline=phrases.headline(event, words, other.name),
        meaning=words.plain(meaning_of(event)),
        facts=(
            *((words.plain(_SEEN), line) for line in lines if line),
            *_facts(event, words, time_zone, hulls),
        ),
        reach=_reach(event, words) if step != "withdrawn" else "",
        why=tuple(phrases.reasons(event, words)),
        causes=words.plain(causes_of(event)),
        checks=checks(event, words),
        disclaimer=words.plain(DISCLAIMER),
        event_id=event.event_id,
    )


def subject(event: Event, words: Words, step: str) -> str:
    """Return a subject of at most 78 characters that says the most in its first 40."""
    severity = words.plain(phrases.SEVERITY.get(event.severity, event.severity.upper()))
    short = phrases.STEP_SHORT.get(step)
    step_words = f"{words.plain(short)}: " if short else ""
    what = short_words(event, words)
    flag = f" ({plain(event.flag)})" if event.flag else ""
    text = f"[{severity}] {step_words}{what}: {phrases.vessel_name(event)}{flag}"
    place = _place(event, words)
    return shortened(f"{text}, {place}" if place else text, MOST_SUBJECT)


def short_words(event: Event, words: Words) -> str:
    """Return what happened in a few words, with its length."""
    text = phrases.KIND_SHORT.get(kind_of(event)) or phrases.SHORT.get(event.type)
    if text is None:
        return words.plain(type_words(event.type))
    return words.say(text, length=words.length(event.duration_h))


def shortened(text: str, most: int) -> str:
    """Return the text, cut to `most` characters with a sign that it was cut."""
    return text if len(text) <= most else f"{text[: most - 3].rstrip()}..."


def position(lat_deg: float, lon_deg: float) -> str:
    """Return a position in degrees, minutes and seconds, and in decimal degrees."""
    return f"{dms(lat_deg, lon_deg)} ({lat_deg:.5f}, {lon_deg:.5f})"


def _lead(event: Event, words: Words, step: str) -> str:
    text = phrases.STEP_LEAD.get(step)
    return words.say(text, old=plain(event.replaces or "-")) if text else ""


def _place(event: Event, words: Words) -> str:
    zones = event.details.get("zones") or ()
    port = event.details.get("port_name")
    if event.type == "port_visit" and port:
        return plain(port)
    if zones:
        return plain(zones[0])
    miles = phrases.shore_miles(event)
    return "" if miles is None else words.say("{miles} nm off shore", miles=words.number(miles))


def _facts(
    event: Event, words: Words, time_zone: str, known: Mapping[str, Identity]
) -> list[tuple[str, str]]:
    own = known.get(event.hull_id, NOBODY)
    facts = [
        (_WHERE, position(round(event.lat, 6), round(event.lon, 6))),
        (_WHEN, _when(event, words, time_zone)),
        (_SURE, f"{phrases.sureness(event.confidence, words)}, {words.plain(_INDICATOR)}"),
        (_ALERT, event.event_id),
        (_WHO, _vessel(event.vessel_name, event.flag, event.mmsi, own, words)),
    ]
    if event.other_mmsi is not None:
        other = known.get(event.other_hull_id or "", NOBODY)
        facts.append((_WITH, _vessel(other.name, other.flag, event.other_mmsi, other, words)))
    again = [phrases.number_of(event.details, f"first_{axis}") for axis in ("lat", "lon")]
    if event.type == "dark_period" and again[0] is not None and again[1] is not None:
        facts.append((_AGAIN, position(again[0], again[1])))
    candidates = _candidates(event, words)
    if candidates:
        facts.append((_CANDIDATES, candidates))
    for label, name in _LISTED:
        told = event.details.get(name)
        if isinstance(told, (list, tuple)) and told:
            more = ", ..." if len(told) > _MOST_LISTED else ""
            facts.append((label, ", ".join(_listed(one) for one in told[:_MOST_LISTED]) + more))
    return [(words.plain(label), text) for label, text in facts]


def _listed(one: object) -> str:
    """Return a member of a list: text as it is, a number as an MMSI."""
    return f"{one:09d}" if isinstance(one, int) else plain(one)


def _candidates(event: Event, words: Words) -> str:
    """Return the likeliest vessels that could have come, with their probabilities."""
    columns = [
        event.details.get(f"candidate_{name}") or () for name in ("names", "mmsi", "probability")
    ]
    rows = list(zip(*columns, strict=False))[:_MOST_LISTED]
    return ", ".join(
        f"{plain(name) if name else f'MMSI {mmsi:09d}'} ({words.number(share, 2)})"
        for name, mmsi, share in rows
    )


def _vessel(name: str | None, flag: str | None, mmsi: int, known: Identity, words: Words) -> str:
    parts = [
        plain(name) if name else words.plain("name not known"),
        words.say("flag {flag}", flag=plain(flag)) if flag else words.plain("flag not known"),
        f"MMSI {mmsi:09d}",
    ]
    if known.imo is not None:
        parts.append(f"IMO {known.imo:07d}")
    if known.callsign:
        parts.append(words.say("call sign {callsign}", callsign=plain(known.callsign)))
    return " · ".join(parts)


def _when(event: Event, words: Words, time_zone: str) -> str:
    """Return start, end and length in UTC; the start in the ship's time and the reader's."""
    length = words.length(event.duration_h)
    start = words.moment(event.start_us)
    if event.end_us is None:
        text = words.say("since {start} ({length}, still open)", start=start, length=length)
    elif event.end_us == event.start_us:
        text = start
    else:
        end = words.moment(event.end_us)
        text = words.say("{start} to {end} ({length})", start=start, end=end, length=length)
    ship = words.ships_time(event.start_us, event.lon)
    text += "; " + words.say("ship's time {time}", time=ship)
    if time_zone != "UTC":
        local = words.local(event.start_us, time_zone)
        text += "; " + words.say("your time {time}", time=local)
    return text


def _reach(event: Event, words: Words) -> str:
    """Return where a vessel that is still silent can be, as a radius and a box."""
    if event.type != "dark_period" or event.end_us is not None:
        return ""
    hours = (event.now_us - event.start_us) / US_PER_H
    miles = REACH_KNOTS * hours
    said = words.say(
        _REACH,
        now=words.moment(event.now_us),
        length=words.length(hours),
        knots=words.number(REACH_KNOTS),
        miles=words.number(miles),
        km=words.number(miles * KM_PER_NM),
    )
    area = reachable_area(
        event.lat, event.lon, event.start_us, None, None, None, event.now_us, REACH_KNOTS
    )
    box = None if area is None else _box(area)
    if box is None:
        return words.say(_ANYWHERE, reach=said)
    west, south, east, north = box
    return words.say(
        _REACH_BOX,
        reach=said,
        south=_latitude(south),
        north=_latitude(north),
        west=_longitude(west),
        east=_longitude(east),
    )


def _box(area: Any) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north of an area that may be cut at 180 degrees.

    None where it runs round the world: a box would tell nothing.
    """
    west, south, east, north = area.bounds
    if east - west < 359.0:
        return west, south, east, north
    parts = [part.bounds for part in getattr(area, "geoms", [area])]
    wests = [bounds[0] for bounds in parts if bounds[0] > 0]
    easts = [bounds[2] for bounds in parts if bounds[2] < 0]
    if not wests or not easts or len(wests) + len(easts) < len(parts):
        return None
    return min(wests), south, max(easts), north


def _latitude(value_deg: float) -> str:
    return f"{abs(value_deg):.1f}°{'S' if value_deg < 0 else 'N'}"


def _longitude(value_deg: float) -> str:
    return f"{abs(value_deg):.1f}°{'W' if value_deg < 0 else 'E'}"
