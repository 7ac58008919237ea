"""The two readers of raw NMEA: rows of positions and identities, or every message in full."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from feeds.nmea.full import decode_full
from feeds.nmea.layout import (
    BAD_MMSI,
    BAD_TIME,
    COUNTERS,
    EARLIEST_US,
    FIX,
    LATEST_US,
    NO_TIME,
    OTHER,
    SHORT,
    TEXT_CHARS,
    TYPES,
    UNSUPPORTED,
    UNTIMED,
    Array,
    Bytes,
)
from feeds.nmea.payload import decode_payloads
from feeds.nmea.scan import LINES_AT_ONCE, Messages, Scanner
from feeds.nmea.tables import to_table
from feeds.report import ReadReport
from vessels.errors import InputError, NoTimeError

BATCH_ROWS = 131_072
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

    Rows are in the order in which their messages became whole.

    Raises:
        InputError: no line is an AIS sentence with a right checksum.
        NoTimeError: no line carries a time and no `start_time_us` is given.
    """
    if batch_rows < 1:
        raise ValueError(f"batch_rows must be at least 1, not {batch_rows}")
    scanner = Scanner(stream, report)
    decoder = Decoder(report, start_time_us)
    for messages in scanner:
        table = decoder.decode(messages)
        for offset in range(0, table.num_rows, batch_rows):
            yield table.slice(offset, batch_rows)
    if not scanner.sentences:
        raise InputError(_NO_SENTENCE, path=path)
    if not scanner.timed and start_time_us is None:
        raise NoTimeError(
            "no line of the log carries a time; give it one with --start-time", path=path
        )


class Decoder:
    """Turns messages into tables and counts what is left out."""

    def __init__(self, report: ReadReport, start_time_us: int | None) -> None:
        self._report = report
        self._clock: Array = np.array([NO_TIME if start_time_us is None else start_time_us])
        self._texts: Bytes = np.zeros((3, LINES_AT_ONCE * TEXT_CHARS), np.uint8)
        self._ends: Array = np.zeros((3, LINES_AT_ONCE + 1), np.int32)

    def decode(self, messages: Messages) -> pa.Table:
        """Return the rows of some messages."""
        count = len(messages.records)
        fixes = np.zeros(count, FIX)
        counters = np.zeros(COUNTERS, np.int64)
        rows = decode_payloads(
            messages.buffer,
            messages.records,
            self._clock,
            fixes,
            self._texts,
            self._ends,
            counters,
        )
        self._report.accept(rows)
        for verdict, reason in _VERDICTS.items():
            self._report.reject(reason, int(counters[verdict]))
        for kind in np.flatnonzero(counters[TYPES:]):
            self._report.message_types[int(kind)] += int(counters[TYPES + kind])
        return to_table(messages.buffer, fixes[:rows], self._texts, self._ends)


def decode_messages(
    stream: BinaryIO, *, path: str, report: ReadReport | None = None
) -> Iterator[dict[str, Any]]:
    """Yield every message of a raw NMEA log, of every type that pyais decodes, in full.

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
            fields = decode_full(payload, int(record["fill"]), counts)
            if fields is None:
                continue
            time_us = int(record["time_us"])
            name = buffer[station_at : station_at + int(record["station_length"])].tobytes()
            fields["time_us"] = time_us if EARLIEST_US <= time_us < LATEST_US else None
            fields["station"] = name.decode("utf-8", "replace") or None
            yield fields
    if not scanner.sentences:
        raise InputError(_NO_SENTENCE, path=path)
