"""The columns that the decoding kernel fills, and the Arrow table that they become, uncopied."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from feeds.nmea.layout import CALLSIGN, DESTINATION, NAME, TEXT_CHARS, Array, Bytes, Record
from feeds.nmea.stations import StationNames
from feeds.words import njit
from vessels.schema import FIXES, TIME

PLAIN = (
    *("msg_type", "lat_deg", "lon_deg", "sog_knots", "cog_deg", "heading_deg", "nav_status"),
    *("imo", "ship_type", "length_m", "beam_m", "draught_m"),
)
"""Columns of numbers that may be null, in the order of their bitmaps; `ais_class` comes last."""
_CLASSES = pa.array(["A", "B"])
_TEXTS = {"name": NAME, "callsign": CALLSIGN, "destination": DESTINATION}


class Columns(NamedTuple):
    """Room for the rows of one table; arrays of n elements where no shape is told."""

    mmsi: Array  # int32
    time: Array  # int64, microseconds UTC
    msg_type: Array  # uint8
    lat_deg: Array  # float64
    lon_deg: Array
    sog_knots: Array  # float32
    cog_deg: Array
    heading_deg: Array
    nav_status: Array  # uint8
    imo: Array  # int32
    ship_type: Array  # uint8
    length_m: Array  # float32
    beam_m: Array
    draught_m: Array
    ais_class: Array  # int32: 0 A, 1 B
    station: Array  # int32: number of the station's name, 0 where none
    valid: Bytes  # (13, n / 8 + 1): Arrow's bitmaps of PLAIN and ais_class
    texts: Bytes  # (3, n x TEXT_CHARS): names, call signs, destinations
    ends: Array  # (3, n + 1) int32: where the texts of each row end


def new_columns(rows: int) -> Columns:
    """Return room for so many rows, none of them valid."""
    kinds = {"mmsi": np.int32, "time": np.int64, "ais_class": np.int32, "station": np.int32}
    kinds |= {name: FIXES.field(name).type.to_pandas_dtype() for name in PLAIN}
    return Columns(
        **{name: np.empty(rows, kind) for name, kind in kinds.items()},
        valid=np.zeros((len(PLAIN) + 1, rows // 8 + 1), np.uint8),
        texts=np.empty((3, rows * TEXT_CHARS), np.uint8),
        ends=np.zeros((3, rows + 1), np.int32),
    )


@njit
def mark(valid: Bytes, bitmap: int, row: int, known: bool) -> None:  # noqa: FBT001 - a kernel
    """Set the bit of a row that is not null."""
    valid[bitmap, row >> 3] |= np.uint8(known) << np.uint8(row & 7)


@njit
def keep_fix(columns: Columns, row: int, fix: Record) -> None:
    """Write a decoded row, but for its texts, into the columns."""
    columns.mmsi[row] = fix.mmsi
    columns.msg_type[row] = fix.msg_type
    columns.lat_deg[row] = fix.lat_deg
    columns.lon_deg[row] = fix.lon_deg
    columns.sog_knots[row] = fix.sog_knots
    columns.cog_deg[row] = fix.cog_deg
    columns.heading_deg[row] = fix.heading_deg
    columns.nav_status[row] = fix.nav_status
    columns.imo[row] = fix.imo
    columns.ship_type[row] = fix.ship_type
    columns.length_m[row] = fix.length_m
    columns.beam_m[row] = fix.beam_m
    columns.draught_m[row] = fix.draught_m
    columns.ais_class[row] = fix.ais_class - 1 if fix.ais_class else 0
    valid = columns.valid
    mark(valid, 0, row, True)
    mark(valid, 1, row, not np.isnan(fix.lat_deg))
    mark(valid, 2, row, not np.isnan(fix.lon_deg))
    mark(valid, 3, row, not np.isnan(fix.sog_knots))
    mark(valid, 4, row, not np.isnan(fix.cog_deg))
    mark(valid, 5, row, not np.isnan(fix.heading_deg))
    mark(valid, 6, row, fix.nav_status != 15)
    mark(valid, 7, row, fix.imo != 0)
    mark(valid, 8, row, fix.ship_type != 0)
    mark(valid, 9, row, not np.isnan(fix.length_m))
    mark(valid, 10, row, not np.isnan(fix.beam_m))
    mark(valid, 11, row, not np.isnan(fix.draught_m))
    mark(valid, 12, row, fix.ais_class != 0)


def to_table(columns: Columns, rows: int, stations: StationNames) -> pa.Table:
    """Return the first `rows` rows as a table of FIXES that shares the columns' memory."""
    station, receiver = stations.columns(columns.station[:rows])
    arrays = {
        "mmsi": _plain(columns.mmsi[:rows], pa.int32(), None),
        "time": _plain(columns.time[:rows], TIME, None),
        "station": station,
        "receiver": receiver,
    }
    for bitmap, name in enumerate(PLAIN):
        values: Array = getattr(columns, name)
        arrays[name] = _plain(values[:rows], FIXES.field(name).type, columns.valid[bitmap])
    classes = _plain(columns.ais_class[:rows], pa.int32(), columns.valid[-1])
    arrays["ais_class"] = pa.DictionaryArray.from_arrays(classes, _CLASSES)
    for name, number in _TEXTS.items():
        arrays[name] = _texts(columns.texts[number], columns.ends[number, : rows + 1])
    return pa.table([arrays[name] for name in FIXES.names], schema=FIXES)


def _plain(values: Array, kind: pa.DataType, valid: Bytes | None) -> pa.Array:
    bitmap = None if valid is None else pa.py_buffer(valid)
    return pa.Array.from_buffers(kind, len(values), [bitmap, pa.py_buffer(values)])


def _texts(texts: Bytes, ends: Array) -> pa.DictionaryArray:
    """Return a text column; empty texts are null. The kernel wrote only printable ASCII.

    Few rows have a text, so only those are looked up: empty ones take no room between them.
    """
    known = ends[1:] > ends[:-1]
    rows = np.flatnonzero(known)
    starts = np.append(ends[rows], ends[-1])
    words = pa.StringArray.from_buffers(
        len(rows), pa.py_buffer(starts), pa.py_buffer(texts[: ends[-1]])
    ).dictionary_encode()
    indices = np.zeros(len(known), np.int32)
    indices[rows] = words.indices.to_numpy()
    return pa.DictionaryArray.from_arrays(
        _plain(indices, pa.int32(), np.packbits(known, bitorder="little")), words.dictionary
    )
