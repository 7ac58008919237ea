"""Dark rendezvous on ships drawn by hand: who could have come, who not, and how sure."""

import numpy as np
import pytest

from detectors.details import check_details
from detectors.events import Event
from detectors.parameters import Parameters
from tests.detectors.scene import OFFSHORE, events, every, hours_of, ship
from vessels.fixes import Fixes, concat_fixes

CARRIER, TRAWLER, OTHER, FAR = 636000001, 412000002, 416000003, 440000004
LAT, LON = OFFSHORE
STOP_H = (48.0, 78.0)
"""When the carrier lies still, hours."""


def carrier(until_h: float = 120.0) -> Fixes:
    """Return a ship that comes from the north, lies still for 30 h, and goes back."""
    hours = every(10, 0, until_h)
    away_h = np.maximum(np.maximum(STOP_H[0] - hours, hours - STOP_H[1]), 0.0)
    lat = LAT + away_h * 10.0 / 60.0
    drift = np.clip(hours - STOP_H[0], 0.0, STOP_H[1] - STOP_H[0]) * 0.3 / 60.0
    return ship(CARRIER, hours, lat, LON + drift, sog=np.where(away_h > 0, 10.0, 0.3))


def trawler(
    mmsi: int = TRAWLER,
    dark: tuple[float, float | None] = (40.0, 90.0),
    off_nm: float = 20.0,
    until_h: float = 120.0,
    every_min: float = 15.0,
) -> Fixes:
    """Return a ship that fishes to and fro `off_nm` south of the stop, silent for a time."""
    hours = every(every_min, 0, until_h)
    end_h = until_h + 1.0 if dark[1] is None else dark[1]
    hours = hours[(hours <= dark[0]) | (hours >= end_h)]
    lat = LAT - off_nm / 60.0 + 0.06 * np.sin(hours)
    return ship(mmsi, hours, lat, LON + 0.06 * np.cos(hours), sog=3.5)


def found(*ships: Fixes, now_h: float = 120.0, parameters: Parameters | None = None) -> list[Event]:
    return events(*ships, now_h=now_h, parameters=parameters, kind="dark_rendezvous")


def test_a_trawler_silent_near_a_lying_carrier_is_its_candidate() -> None:
    (event,) = found(carrier(), trawler())
    check_details(event.type, event.details)
    assert event.mmsi == CARRIER
    assert event.other_mmsi is None
    start, end = hours_of(event)
    assert start == pytest.approx(STOP_H[0], abs=0.2)
    assert end == pytest.approx(STOP_H[1], abs=0.5)
    d = event.details
    assert d["candidate_mmsi"] == [TRAWLER]
    assert d["candidates"] == 1
    assert d["candidate_last_heard"] == ["2020-09-14T16:00:00Z"]
    assert d["candidate_first_heard"] == ["2020-09-16T18:00:00Z"]
    assert d["candidate_minutes"][0] == pytest.approx(30 * 60, abs=20)
    assert 15 < d["candidate_distance_nm"][0] < 25
    assert 0.0 < d["candidate_needed_knots"][0] < 5.0
    assert 0.1 <= d["candidate_probability"][0] == event.confidence < 0.6
    assert event.severity == "watch"


def test_the_stop_gives_the_event_its_identity_and_the_loitering_its_place() -> None:
    one = found(carrier(), trawler())[0]
    two = found(carrier(), trawler(), trawler(OTHER, (30.0, 100.0), 35.0))[0]
    (lay,) = events(carrier(), trawler(), now_h=120.0, kind="loitering")
    assert one.event_id == two.event_id
    assert (one.start_us, one.lat, one.lon) == (lay.start_us, lay.lat, lay.lon)


def test_two_candidates_are_ranked_and_share_what_one_had() -> None:
    (event,) = found(carrier(), trawler(OTHER, off_nm=150.0), trawler())
    d = event.details
    assert d["candidate_mmsi"] == [TRAWLER, OTHER]
    first, second = d["candidate_probability"]
    assert first > second > 0.0
    assert event.confidence == pytest.approx(first + second, abs=2e-3)
    assert event.confidence < 1.0
    alone = found(carrier(), trawler())[0]
    assert first < alone.details["candidate_probability"][0]


