"""Anchorages learnt from tracks: places where many hulls lay still, as of a day.

Definition of pipe-anchorages (anchorage_cfg.yaml): a cell where at least 20 distinct vessels had a
stationary period of 12 h or more, within 0.5 km. Cells here are 0.005 degrees of latitude (556 m)
and as wide, as near as whole columns allow: the size of that reference's S2 cells of level 14, and
no library is needed for them. A stationary period begins at a fix and lasts while the next ones
stay within 0.5 km of it; a silence longer than 24 h ends it.

What is learnt is used as of event time (law 1): an anchorage is valid from the second day after the
fix that completed its 20th hull, and its place is the mean of those first 20. So neither later
data, nor the order in which data came, nor the end of the data changes it.
"""

import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit
from numpy.typing import ArrayLike, NDArray

from vessels import _nearest
from vessels.errors import ConfigError
from vessels.fixes import Array, Fixes
from vessels.geodesy import distance_m
from vessels.ports import nearest_port, ports
from vessels.text import clean_text
from vessels.units import US_PER_DAY, US_PER_H

__all__ = [
    "REST",
    "Anchorages",
    "LearningParameters",
    "follow_rests",
    "learn",
    "new_rest_state",
    "no_anchorages",
    "read_anchorages",
    "write_anchorages",
]

CELL_DEG = 0.005
_ROW_CELLS = round(360.0 / CELL_DEG)
_MICRO = 1_000_000

