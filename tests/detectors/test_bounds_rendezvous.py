"""What is told of a dark rendezvous: the defaults of its last two thresholds."""

import numpy as np
import pytest

from detectors._rendezvous_pairs import PAIR
from detectors.dark_rendezvous import _events, best_probability
from tests.detectors.test_dark_rendezvous_limits import PARAMETERS, stop

_STOP_KEY = (200_000_000 << 16) | 1


def told(likelihood):
    """Return the events of one stop with so many candidates of these likelihoods."""
    stops = stop()
    stops["key"] = _STOP_KEY
    pairs = np.zeros(len(likelihood), PAIR)
    pairs["stop_key"] = _STOP_KEY
    pairs["key"] = (300_000_000 + np.arange(len(pairs))) << 16 | 1
    pairs["start_us"], pairs["on_m"] = -1, np.nan
    pairs["likelihood"] = likelihood
    return _events(stops, pairs, 10**12, PARAMETERS)


@pytest.mark.parametrize(("probability", "found"), [(0.195, 0), (0.205, 1)])
def test_one_candidate_must_have_a_fifth(probability, found):
    """The best that it can have: beside the loiterer that is likeliest to be met, and alone."""
    share = 0.3 / 0.7 / 3.0
    likelihood = probability / (1.0 - probability) * (1.0 + 2.0 * share) / share
    assert best_probability(np.array([likelihood])) == pytest.approx(probability)
    assert len(told([likelihood])) == found


def test_ten_candidates_are_listed():
    (event,) = told(np.full(12, 20.0))
    assert event.details["candidates"] == 12
    assert len(event.details["candidate_mmsi"]) == 10
