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


KINDS: list[tuple[str, dict[str, object], str]] = [
    ("identity_conflict", {"kind": "two_hulls_at_once"}, "from two places at once"),
    (
        "identity_conflict",
        {"kind": "changed", "attribute": "callsign", "old": "OLD1", "new": "NEW2"},
        "changed its call sign from OLD1 to NEW2",
    ),
    ("identity_conflict", {"kind": "two_transmitters"}, "two transmitters of one ship"),
    (
        "identity_conflict",
        {"kind": "hand_over", "from_mmsi": 563_012_345, "to_mmsi": 574_000_001},
        "MMSI 574000001 began where MMSI 563012345 fell silent",
    ),
    ("identity_conflict", {"kind": "mid_unassigned"}, "which no country has given"),
    ("identity_conflict", {"kind": "imo_invalid", "new": "1234567"}, "1234567, which is no IMO"),
    ("implausible_position", {"implied_speed_knots": 400.0}, "need 400 knots"),
    ("implausible_position", {"others": 3}, "3 other vessels"),
    ("implausible_position", {"kind": "circle"}, "round a circle"),
    (
        "dark_rendezvous",
        {
            "candidates": 4,
            "candidate_names": ["", "HAI LONG"],
            "candidate_mmsi": [412_000_001, 412_000_002],
            "candidate_probability": [0.31, 0.12],
        },
        "4 silent vessels could have come to it unheard, most likely MMSI 412000001.",
    ),
    ("time_at_sea", {"lower_days": 100.4, "upper_days": 190.0}, "between 100 and 190 days"),
    ("time_at_sea", {"lower_days": 100.4, "upper_days": None}, "at least 100 days"),
    ("time_at_sea", {"lower_days": 100.4, "upper_days": 100.3}, "for 100 days"),
    ("loitering", {"mean_speed_knots": 1.23}, "drifted at 1.2 knots"),
    ("zone_entry", {"zone_name": "Dog Leg"}, "entered Dog Leg"),
    ("port_visit", {"port_name": "DAVAO"}, "in or near DAVAO"),
]


@pytest.mark.parametrize(("type_name", "details", "wanted"), KINDS)
def test_every_kind_has_its_sentence(
    type_name: str, details: dict[str, object], wanted: str
) -> None:
    event = dark(type=type_name, details=details)
    told = {one: letter(event, Words(one), step="opened").headline for one in LANGUAGES}
    assert wanted in told["en"]
    assert len(set(told.values())) == len(LANGUAGES)
    assert "{" not in "".join(told.values())


def test_candidates_are_ranked_with_their_probabilities() -> None:
    details = next(details for name, details, _ in KINDS if name == "dark_rendezvous")
    told = letter(dark(type="dark_rendezvous", details=details), Words(), step="opened")
    facts = dict(told.facts)
    assert facts["Candidates"] == "MMSI 412000001 (0.31), HAI LONG (0.12)"


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
