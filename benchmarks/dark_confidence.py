"""Is the confidence of a dark period a probability? The protocol of docs/dark-confidence.md, run.

`python -m benchmarks.dark_confidence TRACKS [--replicates 60] [--fit] [--diagram FILE.png]` prints
JSON lines. `--fit` also fits the model to the vessels of the fit part and prints the coefficients
that detectors/dark_confidence.py holds.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from benchmarks.dark_confidence_arms import (
    Case,
    load_donors,
    load_orbcomm,
    load_suez,
    most,
    orbcomm_cases,
    suez_cases,
)
from detectors.dark_confidence import SIGNS
from vessels.fixes import Array

RIDGE = 0.01
BINS = 10
BOOTSTRAPS = 1_000
HARDER = "masked after thinning"


def collect(tracks: Path, replicates: int) -> list[Case]:
    """Return the cases of all replicates, capped by vessel and arm."""
    fleet, donors, suez = load_orbcomm(tracks), load_donors(tracks), load_suez(tracks)
    cases: list[Case] = []
    for replicate in range(replicates):
        cases += orbcomm_cases(fleet, donors, replicate)
        if replicate <= replicates // 3:
            cases += suez_cases(suez, replicate)
    return most(cases)


def weights(cases: list[Case], times: Array | None = None) -> Array:
    """Return weights: in each world truth 0 and 1 weigh the same, and both worlds the same."""
    groups = [(case.world, case.truth) for case in cases]
    base = np.ones(len(cases)) if times is None else times.astype("f8")
    totals: Counter[tuple[str, int]] = Counter()
    for group, weight in zip(groups, base, strict=True):
        totals[group] += weight
    wide = np.array([totals[group] for group in groups])
    return np.where(wide > 0, base / np.maximum(wide, 1e-12), 0.0) / len(totals)


def fit(cases: list[Case]) -> tuple[float, dict[str, float]]:
    """Return intercept and coefficients: ridge logistic regression with signs kept."""
    names = list(SIGNS)
    x = np.array([[case.columns[name] for name in names] for case in cases])
    y = np.array([case.truth for case in cases], "f8")
    w = weights(cases)
    scale = np.maximum(x.std(axis=0), 1e-9)

    def loss(b: Array) -> tuple[float, Array]:
        z = b[0] + (x / scale) @ b[1:]
        p = 1.0 / (1.0 + np.exp(-z))
        value = float(np.sum(w * (np.logaddexp(0.0, z) - y * z)) + RIDGE * np.sum(b[1:] ** 2))
        slope = np.append(np.sum(w * (p - y)), (x / scale).T @ (w * (p - y)) + 2 * RIDGE * b[1:])
        return value, slope

    bounds: list[tuple[float | None, float | None]] = [(None, None)]
    bounds += [(0.0, None) if SIGNS[name] > 0 else (None, 0.0) for name in names]
    best = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B", bounds=bounds)
    found = dict(zip(names, (best.x[1:] / scale).tolist(), strict=True))
    return float(best.x[0]), {name: round(value, 3) for name, value in found.items()}


def auc(score: Array, truth: Array, weight: Array) -> float:
    """Return the area under the ROC curve: P(a 1 scores higher than a 0), ties half."""
    ones, zeros = truth == 1, truth == 0
    order = np.argsort(score[zeros], kind="stable")
    sorted_zeros = score[zeros][order]
    below = np.append(0.0, np.cumsum(weight[zeros][order]))
    left = below[np.searchsorted(sorted_zeros, score[ones], "left")]
    right = below[np.searchsorted(sorted_zeros, score[ones], "right")]
    total = weight[ones].sum() * below[-1]
    return float(np.sum(weight[ones] * (left + right) / 2.0) / total) if total > 0 else float("nan")


def brier(score: Array, truth: Array, weight: Array) -> float:
    """Return the weighted mean squared error."""
    return float(np.sum(weight * (score - truth) ** 2) / weight.sum())


def reliability(score: Array, truth: Array, weight: Array) -> list[dict[str, float]]:
    """Return what was said and what was so, in ten bins of equal width."""
    which = np.minimum((score * BINS).astype(int), BINS - 1)
    rows = []
    for one in range(BINS):
        mine = which == one
        total = weight[mine].sum()
        if total > 0:
            rows.append(
                {
                    "from": one / BINS,
                    "cases": int(mine.sum()),
                    "weight": float(total / weight.sum()),
                    "said": float(np.sum(weight[mine] * score[mine]) / total),
                    "so": float(np.sum(weight[mine] * truth[mine]) / total),
                }
            )
    return rows


def calibration_error(score: Array, truth: Array, weight: Array) -> float:
    """Return the expected calibration error over the bins of `reliability`."""
    rows = reliability(score, truth, weight)
    return float(sum(row["weight"] * abs(row["said"] - row["so"]) for row in rows))


def measures(cases: list[Case], times: Array | None = None) -> dict[str, float]:
    """Return the measures of the confidence and the AUC of both baselines."""
    score = np.array([case.confidence for case in cases])
    truth = np.array([case.truth for case in cases])
    weight = weights(cases, times)
    welch = np.array([float(bool(case.welch)) for case in cases])
    hours = np.array([case.hours for case in cases])
    return {
        "auc": auc(score, truth, weight),
        "brier": brier(score, truth, weight),
        "ece": calibration_error(score, truth, weight),
        "auc_welch": auc(welch, truth, weight),
        "auc_duration": auc(hours, truth, weight),
    }


def intervals(cases: list[Case], seed: int = 1) -> dict[str, list[float]]:
    """Return 95 % intervals of the measures, from bootstraps over vessels."""
    rng = np.random.default_rng(seed)
    vessels, place = np.unique([case.vessel for case in cases], return_inverse=True)
    drawn: dict[str, list[float]] = {}
    for _ in range(BOOTSTRAPS):
        times = np.bincount(rng.integers(0, len(vessels), len(vessels)), minlength=len(vessels))
        for name, value in measures(cases, times[place]).items():
            drawn.setdefault(name, []).append(value)
    ends = {name: np.nanpercentile(values, [2.5, 97.5]) for name, values in drawn.items()}
    return {name: [round(float(v), 3) for v in pair] for name, pair in ends.items()}


def told(name: str, cases: list[Case]) -> dict[str, Any]:
    """Return one line: counts, measures, intervals."""
    return {
        "benchmark": "dark_confidence",
        "cases": name,
        "silences": len(cases),
        "vessels": len({case.vessel for case in cases}),
        "truth_1": sum(case.truth for case in cases),
        "arms": dict(sorted(Counter(case.arm for case in cases).items())),
        "welch_unknown": sum(case.welch is None for case in cases),
        **{key: round(value, 3) for key, value in measures(cases).items()},
        "intervals_95": intervals(cases),
    }


def draw(cases: list[Case], path: Path) -> None:
    """Draw the reliability diagram of the cases."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - only where a picture is asked for

    score = np.array([case.confidence for case in cases])
    truth = np.array([case.truth for case in cases])
    rows = reliability(score, truth, weights(cases))
    figure = Figure(figsize=(4.2, 4.0), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#8a8a8a", linewidth=0.8)
    sizes = [20 + 400 * row["weight"] for row in rows]
    axes.scatter([r["said"] for r in rows], [r["so"] for r in rows], s=sizes, color="#2b5876")
    axes.set(xlabel="confidence said", ylabel="share so", xlim=(0, 1), ylim=(-0.02, 1.02))
    figure.savefig(path, dpi=110, metadata={"Software": None})


def main() -> None:
    """Run the protocol and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tracks", type=Path, help="the folder of real tracks")
    parser.add_argument("--replicates", type=int, default=60)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--diagram", type=Path)
    args = parser.parse_args()
    cases = collect(args.tracks, args.replicates)
    scored = [case for case in cases if case.arm != HARDER]
    if args.fit:
        used = [case for case in scored if case.part == "fit"]
        intercept, coefficients = fit(used)
        line = {"fit": len(used), "intercept": round(intercept, 3), "coefficients": coefficients}
        print(json.dumps(line))
    for part in ("fit", "test"):
        print(json.dumps(told(part, [case for case in scored if case.part == part])))
    test = [case for case in scored if case.part == "test"]
    for world in ("orbcomm", "suez"):
        print(json.dumps(told(f"test, {world}", [case for case in test if case.world == world])))
    harder = [case for case in cases if case.arm == HARDER and case.part == "test"]
    print(json.dumps(told(f"test, {HARDER}", harder)))
    score = np.array([case.confidence for case in test])
    truth = np.array([case.truth for case in test])
    for row in reliability(score, truth, weights(test)):
        print(json.dumps({key: round(value, 3) for key, value in row.items()}))
    if args.diagram is not None:
        draw(test, args.diagram)


if __name__ == "__main__":
    main()
