"""Dark periods: definition, boundaries, and the faults of pipe-gaps by their numbers.

Numbers `1.N` are the weaknesses in section 1 of the reference notes on detectors; T are vectors.
"""

import dataclasses

import numpy as np
import pytest

from detectors.dark_period import DarkPeriodParameters
from detectors.parameters import Parameters
from tests.detectors.scene import OFFSHORE, T0_US, events, every, hours_of, ship
from vessels.fixes import sort_fixes

A, B = 416000001, 440000002


def dark(*ships, now_h=None, min_h=12.0):
    parameters = Parameters(dark_period=DarkPeriodParameters(min_duration_h=min_h))
    return events(*ships, now_h=now_h, parameters=parameters, kind="dark_period")


def heard_then_silent(silent_h, after_h=2.0, **kwargs):
    before = every(10, 0, 13)
    after = every(10, 13 + silent_h, 13 + silent_h + after_h)
    return ship(A, np.concatenate([before, after]), **kwargs)


def test_t1_a_gap_counts_from_its_threshold_on():
    steps = ship(A, [0, 1, 2, 12])
    assert dark(steps, min_h=12) == []
    (gap,) = dark(steps, min_h=9)
    assert gap.duration_h == 10.0


@pytest.mark.parametrize(("silent_h", "found"), [(11.999, 0), (12.0, 1), (12.001, 1)])
def test_t23_twelve_hours_exactly_is_a_dark_period(silent_h, found):
    assert len(dark(heard_then_silent(silent_h))) == found


def test_t2_gaps_over_new_year_are_found_once():
    hours = [0, 1, 2, 3, 4 + 30, 35, 36]
    assert len(dark(ship(A, np.array(hours) + 24 * 109.9))) == 1


def test_t5_positions_before_are_counted_by_receiver_kind():
    hours = [0, 2, 4, 6, 8, 10, 11, 13, 30]
    words = [
        "terrestrial",
        "satellite",
        "",
        "terrestrial",
        "satellite",
        "",
        "terrestrial",
        "satellite",
    ]
    (gap,) = dark(ship(A, hours, receiver=[*words, "terrestrial"]))
    details = gap.details
    assert details["positions_before"] == 7  # 13 h back to 1 h, the last fix included
    assert details["positions_before_terrestrial"] == 2
    assert details["positions_before_satellite"] == 3
    assert details["positions_before_unknown"] == 2


def test_t6_a_fix_received_twice_is_one_gap():
    once = heard_then_silent(20)
    assert len(dark(once, once)) == 1


def test_1_1_a_second_hull_on_the_number_hides_no_gap():
    """G3: A silent for 25 h while B, 3,000 nm away on the same number, goes on."""
    a_hours = np.concatenate([every(10, 0, 10), every(10, 35, 40)])
    b_hours = every(10, 0.08, 40)
    (gap,) = dark(ship(A, a_hours), ship(A, b_hours, 20.0, -150.0))
    assert hours_of(gap) == (10.0, 35.0)
    assert gap.details["distance_m"] < 1.0


def test_1_1_two_hulls_on_one_number_make_no_gap_of_hundreds_of_knots():
    a = ship(A, every(10, 0, 40))
    b = ship(A, every(10, 0.08, 40), 20.0, -150.0)
    assert dark(a, b) == []


def test_1_2_a_silence_that_no_ship_can_sail_is_no_dark_period():
    before = ship(A, every(10, 0, 13))
    after = ship(A, every(10, 26, 30), OFFSHORE[0] + 31.0)  # 143 knots
    found = events(before, after)
    (jump,) = [event for event in found if event.type != "loitering"]
    assert jump.type == "implausible_position"
    assert jump.details["implied_speed_knots"] == pytest.approx(143, abs=2)


def test_1_3_the_geometry_of_a_dark_period_is_right_across_180():
    hours = np.concatenate([every(10, 0, 13), every(10, 33, 35)])
    lon = np.where(hours <= 13, 179.5, -179.5)
    (gap,) = dark(ship(A, hours, -30.0, lon))
    geometry = gap.geometry()
    assert geometry["type"] == "MultiLineString"
    for part in geometry["coordinates"]:
        assert abs(part[0][0] - part[-1][0]) < 1.0
    assert gap.details["distance_m"] == pytest.approx(96_300, rel=0.01)


