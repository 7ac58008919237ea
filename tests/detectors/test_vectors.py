"""The published vectors T7 to T20, rebuilt from their description or run on the real tracks.

T9 and T10 are in tests/vessels/test_hulls.py; the tracks of T11, T12 and T15 are not at hand (T15
is a resampling that this house does not do: nothing is extrapolated).
"""

from datetime import UTC, datetime

import numpy as np
import pytest

import feeds
from detectors.dark_period import DarkPeriodParameters
from detectors.encounters import EncounterParameters
from detectors.parameters import Parameters
from tests.detectors.real import gpsdio
from tests.detectors.scene import OFFSHORE, events, every, hours_of, ship
from vessels.fixes import sort_fixes
from vessels.geodesy import distance_m
from vessels.hulls import REASONS, HullParameters, new_state, split_hulls

A, B, C = 416000001, 440000002, 477000003
M_DEG = 1.0 / 111_195.0


def met(*ships, **kwargs):
    return events(*ships, kind="encounter", **kwargs)


def test_t7_a_number_shared_by_many_is_no_six_hundred_knot_silence(shared_data):
    found = events(gpsdio(shared_data, "416000000"))
    speeds = [e.details["implied_speed_knots"] for e in found if e.type == "dark_period"]
    assert speeds
    assert max(speed for speed in speeds if speed is not None) < 50.0
    assert any(e.details["kind"] == "two_hulls_at_once" for e in found if "kind" in e.details)


def test_t8_one_gap_of_7_hours_and_346_messages_sent_again(shared_data):
    fixes = gpsdio(shared_data, "263576000")
    ordered, _ = sort_fixes(fixes)
    _, out = split_hulls(new_state(), ordered, np.zeros(len(ordered), "u1"), HullParameters())
    again = int((out.reason == REASONS.index("retransmission")).sum())
    assert again + len(fixes) - len(ordered) == pytest.approx(346, abs=2)
    assert set(out.hull.tolist()) == {1}
    six = Parameters(dark_period=DarkPeriodParameters(min_duration_h=6.0))
    (dark,) = [e for e in events(fixes, kind="dark_period", parameters=six) if e.end_us]
    assert dark.duration_h == pytest.approx(6.854, abs=0.001)
    start = datetime.fromtimestamp(dark.start_us / 1e6, UTC)
    assert f"{start:%H:%M:%S}" == "20:18:50"
    assert dark.details["distance_m"] == pytest.approx(63_430, rel=0.006)
    assert dark.details["implied_speed_knots"] == pytest.approx(5.0, abs=0.03)


# T13: 441910000 and 563418000 on 2015-03-19 were heard in bursts by satellite: hours of the day of
# each burst's first and last ping, and where the two lay then (to 1e-3 degrees).
T13_BURSTS = ((7.54, 7.76), (8.72, 8.73), (9.19, 9.34), (10.32, 10.33))
T13_LATER = ((18.46, 18.66), (20.11, 20.27), (21.61, 21.63))
T13_PATH = ((5.2, -27.430, 38.517), (7.54, -27.484, 38.536), (10.33, -27.475, 38.531))
T13_PATH += ((18.46, -27.462, 38.519), (20.11, -27.465, 38.522), (21.63, -27.468, 38.525))


def t13(mmsi, shift_min, east_m):
    """Return a ship heard in these bursts, 30 s between pings, which came an hour before."""
    bursts = [np.arange(first, last + 1e-6, 30.0 / 3600.0) for first, last in T13_BURSTS]
    bursts += [np.arange(first, last + 1e-6, 30.0 / 3600.0) for first, last in T13_LATER]
    hours = np.concatenate(bursts) + shift_min / 60.0
    path = np.array(T13_PATH)
    lat, lon = (np.interp(hours, path[:, 0], path[:, k]) for k in (1, 2))
    return ship(mmsi, hours, lat, lon + east_m * M_DEG / np.cos(np.radians(27.5)))


