"""Files, folders and globs: what is read, in which order, and one clear error for what is not."""

import gzip
import os
from pathlib import Path

import pytest

import feeds
from feeds import ReadReport, expand_paths
from tests.feeds.samples import SIMPLE_HEADER, old_row, read_all, simple_file, write_lines
from vessels.errors import InputError

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 8
BODIES = [
    "AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0",
    "AIVDM,1,1,,B,15M67FC000G?ufbE`FepT@3n00Sa,0",
]


def _checked(body: str) -> str:
    total = 0
    for byte in body.encode():
        total ^= byte
    return f"{body}*{total:02X}"


def _sentences() -> list[str]:
    """Return two sentences with tag blocks, ten seconds apart."""
    tags = [_checked(f"s:r1,c:{1_641_168_000 + 10 * i}") for i in range(len(BODIES))]
    return [f"\\{tag}\\!{_checked(body)}" for tag, body in zip(tags, BODIES, strict=True)]


def _row(mmsi: int, day: int) -> str:
    return f"{mmsi},2022-01-{day:02}T00:00:00Z,1.5,2.5"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "an empty file"),
        (b"\n\n  \n", "an empty file"),
        (gzip.compress(b""), "an empty file"),
        (JPEG, "a JPEG image"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "a PNG image"),
        (bytes(10_000), "a binary file"),
        (os.urandom(64) + b"\0" * 64 + b"\x01\x02", "a binary file"),
        (b"Dear reader\nthis is a letter\n", "text without AIS records"),
        (b"<?xml version='1.0'?>\n<a/>\n", "XML or HTML"),
        (b'[{"mmsi": 1}]\n', "JSON that is not one object a line"),
        (b'{"type": "FeatureCollection", "features": []}\n', "JSON that is not one object"),
        ("mmsi,time,lat,lon\n".encode("utf-16"), "UTF-16 text"),
        (b"x" * 300_000, "one line without an end"),
        (b"PAR1" + bytes(50), "truncated or damaged Parquet"),
        (b"name,age,height\nA,1,2\n", "no column found for mmsi, time, lat, lon"),
        (b"PK\x05\x06" + bytes(18), "no AIS data inside"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_ais_data_is_refused_by_name(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says) as error:
        read_all(path)
    assert error.value.exit_code == 4
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [("absent", "no such file"), ("*.none", "no file matches"), ("pipe", "neither a file nor")],
)
def test_a_path_that_names_no_file_is_refused(tmp_path: Path, name: str, says: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=says):
        feeds.read(tmp_path / name)


def test_no_path_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no path"):
        feeds.read([])
    with pytest.raises(InputError, match="a folder without files"):
        feeds.read(tmp_path)


def test_a_folder_without_ais_data_is_refused(tmp_path: Path) -> None:
    write_lines(tmp_path / "README.md", ["# Hello, world", "text, text"])
    with pytest.raises(InputError, match="no AIS data in this folder"):
        read_all(tmp_path)


def test_a_file_that_cannot_be_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = simple_file(tmp_path / "a")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="cannot be opened: Permission denied"):
        read_all(path)


def test_a_file_that_fails_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def readinto(self, _buffer: object) -> int:
            raise OSError(5, "Input/output error")

        def close(self) -> None:
            return None

    path = simple_file(tmp_path / "a")
    monkeypatch.setattr(Path, "open", lambda *_args, **_options: Broken())
    with pytest.raises(InputError, match="cannot be read: Input/output error"):
        read_all(path)


def test_a_folder_is_one_stream_by_the_time_of_the_first_row(tmp_path: Path) -> None:
    simple_file(tmp_path / "a.csv", _row(3, 3))
    simple_file(tmp_path / "c.csv", _row(1, 1))
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "b.csv.gz").write_bytes(
        gzip.compress(f"{SIMPLE_HEADER}\n{_row(2, 2)}\n".encode())
    )
    table, report = read_all(tmp_path)
    assert table["mmsi"].to_pylist() == [1, 2, 3]
    names = [Path(entry.path).name for entry in report.inputs]
    assert names == ["c.csv", "b.csv.gz", "a.csv"]


def test_a_glob_and_a_list_are_one_stream_too(tmp_path: Path) -> None:
    second = simple_file(tmp_path / "a1.csv", _row(2, 2))
    first = simple_file(tmp_path / "a2.csv", _row(1, 1))
    for paths in (tmp_path / "a*.csv", str(tmp_path / "a?.csv"), [second, str(first)]):
        assert read_all(paths)[0]["mmsi"].to_pylist() == [1, 2]


