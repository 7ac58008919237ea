"""Answers of an archive as CSV, JSON, JSON lines, Parquet or a table, row by row as they come."""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from alerts.export import safe_cell
from vessels.aside import written_aside
from vessels.clock import iso_z
from vessels.errors import StoreError, UsageError
from vessels.schema import FIXES

SUFFIXES = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
"""What a file is written as, by the end of its name."""


def form_of(path: Path) -> str:
    """Return what a file is written as.

    Raises:
        UsageError: its name does not tell.
    """
    form = SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"--out {path}: end its name in {', '.join(SUFFIXES)}")
    return form


def write_answer(path: Path, tables: Iterable[pa.Table]) -> int:
    """Write the rows to a file, whole or not at all; return how many.

    Raises:
        UsageError: the name does not tell the form.
        StoreError: it cannot be written.
    """
    form = form_of(path)
    try:
        with written_aside(path) as aside:
            if form == "parquet":
                return _write_parquet(aside, tables)
            with aside.open("w", encoding="utf-8", newline="") as file:
                return print_rows(file, tables, form)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error


def print_rows(file: TextIO, tables: Iterable[pa.Table], form: str) -> int:
    """Write the rows as text: `csv`, `jsonl`, or `json`, a list; return how many."""
    count = 0
    writer = csv.writer(file)
    if form == "csv":
        writer.writerow(FIXES.names)
    for row in rows_of(tables):
        if form == "csv":
            writer.writerow([safe_cell(value) for value in row.values()])
        else:
            before = "" if form == "jsonl" else ",\n" if count else "[\n"
            file.write(before + json.dumps(row) + ("\n" if form == "jsonl" else ""))
        count += 1
    if form == "json":
        file.write("\n]\n" if count else "[]\n")
    return count


def rows_of(tables: Iterable[pa.Table]) -> Iterator[dict[str, Any]]:
    """Yield rows with times as ISO 8601 and speeds as they were sent, not as binary makes them."""
    for table in tables:
        times = table["time"].cast(pa.int64()).to_pylist()
        for row, time_us in zip(table.drop_columns("time").to_pylist(), times, strict=True):
            short = {k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()}
            yield {name: iso_z(time_us) if name == "time" else short[name] for name in FIXES.names}


def _write_parquet(path: Path, tables: Iterable[pa.Table]) -> int:
    rows = 0
    with pq.ParquetWriter(path, FIXES, compression="zstd", version="2.6") as writer:
        for table in tables:
            writer.write_table(table)
            rows += table.num_rows
    return rows
