"""The two readers of raw NMEA: rows of positions and identities, or every message in full."""

from collections.abc import Collection, Generator, Iterator
from contextlib import ExitStack, closing
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa

from feeds.nmea.columns import Columns, new_columns, to_table
from feeds.nmea.full import decode_full
from feeds.nmea.layout import (
    BAD_MMSI,
    BAD_TIME,
    COUNTERS,
    EARLIEST_US,
    FIX,
    LATEST_US,
    MESSAGE,
    NO_TIME,
    OTHER,
    SHORT,
    TYPES,
    UNSUPPORTED,
    UNTIMED,
    Array,
    Records,
)
from feeds.nmea.payload import MOST_CHARS, Words, decode_payloads
from feeds.nmea.scan import LINES_AT_ONCE, STEPS_AHEAD, Messages, Scanner
from feeds.nmea.stations import StationNames
from feeds.prefetch import AheadStream, threaded
from feeds.report import ReadReport
from vessels.errors import InputError, NoTimeError
from vessels.schema import FIXES

BATCH_ROWS = 131_072
TABLE_ROWS = 65_536
"""Rows from which on a table is made, if the log is that long."""
_VERDICTS = {
    SHORT: "bad_sentence",
    UNSUPPORTED: "unsupported_type",
    OTHER: "no_position_or_identity",
    UNTIMED: "no_time",
    BAD_TIME: "bad_time",
    BAD_MMSI: "bad_mmsi",
}
_NO_SENTENCE = "holds no AIS sentence (!..VDM or !..VDO) with a right checksum"


def read_nmea(
    stream: BinaryIO,
    *,
    path: str,
    report: ReadReport,
    start_time_us: int | None = None,
    batch_rows: int = BATCH_ROWS,
    workers: int = 1,
) -> Iterator[pa.Table]:
    """Yield the positions and identities of a raw NMEA log as tables of `vessels.schema.FIXES`.

    Args:
        stream: the log's bytes, decompressed; `read(n)` may return any number of bytes.
        path: the log's name, for messages.
        report: counts every row: each non-empty line, each multi-part message once.
        start_time_us: receive time of the first line of a log without times, microseconds UTC.
            Messages without time then get a clock that starts there and moves to the next UTC
            second that a message names, unless that is 30 s ahead or more.
        batch_rows: longest table.
        workers: with 1 all is done in the calling thread. With more, reading, scanning and
            decoding are threads, which run side by side because the kernels need no Python.

    Rows are in the order in which their messages became whole.

    Raises:
        InputError: no line is an AIS sentence with a right checksum.
        NoTimeError: no line carries a time and no `start_time_us` is given.
    """
    if batch_rows < 1:
        raise ValueError(f"batch_rows must be at least 1, not {batch_rows}")
    ahead = STEPS_AHEAD if workers > 1 else 1
    counts = ReadReport()
    with ExitStack() as stack:
        if workers > 1:
            stream = cast("BinaryIO", stack.enter_context(AheadStream(stream)))
        scanner = Scanner(stream, counts, steps_ahead=ahead)
        steps = threaded(_counted(scanner, counts), workers)
        decoded = stack.enter_context(closing(threaded(_decoded(steps, start_time_us), workers)))
        for table, seen in decoded:
            report.add(seen)
            for offset in range(0, table.num_rows, batch_rows):
                yield table.slice(offset, batch_rows)
    if not scanner.sentences:
        raise InputError(_NO_SENTENCE, path=path)
    if not scanner.timed and start_time_us is None:
        raise NoTimeError(
            "no line of the log carries a time; give it one with --start-time", path=path
        )


def _counted(scanner: Scanner, counts: ReadReport) -> Iterator[tuple[Messages, ReadReport]]:
    """Yield each step with what was counted in it."""
    for messages in scanner:
        yield messages, counts.take()
    yield Messages(np.empty(0, np.uint8), np.empty(0, MESSAGE)), counts.take()


