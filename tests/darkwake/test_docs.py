"""The pages and project files say what the code does, and cannot fall behind it."""

import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from darkwake.event_files import EVENTS_SCHEMA
from darkwake.identity_file import IDENTITIES_SCHEMA
from darkwake.options import ReplayOptions
from darkwake.outputs import VESSELS_SCHEMA, run_record
from darkwake.staging import RESULT_FILES
from darkwake.visit_tables import VISITS_SCHEMA, VOYAGES_SCHEMA
from detectors.details import DETAIL_FIELDS
from feeds.report import REASONS
from tests.darkwake.samples import result
from tools.write_docs import cli_page, configuration_page, events_page

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("vessels", "feeds", "detectors", "imagery", "maps", "alerts", "darkwake")


def text_of(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def project() -> dict[str, Any]:
    return tomllib.loads(text_of("pyproject.toml"))


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_this_tree_and_not_a_package_of_the_same_name(room: str) -> None:
    module = importlib.import_module(room)
    assert Path(str(module.__file__)).parent == ROOT / room


def test_the_command_line_page_is_what_the_code_makes() -> None:
    assert text_of("docs/cli.md") == cli_page(), "run: uv run python -m tools.write_docs"


def test_the_configuration_page_is_what_the_code_makes() -> None:
    assert text_of("docs/configuration.md") == configuration_page(), (
        "run: uv run python -m tools.write_docs"
    )


def test_the_file_contract_names_every_file_column_and_key() -> None:
    page = text_of("docs/events.md")
    record = run_record(result(), ReplayOptions(paths=("a",), out=Path()))
    wanted = [*RESULT_FILES, *EVENTS_SCHEMA.names, *VESSELS_SCHEMA.names, *record]
    wanted += [*IDENTITIES_SCHEMA.names, *VISITS_SCHEMA.names, *VOYAGES_SCHEMA.names]
    wanted += [name for fields in DETAIL_FIELDS.values() for name in fields]
    assert [name for name in wanted if f"`{name}`" not in page] == []


def test_the_file_contract_holds_the_details_and_reasons_of_the_code() -> None:
    page = text_of("docs/events.md")
    assert page == events_page(page), "run: uv run python -m tools.write_docs"
    for type_name, fields in DETAIL_FIELDS.items():
        section = page.split(f"### {type_name}\n")[1].split("\n#")[0]
        assert set(fields) <= set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert all(f"| `{reason}` |" in page for reason in REASONS)


def test_the_readme_names_the_commands_that_ci_runs() -> None:
    readme = text_of("README.md")
    assert "pip install uv && uv run darkwake demo\n" in readme
    assert re.search(r"^uv run pytest$", readme, re.MULTILINE)


def test_version_and_licence_are_the_same_everywhere() -> None:
    version = project()["project"]["version"]
    citation = text_of("CITATION.cff")
    assert f"\nversion: {version}\n" in citation
    assert f"\nlicense: {project()['project']['license']}\n" in citation
    assert f"## [{version}]" in text_of("CHANGELOG.md") or "## [Unreleased]" in text_of(
        "CHANGELOG.md"
    )


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
