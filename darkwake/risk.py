"""`darkwake risk`: exposure and unusualness of every vessel and window of a run.

Two numbers that are never merged: the indicators that rules find (`detectors.exposure`), and how
unlike its peers a vessel is (`detectors.unusual`). Without a reference of its own the run's
vessels are each other's peers.
"""

from dataclasses import dataclass
from math import isnan, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkwake.risk_run import RiskRun
from darkwake.risk_settings import Risk
from detectors.exposure import indicators
from detectors.unusual.catalogue import FAMILIES, NAMES
from detectors.unusual.days import box_words
from detectors.unusual.explain import counterfactual, findings, ranked_row
from detectors.unusual.reference import NO_PEERS, Reference, Traits, length_class
from detectors.unusual.second import NAMES as OPINIONS
from detectors.unusual.second import agreement, second_opinions
from detectors.unusual.tails import Peers, Tail
from detectors.unusual.windows import Facts, WindowKind, Windows, features

Floats = NDArray[np.float64]
_COVERAGE = NAMES.index("coverage")
_SEA_H = NAMES.index("sea_h")
_Z95 = 1.96
_REGIONS = {
    "2": "Europe",
    "3": "North and Central America, Caribbean",
    "4": "Asia",
    "5": "Oceania and South-East Asia",
    "6": "Africa",
    "7": "South America",
}


@dataclass(frozen=True, slots=True)
class Assessment:
    """Every vessel and window of a run, by hull and time."""

    run: RiskRun
    windows: Windows
    reference: Reference
    rows: list[dict[str, Any]]
    """One a vessel and window, as `darkwake risk --json` prints it; see docs/risk.md."""
    agreement: dict[str, float | None]
    """Rank correlation of the scores with each second opinion."""


def traits_of(run: RiskRun, windows: Windows) -> Traits:
    """Return what makes peers, for each window."""
    role = np.array(run.role, "U")[windows.hull] if run.role else np.empty(0, "U1")
    return Traits(role, windows.box, length_class(run.length_m)[windows.hull], windows.class_b)


def reference_of(run: RiskRun, windows: Windows, kind: WindowKind, settings: Risk) -> Reference:
    """Return the run's vessels that may be peers.

    Left out are those whose own score would be withheld for their coverage, hours or role.
    """
    traits = traits_of(run, windows)
    with np.errstate(invalid="ignore"):
        good = windows.values[:, _COVERAGE] >= settings.min_coverage_share
        good &= windows.values[:, _SEA_H] >= settings.min_sea_h
    good &= ~np.isin(traits.role, sorted(NO_PEERS))
    rows = np.flatnonzero(good)
    keys = np.array([_key(run, windows, row) for row in rows.tolist()], "U")
    return Reference(kind, keys, traits.take(rows), ranked_row(windows.values)[rows].copy())


def _key(run: RiskRun, windows: Windows, row: int) -> str:
    return f"{run.hull_id[windows.hull[row]]} {windows.label[row]}"


class Scorer:
    """Scores vessels against a reference; peers of a group are sorted once."""

    def __init__(self, reference: Reference, settings: Risk) -> None:
        self.reference = reference
        self.settings = settings
        self._row = {key: i for i, key in enumerate(reference.key.tolist())}
        self._groups: dict[tuple[str, int, int, bool], tuple[NDArray[np.int64], str]] = {}
        self._peers: dict[bytes, Peers] = {}

    def group(self, traits: Traits, row: int) -> tuple[NDArray[np.int64], str]:
        """Return the peers' rows in the reference, and what they share."""
        asked = (
            str(traits.role[row]),
            int(traits.box[row]),
            int(traits.length_class[row]),
            bool(traits.class_b[row]),
        )
        if asked not in self._groups:
            role, box, length, class_b = asked
            self._groups[asked] = self.reference.peers_of(
                role, box, length, class_b=class_b, min_peers=self.settings.min_peers + 1
            )
        return self._groups[asked]

    def member(self, key: str, rows: NDArray[np.int64]) -> int:
        """Return where in a group a vessel and window stands, -1 where it is not in it."""
        own = self._row.get(key, -1)
        place = int(np.searchsorted(rows, own)) if own >= 0 else 0
        return place if own >= 0 and place < len(rows) and rows[place] == own else -1

    def tail(self, vessel: Floats, rows: NDArray[np.int64], member: int) -> Tail:
        """Return a vessel among its peers. A member is judged as the peer that it is."""
        key = rows.tobytes()
        if key not in self._peers:
            self._peers[key] = Peers(self.reference.values[rows])
        peers = self._peers[key]
        stored = self.reference.values[rows[member]] if member >= 0 else None
        if stored is not None and np.array_equal(stored, vessel, equal_nan=True):
            return peers.tail_of(member)
        return self.without(rows, member).tail(vessel)

    def without(self, rows: NDArray[np.int64], member: int) -> Peers:
        """Return the peers without one of them; all of them where it is -1."""
        if member < 0:
            return self._peers.setdefault(rows.tobytes(), Peers(self.reference.values[rows]))
        return Peers(np.delete(self.reference.values[rows], member, axis=0))

    def withheld(self, coverage: float, sea_h: float, role: str, peers: int) -> str | None:
        """Return why no score is given, or None; a key of `guard.WITHHELD`."""
        if isnan(coverage):
            return "coverage_unknown"
        if coverage < self.settings.min_coverage_share:
            return "coverage_below_floor"
        if role in NO_PEERS:
            return "no_role"
        if peers < self.settings.min_peers:
            return "too_few_peers"
        return None if sea_h >= self.settings.min_sea_h else "too_short"