REST = np.dtype([("key", "i8"), ("time_us", "i8"), ("lat_e6", "i4"), ("lon_e6", "i4")])
"""A stationary period became long enough: hull, when, and mean place in microdegrees."""
LYING = np.dtype(
    [
        ("key", "i8"),
        ("start_us", "i8"),
        ("last_us", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("lat_sum", "i8"),  # microdegrees from the first fix, summed in integers
        ("lon_sum", "i8"),
        ("fixes", "i8"),
        ("told", "u1"),
    ]
)
SCHEMA = pa.schema(
    [
        pa.field("lat_deg", pa.float64(), nullable=False),
        pa.field("lon_deg", pa.float64(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("country", pa.string()),
        pa.field("hulls", pa.int32(), nullable=False),
        pa.field("valid_from", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("port_distance_m", pa.float64(), nullable=False),
    ]
)
"""Columns of an anchorages file, sorted by `valid_from`, latitude, longitude."""


@dataclass(frozen=True, slots=True)
class LearningParameters:
    """What is lying still, and how many hulls make an anchorage."""

    min_hulls: int = 20
    min_rest_h: float = 12.0
    max_distance_km: float = 0.5
    max_silence_h: float = 24.0
    """A hull unheard for longer may have been elsewhere."""
    name_distance_km: float = 10.0
    """An anchorage this near to a shipped port has its name."""
    duplicate_distance_km: float = 1.0
    """One this near to a port's point adds nothing: half the listed points are 1 km off anyway."""


def new_rest_state() -> Array:
    """Return the state before any fix: LYING, a row a hull."""
    return np.empty(0, LYING)


def follow_rests(
    state: Array, key: Array, fixes: Fixes, parameters: LearningParameters
) -> tuple[Array, Array]:
    """Fold fixes into the state; return the new one and the REST rows that were completed.

    Args:
        state: what `new_rest_state` or an earlier step returned; it is not changed.
        key: hull of each fix; sorted by (key, time).
        fixes: equally long, none earlier than the hull's in the step before.
        parameters: thresholds.
    """
    keys = np.union1d(state["key"], key)
    lying = np.zeros(len(keys), LYING)
    lying["key"] = keys
    lying[np.searchsorted(keys, state["key"])] = state
    out = np.zeros(len(key), REST)
    count = _follow(
        lying,
        (key, fixes.time_us, fixes.lat_deg, fixes.lon_deg),
        parameters.max_distance_km * 1e3,
        int(parameters.min_rest_h * US_PER_H),
        int(parameters.max_silence_h * US_PER_H),
        out,
    )
    return lying, out[:count].copy()


@njit(cache=True)
def _follow(
    lying: Any,
    rows: tuple[Array, ...],
    far_m: float,
    rest_us: int,
    silence_us: int,
    out: Any,
) -> int:
    key, times, lats, lons = rows
    count = 0
    h = -1
    for j in range(len(key)):
        while h < 0 or lying[h].key < key[j]:
            h += 1
        hull = lying[h]
        lat, lon, time_us = lats[j], lons[j], times[j]
        stays = (
            hull.fixes > 0
            and time_us - hull.last_us <= silence_us
            and distance_m(hull.lat, hull.lon, lat, lon) <= far_m
        )
        if not stays:
            hull.start_us, hull.lat, hull.lon = time_us, lat, lon
            hull.lat_sum = hull.lon_sum = hull.fixes = 0
            hull.told = 0
        turn = lon - hull.lon
        turn -= 360.0 * round(turn / 360.0)
        hull.lat_sum += round((lat - hull.lat) * _MICRO)
        hull.lon_sum += round(turn * _MICRO)
        hull.fixes += 1
        hull.last_us = time_us
        if hull.told == 0 and time_us - hull.start_us >= rest_us:
            hull.told = 1
            rest = out[count]
            count += 1
            rest.key, rest.time_us = key[j], time_us
            rest.lat_e6 = round(hull.lat * _MICRO) + round(hull.lat_sum / hull.fixes)
            east = round(hull.lon * _MICRO) + round(hull.lon_sum / hull.fixes)
            rest.lon_e6 = (east + 180 * _MICRO) % (360 * _MICRO) - 180 * _MICRO
    return count


def cell_of(lat_e6: ArrayLike, lon_e6: ArrayLike) -> NDArray[np.int64]:
    """Return the cell of places in microdegrees: row from 90 S, and column from 180 W in it."""
    cell_e6 = round(CELL_DEG * _MICRO)
    lat = np.asarray(lat_e6, "i8")
    row = np.minimum((lat + 90 * _MICRO) // cell_e6, 180 * _MICRO // cell_e6 - 1)
    middle = np.radians((row + 0.5) * CELL_DEG - 90.0)
    columns = np.maximum(np.round(np.cos(middle) * _ROW_CELLS), 1.0).astype("i8")
    column = (np.asarray(lon_e6, "i8") + 180 * _MICRO) * columns // (360 * _MICRO)
    return row * _ROW_CELLS + column


class Anchorages:
    """Anchorages in order of the time from which they are known. Equal where the hash is."""

    def __init__(self, table: pa.Table) -> None:
        order = [("valid_from", "ascending"), ("lat_deg", "ascending"), ("lon_deg", "ascending")]
        self.table = table.select(SCHEMA.names).cast(SCHEMA).sort_by(order).combine_chunks()
        self.lat_deg = self.table["lat_deg"].to_numpy()
        self.lon_deg = self.table["lon_deg"].to_numpy()
        self.valid_us = self.table["valid_from"].cast(pa.int64()).to_numpy()
        self.hash = ""
        """SHA-256 of what they say; empty for none."""
        if len(self):
            rows = [tuple(row.values()) for row in self.table.to_pylist()]
            self.hash = hashlib.sha256(repr(rows).encode()).hexdigest()

    def __len__(self) -> int:
        return self.table.num_rows

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Anchorages) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    def known_at(self, time_us: ArrayLike) -> NDArray[np.int64]:
        """Return how many of them, from the first on, are known at each time."""
        return np.searchsorted(self.valid_us, np.asarray(time_us), "right")

    def tree(self, known: int) -> _nearest.SegmentTree:
        """Return the tree of the shipped ports and the first `known` anchorages, in this order."""
        return _tree(self, known)

    def nearest(
        self, lat_deg: ArrayLike, lon_deg: ArrayLike, time_us: ArrayLike
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the nearest port or anchorage known at each time, and the distance in metres.

        Args:
            lat_deg: one axis; NaN gives -1 and NaN.
            lon_deg: equally long.
            time_us: equally long, or one time for all; microseconds since 1970.

        Returns:
            Rows of `ports()`, or from `len(ports())` on rows of these; distances.
        """
        lat = np.ascontiguousarray(lat_deg, dtype=np.float64)
        lon = np.ascontiguousarray(lon_deg, dtype=np.float64)
        known = np.broadcast_to(self.known_at(time_us), lat.shape)
        index, far_m = nearest_port(lat, lon)
        for count in np.unique(known[known > 0]).tolist():
            rows = known == count
            index[rows], far_m[rows] = _nearest.nearest(self.tree(count), lat[rows], lon[rows])
        return index, far_m

    def port_of(self, index: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the port that each place belongs to: an anchorage with a port's name is its."""
        own = np.arange(len(self), dtype="i4") + len(ports())
        port, port_m = nearest_port(self.lat_deg, self.lon_deg)
        near = port_m <= LearningParameters().name_distance_km * 1e3
        group = np.concatenate([np.arange(len(ports()), dtype="i4"), np.where(near, port, own)])
        return group[index].astype("i4")

    def names(self) -> list[str]:
        """Return the names of the ports, then of these: what `nearest` counts in."""
        return [*ports()["name"].tolist(), *self.table["name"].to_pylist()]

    def countries(self) -> list[str | None]:
        """Return their countries, ISO 3166-1 alpha-3, in the same order."""
        return [*ports()["country"].tolist(), *self.table["country"].to_pylist()]

    def as_dict(self) -> dict[str, Any]:
        """Return what run.json tells of them."""
        return {"sha256": self.hash, "anchorages": len(self)}


@lru_cache(maxsize=64)
def _tree(anchorages: Anchorages, known: int) -> _nearest.SegmentTree:
    table = ports()
    lat = np.concatenate([table["lat_deg"].to_numpy(), anchorages.lat_deg[:known]])
    lon = np.concatenate([table["lon_deg"].to_numpy(), anchorages.lon_deg[:known]])
    return _nearest.build_tree(lat, lon, lat, lon)


@cache
def no_anchorages() -> Anchorages:
    """Return none: the shipped ports are all there is."""
    return Anchorages(SCHEMA.empty_table())


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of learning."""

    anchorages: Anchorages
    """Those that the shipped ports do not hold."""
    cells: int
    """Cells with hulls enough, those included that a port's point stands for."""
    rests: int
    """Stationary periods long enough."""
    hulls: int
    """Hulls that had one."""
    all_places: tuple[NDArray[np.float64], NDArray[np.float64]]
    """Latitudes and longitudes of all those cells."""


def learn(rests: Array, parameters: LearningParameters) -> Learnt:
    """Return the anchorages that stationary periods (REST), in any order, make."""
    cell = cell_of(rests["lat_e6"], rests["lon_e6"])
    order = np.lexsort((rests["lon_e6"], rests["lat_e6"], rests["time_us"], rests["key"], cell))
    rests, cell = rests[order], cell[order]
    first = np.ones(len(rests), bool)  # a hull's first rest in a cell
    first[1:] = (cell[1:] != cell[:-1]) | (rests["key"][1:] != rests["key"][:-1])
    heads, cell = rests[first], cell[first]
    order = np.lexsort((heads["key"], heads["time_us"], cell))
    heads, cell = heads[order], cell[order]
    starts = (
        np.flatnonzero(np.append(True, cell[1:] != cell[:-1])) if len(cell) else np.empty(0, int)
    )
    counts = np.diff(np.append(starts, len(cell)))
    enough = counts >= parameters.min_hulls
    starts, counts = starts[enough], counts[enough]
    found = [_place(heads[s : s + parameters.min_hulls]) for s in starts.tolist()]
    lat, lon = (np.array([place[k] for place in found], "f8") for k in (0, 1))
    valid_us = np.array([place[2] for place in found], "i8")
    return Learnt(
        anchorages=Anchorages(_named(lat, lon, valid_us, counts, parameters)),
        cells=len(found),
        rests=len(rests),
        hulls=len(np.unique(rests["key"])),
        all_places=(lat, lon),
    )


def _place(heads: Array) -> tuple[float, float, int]:
    """Return the mean place of the first hulls of a cell, and when it is known from."""
    base = int(heads["lon_e6"][0])
    turns = [
        (int(lon) - base + 180 * _MICRO) % (360 * _MICRO) - 180 * _MICRO for lon in heads["lon_e6"]
    ]
    lat = int(heads["lat_e6"].astype("i8").sum()) // len(heads)
    lon = (base + sum(turns) // len(turns) + 180 * _MICRO) % (360 * _MICRO) - 180 * _MICRO
    completed_us = int(heads["time_us"].max())
    return lat / _MICRO, lon / _MICRO, (completed_us // US_PER_DAY + 2) * US_PER_DAY


def _named(
    lat: Array, lon: Array, valid_us: Array, counts: Array, parameters: LearningParameters
) -> pa.Table:
    port, port_m = nearest_port(lat, lon)
    table = ports()
    new = np.flatnonzero(port_m > parameters.duplicate_distance_km * 1e3)
    near = port_m <= parameters.name_distance_km * 1e3
    names, countries = table["name"].tolist(), table["country"].tolist()
    rows = [
        {
            "lat_deg": float(lat[i]),
            "lon_deg": float(lon[i]),
            "name": names[port[i]] if near[i] else _where(float(lat[i]), float(lon[i])),
            "country": countries[port[i]] if near[i] else None,
            "hulls": int(counts[i]),
            "valid_from": int(valid_us[i]),
            "port_distance_m": round(float(port_m[i]), 0),
        }
        for i in new.tolist()
    ]
    columns = {
        field.name: pa.array([row[field.name] for row in rows], pa.int64()).cast(field.type)
        if field.name == "valid_from"
        else pa.array([row[field.name] for row in rows], field.type)
        for field in SCHEMA
    }
    return pa.table(columns, schema=SCHEMA)


def _where(lat: float, lon: float) -> str:
    return f"anchorage {abs(lat):.2f}{'SN'[lat >= 0]} {abs(lon):.2f}{'WE'[lon >= 0]}"


def write_anchorages(path: Path, anchorages: Anchorages) -> None:
    """Write an anchorages file; equal anchorages give equal bytes."""
    pq.write_table(anchorages.table, path, compression="zstd", version="2.6")


def read_anchorages(path: Path) -> Anchorages:
    """Return the anchorages of a file.

    Raises:
        ConfigError: the file cannot be read, or is not what `darkwake ports learn` writes.
    """
    try:
        table = pq.read_table(path)
        table = table.select(SCHEMA.names).cast(SCHEMA)
    except (OSError, pa.ArrowInvalid, KeyError, pa.ArrowNotImplementedError) as error:
        why = clean_text(str(error), limit=200)
        raise ConfigError(f"{path}: is no file of anchorages: {why}") from error
    lat, lon = table["lat_deg"].to_numpy(), table["lon_deg"].to_numpy()
    nulls = sum(table[field.name].null_count for field in SCHEMA if not field.nullable)
    if nulls or not (np.isfinite(lon).all() and (np.abs(lat) <= 90.0).all()):
        raise ConfigError(f"{path}: is no file of anchorages: it holds rows without a place")
    names = [clean_text(name) or "unnamed" for name in table["name"].to_pylist()]
    place = table.schema.get_field_index("name")
    return Anchorages(table.set_column(place, SCHEMA.field("name"), pa.array(names, pa.string())))
