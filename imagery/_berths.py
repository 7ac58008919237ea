# mypy: disable-error-code="import-untyped, untyped-decorator"
"""Inner loops of the search for ships alongside: hull-shaped frames laid over every quay pixel."""

from math import cos, log, pi, sin

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEP_PX = 0.7
_GAP_PX, _STRIP_PX = 1.0, 2.0
"""Water is looked for in a strip this far from the hull and this wide: rim pixels are mixed."""
_LEAST_INSIDE, _LEAST_SIDE, _LEAST_END = 0.5, 0.5, 0.3
_LENGTH_GAIN = 0.15


@numba.njit(cache=True, nogil=True)
def mean_in(
    values: Floats,
    place: tuple[float, float],
    turn: tuple[float, float],
    along: tuple[float, float],
    across: tuple[float, float],
) -> float:
    """Return the mean over a turned rectangle; NaN wholly outside.

    `turn` is (cosine, sine) of the angle from the row axis towards the column axis; `along` and
    `across` are the rectangle's limits from the place, pixels.
    """
    lines = max(int((along[1] - along[0]) / _STEP_PX) + 1, 2)
    files = max(int((across[1] - across[0]) / _STEP_PX) + 1, 2)
    total, count = 0.0, 0
    for i in range(lines):
        s = along[0] + (along[1] - along[0]) * (i + 0.5) / lines
        for j in range(files):
            t = across[0] + (across[1] - across[0]) * (j + 0.5) / files
            row = int(np.floor(place[0] + s * turn[0] - t * turn[1] + 0.5))
            column = int(np.floor(place[1] + s * turn[1] + t * turn[0] + 0.5))
            if 0 <= row < values.shape[0] and 0 <= column < values.shape[1]:
                total += values[row, column]
                count += 1
    return total / count if count else np.nan


@numba.njit(cache=True, nogil=True)
def fit_frames(
    dry: Floats, rows: Floats, columns: Floats, sizes: Floats, angles: int, out: Floats
) -> None:
    """Find the hull that fits best at each place.

    Args:
        dry: 0 water to 1 land or ship.
        rows: of the places, (n,).
        columns: of the places, (n,).
        sizes: length and beam in pixels, (k, 2).
        angles: how many in half a turn.
        out: (n, 5) fit (0: none), angle, length, beam, wetness of the drier side; changed in place.
    """
    for k in range(rows.size):
        place = (rows[k], columns[k])
        for i in range(angles):
            turn = (cos(pi * i / angles), sin(pi * i / angles))
            for q in range(sizes.shape[0]):
                half, beam = sizes[q, 0] / 2.0, sizes[q, 1] / 2.0
                near, far = beam + _GAP_PX, beam + _GAP_PX + _STRIP_PX
                most = (-0.8 * half, 0.8 * half)
                one = 1.0 - mean_in(dry, place, turn, most, (near, far))
                two = 1.0 - mean_in(dry, place, turn, most, (-far, -near))
                # A side beyond the picture's edge is NaN, and shows no water.
                side = one if not two > one else two
                if not side >= _LEAST_SIDE:
                    continue
                inside = mean_in(dry, place, turn, (-half, half), (-beam, beam))
                if not inside >= _LEAST_INSIDE:
                    continue
                near, far = half + _GAP_PX, half + _GAP_PX + _STRIP_PX
                bow = 1.0 - mean_in(dry, place, turn, (near, far), (-beam, beam))
                stern = 1.0 - mean_in(dry, place, turn, (-far, -near), (-beam, beam))
                if not (bow >= _LEAST_END and stern >= _LEAST_END):
                    continue
                end = min(bow, stern)
                fit = inside * side * end**0.5 * (1.0 + _LENGTH_GAIN * log(2.0 * half))
                if fit > out[k, 0]:
                    out[k, 0] = fit
                    out[k, 1] = pi * i / angles
                    out[k, 2] = 2.0 * half
                    out[k, 3] = 2.0 * beam
                    out[k, 4] = two if side == one else one
