"""Vessel lists: who is listed as IUU, as authorised or as of interest, by whom and since when.

A list is a CSV file of the user's own. A vessel is matched by its IMO number, which stays with the
hull; else by call sign and name together; else by MMSI, which is handed on from ship to ship. A row
that states another IMO number than the vessel does is never matched by a weaker key. What matched,
and on whose word, is told with every match: a listing is somebody's statement, not a finding.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from vessels.errors import ConfigError
from vessels.identity import Identity, comparable
from vessels.mmsi import imo_is_valid
from vessels.text import clean_text
from vessels.units import US_PER_DAY

__all__ = ["LIST_KINDS", "ListKind", "ListMatch", "ListSource", "VesselLists", "read_lists"]

ListKind = Literal["iuu", "authorised", "interest"]
LIST_KINDS: tuple[ListKind, ...] = get_args(ListKind)
MatchKey = Literal["imo", "callsign_name", "mmsi"]
MAX_FILE_BYTES = 200_000_000
MAX_TOLD_LINES = 20

COLUMNS: dict[str, tuple[str, ...]] = {
    "imo": ("imo", "imonumber", "imono", "lrimo", "imonr", "lrno"),
    "callsign": ("callsign", "ircs", "radiocallsign", "internationalradiocallsign"),
    "name": ("name", "vesselname", "shipname", "currentname", "nameofvessel"),
    "mmsi": ("mmsi", "mmsinumber", "mmsino", "ssvid"),
    "flag": ("flag", "flagstate", "currentflag", "flagcode", "flagname"),
    "from": (
        "from",
        "validfrom",
        "authorizedfrom",
        "authorisedfrom",
        "listeddate",
        "datelisted",
        "startdate",
        "authorizationstart",
    ),
    "until": (
        "until",
        "validuntil",
        "validto",
        "authorizedto",
        "authorisedto",
        "to",
        "enddate",
        "delisteddate",
        "expiry",
        "authorizationend",
    ),
    "source": ("source", "rfmo", "listedby", "authority"),
    "date": ("date", "sourcedate", "updated", "lastupdated"),
    "role": ("role",),
}
"""Key -> names of columns that hold it, lower case without spaces and signs. First come first."""

_NOT_ALNUM = re.compile(r"[^a-z0-9]+")
_DIGITS = re.compile(r"(?:IMO|MMSI)?[\s:#.]*(\d+)(?:\.0+)?", re.IGNORECASE | re.ASCII)
_END_US = 1 << 62


@dataclass(frozen=True, slots=True)
class ListSource:
    """One list, as configured."""

    name: str
    path: Path
    kind: ListKind = "interest"
    source: str | None = None
    """Who says so; a column `source` in the file goes before it."""
    date: str | None = None
    """State of the list; a column `date` in the file goes before it."""
    role: str | None = None
    """Role that its vessels have, such as carrier; a column `role` goes before it."""
    columns: tuple[tuple[str, str], ...] = ()
    """(key of COLUMNS, column of the file) where the guess would be wrong."""


@dataclass(frozen=True, slots=True)
class ListMatch:
    """A vessel is on a list."""

    list: str
    kind: ListKind
    key: MatchKey
    """What matched; `mmsi` is the weakest."""
    source: str | None
    date: str | None
    role: str | None
    line: int
    """Line of the file, 1-based."""

    @property
    def text(self) -> str:
        """The match as an event's details tell it: list (kind) by key, source, date."""
        by = {"imo": "IMO number", "callsign_name": "call sign and name", "mmsi": "MMSI"}[self.key]
        said = ", ".join(part for part in (self.source, self.date) if part)
        return f"{self.list} ({self.kind}) by {by}{f'; {said}' if said else ''}"


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    imo: int | None
    callsign: str | None
    name: str | None
    mmsi: int | None
    flag: str | None
    from_us: int
    until_us: int
    source: str | None
    date: str | None
    role: str | None

    @property
    def callsign_name(self) -> tuple[str, str] | None:
        return (self.callsign, self.name) if self.callsign and self.name else None


