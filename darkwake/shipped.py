"""The data files that the packages ship, and their pinned hashes.

`python -m tools.pin_data` writes the list after a build script has made a file anew.
"""

import hashlib
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
PINS = Path(__file__).resolve().parent / "shipped.sha256"
ROOMS = ("vessels", "feeds", "detectors", "imagery", "maps", "alerts", "darkwake")


def shipped_files() -> list[str]:
    """Return the data files present, as paths in the tree, sorted."""
    return sorted(
        path.relative_to(TREE).as_posix()
        for room in ROOMS
        for path in (TREE / room / "data").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def pinned() -> dict[str, str]:
    """Return path -> SHA-256 as pinned (the format of sha256sum)."""
    lines = PINS.read_text(encoding="utf-8").splitlines()
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}


def sha256_of(path: str) -> str:
    """Return the SHA-256 of a shipped file."""
    with (TREE / path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def wrong_files() -> list[str]:
    """Return what is wrong with the shipped data, one line a file; empty is well."""
    pins = pinned()
    present = set(shipped_files())
    problems = [f"{path}: missing" for path in sorted(pins.keys() - present)]
    problems += [f"{path}: not pinned" for path in sorted(present - pins.keys())]
    problems += [
        f"{path}: changed"
        for path in sorted(present & pins.keys())
        if sha256_of(path) != pins[path]
    ]
    return problems
