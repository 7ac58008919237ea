"""Hull splitting: wild fixes, shared numbers, jumps, re-transmissions (sections 5 and 6)."""

import numpy as np
import pytest

from tests.detectors.scene import OFFSHORE, every, ship
from vessels.fixes import Fixes, concat_fixes, sort_fixes
from vessels.hulls import REASONS, HullOutput, HullParameters, new_state, split_hulls

A = 416000001


def split(*parts: Fixes) -> HullOutput:
    fixes, _ = sort_fixes(concat_fixes(parts))
    return split_hulls(new_state(), fixes, np.zeros(len(fixes), "u1"), HullParameters())[1]


def hulls(out: HullOutput) -> dict[int, int]:
    numbers, counts = np.unique(out.hull, return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def reasons(out: HullOutput) -> dict[str, int]:
    numbers, counts = np.unique(out.reason, return_counts=True)
    return {REASONS[n]: c for n, c in zip(numbers.tolist(), counts.tolist(), strict=True)}


def steaming(hours: np.ndarray, knots: float = 12.0, lat: float = OFFSHORE[0]) -> Fixes:
    return ship(A, hours, lat + hours * knots / 60.0, sog=knots)


def test_an_ordinary_voyage_is_one_hull():
    out = split(steaming(every(3, 0, 48)))
    assert hulls(out) == {1: 961}
    assert len(out.switches) == 0


@pytest.mark.parametrize("wild", [[10.01], [10.01, 10.03], [0.0], [-0.1]])
def test_one_or_two_wild_fixes_make_no_hull(wild):
    out = split(steaming(every(3, 0.01, 20)), ship(A, wild, 20.0, 30.0))
    assert set(hulls(out)) == {1}
    assert len(out.switches) == 0


def test_a_wild_fix_after_a_long_silence_does_not_pull_the_track_away():
    """Reachable in 8 h at 25 knots, but unlike a ship that tells 12, and the next fix denies it."""
    hours = np.concatenate([every(3, 0, 10), every(3, 18.1, 24)])
    out = split(steaming(hours), ship(A, [18.0], OFFSHORE[0] - 3.3, sog=12.0))
    assert hulls(out) == {1: len(hours)}


def test_a_wild_fix_near_by_does_not_draw_the_true_ones_to_itself():
    """World 606: a glitch of a few miles founded a hull that took over a dozen true fixes."""
    hours = every(5, 0, 20)
    wild = ship(A, [10.03], OFFSHORE[0] + 10.03 * 0.2, OFFSHORE[1] + 0.1, sog=12.0)
    out = split(steaming(hours), wild)
    assert hulls(out) == {1: len(hours)}


def test_a_ship_that_truly_sailed_far_during_silence_stays_one_hull():
    hours = np.concatenate([every(3, 0, 10), every(3, 30, 36)])
    lat = np.where(hours <= 10, OFFSHORE[0] + hours * 0.1, OFFSHORE[0] + 8.0 + (hours - 30) * 0.1)
    out = split(ship(A, hours, lat, sog=6.0))
    assert hulls(out) == {1: len(hours)}


def test_two_ships_on_one_number_are_two_hulls():
    """T10: interleaved Colombia and Mozambique."""
    out = split(
        ship(A, every(6, 0, 24), 10.0, -76.0, sog=0.4),
        ship(A, every(7, 0.03, 24), -20.0, 38.0, sog=0.2),
    )
    assert sorted(hulls(out).values()) == [206, 241]
    assert out.switches["alternations"].max() > 100
    assert out.switches["shared"][-1] == 1


def test_a_small_jump_that_stays_is_a_wrong_clock_and_no_second_hull():
    """Fault 5: satellite clocks are minutes off; a track that goes on close by is the same ship."""
    hours = every(3, 0, 10)
    lat = OFFSHORE[0] + hours * 0.2 + np.where(hours > 5, 0.1, 0.0)  # 11 km in 3 minutes
    out = split(ship(A, hours, lat, sog=12.0))
    assert hulls(out) == {1: len(hours)}


def test_the_time_of_a_hull_never_goes_back():
    """Receive times hours off in part of a stream: what waited is dropped, not handed in late."""
    rng = np.random.default_rng(1)
    hours = every(2, 0, 30)
    told = hours + np.where(rng.random(len(hours)) < 0.3, rng.uniform(-0.6, 0.6, len(hours)), 0.0)
    out = split(ship(A, np.maximum(told, 0.0), OFFSHORE[0] + hours * 0.3, sog=18.0))
    for number in np.unique(out.hull):
        assert (np.diff(out.fixes.time_us[out.hull == number]) >= 0).all()


def test_no_step_brings_a_hull_a_fix_older_than_one_it_has_had():
    rng = np.random.default_rng(2)
    hours = every(2, 0, 30)
    told = hours + np.where(rng.random(len(hours)) < 0.3, rng.uniform(-0.6, 0.6, len(hours)), 0.0)
    fixes, _ = sort_fixes(ship(A, np.maximum(told, 0.0), OFFSHORE[0] + hours * 0.3, sog=18.0))
    state, last = new_state(), {}
    for first in range(0, len(fixes), 3):
        batch = fixes.take(slice(first, first + 3))
        state, out = split_hulls(state, batch, np.zeros(len(batch), "u1"), HullParameters())
        for hull, time_us in zip(out.hull.tolist(), out.fixes.time_us.tolist(), strict=True):
            assert time_us >= last.get(hull, 0)
            last[hull] = time_us


def test_exact_re_transmissions_are_dropped():
    fixes = steaming(every(3, 0, 20))
    stale = fixes.take(slice(100, 110))
    stale.time_us = stale.time_us + 3 * 3_600_000_000
    out = split(fixes, stale)
    assert reasons(out) == {"retransmission": 10}
    assert hulls(out) == {1: 401}


def test_an_old_position_at_rest_sent_again_from_far_away_is_dropped():
    anchored = ship(A, every(3, 0, 5), sog=0.1)
    under_way = ship(A, every(3, 5.05, 30), OFFSHORE[0] + every(3, 0, 24.95) * 0.2, sog=12.0)
    stale = anchored.take(np.full(6, 50))
    stale.time_us = stale.time_us + np.arange(9, 15) * 3_600_000_000
    out = split(anchored, under_way, stale)
    assert reasons(out) == {"retransmission": 6}
    assert set(hulls(out)) == {1}


def test_a_moored_ship_may_repeat_itself():
    out = split(ship(A, every(3, 0, 20), sog=0.0))
    assert hulls(out) == {1: 401}


def test_null_island_is_no_place():
    out = split(steaming(every(3, 0, 5)), ship(A, [1.01, 2.01, 3.01, 4.01], 0.0, 0.0))
    assert reasons(out) == {"null_island": 4}


def test_the_split_does_not_depend_on_how_fixes_are_cut_into_batches():
    fixes, _ = sort_fixes(
        concat_fixes(
            [
                steaming(every(3, 0, 30)),
                ship(A, every(7, 0.03, 24), 20.0, 138.0, sog=9.0),
                ship(A, [3.33, 17.21], -10.0, 30.0),
            ]
        )
    )
    none = np.zeros(len(fixes), "u1")
    _, whole = split_hulls(new_state(), fixes, none, HullParameters())
    by_time = fixes.take(np.argsort(fixes.time_us, kind="stable"))
    for cut in (1, 2, 3, 50, 400):
        state, kept = new_state(), []
        for first in range(0, len(by_time), cut):
            batch, _ = sort_fixes(by_time.take(slice(first, first + cut)))
            state, out = split_hulls(state, batch, np.zeros(len(batch), "u1"), HullParameters())
            kept += list(zip(out.fixes.time_us.tolist(), out.hull.tolist(), strict=True))
        assert sorted(kept) == sorted(
            zip(whole.fixes.time_us.tolist(), whole.hull.tolist(), strict=True)
        )


def test_more_places_than_tracks_are_survived():
    """A junk number sends from everywhere: the stalest tentative track gives way."""
    rng = np.random.default_rng(3)
    n = 300
    out = split(ship(A, every(1, 0, 5)[:n], rng.uniform(-60, 60, n), rng.uniform(-180, 180, n)))
    assert len(out.fixes) + len(out.rejected) <= n
    assert reasons(out)["unconfirmed"] > n / 2


def test_t9_a_noisy_number_keeps_its_two_ships(shared_data):
    from tests.detectors.real import gpsdio

    out = split(gpsdio(shared_data, "338013000"))
    assert hulls(out)[1] > 900
    assert len(hulls(out)) <= 3