def assess(
    run: RiskRun,
    settings: Risk,
    *,
    kind: WindowKind = "run",
    reference: Reference | None = None,
    opinions: bool = True,
    explain: bool = True,
) -> Assessment:
    """Return exposure and unusualness of every vessel and window of a run.

    Args:
        run: what the run says.
        settings: floors and the promised share of false alarms.
        kind: the windows; a reference must be of the same.
        reference: the peers; the run's own vessels where None.
        opinions: whether to ask PyOD.
        explain: whether to look for counterfactuals.
    """
    windows = features(run.facts, kind)
    reference = reference or reference_of(run, windows, kind, settings)
    scorer, traits = Scorer(reference, settings), traits_of(run, windows)
    rows, scored = [], []
    for row in range(len(windows.label)):
        told, found = _row(run, windows, traits, scorer, row)
        rows.append(told)
        if found is not None:
            scored.append((row, *found))
    if explain:
        for row, peers, member in scored:
            if rows[row]["listed"]:
                rows[row]["counterfactual"] = _undo(run, kind, windows, scorer, row, peers, member)
    agreed = _opinions(rows, windows, scorer, scored) if opinions else {}
    return Assessment(run, windows, reference, rows, agreed)


Scored = tuple[NDArray[np.int64], int]


def _row(
    run: RiskRun, windows: Windows, traits: Traits, scorer: Scorer, row: int
) -> tuple[dict[str, Any], Scored | None]:
    hull = int(windows.hull[row])
    values = windows.values[row]
    by_name = dict(zip(NAMES, values.tolist(), strict=True))
    held = indicators(by_name)
    rows, words = scorer.group(traits, row)
    member = scorer.member(_key(run, windows, row), rows)
    peers = len(rows) - (member >= 0)
    observed = float(values[_COVERAGE]), float(values[_SEA_H])
    why = scorer.withheld(*observed, str(traits.role[row]), peers)
    told: dict[str, Any] = {
        "hull_id": run.hull_id[hull],
        "mmsi": int(run.mmsi[hull]),
        "name": run.name[hull],
        "flag": run.flag[hull],
        "role": run.role[hull],
        "ais_class": "B" if windows.class_b[row] else "A",
        "region": box_words(int(windows.box[row])),
        "window": windows.label[row],
        "start_us": int(windows.start_us[row]),
        "end_us": int(windows.end_us[row]),
        "coverage": _or_none(values[_COVERAGE]),
        "exposure": sum(one.state == "met" for one in held),
        "indicators": [
            {"code": one.rule.code, "state": one.state, "value": _or_none(one.value)}
            for one in held
        ],
        "peers": peers,
        "peer_group": words,
        "withheld": why,
        "unusual": None,
        "p_value": None,
        "listed": False,
        "families": dict.fromkeys(FAMILIES),
        "findings": [],
        "counterfactual": None,
        "opinions": dict.fromkeys(OPINIONS),
        "features": {name: _or_none(value) for name, value in by_name.items()},
    }
    if why is not None:
        return told, None
    vessel = ranked_row(values)
    tail = scorer.tail(vessel, rows, member)
    if int((~np.isnan(tail.families)).sum()) < 2:
        told["withheld"] = "too_few_families"
        return told, None
    told["unusual"], told["p_value"] = round(tail.score, 4), round(tail.p_value, 6)
    told["listed"] = tail.p_value <= scorer.settings.alert_share
    told["families"] = {n: _or_none(v) for n, v in zip(FAMILIES, tail.families, strict=True)}
    told["findings"] = [
        {"feature": f.name, "value": _or_none(f.value), "below": _or_none(f.below),
         "says": f.sentence, "may_be": f.innocent}
        for f in findings(vessel, tail, peers, str(traits.role[row]))
    ]  # fmt: skip
    return told, (rows, member)


