"""A part of an image, read into memory once: what a detector is run on and a picture drawn of."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imagery.chips import clip_window
from imagery.geometry import AffineGeometry, Geometry, apply
from imagery.image import ArrayBand, Image
from imagery.raster import Window
from imagery.s1_orbit import OrbitGeometry

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ShiftedGeometry:
    """The geometry of an image, counted from a pixel of it."""

    whole: Geometry
    row: int
    column: int

    @property
    def kind(self) -> str:
        """How the whole image's is known."""
        return self.whole.kind

    def locate(self, row: ArrayLike, column: ArrayLike) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes of pixel centres."""
        return self.whole.locate(np.asarray(row) + self.row, np.asarray(column) + self.column)


def crop(image: Image, window: Window) -> Image:
    """Read a window of all bands and return it as an image of its own.

    Its annotation is left behind: lines of the product are no rows of the crop. What it tells of
    the crop's middle goes along: the time, and how the radar looked (`provenance["look"]`).

    Raises:
        InputError: the window lies outside, or a file is damaged.
    """
    part = clip_window(image, window)
    top, bottom, left, right = part
    geometry: Geometry
    if isinstance(image.geometry, AffineGeometry):
        from affine import Affine  # noqa: PLC0415 - comes with rasterio

        a, b, _, d, e, _ = tuple(image.geometry.transform)[:6]
        x, y = apply(image.geometry.transform, left, top)
        geometry = AffineGeometry(image.geometry.crs, Affine(a, b, x, d, e, y))
    else:
        geometry = ShiftedGeometry(image.geometry, top, left)
    return replace(
        image,
        bands={name: ArrayBand(band.read(part), band.nodata) for name, band in image.bands.items()},
        shape=(bottom - top, right - left),
        geometry=geometry,
        annotation=None,
        calibration={},
        **_middle(image, part),
    )


def _middle(image: Image, window: Window) -> dict[str, Any]:
    """Return time and provenance of a window."""
    told: dict[str, Any] = {**image.provenance, "window": list(window)}
    note = image.annotation
    if note is None or not isinstance(image.geometry, OrbitGeometry):
        return {"provenance": told}
    row, column = (window[0] + window[1] - 1) / 2.0, (window[2] + window[3] - 1) / 2.0
    seconds = row * note.line_interval_s
    pixels = np.unique(note.grid[:, 1])
    means = [float(note.grid[note.grid[:, 1] == pixel, 5].mean()) for pixel in pixels]
    told["look"] = {
        "heading_deg": note.heading_deg,
        "range_over_speed_s": float(image.geometry.range_over_speed_s(row, column)[0]),
        "incidence_deg": float(np.interp(column, pixels, means)),
    }
    return {"provenance": told, "time": note.start + timedelta(seconds=seconds)}
