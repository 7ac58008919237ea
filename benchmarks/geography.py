"""Distance to shore and nearest port: points a second, ours against the usual trees.

`uv run --group bench python -m benchmarks.geography [--points 1000000] [--runs 3]` prints JSON
lines: median seconds after one warm-up call, points a second of processor time on one core, and how
far each answer lies from the WGS84 geodesic (largest error over a sample). Peers get a share of the
points; they are slower.

The peers answer an easier question: shapely's STRtree measures in degrees on a plane, and
scikit-learn's BallTree knows only the coast's vertices on a sphere, and no land.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from vessels.geography import distance_to_shore_m, land_polygons, on_land
from vessels.ports import nearest_port, ports
from vessels.units import EARTH_RADIUS_M

Floats = NDArray[np.float64]
Measure = Callable[[Floats, Floats], Floats]
GEOD = pyproj.Geod(ellps="WGS84")
SAMPLE = 200
"""Points whose error is measured by brute force."""


def random_points(count: int) -> tuple[Floats, Floats]:
    """Return points spread evenly over the sea."""
    rng = np.random.default_rng(7)
    lat = np.degrees(np.arcsin(rng.uniform(-1.0, 1.0, 2 * count)))
    lon = rng.uniform(-180.0, 180.0, 2 * count)
    sea = np.flatnonzero(~on_land(lat, lon))[:count]
    return lat[sea], lon[sea]


def track_points(count: int) -> tuple[Floats, Floats]:
    """Return slow tracks of 1,000 fixes each, as AIS data hold them."""
    rng = np.random.default_rng(8)
    tracks = count // 1000
    lat0, lon0 = random_points(tracks)
    steps = np.cumsum(rng.normal(0.0, 0.002, (2, tracks, 1000)), axis=2)
    return (
        np.clip(lat0[:, None] + steps[0], -90.0, 90.0).ravel(),
        (lon0[:, None] + steps[1]).ravel(),
    )


def coast_points(spacing_deg: float) -> tuple[Floats, Floats]:
    """Return points of the 1:10m coast, without the cuts at 180 degrees and the pole.

    No two neighbours lie farther apart than the spacing; a wide one leaves the vertices alone.
    """
    rings = shapely.boundary(land_polygons("10m").to_numpy())
    xy = shapely.get_coordinates(shapely.segmentize(rings, spacing_deg))
    shore = (np.abs(xy[:, 0]) < 180.0) & (xy[:, 1] > -90.0)
    return xy[shore, 1], xy[shore, 0]


def str_tree() -> Measure:
    """Nearest polygon on the plane, then the geodesic to the planar nearest point."""
    polygons = land_polygons("10m").to_numpy()
    tree = shapely.STRtree(polygons)

    def measure(lat: Floats, lon: Floats) -> Floats:
        points = shapely.points(lon, lat)
        lines = shapely.shortest_line(points, polygons[tree.nearest(points)])
        ends = shapely.get_coordinates(lines)[1::2]
        return np.asarray(GEOD.inv(lon, lat, ends[:, 0], ends[:, 1])[2])

    return measure


def ball_tree(lat: Floats, lon: Floats) -> Measure:
    """Nearest of some places with scikit-learn's BallTree, on the haversine metric."""
    from sklearn.neighbors import BallTree  # noqa: PLC0415 - a peer

    tree = BallTree(np.radians(np.column_stack([lat, lon])), metric="haversine")

    def measure(lat: Floats, lon: Floats) -> Floats:
        distance, _ = tree.query(np.radians(np.column_stack([lat, lon])))
        return np.asarray(distance[:, 0] * EARTH_RADIUS_M)

    return measure


def brute_force(places_lat: Floats, places_lon: Floats, lat: Floats, lon: Floats) -> Floats:
    """Return geodesic distances to the nearest of the places, one point after another."""
    out = np.empty(len(lat))
    for i in range(len(lat)):
        half_phi = np.radians(places_lat - lat[i]) / 2.0
        half_lam = np.radians(places_lon - lon[i]) / 2.0
        cosines = np.cos(np.radians(places_lat)) * np.cos(np.radians(lat[i]))
        square = np.sin(half_phi) ** 2 + cosines * np.sin(half_lam) ** 2
        near = np.flatnonzero(square <= square.min() * 1.03 + 1e-12)
        start = np.full(len(near), lon[i]), np.full(len(near), lat[i])
        out[i] = np.min(GEOD.inv(*start, places_lon[near], places_lat[near])[2])
    return out


def report(
    name: str, measure: Measure, points: tuple[Floats, Floats], truth_m: Floats, runs: int
) -> None:
    """Print one JSON line for a tool on some points; the first ones have a known truth."""
    measure(points[0][:1000], points[1][:1000])
    seconds, cpu_seconds = [], []
    for _ in range(runs):
        start, cpu_start = time.perf_counter(), time.process_time()
        found_m = measure(*points)
        seconds.append(time.perf_counter() - start)
        cpu_seconds.append(time.process_time() - cpu_start)
    cpu_s = statistics.median(cpu_seconds)
    error_m = np.abs(found_m[: len(truth_m)] - truth_m)
    print(
        json.dumps(
            {
                "benchmark": name,
                "points": len(points[0]),
                "median_s": round(statistics.median(seconds), 4),
                "points_per_core_s": round(len(points[0]) / cpu_s),
                "largest_error_m": round(float(error_m.max()), 1) if len(truth_m) else None,
            }
        ),
        flush=True,
    )


def main() -> None:
    """Run all tools on the same points."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    points = random_points(options.points)
    share = points[0][: options.points // 20], points[1][: options.points // 20]
    tracks = track_points(options.points)
    sample = points[0][:SAMPLE], points[1][:SAMPLE]
    nothing = np.empty(0)

    coast = coast_points(360.0)
    to_shore = brute_force(*coast_points(0.005), *sample)
    report("shore/darkwake", distance_to_shore_m, points, to_shore, options.runs)
    report("shore/darkwake, tracks", distance_to_shore_m, tracks, nothing, options.runs)
    report("shore/scikit-learn BallTree", ball_tree(*coast), share, to_shore, 1)
    few = share[0][: len(share[0]) // 10], share[1][: len(share[1]) // 10]
    report("shore/shapely STRtree", str_tree(), few, to_shore[: len(few[0])], 1)

    places = ports()["lat_deg"].to_numpy(), ports()["lon_deg"].to_numpy()
    to_port = brute_force(*places, *sample)
    report("port/darkwake", lambda *p: nearest_port(*p)[1], points, to_port, options.runs)
    report("port/darkwake, tracks", lambda *p: nearest_port(*p)[1], tracks, nothing, options.runs)
    report("port/scikit-learn BallTree", ball_tree(*places), share, to_port, 1)


if __name__ == "__main__":
    main()
