"""Rows of delimited text: each is decoded or counted once, whatever is in it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds import intern, lines
from tests.feeds.samples import (
    NEW_HEADER,
    OLD_HEADER,
    SIMPLE_HEADER,
    old_row,
    read_all,
    simple_file,
    write_lines,
)

TIME = "2022-01-03T00:00:00"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"7,{TIME},1.5", "bad_row"),
        (f"7,{TIME},1.5,2.5,extra", "bad_row"),
        ("junk", "bad_row"),
        (f'"7,{TIME},1.5,2.5', "bad_mmsi"),  # the quote is read as part of the number
        (f"7,{TIME},north,2.5", "bad_row"),
        (f"7,{TIME},1.5,1..5", "bad_row"),
        (f"7,{TIME},1.5,0x10", "bad_row"),
        (f",{TIME},1.5,2.5", "bad_mmsi"),
        (f"0,{TIME},1.5,2.5", "bad_mmsi"),
        (f"-7,{TIME},1.5,2.5", "bad_mmsi"),
        (f"7.5,{TIME},1.5,2.5", "bad_mmsi"),
        (f"1000000000,{TIME},1.5,2.5", "bad_mmsi"),
        (f"99999999999999999999999999,{TIME},1.5,2.5", "bad_mmsi"),
        ("7,,1.5,2.5", "no_time"),
        ("7,noon,1.5,2.5", "bad_time"),
        (f"7,{TIME},,", "no_position_or_identity"),
        (f"7,{TIME},91,181", "no_position_or_identity"),
        (f"7,{TIME},1.5,", "no_position_or_identity"),
        (f"7,{TIME},NaN,nan", "no_position_or_identity"),
        ("0,,north", "bad_row"),
        ("0,,north,2.5", "bad_mmsi"),
        ("7,,north,2.5", "no_time"),
    ],
)
def test_a_bad_row_is_counted_under_its_first_fault(tmp_path: Path, row: str, reason: str) -> None:
    good = [f"{i},{TIME},1.5,2.5" for i in range(1, 4)]
    table, report = read_all(simple_file(tmp_path / "a", *good, row, f"4,{TIME},1.5,2.5"))
    assert report.rejected == {reason: 1}
    assert table["mmsi"].to_pylist() == [1, 2, 3, 4]


def test_a_broken_quote_spoils_one_row_only(tmp_path: Path) -> None:
    rows = [
        old_row(MMSI="1", VesselName='"A, B"'),
        old_row(MMSI="2", VesselName='"BROKEN'),
        old_row(MMSI="3", VesselName='"SAID ""HI"""'),
        old_row(MMSI="4", VesselName='"X" Y'),
        old_row(MMSI="5", VesselName='"BROKEN, TOO'),
        old_row(MMSI="6", VesselName='MID"DLE'),
    ]
    table, report = read_all(write_lines(tmp_path / "a", [OLD_HEADER, *rows]))
    names = dict(zip(table["mmsi"].to_pylist(), table["name"].to_pylist(), strict=True))
    assert names == {1: "A, B", 2: '"BROKEN', 3: 'SAID "HI"', 4: '"X" Y', 6: 'MID"DLE'}
    assert report.rejected == {"bad_row": 1}


def test_line_ends_and_blank_lines_are_no_rows(tmp_path: Path) -> None:
    text = f"\r\n{SIMPLE_HEADER}\r\n1,{TIME},1,2\r\n\r\n  \r\n2,{TIME},1,2\n\n3,{TIME},1,2"
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbf" + text.encode())
    table, report = read_all(tmp_path / "a")
    assert (table["mmsi"].to_pylist(), report.rows_read) == ([1, 2, 3], 3)


def test_names_that_are_not_utf8_are_kept_as_latin_1(tmp_path: Path) -> None:
    rows = [old_row(MMSI="1", VesselName="SØREN Æ"), old_row(MMSI="2", VesselName="漢字")]
    data = "\n".join([OLD_HEADER, *rows]).encode().replace("SØREN Æ".encode(), b"S\xd8REN \xc6")
    (tmp_path / "a").write_bytes(data)
    assert read_all(tmp_path / "a")[0]["name"].to_pylist() == ["SØREN Æ", "漢字"]


