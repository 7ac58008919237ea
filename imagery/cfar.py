# mypy: disable-error-code="import-untyped"
"""Constant false-alarm rate detection in K-distributed sea clutter.

A pixel is a hit where its amplitude exceeds a multiple of its ring's mean amplitude. The multiple
depends on how spiky the ring is, mean(A^2)/mean(A)^2, through the K-distribution (gamma speckle
of L looks under gamma texture of shape nu; Jakeman and Pusey 1976, Ward 1981), so that the
probability of a hit on sea alone is the same on calm and on spiky water. A Gaussian threshold
(mean + n sigma) misses that rate by hundreds of times and more.
"""

import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

from imagery import _cfar

Pixels = NDArray[np.uint16]
Floats = NDArray[np.float64]
T = TypeVar("T")
R = TypeVar("R")

IW_GRDH_LOOKS = 4.4
"""Equivalent looks of Sentinel-1 IW GRDH (ESA product specification S1-RS-MDA-52-7441)."""

_SHAPES = np.concatenate([np.geomspace(0.1, 300.0, 90), [1e6]])
_AXIS_STEP = 0.02
_LEAST_SHARE = 4
"""A ring counts where at least this part of its pixels is valid: one in four."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Half-widths of the two boxes, pixels; pixels between them are the ring."""

    outer: int
    guard: int

    @staticmethod
    def of_metres(pixel_m: float, outer_m: float = 810.0, guard_m: float = 510.0) -> "Ring":
        """Return the ring whose boxes have these full widths."""
        guard = max(int(guard_m / pixel_m / 2.0), 2)
        return Ring(max(int(outer_m / pixel_m / 2.0), guard + 2), guard)

    @property
    def pixels(self) -> int:
        """Pixels of a whole ring."""
        return (2 * self.outer + 1) ** 2 - (2 * self.guard + 1) ** 2

    @property
    def least(self) -> int:
        """Valid pixels below which a ring says nothing."""
        return max(self.pixels // _LEAST_SHARE, 16)


@dataclass(frozen=True, slots=True, eq=False)
class Multipliers:
    """The multiplier of the ring mean for one false-alarm rate, over log(moment ratio - 1)."""

    rate: float
    first: float
    table: Floats

    def at(self, ratio_less_one: NDArray[np.float64]) -> Floats:
        """Return multipliers for mean(A^2)/mean(A)^2 - 1."""
        axis = self.first + _AXIS_STEP * np.arange(self.table.size)
        return np.interp(np.log(np.maximum(ratio_less_one, 1e-9)), axis, self.table)


def _speckle_ratio(looks: float) -> float:
    """Return mean(A^2)/mean(A)^2 of gamma-distributed intensity of this shape and mean 1."""
    return looks * float(np.exp(2.0 * (special.gammaln(looks) - special.gammaln(looks + 0.5))))


def exceedance(threshold: Floats, shape: float, looks: float) -> Floats:
    """Return P(I > threshold) of K-distributed intensity of mean 1: texture by quadrature."""
    # Gamma texture of a small shape is spread over decades: integrate over its logarithm.
    log_texture = np.linspace(
        np.log(max(special.gammaincinv(shape, 1e-14) / shape, 1e-30)),
        np.log(special.gammainccinv(shape, 1e-15) / shape),
        400,
    )
    density = shape * np.log(shape) - special.gammaln(shape) + shape * log_texture
    density -= shape * np.exp(log_texture)
    weight = np.exp(density) * (log_texture[1] - log_texture[0])
    weight /= weight.sum()
    tail = special.gammaincc(looks, looks * threshold[:, None] / np.exp(log_texture))
    return np.asarray(tail @ weight)


@cache
def multipliers(rate: float, looks: float) -> Multipliers:
    """Return the table for a false-alarm rate a pixel (1e-12..0.1) and a number of looks."""
    ratios, thresholds = [], []
    for shape in _SHAPES:
        low, high = np.log(0.5), np.log(1e5)
        for _ in range(45):
            middle = (low + high) / 2.0
            if exceedance(np.exp(np.array([middle])), shape, looks)[0] > rate:
                low = middle
            else:
                high = middle
        spread = _speckle_ratio(shape) if shape < 1e5 else 1.0
        ratios.append(_speckle_ratio(looks) * spread)
        # From intensity over its mean to amplitude over its mean.
        thresholds.append(np.sqrt(np.exp(low) * ratios[-1]))
    x = np.log(np.array(ratios)[::-1] - 1.0)
    axis = np.arange(x[0], x[-1] + _AXIS_STEP, _AXIS_STEP)
    return Multipliers(rate, float(x[0]), np.interp(axis, x, np.array(thresholds)[::-1]))


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Pixels above the threshold, in row-major order."""

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    over: Floats
    """Amplitude over threshold; above 1."""
    mean: Floats
    """Mean amplitude of the ring."""
    ratio: Floats
    """mean(A^2)/mean(A)^2 - 1 of the ring."""

    def __len__(self) -> int:
        return self.row.size

    def pick(self, keep: NDArray[np.bool_]) -> "Hits":
        """Return the marked hits."""
        return Hits(
            self.row[keep], self.column[keep], self.over[keep], self.mean[keep], self.ratio[keep]
        )


def find_hits(
    pixels: Pixels,
    ring: Ring,
    limit: Multipliers,
    *,
    factor: float = 1.0,
    rows: tuple[int, int] | None = None,
) -> Hits:
    """Return the pixels above `factor` times the threshold; 0 in `pixels` is not valid.

    Strips of rows go to one thread a core; the answer does not depend on the cut.
    """
    first, stop = rows or (0, pixels.shape[0])
    table = limit.table * factor
    lowest = float(table.min())

    def search(strip: tuple[int, int]) -> Floats:
        hits = np.empty((4096, _cfar.HIT_FIELDS))
        while True:
            found = _cfar.scan(
                pixels,
                *strip,
                (ring.outer, ring.guard),
                ring.least,
                lowest,
                (limit.first, _AXIS_STEP),
                table,
                hits,
            )
            if found <= len(hits):
                return hits[:found]
            hits = np.empty((found, _cfar.HIT_FIELDS))

    found = np.concatenate(
        list(in_threads(search, strips(first, stop, 2048))) or [np.empty((0, _cfar.HIT_FIELDS))]
    )
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    return Hits(
        found[:, 0].astype(np.int64),
        found[:, 1].astype(np.int64),
        found[:, 2],
        found[:, 3],
        found[:, 4],
    )


def strips(first: int, stop: int, height: int) -> list[tuple[int, int]]:
    """Return ranges of about this height that cover first..stop-1, at least two where it pays."""
    pieces = max(-(-(stop - first) // height), 2 if stop - first >= 256 else 1)
    edges = np.linspace(first, stop, pieces + 1).astype(int)
    return [(int(a), int(b)) for a, b in itertools.pairwise(edges) if b > a]


def in_threads(work: Callable[[T], R], parts: list[T]) -> Iterator[R]:
    """Yield work(part) in order, on one thread a core; the kernels release the lock."""
    threads = min(len(parts), os.cpu_count() or 1)
    if threads <= 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(work, parts)
