"""Replays every real file and writes the table in docs/real-data.md: what was read and found.

    uv run python -m tools.real_data_table ../shared/data

The folder holds `nmea/` and `tracks/`; what the files are is told on the page.
"""

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "real-data.md"
START_TIME = ("--start-time", "2022-01-01")
BY_POSITION = ("--columns", "mmsi=0,lon=1,lat=2,time=3,cog=8,sog=9")
SOLENT = (
    "--columns",
    "mmsi=MMSI,time=Time,lat=Latitude_degrees,lon=Longitude_degrees,sog=SOG_knots,cog=COG_degrees",
)
SUEZ = ("--columns", "mmsi=ID,time=ais_pos_timestamp")


@dataclass(frozen=True)
class Run:
    """One replay: a file or folder below the data folder, its options, and its exit code."""

    path: str
    options: tuple[str, ...] = ()
    exit_code: int = 0


RUNS = (
    Run("nmea/amsa_ais.nmea.gz"),
    Run("nmea/exactearth_83min.nmea.gz"),
    Run("nmea/gfw_ais_listener_2022_tagblock.nmea"),
    Run("nmea/gfw_ais_listener_mixed.nmea", exit_code=4),
    Run("nmea/gfw_ais_listener_mixed.nmea", START_TIME),
    Run("nmea/gpsd_sample.aivdm"),
    Run("nmea/gpsd_sample.aivdm", START_TIME),
    Run("nmea/gpsd_sample.aivdm.expected.jsonl"),
    Run("nmea/gpsd_sample.aivdm.expected_unscaled.jsonl", exit_code=4),
    Run("nmea/gpsdio_even_202101_reencoded.nmea.gz"),
    Run("nmea/kystverket_1000.nm4"),
    Run("tracks/gpsdio"),
    Run("tracks/marinecadastre_20220103_100k_oldschema.csv.gz"),
    Run("tracks/marinecadastre_20220103_30k_CONVERTED_to_2025_schema.csv.gz"),
    Run("tracks/aisdk_20260426_first20k.csv.gz"),
    Run("tracks/raw_1_3_10k_points.csv.gz"),
    Run("tracks/raw_239500000_2012.csv.gz", exit_code=4),
    Run("tracks/raw_239500000_2012.csv.gz", BY_POSITION),
    Run("tracks/SolentAIS_20160112_130211.csv.gz", SOLENT),
    Run("tracks/suez_evergiven_positions.csv.gz", exit_code=4),
    Run("tracks/suez_evergiven_positions.csv.gz", SUEZ),
)
"""Every file of the data folder, with the options that it needs; a test holds that none is left."""


def replay(run: Run, data: Path, out: Path) -> dict[str, Any] | str:
    """Return run.json of the replay, or the line of its refusal.

    Raises:
        RuntimeError: the exit code is not the one that `RUNS` promises.
    """
    command = [sys.executable, "-m", "darkwake", "replay", str(data / run.path), *run.options]
    done = subprocess.run(
        [*command, "--out", str(out)], capture_output=True, text=True, check=False
    )
    if done.returncode != run.exit_code:
        raise RuntimeError(f"{run.path}: exit {done.returncode}: {done.stderr}")
    if run.exit_code:
        return done.stderr.strip().replace(str(data / run.path), Path(run.path).name)
    return dict(json.loads((out / "run.json").read_text(encoding="utf-8")))


def row(run: Run, told: dict[str, Any] | str) -> str:
    """Return the line of the table."""
    shown = f"`{run.path}`"
    if run.options:
        shown += f" with `{' '.join(run.options)}`"
    if isinstance(told, str):
        return f"| {shown} | refused, exit {run.exit_code}: {told} | | | | |"
    counts = f"{told['rows_read']:,} | {told['rows_decoded']:,}"
    rejected, events = (_counted(told[name]) for name in ("rejected", "events"))
    return f"| {shown} | {counts} | {rejected} | {events} | {told['seconds']['total']:.1f} |"


def _counted(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} `{name}`" for name, count in ordered) or "none"


def page_with(page: str, rows: list[str]) -> str:
    """Return the page with a new table."""
    head = ["| input | read | decoded | rejected | events | s |", "|---|---|---|---|---|---|"]
    table = "\n".join([*head, *rows])
    return re.sub(
        r"(<!-- table: made .*? -->\n).*?(<!-- table: end -->)",
        lambda match: f"{match[1]}\n{table}\n\n{match[2]}",
        page,
        flags=re.DOTALL,
    )


def main(data: Path) -> None:
    """Replay every file below `data` and write the page."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, run in enumerate(RUNS):
            rows.append(row(run, replay(run, data, Path(folder) / str(number))))
            print(rows[-1], flush=True)
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
