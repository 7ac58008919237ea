"""Logs without times: refused with a hint, or given a clock by `start_time_us`."""

import io
from typing import Any

import pytest

from feeds.nmea import decode_messages, read_nmea
from feeds.report import ReadReport
from tests.feeds.nmea.sentences import EPOCH, armour, read, rows, sentence, static, tagged
from vessels.errors import InputError, NoTimeError

START = EPOCH * 1_000_000  # 12:26:40


def position(second: int) -> bytes:
    """Return a position report made in a UTC second."""
    payload, fill = armour(f"{1:06b}00{244_123_456:030b}" + "0" * 99 + f"{second:06b}" + "0" * 25)
    return sentence(payload, fill=fill)


def seconds(*lines: bytes) -> list[Any]:
    """Return the rows' times in seconds after START."""
    return [row["time"].timestamp() - EPOCH for row in rows(lines, start_time_us=START)]


def test_a_log_without_any_time_is_refused_with_a_hint() -> None:
    report = ReadReport()
    log = io.BytesIO(position(1) + b"\n" + position(2))
    with pytest.raises(NoTimeError, match=r"^harbour\.nmea: .*--start-time"):
        list(read_nmea(log, path="harbour.nmea", report=report))
    assert report.rejected == {"no_time": 2}


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"mmsi,lat,lon\n1,2,3\n", b"\xff\xd8\xff\xe0JFIF" * 999, b"!AIVDM,1,1"]
)
def test_a_file_without_ais_sentences_is_refused(data: bytes) -> None:
    for reader in (
        lambda: list(read_nmea(io.BytesIO(data), path="x.jpg", report=ReadReport())),
        lambda: list(decode_messages(io.BytesIO(data), path="x.jpg")),
    ):
        with pytest.raises(InputError, match=r"^x\.jpg: holds no AIS sentence") as caught:
            reader()
        assert not isinstance(caught.value, NoTimeError)


def test_untimed_lines_of_a_timed_log_are_rejected() -> None:
    _, report = read([tagged(position(1)), position(2), b"noise"])
    assert report.rejected == {"no_time": 1, "noise": 1}


def test_a_log_whose_only_times_are_implausible_is_not_called_untimed() -> None:
    _, report = read([position(2) + b",12400000000", position(2)])
    assert report.rejected == {"bad_time": 1, "no_time": 1}


def test_the_clock_starts_at_the_given_time_and_follows_the_utc_seconds() -> None:
    assert seconds(position(40), position(45), position(59), position(3)) == [0, 5, 19, 23]


def test_a_second_shortly_behind_the_clock_does_not_move_it() -> None:
    assert seconds(position(45), position(41), position(46)) == [5, 5, 6]


def test_a_second_30_ahead_or_more_counts_as_behind() -> None:
    assert seconds(position(9), position(10)) == [29, 30 - 0]
    assert seconds(position(10), position(41)) == [0, 1]


def test_messages_without_a_second_take_the_clock_as_it_stands() -> None:
    assert seconds(position(45), *static(), position(60), position(47)) == [5, 5, 5, 7]


def test_a_timed_line_sets_the_clock_forward_and_never_back() -> None:
    later, earlier = (tagged(position(0), b"c:%d" % (EPOCH + s)) for s in (300, -300))
    assert seconds(position(41), later, position(42), earlier, position(43)) == [
        1,
        300,
        302,
        -300,
        303,
    ]


def test_an_implausible_line_does_not_set_the_clock() -> None:
    lines = [tagged(position(0), b"c:12400000000"), position(41)]
    _, report = read(lines, start_time_us=START)
    assert report.rejected == {"bad_time": 1}
    assert seconds(*lines) == [1]


def test_an_implausible_start_time_rejects_what_it_would_date() -> None:
    _, report = read([position(1)], start_time_us=0)
    assert report.rejected == {"bad_time": 1}
