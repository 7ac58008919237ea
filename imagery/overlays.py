# mypy: disable-error-code="import-untyped"
"""Pictures that lie on a web map: an image warped to the map's own projection, with its bounds."""

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from scipy import ndimage

from imagery.geometry import Lattice
from imagery.image import Image
from imagery.quicklook import shades

Floats = NDArray[np.float64]

_KNOTS = 40
_DEGREE = 3
_CLEAR = 255
"""Entry of the palette that is no image."""


class Overlay(NamedTuple):
    """A palette PNG, and the degrees between which it lies."""

    png: bytes
    south: float
    west: float
    north: float
    east: float
    """Beyond 180 where the image lies across it."""


def overlay(image: Image, side_px: int = 512) -> Overlay:
    """Return an image as a palette PNG in Web Mercator, clear where there is no image.

    Where each pixel of the map lies in the image is a polynomial of the third degree, fitted to the
    image's own geometry: off by less than a pixel over the tens of kilometres of a chip.
    """
    rows, columns = (np.linspace(0.0, size - 1.0, _KNOTS) for size in image.shape)
    lat, lon = Lattice(image.geometry, image.shape).locate(rows, columns)
    y = _mercator(lat)
    box = float(lon.min()), float(lon.max()), float(y.min()), float(y.max())
    wide, high = box[1] - box[0], box[3] - box[2]
    scale = side_px / max(wide, high)
    size = max(round(wide * scale), 2), max(round(high * scale), 2)
    east = box[0] + (np.arange(size[0]) + 0.5) / size[0] * wide
    north = box[3] - (np.arange(size[1]) + 0.5) / size[1] * high
    grid = np.meshgrid(rows, columns, indexing="ij")
    terms = _terms(lon, y, box)
    fits = [np.linalg.lstsq(terms, target.ravel(), rcond=None)[0] for target in grid]
    ask = _terms(*np.meshgrid(east, north), box)
    at = [(ask @ fit).reshape(size[1], size[0]) for fit in fits]
    step = max(max(image.shape) // side_px, 1)
    picture = shades(image, image.window())
    smooth = ndimage.uniform_filter(picture, (step, step, 1)) if step > 1 else picture
    drawn = np.stack(
        [ndimage.map_coordinates(smooth[..., i], at, order=1, mode="nearest") for i in range(3)], -1
    )
    off = (at[0] < -0.5) | (at[0] > image.shape[0] - 0.5)
    off |= (at[1] < -0.5) | (at[1] > image.shape[1] - 0.5)
    south, top = _latitude(box[2]), _latitude(box[3])
    return Overlay(_png(drawn, off), south, box[0], top, box[1])


def _mercator(lat: Floats) -> Floats:
    """Return the northing of Web Mercator in degrees of longitude."""
    return np.asarray(np.degrees(np.arctanh(np.sin(np.radians(np.clip(lat, -85.0, 85.0))))))


def _latitude(y: float) -> float:
    return float(np.degrees(np.arcsin(np.tanh(np.radians(y)))))


def _terms(lon: Floats, y: Floats, box: tuple[float, float, float, float]) -> Floats:
    u = (2.0 * lon.ravel() - box[0] - box[1]) / (box[1] - box[0])
    v = (2.0 * y.ravel() - box[2] - box[3]) / (box[3] - box[2])
    powers = [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i)]
    return np.stack([u**i * v**j for i, j in powers], axis=-1)


def _png(drawn: NDArray[np.uint8], off: NDArray[np.bool_]) -> bytes:
    grey = bool((drawn[..., 0] == drawn[..., 1]).all() and (drawn[..., 0] == drawn[..., 2]).all())
    if grey:
        # 32 greys: smaller, and no eye tells the difference in speckle.
        marked = np.where(off, _CLEAR, drawn[..., 0] // 8).astype(np.uint8)
        sheet = Picture.frombytes("P", marked.shape[::-1], marked.tobytes())
        sheet.putpalette([level for i in range(256) for level in [min(8 * i + 4, 255)] * 3])
    else:
        sheet = Picture.fromarray(drawn).quantize(128)
        marked = np.where(off, _CLEAR, np.asarray(sheet)).astype(np.uint8)
        palette = sheet.getpalette() or []
        sheet = Picture.frombytes("P", marked.shape[::-1], marked.tobytes())
        sheet.putpalette(palette + [0] * (768 - len(palette)))
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", optimize=True, transparency=_CLEAR)
    return buffer.getvalue()
