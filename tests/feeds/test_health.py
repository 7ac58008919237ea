"""Feed health: set-only fold, honest while it knows little, quick to see a feed die."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.health import (
    HISTORY_H,
    HOUR_US,
    Health,
    History,
    Limits,
    fold_positions,
    fold_times,
    judge,
)
from feeds.health_metrics import metric_lines, status_row
from feeds.live.source import SourceStatus
from vessels.schema import FIXES

START_H = 472_000  # an hour of 2023
MINUTE_US = 60_000_000


def feed(
    hours: int, per_hour: int = 600, *, first: int = 0, day_factor: bool = False
) -> np.ndarray:
    """Return times of positions, evenly spaced within each hour; nights half as loud if asked."""
    times = []
    for hour in range(first, first + hours):
        count = per_hour // 2 if day_factor and hour % 24 < 8 else per_hour
        times.append((START_H + hour) * HOUR_US + np.arange(count) * (HOUR_US // count))
    return np.concatenate(times) if times else np.zeros(0, np.int64)


def at(hours: float) -> int:
    return int((START_H + hours) * HOUR_US)


def judged(times: np.ndarray, hours: float, limits: Limits | None = None) -> Health:
    return judge(fold_times(History(), times[times <= at(hours)]), at(hours), limits)


@settings(max_examples=60, deadline=None)
@given(
    hours=st.lists(st.integers(0, 3 * HISTORY_H), min_size=1, max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=6),
    seed=st.integers(0, 9),
)
def test_the_fold_depends_on_the_set_alone(hours: list[int], cuts: list[int], seed: int) -> None:
    times = np.array([at(hour + 0.3) for hour in hours])
    whole = fold_times(History(), times)
    pieces = History()
    for part in np.split(np.random.default_rng(seed).permutation(times), sorted(cuts)):
        pieces = fold_times(pieces, part)
        pieces = History.from_json(json.loads(json.dumps(pieces.to_json())))
    assert pieces.to_json() == whole.to_json()
    assert len(whole.counts) <= HISTORY_H
    assert judge(pieces, at(hours[0])) == judge(whole, at(hours[0]))


def test_the_fold_changes_no_state_in_place() -> None:
    before = fold_times(History(), feed(5))
    kept = json.dumps(before.to_json())
    fold_times(before, feed(5, first=3))
    assert json.dumps(before.to_json()) == kept


def test_a_feed_without_history_is_learning_and_says_so() -> None:
    health = judged(feed(4), 3.9)
    assert (health.state, health.basis, health.usual_per_h) == ("learning", "none", None)
    assert "too little history" in health.told
    assert judge(History(), at(0)).state == "learning"


@pytest.mark.parametrize(
    ("hours", "basis"), [(7.5, "none"), (8.5, "hours"), (80, "days"), (24 * 22, "weeks")]
)
def test_the_basis_grows_with_the_history(hours: float, basis: str) -> None:
    health = judged(feed(int(hours) + 1), hours)
    assert health.basis == basis
    if basis != "none":
        assert health.state == "ok"
        assert health.usual_per_h == pytest.approx(600, rel=0.01)
        assert health.rate_per_h == pytest.approx(600, rel=0.01)


def test_a_night_is_held_against_nights() -> None:
    times = feed(24 * 30, day_factor=True)
    for hour in range(24 * 29, 24 * 30):
        for part in (0.02, 0.5, 0.98):
            health = judged(times, hour + part)
            assert health.state == "ok", hour
            assert health.rate_per_h == pytest.approx(health.usual_per_h, rel=0.02), hour


@pytest.mark.parametrize(("minutes", "state"), [(9, "ok"), (11, "silent"), (300, "silent")])
def test_a_feed_that_stops_is_silent_within_minutes(minutes: int, state: str) -> None:
    days = 24 * 25
    health = judge(fold_times(History(), feed(days)), at(days) + minutes * MINUTE_US)
    assert health.state == state
    assert health.suppresses_dark == (state == "silent")
    if state == "silent":
        assert health.told == f"silent for {minutes} min"


def test_a_sparse_feed_is_given_the_time_that_chance_needs() -> None:
    days = 24 * 25
    history = fold_times(History(), feed(days, per_hour=4))  # one in 15 minutes
    assert judge(history, at(days) + 240 * MINUTE_US).state == "ok"
    assert judge(history, at(days) + 310 * MINUTE_US).state == "silent"


@pytest.mark.parametrize(("per_hour", "state"), [(310, "ok"), (290, "degraded"), (30, "degraded")])
def test_a_feed_that_loses_its_stations_is_degraded(per_hour: int, state: str) -> None:
    days = 24 * 25
    times = np.concatenate([feed(days), feed(3, per_hour, first=days)])
    assert judged(times, days + 2.5).state == state


def test_a_feed_that_was_as_low_before_at_this_hour_is_not_degraded() -> None:
    days = 24 * 29
    times = feed(days)
    week_ago = (times // HOUR_US >= START_H + days - 168) & (
        times // HOUR_US < START_H + days - 164
    )
    times = np.concatenate([times[~week_ago | (np.arange(len(times)) % 4 == 0)]])
    times = np.concatenate([times, feed(3, 160, first=days)])
    assert judged(times, days + 2.5).state == "ok"


def test_one_outage_among_past_weeks_does_not_lower_what_is_usual() -> None:
    days = 24 * 29
    times = feed(days + 3)
    hours = times // HOUR_US - START_H
    times = times[~((hours >= days - 170) & (hours < days - 160))]
    health = judged(times, days + 2.5)
    assert (health.state, health.usual_per_h) == ("ok", pytest.approx(600, rel=0.01))
    low = times[(times < at(days + 1)) | (np.arange(len(times)) % 3 == 0)]
    assert judged(low, days + 2.5).state == "degraded"


def test_a_learning_feed_that_stops_is_silent_after_an_hour() -> None:
    history = fold_times(History(), feed(2))
    assert judge(history, at(2.9)).state == "learning"
    assert judge(history, at(3.01)).state == "silent"
    assert judge(history, at(3.01), Limits(learning_silence_us=2 * HOUR_US)).state == "learning"


def test_positions_count_and_identities_do_not() -> None:
    rows = [
        {"mmsi": 1, "time": at(0.1), "lat_deg": 1.0, "lon_deg": 1.0},
        {"mmsi": 1, "time": at(0.9), "name": "A"},
        {"mmsi": 2, "time": at(1.2), "lat_deg": 1.0, "lon_deg": 1.0},
    ]
    history = fold_positions(History(), pa.Table.from_pylist(rows, schema=FIXES))
    assert history.to_json() == {"first_hour": START_H, "counts": [1, 1], "last_us": at(1.2)}
    assert fold_positions(history, FIXES.empty_table()) is history


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"first_hour": 1, "counts": [-1], "last_us": 1},
        {"first_hour": 1, "counts": [[1]], "last_us": 1},
        {"first_hour": 1, "counts": [0] * (HISTORY_H + 1), "last_us": 1},
        {"first_hour": "x", "counts": [], "last_us": None},
    ],
)
def test_a_history_that_is_none_is_refused(raw: dict) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        History.from_json(raw)


def test_metrics_are_prometheus_text_and_names_cannot_break_it() -> None:
    status = SourceStatus("connected", 0, last_position_time_us=1_500_000, rejected={"noise": 2})
    health = judged(feed(24 * 25), 24 * 25 - 0.1)
    name = 'no"rth\\\nx'
    lines = list(metric_lines({name: (status, health), "new": (SourceStatus("new", 0), None)}))
    label = r'feed="no\"rth\\\nx"'
    assert f"darkwake_feed_connected{{{label}}} 1" in lines
    assert f'darkwake_feed_health{{{label},state="ok"}} 1' in lines
    assert f'darkwake_feed_health{{{label},state="silent"}} 0' in lines
    assert f'darkwake_feed_rejected_total{{{label},reason="noise"}} 2' in lines
    assert f"darkwake_feed_last_position_seconds{{{label}}} 1.500" in lines
    assert 'darkwake_feed_connected{feed="new"} 0' in lines
    assert not any("\n" in text for text in lines)
    told = [text.split()[2] for text in lines if text.startswith("# TYPE")]
    assert len(told) == len(set(told))
    samples = [text.split("{")[0] for text in lines if not text.startswith("#")]
    assert set(samples) <= set(told)


def test_a_status_row_is_json() -> None:
    row = status_row("n", SourceStatus("waiting", 0, connects=3), judged(feed(3), 2.9))
    assert json.loads(json.dumps(row)) == row
    assert (row["reconnects"], row["health"]["state"]) == (2, "learning")
    assert status_row("n", SourceStatus("new", 0), None)["health"] is None
