"""Writes docs/performance.md: `uv run python -m tools.write_performance lines.jsonl`.

The file is what `benchmarks/suite.py` wrote. No figure stands on the page that is not in it; a
section that was not run is left out.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
_HIDDEN = ("section", "command", "benchmark")

_HEAD = """# Performance

<!-- Made by `uv run python -m tools.write_performance` from the lines of `benchmarks/suite.py`. -->

Every table was printed by one run of a benchmark, the peers in the same run, on the machine below.
Ratios hold better than seconds: measure again on your machine with

```sh
uv run --group bench python -m benchmarks.suite --out lines.jsonl --logs LOGS --images SCENES
```

"""

TITLES = {
    "decode": (
        "Decoding",
        (
            "Raw NMEA to Arrow tables. `ratio_to_pyais` is how many times faster than pyais' "
            "FileReaderStream with `decode()`."
        ),
    ),
    "reading": (
        "Reading files",
        (
            "The whole read stage of a replay (every byte hashed, every row checked, put in "
            "order) beside DuckDB merely reading and sorting the same columns."
        ),
    ),
    "cores": ("Two cores, decoding", "The read stage of a replay with one worker and with two."),
    "replay": (
        "A day, replayed",
        (
            "7.4 million rows of 15,000 vessels (generated, in the form of MarineCadastre), all "
            "detectors. `ratio_to_duckdb_read_sort`: against DuckDB hashing the file, reading and "
            "sorting 13 columns, nothing more. The other peers find gaps or stops and nothing else."
        ),
    ),
    "scale": ("Four times the vessels", "30 million rows of 60,000 vessels, and the day above."),
    "stream": (
        "A month, streamed",
        (
            "Memory day by day, hour after hour through what a watch folds with. Late fixes change "
            "what was found for 72 hours; reception and silences are remembered for a month."
        ),
    ),
    "profile": (
        "Profiles",
        (
            "Where a replay in one thread spends its time, by py-spy: innermost lines of Python by "
            "share of the stage's samples, and the share of its time under Python's lock. Lines "
            "that call a kernel, numpy, Arrow or DuckDB stand for their work; a loop over rows in "
            "Python would be lines as often locked as seen."
        ),
    ),
    "encounters": (
        "Pairs",
        (
            "Every two hulls within 500 m in each five-minute slot, at rising density. All tools "
            "find the same pairs. `ours_to_this`: our processor time to that of the tool."
        ),
    ),
    "cluster": ("Several workers", "The same day, split by number over Dask workers."),
    "archive": ("The archive", "One vessel's year and one cell's day."),
    "geography": ("Shore and ports", "Points a second on one core."),
    "page": ("The map", "Weight of the page and time to show it in headless Chromium."),
    "watch": (
        "The live service",
        (
            "10,000 messages a second from loopback TCP. pyais' TCP reader, which only decodes, "
            "takes what it can."
        ),
    ),
    "rendezvous": ("Dark rendezvous", "Stops and silences of a fleet over a year."),
    "risk": ("Features of risk", "Vessel-days to features."),
    "cfar": (
        "Ships in radar images",
        "Pixels a second; measured over nominal false alarms.",
    ),
    "matching": ("Ships matched to AIS", "Errors drawn from another model than the matcher's."),
    "optical": ("Ships in optical images", "Against boxes drawn by people."),
}


def cell(value: Any) -> str:
    """Return one value as a table shows it."""
    if isinstance(value, dict):
        return "; ".join(f"{key} {cell(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return " ".join(cell(inner) for inner in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and abs(value) >= 10_000:
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return "" if value is None else str(value).replace("|", "\\|")


def table(lines: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a Markdown table; a single wide line stands upright."""
    keys = [key for key in lines[0] if key not in _HIDDEN]
    if len(lines) == 1 and len(keys) > 7:
        yield "| | |"
        yield "|---|---|"
        yield from (f"| {key} | {cell(lines[0][key])} |" for key in keys)
    else:
        yield "| " + " | ".join(keys) + " |"
        yield "|" + "---|" * len(keys)
        yield from ("| " + " | ".join(cell(line[key]) for key in keys) + " |" for line in lines)
    yield ""


def section(name: str, lines: list[dict[str, Any]]) -> Iterator[str]:
    """Yield one section of the page."""
    title, text = TITLES.get(name, (name.capitalize(), ""))
    yield f"## {title}"
    yield ""
    if text:
        yield text
        yield ""
    yield f"`{lines[0]['command']}`"
    yield ""
    told = [line for line in lines if line.get("benchmark") != "suite"]
    for _, group in groupby(told, key=tuple):
        yield from table(list(group))


def page(lines: Iterable[dict[str, Any]], note: str = "") -> str:
    """Return the page for the lines of a run; of a section run again, the last counts.

    `note` is what else is to be known of the machine while it was measured.
    """
    runs: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        name = line["section"]
        if line.get("benchmark") == "suite" or name == "machine":
            runs[name] = []
        runs[name].append(line)
    machine = runs.pop("machine")[0]
    about = ", ".join(f"{key} {cell(value)}" for key, value in machine.items() if key != "section")
    order = sorted(runs, key=lambda name: list(TITLES).index(name) if name in TITLES else 99)
    parts = [text for name in order for text in section(name, runs[name])]
    return _HEAD + f"Machine: {about}. {note}".rstrip() + "\n\n" + "\n".join(parts).rstrip() + "\n"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=Path)
    parser.add_argument("--note", default="", help="what else ran on the machine, for instance")
    asked = parser.parse_args()
    told = asked.lines.read_text(encoding="utf-8").splitlines()
    lines = (json.loads(line) for line in told if line)
    PAGE.write_text(page(lines, asked.note), encoding="utf-8")


if __name__ == "__main__":
    main()
