# mypy: disable-error-code="import-untyped"
"""Labelled radar scenes: K-distributed sea with correlated speckle, and ships of known place.

Physics, not pictures: speckle is a band-limited complex Gaussian field (resolution 20 x 22 m on
10 m pixels, 4.4 looks, as in Sentinel-1 IW GRDH), texture is gamma, a ship is a row of point
scatterers whose mean radar cross section is 0.08 l^(7/3) square metres, 8 dB less in cross
polarisation. Every value follows from the seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]

PIXEL_M = 10.0
_RESOLUTION_M = (22.0, 20.0)
"""Half-power widths along rows (azimuth) and columns (range)."""
_LOOK_WEIGHTS = np.array([1.0, 1.0, 1.0, 1.0, 0.2207])
"""(sum w)^2 / sum w^2 = 4.4 looks."""
_CROSS_POL_DB = -8.0
_MARGIN_PX = 10
CALM_DB = {"vv": -20.0, "vh": -26.0}
ROUGH_DB = {"vv": -13.0, "vh": -22.0}
_DN_AT_0DB = 450.0
"""Digital number of sigma nought 1: about that of the ESA look-up tables."""


@dataclass(frozen=True, slots=True)
class Ship:
    """A ship to draw. Rows grow along the flight, columns away from the satellite."""

    row: float
    column: float
    length_m: float
    along_deg: float = 0.0
    """Direction of the hull from the row axis towards the column axis."""
    width_m: float | None = None


def radar_scene(
    shape: tuple[int, int],
    ships: Sequence[Ship] = (),
    *,
    seed: int,
    sea_db: Mapping[str, float] = CALM_DB,
    texture_shape: float = np.inf,
    texture_m: float = 0.0,
    land: NDArray[np.bool_] | None = None,
    land_db: float = -6.0,
) -> dict[str, NDArray[np.uint16]]:
    """Return amplitude in digital numbers by polarisation.

    Texture of a shape nu is drawn a pixel, or on a field correlated over `texture_m`. Land is
    bright by `land_db` in VV and 6 dB less in VH, with texture of its own.
    """
    rng = np.random.default_rng(seed)
    texture = _texture(shape, texture_shape, texture_m, rng)
    inner = slice(_MARGIN_PX, -_MARGIN_PX)
    out = {}
    for band, level_db in sea_db.items():
        mean = 10.0 ** (level_db / 10.0) * texture
        if land is not None:
            bright_db = land_db if band == "vv" else land_db - 6.0
            rough = rng.gamma(3.0, 1.0 / 3.0, shape)
            mean = np.where(land, 10.0 ** (bright_db / 10.0) * rough, mean)
        gain_db = 0.0 if band == "vv" else _CROSS_POL_DB
        # A margin takes what the blur would carry around from the other edge.
        wide = np.pad(np.broadcast_to(mean, shape), _MARGIN_PX, mode="edge")
        power = np.zeros(shape)
        for weight in _LOOK_WEIGHTS:
            field = rng.standard_normal(wide.shape) + 1j * rng.standard_normal(wide.shape)
            field *= np.sqrt(wide / 2.0)
            _add_ships(field, ships, gain_db, rng)
            power += weight * np.abs(_blur(field)[inner, inner]) ** 2
        amplitude = np.sqrt(power / _LOOK_WEIGHTS.sum()) * _DN_AT_0DB
        out[band] = np.clip(np.rint(amplitude), 1, 65535).astype(np.uint16)
    return out


def _texture(
    shape: tuple[int, int], texture_shape: float, texture_m: float, rng: np.random.Generator
) -> Floats:
    """Return a field of mean 1 and gamma marginals."""
    if not np.isfinite(texture_shape):
        return np.ones(shape)
    if texture_m <= 0.0:
        return rng.gamma(texture_shape, 1.0 / texture_shape, shape)
    from scipy import stats  # noqa: PLC0415 - slow to import

    normal = ndimage.gaussian_filter(
        rng.standard_normal(shape), texture_m / PIXEL_M / 2.0, mode="wrap"
    )
    uniform = stats.norm.cdf(normal / normal.std())
    levels = np.linspace(1e-6, 1.0 - 1e-6, 4001)
    marginal = stats.gamma.ppf(levels, texture_shape, scale=1.0 / texture_shape)
    return np.interp(uniform, levels, marginal)


def _sigmas() -> tuple[float, float]:
    """Return the amplitude kernel's standard deviations, pixels: half power at the resolution."""
    rows, columns = (m / PIXEL_M / (2.0 * np.sqrt(np.log(2.0))) for m in _RESOLUTION_M)
    return rows, columns


def _blur(field: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Band-limit a white field and keep its mean power."""
    rows, columns = _sigmas()
    blurred = ndimage.gaussian_filter(field, (rows, columns), mode="wrap", truncate=4.0)
    # Power of a white field under a Gaussian kernel falls by 1 / (4 pi s1 s2).
    return np.asarray(blurred * np.sqrt(4.0 * np.pi * rows * columns))


def _add_ships(
    field: NDArray[np.complex128], ships: Sequence[Ship], gain_db: float, rng: np.random.Generator
) -> None:
    """Add point scatterers of random phase; one look of a fluctuating target."""
    for ship in ships:
        section_m2 = 0.08 * ship.length_m ** (7.0 / 3.0) * 10.0 ** (gain_db / 10.0)
        width_m = ship.width_m or ship.length_m / 6.0
        count = max(int(ship.length_m / 4.0), 4)
        along = rng.uniform(-0.5, 0.5, count) * ship.length_m / PIXEL_M
        across = rng.uniform(-0.5, 0.5, count) * width_m / PIXEL_M
        turn = np.radians(ship.along_deg)
        rows = _MARGIN_PX + ship.row + along * np.cos(turn) - across * np.sin(turn)
        columns = _MARGIN_PX + ship.column + along * np.sin(turn) + across * np.cos(turn)
        strength = np.sqrt(section_m2 / PIXEL_M**2 / count)
        phase = np.exp(2j * np.pi * rng.uniform(size=count))
        r, c = np.rint(rows).astype(int), np.rint(columns).astype(int)
        inside = (r >= 0) & (r < field.shape[0]) & (c >= 0) & (c < field.shape[1])
        np.add.at(field, (r[inside], c[inside]), (strength * phase)[inside])