def test_t13_bursts_an_hour_apart_are_one_encounter_and_silence_is_none():
    """Default parameters: eight hours of silence lie between two encounters, and no part of one."""
    first, second = met(t13(A, 0.0, 0.0), t13(B, 1.5, 30.0), now_h=60)
    assert hours_of(first)[0] == pytest.approx(7.58, abs=0.1)
    assert hours_of(first)[1] == pytest.approx(10.33, abs=0.1)
    assert first.details["contact_min"] == pytest.approx(165, abs=6)
    assert first.details["median_distance_m"] == pytest.approx(29.6, abs=15)
    assert first.details["median_speed_knots"] == pytest.approx(0.19, abs=0.15)
    assert 0 < first.details["unobserved_min"] < first.details["contact_min"]
    assert first.confidence > 0.9
    assert hours_of(second)[0] == pytest.approx(18.5, abs=0.1)
    assert hours_of(second)[1] == pytest.approx(21.6, abs=0.1)


def test_t13_merged_over_a_day_the_silence_is_told_as_unobserved():
    merged = Parameters(encounter=EncounterParameters(merge_gap_h=24.0))
    (event,) = met(t13(A, 0.0, 0.0), t13(B, 1.5, 30.0), now_h=60, parameters=merged)
    assert event.duration_h == pytest.approx(14.0, abs=0.2)
    assert event.details["contact_min"] < 6.5 * 60
    assert event.details["unobserved_min"] > 8 * 60
    assert event.details["apart_min"] == 0
    assert event.details["parts"] == 2
    assert [text[11:16] for text in event.details["part_starts"]] == ["07:35", "18:30"]
    assert event.details["part_ends"][0][11:16] == "10:15"


def test_t13_with_an_hour_of_interpolation_at_most_the_second_meeting_is_lost():
    """Why two hours: the reference's production setting."""
    strict = Parameters(encounter=EncounterParameters(max_interpolation_h=1.0))
    found = met(t13(A, 0.0, 0.0), t13(B, 1.5, 30.0), now_h=60, parameters=strict)
    assert len(found) <= 1


def t14(mmsi, side, at, offset_min=0.0):
    """Return a ship that comes from one side, drifts beside another, and leaves again."""
    hours = every(10, 13.0, 21.0) + offset_min / 60.0
    away_h = np.maximum(16.0 - hours, 0.0) + np.maximum(hours - 18.5, 0.0)
    lat = at[0] + side * (away_h * 5.0 / 60.0 + 100.0 * M_DEG)
    return ship(mmsi, hours, lat, at[1] + (hours - 16.0) * 0.002)


@pytest.mark.parametrize("lon", [55.22, 179.9985])
@pytest.mark.parametrize("offset_min", [0.0, 5.0])
def test_t14_simple_and_dateline(lon, offset_min):
    at = (-1.475, lon) if lon > 100 else (-2.9, lon)
    (event,) = met(t14(A, 1.0, at), t14(B, -1.0, at, offset_min), now_h=60)
    start, end = hours_of(event)
    assert start == pytest.approx(16.0, abs=0.2)
    assert end == pytest.approx(18.5, abs=0.3)
    assert distance_m(event.lat, event.lon, at[0], (at[1] + 180.0) % 360.0 - 180.0) < 1_000.0


def test_t14_fast_separation_is_no_encounter():
    """B is seen beside A and three miles off by turns, every ten minutes."""
    hours = every(10, 13, 19)
    to_and_fro = np.where(np.arange(len(hours)) % 2 == 0, 0.0, 0.06)
    assert met(ship(A, hours), ship(B, hours, lon=OFFSHORE[1] + to_and_fro), now_h=60) == []


def test_t14_six_hundred_miles_off_by_turns_is_two_hulls():
    """The vector itself, with no event in the reference.

    Here the number is told as shared, and that one of its hulls which lay beside A for six hours
    did meet it (law 4).
    """
    hours = every(10, 13, 19)
    to_and_fro = np.where(np.arange(len(hours)) % 2 == 0, 0.0, 10.0)
    found = events(ship(A, hours), ship(B, hours, lon=OFFSHORE[1] + to_and_fro), now_h=60)
    (conflict,) = [event for event in found if event.type == "identity_conflict"]
    assert conflict.details["kind"] == "two_hulls_at_once"
    (event,) = [event for event in found if event.type == "encounter"]
    assert event.other_hull_id in conflict.details["hulls"]


