"""Every text of a mail is in every language, with the same places for data."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import alerts
from alerts.letter import letter
from alerts.translate import LANGUAGES, Words, catalogue, read_po
from detectors.events import EVENT_TYPES
from maps import words as said
from tests.alerts.samples import dark, meeting

OTHERS = [language for language in LANGUAGES if language != "en"]
FOLDER = Path(alerts.__file__).parent


def texts_in_the_code() -> set[str]:
    """Return every text that is marked for translation, or told as a translated text."""
    found: set[str] = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
                first = node.args[0]
                if name in {"mark", "say", "plain"} and isinstance(first, ast.Constant):
                    found.add(str(first.value))
    tables = (said.TYPE_WORDS, said.TYPE_MEANING, said.OTHER_CAUSES, said.REASON_WORDS)
    return found | {text for table in tables for text in table.values()} | {said.DISCLAIMER}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_english(language: str) -> None:
    known = catalogue(language).texts
    wanted = texts_in_the_code()
    assert len(wanted) > 150, "the search for texts finds them"
    assert sorted(wanted - known.keys()) == []
    assert sorted(known.keys() - wanted - {"days"}) == [], "translations of texts that are gone"
    assert [text for text, told in known.items() if not told] == []


@pytest.mark.parametrize("language", OTHERS)
def test_translations_keep_the_places_for_data(language: str) -> None:
    for text, told in catalogue(language).texts.items():
        assert places(told) == places(text), text


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("type_name", EVENT_TYPES)
def test_every_type_is_told_in_every_language(language: str, type_name: str) -> None:
    event = dark(type=type_name)
    english = letter(event, Words("en"), step="opened")
    told = letter(event, Words(language), step="opened")
    for part in ("headline", "meaning", "causes", "checks", "disclaimer", "subject"):
        assert getattr(told, part) != getattr(english, part), part
        assert "{" not in str(getattr(told, part))
    assert not any(label in {"Where", "When", "How sure"} for label, _ in told.facts)


def test_numbers_and_dates_are_written_as_the_language_does() -> None:
    written = {
        language: (Words(language).length(26.5), Words(language).moment(1_700_000_000_000_000))
        for language in LANGUAGES
    }
    assert written == {
        "en": ("26.5 h", "14 November 2023, 22:13 UTC"),
        "es": ("26,5 h", "14 de noviembre de 2023, 22:13 UTC"),
        "fr": ("26,5 h", "14 novembre 2023 à 22:13 UTC"),
        "id": ("26,5 jam", "14 November 2023, 22:13 UTC"),
    }
    assert Words("es").length(240.0) == "10 días"


@pytest.mark.parametrize("lon_deg", [-180.0, -179.9, -7.6, -7.4, 0.0, 7.4, 7.6, 142.25, 179.9])
def test_ships_time_is_whole_hours_by_longitude(lon_deg: float) -> None:
    told = Words().ships_time(0, lon_deg)
    found = re.search(r"\(UTC([+-]\d+)\)", told)
    assert found is not None
    assert int(found[1]) == round(lon_deg / 15.0)


def test_local_time_knows_summer_and_half_hours() -> None:
    noon_us = 1_720_008_000_000_000  # 2024-07-03 12:00 UTC
    assert Words().local(noon_us, "Europe/Paris") == "3 July 2024, 14:00 (UTC+2)"
    assert Words("fr").local(noon_us, "Asia/Kolkata") == "3 juillet 2024 à 17:30 (UTC+5:30)"


def test_braces_and_percent_signs_in_a_name_stay_data() -> None:
    event = meeting(vessel_name="{start} %s {0.__class__}")
    for language in LANGUAGES:
        assert "{start} %s {0.__class__}" in letter(event, Words(language), step="opened").headline


def test_a_damaged_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="not a line"):
        list(read_po('msgid "a"\nmsgstr "b"\nrubbish "c"\n'))
