"""One trial: a process of its own imports the moved module and runs the tests on it."""

import ast
import contextlib
import hashlib
import os
import shutil
import sys
import time
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from tests.mutation.moved import Place, install
from tests.mutation.thresholds import ROOT

PRELOADED = [
    *("numpy", "numba", "pandas", "pyarrow", "pyarrow.parquet", "duckdb", "geopandas", "shapely"),
    *("pydantic", "matplotlib", "xarray", "scipy.special"),
]
"""Imported once, in the process that the trials are forked from; nothing of this house."""


_ROOMS = ("vessels", "feeds", "detectors", "imagery")


@dataclass(frozen=True)
class Trial:
    """A threshold, where to it is moved, and the tests that look on."""

    key: str
    place: Place
    factor: float
    tests: tuple[str, ...]
    timeout_s: float = 300.0


def run(trial: Trial, context: ForkServerContext) -> dict[str, Any]:
    """Return what came of a trial.

    `result` is `killed` (a test failed: `by`), `SURVIVED`, `refused` (the module, or a test file,
    could not even be imported), `crashed`, or `timeout` (which counts as killed: no test runs that
    long).
    """
    mine, theirs = context.Pipe(duplex=False)
    started = time.monotonic()
    child = context.Process(target=_in_child, args=(trial, theirs))
    child.start()
    theirs.close()
    told: dict[str, Any] = {"result": "timeout", "by": None, "value": None}
    if mine.poll(trial.timeout_s):
        told["result"] = "crashed"
        with contextlib.suppress(EOFError):
            told = mine.recv()
    child.join(1.0)
    if child.is_alive():
        child.kill()
        child.join()
    told["seconds"] = round(time.monotonic() - started, 1)
    return {"key": trial.key, "factor": trial.factor, **told}


class _Watcher:
    """Notes the first failure."""

    by: str | None = None
    broken = False

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and self.by is None:
            self.by = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.by, self.broken = report.nodeid, True


def _in_child(trial: Trial, pipe: Any) -> None:
    import numba

    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    cache = _kernels_without(trial.place.module) if "." not in trial.place.name else None
    if cache is not None:
        os.environ["NUMBA_CACHE_DIR"] = numba.config.CACHE_DIR = str(cache)
    try:
        pipe.send(_outcome(trial))
    finally:
        if cache is not None:
            shutil.rmtree(cache, ignore_errors=True)
        pipe.close()


def _outcome(trial: Trial) -> dict[str, Any]:
    import pytest

    if trial.factor != 1.0:
        install(trial.place, trial.factor)
    watcher = _Watcher()
    # In this process: workers of their own would import the module unmoved.
    options = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "-n0", *trial.tests]
    code = int(pytest.main(options, plugins=[watcher]))
    moved = sys.modules.get(trial.place.module)
    if moved is None:
        result = "never imported"
    elif code == 0:
        result = "SURVIVED"
    else:
        result = "refused" if watcher.broken or watcher.by is None else "killed"
    return {"result": result, "by": watcher.by, "value": _value(moved, trial.place)}


def _value(module: Any, place: Place) -> float | None:
    """Return the number as it stands in the imported module, which shows that it moved."""
    first, _, field = place.name.partition(".")
    value = getattr(module, first, None)
    if field:
        value = value.__dataclass_fields__[field].default if value is not None else None
    held = _numbers(value)[place.item or 0 :]
    return float(held[0]) if held and isinstance(held[0], int | float) else None


def _numbers(value: Any) -> list[Any]:
    """Return what a value holds, in the order of `moved.numbers_in`."""
    if isinstance(value, dict | tuple):
        parts = value.values() if isinstance(value, dict) else value
        return [one for part in parts for one in _numbers(part)]
    return [value]


def _kernels_without(module: str) -> Path:
    """Return a cache of compiled kernels that holds none that froze a constant of `module`.

    A kernel knows only its own file: after a change in another that it calls, it would be stale.
    """
    out = Path(os.environ.get("TMPDIR", "/tmp")) / f"mutation-{os.getpid()}"  # noqa: S108  # the process removes it
    stale = _importers(module)
    for folder in _ROOMS:
        digest = hashlib.sha1(str(ROOT / folder).encode(), usedforsecurity=False).hexdigest()
        target = out / f"{folder}_{digest}"
        target.mkdir(parents=True)
        for kernel in (ROOT / folder / "__pycache__").glob("*.nb[ic]"):
            if f"{folder}.{kernel.name.split('.')[0]}" not in stale:
                shutil.copy2(kernel, target)
    return out


def _importers(module: str) -> set[str]:
    """Return `module` and every module of the rooms that imports it, however far."""
    needs: dict[str, set[str]] = {}
    for folder in _ROOMS:
        for path in (ROOT / folder).glob("*.py"):
            tree = ast.parse(path.read_bytes())
            froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            named = {f"{n.module}.{alias.name}" for n in froms for alias in n.names}
            needs[f"{folder}.{path.stem}"] = {str(n.module) for n in froms} | named
    found = {module}
    while True:
        more = {name for name, wanted in needs.items() if wanted & found} - found
        if not more:
            return found
        found |= more
