"""The read stage of a replay against DuckDB merely reading and sorting the same columns.

`python -m benchmarks.reading --day day.csv [--forms csv,zst,zip,parquet,geoparquet] [--rounds R]`
prints JSON lines: for each form of the day the median wall seconds and the peak memory of both,
each in a process of its own, taking turns, and `ratio_to_duckdb_read_sort`. `day.csv` is what
benchmarks.day writes; the other forms are made of it.

Ours hashes the bytes, unpacks, checks and counts every row, drops duplicates, keeps what vessels
stated of themselves, and sorts the fixes by number and time. DuckDB reads the same columns (types
as it finds them) into a table ordered by number and time, with the same memory limit, on all cores;
it cannot read zip files, so it is given the plain file there. Compiling is not timed.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from darkwake.peak_memory import peak_memory_mb

ROUNDS = 5
MEMORY_LIMIT = "2GB"
COLUMNS = (
    *("mmsi", "base_date_time", "longitude", "latitude", "sog", "cog", "heading", "vessel_name"),
    *("imo", "call_sign", "vessel_type", "status", "length", "width", "draft", "transceiver"),
)
"""All that `feeds.read` takes from the layout."""
PLACE = ("longitude", "latitude")


def read_ours(path: Path, limit: int | None = None) -> dict[str, Any]:
    """Run the read stage on a file, or on its first rows; return seconds and counts."""
    import feeds  # noqa: PLC0415 - the peer's process must not carry it
    from darkwake.timeline import Timeline  # noqa: PLC0415
    from feeds.prefetch import prefetch  # noqa: PLC0415
    from vessels.fixes import fixes_from_table, sort_fixes  # noqa: PLC0415
    from vessels.identity import IdentityBook  # noqa: PLC0415

    begin = time.perf_counter()
    report, book = feeds.ReadReport(), IdentityBook()
    with tempfile.TemporaryDirectory() as folder:
        timeline = Timeline(Path(folder))
        for table in prefetch(feeds.read(path, report=report)):
            book.update(table)
            timeline.add(fixes_from_table(table))
            if limit is not None and report.rows_read > limit:
                break
        ordered = sum(len(sort_fixes(part)[0]) for part in timeline.stretches())
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "rows": report.rows_read, "sorted": ordered}


def read_duckdb(path: Path) -> dict[str, Any]:
    """Read and sort with DuckDB; return seconds and rows."""
    begin = time.perf_counter()
    connection = duckdb.connect(config={"memory_limit": MEMORY_LIMIT})
    connection.execute("SET preserve_insertion_order = false")
    source = f"read_parquet('{path}')" if path.suffix == ".parquet" else f"read_csv('{path}')"
    names = [row[0] for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()]
    columns = [name for name in (*COLUMNS, "geometry") if name in names]
    connection.execute(
        f"CREATE TABLE day AS SELECT {', '.join(columns)} FROM {source} "  # noqa: S608 - our own
        "ORDER BY mmsi, base_date_time"
    )
    found = connection.execute("SELECT count(*) FROM day").fetchone()
    connection.close()
    return {"seconds": time.perf_counter() - begin, "rows": found[0] if found else 0}


READERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "darkwake": read_ours,
    "duckdb": read_duckdb,
}


def in_process(reader: str, path: Path) -> dict[str, Any]:
    """Run a reader in a process of its own; return what it told and its peak memory."""
    command = [sys.executable, "-m", "benchmarks.reading", "--one", reader, "--day", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def one(reader: str, path: Path) -> None:
    """Warm up what is compiled, read once, print."""
    if reader == "darkwake":
        read_ours(path, limit=1)
    told = READERS[reader](path)
    told["peak_memory_mb"] = round(peak_memory_mb())
    print(json.dumps(told))


def make(form: str, day: Path, folder: Path) -> Path:
    """Return the day in another form."""
    if form == "csv":
        return day
    if form == "zst":
        path = folder / "day.csv.zst"
        with day.open("rb") as plain, pa.CompressedOutputStream(str(path), "zstd") as packed:
            shutil.copyfileobj(plain, packed, 1 << 20)
        return path
    if form == "zip":
        path = folder / "day.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as packed:
            packed.write(day, "day.csv")
        return path
    path = folder / f"{form}.parquet"
    if form == "geoparquet":  # a little-endian WKB point, as MarineCadastre ships it
        coordinates = ", ".join(f"{name}::DOUBLE AS {name}" for name in PLACE)
        query = f"SELECT * REPLACE ({coordinates}) FROM read_csv('{day}')"  # noqa: S608 - our own
        table = duckdb.sql(query).arrow()
        _write_points(table, path)
        return path
    duckdb.sql(f"COPY (FROM read_csv('{day}')) TO '{path}' (FORMAT parquet)")
    return path


def _write_points(batches: pa.RecordBatchReader, path: Path) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    writer: pq.ParquetWriter | None = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        lon, lat = (table[name].to_numpy() for name in PLACE)
        points = pa.array(shapely.to_wkb(shapely.points(lon, lat)), pa.binary())
        table = table.drop_columns(list(PLACE)).append_column("geometry", points)
        geo = {"version": "1.1.0", "primary_column": "geometry"}
        geo["columns"] = {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}}
        table = table.replace_schema_metadata({"geo": json.dumps(geo)})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def measure(form: str, day: Path, rounds: int, folder: Path) -> dict[str, Any]:
    """Return the record of one form."""
    path = make(form, day, folder)
    peer = day if form == "zip" else path
    told: dict[str, list[dict[str, Any]]] = {name: [] for name in READERS}
    for _ in range(rounds):
        for name in READERS:
            told[name].append(in_process(name, path if name == "darkwake" else peer))
    record: dict[str, Any] = {"benchmark": "reading", "form": form, "bytes": path.stat().st_size}
    record["rows"] = told["darkwake"][0]["rows"]
    for name, found in told.items():
        record[f"{name}_seconds"] = round(statistics.median(run["seconds"] for run in found), 2)
        record[f"{name}_peak_memory_mb"] = max(run["peak_memory_mb"] for run in found)
    record["ratio_to_duckdb_read_sort"] = round(
        record["darkwake_seconds"] / record["duckdb_seconds"], 2
    )
    if path != day:
        path.unlink()
    return record


def main() -> None:
    """Measure each form, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=Path, required=True)
    parser.add_argument("--forms", default="csv,zst,zip,parquet,geoparquet")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--one", choices=sorted(READERS), help="read once; used by the benchmark")
    asked = parser.parse_args()
    if asked.one:
        one(asked.one, asked.day)
        return
    with tempfile.TemporaryDirectory() as folder:
        for form in asked.forms.split(","):
            record = measure(form, asked.day, asked.rounds, Path(folder))
            print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