def test_other_files_of_a_folder_are_skipped_and_listed(tmp_path: Path) -> None:
    simple_file(tmp_path / "day.csv")
    simple_file(tmp_path / ".hidden.csv", _row(9, 9))
    write_lines(tmp_path / "README.md", ["# Hello, world"])
    write_lines(tmp_path / "ports.csv", ["port,country", "A,B"])
    (tmp_path / "map.jpg").write_bytes(JPEG)
    (tmp_path / "empty.csv").write_bytes(b"")
    table, report = read_all(tmp_path)
    assert table.num_rows == 1
    formats = {Path(entry.path).name: entry.format for entry in report.inputs}
    assert formats == {
        "day.csv": "csv",
        "README.md": "skipped",
        "ports.csv": "skipped",
        "map.jpg": "skipped",
        "empty.csv": "skipped",
    }


def test_a_track_of_a_folder_that_lacks_a_column_is_not_skipped(tmp_path: Path) -> None:
    simple_file(tmp_path / "day.csv")
    write_lines(tmp_path / "other.csv", ["ID,lat,lon,timestamp", "1,2,3,2022-01-01T00:00:00"])
    with pytest.raises(InputError, match=r"other\.csv: no column found for mmsi"):
        read_all(tmp_path)


def test_a_file_named_by_itself_is_never_skipped(tmp_path: Path) -> None:
    day = simple_file(tmp_path / "day.csv")
    note = write_lines(tmp_path / "note.txt", ["a note"])
    with pytest.raises(InputError, match=r"note\.txt: not AIS data"):
        read_all([day, note])
    with pytest.raises(InputError, match=r"note\.txt: not AIS data"):
        read_all([tmp_path, note])


def test_expand_paths_gives_each_file_once_in_name_order(tmp_path: Path) -> None:
    files = [simple_file(tmp_path / name) for name in ("a", "b", "c")]
    assert expand_paths(tmp_path) == files
    assert expand_paths([files[1], tmp_path, tmp_path / "*"]) == [files[1], files[0], files[2]]


def test_rows_and_hash_of_each_file_are_told(tmp_path: Path) -> None:
    simple_file(tmp_path / "a.csv", _row(1, 1), _row(1, 1), "junk")
    simple_file(tmp_path / "b.csv", _row(2, 2))
    _, report = read_all(tmp_path)
    assert [(entry.rows_read, entry.rows_decoded) for entry in report.inputs] == [(3, 1), (1, 1)]
    assert len({entry.sha256 for entry in report.inputs}) == 2


def test_sentences_are_told_by_content_and_mix_with_tables(tmp_path: Path) -> None:
    data = "\n".join(["$ noise, of another talker", *_sentences()]).encode()
    (tmp_path / "b.csv").write_bytes(gzip.compress(data))
    simple_file(tmp_path / "a.txt", _row(7, 1))
    table, report = read_all(tmp_path)
    assert table["mmsi"].to_pylist()[0] == 7
    assert table.num_rows == 3
    assert {Path(entry.path).name: entry.format for entry in report.inputs} == {
        "a.txt": "csv",
        "b.csv": "nmea",
    }


def test_batch_rows_is_the_most_rows_of_a_table(tmp_path: Path) -> None:
    rows = [_row(i, 1 + i % 28) for i in range(1, 26)]
    path = simple_file(tmp_path / "a", *rows)
    sizes = [table.num_rows for table in feeds.read(path, batch_rows=10)]
    assert sizes == [10, 10, 5]
    joined = [
        mmsi for table in feeds.read(path, batch_rows=3) for mmsi in table["mmsi"].to_pylist()
    ]
    assert joined == list(range(1, 26))


def test_names_of_two_files_share_no_codes(tmp_path: Path) -> None:
    from tests.feeds.samples import OLD_HEADER

    write_lines(tmp_path / "a", [OLD_HEADER, old_row(MMSI="1", VesselName="ONE")])
    write_lines(
        tmp_path / "b",
        [OLD_HEADER, old_row(MMSI="2", VesselName="TWO"), old_row(MMSI="3", VesselName="ONE")],
    )
    report = ReadReport()
    (table,) = feeds.read(tmp_path, report=report)
    assert table["name"].to_pylist() == ["ONE", "TWO", "ONE"]
