"""The store: its troubles are one clear line each."""

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from alerts import database
from alerts.database import get_fact, open_database, reading, set_fact, transaction
from vessels.errors import ConfigError, StoreError


def test_a_store_is_opened_again(store_url: str) -> None:
    first = open_database(store_url)
    with transaction(first) as connection:
        set_fact(connection, "watermark", "1")
        set_fact(connection, "watermark", "2")
    first.dispose()
    second = open_database(store_url)
    with reading(second) as connection:
        assert get_fact(connection, "watermark") == "2"
        assert get_fact(connection, "nothing") is None
    second.dispose()


def test_a_store_of_a_newer_darkwake_is_refused(store_url: str) -> None:
    engine = open_database(store_url)
    with transaction(engine) as connection:
        set_fact(connection, "schema_version", "2")
    engine.dispose()
    with pytest.raises(StoreError, match="newer Darkwake") as raised:
        open_database(store_url)
    assert raised.value.exit_code == 5


def test_sqlite_is_set_up_to_keep_what_it_promised(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'state.db'}")
    with reading(engine) as connection:
        found = [
            connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    engine.dispose()
    assert found == ["wal", 2, 1]


def test_a_file_that_is_no_store_says_so(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_text("not a database, and long enough to be looked at" * 50)
    with pytest.raises(StoreError, match="is not a database"):
        open_database(f"sqlite:///{path}")


def test_a_folder_that_is_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path / 'none' / 'state.db'}")


def test_a_locked_store_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.db"
    open_database(f"sqlite:///{path}").dispose()
    monkeypatch.setattr(database, "BUSY_S", 0.2)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked by another program"):
        open_database(f"sqlite:///{path}")
    other.close()


def test_readers_wait_for_no_writer(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'state.db'}")
    with transaction(engine) as writer:
        set_fact(writer, "watermark", "1")
        with reading(engine) as connection:
            assert get_fact(connection, "watermark") is None
    engine.dispose()


def test_writers_take_turns(engine: Engine) -> None:
    with transaction(engine) as connection:
        set_fact(connection, "count", "0")

    def add() -> None:
        for _ in range(20):
            with transaction(engine) as connection:
                if engine.dialect.name == "postgresql":
                    connection.execute(text("LOCK TABLE facts IN EXCLUSIVE MODE"))
                set_fact(connection, "count", str(int(get_fact(connection, "count") or 0) + 1))

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        assert get_fact(connection, "count") == "60"


@pytest.mark.parametrize("url", ["mysql://h/x", "state.db", "", "postgresql+nodriver://h/x"])
def test_a_url_of_no_use_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url"):
        open_database(url)


def test_a_password_is_not_told() -> None:
    with pytest.raises(StoreError) as raised:
        open_database("postgresql+psycopg://u:hush@127.0.0.1:9/x")
    assert "hush" not in str(raised.value)
