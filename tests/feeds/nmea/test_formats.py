"""Each odd way in which logs write a sentence and its time is read, or counted under one reason."""

from datetime import UTC, datetime

import pytest

from tests.feeds.nmea.sentences import (
    EPOCH,
    POSITION,
    POSITION_B,
    read,
    rows,
    sentence,
    static,
    tagged,
    xor,
)

TIME = datetime.fromtimestamp(EPOCH, UTC)  # 2020-09-13 12:26:40
PLAIN = sentence()


def times(*lines: bytes) -> list[datetime]:
    return [row["time"] for row in rows(lines)]


@pytest.mark.parametrize(
    "tag", [b"AIVDM", b"AIVDO", b"ABVDM", b"BSVDM", b"ANVDM", b"=IVDM", b"aivdm"]
)
def test_any_talker_is_read(tag: bytes) -> None:
    assert rows([tagged(sentence(tag=tag))])[0]["mmsi"] == 371_798_000


@pytest.mark.parametrize(
    "stamp", [b"1600000000", b"1600000000000", b"1600000000000000", b"1600000000.0"]
)
def test_tag_block_times_are_seconds_milliseconds_or_microseconds(stamp: bytes) -> None:
    assert times(tagged(PLAIN, b"s:x,c:" + stamp)) == [TIME]


def test_fractions_of_a_second_are_kept() -> None:
    for stamp in (b"1600000000.25", b"1600000000250"):
        assert times(tagged(PLAIN, b"c:" + stamp))[0].microsecond == 250_000
        assert times(PLAIN + b"," + stamp)[0].microsecond == 250_000


@pytest.mark.parametrize("checksum", [b"00", b"", b"ZZ"])
def test_a_tag_block_with_a_wrong_checksum_is_not_trusted(checksum: bytes) -> None:
    _, report = read([tagged(PLAIN, checksum=checksum), tagged(PLAIN)])
    assert report.rejected == {"no_time": 1}
    trailed = rows([tagged(PLAIN, b"c:1500000000,s:liar", checksum) + b",1600000000"])
    assert trailed[0]["time"] == TIME
    assert "station" not in trailed[0]


def test_a_group_put_before_a_block_without_a_new_checksum_leaves_the_block_trusted() -> None:
    block = b"c:1600000000"
    assert times(tagged(PLAIN, b"g:1-2-9999," + block, xor(block))) == [TIME]


def test_two_tag_blocks_before_one_sentence_are_both_read() -> None:
    (row,) = rows([b"\\s:base*" + xor(b"s:base") + b"\\" + tagged(PLAIN)])
    assert (row["station"], row["time"]) == ("base", TIME)


def test_a_tag_block_time_wins_over_a_trailer() -> None:
    assert times(tagged(PLAIN) + b",1500000000") == [TIME]


@pytest.mark.parametrize(
    "trailer",
    [
        b",1600000000",
        b",1600000000000",
        b",1600000000  ",
        b",d-077,S1832,t004248.00,T48.85,r07RPAL1,1600000000",
        b",r003669958,1600000000",
    ],
)
def test_a_trailer_after_the_checksum_gives_the_time(trailer: bytes) -> None:
    assert times(PLAIN + trailer) == [TIME]


def test_a_coast_guard_trailer_names_the_station() -> None:
    (row,) = rows([PLAIN + b",d-077,S1832,r07RPAL1,1600000000"])
    assert row["station"] == "07RPAL1"


@pytest.mark.parametrize(
    "prefix",
    [
        b"2020-09-13T12:26:40Z ",
        b"2020-09-13T12:26:40Z,",
        b"2020-09-13T12:26:40Z\t",
        b"2020-09-13T12:26:40Z;",
        b"2020-09-13 12:26:40,",
        b"2020-09-13T12:26:40,",
        b"2020-09-13T12:26:40.000000+00:00 ",
        b"2020-09-13T14:26:40+02:00 ",
        b"2020-09-13T08:56:40-0330,",
        b'"2020-09-13T12:26:40Z","',
        b"[2020-09-13T12:26:40Z] ",
        b"1600000000 ",
        b"1600000000,",
        b"1600000000.000\t",
        b"1600000000000;",
        b"2020-09-13T12:26:40Z station 7: ",
    ],
)
def test_a_time_before_the_sentence_is_read(prefix: bytes) -> None:
    assert times(prefix + PLAIN) == [TIME]


def test_a_time_before_a_tag_block_without_one_is_read() -> None:
    (row,) = rows([b"1600000000 " + tagged(PLAIN, b"s:base")])
    assert (row["time"], row["station"]) == (TIME, "base")


@pytest.mark.parametrize("prefix", [b"17 ", b"13/09/2020 12:26:40 ", b"12:26:40 ", b"junk "])
def test_what_is_no_time_before_a_sentence_is_none(prefix: bytes) -> None:
    _, report = read([prefix + PLAIN, tagged(PLAIN)])
    assert report.rejected == {"no_time": 1}


@pytest.mark.parametrize(
    "stamp", [b"12400000000", b"0", b"631151999", b"4102444800", b"99999999999999999999", b"abc"]
)
def test_an_implausible_or_unreadable_clock_is_a_bad_time(stamp: bytes) -> None:
    _, report = read([tagged(PLAIN, b"c:" + stamp)])
    assert report.rejected == {"bad_time": 1}


def test_a_date_that_does_not_exist_is_a_bad_time() -> None:
    _, report = read([b"2021-02-29T00:00:00Z " + PLAIN, b"2020-02-29T00:00:00Z " + PLAIN])
    assert report.rejected == {"bad_time": 1}
    assert report.rows_decoded == 1


