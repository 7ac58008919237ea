"""Snapshots of the finder on the disk, and how a watch finds back to where it was.

A snapshot is named after the newest batch in it. The state is the last snapshot and the batches of
the journal after it; without either, the archive (`rebuild`).
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import feeds
from darkwake.archive.writer import parts, write_rows
from darkwake.watching.finder import Finder
from darkwake.watching.journal import Journal, sync_folder
from detectors.parameters import Parameters
from feeds.dedupe import Deduper
from vessels.errors import StoreError
from vessels.schema import FIXES
from vessels.units import US_PER_H

_ASIDE = ".tmp"
_ORDER_US = 24 * US_PER_H
"""Parts of one day of the archive may be in any order."""

Take = Callable[[pa.Table], None]


def write_snapshot(folder: Path, finder: Finder, batch: int) -> int:
    """Write a snapshot, whole or not at all, and delete the older ones; return its bytes.

    Raises:
        StoreError: it cannot be written; the older one stands.
    """
    data = finder.snapshot()
    path = folder / f"snapshot-{batch:012d}.npz"
    aside = path.with_suffix(_ASIDE)
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_folder(folder)
        for old in _snapshots(folder):
            if old != path:
                old.unlink()
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise StoreError(f"{path}: {error.strerror or error}") from error
    return len(data)


def read_snapshot(
    folder: Path, parameters: Parameters, horizon_h: float
) -> tuple[Finder, int] | None:
    """Return the finder of the newest snapshot and its batch; None where there is none.

    Raises:
        StoreError: it cannot be read, or was made with other parameters.
    """
    for aside in folder.glob(f"*{_ASIDE}"):
        aside.unlink(missing_ok=True)  # a process died while it wrote
    paths = _snapshots(folder)
    if not paths:
        return None
    path = paths[-1]
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
    try:
        finder = Finder.restore(data, parameters, horizon_h=horizon_h)
    except StoreError as error:
        raise StoreError(f"{path}: {error}; --rebuild reads the archive instead") from error
    return finder, int(path.stem.removeprefix("snapshot-"))


def archive_segments(journal: Journal, archive: Path) -> int:
    """Write the rows of all sealed segments to the archive and delete the segments.

    Only when a snapshot holds their batches: the segments are the way back to them. A segment whose
    rows were written already, before a crash, is written again under the same name.
    """
    segments = journal.sealed()
    for path, first, _ in segments:
        write_rows(archive, journal.rows_of(path), f"{first:012d}")
        journal.delete(path)
    return len(segments)


def replay_archive(finder: Finder, archive: Path) -> int:
    """Fold the whole archive; return its rows."""
    rows = 0
    if not parts(archive):
        return 0
    for table in feeds.read([archive], format="parquet"):
        finder.take(table)
        rows += table.num_rows
        if finder.newest_us is not None:
            finder.advance(finder.newest_us - _ORDER_US)
    return rows


def remember_archive(deduper: Deduper, archive: Path, rows: int) -> None:
    """Let the deduper know the rows that were archived last, about so many.

    A provider may send the last minutes again after a break; counted twice, what a ship says of
    itself would weigh more than it does in a replay.
    """
    newest: list[Path] = []
    for part in sorted(parts(archive), key=_newest, reverse=True):
        if rows <= 0:
            break
        newest.append(part)
        rows -= pq.read_metadata(part).num_rows
    for part in reversed(newest):
        # The newest last: what comes later may take the place of what came before it.
        deduper.filter(pq.ParquetFile(part).read().cast(FIXES).sort_by("time"))


def _newest(part: Path) -> tuple[bool, str, str]:
    """Parts as they were written, the last first; then what was put in order, by day."""
    fresh = part.name.startswith("part-")
    day = part.parent.name
    return (fresh, part.name, day) if fresh else (fresh, day, part.name)


def replay_journal(
    finder: Finder, journal: Journal, after: int, deduper: Deduper
) -> Iterator[dict[str, bytes]]:
    """Fold the batches after a number; yield where the feeds had read to with each."""
    for batch in journal.batches(after):
        finder.take(deduper.filter(batch.table))
        yield dict(batch.cursors)


def _snapshots(folder: Path) -> list[Path]:
    return sorted(folder.glob("snapshot-*.npz"))
