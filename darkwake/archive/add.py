"""Files brought into an archive: every row once, every row counted, file by file.

A file is added whole or not at all. What was added is remembered by the hash of its bytes; rows
that are there already, from whatever file, are dropped. So adding again changes nothing.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.archive import layout
from darkwake.archive.change import Change, changing
from darkwake.archive.layout import OWN
from darkwake.archive.sorter import Sorter, without_duplicates
from darkwake.progress import Progress
from darkwake.reading import Reading, read_file
from feeds.dedupe import row_hashes
from feeds.formats import SKIPPED
from feeds.paths import FoundFile, find_files
from feeds.prefetch import prefetch
from feeds.report import ReadReport
from feeds.source import HashedFile
from vessels.errors import InputError
from vessels.fixes import Array


@dataclass(slots=True)
class Added:
    """What came of one file. `rows_decoded == rows_added + rows_there`."""

    path: str
    sha256: str = ""
    format: str = ""
    rows_read: int = 0
    rows_decoded: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    rows_added: int = 0
    rows_there: int = 0
    """Rows that the archive held already."""
    known: bool = False
    """The file itself was added before."""


def add_files(
    paths: Sequence[str], folder: Path, reading: Reading, progress: Progress | None = None
) -> list[Added]:
    """Add files to the archive in `folder`, which is made if need be; return what came of each.

    Raises:
        InputError: a file is damaged or no AIS data; those before it are in.
        StoreError: the archive cannot be written.
    """
    progress = progress or Progress()
    files = find_files(paths)
    out = []
    progress.stage("adding", len(files))
    for number, file in enumerate(files, start=1):
        with changing(folder) as change:
            added = _add_file(file, folder, reading, change)
        if added is not None:
            out.append(added)
        progress.update(number)
    if not out:
        raise InputError("no AIS data in this folder", path=str(files[0].path.parent))
    return out


def added_before(folder: Path) -> list[dict[str, Any]]:
    """Return what was recorded of every file that was added, by path."""
    records = [json.loads(path.read_text("utf-8")) for path in (folder / OWN).glob("added/*.json")]
    return sorted(records, key=lambda record: (record["path"], record["sha256"]))


def _add_file(file: FoundFile, folder: Path, reading: Reading, change: Change) -> Added | None:
    """Add one file; None where it lay in a folder and is no AIS data."""
    source = HashedFile(file.path)
    try:
        sha256 = source.sha256()
    finally:
        source.close()
    told = json.dumps([sha256, asdict(reading)], sort_keys=True)
    record = folder / OWN / "added" / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.json"
    if record.exists():
        return Added(**json.loads(record.read_text("utf-8")) | {"known": True, "rows_added": 0})
    scratch = folder / OWN / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        sorter, report = Sorter(scratch), ReadReport()
        for table in prefetch(read_file(file, reading, report)):
            sorter.add(table)
        entry = report.inputs[0]
        if entry.format == SKIPPED:
            return None
        added = Added(str(file.path), sha256, entry.format, report.rows_read, report.rows_decoded)
        added.rejected = dict(sorted(report.rejected.items()))
        added.rows_added = _write(sorter, folder, record.stem[:16], change)
        added.rows_there = added.rows_decoded - added.rows_added
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    change.write_json(record, asdict(added))
    return added


def _write(sorter: Sorter, folder: Path, name: str, change: Change) -> int:
    """Write the rows that are new; return how many."""
    rows, day_known = 0, (-1, np.empty(0, "u8"))
    for day, cell in sorter.places():
        parts = layout.parts_of(folder, day)
        if day_known[0] != day:
            day_known = day, _hashes([part for part in parts if part.cell is None])
        known = _hashes([part for part in parts if part.cell == cell])
        table = without_duplicates(sorter.take((day, cell)), np.concatenate([known, day_known[1]]))
        if table.num_rows:
            change.write(layout.part_path(folder, day, cell, name), table)
            rows += table.num_rows
    return rows


def _hashes(parts: list[layout.Part]) -> Array:
    found = [np.empty(0, "u8")]
    for part in parts:
        table = layout.read_part(part.path)
        found.append(row_hashes(pa.table(table).unify_dictionaries().combine_chunks()))
    return np.concatenate(found)
