"""A stream of bytes to AIS messages: blocks of whole lines, scanned and joined, in bounded memory.

Results do not depend on how the stream cuts its bytes: blocks are filled before they are scanned,
and the last lines of a block are scanned again with the next, so that every line sees the same
neighbours.
"""

import io
from collections.abc import Iterator
from itertools import cycle
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
    REACH_BYTES,
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
from feeds.prefetch import AheadStream
from feeds.report import ReadReport

BLOCK_BYTES = 2 * 1024 * 1024
LINES_AT_ONCE = 32_768
STEPS_AHEAD = 3
"""Steps that may be in work at once where threads hand them on: one scanned, one waiting, one
decoded."""
_LINE_ENDS = (b"\n", b"\r")


class Messages(NamedTuple):
    """Messages of one step, whole and in order. Their offsets point into `buffer`.

    Both are overwritten by the `steps_ahead`th step after it.
    """

    buffer: Bytes
    records: Records  # (n,) of MESSAGE


class Blocks:
    """Fills byte buffers, in turn, with whole lines of a stream.

    Behind a block's bytes is room for the messages joined from its parts: they are no longer than
    its lines and what waited before them.
    """

    def __init__(self, stream: BinaryIO, block_bytes: int, buffers: int = 1) -> None:
        self.size = block_bytes
        room = 2 * block_bytes + 1 + SLOT_BUCKETS * SLOT_WAYS * SLOT_BYTES + REACH_BYTES
        self._turns = cycle([np.empty(room, np.uint8) for _ in range(buffers)])
        self.data: Bytes = next(self._turns)
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
        rest = self.data[self.low : self.filled]
        self.data = next(self._turns)
        self.data[:kept] = rest
        self.filled, self.low = kept, 0
        while self.filled < self.size and not self.ended:
            self._read_on()
        if self.ended and self.filled and self.data[self.filled - 1] not in (10, 13):
            self.data[self.filled] = 10
            self.filled += 1
        high = self._last_line_end()
        if self.filled - high > MAX_LINE_BYTES + 1:  # the line is noise: keep what shows that
            self.filled = high + MAX_LINE_BYTES + 1
            self._skipping = True
        return high

    def _read_on(self) -> None:
        room = self.data[self.filled : self.size].data
        if not self._skipping and isinstance(self._stream, io.BufferedReader | AheadStream):
            count = self._stream.readinto(room)  # straight into its place
        else:
            chunk = self._stream.read(len(room))
            count = len(chunk)
            chunk = self._unskipped(chunk)
            room[: len(chunk)] = chunk
            self.filled += len(chunk) - count
        self.filled += count
        self.ended = not count

    def _unskipped(self, chunk: bytes) -> bytes:
        """Return what of a chunk does not belong to a line that is skipped."""
        if self._skipping:
            ends = [at for at in (chunk.find(end) for end in _LINE_ENDS) if at >= 0]
            chunk = chunk[min(ends) :] if ends else b""
            self._skipping = not ends
        return chunk

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
    Messages stay as they are while the next `steps_ahead - 1` steps are made.
    """

    def __init__(
        self,
        stream: BinaryIO,
        report: ReadReport,
        block_bytes: int = BLOCK_BYTES,
        steps_ahead: int = 1,
    ) -> None:
        self.sentences = 0
        self.timed = False
        self._blocks = Blocks(stream, block_bytes, steps_ahead)
        self._report = report
        self._index = new_index(block_bytes + 1)
        self._lines: Records = np.zeros(LINES_AT_ONCE, LINE)
        self._turns = cycle([np.zeros(LINES_AT_ONCE, MESSAGE) for _ in range(steps_ahead)])
        self._pending = empty_pending()
        self._base = 0  # number in the log of the first scanned line
        self._done = 0  # scanned lines that were used before

    def __iter__(self) -> Iterator[Messages]:
        blocks = self._blocks
        ended = False
        while not ended:
            high = blocks.fill()
            free = blocks.filled
            ended = blocks.ended
            marked = mark_bytes(blocks.data, blocks.low, high, self._index)
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
                messages, free = self._use(count, end, free, final=stuck or (last and ended))
                yield messages
        self._report.reject("incomplete_multipart", give_up(self._pending))

    def _use(self, count: int, end: int, free: int, *, final: bool) -> tuple[Messages, int]:
        """Join the lines whose neighbours are all known; leave the rest for the next step.

        Joined payloads go to `free` of the buffer; returns where the next ones go.
        """
        blocks = self._blocks
        upto = count if final else max(self._done, count - WRAPPER_REACH_LINES)
        self._count(self._lines[self._done : upto])
        messages = next(self._turns)
        number, lost, free = join_parts(
            blocks.data,
            free,
            self._lines,
            self._done,
            upto,
            self._base,
            self._pending,
            messages,
        )
        self._report.reject("incomplete_multipart", lost)
        first = count if final else max(upto - WRAPPER_REACH_LINES, 0)
        blocks.low = int(self._lines["start"][first]) if first < count else end
        self._base += first
        self._done = max(upto - first, 0)
        return Messages(blocks.data, messages[:number]), free

    def _count(self, lines: Records) -> None:
        kinds = np.bincount(lines["kind"], minlength=BAD_SENTENCE + 1)
        self.sentences += int(kinds[SENTENCE])
        self.timed = self.timed or bool(np.any(lines["time_us"] != NO_TIME))
        self._report.reject("noise", int(kinds[NOISE] + kinds[WRAPPER]))
        self._report.reject("bad_checksum", int(kinds[BAD_CHECKSUM]))
        self._report.reject("bad_sentence", int(kinds[BAD_SENTENCE]))
