"""Text from outside is made harmless, and keeps what is a letter."""

import pytest

from vessels.text import MAX_TEXT_LENGTH, clean_text, vessel_text


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (None, None),
        ("", None),
        (" \t\r\n\x00", None),
        ("  EVER   GIVEN ", "EVER GIVEN"),
        ("A\x1b[31mB", "A [31mB"),
        ("A\u202eB\u200bC\u2028D", "A B C D"),
        ("A\nB", "A B"),
        ("e\u0301", "\u00e9"),
        ("me@home@@", "me@home@@"),
        ("x" * 100, "x" * MAX_TEXT_LENGTH),
    ],
)
def test_controls_go_and_letters_stay(raw: str | None, clean: str | None) -> None:
    assert clean_text(raw) == clean


def test_the_limit_is_kept_without_a_space_at_the_end() -> None:
    assert clean_text("ab cd", limit=3) == "ab"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (None, None),
        ("@@@@@@@@@@@@@@@@@@@@", None),
        ("PEI YUH NO.6@@@@@@BL", "PEI YUH NO.6"),
        ("ONE@", "ONE"),
        ("ONE @ ", "ONE"),
        ("C@T", "C@T"),
        ("ONE@@\nTWO", "ONE"),
    ],
)
def test_padding_ends_a_name_and_a_single_at_sign_does_not(
    raw: str | None, clean: str | None
) -> None:
    assert vessel_text(raw) == clean
