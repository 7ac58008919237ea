"""Radar detection: pixels a second and false alarms, ours against the usual ways.

`uv run --no-sync python -m benchmarks.cfar [--scene-rows 16685 --scene-columns 25788] [--runs 3]`
prints JSON lines. All see the same clutter in the same run: independent K-distributed amplitude,
texture shape 4, 4.4 looks, with ships. Per tool: median wall and processor seconds after a warm-up,
megapixels a second, growth of peak memory, measured over nominal false-alarm rate where the tool
has a nominal one. Peers answer an easier question: one polarisation, a fixed Gaussian threshold, no
masks, no growing of ships, and get a share of the pixels where they are slow.
"""

import argparse
import contextlib
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from scipy import ndimage

from imagery.cfar import IW_GRDH_LOOKS, Ring, find_hits, multipliers
from imagery.geometry import AffineGeometry
from imagery.image import ArrayBand, Image
from imagery.ships import find_ships
from imagery.simulate import Ship, radar_scene

Pixels = NDArray[np.uint16]
RATE = 1e-5
SIGMAS = 4.265
"""Standard deviations that a normal variable exceeds with the rate."""
OUTER, GUARD = 81, 51
RING = Ring(OUTER // 2, GUARD // 2)
CHIP = 2048
TRANSFORM = Affine(10, 0, 300_000, 0, -10, 200_000)


def clutter(rows: int, columns: int, texture: float = 4.0, seed: int = 1) -> Pixels:
    """Return K-distributed amplitude; a tile repeated, for noise is what takes the time."""
    rng = np.random.default_rng(seed)
    side = min(rows, 3000), min(columns, 3000)
    power = rng.gamma(IW_GRDH_LOOKS, 1.0 / IW_GRDH_LOOKS, side)
    if np.isfinite(texture):
        power *= rng.gamma(texture, 1.0 / texture, side)
    tile = np.clip(np.rint(np.sqrt(power) * 200.0), 1, 65535).astype(np.uint16)
    out = np.empty((rows, columns), np.uint16)
    for top in range(0, rows, side[0]):
        for left in range(0, columns, side[1]):
            part = out[top : top + side[0], left : left + side[1]]
            part[:] = tile[: part.shape[0], : part.shape[1]]
    return out


def uniform_filter(pixels: Pixels) -> NDArray[np.bool_]:
    """Return the hits of scipy box means: the usual fast CFAR, mean + n sigma of the ring."""
    values = pixels.astype(np.float32)
    squares = values**2
    inner, outer = GUARD**2, OUTER**2
    means = []
    for field in (values, squares):
        wide = ndimage.uniform_filter(field, OUTER, mode="constant")
        narrow = ndimage.uniform_filter(field, GUARD, mode="constant")
        means.append((wide * outer - narrow * inner) / (outer - inner))
    spread = np.sqrt(np.maximum(means[1] - means[0] ** 2, 0.0))
    return np.asarray(values > means[0] + SIGMAS * spread)


def brute_force(pixels: Pixels) -> NDArray[np.bool_]:
    """Return the hits of a window summed anew for each pixel, in numpy; edges are left out."""
    half, hole = OUTER // 2, GUARD // 2
    keep = np.ones((OUTER, OUTER), np.bool_)
    keep[half - hole : half + hole + 1, half - hole : half + hole + 1] = False
    out = np.zeros(pixels.shape, np.bool_)
    values = pixels.astype(np.float64)
    for row in range(half, pixels.shape[0] - half):
        for column in range(half, pixels.shape[1] - half):
            box = values[row - half : row + half + 1, column - half : column + half + 1][keep]
            out[row, column] = values[row, column] > box.mean() + SIGMAS * box.std()
    return out


def measure(name: str, work: Callable[[], object], pixels: int, runs: int, **more: object) -> None:
    """Print a JSON line of one tool."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = [], []
    for _ in range(runs):
        start, cpu_start = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = statistics.median(wall)
    print(
        json.dumps(
            {
                "benchmark": name,
                "megapixels": round(pixels / 1e6, 2),
                "median_s": round(seconds, 4),
                "cpu_s": round(statistics.median(cpu), 4),
                "megapixels_per_s": round(pixels / 1e6 / seconds, 3),
                "peak_memory_mb": round(peak / 1024),
                "peak_growth_mb": round((peak - before) / 1024),
                **more,
            }
        ),
        flush=True,
    )


def from_files(scene: Pixels, bands: int) -> None:
    """Print time and memory of the command on a scene in files, in a process of its own.

    The time holds start-up and reading; memory is the process's, which never held the scene twice.
    """
    rows, columns = scene.shape
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / f"scene_{name}.tif") for name in ("VV", "VH")[:bands]]
        for file, turn in zip(files, (1, -1), strict=False):
            with rasterio.open(
                file,
                "w",
                driver="GTiff",
                height=rows,
                width=columns,
                count=1,
                dtype="uint16",
                crs=CRS.from_epsg(32631),
                transform=TRANSFORM,
                tiled=True,
            ) as out:
                out.write(scene[::turn], 1)  # one polarisation's noise is not the other's
        start = time.perf_counter()
        command = [sys.executable, "-m", "darkwake", "tiles", "--json", "--image", *files]
        output = Path(folder) / "ships.json"
        peak = cpu = 0.0
        with output.open("wb") as out, psutil.Popen(command, stdout=out) as child:
            while child.poll() is None:
                with contextlib.suppress(psutil.Error):
                    peak = max(peak, child.memory_info().rss)
                    cpu = sum(child.cpu_times()[:2])
                time.sleep(0.02)
        seconds = time.perf_counter() - start
        found = json.loads(output.read_text())["features"]
    line = {"benchmark": "scene/command, from files", "bands": bands, "found": len(found)}
    line |= {
        "wall_s": round(seconds, 2),
        "cpu_s": round(cpu, 2),
        "peak_memory_mb": round(peak / 2**20),
    }
    print(json.dumps(line), flush=True)


def at_sea(bands: dict[str, Pixels]) -> Image:
    """Return arrays as an image in the Gulf of Guinea."""
    shape = next(iter(bands.values())).shape
    return Image(
        sensor="s1",
        bands={name: ArrayBand(values) for name, values in bands.items()},
        shape=(shape[0], shape[1]),
        geometry=AffineGeometry(CRS.from_epsg(32631), TRANSFORM),
        pixel_m=10.0,
    )


def false_alarms() -> None:
    """Print measured over nominal rates on blank clutter."""
    for texture in (0.5, 1.0, 4.0, np.inf):
        for rate in (1e-3, 1e-4, 1e-5, 1e-6):
            found = tried = 0
            for seed in range(1 if rate > 1e-6 else 12):
                pixels = clutter(3000, 3000, texture, seed)
                found += len(find_hits(pixels, RING, multipliers(rate, IW_GRDH_LOOKS)))
                tried += pixels.size
            line = {"benchmark": "false alarms", "shape": str(texture), "nominal": rate}
            ratio = round(found / tried / rate, 3)
            print(json.dumps({**line, "measured_over_nominal": ratio}), flush=True)


def ships_found(scenes: int) -> None:
    """Print recall and false detections of simulated ships, by length."""
    rng = np.random.default_rng(5)
    for length in (15, 20, 25, 30, 40):
        hit = total = wrong = 0
        for seed in range(scenes):
            ships = [
                Ship(r + rng.uniform(-3, 3), c + rng.uniform(-3, 3), length, rng.uniform(0, 180))
                for r in range(120, 1200, 180)
                for c in range(120, 1200, 180)
            ]
            table = find_ships(at_sea(radar_scene((1280, 1280), ships, seed=seed)))
            row, column = table["row"].to_numpy(), table["col"].to_numpy()
            near = [np.hypot(row - s.row, column - s.column).min(initial=9e9) <= 5.0 for s in ships]
            hit, total = hit + sum(near), total + len(ships)
            wrong += max(table.num_rows - sum(near), 0)
        area = scenes * (1280 * 0.01) ** 2
        line = {"benchmark": "ships, two polarisations, calm", "length_m": length, "ships": total}
        line |= {
            "recall": round(hit / total, 3),
            "false_in_10000_km2": round(wrong / area * 1e4, 1),
        }
        print(json.dumps(line), flush=True)


def whole_scene(rows: int, columns: int, runs: int) -> None:
    """Measure a scene in memory, and the command on it in files."""
    scene = clutter(rows, columns)
    limit = multipliers(RATE, IW_GRDH_LOOKS)
    measure("scene/darkwake scan", lambda: find_hits(scene, RING, limit), scene.size, runs)
    image = at_sea({"vv": scene})
    measure("scene/darkwake find_ships", lambda: find_ships(image), scene.size, runs)
    from_files(scene, 2)


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene-rows", type=int, default=16_685)
    parser.add_argument("--scene-columns", type=int, default=25_788)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ship-scenes", type=int, default=4)
    options = parser.parse_args()
    limit = multipliers(RATE, IW_GRDH_LOOKS)
    find_hits(clutter(300, 300), RING, limit)  # compiled, or loaded, before the clock runs
    small = at_sea({"vv": clutter(512, 512)})
    find_ships(small)

    chip = clutter(CHIP, CHIP)
    nominal = chip.size * RATE
    measure(
        "chip/darkwake scan",
        lambda: find_hits(chip, RING, limit),
        chip.size,
        options.runs * 3,
        measured_over_nominal=round(len(find_hits(chip, RING, limit)) / nominal, 2),
    )
    one = at_sea({"vv": chip})
    find_ships(one)
    measure("chip/darkwake find_ships", lambda: find_ships(one), chip.size, options.runs * 3)
    two = at_sea({"vv": chip, "vh": clutter(CHIP, CHIP, seed=2)})
    find_ships(two)
    measure(
        "chip/darkwake find_ships, two bands", lambda: find_ships(two), chip.size, options.runs * 3
    )
    measure(
        "chip/scipy uniform_filter",
        lambda: uniform_filter(chip),
        chip.size,
        options.runs,
        measured_over_nominal=round(int(uniform_filter(chip)[41:-41, 41:-41].sum()) / nominal, 2),
    )
    piece = chip[:180, :180]
    tested = (180 - OUTER + 1) ** 2
    measure("chip/brute-force window", lambda: brute_force(piece), tested, 1)

    whole_scene(options.scene_rows, options.scene_columns, options.runs)
    false_alarms()
    ships_found(options.ship_scenes)


if __name__ == "__main__":
    main()
