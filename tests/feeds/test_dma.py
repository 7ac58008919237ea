"""The Danish schema: words for codes, day-first dates, rows that are no vessels, duplicates."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.feeds.samples import DMA_HEADER, dma_row, read_all, write_lines


def _one(tmp_path: Path, **fields: str) -> dict[str, object]:
    path = write_lines(tmp_path / "aisdk.csv", [DMA_HEADER, dma_row(**fields)])
    table, report = read_all(path)
    assert report.inputs[0].format == "dma"
    rows: list[dict[str, object]] = table.to_pylist()
    return rows[0]


def test_a_date_that_reads_both_ways_is_day_first(tmp_path: Path) -> None:
    row = _one(tmp_path, **{"# Timestamp": "03/04/2026 01:02:03"})
    assert row["time"] == datetime(2026, 4, 3, 1, 2, 3, tzinfo=UTC)


def test_words_become_codes(tmp_path: Path) -> None:
    row = _one(
        tmp_path,
        Navigational_status="Engaged in fishing",
        Ship_type="Tanker",
        IMO="9117985",
        Callsign="MSHN7",
        Name="CAESAREA TRADER",
        Length="190",
        Width="32",
        Draught="6.9",
        Destination="MALMO",
    )
    assert row["nav_status"] == 7
    assert row["ship_type"] == 80
    assert (row["imo"], row["callsign"], row["name"]) == (9117985, "MSHN7", "CAESAREA TRADER")
    assert (row["length_m"], row["beam_m"], row["destination"]) == (190.0, 32.0, "MALMO")
    assert (row["ais_class"], row["msg_type"]) == ("A", None)


def test_unknown_and_undefined_are_null(tmp_path: Path) -> None:
    row = _one(tmp_path, Navigational_status="Unknown value")
    for name in ("imo", "callsign", "ship_type", "destination", "nav_status", "name"):
        assert row[name] is None


@pytest.mark.parametrize(
    ("mobile", "number"), [("Base Station", 4), ("AtoN", 21), ("SAR Airborne", 9)]
)
def test_rows_of_no_vessel_are_kept_with_the_type_that_tells(
    tmp_path: Path, mobile: str, number: int
) -> None:
    row = _one(tmp_path, Type_of_mobile=mobile)
    assert (row["msg_type"], row["ais_class"]) == (number, None)


def test_latitude_91_is_no_position(tmp_path: Path) -> None:
    row = _one(tmp_path, Latitude="91.000000", Longitude="0.000000", Name="MISSING")
    assert (row["lat_deg"], row["lon_deg"], row["name"]) == (None, None, "MISSING")


def test_neither_position_nor_identity_is_counted(tmp_path: Path) -> None:
    row = dma_row(Latitude="91.000000", Longitude="0.000000")
    _, report = read_all(write_lines(tmp_path / "aisdk.csv", [DMA_HEADER, row]))
    assert report.rejected == {"no_position_or_identity": 1}


@pytest.mark.real_data
def test_real_file_sums_and_duplicates(shared_data: Path) -> None:
    table, report = read_all(shared_data / "tracks" / "aisdk_20260426_first20k.csv.gz")
    assert report.rows_read == 19_999
    assert report.rejected == {"duplicate": 7_934, "no_position_or_identity": 171}
    types = table["msg_type"].to_pylist()
    assert {number: types.count(number) for number in (4, 21)} == {4: 354, 21: 167}
    assert report.message_types == {4: 1_270, 21: 300}
