"""The service: gathers what the feeds bring, makes it durable, folds it, and stores what it finds.

One thread does this, batch after batch: journal (on the disk), fold, tell, one transaction. It may
die at any instant. At its next start the last snapshot and the journal after it give the same state
again, and what stands in the store is compared with what is found: the difference is all that the
dead process still had to say. So nothing is lost, and nothing is said twice.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from alerts.rules import AlertContext
from darkwake.engine import Change, compare_events
from darkwake.geography_settings import lists_of
from darkwake.settings import Settings
from darkwake.watching.feed_health import FeedHealth, Turn, now_for
from darkwake.watching.finder import Finder
from darkwake.watching.intake import Clocks, FeedClock, Intake
from darkwake.watching.journal import Journal
from darkwake.watching.memory import give_back
from darkwake.watching.recovery import (
    archive_segments,
    read_snapshot,
    remember_archive,
    replay_archive,
    replay_journal,
    write_snapshot,
)
from darkwake.watching.store import FeedProgress, LeaseLostError, Progress, Store, wall_us
from darkwake.watching.talk import log
from detectors.events import Event
from detectors.parameters import Parameters
from feeds.dedupe import Deduper
from feeds.live.source import Chunk, Source
from vessels.errors import ConfigError, StoreError

_REMEMBERED_ROWS = 1 << 20
"""Rows of the archive that a start looks at, so that what a sender sends again is known."""
_WAIT_S = 0.5
_TRY_AGAIN_S = (1.0, 30.0)
_REFRESH_S = 60.0
"""Open findings age: their length and confidence in the store are at most this old."""
_HEALTH_S = 5.0
_CHECKPOINT_S = 3600.0
_CHECKPOINT_ROWS = 250_000
_TELL_SHARE = 0.25
_REFOLD_SHARE = 0.1
"""Telling and refolding take at most this share of the time; they are done less often instead."""

MakeContext = Callable[[Finder, list[Change], frozenset[str]], AlertContext]


@dataclass(slots=True)
class Counters:
    """What the service has done since it started."""

    batches: int = 0
    rows: int = 0
    duplicates: int = 0
    changes: int = 0
    refolds: int = 0
    checkpoints: int = 0
    store_failures: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    """CPU and waiting by stage, wall-clock seconds."""


class Service:
    """One watch. `run` returns when it was stopped, or when the feeds have gone idle.

    Args:
        settings: the configuration.
        parameters: thresholds, as a replay takes them.
        store: the store, its lease held.
        sources: the feeds, not started.
        context: gives what holds now for new alerts, and which types of them are held.
        rebuild: find everything anew from the archive.
    """

    def __init__(
        self,
        settings: Settings,
        parameters: Parameters,
        store: Store,
        sources: Mapping[str, Source],
        context: MakeContext,
        *,
        rebuild: bool = False,
    ) -> None:
        self.settings = settings
        self.parameters = parameters
        self.store = store
        self.sources = sources
        self.counters = Counters()
        self.intake = Intake()
        self.clocks = Clocks(settings.watch.silent_after_s, settings.watch.max_lag_min)
        for feed in settings.feeds:
            self.clocks.feeds[feed.name] = FeedClock(feed.clock)
        self.on_cycle: Callable[[], None] | None = None
        """Called after each cycle, by the thread that runs the service."""
        self._context = context
        self._archive = Path(settings.store.archive)
        self._folder = Path(settings.store.journal_folder)
        self.journal = Journal(self._folder)
        self._deduper = Deduper()
        self._cursors: dict[str, bytes] = {}
        self.shown: dict[str, Event] = {}
        """Findings that can still change, as the store has them."""
        self._now_us: int | None = None
        self._rows_before = 0
        self._stop = threading.Event()
        self._told_s = self._refreshed_s = self._late_s = self._judged_s = 0.0
        self._tell_cost_s = self._refold_cost_s = 0.0
        self._dirty = False
        self._checkpoint_s = time.monotonic()
        self._rows_since = 0
        self.on_turn: Callable[[Turn], None] | None = None
        """Called when a feed falls ill or recovers."""
        known = store.progress()[1]
        names = list(self.clocks.feeds)
        self.health = FeedHealth(names, {name: feed.health for name, feed in known.items()})
        self._remembered = {name: self.health.as_json(name) for name in names}
        self._lists = store.lists_asked_for()
        self._recover(rebuild=rebuild)

    @property
    def now_us(self) -> int | None:
        """The event time that findings were judged at last."""
        return self._now_us

    def stop(self) -> None:
        """Finish the batch, then end. May be called from a signal handler or any thread."""
        self._stop.set()

    def run(
        self, stop_when_idle_s: float | None = None, drain: Callable[[], None] | None = None
    ) -> None:
        """Take in what comes until stopped, or until no feed has brought a row for so long.

        Args:
            stop_when_idle_s: counted from the first row on; then everything is judged as the end of
                a recording is, and `drain` is called.
            drain: sends what waits in the outbox.

        Raises:
            StoreError: another watch has taken over.
        """
        for name, source in self.sources.items():
            source.start(self.intake, self._cursors.get(name))
        try:
            while not self._stop.is_set():
                brought = self._cycle()
                quiet_s = self.clocks.quiet_s(time.monotonic()) or 0.0
                # After a long cycle the feeds had no chance yet to bring what they hold.
                if not brought and stop_when_idle_s is not None and quiet_s >= stop_when_idle_s:
                    log("idle: everything is judged as at the end of a recording")
                    self._finish()
                    if drain is not None:
                        drain()
                    break
        finally:
            self._end_sources()
        self._take_rest()
        if self._dirty:
            self._tell(refresh=True)
        self.checkpoint()
        self.journal.close()
        self.store.release()
        log("stopped", batches=self.journal.last, findings=len(self.shown))

    def checkpoint(self) -> None:
        """Write a snapshot; then move the journal's rows to the archive."""
        begun = time.perf_counter()
        try:
            self.journal.seal()
            write_snapshot(self._folder, self.finder, self.journal.last)
            archive_segments(self.journal, self._archive)
        except StoreError as error:
            # The journal still holds everything; it is tried again.
            self.counters.store_failures += 1
            log(f"no checkpoint: {error}")
        self.counters.checkpoints += 1
        self._checkpoint_s, self._rows_since = time.monotonic(), 0
        give_back()
        self._spent("checkpoint", begun)

    def _cycle(self) -> bool:
        """Gather once, and do what is due; tell whether the feeds brought anything."""
        brought = self._gather()
        now_s = time.monotonic()
        self._fold(now_s)
        refresh = now_s - self._refreshed_s >= _REFRESH_S
        if refresh:
            self._safely(self._follow_lists)
        if (self._dirty or refresh) and now_s - self._told_s >= self._tell_cost_s / _TELL_SHARE:
            self._tell(refresh=refresh)
        if now_s - self._judged_s >= _HEALTH_S:
            self._judge_feeds(now_s)
        if self.on_cycle is not None:
            self.on_cycle()
        grown = self._rows_since >= max(_CHECKPOINT_ROWS, self.finder.rows_in_memory // 2)
        if grown or (self._rows_since and now_s - self._checkpoint_s >= _CHECKPOINT_S):
            self.checkpoint()
        return brought

    def _follow_lists(self) -> None:
        """Read the vessel lists anew where the job that looks at them found one changed."""
        asked_for = self.store.lists_asked_for()
        if asked_for == self._lists:
            return
        self._lists = asked_for
        try:
            self.finder.use_lists(lists_of(self.settings))
        except ConfigError as error:
            log(f"the old vessel lists stay in use: {error}")
        self._dirty = True

    def _gather(self) -> bool:
        chunks = self.intake.gather(_WAIT_S, self.settings.watch.gather_s)
        if chunks:
            self._take(chunks)
        return bool(chunks)

    def _take(self, chunks: list[Chunk]) -> None:
        """Make the rows durable, then take them in."""
        begun = time.perf_counter()
        now_s = time.monotonic()
        tables = [chunk.table for chunk in chunks]
        heard = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
        rows = self._deduper.filter(heard)
        for chunk in chunks:
            self.health.note(chunk.feed, chunk.table, self.clocks)
            self.clocks.note(chunk, now_s)
            if chunk.cursor is not None:
                self._cursors[chunk.feed] = chunk.cursor
        cursors = {c.feed: c.cursor for c in chunks if c.cursor is not None}
        self._safely(lambda: self.journal.append(rows, cursors))
        self._spent("journal", begun)
        begun = time.perf_counter()
        self.finder.take(rows)
        self.counters.batches += 1
        self.counters.rows += rows.num_rows
        self.counters.duplicates += heard.num_rows - rows.num_rows
        self._rows_since += rows.num_rows
        self._dirty = True
        self._spent("take", begun)

    def _fold(self, now_s: float) -> None:
        """Fold what is in order, and what is late where it has waited long enough."""
        begun = time.perf_counter()
        upto_us = self.clocks.upto_us(now_s)
        if upto_us is not None:
            self.finder.advance(upto_us)
        self._spent("fold", begun)
        if not self.finder.waiting_late:
            self._late_s = now_s
            return
        longest_s = self.settings.watch.max_refold_wait_s
        if now_s - self._late_s >= min(longest_s, self._refold_cost_s / _REFOLD_SHARE):
            begun = time.perf_counter()
            self.finder.refold()
            self._refold_cost_s = self._spent("refold", begun)
            self.counters.refolds += 1
            self._late_s = time.monotonic()
            self._dirty = True

    def _tell(self, *, refresh: bool) -> None:
        """Compare what is found with what the store says, and store the difference."""
        begun = time.perf_counter()
        now_us = self.clocks.now_us(time.monotonic(), wall_us())
        folded_us = self.finder.watermark_us
        if now_us is None and folded_us is None:
            return
        # Time never goes back, whatever the machine's clock does.
        self._now_us = max(now_us or 0, folded_us or 0, self._now_us or 0)
        found = self.finder.tell(self._now_us)
        self._tell_cost_s = self._spent("tell", begun)
        self._store(found, refresh=refresh)
        self._told_s = time.monotonic()
        if refresh:
            self._refreshed_s = self._told_s
        self._dirty = False

    def _store(self, found: dict[str, Event], *, refresh: bool) -> None:
        begun = time.perf_counter()
        settled_us = self.finder.settled_us(self._now_us or 0)
        before = {
            key: event
            for key, event in self.shown.items()
            if event.end_us is None or event.end_us >= settled_us or key in found
        }
        changes = compare_events(before, found)
        if refresh:
            self._judge_feeds(time.monotonic())
            self._remembered = {name: self.health.as_json(name) for name in self.clocks.feeds}
            told = {change.event.event_id for change in changes}
            changes += [
                Change("updated", event)
                for key, event in found.items()
                if key not in told and event != before.get(key)
            ]
        done = Progress(
            batch=self.journal.last,
            watermark_us=self.finder.watermark_us,
            now_us=self._now_us,
            too_late=self.finder.too_late,
            rows=self._rows_before + self.counters.rows,
        )
        held = self.health.held_types(time.monotonic())
        self._safely(
            lambda: self.store.commit(
                changes, self._context(self.finder, changes, held), done, self._feed_progress()
            )
        )
        stored = {change.event.event_id for change in changes}
        # As the store has them: one that only aged was not written.
        self.shown = {
            key: event if key in stored else before.get(key, event) for key, event in found.items()
        }
        self.counters.changes += len(changes)
        self._spent("store", begun)

    def _judge_feeds(self, now_s: float) -> None:
        """Look how the feeds do, and tell of those that turned."""
        self._judged_s = now_s
        now_us = now_for(self.clocks, wall_us(), now_s)
        turns = [] if now_us is None else self.health.judge(self.clocks, now_us, now_s)
        for turn in turns:
            log(turn.text)
            self._dirty = True  # mails that were held may go out now
            if self.on_turn is not None:
                self.on_turn(turn)

    def _feed_progress(self) -> dict[str, FeedProgress]:
        return {
            name: FeedProgress(
                cursor=self._cursors.get(name),
                last_message_us=feed.newest_us,
                last_received_us=feed.received_us,
                rows=feed.rows,
                health=self._remembered[name],
            )
            for name, feed in self.clocks.feeds.items()
        }

    def _recover(self, *, rebuild: bool) -> None:
        """Find back to where the last watch was, and store what it still had to say."""
        if self.journal.cut_bytes:
            log(
                "the journal ended in an unfinished batch, which was never acknowledged: cut off",
                bytes=self.journal.cut_bytes,
            )
        done, known = self.store.progress()
        horizon_h = self.settings.engine.horizon_h
        self.finder, after = Finder(self.parameters, horizon_h=horizon_h), 0
        if rebuild:
            rows = replay_archive(self.finder, self._archive)
            log("the archive was read anew", rows=rows)
        else:
            found = read_snapshot(self._folder, self.parameters, horizon_h)
            if found is not None:
                self.finder, after = found
            ends = max(self.journal.last, after)
            if done.batch > ends:
                raise StoreError(
                    f"{self._folder}: the journal ends at batch {ends}, the store"
                    f" knows {done.batch}: this is not its journal; --rebuild reads the archive"
                )
            remember_archive(self._deduper, self._archive, _REMEMBERED_ROWS)
        self._rows_before = done.rows
        self.journal.skip_to(max(done.batch, after))
        if rebuild:
            after = self.journal.first - 1
        self._cursors = {n: feed.cursor for n, feed in known.items() if feed.cursor is not None}
        for cursors in replay_journal(self.finder, self.journal, after, self._deduper):
            self._cursors |= cursors
        if rebuild:
            self.finder.finish()
        elif done.watermark_us is not None:
            # As far as the store has been told; the rest is folded as the feeds come to it.
            self.finder.refold()
            self.finder.advance(done.watermark_us)
        self._resume_clocks(known)
        self._now_us = done.now_us
        if self.finder.watermark_us is None:
            return
        self._now_us = max(self.finder.watermark_us, done.now_us or 0)
        self.shown = self.store.standing(self.finder.settled_us(self._now_us))
        self._store(self.finder.tell(self._now_us), refresh=True)
        log("recovered", batch=self.journal.last, findings=len(self.shown))

    def _resume_clocks(self, known: Mapping[str, FeedProgress]) -> None:
        for name, feed in self.clocks.feeds.items():
            if name in known:
                feed.rows = known[name].rows
                feed.received_us = known[name].last_received_us
                feed.newest_us = known[name].last_message_us
            if name in known or self.finder.newest_us is not None:
                # What came before counts as the first row, for --stop-when-idle: all of it may be
                # in the journal, with the store not yet told.
                feed.heard_s = time.monotonic()

    def _finish(self) -> None:
        """Judge everything as of the newest row: what the end of a recording does."""
        self.finder.finish()
        self._tell(refresh=True)

    def _end_sources(self) -> None:
        """Stop the sources; what they hand over while they stop is taken in afterwards."""
        threads = [threading.Thread(target=s.stop, daemon=True) for s in self.sources.values()]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 5.0
        while any(thread.is_alive() for thread in threads) and time.monotonic() < until:
            self._take_rest()
            time.sleep(0.02)
        self.intake.close()

    def _take_rest(self) -> None:
        chunks = self.intake.gather(0.0, 0.0)
        if chunks:
            self._take(chunks)
            self._fold(time.monotonic())
            self._tell(refresh=False)

    def _safely(self, write: Callable[[], object]) -> None:
        """Do a write until it succeeds: a full disk or a locked store passes, and nothing is lost.

        Meanwhile nothing is gathered, so the sources hold their senders back.

        Raises:
            StoreError: it fails still when the service is stopped, or another watch has taken over.
        """
        wait_s, last = _TRY_AGAIN_S
        said = ""
        while True:
            try:
                write()
            except LeaseLostError:
                raise
            except StoreError as error:
                self.counters.store_failures += 1
                if str(error) != said:
                    said = str(error)
                    log(f"cannot write, and tries again: {error}")
                if self._stop.wait(wait_s):
                    raise
                wait_s = min(2.0 * wait_s, last)
            else:
                if said:
                    log("can write again")
                return

    def _spent(self, stage: str, begun: float) -> float:
        spent = time.perf_counter() - begun
        self.counters.seconds[stage] = self.counters.seconds.get(stage, 0.0) + spent
        return spent
