"""Every text of a mail is in every language, with the same places for data."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import alerts
import detectors
from alerts.checks import KIND_CHECKS
from alerts.letter import letter
from alerts.phrases import KIND_SHORT
from alerts.translate import LANGUAGES, Words, catalogue, read_po
from detectors import exposure
from detectors.events import EVENT_TYPES, Event, Reason
from detectors.unusual import guard
from imagery import telling
from maps import kinds
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
    tables = [said.TYPE_WORDS, said.TYPE_MEANING, said.OTHER_CAUSES, said.REASON_WORDS]
    tables += [kinds.KIND_MEANING, kinds.KIND_CAUSES]
    found |= {*telling.TEXTS.values(), *telling.COUNTS.values(), telling.LAST}
    found |= {*guard.ALL, *guard.WITHHELD.values(), *(rule.words for rule in exposure.RULES)}
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
    (
        "identity_conflict",
        {"kind": "flip_flop", "attribute": "name", "old": "ALFA", "new": "BRAVO"},
        "stated ALFA and BRAVO by turns as its name",
    ),
    ("implausible_position", {"kind": "jump", "inland_km": 41.2}, "41 km inside the mapped land"),
    ("zone_entry", {"zones_entered": ["Dog Leg", "PNG"]}, "entered Dog Leg, PNG, 14 November"),
    ("zone_entry", {"zones_entered": ["A"], "last_outside_before": None}, "inside A when first"),
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


ALL_KINDS = [*kinds.KIND_MEANING]


def of_kind(kind: str) -> Event:
    """Return a finding of a kind, with no more than tells the kind."""
    if kind == kinds.PROTECTED:
        return dark(type="zone_entry", details={"zone_kinds": ["eez", "mpa"]})
    if kind == kinds.INLAND:
        details = {"kind": "jump_and_return", "inland_km": 12.0}
        return dark(type="implausible_position", details=details)
    places = {"jump", "jump_and_return", "circle", "interference"}
    name = "implausible_position" if kind in places else "identity_conflict"
    return dark(type=name, details={"kind": kind})


def test_each_kind_of_the_detectors_has_its_own_words() -> None:
    """A kind that a detector tells and no text knows would be told as all of its type are."""
    told = {
        value.value
        for path in Path(detectors.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Dict)
        for key, given in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "kind"
        for value in ast.walk(given)
        if isinstance(value, ast.Constant) and str(value.value).isidentifier()
    }
    assert {"two_transmitters", "circle", "interference", "flip_flop", "jump"} <= told
    assert told | {kinds.INLAND, kinds.PROTECTED} == set(ALL_KINDS)
    assert set(kinds.KIND_CAUSES) == set(KIND_SHORT) == set(ALL_KINDS)
    assert set(KIND_CHECKS) == set(ALL_KINDS) - {kinds.PROTECTED}, "the type's fit these"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_is_told_apart_in_every_language(language: str) -> None:
    """Of the parts of a mail only the checks may be the same for two kinds."""
    told = [letter(of_kind(kind), Words(language), step="opened") for kind in ALL_KINDS]
    plain = [
        letter(dark(type=name, details={}), Words(language), step="opened") for name in EVENT_TYPES
    ]
    for part in ("subject", "meaning", "causes"):
        texts = [getattr(one, part) for one in [*told, *plain]]
        assert len(set(texts)) == len(texts), part
    assert all(one.checks for one in told)
    english = [letter(of_kind(kind), Words("en"), step="opened") for kind in ALL_KINDS]
    if language != "en":
        for mine, other in zip(told, english, strict=True):
            for part in ("subject", "meaning", "causes", "checks"):
                assert getattr(mine, part) != getattr(other, part), part


def test_what_a_reason_became_is_told_without_an_english_word() -> None:
    event = dark(
        reasons=(
            Reason("hand_over", "563012345 to 574000001", None, ""),
            Reason("name_changed", "BACK TO SEA to sea", None, ""),
            Reason("stayed_inside", 90.0, 30.0, "min"),
            Reason("days_at_sea", 181.5, 180.0, "days"),
            Reason("circle", 3.125, 2.0, "turns"),
            Reason("mid_unassigned", 299, None, "MID"),
        )
    )
    assert letter(event, Words("fr"), step="opened").why == (
        "D'un numéro à l'autre: 563012345 → 574000001",
        "Nouveau nom: BACK TO SEA to sea",
        "Entendu à l'intérieur pendant: 1,5 h (seuil 0,5 h)",
        "Temps en mer: 181,5 jours (seuil 180 jours)",
        "Tours du cercle: 3,12 (seuil 2)",
        "Trois premiers chiffres du numéro, qui ne sont ceux d'aucun pays: 299",
    )


def test_a_letter_names_all_numbers_and_whose_list_it_was() -> None:
    details = {
        "kind": "interference",
        "others": 9,
        "numbers": list(range(1, 11)),
        "lists": ["blacklist"],
        "list_matches": ["000000001: blacklist (iuu) by IMO number; TMT, 2024-01-01"],
    }
    facts = dict(letter(dark(type="implausible_position", details=details), Words(), step="").facts)
    assert facts["All numbers"].startswith("000000001, 000000002, ")
    assert facts["All numbers"].endswith("000000008, ...")
    assert facts["On lists"] == "000000001: blacklist (iuu) by IMO number; TMT, 2024-01-01"


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
