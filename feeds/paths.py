"""Files, folders and globs become a list of files."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vessels.errors import InputError

_GLOB = frozenset("*?[")
_RESULT = frozenset({"run.json", "events.parquet"})
"""Files that tell a folder as a replay's result: below a folder of input it is no input."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read. One that was named by itself is never skipped."""

    path: Path
    named: bool


PathLike = str | Path | FoundFile


def expand_paths(paths: PathLike | Sequence[PathLike]) -> list[Path]:
    """Return the files that `paths` name: each file, those under a folder, those a glob matches.

    Hidden files and folders, and the results of replays, are left out unless named. Each file
    comes once. Files of a folder or a glob are in name order.

    Raises:
        InputError: a path does not exist, is no regular file, or a folder or glob holds none.
    """
    return [found.path for found in find_files(paths)]


def find_files(paths: PathLike | Sequence[PathLike]) -> list[FoundFile]:
    """Return the files that `paths` name, as `expand_paths`, and which of them by themselves."""
    given = [paths] if isinstance(paths, PathLike) else list(paths)
    if not given:
        raise InputError("no path was given")
    found: dict[Path, FoundFile] = {}
    for path in given:
        for file in [path] if isinstance(path, FoundFile) else _expand(Path(path)):
            key = file.path.resolve()
            if key not in found or file.named:
                found[key] = file
    return list(found.values())


def _expand(path: Path) -> Iterator[FoundFile]:
    try:
        yield from _files_of(path)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise InputError(f"cannot be opened: {error.strerror}", path=str(path)) from error


def _files_of(path: Path) -> Iterator[FoundFile]:
    name = str(path)
    if path.is_dir():
        files = list(_walk(path))
        if not files:
            raise InputError("a folder without files", path=name)
        yield from (FoundFile(file, named=False) for file in files)
    elif path.is_file():
        yield FoundFile(path, named=True)
    elif path.exists():
        raise InputError("neither a file nor a folder", path=name)
    elif _GLOB & set(name):
        matches = [Path(match) for match in sorted(glob.glob(name, recursive=True))]  # noqa: PTH207
        files = [match for match in matches if match.is_file()]
        if not files:
            raise InputError("no file matches", path=name)
        yield from (FoundFile(file, named=False) for file in files)
    else:
        raise InputError("no such file or folder", path=name)


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if _RESULT.issubset(files) and root != str(folder):
            continue
        for name in sorted(files):
            path = Path(root) / name
            if not name.startswith(".") and path.is_file():
                yield path