def test_t14_three_together_are_three_pairs():
    hours = every(10, 13, 19)
    three = [ship(n, hours, OFFSHORE[0] + i * 120 * M_DEG) for i, n in enumerate((A, B, C))]
    pairs = sorted((event.mmsi, event.other_mmsi) for event in met(*three, now_h=60))
    assert pairs == [(A, B), (A, C), (B, C)]


@pytest.mark.parametrize(
    ("name", "start_h", "end_h"),
    [("E2", 22.75, 25.25), ("E3", 23 + 1 / 6, 25.5), ("E4", 22 + 1 / 6, 25 + 5 / 6)],
)
def test_t16_meetings_over_midnight_are_found_whole(name, start_h, end_h):
    hours = every(5, 12, 36)
    away_h = np.maximum(start_h - hours, 0.0) + np.maximum(hours - end_h, 0.0)
    one = ship(A, hours, OFFSHORE[0] + away_h / 6.0)
    (event,) = met(one, ship(B, hours, OFFSHORE[0] - 100 * M_DEG - away_h / 6.0))
    assert event.duration_h == pytest.approx(end_h - start_h, abs=0.2), name


def test_t16_e6_a_drift_across_180_degrees_with_other_clocks_is_found():
    hours = every(10, 0, 6)
    lon = 179.99 + hours * 0.004
    one = ship(A, hours, lon=lon)
    two = ship(B, hours + 5 / 60, OFFSHORE[0] + 100 * M_DEG, lon + 0.004 * 5 / 60)
    (event,) = met(one, two, now_h=30)
    assert abs(event.lon) > 179.9


def test_t16_e11_a_ship_steaming_east_is_not_moved_north():
    """Twelve knots east on the equator: half-way between two pings an hour apart, 6 nm on."""
    hours = every(60, 0, 6)
    east = ship(A, hours, 0.0, -150.0 + hours * 0.2, sog=12.0)
    waits = ship(B, every(5, 2.25, 2.75), 0.0, -149.5, sog=0.1)
    near = Parameters(encounter=EncounterParameters(min_duration_h=0.01, max_median_speed_knots=99))
    found = met(east, waits, now_h=30, parameters=near)
    assert found == [] or all(abs(event.lat) < 0.001 for event in found)


@pytest.mark.parametrize("gap_h", [19.5, 4.5])
def test_t16_e13_silence_is_not_bridged(gap_h):
    hours = np.concatenate([every(5, 1, 1.5), every(5, 1.5 + gap_h, 2 + gap_h)])
    assert met(ship(A, hours), ship(B, hours, OFFSHORE[0] + 100 * M_DEG), now_h=60) == []


def test_t16_e14_four_messages_are_not_an_encounter():
    for hours in ([9.0, 9.3], [9.0, 11.0]):
        assert met(ship(A, hours), ship(B, hours, OFFSHORE[0] + 100 * M_DEG), now_h=60) == []


def test_t16_g3_the_silence_of_one_hull_is_heard_through_the_voice_of_another():
    """A is silent for 25 hours while another ship of the same number pings on."""
    hours = np.concatenate([every(10, 0, 40), every(10, 65, 90)])
    mine = ship(A, hours, OFFSHORE[0] + hours * 0.02, sog=1.2)
    other_h = every(10, 1, 89)
    other = ship(A, other_h, 20.0 + other_h * 0.1, 140.0, sog=6.0)
    found = events(mine, other)
    dark = [event for event in found if event.type == "dark_period"]
    assert [round(event.duration_h) for event in dark] == [25]
    assert any(event.type == "identity_conflict" for event in found)


def test_t16_g8_a_silence_that_needs_143_knots_is_no_dark_period():
    """Twelve hours, 1716 nm: two hulls, or one that jumped."""
    hours = np.concatenate([every(10, 0, 10), every(10, 22, 40)])
    lat = OFFSHORE[0] + np.where(hours > 11, 28.6, 0.0) + hours * 0.01
    found = events(ship(A, hours, lat, sog=0.6))
    assert all(event.type != "dark_period" or event.end_us is None for event in found)
    assert any(event.type == "implausible_position" for event in found)


