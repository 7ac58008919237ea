"""Every real NMEA log is told by content, in and out of a packing, with exact sums."""

import gzip
import zipfile
from pathlib import Path

import pytest

from tests.feeds.samples import read_all
from vessels.errors import NoTimeError

LOGS = (
    "amsa_ais.nmea.gz",
    "exactearth_83min.nmea.gz",
    "gfw_ais_listener_2022_tagblock.nmea",
    "gpsdio_even_202101_reencoded.nmea.gz",
    "kystverket_1000.nm4",
)


@pytest.mark.real_data
@pytest.mark.parametrize("name", LOGS)
def test_real_log(shared_data: Path, name: str) -> None:
    table, report = read_all(shared_data / "nmea" / name)
    assert report.inputs[0].format == "nmea"
    assert table.num_rows > 500


@pytest.mark.real_data
def test_a_log_in_a_zip_gives_the_same_rows(shared_data: Path, tmp_path: Path) -> None:
    log = shared_data / "nmea" / "kystverket_1000.nm4"
    with zipfile.ZipFile(tmp_path / "logs", "w") as packed:
        packed.writestr("first.csv", gzip.compress(log.read_bytes()))
    table, report = read_all(tmp_path / "logs")
    assert table.to_pylist() == read_all(log)[0].to_pylist()
    assert report.inputs[0].format == "nmea"


@pytest.mark.real_data
def test_a_log_without_times_needs_a_start(shared_data: Path) -> None:
    log = shared_data / "nmea" / "gfw_ais_listener_mixed.nmea"
    with pytest.raises(NoTimeError, match="--start-time"):
        read_all(log)
    table, report = read_all(log, start_time_us=1_700_000_000_000_000)
    assert report.rejected["no_time"] == 0
    assert table.num_rows > 0
