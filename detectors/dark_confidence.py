"""How sure a dark period is: the probability that the hull would have been heard.

A logistic model of six features, each bounded to its sensible sign, fitted on real tracks by
`python -m benchmarks.dark_confidence DATA --fit` under the protocol of docs/dark-confidence.md, and
checked there on other vessels. Beside it the rule of Welch et al. 2022, as published.
"""

import numpy as np

from detectors.dark_evidence import WELCH_SHORE_M, Evidence
from detectors.dark_period import BEFORE_US
from vessels.fixes import Array
from vessels.units import US_PER_H

SIGNS = {
    "expected": 1,
    "longest": -1,
    "reception": 1,
    "company": 1,
    "leaving": -1,
    "offshore": 1,
}
"""Feature -> the only sign that its coefficient may have."""
INTERCEPT = -2.880
COEFFICIENTS = {
    "expected": 0.769,
    "longest": -2.642,
    "reception": 4.148,
    "company": 1.374,
    "leaving": -3.718,
    "offshore": 0.602,
}
TOO_FAST = -2.0
"""Judgement, not fitted: the real tracks hold no such case."""
FAST_KNOTS = 25.0
"""No ship that trades sails faster on average: the two ends are doubtful."""
_EXPECTED_H = (0.1, 10.0)
"""Fewer hours prove as little, and more as much; the weight of `expected` was fitted so."""
WELCH_HOURS, WELCH_POSITIONS, WELCH_PER_DAY = 12.0, 14, 10.0


def features(evidence: Evidence, shore_m: Array) -> dict[str, Array]:
    """Return the columns that the model weighs, each about 0..1.

    - `expected`: log10 of the hours in which it would have been heard, 0.1 h to 10 h
    - `longest`: the longest time without a fix in the 12 hours before, of 12
    - `reception`: as learnt on its way; the hull's own rate where nothing is (law 3)
    - `company`: the share of its way along which others were heard meanwhile
    - `leaving`: the share of its way that nothing speaks for, where stations on land heard it:
      only their range ends at sea
    - `offshore`: distance to shore, of 50 nm
    """
    known = ~np.isnan(evidence.reception)
    return {
        "expected": np.log10(np.clip(evidence.expected_h, *_EXPECTED_H)),
        "longest": evidence.longest_h / (BEFORE_US / US_PER_H),
        "reception": np.where(known, evidence.reception, evidence.own_rate),
        "company": np.nan_to_num(evidence.heard_share, nan=0.0),
        "leaving": evidence.unknown_share * (1.0 - evidence.beyond_stations),
        "offshore": np.minimum(shore_m / WELCH_SHORE_M, 1.0),
    }


def confidence(columns: dict[str, Array], knots: Array) -> Array:
    """Return the probability for each row of `features`, rounded to 1e-3.

    `knots` is the speed implied by the two ends, NaN while open.
    """
    total = INTERCEPT + TOO_FAST * (np.nan_to_num(knots, nan=0.0) > FAST_KNOTS)
    for name, weight in COEFFICIENTS.items():
        total = total + weight * columns[name]
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
