"""What made a score, in words that need no statistics, and what would undo it.

A counterfactual is never guessed: the change is applied, the features are worked out again, the
vessel is scored again, and it is told only if it then leaves the list.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detectors.unusual.catalogue import FAMILIES, FAMILY_OF, FAMILY_WORDS, RANKED, RANKED_NAMES
from detectors.unusual.tails import Tail
from detectors.unusual.windows import Facts, WindowKind, features
from vessels.clock import iso_z
from vessels.units import US_PER_DAY

Floats = NDArray[np.float64]
TELL_SHARE = 0.9
"""A feature is told where nine of ten peers have less of it."""
TELL_MOST = 4
TRIED_DAYS = 60
_CALL_US = 24 * 3_600_000_000
_PLACE = {name: i for i, name in enumerate(RANKED_NAMES)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One ranked feature that stands out."""

    name: str
    value: float
    below: float
    """Share of the peers with less."""
    sentence: str
    innocent: str


def findings(vessel: Floats, tail: Tail, peers: int, role: str) -> list[Finding]:
    """Return what stands out, most first; a feature of value 0 never does."""
    ranked = sorted(
        (i for i in range(len(RANKED)) if vessel[i] > 0 and tail.below[i] >= TELL_SHARE),
        key=lambda i: (-tail.below[i], i),
    )
    out = []
    for i in ranked[:TELL_MOST]:
        feature = RANKED[i]
        said = (
            f"{feature.words}: {_number(vessel[i])}{_unit(feature.unit)}, "
            f"more than {_of_peers(tail.below[i], peers, role)}"
        )
        out.append(
            Finding(feature.name, float(vessel[i]), float(tail.below[i]), said, feature.innocent)
        )
    return out


def counterfactual(
    facts: Facts,
    kind: WindowKind,
    row: int,
    vessel: Floats,
    leaves: Callable[[Floats], bool],
) -> str | None:
    """Return one change that takes a vessel off the list, recomputed; None where none was found.

    Args:
        facts: those of this hull alone, numbered 0.
        kind: the windows.
        row: which of the hull's windows.
        vessel: its ranked features.
        leaves: whether a vessel of such features is off the list.
    """
    called = _port_call(facts, kind, row, leaves)
    if called is not None:
        return called
    for family, name in enumerate(FAMILIES[1:], start=1):
        mine = np.array(FAMILY_OF) == family
        if not (vessel[mine] > 0).any():
            continue
        without = np.where(mine & ~np.isnan(vessel), 0.0, vessel)
        if leaves(without):
            return f"it would leave the list without what counts as {FAMILY_WORDS[name]}"
    return None


def _port_call(
    facts: Facts, kind: WindowKind, row: int, leaves: Callable[[Floats], bool]
) -> str | None:
    """Try a call of a day within its longest voyage, on up to TRIED_DAYS days of it."""
    if facts.voyages is None or facts.visits is None or len(facts.voyages) == 0:
        return None
    window = features(facts, kind)
    voyages = facts.voyages
    met = (voyages["start_us"] < window.end_us[row]) & (voyages["end_us"] > window.start_us[row])
    if not met.any():
        return None
    best = int(np.argmax(np.where(met, voyages["lower_us"], -1)))
    begin = int(voyages[best]["end_us"] - voyages[best]["lower_us"])
    end = int(min(voyages[best]["end_us"], window.end_us[row])) - _CALL_US
    days = np.unique(np.linspace(begin + US_PER_DAY, end, TRIED_DAYS).astype("i8") // US_PER_DAY)
    off = []
    for day in days[days * US_PER_DAY > begin].tolist():
        changed = _with_call(facts, best, day * US_PER_DAY)
        off.append((day, leaves(ranked_row(features(changed, kind).values[row]))))
    runs = [day for day, gone in off if gone]
    if not runs:
        return None
    last = runs[-1]
    first = last
    for day, gone in reversed([one for one in off if one[0] <= last]):
        if not gone:
            break
        first = day
    told = [iso_z(day * US_PER_DAY)[:10] for day in (first, last)]
    when = f"on {told[0]}" if first == last else f"between {told[0]} and {told[1]}"
    return f"it would leave the list had it called at a port for a day {when}"


def _with_call(facts: Facts, voyage: int, at_us: int) -> Facts:
    """Return the facts with one voyage cut in two by a call of a day."""
    assert facts.visits is not None  # noqa: S101 - the caller has looked
    assert facts.voyages is not None  # noqa: S101
    rows = np.concatenate([facts.voyages, facts.voyages[voyage : voyage + 1]])
    whole = facts.voyages[voyage]
    rows[voyage]["end_us"] = at_us
    rows[voyage]["lower_us"] = max(0, at_us - int(whole["end_us"] - whole["lower_us"]))
    rows[-1]["start_us"], rows[-1]["silences"] = at_us + _CALL_US, 0
    rows[-1]["censored"] = False
    rows[-1]["lower_us"] = int(whole["end_us"]) - at_us - _CALL_US
    call = np.zeros(1, facts.visits.dtype)
    call["start_us"], call["end_us"], call["level"] = at_us, at_us + _CALL_US, 4
    return replace(facts, voyages=rows, visits=np.concatenate([facts.visits, call]))


def ranked_row(values: Floats) -> Floats:
    """Return the ranked features of rows of all features; they come first in the catalogue."""
    return values[..., : len(RANKED_NAMES)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.1f}"


def _unit(unit: str) -> str:
    return "" if unit == "n" else f" {unit}"


def _of_peers(below: float, peers: int, role: str) -> str:
    less = round(below * peers)
    if less == peers:
        return f"all of its {peers} {role} peers"
    if peers < 100:
        return f"{less} of its {peers} {role} peers"
    return f"{int(100 * below)} of 100 {role} peers"
