"""Tails among peers: the promise, the balance of families, and what missing data may not do."""

import numpy as np
import pytest

from detectors.unusual.catalogue import FAMILIES, FAMILY_OF, RANKED
from detectors.unusual.second import second_opinions
from detectors.unusual.tails import FAMILY_CAP, Peers
from tests.detectors.unusual.fleets import family, fleet, level, planted


def test_five_percent_is_counted_at_five_percent_on_held_out_normal_fleets() -> None:
    listed = tried = 0
    for seed in range(12):
        everyone = fleet(600, seed)
        peers = Peers(everyone[:300])
        p_values = [peers.tail(one).p_value for one in everyone[300:]]
        listed += sum(p <= 0.05 for p in p_values)
        tried += len(p_values)
    assert 0.035 <= listed / tried <= 0.065


def test_the_promise_holds_at_the_smallest_group_too() -> None:
    shares = []
    for seed in range(60):
        everyone = fleet(110, 100 + seed)
        peers = Peers(everyone[:50])
        shares.append(np.mean([peers.tail(one).p_value <= 0.05 for one in everyone[50:]]))
    assert 0.02 <= np.mean(shares) <= 0.055  # 2 of 51 is the most that 5 % allows


@pytest.mark.parametrize("name", FAMILIES)
def test_planted_behaviour_adds_most_of_its_family_and_no_more_than_its_cap(name: str) -> None:
    normal = fleet(400, 3)
    peers = Peers(normal)
    for vessel in planted(fleet(20, 4), (name,), 5):
        tail = peers.tail(vessel)
        assert tail.families[family(name)] > 2.0
        assert np.all(tail.families <= FAMILY_CAP + 1e-12)


def test_vessels_planted_in_several_families_are_recovered() -> None:
    normal = fleet(500, 6)
    peers = Peers(normal)
    strange = planted(fleet(40, 7), ("time_at_sea", "dark", "meetings"), 8)
    found = [peers.tail(one).p_value <= 0.05 for one in strange]
    assert np.mean(found) >= 0.95


def test_one_family_does_not_outweigh_three() -> None:
    peers = Peers(fleet(2_000, 9))
    middle = level(fleet(2_000, 9), 0.5)[None]
    one = planted(np.repeat(middle, 2, axis=0), ("meetings",), 1)[0]
    one[np.array(FAMILY_OF) == family("meetings")] *= 1e6
    raised = level(fleet(2_000, 9), 0.95)
    three = middle[0].copy()
    for name in ("time_at_sea", "distance", "dark"):
        mine = np.array(FAMILY_OF) == family(name)
        three[mine] = raised[mine]
    assert peers.tail(three).score > peers.tail(one).score


def test_every_feature_pulls_its_score_up_and_low_values_never_lead() -> None:
    normal = fleet(300, 11)
    peers = Peers(normal)
    middle = level(normal, 0.5)
    for i in range(len(RANKED)):
        if np.isnan(normal[:, i]).all():
            continue
        more = middle.copy()
        more[i] = np.nanmax(normal[:, i]) * 2 + 1
        assert peers.tail(more).score > peers.tail(middle).score, RANKED[i].name
    moored = np.where(np.isnan(middle), np.nan, 0.0)
    assert peers.tail(moored).p_value == 1.0


def test_losing_a_value_never_raises_a_score_or_puts_a_vessel_on_the_list() -> None:
    normal = fleet(300, 12)
    peers = Peers(normal)
    rng = np.random.default_rng(13)
    for vessel in planted(fleet(60, 14), ("dark", "distance"), 15):
        lost = np.where(rng.random(len(vessel)) < 0.4, np.nan, vessel)
        lower = np.where(rng.random(len(vessel)) < 0.4, vessel * rng.random(), vessel)
        for changed in (lost, lower):
            assert peers.tail(changed).score <= peers.tail(vessel).score + 1e-9


def test_a_peer_is_judged_as_a_stranger_of_the_same_behaviour_among_the_others() -> None:
    normal = fleet(120, 16)
    peers = Peers(normal)
    for row in (0, 7, 119):
        inside = peers.tail_of(row)
        outside = Peers(np.delete(normal, row, axis=0)).tail(normal[row])
        assert inside.score == pytest.approx(outside.score)
        assert inside.p_value == pytest.approx(outside.p_value)
        np.testing.assert_allclose(inside.below, outside.below)


def test_second_opinions_do_not_depend_on_who_else_is_asked_about() -> None:
    normal = fleet(150, 17)
    some = planted(fleet(3, 18), ("dark", "identity"), 19)
    strangers = np.full(3, -1)
    together = second_opinions(normal, np.vstack([some, some * 5]), np.full(6, -1)).below[:3]
    alone = second_opinions(normal, some, strangers).below
    np.testing.assert_array_equal(together, alone)
    assert np.all(alone.mean(axis=1) > 0.75)  # what is planted is far out for them, by and large
    ordinary = second_opinions(normal, normal[:40], np.arange(40)).below
    assert 0.2 < ordinary.mean() < 0.8
