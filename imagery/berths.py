# mypy: disable-error-code="import-untyped"
"""Ships alongside quays in optical images: hull-shaped bodies that stand out over the water.

A frame as long and broad as a ship is laid over every pixel near water, at every angle: it fits
where it is filled, with water along one side and beyond bow and stern. Heads of piers and corners
of quays fit as well. What parts them: a ship is painted (redder, less red or bluer than the land's
grey and brown), and is alike from bow to stern. Three numbers, weighed by a logistic function that
`benchmarks/optical.py --fit` fits on boxes drawn by people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imagery import _berths
from imagery.cfar import in_threads, strips
from imagery.detections import Ship

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

SIZES_M = (
    (60.0, 18.0),
    (80.0, 20.0),
    (105.0, 22.0),
    (135.0, 26.0),
    (170.0, 30.0),
    (220.0, 35.0),
    (290.0, 42.0),
)
"""Length and beam of the hulls that are tried. Smaller ones drown among bumps of the shore."""
_ANGLES = 16
_LEAST_FIT = 0.72
"""Soft clouds reach 0.70; nine in ten ships of two real ports 0.8 and more."""
LAND_M2 = 30_000.0
"""A ship alongside hangs together with something larger than any ship."""
_LEAST_DRY = 0.4
_FREE = 0.6
"""Wet on both sides by this much, a body is not alongside."""
VEGETATION = 2.0
"""Height over water in near infrared, over that in red, of plants and of no paint."""
_FLOOR = 0.05
"""Added to heights over the land's: logarithms of dark bodies stay tame."""
_PARTS = 5
_USUAL_PAINT = 0.12
"""Of what may be a ship and is none or is one, in the median: taken where there are no colours."""
WEIGHTS = (2.99, -4.73, 11.73, -4.45)
"""Of fit, unlike parts, paint, and the constant. Fitted on two ports, 24 of 139 places in boxes;
either port alone gives the same signs."""


@dataclass(frozen=True, slots=True)
class Colours:
    """What water and land look like in each band of a scene: medians."""

    water: Mapping[str, float]
    land: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Berth:
    """A place where a ship may lie alongside."""

    row: float
    column: float
    angle: float
    """From the row axis towards the column axis, radians."""
    length_px: float
    beam_px: float
    features: tuple[float, float, float]
    """Fit, unlike parts (standard deviation of log brightness along the hull), paint."""

    @property
    def score(self) -> float:
        """Logistic of the weighed features."""
        total = sum(w * f for w, f in zip(WEIGHTS, (*self.features, 1.0), strict=True))
        return float(1.0 / (1.0 + np.exp(-total)))

    def ship(self, contrast_db: float) -> Ship:
        """Return it as a detection."""
        c, s = float(np.cos(self.angle)), float(np.sin(self.angle))
        along, across = self.length_px**2 / 12.0, self.beam_px**2 / 12.0
        spread = (
            along * c * c + across * s * s,
            along * s * s + across * c * c,
            (along - across) * c * s,
        )
        area = max(round(self.length_px * self.beam_px), 1)
        return Ship(
            self.row,
            self.column,
            spread,
            self.score,
            contrast_db,
            area,
            "optical",
            ("beside_land",),
        )


def find_berths(
    bands: Mapping[str, Floats], dry: Floats, beside: Floats, colours: Colours, pixel_m: float
) -> list[Berth]:
    """Return the ships that may lie alongside, best first, none over another.

    Args:
        bands: values by house name.
        dry: 0 water to 1 land or ship.
        beside: distance to water, pixels.
        colours: of the scene.
        pixel_m: ground size of a pixel.
    """
    sizes = np.array(SIZES_M) / pixel_m
    reach = sizes[-1, 1] / 2.0 + 2.0
    labels, count = ndimage.label(beside > 0)
    large = np.bincount(labels.ravel(), minlength=count + 1) * pixel_m**2 > LAND_M2
    large[0] = False
    rows, columns = np.nonzero((dry > _LEAST_DRY) & (beside <= reach) & large[labels])
    out = np.zeros((rows.size, 5))
    where = rows.astype(float), columns.astype(float)

    def fit(part: tuple[int, int]) -> None:
        piece = slice(*part)
        _berths.fit_frames(dry, where[0][piece], where[1][piece], sizes, _ANGLES, out[piece])

    list(in_threads(fit, strips(0, rows.size, 2048)))
    good = (out[:, 0] >= _LEAST_FIT) & ~(out[:, 4] >= _FREE)
    rows, columns, out = rows[good], columns[good], out[good]
    logs = {
        name: np.log(np.maximum(bands[name] - water, 0.0) / max(land - water, 1e-9) + _FLOOR)
        for name, water in colours.water.items()
        for land in (colours.land[name],)
    }
    berths = []
    for k in _apart(rows, columns, out[:, 2], out[:, 0]):
        berth = _look(int(rows[k]), int(columns[k]), out[k], bands, logs, colours)
        if berth is not None:
            berths.append(berth)
    return sorted(berths, key=lambda b: (-b.score, b.row, b.column))


def _apart(
    rows: NDArray[np.int64], columns: NDArray[np.int64], length: Floats, fit: Floats
) -> list[int]:
    """Return the best fits of which none lies within half a length of a better one."""
    taken: list[int] = []
    for k in np.lexsort((columns, rows, -fit)).tolist():
        others = np.array(taken, dtype=np.int64)
        away = np.hypot(rows[others] - rows[k], columns[others] - columns[k])
        if (away >= np.maximum(0.5 * np.maximum(length[others], length[k]), 3.0)).all():
            taken.append(k)
    return taken


def _look(
    row: int,
    column: int,
    frame: Floats,
    bands: Mapping[str, Floats],
    logs: Mapping[str, Floats],
    colours: Colours,
) -> Berth | None:
    """Measure a body; None where it is overgrown."""
    fit, angle, length, beam = (float(value) for value in frame[:4])
    turn = (float(np.cos(angle)), float(np.sin(angle)))
    place, across = (float(row), float(column)), (-beam / 2.0, beam / 2.0)

    def mean(values: Floats, start: float = -0.5, stop: float = 0.5) -> float:
        return float(_berths.mean_in(values, place, turn, (start * length, stop * length), across))

    if "nir" in bands and "red" in bands:
        nir, red = (mean(bands[name]) - colours.water[name] for name in ("nir", "red"))
        if nir > VEGETATION * max(red, 0.0):
            return None
    visible = [logs[name] for name in ("red", "green", "blue") if name in logs] or [*logs.values()]
    cuts = np.linspace(-0.5, 0.5, _PARTS + 1)
    parts = [
        np.mean([mean(values, a, b) for values in visible]) for a, b in pairwise(cuts.tolist())
    ]
    paint = _USUAL_PAINT
    if len(visible) == 3:
        red_, green, blue = (mean(values) for values in visible)
        paint = max(abs(red_ - green), blue - green)
    return Berth(
        float(row), float(column), angle, length, beam, (fit, float(np.std(parts)), float(paint))
    )
