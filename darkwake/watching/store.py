"""The watch's part of the store: who runs, how far it has come, and findings as they stand.

Findings, alerts and outbox rows are alerts/book.py's. They are written in one transaction with the
number of the batch that they rest on, and only by the watch that holds the lease.
"""

import os
import socket
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psutil
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    String,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)

from alerts.book import apply
from alerts.database import get_fact, reading, transaction
from alerts.rules import AlertContext
from alerts.schema import events, metadata
from alerts.stored import row_event
from darkwake.engine import Change
from detectors.events import Event
from vessels.clock import iso_z, utc_now
from vessels.errors import StoreError
from vessels.units import US_PER_S

LISTS_FACT = "lists"
"""Names the state of the list files that a watch shall use: it reads them anew where it changes."""
LEASE_S = 60
"""A watch of another machine that has not been heard for this long is taken to be dead."""
_ONE = 1

lease = Table(
    "watch_lease",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("host", String(255), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("born_us", BigInteger, nullable=False),
    Column("token", String(64), nullable=False),
    Column("heard_us", BigInteger, nullable=False),
)
"""The one watch of the store. `born_us` tells a process from a later one of the same number."""

progress = Table(
    "watch_progress",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("batch", BigInteger, nullable=False),
    Column("watermark_us", BigInteger),
    Column("now_us", BigInteger),
    Column("too_late", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
)
"""The newest batch whose findings are stored."""

feed_progress = Table(
    "watch_feeds",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("cursor", Text),
    Column("last_message_us", BigInteger),
    Column("last_received_us", BigInteger),
    Column("rows", BigInteger, nullable=False),
    Column("health", Text, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the watch has come."""

    batch: int = 0
    watermark_us: int | None = None
    now_us: int | None = None
    too_late: int = 0
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedProgress:
    """How far one feed has come."""

    cursor: bytes | None = None
    last_message_us: int | None = None
    last_received_us: int | None = None
    rows: int = 0
    health: str = ""
    """State of the feed's health as JSON."""


class Store:
    """The store as the watch that holds its lease sees it.

    Args:
        engine: the open store (alerts/database.py).

    Raises:
        StoreError: another watch holds the lease.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._host = socket.gethostname()
        self._token = os.urandom(16).hex()
        with transaction(engine) as connection:
            self._take_lease(connection)

    def progress(self) -> tuple[Progress, dict[str, FeedProgress]]:
        """Return how far the watch and each feed have come."""
        return read_progress(self.engine)

    def standing(self, settled_us: int) -> dict[str, Event]:
        """Return the stored findings that stand and did not end before `settled_us`."""
        asked = select(events).where(
            events.c.withdrawn.is_(False),
            or_(events.c.end_us.is_(None), events.c.end_us >= settled_us),
        )
        with reading(self.engine) as connection:
            rows = connection.execute(asked).mappings().all()
        # What an event replaced is the store's to remember; telling does not say it again.
        found = [row_event(dict(row)).with_(replaces=None) for row in rows]
        return {event.event_id: event for event in found}

    def commit(
        self,
        changes: Iterable[Change],
        context: AlertContext,
        done: Progress,
        feeds: Mapping[str, FeedProgress],
    ) -> None:
        """Write findings, alerts, outbox and progress, all or nothing.

        Raises:
            StoreError: it cannot be written, or another watch has taken over.
        """
        with transaction(self.engine) as connection:
            self._keep_lease(connection)
            apply(connection, changes, context)
            _put(connection, progress, {"id": _ONE}, _values(done))
            for name, feed in feeds.items():
                values = _values(feed)
                cursor = values.pop("cursor")
                values["cursor"] = None if cursor is None else b64encode(cursor).decode()
                _put(connection, feed_progress, {"name": name}, values)

    def lists_asked_for(self) -> str | None:
        """Return what names the state of the vessel lists that the watch shall use."""
        with reading(self.engine) as connection:
            return get_fact(connection, LISTS_FACT)

    def heartbeat(self) -> None:
        """Say that this watch lives.

        Raises:
            StoreError: another watch has taken over.
        """
        with transaction(self.engine) as connection:
            self._keep_lease(connection)

    def release(self) -> None:
        """Give the lease up, so that the next watch need not ask whether this one lives."""
        with transaction(self.engine) as connection:
            connection.execute(delete(lease).where(lease.c.token == self._token))

    def _take_lease(self, connection: Connection) -> None:
        holder = connection.execute(select(lease).where(lease.c.id == _ONE)).mappings().first()
        if holder is not None and self._lives(dict(holder)):
            raise StoreError(
                f"another watch is using this store: process {holder['pid']} on {holder['host']}, "
                f"heard last at {iso_z(holder['heard_us'])}"
            )
        values = {
            "host": self._host,
            "pid": os.getpid(),
            "born_us": born_us(os.getpid()),
            "token": self._token,
            "heard_us": wall_us(),
        }
        _put(connection, lease, {"id": _ONE}, values)

    def _lives(self, holder: Mapping[str, Any]) -> bool:
        """Tell whether the holder of the lease may still be running.

        On this machine the process table knows. Of another machine only its heartbeat is known; a
        heartbeat in the future is one of a clock that was set back since.
        """
        if holder["host"] == self._host:
            return born_us(holder["pid"]) == holder["born_us"]
        return abs(wall_us() - holder["heard_us"]) < LEASE_S * US_PER_S

    def _keep_lease(self, connection: Connection) -> None:
        kept = connection.execute(
            update(lease).where(lease.c.token == self._token).values(heard_us=wall_us())
        )
        if kept.rowcount == 0:
            raise LeaseLostError("another watch has taken this store over; this one stops")


class LeaseLostError(StoreError):
    """Catch this when another watch holds the store: nothing more may be written."""


def read_progress(engine: Engine) -> tuple[Progress, dict[str, FeedProgress]]:
    """Return how far the watch of a store and each of its feeds have come."""
    with reading(engine) as connection:
        row = connection.execute(select(progress).where(progress.c.id == _ONE)).mappings().first()
        feeds = connection.execute(select(feed_progress)).mappings().all()
    done = Progress() if row is None else Progress(**{k: v for k, v in row.items() if k != "id"})
    return done, {feed["name"]: _feed(dict(feed)) for feed in feeds}


def holder_of(engine: Engine) -> dict[str, Any] | None:
    """Return the row of the watch that holds the store, if any."""
    with reading(engine) as connection:
        row = connection.execute(select(lease).where(lease.c.id == _ONE)).mappings().first()
    return None if row is None else dict(row)


def wall_us() -> int:
    """Return the machine's time, microseconds since 1970."""
    return int(utc_now().timestamp() * US_PER_S)


def born_us(pid: int) -> int:
    """Return when a process of this machine was started; 0 where there is none.

    In clock ticks since the machine started, where the system tells them: setting the clock does
    not change them.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - one line of the kernel's
            after_name = file.read().rpartition(b")")[2].split()
        if after_name[0] in {b"Z", b"X"}:
            return 0  # dead, not yet reaped
        return int(after_name[19])
    except (OSError, IndexError, ValueError):
        pass
    try:
        return int(psutil.Process(pid).create_time() * US_PER_S)
    except psutil.Error:
        return 0


def _feed(row: Mapping[str, Any]) -> FeedProgress:
    values = {key: value for key, value in row.items() if key != "name"}
    cursor = values.pop("cursor")
    return FeedProgress(cursor=None if cursor is None else b64decode(cursor), **values)


def _values(record: Progress | FeedProgress) -> dict[str, Any]:
    return {name: getattr(record, name) for name in type(record).__dataclass_fields__}


def _put(connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    """Write one row, new or not."""
    ((name, value),) = key.items()
    changed = connection.execute(update(table).where(table.c[name] == value).values(**values))
    if changed.rowcount == 0:
        connection.execute(insert(table).values(**key, **values))
