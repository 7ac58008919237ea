"""Languages: gettext catalogues, and numbers and dates as each language writes them.

The catalogues are the .po files in locale/, read as they are: nothing has to be compiled. A text
without translation is told in English.
"""

import ast
import gettext
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

LANGUAGES = ("en", "es", "fr", "id")
_DECIMAL_COMMA = frozenset({"es", "fr", "id"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def mark(text: str) -> str:
    """Return the text as it is: it marks what a table holds for translation."""
    return text


DATE = mark("{day} {month} {year}, {time}")
"""How a date is written; `es` puts "de" between its parts."""
MONTHS = (
    mark("January"),
    mark("February"),
    mark("March"),
    mark("April"),
    mark("May"),
    mark("June"),
    mark("July"),
    mark("August"),
    mark("September"),
    mark("October"),
    mark("November"),
    mark("December"),
)


class Catalogue(gettext.NullTranslations):
    """The translations of one language."""

    def __init__(self, texts: dict[str, str]) -> None:
        super().__init__()
        self.texts = texts

    def gettext(self, message: str) -> str:
        """Return the translation, or the message where there is none."""
        return self.texts.get(message) or message


class Words:
    """Writes text, numbers and times in one language."""

    def __init__(self, language: str = "en") -> None:
        self.language = language if language in LANGUAGES else "en"
        self._catalogue = catalogue(self.language)

    def say(self, text: str, **values: object) -> str:
        """Return a text in the language, with values put into its {places}.

        Only the text is a pattern: braces in a value are told as they are.
        """
        return self._catalogue.gettext(text).format(**values) if values else self.plain(text)

    def plain(self, text: str) -> str:
        """Return a text in the language that has no {places}."""
        return self._catalogue.gettext(text)

    def number(self, value: float, places: int = 0) -> str:
        """Return a number as the language writes it, without zeros behind its decimal sign."""
        text = f"{value:.{places}f}"
        if places:
            text = text.rstrip("0").rstrip(".")
        return text.replace(".", ",") if self.language in _DECIMAL_COMMA else text

    def length(self, hours: float) -> str:
        """Return a length of time in hours, or in days from four days on."""
        if hours >= 96.0:
            return self.say("{number} days", number=self.number(hours / 24.0, 1))
        return self.say("{number} h", number=self.number(hours, 1))

    def moment(self, time_us: int) -> str:
        """Return a time in UTC as a person writes it."""
        return f"{self._written(_EPOCH + timedelta(microseconds=time_us))} UTC"

    def local(self, time_us: int, zone: str) -> str:
        """Return a time in an IANA zone, with its offset from UTC."""
        local = (_EPOCH + timedelta(microseconds=time_us)).astimezone(ZoneInfo(zone))
        return f"{self._written(local)} ({_offset(local)})"

    def ships_time(self, time_us: int, lon_deg: float) -> str:
        """Return a time in the nautical zone of a longitude: whole hours, 15 degrees each."""
        hours = int((lon_deg + 7.5 + 180.0) // 15.0) - 12
        local = (_EPOCH + timedelta(microseconds=time_us)).astimezone(
            timezone(timedelta(hours=hours))
        )
        return f"{self._written(local)} ({_offset(local)})"

    def _written(self, moment: datetime) -> str:
        return self.say(
            DATE,
            day=moment.day,
            month=self.plain(MONTHS[moment.month - 1]),
            year=moment.year,
            time=f"{moment:%H:%M}",
        )


@cache
def catalogue(language: str) -> Catalogue:
    """Return the catalogue of a language; English is what the code says."""
    if language == "en":
        return Catalogue({})
    text = (files("alerts") / "locale" / f"{language}.po").read_text(encoding="utf-8")
    return Catalogue(dict(read_po(text)))


def read_po(text: str) -> Iterator[tuple[str, str]]:
    """Yield message and translation of each entry of a .po file, its header left out.

    Raises:
        ValueError: a line is no part of an entry.
    """
    parts: dict[str, list[str]] = {}
    current = ""
    for line in [*text.splitlines(), 'msgid ""']:
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        keyword, quote, rest = stripped.partition('"')
        if keyword.strip() == "msgid":
            if parts.get("msgid") and "".join(parts["msgid"]):
                yield "".join(parts["msgid"]), "".join(parts.get("msgstr", []))
            parts = {}
        if keyword.strip() in {"msgid", "msgstr"}:
            current = keyword.strip()
        elif keyword.strip() or not current:
            raise ValueError(f"not a line of a catalogue: {stripped[:60]}")
        parts.setdefault(current, []).append(str(ast.literal_eval(quote + rest)))


def _offset(moment: datetime) -> str:
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(seconds), 3600)
    return f"UTC{sign}{hours}" + (f":{rest // 60:02d}" if rest else "")
