"""A feed that dies: mails about dark periods are held, and the operator is told once."""

import numpy as np
import pyarrow as pa

from darkwake.watching.feed_health import HELD_TYPES, HOLD_S, FeedHealth
from darkwake.watching.intake import Clocks, FeedClock
from feeds.live.source import Chunk
from vessels.schema import FIXES

HOUR_US = 3_600_000_000
START_US = 486_111 * HOUR_US


def chunk(feed: str, hour: float, rows: int = 200) -> Chunk:
    """Return positions spread over the hour that ends `hour` hours after the start."""
    end_us = START_US + int(hour * HOUR_US)
    times = np.linspace(end_us - HOUR_US, end_us, rows, dtype="i8")
    columns = [
        pa.array(np.full(rows, 219000001), pa.int32()),
        pa.array(times).cast(FIXES.field("time").type),
        *(pa.nulls(rows, field.type) for field in list(FIXES)[2:]),
    ]
    table = pa.Table.from_arrays(columns, schema=FIXES)
    for name in ("lat_deg", "lon_deg"):
        table = table.set_column(
            FIXES.get_field_index(name), FIXES.field(name), pa.array(np.ones(rows))
        )
    return Chunk(feed, table, end_us)


def test_a_feed_that_falls_silent_holds_mails_until_it_recovers() -> None:
    clocks = Clocks(10, 10, {"a": FeedClock("message"), "b": FeedClock("message")})
    health = FeedHealth(["a", "b"], {})
    turns = []
    for hour in range(1, 40):
        for feed in ("a", "b"):
            if feed == "b" and 20 <= hour < 26:
                continue
            one = chunk(feed, hour)
            health.note(feed, one.table, clocks)
            clocks.note(one, hour * 1.0)
        found = health.judge(clocks, clocks.newest_us or 0, hour * 1.0)
        turns += [(hour, turn.feed, turn.ill) for turn in found]
        assert health.held_types(hour * 1.0) == (HELD_TYPES if 21 <= hour < 26 else frozenset())
    assert turns == [(21, "b", True), (26, "b", False)]
    # Not for ever: a feed may never come back.
    again = FeedHealth(["a", "b"], {name: health.as_json(name) for name in ("a", "b")})
    assert (
        again.as_json("a").partition('"history"')[2]
        == health.as_json("a").partition('"history"')[2]
    )
    later = (clocks.newest_us or 0) + 3 * HOUR_US
    assert [turn.feed for turn in again.judge(clocks, later, 100.0)] == ["a", "b"]
    assert again.held_types(100.0 + HOLD_S - 1) == HELD_TYPES
    assert again.held_types(100.0 + HOLD_S) == frozenset()


def test_a_satellite_that_is_always_late_is_not_ill() -> None:
    clocks = Clocks(10, 10, {"a": FeedClock("message"), "late": FeedClock("message")})
    health = FeedHealth(["a", "late"], {})
    for hour in range(1, 60):
        for feed, delay in (("a", 0), ("late", 6)):
            if hour > delay:
                one = chunk(feed, hour - delay)
                health.note(feed, one.table, clocks)
                clocks.note(one, hour * 1.0)
        turns = health.judge(clocks, clocks.newest_us or 0, hour * 1.0)
        assert [turn for turn in turns if hour > 20] == []


def test_nothing_received_for_a_quarter_of_an_hour_is_told_though_event_time_stands_still() -> None:
    clocks = Clocks(10, 10, {"a": FeedClock("message")})
    health = FeedHealth(["a"], {})
    one = chunk("a", 1)
    health.note("a", one.table, clocks)
    clocks.note(one, 5.0)
    now_us = clocks.newest_us or 0
    assert health.judge(clocks, now_us, 904.0) == []
    (turn,) = health.judge(clocks, now_us, 905.0)
    assert turn.text == "the feed a is ill: nothing received for 15 min"