@pytest.mark.parametrize("channel", [b"", b"1", b"2", b"C"])
def test_any_channel_and_none_is_read(channel: bytes) -> None:
    assert len(rows([tagged(sentence(channel=channel))])) == 1


def test_a_sentence_without_the_channel_field_is_read() -> None:
    body = b"AIVDM,1,1,," + POSITION + b",0"
    assert rows([tagged(b"!" + body + b"*" + xor(body))])[0]["mmsi"] == 371_798_000


def test_an_empty_fill_field_reads_as_no_fill_bits() -> None:
    assert rows([tagged(sentence(fill=b""))])[0]["mmsi"] == 371_798_000


def test_type_5_as_one_long_sentence_is_the_same_as_in_two_parts() -> None:
    first, second = static()
    whole = sentence(b"".join((first.split(b",")[5], second.split(b",")[5])), fill=2)
    assert rows([tagged(whole)]) == rows([tagged(first), tagged(second)])
    assert rows([tagged(whole)])[0]["name"] == "EVER DIADEM"


@pytest.mark.parametrize(
    "wrong",
    [
        PLAIN[:-1],
        PLAIN[:-2] + b"00",
        PLAIN[:-3],
        PLAIN.replace(b"*", b"#"),
        PLAIN.replace(b"g208", b"g209"),
        b"!AIVDM,",
    ],
)
def test_a_missing_or_wrong_checksum_is_rejected(wrong: bytes) -> None:
    _, report = read([wrong, tagged(PLAIN)])
    assert report.rejected == {"bad_checksum": 1}


@pytest.mark.parametrize(
    "bad",
    [
        sentence(b""),
        sentence(b"1"),
        sentence(fill=6),
        sentence(fill=b"x"),
        sentence(part=(0, 1)),
        sentence(part=(2, 3)),
        sentence(part=(10, 1)),
        sentence(POSITION[:-1] + b" "),
        sentence(POSITION[:-1] + b"X"),
        sentence(POSITION[:-1] + b"_"),
        sentence(POSITION[:-1] + b"x"),
        sentence(POSITION * 8),
        sentence(POSITION + b",7"),
        sentence(POSITION[:10]),
    ],
)
def test_a_sentence_that_cannot_be_decoded_is_counted(bad: bytes) -> None:
    _, report = read([tagged(bad), tagged(PLAIN)])
    assert report.rejected == {"bad_sentence": 1}


@pytest.mark.parametrize(
    "noise",
    [
        b"# a comment",
        b"$GPZDA,114702.51,27,01,2012,,*66",
        b"!AIPWR,1,2*00",
        b"!AIVDMX,1",
        b"\\s:",
        b"\xff\xfe\x00\x80 \x1b[31m",
        b"!",
        b"AIVDM,1,1,,A," + POSITION + b",0*4A",
    ],
)
def test_other_lines_are_noise(noise: bytes) -> None:
    _, report = read([noise, tagged(PLAIN), b"", b" \t "])
    assert report.rejected == {"noise": 1}
    assert report.rows_read == 2


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"\n\n\r"])
def test_lines_may_end_in_any_way(end: bytes) -> None:
    table, report = read(end.join([tagged(PLAIN), b"noise", tagged(sentence(POSITION_B))]))
    assert table["mmsi"].to_pylist() == [371_798_000, 338_087_471]
    assert report.rows_read == 3


@pytest.mark.parametrize("mmsi", [0, 1_000_000_000, (1 << 30) - 1])
def test_an_mmsi_that_cannot_be_is_rejected(mmsi: int) -> None:
    from tests.feeds.nmea.sentences import armour

    payload, fill = armour(f"{1:06b}00{mmsi:030b}" + "0" * 130)
    _, report = read([tagged(sentence(payload, fill=fill))])
    assert report.rejected == {"bad_mmsi": 1}
    assert report.message_types == {1: 1}


def test_types_without_position_or_identity_are_counted_by_type() -> None:
    payloads = {b"6B?n;be:cbapalgc;i6?Ow4": 6, b"702R5`hwCjq8": 7, b":5MlU41GMK6@": 10}
    _, report = read([tagged(sentence(payload)) for payload in payloads])
    assert report.rejected == {"no_position_or_identity": 3}
    assert report.message_types == {6: 1, 7: 1, 10: 1}


@pytest.mark.parametrize(("first", "kind"), [(b"0", 0), (b"M", 29), (b"w", 63)])
def test_unknown_types_are_unsupported(first: bytes, kind: int) -> None:
    _, report = read([tagged(sentence(first + POSITION[1:]))])
    assert report.rejected == {"unsupported_type": 1}
    assert report.message_types == {kind: 1}


@pytest.mark.parametrize(
    ("station", "receiver"),
    [
        (b"rORB", "satellite"),
        (b"rORB12", "satellite"),
        (b"rTER", "terrestrial"),
        (b"rMT5858", None),
        (b"117", None),
    ],
)
def test_the_receiver_is_told_only_where_the_station_tells_it(
    station: bytes, receiver: str | None
) -> None:
    (row,) = rows([tagged(PLAIN, b"s:" + station + b",c:1600000000")])
    assert row["station"] == station.decode()
    assert row.get("receiver") == receiver


def test_a_station_name_is_cleaned_of_controls_and_broken_characters() -> None:
    (row,) = rows([tagged(PLAIN, b"s:a\x1b[2Jb\xff,c:1600000000")])
    assert row["station"] == "a [2Jb�"
    assert "station" not in rows([tagged(PLAIN, b"s:\x01\x02,c:1600000000")])[0]
