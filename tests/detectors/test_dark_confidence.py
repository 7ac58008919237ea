"""How sure a dark period is: the Welch rule to the letter, evidence that counts as it should."""

from dataclasses import fields, replace

import numpy as np
import pytest

from detectors.dark_confidence import (
    COEFFICIENTS,
    SIGNS,
    confidence,
    features,
    welch_disabling,
)
from detectors.dark_evidence import WELCH_SHORE_M, Evidence
from tests.detectors.scene import OFFSHORE, events, every, ship

A, B = 416000001, 440000002
FAR_M = 51 * 1852.0


def dark(*ships, now_h=None, mmsi=B):
    return [e for e in events(*ships, now_h=now_h, kind="dark_period") if e.mmsi == mmsi]


# T23: `>= 12`, `> 50 nm`, `>= 14`, `> 10`
@pytest.mark.parametrize(
    ("hours", "shore_nm", "satellite", "per_day", "disabling"),
    [
        (12.0, 50.1, 14, 10.1, True),
        (11.99, 50.1, 14, 10.1, False),
        (12.0, 50.0, 14, 10.1, False),
        (12.0, 50.1, 13, 10.1, False),
        (12.0, 50.1, 14, 10.0, False),
        (400.0, 300.0, 99, 99.0, True),
    ],
)
def test_t23_the_welch_rule_is_strict_where_its_source_is(
    hours, shore_nm, satellite, per_day, disabling
):
    assert welch_disabling(hours, shore_nm * 1852.0, satellite, per_day) is disabling


def test_t23_a_reception_that_is_not_known_makes_the_rule_unknown_not_false():
    assert welch_disabling(99.0, 9e5, 99, float("nan")) is None
    assert welch_disabling(1.0, 0.0, 0, float("nan")) is None


def test_t23_50_nautical_miles_are_92_600_metres():
    assert WELCH_SHORE_M == 92_600.0


def evidence(**changes):
    """Return one row of fair evidence, changed as asked."""
    base = {
        "expected_h": 5.0,
        "longest_h": 2.0,
        "own_rate": 0.8,
        "reception": 0.7,
        "basis": 2,
        "neighbours": 3,
        "heard_share": 0.5,
        "unknown_share": 0.3,
        "beyond_stations": 0.4,
        "satellite_per_day": np.nan,
    }
    assert set(base) == {one.name for one in fields(Evidence)}
    return Evidence(**{name: np.array([value]) for name, value in {**base, **changes}.items()})


def sure(shore_m=40_000.0, knots=np.nan, **changes):
    columns = features(evidence(**changes), np.array([shore_m]))
    return float(confidence(columns, np.array([knots]))[0])


@pytest.mark.parametrize(
    ("name", "less", "more"),
    [
        ("expected_h", 0.5, 5.0),
        ("longest_h", 10.0, 2.0),
        ("reception", 0.2, 0.9),
        ("heard_share", 0.0, 1.0),
        ("unknown_share", 0.9, 0.1),
        ("beyond_stations", 0.0, 1.0),
    ],
)
def test_more_evidence_of_being_heard_never_lowers_the_confidence(name, less, more):
    assert sure(**{name: less}) < sure(**{name: more})


def test_confidence_rises_with_the_distance_from_shore():
    assert sure(0.0) < sure(40_000.0) < sure(FAR_M) == sure(10 * FAR_M)


def test_two_ends_that_no_ship_sails_make_it_doubtful():
    assert sure(knots=25.1) < 0.5 * sure(knots=24.9)
    assert sure(knots=24.9) == sure(knots=np.nan)


def test_the_hulls_own_rate_stands_for_reception_that_is_not_known():
    """Law 3: missing reception is not deafness."""
    assert sure(reception=np.nan, own_rate=0.7) == sure(reception=0.7, own_rate=0.1)


def test_coefficients_have_the_signs_that_are_promised():
    assert COEFFICIENTS.keys() == SIGNS.keys()
    for name, value in COEFFICIENTS.items():
        assert value * SIGNS[name] > 0, name


def test_no_evidence_at_all_gives_a_number():
    nothing = evidence()
    for one in fields(Evidence):
        nothing = replace(nothing, **{one.name: np.array([np.nan])})
    nothing = replace(nothing, own_rate=np.array([0.0]), neighbours=np.array([-1]))
    nothing = replace(nothing, basis=np.array([0]), expected_h=np.array([0.0]))
    nothing = replace(nothing, longest_h=np.array([0.0]), unknown_share=np.array([0.5]))
    nothing = replace(nothing, beyond_stations=np.array([0.0]))
    columns = features(nothing, np.array([0.0]))
    assert 0.0 < float(confidence(columns, np.array([np.nan]))[0]) < 0.5


NEAR = (-37.0, -74.2)
"""Off Chile, about 30 km from shore: stations on land hear it."""


def crowd(hours, *, lat=NEAR[0], lon=NEAR[1], count=8, knots=3.0):
    """Return ships that sail to and fro around a place."""
    fleet = []
    for n in range(count):
        swing = np.abs((np.asarray(hours) + n) % 10.0 - 5.0) - 2.5
        fleet.append(ship(477000000 + n, hours, lat + swing * knots / 60.0, lon + n * 0.01))
    return fleet


