"""How unevenly the work of a cluster divides: parts by number, and cells, from real density.

`python -m benchmarks.skew --fleet FILE --world FILE`: `--fleet` is a day of many vessels, from whom
fixes a vessel are taken (a MarineCadastre day); `--world` is any capture of the whole world, from
which the share of each cell of ten degrees is taken (a satellite provider's minutes). A fleet of
the asked size is drawn with replacement, given random numbers, and divided as the replay does.
Prints JSON lines; `largest_to_mean` is what the slowest part costs more than an even one.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import feeds
from darkwake.archive.layout import NO_CELL, cells_of
from detectors.pipeline import part_of_number

FLEET, SEED = 300_000, 7
"""About as many numbers as a year of global AIS holds."""
PARTS = (8, 64, 512, 2048, 8192)


def fixes_a_vessel(path: Path) -> NDArray[np.int64]:
    """Return how many positions each number of a file sent."""
    numbers = [
        table.filter(table["lat_deg"].is_valid())["mmsi"].to_numpy() for table in feeds.read(path)
    ]
    return np.unique(np.concatenate(numbers), return_counts=True)[1]


def fixes_a_cell(path: Path) -> NDArray[np.int64]:
    """Return how many positions fell into each cell that had any, the fullest first."""
    cells = np.concatenate([cells_of(table) for table in feeds.read(path)])
    return np.sort(np.bincount(cells[cells != NO_CELL]))[::-1]


def main() -> None:
    """Simulate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fleet", type=Path, required=True)
    parser.add_argument("--world", type=Path, required=True)
    parser.add_argument("--vessels", type=int, default=FLEET)
    args = parser.parse_args()
    rng = np.random.default_rng(SEED)
    measured = fixes_a_vessel(args.fleet)
    drawn = rng.choice(measured, args.vessels)
    mmsi = rng.choice(np.arange(201_000_000, 775_999_999), args.vessels, replace=False)
    for parts in PARTS:
        loads = np.bincount(part_of_number(mmsi, parts), weights=drawn, minlength=parts)
        say(
            by="number",
            parts=parts,
            vessels=args.vessels,
            measured_vessels=len(measured),
            largest_to_mean=round(float(loads.max() / loads.mean()), 3),
            smallest_to_mean=round(float(loads.min() / loads.mean()), 3),
        )
    cells = fixes_a_cell(args.world)
    cells = cells[cells > 0]
    share = np.cumsum(cells) / cells.sum()
    say(
        by="cell",
        cells=len(cells),
        positions=int(cells.sum()),
        largest_to_mean=round(float(cells[0] / cells.mean()), 2),
        share_of_the_fullest=round(float(share[0]), 3),
        share_of_the_ten_fullest=round(float(share[min(9, len(share) - 1)]), 3),
    )


def say(**values: object) -> None:
    """Print one JSON line."""
    print(json.dumps({"benchmark": "skew", **values}), flush=True)


if __name__ == "__main__":
    main()
