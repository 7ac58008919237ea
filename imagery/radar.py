# mypy: disable-error-code="import-untyped"
"""Radar values as amplitudes: what a file's numbers mean, found from the numbers themselves.

Digital numbers, sigma nought (linear or in decibels) and 8-bit pictures all become 16-bit
amplitudes, 0 where there is no data. The detector only compares a pixel with its surroundings, so
the scale is free; what matters is amplitude rather than power, and the number of looks.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from imagery import _cfar
from imagery.cfar import IW_GRDH_LOOKS
from imagery.image import Image

Pixels = NDArray[np.uint16]

_PATCH_PX = 384
_BLOCK_PX = 16
_POWER_VARIATION = 0.36
"""Between the speckle of amplitude (0.24) and of power (0.48) at 4.4 looks."""
_MIDDLE = 400.0
"""Amplitude that the median of a rescaled image gets: headroom of 44 dB above, 52 dB below."""
_STRIP_ROWS = 1024
_FILLER = -9000.0
"""Values at or below it are no decibels, nor hundredths of them: -9999, -32768 and the like."""
_SQUARE_ROWS, _LEAST_SQUARES = 500, 100
"""Rows of squares that are looked at, and squares below which nothing is told."""
_SQUARES_PX = (3, 4, 5, 6)
_CELL_PX = 4.4
"""Pixels of a resolution cell of IW GRDH: 20 x 22 m on 10 m."""
_CLUMP_RATE = 1e-9
_LIFT = 8
_LEAST_LOOKS, _MOST_LOOKS = 0.7, 60.0


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a band's numbers become amplitudes."""

    kind: Literal["amplitude", "power", "db"]
    scale: float
    shift: float
    """Added first: 1 for 8-bit pictures, where 0 is a dark sea and not a gap."""
    nodata: float | None
    looks: float


def encoding_of(image: Image, band: str) -> Encoding:
    """Judge a band by patches of it."""
    nodata = image.bands[band].nodata
    patches = [image.read(band, window) for window in _patches(image.shape)]
    whole = patches[0].dtype
    shift = 1.0 if whole == np.uint8 and nodata is None else 0.0
    samples = [
        np.where(_valid(p, nodata, shift), p, np.nan).astype(np.float64) + shift for p in patches
    ]
    if not any(np.isfinite(s).any() for s in samples):
        return Encoding("amplitude", 1.0, shift, nodata, IW_GRDH_LOOKS)
    # Sorting a million numbers takes longer than the search of a chip: not where nothing asks.
    middle = 0.0 if whole.kind == "u" else _median(samples)
    if middle < 0.0:
        # Decibels, or hundredths of them.
        step = 0.01 if middle < -80.0 else 1.0
        linear = [10.0 ** (s * step / 20.0) for s in samples]
        middle = 10.0 ** (middle * step / 20.0)
        return Encoding("db", _MIDDLE / middle, step, nodata, _looks(_variation(linear)))
    kind: Literal["amplitude", "power"] = "amplitude"
    variation = _variation(samples)
    if variation > _POWER_VARIATION and whole != np.uint8:
        kind = "power"
        samples = [np.sqrt(np.maximum(s, 0.0)) for s in samples]
        variation = _variation(samples)
    scale = 1.0
    if kind == "power" or not np.issubdtype(whole, np.integer):
        middle = _median(samples)
        scale = _MIDDLE / middle if middle > 0.0 else 1.0
    looks = IW_GRDH_LOOKS if image.annotation is not None else _looks(variation)
    return Encoding(kind, scale, shift, nodata, looks)


def to_amplitude(values: NDArray[Any], encoding: Encoding) -> Pixels:
    """Return 16-bit amplitudes; 0 where there is no data."""
    if values.dtype == np.uint16 and encoding.kind == "amplitude" and encoding.nodata in (None, 0):
        return np.asarray(values, dtype=np.uint16)
    shift = encoding.shift if encoding.kind != "db" else 0.0
    valid = _valid(values, encoding.nodata, shift)
    numbers = np.where(valid, values, 0).astype(np.float32) + np.float32(shift)
    if encoding.kind == "power":
        numbers = np.sqrt(np.maximum(numbers, 0.0))
    elif encoding.kind == "db":
        numbers = np.float32(10.0) ** (np.minimum(numbers, 60.0) * (encoding.shift / 20.0))
    scaled = np.clip(np.rint(numbers * encoding.scale), 1, 65535)
    return np.where(valid, scaled, 0).astype(np.uint16)


def load_amplitude(image: Image, band: str) -> tuple[Pixels, Encoding]:
    """Read a band strip by strip as amplitudes. The array is the caller's to change.

    Raises:
        InputError: the file is cut short or damaged.
    """
    encoding = encoding_of(image, band)
    rows, columns = image.shape
    out = np.empty(image.shape, np.uint16)
    for top in range(0, rows, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, rows)
        values = image.read(band, (top, bottom, 0, columns))
        byte = values.dtype == np.uint8
        out[top:bottom] = to_amplitude(values, encoding)
    if byte:
        lift_saturated(out, int(255 * encoding.scale + encoding.shift), encoding.looks)
    return out, encoding


