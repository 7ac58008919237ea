"""Two hulls on one number, and positions that jump (section 6)."""

import numpy as np

from tests.detectors.scene import OFFSHORE, events, every, hours_of, ship

A = 416000001


def steaming(hours, lat=OFFSHORE[0], lon=OFFSHORE[1]):
    return ship(A, hours, lat + hours * 0.15, lon, sog=9.0)


def test_two_ships_at_once_are_one_conflict_while_it_lasts():
    (event,) = events(steaming(every(6, 0, 40)), steaming(every(7, 5, 35), 10.0, 60.0))
    assert event.type == "identity_conflict"
    assert event.details["kind"] == "two_hulls_at_once"
    assert event.details["hulls"] == [f"{A}-1", f"{A}-2"]
    assert hours_of(event)[0] == 5.0
    assert event.status == "open"


def test_a_conflict_closes_two_days_after_the_last_change_of_hull():
    (event,) = events(
        steaming(every(6, 0, 100)),
        steaming(every(7, 5, 35), 10.0, 60.0),
        kind="identity_conflict",
    )
    assert event.status == "closed"
    assert 34.9 < hours_of(event)[1] < 35.2


def test_a_jump_away_and_back_is_an_implausible_position_not_two_ships():
    hours = every(6, 0, 30)
    away = (hours > 10) & (hours < 12)
    lat = OFFSHORE[0] + hours * 0.15 + np.where(away, 12.0, 0.0)
    (event,) = events(ship(A, hours, lat, sog=9.0))
    assert event.type == "implausible_position"
    assert event.details["kind"] == "jump_and_return"
    assert event.details["fixes"] == 19
    assert event.details["implied_speed_knots"] > 1000


def test_a_jump_of_14_hours_is_not_a_dark_period_as_well():
    hours = every(6, 0, 40)
    away = (hours > 10) & (hours < 24)
    lat = OFFSHORE[0] + hours * 0.15 + np.where(away, 12.0, 0.0)
    assert [e.type for e in events(ship(A, hours, lat, sog=9.0))] == ["implausible_position"]


def test_a_number_that_jumps_and_stays_is_told_once_and_its_old_place_is_not_dark():
    hours = every(6, 0, 60)
    lat = OFFSHORE[0] + hours * 0.15 + np.where(hours > 20, 12.0, 0.0)
    (event,) = events(ship(A, hours, lat, sog=9.0))
    assert event.type == "implausible_position"
    assert event.details["kind"] == "jump"


def test_wild_fixes_now_and_then_make_no_event():
    wild = ship(A, np.arange(3.01, 90, 9.0), 20.0, 30.0)
    assert events(steaming(every(6, 0, 90)), wild) == []


def test_a_known_shared_number_raises_no_jumps_afterwards():
    shared = steaming(every(7, 5, 35), 10.0, 60.0)
    again = steaming(every(6, 120, 121), 10.0, 60.0)
    found = events(steaming(every(6, 0, 160)), shared, again)
    assert {event.type for event in found} == {"identity_conflict", "dark_period"}
    assert {event.hull_id for event in found if event.type == "dark_period"} == {f"{A}-2"}


def test_real_jumps_of_one_number_are_found(shared_data):
    """412588888 speaks off Cameroon and, for hours on end, off Zhejiang, 11,900 km away."""
    from tests.detectors.real import gpsdio

    found = events(gpsdio(shared_data, "regr_412588888"), kind="implausible_position")
    assert found
    assert all(event.details["distance_m"] > 1e7 for event in found)
