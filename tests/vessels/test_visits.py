"""Visits: the state machine of pipe-anchorages, its thresholds, and its faults by number (4.N).

Ships are drawn around Georgetown on Ascension Island, a port with no other within 1,000 km; its
point is 7.9333 S 14.4167 W, and the open sea lies to the west.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vessels.fixes import Fixes, concat_fixes, empty_fixes
from vessels.ports import ports
from vessels.units import US_PER_DAY, US_PER_H
from vessels.visits import (
    VISIT,
    VisitParameters,
    VisitState,
    follow_visits,
    new_visit_state,
    open_visits,
    open_voyages,
    voyages_of,
)

PORT_LAT, PORT_LON = -7.0 - 56 / 60, -14.0 - 25 / 60
KEY = 247000001 << 16 | 1
T0_US = 1_600_000_000_000_000
KM_PER_DEG = 110.13
"""Of longitude, at the port's latitude on WGS84."""
PARAMETERS = VisitParameters()


def leg(hours, km, sog=np.nan) -> Fixes:
    """Return fixes at hours, so many km west of the port."""
    n = len(hours)
    wide = [np.broadcast_to(np.asarray(value, "f8"), n) for value in (km, sog)]
    nothing = np.zeros(n, "u1")
    return Fixes(
        np.full(n, KEY >> 16, "i4"),
        T0_US + np.round(np.asarray(hours, "f8") * US_PER_H).astype("i8"),
        np.full(n, PORT_LAT),
        PORT_LON - wide[0] / KM_PER_DEG,
        wide[1].astype("f4"),
        np.full(n, np.nan, "f4"),
        np.full(n, np.nan, "f4"),
        nothing,
        nothing,
        nothing,
        nothing,
    )


def run(*legs: Fixes, now_h: float | None = None, parameters: VisitParameters = PARAMETERS):
    """Return closed and open visits, and all voyages as people read them."""
    fixes = concat_fixes(legs)
    key = np.full(len(fixes), KEY, "i8")
    state, visits, voyages = follow_visits(new_visit_state(), key, fixes, parameters)
    now_us = int(fixes.time_us[-1]) if now_h is None else T0_US + round(now_h * US_PER_H)
    still = open_visits(state, now_us, parameters)
    voyages = np.concatenate([voyages, open_voyages(state, now_us, parameters)])
    return visits, still, voyages_of(voyages, parameters)


def far_out(start_h, end_h, start_km, end_km) -> Fixes:
    """Return a ship at sea, heard every half hour, so that nothing is a silence."""
    at = np.linspace(start_h, end_h, round((end_h - start_h) * 2) + 1)
    return leg(at, np.interp(at, [start_h, end_h], [start_km, end_km]), 9.0)


def hours(visits, name):
    return [(int(value) - T0_US) / US_PER_H for value in visits[name]]


def test_a_visit_runs_from_3_km_in_to_4_km_out() -> None:
    km = np.array([20, 3.1, 2.9, 1, 1, 3.1, 3.9, 4.1, 20])
    visits, still, _ = run(leg(np.arange(9), km, sog=[9, 9, 9, 0, 0, 5, 5, 9, 9]))
    assert hours(visits, "start_us") == [2]
    assert hours(visits, "end_us") == [7]
    assert hours(visits, "last_inside_us") == [6]
    assert visits["confidence"].tolist() == [4]
    assert len(still) == 0


@pytest.mark.parametrize(
    ("speeds", "stops"),
    [([0.3, 0.3], 0), ([0.2, 0.4], 1), ([0.4, 0.4], 0), ([0.1, 0.6], 1)],
)
def test_a_stop_begins_at_a_fifth_of_a_knot(speeds, stops) -> None:
    visits, _, _ = run(leg([0, 1, 2, 3], [20, 1, 1, 20], sog=[9, *speeds, 9]))
    assert visits["stop"].tolist() == [stops]


