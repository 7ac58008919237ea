"""How sure it is that two hulls were near: the bridge between fixes, and Rice's distribution."""

import numpy as np
import pytest
from scipy import stats

from detectors.nearness import within_probability
from detectors.slots import bridge_sigma_m
from tests.detectors.real import gpsdio
from vessels.fixes import sort_fixes
from vessels.geodesy import distance_m, interpolate
from vessels.hulls import HullParameters, hull_keys, new_state, split_hulls

HOUR_S = 3600.0


def test_a_fix_itself_is_as_good_as_its_receiver():
    assert bridge_sigma_m(0.0, HOUR_S, 0.5) == pytest.approx(10.0)
    assert bridge_sigma_m(HOUR_S, 0.0, 9.0) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("knots", "sigma_m"), [(0.0, 90.0), (1.2, 90.0), (3.0, 550.0), (9.0, 550.0)]
)
def test_half_way_through_an_hour_the_error_is_that_measured(knots, sigma_m):
    assert bridge_sigma_m(1800.0, 1800.0, knots) == pytest.approx(np.hypot(sigma_m, 10.0))


def test_between_drifting_and_sailing_it_rises_evenly():
    assert bridge_sigma_m(1800.0, 1800.0, 2.1) == pytest.approx(np.hypot(320.0, 10.0))


@pytest.mark.parametrize("hours", [0.25, 1.0, 2.0])
def test_it_grows_with_the_gap_to_the_power_one_and_a_half(hours):
    half_s = 0.5 * hours * HOUR_S
    sigma_m = bridge_sigma_m(half_s, half_s, 0.0)
    assert np.sqrt(sigma_m**2 - 100.0) == pytest.approx(90.0 * hours**1.5)


def test_it_is_the_same_from_either_end():
    assert bridge_sigma_m(600.0, 3000.0, 1.0) == pytest.approx(bridge_sigma_m(3000.0, 600.0, 1.0))


def test_two_thirds_of_real_drifters_lie_within_what_is_told(shared_data):
    """Every other fix left out: a check on ships and gaps of the measurement, not a new fit."""
    inside, outside = 0, 0
    for name in ("regr_441723000", "regr_416239500", "regr_520318000", "regr_416241500"):
        fixes, _ = sort_fixes(gpsdio(shared_data, name))
        _, out = split_hulls(new_state(), fixes, np.zeros(len(fixes), "u1"), HullParameters())
        rows, key = out.fixes, hull_keys(out.fixes.mmsi, out.hull)
        for i in range(0, len(key) - 8, 8):
            a, b = (rows.time_us[i + 4] - rows.time_us[i]) / 1e6, 0.0
            b = (rows.time_us[i + 8] - rows.time_us[i + 4]) / 1e6
            ends = rows.lat_deg[i], rows.lon_deg[i], rows.lat_deg[i + 8], rows.lon_deg[i + 8]
            knots = distance_m(*ends) / max(a + b, 1.0) * 1.94384
            if key[i] != key[i + 8] or not 600.0 < a + b <= 7200.0 or min(a, b) < 60.0:
                continue
            if max(knots, np.nan_to_num(rows.sog_knots[i])) > 1.2:
                continue
            at = interpolate(*ends, a / (a + b))
            off_m = distance_m(*at, rows.lat_deg[i + 4], rows.lon_deg[i + 4])
            within = off_m <= 1.515 * bridge_sigma_m(a, b, knots)  # 68 % of two axes
            inside, outside = inside + within, outside + (not within)
    assert inside + outside > 200
    assert inside / (inside + outside) > 0.68


@pytest.mark.parametrize("sigma_m", [14.0, 100.0, 360.0])
@pytest.mark.parametrize("apart_m", [0.0, 100.0, 480.0, 520.0])
def test_the_probability_is_that_of_rice_with_a_longer_tail(sigma_m, apart_m):
    rice = stats.rice(apart_m / sigma_m, scale=sigma_m).cdf(500.0)
    tail = stats.rice(apart_m / sigma_m / 3.0, scale=3.0 * sigma_m).cdf(500.0)
    (told,) = within_probability(np.array([apart_m]), np.array([sigma_m]), 500.0)
    assert told == pytest.approx(0.8 * rice + 0.2 * tail, abs=1e-6)


def test_draws_of_both_positions_agree():
    rng = np.random.default_rng(1)
    sigma_m = 160.0 * np.where(rng.random(200_000) < 0.2, 3.0, 1.0)
    off = rng.normal(size=(2, 200_000)) * sigma_m
    share = float((np.hypot(300.0 + off[0], off[1]) <= 500.0).mean())
    (told,) = within_probability(np.array([300.0]), np.array([160.0]), 500.0)
    assert told == pytest.approx(share, abs=0.005)
