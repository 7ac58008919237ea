"""Features of hand-made days, visits, voyages and events: each value by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detectors.exposure import RULES, indicators
from detectors.unusual.catalogue import NAMES, RANKED_NAMES
from detectors.unusual.days import FOREIGN, HIGH_SEAS, is_night, vessel_days
from detectors.unusual.explain import counterfactual, ranked_row
from detectors.unusual.windows import MARK, VISIT, VOYAGE, Facts, Windows, features
from vessels.clock import parse_iso_us
from vessels.units import US_PER_DAY, US_PER_H

T0 = parse_iso_us("2024-01-01T00:00:00Z")
PLACE = {name: i for i, name in enumerate(NAMES)}


def day(number: float) -> int:
    return T0 + round(number * US_PER_DAY)


def hourly(hours: int, knots: float, *, zone: int = 0, at_sea: bool = True) -> Any:
    time_us = T0 + np.arange(hours + 1) * US_PER_H
    size = hours + 1
    return vessel_days(
        np.zeros(size, "i4"),
        time_us,
        np.zeros(size),
        100.0 + np.arange(size) * knots / 60.0,
        at_sea=np.full(size, at_sea),
        class_b=np.zeros(size, bool),
        shore_m=np.linspace(1e3, 9e3, size).astype("f4"),
        port_m=np.full(size, 5e3, "f4"),
        zone=np.full(size, zone, "i1"),
        sog_knots=np.full(size, knots, "f4"),
    )


def facts(**more: Any) -> Facts:
    plain = Facts(
        first_us=np.array([T0]),
        last_us=np.array([day(200)]),
        days=None,
        visits=np.array([(0, T0, day(10), 4), (0, day(150), day(150.5), 3)], VISIT),
        voyages=np.array(
            [(0, day(10), day(150), 140 * US_PER_DAY, False, 0),
             (0, day(150.5), day(200), 20 * US_PER_DAY, False, 1)], VOYAGE),
        marks=np.empty(0, MARK),
        flag_known=np.array([True]),
    )  # fmt: skip
    return replace(plain, **more)


def value(windows: Windows, name: str, row: int = 0) -> float:
    return float(windows.values[row, PLACE[name]])


def test_hours_are_observed_hours_by_speed_and_night() -> None:
    for knots, name in ((9.0, "way"), (3.0, "slow"), (0.2, "still")):
        rows = hourly(48, knots)
        total = int(rows[f"{name}_day_us"].sum() + rows[f"{name}_night_us"].sum())
        assert total == 48 * US_PER_H
        # On the equator a day has about 12 hours of light.
        assert abs(int(rows[f"{name}_day_us"].sum()) / US_PER_H - 24) <= 2
    assert hourly(48, 9.0, at_sea=False)["way_day_us"].sum() == 0
    assert hourly(24, 3.0, zone=FOREIGN)["foreign_us"].sum() == 24 * US_PER_H
    assert hourly(24, 3.0, zone=HIGH_SEAS)["high_seas_us"].sum() == 24 * US_PER_H


def test_a_silence_of_more_than_two_hours_is_nobodys_hours() -> None:
    time_us = np.array([T0, T0 + 2 * US_PER_H, T0 + 4 * US_PER_H + 1])
    one = np.ones(3)
    rows = vessel_days(
        np.zeros(3, "i4"), time_us, one, one, at_sea=one > 0, class_b=one < 0,
        shore_m=one.astype("f4"), port_m=one.astype("f4"), zone=np.zeros(3, "i1"),
        sog_knots=np.full(3, np.nan, "f4"),
    )  # fmt: skip
    assert int(rows["still_day_us"].sum() + rows["still_night_us"].sum()) == 2 * US_PER_H
    assert int(rows["heard"][0]).bit_count() == 3


def test_night_is_by_the_sun() -> None:
    greenwich = [(h, is_night(parse_iso_us(f"2024-06-21T{h:02d}:30:00Z"), 51.5, 0.0))
                 for h in range(24)]  # fmt: skip
    assert [h for h, night in greenwich if night] == [0, 1, 2, 20, 21, 22, 23] or [
        h for h, night in greenwich if night
    ] == [0, 1, 2, 3, 20, 21, 22, 23]
    assert not is_night(parse_iso_us("2024-06-21T00:00:00Z"), 80.0, 0.0)
    assert is_night(parse_iso_us("2024-12-21T12:00:00Z"), 80.0, 0.0)
    assert not is_night(parse_iso_us("2024-03-21T00:00:00Z"), 0.0, 180.0)


def test_voyages_bound_the_time_at_sea_from_both_sides() -> None:
    found = features(facts())
    assert value(found, "longest_voyage_days") == pytest.approx(140)
    assert value(found, "longest_voyage_upper_days") == pytest.approx(140)
    assert value(found, "days_since_port") == pytest.approx(20)
    assert value(found, "days_since_port_upper") == pytest.approx(49.5)
    assert value(found, "port_calls") == 2
    assert value(found, "short_calls") == 1
    assert value(found, "days_per_call") == pytest.approx(200 / 4)
    assert value(found, "sea_h") == pytest.approx(24 * 189.5)


def test_months_cut_voyages_and_hours_at_their_ends() -> None:
    dark = np.array([(0, PLACE["dark_h"], day(30), day(32), 0.5, True)], MARK)
    met = np.array([(0, PLACE["encounters"], day(40), day(41), 1.0, False)], MARK)
    found = features(facts(marks=np.concatenate([dark, met])), "month")
    assert found.label[:2] == ["2024-01", "2024-02"]
    assert value(found, "longest_voyage_days", 0) == pytest.approx(21)
    assert value(found, "longest_voyage_days", 1) == pytest.approx(50)
    assert value(found, "dark_h", 0) == pytest.approx(12)
    assert value(found, "dark_h", 1) == pytest.approx(12)
    assert [value(found, "encounters", row) for row in (0, 1, 2)] == [0, 1, 0]


def test_what_was_not_observed_is_missing_and_not_zero() -> None:
    found = features(facts(visits=None, voyages=None))
    assert np.isnan(value(found, "longest_voyage_days"))
    assert np.isnan(value(found, "port_calls"))
    assert np.isnan(value(found, "coverage"))
    assert np.isnan(value(found, "max_shore_km"))
    in_port = facts(visits=np.array([(0, T0, day(200), 4)], VISIT), voyages=np.empty(0, VOYAGE))
    found = features(in_port)
    assert np.isnan(value(found, "dark_h"))
    assert value(found, "longest_voyage_days") == 0
    assert np.isnan(value(found, "high_seas_h"))


def test_distance_coverage_and_work_come_from_the_days() -> None:
    here = facts(days=hourly(48, 3.0), last_us=np.array([day(2)]), visits=np.empty(0, VISIT))
    found = features(here)
    assert value(found, "coverage") == pytest.approx(1.0)
    assert value(found, "max_shore_km") == pytest.approx(9.0)
    assert value(found, "work_7d_h") == 49, "48 hours, and the one of the last fix"
    assert value(found, "travelled_km") == pytest.approx(3 * 48 * 1.853, rel=0.01)


def test_work_is_counted_in_hours_heard_so_that_lost_positions_add_none() -> None:
    def days(knots: float, every: int) -> Any:
        time_us = T0 + np.arange(0, 24 * 60, every) * 60_000_000
        size = len(time_us)
        none = np.zeros(size, "f4")
        return vessel_days(
            np.zeros(size, "i4"), time_us, np.zeros(size), 100.0 + np.sin(np.arange(size)) / 10.0,
            at_sea=np.ones(size, bool), class_b=np.zeros(size, bool), shore_m=none, port_m=none,
            zone=np.zeros(size, "i1"), sog_knots=np.full(size, knots, "f4"),
        )  # fmt: skip

    def hours(knots: float, every: int = 10) -> float:
        here = facts(days=days(knots, every), last_us=np.array([day(1)]), visits=np.empty(0, VISIT))
        return value(features(here), "work_7d_h")

    assert [hours(knots) for knots in (0.95, 1.0, 6.0, 6.1)] == [0.0, 24.0, 24.0, 0.0]
    # A ship that steams to and fro seems slow where few of its positions are heard: it worked none.
    assert hours(9.0, 110) == 0.0
    assert hours(3.0, 110) < hours(3.0)
    assert np.isnan(hours(float("nan"))), "no speed sent: not known, not none"


def test_a_meeting_cuts_the_time_without_supply() -> None:
    alone = features(facts())
    assert value(alone, "unsupplied_days") == pytest.approx(140)
    met = np.array([(0, PLACE["encounters"], day(60), day(61), 1.0, False)], MARK)
    assert value(features(facts(marks=met)), "unsupplied_days") == pytest.approx(90)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_each_rule_is_met_at_its_threshold_and_not_below(rule: Any) -> None:
    none = dict.fromkeys(NAMES, 0.0)
    at = none | dict(rule.needs)
    below = at | {rule.needs[0][0]: rule.needs[0][1] * 0.9}
    blind = at | {rule.needs[0][0]: float("nan")}

    def state(values: dict[str, float]) -> str:
        return next(one.state for one in indicators(values) if one.rule.code == rule.code)

    assert state(at) == "met"
    assert state(below) == "not_met"
    assert state(blind) == "not_observable"
    if rule.possible:
        assert state(blind | dict(rule.possible)) == "possible"


def test_a_counterfactual_is_a_port_call_that_was_tried() -> None:
    limit = 100.0

    def leaves(vessel: Any) -> bool:
        return float(vessel[RANKED_NAMES.index("longest_voyage_days")]) < limit

    plain = facts()
    vessel = ranked_row(features(plain).values)[0]
    assert not leaves(vessel)
    said = counterfactual(plain, "run", 0, vessel, leaves)
    assert said is not None
    first, last = said.split("between ")[1].split(" and ")
    # The voyage ran from day 10 to day 150: any call that leaves two parts under 100 days.
    assert parse_iso_us(f"{first}T00:00:00Z") >= day(48)
    assert parse_iso_us(f"{last}T00:00:00Z") <= day(110)
    assert counterfactual(plain, "run", 0, vessel, lambda _: False) is None
