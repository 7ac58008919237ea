"""An image of one scene: its bands on one grid, where and when it was taken, and by what.

Bands stay on disk until a window is read; bands of other resolutions are resampled to the finest
grid. `dataset` gives a window as xarray.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from imagery.bands import Sensor
from imagery.geometry import Geometry
from imagery.raster import RasterFile, Window, read_window
from imagery.s1_annotation import Annotation, Calibration

if TYPE_CHECKING:
    import xarray as xr


class Band(Protocol):
    """One band on the grid of its image."""

    @property
    def nodata(self) -> float | None:
        """The value that means no data."""

    def read(self, window: Window) -> NDArray[Any]:
        """Return the raw values of a window."""


@dataclass(frozen=True, slots=True, eq=False)
class FileBand:
    """A band of a file. `scale` and `offset` turn image pixels into the file's, (row, column)."""

    file: RasterFile
    index: int
    """From 1."""
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)

    @property
    def nodata(self) -> float | None:
        """The value that means no data."""
        return self.file.nodata

    def read(self, window: Window) -> NDArray[Any]:
        """Return the raw values of a window.

        Raises:
            InputError: the file is cut short or damaged.
        """
        top, bottom, left, right = window
        rows, columns = (
            (self.scale[0] * top + self.offset[0], self.scale[0] * bottom + self.offset[0]),
            (self.scale[1] * left + self.offset[1], self.scale[1] * right + self.offset[1]),
        )
        return read_window(self.file, self.index, (*rows, *columns), (bottom - top, right - left))


@dataclass(frozen=True, slots=True, eq=False)
class ArrayBand:
    """A band in memory: a chip, or a simulated scene."""

    values: NDArray[Any]
    nodata: float | None = None

    def read(self, window: Window) -> NDArray[Any]:
        """Return a copy of a window."""
        top, bottom, left, right = window
        return self.values[top:bottom, left:right].copy()


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A scene, or a part of one."""

    sensor: Sensor
    bands: Mapping[str, Band]
    shape: tuple[int, int]
    geometry: Geometry
    pixel_m: float
    """Ground size of a pixel in the middle of the image."""
    time: datetime | None = None
    """When it was taken, UTC, where the files tell."""
    annotation: Annotation | None = None
    """Of a Sentinel-1 product in sensor geometry."""
    calibration: Mapping[str, Calibration] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Where it came from: names of files, item id. Never secrets."""

    def window(self) -> Window:
        """Return the window of the whole image."""
        return 0, self.shape[0], 0, self.shape[1]

    def read(self, band: str, window: Window | None = None) -> NDArray[Any]:
        """Return the raw values of a band.

        Raises:
            InputError: a file is cut short or damaged.
        """
        return self.bands[band].read(window or self.window())

    def dataset(self, window: Window | None = None) -> "xr.Dataset":
        """Return a window of all bands as xarray, with positions, time and provenance."""
        from imagery.chips import to_dataset  # noqa: PLC0415 - xarray takes 0.2 s to import

        return to_dataset(self, window or self.window())
