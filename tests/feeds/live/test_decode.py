"""A stream in pieces gives the rows of its recording; hostile streams are bounded and counted."""

import gzip
import json
import random
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.live.decode import MAX_LINE_BYTES, StreamDecoder
from tests.feeds.live.common import START_S, line, position, recorded, same_rows, traffic
from tests.feeds.nmea.sentences import sentence, static, tagged
from vessels.schema import FIXES


def joined(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables([FIXES.empty_table(), *tables])


def streamed(data: bytes, cuts: list[int], *, decode_every: int = 3) -> tuple[pa.Table, dict]:
    """Return rows and reasons of a stream cut at the given offsets."""
    decoder = StreamDecoder("north", "message")
    tables: list[pa.Table] = []
    edges = [0, *sorted(cuts), len(data)]
    for number, (low, high) in enumerate(pairwise(edges)):
        decoder.push(data[low:high], 0)
        if number % decode_every == 0:
            tables += decoder.decode()
    tables += decoder.end(0)
    report = decoder.report
    assert report.rows_read == report.rows_decoded + sum(report.rejected.values())
    return joined(tables), dict(report.rejected)


def wrapped(number: int) -> bytes:
    """Return a wrapper and its sentence."""
    plain = position(number)
    body = b"PGHP,1,2023,11,14,22,%02d,%02d,500,219,,2190047,1,%b" % (
        number // 60 % 60,
        number % 60,
        plain[-2:],
    )
    check = 0
    for byte in body:
        check ^= byte
    return b"$%b*%02X\r\n" % (body, check) + plain + b"\r\n"


PIECES = st.lists(
    st.one_of(
        st.integers(0, 5_000).map(line),
        st.integers(0, 5_000).map(wrapped),
        st.integers(0, 9).map(lambda n: b"".join(tagged(s) + b"\n" for s in static(b"%d" % n))),
        st.integers(0, 9).map(lambda n: static(b"%d" % n)[1] + b"\r"),
        st.binary(max_size=40),
        st.sampled_from([b"\r\n", b"\n\n", b"{", b"[1,2\n", b"!AIVDM,1,1,,A,", b"\\c:17"]),
    ),
    max_size=80,
).map(b"".join)


@settings(max_examples=60, deadline=None)
@given(data=PIECES, cuts=st.lists(st.integers(0, 6_000), max_size=30))
def test_any_cutting_of_a_stream_gives_the_rows_and_counts_of_its_recording(
    data: bytes, cuts: list[int]
) -> None:
    data = line(0) + data
    table, reasons = streamed(data, [min(cut, len(data)) for cut in cuts])
    wanted, report = recorded(data)
    assert same_rows(table, wanted)
    assert reasons == {reason: count for reason, count in report.rejected.items() if count}


@pytest.mark.parametrize("between", [400, 600])
def test_parts_without_times_are_joined_within_500_lines_however_the_stream_is_cut(
    between: int,
) -> None:
    one, two = static()
    data = line(0) + one + b"\n" + b"noise\n" * between + tagged(two) + b"\n"
    table, reasons = streamed(data, list(range(0, len(data), 97)), decode_every=1)
    wanted, report = recorded(data)
    assert same_rows(table, wanted)
    assert reasons == dict(report.rejected)
    assert table.num_rows == (2 if between < 500 else 1)


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name",
    [
        "gfw_ais_listener_2022_tagblock.nmea",
        "kystverket_1000.nm4",
        "exactearth_83min.nmea.gz",
        "amsa_ais.nmea.gz",
    ],
)
def test_real_logs_stream_as_they_read(shared_data: Path, name: str) -> None:
    raw = (shared_data / "nmea" / name).read_bytes()
    data = (gzip.decompress(raw) if name.endswith(".gz") else raw)[:1_500_000]
    rng = random.Random(name)
    cuts = [rng.randrange(len(data)) for _ in range(200)]
    table, reasons = streamed(data, cuts)
    wanted, report = recorded(data)
    assert table.num_rows > 500
    assert same_rows(table, wanted)
    assert reasons == dict(report.rejected)


def test_a_line_without_end_is_bounded_and_counted_once() -> None:
    decoder = StreamDecoder("north", "message")
    tables: list[pa.Table] = []
    for _ in range(20 * 16):  # 20 MiB in pieces of 64 KiB
        decoder.push(b"A" * 65_536, 0)
        assert len(decoder.snapshot()) <= MAX_LINE_BYTES + 1_000
        assert decoder.gathered == 0
    decoder.push(b"\n" + line(1), 0)
    tables += decoder.end(0)
    assert joined(tables).num_rows == 1
    assert dict(decoder.report.rejected) == {"noise": 1}


