"""JSON as live sources send it: AIS-catcher, gpsd, aisstream.io, and plain records.

An AIS-catcher record that brings its sentences is read from them: they hold more digits than the
decoded fields, and the rows equal those of the sentences themselves. Everything else is brought to
one set of names and read by the same columnar code as files of JSON lines.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from feeds.assemble import FixBuilder
from feeds.columns import Text, text_of_values
from feeds.jsonl import json_layout
from feeds.layout import KEYS, Layout
from feeds.live.source import Clock
from feeds.report import ReadReport
from vessels.errors import InputError

Record = dict[str, Any]
MAX_MESSAGES = 65_536
"""Most messages of one JSON document."""
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=lambda _: None)
"""Numbers stay as written: the kernels that read CSV read them."""
_BLOCK_ROWS = 8_192
_RECEIVED = "\0received"
_ABSENT = ("ais_class", "receiver")  # the class follows from the type
_KNOWN = Layout("json", {key: key for key in KEYS if key not in _ABSENT}, time_hint="us")
_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]*)?\Z")
_STAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?\s*(?:Z|[+-]00:?00)?(?: UTC)?\Z",
    re.ASCII,
)
_COMPACT = re.compile(r"\d{14}\Z", re.ASCII)
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")
_FLAT = {  # field of AIS-catcher and gpsd: key of a column map
    "mmsi": "mmsi",
    "type": "msg_type",
    "lat": "lat",
    "lon": "lon",
    "speed": "sog",
    "course": "cog",
    "heading": "heading",
    "status": "nav_status",
    "imo": "imo",
    "shipname": "name",
    "callsign": "callsign",
    "shiptype": "ship_type",
    "draught": "draught",
    "destination": "destination",
}
_STREAM = {  # field of aisstream.io's message bodies
    "UserID": "mmsi",
    "MessageID": "msg_type",
    "Latitude": "lat",
    "Longitude": "lon",
    "Sog": "sog",
    "Cog": "cog",
    "TrueHeading": "heading",
    "NavigationalStatus": "nav_status",
    "ImoNumber": "imo",
    "Name": "name",
    "CallSign": "callsign",
    "Type": "ship_type",
    "ShipType": "ship_type",
    "MaximumStaticDraught": "draught",
    "Destination": "destination",
}


def parse_json(raw: bytes) -> Any:
    """Return the JSON value in `raw`, or None where it is none; numbers are their text."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def messages_of(value: Any) -> Iterator[Any]:
    """Yield the messages of a document: itself, the items of a list, or those under `msgs`.

    `msgs` is AIS-catcher's HTTP envelope; its station name goes to those that bring none.
    """
    if isinstance(value, list):
        yield from value[:MAX_MESSAGES]
    elif isinstance(value, dict) and isinstance(value.get("msgs"), list):
        station = value.get("stationid")
        for message in value["msgs"][:MAX_MESSAGES]:
            if isinstance(message, dict):
                yield {"stationid": station, **message}
            else:
                yield message
    else:
        yield value


class RecordStream:
    """Turns JSON records into tables, or back into sentences where they bring them.

    Args:
        name: the feed's name, for messages.
        clock: `message`, or `arrival` to give each record the time of its receipt.
        report: counts every record that is not turned into sentences.
    """

    def __init__(self, name: str, clock: Clock, report: ReadReport) -> None:
        self._name = name
        self._arrival = clock == "arrival"
        self._report = report
        self._known = FixBuilder(_KNOWN, report, path=name)
        self._plain: FixBuilder | None = None
        self._names: set[str] = set()

    def sentences(self, value: Any) -> list[bytes]:
        """Return the sentences that a message brings, each as a line of its own; often none."""
        if isinstance(value, str):  # a list of bare sentences
            return [_one_line(value)] if value[:1] in ("!", "\\", "$") else []
        nmea = value.get("nmea") if isinstance(value, dict) else None
        if not isinstance(nmea, list):
            return []
        lines = [_one_line(text) for text in nmea[:9] if isinstance(text, str)]
        if self._arrival:
            return lines
        time_us = _time_of(value)
        block = b"" if time_us is None else _tag_block(time_us, value.get("stationid"))
        return [line if line.startswith(b"\\") else block + line for line in lines if line]

    def decode(self, found: Iterable[tuple[Any, int]]) -> list[pa.Table]:
        """Return the rows of some messages, each with the time of its receipt."""
        known: list[Record | None] = []
        plain: list[Record] = []
        for value, received_us in found:
            record = self._normal(value)
            if record is None:
                if isinstance(value, dict):
                    plain.append({**value, _RECEIVED: received_us})
                else:
                    self._report.reject("noise")
                continue
            if self._arrival:
                record["time"] = str(received_us)
            known.append(record if record.pop("ok", True) else None)
        tables = [self._build(self._known, _KNOWN, rows) for rows in _blocks(known)]
        return tables + [table for rows in _blocks(plain) for table in self._plain_rows(rows)]

    def _normal(self, value: Any) -> Record | None:
        """Return a message of a known dialect under the keys of a column map, else None."""
        if not isinstance(value, dict):
            return None
        if isinstance(value.get("Message"), dict) and "MessageType" in value:
            return _from_aisstream(value)
        if value.get("class") == "AIS":
            return _from_flat(value)
        return None

    def _plain_rows(self, rows: list[Record]) -> list[pa.Table]:
        """Return the rows of records under any of the names that files may use."""
        names = {key for row in rows for key in row}
        if not self._arrival:
            names.discard(_RECEIVED)
        if self._plain is None or not names <= self._names:
            self._names = set(sorted(self._names | names)[:1_000])
            try:
                layout = json_layout(
                    self._names, _time_column(arrival=self._arrival), path=self._name
                )
            except InputError:
                self._report.reject("noise", len(rows))  # no track: a greeting, a status message
                return []
            self._plain = self._plain or FixBuilder(layout, self._report, path=self._name)
            self._plain.layout = layout
        columns = self._plain.layout.columns
        records = [{key: _text(row.get(column)) for key, column in columns.items()} for row in rows]
        try:
            return [self._build(self._plain, self._plain.layout, records)]
        except InputError:  # dates that can be read both ways: a live feed has no file to weigh
            self._report.reject("bad_time", len(rows))
            return []

    def _build(
        self, builder: FixBuilder, layout: Layout, records: list[Record | None] | list[Record]
    ) -> pa.Table:
        bad = np.array([record is None for record in records], np.bool_)
        columns = {
            key: _column([None if record is None else record.get(key) for record in records])
            for key in layout.columns
        }
        return builder.build(columns, bad)


