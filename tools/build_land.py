"""Builds vessels/data/land-*.parquet from the npm package world-atlas (Natural Earth land).

Run it with `uv run python -m tools.build_land`. It needs npm and the network; the house itself
never does. The TopoJSON rings are stitched over 180 degrees (three Fiji polygons, Eurasia and
Wrangel Island span 360 degrees as they stand, and Antarctica encloses the pole), so each ring is
unrolled, closed over the pole where it goes round the world, and cut at 180 degrees.
"""

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

PACKAGE = "world-atlas@2.0.2"
SCALES = ("10m", "110m")
UNITS_PER_DEGREE = 10_000
DATA = Path(__file__).resolve().parent.parent / "vessels" / "data"


def fetch(folder: Path) -> Path:
    """Download the package and return the folder that it unpacks to."""
    command = ["npm", "pack", "--silent", PACKAGE]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (archive,) = folder.glob("world-atlas-*.tgz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "package"


def decode_polygons(topology: dict[str, Any]) -> list[list[NDArray[np.float64]]]:
    """Return the land polygons as lists of closed (lon, lat) rings, as stitched in the file."""
    scale = np.array(topology["transform"]["scale"])
    shift = np.array(topology["transform"]["translate"])
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]
    polygons = []
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            rings = []
            for ring in polygon:
                parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in ring]
                rings.append(np.vstack([parts[0], *(part[1:] for part in parts[1:])]))
            polygons.append(rings)
    return polygons


def unroll(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ring with continuous longitudes, closed over the pole if it goes round it."""
    lon, lat = ring[:, 0], ring[:, 1]
    turns = np.concatenate([[0], np.cumsum(-np.round(np.diff(lon) / 360.0))])
    lon = lon + 360.0 * turns
    if turns[-1] == 0:
        return np.column_stack([lon, lat])
    pole = -90.0 if lat.mean() < 0 else 90.0
    corners = [[lon[-1], pole], [lon[0], pole], [lon[0], lat[0]]]
    return np.vstack([np.column_stack([lon, lat]), corners])


def cut(rings: list[NDArray[np.float64]]) -> list[shapely.Polygon]:
    """Return the polygon as parts that lie within [-180, 180]."""
    shell, *holes = [unroll(ring) for ring in rings]
    for hole in holes:  # an unrolled shell may lie a turn away from its holes
        hole[:, 0] += 360.0 * np.round((np.median(shell[:, 0]) - np.median(hole[:, 0])) / 360.0)
    shape = shapely.make_valid(shapely.Polygon(shell, holes))
    west, _, east, _ = shape.bounds
    if west >= -180.0 and east <= 180.0:
        return polygons_of(shape)
    parts = []
    for turn in range(int((west + 180.0) // 360.0), int((east + 180.0) // 360.0) + 1):
        window = shapely.box(-180.0 + 360.0 * turn, -90.0, 180.0 + 360.0 * turn, 90.0)
        piece = shapely.intersection(shape, window)
        parts += polygons_of(shapely.transform(piece, lambda xy, t=turn: xy - [360.0 * t, 0.0]))
    return parts


def polygons_of(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """Return the polygons of a geometry, nested ones too; lines and points are left out."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return [part for part in parts if part.geom_type == "Polygon" and part.area]


def without_fillers(parts: list[shapely.Polygon]) -> list[shapely.Polygon]:
    """Return the polygons without those that fill another's hole: the Caspian Sea is no land."""
    holes = [shapely.Polygon(ring) for part in parts for ring in part.interiors]
    fillers = {
        number
        for hole in holes
        for number, part in enumerate(parts)
        if 0.9 < part.area / hole.area < 1.1 and part.intersects(hole.buffer(-0.01))
    }
    return [part for number, part in enumerate(parts) if number not in fillers]


def to_grid(parts: list[shapely.Polygon]) -> list[shapely.Polygon]:
    """Return the polygons on the stored grid, valid, and none overlapping another."""
    return polygons_of(shapely.union_all(parts, grid_size=1.0 / UNITS_PER_DEGREE))


def write(parts: list[shapely.Polygon], path: Path) -> None:
    """Write one row a vertex; `starts` is 2 where a polygon begins, 1 for a hole, else 0."""
    columns: dict[str, list[NDArray[np.int32]]] = {"lon": [], "lat": [], "starts": []}
    for part in parts:
        rings = [part.exterior, *part.interiors]
        for number, ring in enumerate(rings):
            units = np.round(shapely.get_coordinates(ring)[:-1] * UNITS_PER_DEGREE).astype(np.int32)
            starts = np.zeros(len(units), np.int32)
            starts[0] = 2 if number == 0 else 1
            columns["lon"].append(units[:, 0])
            columns["lat"].append(units[:, 1])
            columns["starts"].append(starts)
    table = pa.table(
        {
            "lon_e4": pa.array(np.concatenate(columns["lon"])),
            "lat_e4": pa.array(np.concatenate(columns["lat"])),
            "starts": pa.array(np.concatenate(columns["starts"]).astype(np.int8)),
        }
    )
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=["starts"],
        column_encoding={"lon_e4": "DELTA_BINARY_PACKED", "lat_e4": "DELTA_BINARY_PACKED"},
        row_group_size=len(table),
        store_schema=False,
    )
    print(path.name, len(parts), "polygons", len(table), "vertices", path.stat().st_size, "bytes")


def main() -> None:
    """Fetch, cut and write both scales, and the licence of the package."""
    with tempfile.TemporaryDirectory() as temporary:
        package = fetch(Path(temporary))
        for scale in SCALES:
            topology = json.loads((package / f"land-{scale}.json").read_text())
            parts = [part for rings in decode_polygons(topology) for part in cut(rings)]
            write(to_grid(without_fillers(parts)), DATA / f"land-{scale}.parquet")
        licence = (package / "LICENSE").read_text()
        (DATA / "LICENSE.world-atlas.txt").write_text(licence)


if __name__ == "__main__":
    main()
