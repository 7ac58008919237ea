# mypy: disallow-untyped-decorators=False
"""Compiled loops of the radar detector: exact ring sums, region growing, block means.

A ring is a square box less the square guard box in its middle. Its sums of amplitude, squared
amplitude and count come from column sums that move down with the row and are added along it: all
integers, so a scene cut into strips gives the same answer as one in a piece. A pixel of 0 is not
valid (no data, land) and counts nowhere.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Pixels = NDArray[np.uint16]
Ints = NDArray[np.int64]

_COUNT_BIT = 40
"""A sum of amplitudes and, from this bit on, the count of valid pixels share one integer: a ring
of a million pixels stays below 2^36."""
_SUM_MASK = (1 << _COUNT_BIT) - 1
_TILE_PX = 2048
"""Columns scanned at a time: their sums stay in the processor's nearest memory."""
_CHUNK_PX = 64

HIT_FIELDS = 5
"""Columns of a hit: row, column, amplitude over multiplier times mean, mean, moment ratio."""


@njit(nogil=True, cache=True, inline="always")
def _table(x: float, first: float, step: float, table: NDArray[np.float64]) -> float:
    """Return the multiplier at log(ratio - 1) = x; the table's ends hold beyond it."""
    at = (x - first) / step
    if at <= 0.0:
        return table[0]
    k = int(at)
    if k >= table.size - 1:
        return table[table.size - 1]
    part = at - k
    return table[k] * (1.0 - part) + table[k + 1] * part


@njit(nogil=True, cache=True, inline="always")
def _add_row(line: Pixels, packed: Ints, squares: Ints) -> None:
    """Add a row of pixels to the column sums."""
    for c in range(line.size):
        new = np.int64(line[c])
        packed[c] += new + (np.int64(new > 0) << _COUNT_BIT)
        squares[c] += new * new


@njit(nogil=True, cache=True, inline="always")
def _take_row(line: Pixels, packed: Ints, squares: Ints) -> None:
    """Take a row of pixels off the column sums."""
    for c in range(line.size):
        old = np.int64(line[c])
        packed[c] -= old + (np.int64(old > 0) << _COUNT_BIT)
        squares[c] -= old * old


@njit(nogil=True, cache=True)
def _fill(pixels: Pixels, part: tuple[int, int, int, int], packed: Ints, squares: Ints) -> None:
    """Add up the rows of a part (first, stop, left, right) as far as there are any."""
    first, stop, left, right = part
    for row in range(max(first, 0), min(stop, pixels.shape[0])):
        _add_row(pixels[row, left:right], packed, squares)


@njit(nogil=True, cache=True)
def _shift(
    pixels: Pixels, at: tuple[int, int, int], half: int, packed: Ints, squares: Ints
) -> None:
    """Move the columns left..right-1 of a box down to a row: one row enters, one leaves."""
    row, left, right = at
    enter, leave = row + half, row - half - 1
    if leave >= 0 and enter < pixels.shape[0]:
        arriving, leaving = pixels[enter, left:right], pixels[leave, left:right]
        for c in range(arriving.size):
            new, old = np.int64(arriving[c]), np.int64(leaving[c])
            packed[c] += new - old + ((np.int64(new > 0) - np.int64(old > 0)) << _COUNT_BIT)
            squares[c] += new * new - old * old
    elif enter < pixels.shape[0]:
        _add_row(pixels[enter, left:right], packed, squares)
    elif leave >= 0:
        _take_row(pixels[leave, left:right], packed, squares)


@njit(nogil=True, cache=True)
def _ring_sums(outer: Ints, guard: Ints, halves: tuple[int, int], ring: Ints) -> None:
    """Write the packed sums of the rings along a row, from the column sums of both boxes."""
    wide, narrow = halves
    lag = wide - narrow
    enter, leave = outer[2 * wide + 1 :], outer
    inner_enter, inner_leave = guard[lag + 2 * narrow + 1 :], guard[lag:]
    for k in range(ring.size):
        ring[k] = enter[k] - leave[k] - inner_enter[k] + inner_leave[k]
    total = np.int64(0)
    for k in range(2 * wide + 1):
        total += outer[k]
    for k in range(lag, lag + 2 * narrow + 1):
        total -= guard[k]
    for k in range(ring.size):
        total += ring[k]
        ring[k] = total


