"""The service under trouble: feeds in disorder, stores that do not answer, clocks that step."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import select

from alerts.database import open_database, reading, transaction
from alerts.schema import events
from alerts.stored import listed, with_alerts
from darkwake.watching import service as module
from darkwake.watching.intake import Clocks, FeedClock, Intake
from darkwake.watching.journal import Journal
from feeds.live.source import Chunk, SinkClosedError
from tests.watch.recording import recording, replayed, table_of
from tests.watch.scripted import IDLE_S, by_arrival, cut, service_for, settings_for
from tests.watch.spoken import Spoken
from tests.watch.test_journal import largest_file
from vessels.clock import utc_now

HOUR_US = 3_600_000_000


def stored(url: str) -> dict[str, dict[str, Any]]:
    engine = open_database(url)
    with reading(engine) as connection:
        asked = with_alerts().where(events.c.withdrawn.is_(False))
        rows = [listed(dict(row)) for row in connection.execute(asked).mappings()]
    engine.dispose()
    for row in rows:
        row.pop("alert_status")
        row["replaces"] = None
    return {row["event_id"]: row for row in rows}


def times(table: pa.Table) -> np.ndarray:
    return np.asarray(table["time"].cast(pa.int64()).to_numpy())


def test_feeds_in_disorder_give_the_events_of_a_clean_replay(
    tmp_path: Path, store_url: str
) -> None:
    """Four days of 110 ships by four feeds: cut, six hours late and more, doubled, shuffled."""
    rows = table_of(recording())
    rng = np.random.default_rng(3)
    feed = rng.choice(4, rows.num_rows, p=[0.4, 0.2, 0.2, 0.2])
    mine = [rows.take(pa.array(np.flatnonzero(feed == number))) for number in range(4)]
    doubled = pa.concat_tables([mine[2], mine[2]])
    # Cut: what came in each third hour arrives when the line is up again.
    held = times(mine[0]) // HOUR_US % 3 == 2
    up_again = np.where(held, (times(mine[0]) // HOUR_US + 1) * HOUR_US, times(mine[0]))
    satellite = times(mine[1]) // (6 * HOUR_US) * 6 * HOUR_US + 12 * HOUR_US
    feeds = {
        "cut": (mine[0], up_again),
        "satellite": (mine[1], satellite),
        "doubled": (doubled, times(doubled) + rng.integers(0, 60_000_000, doubled.num_rows)),
        "shuffled": (mine[3], times(mine[3]) + rng.integers(0, HOUR_US, mine[3].num_rows)),
    }
    settings = settings_for(tmp_path, store_url, feeds)
    with service_for(settings, by_arrival(feeds, 300), max_rows=3000) as service:
        service.run(stop_when_idle_s=IDLE_S)
    assert service.counters.batches > 30
    assert service.counters.refolds > 3
    assert service.finder.too_late == 0
    assert service.counters.duplicates == mine[2].num_rows
    assert stored(store_url) == replayed(recording())


def test_a_full_disk_passes_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file may grow for a while: journal, store and snapshots all fail, and are tried again."""
    spoken = Spoken.instead_of_stderr(monkeypatch)
    monkeypatch.setattr(module, "_TRY_AGAIN_S", (0.05, 0.1))
    url = f"sqlite:///{tmp_path}/state.db"
    settings = settings_for(tmp_path, url, ["a"])
    rows = table_of(recording())
    with service_for(settings, cut("a", rows, 10_000)) as service:
        runner = threading.Thread(target=service.run, args=(IDLE_S,))
        with largest_file(1):
            runner.start()
            spoken.wait_for("cannot write, and tries again", runner.is_alive)
            assert service.counters.rows == 0  # not acknowledged: not taken in
        runner.join()
    assert "File too large" in spoken.getvalue()
    assert "can write again" in spoken.getvalue()
    assert stored(url) == replayed(recording())


def test_a_locked_store_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import alerts.database

    spoken = Spoken.instead_of_stderr(monkeypatch)
    monkeypatch.setattr(alerts.database, "BUSY_S", 0.05)
    monkeypatch.setattr(module, "_TRY_AGAIN_S", (0.05, 0.1))
    url = f"sqlite:///{tmp_path}/state.db"
    settings = settings_for(tmp_path, url, ["a"])
    other = open_database(url)
    with service_for(settings, cut("a", table_of(recording()), 10_000)) as service:
        runner = threading.Thread(target=service.run, args=(IDLE_S,))
        with transaction(other):
            runner.start()
            spoken.wait_for("is locked by another program", runner.is_alive)
        runner.join()
    other.dispose()
    assert stored(url) == replayed(recording())


