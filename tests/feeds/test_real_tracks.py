"""Every real table is read, its sums exact, with the option that it needs and no other."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.feeds.samples import read_all
from vessels.errors import InputError

BY_POSITION = {"mmsi": "0", "lon": "1", "lat": "2", "time": "3", "cog": "8", "sog": "9"}
SUEZ = {"mmsi": "ID", "time": "ais_pos_timestamp"}
SOLENT = {
    "mmsi": "MMSI",
    "time": "Time",
    "lat": "Latitude_degrees",
    "lon": "Longitude_degrees",
    "sog": "SOG_knots",
    "cog": "COG_degrees",
}


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "columns", "rows", "rejected", "vessels"),
    [
        ("SolentAIS_20160112_130211", None, 18_623, {"duplicate": 3}, 91),
        ("SolentAIS_20160112_130211", SOLENT, 18_623, {"duplicate": 3}, 91),
        ("raw_1_3_10k_points", None, 10_000, {"no_position_or_identity": 720}, 4),
        ("raw_239500000_2012", BY_POSITION, 10_118, {}, 1),
        ("suez_evergiven_positions", SUEZ, 22_287, {"duplicate": 213}, 256),
    ],
)
def test_real_table(
    shared_data: Path,
    name: str,
    columns: Mapping[str, str] | None,
    rows: int,
    rejected: dict[str, int],
    vessels: int,
) -> None:
    table, report = read_all(shared_data / "tracks" / f"{name}.csv.gz", columns=columns)
    assert report.rows_read == rows
    assert report.rejected == rejected
    assert len(table["mmsi"].unique()) == vessels
    assert table["lat_deg"].null_count == 0


@pytest.mark.real_data
def test_suez_without_a_map_says_which_column_is_missing(shared_data: Path) -> None:
    with pytest.raises(InputError, match=r"no column found for mmsi, time; .*'ais_pos_timestamp'"):
        read_all(shared_data / "tracks" / "suez_evergiven_positions.csv.gz")


@pytest.mark.real_data
def test_a_table_without_a_header_says_to_map_by_position(shared_data: Path) -> None:
    with pytest.raises(InputError, match=r"no column found for mmsi, time, lat, lon; .*'0', '1'"):
        read_all(shared_data / "tracks" / "raw_239500000_2012.csv.gz")


@pytest.mark.real_data
def test_the_day_of_the_suez_file_is_read_day_first(shared_data: Path) -> None:
    path = shared_data / "tracks" / "suez_evergiven_positions.csv.gz"
    table, _ = read_all(path, columns=SUEZ)
    months = {moment.month for moment in table["time"].to_pylist()}
    assert months == {3}