@njit(nogil=True, cache=True)
def _any_above(line: Pixels, packed: Ints, lowest: float) -> bool:
    """Tell whether a pixel exceeds `lowest` times its ring's mean; without a branch a pixel."""
    above = np.int64(0)
    for k in range(line.size):
        total, count = packed[k] & _SUM_MASK, packed[k] >> _COUNT_BIT
        above += np.int64(line[k] * float(count) > lowest * float(total))
    return bool(above > 0)


@njit(nogil=True, cache=True)
def scan(
    pixels: Pixels,
    first: int,
    stop: int,
    halves: tuple[int, int],
    least: int,
    lowest: float,
    axis: tuple[float, float],
    table: NDArray[np.float64],
    hits: NDArray[np.float64],
) -> int:
    """Write the pixels of rows first..stop-1 that exceed multiplier times ring mean to `hits`.

    `halves` are the half-widths of the outer and the guard box in pixels; a ring needs `least`
    valid pixels. `lowest` is the smallest multiplier of the table, tried first: the ring's squares
    are summed only for the few pixels above it. `axis` holds the table's first log(ratio - 1) and
    its step, where ratio is mean(A^2) / mean(A)^2. Returns the number of hits, which may exceed the
    room in `hits`; they come tile by tile, row by row in each.
    """
    found = 0
    for left in range(0, pixels.shape[1], _TILE_PX):
        right = min(left + _TILE_PX, pixels.shape[1])
        found = _scan_tile(
            pixels, (first, stop, left, right), halves, least, lowest, axis, table, hits, found
        )
    return found


@njit(nogil=True, cache=True)
def _scan_tile(
    pixels: Pixels,
    part: tuple[int, int, int, int],
    halves: tuple[int, int],
    least: int,
    lowest: float,
    axis: tuple[float, float],
    table: NDArray[np.float64],
    hits: NDArray[np.float64],
    found: int,
) -> int:
    """Scan a part of the image; column sums reach beyond it, and are 0 beyond the image."""
    first, stop, left, right = part
    outer, guard = halves
    width = right - left
    begin, end = max(left - outer - 1, 0), min(right + outer, pixels.shape[1])
    # Column c of the image is left - outer - 1 + its place in these.
    sums = np.zeros((4, width + 2 * outer + 1), np.int64)
    at = begin - (left - outer - 1)
    to = at + end - begin
    for box, half in enumerate(halves):
        _fill(
            pixels,
            (first - half - 1, first + half, begin, end),
            sums[2 * box, at:to],
            sums[2 * box + 1, at:to],
        )
    ring = np.empty(width, np.int64)
    for row in range(first, stop):
        for box, half in enumerate(halves):
            _shift(pixels, (row, begin, end), half, sums[2 * box, at:to], sums[2 * box + 1, at:to])
        _ring_sums(sums[0], sums[2], halves, ring)
        line = pixels[row, left:right]
        for start in range(0, width, _CHUNK_PX):
            some, packed = line[start : start + _CHUNK_PX], ring[start : start + _CHUNK_PX]
            if not _any_above(some, packed, lowest):
                continue
            for k in range(some.size):
                value = some[k]
                total, count = packed[k] & _SUM_MASK, packed[k] >> _COUNT_BIT
                if value * float(count) <= lowest * float(total) or count < least or value == 0:
                    continue
                c = start + k
                square = sums[1, c + 1 : c + 2 * outer + 2].sum()
                square -= sums[3, c + 1 + outer - guard : c + outer + guard + 2].sum()
                mean = total / count
                ratio = max(square / count / (mean * mean) - 1.0, 1e-9)
                over = value / (mean * _table(np.log(ratio), axis[0], axis[1], table))
                if over > 1.0:
                    if found < hits.shape[0]:
                        hits[found, 0] = row
                        hits[found, 1] = left + c
                        hits[found, 2] = over
                        hits[found, 3] = mean
                        hits[found, 4] = ratio
                    found += 1
    return found


