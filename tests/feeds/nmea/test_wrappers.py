"""`$PGHP` wrappers give their sentence the time at which it was received."""

from datetime import UTC, datetime

from tests.feeds.nmea.sentences import POSITION_B, read, rows, sentence, tagged, xor

TRAILER = b",1328182324635"  # 2012-02-02 11:32:04, when the line was archived
RECEIVED = datetime(2012, 2, 2, 10, 58, 7, 250_000, tzinfo=UTC)
ARCHIVED = datetime(2012, 2, 2, 11, 32, 4, 635_000, tzinfo=UTC)


def wrapper(line: bytes | None, second: int = 7) -> bytes:
    """Return a wrapper for a sentence, or for the next one whichever it is."""
    names = b"" if line is None else line[-2:]
    body = b"PGHP,1,2012,2,2,10,58,%d,250,316,56,316999999,1AIS_S,%b" % (second, names)
    return b"$" + body + b"*" + xor(body) + TRAILER


A, B = sentence(), sentence(POSITION_B)


def test_a_wrapper_gives_its_time_and_is_counted_as_noise() -> None:
    table, report = read([wrapper(A), A + TRAILER])
    assert table["time"].to_pylist() == [RECEIVED]
    assert report.rejected == {"noise": 1}


def test_a_wrapper_that_names_no_checksum_belongs_to_the_next_line() -> None:
    assert [row["time"] for row in rows([wrapper(None), A + TRAILER, B + TRAILER])] == [
        RECEIVED,
        ARCHIVED,
    ]


def test_shuffled_wrappers_find_their_sentences_by_checksum() -> None:
    lines = [wrapper(B, second=9), wrapper(A, second=7), B + TRAILER, A + TRAILER]
    assert [row["time"].second for row in rows(lines)] == [9, 7]
    lines = [A + TRAILER, B + TRAILER, b"# one delivery", wrapper(B, second=9), wrapper(A)]
    assert [row["time"].second for row in rows(lines)] == [7, 9]


def test_a_wrapper_of_another_sentence_is_left_alone() -> None:
    assert rows([wrapper(B), A + TRAILER])[0]["time"] == ARCHIVED


def test_a_wrapper_with_a_wrong_checksum_is_noise_and_gives_nothing() -> None:
    table, report = read([wrapper(A).replace(b",58,", b",59,"), A + TRAILER])
    assert table["time"].to_pylist() == [ARCHIVED]
    assert report.rejected == {"noise": 1}


def test_a_wrapper_far_away_is_not_taken() -> None:
    lines = [wrapper(A), *[b"# noise"] * 32, A + TRAILER]
    assert rows(lines)[0]["time"] == ARCHIVED
    assert rows([lines[0], *lines[2:]])[0]["time"] == RECEIVED


def test_a_tag_block_time_wins_over_a_wrapper() -> None:
    assert rows([wrapper(A), tagged(A)])[0]["time"].year == 2020


def test_a_wrapper_with_a_month_13_is_a_bad_time() -> None:
    body = b"PGHP,1,2012,13,2,10,58,7,0,316,56,316999999,1AIS_S," + A[-2:]
    _, report = read([b"$" + body + b"*" + xor(body), A])
    assert report.rejected == {"noise": 1, "bad_time": 1}
