"""The tables of a vessel's page: silences, identities, visits, hulls. All cells are plain text."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from detectors.events import Event
from maps import words
from maps.vessel_facts import Held, Hull, Silence, Stay
from vessels.identity import MIN_STATEMENTS, comparable
from vessels.mmsi import imo_is_valid

ROW_LIMIT = 1_000
"""Most rows of a table; above it the page says how many were left out."""
ATTRIBUTE_WORDS = {
    "name": "Name",
    "callsign": "Call sign",
    "imo": "IMO number",
    "ship_type": "Ship type (AIS)",
    "length_m": "Length, m",
    "beam_m": "Beam, m",
    "ais_class": "AIS class",
}
_UNTIL_END = "not heard again"
_NUMBERS = frozenset({"imo", "ship_type"})
_METRES = frozenset({"length_m", "beam_m"})

Table = dict[str, Any]
"""`columns`, `rows` of texts, `notes`, and what the page does with a row: see `table`."""


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], **more: Any) -> Table:
    """Return a table cut to ROW_LIMIT rows; `left` is how many were cut."""
    kept = [list(row) for row in rows[:ROW_LIMIT]]
    return {"columns": list(columns), "rows": kept, "left": len(rows) - len(kept), **more}


def place_words(place: tuple[float, float] | None) -> str:
    """Return a place in decimal degrees, or a dash."""
    return "-" if place is None else f"{place[0]:.4f}, {place[1]:.4f}"


def silence_table(silences: Sequence[Silence], events: Iterable[Event], *, many: bool) -> Table:
    """Return the silences, and whether each was raised as a finding."""
    raised = {
        (event.hull_id, event.start_us): event for event in events if event.type == "dark_period"
    }
    columns = ["Last heard", "Heard again", "Length", "From", "To", "Apart", "Finding"]
    rows = []
    for silence in silences:
        found = raised.get((silence.hull_id, silence.start_us))
        row = [
            words.utc(silence.start_us),
            _UNTIL_END if silence.end_us is None else words.utc(silence.end_us),
            words.hours_words(silence.hours),
            place_words(silence.place),
            place_words(silence.end_place),
            _apart(silence),
            "none" if found is None else f"{found.severity}, {words.sureness(found.confidence)}",
        ]
        rows.append([silence.hull_id, *row] if many else row)
    return table(["Hull", *columns] if many else columns, rows)


def _apart(silence: Silence) -> str:
    if silence.distance_nm is None or silence.knots is None:
        return "-"
    return f"{silence.distance_nm:.1f} nm ({silence.knots:.1f} kn)"


def identity_notes(held: Sequence[Held]) -> list[str]:
    """Return for each statement what is to be said of it: changed, too seldom, wrong digit.

    `held` holds the statements of each number and attribute together, by first time. A change is
    marked where the value means something else than the last one stated MIN_STATEMENTS times.
    """
    notes: list[str] = []
    for _, group in groupby(held, key=lambda one: (one.mmsi, one.attribute)):
        statements = list(group)
        several = len({comparable(one.attribute, typed(one)) for one in statements}) > 1
        before = None
        for one in statements:
            meaning = comparable(one.attribute, typed(one))
            told = []
            if one.attribute == "imo" and not bool(imo_is_valid(int(one.value))):
                told.append("check digit wrong")
            if one.reports < MIN_STATEMENTS:
                told += ["stated too seldom to count as a change"] if several else []
            elif meaning is not None:
                if before is not None and meaning != before:
                    told.append("changed")
                before = meaning
            notes.append("; ".join(told))
    return notes


def typed(one: Held) -> str | int | float:
    """Return the value of a statement as its attribute has it."""
    if one.attribute in _NUMBERS:
        return int(one.value)
    return float(one.value) if one.attribute in _METRES else one.value


def identity_table(held: Sequence[Held], notes: Sequence[str]) -> Table:
    """Return the statements with dates and counts."""
    many = len({one.mmsi for one in held}) > 1
    columns = ["What", "Value", "First stated", "Last stated", "Times", "Note"]
    rows = []
    for one, note in zip(held, notes, strict=True):
        row = [
            ATTRIBUTE_WORDS.get(one.attribute, words.plain(one.attribute)),
            words.plain(one.value),
            words.utc(one.first_us),
            words.utc(one.last_us),
            f"{one.reports:,}",
            note,
        ]
        rows.append([f"{one.mmsi:09d}", *row] if many else row)
    marked = [
        index for index, note in enumerate(notes[:ROW_LIMIT]) if "changed" in note.split("; ")
    ]
    return table(["MMSI", *columns] if many else columns, rows, marked=marked)


def stay_table(stays: Sequence[Stay], first_column: str) -> Table:
    """Return visits or voyages; the columns after the first three are their facts."""
    labels = list(dict.fromkeys(label for stay in stays for label, _ in stay.facts))
    rows = []
    for stay in stays:
        facts = dict(stay.facts)
        end = "goes on" if stay.end_us is None else words.utc(stay.end_us)
        told = [words.plain(facts.get(label, "-")) for label in labels]
        rows.append([words.plain(stay.title), words.utc(stay.start_us), end, *told])
    return table([first_column, "From", "To", *map(words.plain, labels)], rows)


def hull_table(hulls: Sequence[Hull]) -> Table:
    """Return the hulls with the time and number of their positions."""
    rows = [
        [
            hull.hull_id,
            words.who(hull.name, hull.flag, hull.mmsi),
            words.plain((hull.kind or "-").replace("_", " ")),
            words.utc(hull.first_us),
            words.utc(hull.last_us),
            f"{hull.fixes:,}",
        ]
        for hull in hulls
    ]
    return table(["Hull", "Who", "Kind", "First heard", "Last heard", "Positions"], rows)


def rejected_lines(rejected: Mapping[str, int]) -> list[str]:
    """Return one line for each reason why positions were not believed."""
    return [f"{words.plain(why.replace('_', ' '))}: {rejected[why]:,}" for why in sorted(rejected)]