def test_1_4_the_identity_does_not_change_when_the_gap_closes():
    open_gap = dark(ship(A, every(10, 0, 13)), now_h=26)
    closed_gap = dark(heard_then_silent(20))
    assert open_gap[0].event_id == closed_gap[0].event_id
    assert (open_gap[0].status, closed_gap[0].status) == ("open", "closed")


def test_1_5_many_gaps_of_one_vessel_are_counted_each_by_its_own_window():
    hours = np.concatenate([every(30, day * 24.0, day * 24.0 + 3) for day in range(200)])
    found = dark(ship(A, hours))
    assert len(found) == 199
    assert {event.details["positions_before"] for event in found} == {7}


def test_1_6_and_1_7_a_position_that_is_not_available_never_reaches_the_detector():
    import pyarrow as pa

    from vessels.fixes import fixes_from_table
    from vessels.schema import FIXES

    rows = [dict.fromkeys(FIXES.names) | {"mmsi": A, "time": T0_US} for _ in range(3)]
    rows[0] |= {"lat_deg": 1.0, "lon_deg": 2.0}
    rows[1] |= {"lat_deg": 1.0}
    fixes = fixes_from_table(pa.Table.from_pylist(rows, schema=FIXES))
    assert len(fixes) == 1


def test_1_8_a_silence_is_raised_as_soon_as_the_threshold_passes_not_at_midnight():
    vessel = ship(A, every(10, 10, 23))
    assert dark(vessel, now_h=34.99) == []
    (gap,) = dark(vessel, now_h=35.0)
    assert gap.status == "open"
    assert gap.end_us is None


def test_1_9_the_event_names_its_hull():
    (gap,) = dark(heard_then_silent(20))
    assert gap.hull_id == f"{A}-1"


def test_a_ship_that_moors_and_goes_silent_in_port_is_not_dark():
    kaohsiung = (22.5667, 120.3143)
    moored = heard_then_silent(20, lat=kaohsiung[0], lon=kaohsiung[1], sog=0.1)
    assert dark(moored) == []


def test_a_ship_silent_between_two_fixes_in_one_port_is_not_dark():
    hours = np.concatenate([every(10, 0, 13), every(10, 40, 43)])
    inbound = ship(A, hours, 22.56, 120.30, sog=6.0)
    assert dark(inbound) == []


def test_a_ship_that_leaves_port_and_goes_silent_at_sea_is_dark():
    hours = every(10, 0, 13)
    leaving = ship(A, hours, 22.0 - hours * 0.15, 119.0, sog=9.0)
    (gap,) = dark(leaving, now_h=30)
    assert gap.status == "open"


def test_an_outage_of_the_feed_is_nobodys_dark_period():
    """T22: every vessel silent at once."""
    hours = np.concatenate([every(10, 0, 13), every(10, 27, 40)])
    fleet = [ship(416000000 + n, hours, -30.0 + n, -100.0) for n in range(6)]
    assert dark(*fleet) == []


def test_one_silent_hull_in_a_live_feed_is_dark():
    hours = np.concatenate([every(10, 0, 13), every(10, 27, 40)])
    fleet = [ship(416000000 + n, every(10, 0, 40), -30.0 + n, -100.0) for n in range(6)]
    (gap,) = dark(ship(B, hours, -20.0), *fleet)
    assert gap.mmsi == B


def test_an_outage_shortens_the_silence_that_counts():
    outage = np.concatenate([every(10, 0, 13), every(10, 20, 40)])
    fleet = [ship(416000000 + n, outage, -30.0 + n, -100.0) for n in range(6)]
    assert dark(ship(B, np.concatenate([every(10, 0, 10), every(10, 28, 30)]), -20.0), *fleet) == []
    (gap,) = dark(ship(B, np.concatenate([every(10, 0, 10), every(10, 30, 31)]), -20.0), *fleet)
    assert gap.details["feed_down_h"] == pytest.approx(7.0)


