# mypy: disable-error-code="import-untyped"
"""Where a pixel lies: affine grids of a map projection, ground control points, satellite orbits.

Rows and columns count from the centre of the first pixel: (0, 0) is that centre. Positions are
WGS84 degrees at sea level.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vessels.errors import InputError

Floats = NDArray[np.float64]

_METRES_PER_DEGREE = 111_194.9
_LATTICE_PX = 128
_STEP_PX = 4.0


class Geometry(Protocol):
    """Anything that turns pixels into positions."""

    @property
    def kind(self) -> str:
        """How it is known: affine, gcps or orbit; none where it is not."""

    def locate(self, row: ArrayLike, column: ArrayLike) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes of pixel centres, degrees, flat."""


@dataclass(frozen=True)
class AffineGeometry:
    """A grid in a coordinate reference system."""

    crs: Any
    """rasterio.crs.CRS."""
    transform: Any
    """affine.Affine from (column, row) of pixel corners to the system's x, y."""
    kind: str = "affine"

    def locate(self, row: ArrayLike, column: ArrayLike) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes; NaN where the projection has none."""
        rows, columns = _flat(row, column)
        x, y = apply(self.transform, columns + 0.5, rows + 0.5)
        return to_degrees(self.crs, x, y)


@dataclass(frozen=True)
class NoGeometry:
    """Pixels of which no place is known: only their size, and that is told or taken for granted."""

    pixel_m: float
    kind: str = "none"

    def locate(self, row: ArrayLike, column: ArrayLike) -> tuple[Floats, Floats]:
        """Return NaN for each pixel."""
        rows, _ = _flat(row, column)
        return np.full(rows.size, np.nan), np.full(rows.size, np.nan)


def apply(transform: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Return the affine transform of points. Written out: the operator changes between versions."""
    a, b, c, d, e, f = tuple(transform)[:6]
    return a * x + b * y + c, d * x + e * y + f