def test_a_clock_that_is_set_back_changes_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's time jumps back by an hour, again and again."""
    from darkwake.watching import store

    asked = iter(range(10**9))
    monkeypatch.setattr(store, "utc_now", lambda: utc_now() - timedelta(hours=next(asked) // 5))
    url = f"sqlite:///{tmp_path}/state.db"
    settings = settings_for(tmp_path, url, ["a"])
    with service_for(settings, cut("a", table_of(recording()), 20_000)) as service:
        service.run(stop_when_idle_s=IDLE_S)
    assert next(asked) > 15  # so the clock went back by three hours and more
    assert stored(url) == replayed(recording())


def test_a_stopped_watch_goes_on_where_it_was(tmp_path: Path, store_url: str) -> None:
    """The second run begins with the cursor of the first, and the findings are those of both."""
    rows = table_of(recording())
    half = rows.num_rows // 2
    settings = settings_for(tmp_path, store_url, ["a"])
    chunks = [Chunk("a", c.table, 1, b"half") for c in cut("a", rows.slice(0, half), 20_000)]
    with service_for(settings, chunks) as first:
        runner = threading.Thread(target=first.run)
        runner.start()
        while first.counters.rows < half:
            assert runner.is_alive()
        first.stop()
        runner.join()
    # The sender begins a little before where it was cut off, as some do.
    with service_for(settings, cut("a", rows.slice(half - 5000), 20_000)) as second:
        second.run(stop_when_idle_s=IDLE_S)
        # Some are forgotten: the table of those seen has one place for two now and then.
        assert 4950 < second.counters.duplicates <= 5000
        (source,) = second.sources.values()
        assert source.cursor == b"half"
    assert stored(store_url) == replayed(recording())
    assert not list((tmp_path / "tracks-journal").glob("*.journal"))


def test_the_intake_holds_sources_back() -> None:
    table = table_of(recording()).slice(0, 60)
    intake = Intake(max_rows=100)
    intake.put(Chunk("a", table, 1))
    waiting = threading.Thread(target=intake.put, args=(Chunk("a", table, 2),), daemon=True)
    waiting.start()
    waiting.join(timeout=0.2)
    assert waiting.is_alive()
    assert intake.waiting_rows == 60
    assert [chunk.received_us for chunk in intake.gather(1.0, 0.0)] == [1]
    waiting.join(timeout=5.0)
    assert [chunk.received_us for chunk in intake.gather(1.0, 0.0)] == [2]
    intake.close()
    with pytest.raises(SinkClosedError):
        intake.put(Chunk("a", table, 3))


def test_how_far_the_feeds_have_come_together() -> None:
    clocks = Clocks(silent_after_s=10, max_lag_min=10)
    for name, newest_min, heard_s in (("a", 100, 5.0), ("b", 95, 6.0), ("c", 80, 6.0)):
        clocks.feeds[name] = FeedClock("message", newest_min * 60_000_000, heard_s)
    assert clocks.upto_us(7.0) == 95 * 60_000_000  # c is a satellite: it lags by 20 minutes
    assert clocks.upto_us(15.5) == 95 * 60_000_000  # a has been silent for 10 s, b not
    assert clocks.upto_us(16.5) == 100 * 60_000_000  # nobody holds anybody back
    assert clocks.now_us(16.5, wall_us=10**15) == 100 * 60_000_000  # the wall ages no message
    clocks.feeds["a"].clock = "arrival"
    assert clocks.now_us(16.5, wall_us=10**15) == 10**15 - 10_000_000
    assert clocks.quiet_s(16.5) == 10.5


def test_an_event_is_stored_once_over_both_stores(tmp_path: Path, store_url: str) -> None:
    settings = settings_for(tmp_path, store_url, ["a"])
    with service_for(settings, cut("a", table_of(recording()), 1640)) as service:
        service.run(stop_when_idle_s=IDLE_S)
    engine = open_database(store_url)
    with reading(engine) as connection:
        ids = connection.execute(select(events.c.event_id)).scalars().all()
    engine.dispose()
    assert len(ids) == len(set(ids)) >= len(replayed(recording()))


def test_all_in_the_journal_and_nothing_in_the_store(tmp_path: Path) -> None:
    """Killed before anything was told: no feed has more to bring, and the watch is idle too."""
    settings = settings_for(tmp_path, f"sqlite:///{tmp_path}/state.db", ["a"])
    with Journal(Path(settings.store.journal_folder)) as journal:
        for chunk in cut("a", table_of(recording()), 20_000):
            journal.append(chunk.table, {"a": b"all"})
    with service_for(settings, ()) as service:
        worker = threading.Thread(target=service.run, args=(0.5,), daemon=True)
        worker.start()
        worker.join(120.0)
        service.stop()
        assert not worker.is_alive()
    assert stored(settings.store.url) == replayed(recording())