def test_a_few_vessels_are_no_proof_of_an_outage():
    """Lack of evidence is not deafness: one vessel's file has silences of that vessel."""
    assert len(dark(heard_then_silent(20))) == 1


@pytest.mark.parametrize("minutes", [60, 70, 360])
def test_a_fleet_recorded_at_the_same_moments_is_no_dead_feed(minutes):
    """Archives are thinned to one position an hour or so, at one moment for every ship."""
    hours = every(minutes, 0, 120)
    fleet = [ship(416000000 + n, hours, -30.0 + n, -100.0) for n in range(6)]
    silent = ship(B, hours[(hours <= 40) | (hours >= 70)], -20.0)
    (gap,) = dark(silent, *fleet)
    assert gap.mmsi == B
    assert gap.details["feed_down_h"] == 0.0


def test_ships_that_fall_silent_one_after_the_other_are_no_dead_feed():
    spans = ((30, 50), (32, 46), (34, 54), (35, 60), (36, 52), (37, 55))
    fleet = [
        ship(416000000 + n, np.concatenate([every(10, 0, a), every(10, b, 70)]), -30.0 + n, -100.0)
        for n, (a, b) in enumerate(spans)
    ]
    assert sorted(map(hours_of, dark(*fleet))) == sorted(spans)


def test_two_wild_fixes_do_not_end_a_silence():
    silence = ship(A, np.concatenate([every(10, 0, 13), every(10, 40, 42)]))
    wild = ship(A, [20.0, 20.1], OFFSHORE[0] + 40.0, OFFSHORE[1])
    (gap,) = dark(silence, wild)
    assert hours_of(gap) == (13.0, 40.0)


@pytest.mark.parametrize("wrong", [[-8760.0], [-8760.0, -8759.9]])
def test_a_clock_that_was_a_year_wrong_once_makes_no_dark_period(wrong):
    assert dark(ship(A, np.concatenate([wrong, every(10, 0, 13)]))) == []


def test_confidence_falls_near_the_shore_for_a_ship_under_way_and_does_not_vanish():
    """Where stations on land hear it, a ship may have left their range: lack of evidence."""
    hours = np.concatenate([every(10, 0, 13), every(10, 33, 35)])
    far = dark(ship(A, hours, OFFSHORE[0] - hours * 0.15, sog=9.0))[0]
    near = dark(ship(A, hours, -37.0 - hours * 0.15, -74.0, sog=9.0))[0]
    assert far.confidence > 0.9
    assert 0.3 < near.confidence < 0.8
    assert near.details["path_unknown_share"] > 0.3


def test_confidence_falls_with_a_poor_rate_before():
    often = dark(heard_then_silent(13))[0].confidence
    rare = dark(ship(A, [0, 5, 10, 23, 24]))[0].confidence
    assert rare < 0.7 < often


def test_a_report_of_base_station_type_is_no_vessel():
    fixes = heard_then_silent(20)
    fixes.msg_type[:] = 4
    assert events(fixes) == []


def test_parameters_are_fixed_once_made():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Parameters().dark_period.min_duration_h = 1.0


def test_t7_a_number_shared_by_many_hulls_gives_a_conflict_and_no_impossible_gap(shared_data):
    from tests.detectors.real import gpsdio

    fixes, _ = sort_fixes(gpsdio(shared_data, "416000000"))
    found = events(fixes)
    speeds = [e.details["implied_speed_knots"] for e in found if e.type == "dark_period"]
    assert speeds
    assert max(speed for speed in speeds if speed is not None) < 50.0
    assert any(e.type == "identity_conflict" for e in found)
    assert len({e.hull_id for e in found}) > 1


def test_t8_re_transmissions_are_dropped_and_one_gap_of_6_854_h_is_left(shared_data):
    from tests.detectors.real import gpsdio

    fixes, _ = sort_fixes(gpsdio(shared_data, "263576000"))
    (gap,) = dark(fixes, min_h=6.0)
    assert gap.duration_h == pytest.approx(6.854, abs=1e-3)
    assert gap.details["distance_m"] == pytest.approx(63_430, rel=0.006)
    assert gap.details["implied_speed_knots"] == pytest.approx(5.00, abs=0.04)
