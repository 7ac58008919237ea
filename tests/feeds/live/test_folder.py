"""A folder that files are dropped into: whole files only, each once, over restarts too."""

import gzip
import os
import shutil
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import feeds
from feeds.live import FeedSpec, open_source
from tests.feeds.live.common import Collector, drop, line, recorded, running, traffic, wait_for
from vessels.errors import ConfigError
from vessels.schema import FIXES

QUICK = {"settle_s": 0.1, "poll_s": 0.05}
CSV = "mmsi,time,lat,lon\n200000001,2022-01-03T00:00:00Z,1.5,2.5\n"


def rows_of(*chunks: pa.Table) -> list[str]:
    return sorted(map(str, pa.concat_tables([FIXES.empty_table(), *chunks]).to_pylist()))


def test_files_of_every_format_are_read_once_each(tmp_path: Path) -> None:
    sink = Collector()
    with running(f"dir://{tmp_path}", sink, **QUICK) as it:
        drop(tmp_path / "a.nmea", traffic(200))
        drop(tmp_path / "b.nmea.gz", gzip.compress(traffic(200, 1_000)))
        (tmp_path / "deep").mkdir()
        drop(tmp_path / "deep" / "c.csv", CSV.encode())
        drop(tmp_path / "notes.txt", b"no AIS in here\n")
        (tmp_path / ".hidden.nmea").write_bytes(line(7))
        (tmp_path / "moving.nmea.part").write_bytes(line(8))
        wanted = 404 + 1
        sink.wait_rows(wanted)
        wait_for(lambda: it.status().failures == 1)
        assert "not AIS data" in it.status().last_error
        pq.write_table(recorded(traffic(3, 5_000))[0], tmp_path / "d.part")
        (tmp_path / "d.part").rename(tmp_path / "d.parquet")
        sink.wait_rows(wanted + 3)
        assert it.status().connected
    given = [recorded(traffic(200))[0], recorded(traffic(200, 1_000))[0]]
    given += [recorded(traffic(3, 5_000))[0], *feeds.read(tmp_path / "deep" / "c.csv")]
    assert rows_of(*(chunk.table for chunk in sink.chunks)) == rows_of(*given)
    assert it.status().messages == wanted + 3


def test_a_file_that_is_still_written_is_left_alone_until_it_stands_still(tmp_path: Path) -> None:
    sink = Collector()
    data = traffic(300)
    with (
        running(f"dir://{tmp_path}", sink, settle_s=2.0, poll_s=0.05),
        (tmp_path / "log.nmea").open("wb", buffering=0) as file,
    ):
        for at in range(0, len(data), len(data) // 12):
            file.write(data[at : at + len(data) // 12])
            time.sleep(0.08)  # time enough for several looks
            os.utime(tmp_path / "log.nmea", ns=(at, at))  # a clock that stands wrong is no matter
        assert sink.rows == 0
        sink.wait_rows(303)
    assert rows_of(sink.table()) == rows_of(recorded(data)[0])


def test_a_restart_at_any_chunk_goes_on_behind_what_was_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.live.folder.CHUNK_ROWS", 50)
    inbox = tmp_path / "in"
    inbox.mkdir()
    (inbox / "a.nmea").write_bytes(traffic(300))
    (inbox / "b.nmea").write_bytes(traffic(200, 1_000))
    whole = Collector()
    with running(f"dir://{inbox}", whole, **QUICK):
        whole.wait_rows(505)
        last = whole.chunks[-1].cursor
    assert last is not None
    for kept in range(len(whole.chunks)):
        stored = whole.chunks[:kept]
        cursor = stored[-1].cursor if stored else None
        sink = Collector()
        with running(f"dir://{inbox}", sink, cursor=cursor, **QUICK):
            rows = sum(chunk.table.num_rows for chunk in stored)
            sink.wait_rows(505 - rows)
        both = [chunk.table for chunk in stored + sink.chunks]
        assert rows_of(*both) == rows_of(whole.table()), kept
    # All read: nothing more comes, and what was taken away is forgotten.
    shutil.move(inbox / "a.nmea", tmp_path / "a.nmea")
    (inbox / "c.nmea").write_bytes(line(9_000))
    sink = Collector()
    with running(f"dir://{inbox}", sink, cursor=last, **QUICK):
        sink.wait_rows(1)
    assert sink.table()["mmsi"].to_pylist() == [366_000_001]


def test_a_damaged_file_is_told_once_and_does_not_hold_up_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.nmea.gz").write_bytes(gzip.compress(traffic(3_000))[:-400])
    (tmp_path / "b.nmea").write_bytes(line(9_999))
    sink = Collector()
    with running(f"dir://{tmp_path}", sink, **QUICK) as it:
        wait_for(lambda: 366_000_500 in sink.table()["mmsi"].to_pylist())
        wait_for(lambda: it.status().failures == 1)
        assert "truncated or damaged" in it.status().last_error
        chunks = len(sink.chunks)
        drop(tmp_path / "c.nmea", line(5))
        wait_for(lambda: len(sink.chunks) > chunks)
        assert it.status().failures == 1


def test_a_folder_that_goes_and_comes_back_is_waited_for(tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    sink = Collector()
    with running(f"dir://{inbox}", sink, **QUICK) as it:
        drop(inbox / "a.nmea", line(1))
        sink.wait_rows(1)
        away = inbox.rename(tmp_path / "away")
        wait_for(lambda: it.status().state == "waiting")
        away.rename(inbox)
        drop(inbox / "b.nmea", line(2))
        sink.wait_rows(2)
    assert sink.rows == 2  # what was read before is still known


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    (tmp_path / "secret.nmea").write_bytes(line(1))
    (inbox / "link.nmea").symlink_to(tmp_path / "secret.nmea")
    (inbox / "a.nmea").write_bytes(line(2))
    sink = Collector()
    with running(f"dir://{inbox}", sink, **QUICK):
        sink.wait_rows(1)
    assert sink.table()["mmsi"].to_pylist() == [366_000_003]


@pytest.mark.parametrize(
    ("url", "more", "match"),
    [
        ("dir:///no/such/folder", {}, "no folder"),
        ("dir://{}", {"cursor": b"{}"}, "cursor"),
        ("dir://{}", {"cursor": b'{"done":"YWJj","current":null}'}, "cursor"),
        ("dir://{}", {"clock": "arrival"}, "clock"),
        ("dir://{}", {"options": {"format": "pdf"}}, "format must be one of"),
        ("dir:", {}, "no path"),
    ],
)
def test_what_cannot_work_is_refused_at_once(
    tmp_path: Path, url: str, more: dict[str, object], match: str
) -> None:
    cursor = more.pop("cursor", None)
    with pytest.raises(ConfigError, match=match):
        open_source(FeedSpec("n", url.format(tmp_path), **more)).start(
            Collector(),
            cursor,
        )
