"""The journal keeps every batch that it has acknowledged, whatever happens to the disk."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from darkwake.archive.compact import compact
from darkwake.archive.layout import day_of
from darkwake.archive.writer import expire, newest_day, rows_in, write_rows
from darkwake.watching.journal import Journal
from tests.watch.recording import recording, table_of
from vessels.errors import StoreError


def rows(number: int) -> pa.Table:
    return table_of(recording()).slice(1000 * number, 100)


def filled(folder: Path, batches: int, *, segment_bytes: int = 1 << 30) -> None:
    with Journal(folder, segment_bytes=segment_bytes) as journal:
        for number in range(1, batches + 1):
            journal.append(rows(number), {"files": f"at {number}".encode()})


def numbers(journal: Journal, after: int = 0) -> list[int]:
    return [batch.number for batch in journal.batches(after)]


@pytest.mark.parametrize("segment_bytes", [1, 1 << 30])
def test_batches_come_back_as_they_were_written(tmp_path: Path, segment_bytes: int) -> None:
    filled(tmp_path, 5, segment_bytes=segment_bytes)
    with Journal(tmp_path) as journal:
        assert journal.last == 5
        for batch in journal.batches(2):
            assert batch.table.equals(rows(batch.number).unify_dictionaries().combine_chunks())
            assert batch.cursors == {"files": f"at {batch.number}".encode()}
        assert numbers(journal, 2) == [3, 4, 5]
        assert journal.append(rows(6), {}).number == 6
        assert numbers(journal) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("cut", [1, 8, 500, 3000])
def test_an_unfinished_batch_is_cut_off_and_nothing_else(tmp_path: Path, cut: int) -> None:
    filled(tmp_path, 3)
    (segment,) = tmp_path.glob("*.journal")
    whole = segment.stat().st_size
    os.truncate(segment, whole - cut)
    with Journal(tmp_path) as journal:
        assert journal.last == 2
        assert 0 < journal.cut_bytes < whole
        assert journal.append(rows(9), {}).number == 3
    with Journal(tmp_path) as journal:
        assert numbers(journal) == [1, 2, 3]


def test_a_segment_that_was_only_begun_is_no_batch(tmp_path: Path) -> None:
    filled(tmp_path, 2, segment_bytes=1)
    (tmp_path / "000000000003.journal").write_bytes(b"DWJ1")
    with Journal(tmp_path) as journal:
        assert journal.last == 2
        assert journal.append(rows(3), {}).number == 3
        assert numbers(journal) == [1, 2, 3]


def test_damage_in_the_middle_is_no_unfinished_batch(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    (segment,) = tmp_path.glob("*.journal")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    with pytest.raises(StoreError, match=r"damaged at byte \d+, and batches follow.*--rebuild"):
        Journal(tmp_path)


def test_a_batch_that_is_gone_is_told(tmp_path: Path) -> None:
    filled(tmp_path, 3, segment_bytes=1)
    sorted(tmp_path.glob("*.journal"))[1].unlink()
    with (
        Journal(tmp_path) as journal,
        pytest.raises(StoreError, match="batch 2 of the journal is missing"),
    ):
        numbers(journal)


def test_one_journal_has_one_writer(tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(StoreError, match="another watch of this machine"):
        Journal(tmp_path)
    Journal(tmp_path).close()


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: as on a full disk, writing ends halfway."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_disk_that_is_full_halfway_leaves_no_half_batch(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(rows(1), {})
        (segment,) = tmp_path.glob("*.journal")
        size = segment.stat().st_size
        with largest_file(size + 1000), pytest.raises(StoreError, match="File too large"):
            journal.append(rows(2), {})
        assert segment.stat().st_size == size
        assert journal.append(rows(2), {}).number == 2
        assert numbers(journal) == [1, 2]


def test_the_archive_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    table = table_of(recording())
    with largest_file(10_000), pytest.raises(StoreError, match="File too large"):
        write_rows(tmp_path, [table], "a")
    assert not list(tmp_path.glob("*/*"))
    write_rows(tmp_path, [table], "a")
    write_rows(tmp_path, [table], "a")  # as after a crash
    assert rows_in(tmp_path) == table.num_rows


def test_compaction_and_retention(tmp_path: Path) -> None:
    table = table_of(recording())
    for number in range(8):
        write_rows(tmp_path, [table.slice(number * 20_000, 20_100)], f"{number:03d}")
    newest = newest_day(tmp_path)
    assert newest is not None
    days = sorted(path.name for path in tmp_path.glob("date=*"))
    assert compact(tmp_path, newest) > 0
    fresh = {day: len(list((tmp_path / day).glob("part-*"))) for day in days}
    assert set(list(fresh.values())[:-1]) == {0}
    assert fresh[days[-1]] > 1  # the day is not over
    assert compact(tmp_path, newest) == 0
    # The rows that two parts both held are there once, sorted, and none is lost.
    import pyarrow.parquet as pq

    rows = 0
    for path in (tmp_path / days[0]).iterdir():
        part = pq.ParquetFile(path).read()
        keys = list(zip(part["mmsi"].to_pylist(), part["time"].to_pylist(), strict=True))
        assert keys == sorted(keys)
        rows += len(keys)
    wanted = [day_of(one.timestamp() * 1e6).isoformat() for one in table["time"].to_pylist()]
    assert rows == wanted.count(days[0].removeprefix("date="))
    gone = expire(tmp_path, 1, newest)
    assert sorted(path.name for path in tmp_path.glob("date=*")) == days[-2:]
    assert [f"date={day}" for day in gone] == days[:-2]
