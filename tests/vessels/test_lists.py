"""Vessel lists: which key matches, what a row may hold, and what is told of bad ones."""

from pathlib import Path
from typing import Any

import pytest

from vessels.errors import ConfigError
from vessels.identity import Identity
from vessels.lists import ListSource, VesselLists, read_lists
from vessels.units import US_PER_DAY

IMO, OTHER_IMO = 9074729, 9319466
DAY = 19_700 * US_PER_DAY  # 2023-12-09


def read(path: Path, text: str | bytes, **options: Any) -> VesselLists:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_lists([ListSource(options.pop("name", "own"), path, **options)])


def keys(lists: VesselLists, mmsi: int = 1, at: int = DAY, **who: Any) -> list[tuple[str, int]]:
    return [(match.key, match.line) for match in lists.match(mmsi, Identity(**who), at)]


TABLE = f"""IMO number;Vessel name;Call Sign;MMSI;Flag
{IMO};Silver Sea 2;HSXX;567000001;THA
;Pei Yuh No.6;BZ-12;;TWN
;;;412000003;CHN
"""


def test_imo_goes_before_call_sign_and_name_before_mmsi(tmp_path: Path) -> None:
    lists = read(tmp_path / "a.csv", TABLE)
    assert keys(lists, imo=IMO) == [("imo", 2)]
    assert keys(lists, name="PEI YUH NO 6", callsign="bz12") == [("callsign_name", 3)]
    assert keys(lists, 412000003) == [("mmsi", 4)]
    assert keys(lists, 412000003, imo=IMO) == [("imo", 2)]
    assert keys(lists, 412000003, name="Pei Yuh No 6", callsign="BZ12") == [("callsign_name", 3)]
    assert keys(lists, name="PEI YUH NO 6") == keys(lists, callsign="BZ12") == []
    assert keys(lists, 5) == []


def test_another_imo_number_is_another_hull(tmp_path: Path) -> None:
    lists = read(tmp_path / "a.csv", TABLE)
    assert keys(lists, 567000001) == [("mmsi", 2)]
    assert keys(lists, 567000001, imo=OTHER_IMO) == []
    assert keys(lists, name="Silver Sea 2", callsign="HSXX", imo=OTHER_IMO) == []
    assert keys(lists, 567000001, imo=1234568) == [("mmsi", 2)], "a wrong check digit says nothing"
    assert keys(lists, 412000003, imo=OTHER_IMO) == [("mmsi", 4)], "the row states none"


def test_a_row_holds_from_its_first_day_to_its_last(tmp_path: Path) -> None:
    lists = read(tmp_path / "a.csv", "mmsi,from,until\n7,2023-12-09,2023-12-10\n8,,2023-12-09\n")
    assert keys(lists, 7, DAY) == [("mmsi", 2)]
    assert keys(lists, 7, DAY - 1) == []
    assert keys(lists, 7, DAY + 2 * US_PER_DAY - 1) == [("mmsi", 2)]
    assert keys(lists, 7, DAY + 2 * US_PER_DAY) == []
    assert keys(lists, 8, 0) == [("mmsi", 3)]


def test_a_match_tells_on_whose_word(tmp_path: Path) -> None:
    lists = read(
        tmp_path / "a.csv",
        f"imo,mmsi,source,date\n{IMO},,WCPFC,2024-01-31\n,9,,\n",
        name="blacklist",
        kind="iuu",
        source="TMT",
        date="2024-06-01",
        role="carrier",
    )
    (match,) = lists.match(1, Identity(imo=IMO), DAY)
    assert (match.list, match.kind, match.source, match.date) == (
        *("blacklist", "iuu", "WCPFC", "2024-01-31"),
    )
    assert match.text == "blacklist (iuu) by IMO number; WCPFC, 2024-01-31"
    (weak,) = lists.match(9, Identity(), DAY)
    assert weak.text == "blacklist (iuu) by MMSI; TMT, 2024-06-01"
    assert lists.role_of(9, Identity(), DAY) == "carrier"
    assert lists.role_of(10, Identity(), DAY) is None


def test_bad_rows_are_told_by_line_and_good_keys_of_them_kept(tmp_path: Path) -> None:
    lists = read(
        tmp_path / "a.csv",
        "imo,mmsi,name,callsign,until\n9074720,7,,,\nx,,,,\n,,LONELY,,\n,8,,,soon\n,10000000000,A,B,\n\n",
    )
    assert lists.notes == (
        "own: 1 IMO numbers that are no number, not used (lines 3)",
        "own: 1 IMO numbers with a wrong check digit, not used (lines 2)",
        "own: 1 MMSIs that are none, not used (lines 6)",
        "own: 1 rows with a date that is not YYYY-MM-DD, left out (lines 5)",
        "own: 2 rows without an IMO number, an MMSI, or a call sign and name (lines 3, 4)",
    )
    assert keys(lists, 7) == [("mmsi", 2)]
    assert keys(lists, 8) == []
    assert keys(lists, name="a", callsign="b") == [("callsign_name", 6)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("comma", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_of_spreadsheets(
    tmp_path: Path, encoding: str, comma: str
) -> None:
    text = f'"Vessel Name"{comma}IRCS{comma}MMSI\r\n"São, José"{comma}ab1{comma}\r\n'
    lists = read(tmp_path / "a.csv", text.encode(encoding))
    assert keys(lists, name="SÃO, JOSÉ", callsign="AB1") == [("callsign_name", 2)]


def test_columns_may_be_named_and_must_be_there(tmp_path: Path) -> None:
    text = "a,b\n412000003,carrier\n"
    columns = (("mmsi", "a"), ("role", "b"))
    assert read(tmp_path / "a.csv", text, columns=columns).role_of(412000003, Identity(), 0) == (
        "carrier"
    )
    with pytest.raises(ConfigError, match=r"a\.csv: has no column 'c'; its columns: a, b"):
        read(tmp_path / "a.csv", text, columns=(("mmsi", "c"),))
    with pytest.raises(ConfigError, match="no column to match vessels by"):
        read(tmp_path / "a.csv", text)


def test_the_hash_is_of_the_content(tmp_path: Path) -> None:
    first = read(tmp_path / "a.csv", "mmsi,name\n7,A\n8,B\n")
    again = read(tmp_path / "b.csv", "Name;MMSI\nb;8\na;7\n")
    assert first.hash == again.hash
    other = read(tmp_path / "a.csv", "mmsi,name\n7,A\n9,B\n")
    kind = read(tmp_path / "a.csv", "mmsi,name\n7,A\n8,B\n", kind="iuu")
    assert len({first.hash, other.hash, kind.hash, VesselLists().hash}) == 4
    assert not VesselLists()


def test_an_empty_list_names_nobody_and_says_so(tmp_path: Path) -> None:
    lists = read(tmp_path / "a.csv", "mmsi,name\n")
    assert lists.notes == ("own: names no vessel",)
    assert keys(lists, 7) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"mmsi\n\x00\x00", "no text"),
        (b"", "no column to match"),
        (b"mmsi\nx\n", r"names no vessel \(1 MMSIs that are no number, not used \(lines 2\)"),
        (b'mmsi\n"' + b"9" * 200_000 + b'"\n', "no CSV table"),
    ],
)
def test_a_file_of_no_use_is_one_clear_error(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        read(tmp_path / "a.csv", content)
    assert "a.csv" in str(caught.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_lists([ListSource("own", tmp_path / "none.csv")])
