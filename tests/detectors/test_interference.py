"""False positions of several vessels at one place, of one vessel, and on land."""

import numpy as np
import pytest

from detectors.events import Event, sort_events
from detectors.implausible_position import ImplausiblePositionParameters
from detectors.interference import judge_positions
from tests.detectors.scene import OFFSHORE, T0_US, events, every, ship
from vessels.geography import distance_inland_m

HOUR_US = 3_600_000_000
PARAMETERS = ImplausiblePositionParameters()
AT = (-20.0, -130.0)
KM_DEG = 1.0 / 111.195


def jump(mmsi: int, hour: float = 10.0, *, km: float = 0.0, **changes: object) -> Event:
    """Return a jump of a number to a place so many km north of AT."""
    values: dict[str, object] = {
        "type": "implausible_position",
        "mmsi": mmsi,
        "hull_id": f"{mmsi}-1",
        "start_us": T0_US + round(hour * HOUR_US),
        "end_us": T0_US + round((hour + 1) * HOUR_US),
        "now_us": T0_US + round((hour + 1) * HOUR_US),
        "lat": AT[0] + km * KM_DEG,
        "lon": AT[1],
        "confidence": 0.7,
        "details": {"kind": "jump", "distance_m": 1e6, "implied_speed_knots": 900.0},
    }
    return Event(**(values | changes))


def judged(*found: Event) -> list[Event]:
    return judge_positions(list(found), PARAMETERS)


def test_jumps_of_three_vessels_to_one_place_are_one_event_that_names_them():
    (event,) = judged(jump(1, 10), jump(2, 11, km=1), jump(3, 12, km=2))
    assert event.details["kind"] == "interference"
    assert event.details["numbers"] == [1, 2, 3]
    assert event.details["others"] == 2
    assert event.reasons[0].code == "several_vessels"
    assert event.reasons[0].value == 2
    assert event.mmsi == 1
    assert event.start_us == T0_US + 10 * HOUR_US
    assert event.end_us == T0_US + 13 * HOUR_US
    assert event.event_id == jump(1, 10).event_id
    assert event.details["area_radius_m"] == pytest.approx(2000, rel=0.01)


def test_the_order_in_which_they_are_told_does_not_matter():
    found = [jump(i, 10 + i / 2, km=i) for i in range(1, 6)]
    one, other = judged(*found), judged(*reversed(found))
    assert one == other


@pytest.mark.parametrize("vessels", [1, 2])
def test_two_vessels_are_a_coincidence(vessels):
    found = [jump(i, 10) for i in range(1, vessels + 1)]
    assert judged(*found) == found


def test_one_vessel_that_jumps_three_times_is_alone():
    found = [jump(1, 10), jump(1, 11), jump(1, 12)]
    assert judged(*found) == found


@pytest.mark.parametrize(("km", "found"), [(4.9, 1), (5.1, 3)])
def test_one_place_is_five_km_wide(km, found):
    assert len(judged(jump(1), jump(2), jump(3, km=km))) == found


@pytest.mark.parametrize(("hours", "found"), [(5.9, 1), (6.1, 3)])
def test_their_jumps_begin_within_six_hours(hours, found):
    assert len(judged(jump(1, 10), jump(2, 10), jump(3, 10 + hours))) == found


def test_jumps_to_several_places_at_once_stay_apart():
    found = [jump(1), jump(2, km=400), jump(3, km=800)]
    assert judged(*found) == found


def test_numbers_that_flicker_between_true_and_false_place_count_too():
    shared = jump(3, type="identity_conflict", details={"kind": "two_hulls_at_once"})
    (event,) = judged(jump(1, 11), jump(2, 12), shared)
    assert event.type == "implausible_position"
    assert event.mmsi == 3


def test_a_shared_number_alone_stays_an_identity_conflict():
    shared = jump(3, type="identity_conflict", details={"kind": "two_hulls_at_once"})
    assert judged(shared, jump(1, km=300)) == [shared, jump(1, km=300)]


def test_an_area_is_open_while_one_of_its_jumps_is():
    (event,) = judged(jump(1), jump(2), jump(3, end_us=None, now_us=T0_US + 20 * HOUR_US))
    assert event.status == "open"


def test_a_circle_at_the_far_place_of_a_jump_is_told_by_the_jump():
    round_it = {"kind": "circle", "radius_m": 900.0, "turns": 3.0}
    from detectors.events import Reason

    circle = jump(1, 10.2, reasons=(Reason("circle", 3.0, 2.0, "turns"),), details=round_it)
    (event,) = judged(jump(1, 10), circle)
    assert event.details["kind"] == "jump"
    assert event.details["radius_m"] == 900.0
    assert [reason.code for reason in event.reasons] == ["circle"]
    assert judged(circle) == [circle]
    assert len(judged(jump(2, 10), circle)) == 2


@pytest.mark.parametrize(
    ("place", "km"),
    [
        ((55.75, 37.62), 630),  # Moscow: the Gulf of Finland
        ((38.0, -122.95), 0),  # Point Reyes: a mile from the sea
        (OFFSHORE, 0),
    ],
)
def test_a_false_place_well_inland_is_told_to_be_on_land(place, km):
    (event,) = judged(jump(1, lat=place[0], lon=place[1]))
    codes = [reason.code for reason in event.reasons]
    assert ("on_land" in codes) == (km > 0)
    if km:
        assert event.details["inland_km"] == pytest.approx(km, rel=0.03)


@pytest.mark.parametrize(("low", "high", "found"), [(9.2, 9.8, False), (10.2, 10.8, True)])
def test_ten_km_inland_is_the_least(low, high, found):
    """Places on a parallel through Gelendzhik's hinterland, from the sea on."""
    lon = np.linspace(37.9, 38.6, 2000)
    inland_km = distance_inland_m(np.full(2000, 44.6), lon) / 1e3
    (at, *_) = np.flatnonzero((inland_km > low) & (inland_km < high))
    (event,) = judged(jump(1, lat=44.6, lon=float(lon[at])))
    assert ("on_land" in [reason.code for reason in event.reasons]) == found


def test_a_ship_that_sails_up_a_river_is_not_told():
    """The Mississippi is no sea in Natural Earth; a ship at Baton Rouge lies far inland."""
    hours = every(10, 0, 24)
    found = events(ship(416000001, hours, 30.4 + hours * 0.01, -91.2, sog=0.6))
    assert judge_positions(found, PARAMETERS) == found
    assert not any("inland_km" in event.details for event in found)


def test_ships_that_jump_together_are_one_event_end_to_end():
    hours = every(6, 0, 30)
    fleet = []
    for i in range(4):
        away = (hours > 10 + 0.5 * i) & (hours < 12 + 0.5 * i)
        lat = np.where(away, 44.6, OFFSHORE[0] + i + hours * 0.15)
        lon = np.where(away, 38.3 + 0.01 * i, OFFSHORE[1])
        lat = lat + np.where(away, hours * 0.001, 0.0)
        fleet.append(ship(416000001 + i, hours, lat, lon, sog=9.0))
    raw = events(*fleet)
    assert [event.details["kind"] for event in raw] == ["jump_and_return"] * 4
    (event,) = judge_positions(sort_events(raw), PARAMETERS)
    assert event.details["others"] == 3
    assert {"several_vessels", "on_land"} <= {reason.code for reason in event.reasons}
