"""Gathers what comes for a moment, decodes it at once, hands it to the sink and counts it.

A chunk goes out when 200 ms have passed since its first byte, or when 256 KiB are gathered. Lines
that wait for what may follow them go out after 2 s of quiet. `put` may block for as long as the
sink likes: the caller does not read meanwhile, which is the back-pressure.
"""

import time
from typing import TYPE_CHECKING

import pyarrow as pa

from feeds.live.decode import MAX_GATHERED_BYTES, StreamDecoder
from feeds.live.meter import Meter, now_us
from feeds.live.source import Chunk, FeedSpec, Sink
from vessels.schema import FIXES

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK_S = 0.2
HOLD_S = 2.0


class Session:
    """The way of one connection's bytes into the sink; used from one thread.

    Args:
        spec: the feed.
        sink: takes the chunks.
        meter: counts.
    """

    def __init__(self, spec: FeedSpec, sink: Sink, meter: Meter) -> None:
        self.decoder = StreamDecoder(spec.name, spec.clock)
        self._name = spec.name
        self._sink = sink
        self._meter = meter
        self._first_s: float | None = None  # monotonic: when the oldest undecoded byte came
        self._last_s = time.monotonic()
        self._received_us = now_us()
        self._bytes = self._lines = 0
        self.positions = 0
        """Positions handed over so far."""
        self.cursor_of: Callable[[], bytes] | None = None
        """Returns the cursor of all that was decoded, where the source remembers."""
        self._cursor: bytes | None = None

    @property
    def waiting(self) -> bool:
        """Tell whether bytes wait to be decoded."""
        return self._first_s is not None

    def take(self, data: bytes, *, framed: bool) -> bool:
        """Take bytes; tell whether so much is gathered that `hand_over` should follow at once."""
        self._received_us = now_us()
        self._last_s = time.monotonic()
        if self._first_s is None:
            self._first_s = self._last_s
        if framed:
            self.decoder.push_message(data, self._received_us)
        else:
            self.decoder.push(data, self._received_us)
        return self.decoder.gathered >= MAX_GATHERED_BYTES

    def wait_s(self, longest_s: float) -> float:
        """Return how long the caller may wait for more before `tick` has something to do."""
        if self._first_s is not None:
            return max(0.0, min(longest_s, self._first_s + CHUNK_S - time.monotonic()))
        return longest_s

    def tick(self) -> None:
        """Hand over what is due."""
        now_s = time.monotonic()
        if self._first_s is not None and now_s - self._first_s >= CHUNK_S:
            self.hand_over()
        elif self.decoder.holds_lines and now_s - self._last_s >= HOLD_S:
            self.hand_over(flush=True)

    def hand_over(self, *, flush: bool = False) -> None:
        """Decode everything and put it.

        Raises:
            SinkClosedError: the sink takes nothing any more.
        """
        self._first_s = None
        self._put(self.decoder.decode(flush=flush))

    def cut(self) -> None:
        """The connection broke: hand over all of its lines. Halves of messages may still come."""
        self.decoder.break_line(self._received_us)
        self.hand_over(flush=True)

    def end(self) -> None:
        """Hand over the last rows; nothing follows, unless a cursor remembers what waits."""
        if self.cursor_of is not None:
            self.hand_over(flush=True)
            return
        self._first_s = None
        self._put(self.decoder.end(self._received_us))

    def _put(self, tables: list[pa.Table]) -> None:
        table = pa.concat_tables(tables) if tables else FIXES.empty_table()
        decoder = self.decoder
        fresh_bytes, fresh_lines = decoder.bytes - self._bytes, decoder.lines - self._lines
        self._bytes, self._lines = decoder.bytes, decoder.lines
        cursor = None if self.cursor_of is None else self.cursor_of()
        if table.num_rows or cursor != self._cursor:
            self._sink.put(Chunk(self._name, table, self._received_us, cursor))
            self._cursor = cursor
        self.positions += self._meter.count(
            decoder.take_report(),
            size=fresh_bytes,
            lines=fresh_lines,
            table=table,
            received_us=self._received_us,
        )
