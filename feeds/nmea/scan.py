"""A stream of bytes to AIS messages: blocks of whole lines, scanned and joined, in bounded memory.

Results do not depend on how the stream cuts its bytes: blocks are filled before they are scanned,
and the last lines of a block are scanned again with the next, so that every line sees the same
neighbours.
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

from feeds.nmea.layout import (
    BAD_CHECKSUM,
    BAD_SENTENCE,
    LINE,
    MAX_LINE_BYTES,
    MESSAGE,
    NO_TIME,
    NOISE,
    SENTENCE,
    SLOT_BUCKETS,
    SLOT_BYTES,
    SLOT_WAYS,
    WRAPPER,
    WRAPPER_REACH_LINES,
    Bytes,
    Records,
)
from feeds.nmea.parts import empty_pending, give_up, join_parts
from feeds.nmea.sentences import apply_wrappers, mark_bytes, new_index, scan_lines
from feeds.report import ReadReport

BLOCK_BYTES = 8 * 1024 * 1024
LINES_AT_ONCE = 131_072
_LINE_ENDS = (b"\n", b"\r")


class Messages(NamedTuple):
    """Messages of one step, whole and in order. Their offsets point into `buffer`.

    Both are overwritten by the next step.
    """

    buffer: Bytes
    records: Records  # (n,) of MESSAGE


class Blocks:
    """Fills a byte buffer with whole lines of a stream."""

    def __init__(self, stream: BinaryIO, block_bytes: int) -> None:
        self.size = block_bytes
        joined = block_bytes + SLOT_BUCKETS * SLOT_WAYS * SLOT_BYTES
        self.data: Bytes = np.zeros(block_bytes + 1 + joined, np.uint8)
        self.filled = 0
        self.low = 0
        self.ended = False
        self._stream = stream
        self._skipping = False

    @property
    def full(self) -> bool:
        """Tell whether nothing more can be read unless lines are used up first."""
        return self.low == 0 and self.filled >= self.size

    def fill(self) -> int:
        """Drop the bytes before `low`, read on; return the offset after the last whole line."""
        kept = self.filled - self.low
        self.data[:kept] = self.data[self.low : self.filled]
        self.filled, self.low = kept, 0
        while self.filled < self.size and not self.ended:
            self._take(self._stream.read(self.size - self.filled))
        if self.ended and self.filled and self.data[self.filled - 1] not in (10, 13):
            self.data[self.filled] = 10
            self.filled += 1
        high = self._last_line_end()
        if self.filled - high > MAX_LINE_BYTES + 1:  # the line is noise: keep what shows that
            self.filled = high + MAX_LINE_BYTES + 1
            self._skipping = True
        return high

    def _take(self, chunk: bytes) -> None:
        self.ended = not chunk
        if self._skipping and chunk:
            ends = [at for at in (chunk.find(end) for end in _LINE_ENDS) if at >= 0]
            if not ends:
                return
            chunk = chunk[min(ends) :]
            self._skipping = False
        self.data[self.filled : self.filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
        self.filled += len(chunk)

    def _last_line_end(self) -> int:
        view = self.data[: self.filled].data
        tail = max(self.filled - MAX_LINE_BYTES - 2, 0)
        text = bytes(view[tail:])
        at = max(text.rfind(end) for end in _LINE_ENDS)
        if at >= 0:
            return tail + at + 1
        ends = np.flatnonzero((self.data[:tail] == 10) | (self.data[:tail] == 13))
        return int(ends[-1]) + 1 if len(ends) else 0


class Scanner:
    """Yields the messages of a stream and counts in `report` every row that is none.

    `sentences` counts sound sentences; `timed` tells whether any sentence or wrapper had a time.
    """

    def __init__(
        self, stream: BinaryIO, report: ReadReport, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self.sentences = 0
        self.timed = False
        self._blocks = Blocks(stream, block_bytes)
        self._report = report
        self._index = new_index(block_bytes + 1)
        self._lines: Records = np.zeros(LINES_AT_ONCE, LINE)
        self._messages: Records = np.zeros(LINES_AT_ONCE, MESSAGE)
        self._pending = empty_pending()
        self._base = 0  # number in the log of the first scanned line
        self._done = 0  # scanned lines that were used before

    def __iter__(self) -> Iterator[Messages]:
        blocks = self._blocks
        ended = False
        while not ended:
            high = blocks.fill()
            ended = blocks.ended
            marked = mark_bytes(blocks.data, blocks.low, high, self._index[0], self._index[1])
            last = False
            while not last:
                count, end, wrapped = scan_lines(
                    blocks.data, blocks.low, high, self._index, marked, self._lines
                )
                last = end >= high
                if wrapped:
                    apply_wrappers(self._lines, count)
                # A full block of few lines (the rest is blank) has no room for more neighbours.
                stuck = last and blocks.full and count - WRAPPER_REACH_LINES <= self._done
                yield self._use(count, end, final=stuck or (last and ended))
        self._report.reject("incomplete_multipart", give_up(self._pending))

    def _use(self, count: int, end: int, *, final: bool) -> Messages:
        """Join the lines whose neighbours are all known; leave the rest for the next step."""
        blocks = self._blocks
        upto = count if final else max(self._done, count - WRAPPER_REACH_LINES)
        self._count(self._lines[self._done : upto])
        number, lost = join_parts(
            blocks.data,
            blocks.filled,
            self._lines,
            self._done,
            upto,
            self._base,
            self._pending,
            self._messages,
        )
        self._report.reject("incomplete_multipart", lost)
        first = count if final else max(upto - WRAPPER_REACH_LINES, 0)
        blocks.low = int(self._lines["start"][first]) if first < count else end
        self._base += first
        self._done = max(upto - first, 0)
        return Messages(blocks.data, self._messages[:number])

    def _count(self, lines: Records) -> None:
        kinds = np.bincount(lines["kind"], minlength=BAD_SENTENCE + 1)
        self.sentences += int(kinds[SENTENCE])
        self.timed = self.timed or bool(np.any(lines["time_us"] != NO_TIME))
        self._report.reject("noise", int(kinds[NOISE] + kinds[WRAPPER]))
        self._report.reject("bad_checksum", int(kinds[BAD_CHECKSUM]))
        self._report.reject("bad_sentence", int(kinds[BAD_SENTENCE]))
