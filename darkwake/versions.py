"""Which software made a result: for run.json, `doctor` and `--version`."""

import platform
from importlib.metadata import PackageNotFoundError, version

DISTRIBUTIONS = (
    "duckdb",
    "folium",
    "geopandas",
    "numba",
    "numpy",
    "pandas",
    "pyais",
    "pyarrow",
    "pydantic",
    "pydantic-settings",
    "shapely",
    "typer",
)
"""Everything that can change a number, a file or a page."""


def darkwake_version() -> str:
    """Return the version of this distribution, or `unknown` in a tree that is not installed."""
    return _version("darkwake") or "unknown"


def versions() -> dict[str, str | None]:
    """Return name -> version of Darkwake, Python and its dependencies; None where missing."""
    found: dict[str, str | None] = {
        "darkwake": darkwake_version(),
        "python": platform.python_version(),
    }
    found.update({name: _version(name) for name in DISTRIBUTIONS})
    return found


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
