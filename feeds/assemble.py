"""Columns of a source become a table of the house schema; each row is kept or counted once.

A row with several faults is counted under the first of: `bad_row` (wrong number of fields),
`bad_mmsi`, `no_time` or `bad_time`, `bad_row` (latitude or longitude that is no number),
`no_position_or_identity`. Optional values that cannot be read are null.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from feeds import codes
from feeds.columns import Column, numbers, words
from feeds.fixkernels import tidy_angles, tidy_measures, tidy_positions
from feeds.intern import CodeColumn, TextColumn
from feeds.layout import Layout
from feeds.report import ReadReport
from feeds.textkernels import BAD, BLANK, OK, Status
from feeds.times import TimeRule, decide
from vessels.schema import FIXES, IDENTITY_COLUMNS, TIME
from vessels.text import clean_text, vessel_text

Flags = npt.NDArray[np.bool_]

MAX_MMSI = 999_999_999
MAX_SOG_KNOTS = 102.2
"""ITU-R M.1371: 102.2 is "102.2 knots or more", 102.3 is "not available"."""
_MEASURES = {  # key: (house column, lowest, highest); highest as the AIS fields allow
    "sog": ("sog_knots", 0.0, MAX_SOG_KNOTS),
    "length": ("length_m", 0.1, 1022.0),
    "beam": ("beam_m", 0.1, 126.0),
    "draught": ("draught_m", 0.1, 25.5),
}
_ANGLES = {"cog": "cog_deg", "heading": "heading_deg"}
_COURSE_OVERFLOW_DEG = 409.6
"""A 12-bit course read as signed: 2^12 tenths of a degree are missing below 0."""
_CODES: dict[str, Callable[[str], int | None]] = {
    "nav_status": codes.nav_status,
    "msg_type": codes.msg_type,
    "ship_type": codes.ship_type,
    "imo": codes.imo,
}
_TEXTS: dict[str, Callable[[str], str | None]] = {
    "name": vessel_text,
    "callsign": vessel_text,
    "destination": vessel_text,
    "station": clean_text,
    "receiver": codes.receiver,
    "ais_class": codes.ais_class,
}
_KEEP, _BAD_FIELDS, _BAD_MMSI, _NO_TIME, _BAD_TIME, _BAD_PLACE, _EMPTY = range(7)
_REASON_OF = {
    _BAD_FIELDS: "bad_row",
    _BAD_MMSI: "bad_mmsi",
    _NO_TIME: "no_time",
    _BAD_TIME: "bad_time",
    _BAD_PLACE: "bad_row",
    _EMPTY: "no_position_or_identity",
}


@dataclass(slots=True)
class _Place:
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    found: Flags
    unreadable: Flags


class FixBuilder:
    """Builds the tables of one file. Holds what is decided or learnt once for the file.

    Args:
        layout: which column holds what.
        report: every row is counted here.
        path: names the file in errors.
    """

    def __init__(self, layout: Layout, report: ReadReport, *, path: str) -> None:
        self.layout = layout
        """May be replaced by one that knows more columns; times stay as decided."""
        self._report = report
        self._path = path
        self._time_rule: TimeRule | None = None
        self._codes = {key: CodeColumn(convert) for key, convert in _CODES.items()}
        self._texts = {key: TextColumn(convert) for key, convert in _TEXTS.items()}
        self._class_of_type = TextColumn(codes.class_of_type)

    def build(self, columns: Mapping[str, Column], bad: Flags) -> pa.Table:
        """Return the sound rows of a block as a table of FIXES; count all of them.

        Args:
            columns: the columns by key; `mmsi` and `time` are there, the rest may be absent.
            bad: rows that could not be split into fields.

        Raises:
            InputError: how times are written cannot be decided.
        """
        mmsi, mmsi_ok = _mmsi(columns["mmsi"])
        micros, time_status = self._times(columns["time"])
        place = _place(columns, len(bad))
        arrays = {
            "mmsi": pa.array(mmsi),
            "time": pa.array(micros).cast(TIME),
            "lat_deg": pa.array(place.lat, mask=~place.found),
            "lon_deg": pa.array(place.lon, mask=~place.found),
            **_measures(columns, signed_course=self.layout.signed_course),
            **self._words(columns),
        }
        table = pa.table(
            [arrays.get(field.name, pa.nulls(len(bad), field.type)) for field in FIXES],
            schema=FIXES,
        )
        verdict = np.full(len(bad), _KEEP, np.uint8)  # later lines win over earlier ones
        verdict[~(place.found | _has_identity(table))] = _EMPTY
        verdict[place.unreadable] = _BAD_PLACE
        verdict[time_status == BAD] = _BAD_TIME
        verdict[time_status == BLANK] = _NO_TIME
        verdict[~mmsi_ok] = _BAD_MMSI
        verdict[bad] = _BAD_FIELDS
        return self._judge(table, verdict)

    def _judge(self, table: pa.Table, verdict: npt.NDArray[np.uint8]) -> pa.Table:
        types = table["msg_type"].drop_null().to_numpy()
        for number, count in enumerate(np.bincount(types).tolist()):
            if count:
                self._report.message_types[number] += count
        counts = np.bincount(verdict, minlength=len(_REASON_OF) + 1).tolist()
        for code, reason in _REASON_OF.items():
            self._report.reject(reason, counts[code])
        self._report.accept(counts[_KEEP])
        return table if counts[_KEEP] == len(verdict) else table.filter(verdict == _KEEP)

    def _times(self, column: Column) -> tuple[npt.NDArray[np.int64], Status]:
        if self._time_rule is None:
            self._time_rule = decide(column, self.layout, path=self._path)
        return (self._time_rule or TimeRule("iso")).apply(column)

    def _words(self, columns: Mapping[str, Column]) -> dict[str, pa.Array]:
        """Return the columns that are looked up by their distinct values."""
        arrays: dict[str, pa.Array] = {}
        for key, encoder in self._codes.items():
            if key in columns:
                whole = encoder.encode(words(columns[key]))
                kind = FIXES.field(key).type
                narrow = whole.astype(kind.to_pandas_dtype())
                arrays[key] = pa.array(narrow, kind, mask=whole < 0)
        for key, texts in self._texts.items():
            if key in columns:
                arrays[key] = texts.encode(words(columns[key]))
        if "msg_type" in columns and "ais_class" not in columns:
            arrays["ais_class"] = self._class_of_type.encode(words(columns["msg_type"]))
        return arrays


def _measures(columns: Mapping[str, Column], *, signed_course: bool) -> dict[str, pa.Array]:
    """Return the columns that are read as numbers."""
    arrays: dict[str, pa.Array] = {}
    for key, (name, low, high) in _MEASURES.items():
        if key in columns:
            values, status = numbers(columns[key])
            out = np.zeros(len(values), np.float32)
            found = tidy_measures(values, status, low, high, out)
            arrays[name] = pa.array(out, mask=~found)
    for key, name in _ANGLES.items():
        if key in columns:
            values, status = numbers(columns[key])
            out = np.zeros(len(values), np.float32)
            shift = _COURSE_OVERFLOW_DEG if signed_course and key == "cog" else 0.0
            found = tidy_angles(values, status, shift, out)
            arrays[name] = pa.array(out, mask=~found)
    return arrays


def _mmsi(column: Column) -> tuple[npt.NDArray[np.int32], Flags]:
    values, status = numbers(column)
    good = (status == OK) & (values >= 1) & (values <= MAX_MMSI) & (values == np.floor(values))
    return np.where(good, values, 0).astype(np.int32), good


def _place(columns: Mapping[str, Column], rows: int) -> _Place:
    if "lat" not in columns or "lon" not in columns:
        none = np.zeros(rows, np.bool_)
        return _Place(np.zeros(rows), np.zeros(rows), none, none)
    lat, lat_status = numbers(columns["lat"])
    lon, lon_status = numbers(columns["lon"])
    found = tidy_positions(lat, lat_status, lon, lon_status)
    return _Place(lat, lon, found, (lat_status == BAD) | (lon_status == BAD))


def _has_identity(table: pa.Table) -> Flags:
    flags = np.zeros(table.num_rows, np.bool_)
    for name in IDENTITY_COLUMNS:
        if table[name].null_count < table.num_rows:
            flags |= table[name].is_valid().to_numpy()
    return flags
