"""Opens the store: SQLite by default, PostgreSQL by URL, with one schema.

SQLite runs in WAL mode with `synchronous=FULL`: what a transaction committed is on the disk. Every
trouble of the store leaves here as a `StoreError` of one line.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from alerts.schema import SCHEMA_VERSION, facts, metadata
from vessels.errors import ConfigError, StoreError

BUSY_S = 10.0
"""How long a writer waits for another one before it says that the store is locked."""
_VERSION = "schema_version"
_READ_ONLY = "darkwake_read_only"
_SAYINGS = {
    "database is locked": "is locked by another program",
    "database or disk is full": "the disk is full",
    "no space left": "the disk is full",
    "not a database": "is not a database",
    "malformed": "is damaged",
    "readonly": "may not be written",
    "unable to open": "cannot be opened",
}


def open_database(url: str) -> Engine:
    """Return an engine on the store at `url`, its tables made where it is new.

    Raises:
        ConfigError: the URL is not one of a database that can be used here.
        StoreError: the store is locked, damaged, or was made by a newer Darkwake.
    """
    where = _parsed(url)
    sqlite = where.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"connect_args": {"timeout": BUSY_S}} if sqlite else {}
    try:
        engine = create_engine(where, pool_pre_ping=not sqlite, **options)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        hint = "; install darkwake[postgres]" if where.get_backend_name() == "postgresql" else ""
        raise ConfigError(f"store.url: cannot be used: {error}{hint}") from error
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with transaction(engine) as connection:
            _make_or_check(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction that writes; commit it at the end, or roll all of it back.

    Raises:
        StoreError: the store cannot be written.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise _store_error(engine, error) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction that only reads: in SQLite it waits for no writer.

    Raises:
        StoreError: the store cannot be read.
    """
    try:
        with engine.connect() as plain:
            connection = plain.execution_options(**{_READ_ONLY: True})
            with connection.begin():
                yield connection
    except SQLAlchemyError as error:
        raise _store_error(engine, error) from error


def get_fact(connection: Connection, name: str) -> str | None:
    """Return a single value of the store, or None."""
    return connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar()


def set_fact(connection: Connection, name: str, value: str) -> None:
    """Write a single value of the store."""
    changed = connection.execute(facts.update().where(facts.c.name == name).values(value=value))
    if changed.rowcount == 0:
        connection.execute(insert(facts).values(name=name, value=value))


def _parsed(url: str) -> URL:
    try:
        where = make_url(url)
    except ArgumentError as error:
        raise ConfigError(f"store.url: not a database URL: {url!r}") from error
    if where.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ConfigError("store.url: begins with sqlite:/// or postgresql+psycopg://")
    return where


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # _begin_sqlite begins; the driver would begin too late
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A reader that becomes a writer halfway can be refused at once, whatever the time-out; a
    # transaction that says so at its begin waits for its turn.
    only_reads = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def _make_or_check(connection: Connection) -> None:
    """Make the tables of a new store; refuse a store of another version."""
    if inspect(connection).has_table("facts"):
        found = get_fact(connection, _VERSION)
        if found is None or not found.isdigit():
            raise StoreError(f"{_place(connection.engine)}: holds tables that are not Darkwake's")
        if int(found) > SCHEMA_VERSION:
            raise StoreError(
                f"{_place(connection.engine)}: was made by a newer Darkwake (schema {found}, "
                f"this one knows {SCHEMA_VERSION}): upgrade Darkwake"
            )
    metadata.create_all(connection)  # other rooms may have added tables since
    if get_fact(connection, _VERSION) is None:
        set_fact(connection, _VERSION, str(SCHEMA_VERSION))


def _store_error(engine: Engine, error: SQLAlchemyError) -> StoreError:
    cause = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    first = (cause.strip().splitlines() or ["no reason given"])[0]
    said = next((say for part, say in _SAYINGS.items() if part in cause.lower()), first)
    return StoreError(f"{_place(engine)}: {said}")


def _place(engine: Engine) -> str:
    """Return where the store is, without its password."""
    url = engine.url
    if url.get_backend_name() == "sqlite":
        return url.database or "store in memory"
    return url.render_as_string(hide_password=True)