@pytest.mark.parametrize(("speed", "rest_h"), [(0.4, 2.0), (0.5, 0.0)])
def test_a_stop_ends_at_half_a_knot(speed, rest_h) -> None:
    at = leg([0, 1, 2, 3, 4], [20, 1, 1, 1, 20], sog=[9, 0.1, speed, 0.1, 9])
    visits, _, _ = run(at)
    assert visits["rest_us"].tolist() == [int(rest_h * US_PER_H)]


@pytest.mark.parametrize(("silence_h", "gap"), [(3.99, 0), (4.0, 1)])
def test_a_silence_of_240_minutes_in_port_is_a_gap(silence_h, gap) -> None:
    visits, _, _ = run(leg([0, 1, 1 + silence_h, 8], [20, 1, 1, 20], sog=5))
    assert visits["gap"].tolist() == [gap]


@pytest.mark.parametrize(
    ("km", "sog", "confidence"),
    [
        ([20, 1, 1, 20], [9, 0, 0, 9], 4),
        ([1, 1, 1, 20], [0, 0, 0, 9], 3),
        ([20, 1, 1, 1], [9, 0, 0, 0], 3),
        ([1, 1, 1, 1], [0, 0, 0, 0], 2),
        ([20, 1, 1, 20], [9, 5, 5, 9], 1),
        ([1, 1, 1, 20], [5, 5, 5, 9], 1),
        ([20, 1, 1, 1], [9, 5, 5, 5], 1),
    ],
)
def test_confidence_is_1_to_4_by_entry_exit_and_rest(km, sog, confidence) -> None:
    visits, still, _ = run(leg([0, 1, 2, 3], km, sog=sog))
    assert np.concatenate([visits, still])["confidence"].tolist() == [confidence]


def test_t17_a_night_in_port_has_its_length() -> None:
    """The published example: entry 06:26:42, exit 01:32:20 the next day, 19.094 h, confidence 4."""
    entry, leaving = 6 + 26 / 60 + 42 / 3600, 25 + 32 / 60 + 20 / 3600
    at = np.concatenate([[4.0, entry], np.arange(7.0, 25.0), [leaving, 27.0]])
    km = np.concatenate([[30, 2.5], np.full(18, 0.8), [5, 30]])
    visits, _, _ = run(leg(at, km, sog=np.where(km == 0.8, 0.0, 6.0)))
    assert (visits["end_us"] - visits["start_us"])[0] / US_PER_H == pytest.approx(19.094, abs=0.001)
    assert visits["confidence"].tolist() == [4]


def test_a_berth_far_from_the_ports_point_is_in_port() -> None:
    """Most ships lie still more than 3 km from a port's point (tests/vessels, real tracks)."""
    km = np.array([60, 30, 6, 6, 6, 30, 60])
    visits, _, voyages = run(leg(np.arange(7) * 2.0, km, sog=np.where(km == 6, 0.0, 9.0)))
    assert visits["confidence"].tolist() == [4]
    assert hours(visits, "start_us") == [4]
    assert hours(visits, "end_us") == [10]
    assert [voyage.to_port for voyage in voyages] == ["Georgetown", None]


def test_a_harbour_that_no_list_holds_is_a_port_without_name() -> None:
    """Tristan da Cunha's west coast has no listed port within 10 km; it has a shore."""
    at = leg(np.arange(8) * 2.0, 0, sog=[9, 9, 0, 0, 0, 0, 9, 9])
    at.lat_deg = np.full(8, -45.9)
    at.lon_deg = np.array([166.0, 166.2, 166.62, 166.62, 166.62, 166.62, 166.3, 166.0])
    visits, _, voyages = run(at)
    assert visits["confidence"].tolist() == [4]
    assert voyages[0].to_port is None
    assert voyages[1].from_port is None
    assert not voyages[1].censored


def test_a_short_rest_off_a_port_is_no_visit() -> None:
    km = np.array([30, 9, 9, 9, 30])
    visits, _, _ = run(leg([0, 2, 2.4, 2.8, 5], km, sog=np.where(km == 9, 0.0, 9.0)))
    assert len(visits) == 0


