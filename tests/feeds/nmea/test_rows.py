"""Every row is decoded or counted under one reason, whatever the bytes and however they come."""

import io
import re
from collections.abc import Callable
from itertools import chain, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.nmea import decode_messages, read_nmea
from feeds.nmea.layout import MAX_LINE_BYTES
from feeds.nmea.scan import Scanner
from feeds.report import ReadReport
from tests.feeds.nmea.sentences import POSITION_B, read, sentence, static, tagged

FIRST, SECOND = static()
GOOD = tagged(sentence())
PARTS = re.compile(rb"!..VD[MO],[2-9],", re.IGNORECASE)


class Trickle(io.RawIOBase):
    """A stream whose `read` returns as many bytes as a function says, never more than asked."""

    def __init__(self, data: bytes, sizes: Callable[[], int]) -> None:
        self._rest = io.BytesIO(data)
        self._sizes = sizes

    def read(self, size: int = -1) -> bytes:
        """Return at least one byte while there is one."""
        return self._rest.read(max(1, min(size, self._sizes())))


class Pattern(io.RawIOBase):
    """A stream of a head, many times a piece, and a tail, which holds none of it in memory."""

    def __init__(self, head: bytes, piece: bytes, times: int, tail: bytes) -> None:
        self._parts = chain([head], repeat(piece, times), [tail])
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Return what is left of a part."""
        self._rest = self._rest or next(self._parts, b"")
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def countable(data: bytes) -> int:
    """Return how many lines hold more than white space."""
    return sum(1 for line in re.split(rb"[\r\n]", data) if line.strip(b" \t"))


raw_lines = st.binary(max_size=90)
mutated = st.builds(
    lambda line, at, byte: line[: at % len(line)] + byte + line[at % len(line) + 1 :],
    st.sampled_from([GOOD, FIRST, SECOND, tagged(sentence(POSITION_B)) + b",1600000000"]),
    st.integers(0, 200),
    st.binary(max_size=2),
)
cut = st.builds(lambda line, end: line[:end], st.sampled_from([GOOD, FIRST]), st.integers(0, 80))
log_lines = st.lists(st.one_of(raw_lines, mutated, cut, st.just(GOOD), st.just(b"")), max_size=30)


@settings(max_examples=150, deadline=None)
@given(lines=log_lines)
def test_rows_read_are_the_countable_lines(lines: list[bytes]) -> None:
    data = b"\n".join([GOOD, *lines])
    _, report = read(data)
    sentences_of_parts = [line for line in re.split(rb"[\r\n]", data) if PARTS.search(line)]
    assert report.rows_read <= countable(data)
    assert report.rows_read >= countable(data) - len(sentences_of_parts)
    if not sentences_of_parts:
        assert report.rows_read == countable(data)


@settings(max_examples=60, deadline=None)
@given(lines=log_lines)
def test_the_full_decoder_counts_the_same_rows(lines: list[bytes]) -> None:
    data = b"\n".join([GOOD, *lines])
    _, report = read(data)
    full = ReadReport()
    messages = list(decode_messages(io.BytesIO(data), path="log", report=full))
    assert full.rows_read == report.rows_read
    assert full.rows_decoded == len(messages)
    assert full.message_types == report.message_types


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(st.sampled_from([GOOD, FIRST, SECOND, b"# x", b"", b"\r"]), max_size=40),
    data=st.data(),
)
def test_rows_do_not_depend_on_how_the_stream_cuts_its_bytes(
    lines: list[bytes], data: st.DataObject
) -> None:
    log = b"\r\n".join([GOOD, *lines])
    whole, report = read(log)
    for _ in range(3):
        stream = Trickle(log, lambda: data.draw(st.integers(1, 70)))
        table, other = read(b"", stream=stream)
        assert table.equals(whole)
        assert other == report


def scan(data: bytes, block_bytes: int) -> tuple[list[tuple[bytes, int]], ReadReport]:
    """Return payload and time of every message, and the report, with blocks of a given size."""
    report = ReadReport()
    found = [
        (buffer[at["payload"] :][: at["length"]].tobytes(), int(at["time_us"]))
        for buffer, records in Scanner(io.BytesIO(data), report, block_bytes)
        for at in records
    ]
    return found, report


@pytest.mark.parametrize("extra", range(0, 200, 37))
def test_rows_do_not_depend_on_where_blocks_end(extra: int) -> None:
    from tests.feeds.nmea.test_wrappers import A, B, wrapper

    cycle = [GOOD, wrapper(A), FIRST, b"noise", B, wrapper(B), SECOND, A, b"x" * 40_000, b""]
    log = b"\r\n".join(cycle * 60)
    whole = scan(log, 8 * 1024 * 1024)
    assert whole[1].rejected["noise"] == 60 * 4
    assert scan(log, 64 * MAX_LINE_BYTES * 2 + extra) == whole


def test_a_line_of_2_gigabytes_is_noise_and_never_held() -> None:
    piece = b"\x00!AIVDM,1,1,,A," * 100_000
    stream = Pattern(GOOD + b"\n", piece, 2_000_000_000 // len(piece), b"\n" + GOOD)
    table, report = read(b"", stream=stream)
    assert table.num_rows == 2
    assert report.rejected == {"noise": 1}


@pytest.mark.parametrize("length", [MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 3 * 8 * 1024 * 1024])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_long_line_is_one_row_wherever_it_ends(length: int, end: bytes) -> None:
    long_line = b" " * (length - len(GOOD)) + GOOD
    table, report = read(GOOD + b"\n" + long_line + end)
    assert report.rows_read == 2
    assert table.num_rows == (2 if length <= MAX_LINE_BYTES else 1)


@pytest.mark.parametrize("count", [1, 32, 33, 64, 65])
def test_a_few_lines_among_many_blank_ones_are_read(count: int) -> None:
    table, report = read(((GOOD + b"\n") * count + b"\n" * 9_000_000) * 2)
    assert table.num_rows == report.rows_read == 2 * count


def test_tables_hold_at_most_the_rows_asked_for_in_file_order() -> None:
    log = b"\n".join(tagged(sentence(), b"c:%d" % (1_600_000_000 + i)) for i in range(10))
    whole, _ = read(log)
    stream, report = io.BytesIO(log), ReadReport()
    tables = list(read_nmea(stream, path="log", report=report, batch_rows=4))
    assert [table.num_rows for table in tables] == [4, 4, 2]
    assert [time for table in tables for time in table["time"].to_pylist()] == whole[
        "time"
    ].to_pylist()
    assert whole["time"].to_pylist() == sorted(whole["time"].to_pylist())
    with pytest.raises(ValueError, match="batch_rows"):
        list(read_nmea(io.BytesIO(log), path="log", report=report, batch_rows=0))
