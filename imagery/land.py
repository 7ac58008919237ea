# mypy: disable-error-code="import-untyped"
"""Land and water of a radar image, in blocks: shipped polygons, put right by the image itself.

The shipped coast is up to 200 m off and knows no docks. Within 400 m of it the picture decides:
extended bright areas are land, dark ones that reach the open sea are water. Narrow things that
stick out of the land (ships at a quay, moles) are left to the detector.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imagery.geometry import Geometry, Lattice, NoGeometry
from vessels.geography import on_land

Floats = NDArray[np.float32]
Marks = NDArray[np.bool_]

BLOCK_PX = 8
_BAND_M = 400.0
_BRIGHT = 2.0
"""Mean amplitude over the sea's above which a block may be land (6 dB)."""
_LAND_M2 = 250_000.0
"""A bright area below this is no land: the largest ships cover a tenth of it."""
_LAKE_M2 = 1_000_000.0
_TILE = 48
_APART = 1.8
"""Amplitude of land over water below which a picture shows only one of them."""
_LEAST_SEA = 0.02


class Blocks(NamedTuple):
    """Mean amplitude of blocks of BLOCK_PX pixels; NaN where there is no data."""

    mean: Floats
    side_m: float


def land_blocks(geometry: Geometry, shape: tuple[int, int]) -> Marks | None:
    """Return which blocks have their centre on land of the shipped 1:10m polygons.

    None where nobody knows the place.
    """
    if isinstance(geometry, NoGeometry):
        return None
    rows = (np.arange(-(-shape[0] // BLOCK_PX)) + 0.5) * BLOCK_PX - 0.5
    columns = (np.arange(-(-shape[1] // BLOCK_PX)) + 0.5) * BLOCK_PX - 0.5
    lattice = Lattice(geometry, shape)
    # A block is on land or not as its neighbours are, but near a coast: ask every fourth first.
    coarse = _ask(lattice, rows[::4], columns[::4])
    mixed = ndimage.maximum_filter(coarse, 3) != ndimage.minimum_filter(coarse, 3)
    out = coarse.repeat(4, axis=0).repeat(4, axis=1)[: rows.size, : columns.size]
    for i, j in zip(*np.nonzero(mixed), strict=True):
        part = np.s_[4 * i : 4 * i + 4, 4 * j : 4 * j + 4]
        out[part] = _ask(lattice, rows[part[0]], columns[part[1]])
    return np.ascontiguousarray(out)


def _ask(lattice: Lattice, rows: NDArray[np.floating], columns: NDArray[np.floating]) -> Marks:
    lat, lon = lattice.locate(rows.astype(np.float64), columns.astype(np.float64))
    return on_land(lat, lon)


def blocked(blocks: Blocks, land: Marks | None) -> Marks:
    """Return the blocks that hold land, or where no sea is known.

    Without polygons the picture alone tells.
    """
    if land is None:
        return _without_coast(blocks, np.zeros(blocks.mean.shape, np.bool_))
    reach = max(round(_BAND_M / blocks.side_m), 1)
    near = _widened(land, reach)
    known = np.isfinite(blocks.mean)
    open_sea = ~near & known
    if not known.any():
        return ~known
    if open_sea.sum() < _LEAST_SEA * known.sum():
        return _without_coast(blocks, land)
    sure_land = ~_widened(~land, reach)
    bright = (blocks.mean > _BRIGHT * _sea_level(blocks.mean, open_sea)) & known & ~sure_land
    large = _extended(bright, blocks.side_m, sure_land)
    # Dark areas of the coast that the sea does not reach are land too.
    water, _ = ndimage.label(known & ~large & ~sure_land)
    reached = np.zeros(int(water.max()) + 1, np.bool_)
    reached[water[open_sea]] = True
    reached[0] = False
    return np.asarray(~reached[water])


def _widened(marks: Marks, steps: int) -> Marks:
    """Return the marks and what lies within so many steps along rows and columns."""
    if marks.all() or not marks.any():
        return marks
    return np.asarray(ndimage.binary_dilation(marks, iterations=steps))


def _extended(bright: Marks, side_m: float, always: Marks) -> Marks:
    """Return the bright areas that are too large for ships, without what sticks out of them."""
    if not bright.any():
        return always
    opened = ndimage.binary_opening(bright | always, structure=np.ones((3, 3)))
    labels, count = ndimage.label(opened)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    keep = sizes * side_m**2 >= _LAND_M2
    keep[np.unique(labels[always])] = True
    keep[0] = False
    return keep[labels] | always


def _sea_level(mean: Floats, sea: Marks) -> Floats:
    """Return the amplitude of the sea, by tiles: it falls with range and changes with wind."""
    level = float(np.median(mean[sea]))
    tiles = [-(-size // _TILE) for size in mean.shape]
    medians = np.full(tiles, np.nan, np.float32)
    for i in range(tiles[0]):
        for j in range(tiles[1]):
            part = np.s_[i * _TILE : (i + 1) * _TILE, j * _TILE : (j + 1) * _TILE]
            inside = mean[part][sea[part]]
            if inside.size >= _TILE:
                middle = inside.size // 2
                medians[i, j] = np.partition(inside, middle)[middle]
    empty = ~np.isfinite(medians)
    if empty.all():
        return np.full(mean.shape, level, np.float32)
    nearest = ndimage.distance_transform_edt(empty, return_distances=False, return_indices=True)
    medians = medians[tuple(nearest)]
    wide = medians.repeat(_TILE, axis=0).repeat(_TILE, axis=1)
    return np.asarray(wide[: mean.shape[0], : mean.shape[1]])


def _without_coast(blocks: Blocks, land: Marks) -> Marks:
    """Return all but the wide dark areas: lakes, rivers and harbours, which polygons call land."""
    known = np.isfinite(blocks.mean)
    logs = np.log(blocks.mean[known])
    limit = split(logs) if np.ptp(logs) > np.log(_APART) else float(logs.min())
    dark = known & (np.log(np.where(known, blocks.mean, np.inf)) < limit)
    low = logs[logs < limit]
    if low.size == 0 or logs[logs >= limit].mean() - low.mean() < np.log(_APART):
        # One kind of surface only: what the polygons say of most of it.
        return ~known if land[known].mean() < 0.5 else np.ones_like(known)
    labels, count = ndimage.label(dark)
    keep = np.bincount(labels.ravel(), minlength=count + 1) * blocks.side_m**2 >= _LAKE_M2
    keep[0] = False
    water = keep[labels]
    # Ships are bright holes in the water: fill what is too small for an island.
    holes, count = ndimage.label(~water)
    fill = np.bincount(holes.ravel(), minlength=count + 1) * blocks.side_m**2 < _LAND_M2
    fill[0] = False
    return ~(water | (fill[holes] & known))


def split(values: NDArray[np.floating]) -> float:
    """Return the level that parts values into two classes best (Otsu 1979)."""
    counts, edges = np.histogram(values, 256)
    middles = (edges[1:] + edges[:-1]) / 2.0
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = sums / below - (sums[-1] - sums) / above
        between = np.where((below > 0) & (above > 0), below * above * gap**2, -1.0)
    return float(edges[1:][np.argmax(between)])
