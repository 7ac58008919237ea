"""Threads change nothing: not the rows, not their order, not one count."""

import gzip
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

import feeds
from feeds.prefetch import Ahead, lanes
from tests.feeds.nmea.sentences import EPOCH, sentence, static, tagged
from vessels.errors import InputError

START_US = EPOCH * 1_000_000


def _log(first: int, messages: int) -> bytes:
    """Return positions, and names in two sentences whose parts lie apart."""
    lines = []
    for number in range(first, first + messages):
        block = b"s:st%d,c:%d" % (number % 5, EPOCH + number)
        parts = static(b"%d" % (number % 10))
        lines += [tagged(parts[0], block), tagged(sentence(), block), tagged(parts[1], block)]
        lines += [b"noise", b"!AIVDM,1,1,,A,broken,0*00"]
    return b"\n".join(lines)


def _read(path: Path, workers: int, **options: int) -> tuple[pa.Table, feeds.ReadReport]:
    report = feeds.ReadReport()
    tables = list(feeds.read(path, workers=workers, report=report, **options))
    return pa.concat_tables(tables).combine_chunks(), report


def _assert_same(path: Path, **options: int) -> feeds.ReadReport:
    alone, counted = _read(path, 1, **options)
    for workers in (2, 3):
        table, report = _read(path, workers, **options)
        assert table.to_pylist() == alone.to_pylist()
        assert report == counted
    assert counted.rows_read == counted.rows_decoded + counted.rejected.total()
    return counted


def test_one_log_of_many_blocks(tmp_path: Path) -> None:
    path = tmp_path / "log.nmea"
    path.write_bytes(_log(0, 12_000))
    report = _assert_same(path)
    assert report.rows_decoded == 24_000
    assert report.rejected == {"noise": 12_000, "bad_checksum": 12_000}


def test_a_packed_log_without_times(tmp_path: Path) -> None:
    path = tmp_path / "log.nmea.gz"
    path.write_bytes(gzip.compress(b"\n".join([sentence(), *static()]) + b"\n# end"))
    _assert_same(path, start_time_us=START_US)


def test_many_files_are_one_stream_in_order(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.nmea").write_bytes(_log(number * 40, 60))  # some rows twice
    (tmp_path / "notes.txt").write_text("no AIS in here\n")
    report = _assert_same(tmp_path)
    assert report.rejected["duplicate"] == 6 * 40
    assert [Path(entry.path).name for entry in report.inputs] == [
        *(f"{number}.nmea" for number in range(7)),
        "notes.txt",
    ]
    assert all(entry.sha256 for entry in report.inputs[:-1])


def test_a_damaged_file_is_told_after_the_rows_before_it(tmp_path: Path) -> None:
    for number in range(3):
        path = tmp_path / f"{number}.nmea.gz"
        path.write_bytes(gzip.compress(_log(number * 40_000, 3_000)))
    path = tmp_path / "1.nmea.gz"
    path.write_bytes(path.read_bytes()[:-50])
    for workers in (1, 2):
        with pytest.raises(InputError, match=r"1\.nmea\.gz"):
            _read(tmp_path, workers)


def test_a_read_that_is_given_up_leaves_no_thread(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.nmea").write_bytes(_log(number * 20_000, 8_000))
    before = threading.active_count()
    tables = feeds.read(tmp_path, workers=2, batch_rows=100)
    assert next(tables).num_rows == 100
    tables.close()
    assert threading.active_count() == before


def test_lanes_hand_out_their_sources_in_order_and_raise_in_place() -> None:
    def source(number: int) -> Iterator[int]:
        yield from range(number * 10, number * 10 + 3)
        if number == 2:
            raise ValueError("broken")

    def use_up(width: int) -> None:
        for lane in lanes((source(number) for number in range(4)), width):
            found.extend(list(lane))

    for width in (1, 2, 5):
        found: list[int] = []
        with pytest.raises(ValueError, match="broken"):
            use_up(width)
        assert found == [0, 1, 2, 10, 11, 12]


def test_what_has_ended_stays_ended() -> None:
    ahead = Ahead(iter([1]))
    assert list(ahead) == [1]
    assert list(ahead) == []
    ahead.close()
