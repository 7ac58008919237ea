"""The parsers of outside bytes, each as a function of bytes that checks what comes out."""

import gzip
import io
import json
import os
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import feeds
from darkwake.config import load_settings
from feeds.live.decode import StreamDecoder
from feeds.live.http import TooLongError, unpacked
from feeds.nmea import decode_messages, read_nmea
from feeds.report import ReadReport
from tests.feeds.live.common import START_S, line, traffic
from tests.feeds.live.test_records import (
    AIS_CATCHER,
    AISSTREAM,
    AISSTREAM_PART_B,
    AISSTREAM_STATIC,
)
from tests.feeds.nmea.reference import read_by_reference
from tests.feeds.nmea.sentences import armour, sentence, static, tagged
from tests.feeds.samples import DMA_HEADER, NEW_HEADER, OLD_HEADER
from tests.fuzz.evidence import bundled
from vessels.errors import ConfigError, InputError, UsageError
from vessels.lists import ListSource, read_lists
from vessels.schema import FIXES, TEXT
from vessels.zones import ZoneSource
from vessels.zones_files import read_zones

_START = START_S * 1_000_000
RENEW_AFTER = 500
"""A stream's decoder takes so many inputs, then begins anew: state is part of what is tried."""


@dataclass(frozen=True, slots=True)
class Target:
    """One parser. `share` is its part of a long run; dear ones get little."""

    name: str
    samples: tuple[bytes, ...]
    run: Callable[[bytes], None]
    share: float
    repair: bool = False


def check_table(table: pa.Table) -> None:
    """Check the promises of the house schema that a hostile input could break."""
    assert table.schema.equals(FIXES)
    if not table.num_rows:
        return
    for name, low, high in (
        ("mmsi", 1, 999_999_999),
        ("lat_deg", -90, 90),
        ("lon_deg", -180, 179.9999999),
        ("sog_knots", 0, 102.3),
        ("cog_deg", 0, 359.9999999),
        ("heading_deg", 0, 359.9999999),
    ):
        found = pc.min_max(table[name]).as_py()
        if found["min"] is not None:
            assert low <= found["min"] <= found["max"] <= high, (name, found)
    for field in FIXES:
        if field.type == TEXT:
            for chunk in table[field.name].chunks:
                for text in chunk.dictionary.to_pylist():
                    assert text, field.name
                    assert not any(unicodedata.category(x) in ("Cc", "Cs") for x in text), text


def check_report(report: ReadReport) -> None:
    """Check that every row was counted once."""
    assert report.rows_read == report.rows_decoded + sum(report.rejected.values())


class Stream:
    """A stream's decoder that lives through many inputs."""

    def __init__(self, *, framed: bool) -> None:
        self._framed = framed
        self._used = RENEW_AFTER
        self._decoder = StreamDecoder("fuzz", "message")

    def run(self, data: bytes) -> None:
        """Take one input: in pieces, or as a message."""
        if self._used >= RENEW_AFTER:
            clock = "arrival" if len(data) % 4 == 0 else "message"
            self._decoder = StreamDecoder("fuzz", clock)
            self._used = 0
        self._used += 1
        decoder = self._decoder
        now_us = START_S * 1_000_000 + self._used
        if self._framed:
            decoder.push_message(data, now_us)
        else:
            half = len(data) // 3
            decoder.push(data[:half], now_us)
            decoder.push(data[half:], now_us)
        for table in decoder.decode(flush=self._used % 7 == 0):
            check_table(table)
        if self._used % 50 == 0:
            snapshot = decoder.snapshot()
            decoder.restore(snapshot)
            check_report(decoder.report)


def every_type(seed: int) -> bytes:
    """Return a log of a message of every type, of random fields and lengths, parts interleaved."""
    rng = random.Random(seed)
    lines: list[bytes] = []
    for kind in [*range(1, 29), 5, 5, 24, 0, 40]:
        length = rng.choice((168, 168, 168, 424, rng.randrange(38, 430)))
        mmsi = rng.choice((rng.randrange(1, 1 << 30), 982_440_001, 244_000_000 + kind))
        bits = f"{kind:06b}00{mmsi:030b}" + f"{rng.getrandbits(length):0{length}b}"
        payload, fill = armour(bits[:length])
        parts = [payload[at : at + 56] for at in range(0, len(payload), 56)]
        for number, part in enumerate(parts, start=1):
            seq = b"%d" % (kind % 10) if len(parts) > 1 else b""
            place = rng.randrange(len(lines) + 1) if rng.random() < 0.2 else len(lines)
            last = fill if number == len(parts) else 0
            lines.insert(place, sentence(part, fill=last, part=(len(parts), number), seq=seq))
    return b"\r\n".join(lines)


