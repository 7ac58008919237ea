"""Who is who in an image: assignment, probabilities, the radar's shift; simulated seas."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.matching import house, rank_greedy, reliability, run, simulate
from imagery.expected import Fix, OnAis, expect, motion_kind
from imagery.matching import Expected, Look, _marginals, match, radial_knots
from vessels.units import US_PER_H, US_PER_MIN

LOOK = Look(heading_deg=348.0, range_over_speed_s=116.0, incidence_deg=38.0)
NOON = 1_600_000_000_000_000
PER_DEGREE = 111_195.0


def ships(
    *rows: tuple[float, float, float, float, float], sigma_m: float = 50.0, nearest_s: float = 300.0
) -> Expected:
    """Return ships of (north m, east m, knots, course, length) off the equator's zero."""
    columns = np.array(rows, np.float64).reshape(-1, 5).T
    return Expected(
        lat=columns[0] / PER_DEGREE,
        lon=columns[1] / PER_DEGREE,
        variance_m2=np.full(len(rows), sigma_m**2),
        sog_knots=columns[2],
        cog_deg=columns[3],
        length_m=columns[4],
        nearest_s=np.full(len(rows), nearest_s),
        p_inside=np.ones(len(rows)),
    )


def seen(*rows: tuple[float, float, float]) -> tuple[NDArray[np.float64], ...]:
    columns = np.array(rows, np.float64).reshape(-1, 3).T
    return columns[0] / PER_DEGREE, columns[1] / PER_DEGREE, columns[2]


def test_a_ship_where_it_is_expected_is_on_ais_and_another_is_dark() -> None:
    found = match(
        *seen((20.0, 10.0, 100.0), (5000.0, 0.0, 40.0)),
        ships((0.0, 0.0, 0.0, 0.0, 90.0)),
        sensor="s1",
        area_m2=4e8,
        look=LOOK,
    )
    assert found.ship.tolist() == [0, -1]
    assert found.detection.tolist() == [0]
    assert found.dark.tolist() == [False, True]
    assert found.p_match[0] > 0.98
    assert found.p_dark[1] > 0.55  # alone in 400 km2 it may as well be a false detection
    assert found.p_free[1] > 0.99
    assert found.p_dark[0] < 0.02
    assert found.p_missing[0] < 0.02


def test_a_ship_that_ought_to_be_there_and_is_not_is_told() -> None:
    expected = ships((0.0, 0.0, 0.0, 0.0, 90.0), (3000.0, 0.0, 0.0, 0.0, 12.0))
    found = match(*seen(), expected, sensor="s1", area_m2=4e8, look=LOOK)
    assert found.p_missing[0] > 0.95
    assert found.p_missing[1] < 0.4  # so small a ship is often not seen


def test_a_ship_outside_the_image_is_not_missed() -> None:
    expected = ships((0.0, 0.0, 0.0, 0.0, 90.0))
    outside = Expected(
        **{n: getattr(expected, n) for n in expected.__slots__} | {"p_inside": np.zeros(1)}
    )
    assert match(*seen(), outside, sensor="s1", area_m2=4e8).p_missing[0] == 0.0


def test_length_tells_two_ships_apart_that_lie_as_near() -> None:
    found = match(
        *seen((0.0, 100.0, 230.0), (0.0, -100.0, 26.0)),
        ships((0.0, 0.0, 0.0, 0.0, 20.0), (5.0, 0.0, 0.0, 0.0, 200.0)),
        sensor="s2",
        area_m2=4e8,
    )
    assert found.ship.tolist() == [1, 0]


@pytest.mark.parametrize(("course", "sign"), [(78.0, -1.0), (258.0, 1.0)])
def test_a_receding_ship_is_drawn_back_along_the_track(course: float, sign: float) -> None:
    # Right-looking: 78 degrees is straight away from a satellite that flies 348.
    found = match(
        *seen(), ships((0.0, 0.0, 10.0, course, 90.0)), sensor="s1", area_m2=4e8, look=LOOK
    )
    size = 116.0 * 10.0 * 1852.0 / 3600.0 * np.sin(np.radians(38.0))
    track = np.array([np.sin(np.radians(348.0)), np.cos(np.radians(348.0))])
    assert found.shift_m[0] == pytest.approx(sign * size * track, abs=1e-6)
    along = np.array([float(found.shift_m[0] @ track)])
    assert radial_knots(along, LOOK)[0] == pytest.approx(-sign * 10.0)


def test_along_the_track_and_in_optical_images_nothing_is_moved() -> None:
    along = ships((0.0, 0.0, 12.0, 348.0, 90.0))
    assert match(*seen(), along, sensor="s1", area_m2=1e8, look=LOOK).shift_m == pytest.approx(
        np.zeros((1, 2)), abs=1e-9
    )
    across = ships((0.0, 0.0, 12.0, 78.0, 90.0))
    assert not match(*seen(), across, sensor="s2", area_m2=1e8, look=LOOK).shift_m.any()


