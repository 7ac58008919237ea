"""What a file is, told by its first bytes and never by its name."""

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from feeds.layout import NEEDED, missing_keys, parse_column_map

_NMEA = re.compile(rb"[!$][A-Z0-9]{2}VD[MO],\d")
_BOM = b"\xef\xbb\xbf"
_MAGIC = {
    b"\xff\xd8\xff": "a JPEG image",
    b"\x89PNG": "a PNG image",
    b"GIF8": "a GIF image",
    b"II*\x00": "a TIFF image",
    b"MM\x00*": "a TIFF image",
    b"%PDF": "a PDF document",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\xfd7zXZ": "an xz archive",
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
    b"SQLite format 3": "an SQLite database",
    b"\x7fELF": "a program",
}
_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 20


@dataclass(frozen=True, slots=True)
class TableHead:
    """The first line of a delimited file. Without a header line the columns are numbered from 0."""

    delimiter: str
    names: tuple[str, ...]
    has_header: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file is: `nmea`, `jsonl`, `parquet`, `table`, or None with a description.

    `is_track` is False where nothing in it says that it holds tracks.
    """

    family: str | None
    description: str = ""
    is_track: bool = False
    table: TableHead | None = None


def sniff(head: bytes, columns: Mapping[str, str] | None = None) -> Kind:
    """Return what a file is, from its first bytes and the user's column map."""
    if head.startswith(b"PAR1"):
        return Kind("parquet", "a Parquet file", is_track=True)
    has_sentence = _NMEA.search(head) is not None
    magic = next((magic for magic in _MAGIC if head.startswith(magic)), None)
    if magic is not None and not has_sentence:
        return Kind(None, _MAGIC[magic])
    lines = _first_lines(head)
    if lines and 2 * sum(map(_is_record, lines)) >= len(lines):
        return Kind("jsonl", "JSON lines", is_track=True)
    table = None if lines and lines[0].startswith(b"{") else read_head(head, columns)
    missing = NEEDED if table is None else missing_keys(table.names)
    if missing and has_sentence:
        return Kind("nmea", "AIS sentences", is_track=True)
    if table is not None and (not missing or b"\0" not in head):
        is_track = len(missing) <= len(NEEDED) - 2 or bool(columns)
        return Kind("table", "a table", is_track=is_track, table=table)
    return Kind(None, _describe(head, lines))


def _describe(head: bytes, lines: list[bytes]) -> str:
    if not head.strip():
        return "an empty file"
    if b"\0" in head:
        return "a binary file"
    if not lines:
        return "one line without an end"
    first = lines[0].lstrip()[:1]
    if first in (b"{", b"["):
        return "JSON that is not one object a line"
    return "XML or HTML" if first == b"<" else "text without AIS records"


def read_head(head: bytes, columns: Mapping[str, str] | None = None) -> TableHead | None:
    """Return the first line of a delimited file as column names, or None where it is no table.

    The first line is a header unless one of its fields is a number; where the user's map is by
    position, unless its MMSI field is a whole number.
    """
    lines = _first_lines(head)
    if not lines or b"\0" in lines[0]:
        return None
    first = _decode(lines[0])
    delimiter = max(_DELIMITERS, key=first.count)
    fields = _fields(first, delimiter)
    if len(fields) < 2:
        return None
    if len(lines) > 1 and abs(len(_fields(_decode(lines[1]), delimiter)) - len(fields)) > 1:
        return None
    position = parse_column_map(columns)[0].get("mmsi", "")
    if position not in fields and position.isascii() and position.isdigit():
        place = int(position)
        is_header = place < len(fields) and not fields[place].isdigit()
    else:
        is_header = not any(_is_number(field) for field in fields)
    if is_header:
        return TableHead(delimiter, tuple(fields), has_header=True)
    return TableHead(delimiter, tuple(str(i) for i in range(len(fields))), has_header=False)


def _first_lines(head: bytes) -> list[bytes]:
    """Return the first lines that are not blank and end within the head."""
    text = head.removeprefix(_BOM)
    cut = text.rfind(b"\n")
    whole = text[:cut] if cut >= 0 else (text if len(text) < 1 << 16 else b"")
    lines: list[bytes] = []
    at = 0
    while at < len(whole) and len(lines) < _SAMPLE_LINES:
        end = whole.find(b"\n", at)
        end = len(whole) if end < 0 else end
        if line := whole[at:end]:
            lines += [line] if line.strip() else []
        at = end + 1
    return lines


def _is_record(line: bytes) -> bool:
    if not line.lstrip().startswith(b"{"):
        return False
    try:
        record = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and record.get("type") not in ("FeatureCollection", "Feature")


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8").strip("\r")
    except UnicodeDecodeError:
        return line.decode("latin-1").strip("\r")


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        rows = list(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return []
    return [field.strip() for field in rows[0]] if rows else []


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return field.lower() not in ("nan", "inf", "infinity")
