"""Every reason that a detector gives is told in words."""

import ast
from pathlib import Path

import detectors
from detectors.events import Reason
from maps.words import REASON_WORDS, reason_words

FAMILIES = {
    "reception_": ("own", "borrowed"),
    "same_": ("imo", "callsign", "name"),
    "_changed": ("name", "callsign", "imo"),
}
"""Codes that are put together: their constant part, and what else they are of. Nothing is learnt
of `reception_none`: it has no value, and reasons without one are not given."""


def given() -> tuple[set[str], set[str]]:
    """Return the codes that detectors write out, and the constant parts of those put together."""
    whole: set[str] = set()
    parts: set[str] = set()
    for path in Path(detectors.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason":
                texts = {
                    str(one.value)
                    for one in ast.walk(node.args[0])
                    if isinstance(one, ast.Constant) and len(str(one.value)) > 1
                }
                (parts if isinstance(node.args[0], ast.JoinedStr) else whole).update(texts)
    return whole, parts


def test_each_code_has_words() -> None:
    whole, parts = given()
    assert {"silence", "stayed_inside", "listed_iuu", "several_vessels"} <= whole
    assert sorted(whole - REASON_WORDS.keys()) == []
    assert parts - {"reception_basis"} == set(FAMILIES), "a new family of codes"
    for constant, others in FAMILIES.items():
        for other in others:
            code = f"{constant}{other}" if constant.endswith("_") else f"{other}{constant}"
            assert code in REASON_WORDS


def test_figures_read_without_words_that_were_said_before() -> None:
    assert reason_words(Reason("circle", 3.25, 2.0, "turns")) == (
        "Times round the circle: 3.25 (threshold 2)"
    )
    assert reason_words(Reason("stayed_inside", 90.0, 30.0, "min")) == (
        "Heard inside for: 1.5 h (threshold 0.5 h)"
    )
    assert reason_words(Reason("several_vessels", 4, 2, "others")) == (
        "Other vessels that jumped there: 4 (threshold 2)"
    )
    assert reason_words(Reason("listed_iuu", "blacklist", None, "list")) == (
        "Named in a list of IUU fishing: blacklist"
    )
