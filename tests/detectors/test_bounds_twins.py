"""The constants of one hull with two transmitters, from both sides."""

import numpy as np
import pytest

from tests.detectors.scene import OFFSHORE, events, every
from tests.detectors.test_twins import beside, sailing, twins


@pytest.mark.parametrize(("hours_in_all", "found"), [(20.0, 0), (30.0, 1)])
def test_they_are_together_nine_half_hours_in_ten(hours_in_all, found):
    """Apart for five half hours early on: of 40 that is an eighth, of 60 a twelfth."""
    hours = every(5, 0, hours_in_all - 0.3)
    one, two = beside(hours, sailing(hours), 12.0)
    two.lon_deg = two.lon_deg + np.where((hours > 0.7) & (hours < 3.2), 0.05, 0.0)
    assert len(twins(one, two)) == found


@pytest.mark.parametrize(("days", "parts"), [(6.8, 1), (7.2, 2)])
def test_a_week_without_sailing_together_is_another_event(days, parts):
    later = 12.0 + days * 24.0
    hours = np.concatenate([every(5, 0, 12), every(5, later, later + 12)])
    lat = sailing(np.concatenate([every(5, 0, 12), every(5, 12, 24)]))
    assert len(twins(*beside(hours, lat, 12.0))) == parts


@pytest.mark.parametrize(("after_h", "met"), [(23.0, 0), (25.5, 1)])
def test_a_day_after_they_sailed_together_they_are_known_no_more(after_h, met):
    """They drift three km apart for so long, and then lie side by side for three hours."""
    hours = every(5, 0, 20 + after_h + 3)
    moved = np.minimum(hours, 20.0) * 8.0 + np.maximum(hours - 20.0, 0.0) * 0.1
    one, two = beside(hours, OFFSHORE[0] - moved / 60.0, 12.0)
    away = (hours > 20.0) & (hours < 20.0 + after_h)
    two.lon_deg = two.lon_deg + np.where(away, 0.03, 0.0)
    assert len(twins(one, two)) == 1
    assert len(events(one, two, kind="encounter", now_h=100)) == met
