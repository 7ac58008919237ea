"""Stays in zones: hysteresis at the border, silence, several zones at once, any cut of steps."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import Event
from detectors.zone_entry import (
    ZoneEntryParameters,
    follow_zones,
    new_zone_state,
    open_stays,
    zone_entry_events,
)
from vessels.fixes import Fixes, empty_fixes
from vessels.units import US_PER_H
from vessels.zones import Zone, ZoneKind, ZoneSet, zone_set

T0 = 1_704_067_200_000_000
KEY = 412000003 << 16 | 1
RULES = ZoneEntryParameters()
KM = 1.0 / 111.195  # degrees of latitude
Fix = tuple[float, float, float]
"""Hours since T0, latitude, longitude."""


def zone(
    name: str, west: float, south: float, east: float, north: float, kind: ZoneKind = "mpa"
) -> Zone:
    shape = shapely.MultiPolygon([shapely.box(west, south, east, north)])
    return Zone(name, kind, "own", shape)


BOX = zone_set([zone("Box", 170.0, 0.0, 171.0, 1.0)])


def fixes_of(track: list[Fix], mmsi: int = 412000003) -> Fixes:
    values = np.array(track, "f8").reshape(-1, 3)
    blank = np.full(len(values), np.nan, "f4")
    code = np.zeros(len(values), "u1")
    return replace(
        empty_fixes(),
        mmsi=np.full(len(values), mmsi, "i4"),
        time_us=T0 + np.round(values[:, 0] * US_PER_H).astype("i8"),
        lat_deg=values[:, 1],
        lon_deg=values[:, 2],
        sog_knots=blank,
        cog_deg=blank,
        heading_deg=blank,
        nav_status=code,
        msg_type=code,
        ais_class=code,
        receiver=code,
    )


def events_of(
    track: list[Fix],
    zones: ZoneSet = BOX,
    rules: ZoneEntryParameters = RULES,
    cuts: tuple[int, ...] = (),
    now_h: float | None = None,
) -> list[Event]:
    """Fold a track, cut into steps, and return the events at its end."""
    state, events = new_zone_state(), []
    for part in np.split(np.arange(len(track)), sorted(cuts)):
        fixes = fixes_of([track[i] for i in part])
        key = np.full(len(fixes), KEY)
        state, closed = follow_zones(state, key, fixes, zones, rules)
        events += zone_entry_events(closed, zones, T0, rules)
    now_us = T0 + int((track[-1][0] if now_h is None else now_h) * US_PER_H)
    return events + zone_entry_events(open_stays(state, rules), zones, now_us, rules)


def hours(event: Event) -> tuple[float, float | None]:
    end = None if event.end_us is None else round((event.end_us - T0) / US_PER_H, 6)
    return round((event.start_us - T0) / US_PER_H, 6), end


def along(lats: list[float], step_h: float = 1.0) -> list[Fix]:
    return [(i * step_h, lat, 170.5) for i, lat in enumerate(lats)]


def test_a_stay_runs_from_the_first_fix_inside_to_the_last() -> None:
    (event,) = events_of(along([-0.2, -0.1, 0.1, 0.5, 0.9, 1.1, 1.2]))
    assert hours(event) == (2.0, 4.0)
    assert event.details["last_outside_before"] == "2024-01-01T01:00:00Z"
    assert event.details["first_outside_after"] == "2024-01-01T05:00:00Z"
    assert event.details["zones_entered"] == ["Box"]
    assert event.details["positions_inside"] == 3
    assert (event.lat, event.lon) == (0.1, 170.5)


def test_it_is_open_while_inside_and_silence_is_no_exit() -> None:
    (event,) = events_of(along([-0.1, 0.1, 0.5]), now_h=200.0)
    assert hours(event) == (1.0, None)
    assert event.details["first_outside_after"] is None
    assert event.details["last_inside"] == "2024-01-01T02:00:00Z"
    assert event.details["longest_silence_h"] == 198.0
    assert event.duration_h == 199.0
    (closed,) = events_of([*along([-0.1, 0.1, 0.5]), (150.0, 5.0, 170.5)])
    assert hours(closed) == (1.0, 2.0), "where it was in the silence nobody knows"
    assert closed.event_id == event.event_id


def test_a_hull_first_heard_inside_says_so() -> None:
    (event,) = events_of(along([0.5, 0.6]))
    assert event.details["last_outside_before"] is None
    assert "first_heard_inside" in {reason.code for reason in event.reasons}
    (entered,) = events_of(along([-0.5, 0.6]))
    assert "first_heard_inside" not in {reason.code for reason in entered.reasons}


def test_jitter_at_the_border_is_one_stay() -> None:
    lats = [-0.5, 0.2, *([0.5 * KM, -0.5 * KM] * 20), 0.2, -0.5]
    (event,) = events_of(along(lats, 0.1))
    assert event.details["positions_inside"] == 22


def test_jitter_without_a_stay_is_nothing() -> None:
    lats = [-0.5, *([0.5 * KM, -0.5 * KM] * 20), -0.5]
    assert events_of(along(lats, 0.004)) == []


@pytest.mark.parametrize(("km", "count"), [(2.1, 2), (1.9, 1)])
def test_two_kilometres_outside_is_an_exit_at_once(km: float, count: int) -> None:
    lats = [0.2, -km * KM, 0.2]
    assert len(events_of(along(lats, 0.3))) == count


@pytest.mark.parametrize(("km", "count"), [(2.1, 1), (1.9, 0)])
def test_two_kilometres_inside_is_a_stay_at_once(km: float, count: int) -> None:
    assert len(events_of(along([-0.5, km * KM, -0.5], 0.05))) == count


@pytest.mark.parametrize(("minutes", "count"), [(59.0, 1), (61.0, 2), (54.0, 1)])
def test_an_hour_outside_is_an_exit_however_near(minutes: float, count: int) -> None:
    out_h = minutes / 60.0
    track = [(0.0, 0.2, 170.5), (0.5, -0.5 * KM, 170.5), (0.5 + out_h, -0.5 * KM, 170.5)]
    events = events_of([*track, (1.0 + out_h, 0.2, 170.5)])
    assert len(events) == count


@pytest.mark.parametrize(("minutes", "count"), [(9.4, 0), (10.6, 1)])
def test_ten_minutes_inside_is_a_stay_however_near(minutes: float, count: int) -> None:
    track = [(0.0, -0.5, 170.5), (1.0, 0.5 * KM, 170.5), (1.0 + minutes / 60, 0.5 * KM, 170.5)]
    events = events_of(track)
    assert len(events) == count
    if events:
        assert events[0].confidence == 0.8
        assert "clear_of_border" not in {reason.code for reason in events[0].reasons}


def test_thresholds_are_parameters() -> None:
    assert (
        len(
            events_of(
                along([0.2, -1.9 * KM, 0.2], 0.3), rules=replace(RULES, clear_distance_km=1.7)
            )
        )
        == 2
    )
    assert events_of(along([0.2, 0.3]), rules=replace(RULES, mpa=False)) == []
    eez = zone_set([zone("E", 170, 0, 171, 1, "eez")])
    assert events_of(along([0.2, 0.3]), eez) == []
    assert len(events_of(along([0.2, 0.3]), eez, replace(RULES, eez=True))) == 1


def test_zones_entered_with_one_fix_are_one_event_that_lasts_as_the_longest() -> None:
    nested = zone_set([zone("Big", 170, 0, 171, 3), zone("Box", 170, 0, 171, 1)])
    lats = [0.5, 0.6, 1.5, 1.6, 2.5, 3.5]
    track = along(lats)
    (event,) = events_of(track, nested)
    assert event.details["zones_entered"] == ["Big", "Box"]
    assert hours(event) == (0.0, 4.0)
    (still,) = events_of(track[:4], nested)
    assert hours(still) == (0.0, None)
    assert still.event_id == event.event_id
    apart = events_of([(-1.0, 2.5, 170.5), *track], nested)
    assert sorted(hours(one) for one in apart) == [(-1.0, 4.0), (0.0, 1.0)]


def test_a_zone_across_180_is_left_once() -> None:
    east = zone("Pacific", 179.0, 0.0, 180.0, 1.0)
    west = zone("Pacific", -180.0, 0.0, -179.0, 1.0)
    lons = [178.5, 179.5, 179.99, -179.99, -179.5, -178.5]
    track = [(float(i), 0.5, lon) for i, lon in enumerate(lons)]
    (event,) = events_of(track, zone_set([east, west]))
    assert hours(event) == (1.0, 4.0)
    assert event.confidence == 0.99


def test_hulls_do_not_share_stays() -> None:
    first, second = fixes_of(along([0.5, 0.6])), fixes_of(along([5.0, 6.0]))
    both = Fixes(
        *(np.concatenate([getattr(first, n), getattr(second, n)]) for n in Fixes.__slots__)
    )
    key = np.array([KEY, KEY, KEY + 1, KEY + 1])
    state, closed = follow_zones(new_zone_state(), key, both, BOX, RULES)
    assert len(closed) == 0
    assert open_stays(state, RULES)["key"].tolist() == [KEY]


def test_room_is_made_for_many_stays() -> None:
    many = zone_set([zone(f"{i:04}", 170, 0, 171, 1) for i in range(1500)])
    (event,) = events_of(along([-1.0, 0.5, 0.6, -1.0]), many)
    assert len(event.details["zones_entered"]) == 1500


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.02, 0.2, 1.0, 30.0]),
        st.sampled_from([-0.5, -0.5 * KM, 0.5 * KM, 0.2, 0.8, 1.0 + KM, 2.0]),
        st.sampled_from([169.5, 170.5, 170.99, 171.5]),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, cuts=st.lists(st.integers(0, 30), max_size=4))
def test_law_1_no_cut_of_the_steps_changes_anything(steps: list[Fix], cuts: list[int]) -> None:
    zones = zone_set(
        [zone("A", 170, 0, 171, 1), zone("B", 170.9, -1, 172, 1), zone("C", 170, 0.7, 171, 3)]
    )
    times = np.cumsum([step[0] for step in steps]).round(3)
    track = [(float(t), lat, lon) for t, (_, lat, lon) in zip(times, steps, strict=True)]
    whole = {event.event_id: event for event in events_of(track, zones)}
    parts = {
        e.event_id: e for e in events_of(track, zones, cuts=tuple(min(c, len(track)) for c in cuts))
    }
    assert {k: e.properties() for k, e in parts.items()} == {
        k: e.properties() for k, e in whole.items()
    }
    # Every stay is of fixes inside, and no longer than they say.
    for event in whole.values():
        first, last = hours(event)
        inside = [t for t, lat, lon in track if zones.names_at([lat], [lon])[0]]
        assert first in inside
        assert last is None or last in inside
