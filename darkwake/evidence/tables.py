"""The tables of a bundle: Parquet in memory, and read back as if a stranger had written it.

Kernels trust their columns, so nothing is handed on whose types, ranges or number of rows are not
those of a table that Darkwake wrote.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from darkwake.evidence.fold import Evidence
from vessels.fixes import COLUMNS, Array, Fixes, empty_fixes
from vessels.identity import IdentityBook
from vessels.reception import RECEPTION
from vessels.units import US_PER_DAY
from vessels.visits import VOYAGE

MOST_ROWS = 6_000_000
MOST_STATEMENTS = 1_000_000
_MOST_TEXT = 64 << 20
_LONGEST_US = 40 * 366 * US_PER_DAY
_EARLIEST_US = 0
_MOST_MMSI = 999_999_999
_MOST_CODE = 2

_STATEMENTS = IdentityBook().statements().schema
_TEXTS = [field.name for field in _STATEMENTS if pa.types.is_string(field.type)]


class TableError(ValueError):
    """Catch this when a table is not one that Darkwake wrote."""


def to_parquet(evidence: Evidence) -> dict[str, bytes]:
    """Return the evidence as Parquet files by name."""
    return {
        "fixes.parquet": _written(_of_fixes(evidence.fixes)),
        "witnesses.parquet": _written(_of_fixes(evidence.witnesses)),
        "reception.parquet": _written(_of_rows(evidence.reception)),
        "voyages.parquet": _written(_of_rows(evidence.voyages)),
        "statements.parquet": _written(evidence.statements.combine_chunks()),
    }


def from_parquet(files: Mapping[str, bytes], *, judged_us: int, whole: bool) -> Evidence:
    """Return the evidence that `to_parquet` wrote.

    Raises:
        TableError: a table is not of the kind, or holds what no fix can.
    """
    fixes = _fixes(files["fixes.parquet"], judged_us)
    if len(fixes) == 0:
        raise TableError("holds no fix")
    return Evidence(
        judged_us=judged_us,
        fixes=fixes,
        witnesses=_fixes(files["witnesses.parquet"], judged_us),
        reception=_rows(files["reception.parquet"], RECEPTION),
        statements=_statements(files["statements.parquet"]),
        voyages=_rows(files["voyages.parquet"], VOYAGE),
        whole=whole,
    )


def _written(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), sink, compression="zstd", version="2.6")
    return sink.getvalue()


def _of_fixes(fixes: Fixes) -> pa.Table:
    return pa.table({name: pa.array(getattr(fixes, name)) for name in COLUMNS})


def _of_rows(rows: Array) -> pa.Table:
    return pa.table(
        {name: pa.array(np.ascontiguousarray(rows[name])) for name in _names(rows.dtype)}
    )


def _names(kind: np.dtype[Any]) -> tuple[str, ...]:
    return kind.names or ()


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Least and greatest value of a column; NaN passes in columns that may have it."""

    low: float
    high: float
    may_be_nan: bool = False

    def hold(self, column: Array) -> bool:
        """Tell whether every value lies within."""
        inside = (column >= self.low) & (column <= self.high)
        if self.may_be_nan:
            inside |= np.isnan(column)
        return bool(inside.all())


_FIX_BOUNDS = {
    "mmsi": _Bounds(0, _MOST_MMSI),
    "lat_deg": _Bounds(-90.0, 90.0),
    "lon_deg": _Bounds(-180.0, 180.0),
    "sog_knots": _Bounds(0.0, 1e3, may_be_nan=True),
    "cog_deg": _Bounds(0.0, 360.0, may_be_nan=True),
    "heading_deg": _Bounds(0.0, 360.0, may_be_nan=True),
    "ais_class": _Bounds(0, _MOST_CODE),
    "receiver": _Bounds(0, _MOST_CODE),
}


def _fixes(data: bytes, judged_us: int) -> Fixes:
    blank = empty_fixes().as_arrays()
    schema = pa.schema([(name, pa.from_numpy_dtype(blank[name].dtype)) for name in COLUMNS])
    columns = _columns(_read(data, schema, MOST_ROWS))
    earliest_us = max(_EARLIEST_US, judged_us - _LONGEST_US)
    bounds = {**_FIX_BOUNDS, "time_us": _Bounds(earliest_us, judged_us)}
    for name, bound in bounds.items():
        if not bound.hold(columns[name]):
            raise TableError(f"holds a {name} that no fix can have")
    return Fixes(*(columns[name] for name in COLUMNS))


def _rows(data: bytes, kind: np.dtype[Any]) -> Array:
    names = _names(kind)
    schema = pa.schema([(name, pa.from_numpy_dtype(kind[name])) for name in names])
    columns = _columns(_read(data, schema, MOST_ROWS))
    if not _Bounds(0, np.iinfo("i8").max // 2).hold(columns["key"]):
        raise TableError("holds a key that is none")
    out = np.empty(len(columns["key"]), kind)
    for name in names:
        out[name] = columns[name]
    return out


def _statements(data: bytes) -> pa.Table:
    table = _read(data, _STATEMENTS, MOST_STATEMENTS, texts=_TEXTS)
    numbers = {name: table[name].to_numpy() for name in ("mmsi", "first", "last", "count")}
    if not _Bounds(0, _MOST_MMSI).hold(numbers["mmsi"]):
        raise TableError("holds an mmsi that is none")
    for name in ("first", "last", "count"):
        if not _Bounds(-(1 << 61), 1 << 61).hold(numbers[name]):
            raise TableError(f"holds a {name} that is none")
    return table


def _columns(table: pa.Table) -> dict[str, Array]:
    out = {}
    for name in table.column_names:
        column = table[name]
        if column.null_count:
            raise TableError(f"lacks a {name}")
        # A copy: kernels want arrays of their own, and Arrow's are read only.
        out[name] = np.array(column.to_numpy())
    return out


def _check_head(file: pq.ParquetFile, schema: pa.Schema, most: int) -> None:
    if file.metadata.num_rows > most:
        raise TableError(f"has {file.metadata.num_rows} rows; {most} is the most")
    if file.schema_arrow.remove_metadata() != schema.remove_metadata():
        raise TableError("has other columns than such a table has")


def _read(data: bytes, schema: pa.Schema, most: int, texts: list[str] | None = None) -> pa.Table:
    """Return a Parquet file of exactly this schema."""
    try:
        _check_head(pq.ParquetFile(io.BytesIO(data)), schema, most)
        # Texts as a dictionary: one long text in a million rows is one long text.
        file = pq.ParquetFile(io.BytesIO(data), read_dictionary=texts or [])
        table = file.read(use_threads=False).combine_chunks()
        table.validate(full=True)
    except TableError:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        why = (str(error).splitlines() or ["it is damaged"])[0]
        raise TableError(f"cannot be read: {why}") from error
    held = sum(
        int(pc.sum(pc.binary_length(chunk.dictionary)).as_py() or 0)
        for name in texts or []
        for chunk in table[name].chunks
    )
    if held > _MOST_TEXT:
        raise TableError("holds too much text")
    return table