@njit(nogil=True, cache=True)
def ring_at(pixels: Pixels, row: int, column: int, outer: int, guard: int) -> tuple[float, float]:
    """Return mean and mean(A^2)/mean(A)^2 - 1 of one pixel's ring, summed by force; 0, 0: empty."""
    total = np.int64(0)
    square = np.int64(0)
    count = np.int64(0)
    for r in range(max(row - outer, 0), min(row + outer + 1, pixels.shape[0])):
        for c in range(max(column - outer, 0), min(column + outer + 1, pixels.shape[1])):
            if abs(r - row) <= guard and abs(c - column) <= guard:
                continue
            value = np.int64(pixels[r, c])
            total += value
            square += value * value
            count += np.int64(value > 0)
    if count == 0:
        return 0.0, 0.0
    mean = total / count
    return mean, square / count / (mean * mean) - 1.0


@njit(nogil=True, cache=True)
def grow(
    pixels: Pixels,
    seeds: Ints,
    limits: NDArray[np.float64],
    most: int,
    members: Ints,
    values: Pixels,
) -> Ints:
    """Grow each seed over 8-neighbours above its limit, and mark what is taken by 1 in `pixels`.

    Pixels (flat index) and their amplitudes go to `members` and `values`, whose room must hold
    seeds times `most`; a region stops at `most` pixels. A seed that an earlier one took grows
    nothing. Returns the end of each seed's region.
    """
    columns = pixels.shape[1]
    ends = np.empty(seeds.size, np.int64)
    end = 0
    for s in range(seeds.size):
        seed = seeds[s]
        value = pixels[seed // columns, seed % columns]
        if value > 1:
            begin = end
            pixels[seed // columns, seed % columns] = 1
            members[end] = seed
            values[end] = value
            end += 1
            at = begin
            while at < end and end - begin + 8 < most:
                row, column = members[at] // columns, members[at] % columns
                at += 1
                for r in range(max(row - 1, 0), min(row + 2, pixels.shape[0])):
                    for c in range(max(column - 1, 0), min(column + 2, columns)):
                        value = pixels[r, c]
                        if value > 1 and value > limits[s]:
                            pixels[r, c] = 1
                            members[end] = r * columns + c
                            values[end] = value
                            end += 1
        ends[s] = end
    return ends


@njit(nogil=True, cache=True)
def block_sums(
    pixels: Pixels, size: int, first: int, stop: int, sums: Ints, counts: NDArray[np.int32]
) -> None:
    """Add up the valid amplitudes of blocks of size x size pixels, for block rows first..stop-1."""
    columns = pixels.shape[1]
    for block in range(first, stop):
        for row in range(block * size, min((block + 1) * size, pixels.shape[0])):
            for k in range(sums.shape[1]):
                total = np.int32(0)
                count = np.int32(0)
                for c in range(k * size, min((k + 1) * size, columns)):
                    value = np.int32(pixels[row, c])
                    total += value
                    count += np.int32(value > 0)
                sums[block, k] += total
                counts[block, k] += count


@njit(nogil=True, cache=True)
def block_variation(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return standard deviation over mean of blocks of size x size pixels, flat.

    NaN where the mean is not positive or a pixel is NaN; what is left over at the edges is not
    looked at.
    """
    rows, columns = values.shape[0] // size, values.shape[1] // size
    out = np.full(rows * columns, np.nan)
    for i in range(rows):
        for j in range(columns):
            block = values[i * size : (i + 1) * size, j * size : (j + 1) * size]
            mean = block.mean()
            if mean > 0.0:
                out[i * columns + j] = np.sqrt(((block - mean) ** 2).mean()) / mean
    return out


@njit(nogil=True, cache=True)
def clear_blocks(
    pixels: Pixels, size: int, blocked: NDArray[np.bool_], first: int, stop: int
) -> None:
    """Set the pixels of the marked blocks to 0, for block rows first..stop-1."""
    for block in range(first, stop):
        for k in range(blocked.shape[1]):
            if not blocked[block, k]:
                continue
            right = min((k + 1) * size, pixels.shape[1])
            for row in range(block * size, min((block + 1) * size, pixels.shape[0])):
                for c in range(k * size, right):
                    pixels[row, c] = 0
