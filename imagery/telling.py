"""What a satellite saw, as the number of a text with its values: told in any language later.

A saying is `{"id": ..., "values": {...}}`, plain JSON. Stores keep sayings, never finished text, so
that a mail can tell them in its reader's language. Data enters a text only through its {places}.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Saying = Mapping[str, Any]

TEXTS: Mapping[str, str] = {
    "seen": "{name} is seen.",
    "seen_alone": "{name} is seen, alone: no ship without AIS within {km} km of it.",
    "not_seen": "{name} is not seen.",
    "missing": "{name} is not seen, though it ought to be in the picture.",
    "elsewhere": "{name} is not seen; it may well have been elsewhere.",
    "one_alongside": "One ship of about {lengths_m} alongside sends no AIS.",
    "one_within": "One ship of about {lengths_m} within {km} km sends no AIS.",
    "one_alongside_ais": (
        "One ship of about {lengths_m} alongside of where AIS has it sends no AIS."
    ),
    "one_within_ais": (
        "One ship of about {lengths_m} within {km} km of where AIS has it sends no AIS."
    ),
    "some_alongside": "{count} ships of about {lengths_m} alongside send no AIS.",
    "some_within": "{count} ships of about {lengths_m} within {km} km send no AIS.",
    "some_alongside_ais": (
        "{count} ships of about {lengths_m} alongside of where AIS has it send no AIS."
    ),
    "some_within_ais": (
        "{count} ships of about {lengths_m} within {km} km of where AIS has it send no AIS."
    ),
    "no_scene": "No scene covers where the vessel can have been in that time.",
    "none_likely": (
        "{scenes} scenes touch the area, but none is likely enough to show the vessel."
    ),
    "no_look": "Nobody could look for pictures yet.",
    "passes": "Next passes (UTC): {passes}; the orbit elements are {days} days off.",
    "passes_doubtful": (
        "Next passes (UTC): {passes}; the orbit elements are {days} days off, and the times "
        "doubtful."
    ),
}
"""What can be told, by the id that is stored: an id keeps its meaning for ever."""
COUNTS: Mapping[int, str] = {2: "Two", 3: "Three", 4: "Four", 5: "Five"}
"""Counts of ships that are written out; a greater one is told in digits."""
LAST = "{first} and {last}"
"""How the last member of a list is joined to those before it."""


class Writer(Protocol):
    """Writes texts and numbers in one language."""

    def plain(self, text: str) -> str:
        """Return a text of this module in the language, its {places} as they are."""
        ...

    def number(self, value: float, places: int = 0) -> str:
        """Return a number, without zeros behind its decimal sign."""
        ...


class English:
    """Writes English, which is what the code says."""

    def plain(self, text: str) -> str:
        """Return the text as it is."""
        return text

    def number(self, value: float, places: int = 0) -> str:
        """Return a number with a point, without zeros behind it."""
        text = f"{value:.{places}f}"
        return text.rstrip("0").rstrip(".") if places else text


def saying(text_id: str, /, **values: Any) -> dict[str, Any]:
    """Return a saying: `text_id` is one of TEXTS, `values` are JSON and fill its {places}.

    Lengths are metres; `passes` are pairs of a satellite and a time; `count`, of ships, and
    `scenes` are whole numbers.
    """
    return {"id": text_id, "values": values}


def sentences(sayings: Sequence[Saying], writer: Writer | None = None) -> str:
    """Return sayings as sentences in a row, in English where nothing else is asked for.

    A saying that this version does not know is left out: a newer one may have written the store.
    """
    chosen = writer or English()
    known = [one for one in sayings if one["id"] in TEXTS]
    return " ".join(_told(one, chosen) for one in known)


def _told(one: Saying, writer: Writer) -> str:
    values = {name: _value(name, value, writer) for name, value in one["values"].items()}
    return writer.plain(TEXTS[one["id"]]).format(**values)


def _value(name: str, value: Any, writer: Writer) -> str:
    if name == "lengths_m":
        return _lengths([f"{writer.number(float(length))} m" for length in value], writer)
    if name == "passes":
        return ", ".join(f"{satellite} {time}" for satellite, time in value)
    if name == "count":
        return writer.plain(COUNTS[value]) if value in COUNTS else f"{value}"
    return writer.number(float(value), 1) if isinstance(value, int | float) else str(value)


def _lengths(told: list[str], writer: Writer) -> str:
    """Return `40 m`, or `40 m, 60 m and 90 m`."""
    if len(told) == 1:
        return told[0]
    return writer.plain(LAST).format(first=", ".join(told[:-1]), last=told[-1])
