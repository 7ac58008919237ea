"""Directional tails, averaged in families, and the share of peers that are as unusual.

For each ranked feature the tail is the share of peers, the vessel itself among them, whose value
is as large or larger; its weight is -ln of that. A family is the mean over its features, at most
FAMILY_CAP; the score is the sum over the families. What is missing adds nothing: data that are
lost cannot make a vessel look worse.

`p_value` is that of full conformal prediction (Vovk et al. 2005): the vessel and its n peers are
scored alike, each within the n + 1, and p is the share that scores as high or higher. If the
vessel behaves as its peers do, p <= a happens with a probability of at most a, for every a: this
is the false-alarm rate that is promised. It holds for any n; below 50 it could not be small.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.unusual.catalogue import FAMILIES, FAMILY_OF

Floats = NDArray[np.float64]

FAMILY_CAP = float(np.log(100.0))
"""A family counts no more than a tail of 1 in 100: beyond it some fifty peers tell nothing."""
_MEMBERS = np.array([[f == g for g in range(len(FAMILIES))] for f in FAMILY_OF], "f8")


@dataclass(frozen=True, slots=True)
class Tail:
    """One vessel among its peers."""

    score: float
    p_value: float
    families: Floats
    """What each of FAMILIES adds; NaN where none of its features was observed."""
    below: Floats
    """Share of the peers with a smaller value, by ranked feature; NaN where missing."""


class Peers:
    """The peers of a group, sorted once for all vessels that are compared with them.

    Args:
        values: one row a peer, one column a ranked feature; NaN where missing.
    """

    def __init__(self, values: Floats) -> None:
        self._values = values
        self._sorted = np.sort(values, axis=0)  # NaN goes last
        self._known = (~np.isnan(values)).sum(axis=0)
        # A feature that no peer has cannot be ranked and is no part of its family's mean.
        share = _MEMBERS * (self._known > 0)[:, None]
        self._share = share / np.maximum(share.sum(axis=0), 1.0)
        as_large = self._as_large(values)
        self._alone = self._weights(as_large, self._known)
        with_one = self._known + 1
        self._without = self._weights(as_large, with_one)
        self._with = self._weights(as_large + 1, with_one)

    def __len__(self) -> int:
        return len(self._values)

    def tail(self, vessel: Floats) -> Tail:
        """Return a vessel that is not one of the peers, among them."""
        seen = ~np.isnan(vessel)
        as_large = self._as_large(vessel[None])[0] + 1
        own = self._families(
            self._weights(np.where(seen, as_large, np.nan)[None], self._known + 1)
        )[0]
        # Where the vessel lacks a feature, the peers are ranked among themselves.
        raised = np.where(vessel >= self._values, self._with, self._without)
        others = self._families(np.where(seen, raised, self._alone))
        scores = others.sum(axis=1)
        score = float(own.sum())
        p_value = (1 + int((scores >= score - 1e-9).sum())) / (len(scores) + 1)
        return Tail(score, p_value, self._told(own, seen), self._below(vessel))

    def tail_of(self, row: int) -> Tail:
        """Return one of the peers among all of them, itself included once."""
        families = self._families(self._alone)
        scores = families.sum(axis=1)
        score = float(scores[row])
        vessel = self._values[row]
        seen = ~np.isnan(vessel)
        p_value = int((scores >= score - 1e-9).sum()) / len(scores)
        below = self._below(vessel) * self._known / np.maximum(self._known - 1, 1)
        return Tail(score, p_value, self._told(families[row], seen), below)

    def _as_large(self, values: Floats) -> Floats:
        """Return how many peers have a value as large or larger; NaN for NaN."""
        out = np.empty(values.shape)
        for column in range(values.shape[1]):
            known = int(self._known[column])
            line = self._sorted[:known, column]
            out[:, column] = known - np.searchsorted(line, values[:, column], "left")
        return np.where(np.isnan(values), np.nan, out)

    def _below(self, vessel: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            share = 1.0 - self._as_large(vessel[None])[0] / self._known
        return np.where(self._known > 0, share, np.nan)

    @staticmethod
    def _weights(as_large: Floats, among: NDArray[np.int64]) -> Floats:
        """Return -ln of the tails; what is missing weighs nothing."""
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = -np.log(np.minimum(as_large / among, 1.0))
        return np.where(np.isnan(weight), 0.0, weight)

    def _families(self, weights: Floats) -> Floats:
        return np.minimum(weights @ self._share, FAMILY_CAP)

    @staticmethod
    def _told(families: Floats, seen: NDArray[np.bool_]) -> Floats:
        any_seen = (_MEMBERS * seen[:, None]).sum(axis=0) > 0
        return np.where(any_seen, families, np.nan)