def test_a_fast_ship_is_found_only_where_the_shift_is_known_or_allowed_for() -> None:
    size = 116.0 * 14.0 * 1852.0 / 3600.0 * np.sin(np.radians(38.0))
    track = np.radians(348.0)
    place = (-size * np.cos(track), -size * np.sin(track), 95.0)
    ship = ships((0.0, 0.0, 14.0, 78.0, 90.0), sigma_m=30.0, nearest_s=5.0)
    for look in (LOOK, None):
        assert match(*seen(place), ship, sensor="s1", area_m2=4e8, look=look).ship[0] == 0
    assert match(*seen(place), ship, sensor="s2", area_m2=4e8).p_match[0] < 0.5


def test_nothing_on_either_side_is_no_error() -> None:
    none = match(*seen(), ships(), sensor="s1", area_m2=1e8)
    assert none.ship.size == none.detection.size == 0
    alone = match(*seen((0.0, 0.0, 30.0)), ships(), sensor="s1", area_m2=1e8)
    assert alone.dark.tolist() == [True]


@pytest.mark.parametrize("seed", range(6))
def test_probabilities_are_near_those_of_all_assignments_counted(seed: int) -> None:
    rng = np.random.default_rng(seed)
    score = rng.normal(0.0, 2.5, (3, 4))
    total, exact = 0.0, np.zeros(score.shape)
    for choice in itertools.product(range(-1, 4), repeat=3):
        used = [c for c in choice if c >= 0]
        if len(set(used)) < len(used):
            continue
        pairs = [(row, c) for row, c in enumerate(choice) if c >= 0]
        weight = float(np.exp(sum(score[pair] for pair in pairs)))
        total += weight
        for pair in pairs:
            exact[pair] += weight
    found = _marginals(score)
    assert found == pytest.approx(exact / total, abs=0.06)
    assert (found.sum(axis=1) <= 1.0 + 1e-9).all()


def test_order_of_detections_and_ships_does_not_matter() -> None:
    scene = simulate(3, 25.0)
    found = house(scene)
    back = slice(None, None, -1)
    expected = Expected(**{n: getattr(scene.expected, n)[back] for n in Expected.__slots__})
    turned = match(
        scene.lat[back],
        scene.lon[back],
        scene.length_m[back],
        expected,
        sensor="s1",
        area_m2=3.6e9,
        look=Look(348.0, 116.0, 38.5),
    )
    same = np.where(turned.ship >= 0, len(expected) - 1 - turned.ship, -1)[back]
    assert same.tolist() == found.ship.tolist()
    assert turned.p_dark[back] == pytest.approx(found.p_dark, abs=1e-6)


def test_scores_at_25_minute_gaps_on_errors_that_are_not_the_models() -> None:
    """A guard on 60 scenes, a point below the goal of 0.95; benchmarks/matching.py takes 300."""
    scenes = [simulate(seed, 25.0) for seed in range(60)]
    figures = run(scenes)
    ours = figures["house"]
    assert ours["dark_precision"] >= 0.94
    assert ours["dark_recall"] >= 0.90
    for peer in ("nearest 2 km", "nearest 5 km", "rank greedy"):
        their = figures[peer]
        assert ours["match_recall"] > their["match_recall"]
        # No peer is better at both ends of the dark.
        assert (
            ours["dark_precision"] > their["dark_precision"]
            or ours["dark_recall"] > their["dark_recall"]
        )
    table = reliability([house(scene) for scene in scenes], scenes)
    pairs = sum(tenth["pairs"] for tenth in table)
    off = sum(abs(tenth["right"] - tenth["stated"]) * tenth["pairs"] for tenth in table)
    assert off / pairs < 0.02
    assert rank_greedy(scenes[0]).shape == scenes[0].lat.shape


def test_a_ship_between_two_fixes_is_surer_than_after_one() -> None:
    before = Fix(NOON - US_PER_H, 0.0, 0.0, 10.0, 90.0)
    after = Fix(NOON + US_PER_H, 0.0, 20.0 / 60.0, 10.0, 90.0)
    both = expect([OnAis("a", before, after, 50.0, "cargo")], NOON)
    one = expect([OnAis("a", before, None, 50.0, "cargo")], NOON)
    assert both.variance_m2[0] < one.variance_m2[0] / 1.9
    assert both.lon[0] == pytest.approx(10.0 / 60.0, abs=0.01)
    assert both.sog_knots[0] == pytest.approx(10.0)
    assert both.cog_deg[0] == pytest.approx(90.0)
    assert both.nearest_s[0] == 3600.0


def test_a_ship_heard_only_later_is_run_back() -> None:
    after = Fix(NOON + 30 * US_PER_MIN, 0.0, 0.0, 12.0, 90.0)
    found = expect([OnAis("a", None, after)], NOON)
    assert found.lon[0] == pytest.approx(-6.0 / 60.0, rel=0.02)
    assert found.cog_deg[0] == pytest.approx(90.0)
    with pytest.raises(ValueError, match="without a fix"):
        expect([OnAis("a", None, None)], NOON)


def test_kinds_of_motion_follow_the_ship_type() -> None:
    kinds = [motion_kind(t) for t in (30, 70, 89, 60, 90, 52, None)]
    assert kinds == ["fishing", "cargo", "cargo", "cargo", "unknown", "unknown", "unknown"]