def test_controls_in_names_never_leave(tmp_path: Path) -> None:
    row = old_row(VesselName="EVIL\x1b[31m\u202eSHIP\x00")
    table, _ = read_all(write_lines(tmp_path / "a", [OLD_HEADER, row]))
    assert table["name"].to_pylist() == ["EVIL [31m SHIP"]


def test_a_very_long_name_is_cut(tmp_path: Path) -> None:
    row = old_row(VesselName="Ä" * 5_000)
    table, _ = read_all(write_lines(tmp_path / "a", [OLD_HEADER, row]))
    assert table["name"].to_pylist() == ["Ä" * 64]


def test_positions_are_rounded_and_180_is_west(tmp_path: Path) -> None:
    path = simple_file(
        tmp_path / "a",
        f"1,{TIME},22.568214416503906,180",
        f"2,{TIME},-0.0000001,-180.0",
        f"3,{TIME},-90,179.9999999",
    )
    rows = read_all(path)[0].to_pylist()
    assert [(row["lat_deg"], row["lon_deg"]) for row in rows] == [
        (22.568214, -180.0),
        (0.0, -180.0),
        (-90.0, -180.0),
    ]


def test_a_row_with_an_identity_but_no_position_is_kept(tmp_path: Path) -> None:
    row = old_row(LAT="91.0", LON="181.0")
    table, _ = read_all(write_lines(tmp_path / "a", [OLD_HEADER, row]))
    assert table["lat_deg"].to_pylist() == table["lon_deg"].to_pylist() == [None]
    assert table["name"].to_pylist() == ["EAGLE"]


def test_a_giant_line_is_counted_and_never_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 1_000)
    monkeypatch.setattr(lines, "BLOCK_BYTES", 4_096)
    giant = "x" * 50_000
    path = simple_file(tmp_path / "a", f"1,{TIME},1,2", giant, f"2,{TIME},1,2", "y" * 1_001)
    table, report = read_all(path)
    assert table["mmsi"].to_pylist() == [1, 2]
    assert report.rejected == {"noise": 2}


@pytest.mark.parametrize("size", [7, 64, 1_000])
def test_block_size_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    rows = [old_row(MMSI=str(i), VesselName=f"SHIP {i % 5}") for i in range(100)] + ["junk"] * 3
    path = write_lines(tmp_path / "a", [OLD_HEADER, *rows])
    table, report = read_all(path)
    monkeypatch.setattr(lines, "BLOCK_BYTES", size)
    again, report_again = read_all(path)
    assert again.to_pylist() == table.to_pylist()
    assert report_again.rejected == report.rejected


def test_more_names_than_are_kept_in_memory_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [old_row(MMSI=str(i), VesselName=f"SHIP {i * 7 % 1_200}") for i in range(1, 3_000)]
    path = write_lines(tmp_path / "a", [OLD_HEADER, *rows])
    table, _ = read_all(path)
    monkeypatch.setattr(intern, "MAX_ENTRIES", 100)
    monkeypatch.setattr(lines, "BLOCK_BYTES", 20_000)
    assert read_all(path)[0].to_pylist() == table.to_pylist()
    assert table["name"].to_pylist() == [f"SHIP {i * 7 % 1_200}" for i in range(1, 3_000)]


JUNK = st.one_of(
    st.sampled_from(
        ["", "0", "7", "91", "181", "-1", "1e400", "NaN", '"', '"a', "null", "A", "IMO1", TIME]
    ),
    st.text(st.characters(exclude_characters="\n\r", exclude_categories=("Cs",)), max_size=8),
)
GOOD = (NEW_HEADER, f"367379190,{TIME},1.5,2.5,0.0,1.0,2,EAGLE,1,C,31,0,28,11,3.3,52,A")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.lists(JUNK, min_size=15, max_size=18).map(",".join), max_size=30))
def test_random_rows_never_raise_and_always_add_up(tmp_path: Path, rows: list[str]) -> None:
    path = write_lines(tmp_path / "junk.csv", [*GOOD, *rows])
    table, report = read_all(path)
    blank = sum(not row.strip(" \t\r") for row in rows)
    assert report.rows_read == 1 + len(rows) - blank
    assert table.num_rows >= 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=2_000))
def test_random_bytes_under_a_header_never_raise(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "junk.csv"
    path.write_bytes("\n".join(GOOD).encode() + b"\n" + junk)
    read_all(path)
