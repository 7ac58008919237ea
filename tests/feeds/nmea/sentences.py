"""Sentences, tag blocks and readers for the tests: written here, apart from the code under test."""

import io
from collections.abc import Iterable
from functools import reduce
from typing import Any

import pyarrow as pa
from pyais.bit_vector import bit_vector
from pyais.messages import MSG_CLASS

from feeds.nmea import read_nmea
from feeds.report import ReadReport
from vessels.schema import FIXES
from vessels.text import clean_text

POSITION = b"15RTgt0PAso;90TKcjM8h6g208CQ"  # type 1, 371798000, second 33
POSITION_B = b"B52K>;h00Fc>jpUlNV@ikwpUoP06"  # type 18, 338087471
STATIC = (b"55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8", b"88888888880")
EPOCH = 1_600_000_000
ARMOUR = b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"
ROW_TYPES = frozenset({1, 2, 3, 4, 5, 9, 11, 18, 19, 21, 24, 27, 28})


def xor(text: bytes) -> bytes:
    """Return the NMEA checksum of a text as two digits."""
    return b"%02X" % reduce(lambda a, b: a ^ b, text, 0)


def sentence(
    payload: bytes = POSITION,
    *,
    fill: int | bytes = 0,
    tag: bytes = b"AIVDM",
    part: tuple[int, int] = (1, 1),
    seq: bytes = b"",
    channel: bytes = b"A",
) -> bytes:
    """Return one sentence; `part` is (total, number)."""
    body = b"%b,%d,%d,%b,%b,%b,%b" % (
        tag,
        *part,
        seq,
        channel,
        payload,
        fill if isinstance(fill, bytes) else b"%d" % fill,
    )
    return b"!" + body + b"*" + xor(body)


def tagged(line: bytes, block: bytes = b"c:%d" % EPOCH, checksum: bytes | None = None) -> bytes:
    """Return a sentence with a tag block before it."""
    return b"\\" + block + b"*" + (xor(block) if checksum is None else checksum) + b"\\" + line


def static(seq: bytes = b"1", **fields: Any) -> tuple[bytes, bytes]:
    """Return both sentences of a type 5 message: 351759000, EVER DIADEM to NEW YORK."""
    first = sentence(STATIC[0], part=(2, 1), seq=seq, **fields)
    return first, sentence(STATIC[1], part=(2, 2), seq=seq, fill=2, **fields)


def armour(bits: str) -> tuple[bytes, int]:
    """Return the payload and fill bits of a string of 0s and 1s."""
    fill = -len(bits) % 6
    bits += "0" * fill
    return bytes(ARMOUR[int(bits[i : i + 6], 2)] for i in range(0, len(bits), 6)), fill


def read(
    data: bytes | Iterable[bytes], *, stream: Any = None, **options: Any
) -> tuple[pa.Table, ReadReport]:
    """Read a log given as bytes or lines; return one table and the report."""
    text = data if isinstance(data, bytes) else b"".join(line + b"\r\n" for line in data)
    report = ReadReport()
    source = io.BytesIO(text) if stream is None else stream
    tables = list(read_nmea(source, path="log.nmea", report=report, **options))
    assert report.rows_read == report.rows_decoded + sum(report.rejected.values())
    table = pa.concat_tables(tables) if tables else FIXES.empty_table()
    assert table.schema == FIXES
    assert table.num_rows == report.rows_decoded
    return table, report


def rows(data: bytes | Iterable[bytes], **options: Any) -> list[dict[str, Any]]:
    """Read a log and return its rows as dictionaries without nulls."""
    table, _ = read(data, **options)
    return [{k: v for k, v in row.items() if v is not None} for row in table.to_pylist()]


def single_precision(value: float) -> float:
    """Return a number as a float32 column gives it back."""
    return float(pa.scalar(value, pa.float32()).as_py())


def text_at(bits: bit_vector, start: int, width: int) -> str:
    """Return the whole characters of a six-bit text up to its padding, untrimmed."""
    end = min(start + width, len(bits))
    codes = [bits.get(at, 6) for at in range(start, end - 5, 6)]
    return "".join(chr(code + 64 if code < 32 else code) for code in codes).split("@", 1)[0]


def pyais_fields(payload: bytes, fill: int) -> dict[str, Any]:
    """Return what pyais decodes from a payload, but for what it changes or makes up.

    It keeps ship types to 0..99, reads the last bits of a cut text as a letter, gives half names,
    and puts an extension after a name that is not full.
    """
    bits = bit_vector(payload, fill)
    message = MSG_CLASS[bits.get(0, 6)].from_vector(bits)
    fields = dict(message.asdict(enum_as_int=True))
    for name, offset, width, *_ in message.decoder_plan():
        if name == "ship_type" and fields[name] is not None:
            fields[name] = bits.get(offset, width)
        if name in ("name", "shipname", "callsign", "destination"):
            half = offset + width > len(bits) and name != "destination"
            fields[name] = None if half else text_at(bits, offset, width)
    if fields["msg_type"] == 21 and fields["name"] is not None and len(fields["name"]) == 20:
        fields["name"] += text_at(bits, 272, 84)
    return fields


def expected_row(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the row, without nulls, that the fields of pyais stand for, but for time and place."""
    kind = fields["msg_type"]
    row: dict[str, Any] = {"mmsi": fields["mmsi"], "msg_type": kind}
    if kind in (1, 2, 3, 5):
        row["ais_class"] = "A"
    elif kind in (18, 19, 24):
        row["ais_class"] = "B"
    lat, lon = fields.get("lat"), fields.get("lon")
    if lat is not None and lon is not None and abs(lat) <= 90 and abs(lon) <= 180:
        row["lat_deg"], row["lon_deg"] = lat, -180.0 if lon == 180 else lon
    row |= _motion(fields)
    row |= _identity(fields)
    return row


def _motion(fields: dict[str, Any]) -> dict[str, Any]:
    kind, row = fields["msg_type"], {}
    speed, course, heading = (fields.get(name) for name in ("speed", "course", "heading"))
    top = {9: 102, 27: 62}.get(kind, 102.2)
    if kind not in (4, 11, 21, 28):
        if speed is not None and speed <= top:
            row["sog_knots"] = single_precision(round(speed, 1))
        if course is not None and course < 360:
            row["cog_deg"] = single_precision(round(course, 1))
        if heading is not None and heading < 360:
            row["heading_deg"] = float(heading)
    if fields.get("status", 15) != 15:
        row["nav_status"] = fields["status"]
    return row


def _identity(fields: dict[str, Any]) -> dict[str, Any]:
    kind, row = fields["msg_type"], {}
    texts = {"callsign": fields.get("callsign"), "destination": fields.get("destination")}
    texts["name"] = fields.get("name", fields.get("shipname"))
    for name, text in texts.items():
        clean = clean_text(text)
        if clean is not None:
            row[name] = clean
    if kind in (5, 19, 24):
        for name, column in (("imo", "imo"), ("ship_type", "ship_type")):
            if fields.get(name):
                row[column] = fields[name]
        sizes = [fields.get(f"to_{side}") for side in ("bow", "stern", "port", "starboard")]
        if None not in sizes:
            for column, size in (("length_m", sizes[0] + sizes[1]), ("beam_m", sum(sizes[2:]))):
                if size:
                    row[column] = float(size)
        if fields.get("draught"):
            row["draught_m"] = single_precision(fields["draught"])
    return row
