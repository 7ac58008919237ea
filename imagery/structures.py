# mypy: disable-error-code="import-untyped"
"""Fixed structures: platforms, wind turbines and rocks, which look like ships in every scene.

A user's list, or places where most of several scenes of different days show something.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vessels.errors import InputError

Floats = NDArray[np.float64]

NEAR_M = 60.0
"""Distance within which a detection is the structure (a buoy swings by as much)."""
LEAST_SCENES = 3
_LEAST_SHARE = 0.6
_EARTH_M = 6_371_008.8


def learn_structures(scenes: Sequence[pa.Table], *, least: int = LEAST_SCENES) -> Floats:
    """Return places (lat, lon) that show something in most scenes, shape (n, 2).

    Args:
        scenes: tables of detections of the same area, each of another day; days apart, for ships
            lie at anchor for a day or two.
        least: scenes that must show it, and at least six in ten of them.
    """
    points = [np.column_stack([t["lat"].to_numpy(), t["lon"].to_numpy()]) for t in scenes]
    wanted = max(least, int(np.ceil(_LEAST_SHARE * len(scenes))))
    if len(scenes) < wanted or not any(len(p) for p in points):
        return np.empty((0, 2))
    everything = np.concatenate(points)
    scene = np.repeat(np.arange(len(scenes)), [len(p) for p in points])
    order = np.lexsort((everything[:, 1], everything[:, 0]))
    everything, scene = everything[order], scene[order]
    close = _neighbours(everything, everything)
    seen = np.array([np.unique(scene[near]).size for near in close])
    out: list[Floats] = []
    taken = np.zeros(len(everything), np.bool_)
    # The best seen first; its neighbours are the same structure.
    for i in np.argsort(-seen, kind="stable"):
        if seen[i] < wanted:
            break
        if not taken[i]:
            taken[close[i]] = True
            out.append(everything[close[i]].mean(axis=0))
    return np.array(out).reshape(-1, 2)


def read_structures(path: Path) -> Floats:
    """Read a user's list: a CSV with the columns lat and lon, or any vector file of points.

    Raises:
        InputError: it cannot be read, or has no positions.
    """
    import geopandas as gpd  # noqa: PLC0415 - slow to import
    import pandas as pd  # noqa: PLC0415

    try:
        if path.suffix.lower() == ".csv":
            frame = pd.read_csv(path)
            values = frame[["lat", "lon"]].to_numpy(dtype=np.float64)
        else:
            points = gpd.read_file(path).to_crs(4326).geometry.representative_point()
            values = np.column_stack([points.y, points.x])
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise InputError(f"is no list of structures: {error}", path=str(path)) from error
    if not (np.isfinite(values).all() and (np.abs(values) <= [90.0, 180.0]).all()):
        raise InputError("holds positions off the Earth", path=str(path))
    return np.asarray(values, dtype=np.float64)


def without_structures(ships: pa.Table, structures: Floats) -> pa.Table:
    """Return the detections that are not where a structure stands."""
    if ships.num_rows == 0 or len(structures) == 0:
        return ships
    points = np.column_stack([ships["lat"].to_numpy(), ships["lon"].to_numpy()])
    return ships.filter(np.array([near.size == 0 for near in _neighbours(points, structures)]))


def _neighbours(points: Floats, places: Floats) -> list[NDArray[np.int64]]:
    """Return for each point the places within reach, by chords on the sphere."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - slow

    near = cKDTree(_unit(places)).query_ball_point(_unit(points), NEAR_M / _EARTH_M)
    return [np.array(sorted(some), dtype=np.int64) for some in near]


def _unit(points: Floats) -> Floats:
    lat, lon = np.radians(points).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
