"""What is told of a dark rendezvous: its last thresholds, and what kinds of ship weigh."""

import numpy as np
import pytest

from detectors._rendezvous_pairs import PAIR, SILENT
from detectors.dark_rendezvous import _events, best_probability, in_port, with_probabilities
from detectors.dark_rendezvous_roles import weight_of, with_kinds
from tests.detectors.test_bounds_dark_period import off_the_desert, off_the_port
from tests.detectors.test_dark_rendezvous import CARRIER, TRAWLER
from tests.detectors.test_dark_rendezvous_limits import PARAMETERS, stop
from tests.detectors.test_dark_rendezvous_roles import CARGO, FISHING, TUG, book_of


def told(likelihood):
    """Return the events of one stop with so many candidates of these likelihoods."""
    stops = stop()
    stops["key"] = CARRIER << 16 | 1
    pairs = np.zeros(len(likelihood), PAIR)
    pairs["stop_key"] = CARRIER << 16 | 1
    pairs["key"] = (TRAWLER + np.arange(len(pairs))) << 16 | 1
    pairs["start_us"], pairs["on_m"] = -1, np.nan
    pairs["likelihood"] = likelihood
    return _events(stops, pairs, 10**12, PARAMETERS)


def likelihood_for(probability):
    """Return the likelihood that one fishing candidate of a cargo ship has this with."""
    share = 0.3 / 0.7 / 3.0
    return probability / (1.0 - probability) * (1.0 + 2.0 * share) / share


@pytest.mark.parametrize(("probability", "found"), [(0.195, 0), (0.205, 1)])
def test_one_candidate_must_have_a_fifth(probability, found):
    """The best that it can have: beside the loiterer that is likeliest to be met, and alone."""
    likelihood = likelihood_for(probability)
    assert best_probability(np.array([likelihood])) == pytest.approx(probability)
    assert len(told([likelihood])) == found


def test_ten_candidates_are_listed():
    (event,) = told(np.full(12, 20.0))
    assert event.details["candidates"] == 12
    assert len(event.details["candidate_mmsi"]) == 10


@pytest.mark.parametrize(("probability", "severity"), [(0.29, "info"), (0.31, "watch")])
def test_a_candidate_with_three_tenths_is_worth_a_watch(probability, severity):
    (event,) = told([20.0])
    assert with_probabilities(event, np.array([probability]), 0.2).severity == severity


@pytest.mark.parametrize(("confidence", "severity"), [(0.49, "watch"), (0.51, "high")])
def test_beside_a_cargo_ship_it_is_high_from_one_half_on(confidence, severity):
    book = book_of({CARRIER: CARGO, TRAWLER: FISHING})
    (event,) = with_kinds(told([likelihood_for(confidence)]), book, 0.2)
    assert event.confidence == pytest.approx(confidence, abs=1e-3)
    assert event.severity == severity


def test_a_tug_lies_still_for_its_work():
    (event,) = with_kinds(told([20.0]), book_of({CARRIER: TUG, TRAWLER: FISHING}), 0.01)
    share = 0.03 / 0.97 / 3.0
    expected = 20.0 * share / (1.0 + 2.0 * share + 20.0 * share)
    assert event.confidence == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (off_the_port(9_600.0), True),
        (off_the_port(10_400.0), False),
        (off_the_desert(960.0), True),
        (off_the_desert(1_040.0), False),
    ],
)
def test_who_lay_within_ten_km_of_a_port_or_one_of_the_shore_was_in_port(place, expected):
    row = np.zeros(1, SILENT)
    row["lat1"], row["lon1"] = place
    assert not in_port(row)[0]
    row["at_rest"] = 1
    assert in_port(row)[0] == expected


def test_kinds_weigh_as_the_page_says():
    others = ("carrier", "cargo", "tanker", "bunker", "unknown")
    assert [weight_of("fishing"), *map(weight_of, others)] == [1.0] + [0.7] * 5
    assert [weight_of("passenger"), weight_of("tug")] == [0.2, 0.2]