def _decoded(
    steps: Generator[tuple[Messages, ReadReport]], start_time_us: int | None
) -> Iterator[tuple[pa.Table, ReadReport]]:
    """Yield tables of TABLE_ROWS rows or some more, with what was counted on the way to each."""
    counts = ReadReport()
    decoder = Decoder(counts, start_time_us)
    with closing(steps):
        for messages, seen in steps:
            counts.add(seen)
            decoder.add(messages)
            if decoder.is_full:
                yield decoder.take(), counts.take()
    yield decoder.take(), counts.take()


class Decoder:
    """Turns messages into tables and counts what is left out.

    `add` takes the messages of a step, at most LINES_AT_ONCE; when it `is_full`, `take` the table.
    """

    def __init__(self, report: ReadReport, start_time_us: int | None) -> None:
        self._report = report
        self._clock: Array = np.array([NO_TIME if start_time_us is None else start_time_us])
        self._scratch: Records = np.zeros(1, FIX)
        self._words: Words = np.zeros(MOST_CHARS // 32 * 3 + 1, np.uint64)
        self._stations = StationNames()
        self._columns: Columns | None = None
        self._rows = 0

    @property
    def is_full(self) -> bool:
        """Tell whether the table has to be taken before more is added."""
        return self._rows >= TABLE_ROWS or self._stations.full

    def add(self, messages: Messages, room: int = TABLE_ROWS + LINES_AT_ONCE) -> None:
        """Decode some messages. `room` is for how many rows a new table is made."""
        if self._columns is None:
            self._columns = new_columns(room)
        before = self._rows
        counters = np.zeros(COUNTERS, np.int64)
        self._rows = decode_payloads(
            messages.buffer,
            messages.records,
            self._clock,
            self._scratch,
            self._words,
            self._columns,
            self._stations.table,
            before,
            counters,
        )
        self._stations.learn(messages.buffer)
        self._report.accept(self._rows - before)
        for verdict, reason in _VERDICTS.items():
            self._report.reject(reason, int(counters[verdict]))
        for kind in np.flatnonzero(counters[TYPES:]):
            self._report.message_types[int(kind)] += int(counters[TYPES + kind])

    def take(self) -> pa.Table:
        """Return the rows since the last table."""
        if self._columns is None:
            return FIXES.empty_table()
        table = to_table(self._columns, self._rows, self._stations)
        self._columns, self._rows = None, 0
        if self._stations.full:
            self._stations = StationNames()
        return table

    def decode(self, messages: Messages) -> pa.Table:
        """Return the rows of some messages."""
        self.add(messages, len(messages.records))
        return self.take()


def decode_messages(
    stream: BinaryIO,
    *,
    path: str,
    report: ReadReport | None = None,
    types: Collection[int] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield every message of a raw NMEA log, of every type that pyais decodes, in full.

    `types` are the types that are asked for; messages of others are counted in `message_types` and
    as `unsupported_type`, and not decoded. `read_nmea` counts those without position or identity in
    the same way: this is how to have them.

    Each is a dictionary of pyais' field names and values, as `feeds.nmea.full` describes them,
    with `time_us` (microseconds UTC, None where missing or implausible) and `station` (None where
    missing). Checksums, parts and times are handled as in `read_nmea`; an untimed log is read.

    Raises:
        InputError: no line is an AIS sentence with a right checksum.
    """
    counts = ReadReport() if report is None else report
    scanner = Scanner(stream, counts)
    for buffer, records in scanner:
        for record in records:
            at, station_at = int(record["payload"]), int(record["station_at"])
            payload = buffer[at : at + int(record["length"])].tobytes()
            fields = decode_full(payload, int(record["fill"]), counts, types)
            if fields is None:
                continue
            time_us = int(record["time_us"])
            name = buffer[station_at : station_at + int(record["station_length"])].tobytes()
            fields["time_us"] = time_us if EARLIEST_US <= time_us < LATEST_US else None
            fields["station"] = name.decode("utf-8", "replace") or None
            yield fields
    if not scanner.sentences:
        raise InputError(_NO_SENTENCE, path=path)
