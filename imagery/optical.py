# mypy: disable-error-code="import-untyped"
"""Ships in optical images: sharp, ship-shaped and bright, with water at bow, stern and side.

The near infrared tells water from all else, for water is black there. In it and in the other bands,
regions above rising levels are judged one after another, as in a component tree (MSER, Matas et al.
2002): a region that is long and narrow, fills its outline, is much brighter than what lies around
it, and has water on all sides may be a ship. Moles and bridges have no water at their ends; clouds,
wakes and white caps have no sharp edge, foam is dark in the infrared. Places that several levels
and bands agree on are ships. Those alongside are no regions of their own: see berths.py.

All levels are relative to the water nearby: scaling and offsets of the numbers do not matter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import ndimage

from imagery import shapes
from imagery.berths import LAND_M2, VEGETATION, Berth, Colours, find_berths
from imagery.detections import Ship, lies_on, to_table
from imagery.image import Image
from imagery.land import split
from imagery.shapes import Region
from vessels.errors import InputError

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

LEAST_SCORE = 0.24
"""Score below which a candidate is not told: where F1 of two ports is best; 0.2 to 0.3 is alike."""
_LEAST_FREE = 0.35
"""The same in open water, where the score counts agreeing bands and levels."""
_TILE_PX, _MARGIN_PX = 768, 64
_SAMPLE_PX = 2_000_000
_LEVELS = 32
_FIRST_LEVEL, _LAST_LEVEL = 5.0, 0.8
"""Levels run from so many deviations of the water to this part of the brightest pixel."""
_WATER_PART = 0.3
"""Share of land's brightness, from water's on, up to which a pixel is water."""
_APART = 6.0
"""Deviations of the water between land and water below which a picture holds only water."""
_LEAST_STEP = 0.01
_BLOCK_PX = 32
"""Side of the blocks in which water is measured."""
_HALF = 0.75
"""Mean height of a hull cut off at half its height, over its greatest."""
_LEAST_WATER_M2 = 50_000.0
_COLOURS = ("red", "green", "blue", "nir", "swir16")
_FOAM_NIR, _FOAM_SWIR = 0.6, 0.2
"""Height over water in the infrared, over that in red, below which it is foam. Measured: surf 0.52
and 0.09; ships 0.97 and 0.27 at least."""
_BLUE = 0.5
"""Blue over green of water at least, where no infrared tells it from a forest: measured 0.75 to
0.95 of water, 0.35 of a forest."""
_RED = 1.15
"""Red over blue of water at most, likewise; measured 0.03 to 1.42 of water (median 0.24 and 0.63),
1.09 to 1.98 of forest. Not asked where most that is dark is redder: muddy water, or odd colours."""
_RIM_PX = 1.0
"""Around a hull: pixels in which the middle of another cannot lie."""
_SMALL_M2, _SHORE_M = 550.0, 300.0
"""A hull of 40 by 14 m; below it, things this near to land are as a rule no ships."""
_WAYS = ("nir", "swir16", "red", "light")


@dataclass(frozen=True, slots=True)
class _Water:
    """What water looks like in the band that tells it."""

    limit: float
    """A pixel below it is water."""
    clear: float
    """A pixel below it may still be part water: beside a bright ship."""
    low: float = 0.0
    """Its median."""
    colours: Colours | None = None
    """Of water and land, where the picture shows land."""
    lows: Mapping[str, float] = field(default_factory=dict)
    """Median of water by band, with land or without."""
    blue: bool = False
    """Whether water is told from dark land by its colour."""


def find_ships_optical(image: Image, *, land_mask: Marks | None = None) -> pa.Table:
    """Return the ships of an optical image (schema DETECTION).

    Without near infrared, red takes its place, and scores are lower.

    Raises:
        InputError: a file is cut short or damaged, or there is no band to look at.
    """
    ships = [ship for ship, _ in find_candidates(image, land_mask=land_mask)]
    return to_table(_once(ships), image.geometry, 0.4)


def _once(ships: list[Ship]) -> list[Ship]:
    """Return the ships to tell: a frame laid on a part of a better one is the same ship."""
    told: list[Ship] = []
    for ship in sorted(ships, key=lambda ship: (-ship.score, ship.row, ship.column)):
        if ship.score < LEAST_SCORE:
            break
        if not any(lies_on(ship, other, _RIM_PX) for other in told):
            told.append(ship)
    return told


def find_candidates(
    image: Image, *, land_mask: Marks | None = None
) -> list[tuple[Ship, Berth | None]]:
    """Return all that may be a ship, whatever its score; with its berth where it lies alongside.

    Raises:
        InputError: as `find_ships_optical`.
    """
    key = next((name for name in ("nir", "red", "gray", *image.bands) if name in image.bands), None)
    if key is None:
        raise InputError("holds no band to look for ships in")
    water = _judge_water(image, key)
    trust = 1.0 if key == "nir" else 0.8
    found = []
    for tile in _tiles(image.shape):
        found += _search(image, key, water, tile, land_mask, trust)
    return found


def _judge_water(image: Image, key: str) -> _Water:
    """Find the levels that part water from the rest, from a sample of the whole image."""
    sample = _sample(image, [key, *(n for n in _COLOURS if n in image.bands and n != key)])
    values = sample[key]
    if values.size == 0:
        return _Water(np.inf, np.inf)
    values = np.minimum(values, np.quantile(values, 0.98))
    limit = split(values)
    wet = values < limit
    colour = key == "red" and {"red", "green", "blue"} <= sample.keys()
    tint = _watery(sample) if colour else None
    if tint is not None and tint[wet].mean() < 0.5:
        tint = None
    if tint is not None:
        wet &= tint
    dark, light = values[wet], values[~wet]
    if dark.size == 0 or light.size == 0:
        return _Water(np.inf, np.inf)
    low, high = float(np.median(dark)), float(np.median(light))
    deviation = 1.48 * float(np.median(np.abs(dark - low))) + 1e-9
    if high - low < _APART * deviation:
        # One surface. Ships are far above it, and are found by the levels.
        lows = {name: float(np.median(some)) for name, some in sample.items()}
        return _Water(low + 12.0 * deviation, low + 18.0 * deviation, low, None, lows)
    limit = low + _WATER_PART * (high - low)
    wet = values < limit
    if tint is not None:
        wet &= tint
    colours = Colours(
        {name: float(np.median(some[wet])) for name, some in sample.items()},
        {name: float(np.median(some[~wet])) for name, some in sample.items()},
    )
    clear = low + 1.5 * _WATER_PART * (high - low)
    return _Water(limit, clear, low, colours, colours.water, tint is not None)


def _watery(bands: Mapping[str, Floats]) -> Marks:
    """Return where a colour picture has the colour of water. An offset of all bands hides it."""
    red, green, blue = (bands[name] for name in ("red", "green", "blue"))
    return np.asarray((blue > _BLUE * green) & (red <= _RED * blue))


def _sample(image: Image, names: list[str]) -> dict[str, Floats]:
    """Return values of the same pixels, spread over the image, where the first band is valid."""
    rows, columns = image.shape
    step = max(int(np.sqrt(rows * columns / _SAMPLE_PX)), 1)
    height = 64 * step if step > 1 else rows
    parts: dict[str, list[Floats]] = {name: [] for name in names}
    for top in range(0, rows, height):
        window = (top, min(top + (64 if step > 1 else rows), rows), 0, columns)
        good = None
        for name in names:
            values = image.read(name, window).astype(np.float64)
            if good is None:
                good = _valid(values, image.bands[name].nodata)
            parts[name].append(np.nan_to_num(values[good]))
    return {name: np.concatenate(some) for name, some in parts.items()}


def _tiles(shape: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    for top in range(0, shape[0], _TILE_PX):
        for left in range(0, shape[1], _TILE_PX):
            yield top, min(top + _TILE_PX, shape[0]), left, min(left + _TILE_PX, shape[1])


def _search(
    image: Image,
    key: str,
    water: _Water,
    tile: tuple[int, int, int, int],
    land_mask: Marks | None,
    trust: float,
) -> list[tuple[Ship, Berth | None]]:
    """Return the candidates whose centre lies in a tile, seen with its surroundings."""
    top, bottom, left, right = tile
    r0, c0 = max(top - _MARGIN_PX, 0), max(left - _MARGIN_PX, 0)
    window = (
        r0,
        min(bottom + _MARGIN_PX, image.shape[0]),
        c0,
        min(right + _MARGIN_PX, image.shape[1]),
    )
    bands = {name: image.read(name, window).astype(np.float64) for name in image.bands}
    blind = np.all([~_valid(v, image.bands[n].nodata) for n, v in bands.items()], axis=0)
    if land_mask is not None:
        blind |= land_mask[window[0] : window[1], window[2] : window[3]]
    dark = (bands[key] < water.limit) & ~blind
    if water.blue:
        tint = ndimage.uniform_filter(_watery(bands).astype(np.float64), 3) > 0.5  # noise aside
        # The rim of a quay is brown too, where pixels are mixed: only what is wider is forest.
        dark &= ~ndimage.binary_opening(dark & ~tint, np.ones((3, 3)))
    wet = _large(dark, _LEAST_WATER_M2 / image.pixel_m**2)
    if not wet.any():
        return []
    scene = shapes.Surroundings(
        wet=wet,
        beside=ndimage.distance_transform_edt(~wet),
        clear=(bands[key] < water.clear) & ~blind,
        pixel_m=image.pixel_m,
    )
    found: list[Region] = []
    for number, values in enumerate(_ways(bands)):
        values[blind] = -np.inf
        found += _rise(values, number, scene)
    bodies = [_ship(group, trust) for group in shapes.group(found)]
    # Without land there is nothing to lie alongside of.
    free = [
        ship
        for ship in bodies
        if ship.score >= _LEAST_FREE
        and (not ship.flags or water.colours is None)
        and _painted(ship, bands, water)
    ]
    if water.colours is not None:
        free = _large_or_far(free, scene)
    ships: list[tuple[Ship, Berth | None]] = [(ship, None) for ship in free]
    if water.colours is not None:
        ships += _alongside(bands, key, blind, scene, water, free)
    return [
        (_moved(ship, r0, c0), berth)
        for ship, berth in ships
        if top <= ship.row + r0 + 0.5 < bottom and left <= ship.column + c0 + 0.5 < right
    ]


def _large_or_far(ships: list[Ship], scene: shapes.Surroundings) -> list[Ship]:
    """Leave out what is small and near land: buoys, dolphins, heads of piers, boats."""
    small = [ship.area_px * scene.pixel_m**2 < _SMALL_M2 for ship in ships]
    if not any(small):
        return ships
    land = _large(scene.beside > 0.0, LAND_M2 / scene.pixel_m**2)
    if not land.any():
        return ships
    away = ndimage.distance_transform_edt(~land) * scene.pixel_m
    return [
        ship
        for ship, little in zip(ships, small, strict=True)
        if not little or away[round(ship.row), round(ship.column)] > _SHORE_M
    ]


def _painted(ship: Ship, bands: dict[str, Floats], water: _Water) -> bool:
    """Tell a hull from foam, which is dark in the infrared, and from plants, which are bright."""
    if "nir" not in bands or "red" not in bands:
        return True
    row, column = round(ship.row), round(ship.column)
    part = np.s_[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
    low = water.lows
    over = {n: float(np.mean(bands[n][part])) - low[n] for n in _COLOURS if n in bands}
    foam = over["nir"] < _FOAM_NIR * over["red"] or (
        "swir16" in over and over["swir16"] < _FOAM_SWIR * over["red"]
    )
    return not foam and over["nir"] <= VEGETATION * max(over["red"], 0.0)


def _alongside(
    bands: dict[str, Floats],
    key: str,
    blind: Marks,
    scene: shapes.Surroundings,
    water: _Water,
    free: list[Ship],
) -> list[tuple[Ship, Berth | None]]:
    """Return the ships at quays that are none of those in open water."""
    assert water.colours is not None  # noqa: S101 - the caller asked
    values = bands[key]
    dry = np.clip((values - water.low) / (water.clear - water.low), 0.0, 1.0)
    dry[(values < water.limit) & ~scene.wet] = 1.0  # ponds are land
    dry[blind] = np.nan
    deviation = 1.48 * float(np.median(np.abs(values[scene.wet] - water.low))) + 1e-9
    ships: list[tuple[Ship, Berth | None]] = []
    for berth in find_berths(bands, dry, scene.beside, water.colours, scene.pixel_m):
        away = [np.hypot(berth.row - ship.row, berth.column - ship.column) for ship in free]
        if min(away, default=np.inf) > berth.length_px / 2.0:
            height = float(values[int(berth.row), int(berth.column)]) - water.low
            contrast_db = 20.0 * float(np.log10(max(height / deviation, 1.0)))
            ships.append((berth.ship(contrast_db), berth))
    return ships


def _valid(values: Floats, nodata: float | None) -> Marks:
    """Return where there is data. Zero is a value (dark water), but for wide areas of it."""
    good = np.isfinite(values)
    if nodata is not None:
        good &= values != nodata
    size = 16
    rows, columns = (n // size * size for n in values.shape)
    blocks = values[:rows, :columns].reshape(rows // size, size, columns // size, size)
    empty = (blocks == 0.0).all(axis=(1, 3)).repeat(size, axis=0).repeat(size, axis=1)
    good[:rows, :columns] &= ~empty
    return good


def _large(marks: Marks, least_px: float) -> Marks:
    """Return the connected areas of at least this size."""
    labels, count = ndimage.label(marks)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    return np.asarray((sizes >= least_px)[labels])


def _ways(bands: dict[str, Floats]) -> list[Floats]:
    """Return the pictures to look at: infrared, red, and the mean of the visible bands."""
    ways = [bands[name].copy() for name in _WAYS if name in bands]
    visible = [bands[name] for name in ("red", "green", "blue") if name in bands]
    if len(visible) > 1:
        ways.append(np.mean(visible, axis=0))
    return ways or [next(iter(bands.values())).copy()]


def _rise(values: Floats, way: int, scene: shapes.Surroundings) -> Iterator[Region]:
    """Yield the ship-like regions of one picture, level by level.

    Levels count from the water nearby, in its own deviations: haze, sun glint and thin cloud lift
    and roughen one part of a picture and not another.
    """
    near = scene.beside <= scene.reach_px
    bright = float(np.quantile(values[near], 0.99))
    values = _over_water(values, scene.wet, bright)
    highest = float(values[near].max())
    if highest < _FIRST_LEVEL:
        return
    for level in np.geomspace(
        _FIRST_LEVEL, max(highest * _LAST_LEVEL, 4.0 * _FIRST_LEVEL), _LEVELS
    ):
        labels, count = ndimage.label(values > level)
        if count:
            yield from shapes.judge(labels, count, values, (0.0, 1.0), way, scene)


def _over_water(values: Floats, wet: Marks, bright: float) -> Floats:
    """Return heights over the water nearby, in its deviations there."""
    sea = values[wet]
    middle = float(np.median(sea))
    # Water may be black throughout (clipped to 0): a step below 1 % of what there is, is none.
    least = max(_LEAST_STEP * (bright - middle), 1e-9)
    rows, columns = (-(-size // _BLOCK_PX) for size in values.shape)
    low, spread = np.full((rows, columns), np.nan), np.full((rows, columns), np.nan)
    for i in range(rows):
        for j in range(columns):
            part = np.s_[i * _BLOCK_PX : (i + 1) * _BLOCK_PX, j * _BLOCK_PX : (j + 1) * _BLOCK_PX]
            some = values[part][wet[part]]
            if some.size >= _BLOCK_PX**2 // 4:
                low[i, j] = np.median(some)
                spread[i, j] = max(
                    1.48 * np.median(np.abs(some - low[i, j])),
                    (np.quantile(some, 0.95) - low[i, j]) / 1.645,
                )
    if not np.isfinite(low).any():
        low[:], spread[:] = middle, 1.48 * float(np.median(np.abs(sea - middle)))
    usual = float(np.nanmedian(spread))
    lows, spreads = (_spread_out(field, values.shape) for field in (low, spread))
    return np.asarray((values - lows) / np.maximum(spreads, max(0.5 * usual, least)))


def _spread_out(field: Floats, shape: tuple[int, ...]) -> Floats:
    """Return a field of blocks on the pixels, without steps; what is empty takes the nearest."""
    empty = ~np.isfinite(field)
    nearest = ndimage.distance_transform_edt(empty, return_distances=False, return_indices=True)
    filled = ndimage.uniform_filter(field[tuple(nearest)], 3, mode="nearest")
    rows, columns = (
        np.clip((np.arange(size) + 0.5) / _BLOCK_PX - 0.5, 0.0, blocks - 1.0)
        for size, blocks in zip(shape, field.shape, strict=True)
    )
    return np.asarray(
        ndimage.map_coordinates(filled, np.meshgrid(rows, columns, indexing="ij"), order=1)
    )


def _ship(group: list[Region], trust: float) -> Ship:
    """Put what several levels and bands saw at one place together.

    The hull is what stands out at half its height, in the band that tells water best: lower down
    its wake hangs on to it.
    """
    ways = {region.way for region in group}
    first = [region for region in group if region.way == min(ways)]
    highest = max(region.contrast for region in first)
    hull = min(first, key=lambda g: (abs(g.contrast - _HALF * highest), g.area_px, g.row, g.column))
    alone = hull.free >= 0.9
    # Agreement of bands counts most, then of levels; a hull with water all around is surer.
    votes = len(ways) - 1 + len(group) / 16.0 + (0.5 if alone else 0.0)
    score = trust * (1.0 - float(np.exp(-votes / 2.0)))
    contrast_db = 20.0 * float(np.log10(max(region.contrast for region in group)))
    return Ship(
        hull.row,
        hull.column,
        hull.spread,
        score,
        contrast_db,
        hull.area_px,
        "optical",
        () if alone else ("beside_land",),
    )


def _moved(ship: Ship, rows: int, columns: int) -> Ship:
    return replace(ship, row=ship.row + rows, column=ship.column + columns)
