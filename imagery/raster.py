# mypy: disable-error-code="import-untyped"
"""Raster files from anywhere, opened with care: GeoTIFF and JPEG 2000, nothing else.

Every file is an outside text. Only plain local files whose first bytes say TIFF (or JPEG 2000) are
given to GDAL, with these drivers alone: no VRT that points elsewhere, no sidecar files, no network.
Sizes are checked before a pixel is read.
"""

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vessels.errors import InputError

MOST_PIXELS = 1_000_000_000
"""Pixels of one band above which a file is refused; the largest Sentinel scenes have 0.5e9."""
_MOST_BANDS = 64
_MOST_BLOCK_PIXELS = 200_000_000
_MOST_POINTS = 100_000

_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_JP2 = (b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")
_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_SKIP": "VRT",
    "GTIFF_IGNORE_READ_ERRORS": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GDAL_CACHEMAX": 128 * 1024 * 1024,
}

Window = tuple[int, int, int, int]
"""First row, row after the last, first column, column after the last."""


@dataclass(frozen=True, slots=True, eq=False)
class RasterFile:
    """What a file says of itself; no pixel has been read."""

    path: Path
    driver: str
    shape: tuple[int, int]
    dtypes: tuple[str, ...]
    nodata: float | None
    descriptions: tuple[str | None, ...]
    colours: tuple[str, ...]
    """Colour interpretations in lower case: red, green, blue, alpha, gray, undefined, ..."""
    tags: dict[str, str]
    crs: Any
    """rasterio.crs.CRS or None."""
    transform: Any
    """affine.Affine, or None where the file has none."""
    gcps: tuple[Any, ...]
    gcp_crs: Any


def open_raster(path: Path) -> RasterFile:
    """Read a file's header.

    Raises:
        InputError: it is missing, no GeoTIFF or JPEG 2000, damaged, or too large.
    """
    driver = _driver(path)
    with _opened(path, driver) as source:
        points, gcp_crs = source.gcps
        blank = source.transform.is_identity
        info = RasterFile(
            path=path,
            driver=driver,
            shape=(source.height, source.width),
            dtypes=tuple(source.dtypes),
            nodata=source.nodata,
            descriptions=tuple(source.descriptions),
            colours=tuple(c.name.lower() for c in source.colorinterp),
            tags={str(k): str(v)[:1000] for k, v in list(source.tags().items())[:200]},
            crs=source.crs,
            transform=None if blank else source.transform,
            gcps=tuple(points[:_MOST_POINTS]),
            gcp_crs=gcp_crs,
        )
        blocks = list(source.block_shapes)
    _check_size(info, blocks)
    return info


def read_window(
    file: RasterFile,
    index: int,
    window: tuple[float, float, float, float],
    shape: tuple[int, int],
) -> NDArray[Any]:
    """Read a window (rows, columns; may be fractional) of a band (from 1), resampled to `shape`.

    Raises:
        InputError: the file is cut short or damaged.
    """
    from rasterio.enums import Resampling  # noqa: PLC0415 - slow to import
    from rasterio.windows import Window as Pane  # noqa: PLC0415

    top, bottom, left, right = window
    with _opened(file.path, file.driver) as source:
        pixels = source.read(
            index,
            window=Pane(left, top, right - left, bottom - top),
            out_shape=shape,
            resampling=Resampling.bilinear,
        )
    return np.asarray(pixels)


def _driver(path: Path) -> str:
    try:
        if not path.is_file():
            raise InputError("no such file" if not path.exists() else "not a file", path=str(path))
        with path.open("rb") as file:
            start = file.read(16)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", path=str(path)) from error
    if start.startswith(_TIFF):
        return "GTiff"
    if start.startswith(_JP2):
        return "JP2OpenJPEG"
    raise InputError("is not a GeoTIFF: its first bytes are not a TIFF's", path=str(path))


@contextlib.contextmanager
def _opened(path: Path, driver: str) -> Iterator[Any]:
    import rasterio  # noqa: PLC0415 - 80 ms, and GDAL, that --help need not load
    from rasterio.errors import NotGeoreferencedWarning, RasterioError  # noqa: PLC0415

    try:
        with warnings.catch_warnings(), rasterio.Env(**_OPTIONS):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path.resolve(), driver=driver) as source:
                yield source
    except (RasterioError, OSError, ValueError, MemoryError) as error:
        reason = str(error.__cause__ or error).splitlines()
        raise InputError(
            f"is damaged or cut short: {reason[0] if reason else 'no reason given'}",
            path=str(path),
        ) from error


def _check_size(info: RasterFile, blocks: list[tuple[int, int]]) -> None:
    rows, columns = info.shape
    if rows * columns > MOST_PIXELS:
        raise InputError(
            f"declares {columns} x {rows} pixels, above the limit of {MOST_PIXELS}",
            path=str(info.path),
        )
    if len(info.dtypes) > _MOST_BANDS:
        raise InputError(
            f"declares {len(info.dtypes)} bands, above the limit of {_MOST_BANDS}",
            path=str(info.path),
        )
    if any(height * width > _MOST_BLOCK_PIXELS for height, width in blocks):
        raise InputError("declares blocks too large to decode", path=str(info.path))
    if any(kind.startswith("complex") for kind in info.dtypes):
        raise InputError(
            "holds complex numbers: give the detected (GRD) product, not the SLC",
            path=str(info.path),
        )