def test_a_transponder_that_always_says_zero_does_not_rest_under_way() -> None:
    at = np.arange(0, 3, 1 / 30)
    visits, still, _ = run(leg(at, 30 - 10 * at, sog=0.0), leg(at[1:] + 3, 10 * at[1:], sog=0.0))
    assert np.concatenate([visits, still])["rest_us"].tolist() == [0]


def test_without_told_speed_rest_is_seen_in_the_positions() -> None:
    rng = np.random.default_rng(3)
    at = np.arange(0, 10, 1 / 60)
    out = 12 * np.maximum(np.maximum(2 - at, at - 8), 0) + 1 + rng.normal(0, 0.005, len(at))
    visits, _, _ = run(leg(at, out))
    assert visits["confidence"].tolist() == [4]
    assert visits["rest_us"][0] / US_PER_H == pytest.approx(6, abs=0.5)


def test_a_passage_through_port_waters_does_not_end_a_voyage() -> None:
    _, _, voyages = run(leg([0, 0.2, 0.4, 0.6], [8, 2, 2, 8], sog=9))
    assert [(voyage.end_us, voyage.censored) for voyage in voyages] == [(None, True)]


def test_4_1_visits_are_right_across_180_degrees() -> None:
    """Plain means put anchorages near 180 degrees at longitude 0 in the reference."""
    port = ports().query("name == 'Constantine Harbor'").iloc[0]
    km = np.array([80.0, 40, 1, 1, 1, 40, 80])
    at = leg(np.arange(7) * 2.0, km, sog=np.where(km == 1, 0.0, 9.0))
    at.lat_deg = np.full(7, port["lat_deg"])
    at.lon_deg = (port["lon_deg"] + km / 69.5 + 180.0) % 360.0 - 180.0
    assert at.lon_deg[0] < 0 < at.lon_deg[2]
    visits, _, voyages = run(at)
    assert visits["confidence"].tolist() == [4]
    assert visits["lon"][0] > 179
    assert voyages[0].to_port == "Constantine Harbor"


def test_4_2_what_lies_unheard_between_two_ports_is_two_visits() -> None:
    """The reference breaks a visit whose ends are more than 60 nm apart; so do we, by ourselves."""
    there = leg([60, 61, 62], [0, 0, 40], sog=[0, 0, 9])
    port = ports().query("name == 'Monrovia'").iloc[0]
    there.lat_deg = np.full(3, port["lat_deg"])
    there.lon_deg = port["lon_deg"] - np.array([0, 0, 40]) / KM_PER_DEG
    visits, _, voyages = run(leg([0, 1, 2], [30, 1, 1], sog=[9, 0, 0]), there)
    assert visits["exit"].tolist() == [0, 1]
    assert visits["confidence"].tolist() == [3, 4]
    unheard = voyages[1]
    assert (unheard.from_port, unheard.to_port) == ("Georgetown", "Monrovia")
    assert unheard.lower_days == 0.0
    assert unheard.upper_days == pytest.approx(58 / 24, abs=1e-4)


def test_4_3_a_visit_does_not_change_when_more_is_heard() -> None:
    """The reference makes its visits anew each day; ours closes once and stays."""
    legs = leg(np.arange(9), [20, 8, 2, 1, 1, 2, 5, 20, 30], sog=[9, 9, 9, 0, 0, 5, 9, 9, 9])
    later = leg([20, 22, 24, 30], [50, 2, 2, 50], sog=[9, 0, 0, 9])
    first, _, _ = run(legs)
    both, _, _ = run(legs, later)
    assert both[: len(first)].tobytes() == first.tobytes()
    assert len(both) == 2