def as_reference(data: bytes) -> None:
    """Read a log as `read_nmea` does and as the reference does: same rows, same rejections.

    Times, stations and groups are not the reference's business: logs that may hold some are left.
    """
    if re.search(rb"\\[^\\]*:|[0-9]{9}|[$]PGHP,", data):
        return
    report = ReadReport()
    found: list[dict[str, object]] = []
    with suppress(InputError):  # no sentence at all
        for table in read_nmea(io.BytesIO(data), path="log", report=report, start_time_us=_START):
            check_table(table)
            told = table.drop_columns(["time", "station", "receiver"]).to_pylist()
            found += [{k: v for k, v in row.items() if v is not None} for row in told]
    check_report(report)
    rows, rejected = read_by_reference(data)
    assert found == rows
    assert report.rejected == rejected


def full_decode(data: bytes) -> None:
    """Decode every message in full, as `feeds.nmea.decode_messages` does."""
    report = ReadReport()
    try:
        for fields in decode_messages(io.BytesIO(data), path="fuzz", report=report):
            assert 1 <= fields["msg_type"] <= 63
    except InputError:
        pass
    check_report(report)


def gzip_body(data: bytes) -> None:
    """Unpack a posted body."""
    with suppress(TooLongError, ValueError):
        assert len(unpacked(data)) <= 8 << 20


def cursor(data: bytes) -> None:
    """Restore a decoder from a cursor that the store gave back damaged."""
    with suppress(ValueError, KeyError, TypeError):
        StreamDecoder("fuzz", "message").restore(data)


