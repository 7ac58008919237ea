"""`darkwake risk benchmark`: the score held against a user's labels, beside plain baselines.

Labels are positives alone: whoever is not in the file is unlabelled, not innocent. So no precision,
prevalence or probability is told, and no figure over several roles is called skill: in published
tables the gear alone nearly does it. Intervals are bootstraps over vessels (MMSI).
"""

import csv
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkwake.risk import Assessment
from darkwake.risk_command import RiskOptions, assess_against, assessment
from darkwake.risk_settings import Risk
from darkwake.risk_trials import KEPT_SHARES, evasions, risers
from detectors.unusual import guard
from detectors.unusual.reference import NO_PEERS
from detectors.unusual.second import spearman
from detectors.unusual.tails import Peers
from vessels.errors import InputError

Floats = NDArray[np.float64]
BOOTSTRAPS = 300
HALVES = 40
"""Splits of the unlabelled vessels into reference and held-out, for the false-alarm rate."""
LEAST_PAIRS = 10
_SEED = 20_260


def benchmark_run(options: RiskOptions, labels: Path) -> dict[str, Any]:
    """Return every figure as JSON values.

    Raises:
        InputError: the labels or the run cannot be read, or no labelled vessel has a score.
    """
    found, settings = assessment(options, opinions=False, explain=False)
    told = benchmark(found, read_labels(labels), settings)
    thinned = {}
    for share in KEPT_SHARES:
        fewer, _ = assess_against(options, found.reference, keep=share)
        thinned[str(share)] = risers(found, fewer, settings)
    return {**told, "thinned": thinned, "evasion": evasions(found, options.window, settings)}


def read_labels(path: Path) -> frozenset[int]:
    """Return the MMSIs of a CSV with a column `mmsi`.

    Raises:
        InputError: the file cannot be read, has no such column, or a cell that is no MMSI.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if "mmsi" not in (reader.fieldnames or ()):
                raise InputError("has no column mmsi", path=str(path))
            out = set()
            for row in reader:
                cell = (row["mmsi"] or "").strip()
                if not (cell.isascii() and cell.isdigit() and len(cell) <= 9):
                    raise InputError("holds no MMSI", path=str(path), line=reader.line_num)
                out.add(int(cell))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot be read: {error}", path=str(path)) from error
    return frozenset(out)


def benchmark(found: Assessment, labelled: frozenset[int], settings: Risk) -> dict[str, Any]:
    """Return the figures of an assessment against labels.

    Raises:
        InputError: no labelled vessel has a score.
    """
    rows = [row for row in found.rows if row["unusual"] is not None]
    mmsi = np.array([row["mmsi"] for row in rows])
    positive = np.isin(mmsi, sorted(labelled))
    if not positive.any() or positive.all():
        raise InputError(
            f"{int(positive.sum())} of {len(rows)} scored vessels are labelled: a benchmark needs "
            "labelled and unlabelled ones with a score"
        )
    role = np.array([row["role"] for row in rows])
    port = np.array([row["features"]["max_port_km"] or 0.0 for row in rows])
    models = {
        "unusual": -np.array([row["p_value"] for row in rows]),
        "exposure": np.array([row["exposure"] for row in rows], "f8"),
        "distance_from_port_alone": port,
        "role_alone": _role_score(role, positive, mmsi),
        "random": np.random.default_rng(_SEED).random(len(rows)),
    }
    return {
        "text": [*guard.ALL, "Labels are positives alone: no precision is told."],
        "labelled": len(labelled),
        "labelled_without_score": len(labelled - set(mmsi.tolist())),
        "scored": len(rows),
        "positives": int(positive.sum()),
        "all_roles_confounded": _figures(models, positive, mmsi),
        "by_role": {
            name: _figures(
                {k: v[role == name] for k, v in models.items() if k != "role_alone"},
                positive[role == name],
                mmsi[role == name],
            )
            for name in sorted(set(role.tolist()))
            if positive[role == name].any() and not positive[role == name].all()
        },
        "false_alarms": false_alarms(found, labelled, settings),
        "repeatability": repeatability(rows),
    }


def _role_score(role: NDArray[Any], positive: NDArray[np.bool_], mmsi: NDArray[Any]) -> Floats:
    """Return the labelled share of each vessel's role, the vessel itself left out."""
    out = np.zeros(len(role))
    for i in range(len(role)):
        others = (role == role[i]) & (mmsi != mmsi[i])
        out[i] = positive[others].mean() if others.any() else 0.0
    return out


