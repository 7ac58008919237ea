"""Thinned tracks: the shape stays, silences cut, event times stay, nothing crosses the world."""

from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.frame import centre_longitude, into_frame, unwrap
from maps.payload import page_payload
from maps.tracks import SILENCE_US, track_payload
from tests.maps.samples import START_US, event, page, walk
from vessels.units import US_PER_H, US_PER_MIN


def _points(run: list[int]) -> list[tuple[int, float, float]]:
    rows = np.cumsum(np.array(run).reshape(-1, 3), axis=0)
    return [(int(t), lon / 10_000, lat / 10_000) for t, lon, lat in rows]


def _one(track: list[Any], **options: Any) -> list[list[tuple[int, float, float]]]:
    drawn = track_payload({"h": track}, options.get("events", []), 141.0, budget=60_000)
    return [_points(run) for run in drawn[0]["runs"]]


def test_a_thinned_track_stays_within_its_tolerance() -> None:
    track = walk(4, 2_000)
    (run,) = _one(track)
    assert len(run) < 2_000
    line = shapely.linestrings([point[1:] for point in run])
    off_deg = shapely.distance(line, shapely.points([fix[1:] for fix in track])).max()
    assert off_deg * 111_195 < 75.0  # 50 m, and the rounding to 1e-4 degree


def test_a_vessel_that_stopped_on_a_straight_course_is_drawn_where_it_was_at_each_time() -> None:
    hours = np.arange(0, 24, 0.25)
    lons = 141.0 + 0.1 * np.clip(hours - np.clip(hours - 8.0, 0.0, 10.0), 0.0, None)
    times = [START_US + round(float(h) * US_PER_H) for h in hours]
    (run,) = _one([(t, float(lon), -9.0) for t, lon in zip(times, lons, strict=True)])
    assert len(run) == 4
    drawn = np.interp([t / US_PER_MIN for t in times], [p[0] for p in run], [p[1] for p in run])
    assert np.abs(drawn - lons).max() * 111_195 < 75.0


def test_a_straight_run_keeps_its_ends_with_their_times() -> None:
    track = [(START_US + i * US_PER_MIN, 141.0 + i * 0.001, -9.0) for i in range(100)]
    (run,) = _one(track)
    first, last = START_US // US_PER_MIN, START_US // US_PER_MIN + 99
    assert run == [(first, 141.0, -9.0), (last, 141.099, -9.0)]


def test_a_silence_of_twelve_hours_cuts_the_line() -> None:
    near = [(START_US + i * US_PER_H, 141.0, -9.0) for i in range(3)]
    almost = [(near[-1][0] + SILENCE_US - 1, 141.5, -9.0)]
    after = [(almost[0][0] + SILENCE_US, 142.0, -9.0)]
    runs = _one([*near, *almost, *after])
    assert [len(run) for run in runs] == [3, 1]  # where it lay until it left is kept
    assert runs[1][0][1] == 142.0


def test_the_fixes_at_an_events_ends_are_kept() -> None:
    track = [(START_US + i * US_PER_MIN, 141.0 + i * 0.001, -9.0) for i in range(2_000)]
    found = event(hull_id="h", start_us=track[300][0], end_us=track[900][0])
    (run,) = _one(track, events=[found])
    kept = {t for t, _, _ in run}
    assert {track[300][0] // US_PER_MIN, track[900][0] // US_PER_MIN} <= kept
    assert len(run) == 4


def test_tracks_are_thinned_to_the_budget() -> None:
    tracks = {f"h{i}": walk(i, 1_000) for i in range(20)}
    drawn = track_payload(tracks, [], 141.0, budget=2_000)
    assert sum(len(run) // 3 for track in drawn for run in track["runs"]) <= 2_000


def test_an_empty_track_is_left_out() -> None:
    assert track_payload({"h": []}, [], 0.0, budget=10) == []


def test_a_track_over_180_degrees_never_jumps_across_the_map() -> None:
    lons = [179.0, 179.6, -179.8, -179.2, 179.9, -178.0]
    track = [(START_US + i * US_PER_H, lon, -17.0 + i % 2) for i, lon in enumerate(lons)]
    found = event(lat=-17.0, lon=-179.9, path=((179.5, -17.0), (-179.5, -17.5)), hull_id="h")
    payload = page_payload(page(events=[found], tracks={"h": track}))
    (run,) = [_points(run) for run in payload["tracks"][0]["runs"]]
    assert all(abs(b[1] - a[1]) < 3.0 for a, b in pairwise(run))
    shown = payload["events"][0]
    assert [lon for _, lon in shown["path"]] in ([179.5, 180.5], [-180.5, -179.5])
    assert abs(shown["lon"] - shown["path"][0][1]) < 1.0
    assert abs(run[0][1] - shown["path"][0][1]) < 1.0


def test_events_on_both_sides_of_180_degrees_lie_together() -> None:
    found = [event(lon=179.5, path=()), event(lon=-179.5, path=(), mmsi=898000102)]
    lons = [e["lon"] for e in page_payload(page(events=found))["events"]]
    assert abs(lons[0] - lons[1]) == 1.0


@given(st.lists(st.floats(-180.0, 180.0), min_size=1, max_size=20))
def test_all_places_lie_in_the_frame(lons: list[float]) -> None:
    centre = centre_longitude(lons)
    for lon in lons:
        framed = into_frame(lon, centre)
        assert centre - 180.0 <= framed <= centre + 180.0
        assert abs((framed - lon + 180.0) % 360.0 - 180.0) < 1e-6


@given(st.lists(st.floats(-180.0, 180.0), min_size=2, max_size=20), st.floats(-180.0, 180.0))
def test_an_unwrapped_line_never_steps_more_than_half_the_world(
    lons: list[float], centre: float
) -> None:
    assert all(abs(b - a) <= 180.0 + 1e-9 for a, b in pairwise(unwrap(lons, centre)))
