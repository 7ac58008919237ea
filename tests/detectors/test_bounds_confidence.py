"""The weights that were fitted, as published: each moves a confidence that a test looks at."""

import numpy as np
import pytest

from detectors.dark_confidence import confidence, features, welch_disabling
from tests.detectors.scene import every, ship
from tests.detectors.test_bounds_dark_period import dark
from tests.detectors.test_dark_evidence import told as evidence_on

NONE = {"expected": 0.0, "longest": 0.0, "reception": 0.0, "company": 0.0, "leaving": 0.0}
NONE |= {"offshore": 0.0}


def told(knots=np.nan, **features):
    columns = {name: np.array([value]) for name, value in (NONE | features).items()}
    return float(confidence(columns, np.array([knots]))[0])


@pytest.mark.parametrize(
    ("features", "total"),
    [
        ({}, -2.880),
        ({"expected": 1.0}, -2.880 + 0.769),
        ({"longest": 0.5}, -2.880 - 0.5 * 2.642),
        ({"reception": 1.0}, -2.880 + 4.148),
        ({"company": 1.0}, -2.880 + 1.374),
        ({"reception": 1.0, "leaving": 0.5}, -2.880 + 4.148 - 0.5 * 3.718),
        ({"offshore": 1.0}, -2.880 + 0.602),
    ],
)
def test_confidence_is_the_logistic_model_with_the_weights_fitted(features, total):
    assert told(**features) == pytest.approx(1.0 / (1.0 + np.exp(-total)), abs=6e-4)


@pytest.mark.parametrize(
    ("hours", "expected"), [(0.05, -1.0), (0.2, np.log10(0.2)), (9.7, np.log10(9.7)), (30.0, 1.0)]
)
def test_a_tenth_of_an_hour_proves_as_little_as_less_and_ten_as_much_as_more(hours, expected):
    """Heard in all twelve hours before: 11.5 of 12.5 are those that it is expected in."""
    evidence = evidence_on(hours=hours * 12.5 / 11.5)
    (found,) = features(evidence, np.zeros(1))["expected"]
    assert found == pytest.approx(expected)


def test_the_last_hour_heard_counts_half():
    """Seven fixes in twelve hours, two apart: 6.5 hours of 12.5, and that for 100 hours."""
    hours = np.append(every(120, 0, 14), every(120, 114, 118))
    (event,) = dark(ship(416000001, hours))
    assert event.details["heard_hours_expected"] == 52.0


@pytest.mark.parametrize(("knots", "off"), [(24.5, 0.0), (25.5, 2.0)])
def test_two_ends_that_need_more_than_25_knots_are_doubtful(knots, off):
    expected = 1.0 / (1.0 + np.exp(-(-2.880 + 4.148 - off)))
    assert told(knots, reception=1.0) == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize(
    ("hours", "shore_nm", "positions", "per_day", "found"),
    [
        (12.0, 50.5, 14, 10.1, True),
        (11.9, 50.5, 14, 10.1, False),
        (12.0, 49.5, 14, 10.1, False),
        (12.0, 50.0, 14, 10.1, False),
        (12.0, 50.5, 13, 10.1, False),
        (12.0, 50.5, 14, 9.9, False),
        (12.0, 50.5, 14, 10.0, False),
        (12.0, 50.5, 14, float("nan"), None),
    ],
)
def test_the_welch_rule_is_strict_where_it_is_published_so(
    hours, shore_nm, positions, per_day, found
):
    assert welch_disabling(hours, shore_nm * 1852.0, positions, per_day) is found
