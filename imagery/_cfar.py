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


@njit(nogil=True, cache=True)
def _shift_columns(
    pixels: Pixels,
    enter: int,
    leave: int,
    sums: NDArray[np.int32],
    squares: Ints,
    counts: NDArray[np.int32],
) -> None:
    """Add the row that enters a box's columns and take the one that leaves; -1 is no row."""
    if enter >= 0 and leave >= 0:
        for c in range(pixels.shape[1]):
            new = np.int32(pixels[enter, c])
            old = np.int32(pixels[leave, c])
            sums[c] += new - old
            counts[c] += np.int32(new > 0) - np.int32(old > 0)
            squares[c] += np.int64(new) * np.int64(new) - np.int64(old) * np.int64(old)
    elif enter >= 0:
        for c in range(pixels.shape[1]):
            new = np.int32(pixels[enter, c])
            sums[c] += new
            counts[c] += np.int32(new > 0)
            squares[c] += np.int64(new) * np.int64(new)
    elif leave >= 0:
        for c in range(pixels.shape[1]):
            old = np.int32(pixels[leave, c])
            sums[c] -= old
            counts[c] -= np.int32(old > 0)
            squares[c] -= np.int64(old) * np.int64(old)


@njit(nogil=True, cache=True)
def scan(  # noqa: C901, PLR0912 - one pass over the image; calls would cost a third of the time
    pixels: Pixels,
    first: int,
    stop: int,
    outer: int,
    guard: int,
    least: int,
    lowest: float,
    axis: tuple[float, float],
    table: NDArray[np.float64],
    hits: NDArray[np.float64],
) -> int:
    """Write the pixels of rows first..stop-1 that exceed multiplier times ring mean to `hits`.

    `outer` and `guard` are half-widths in pixels; a ring needs `least` valid pixels. `lowest` is
    the smallest multiplier of the table, tried first: the ring's squares are summed only for the
    few pixels above it. `axis` holds the table's first log(ratio - 1) and its step, where ratio is
    mean(A^2) / mean(A)^2. Returns the number of hits, which may exceed the room in `hits`.
    """
    rows, columns = pixels.shape
    outer_sum = np.zeros(columns, np.int32)
    outer_square = np.zeros(columns, np.int64)
    outer_count = np.zeros(columns, np.int32)
    guard_sum = np.zeros(columns, np.int32)
    guard_square = np.zeros(columns, np.int64)
    guard_count = np.zeros(columns, np.int32)
    for row in range(max(first - outer - 1, 0), min(first + outer, rows)):
        _shift_columns(pixels, row, -1, outer_sum, outer_square, outer_count)
    for row in range(max(first - guard - 1, 0), min(first + guard, rows)):
        _shift_columns(pixels, row, -1, guard_sum, guard_square, guard_count)
    found = 0
    for row in range(first, stop):
        enter = row + outer if row + outer < rows else -1
        _shift_columns(pixels, enter, row - outer - 1, outer_sum, outer_square, outer_count)
        enter = row + guard if row + guard < rows else -1
        _shift_columns(pixels, enter, row - guard - 1, guard_sum, guard_square, guard_count)
        total = np.int64(0)
        count = np.int64(0)
        for c in range(min(outer, columns)):
            total += outer_sum[c]
            count += outer_count[c]
        for c in range(min(guard, columns)):
            total -= guard_sum[c]
            count -= guard_count[c]
        for c in range(columns):
            if c + outer < columns:
                total += outer_sum[c + outer]
                count += outer_count[c + outer]
            if c - outer - 1 >= 0:
                total -= outer_sum[c - outer - 1]
                count -= outer_count[c - outer - 1]
            if c + guard < columns:
                total -= guard_sum[c + guard]
                count -= guard_count[c + guard]
            if c - guard - 1 >= 0:
                total += guard_sum[c - guard - 1]
                count += guard_count[c - guard - 1]
            value = pixels[row, c]
            if value * float(count) <= lowest * float(total) or count < least or value == 0:
                continue
            square = np.int64(0)
            for k in range(max(c - outer, 0), min(c + outer + 1, columns)):
                square += outer_square[k]
            for k in range(max(c - guard, 0), min(c + guard + 1, columns)):
                square -= guard_square[k]
            mean = total / count
            ratio = max(square / count / (mean * mean) - 1.0, 1e-9)
            over = value / (mean * _table(np.log(ratio), axis[0], axis[1], table))
            if over > 1.0:
                if found < hits.shape[0]:
                    hits[found, 0] = row
                    hits[found, 1] = c
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