class Files:
    """Parsers that read a file: the input is laid down in a folder first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def _laid(self, data: bytes, name: str) -> Iterator[Path]:
        path = self._folder / name
        path.write_bytes(data)
        yield path

    def track(self, data: bytes) -> None:
        """Read a file of any format, found by its content."""
        report = ReadReport()
        with self._laid(data, "track") as path:
            try:
                for table in feeds.read(path, report=report):
                    check_table(table)
            except (InputError, UsageError):
                return
        check_report(report)

    def config(self, data: bytes) -> None:
        """Read a configuration."""
        told = ""
        with self._laid(data, "config.toml") as path:
            try:
                load_settings(path)
            except ConfigError as error:
                told = str(error)
        assert "\x1b" not in told

    def vessel_list(self, data: bytes) -> None:
        """Read a vessel list."""
        with self._laid(data, "list.csv") as path, suppress(ConfigError):
            read_lists([ListSource("fuzz", path)])

    def zones(self, data: bytes) -> None:
        """Read a file of zones."""
        with self._laid(data, "zones.geojson") as path, suppress(ConfigError):
            read_zones([ZoneSource("fuzz", path)])


def _json(*values: object) -> tuple[bytes, ...]:
    return tuple(json.dumps(value).encode("utf-8") for value in values)


def _sentences() -> tuple[bytes, ...]:
    one, two = static(b"3")
    lines = [line(1), traffic(3), tagged(one) + b"\n" + tagged(two) + b"\n"]
    lines.append(b"2023-11-14 22:13:20.5," + line(2)[line(2).index(b"!") :])
    lines.append(line(3)[line(3).index(b"!") :].strip() + b",1700000000,rST1,b003\r\n")
    rng = np.random.default_rng(5)
    armour = b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"
    for kind in range(28):  # every message type, with bits of no sense
        payload = bytes([armour[kind]]) + bytes(armour[i] for i in rng.integers(0, 64, 60))
        lines.append(b"\\c:1700000000*00\\!AIVDM,1,1,,A,%b,0*00\r\n" % payload)
    return tuple(lines)


def _tables() -> tuple[bytes, ...]:
    old = (
        "366000001,2022-01-03T00:00:00,40.1,-70.2,3.4,120,119,NAME,IMO9074729,C1,70,0,90,15,5,70,A"
    )
    new = (
        "366000001,2025-01-03 00:00:00,-70.2,40.1,3.4,120,119,NAME,IMO9074729,C1,70,0,90,15,5,70,A"
    )
    dma = (
        "26/04/2026 00:00:00,Class A,219000001,55.1,10.2,Under way,,7.5,120.5,119,9074729,CALL,"
        '"NAME, X",Cargo,,15,90,GPS,5.5,OSLO,,AIS,40,50,7,8'
    )
    simple = "mmsi;time;lat;lon\n200000001;03/13/2022 00:00;1.5;2.5\n"
    gfw = json.dumps({"ssvid": "200000001", "timestamp": 1641168000.5, "lat": 1.5, "lon": 2.5})
    texts = [f"{OLD_HEADER}\n{old}\n", f"{NEW_HEADER}\n{new}\n", f"{DMA_HEADER}\n{dma}\n", simple]
    return tuple(text.encode("utf-8") for text in [*texts, f"{gfw}\n{gfw}\n"])


_CONFIG = b"""[store]
url = "sqlite:///state.db"
[[feeds]]
name = "north"
url = "tcp://127.0.0.1:5631"
clock = "message"
silence_timeout_s = 300
[detectors.dark_period]
min_duration_h = 12
[mail]
url = "smtp://127.0.0.1:1025"
sender = "watch@example.org"
[[subscriptions]]
name = "inspectors"
to = ["inspector@example.org"]
events = ["dark_period", "encounter"]
min_confidence = 0.5
mode = "immediate"
"""
_LIST = b"IMO,Name,IRCS,Flag,Listed date,RFMO\n9074729,NAME ONE,CALL1,PAN,2020-01-02,CCAMLR\n"
_ZONES = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "Zone"},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[170, 0], [-170, 0], [-170, 9], [170, 9], [170, 0]]],
                },
            }
        ],
    }
).encode("ascii")


def targets(folder: Path) -> list[Target]:
    """Return all targets; those that need files lay them down in `folder`."""
    files, tables = Files(folder), bundled()
    stream = _sentences()
    messages = tuple(every_type(seed) for seed in range(12))
    records = _json(
        AIS_CATCHER,
        {"protocol": "jsonaiscatcher", "stationid": "s", "msgs": [AIS_CATCHER, "!AIVDM"]},
        {key: value for key, value in AIS_CATCHER.items() if key != "nmea"},
        [{"mmsi": 1, "time": "2022-01-03T00:00:00Z", "lat": 1.5, "lon": 2.5, "name": "X"}],
    )
    provider = _json(AISSTREAM, AISSTREAM_STATIC, AISSTREAM_PART_B, {"error": "no"})
    decoder = StreamDecoder("fuzz", "message")
    decoder.push(traffic(150) + tagged(static(b"4")[0]) + b"\n!AIV", 0)
    decoder.decode()
    return [
        Target("nmea_reference", messages, as_reference, 0.04, repair=True),
        Target("nmea_stream", stream, Stream(framed=False).run, 0.40, repair=True),
        Target("nmea_stream_raw", stream, Stream(framed=False).run, 0.10),
        Target("json_ais_catcher", records, Stream(framed=True).run, 0.20),
        Target("json_aisstream", provider, Stream(framed=True).run, 0.15),
        Target("nmea_full", stream, full_decode, 0.045, repair=True),
        Target("gzip_body", (gzip.compress(traffic(5)),), gzip_body, 0.03),
        Target("cursor", (decoder.snapshot(),), cursor, 0.0095),
        Target("track_file", (*_tables(), traffic(5)), files.track, 0.01),
        Target("config_toml", (_CONFIG,), files.config, 0.005),
        Target("vessel_list", (_LIST,), files.vessel_list, 0.005),
        Target("zones_file", (_ZONES,), files.zones, 0.0005),
        Target("evidence_tables", tables.samples, tables.run, 0.005),
    ]


def clear_environment() -> None:
    """Take away what would change how a configuration is read."""
    for name in [name for name in os.environ if name.startswith("DARKWAKE__")]:
        del os.environ[name]
