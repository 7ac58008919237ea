"""What the desk shows from: a store, a replay's folder, an archive; opened once."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from sqlalchemy import Engine

from alerts.book import apply
from alerts.database import open_database, transaction
from alerts.rules import AlertContext, AlertPolicy
from darkwake.alert_store import store_of, wall_us
from darkwake.config import load_settings
from darkwake.desk.tracks import TrackSources
from darkwake.diff import read_record
from darkwake.engine import Change
from darkwake.vessel_events import read_all_events
from maps.identities import Identity, identities
from vessels.clock import parse_iso_us
from vessels.errors import InputError

_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Material:
    """What the desk shows from."""

    engine: Engine
    run: Path | None
    """A replay's folder; None where none is configured."""
    tracks: TrackSources
    read_only: bool
    title: str
    """What is reviewed, in words."""
    now_us: int | None = None
    """Event time; that of the store where None."""


@contextmanager
def material_of_watch(config: Path | None, *, read_only: bool) -> Iterator[Material]:
    """Open the store of a watch.

    Raises:
        ConfigError: the configuration is wrong.
        StoreError: there is no store yet, or it cannot be opened.
        InputError: `store.run` is no result folder.
    """
    settings = load_settings(config)
    run = Path(settings.store.run) if settings.store.run else None
    if run is not None:
        read_record(run)
    sources = TrackSources(run, Path(settings.store.archive))
    with store_of(config) as engine:
        yield Material(engine, run, sources, read_only or settings.desk.read_only, "Watch")


@contextmanager
def material_of_run(run: Path) -> Iterator[Material]:
    """Open a replay's folder: its events, which nobody can move.

    They are put into a store of their own, which is gone with the desk.

    Raises:
        InputError: it is no result folder.
    """
    record = read_record(run)
    now_us = parse_iso_us(record["now"]) if record.get("now") else 0
    events = read_all_events(run, now_us)
    try:
        known: Mapping[str, Identity] = identities(pq.read_table(run / "vessels.parquet"))
    except (OSError, ValueError) as error:
        raise InputError("cannot be read as vessels", path=str(run / "vessels.parquet")) from error
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="darkwake-desk-"))
        engine = open_database(f"sqlite:///{folder}/desk.db")
        stack.callback(engine.dispose)
        policy = AlertPolicy(subscriptions=(), domain="localhost")
        context = AlertContext(now_us=wall_us(), policy=policy, identities=known)
        with transaction(engine) as connection:
            for first in range(0, len(events), _CHUNK):
                part = events[first : first + _CHUNK]
                apply(connection, [Change("opened", event) for event in part], context)
        title = f"Replay up to {record.get('now')}"
        yield Material(
            engine, run, TrackSources(run, None), read_only=True, title=title, now_us=now_us
        )
