"""Generated fleets: normal vessels and planted behaviours, as ranked features.

The behaviours are behaviours: nothing here stands for a crime.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.unusual.catalogue import FAMILIES, RANKED

Floats = NDArray[np.float64]
_COUNTS = frozenset(
    {"passed_ports", "dark_periods", "carrier_meetings", "catcher_meetings"}
    | {"identity_changes", "false_positions"}
)


def fleet(size: int, seed: int) -> Floats:
    """Return a normal fleet: far vessels also stay out longer, most counts are 0, no EEZs."""
    rng = np.random.default_rng([seed, 917])
    far = rng.normal(size=size)
    out = np.empty((size, len(RANKED)))
    for i, feature in enumerate(RANKED):
        if feature.name in _COUNTS:
            out[:, i] = rng.poisson(np.exp(-1.0 + 0.4 * far))
        else:
            out[:, i] = np.exp(2.0 + 0.5 * far + 0.5 * rng.normal(size=size))
        if feature.name in {"high_seas_h", "foreign_eez_h"}:
            out[:, i] = np.nan
    return out


def planted(normal: Floats, families: tuple[str, ...], seed: int, share: float = 0.995) -> Floats:
    """Return the fleet with these families at the top of what a normal fleet does."""
    rng = np.random.default_rng([seed, 918])
    out = normal.copy()
    for i, feature in enumerate(RANKED):
        if feature.family in families and not np.isnan(normal[:, i]).all():
            top = np.nanquantile(normal[:, i], share)
            out[:, i] = top * (1.0 + 0.2 * rng.random(len(out))) + 1.0
    return out


def family(name: str) -> int:
    return FAMILIES.index(name)


def level(values: Floats, share: float) -> Floats:
    """Return a quantile of each feature, NaN where no vessel has it."""
    known = ~np.isnan(values).all(axis=0)
    out = np.full(values.shape[1], np.nan)
    out[known] = np.nanquantile(values[:, known], share, axis=0)
    return out