def _figures(
    models: dict[str, Floats], positive: NDArray[np.bool_], mmsi: NDArray[Any]
) -> dict[str, Any]:
    samples = _samples(mmsi)
    out: dict[str, Any] = {}
    for name, score in models.items():
        out[name] = {
            figure: _with_interval(call, score, positive, samples)
            for figure, call in _FIGURES.items()
        }
    base = models["distance_from_port_alone"]

    def gain(pick: NDArray[np.int64]) -> float | None:
        one, two = auc(models["unusual"][pick], positive[pick]), auc(base[pick], positive[pick])
        return None if one is None or two is None else one - two

    gains = [g for g in map(gain, samples) if g is not None]
    low, high = _edges(gains)
    shown = low is not None and low > 0
    out["unusual_over_distance"] = {
        "value": _rounded(gain(np.arange(len(mmsi)))), "low": low, "high": high,
        "verdict": "shown" if shown else "not shown",
    }  # fmt: skip
    return out


def _samples(mmsi: NDArray[Any]) -> list[NDArray[np.int64]]:
    """Return bootstrap samples: vessels are drawn, with all of their windows."""
    vessels, place = np.unique(mmsi, return_inverse=True)
    rows = [np.flatnonzero(place == i) for i in range(len(vessels))]
    rng = np.random.default_rng(_SEED)
    draws = rng.integers(0, len(vessels), (BOOTSTRAPS, len(vessels)))
    return [np.concatenate([rows[i] for i in draw]) for draw in draws]


def auc(score: Floats, positive: NDArray[np.bool_]) -> float | None:
    """Return how often a labelled one scores above an unlabelled one; ties count half.

    Labelled against unlabelled: with unknown positives among the latter it is too low, never a
    figure of positives against negatives.
    """
    ours, theirs = score[positive], np.sort(score[~positive])
    if len(ours) == 0 or len(theirs) == 0:
        return None
    below = np.searchsorted(theirs, ours, "left") + np.searchsorted(theirs, ours, "right")
    return float(below.mean() / 2.0 / len(theirs))


