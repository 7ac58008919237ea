"""How likely two hulls were within a distance, when both positions are interpolated.

With errors of sigma on each axis the distance of two points follows Rice's distribution (Rice 1944,
Bell System Technical Journal 23: 282), whose square is a non-central chi-squared with two degrees
of freedom. The real errors have longer tails than one Gaussian: of the fixes left out to measure
sigma (detectors/slots.py), the 90 % quantile lies at 1.5 to 2 times what sigma at 68 % would give
for slow hulls. A fifth of the positions is therefore taken to be three times as far off, which
gives those quantiles.
"""

import numpy as np
from scipy.special import chndtr

from vessels.fixes import Array

_FAR_OFF_SHARE = 0.2
_FAR_OFF_TIMES = 3.0


def within_probability(distance_m: Array, sigma_m: Array, limit_m: float) -> Array:
    """Return the probability that each true distance is `limit_m` or less.

    Args:
        distance_m: between the two interpolated positions.
        sigma_m: of the vector between them, on each axis; above 0.
        limit_m: metres.
    """
    near = _rice(distance_m, sigma_m, limit_m)
    far = _rice(distance_m, sigma_m * _FAR_OFF_TIMES, limit_m)
    mixed = (1.0 - _FAR_OFF_SHARE) * near + _FAR_OFF_SHARE * far
    return np.asarray(np.clip(mixed, 0.0, 1.0))


def _rice(distance_m: Array, sigma_m: Array, limit_m: float) -> Array:
    away = distance_m / sigma_m
    return np.asarray(chndtr((limit_m / sigma_m) ** 2, 2.0, away * away))
