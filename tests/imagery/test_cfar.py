"""The detector's promise: the false-alarm rate that it is given, on any K-distributed sea."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from imagery import _cfar
from imagery.cfar import Ring, exceedance, find_hits, multipliers

LOOKS = 4.4
RING = Ring(40, 25)


def k_clutter(
    shape: tuple[int, int], texture: float, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """Return independent K-distributed amplitudes."""
    power = rng.gamma(LOOKS, 1.0 / LOOKS, shape)
    if np.isfinite(texture):
        power *= rng.gamma(texture, 1.0 / texture, shape)
    return np.clip(np.rint(np.sqrt(power) * 300.0), 1, 65535).astype(np.uint16)


@pytest.mark.parametrize("texture", [0.5, 1.0, 2.0, 8.0, np.inf])
@pytest.mark.parametrize("rate", [1e-3, 1e-4])
def test_rate_on_k_clutter(texture: float, rate: float, rng: np.random.Generator) -> None:
    pixels = k_clutter((1500, 1500), texture, rng)
    found = len(find_hits(pixels, RING, multipliers(rate, LOOKS)))
    assert 0.6 < found / (pixels.size * rate) < 1.6


@pytest.mark.parametrize("texture", [0.5, 1.0, 4.0, np.inf])
def test_one_in_a_million(texture: float, rng: np.random.Generator) -> None:
    # 96 million pixels: 96 expected, so that a factor of two is far outside chance.
    found = 0
    for _ in range(4):
        pixels = k_clutter((4000, 6000), texture, rng)
        found += len(find_hits(pixels, RING, multipliers(1e-6, LOOKS)))
    assert 0.5 <= found / 96.0 <= 2.0


def test_gaussian_threshold_would_not_do(rng: np.random.Generator) -> None:
    # The peers' mean + n sigma, at the same nominal rate, on a moderately spiky sea.
    pixels = k_clutter((1500, 1500), 2.0, rng).astype(np.float64)
    over = pixels > pixels.mean() + 3.719 * pixels.std()  # 1e-4 of a normal distribution
    assert over.mean() > 10.0 * 1e-4


def test_tail_against_closed_form() -> None:
    # One look under exponential texture: P(I > t) = 2 sqrt(t) K_1(2 sqrt(t)).
    from scipy.special import kv

    t = np.array([0.5, 2.0, 10.0, 40.0])
    assert exceedance(t, 1.0, 1.0) == pytest.approx(
        2 * np.sqrt(t) * kv(1, 2 * np.sqrt(t)), rel=1e-4
    )


def test_multiplier_inverts_tail() -> None:
    table = multipliers(1e-7, LOOKS)
    # Pure speckle: the ratio of gamma speckle of 4.4 looks.
    from scipy.special import gammainccinv, gammaln

    ratio = LOOKS * np.exp(2 * (gammaln(LOOKS) - gammaln(LOOKS + 0.5)))
    wanted = np.sqrt(gammainccinv(LOOKS, 1e-7) / LOOKS * ratio)
    assert table.at(np.array([ratio - 1.0]))[0] == pytest.approx(wanted, rel=5e-3)
    assert (np.diff(table.table) > 0).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(20, 90), st.integers(20, 90))
def test_sums_equal_sums_by_force(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 4000, (rows, columns)).astype(np.uint16)
    pixels[rng.random((rows, columns)) < 0.3] = 0
    ring = Ring(int(rng.integers(4, 15)), int(rng.integers(1, 4)))
    table = multipliers(0.05, LOOKS)
    hits = find_hits(pixels, ring, table)
    seen = {
        (r, c): (m, q)
        for r, c, m, q in zip(hits.row, hits.column, hits.mean, hits.ratio, strict=True)
    }
    for row in range(rows):
        for column in range(columns):
            mean, ratio = _cfar.ring_at(pixels, row, column, ring.outer, ring.guard)
            box = pixels[
                max(row - ring.outer, 0) : row + ring.outer + 1,
                max(column - ring.outer, 0) : column + ring.outer + 1,
            ]
            hole = pixels[
                max(row - ring.guard, 0) : row + ring.guard + 1,
                max(column - ring.guard, 0) : column + ring.guard + 1,
            ]
            valid = int((box > 0).sum()) - int((hole > 0).sum())
            value = float(pixels[row, column])
            over = value > 0 and valid >= ring.least
            over = over and value / (mean * table.at(np.array([ratio]))[0]) > 1.0 + 1e-9
            if (row, column) in seen:
                assert seen[row, column] == pytest.approx((mean, max(ratio, 1e-9)), rel=1e-12)
            else:
                assert not over, (row, column)


def test_strips_do_not_change_the_answer(rng: np.random.Generator) -> None:
    pixels = k_clutter((700, 300), 1.0, rng)
    pixels[200:260, 50:120] = 0
    limit = multipliers(1e-3, LOOKS)
    whole = find_hits(pixels, RING, limit)
    cuts = [0, 1, 37, 38, 300, 655, 700]
    parts = [find_hits(pixels, RING, limit, rows=(a, b)) for a, b in pairwise(cuts)]
    for name in ("row", "column", "over", "mean", "ratio"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert np.array_equal(joined, getattr(whole, name)), name
    assert len(whole) > 50


def test_tiles_of_columns_do_not_change_the_answer(rng: np.random.Generator) -> None:
    pixels = k_clutter((90, 4400), 1.0, rng)
    pixels[30:60, 2000:2100] = 0
    limit = multipliers(1e-3, LOOKS)
    wide = find_hits(pixels, RING, limit)
    tall = find_hits(np.ascontiguousarray(pixels.T), RING, limit)
    order = np.lexsort((tall.row, tall.column))
    assert np.array_equal(wide.row, tall.column[order])
    assert np.array_equal(wide.column, tall.row[order])
    assert np.array_equal(wide.over, tall.over[order])
    assert (np.abs(wide.column - 2048) < 45).sum() > 3


def test_land_and_gaps_do_not_count(rng: np.random.Generator) -> None:
    pixels = k_clutter((300, 300), np.inf, rng)
    bright = pixels.copy()
    bright[:, 150:] = 0  # land, cleared
    bright[150, 140] = 60_000
    hits = find_hits(bright, RING, multipliers(1e-8, LOOKS))
    assert [(int(r), int(c)) for r, c in zip(hits.row, hits.column, strict=True)] == [(150, 140)]
    sea = float(pixels[110:191, 100:150].mean())
    assert hits.mean[0] == pytest.approx(sea, rel=0.03)


def test_ring_needs_a_quarter_of_its_pixels() -> None:
    pixels = np.zeros((200, 200), np.uint16)
    pixels[100, 100] = 60_000
    pixels[60:68, 60:141] = 200  # 648 of the ring's 3960 pixels
    assert len(find_hits(pixels, RING, multipliers(1e-8, LOOKS))) == 0
    pixels[60:74, 60:141] = 200  # 1134
    assert len(find_hits(pixels, RING, multipliers(1e-8, LOOKS))) == 1
