"""Multi-part messages are joined from parts that belong together, and from no others."""

from collections.abc import Sequence

import pytest
from pyais.stream import IterMessages

from feeds.nmea.layout import MAX_LINES_APART, SLOT_BUCKETS, SLOT_WAYS
from tests.feeds.nmea.sentences import EPOCH, POSITION, read, rows, sentence, static, tagged

FIRST, SECOND = static()
WHOLE = FIRST.split(b",")[5] + SECOND.split(b",")[5]
PIECES = [WHOLE[8 * i : 8 * i + 8] for i in range(9)]


def at(line: bytes, second: float = 0, station: bytes = b"", group: bytes = b"") -> bytes:
    """Return a line received so many seconds after EPOCH."""
    block = b"c:%d" % (EPOCH * 1000 + round(second * 1000))
    if group:
        block = b"g:" + group + b"," + block
    return tagged(line, block + (b",s:" + station if station else b""))


def incomplete(lines: Sequence[bytes]) -> tuple[int, int]:
    """Return how many rows were decoded, and how many messages never came together."""
    table, report = read(lines)
    assert set(report.rejected) <= {"incomplete_multipart"}
    return table.num_rows, report.rejected["incomplete_multipart"]


def test_parts_make_one_row_with_the_time_of_the_first_timed_part() -> None:
    (row,) = rows([at(FIRST, 3), at(SECOND, 9)])
    assert row["time"].timestamp() == EPOCH + 3
    assert (row["imo"], row["callsign"], row["name"]) == (9134270, "3FOF8", "EVER DIADEM")
    assert (row["length_m"], row["beam_m"], row["ship_type"]) == (295, 32, 70)
    assert row["destination"] == "NEW YORK"
    (row,) = rows([FIRST, at(SECOND, 9)])
    assert row["time"].timestamp() == EPOCH + 9


def test_parts_may_come_in_the_wrong_order() -> None:
    assert rows([at(SECOND, 0), at(FIRST, 0)]) == rows([at(FIRST, 0), at(SECOND, 0)])


def test_a_message_stands_where_it_became_whole() -> None:
    kinds = [row["msg_type"] for row in rows([at(FIRST), at(sentence()), at(SECOND)])]
    assert kinds == [1, 5]


def test_one_row_is_counted_for_a_whole_message_and_one_for_an_incomplete_one() -> None:
    _, whole = read([at(FIRST), at(SECOND)])
    assert whole.rows_read == 1
    assert incomplete([at(FIRST), at(sentence())]) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [{"channel": b"B"}, {"channel": b""}, {"tag": b"BSVDM"}, {"tag": b"AIVDO"}, {"seq": b"2"}],
)
def test_parts_that_differ_in_channel_talker_formatter_or_sequence_stay_apart(
    change: dict[str, bytes],
) -> None:
    assert incomplete([at(FIRST), at(static(**change)[1])]) == (0, 2)


def test_parts_of_messages_of_other_lengths_stay_apart() -> None:
    third = sentence(b"88888888880", part=(3, 2), seq=b"1", fill=2)
    assert incomplete([at(FIRST), at(third)]) == (0, 2)


def test_parts_of_two_stations_stay_apart_where_pyais_joins_strangers() -> None:
    lines = [at(FIRST, station=b"north"), at(SECOND, 1, station=b"south")]
    assert len(list(IterMessages(lines))) == 1
    assert incomplete(lines) == (0, 2)


def test_stations_that_interleave_the_same_sequence_id_are_told_apart() -> None:
    other = sentence(FIRST.split(b",")[5].replace(b"961O", b"962O"), part=(2, 1), seq=b"1")
    lines = [
        at(FIRST, station=b"north"),
        at(other, station=b"south"),
        at(SECOND, station=b"north"),
        at(SECOND, station=b"south"),
    ]
    assert [row["station"] for row in rows(lines)] == ["north", "south"]
    assert rows(lines)[0] == rows([lines[0], lines[2]])[0]
    assert rows(lines)[1] == rows([lines[1], lines[3]])[0]


def test_a_part_without_station_joins_the_one_that_waits_but_never_chooses_between_two() -> None:
    north, south = at(FIRST, station=b"north"), at(FIRST, station=b"south")
    assert rows([north, SECOND])[0]["station"] == "north"
    assert incomplete([north, south, SECOND]) == (0, 3)


def test_parts_of_two_tag_block_groups_stay_apart() -> None:
    assert incomplete([at(FIRST, group=b"1-2-7"), at(SECOND, group=b"2-2-8")]) == (0, 2)
    assert incomplete([at(FIRST, group=b"1-2-7"), at(SECOND, group=b"2-2-7")]) == (1, 0)


def test_a_group_tells_which_of_two_waiting_messages_a_part_belongs_to() -> None:
    lines = [
        at(FIRST, 0, group=b"1-2-7", station=b"old"),
        at(FIRST, 1, group=b"1-2-8", station=b"new"),
        tagged(SECOND, b"g:2-2-7"),
        tagged(SECOND, b"g:2-2-8"),
    ]
    assert [row["station"] for row in rows(lines)] == ["old", "new"]


@pytest.mark.parametrize("late", [30.0, -30.0])
def test_parts_within_30_seconds_are_joined(late: float) -> None:
    assert incomplete([at(FIRST), at(SECOND, late)]) == (1, 0)


@pytest.mark.parametrize("late", [30.001, -30.001, 86400.0])
def test_parts_more_than_30_seconds_apart_are_not(late: float) -> None:
    assert incomplete([at(FIRST), at(SECOND, late)]) == (0, 2)


def test_untimed_parts_far_apart_in_the_log_are_not_joined() -> None:
    between = [at(sentence(POSITION))] * (MAX_LINES_APART - 1)
    table, _ = read([at(FIRST), *between, SECOND])
    assert 5 in table["msg_type"].to_pylist()
    table, report = read([at(FIRST), *between, at(sentence(POSITION)), SECOND])
    assert 5 not in table["msg_type"].to_pylist()
    assert report.rejected["incomplete_multipart"] == 2


def test_a_sequence_id_used_again_goes_with_the_younger_first_part() -> None:
    lines = [at(FIRST, 0, b"x"), at(FIRST, 5, b"x"), at(SECOND, 6, b"x")]
    (row,) = rows(lines)
    assert row["time"].timestamp() == EPOCH + 5
    assert incomplete(lines) == (1, 1)


def test_lines_logged_twice_make_two_messages() -> None:
    assert incomplete([at(FIRST), at(FIRST), at(SECOND), at(SECOND)]) == (2, 0)


def test_nine_parts_make_one_message() -> None:
    parts = [
        at(sentence(piece, part=(9, i + 1), seq=b"1", fill=2 * (i == 8)))
        for i, piece in enumerate(PIECES)
    ]
    assert rows(parts) == rows([at(sentence(WHOLE, fill=2))])
    assert rows(parts[::-1]) == rows(parts)


def test_a_wrong_checksum_in_one_part_leaves_the_message_incomplete() -> None:
    _, report = read([at(FIRST), at(SECOND[:-2] + b"00")])
    assert report.rejected == {"bad_checksum": 1, "incomplete_multipart": 1}


def test_state_is_bounded_and_what_is_given_up_is_counted() -> None:
    count = SLOT_BUCKETS * SLOT_WAYS * 2
    lines = [at(sentence(PIECES[0], part=(2, 1), seq=b"%d" % i)) for i in range(count)]
    assert incomplete(lines) == (0, count)
