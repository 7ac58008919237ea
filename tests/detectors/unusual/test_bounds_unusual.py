"""Exposure and unusualness: every threshold, at its default, moves by less than a tenth unseen."""

import numpy as np
import pytest

from detectors.exposure import RULES, indicators
from detectors.unusual.catalogue import NAMES, RANKED, RANKED_NAMES
from detectors.unusual.days import is_night
from detectors.unusual.explain import counterfactual, findings, ranked_row
from detectors.unusual.reference import Reference, Traits, length_class
from detectors.unusual.second import second_opinions
from detectors.unusual.tails import Peers, Tail
from detectors.unusual.windows import VISIT, VOYAGE, features
from tests.detectors.unusual.fleets import family, fleet
from tests.detectors.unusual.test_windows import day, facts, value
from vessels.clock import parse_iso_us

RULES_OF_THE_PAGE = {
    "at_sea_90": {"longest_voyage_days": 90},
    "at_sea_180": {"longest_voyage_days": 180},
    "at_sea_365": {"longest_voyage_days": 365},
    "long_work": {"work_7d_h": 91, "longest_voyage_days": 3},
    "no_supply": {"unsupplied_days": 90},
    "short_call": {"short_calls": 1, "longest_voyage_days": 90},
    "supplied_at_sea": {"carrier_meetings": 1, "longest_voyage_days": 90},
    "disabling": {"welch_disablings": 1},
    "dark_100": {"dark_h": 100},
    "dark_meeting": {"dark_rendezvous": 0.5},
    "identity_change": {"identity_changes": 1},
    "listed": {"listed": 1},
}
POSSIBLE_BY_THE_PAGE = {"at_sea_90": 90, "at_sea_180": 180, "at_sea_365": 365}


def state(code, values):
    told = indicators(dict.fromkeys(NAMES, 0.0) | values)
    return next(one.state for one in told if one.rule.code == code)


def test_all_rules_are_on_the_page():
    assert [rule.code for rule in RULES] == list(RULES_OF_THE_PAGE)


@pytest.mark.parametrize(
    ("code", "name"), [(code, name) for code, needs in RULES_OF_THE_PAGE.items() for name in needs]
)
def test_a_rule_is_met_from_its_number_on(code, name):
    needs = RULES_OF_THE_PAGE[code]
    assert state(code, needs) == "met"
    assert state(code, needs | {name: needs[name] * 0.99}) == "not_met"


@pytest.mark.parametrize(("code", "days"), POSSIBLE_BY_THE_PAGE.items())
def test_the_upper_bound_alone_makes_it_possible(code, days):
    upper = "longest_voyage_upper_days"
    assert state(code, {upper: days}) == "possible"
    assert state(code, {upper: days * 0.99}) == "not_met"


def test_the_sun_sets_when_its_upper_limb_does():
    """At the equator, at an equinox, day is longer than twelve hours by 4 x 0.833 minutes twice."""
    begin_us = parse_iso_us("2024-03-20T00:00:00Z")
    light_s = sum(not is_night(begin_us + s * 1_000_000, 0.0, 0.0) for s in range(0, 86_400, 4)) * 4
    assert light_s == pytest.approx(12 * 3600 + 2 * 4 * 60 * 0.833, abs=12)


@pytest.mark.parametrize(("share", "told"), [(0.89, 0), (0.91, 1)])
def test_a_feature_is_told_where_nine_of_ten_peers_have_less(share, told):
    below = np.where(np.arange(len(RANKED)) == 0, share, 0.0)
    tail = Tail(1.0, 0.5, np.zeros(5), below)
    assert len(findings(np.ones(len(RANKED)), tail, 100, "fishing")) == told


def test_four_features_are_told():
    tail = Tail(1.0, 0.5, np.zeros(5), np.full(len(RANKED), 0.99))
    assert len(findings(np.ones(len(RANKED)), tail, 100, "fishing")) == 4


def test_sixty_days_of_a_voyage_are_tried():
    tried = []

    def leaves(vessel):
        tried.append(vessel)
        return False

    nothing = np.zeros(len(RANKED_NAMES))
    assert counterfactual(facts(), "run", 0, nothing, leaves) is None
    assert len(tried) == 60


@pytest.mark.parametrize(("size", "words"), [(49, "fishing, class A"), (50, "same region")])
def test_fifty_peers_are_enough(size, words):
    count = np.arange(120)
    traits = Traits(
        np.full(120, "fishing"),
        np.where(count < size, 1, 2),
        np.full(120, -1, "i1"),
        np.zeros(120, bool),
    )
    reference = Reference("run", count.astype("U"), traits, fleet(120, 1))
    assert words in reference.peers_of("fishing", 1, 0, class_b=False)[1]
    assert ("region" in reference.peers_of("fishing", 1, 0, class_b=False)[1]) is (size == 50)


def test_length_classes_begin_at_24_45_and_80_m():
    assert length_class([23.9, 24.0, 44.9, 45.0, 79.9, 80.0]).tolist() == [0, 1, 1, 2, 2, 3]


def test_no_family_weighs_more_than_one_in_a_hundred():
    """A vessel beyond all of 2,000 peers is one in 2,001, and weighs as one in a hundred."""
    peers = Peers(fleet(2_000, 9))
    assert peers.tail(np.full(len(RANKED), 1e9)).families[family("dark")] == pytest.approx(
        np.log(100.0), abs=1e-6
    )


def test_the_opinion_of_neighbours_is_by_the_tenth():
    """Peers in knots of 9, 10, 11 and 12: the tenth neighbour of one of ten is in another knot."""
    sizes = [9, 10, 11, 12]
    at = np.repeat(10.0 * np.arange(len(sizes)) ** 2, sizes)
    rng = np.random.default_rng(5)
    peers = np.full((len(at), len(RANKED)), np.nan)
    peers[:, 0] = at + rng.random(len(at))
    mine = np.arange(len(at))
    found = second_opinions(peers, peers, mine).below[:, 2]
    away = np.sort(np.abs(peers[:, :1] - peers[:, 0]), axis=1)[:, 10]
    less = np.array([(away < one).sum() for one in away])
    assert found == pytest.approx(less / (len(at) - 1))


@pytest.mark.parametrize(("level", "calls", "passed"), [(1, 0, 1), (2, 1, 0)])
def test_a_visit_of_confidence_two_is_a_call(level, calls, passed):
    visit = np.array([(0, day(10), day(12), level)], VISIT)
    found = features(facts(visits=visit, voyages=np.empty(0, VOYAGE)))
    assert (value(found, "port_calls"), value(found, "passed_ports")) == (calls, passed)


@pytest.mark.parametrize(("hours", "short"), [(23.9, 1), (24.0, 0)])
def test_a_call_is_short_below_a_day(hours, short):
    visit = np.array([(0, day(10), day(10 + hours / 24.0), 3)], VISIT)
    found = features(facts(visits=visit, voyages=np.empty(0, VOYAGE)))
    assert value(found, "short_calls") == short


def test_ranked_features_come_first():
    assert ranked_row(np.arange(len(NAMES))).tolist() == list(range(len(RANKED)))
