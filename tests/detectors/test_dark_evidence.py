"""Where a silent hull may have been, what excuses it, and how severe it is: thresholds to 10 %."""

import numpy as np
import pytest

from detectors.dark_events import _excused, _severity
from detectors.dark_evidence import POINTS, gather
from detectors.dark_period import SILENCE, DarkPeriodParameters
from detectors.reception_neighbours import first_heard
from detectors.reception_state import ReceptionState
from tests.detectors.scene import HOUR_US, T0_US, every, ship
from vessels.fixes import concat_fixes, sort_fixes

KEY = 416000001 << 16 | 1
LAT, LON = -30.0, -100.0


def silence(hours=24.0, **changes):
    """Return one SILENCE row of a hull well heard before, open unless told its end."""
    row = np.zeros(1, SILENCE)
    row["key"], row["start_us"] = KEY, T0_US
    row["start_lat"], row["start_lon"] = LAT, LON
    row["before"], row["heard_hours"], row["heard_h"] = 72, 12, 12.0
    for name, value in changes.items():
        row[name] = value
    return row, np.array([T0_US + round(hours * HOUR_US)])


def told(*others, shore_nm=10.0, hours=24.0, **changes):
    """Return the evidence on one silence, with other ships heard."""
    state = ReceptionState()
    if others:
        heard = first_heard(sort_fixes(concat_fixes(others))[0])
        state = state.take_in([], np.empty(0, SILENCE), heard)
    row, ends = silence(hours, **changes)
    return gather(row, ends, np.array([hours]), np.array([shore_nm * 1852.0]), state)


@pytest.mark.parametrize(
    ("shore_nm", "beyond"), [(40.0, 0.0), (41.0, 0.1), (45.0, 0.5), (50.0, 1.0), (90.0, 1.0)]
)
def test_the_range_of_stations_ends_between_40_and_50_nm(shore_nm, beyond):
    assert told(shore_nm=shore_nm).beyond_stations[0] == pytest.approx(beyond)


def test_a_hull_that_satellites_heard_is_beyond_stations_everywhere():
    assert told(before_satellite=36).beyond_stations[0] == pytest.approx(0.5)
    assert told(before_satellite=72).beyond_stations[0] == pytest.approx(1.0)


def ahead(hour, knots):
    """Return a ship heard once where a hull going north at some knots would be after `hour`."""
    return ship(440000002, [hour], LAT + hour * knots / 60.0, LON)


@pytest.mark.parametrize(("hour", "share"), [(11.0, 1 / POINTS), (13.0, 0.0)])
def test_an_open_silence_looks_twelve_hours_ahead(hour, share):
    """The last point is eleven hours on; at thirteen 12 knots is 24 nm further."""
    found = told(ahead(hour, 12.0), north_knots=12.0)
    assert found.heard_share[0] == pytest.approx(share)


def test_points_lie_at_the_odd_hours_of_the_way_made():
    ships = [
        ship(440000002 + n, [hour], LAT + hour * 0.5, LON)
        for n, hour in enumerate([1.0, 3.0, 5.0, 7.0, 9.0, 11.0])
    ]
    found = told(*ships, north_knots=30.0)
    assert found.neighbours[0] == 6
    assert found.heard_share[0] == 1.0


@pytest.mark.parametrize("knots", [30.0, 33.0, 300.0])
def test_no_way_is_faster_than_30_knots(knots):
    """A last step over a wild fix must not send the path over the horizon."""
    found = told(ahead(11.0, 30.0), north_knots=knots)
    assert found.heard_share[0] == pytest.approx(1 / POINTS)


def test_a_ship_that_lay_still_is_spoken_for_by_itself():
    assert told().unknown_share[0] == 0.0
    assert told(north_knots=1.6).unknown_share[0] == 0.0  # 18 nm in eleven hours


def test_lack_of_evidence_counts_half_and_company_left_behind_counts_in_full():
    assert told(north_knots=12.0).unknown_share[0] == pytest.approx(0.5 * 5 / 6)
    behind = ship(440000002, every(60, 1, 20), LAT, LON)
    assert told(behind, north_knots=12.0).unknown_share[0] == pytest.approx(5 / 6)


def test_a_closed_silence_is_judged_on_the_great_circle_between_its_ends():
    ends = {"end_us": T0_US + 24 * HOUR_US, "end_lat": LAT + 4.0, "end_lon": LON}
    beside = ship(440000002, [10.0], LAT + 4.0 * 5.0 / 12.0, LON + 1.0)
    assert told(beside, **ends).heard_share[0] == 0.0
    near = ship(440000002, [10.0], LAT + 4.0 * 5.0 / 12.0, LON)
    assert told(near, **ends).heard_share[0] == pytest.approx(1 / POINTS)


@pytest.mark.parametrize(
    ("confidence", "hours", "severity"),
    [
        (0.8, 24.0, "high"),
        (0.799, 24.0, "watch"),
        (0.87, 24.0, "high"),
        (0.8, 23.99, "watch"),
        (0.5, 13.0, "watch"),
        (0.54, 99.0, "watch"),
        (0.499, 99.0, "info"),
    ],
)
def test_severity_is_by_confidence_and_hours(confidence, hours, severity):
    assert _severity(confidence, hours) == severity


@pytest.mark.parametrize(
    ("port_m", "knots", "excused"),
    [(3000.0, 2.9, True), (3001.0, 2.9, False), (3000.0, 3.0, False), (2999.0, 0.6, True)],
)
def test_a_ship_slow_at_a_ports_entry_has_arrived(port_m, knots, excused):
    row, _ = silence(sog_knots=knots)
    zero, far = np.zeros(1, "i8"), np.full(1, 5e5)
    where = (zero, zero, np.array([port_m]), far, far, far, np.zeros(1))
    assert _excused(row, where, DarkPeriodParameters())[0] == excused
