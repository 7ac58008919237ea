"""How sure a dark period is: the probability that the hull would have been heard.

A logistic model of seven features, each bounded to its sensible sign, fitted on real tracks by
`python -m benchmarks.dark_confidence DATA --fit` under the protocol of docs/dark-confidence.md, and
checked there on other vessels. Beside it the rule of Welch et al. 2022, as published.
"""

import numpy as np

from detectors.dark_evidence import WELCH_SHORE_M, Evidence
from vessels.fixes import Array

SIGNS = {
    "expected": 1,
    "longest": -1,
    "reception": 1,
    "neighbours": 1,
    "leaving": -1,
    "offshore": 1,
    "too_fast": -1,
}
"""Feature -> the only sign that its coefficient may have."""
INTERCEPT = -1.0
COEFFICIENTS = {
    "expected": 2.0,
    "longest": -2.0,
    "reception": 1.0,
    "neighbours": 0.8,
    "leaving": -3.0,
    "offshore": 0.5,
    "too_fast": -2.0,
}
FAST_KNOTS = 25.0
"""No ship that trades sails faster on average: the two ends are doubtful."""
WELCH_HOURS, WELCH_POSITIONS, WELCH_PER_DAY = 12.0, 14, 10.0


def features(evidence: Evidence, shore_m: Array, knots: Array) -> dict[str, Array]:
    """Return the columns that the model weighs, each about 0..2.

    `expected` is log10 of expected hours, from 1/10 h to 100 h; `reception` is the hull's own rate
    where nothing is learnt (law 3: its own rate counts as reception); `neighbours` is log2(1 + n),
    up to 7 others; `leaving` is the share of its way of which nothing is known, where stations on
    land heard it, since only their range ends at sea.

    Args:
        evidence: what is known.
        shore_m: distance to shore where last heard.
        knots: implied speed; NaN while open.
    """
    known = ~np.isnan(evidence.reception)
    return {
        "expected": np.log10(np.clip(evidence.expected_h, 0.1, 100.0)),
        "longest": evidence.longest_h / 12.0,
        "reception": np.where(known, evidence.reception, evidence.own_rate),
        "neighbours": np.log2(1.0 + np.clip(evidence.neighbours, 0, 7)) / 3.0,
        "leaving": evidence.unknown_share * (1.0 - evidence.beyond_stations),
        "offshore": np.minimum(shore_m / WELCH_SHORE_M, 1.0),
        "too_fast": (np.nan_to_num(knots, nan=0.0) > FAST_KNOTS).astype("f8"),
    }


def confidence(columns: dict[str, Array]) -> Array:
    """Return the probability for each row of `features`, rounded to 1e-3."""
    total = INTERCEPT + sum(COEFFICIENTS[name] * columns[name] for name in COEFFICIENTS)
    return np.round(1.0 / (1.0 + np.exp(-total)), 3)


def welch_disabling(
    hours: float, shore_m: float, satellite_before: int, satellite_per_day: float
) -> bool | None:
    """Return whether the published rule calls a silence intentional disabling.

    12 h and longer, more than 50 nm from shore, 14 and more satellite positions in the 12 h before,
    reception of more than 10 satellite positions a day (Welch et al. 2022; strict where they are).
    None where the reception is not known: the rule then says nothing.
    """
    if np.isnan(satellite_per_day):
        return None
    return bool(
        hours >= WELCH_HOURS
        and shore_m > WELCH_SHORE_M
        and satellite_before >= WELCH_POSITIONS
        and satellite_per_day > WELCH_PER_DAY
    )
