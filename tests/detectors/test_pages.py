"""Each event type has a page: definition, thresholds with source, doubts, and a real figure."""

import re
from pathlib import Path

import pytest

from detectors.events import EVENT_TYPES

DOCS = Path(__file__).resolve().parents[2] / "docs"
SECTIONS = ("Definition", "Taken for one by mistake", "Cannot see")


def page_of(event_type: str) -> str:
    return (DOCS / "detectors" / f"{event_type}.md").read_text("utf-8")


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_page_has_every_section_and_none_is_empty(event_type):
    page = page_of(event_type)
    assert page.startswith(f"# {event_type}\n")
    parts = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert {name: len(found.get(name, "").split()) > 5 for name in SECTIONS} == dict.fromkeys(
        SECTIONS, True
    )


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_page_says_of_what_confidence_is_the_probability_and_how_severity_is_set(event_type):
    page = page_of(event_type).lower()
    assert re.search(r"confidence[^.]*?\b(probability|the mean)", page, re.DOTALL)
    assert "`severity`" in page or "severity" in page.split("## ", 1)[1]


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_thresholds_stand_in_a_table_with_their_sources(event_type):
    definition = page_of(event_type).split("## Definition\n")[1].split("\n## ")[0]
    rows = [line for line in definition.splitlines() if line.startswith("|")]
    assert len(rows) >= 4
    assert "| source |" in rows[0] or re.search(
        r"without a source here|[Aa]ll thresholds", definition
    )


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_figure_is_there_and_says_what_data_and_what_program_made_it(event_type):
    page = page_of(event_type)
    ((alt, name),) = re.findall(r"!\[([^\]]+)\]\(([^)]+\.png)\)", page)
    assert len(alt) > 20
    image = (DOCS / "detectors" / name).read_bytes()
    assert image.startswith(b"\x89PNG")
    assert len(image) > 10_000
    text = " ".join(page.split())
    assert re.search(r"\((gpsdio-segment's test tracks|pelagos-data), ?[^)]*", text)
    assert re.search(r"[dD]rawn by `(python -m )?benchmarks[./]\w+", text)


def test_the_index_names_every_page():
    index = (DOCS / "detectors.md").read_text("utf-8")
    linked = re.findall(r"^\| \[(\w+)\]\(detectors/(\w+)\.md\)", index, re.MULTILINE)
    assert sorted(linked) == sorted((name, name) for name in EVENT_TYPES)


def test_links_of_the_pages_lead_somewhere():
    broken = [
        f"{page.name}: {target}"
        for page in (DOCS / "detectors").glob("*.md")
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
