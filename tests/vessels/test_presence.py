"""Presence against a simulation of the process that it assumes, and at the edges of the map."""

import numpy as np
import pytest

from vessels.geodesy import distances_m
from vessels.presence import MOTIONS, POSITION_SIGMA_M, density_per_m2, presence
from vessels.units import M_PER_NM, MPS_PER_KNOT, US_PER_H

NONE = (None, None, None, None, None)


def simulated(hours: float, kind: str, *, known: bool) -> tuple[float, float]:
    """Return mean and variance of displacement (m) along one axis, from 6 knots or at random."""
    rng = np.random.default_rng(1)
    s, g = MOTIONS[kind].speed_knots * MPS_PER_KNOT, 1.0 / (MOTIONS[kind].memory_h * 3600.0)
    n, steps = 20_000, 600
    dt = hours * 3600.0 / steps
    keep = np.exp(-g * dt)
    v = np.full(n, 6.0 * MPS_PER_KNOT) if known else rng.normal(0.0, s, n)
    x = np.zeros(n)
    for _ in range(steps):
        new = v * keep + rng.normal(0.0, s * np.sqrt(1.0 - keep**2), n)
        x += 0.5 * (v + new) * dt
        v = new
    return float(x.mean()), float(x.var())


@pytest.mark.parametrize("kind", MOTIONS)
@pytest.mark.parametrize("hours", [2.0, 30.0, 200.0])
@pytest.mark.parametrize("known", [True, False])
def test_one_sided_presence_is_the_process(kind: str, hours: float, *, known: bool) -> None:
    mean_m, variance = simulated(hours, kind, known=known)
    sog, cog = (6.0, 90.0) if known else (np.nan, np.nan)
    lat, lon, covariance = presence(0, 0, sog, cog, 0, *NONE, int(hours * US_PER_H), kind=kind)
    sigma = np.sqrt(variance)
    east_m = float(distances_m(0, 0, 0, lon)) * np.sign(lon)
    assert float(lat) == pytest.approx(0.0, abs=1e-9)
    assert float(east_m) == pytest.approx(mean_m, abs=0.04 * sigma + 100.0)
    assert covariance[0, 0] - POSITION_SIGMA_M**2 == pytest.approx(variance, rel=0.05)
    assert covariance[1, 1] == covariance[0, 0]
    assert covariance[0, 1] == covariance[1, 0] == 0.0


def test_two_sides_are_fused_by_precision() -> None:
    day = 24 * US_PER_H
    one = presence(-9, 150, np.nan, np.nan, 0, *NONE, day)[2][0, 0]
    lat, lon, both = presence(-9, 150, np.nan, np.nan, 0, -9, 151, np.nan, np.nan, 2 * day, day)
    assert both[0, 0] == pytest.approx(one / 2.0)
    assert (float(lat), float(lon)) == pytest.approx((-9.0, 150.5), abs=2e-3)
    near_start = presence(-9, 150, np.nan, np.nan, 0, -9, 151, np.nan, np.nan, 2 * day, US_PER_H)
    assert float(near_start[1]) < 150.01


def test_a_known_course_carries_it_on_and_back() -> None:
    hour = US_PER_H
    ahead = presence(0, 0, 10.0, 90.0, 0, *NONE, 2 * hour)
    assert float(ahead[1]) * 60.0 == pytest.approx(20.0 * 0.98, abs=0.5)
    # Heard again two hours later, having come from the west: it was west of there before.
    back = presence(0, -5, np.nan, np.nan, 0, 0, 5.0, 10.0, 90.0, 100 * hour, 98 * hour)
    assert float(back[1]) < 5.0 - 15.0 / 60.0
    north = presence(0, 0, 10.0, 0.0, 0, *NONE, 2 * hour)
    assert float(north[0]) * 60.0 == pytest.approx(float(ahead[1]) * 60.0, rel=1e-6)


