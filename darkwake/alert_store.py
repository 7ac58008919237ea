"""The store of a configuration, for the commands that look into it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from alerts.database import open_database
from darkwake.config import load_settings
from vessels.clock import utc_now
from vessels.errors import StoreError


@contextmanager
def store_of(config: Path | None) -> Iterator[Engine]:
    """Open the store of a configuration, which a watch has made.

    Raises:
        StoreError: there is none yet, or it cannot be opened.
    """
    url = load_settings(config).store.url
    path = url.removeprefix("sqlite:///")
    if path != url and not Path(path).exists():
        raise StoreError(f"{path}: there is no store yet; `darkwake watch` makes it (store.url)")
    engine = open_database(url)
    try:
        yield engine
    finally:
        engine.dispose()


def wall_us() -> int:
    """Return the time of the machine, microseconds since 1970 UTC."""
    return int(utc_now().timestamp() * 1_000_000)
