"""Writes docs from the code: `uv run python -m tools.write_docs`.

docs/cli.md and docs/configuration.md are made whole, docs/events.md in its tables of details and
of reasons. A test compares the files with what this makes, so they cannot fall behind the code.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from darkwake.cli import app
from darkwake.config import keys
from detectors.details import DETAIL_FIELDS
from feeds.layout import KEYS, TIME_HINTS
from feeds.report import REASONS

DOCS = Path(__file__).resolve().parent.parent / "docs"
_MADE = "<!-- Made by `uv run python -m tools.write_docs`; edit the code, not this page. -->"

_CLI_INTRO = f"""# The command line

{_MADE}

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | `doctor` found a problem, or something failed that has no code of its own |
| 2 | usage: an option is wrong or missing |
| 3 | configuration: a file, key or value is wrong |
| 4 | input: a file is missing, damaged or not AIS data |
| 5 | results cannot be written |
| 130, 143 | interrupted, terminated; nothing half-written is left |

Every error is one line on stderr; a command used wrongly prints its usage with it. Progress bars go
to stderr, and only to a terminal. `--json` prints plain JSON on stdout.
"""

_COLUMNS = f"""## Columns

`--columns` names the columns of a CSV or Parquet file that are not known by their names, or that
are known wrongly:

```sh
darkwake replay log.csv --out found --columns mmsi=ID,time=When:dmy,lat=Y,lon=X
```

The names are {", ".join(KEYS)}. A time can say how it is written, after a colon: {
    ", ".join(TIME_HINTS)
}. A column whose name holds a comma goes in quotes with its pair: `"time=When, UTC"`.
"""

_CONFIGURATION_INTRO = f"""# Configuration

{_MADE}

Darkwake runs without a configuration. `--config FILE` names a TOML file; unknown keys are refused.

```toml
[detectors.dark_period]
min_duration_h = 12

[detectors.encounter]
max_distance_m = 500
```

An environment variable wins over the file: `DARKWAKE__DETECTORS__DARK_PERIOD__MIN_DURATION_H=6`.
`darkwake config check FILE` lists every problem with its line, `darkwake config show` prints the
values in force, `darkwake config explain KEY` tells what a key means. Every value in force is
recorded in run.json.
"""


def cli_page() -> str:
    """Return docs/cli.md."""
    parts = _command_parts(typer.main.get_command(app), "darkwake")
    return "\n".join([_CLI_INTRO, *parts, _COLUMNS])


def configuration_page() -> str:
    """Return docs/configuration.md."""
    parts = [_CONFIGURATION_INTRO]
    section = ""
    for key in keys():
        parent, _, name = key.name.rpartition(".")
        if (parent or f"[{name}]") != section:
            section = parent or f"[{name}]"  # an array of tables
            parts += [f"\n## [{section}]\n", "| key | default | unit | bounds | meaning | source |"]
            parts += ["|---|---|---|---|---|---|"]
        cells = (f"`{name}`", f"{key.default}", key.unit, key.bounds, key.description, key.source)
        parts.append(_row(cells))
    return "\n".join(parts) + "\n"


def events_page(page: str) -> str:
    """Return docs/events.md with its made parts made anew."""
    details = []
    for type_name, fields in DETAIL_FIELDS.items():
        details += [f"\n### {type_name}\n", "| field | meaning |", "|---|---|"]
        details += [_row((f"`{name}`", detail.meaning)) for name, detail in fields.items()]
    reasons = ["\n| reason | meaning |", "|---|---|"]
    reasons += [_row((f"`{name}`", meaning)) for name, meaning in REASONS.items()]
    for mark, lines in (("details", details), ("reasons", reasons)):
        made = "\n".join(lines)
        pattern = rf"(<!-- {mark}: made .*? -->\n).*?(<!-- {mark}: end -->)"
        page = re.sub(pattern, rf"\1{made}\n\n\2", page, flags=re.DOTALL)
    return page


def _command_parts(command: Any, name: str) -> Iterator[str]:
    if not hasattr(command, "commands") or command.invoke_without_command:
        yield from _one_command(command, name)
    for child, inner in getattr(command, "commands", {}).items():
        yield from _command_parts(inner, f"{name} {child}")


def _one_command(command: Any, name: str) -> Iterator[str]:
    about, _, rest = (command.help or "").partition("\n\n")
    yield f"## {name}\n\n{' '.join(about.split())}\n"
    for paragraph in filter(None, rest.split("\n\n")):
        text = " ".join(paragraph.split())
        example = text.removeprefix("Example: ")
        yield f"```sh\n{example}\n```\n" if example != text else f"{text}\n"
    yield "| | meaning | default |\n|---|---|---|"
    for parameter in command.params:
        if "--help" not in parameter.opts:
            yield _row(_parameter_cells(parameter))
    yield ""


def _parameter_cells(parameter: Any) -> tuple[str, ...]:
    metavar = parameter.metavar or ""
    if parameter.param_type_name == "argument":
        name = metavar
    else:
        name = f"{parameter.opts[0]} {metavar}".strip()
    plain = parameter.default in (None, False) or parameter.required
    default = "needed" if parameter.required else "" if plain else f"`{parameter.default}`"
    return f"`{name}`", parameter.help or "", default


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    (DOCS / "cli.md").write_text(cli_page(), encoding="utf-8")
    (DOCS / "configuration.md").write_text(configuration_page(), encoding="utf-8")
    events = DOCS / "events.md"
    events.write_text(events_page(events.read_text(encoding="utf-8")), encoding="utf-8")