def test_4_4_ais_off_before_the_harbour_and_on_after_it_is_a_possible_call() -> None:
    """No visit is seen, here as in the reference; but the lower bound begins anew."""
    visits, _, (voyage,) = run(far_out(0, 10, 200, 100), far_out(100, 110, 100, 200))
    assert len(visits) == 0
    assert voyage.silences == 1
    assert voyage.lower_days == pytest.approx(10 / 24, abs=1e-4)
    assert voyage.longest_silence_h == 90


def test_4_5_the_voyage_that_is_on_and_the_first_one_are_voyages() -> None:
    """NULL start and NULL end in the reference."""
    calls = leg([10, 12, 14], 1, sog=0)
    _, _, voyages = run(leg([0, 5], [300, 100], 9), calls, leg([20, 25], [100, 300], 9), now_h=26)
    assert [voyage.censored for voyage in voyages] == [True, False]
    assert [voyage.end_us is None for voyage in voyages] == [False, True]
    assert [voyage.from_port for voyage in voyages] == [None, "Georgetown"]
    assert voyages[0].upper_days is None
    way_h = (100 - 10) / (20 * 1.852)
    assert voyages[0].lower_days == pytest.approx((5 + way_h) / 24, abs=1e-3)
    assert voyages[1].lower_days == pytest.approx(6 / 24, abs=1e-4)
    assert voyages[1].upper_days == pytest.approx(12 / 24, abs=1e-4)


@pytest.mark.parametrize(("silence_h", "bridged"), [(20.0, True), (24.0, False)])
def test_a_silence_that_could_not_reach_a_port_is_bridged(silence_h, bridged) -> None:
    """400 km out and 400 back, to within 10 km each, are 21.1 h at 20 knots, and 1 h in port."""
    again_h = 5 + silence_h
    _, _, (voyage,) = run(far_out(0, 5, 500, 400), far_out(again_h, again_h + 25, 400, 500))
    whole = (30 + silence_h) / 24
    assert voyage.lower_days == pytest.approx(whole if bridged else 25 / 24, abs=1e-3)


def test_a_rest_seen_once_between_two_silences_is_a_possible_call() -> None:
    """Neither silence is long enough for a call, but the time between their far ends is."""
    berth = leg([21.5], [6], 0)
    visits, _, (voyage,) = run(far_out(0, 20, 400, 30), berth, far_out(23, 43, 30, 400))
    assert len(visits) == 0
    assert voyage.silences == 1
    assert voyage.lower_days == pytest.approx(20 / 24, abs=1e-3)


def test_at_rest_for_less_than_a_visit_a_voyage_no_longer_grows() -> None:
    _, still, (voyage,) = run(far_out(0, 20, 400, 30), leg([21, 21.8], [6, 6], 0), now_h=24)
    assert len(still) == 0
    assert voyage.end_us is None
    assert voyage.lower_days == pytest.approx(20.54 / 24, abs=1e-3)


def test_an_open_silence_counts_only_while_no_port_could_be_reached() -> None:
    at = far_out(0, 100, 1000, 1000)  # 990 km at 20 knots: 26.7 h
    assert run(at, now_h=126)[2][0].lower_days == pytest.approx(126 / 24, abs=1e-3)
    assert run(at, now_h=128)[2][0].lower_days == pytest.approx(126.73 / 24, abs=2e-3)


def test_the_confidence_that_parts_voyages_can_be_set() -> None:
    km = np.array([90, 40, 1, 1, 40, 90])
    at = leg(np.arange(6) * 2.0, km, sog=[9, 9, 0, 0, 9, 9])
    assert len(run(at)[2]) == 2
    assert len(run(at, parameters=VisitParameters(min_confidence=4))[2]) == 2
    assert len(run(at.take(slice(2, None)))[2]) == 1
    late = VisitParameters(min_confidence=4)
    (voyage,) = run(at.take(slice(2, None)), parameters=late)[2]
    assert voyage.censored