def test_sentences_in_a_flood_of_short_lines_are_all_found() -> None:
    data = (b"x\n" * 400_000) + line(1) + (b"\r\n" * 200_000) + line(2)
    table, reasons = streamed(data, list(range(0, len(data), 65_536)))
    assert table.num_rows == 2
    assert reasons == {"noise": 400_000}


def test_arrival_clock_stamps_each_line_with_the_receipt_of_its_last_byte() -> None:
    decoder = StreamDecoder("north", "arrival")
    one, two, three = line(1), position(2) + b"\r\n", position(3) + b"\r\n"
    first_us, second_us = START_S * 1_000_000, START_S * 1_000_000 + 7
    decoder.push(one + two[:10], first_us)
    decoder.push(two[10:] + three, second_us)
    tables = decoder.decode()
    stamps = joined(tables)["time"].cast(pa.int64()).to_pylist()
    assert stamps == [first_us, second_us, second_us]
    assert not decoder.holds_lines


def test_a_line_that_came_whole_is_not_stamped_with_the_receipt_of_the_next() -> None:
    decoder = StreamDecoder("north", "arrival")
    for number in range(3):
        decoder.push(position(number) + b"\n", START_S * 1_000_000 + number)
    stamps = joined(decoder.decode())["time"].cast(pa.int64()).to_pylist()
    assert stamps == [START_S * 1_000_000 + number for number in range(3)]


def test_parts_that_arrive_more_than_30_s_apart_are_no_message_in_the_arrival_clock() -> None:
    one, two = static()
    decoder = StreamDecoder("north", "arrival")
    decoder.push(one + b"\n", START_S * 1_000_000)
    decoder.decode()
    decoder.push(two + b"\n", (START_S + 31) * 1_000_000)
    assert not joined(decoder.end(0)).num_rows
    assert dict(decoder.report.rejected) == {"incomplete_multipart": 2}


def test_a_sentence_waits_for_the_wrapper_behind_it_and_a_tagged_one_does_not() -> None:
    decoder = StreamDecoder("north", "message")
    wrapper, _, plain = wrapped(1).partition(b"\r\n")
    decoder.push(line(5), 0)
    assert joined(decoder.decode()).num_rows == 1
    decoder.push(plain, 0)  # no time of its own: its wrapper may follow
    assert not decoder.decode()
    assert decoder.holds_lines
    decoder.push(wrapper + b"\r\n", 0)
    rows = joined(decoder.decode(flush=True))
    assert rows["time"].cast(pa.int64()).to_pylist() == [START_S * 1_000_000 - 798_500_000]


def test_a_snapshot_goes_on_in_another_decoder_wherever_the_stream_is_cut() -> None:
    data = traffic(300) + wrapped(7) + traffic(50, 300)
    wanted, report = recorded(data)
    for cut in range(0, len(data), 1_111):
        first = StreamDecoder("north", "message")
        first.push(data[:cut], 0)
        tables = first.decode()
        second = StreamDecoder("north", "message")
        second.restore(json.loads(json.dumps(first.snapshot().decode())).encode())
        second.push(data[cut:], 0)
        tables += second.end(0)
        assert same_rows(joined(tables), wanted)
        both = first.report.rejected + second.report.rejected
        assert both == report.rejected


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"part":"","at":[99999],"rest":""}', b"\xff"])
def test_a_snapshot_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        StreamDecoder("north", "message").restore(raw)


def test_half_received_messages_of_two_streams_are_never_joined() -> None:
    one, two = static()
    left, right = StreamDecoder("a", "message"), StreamDecoder("b", "message")
    left.push(tagged(one) + b"\n", 0)
    right.push(tagged(two) + b"\n", 0)
    assert not joined(left.end(0) + right.end(0)).num_rows


def test_unsound_sentences_are_counted_by_reason() -> None:
    decoder = StreamDecoder("north", "message")
    bad = sentence()[:-2] + b"00\n"
    decoder.push(line(1) + bad + b"hello\n" + position(1) + b"\n", 0)
    assert joined(decoder.end(0)).num_rows == 1
    assert dict(decoder.report.rejected) == {"bad_checksum": 1, "noise": 1, "no_time": 1}
