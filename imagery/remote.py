# mypy: disable-error-code="import-untyped"
"""Rasters on a server, read by ranges through the guarded session; GDAL itself sees no network."""

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from imagery.cache import Cache
from imagery.geometry import AffineGeometry, GcpGeometry, Geometry
from imagery.raster import MOST_PIXELS, Window
from imagery.web import Web, shown
from vessels.errors import InputError

BLOCK = 128 * 1024
_MOST_AT_ONCE = 64
_TOTAL = re.compile(r"bytes \d+-\d+/(\d+)")
_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_SKIP": "VRT",
    "GTIFF_IGNORE_READ_ERRORS": "NO",
    "GDAL_CACHEMAX": 64 * 1024 * 1024,
}


class RangeFile(io.RawIOBase):
    """A file on a server: reads whole blocks, from the cache where they are held.

    Args:
        address: Returns the address, signed where it must be; asked for each request.
        name: What the file is called in the cache: the address without a signature.
        web: The guarded session.
        cache: Holds blocks.

    Raises:
        InputError: as `Web.get`, or the server has no ranges.
    """

    def __init__(self, address: Callable[[], str], name: str, web: Web, cache: Cache) -> None:
        super().__init__()
        self._address, self._name, self._web, self._cache = address, name, web, cache
        self._at = 0
        self._blocks: dict[int, bytes] = {}
        size = cache.get(f"{name}|size")
        self.size = int(size) if size and size.isdigit() else self._first()

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read anywhere."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place."""
        self._at = max((0, self._at, self.size)[whence] + offset, 0)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; fewer at the end."""
        end = self.size if size < 0 else min(self._at + size, self.size)
        if self._at >= end:
            return b""
        first, last = self._at // BLOCK, (end - 1) // BLOCK
        self._have(first, last)
        data = b"".join(self._blocks[block] for block in range(first, last + 1))
        begin = self._at - first * BLOCK
        self._at, out = end, data[begin : begin + end - self._at]
        return out

    def _first(self) -> int:
        answer = self._web.get(self._address(), part=(0, BLOCK - 1), most=2 * BLOCK)
        total = _TOTAL.fullmatch(answer.headers.get("Content-Range", ""))
        if answer.status != 206 or total is None:
            raise InputError(f"{shown(self._name)}: its server cannot send parts of files")
        self._hold(0, answer.body)
        self._cache.put(f"{self._name}|size", total[1].encode())
        return int(total[1])

    def _have(self, first: int, last: int) -> None:
        """Make sure of blocks: each gap is asked for at once."""
        wanted = []
        for block in range(first, last + 1):
            if block in self._blocks:
                continue
            held = self._cache.get(f"{self._name}|{block}")
            if held is not None and len(held) == min(BLOCK, self.size - block * BLOCK):
                self._blocks[block] = held
            else:
                wanted.append(block)
        while wanted:
            run = [wanted.pop(0)]
            while wanted and wanted[0] == run[-1] + 1 and len(run) < _MOST_AT_ONCE:
                run.append(wanted.pop(0))
            self._pull(run[0], run[-1])

    def _pull(self, first: int, last: int) -> None:
        begin, end = first * BLOCK, min((last + 1) * BLOCK, self.size)
        answer = self._web.get(self._address(), part=(begin, end - 1), most=end - begin)
        if answer.status != 206 or len(answer.body) != end - begin:
            raise InputError(f"{shown(self._name)}: its server sent another part than asked for")
        for block in range(first, last + 1):
            self._hold(block, answer.body[(block - first) * BLOCK :][:BLOCK])

    def _hold(self, block: int, data: bytes) -> None:
        self._blocks[block] = data
        self._cache.put(f"{self._name}|{block}", data)


@dataclass(frozen=True, slots=True, eq=False)
class RemoteBand:
    """One band of a raster on a server, on the grid of its image."""

    open: Callable[[], RangeFile]
    name: str
    index: int = 1
    nodata: float | None = None

    def read(self, window: Window) -> NDArray[Any]:
        """Return the raw values of a window.

        Raises:
            InputError: it cannot be pulled, or is damaged.
        """
        from rasterio.windows import Window as Pane  # noqa: PLC0415 - slow to import

        top, bottom, left, right = window
        with opened(self.open, self.name) as source:
            pixels = source.read(self.index, window=Pane(left, top, right - left, bottom - top))
        return np.asarray(pixels)


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """What a raster on a server says of itself."""

    shape: tuple[int, int]
    nodata: float | None
    geometry: Geometry


def read_header(open_file: Callable[[], RangeFile], name: str) -> Header:
    """Return shape and geometry. A catalogue's own transform is never trusted.

    Raises:
        InputError: it cannot be pulled, is too large, or has no georeference.
    """
    with opened(open_file, name) as source:
        shape = source.height, source.width
        points, system = source.gcps
        blank = source.transform.is_identity
        if shape[0] * shape[1] > MOST_PIXELS:
            raise InputError(f"{shown(name)}: declares more than {MOST_PIXELS} pixels")
        if points:
            return Header(shape, source.nodata, GcpGeometry(points, system))
        if blank or source.crs is None:
            raise InputError(f"{shown(name)}: has no georeference")
        return Header(shape, source.nodata, AffineGeometry(source.crs, source.transform))


@contextmanager
def opened(open_file: Callable[[], RangeFile], name: str) -> Iterator[Any]:
    """Yield a rasterio data set over a range file.

    Raises:
        InputError: it cannot be pulled, or is damaged.
    """
    import rasterio  # noqa: PLC0415 - GDAL is slow to load
    from rasterio.errors import NotGeoreferencedWarning, RasterioError  # noqa: PLC0415

    failed: list[InputError] = []
    open_file()  # what fails already here is told as it is

    def opener(path: str, mode: str = "rb") -> "_Careful":
        del mode
        if not path.endswith("image.tif"):
            raise FileNotFoundError(path)
        return _Careful(open_file(), failed)

    try:
        with warnings.catch_warnings(), rasterio.Env(**_OPTIONS):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open("image.tif", driver="GTiff", opener=opener) as source:
                yield source
    except (RasterioError, OSError, ValueError, MemoryError, SystemError) as error:
        if failed:
            raise failed[0] from error
        reason = (str(error.__cause__ or error).splitlines() or ["no reason given"])[0]
        raise InputError(f"{shown(name)}: is damaged or cut short: {reason}") from error


class _Careful:
    """A range file whose errors are kept: GDAL would lose them on the way."""

    def __init__(self, file: RangeFile, failed: list[InputError]) -> None:
        self._file, self._failed = file, failed
        self.size = file.size

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except InputError as error:
            # GDAL takes no exceptions on the way: nothing read is its error, and ours is kept.
            self._failed.append(error)
            return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