def wander(seed: int, hulls: int = 3) -> tuple[np.ndarray, Fixes]:
    """Return hulls that hang about Georgetown: every border is crossed and grazed."""
    rng = np.random.default_rng(seed)
    keys, parts = [], []
    for number in range(1, hulls + 1):
        count = int(rng.integers(5, 120))
        step_h = rng.exponential(1.0, count) * rng.choice([0.05, 0.5, 3.0, 30.0], count)
        km = np.abs(np.cumsum(rng.normal(0, 3.0, count) * rng.choice([0, 1, 9], count)))
        at = leg(np.round(np.cumsum(step_h), 4), km)
        sog = rng.choice([0.0, 0.2, 0.3, 0.5, 9.0, np.nan], count)
        at.sog_knots = sog.astype("f4")
        keys.append(np.full(count, (KEY >> 16) << 16 | number, "i8"))
        parts.append(at)
    return np.concatenate(keys), concat_fixes(parts)


def fold(pieces: list[tuple[np.ndarray, Fixes]]) -> tuple[VisitState, list[bytes]]:
    state = new_visit_state()
    closed: list[np.ndarray] = []
    parted: list[np.ndarray] = []
    for key, fixes in pieces:
        before = {name: column.copy() for name, column in state.items()}
        after, visits, voyages = follow_visits(state, key, fixes, PARAMETERS)
        assert all(before[name].tobytes() == state[name].tobytes() for name in before)
        state = {name: np.frombuffer(col.tobytes(), col.dtype) for name, col in after.items()}
        closed.append(visits)
        parted.append(voyages)
    rows = [np.concatenate(part) for part in (closed, parted)]
    return state, [np.sort(part, order=["key", "start_us"]).tobytes() for part in rows]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 100_000), cuts=st.integers(0, 9))
def test_visits_do_not_depend_on_batches_and_restarts(seed: int, cuts: int) -> None:
    key, fixes = wander(seed)
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.choice(fixes.time_us, cuts))
    piece = np.searchsorted(edges, fixes.time_us, side="left")
    pieces = [(key[piece == i], fixes.take(piece == i)) for i in range(cuts + 1)]
    whole_state, whole = fold([(key, fixes)])
    cut_state, cut = fold(pieces)
    assert cut == whole
    assert all(cut_state[name].tobytes() == whole_state[name].tobytes() for name in whole_state)


def test_nothing_in_is_nothing_out() -> None:
    state, visits, voyages = follow_visits(
        new_visit_state(), np.empty(0, "i8"), empty_fixes(), PARAMETERS
    )
    assert len(visits) == len(voyages) == len(open_visits(state, 0, PARAMETERS)) == 0
    assert len(open_voyages(state, 0, PARAMETERS)) == 0
    assert visits.dtype == VISIT


@pytest.mark.real_data
def test_most_real_ships_at_rest_are_in_port(shared_data) -> None:
    """What the rule of 10 km and 1 km rests on: the Danish sample, each ship once."""
    import feeds
    from vessels.fixes import fixes_from_table
    from vessels.geography import distance_to_shore_m
    from vessels.ports import nearest_port

    path = shared_data / "tracks" / "aisdk_20260426_first20k.csv.gz"
    fixes = concat_fixes([fixes_from_table(table) for table in feeds.read([path])])
    still = fixes.take(fixes.sog_knots <= 0.2)
    still = still.take(np.unique(still.mmsi, return_index=True)[1])
    _, port_m = nearest_port(still.lat_deg, still.lon_deg)
    shore_m = distance_to_shore_m(still.lat_deg, still.lon_deg)
    assert 0.5 < (port_m <= 3_000).mean() < 0.6
    assert ((port_m <= 10_000) | (shore_m <= 1_000)).mean() > 0.9
    key = still.mmsi.astype("i8") << 16 | 1
    state, _, _ = follow_visits(new_visit_state(), key, still, PARAMETERS)
    now_us = int(still.time_us.max()) + US_PER_DAY
    assert len(open_visits(state, now_us, PARAMETERS)) > 0.9 * len(still)