def test_t16_l1_loitering_is_not_stretched_over_silence():
    """Slow from 1 to 5, silent, slow from 15 to 17: 15.8 h in the reference."""
    hours = np.concatenate([every(10, 1, 5.5), every(10, 15, 17)])
    (event,) = events(ship(A, hours), kind="loitering", now_h=60)
    assert event.details["observed_h"] == pytest.approx(4.5, abs=0.2)
    assert hours_of(event)[1] == pytest.approx(5.5, abs=0.1)


def test_t20_mean_speed_is_distance_over_hours():
    """1855 m in each three hours: 0.334 knots."""
    hours = every(10, 0, 12)
    (event,) = events(ship(A, hours, OFFSHORE[0] + hours * 1855.0 / 3.0 * M_DEG), kind="loitering")
    assert event.details["mean_speed_knots"] == pytest.approx(1855.0 / 3.0 / 1852.0, rel=0.005)
    assert event.details["distance_nm"] == pytest.approx(12 * 1855.0 / 3.0 / 1852.0, rel=0.01)


def test_t20_slow_hours_in_a_row_are_one_group():
    """Hours 2 to 6 are slow, of ten: groups of 1, [2, 3, 4, 5, 6] and 7 on in the reference."""
    hours = every(5, 0, 10)
    knots = np.where((hours > 2) & (hours <= 7), 0.5, 9.0)
    lat = OFFSHORE[0] + np.concatenate([[0], np.cumsum(knots[1:] * 5 / 60)]) / 60.0
    (event,) = events(ship(A, hours, lat, sog=knots), kind="loitering", now_h=40)
    assert hours_of(event) == pytest.approx((2.0, 7.0), abs=0.3)


def test_t20_the_mean_distance_to_shore_is_weighted_by_time():
    """A drift north from 300 nm off, half of the time at 1.5 knots, half at 0.1."""
    from vessels.geography import distance_to_shore_m

    hours = every(5, 0, 12)
    knots = np.where(hours <= 6, 1.5, 0.1)
    lat = -20.0 + np.concatenate([[0], np.cumsum(knots[1:] * 5 / 60)]) / 60.0
    lon = np.full(len(lat), -125.5)
    (event,) = events(ship(A, hours, lat, lon), kind="loitering", now_h=40)
    by_time_nm = float(distance_to_shore_m(lat, lon).mean()) / 1852.0
    assert event.details["mean_shore_distance_nm"] == pytest.approx(by_time_nm, abs=0.3)


T19 = {
    # what is sent: the fields that must be null for it
    ("lat", "-91"): {"lat_deg", "lon_deg"},
    ("lat", "91"): {"lat_deg", "lon_deg"},
    ("lat", "90.999997"): {"lat_deg", "lon_deg"},
    ("lat", "-90"): set(),
    ("lon", "-181"): {"lat_deg", "lon_deg"},
    ("lon", "181"): {"lat_deg", "lon_deg"},
    ("lon", "-180"): set(),
    ("cog", "360"): {"cog_deg"},
    ("cog", "359.9"): set(),
    ("sog", "102.3"): {"sog_knots"},
    ("sog", "102.2"): set(),
    ("heading", "511"): {"heading_deg"},
    ("heading", "359"): set(),
}


@pytest.mark.parametrize(("sent", "missing"), T19.items(), ids=["=".join(sent) for sent in T19])
def test_t19_a_value_that_means_not_available_is_null_and_no_other_is(tmp_path, sent, missing):
    """`name` is there, so that a row without position still is a row."""
    good = {"mmsi": str(A), "time": "2020-01-01T00:00:00Z", "lat": "10.5", "lon": "20.5"}
    good |= {"sog": "9.5", "cog": "90.5", "heading": "91", "name": "SEA STAR"}
    row = good | dict([sent])
    path = tmp_path / "t19.csv"
    path.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n", encoding="utf-8")
    (read,) = [found for table in feeds.read([str(path)]) for found in table.to_pylist()]
    fields = ("lat_deg", "lon_deg", "sog_knots", "cog_deg", "heading_deg")
    assert {name for name in fields if read[name] is None} == missing