def _undo(
    run: RiskRun,
    kind: WindowKind,
    windows: Windows,
    scorer: Scorer,
    row: int,
    peers: NDArray[np.int64],
    member: int,
) -> str | None:
    hull = int(windows.hull[row])
    others = scorer.without(peers, member)
    first = int(np.searchsorted(windows.hull, hull))

    def leaves(vessel: Floats) -> bool:
        return others.tail(vessel).p_value > scorer.settings.alert_share

    vessel = ranked_row(windows.values[row])
    return counterfactual(facts_of_hull(run.facts, hull), kind, row - first, vessel, leaves)


def facts_of_hull(facts: Facts, hull: int) -> Facts:
    """Return the facts of one hull, numbered 0."""

    def mine(rows: NDArray[np.void] | None) -> Any:
        if rows is None:
            return None
        own = rows[rows["hull"] == hull].copy()
        own["hull"] = 0
        return own

    one = slice(hull, hull + 1)
    return Facts(
        first_us=facts.first_us[one],
        last_us=facts.last_us[one],
        days=mine(facts.days),
        visits=mine(facts.visits),
        voyages=mine(facts.voyages),
        marks=mine(facts.marks),
        has_eez=facts.has_eez,
        flag_known=facts.flag_known[one],
        has_lists=facts.has_lists,
    )


def _opinions(
    rows: list[dict[str, Any]],
    windows: Windows,
    scorer: Scorer,
    scored: list[tuple[int, NDArray[np.int64], int]],
) -> dict[str, float | None]:
    groups: dict[bytes, list[tuple[int, NDArray[np.int64], int]]] = {}
    for one in scored:
        groups.setdefault(one[1].tobytes(), []).append(one)
    for members in groups.values():
        chosen = [row for row, _, _ in members]
        found = second_opinions(
            scorer.reference.values[members[0][1]],
            ranked_row(windows.values)[chosen],
            np.array([member for _, _, member in members]),
        )
        for row, below in zip(chosen, found.below, strict=True):
            rows[row]["opinions"] = {
                name: _or_none(v) for name, v in zip(OPINIONS, below, strict=True)
            }
    if not scored:
        return dict.fromkeys(OPINIONS)
    scores = np.array([rows[row]["unusual"] for row, _, _ in scored])
    below = np.array(
        [
            [np.nan if v is None else v for v in rows[row]["opinions"].values()]
            for row, _, _ in scored
        ]
    )
    return {n: _or_none(v) for n, v in zip(OPINIONS, agreement(scores, below), strict=True)}


def burden(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the share that is listed, by flag, its region, role and AIS class.

    The interval is Wilson's, of 95 %. A recall that is equal for all is no burden that is equal.
    """
    out = []
    rows = [{**row, "flag_region": flag_region(row["mmsi"])} for row in rows]
    for by in ("flag_region", "flag", "role", "ais_class"):
        for value in sorted({str(row[by]) for row in rows}):
            mine = [row for row in rows if str(row[by]) == value]
            scored = [row for row in mine if row["withheld"] is None]
            listed = sum(row["listed"] for row in scored)
            low, high = wilson(listed, len(scored))
            out.append(
                {"by": by, "value": value, "vessels": len(mine), "scored": len(scored),
                 "listed": listed, "low": low, "high": high}
            )  # fmt: skip
    return out


def flag_region(mmsi: int) -> str:
    """Return the part of the world that a number's country lies in, by its first digit.

    Ship station identities begin with 2 to 7, a region each (ITU-R M.585).
    """
    return _REGIONS.get(f"{mmsi:09d}"[0], "not known")


def wilson(hits: int, trials: int) -> tuple[float | None, float | None]:
    """Return Wilson's 95 % interval of a share; None without trials."""
    if trials == 0:
        return None, None
    share, z2 = hits / trials, _Z95**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z95 * sqrt(share * (1 - share) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def _or_none(value: float | np.floating[Any] | None) -> float | None:
    return None if value is None or isnan(value) else round(float(value), 4)