@pytest.mark.parametrize(
    ("why", "other"),
    [
        ("heard all the time", trawler(dark=(0.0, 0.1))),
        ("silent only before the stop", trawler(dark=(20.0, 47.0))),
        ("silent only after it", trawler(dark=(79.0, 110.0))),
        ("too far to come and go", trawler(dark=(40.0, 90.0), off_nm=450.0)),
        ("silent less than a dark period", trawler(dark=(50.0, 61.0))),
        ("not heard within the pool", trawler(dark=(1.0, 119.0), off_nm=520.0)),
    ],
)
def test_nothing_is_told_of_a_ship(why: str, other: Fixes) -> None:
    assert found(carrier(), other) == [], why


def test_nothing_is_told_where_nobody_lay() -> None:
    hours = every(10, 0, 120)
    passing = ship(CARRIER, hours, LAT + (60 - hours) / 6, LON, sog=10.0)
    assert found(passing, trawler()) == []


def test_a_ship_that_is_always_heard_badly_was_not_shown_to_be_dark() -> None:
    """Its own rate would have given it one position in the stop: silence tells nothing."""
    well = found(carrier(), trawler())[0]
    faint = trawler(dark=(40.0, 90.0), every_min=60 * 13.0)
    badly = found(carrier(), faint)
    assert not badly or (
        badly[0].details["candidate_likelihood"][0] < 0.8 * well.details["candidate_likelihood"][0]
    )


@pytest.mark.parametrize(("sog", "count"), [(0.0, 0), (3.5, 1)])
def test_a_ship_silent_at_rest_in_port_is_no_candidate(sog: float, count: int) -> None:
    from detectors.dark_rendezvous import in_port, silent_rows
    from detectors.vessel_stage import new_state, step
    from vessels.fixes import sort_fixes
    from vessels.ports import ports

    lat, lon = ports()[["lat_deg", "lon_deg"]].iloc[0]
    hours = every(10, 0, 120)
    hours = hours[(hours <= 40) | (hours >= 90)]
    there = ship(TRAWLER, hours, lat + sog * 0.003 * np.sin(hours), lon, sog=sog)
    rows = sort_fixes(there)[0]
    _, out = step(new_state(), rows, int(rows.time_us.max()), Parameters())
    assert len(out.silences) == 1
    assert int((~in_port(silent_rows(out.silences))).sum()) == count


def test_a_hundred_that_could_have_come_tell_nothing() -> None:
    many = [trawler(430000000 + i, off_nm=20.0 + i) for i in range(100)]
    assert found(carrier(), *many) == []
    three = found(carrier(), *many[:3])[0]
    assert three.details["candidates"] == 3


def test_the_list_is_cut_and_says_how_many_there_were() -> None:
    many = [trawler(430000000 + i, off_nm=15.0 + 40 * i) for i in range(6)]
    from dataclasses import replace

    base = Parameters()
    few = replace(base, dark_rendezvous=replace(base.dark_rendezvous, max_candidates=2))
    (event,) = found(carrier(), *many, parameters=few)
    assert len(event.details["candidate_mmsi"]) == 2
    assert event.details["candidates"] == 6
    assert event.details["likelihood_of_others"] > 0.0
    (whole,) = found(carrier(), *many)
    assert whole.details["candidate_probability"][:2] == event.details["candidate_probability"]


def test_an_open_stop_and_an_open_silence_make_an_open_event() -> None:
    (event,) = found(carrier(70.0), trawler(dark=(40.0, None), until_h=70.0), now_h=70.0)
    assert event.end_us is None
    assert event.details["candidate_first_heard"] == [None]
    assert event.details["candidate_first_lat"] == [None]
    assert np.isnan(np.array(event.details["candidate_onward_nm"], "f8")).all()
    closed = found(carrier(), trawler())[0]
    assert event.event_id == closed.event_id