def cut_off_share(image: Image) -> float:
    """Return the share of pixels at the end of an 8-bit scale, by patches; of the worst band."""
    shares = [0.0]
    for band in image.bands:
        patches = [image.read(band, window) for window in _patches(image.shape)]
        if patches[0].dtype == np.uint8:
            shares.append(float(np.mean([(patch == 255).mean() for patch in patches])))
    return max(shares)


def lift_saturated(pixels: Pixels, top: int, looks: float) -> None:
    """Make clumps at the end of an 8-bit picture's scale stand out again, in place.

    Quick looks are stretched until the sea is grey; ships are then cut off at 255, which is no more
    than twice the sea, and no threshold is ever passed. The smallest square is taken that sea fills
    with such pixels once in 1e9 at most; all that hangs together with one is lifted, by a factor
    that any threshold lets through. Where the sea is too bright or too patchy for that, nothing is.
    """
    cut = pixels >= top
    if not cut.any():
        return
    for side in _SQUARES_PX:
        if _chance_of_square(pixels, side, top, looks) <= _CLUMP_RATE:
            core = ndimage.binary_opening(cut, np.ones((side, side)))
            labels, count = ndimage.label(cut, np.ones((3, 3)))
            lifted = np.zeros(count + 1, np.bool_)
            lifted[labels[core]] = True
            lifted[0] = False
            pixels[lifted[labels]] = min(top * _LIFT, 65535)
            return


def _chance_of_square(pixels: Pixels, side: int, top: int, looks: float) -> float:
    """Return the chance that a square of sea has the mean power of one cut off throughout.

    Power of squares is taken for gamma distributed: with the looks of their resolution cells, or
    with as few as the lower half of the picture's own squares shows, where waves hang together.
    """
    rows, columns = (size // side for size in pixels.shape)
    step = max(rows // _SQUARE_ROWS, 1)
    some = pixels[: rows * side, : columns * side].reshape(rows, side, columns, side)[::step]
    whole = (some > 0).all(axis=(1, 3))
    power = (some.astype(np.float32) ** 2).mean(axis=(1, 3))[whole]
    if power.size < _LEAST_SQUARES:
        return 1.0
    low, middle = np.quantile(power, (0.16, 0.5))
    spread = float(np.log(middle / low))
    independent = looks * side**2 / _CELL_PX
    if spread > 0.0:
        independent = min(independent, 1.0 / spread**2)
    return float(special.gammaincc(independent, independent * top**2 / float(middle)))


def _valid(values: NDArray[Any], nodata: float | None, shift: float) -> NDArray[np.bool_]:
    """Return where there is data. In 8-bit pictures only wide black areas are gaps."""
    good = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, np.bool_)
    if values.dtype.kind in "fi":
        good &= values > _FILLER
    if nodata is not None:
        good &= values != nodata
    if shift == 0.0 or nodata is not None:
        return good & (values != 0)
    return good & ~_wide_zeros(values)


def _wide_zeros(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the pixels of blocks that are 0 throughout."""
    rows, columns = (size // _BLOCK_PX * _BLOCK_PX for size in values.shape)
    out = np.zeros(values.shape, np.bool_)
    blocks = values[:rows, :columns].reshape(
        rows // _BLOCK_PX, _BLOCK_PX, columns // _BLOCK_PX, _BLOCK_PX
    )
    empty = (blocks == 0).all(axis=(1, 3))
    out[:rows, :columns] = empty.repeat(_BLOCK_PX, axis=0).repeat(_BLOCK_PX, axis=1)
    return out


def _patches(shape: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Return up to nine windows spread over the image."""

    def starts(size: int) -> list[int]:
        room = max(size - _PATCH_PX, 0)
        return sorted({0, room // 2, room})

    return [
        (r, min(r + _PATCH_PX, shape[0]), c, min(c + _PATCH_PX, shape[1]))
        for r in starts(shape[0])
        for c in starts(shape[1])
    ]


def _median(samples: list[NDArray[np.float64]]) -> float:
    """Return the median of what is finite."""
    return float(np.median(np.concatenate([s[np.isfinite(s)] for s in samples])))


def _variation(samples: list[NDArray[np.float64]]) -> float:
    """Return the speckle's standard deviation over mean: the lower quartile of small blocks."""
    blocks = np.concatenate([_cfar.block_variation(sample, _BLOCK_PX) for sample in samples])
    blocks = blocks[np.isfinite(blocks)]
    return float(np.quantile(blocks, 0.25)) if blocks.size else 0.0


def _looks(variation: float) -> float:
    """Return the number of looks whose amplitude speckle varies as much as quiet blocks do."""
    if variation <= 0.0:
        return IW_GRDH_LOOKS
    trial = np.geomspace(_LEAST_LOOKS, _MOST_LOOKS, 200)
    ratio = trial * np.exp(2.0 * (special.gammaln(trial) - special.gammaln(trial + 0.5)))
    # One digit is enough, and keeps the tables of thresholds few.
    return round(float(np.interp(-(variation**2), -(ratio - 1.0), trial)), 1)
