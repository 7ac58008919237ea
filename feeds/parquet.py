"""Parquet and GeoParquet: columns by name, positions from columns or from a geometry of points."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely

from feeds.assemble import FixBuilder
from feeds.columns import Column, Numbers, column_of_arrow
from feeds.layout import Layout, choose_layout
from feeds.report import ReadReport
from feeds.textkernels import BLANK, OK
from vessels.errors import InputError

BATCH_ROWS = 65_536
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
            self._file = pq.ParquetFile(handle)
        self.layout = _layout(self._file.schema_arrow, columns, path=path, format_name=format_name)

    def tables(self, report: ReadReport) -> Iterator[pa.Table]:
        """Yield the rows as tables of FIXES; every row is counted in `report`."""
        builder = FixBuilder(self.layout, report, path=self._path)
        wanted = [*dict.fromkeys(self.layout.columns.values())]
        wanted += [self.layout.geometry] if self.layout.geometry else []
        batches = self._file.iter_batches(batch_size=BATCH_ROWS, columns=wanted)
        while True:
            with self._errors():
                batch = next(batches, None)
            if batch is None:
                return
            if batch.num_rows:
                bad = np.zeros(batch.num_rows, np.bool_)
                yield builder.build(_columns(batch, self.layout), bad)

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
        wkb = pc.cast(array, pa.binary()).to_numpy(zero_copy_only=False)
        shapes = shapely.from_wkb(wkb, on_invalid="ignore")
        xs, ys = shapely.get_x(shapes), shapely.get_y(shapes)
    status = np.where(np.isfinite(xs) & np.isfinite(ys), OK, BLANK).astype(np.uint8)
    return Numbers(np.nan_to_num(xs), status), Numbers(np.nan_to_num(ys), status)
