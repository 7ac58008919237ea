"""Chips: a window of an image as an xarray.Dataset, and images made of such datasets again.

A Sentinel-1 chip stays in sensor geometry: resampling would smear ships. Each chip carries latitude
and longitude of its pixels on a coarse lattice of knots, its time, and where it came from.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imagery.geometry import AffineGeometry, apply, ground_axes
from imagery.image import Image
from imagery.raster import Window
from vessels.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

_S2_OFFSET_DN = 1000.0
_S2_SCALE = 10_000.0


def clip_window(image: Image, window: Window) -> Window:
    """Return the part of a window that lies in the image.

    Raises:
        InputError: no part does.
    """
    top, bottom, left, right = window
    inside = (
        max(top, 0),
        min(bottom, image.shape[0]),
        max(left, 0),
        min(right, image.shape[1]),
    )
    if inside[0] >= inside[1] or inside[2] >= inside[3]:
        raise InputError("the window lies outside the image")
    return inside


def window_around(image: Image, lat_deg: float, lon_deg: float, side_m: float) -> Window:
    """Return the window of `side_m` around a position, cut at the image's edges.

    The pixel of a position is found by Newton's method on the image's own geometry.

    Raises:
        InputError: the position lies outside the image.
    """
    row, column = pixel_of(image, lat_deg, lon_deg)
    half = max(round(side_m / image.pixel_m / 2.0), 1)
    r, c = round(row), round(column)
    return clip_window(image, (r - half, r + half, c - half, c + half))


def pixel_of(image: Image, lat_deg: float, lon_deg: float) -> tuple[float, float]:
    """Return row and column of a position; they may lie outside the image."""
    row, column = (image.shape[0] - 1) / 2.0, (image.shape[1] - 1) / 2.0
    for _ in range(20):
        lat, lon = (float(v[0]) for v in image.geometry.locate(row, column))
        axes = ground_axes(image.geometry, row, column)[0]
        north = (lat_deg - lat) * 111_194.9
        turn = (lon_deg - lon + 180.0) % 360.0 - 180.0
        east = turn * 111_194.9 * np.cos(np.radians((lat + lat_deg) / 2.0))
        step = np.linalg.solve(axes.T, np.array([east, north]))
        if not np.isfinite(step).all():
            break
        # Far from the image its geometry is extrapolated: go there in bounded steps.
        step = np.clip(step, -2.0 * max(image.shape), 2.0 * max(image.shape))
        row, column = row + float(step[0]), column + float(step[1])
        if np.abs(step).max() < 1e-3:
            break
    return row, column


def to_dataset(image: Image, window: Window) -> "xr.Dataset":
    """Read a window of all bands.

    Variables: each band, raw, dims (row, col); `lat`, `lon` in degrees at every pixel of small
    chips; `incidence` in degrees for Sentinel-1 products. Coordinates `row` and `col` count from
    the image's first pixel.

    Raises:
        InputError: the window lies outside, or a file is damaged.
    """
    import xarray as xr  # noqa: PLC0415 - 0.2 s

    top, bottom, left, right = clip_window(image, window)
    rows, columns = np.arange(top, bottom), np.arange(left, right)
    variables: dict[str, Any] = {
        name: (("row", "col"), band.read((top, bottom, left, right)), {"nodata": band.nodata})
        for name, band in image.bands.items()
    }
    grid = np.meshgrid(rows, columns, indexing="ij")
    lat, lon = image.geometry.locate(*grid)
    variables["lat"] = (("row", "col"), lat.reshape(grid[0].shape), {"units": "degrees_north"})
    variables["lon"] = (("row", "col"), lon.reshape(grid[0].shape), {"units": "degrees_east"})
    if image.annotation is not None:
        variables["incidence"] = (("row", "col"), _incidence(image, rows, columns))
        for name, table in image.calibration.items():
            values = variables[name][1].astype(np.float64)
            gain = table.at(grid[0].ravel().astype(float), grid[1].ravel().astype(float))
            variables[f"{name}_sigma0"] = (
                ("row", "col"),
                (values / gain.reshape(values.shape)) ** 2,
            )
    attributes: dict[str, Any] = {
        "sensor": image.sensor,
        "pixel_m": image.pixel_m,
        "geometry": image.geometry.kind,
        "time": image.time.isoformat() if image.time else "",
        "files": list(image.provenance.get("files", [])),
        "item": str(image.provenance.get("item", "")),
    }
    if isinstance(image.geometry, AffineGeometry):
        step = tuple(image.geometry.transform)[:6]
        corner = apply(step, left, top)
        attributes["crs"] = image.geometry.crs.to_wkt()
        attributes["transform"] = [step[0], step[1], corner[0], step[3], step[4], corner[1]]
    return xr.Dataset(variables, coords={"row": rows, "col": columns}, attrs=attributes)


def reflectance(values: NDArray[Any], baseline: float | None) -> NDArray[np.float64]:
    """Return Sentinel-2 reflectance from L1C or L2A numbers; 0 is no data (NaN).

    Processing baselines from 04.00 (2022-01-25) carry an offset of 1000. Catalogues are wrong about
    it at times: use this to show a picture, never to detect.
    """
    numbers = values.astype(np.float64)
    offset = _S2_OFFSET_DN if baseline is not None and baseline >= 4.0 else 0.0
    return np.where(values == 0, np.nan, (numbers - offset) / _S2_SCALE)


def _incidence(
    image: Image, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return incidence angles, degrees: ESA's grid, by column; it hardly changes along the track.

    Grid points carry terrain height, which changes the angle by hundredths of a degree.
    """
    assert image.annotation is not None  # noqa: S101 - the caller checked
    grid = image.annotation.grid
    pixels = np.unique(grid[:, 1])
    means = np.array([grid[grid[:, 1] == pixel, 5].mean() for pixel in pixels])
    degree = min(4, pixels.size - 1)
    fitted = np.polyval(np.polyfit(pixels, means, degree), columns.astype(np.float64))
    return np.ones((rows.size, 1)) * np.asarray(fitted, dtype=np.float64)