@dataclass(slots=True)
class _List:
    source: ListSource
    rows: list[_Row]
    by_key: dict[MatchKey, dict[Any, list[_Row]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_key = {"imo": {}, "callsign_name": {}, "mmsi": {}}
        for row in self.rows:
            for key in self.by_key:
                value = getattr(row, key)
                if value is not None:
                    self.by_key[key].setdefault(value, []).append(row)


class VesselLists:
    """All lists of a run. Two are equal where their `hash` is."""

    def __init__(self, lists: Iterable[_List] = (), notes: Iterable[str] = ()) -> None:
        self._lists = sorted(lists, key=lambda one: (one.source.name, _content(one)))
        self.notes = tuple(notes)
        """What was left out while reading, one sentence each."""
        self.hash = ""
        """SHA-256 of what the lists say, whichever way their files are written; empty for none."""
        if self._lists:
            text = "\0".join(_content(one) for one in self._lists)
            self.hash = hashlib.sha256(text.encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._lists)

    def __bool__(self) -> bool:
        return bool(self._lists)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VesselLists) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def match(self, mmsi: int, who: Identity, time_us: int | None) -> tuple[ListMatch, ...]:
        """Return the lists that name a vessel at a time (microseconds since 1970), by list name.

        Where the time is None, at any time.
        Of several rows of one list the strongest key wins, then the first line.
        """
        found = []
        for one in self._lists:
            hit = _find(one, _keys_of(mmsi, who), time_us)
            if hit is not None:
                key, row = hit
                source = one.source
                found.append(
                    ListMatch(
                        source.name,
                        source.kind,
                        key,
                        row.source or source.source,
                        row.date or source.date,
                        row.role or source.role,
                        row.line,
                    )
                )
        return tuple(found)

    def role_of(self, mmsi: int, who: Identity, time_us: int | None = None) -> str | None:
        """Return the role that a list gives a vessel (carrier, bunker, ...), or None."""
        matches = self.match(mmsi, who, time_us)
        roles = [(_RANK[match.key], match.list, match.role) for match in matches if match.role]
        return min(roles)[2] if roles else None

    def as_dict(self) -> dict[str, Any]:
        """Return what run.json tells of the lists."""
        counts = {one.source.name: len(one.rows) for one in self._lists}
        return {"sha256": self.hash, "rows": counts, "notes": list(self.notes)}


_RANK: dict[MatchKey, int] = {"imo": 0, "callsign_name": 1, "mmsi": 2}


def read_lists(sources: Iterable[ListSource]) -> VesselLists:
    """Return all lists.

    Raises:
        ConfigError: a file cannot be read, is no table, or has no column to match vessels by.
    """
    lists, notes = [], []
    for source in sources:
        rows, told = _read(source)
        lists.append(_List(source, rows))
        notes += told
    return VesselLists(lists, notes)


def _keys_of(mmsi: int, who: Identity) -> dict[MatchKey, Any]:
    imo = comparable("imo", who.imo) if who.imo else None
    callsign = comparable("callsign", who.callsign) if who.callsign else None
    name = comparable("name", who.name) if who.name else None
    pair = (callsign, name) if callsign and name else None
    return {"imo": imo, "callsign_name": pair, "mmsi": mmsi}


def _find(
    one: _List, keys: dict[MatchKey, Any], time_us: int | None
) -> tuple[MatchKey, _Row] | None:
    for key, rows in one.by_key.items():
        for row in rows.get(keys[key], ()):
            other_hull = row.imo is not None and keys["imo"] not in (None, row.imo)
            in_time = time_us is None or row.from_us <= time_us <= row.until_us
            if in_time and not other_hull:
                return key, row
    return None


def _content(one: _List) -> str:
    """Return what a list says, as text: no line numbers, no order of rows, no path."""
    head = [one.source.name, one.source.kind, one.source.source, one.source.date, one.source.role]
    rows = sorted(
        repr(
            (
                r.imo,
                r.callsign,
                r.name,
                r.mmsi,
                r.flag,
                r.from_us,
                r.until_us,
                r.source,
                r.date,
                r.role,
            )
        )
        for r in one.rows
    )
    return repr(head) + "\n".join(rows)


def _read(source: ListSource) -> tuple[list[_Row], list[str]]:
    path = source.path
    text = _text(path)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=False)
    rows: list[_Row] = []
    bad: dict[str, list[int]] = {}
    try:
        header = next(lines, [])
        places = _places(header, source)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                row = _row(cells, places, lines.line_num, bad)
                if row is not None:
                    rows.append(row)
    except csv.Error as error:
        raise ConfigError(f"{path}:{lines.line_num}: is no CSV table: {error}") from error
    if bad and not rows:
        raise ConfigError(f"{path}: names no vessel ({'; '.join(_sentences(bad))})")
    told = _sentences(bad) if rows else ["names no vessel"]
    return rows, [f"{source.name}: {what}" for what in told]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_FILE_BYTES / 1e6:g} MB")
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    if raw[:4] == b"PK\x03\x04":
        raise ConfigError(f"{path}: is a spreadsheet or archive; export it as CSV")
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")  # what spreadsheets of old export
    if "\0" in text:
        raise ConfigError(f"{path}: is no text")
    return text


