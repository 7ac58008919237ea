"""Decoded rows to Arrow tables of the house schema."""

import numpy as np
import pyarrow as pa

from feeds.nmea.layout import CALLSIGN, DESTINATION, NAME, Array, Bytes, Records
from vessels.schema import FIXES, TEXT, TIME
from vessels.text import clean_text

SATELLITE_PREFIX, TERRESTRIAL_PREFIX = "rORB", "rTER"
"""Station names that tell the kind of receiver: Orbcomm's satellites, and its terrestrial network
as Global Fishing Watch's feeds name them. Any other name tells nothing."""


def to_table(buffer: Bytes, fixes: Records, texts: Bytes, ends: Array) -> pa.Table:
    """Return the rows as a table of FIXES. `texts` and `ends` are those of the decoding kernel."""
    station, receiver = _stations(buffer, fixes)
    columns = {
        "mmsi": pa.array(_column(fixes, "mmsi")),
        "time": pa.array(_column(fixes, "time_us")).view(TIME),
        "msg_type": pa.array(_column(fixes, "msg_type")),
        "ais_class": _choice(_column(fixes, "ais_class"), ["A", "B"]),
        "nav_status": _integers(fixes, "nav_status", 15),
        "imo": _integers(fixes, "imo", 0),
        "ship_type": _integers(fixes, "ship_type", 0),
        "name": _texts(texts[NAME], ends[NAME], len(fixes)),
        "callsign": _texts(texts[CALLSIGN], ends[CALLSIGN], len(fixes)),
        "destination": _texts(texts[DESTINATION], ends[DESTINATION], len(fixes)),
        "station": station,
        "receiver": receiver,
    }
    for name in FIXES.names:
        if name not in columns:
            values = _column(fixes, name)
            columns[name] = pa.array(values, mask=np.isnan(values))
    return pa.table([columns[name] for name in FIXES.names], schema=FIXES)


def _column(fixes: Records, name: str) -> Array:
    return np.ascontiguousarray(fixes[name])


def _integers(fixes: Records, name: str, missing: int) -> pa.Array:
    values = _column(fixes, name)
    return pa.array(values, mask=values == missing)


def _choice(codes: Array, values: list[str]) -> pa.DictionaryArray:
    """Return `values[code - 1]` for each code, null for code 0."""
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32) - 1, mask=codes == 0), pa.array(values, pa.string())
    )


def _texts(texts: Bytes, ends: Array, rows: int) -> pa.DictionaryArray:
    """Return a text column; empty texts are null. The kernel wrote only printable ASCII."""
    ends = ends[: rows + 1]
    valid = np.packbits(ends[1:] > ends[:-1], bitorder="little")
    return pa.StringArray.from_buffers(
        rows, pa.py_buffer(ends), pa.py_buffer(texts[: ends[-1]]), pa.py_buffer(valid)
    ).dictionary_encode()


def _stations(buffer: Bytes, fixes: Records) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
    """Return the station column and the receiver column that follows from it."""
    keys = _column(fixes, "station")
    encoded = pa.array(keys, mask=keys == 0).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    first = np.zeros(len(encoded.dictionary) + 1, np.int64)  # the last takes the nulls
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    names: list[str | None] = []
    for row in first[:-1]:
        at, length = int(fixes["station_at"][row]), int(fixes["station_length"][row])
        names.append(clean_text(buffer[at : at + length].tobytes().decode("utf-8", "replace")))
    known = pa.array(names, pa.string()).dictionary_encode()
    taken = known.take(encoded.indices)
    kinds = np.array([_receiver(name) for name in names] + [0], np.uint8)
    return taken.cast(TEXT), _choice(kinds[codes], ["satellite", "terrestrial"])


def _receiver(station: str | None) -> int:
    """Return 1 for a satellite, 2 for a terrestrial station, 0 where the name does not tell."""
    if station is None:
        return 0
    if station.startswith(SATELLITE_PREFIX):
        return 1
    return 2 if station.startswith(TERRESTRIAL_PREFIX) else 0
