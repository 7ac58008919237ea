"""Parquet and GeoParquet: columns by name, positions from columns or from a geometry of points."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely

from feeds.assemble import FixBuilder
from feeds.columns import Column, Numbers, column_of_arrow
from feeds.layout import Layout, choose_layout
from feeds.prefetch import threaded
from feeds.report import ReadReport
from feeds.textkernels import BLANK, OK
from vessels.errors import InputError

BATCH_ROWS = 131_072
WORD_KEYS = ("name", "callsign", "destination", "station", "receiver", "ais_class")
_POINT = b"\x01\x01\x00\x00\x00"
"""How a point in little-endian WKB begins (OGC 06-103r4, 8.2)."""
_GEOMETRY_NAMES = ("geometry", "geom", "wkb_geometry")
_WGS84_CODES = ("4326", "CRS84", "4979")


class ParquetTrack:
    """An open Parquet file of positions.

    Args:
        handle: the file, for random access. It is not closed here.
        columns: the user's column map.
        path: names the file in errors.
        format_name: `marinecadastre` or `dma` where the user demands that layout.

    Raises:
        InputError: the file is damaged, lacks a needed column or is not in longitude and latitude.
    """

    def __init__(
        self,
        handle: BinaryIO,
        columns: Mapping[str, str] | None,
        *,
        path: str,
        format_name: str | None = None,
    ) -> None:
        self._path = path
        with self._errors():
            schema = pq.read_schema(handle)
            self.layout = _layout(schema, columns, path=path, format_name=format_name)
            words = [self.layout.columns[key] for key in WORD_KEYS if key in self.layout.columns]
            # Names come as codes into a list, as the file holds them: no row of text is made.
            self._file = pq.ParquetFile(handle, read_dictionary=words)

    def tables(self, report: ReadReport, *, workers: int = 1) -> Iterator[pa.Table]:
        """Yield the rows as tables of FIXES; every row is counted in `report`.

        With more than one worker, reading and assembling are threads.
        """
        builder = FixBuilder(self.layout, report, path=self._path)
        with closing(threaded(self._batches(), workers)) as batches:
            for batch in batches:
                bad = np.zeros(batch.num_rows, np.bool_)
                yield builder.build(_columns(batch, self.layout), bad)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the wanted columns of some rows at a time."""
        wanted = [*dict.fromkeys(self.layout.columns.values())]
        wanted += [self.layout.geometry] if self.layout.geometry else []
        batches = self._file.iter_batches(batch_size=BATCH_ROWS, columns=wanted)
        while True:
            with self._errors():
                batch = next(batches, None)
            if batch is None:
                return
            if batch.num_rows:
                yield batch

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            message = str(error).splitlines()[0][:200]
            raise InputError(
                f"truncated or damaged Parquet file: {message}", path=self._path
            ) from error


def _layout(
    schema: pa.Schema, columns: Mapping[str, str] | None, *, path: str, format_name: str | None
) -> Layout:
    geo = _geo_metadata(schema)
    geometry = geo.get("primary_column")
    if geometry not in schema.names:
        geometry = next((name for name in _GEOMETRY_NAMES if name in schema.names), None)
    layout = choose_layout(
        [name for name in schema.names if name != geometry],
        path=path,
        columns=columns,
        format_name=format_name,
        default_format="parquet",
        geometry=geometry,
    )
    if layout.geometry is not None:
        _check_crs(geo, layout.geometry, path=path)
    return layout


def _geo_metadata(schema: pa.Schema) -> dict[str, Any]:
    try:
        found = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _check_crs(geo: dict[str, Any], geometry: str, *, path: str) -> None:
    """Refuse coordinates that are not degrees. GeoParquet 1.1: no crs means OGC:CRS84."""
    crs = geo.get("columns", {}).get(geometry, {}).get("crs")
    code = str(crs.get("id", {}).get("code", "")) if isinstance(crs, dict) else ""
    if code and code not in _WGS84_CODES:
        raise InputError(f"its points are in EPSG:{code}; convert them to EPSG:4326", path=path)


def _columns(batch: pa.RecordBatch, layout: Layout) -> dict[str, Column]:
    by_name = {name: column_of_arrow(batch.column(name)) for name in set(layout.columns.values())}
    columns = {key: by_name[name] for key, name in layout.columns.items()}
    if layout.geometry is not None:
        columns["lon"], columns["lat"] = _points(batch.column(layout.geometry))
    return columns


def _points(array: pa.Array) -> tuple[Numbers, Numbers]:
    """Return (x, y) of points: WKB, or GeoArrow structs with fields x and y."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_struct(array.type):
        lon, lat = pc.struct_field(array, "x"), pc.struct_field(array, "y")
        xs, ys = (pc.fill_null(part, np.nan).to_numpy(zero_copy_only=False) for part in (lon, lat))
    else:
        array = pc.cast(array, pa.binary())
        if (places := _plain_points(array)) is not None:
            return places
        wkb = array.to_numpy(zero_copy_only=False)
        shapes = shapely.from_wkb(wkb, on_invalid="ignore")
        xs, ys = shapely.get_x(shapes), shapely.get_y(shapes)
    status = np.where(np.isfinite(xs) & np.isfinite(ys), OK, BLANK).astype(np.uint8)
    return Numbers(np.nan_to_num(xs), status), Numbers(np.nan_to_num(ys), status)


def _plain_points(array: pa.Array) -> tuple[Numbers, Numbers] | None:
    """Return (x, y) where every value is a little-endian WKB point of two numbers, else None."""
    if array.null_count or not len(array):
        return None
    _, ends, data = array.buffers()
    offsets = np.frombuffer(ends, np.int32, len(array) + 1 + array.offset)[array.offset :]
    if data is None or (np.diff(offsets) != len(_POINT) + 16).any():
        return None
    raw = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]].reshape(len(array), -1)
    if (raw[:, : len(_POINT)] != np.frombuffer(_POINT, np.uint8)).any():
        return None
    xy = raw[:, len(_POINT) :].copy().view("<f8")
    status = np.where(np.isfinite(xy).all(axis=1), OK, BLANK).astype(np.uint8)
    lon, lat = np.nan_to_num(np.ascontiguousarray(xy.T))
    return Numbers(lon, status), Numbers(lat, status)
