"""The intake: chunks of all feeds on their way to the fold, and the time that they have come to.

`Intake` is the sink of all sources. It holds a bounded number of rows; a source that is ahead waits
in `put`, stops reading, and the network holds its sender back. `Clocks` knows how far each feed has
come, and so up to where rows are in order.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from feeds.live.source import Chunk, Clock, SinkClosedError
from vessels.units import US_PER_MIN, US_PER_S

MAX_ROWS = 65_536
"""Rows that wait at most, some 10 MB; a batch is no larger than about that either."""


class Intake:
    """Takes chunks from any number of threads; one thread gathers them."""

    def __init__(self, max_rows: int = MAX_ROWS) -> None:
        self._max_rows = max_rows
        self._chunks: deque[Chunk] = deque()
        self._rows = 0
        self._closed = False
        self._changed = threading.Condition()

    def put(self, chunk: Chunk) -> None:
        """Take a chunk; wait while too many rows are waiting.

        Raises:
            SinkClosedError: the service has ended.
        """
        with self._changed:
            # A chunk that is larger than the room is let in alone, or it would wait for ever.
            self._changed.wait_for(lambda: self._closed or self._has_room(chunk))
            if self._closed:
                raise SinkClosedError
            self._chunks.append(chunk)
            self._rows += chunk.table.num_rows
            self._changed.notify_all()

    def gather(self, wait_s: float, gather_s: float) -> list[Chunk]:
        """Return what has come in `gather_s` from the first chunk on; nothing after `wait_s`."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._chunks or self._closed, wait_s):
                return []
            until = time.monotonic() + gather_s
            while not self._closed and self._rows < self._max_rows:
                left_s = until - time.monotonic()
                if left_s <= 0 or not self._changed.wait(left_s):
                    break
            chunks = list(self._chunks)
            self._chunks.clear()
            self._rows = 0
            self._changed.notify_all()
        return chunks

    def wake(self) -> None:
        """End a `gather` that is waiting for a first chunk."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Take nothing more; what is in is still gathered."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def waiting_rows(self) -> int:
        """Rows that were not gathered yet."""
        return self._rows

    def _has_room(self, chunk: Chunk) -> bool:
        return not self._chunks or self._rows + chunk.table.num_rows <= self._max_rows


@dataclass(slots=True)
class FeedClock:
    """How far one feed has come."""

    clock: Clock
    newest_us: int | None = None
    """Time of its newest row."""
    heard_s: float | None = None
    """When it brought rows last, by the monotonic clock."""
    received_us: int | None = None
    rows: int = 0


@dataclass(slots=True)
class Clocks:
    """The time that the feeds have come to, together.

    Rows up to the slowest feed's newest are in order. A feed that brings nothing for
    `silent_after_s`, or whose rows are older than the newest of all by more than `max_lag_min`,
    does not hold the others back: its rows are late data when they come.
    """

    silent_after_s: float
    max_lag_min: float
    feeds: dict[str, FeedClock] = field(default_factory=dict)

    def note(self, chunk: Chunk, monotonic_s: float) -> None:
        """Take in what a chunk tells of its feed's time."""
        feed = self.feeds[chunk.feed]
        if chunk.table.num_rows == 0:
            return
        newest = pc.max(chunk.table["time"].cast(pa.int64())).as_py()
        feed.newest_us = newest if feed.newest_us is None else max(feed.newest_us, newest)
        feed.heard_s = monotonic_s
        feed.received_us = chunk.received_us
        feed.rows += chunk.table.num_rows

    @property
    def newest_us(self) -> int | None:
        """Return the time of the newest row of all feeds."""
        return max(
            (feed.newest_us for feed in self.feeds.values() if feed.newest_us is not None),
            default=None,
        )

    def upto_us(self, monotonic_s: float) -> int | None:
        """Return the time up to which rows are in order; None before the first row."""
        newest = self.newest_us
        if newest is None:
            return None
        lag_us = int(self.max_lag_min * US_PER_MIN)
        holding = [
            feed.newest_us
            for feed in self.feeds.values()
            if feed.newest_us is not None
            and feed.heard_s is not None
            and monotonic_s - feed.heard_s < self.silent_after_s
            and newest - feed.newest_us <= lag_us
        ]
        return min(holding, default=newest)

    def now_us(self, monotonic_s: float, wall_us: int) -> int | None:
        """Return the time to judge open events at.

        That is how far the feeds have come. Where a feed is stamped on arrival, the machine's clock
        is the clock of its events: then time goes on though nothing comes.
        """
        upto = self.upto_us(monotonic_s)
        if upto is None or not any(
            feed.clock == "arrival" and feed.newest_us is not None for feed in self.feeds.values()
        ):
            return upto
        return max(upto, wall_us - int(self.silent_after_s * US_PER_S))

    def quiet_s(self, monotonic_s: float) -> float | None:
        """Return for how long no feed has brought a row; None before the first one."""
        heard = [feed.heard_s for feed in self.feeds.values() if feed.heard_s is not None]
        return monotonic_s - max(heard) if heard else None