def _delimiter(text: str) -> str:
    head = text.partition("\n")[0]
    return max(",;\t|", key=head.count)


def _places(header: list[str], source: ListSource) -> dict[str, int]:
    """Return key -> column number."""
    plain = [_NOT_ALNUM.sub("", cell.lower()) for cell in header]
    given = [cell.strip() for cell in header]
    places = {}
    for key, names in COLUMNS.items():
        wanted = dict(source.columns).get(key)
        if wanted is not None:
            if wanted not in given:
                told = clean_text(", ".join(given), limit=200) or "none"
                raise ConfigError(f"{source.path}: has no column {wanted!r}; its columns: {told}")
            places[key] = given.index(wanted)
            continue
        place = next((plain.index(name) for name in names if name in plain), None)
        if place is not None:
            places[key] = place
    if not ({"imo", "mmsi"} & places.keys() or {"callsign", "name"} <= places.keys()):
        told = clean_text(", ".join(given), limit=200) or "none"
        raise ConfigError(
            f"{source.path}: has no column to match vessels by (imo, mmsi, or callsign and name); "
            f"its columns: {told}"
        )
    return places


def _row(
    cells: list[str], places: dict[str, int], line: int, bad: dict[str, list[int]]
) -> _Row | None:
    def cell(key: str, limit: int = 64) -> str | None:
        place = places.get(key, len(cells))
        return clean_text(cells[place], limit=limit) if place < len(cells) else None

    imo = _number(cell("imo"), "IMO number", line, bad)
    if imo is not None and not imo_is_valid(imo):
        bad.setdefault("IMO numbers with a wrong check digit, not used", []).append(line)
        imo = None
    mmsi = _number(cell("mmsi"), "MMSI", line, bad)
    if mmsi is not None and not 0 < mmsi <= 999_999_999:
        bad.setdefault("MMSIs that are none, not used", []).append(line)
        mmsi = None
    callsign, name = cell("callsign"), cell("name", 120)
    if imo is None and mmsi is None and not (callsign and name):
        bad.setdefault("rows without an IMO number, an MMSI, or a call sign and name", []).append(
            line
        )
        return None
    from_us = _day_us(cell("from"), line, bad, end=False)
    until_us = _day_us(cell("until"), line, bad, end=True)
    if from_us is None or until_us is None:
        return None
    return _Row(
        line=line,
        imo=imo,
        callsign=_comparable("callsign", callsign),
        name=_comparable("name", name),
        mmsi=mmsi,
        flag=cell("flag"),
        from_us=from_us,
        until_us=until_us,
        source=cell("source", 120),
        date=cell("date"),
        role=cell("role"),
    )


def _comparable(attribute: str, value: str | None) -> str | None:
    found = comparable(attribute, value) if value else None
    return None if found is None else str(found)


def _number(text: str | None, what: str, line: int, bad: dict[str, list[int]]) -> int | None:
    if text is None or text.strip(" -0").upper() in ("", "N/A", "NA", "UNKNOWN", "NONE", "NULL"):
        return None
    found = _DIGITS.fullmatch(text)
    if found is None or len(found[1]) > 18:
        bad.setdefault(f"{what}s that are no number, not used", []).append(line)
        return None
    return int(found[1])


def _day_us(text: str | None, line: int, bad: dict[str, list[int]], *, end: bool) -> int | None:
    """Return the first or last microsecond of a day; None where the cell holds no date.

    A row whose dates cannot be read is left out: it might be over.
    """
    if text is None:
        return _END_US if end else -_END_US
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        bad.setdefault("rows with a date that is not YYYY-MM-DD, left out", []).append(line)
        return None
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    start_us = (start - datetime(1970, 1, 1, tzinfo=UTC)).days * US_PER_DAY
    return start_us + US_PER_DAY - 1 if end else start_us


def _sentences(bad: dict[str, list[int]]) -> list[str]:
    out = []
    for what, lines in sorted(bad.items()):
        told = ", ".join(str(line) for line in lines[:MAX_TOLD_LINES])
        more = f" and {len(lines) - MAX_TOLD_LINES} more" if len(lines) > MAX_TOLD_LINES else ""
        out.append(f"{len(lines)} {what} (lines {told}{more})")
    return out
