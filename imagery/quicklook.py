# mypy: disable-error-code="import-untyped"
"""PNG pictures of chips: what an inspector sees. Scale bar, north, time, ships in colour."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageColor, ImageDraw

from imagery.chips import clip_window
from imagery.geometry import ground_axes
from imagery.image import Image
from imagery.raster import Window

_MOST_SIDE_PX = 2048
_BARS_M = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
_FOOT_PX = 34
_RADAR_GREYS = (0.02, 0.995)
_COLOUR_GREYS = (0.01, 0.995)
_INK = (255, 255, 255)
_KEPT = ("red", "black", "white", "#14181c")

Mark = tuple[float, float, str]
"""Row, column, colour (`red` for ships without AIS, `black` for those with)."""


def quicklook(
    image: Image,
    window: Window | None = None,
    *,
    marks: Sequence[Mark] = (),
    side_px: int = 512,
    colours: int | None = None,
    calm_px: float = 0.0,
) -> bytes:
    """Return a window as PNG, `side_px` on its longer side, with a line of facts below.

    Args:
        image: any image.
        window: part of it; all of it by default.
        marks: ships to circle.
        side_px: longer side of the picture, at most 2048.
        colours: size of the palette, for small files; None keeps full colour.
        calm_px: radar speckle is smoothed by so many pixels: it says nothing and packs badly.

    Raises:
        InputError: the window lies outside, or a file is damaged.
    """
    part = clip_window(image, window or image.window())
    top, bottom, left, right = part
    side_px = min(max(side_px, 64), _MOST_SIDE_PX)
    zoom = side_px / max(bottom - top, right - left)
    size = max(round((right - left) * zoom), 1), max(round((bottom - top) * zoom), 1)
    pixels = shades(image, part, calm_px)
    picture = Picture.fromarray(pixels).resize(size, Picture.Resampling.BILINEAR)
    sheet = Picture.new("RGB", (size[0], size[1] + _FOOT_PX), (20, 24, 28))
    sheet.paste(picture, (0, 0))
    draw = ImageDraw.Draw(sheet)
    for row, column, colour in marks:
        x, y = (column - left + 0.5) * zoom, (row - top + 0.5) * zoom
        draw.ellipse((x - 9, y - 9, x + 9, y + 9), outline=colour, width=2)
    axes = ground_axes(image.geometry, (top + bottom) / 2.0, (left + right) / 2.0)[0]
    _draw_north(draw, axes, size[0])
    _draw_foot(draw, image, part, zoom, axes, size)
    out: Any = sheet if colours is None else _few_colours(sheet, picture, colours)
    buffer = io.BytesIO()
    out.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _few_colours(sheet: Picture.Image, picture: Picture.Image, colours: int) -> Picture.Image:
    """Return the sheet in a palette from the picture, with room kept for what is drawn on it.

    A palette made from the sheet would lose the marks: they cover too few pixels to count.
    """
    kept = [value for name in _KEPT for value in ImageColor.getrgb(name)[:3]]
    room = max(min(colours, 256) - len(_KEPT), 2)
    own = picture.quantize(room).getpalette() or []
    palette = Picture.new("P", (1, 1))
    palette.putpalette(own[: 3 * room] + kept)
    return sheet.quantize(palette=palette, dither=Picture.Dither.NONE)


def shades(image: Image, window: Window, calm_px: float = 0.0) -> NDArray[np.uint8]:
    """Return the window as RGB: true colour, or grey for radar."""
    step = max((max(window[1] - window[0], window[3] - window[2])) // _MOST_SIDE_PX, 1)

    def read(name: str) -> NDArray[np.float64]:
        return image.read(name, window)[::step, ::step].astype(np.float64)

    if image.sensor == "s1":
        name = next(iter(image.bands))
        values = read(name)
        if np.nanmedian(values) >= 0.0:  # decibels are dark enough as they are
            values = np.sqrt(np.abs(values))
        if calm_px > 0.0:
            from scipy import ndimage  # noqa: PLC0415 - slow to import

            values = ndimage.gaussian_filter(np.nan_to_num(values), calm_px)
        grey = _stretch(values, _RADAR_GREYS)
        return np.stack([grey] * 3, axis=-1)
    names = [name for name in ("red", "green", "blue") if name in image.bands]
    if len(names) < 3:
        names = [next(iter(image.bands))] * 3
    return np.stack([_stretch(read(name), _COLOUR_GREYS) for name in names], axis=-1)


def _stretch(values: NDArray[np.float64], parts: tuple[float, float]) -> NDArray[np.uint8]:
    good = np.isfinite(values)
    if not good.any():
        return np.zeros(values.shape, np.uint8)
    low, high = np.quantile(values[good], parts)
    scaled = (np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-9)
    return np.clip(scaled * 255.0, 0, 255).astype(np.uint8)


def _draw_north(draw: ImageDraw.ImageDraw, axes: NDArray[np.float64], width: int) -> None:
    """Draw an arrow to true north; sensor geometry may have it anywhere, and mirrored."""
    # Picture x runs along columns, y along rows: solve for the pixel step that goes north.
    row, column = np.linalg.solve(axes.T, np.array([0.0, 1.0]))
    length = float(np.hypot(row, column))
    x, y = column / length, row / length
    at = (width - 26.0, 26.0)
    draw.line((at[0] - 14 * x, at[1] - 14 * y, at[0] + 14 * x, at[1] + 14 * y), _INK, 2)
    for side in (-1.0, 1.0):
        tip = at[0] + 14 * x, at[1] + 14 * y
        draw.line((*tip, tip[0] - 6 * x + 4 * side * y, tip[1] - 6 * y - 4 * side * x), _INK, 2)
    draw.text((at[0] + 16 * x - 3, at[1] + 16 * y - 5), "N", _INK)


def _draw_foot(
    draw: ImageDraw.ImageDraw,
    image: Image,
    window: Window,
    zoom: float,
    axes: NDArray[np.float64],
    size: tuple[int, int],
) -> None:
    """Write scale, place, time and sensor below the picture."""
    across_m = float(np.hypot(*axes[1])) / zoom
    bar_m = max((m for m in _BARS_M if m / across_m <= size[0] / 3.0), default=_BARS_M[0])
    y = size[1] + 10
    draw.line((8, y, 8 + bar_m / across_m, y), _INK, 3)
    label = f"{bar_m} m" if bar_m < 1000 else f"{bar_m // 1000} km"
    draw.text((8, y + 6), label, _INK)
    middle = (window[0] + window[1] - 1) / 2.0, (window[2] + window[3] - 1) / 2.0
    lat, lon = (float(v[0]) for v in image.geometry.locate(*middle))
    time = image.time.strftime("%Y-%m-%d %H:%M UTC") if image.time else "time unknown"
    sensor = "Sentinel-1" if image.sensor == "s1" else "optical"
    draw.text((size[0] // 3 + 24, y - 6), f"{lat:.4f}, {lon:.4f}", _INK)
    draw.text((size[0] // 3 + 24, y + 6), f"{time}  {sensor}", _INK)
    label = str(image.provenance.get("label", "")).encode("ascii", "replace").decode()[:60]
    if label:
        draw.rectangle((0, 0, 8 + 6.2 * len(label), 16), (20, 24, 28))
        draw.text((4, 2), label, _INK)


def footprint(image: Image, window: Window | None = None) -> list[tuple[float, float]]:
    """Return the outline of a window as (lon, lat), closed, with points along the edges."""
    top, bottom, left, right = window or image.window()
    t = np.linspace(0.0, 1.0, 9)
    first, last = top - 0.5, bottom - 0.5
    near, far = left - 0.5, right - 0.5
    rows = np.concatenate(
        [np.full(9, first), first + t * (last - first), np.full(9, last), last - t * (last - first)]
    )
    columns = np.concatenate(
        [near + t * (far - near), np.full(9, far), far - t * (far - near), np.full(9, near)]
    )
    lat, lon = image.geometry.locate(rows, columns)
    return [(round(float(x), 6), round(float(y), 6)) for x, y in zip(lon, lat, strict=True)]
