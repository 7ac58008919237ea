"""Is this machine fit for Darkwake? Each check says what it found and, if need be, what to do."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from darkwake.shipped import pinned, wrong_files
from darkwake.versions import versions
from vessels.errors import DarkwakeError

MIN_FREE_BYTES = 1 << 30
"""Least free memory and least free temporary space: 1 GiB is enough for a few million rows."""
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, whether it passed, and what was found."""

    name: str
    ok: bool
    found: str

    def as_dict(self) -> dict[str, Any]:
        """Return the check as JSON values."""
        return asdict(self)


def run_checks() -> list[Check]:
    """Run every check. None raises; a check that fails says why."""
    checks: list[tuple[str, Callable[[], Check]]] = [
        ("versions", _versions),
        ("numba cache", _numba_cache),
        ("shipped data", _shipped_data),
        ("map assets", _map_assets),
        ("duckdb", _duckdb),
        ("memory", _memory),
        ("temporary space", _temporary_space),
    ]
    return [_guarded(name, check) for name, check in checks]


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except (OSError, ImportError, DarkwakeError, ValueError) as error:
        return Check(name, ok=False, found=f"{type(error).__name__}: {error}")


def _versions() -> Check:
    found = versions()
    missing = [name for name, number in found.items() if number is None]
    text = ", ".join(f"{name} {number or 'MISSING'}" for name, number in found.items())
    return Check("versions", ok=not missing and sys.version_info >= (3, 11), found=text)


def _numba_cache() -> Check:
    """Look where numba keeps compiled kernels; without a place every start compiles anew."""
    import vessels  # noqa: PLC0415 - its folder, not its name, is wanted

    given = os.environ.get("NUMBA_CACHE_DIR")
    beside = Path(vessels.__path__[0]) / "__pycache__"
    for folder in [Path(given)] if given else [beside, Path.home() / ".cache" / "numba"]:
        if _is_writable(folder):
            return Check("numba cache", ok=True, found=f"{folder} is writable")
    hint = "set NUMBA_CACHE_DIR to a folder that can be written"
    return Check("numba cache", ok=False, found=f"{given or beside} is not writable; {hint}")


def _shipped_data() -> Check:
    wrong = wrong_files()
    if wrong:
        return Check("shipped data", ok=False, found="; ".join(wrong))
    return Check("shipped data", ok=True, found=f"{len(pinned())} files as pinned")


def _map_assets() -> Check:
    from maps.assets import PINNED_SHA256, installed_asset  # noqa: PLC0415 - only doctor reads them

    for name in PINNED_SHA256:
        installed_asset(name)
    return Check("map assets", ok=True, found=f"{len(PINNED_SHA256)} files of Leaflet as pinned")


def _duckdb() -> Check:
    import duckdb  # noqa: PLC0415 - 80 ms that other commands need not spend

    try:
        with duckdb.connect() as connection:
            row = connection.execute("SELECT sum(n) FROM range(1000) AS r(n)").fetchone()
    except duckdb.Error as error:
        return Check("duckdb", ok=False, found=str(error))
    return Check("duckdb", ok=row == (499_500,), found=f"a query over 1000 rows gave {row}")


def _memory() -> Check:
    import psutil  # noqa: PLC0415 - only doctor and the engine need it

    memory = psutil.virtual_memory()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    text = f"{memory.available / _GIB:.1f} of {memory.total / _GIB:.1f} GiB free, {cores} cores"
    return Check("memory", ok=memory.available >= MIN_FREE_BYTES, found=text)


def _temporary_space() -> Check:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    found = f"{free / _GIB:.1f} GiB free in {folder}"
    return Check("temporary space", ok=free >= MIN_FREE_BYTES, found=found)


def _is_writable(folder: Path) -> bool:
    """Try it: permission bits do not tell about read-only file systems."""
    existing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    try:
        with tempfile.TemporaryFile(dir=existing):
            return True
    except OSError:
        return False