def to_degrees(crs: Any, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return latitude and longitude of projected points; NaN where there is none.

    Raises:
        InputError: the system has no way to WGS84.
    """
    from pyproj import Transformer  # noqa: PLC0415 - slow to import
    from pyproj.exceptions import ProjError  # noqa: PLC0415

    try:
        change = Transformer.from_crs(crs.to_wkt(), "EPSG:4326", always_xy=True)
        lon, lat = change.transform(x, y)
    except ProjError as error:
        raise InputError(f"its coordinate reference system cannot be used: {error}") from error
    lat, lon = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
    known = np.isfinite(lat) & np.isfinite(lon) & (np.abs(lat) <= 90.0) & (np.abs(lon) <= 540.0)
    lat, lon = np.where(known, lat, np.nan), np.where(known, lon, np.nan)
    return lat, (lon + 180.0) % 360.0 - 180.0


class GcpGeometry:
    """Ground control points, as in Sentinel-1 GRD files.

    A full grid of points is splined (exact at the points); other sets go through GDAL's thin plate
    spline. Heights of the points are the caller's worry: over mountains they move ships by 1.2
    times the height, which the orbit solution does not.
    """

    kind = "gcps"

    def __init__(self, points: Sequence[Any], crs: Any) -> None:
        """Take rasterio ground control points (row, col, x, y) in `crs`.

        Raises:
            InputError: too few points, or no system.
        """
        if len(points) < 4 or crs is None:
            raise InputError("its ground control points are fewer than four or have no system")
        row, column, x, y = (
            np.array([getattr(point, name) for point in points], dtype=np.float64)
            for name in ("row", "col", "x", "y")
        )
        lat, lon = to_degrees(crs, x, y)
        if not (np.isfinite(lat).all() and np.isfinite(row).all() and np.isfinite(column).all()):
            raise InputError("its ground control points lie off the Earth")
        # A scene across 180 degrees is one piece.
        lon = lon[0] + (lon - lon[0] + 180.0) % 360.0 - 180.0
        self._mid = float(lon[0])
        rows, columns = np.unique(row), np.unique(column)
        self._splines = None
        if rows.size * columns.size == row.size and min(rows.size, columns.size) >= 2:
            self._splines = _grid_splines(row, column, (lat, lon), rows, columns)
        else:
            from rasterio.control import GroundControlPoint  # noqa: PLC0415 - slow to import
            from rasterio.transform import GCPTransformer  # noqa: PLC0415

            tied = [
                GroundControlPoint(row=r, col=c, x=o, y=a)
                for r, c, o, a in zip(row, column, lon, lat, strict=True)
            ]
            self._transformer = GCPTransformer(tied, tps=len(tied) > 6)

    def locate(self, row: ArrayLike, column: ArrayLike) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes."""
        rows, columns = _flat(row, column)
        # A point's row and column count from the corner of the first pixel.
        if self._splines is not None:
            lat, lon = (spline.ev(rows + 0.5, columns + 0.5) for spline in self._splines)
        else:
            lon, lat = (np.asarray(v) for v in self._transformer.xy(rows, columns, offset="center"))
        return lat, (lon + 180.0) % 360.0 - 180.0


def _grid_splines(
    row: Floats, column: Floats, values: tuple[Floats, Floats], rows: Floats, columns: Floats
) -> list[Any] | None:
    from scipy.interpolate import (  # noqa: PLC0415 - slow; untyped
        RectBivariateSpline,
    )

    order = np.lexsort((column, row))
    same = np.tile(columns, rows.size) == column[order]
    if not same.all():
        return None
    degrees = min(rows.size - 1, 3), min(columns.size - 1, 3)
    return [
        RectBivariateSpline(
            rows, columns, v[order].reshape(rows.size, -1), kx=degrees[0], ky=degrees[1]
        )
        for v in values
    ]


class Lattice:
    """Fast positions for many pixels: bilinear between exact ones on a coarse lattice.

    Between knots 128 pixels apart the error is below a metre for 10 m pixels of any of the
    geometries; use it for masks, and the geometry itself for what is reported.
    """

    def __init__(self, geometry: Geometry, shape: tuple[int, int]) -> None:
        self._rows, self._columns = (_knots(size) for size in shape)
        grid = np.meshgrid(self._rows, self._columns, indexing="ij")
        lat, lon = geometry.locate(*grid)
        known = np.isfinite(lon)
        self.known = bool(known.all())
        mid = float(lon[known][0]) if known.any() else 0.0
        self.lat = lat.reshape(grid[0].shape)
        self.lon = (mid + (lon - mid + 180.0) % 360.0 - 180.0).reshape(grid[0].shape)

    def locate(self, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
        """Return positions of the grid rows x columns, two arrays of that shape."""
        i, part_i = _between(self._rows, rows)
        j, part_j = _between(self._columns, columns)
        out = []
        for field in (self.lat, self.lon):
            across = field[:, j] * (1.0 - part_j) + field[:, j + 1] * part_j
            out.append(across[i] * (1.0 - part_i[:, None]) + across[i + 1] * part_i[:, None])
        return out[0], out[1]


def _knots(size: int) -> Floats:
    return np.linspace(0.0, max(size - 1.0, 1.0), max(-(-size // _LATTICE_PX), 1) + 1)


def _between(knots: Floats, at: Floats) -> tuple[NDArray[np.int64], Floats]:
    left = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, knots.size - 2)
    return left, (at - knots[left]) / (knots[left + 1] - knots[left])


def ground_axes(geometry: Geometry, row: ArrayLike, column: ArrayLike) -> Floats:
    """Return metres east and north for a step of one row and one column, shape (n, 2, 2).

    The last axis is (east, north), the middle one (row, column). From positions a few pixels to
    both sides, on the sphere: true ground metres, also where the map's own metres are stretched.
    Where no place is known, the top of the picture is taken for north.
    """
    rows, columns = _flat(row, column)
    out = np.empty((rows.size, 2, 2))
    if isinstance(geometry, NoGeometry):
        out[:] = np.array([[0.0, -1.0], [1.0, 0.0]]) * geometry.pixel_m
        return out
    for axis, (dr, dc) in enumerate(((_STEP_PX, 0.0), (0.0, _STEP_PX))):
        lat1, lon1 = geometry.locate(rows - dr, columns - dc)
        lat2, lon2 = geometry.locate(rows + dr, columns + dc)
        turn = (lon2 - lon1 + 180.0) % 360.0 - 180.0
        stretch = np.cos(np.radians((lat1 + lat2) / 2.0))
        out[:, axis, 0] = turn * stretch * _METRES_PER_DEGREE / (2.0 * _STEP_PX)
        out[:, axis, 1] = (lat2 - lat1) * _METRES_PER_DEGREE / (2.0 * _STEP_PX)
    return out


def pixel_size_m(geometry: Geometry, shape: tuple[int, int]) -> float:
    """Return the ground size of a pixel in the middle of the image, metres (root of its area).

    Raises:
        InputError: the middle lies off the Earth, or pixels have no area.
    """
    axes = ground_axes(geometry, (shape[0] - 1) / 2.0, (shape[1] - 1) / 2.0)[0]
    area = abs(float(axes[0, 0] * axes[1, 1] - axes[0, 1] * axes[1, 0]))
    if not np.isfinite(area) or area <= 0.0:
        raise InputError("its pixels lie off the Earth: the georeference is wrong")
    return float(np.sqrt(area))


def _flat(row: ArrayLike, column: ArrayLike) -> tuple[Floats, Floats]:
    rows, columns = np.broadcast_arrays(
        np.asarray(row, dtype=np.float64), np.asarray(column, dtype=np.float64)
    )
    return rows.ravel(), columns.ravel()
