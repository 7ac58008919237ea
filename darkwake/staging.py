"""Results appear whole or not at all: written aside, then renamed into place.

A new folder is staged beside its final name and renamed in one step. In a folder that already
exists, each file of the old result is replaced only after the whole new result is written; run.json
goes first and comes last, so a folder with a run.json holds a whole result. Files that are not
ours are left alone.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vessels.errors import StoreError

MARKER = "run.json"
RESULT_FILES = (
    "events.parquet",
    "events.geojson",
    "vessels.parquet",
    "visits.parquet",
    "voyages.parquet",
    "identities.parquet",
    "statements.parquet",
    "reception.nc",
    "tracks.parquet",
    "alerts.html",
    "imagery.json",
    "detections.parquet",
    "risk.parquet",
    "risk.html",
    MARKER,
)
"""Every file of a result, and what later commands derive from it. One that the new run did not
write is an old run's, and is removed."""


@contextmanager
def staging(out: Path) -> Iterator[Path]:
    """Yield an empty folder to write into; publish it as `out` when the block ends well.

    On any error, Ctrl-C included, the staged files and every folder made for them are removed,
    and what `out` held before is untouched.

    Raises:
        StoreError: `out` cannot be written. Raised before the block runs where it can be known.
    """
    made: list[Path] = []
    try:
        folder = _make_folder(out, made)
    except OSError as error:
        _remove_empty(made)
        raise StoreError(f"{out}: cannot write results here: {_why(error)}") from error
    try:
        yield folder
        _publish(folder, out)
    except OSError as error:
        if error.filename is not None and not _is_inside(error.filename, folder, out):
            raise
        raise StoreError(f"{out}: cannot write results here: {_why(error)}") from error
    else:
        made.clear()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _remove_empty(made)


def _make_folder(out: Path, made: list[Path]) -> Path:
    """Make the staging folder on the file system of `out`; name new parents in `made`."""
    if out.is_dir():
        for name in RESULT_FILES:
            if (out / name).is_dir():
                raise StoreError(f"{out / name}: is a folder where a result file must go")
        parent = out  # beside it may be another file system: `out` can be a mount point
    elif out.exists() or out.is_symlink():
        raise StoreError(f"{out}: is not a folder")
    else:
        parent = out.parent
        missing = [p for p in (parent, *parent.parents) if not p.exists()]
        for path in reversed(missing):
            path.mkdir()
            made.append(path)
    folder = parent / f".{out.name}.{secrets.token_hex(4)}.part"
    folder.mkdir()
    return folder


def _publish(folder: Path, out: Path) -> None:
    if not out.exists():
        folder.rename(out)
        return
    new = sorted(path.name for path in folder.iterdir())
    (out / MARKER).unlink(missing_ok=True)
    for name in RESULT_FILES:
        if name not in new:
            (out / name).unlink(missing_ok=True)
    for name in sorted(new, key=lambda name: name == MARKER):
        (folder / name).replace(out / name)


def _remove_empty(made: list[Path]) -> None:
    for path in reversed(made):
        try:
            path.rmdir()
        except OSError:  # somebody else has put something there meanwhile: it is theirs now
            return


def _is_inside(name: object, folder: Path, out: Path) -> bool:
    text = os.fsdecode(name) if isinstance(name, (str, bytes)) else ""
    return text.startswith((str(folder), str(out)))


def _why(error: OSError) -> str:
    return error.strerror or str(error)
