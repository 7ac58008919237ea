"""All benchmarks of speed and scale, one after the other, into one file of JSON lines.

`uv run --group bench python -m benchmarks.suite --out lines.jsonl [--logs FOLDER] [--images FOLDER]
[--only NAME,NAME] [--quick]` runs each benchmark as a process of its own on an otherwise idle
machine. The first line describes the machine; every other line is one that a benchmark printed,
with the section it belongs to and the command that made it. `tools/write_performance.py` makes
docs/performance.md of the file. Days of traffic are generated into a scratch folder.
`--logs` names real AIS logs, `--images` real scenes; sections that need them are left out without.
"""

import argparse
import json
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

PACKAGES = ("numpy", "numba", "duckdb", "pyarrow", "pyais", "scipy", "pandas")


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark: its place in the report and its command line.

    Words in braces are replaced: `{day}` 7.3 M rows, `{big}` 30 M rows, `{logs}`, `{images}`.
    """

    name: str
    command: str
    quick: str = ""
    """What is added for a short run."""


SECTIONS = (
    Section("decode", "benchmarks.decode {logs}", "--rounds 1"),
    Section("reading", "benchmarks.reading --day {day}", "--rounds 1"),
    Section("cores", "benchmarks.cores {logs}", "--rounds 1 --sentences 300000"),
    Section("replay", "benchmarks.replay --day {day}", "--runs 1"),
    Section("scale", "benchmarks.replay --day {day} --grow {big} --runs 3", "--runs 1"),
    Section("stream", "benchmarks.stream", "--days 12 --vessels 200"),
    Section("profile", "benchmarks.profile {day}", "--rate 50"),
    Section("encounters", "benchmarks.encounters", "--runs 1"),
    Section("cluster", "benchmarks.cluster --day {big} --runs 3", "--runs 1"),
    Section("archive", "benchmarks.archive --day {day}", "--vessels 200 --days 60"),
    Section("geography", "benchmarks.geography", "--runs 1"),
    Section("page", "benchmarks.page --events 10000", "--fixes 100"),
    Section("watch", "benchmarks.watch --minutes 10", "--minutes 1"),
    Section("rendezvous", "benchmarks.rendezvous", "--hulls 500"),
    Section("risk", "benchmarks.risk", "2000 100"),
    Section("cfar", "benchmarks.cfar", "--scene-rows 4000 --runs 1"),
    Section("matching", "benchmarks.matching", "--scenes 20"),
    Section("optical", "benchmarks.optical --data {images}"),
)


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    model = ""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "")
    return {
        "processor": model or platform.processor(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "load_before": round(psutil.getloadavg()[0], 2),
        **{name: version(name) for name in PACKAGES},
    }


def run(section: Section, words: dict[str, str], *, quick: bool) -> list[dict[str, Any]]:
    """Run one benchmark; return the lines that it printed.

    Raises:
        RuntimeError: it failed; the message holds the end of what it wrote to stderr.
    """
    spoken = f"{section.command} {section.quick if quick else ''}".strip()
    arguments = shlex.split(spoken.format(**{key: shlex.quote(w) for key, w in words.items()}))
    begun = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own modules
        [sys.executable, "-m", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{spoken}: exit {done.returncode}\n{done.stderr[-2000:]}")
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    shown = spoken.format(**{key: key.upper() for key in words})
    note = {"section": section.name, "command": shown}
    lasted = {**note, "benchmark": "suite", "seconds": round(time.perf_counter() - begun, 1)}
    return [lasted, *({**note, **line} for line in told)]


def days(folder: Path, sections: list[Section], *, quick: bool) -> dict[str, str]:
    """Generate the days of traffic that the sections ask for; return their paths by word."""
    made: dict[str, str] = {}
    sizes = {"day": (7_363_604, 15_000), "big": (30_000_000, 60_000)}
    for word, (rows, vessels) in sizes.items():
        if not any(f"{{{word}}}" in section.command for section in sections):
            continue
        path = folder / f"{word}.csv"
        size = ["--rows", str(rows // 10 if quick else rows), "--vessels", str(vessels)]
        command = [sys.executable, "-m", "benchmarks.day", "--out", str(path), *size]
        subprocess.run(command, check=True)  # noqa: S603 - our own module
        made[word] = str(path)
    return made


def main() -> None:
    """Run the sections and write their lines as they come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--logs", default="")
    parser.add_argument("--images", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--quick", action="store_true", help="short forms: for trying the suite")
    asked = parser.parse_args()
    chosen = {name for name in asked.only.split(",") if name}
    unknown = chosen - {section.name for section in SECTIONS}
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    given = {"logs": asked.logs, "images": asked.images}
    missing = {word for word, value in given.items() if not value}
    sections = [
        section
        for section in SECTIONS
        if (not chosen or section.name in chosen)
        and not any(f"{{{word}}}" in section.command for word in missing)
    ]
    failed = 0
    with tempfile.TemporaryDirectory() as folder, asked.out.open("a", encoding="utf-8") as out:
        out.write(json.dumps({"section": "machine", **machine()}) + "\n")
        words = given | days(Path(folder), sections, quick=asked.quick)
        for section in sections:
            try:
                lines = run(section, words, quick=asked.quick)
            except RuntimeError as error:
                failed += 1
                print(error, file=sys.stderr)
                continue
            out.writelines(json.dumps(line) + "\n" for line in lines)
            out.flush()
            print(json.dumps(lines[0]), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
