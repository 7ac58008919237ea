"""docs/formats.md says what the code does: columns, reasons, formats, keys and caps."""

from pathlib import Path

import pyarrow as pa
import pytest

from feeds import FORMATS, REASONS, containers, lines, source
from feeds.layout import KEYS, TIME_HINTS
from feeds.textkernels import NULL_WORDS
from vessels.schema import FIXES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", list(FIXES), ids=lambda field: field.name)
def test_every_column_is_listed_with_its_type(field: pa.Field) -> None:
    kind = "dictionary of string" if pa.types.is_dictionary(field.type) else str(field.type)
    kind = kind.replace("tz=", "")
    assert f"| `{field.name}` | {kind}{'' if field.nullable else ', never null'} |" in PAGE


def test_columns_are_listed_in_order() -> None:
    places = [PAGE.index(f"| `{field.name}` |") for field in FIXES]
    assert places == sorted(places)


@pytest.mark.parametrize("word", [*REASONS, *FORMATS])
def test_every_reason_and_format_has_a_line(word: str) -> None:
    assert f"\n| `{word}` | " in PAGE


@pytest.mark.parametrize("word", [*KEYS, *TIME_HINTS, *sorted(NULL_WORDS - {"", "\\n"})])
def test_every_key_hint_and_null_word_is_named(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_the_caps_are_those_of_the_code() -> None:
    assert lines.MAX_LINE_BYTES == 1 << 20
    assert "longer than 1 MiB" in PAGE
    assert f"first {lines.BLOCK_BYTES >> 20} MiB" in PAGE
    assert f"more than {containers.MAX_ZIP_MEMBERS:,} members" in PAGE
    assert f"more than {source.MAX_RATIO} times" in PAGE
    assert f"{source.RATIO_FLOOR_BYTES >> 20} MiB are unpacked" in " ".join(PAGE.split())
    assert f"more than {source.MAX_UNPACKED_BYTES >> 40} TiB" in PAGE
    assert f"of at most {source.MAX_SPOOL_BYTES >> 30} GiB" in PAGE
