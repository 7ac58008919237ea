"""What a satellite saw, told in every language from what the store keeps; old stores included."""

import json
import re

import pytest

from alerts.letter import letter
from alerts.seen import seen_line, seen_note
from alerts.translate import LANGUAGES, Words
from imagery.telling import TEXTS, saying, sentences
from tests.alerts.samples import dark

VALUES = {
    "name": "SILVER TERN",
    "km": 1.4,
    "lengths_m": [40, 90, 120],
    "count": 3,
    "scenes": 12,
    "passes": [["SENTINEL-1A", "2015-07-15 20:31"], ["SENTINEL-2B", "2015-07-16 00:52"]],
    "days": 17,
}
SAME = {"ais", "orbit", "silver", "tern", "sentinel", "utc"}
"""Data and names that languages share; `orbit` is Indonesian as well."""
SEEN = [saying("seen", name="SILVER TERN"), saying("some_alongside", count=2, lengths_m=[40])]
PASSES = [saying("passes_doubtful", passes=VALUES["passes"], days=17)]


def whole(name: str) -> list[dict[str, object]]:
    return [saying(name, **{key: VALUES[key] for key in VALUES if f"{{{key}}}" in TEXTS[name]})]


def words_of(text: str) -> set[str]:
    """Return the words of three letters and more: "no" is Spanish as well."""
    return set(re.findall(r"[^\W\d_]{3,}", text.lower()))


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
@pytest.mark.parametrize("name", TEXTS)
def test_no_english_word_is_left(language: str, name: str) -> None:
    english = seen_line(whole(name), Words())
    told = seen_line(whole(name), Words(language))
    assert "{" not in told
    assert words_of(told) & words_of(english) - SAME == set(), told


def test_numbers_and_lists_are_written_as_the_language_does() -> None:
    assert sentences(whole("some_within")) == (
        "Three ships of about 40 m, 90 m and 120 m within 1.4 km send no AIS."
    )
    assert seen_line(whole("some_within"), Words("fr")) == (
        "Trois navires d'environ 40 m, 90 m et 120 m à moins de 1,4 km n'émettent pas d'AIS."
    )
    six = saying("some_alongside", count=6, lengths_m=[40])
    assert sentences([six]) == "6 ships of about 40 m alongside send no AIS."


@pytest.mark.parametrize(
    ("language", "label", "seen", "passes"),
    [
        (
            "en",
            "Seen from space",
            "SILVER TERN is seen. Two ships of about 40 m alongside send no AIS.",
            (
                "Next passes (UTC): SENTINEL-1A 2015-07-15 20:31, SENTINEL-2B 2015-07-16 00:52; "
                "the orbit elements are 17 days off, and the times doubtful."
            ),
        ),
        (
            "es",
            "Visto desde el espacio",
            "Se ve SILVER TERN. Dos buques de unos 40 m al costado no emiten AIS.",
            (
                "Próximos pases (UTC): SENTINEL-1A 2015-07-15 20:31, SENTINEL-2B 2015-07-16 00:52; "
                "los elementos orbitales distan 17 días, y las horas son dudosas."
            ),
        ),
    ],
)
def test_a_letter_tells_each_scene_and_the_passes(
    language: str, label: str, seen: str, passes: str
) -> None:
    stored = json.loads(json.dumps([SEEN, PASSES]))
    told = letter(dark(), Words(language), step="pictured", seen=stored)
    assert told.facts[:2] == ((label, seen), (label, passes))


def test_finished_text_of_an_earlier_version_is_told_as_it_is() -> None:
    old = "SILVER TERN is seen, alone: no ship without AIS within 2 km of it."
    told = letter(dark(), Words("es"), step="pictured", seen=[old])
    assert told.facts[0][1] == old
    assert seen_note(old) == old
    assert seen_note("[] is seen.") == "[] is seen.", "a vessel may call itself anything"
    assert seen_note(None) is None


def test_what_a_newer_version_stored_is_left_out_and_data_stays_data() -> None:
    newer = saying("seen_by_lidar", name="X")
    assert seen_line([newer, saying("not_seen", name="{km} %s {0.x}")], Words()) == (
        "{km} %s {0.x} is not seen."
    )
    assert letter(dark(), Words(), step="", seen=[[newer]]).facts[0][0] == "Where"
