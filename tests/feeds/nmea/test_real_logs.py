"""Real logs: the columns are those that pyais gives, and every row is accounted for."""

import gzip
import io
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from pyais.exceptions import UnknownPartNoException

from feeds.nmea import decode_messages
from feeds.nmea.layout import EARLIEST_US
from feeds.nmea.scan import Scanner
from feeds.report import ReadReport
from tests.feeds.nmea.sentences import ROW_TYPES, expected_row, pyais_fields, read, xor

pytestmark = pytest.mark.real_data

START_US = 1_600_000_000_000_000
LOGS = [
    "amsa_ais.nmea.gz",
    "exactearth_83min.nmea.gz",
    "gfw_ais_listener_2022_tagblock.nmea",
    "gfw_ais_listener_mixed.nmea",
    "gpsd_sample.aivdm",
    "gpsdio_even_202101_reencoded.nmea.gz",
    "kystverket_1000.nm4",
]
COUNTS = {
    "amsa_ais.nmea.gz": (44687, 859),
    "exactearth_83min.nmea.gz": (7672, 4066),
    "gfw_ais_listener_2022_tagblock.nmea": (9381, 9287),
    "gpsdio_even_202101_reencoded.nmea.gz": (80816, 80816),
    "kystverket_1000.nm4": (877, 877),
}
"""Rows read and decoded of each timed log, without a start time."""
SENTENCE = re.compile(rb"!([^!]{2}VD[MO],1,1,[^*]*)\*([0-9A-F]{2})")


def log(shared_data: Path, name: str) -> bytes:
    data = (shared_data / "nmea" / name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


def payloads(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Return payload and fill bits of every joined message."""
    for buffer, records in Scanner(io.BytesIO(data), ReadReport()):
        for at in records:
            yield buffer[at["payload"] :][: at["length"]].tobytes(), int(at["fill"])


def expected_rows(data: bytes) -> Iterator[dict[str, Any]]:
    """Return the rows that pyais' decode of every message stands for, but for time and place."""
    for payload, fill in payloads(data):
        try:
            fields = pyais_fields(payload, fill)
        except (KeyError, UnknownPartNoException):  # types above 28, and parts of 24 above B
            continue
        if fields["msg_type"] in ROW_TYPES and 0 < fields["mmsi"] <= 999_999_999:
            yield expected_row(fields)


@pytest.mark.parametrize("name", LOGS)
def test_columns_equal_pyais_field_by_field(shared_data: Path, name: str) -> None:
    data = log(shared_data, name)
    table, report = read(data, start_time_us=START_US)
    ours = [
        {k: v for k, v in row.items() if v is not None}
        for row in table.drop_columns(["time", "station", "receiver"]).to_pylist()
    ]
    theirs = list(expected_rows(data))
    # Ours are theirs, in the same order, without payloads that end before position or name.
    rest = iter(theirs)
    assert all(any(row == other for other in rest) for row in ours)
    assert 0 <= len(theirs) - len(ours) <= report.rejected["bad_sentence"]


@pytest.mark.parametrize("name", LOGS)
def test_edited_logs_give_the_rows_and_rejections_of_the_reference(
    shared_data: Path, name: str
) -> None:
    """Sentences of the log alone (no time, no station), whole and edited, checksums repaired."""
    from tests.fuzz.edits import apply, random_edits
    from tests.fuzz.targets import as_reference

    found = re.findall(rb"![A-Z]{2}VD[MO],[^*\r\n!\\]*\*[0-9A-F]{2}", log(shared_data, name))
    rng = random.Random(1)
    for start in range(0, min(len(found), 1_200), 40):
        sample = b"\n".join(found[start : start + 40])
        as_reference(sample)
        as_reference(apply(sample, random_edits(rng), repair=True))


@pytest.mark.parametrize("name", LOGS)
def test_every_single_sentence_with_a_right_checksum_is_found(shared_data: Path, name: str) -> None:
    data = log(shared_data, name)
    found = Counter(payload for payload, _ in payloads(data))
    singles = Counter(
        match[1].split(b",")[5 if match[1].count(b",") == 6 else 4]
        for line in re.split(rb"[\r\n]", data)
        if (match := SENTENCE.search(line)) and xor(match[1]) == match[2]
    )
    assert sum(singles.values()) > 0
    assert not singles - found - Counter({b"": len(data)})


@pytest.mark.parametrize("name", COUNTS)
def test_rows_read_and_decoded(shared_data: Path, name: str) -> None:
    data = log(shared_data, name)
    table, report = read(data)
    assert (report.rows_read, report.rows_decoded) == COUNTS[name]
    assert pc.min(table["time"].cast("int64")).as_py() >= EARLIEST_US


@pytest.mark.parametrize("name", LOGS)
def test_the_full_decoder_reads_every_log(shared_data: Path, name: str) -> None:
    data = log(shared_data, name)
    report, full = read(data, start_time_us=START_US)[1], ReadReport()
    messages = list(decode_messages(io.BytesIO(data), path=name, report=full))
    assert len(messages) == full.rows_decoded
    assert full.rows_read == report.rows_read
    assert full.message_types == report.message_types


def test_wrapped_positions_are_dated_by_when_the_satellite_heard_them(shared_data: Path) -> None:
    """The UTC second of a report says so: wrappers agree with it, trailers do not."""
    data = log(shared_data, "exactearth_83min.nmea.gz")
    near = total = 0
    for message in decode_messages(io.BytesIO(data), path="log"):
        if message["msg_type"] in (1, 3, 18) and (message["second"] or 60) < 60:
            late = (message["time_us"] / 1e6 - message["second"]) % 60
            near += late < 10 or late > 56
            total += 1
    assert total > 2000
    assert near / total > 0.9  # of trailers, a quarter would be


def test_the_norwegian_log_keeps_its_static_reports(shared_data: Path) -> None:
    table, report = read(log(shared_data, "kystverket_1000.nm4"))
    assert report.rejected == {}
    assert table["msg_type"].to_pylist().count(5) == 123
    days = {time.date() for time in table["time"].to_pylist()}
    assert days == {datetime(2019, 8, 7, tzinfo=UTC).date()}


def test_the_reencoded_tracks_tell_their_receivers(shared_data: Path) -> None:
    table, _ = read(log(shared_data, "gpsdio_even_202101_reencoded.nmea.gz"))
    kinds = {
        (row["station"], row["receiver"])
        for row in table.select(["station", "receiver"]).to_pylist()
    }
    assert kinds == {("rORB", "satellite"), ("rTER", "terrestrial")}
