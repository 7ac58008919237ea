"""Ports, shipped and offline, and the nearest one to any point.

2,951 ports of the World Port Index (US National Geospatial-Intelligence Agency, public domain), as
packed by the PyPI package harborly, and 2,314 that it lacks from searoute (Apache-2.0). Positions
are whole minutes of arc for most, so a port's point lies up to 1.3 km from the true reference
point, and that point need not be the berth: big ports (Kaohsiung, Rotterdam) run on for 10 km and
more. It is not every harbour: many small fishing harbours and all marinas are missing. Where it
matters, learn anchorages from the archive and use this list for names.
"""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from vessels import _nearest

if TYPE_CHECKING:  # pandas costs half a second, and only `ports` needs it
    import pandas as pd


@cache
def ports() -> "pd.DataFrame":
    """Return the ports, one a row: those of the World Port Index by number, then the others.

    Columns: `wpi` (missing for ports not in the Index), `name`, `country` (ISO 3166-1 alpha-3),
    `unlocode` (may be missing), `lat_deg`, `lon_deg`. All callers share it: do not change it.
    """
    return _table().to_pandas()


@cache
def port_names() -> list[str]:
    """Return the names of `ports()`, in its order."""
    return _table()["name"].to_pylist()


@cache
def _table() -> pa.Table:
    with (files("vessels") / "data" / "ports.parquet").open("rb") as file:
        return pq.read_table(file)


@cache
def _tree() -> _nearest.SegmentTree:
    table = _table()
    lat, lon = table["lat_deg"].to_numpy(), table["lon_deg"].to_numpy()
    return _nearest.build_tree(lat, lon, lat, lon)


def nearest_port(
    lat_deg: ArrayLike, lon_deg: ArrayLike
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the row in `ports()` of the nearest port, and the distance to it in metres.

    Arrays broadcast. A point that is NaN, infinite or beyond 90 degrees gets -1 and NaN. Of ports
    at one distance the first in `ports()` wins.
    """
    lat, lon = np.broadcast_arrays(
        np.asarray(lat_deg, dtype=np.float64), np.asarray(lon_deg, dtype=np.float64)
    )
    flat = np.ascontiguousarray(lat).ravel(), np.ascontiguousarray(lon).ravel()
    index, distance_m = _nearest.nearest(_tree(), *flat)
    return index.reshape(lat.shape), distance_m.reshape(lat.shape)