def _time_column(*, arrival: bool) -> dict[str, str] | None:
    return {"time": f"{_RECEIVED}:us"} if arrival else None


def _blocks(records: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(records), _BLOCK_ROWS):
        yield records[start : start + _BLOCK_ROWS]


def _column(values: list[str | None]) -> Text:
    return text_of_values(values)


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or value is None:
        return None
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else None


def _from_flat(value: Record) -> Record:
    """Read the decoded fields of AIS-catcher and gpsd."""
    record: Record = {key: _text(value.get(name)) for name, key in _FLAT.items()}
    time_us = _time_of(value)
    record["time"] = None if time_us is None else str(time_us)
    record["station"] = _text(value.get("stationid"))
    _set_size(record, value, ("to_bow", "to_stern", "to_port", "to_starboard"))
    record["ok"] = value.get("scaled") is not False  # raw units of gpsd: not what we take
    return record


def _from_aisstream(value: Record) -> Record:
    """Read an envelope of aisstream.io: MessageType, Message and MetaData."""
    meta = value.get("MetaData")
    meta = meta if isinstance(meta, dict) else {}
    body = value["Message"].get(value["MessageType"]) if _hashable(value["MessageType"]) else None
    if not isinstance(body, dict):
        return {"ok": False}
    parts = [body.get("ReportA"), body.get("ReportB")]  # type 24 carries one of the two
    told = [part for part in parts if isinstance(part, dict) and part.get("Valid") is not False]
    record: Record = {}
    for source in (*told, body):
        for name, key in _STREAM.items():
            if record.get(key) is None:
                record[key] = _text(source.get(name))
        if isinstance(source.get("Dimension"), dict) and "length" not in record:
            _set_size(record, source["Dimension"], ("A", "B", "C", "D"))
    record["mmsi"] = record.get("mmsi") or _text(meta.get("MMSI"))
    time_us = _moment(meta.get("time_utc"))
    record["time"] = None if time_us is None else str(time_us)
    record["ok"] = body.get("Valid") is not False
    return record


def _hashable(value: Any) -> bool:
    return isinstance(value, str)


def _set_size(record: Record, value: Record, names: tuple[str, str, str, str]) -> None:
    """Write length and beam from the distances of the antenna to bow, stern, port, starboard."""
    sizes = [_text(value.get(name)) for name in names]
    for key, pair in (("length", sizes[:2]), ("beam", sizes[2:])):
        known = [int(text) for text in pair if text and text.isascii() and text.isdigit()]
        if known and all(len(str(size)) < 5 for size in known):
            record[key] = str(sum(known))


def _time_of(value: Record) -> int | None:
    """Return when AIS-catcher received a message; its finest clock first."""
    for name in ("toa", "rxuxtime", "rxtime", "timestamp"):
        time_us = _moment(value.get(name))
        if time_us is not None:
            return time_us
    return None


def _moment(raw: Any) -> int | None:
    """Return microseconds of seconds since 1970, `YYYYMMDDhhmmss` or ISO 8601 in UTC, else None.

    aisstream.io writes nanoseconds and ` +0000 UTC`; what is below a microsecond is cut.
    """
    text = _text(raw)
    if text is None or len(text) > 64:
        return None
    if _COMPACT.match(text):
        return _civil(text[:4], text[4:6], text[6:8], text[8:10], text[10:12], text[12:14], "")
    if _NUMBER.match(text):
        whole, _, fraction = text.partition(".")
        return int(whole) * 1_000_000 + int((fraction + "000000")[:6])
    match = _STAMP.match(text)
    return None if match is None else _civil(*(group or "" for group in match.groups()))


def _civil(
    year: str, month: str, day: str, hour: str, minute: str, second: str, fraction: str
) -> int | None:
    try:
        at = datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=UTC)
    except ValueError:
        return None
    if int(second) > 60:
        return None
    seconds = (at.toordinal() - 719_163) * 86_400 + at.hour * 3_600 + at.minute * 60 + int(second)
    return seconds * 1_000_000 + int((fraction + "000000")[:6])


def _one_line(text: str) -> bytes:
    """Return a sentence as one line: whatever would end it or leave ASCII is dropped."""
    kept = "".join(letter for letter in text[:1_024] if " " <= letter <= "~")
    return kept.strip().encode("ascii")


def _tag_block(time_us: int, station: Any) -> bytes:
    r"""Return `\c:seconds,s:station*hh\`, as a receiver would have written it."""
    seconds, micros = divmod(time_us, 1_000_000)
    fields = f"c:{seconds}.{micros:06d}"
    name = _NOT_PLAIN.sub("_", _text(station) or "")[:32]
    if name:
        fields += f",s:{name}"
    total = 0
    for byte in fields.encode("ascii"):
        total ^= byte
    return f"\\{fields}*{total:02X}\\".encode("ascii")
