"""How fast an archive answers: one vessel's year, and one cell's day.

`python -m benchmarks.archive` writes a year of vessels that report every ten minutes, as a watch
would, puts it in order, and asks. With `--day FILE` (benchmarks.day makes one) a busy day is added,
whose fullest cell is asked for. The peer is DuckDB over the same Parquet files, without what the
archive knows of them. Prints JSON lines: of calls in one process, by the clock and of processor (on
a machine with other work only the latter tells); the disk cache is warm, as it is for the peer.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from darkwake.archive import layout
from darkwake.archive.add import add_files
from darkwake.archive.compact import compact
from darkwake.archive.query import find
from darkwake.archive.question import Query
from darkwake.archive.writer import parts, rows_in, write_rows
from darkwake.reading import Reading
from vessels.schema import FIXES
from vessels.units import US_PER_DAY, US_PER_MIN

VESSELS, DAYS = 300, 365
FIRST_DAY = 20_089
"""2025-01-01."""
EVERY_US = 10 * US_PER_MIN


def day_of_traffic(day: int, vessels: int, rng: np.random.Generator) -> pa.Table:
    """Return one day of ships that cross an ocean and back."""
    steps = US_PER_DAY // EVERY_US
    who = np.repeat(np.arange(vessels), steps)
    at = np.tile(np.arange(steps), vessels)
    phase = (day * steps + at) / (20.0 * steps) + who / vessels
    lon = -80.0 + 70.0 * np.abs(phase % 2.0 - 1.0)
    lat = 20.0 + 30.0 * who / vessels + rng.normal(0, 1e-4, len(who))
    columns = {
        "mmsi": pa.array(366_000_000 + 7 * who, pa.int32()),
        "time": pa.array(day * US_PER_DAY + at * EVERY_US + who).cast(FIXES.field("time").type),
        "lat_deg": pa.array(np.round(lat, 6)),
        "lon_deg": pa.array(np.round(lon, 6)),
        "sog_knots": pa.array(rng.uniform(8, 16, len(who)).round(1).astype("f4")),
        "cog_deg": pa.array(rng.uniform(0, 360, len(who)).round(1).astype("f4")),
        "ais_class": pa.array(np.full(len(who), "A")).dictionary_encode(),
        "name": pa.array([f"SHIP {n}" for n in range(vessels)])
        .take(pa.array(who))
        .dictionary_encode(),
    }
    arrays = [
        columns[field.name] if field.name in columns else pa.nulls(len(who), field.type)
        for field in FIXES
    ]
    return pa.Table.from_arrays(arrays, schema=FIXES)


def timed(work: Callable[[], int], runs: int) -> tuple[float, float, int]:
    """Return median milliseconds of some runs, by the clock and of processor, and the rows."""
    wall, cpu, rows = [], [], 0
    for _ in range(runs):
        begun, busy = time.perf_counter(), time.process_time()
        rows = work()
        wall.append((time.perf_counter() - begun) * 1e3)
        cpu.append((time.process_time() - busy) * 1e3)
    return statistics.median(wall), statistics.median(cpu), rows


def ask(archive: Path, query: Query) -> int:
    """Return how many rows the archive answers with."""
    return sum(table.num_rows for table in find(archive, query))


def ask_duckdb(archive: Path, where: str) -> int:
    """Return how many rows DuckDB finds in the days' files, given nothing but their folder."""
    with duckdb.connect() as connection:
        rows = connection.read_parquet(f"{archive}/date=*/*.parquet", hive_partitioning=True)
        return rows.filter(where).order("mmsi, time").to_arrow_table().num_rows


def fullest(archive: Path, day: int) -> tuple[int, tuple[float, float, float, float]]:
    """Return the cell of a day whose files are the largest, and its box."""
    sizes: dict[int, int] = {}
    for part in layout.parts_of(archive, day):
        if part.cell is not None and part.cell != layout.NO_CELL:
            sizes[part.cell] = sizes.get(part.cell, 0) + part.size
    cell = max(sizes, key=lambda one: sizes[one])
    south = cell // layout.COLUMNS * layout.CELL_DEG - 90.0
    west = cell % layout.COLUMNS * layout.CELL_DEG - 180.0
    return cell, (west, south, west + layout.CELL_DEG - 1e-6, south + layout.CELL_DEG - 1e-6)


def main() -> None:
    """Make an archive, and ask it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vessels", type=int, default=VESSELS)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--day", type=Path, help="a busy day to add")
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="darkwake-archive-") as scratch:
        archive = Path(scratch) / "archive"
        rng = np.random.default_rng(7)
        begun = time.perf_counter()
        for day in range(FIRST_DAY, FIRST_DAY + args.days):
            write_rows(archive, [day_of_traffic(day, args.vessels, rng)], "000")
        if args.day is not None:
            add_files([str(args.day)], archive, Reading())
        written = time.perf_counter()
        compact(archive)
        size_mb = sum(path.stat().st_size for path in parts(archive)) / 1e6
        both_mb = sum(path.stat().st_size for path in archive.rglob("*.parquet")) / 1e6
        say(
            benchmark="archive",
            rows=rows_in(archive),
            files=len(parts(archive)),
            write_seconds=round(written - begun, 1),
            compact_seconds=round(time.perf_counter() - written, 1),
            days_mb=round(size_mb),
            with_numbers_mb=round(both_mb),
        )
        mmsi = 366_000_000 + 7 * (args.vessels // 2)
        compare(archive, "one vessel's year", Query(mmsi=(mmsi,)), f"mmsi = {mmsi}", args.runs)
        day = max(
            layout.days(archive), key=lambda one: sum(p.size for p in layout.parts_of(archive, one))
        )
        _, box = fullest(archive, day)
        start_us = day * US_PER_DAY
        query = Query(bbox=box, from_us=start_us, to_us=start_us + US_PER_DAY - 1)
        west, south, east, north = box
        where = (
            f"date = '{layout.date_of(day)}' AND lat_deg BETWEEN {south} AND {north} "
            f"AND lon_deg BETWEEN {west} AND {east}"
        )
        compare(archive, "one cell's day", query, where, args.runs)


def compare(archive: Path, question: str, query: Query, where: str, runs: int) -> None:
    """Ask both, and print what they took."""
    ours, cpu, rows = timed(lambda: ask(archive, query), runs)
    theirs, theirs_cpu, same = timed(lambda: ask_duckdb(archive, where), runs)
    if rows != same:
        raise RuntimeError(f"{question}: {rows} rows, but DuckDB finds {same}")
    say(
        benchmark="archive",
        question=question,
        rows=rows,
        milliseconds=round(ours, 1),
        cpu_milliseconds=round(cpu, 1),
        duckdb_milliseconds=round(theirs, 1),
        duckdb_cpu_milliseconds=round(theirs_cpu, 1),
        ratio_to_duckdb=round(ours / theirs, 2),
    )


def say(**values: object) -> None:
    """Print one JSON line."""
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main()