def recall_at_tenth(score: Floats, positive: NDArray[np.bool_]) -> float | None:
    """Return the share of the labelled in the tenth with the highest scores, ties shared out."""
    if not positive.any():
        return None
    place = max(1, len(score) // 10)
    line = np.sort(score)[-place]
    above, on = score > line, score == line
    share = (place - above.sum()) / on.sum()
    return float((positive[above].sum() + share * positive[on].sum()) / positive.sum())


def modified_f1(score: Floats, positive: NDArray[np.bool_]) -> float | None:
    """Return recall squared over the flagged share, at a tenth flagged (McDonald et al. 2021)."""
    recall = recall_at_tenth(score, positive)
    return None if recall is None else recall**2 / (max(1, len(score) // 10) / len(score))


_FIGURES: dict[str, Callable[[Floats, NDArray[np.bool_]], float | None]] = {
    "labelled_over_unlabelled": auc,
    "recall_at_tenth": recall_at_tenth,
    "modified_f1": modified_f1,
}


def _with_interval(
    call: Callable[[Floats, NDArray[np.bool_]], float | None],
    score: Floats,
    positive: NDArray[np.bool_],
    samples: list[NDArray[np.int64]],
) -> dict[str, float | None]:
    drawn = [call(score[pick], positive[pick]) for pick in samples]
    low, high = _edges([value for value in drawn if value is not None])
    return {"value": _rounded(call(score, positive)), "low": low, "high": high}


def _edges(values: list[float]) -> tuple[float | None, float | None]:
    if not values:
        return None, None
    low, high = np.quantile(values, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def false_alarms(found: Assessment, labelled: frozenset[int], settings: Risk) -> dict[str, Any]:
    """Return the promised share of false alarms, and the share counted on held-out vessels.

    The unlabelled peers of each role and AIS class are split in two by vessel, HALVES times: one
    half is the reference of the other.
    """
    reference = found.reference
    number = np.array([int(key.split("-", 1)[0]) for key in reference.key.tolist()], "i8")
    rng = np.random.default_rng(_SEED)
    listed = tried = 0
    for role in sorted(set(reference.traits.role.tolist()) - NO_PEERS):
        for class_b in (False, True):
            rows = (reference.traits.role == role) & (reference.traits.class_b == class_b)
            rows &= ~np.isin(number, sorted(labelled))
            if len(np.unique(number[rows])) < 2 * settings.min_peers:
                continue
            values, owner = reference.values[rows], number[rows]
            for _ in range(HALVES):
                drawn = rng.permutation(np.unique(owner))
                held = np.isin(owner, drawn[: len(drawn) // 2])
                peers = Peers(values[~held])
                p_values = [peers.tail(one).p_value for one in values[held]]
                listed += sum(p <= settings.alert_share for p in p_values)
                tried += len(p_values)
    return {
        "promised": settings.alert_share,
        "counted": round(listed / tried, 4) if tried else None,
        "held_out": tried,
        "needed": 2 * settings.min_peers,
    }


def repeatability(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the rank correlation of a hull's score with that of its next window, by role."""
    pairs: dict[str, list[tuple[float, float]]] = {}
    for one, two in pairwise(rows):
        if one["hull_id"] == two["hull_id"]:
            pairs.setdefault(one["role"], []).append((one["unusual"], two["unusual"]))
    out: dict[str, Any] = {}
    for role, both in sorted(pairs.items()):
        held = np.array(both)
        flat = len(held) < LEAST_PAIRS or np.ptp(held[:, 0]) == 0 or np.ptp(held[:, 1]) == 0
        rank = None if flat else _rounded(spearman(held[:, 0], held[:, 1]))
        out[role] = {"pairs": len(held), "rank_correlation": rank}
    return out


def lines_of(told: dict[str, Any]) -> list[str]:
    """Return what is told in lines for people."""
    out = list(told["text"])
    out.append(
        f"{told['positives']} labelled of {told['scored']} scored; "
        f"{told['labelled_without_score']} labelled vessels have no score."
    )
    parts = [(f"role {name}", figures) for name, figures in told["by_role"].items()]
    parts.append(("all roles (confounded: no skill)", told["all_roles_confounded"]))
    for name, figures in parts:
        out.append(f"{name}:")
        for model, values in figures.items():
            if "verdict" in values:
                gain = _told(values)
                out.append(f"  unusual over distance alone: {gain}: {values['verdict']}")
                continue
            each = "; ".join(f"{k.replace('_', ' ')} {_told(v)}" for k, v in values.items())
            out.append(f"  {model.replace('_', ' ')}: {each}")
    alarms = told["false_alarms"]
    out.append(
        f"false alarms: {alarms['promised']} promised, {alarms['counted']} counted on "
        f"{alarms['held_out']} held out"
        if alarms["held_out"]
        else f"false alarms: {alarms['promised']} promised; not counted: no role and AIS class has "
        f"{alarms['needed']} unlabelled vessels, enough for two halves"
    )
    for role, one in told["repeatability"].items():
        said = f"rank correlation {one['rank_correlation']} ({one['pairs']} pairs)"
        out.append(f"next window, {role}: {said}")
    for share, one in told["thinned"].items():
        out.append(
            f"{float(share):.0%} of the positions kept: of {one['compared']} vessels {one['rose']} "
            f"score higher, {one['newly_listed']} come onto the list"
        )
    tried = told["evasion"]
    off = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in tried["off_the_list"].items())
    out.append(f"of {tried['tried']} listed, off the list by: {off}")
    return out


def _told(value: dict[str, Any]) -> str:
    return f"{value['value']} [{value['low']}, {value['high']}]"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
