"""Ships in real Sentinel-2 pictures of two ports, against boxes drawn by people.

`uv run --no-sync python -m benchmarks.optical --data FOLDER` prints JSON lines: precision and
recall at the default score, by score, and of each scene at the score that suits the OTHER scene
best, which shows how much of the figure is tuning. A detection is right when its centre lies in a
box, or within --slack pixels of one; a second one in the same box is neither right nor wrong.
`--fit` fits the weights of `imagery.berths` instead: on each scene alone, tried on the other with
the score that suits the first, and on both together.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from imagery.opening import open_image
from imagery.optical import LEAST_SCORE, find_candidates
from imagery.ships import find_ships

Floats = NDArray[np.float64]
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


def fit(data: Path, slack: float) -> None:
    """Print weights of the berths, fitted on each scene and tried on the other, and on both."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - slow to import

    tables, features, right, boxes = {}, {}, {}, {}
    for name in SCENES:
        folder = data / f"sen2ships_{name}"
        boxes[name] = read_boxes(folder, name)
        found = find_candidates(open_image(sorted(folder.glob("*_Raw.tiff"))))
        at = {
            "row": np.array([ship.row for ship, _ in found]),
            "col": np.array([ship.column for ship, _ in found]),
        }
        tables[name] = at | {"score": np.array([ship.score for ship, _ in found])}
        alongside = np.array([berth is not None for _, berth in found])
        features[name] = alongside, np.array([b.features for _, b in found if b is not None])
        inside = [
            any(
                x - slack <= c + 0.5 <= x + w + slack and y - slack <= r + 0.5 <= y + h + slack
                for x, y, w, h in boxes[name]
            )
            for r, c in zip(at["row"], at["col"], strict=True)
        ]
        right[name] = np.array(inside)[alongside]

    def at_score(name: str, weights: Floats, least: float) -> dict[str, float]:
        alongside, values = features[name]
        score = tables[name]["score"].copy()
        score[alongside] = 1.0 / (1.0 + np.exp(-(values @ weights[:3] + weights[3])))
        return rates(pa.table(tables[name] | {"score": score}), boxes[name], slack, least)

    for names in ((SCENES[0],), (SCENES[1],), SCENES):
        values = np.vstack([features[name][1] for name in names])
        truth = np.concatenate([right[name] for name in names])
        middle, spread = values.mean(axis=0), values.std(axis=0)
        model = LogisticRegression().fit((values - middle) / spread, truth)
        slopes = model.coef_[0] / spread
        weights = np.append(slopes, float(model.intercept_[0]) - slopes @ middle)
        best = float(
            max(
                np.arange(0.1, 0.9, 0.02),
                key=lambda s: sum(at_score(n, weights, float(s))["f1"] for n in names),
            )
        )
        line = {"fitted_on": names, "places": truth.size, "in_boxes": int(truth.sum())}
        line |= {"weights": [round(float(w), 2) for w in weights], "score": round(best, 2)}
        print(json.dumps(line | {n: at_score(n, weights, best) for n in SCENES}), flush=True)


def main() -> None:
    """Run both scenes with all bands, and with the colour picture alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with sen2ships_*")
    parser.add_argument("--slack", type=float, default=1.0, help="pixels around a box")
    parser.add_argument("--fit", action="store_true", help="fit the weights of berths")
    options = parser.parse_args()
    if options.fit:
        fit(options.data, options.slack)
        return
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
