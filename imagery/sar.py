# mypy: disable-error-code="import-untyped"
"""Ships in radar images: bright, compact, in both polarisations, and no echo of something brighter.

Each polarisation is scanned alone (see cfar.py): pixels far above their ring's mean are seeds, and
grow over neighbours that are unlikely sea. What is found is taken out of the sea and its
surroundings are scanned again, for a ship hides its neighbours. Then the polarisations are put
together: weak echoes count where both have them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import ndimage

from imagery import _cfar, artefacts, land
from imagery.cfar import Hits, Multipliers, Ring, find_hits, in_threads, multipliers, strips
from imagery.detections import Ship, to_table, weigh
from imagery.image import Image
from imagery.radar import Pixels, load_amplitude

_ORDER = ("vv", "hh", "vh", "hv")
SEED_RATE = 1e-5
"""False alarms a pixel of a seed; two polarisations at this rate make a ship."""
GROW_RATE = 1e-3
ALONE_RATE = 1e-9
"""Rate at which an image of one polarisation makes a ship."""
ONE_OF_TWO_RATE = 1e-11
"""The same where the other polarisation shows nothing."""
_CHECK_RATES = (1e-3, 1e-4)
_CHECK_PIXELS = 4_000_000
_SHIP_RATE = 1e-7
_SKIRT_PX = 10.0
"""Hits this near to one above the ship rate are left out of the check."""
_MOST_FACTOR = 2.0
_LARGEST_PX = 12_000
_SEEDS_AT_ONCE = 500
_MOST_SEEDS = 300_000
_MOST_LENGTH_M = 600.0
_RESCAN_PX = 192
_LEAST_PX = 2
_COAST_M = 35.0
_POINT_SIGMA_M = 9.0
"""Standard deviation of a point target's power: 20 to 22 m of half-power width."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Pixels that hang together in one polarisation."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    weights: NDArray[np.float64]
    """Power over the sea's mean power."""
    over: float
    """Largest amplitude over the seed threshold."""
    alone: float
    """Largest amplitude over the threshold for one polarisation."""
    contrast_db: float
    depth_px: float
    """How far it reaches from land or the edge of the data; infinite where it touches neither."""


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Thresholds of a band, and the scene's own correction of them."""

    ring: Ring
    seed: Multipliers
    grow: Multipliers
    alone: Multipliers
    factor: float


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Hits of rows spread over the scene, at the larger of the rates it is checked at."""

    hits: Hits
    tried: int
    """Valid pixels in those rows."""
    whole: bool
    """Whether it is the whole image."""


def find_ships_sar(image: Image, *, land_mask: NDArray[np.bool_] | None = None) -> pa.Table:
    """Return the ships of a radar image (schema DETECTION).

    Args:
        image: one or two polarisations.
        land_mask: pixels that are land, in place of the shipped coast.

    Raises:
        InputError: a file is cut short or damaged.
    """
    names = sorted(image.bands, key=_ORDER.index)[:2]
    alone_rate = ALONE_RATE if len(names) == 1 else ONE_OF_TWO_RATE
    polygons = None if land_mask is not None else land.land_blocks(image.geometry, image.shape)
    found: dict[str, list[Group]] = {}
    for name in names:
        pixels, encoding = load_amplitude(image, name)
        if land_mask is not None:
            pixels[land_mask] = 0
        else:
            clear_land(pixels, polygons, image.pixel_m)
        found[name] = find_groups(pixels, image.pixel_m, encoding.looks, alone_rate)
        del pixels  # a whole scene is 0.9 GB: not two at a time
    ships = _fuse(found, image.pixel_m)
    ships = artefacts.without_echoes(ships, image)
    return to_table(ships, image.geometry, _POINT_SIGMA_M / image.pixel_m)


def clear_land(pixels: Pixels, polygons: land.Marks | None, pixel_m: float) -> None:
    """Set land to 0, in place. Without polygons the picture alone tells what is land."""
    size = land.BLOCK_PX
    shape = -(-pixels.shape[0] // size), -(-pixels.shape[1] // size)
    sums = np.zeros(shape, np.int64)
    counts = np.zeros(shape, np.int32)
    parts = strips(0, shape[0], 64)
    list(in_threads(lambda p: _cfar.block_sums(pixels, size, *p, sums, counts), parts))
    half = size * size // 2
    mean = np.where(counts >= half, sums / np.maximum(counts, 1), np.nan).astype(np.float32)
    cover = land.blocked(land.Blocks(mean, size * pixel_m), polygons)
    # A block with little data at the edge of the scene is no land.
    cover &= (counts >= half) | (False if polygons is None else polygons)
    list(in_threads(lambda p: _cfar.clear_blocks(pixels, size, cover, *p), parts))


def find_groups(pixels: Pixels, pixel_m: float, looks: float, alone_rate: float) -> list[Group]:
    """Return the groups of one band. Changes `pixels`: what is found becomes 0."""
    sample = sample_hits(pixels, Ring.of_metres(pixel_m), looks)
    limits = set_limits(sample, pixel_m, looks, alone_rate)
    hits = seeds(pixels, sample, limits, looks)
    groups = _take(pixels, hits, limits)
    again = _near(pixels.shape, groups, limits.ring)
    coast_px = _COAST_M / pixel_m
    for tile in again:
        hits = _scan_part(pixels, tile, limits)
        if len(hits):
            # What is coast already stays so: more of its skirt may show now.
            ships = [group for group in groups if group.depth_px > coast_px]
            groups += _take(pixels, hits, limits, ships)
    return groups


def set_limits(sample: Sample, pixel_m: float, looks: float, alone_rate: float) -> Limits:
    """Return thresholds, raised where the scene's sea exceeds the model's rate.

    Swell and slicks correlate over hundreds of metres and make more false alarms than the
    K-distribution tells. Rows spread over the scene are counted at two rates; the excess is carried
    on to the working rate along a straight line in its logarithm.
    """
    factors = [1.0, 1.0]
    hits = sample.hits
    over_mean = hits.over * multipliers(_CHECK_RATES[0], looks).at(hits.ratio)
    sea = ~_beside(hits, over_mean > multipliers(_SHIP_RATE, looks).at(hits.ratio))
    for i, rate in enumerate(_CHECK_RATES):
        expected = int(rate * sample.tried)
        level = over_mean[sea] / multipliers(rate, looks).at(hits.ratio[sea])
        if expected < 30 or level.size <= expected:
            factors[i] = factors[0]
            continue
        factors[i] = max(float(np.partition(level, -expected)[-expected]), 1.0)
    decades = np.log10(_CHECK_RATES[1] / SEED_RATE)
    factor = factors[1] + (factors[1] - factors[0]) * decades
    return Limits(
        Ring.of_metres(pixel_m),
        multipliers(SEED_RATE, looks),
        multipliers(GROW_RATE, looks),
        multipliers(alone_rate, looks),
        float(np.clip(factor, 1.0, _MOST_FACTOR)),
    )


def _beside(hits: Hits, strong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the hits within reach of a strong one: the skirts of ships, not sea."""
    if not strong.any():
        return strong
    from scipy.spatial import cKDTree  # noqa: PLC0415 - slow to import

    points = np.column_stack([hits.row, hits.column])
    away = cKDTree(points[strong]).query(points, distance_upper_bound=_SKIRT_PX)[0]
    return np.asarray(np.isfinite(away))


