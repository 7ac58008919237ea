# mypy: disable-error-code="import-untyped"
"""Shapes of regions in optical images: which of them could be a ship, seen with the water around.

Sizes are limits of ships, not of pictures: 30 to 450 m long, up to 75 m wide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

_LENGTH_M = (30.0, 450.0)
_WIDTH_M = 75.0
_AREA_M2 = 30_000.0
_ROUND_M, _SLENDER = 30.0, 1.6
"""Wider than this, a hull is longer than wide by this factor at least; small clouds are round."""
_LEAST_PX = 4
_CLOSE_PX = 2.5
"""Distance to water within which a region has a pixel."""
_FILL = 0.8
"""Area over length times width: a hull fills its box, a crooked quay does not."""
_RIM = 0.5
"""Share of a region's rim in or beside water; a slender hull at a quay has 0.55 and more."""
_SIDE = 0.9
"""Share of one long side with water."""
_SHARP = 0.3
"""Drop of brightness within two pixels, over its whole height above water."""
_DIM = 0.5
"""Part of the region's brightness over water below which a pixel beside it may be water."""
_ENDS_PX = (1.5, 2.5, 3.5)
_SIDES_PX = (1.5, 2.5)


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Water of a tile."""

    wet: Marks
    beside: Floats
    """Distance to water, pixels."""
    clear: Marks
    """Water, or part water."""
    pixel_m: float

    @property
    def reach_px(self) -> float:
        """Distance to water beyond which no ship lies."""
        return _WIDTH_M / self.pixel_m


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A ship-like region at one level of one picture."""

    way: int
    row: float
    column: float
    spread: tuple[float, float, float]
    """Second moments, px^2: rows, columns, both."""
    length_px: float
    area_px: int
    contrast: float
    """Mean brightness over the water's, in deviations of the water."""
    free: float
    """Share of its other long side that has water too: 1 is in open water."""


def judge(
    labels: NDArray[np.int32],
    count: int,
    values: Floats,
    water: tuple[float, float],
    way: int,
    scene: Surroundings,
) -> Iterator[Region]:
    """Yield the regions that could be ships; `water` holds its brightness and deviation."""
    size = np.bincount(labels.ravel(), minlength=count + 1)
    most = _AREA_M2 / scene.pixel_m**2
    close = np.zeros(count + 1, np.bool_)
    close[labels[scene.beside <= _CLOSE_PX]] = True
    fit = (size[1:] >= _LEAST_PX) & (size[1:] <= most) & close[1:]
    boxes = ndimage.find_objects(labels) if fit.any() else []
    for index in np.flatnonzero(fit):
        region = _judge_one(labels, int(index) + 1, boxes[index], values, water, way, scene)
        if region is not None:
            yield region


def _judge_one(
    labels: NDArray[np.int32],
    label: int,
    box: tuple[slice, slice],
    values: Floats,
    water: tuple[float, float],
    way: int,
    scene: Surroundings,
) -> Region | None:
    r0, c0 = max(box[0].start - 3, 0), max(box[1].start - 3, 0)
    part = np.s_[r0 : box[0].stop + 3, c0 : box[1].stop + 3]
    inside = labels[part] == label
    rows, columns = (index.astype(np.float64) for index in np.nonzero(inside))
    row, column = rows.mean(), columns.mean()
    # A pixel is a square, not a point: 1/12 on both axes.
    spread = (
        float(((rows - row) ** 2).mean()) + 1.0 / 12.0,
        float(((columns - column) ** 2).mean()) + 1.0 / 12.0,
        float(((rows - row) * (columns - column)).mean()),
    )
    moments, axes = np.linalg.eigh(np.array([[spread[0], spread[2]], [spread[2], spread[1]]]))
    width, length = np.sqrt(12.0 * np.maximum(moments, 1e-9))
    if (
        not _LENGTH_M[0] <= length * scene.pixel_m <= _LENGTH_M[1]
        or width * scene.pixel_m > _WIDTH_M
        or (width * scene.pixel_m > _ROUND_M and length < _SLENDER * width)
        or rows.size < _FILL * length * width
    ):
        return None
    grown = ndimage.binary_dilation(inside)
    rim = ndimage.binary_dilation(grown) & ~grown
    if not rim.any() or (scene.beside[part][rim] <= 1.0).mean() < _RIM:
        return None
    around = values[part][rim]
    height = float(values[part][inside].mean()) - water[0]
    if height <= 0.0 or height + water[0] - np.quantile(around, 0.75) < _SHARP * height:
        return None
    along, across = axes[:, 1], axes[:, 0]
    open_ = scene.clear & (values < water[0] + _DIM * height)
    free = _water_around(
        rows - row, columns - column, along, across, open_, (row + r0, column + c0)
    )
    if free is None:
        return None
    contrast = height / water[1]
    return Region(
        way,
        row + r0,
        column + c0,
        spread,
        float(length),
        int(rows.size),
        contrast,
        free,
    )


def _water_around(
    dr: Floats,
    dc: Floats,
    along: Floats,
    across: Floats,
    open_: Marks,
    centre: tuple[float, float],
) -> float | None:
    """Return the water share of the drier side; None without water at both ends and one side."""
    s = dr * along[0] + dc * along[1]
    t = dr * across[0] + dc * across[1]

    def water(a: float, b: float) -> bool:
        r = round(centre[0] + a * along[0] + b * across[0])
        c = round(centre[1] + a * along[1] + b * across[1])
        inside = 0 <= r < open_.shape[0] and 0 <= c < open_.shape[1]
        return inside and bool(open_[r, c])

    for end, sign in ((s.min(), -1.0), (s.max(), 1.0)):
        if not any(water(end + sign * step, 0.0) for step in _ENDS_PX):
            return None
    sides = []
    for side, sign in ((t.min(), -1.0), (t.max(), 1.0)):
        places = (s.min() / 2.0, 0.0, s.max() / 2.0)
        seen = [any(water(a, side + sign * step) for step in _SIDES_PX) for a in places]
        sides.append(sum(seen) / len(seen))
    return min(sides) if max(sides) >= _SIDE else None


def group(regions: Sequence[Region]) -> list[list[Region]]:
    """Put regions of all levels and pictures that share a place together, largest first."""
    order = sorted(regions, key=lambda g: (-g.area_px, g.row, g.column, g.way))
    groups: list[list[Region]] = []
    for region in order:
        for some in groups:
            first = some[0]
            away = np.hypot(region.row - first.row, region.column - first.column)
            if away < max(3.0, 0.5 * first.length_px):
                some.append(region)
                break
        else:
            groups.append([region])
    return groups
