"""The watch's part of the store: one lease, one transaction, on SQLite and PostgreSQL."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import time_machine
from sqlalchemy import Engine, select, update

from alerts.database import open_database, reading, transaction
from alerts.rules import AlertContext
from alerts.schema import events
from darkwake.engine import Change
from darkwake.watching import store as module
from darkwake.watching.heartbeat import Heartbeat
from darkwake.watching.store import (
    FeedProgress,
    LeaseLostError,
    Progress,
    Store,
    born_us,
    holder_of,
    lease,
    read_progress,
)
from detectors.events import Event
from vessels.errors import StoreError

CONTEXT = AlertContext(now_us=1_750_000_000_000_000)


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    opened = open_database(store_url)
    yield opened
    opened.dispose()


def found(mmsi: int = 219000001, end_us: int | None = None) -> Event:
    return Event(
        type="loitering",
        mmsi=mmsi,
        hull_id=f"{mmsi}-1",
        start_us=1_750_000_000_000_000,
        end_us=end_us,
        now_us=1_750_050_000_000_000,
        lat=1.0,
        lon=2.0,
        confidence=0.5,
        path=((2.0, 1.0),),
    )


def test_what_is_committed_is_there_all_of_it(engine: Engine) -> None:
    store = Store(engine)
    done = Progress(batch=7, watermark_us=5, now_us=6, too_late=2, rows=100)
    feeds = {"north": FeedProgress(cursor=b"\x00\xff", last_message_us=5, rows=9, health="{}")}
    store.commit([Change("opened", found())], CONTEXT, done, feeds)
    assert read_progress(engine) == (done, feeds)
    assert store.standing(0) == {found().event_id: found()}
    ended = found(end_us=1_750_020_000_000_000).with_(now_us=1_750_020_000_000_000)
    store.commit([Change("closed", ended)], CONTEXT, done, {})
    assert store.standing(1_750_020_000_000_000) == {ended.event_id: ended}
    assert store.standing(1_750_020_000_000_001) == {}
    store.commit([Change("withdrawn", ended)], CONTEXT, done, {})
    assert store.standing(0) == {}


def test_a_transaction_that_fails_leaves_nothing(engine: Engine) -> None:
    store = Store(engine)
    bad = found().with_(details={"not JSON": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.commit(
            [Change("opened", found(2)), Change("opened", bad)], CONTEXT, Progress(batch=1), {}
        )
    with reading(engine) as connection:
        assert connection.execute(select(events)).all() == []
    assert read_progress(engine)[0] == Progress()


def test_a_second_watch_is_refused_and_the_lease_of_a_dead_one_taken_over(engine: Engine) -> None:
    first = Store(engine)
    with pytest.raises(StoreError, match=r"another watch is using this store: process \d+ on"):
        Store(engine)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with transaction(engine) as connection:
        connection.execute(update(lease).values(pid=dead.pid, born_us=born_us(1)))
    second = Store(engine)
    # The first one was only taken for dead: it must not write any more.
    with pytest.raises(LeaseLostError, match="another watch has taken this store over"):
        first.commit([Change("opened", found())], CONTEXT, Progress(batch=9), {})
    with pytest.raises(LeaseLostError):
        first.heartbeat()
    assert read_progress(engine)[0] == Progress()
    first.release()  # of no consequence: it is not its lease
    second.heartbeat()
    second.release()
    Store(engine)


def test_a_process_of_the_same_number_is_not_the_same_process(engine: Engine) -> None:
    Store(engine)
    with transaction(engine) as connection:
        connection.execute(update(lease).values(born_us=born_us(1) - 1, pid=1))
    Store(engine)


def test_a_watch_of_another_machine_is_dead_when_it_was_not_heard_for_a_minute(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(module.socket, "gethostname", lambda: "elsewhere")
            Store(engine)
        clock.shift(module.LEASE_S - 1)
        with pytest.raises(StoreError, match="on elsewhere"):
            Store(engine)
        # Set back by an hour, the clock makes no heartbeat young: nobody waits for the hour.
        clock.shift(-3600)
        Store(engine).release()


def test_a_locked_store_is_told_and_can_be_tried_again(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    import alerts.database

    monkeypatch.setattr(alerts.database, "BUSY_S", 0.1)
    url = f"sqlite:///{tmp_path}/state.db"
    engine, other = open_database(url), open_database(url)
    store = Store(engine)
    with transaction(other), pytest.raises(StoreError, match="is locked by another program"):
        store.commit([Change("opened", found())], CONTEXT, Progress(batch=1), {})
    store.commit([Change("opened", found())], CONTEXT, Progress(batch=1), {})
    assert read_progress(engine)[0] == Progress(batch=1)
    engine.dispose()
    other.dispose()


def test_the_lease_is_kept_while_the_watch_is_busy_and_no_longer(engine: Engine) -> None:
    store = Store(engine)
    before = holder_of(engine)
    assert before is not None
    beats = threading.Semaphore(0)
    refused = threading.Event()

    def beat() -> None:
        try:
            store.heartbeat()
        except StoreError:
            refused.set()
            raise
        finally:
            beats.release()

    heart = Heartbeat(beat, every_s=0.01)
    heart.start()
    try:
        for _ in range(3):
            assert beats.acquire(timeout=60.0)
        after = holder_of(engine)
        assert after is not None
        assert after["heard_us"] > before["heard_us"]
        store.release()  # the next beat finds no lease: the thread bears it
        assert refused.wait(timeout=60.0)
        assert beats.acquire(timeout=60.0)
    finally:
        heart.stop()
    while beats.acquire(blocking=False):
        pass
    assert not beats.acquire(timeout=0.1)
