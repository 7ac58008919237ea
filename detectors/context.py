"""How far from port and shore many points are, looked up once for each small cell of sea.

Ships lie still for hours: millions of slots fall into few cells. The distances are those of the
cell's centre, at most 160 m from the point; an event's own distances are looked up exactly.
"""

import numpy as np

from vessels.anchorages import Anchorages
from vessels.fixes import Array
from vessels.geography import distance_to_shore_m
from vessels.ports import nearest_port

_CELL_DEG = 0.002
_COLUMNS = 180_000


def port_and_shore_m(
    lat: Array,
    lon: Array,
    time_us: Array | None = None,
    anchorages: Anchorages | None = None,
    *,
    in_port_m: float = 0.0,
) -> tuple[Array, Array]:
    """Return distances to the nearest port and to the shore (0 on land), metres, per point.

    Where anchorages are given, those known at each point's time are ports too. Nearer than
    `in_port_m` to a shipped port the shore is not looked up: 0.
    """
    if len(lat) == 0:
        return np.empty(0, "f8"), np.empty(0, "f8")
    row = np.floor((lat + 90.0) / _CELL_DEG).astype("i8")
    column = np.floor((lon + 180.0) / _CELL_DEG).astype("i8") % _COLUMNS
    cells, place = _distinct(row * _COLUMNS + column)
    lat_c = np.minimum((cells // _COLUMNS + 0.5) * _CELL_DEG - 90.0, 90.0)
    lon_c = (cells % _COLUMNS + 0.5) * _CELL_DEG - 180.0
    cell_port_m = nearest_port(lat_c, lon_c)[1].astype("f8")
    port_m = cell_port_m[place]
    if anchorages is not None and time_us is not None and len(anchorages):
        _, other_m = anchorages.nearest(lat_c[place], lon_c[place], time_us)
        port_m = np.minimum(port_m, other_m.astype("f8"))
    shore_m = np.zeros(len(cells))
    asked = cell_port_m >= in_port_m
    shore_m[asked] = distance_to_shore_m(lat_c[asked], lon_c[asked])
    return port_m, shore_m[place]


def _distinct(cell: Array) -> tuple[Array, Array]:
    """Return the distinct cells, sorted, and the place of each point's among them.

    Points come hull by hull in order of time, so most are in the cell of the one before.
    """
    new = np.append(True, cell[1:] != cell[:-1])
    cells, place = np.unique(cell[new], return_inverse=True)
    return cells, place[np.cumsum(new) - 1]