def test_still_ships_need_no_course_and_moving_ones_do() -> None:
    hour = US_PER_H
    still = presence(0, 0, 0.2, np.nan, 0, *NONE, 5 * hour)[2][0, 0]
    known = presence(0, 0, 0.2, 90.0, 0, *NONE, 5 * hour)[2][0, 0]
    moving = presence(0, 0, 5.0, np.nan, 0, *NONE, 5 * hour)[2][0, 0]
    assert still == known
    assert moving > 5.0 * known


@pytest.mark.parametrize(("knots", "known"), [(0.48, True), (0.52, False)])
def test_below_half_a_knot_a_missing_course_does_not_matter(knots: float, *, known: bool) -> None:
    day = 24 * US_PER_H
    without = presence(0, 0, knots, np.nan, 0, *NONE, day)[2][0, 0]
    assert bool(without == presence(0, 0, knots, 90.0, 0, *NONE, day)[2][0, 0]) is known


@pytest.mark.parametrize(
    ("kind", "knots", "memory_h"),
    [("fishing", 2.8, 51.0), ("cargo", 7.1, 75.0), ("unknown", 4.6, 54.0), ("yacht", 4.6, 54.0)],
)
def test_kinds_of_ship_move_about_as_they_were_measured(
    kind: str, knots: float, memory_h: float
) -> None:
    """The formula of the module's page, a fix itself 30 m off, speed and course not known."""
    t, s, g = 24.0 * 3600.0, knots * MPS_PER_KNOT, 1.0 / (memory_h * 3600.0)
    expected = s**2 * (2.0 * t / g - 2.0 * (1.0 - np.exp(-g * t)) / g**2)
    found = presence(0, 0, np.nan, np.nan, 0, *NONE, 24 * US_PER_H, kind=kind)[2][0, 0]
    assert found == pytest.approx(30.0**2 + expected, rel=1e-7)
    assert presence(0, 0, np.nan, np.nan, 0, *NONE, 0, kind=kind)[2][0, 0] == 30.0**2


def test_across_180_degrees_and_over_the_pole() -> None:
    day = 24 * US_PER_H
    _, lon, _ = presence(-18, 179.5, np.nan, np.nan, 0, -18, -179.5, np.nan, np.nan, 2 * day, day)
    assert abs(float(lon)) == pytest.approx(180.0, abs=1e-6)
    lat, _, _ = presence(89.5, 0, np.nan, np.nan, 0, 89.5, 180, np.nan, np.nan, 2 * day, day)
    assert float(lat) == pytest.approx(90.0, abs=1e-6)


def test_columns_broadcast_and_times_outside_are_nan() -> None:
    hours = np.array([-1, 0, 24, 48, 49]) * US_PER_H
    lat, lon, covariance = presence(
        -9, 150, 3.0, 45.0, 0, -9, 151, np.nan, np.nan, 48 * US_PER_H, hours
    )
    assert lat.shape == lon.shape == (5,)
    assert covariance.shape == (5, 2, 2)
    assert np.isnan(lat).tolist() == [True, False, False, False, True]
    assert covariance[1, 0, 0] == pytest.approx(POSITION_SIGMA_M**2, rel=1e-3)


def test_short_times_do_not_lose_their_digits() -> None:
    seconds = np.array([1, 10, 100, 240, 248, 250, 300]) * 1_000_000
    for sog, cog in ((3.0, 45.0), (np.nan, np.nan)):
        variance = presence(0, 0, sog, cog, 0, *NONE, seconds, kind="fishing")[2][:, 0, 0]
        assert (np.diff(variance) > 0).all()


def test_density_is_a_gaussian_per_area() -> None:
    assert density_per_m2(0.0, 0.0, (0.0, 0.0), 1e6) == pytest.approx(1.0 / (2e6 * np.pi))
    away = density_per_m2(0.0, 1.0 / 60.0, (0.0, 0.0), M_PER_NM**2)
    assert away == pytest.approx(np.exp(-0.5) / (2 * np.pi * M_PER_NM**2), rel=3e-3)