def test_one_hull_silent_in_a_busy_place_that_is_heard_stays_high():
    silent = np.concatenate([every(10, 0, 80), every(10, 110, 120)])
    fleet = crowd(every(10, 0, 120))
    swing = np.abs(silent % 10.0 - 5.0) - 2.5
    (gap,) = dark(ship(B, silent, NEAR[0] + swing * 0.05, NEAR[1]), *fleet)
    assert gap.confidence > 0.85
    assert gap.severity == "high"
    assert gap.details["neighbours_heard"] == 8
    assert gap.details["neighbours_heard_share"] == 1.0
    assert gap.details["path_unknown_share"] == 0.0
    assert gap.details["reception"] > 0.9
    assert gap.details["reception_basis"] == "own"


def test_a_ship_that_sails_out_of_the_range_of_stations_is_told_as_info_not_suppressed():
    """The known weakness of a regional feed: who crosses the edge is not dark."""
    hours = every(10, 0, 80)
    fleet = crowd(every(10, 0, 120))
    # It lies among the others, then leaves at 12 knots and is lost 20 minutes later.
    lat = NEAR[0] - np.clip(hours - 79.5, 0.0, None) * 0.2
    (gap,) = dark(ship(B, hours, lat, NEAR[1]), *fleet, now_h=120)
    assert gap.status == "open"
    assert gap.severity == "info"
    assert gap.confidence < 0.5
    assert gap.details["path_unknown_share"] > 0.6


def test_the_same_ship_far_out_where_satellites_hear_is_not_excused():
    hours = every(10, 0, 80)
    lat = OFFSHORE[0] - hours * 0.1
    (gap,) = dark(ship(B, hours, lat), now_h=120)
    assert gap.confidence > 0.85


def test_a_hull_that_switches_off_does_not_lower_its_own_cell():
    """The fault of the published layer: reception worked out with the silences in it."""
    on = [every(10, day * 24.0, day * 24.0 + 10.0) for day in range(8)]
    hours = np.concatenate([*on, every(10, 200, 210)])
    lat = NEAR[0] + (np.abs(hours % 5.0 - 2.5) - 1.25) * 0.05
    found = dark(ship(B, hours, lat, NEAR[1]))
    assert len(found) == 8
    late = [gap.details["reception"] for gap in found if gap.details["reception"] is not None]
    assert late
    assert min(late) > 0.9


def test_t22_a_hole_in_the_coverage_is_learnt():
    """Aisstream #146: ships cross a band in which nobody is heard for hours, day after day."""
    fleet = []
    for n in range(12):
        hours = every(10, n * 20.0, n * 20.0 + 40.0)
        lat = -44.0 + (hours - n * 20.0) * 0.2
        heard = (lat < -41.9) | (lat > -40.1) | (np.abs(lat + 41.0) < 0.02)
        fleet.append(ship(477000000 + n, hours[heard], lat[heard], -80.0))
    hours = every(10, 240, 260)
    north = ship(B, hours, -44.0 + (hours - 240) * 0.02, -80.0)
    clear = ship(A, hours, -39.0 + (hours - 240) * 0.02, -80.0)
    in_hole = ship(440000003, [*every(10, 240, 250)], -41.01, -80.0)
    alive = ship(440000004, every(10, 240, 275), 20.0, -140.0)  # or the feed itself would be silent
    found = events(north, clear, in_hole, alive, *fleet, now_h=275, kind="dark_period")
    told = {gap.mmsi: gap.details["reception"] for gap in found}
    assert told[440000003] < told[B] - 0.2
    assert told[440000003] < told[A] - 0.2


def test_the_rule_is_reported_beside_the_confidence_with_its_inputs():
    hours = np.concatenate([every(20, 0, 100), every(20, 130, 140)])
    others = [ship(477000000 + n, every(20, 0, 140), -30.0 + n * 0.1, -100.0) for n in range(3)]
    swing = [ship(o.mmsi[0], every(20, 0, 140), _wave(every(20, 0, 140)), -100.0) for o in others]
    for one in swing:
        one.receiver[:] = 1
    mine = ship(B, hours, _wave(hours), -100.0, receiver="satellite")
    (gap,) = dark(mine, *swing)
    assert gap.details["welch_disabling"] is True
    assert gap.details["satellite_positions_per_day"] > 10.0
    assert gap.details["positions_before_satellite"] >= 14
    mine.receiver[:] = 0
    for one in swing:
        one.receiver[:] = 0
    (gap,) = dark(mine, *swing)
    assert gap.details["welch_disabling"] is None
    assert gap.details["satellite_positions_per_day"] is None


def _wave(hours):
    return OFFSHORE[0] + (np.abs(np.asarray(hours) % 10.0 - 5.0) - 2.5) * 0.05


def test_the_leavers_of_suez_are_mostly_info(shared_data):
    from benchmarks.dark_confidence_arms import dark_periods, load_suez

    fleet = load_suez(shared_data / "tracks")
    leaving = [e for e in dark_periods(fleet, int(fleet.time_us.max())) if e.end_us is None]
    assert len(leaving) > 100
    assert np.mean([e.severity == "info" for e in leaving]) > 0.8
