"""Bytes of one connection to tables: lines are put together, sentences and JSON told apart."""

import json
from typing import Any

import pyarrow as pa

from feeds.live.records import RecordStream, messages_of, parse_json
from feeds.live.sentences import Line, SentenceStream
from feeds.live.source import Clock
from feeds.report import ReadReport

MAX_LINE_BYTES = 1 << 20
"""Longest line kept, as for files. The rest of a longer one is dropped as it comes."""
MAX_GATHERED_BYTES = 1 << 18
"""So much may wait to be decoded; the caller decodes when there is more."""
_BRACES = (b"{", b"[")


class LineCutter:
    """Puts pieces of a stream together to whole lines, in bounded memory whatever comes."""

    def __init__(self) -> None:
        self._part = b""
        self._skipping = False

    def push(self, data: bytes) -> tuple[bytes, int]:
        """Return (whole lines with their ends, lines that became too long) with one more piece."""
        if self._skipping:
            ends = [at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0]
            if not ends:
                return b"", 0
            data = data[min(ends) + 1 :]
            self._skipping = False
        cut = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        lines = self._part + data[:cut] if cut else b""
        self._part = data[cut:] if cut else self._part + data
        if len(self._part) <= MAX_LINE_BYTES:
            return lines, 0
        self._part = b""
        self._skipping = True
        return lines, 1

    def end(self) -> bytes:
        """Return the last line, which had no end, with one; forget everything."""
        part, self._part, self._skipping = self._part, b"", False
        return part + b"\n" if part else b""

    def restore(self, part: bytes) -> None:
        """Go on with the beginning of a line."""
        self._part = part[:MAX_LINE_BYTES]

    @property
    def part(self) -> bytes:
        """Return the beginning of a line whose end has not come."""
        return self._part


class StreamDecoder:
    """Turns what one connection brings into tables of FIXES. Used from one thread at a time.

    Args:
        name: the feed's name, for messages.
        clock: as in `FeedSpec`.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self.report = ReadReport()
        """Counts every row; `take_report` empties it."""
        self.bytes = 0
        self.lines = 0
        self.gathered = 0
        """Bytes that wait to be decoded."""
        self._cutter = LineCutter()
        self._sentences = SentenceStream(clock, self.report)
        self._records = RecordStream(name, clock, self.report)
        self._waiting: list[Line] = []
        self._found: list[tuple[Any, int]] = []

    @property
    def holds_lines(self) -> bool:
        """Tell whether lines wait for what follows them, so that `flush` would yield more."""
        return self._sentences.holds_lines

    def push(self, data: bytes, received_us: int) -> None:
        """Take the next piece of a stream, cut anywhere."""
        self.bytes += len(data)
        lines, giants = self._cutter.push(data)
        self.report.reject("noise", giants)
        self.lines += giants
        if lines:
            self._sort(lines, received_us)

    def push_message(self, data: bytes, received_us: int) -> None:
        """Take a whole message: a datagram, a frame, a body. JSON may span lines in it."""
        self.bytes += len(data)
        text = data.strip()
        if text.startswith(_BRACES):
            value = parse_json(text)
            if value is not None:
                self.gathered += len(text)
                self._take_json(value, received_us)
                return
        if text:
            self._sort(text + b"\n", received_us)

    def decode(self, *, flush: bool = False) -> list[pa.Table]:
        """Return the rows of everything taken so far; `flush` uses up lines that wait as well."""
        waiting, self._waiting = self._waiting, []
        found, self._found = self._found, []
        self.gathered = 0
        tables = self._sentences.decode(waiting, flush=flush)
        if found:
            tables += self._records.decode(found)
        return [table for table in tables if table.num_rows]

    def break_line(self, received_us: int) -> None:
        """The connection broke: what follows is a new line. Parts of messages still wait."""
        rest = self._cutter.end()
        if rest:
            self._sort(rest, received_us)

    def end(self, received_us: int) -> list[pa.Table]:
        """Return the last rows; nothing follows."""
        self.break_line(received_us)
        tables = self.decode(flush=True)
        self._sentences.end()
        return tables

    def take_report(self) -> ReadReport:
        """Return what was counted since the last call."""
        report = self.report
        taken = ReadReport(
            report.rows_read, report.rows_decoded, report.rejected.copy(), report.message_types
        )
        report.rows_read = report.rows_decoded = 0
        report.rejected.clear()
        return taken

    def snapshot(self) -> bytes:
        """Return what must be known to go on after what was decoded; call it after `decode`."""
        state = {"part": self._cutter.part.decode("latin-1"), **self._sentences.snapshot()}
        return json.dumps(state, separators=(",", ":")).encode("ascii")

    def restore(self, raw: bytes) -> None:
        """Go on from a snapshot.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """
        try:
            state = json.loads(raw)
            if not isinstance(state, dict) or not isinstance(state["part"], str):
                raise TypeError("no snapshot of a stream")
            part = state["part"].encode("latin-1")
            self._sentences.restore(state)
        except (OverflowError, RecursionError) as error:
            raise ValueError(str(error)) from error
        self._cutter.restore(part)

    def _sort(self, lines: bytes, received_us: int) -> None:
        """Keep sentences as they are, in one piece where no line can be JSON."""
        self.gathered += len(lines)
        if b"{" not in lines:
            self.lines += lines.count(b"\n") or lines.count(b"\r")
            self._waiting.append((lines, received_us))
            return
        for line in lines.splitlines(keepends=True):
            self.lines += 1
            if line.lstrip().startswith(_BRACES):
                value = parse_json(line.strip())
                if value is not None:
                    self.lines -= 1  # counted by message
                    self._take_json(value, received_us)
                    continue
            self._waiting.append((line, received_us))

    def _take_json(self, value: Any, received_us: int) -> None:
        for message in messages_of(value):
            self.lines += 1
            sentences = self._records.sentences(message)
            if sentences:
                text = b"".join(line + b"\n" for line in sentences)
                self._waiting.append((text, received_us))
            else:
                self._found.append((message, received_us))