def test_land_between_takes_a_candidate_away() -> None:
    """The Malay peninsula at Kra: 100 nm over land, more than a thousand round it."""
    hours = every(10, 0, 60)
    lying = ship(CARRIER, hours, 8.6, 96.9 + 0.2 / 60 * hours, sog=0.2)
    east = every(15, 0, 60)
    east = east[(east <= 5) | (east >= 55)]

    def other(lon: float) -> Fixes:
        return ship(TRAWLER, east, 8.6 + 0.06 * np.sin(east), lon + 0.06 * np.cos(east), sog=3.0)

    assert found(lying, other(100.6), now_h=60.0) == []
    assert len(found(lying, other(96.0), now_h=60.0)) == 1


def test_across_180_degrees() -> None:
    hours = every(10, 0, 60)
    lying = ship(CARRIER, hours, -30.0, 179.98 + 0.2 / 60 * hours, sog=0.2)
    rest = hours[(hours <= 5) | (hours >= 50)]
    other = ship(TRAWLER, rest, -30.1 + 0.06 * np.sin(rest), -179.9, sog=3.0)
    (event,) = found(lying, other, now_h=60.0)
    assert event.details["candidate_distance_nm"][0] < 15.0


def long_after(now_h: float, back_h: float | None) -> list[Event]:
    """Return what is told long after: a third ship keeps the clock, the trawler may come back."""
    hours = every(60, 0, now_h)
    clock = ship(FAR, hours, LAT + 30.0, LON + hours / 30.0, sog=1.7)
    other = [trawler(dark=(40.0, None), until_h=120.0)]
    if back_h is not None:
        again = every(15, back_h, back_h + 2.0)
        other.append(ship(TRAWLER, again, LAT - 0.3 + 0.06 * np.sin(again), LON, sog=3.0))
    return found(clock, carrier(), concat_fixes(other), now_h=now_h)


def test_thirty_days_after_the_stop_not_heard_again_is_for_good() -> None:
    """Heard again a day before the cap it counts; a day after it does not, whenever it is asked."""
    cap_h = STOP_H[1] + 30 * 24.0
    (before,) = long_after(cap_h + 80.0, cap_h - 24.0)
    (after,) = long_after(cap_h + 80.0, cap_h + 24.0)
    (never,) = long_after(cap_h + 80.0, None)
    assert before.details["candidate_first_heard"][0] is not None
    assert after.details["candidate_first_heard"] == [None]
    assert after.properties() == never.properties()


def test_boundaries() -> None:
    """An hour to spare is enough, and less is not; so is the pool."""
    # 30 h stop; silence ends so that a stay of 60 min is just possible, or 50 min.
    off_nm, back_h = 30.0, 2.0
    for spare_min, count in ((70.0, 1), (50.0, 0)):
        end_h = STOP_H[0] + spare_min / 60.0 + back_h
        other = trawler(dark=(36.0, end_h - 0.1), off_nm=off_nm, every_min=6.0)
        rows = reached(carrier(), other)
        assert rows == count, spare_min


def reached(lying: Fixes, other: Fixes) -> int:
    """Return how many silences reach the stop."""
    from detectors import dark_rendezvous as d
    from detectors.pipeline import LocalStages, Pipeline, PipelineState
    from vessels.fixes import sort_fixes

    fixes = sort_fixes(concat_fixes([lying, other]))[0]
    parameters = Parameters()
    pipeline = Pipeline(parameters, LocalStages(parameters))
    state, _ = pipeline.step(PipelineState(), fixes, int(fixes.time_us.max()))
    rendezvous = state.sea.rendezvous
    assert len(rendezvous.stops) == 1
    return len(
        d.pairs_of(
            rendezvous.stops, rendezvous.silent, parameters.dark_rendezvous, unheard_only=False
        )
    )