def sample_hits(pixels: Pixels, ring: Ring, looks: float) -> Sample:
    """Scan some rows spread over the scene at the larger check rate; all of them in a chip."""
    limit = multipliers(_CHECK_RATES[0], looks)
    rows, columns = pixels.shape
    wanted = max(_CHECK_PIXELS // columns, 1)
    # A little more than the sample is scanned once rather than twice.
    if wanted >= 0.9 * rows:
        return Sample(find_hits(pixels, ring, limit), int(np.count_nonzero(pixels)), whole=True)
    pieces = min(8, wanted)
    height = wanted // pieces
    parts = [
        (int(start), int(start) + height)
        for start in np.linspace(0, rows - height, pieces).astype(int)
    ]
    some = [find_hits(pixels, ring, limit, rows=part) for part in parts]
    tried = sum(int(np.count_nonzero(pixels[a:b])) for a, b in parts)
    hits = Hits(
        *(
            np.concatenate([getattr(h, name) for h in some])
            for name in ("row", "column", "over", "mean", "ratio")
        )
    )
    return Sample(hits, tried, whole=False)


def seeds(pixels: Pixels, sample: Sample, limits: Limits, looks: float) -> Hits:
    """Return the hits at the seed rate; out of the sample where that is the whole image."""
    if not sample.whole:
        return find_hits(pixels, limits.ring, limits.seed, factor=limits.factor)
    hits = sample.hits
    check = multipliers(_CHECK_RATES[0], looks)
    over = hits.over * check.at(hits.ratio) / (limits.seed.at(hits.ratio) * limits.factor)
    return replace(hits, over=over).pick(over > 1.0)


def _take(pixels: Pixels, hits: Hits, limits: Limits, before: Sequence[Group] = ()) -> list[Group]:
    """Grow hits to groups and set their pixels to 0."""
    order = np.lexsort((hits.column, hits.row, -hits.over))[:_MOST_SEEDS]
    columns = pixels.shape[1]
    seeds = hits.row[order] * columns + hits.column[order]
    mean, ratio = hits.mean[order], hits.ratio[order]
    grow_at = mean * limits.grow.at(ratio) * limits.factor
    alone = hits.over[order] * limits.seed.at(ratio) / limits.alone.at(ratio)
    # Power over the ring's mean power: mean(A^2) = mean(A)^2 (1 + ratio).
    sea_power = mean**2 * (1.0 + ratio)
    groups = []
    for i, flat, amplitude in _grow(pixels, seeds, grow_at):
        power = amplitude.astype(np.float64) ** 2 / sea_power[i]
        groups.append(
            Group(
                flat // columns,
                flat % columns,
                np.maximum(power - 1.0, 1e-3),
                float(hits.over[order[i]]),
                float(alone[i]),
                float(10.0 * np.log10(power.max())),
                _depth_from_gap(pixels, flat, before),
            )
        )
    for group in groups:
        pixels[group.rows, group.columns] = 0
    return groups


def _grow(
    pixels: Pixels, seeds: NDArray[np.int64], grow_at: NDArray[np.float64]
) -> Iterator[tuple[int, NDArray[np.int64], Pixels]]:
    """Yield seed, pixels and amplitudes of each region; room for them is made piece by piece."""
    for start in range(0, seeds.size, _SEEDS_AT_ONCE):
        part = slice(start, start + _SEEDS_AT_ONCE)
        members = np.empty(seeds[part].size * _LARGEST_PX, np.int64)
        values = np.empty(members.size, np.uint16)
        ends = _cfar.grow(pixels, seeds[part], grow_at[part], _LARGEST_PX, members, values)
        first = 0
        for i, end in enumerate(ends.tolist()):
            if end > first:
                yield start + i, members[first:end].copy(), values[first:end].copy()
            first = end


def _depth_from_gap(pixels: Pixels, flat: NDArray[np.int64], before: Sequence[Group]) -> float:
    """Return how far a region reaches from land or the edge of the data; inf: touches neither.

    Pixels of earlier groups are no gap, though they were set to 0.
    """
    rows, columns = flat // pixels.shape[1], flat % pixels.shape[1]
    top, left = max(int(rows.min()) - 2, 0), max(int(columns.min()) - 2, 0)
    bottom, right = int(rows.max()) + 3, int(columns.max()) + 3
    gap = pixels[top:bottom, left:right] == 0
    if not gap.any():
        return np.inf
    for group in before:
        r, c = group.rows - top, group.columns - left
        inside = (r >= 0) & (c >= 0) & (r < gap.shape[0]) & (c < gap.shape[1])
        gap[r[inside], c[inside]] = False
    own = np.zeros(gap.shape, np.bool_)
    own[rows - top, columns - left] = True
    if not (ndimage.binary_dilation(own, iterations=2) & gap).any():
        return np.inf
    # A pixel that lies beside the gap is at distance 1; beyond the window there is no gap.
    away = ndimage.distance_transform_edt(~np.pad(gap, 1))[1:-1, 1:-1]
    return float(away[own].max())


def _near(
    shape: tuple[int, int], groups: Sequence[Group], ring: Ring
) -> list[tuple[int, int, int, int]]:
    """Return tiles whose rings hold pixels of groups larger than a speck."""
    marks = set()
    for group in groups:
        if group.rows.size < 4:
            continue
        reach = ring.outer
        top, bottom = group.rows.min() - reach, group.rows.max() + reach
        left, right = group.columns.min() - reach, group.columns.max() + reach
        for i in range(max(top, 0) // _RESCAN_PX, bottom // _RESCAN_PX + 1):
            for j in range(max(left, 0) // _RESCAN_PX, right // _RESCAN_PX + 1):
                marks.add((i * _RESCAN_PX, j * _RESCAN_PX))
    return [
        (i, min(i + _RESCAN_PX, shape[0]), j, min(j + _RESCAN_PX, shape[1]))
        for i, j in sorted(marks)
        if i < shape[0] and j < shape[1]
    ]


def _scan_part(pixels: Pixels, part: tuple[int, int, int, int], limits: Limits) -> Hits:
    """Scan a tile with its surroundings; hits count from the whole image's first pixel."""
    top, bottom, left, right = part
    halo = limits.ring.outer + 1
    r0, c0 = max(top - halo, 0), max(left - halo, 0)
    window = np.ascontiguousarray(pixels[r0 : bottom + halo, c0 : right + halo])
    hits = find_hits(
        window, limits.ring, limits.seed, factor=limits.factor, rows=(top - r0, bottom - r0)
    )
    hits = hits.pick((hits.column >= left - c0) & (hits.column < right - c0))
    return replace(hits, row=hits.row + r0, column=hits.column + c0)


def _fuse(found: dict[str, list[Group]], pixel_m: float) -> list[Ship]:
    """Put the polarisations together: groups that touch across them, or are strong alone."""
    groups = [(name, group) for name, some in found.items() for group in some]
    if not groups:
        return []
    size = np.array([group.rows.size for _, group in groups])
    owner = np.repeat(np.arange(len(groups)), size)
    points = np.column_stack(
        [
            np.concatenate([group.rows for _, group in groups]),
            np.concatenate([group.columns for _, group in groups]),
        ]
    )
    band = np.array([list(found).index(name) for name, _ in groups])
    close = _pairs(points, owner, 1.5)
    both = np.zeros(len(groups), np.bool_)
    both[close[band[close[:, 0]] != band[close[:, 1]]].ravel()] = True
    alone = np.array([group.alone for _, group in groups])
    keep = both | ((alone > 1.0) & (size >= _LEAST_PX))
    # The coast shines a pixel or two out over the water.
    keep &= np.array([group.depth_px for _, group in groups]) > _COAST_M / pixel_m
    near = _pairs(points, owner, 2.9)
    label = _join(len(groups), near[keep[near].all(axis=1)])
    ships = []
    for part in np.unique(label[keep]):
        members = [groups[i] for i in np.flatnonzero((label == part) & keep)]
        ship = _ship(members, len(found), pixel_m)
        if ship is not None:
            ships.append(ship)
    return ships


def _pairs(
    points: NDArray[np.int64], owner: NDArray[np.int64], reach_px: float
) -> NDArray[np.int64]:
    """Return pairs of different groups with pixels within reach, shape (n, 2)."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - slow to import

    pairs = cKDTree(points).query_pairs(reach_px, output_type="ndarray")
    owners = owner[pairs]
    return np.unique(np.sort(owners[owners[:, 0] != owners[:, 1]], axis=1), axis=0)


def _join(count: int, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a label a group, equal where a chain of pairs joins them."""
    from scipy.sparse import coo_matrix  # noqa: PLC0415 - slow
    from scipy.sparse.csgraph import (  # noqa: PLC0415 - slow
        connected_components,
    )

    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1])


def _ship(members: list[tuple[str, Group]], bands: int, pixel_m: float) -> Ship | None:
    """Measure a ship in its clearest polarisation; None where it is too large for one."""
    names = sorted({name for name, _ in members})
    best = max(names, key=lambda n: max(g.contrast_db for name, g in members if name == n))
    chosen = [group for name, group in members if name == best]
    rows = np.concatenate([group.rows for group in chosen])
    columns = np.concatenate([group.columns for group in chosen])
    weights = np.concatenate([group.weights for group in chosen])
    extent = np.hypot(np.ptp(rows), np.ptp(columns)) * pixel_m
    if extent > _MOST_LENGTH_M:
        return None
    # Square roots: one bright corner must not pull the whole hull to itself.
    row, column, spread = weigh(rows, columns, np.sqrt(weights))
    margin = sum(
        max(20.0 * np.log10(g.over) for name, g in members if name == one) for one in names
    )
    flags = []
    if bands > 1 and len(names) == 1:
        flags.append("one_band")
    score = 1.0 - 0.6 * float(np.exp(-margin / 8.0))
    if any(np.isfinite(group.depth_px) for _, group in members):
        flags.append("touches_land")
        score *= 0.5
    return Ship(
        row,
        column,
        spread,
        score,
        max(group.contrast_db for _, group in members),
        int(rows.size),
        "+".join(names),
        tuple(flags),
    )
