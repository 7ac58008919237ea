"""A change of the archive: new files and files that go, all of it or nothing, whatever crashes.

New files are written aside and seen through to the disk. Then one record names everything that is
to happen; from there on the change is done, even if the machine dies: whoever next changes the
archive finishes it first. Before, it never was.
"""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.archive.layout import ASIDE, OWN, ROW_GROUP
from vessels.errors import StoreError

_RECORD = "change.json"
_OLD_S = 3600.0
_SYNCS = 8


@contextlib.contextmanager
def changing(folder: Path) -> Iterator["Change"]:
    """Yield a change of the archive, done when the block ends well. One at a time, by a lock.

    Raises:
        StoreError: the archive cannot be written, or another process changes it.
    """
    try:
        own = folder / OWN
        own.mkdir(parents=True, exist_ok=True)
        with (own / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise StoreError(f"{folder}: another process is changing this archive") from error
            _finish(folder)
            _sweep(folder)
            change = Change(folder)
            try:
                yield change
                change.commit()
            finally:
                change.drop()
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: {error.strerror or error}") from error


class Change:
    """New files and files that go. Made by `changing`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._new: dict[Path, Path] = {}
        self._gone: list[Path] = []

    def write(self, path: Path, table: pa.Table, row_groups: list[int] | None = None) -> None:
        """Write a Parquet file, to appear as `path`; `row_groups` are the rows of each group."""
        aside = self._aside(path)
        with pq.ParquetWriter(aside, table.schema, compression="zstd", version="2.6") as writer:
            if row_groups is None:
                writer.write_table(table, row_group_size=ROW_GROUP)
            first = 0
            for rows in row_groups or ():
                writer.write_table(table.slice(first, rows), row_group_size=rows)
                first += rows

    def write_json(self, path: Path, value: object) -> None:
        """Write a small file, to appear as `path`."""
        aside = self._aside(path)
        aside.write_text(json.dumps(value, indent=1, sort_keys=True), encoding="utf-8")

    def remove(self, path: Path) -> None:
        """Let a file go; its folder too when it is the last."""
        self._gone.append(path)

    def commit(self) -> None:
        """Do it."""
        if not self._new and not self._gone:
            return
        # Together: the disk was at it since they were written, and takes several in one go.
        with ThreadPoolExecutor(_SYNCS) as pool:
            list(pool.map(sync, self._new.values()))
        record = {
            "new": {
                str(a.relative_to(self._folder)): _rel(p, self._folder)
                for p, a in self._new.items()
            },
            "gone": [_rel(path, self._folder) for path in self._gone if path not in self._new],
        }
        path = self._folder / OWN / _RECORD
        aside = path.with_suffix(ASIDE)
        aside.write_text(json.dumps(record), encoding="utf-8")
        sync(aside)
        aside.replace(path)
        self._new.clear()  # from here on nothing is taken back
        self._gone.clear()
        sync(path.parent)
        _finish(self._folder)

    def drop(self) -> None:
        """Remove what was written aside and did not come to be."""
        for aside in self._new.values():
            aside.unlink(missing_ok=True)

    def _aside(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}{ASIDE}")
        self._new[path] = aside
        return aside


def sync(path: Path) -> None:
    """See a file or a folder through to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _rel(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder))


def _finish(folder: Path) -> None:
    """Finish the change that a record names, if there is one."""
    path = folder / OWN / _RECORD
    if path.exists():
        record = json.loads(path.read_text(encoding="utf-8"))
        touched = set()
        for aside, name in record["new"].items():
            if (folder / aside).exists():
                (folder / aside).replace(folder / name)
            touched.add((folder / name).parent)
        for name in record["gone"]:
            (folder / name).unlink(missing_ok=True)
            touched.add((folder / name).parent)
        for parent in touched:
            if not any(parent.iterdir()):
                parent.rmdir()
            else:
                sync(parent)
        path.unlink()
        sync(path.parent)


def _sweep(folder: Path) -> None:
    """Remove what was left aside by a change that never was."""
    for aside in (*folder.glob(f"date=*/.*{ASIDE}"), *folder.glob(f"{OWN}/**/.*{ASIDE}")):
        if not aside.name.startswith(".part-") or _is_old(aside):
            aside.unlink(missing_ok=True)


def _is_old(aside: Path) -> bool:
    """Tell whether a watch, which takes no lock, cannot be writing this any more."""
    try:
        return time.time() - aside.stat().st_mtime > _OLD_S
    except FileNotFoundError:
        return False
