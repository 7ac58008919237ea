"""Second opinions: three detectors of PyOD on the same features, and how far they agree.

They are shown beside the score and never enter it. Isolation forest and nearest neighbours are
fitted to the peers. ECOD is read at the fit alone, with the vessel as one more row: its
`decision_function` lets vessels of one batch change each other's score. None of PyOD's labels,
thresholds or probabilities is used: they are quotas. NaN is put at the peers' median.
"""

import os
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NAMES = ("iforest", "ecod", "knn")
NEIGHBOURS = 10
ECOD_LIMIT = 2_000
"""More vessels than this from outside the reference are not put to ECOD: one fit for each."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """Share of the peers that each of NAMES finds less unusual: rows, then NAMES; NaN if none."""

    below: Floats


def second_opinions(peers: Floats, vessels: Floats, member: NDArray[np.int64]) -> Opinions:
    """Return what PyOD says of vessels among their peers.

    Args:
        peers: ranked features of the peers; NaN where missing.
        vessels: those of the vessels, likewise.
        member: row of each vessel in `peers`, -1 where it is not one of them.
    """
    models = _models()
    known = ~np.isnan(peers).all(axis=0)
    peers, vessels = peers[:, known], vessels[:, known]
    middle = np.nanmedian(peers, axis=0)
    peers = np.where(np.isnan(peers), middle, peers)
    vessels = np.where(np.isnan(vessels), middle, vessels)
    spread = peers.std(axis=0)
    varies = spread > 0
    if not varies.any():
        return Opinions(np.full((len(vessels), len(NAMES)), np.nan))
    # One scale for all, for the distances; ranks do not care.
    peers, vessels = (
        (rows[:, varies] - middle[varies]) / spread[varies] for rows in (peers, vessels)
    )
    out = np.full((len(vessels), len(NAMES)), np.nan)
    for column, name in enumerate(("iforest", "knn")):
        model = models[name]()
        model.fit(peers)
        at_fit, scores = model.decision_scores_, model.decision_function(vessels)
        scores = np.where(member >= 0, at_fit[member], scores)
        out[:, (0, 2)[column]] = _below(at_fit, scores, member)
    out[:, 1] = _ecod(models["ecod"], peers, vessels, member)
    return Opinions(out)


def agreement(scores: Floats, below: Floats) -> list[float | None]:
    """Return the rank correlation (Spearman) of the scores with each opinion; None below 10."""
    out: list[float | None] = []
    for column in below.T:
        both = ~np.isnan(scores) & ~np.isnan(column)
        constant = both.sum() < 10 or np.ptp(scores[both]) == 0 or np.ptp(column[both]) == 0
        out.append(None if constant else spearman(scores[both], column[both]))
    return out


def spearman(one: Floats, two: Floats) -> float:
    """Return the rank correlation; equal values share their mean rank."""
    return float(np.corrcoef(_ranks(one), _ranks(two))[0, 1])


def _ranks(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2.0)[place]


def _models() -> dict[str, Any]:
    os.environ.setdefault("MPLBACKEND", "Agg")  # ECOD imports pyplot
    ECOD = import_module("pyod.models.ecod").ECOD  # noqa: N806 - it is a class
    IForest = import_module("pyod.models.iforest").IForest  # noqa: N806 - it is a class
    KNN = import_module("pyod.models.knn").KNN  # noqa: N806 - it is a class

    return {
        "iforest": lambda: IForest(n_estimators=100, random_state=7, n_jobs=1),
        "ecod": lambda: ECOD(n_jobs=1),
        "knn": lambda: KNN(n_neighbors=NEIGHBOURS, n_jobs=1),
    }


def _ecod(make: Any, peers: Floats, vessels: Floats, member: NDArray[np.int64]) -> Floats:
    out = np.full(len(vessels), np.nan)
    inside = member >= 0
    if inside.any():
        at_fit = _fitted(make, peers)
        out[inside] = _below(at_fit, at_fit[member[inside]], member[inside])
    for row in np.flatnonzero(~inside)[:ECOD_LIMIT]:
        at_fit = _fitted(make, np.vstack([peers, vessels[row]]))
        out[row] = float((at_fit[:-1] < at_fit[-1]).mean())
    return out


def _fitted(make: Any, rows: Floats) -> Floats:
    model = make()
    model.fit(rows)
    return np.asarray(model.decision_scores_, "f8")


def _below(at_fit: Floats, scores: Floats, member: NDArray[np.int64]) -> Floats:
    less = np.searchsorted(np.sort(at_fit), scores, "left")
    others = len(at_fit) - (member >= 0)
    return less / np.maximum(others, 1)
