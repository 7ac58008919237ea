"""What a score does when positions are lost, and when a vessel tries to get off the list.

Trials for `darkwake risk benchmark`, on a run's own vessels and against one reference. Positions
are dropped from the tracks; events, visits and voyages stay as the replay found them, so hours,
distances and coverage alone are thinned. What whole replays of thinned and evading fleets do is
told by docs/risk.md.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from darkwake.risk import Assessment, Scorer, facts_of_hull, traits_of
from darkwake.risk_settings import Risk
from detectors.unusual.catalogue import NAMES
from detectors.unusual.explain import ranked_row
from detectors.unusual.windows import MARK, VISIT, Facts, WindowKind, features

KEPT_SHARES = (0.5, 0.25)
"""Shares of the positions that are kept in the thinning trial."""
MOST_TRIED = 200
"""Most listed vessels that the tricks are tried on."""
_DARK = tuple(NAMES.index(one) for one in ("dark_h", "dark_periods", "welch_disablings"))
_IDENTITY = NAMES.index("identity_changes")


def risers(before: Assessment, after: Assessment, settings: Risk) -> dict[str, int]:
    """Return how many vessels score higher after data were taken away, against one reference.

    Args:
        before: all data.
        after: fewer data.
        settings: as used.
    """
    scorer = Scorer(before.reference, settings)
    traits = traits_of(before.run, before.windows)
    key = [(row["hull_id"], row["window"]) for row in before.rows]
    was = {one: i for i, one in enumerate(key)}
    compared = rose = newly_listed = 0
    for row, told in enumerate(after.rows):
        first = was.get((told["hull_id"], told["window"]))
        if first is None or before.rows[first]["unusual"] is None or told["unusual"] is None:
            continue
        peers, _ = scorer.group(traits, first)
        member = scorer.member(f"{told['hull_id']} {told['window']}", peers)
        now = scorer.tail(ranked_row(after.windows.values)[row], peers, member)
        then = scorer.tail(ranked_row(before.windows.values)[first], peers, member)
        compared += 1
        rose += now.score > then.score + 1e-9
        newly_listed += then.p_value > settings.alert_share >= now.p_value
    return {"compared": compared, "rose": rose, "newly_listed": newly_listed}


def evasions(found: Assessment, kind: WindowKind, settings: Risk) -> dict[str, Any]:
    """Return how many of the listed would be off the list by each trick, in their own window.

    A trick is done to the facts, the features are worked out again and scored against the same
    peers, without the vessel itself.
    """
    scorer, traits = Scorer(found.reference, settings), traits_of(found.run, found.windows)
    listed = [row for row, told in enumerate(found.rows) if told["listed"]][:MOST_TRIED]
    off = dict.fromkeys(TRICKS, 0)
    for row in listed:
        hull = int(found.windows.hull[row])
        peers, _ = scorer.group(traits, row)
        told = found.rows[row]
        others = scorer.without(peers, scorer.member(f"{told['hull_id']} {told['window']}", peers))
        facts = facts_of_hull(found.run.facts, hull)
        begin, end = int(found.windows.start_us[row]), int(found.windows.end_us[row])
        for name, trick in TRICKS.items():
            windows = features(trick(facts, begin, end), kind)
            at = windows.label.index(told["window"])
            p_value = others.tail(ranked_row(windows.values)[at]).p_value
            off[name] += p_value > settings.alert_share
    return {"tried": len(listed), "off_the_list": off}


def _port_skim(facts: Facts, begin_us: int, end_us: int) -> Facts:
    """Pass a port half-way, without a stop: what has passed at sea begins anew there."""
    if facts.voyages is None or facts.visits is None or len(facts.voyages) == 0:
        return facts
    middle = (begin_us + end_us) // 2
    voyages = facts.voyages.copy()
    met = (voyages["start_us"] < middle) & (voyages["end_us"] > middle)
    voyages["lower_us"][met] = np.minimum(voyages["lower_us"][met], voyages["end_us"][met] - middle)
    voyages["silences"][met] += 1
    passed = np.array([(0, middle, middle + 1, 1)], VISIT)
    return replace(facts, voyages=voyages, visits=np.concatenate([facts.visits, passed]))


def _new_number(facts: Facts, begin_us: int, end_us: int) -> Facts:
    """Take another number half-way; what is scored is the new number."""
    middle = (begin_us + end_us) // 2
    day = middle // (24 * 3_600_000_000)
    voyages, visits, marks = facts.voyages, facts.visits, facts.marks
    if voyages is not None:
        voyages = voyages[voyages["end_us"] > middle].copy()
        voyages["censored"] |= voyages["start_us"] < middle
        voyages["start_us"] = np.maximum(voyages["start_us"], middle)
        voyages["lower_us"] = np.minimum(
            voyages["lower_us"], voyages["end_us"] - voyages["start_us"]
        )
    if visits is not None:
        visits = visits[visits["start_us"] >= middle]
    marks = marks[marks["start_us"] >= middle]
    change = np.array([(0, _IDENTITY, middle, middle, 1.0, False)], MARK)
    return replace(
        facts,
        first_us=np.array([middle], "i8"),
        days=None if facts.days is None else facts.days[facts.days["day"] >= day],
        visits=visits,
        voyages=voyages,
        marks=np.concatenate([marks, change]),
    )


def _silent_for_11_h(facts: Facts, begin_us: int, end_us: int) -> Facts:
    """Be silent for less than what counts, as often as it likes: no dark period is left."""
    del begin_us, end_us
    return replace(facts, marks=facts.marks[~np.isin(facts.marks["feature"], _DARK)])


TRICKS: dict[str, Callable[[Facts, int, int], Facts]] = {
    "port_skim": _port_skim,
    "new_number": _new_number,
    "silent_for_11_h": _silent_for_11_h,
}
"""Tricks by name; each gets the facts of one hull, numbered 0, and its window."""
