"""The table of ships found in an image, and how a group of pixels becomes one of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from imagery.geometry import Geometry, ground_axes

Floats = NDArray[np.float64]

DETECTION = pa.schema(
    [
        pa.field("lat", pa.float64()),
        pa.field("lon", pa.float64()),
        pa.field("row", pa.float64()),
        pa.field("col", pa.float64()),
        pa.field("length_m", pa.float64()),
        pa.field("width_m", pa.float64()),
        pa.field("heading_deg", pa.float64()),
        pa.field("score", pa.float64()),
        pa.field("contrast_db", pa.float64()),
        pa.field("area_px", pa.int64()),
        pa.field("bands", pa.string()),
        pa.field("flags", pa.list_(pa.string())),
    ]
)
"""Ships of an image, best score first.

`lat`, `lon`: null where the file tells no place. `row`, `col`: centre, pixels from the centre of
the first pixel. `heading_deg`: axis of the hull, 0..180 from true north (bow and stern look alike);
null where it is as wide as long. `score`: 0..1, to rank by and to cut at; not a probability.
`contrast_db`: brightness over the water around it. `flags`: what to know, such as `touches_land`,
`one_band`, `beside_land`.
"""


@dataclass(frozen=True, slots=True)
class Ship:
    """One ship, in pixels; what is left of a row is computed for all at once."""

    row: float
    column: float
    spread: tuple[float, float, float]
    """Second moments of its pixels in px^2: rows, columns, both."""
    score: float
    contrast_db: float
    area_px: int
    bands: str
    flags: tuple[str, ...] = ()


def weigh(
    rows: NDArray[np.int64], columns: NDArray[np.int64], weights: Floats
) -> tuple[float, float, tuple[float, float, float]]:
    """Return centre and second moments of weighted pixels."""
    total = float(weights.sum())
    row, column = float(rows @ weights) / total, float(columns @ weights) / total
    dr, dc = rows - row, columns - column
    both = (float((a * b) @ weights) / total for a, b in ((dr, dr), (dc, dc), (dr, dc)))
    return row, column, (next(both), next(both), next(both))


def lies_on(ship: Ship, other: Ship, rim_px: float) -> bool:
    """Tell whether the middle of a ship lies in the box of another, widened by a rim."""
    rows, columns, both = other.spread
    moments, axes = np.linalg.eigh(np.array([[rows, both], [both, columns]]))
    away = axes.T @ [ship.row - other.row, ship.column - other.column]
    return bool((np.abs(away) <= np.sqrt(3.0 * np.maximum(moments, 0.0)) + rim_px).all())


def to_table(
    ships: Sequence[Ship], geometry: Geometry, blur_px: float, *, flat: bool = True
) -> pa.Table:
    """Return the rows, best score first.

    Args:
        ships: what was found.
        geometry: places the pixels.
        blur_px: standard deviation of a point's picture; its square is taken off the moments.
        flat: a hull is evenly bright: an even bar of length l has the second moment l^2 / 12.
    """
    order = sorted(ships, key=lambda ship: (-ship.score, ship.row, ship.column))
    row = np.array([ship.row for ship in order])
    column = np.array([ship.column for ship in order])
    lat, lon = geometry.locate(row, column) if order else (row, column)
    length, width, heading = _sizes(order, geometry, row, column, blur_px, flat=flat)
    columns = {
        "lat": pa.array(np.round(lat, 6), pa.float64(), from_pandas=True),
        "lon": pa.array(np.round(lon, 6), pa.float64(), from_pandas=True),
        "row": np.round(row, 2),
        "col": np.round(column, 2),
        "length_m": np.round(length, 1),
        "width_m": np.round(width, 1),
        "heading_deg": pa.array(np.round(heading, 1) % 180.0, pa.float64(), from_pandas=True),
        "score": np.round([ship.score for ship in order], 3),
        "contrast_db": np.round([ship.contrast_db for ship in order], 2),
        "area_px": [ship.area_px for ship in order],
        "bands": [ship.bands for ship in order],
        "flags": [list(ship.flags) for ship in order],
    }
    return pa.table(columns, schema=DETECTION)


def _sizes(
    ships: Sequence[Ship],
    geometry: Geometry,
    row: Floats,
    column: Floats,
    blur_px: float,
    *,
    flat: bool,
) -> tuple[Floats, Floats, Floats]:
    """Return length, width (metres) and axis (degrees, NaN where round) from second moments."""
    if not ships:
        return np.empty(0), np.empty(0), np.empty(0)
    moments = np.array([ship.spread for ship in ships]) - [blur_px**2, blur_px**2, 0.0]
    pixel = np.empty((len(ships), 2, 2))
    pixel[:, 0, 0], pixel[:, 1, 1] = moments[:, 0], moments[:, 1]
    pixel[:, 0, 1] = pixel[:, 1, 0] = moments[:, 2]
    axes = ground_axes(geometry, row, column)
    ground = np.einsum("nai,nab,nbj->nij", axes, pixel, axes)
    values, vectors = np.linalg.eigh(ground)
    factor = np.sqrt(12.0 if flat else 8.0)
    step = np.sqrt(np.abs(np.linalg.det(axes)))
    # Nothing is shorter or narrower than half a pixel.
    length = np.maximum(np.sqrt(np.maximum(values[:, 1], 0.0)) * factor, step / 2.0)
    width = np.maximum(np.sqrt(np.maximum(values[:, 0], 0.0)) * factor, step / 2.0)
    east, north = vectors[:, 0, 1], vectors[:, 1, 1]
    heading = np.degrees(np.arctan2(east, north)) % 180.0
    round_ = length < 1.2 * width
    return length, np.minimum(width, length), np.where(round_, np.nan, heading)
