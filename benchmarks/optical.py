"""Ships in real Sentinel-2 pictures of two ports, against boxes drawn by people.

`uv run --no-sync python -m benchmarks.optical --data FOLDER` prints JSON lines: precision and
recall at the default score, by score, and of each scene at the score that suits the OTHER scene
best, which shows how much of the figure is tuning. A detection is right when its centre lies in a
box, or within --slack pixels of one; a second one in the same box is neither right nor wrong.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from imagery.opening import open_image
from imagery.optical import LEAST_SCORE
from imagery.ships import find_ships

Box = tuple[float, float, float, float]
SCENES = ("casablanca", "honolulu")


def read_boxes(folder: Path, name: str) -> list[Box]:
    """Return boxes as (column, row, width, height)."""
    notes = json.loads((folder / f"{name}_coco.json").read_text())["annotations"]
    return [tuple(note["bbox"]) for note in notes]


def count(ships: pa.Table, boxes: list[Box], slack: float, least: float) -> tuple[int, int, int]:
    """Return boxes found, detections outside any box, boxes."""
    found: set[int] = set()
    wrong = 0
    for row, column, score in zip(
        *(ships[name].to_pylist() for name in ("row", "col", "score")), strict=True
    ):
        if score < least:
            continue
        inside = [
            i
            for i, (x, y, w, h) in enumerate(boxes)
            if x - slack <= column + 0.5 <= x + w + slack
            and y - slack <= row + 0.5 <= y + h + slack
        ]
        fresh = [i for i in inside if i not in found]
        if fresh:
            found.add(fresh[0])
        elif not inside:
            wrong += 1
    return len(found), wrong, len(boxes)


def rates(ships: pa.Table, boxes: list[Box], slack: float, least: float) -> dict[str, float]:
    """Return precision, recall and F1."""
    found, wrong, total = count(ships, boxes, slack, least)
    precision = found / (found + wrong) if found + wrong else 0.0
    recall = found / total
    both = 2.0 * precision * recall / (precision + recall) if found else 0.0
    return {
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "f1": round(both, 3),
        "found": found,
        "wrong": wrong,
        "boxes": total,
    }


def main() -> None:
    """Run both scenes with all bands, and with the colour picture alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with sen2ships_*")
    parser.add_argument("--slack", type=float, default=1.0, help="pixels around a box")
    options = parser.parse_args()
    for kind in ("bands", "rgb"):
        ships, boxes = {}, {}
        for name in SCENES:
            folder = options.data / f"sen2ships_{name}"
            files = sorted(folder.glob("*_Raw.tiff" if kind == "bands" else "*_rgb.tiff"))
            cpu = time.process_time()
            ships[name] = find_ships(open_image(files))
            cpu = time.process_time() - cpu
            boxes[name] = read_boxes(folder, name)
            at_default = rates(ships[name], boxes[name], options.slack, LEAST_SCORE)
            print(
                json.dumps(
                    {"scene": name, "input": kind, "score": LEAST_SCORE, **at_default}
                    | {"cpu_s": round(cpu, 2)}
                ),
                flush=True,
            )
        for name, other in (SCENES, SCENES[::-1]):
            trials = np.arange(0.05, 1.0, 0.05)
            best = max(
                trials, key=lambda s: rates(ships[other], boxes[other], options.slack, s)["f1"]
            )
            there = rates(ships[name], boxes[name], options.slack, float(best))
            print(
                json.dumps(
                    {"scene": name, "input": kind, "score_tuned_on": other}
                    | {"score": round(float(best), 2), **there}
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
