"""Laws 1 and 2: the same fixes give the same events, to the byte, however they arrive."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkwake.engine import Change, Engine
from detectors.events import Event
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages
from tests.property.streams import HOUR_US, as_bytes, sea, shuffled
from vessels.fixes import Fixes

PARAMETERS = Parameters()
LAWS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def in_one_go(fixes: Fixes, now_us: int) -> Engine:
    engine = Engine(PARAMETERS)
    engine.update(fixes)
    engine.flush(now_us)
    return engine


@LAWS
@given(
    seed=st.integers(0, 10_000), arrival=st.integers(0, 10_000), late_h=st.sampled_from([0, 7, 40])
)
def test_events_do_not_depend_on_order_chunks_duplicates_or_delay(
    seed: int, arrival: int, late_h: int
) -> None:
    fixes = sea(seed)
    now_us = int(fixes.time_us.max())
    stream = Engine(PARAMETERS)
    for batch in shuffled(fixes, np.random.default_rng(arrival), late_h=late_h):
        stream.update(batch)
    stream.flush(now_us)
    assert stream.too_late == 0
    assert as_bytes(stream.events()) == as_bytes(in_one_go(fixes, now_us).events())


@LAWS
@given(seed=st.integers(0, 10_000), arrival=st.integers(0, 10_000))
def test_events_survive_a_restart_after_every_batch(seed: int, arrival: int) -> None:
    fixes = sea(seed)
    now_us = int(fixes.time_us.max())
    stream = Engine(PARAMETERS, horizon_h=24)
    for batch in shuffled(fixes, np.random.default_rng(arrival), late_h=6):
        stream.update(batch)
        stream = Engine.restore(stream.snapshot(), PARAMETERS)
    stream.flush(now_us)
    assert as_bytes(stream.events()) == as_bytes(in_one_go(fixes, now_us).events())


@LAWS
@given(seed=st.integers(0, 10_000), arrival=st.integers(0, 10_000))
def test_changes_applied_one_by_one_give_the_events(seed: int, arrival: int) -> None:
    """What a watch hears (opened, updated, closed, withdrawn) adds up to what stands."""
    fixes = sea(seed)
    stream = Engine(PARAMETERS, horizon_h=30)
    held: dict[str, Event] = {}

    def apply(changes: list[Change]) -> None:
        for change in changes:
            key = change.event.event_id
            assert (key in held) == (change.kind != "opened")
            if change.kind == "withdrawn":
                del held[key]
            else:
                held[key] = change.event

    for batch in shuffled(fixes, np.random.default_rng(arrival), late_h=9):
        apply(stream.update(batch))
    apply(stream.flush(int(fixes.time_us.max())))
    assert set(held) == {event.event_id for event in stream.events()}
    assert {e.event_id: e.end_us for e in held.values()} == {
        e.event_id: e.end_us for e in stream.events()
    }


@pytest.mark.parametrize("parts", [2, 3, 4])
def test_events_do_not_depend_on_how_the_numbers_are_split(parts: int) -> None:
    fixes = sea(5)
    now_us = int(fixes.time_us.max())
    split = Engine(PARAMETERS, stages=LocalStages(PARAMETERS, parts))
    for batch in shuffled(fixes, np.random.default_rng(parts), late_h=7):
        split.update(batch)
    split.flush(now_us)
    assert as_bytes(split.events()) == as_bytes(in_one_go(fixes, now_us).events())


def test_events_of_several_threads_survive_a_snapshot() -> None:
    fixes = sea(6)
    now_us = int(fixes.time_us.max())
    expected = as_bytes(in_one_go(fixes, now_us).events())
    engine = Engine(PARAMETERS, stages=LocalStages(PARAMETERS, 2))
    for batch in shuffled(fixes, np.random.default_rng(1), late_h=7):
        engine.update(batch)
    snapshot = engine.snapshot()
    engine.flush(now_us)
    assert as_bytes(engine.events()) == expected
    again = Engine.restore(snapshot, PARAMETERS, stages=LocalStages(PARAMETERS, 2))
    again.flush(now_us)
    assert as_bytes(again.events()) == expected


def test_a_fix_older_than_the_horizon_is_counted_and_changes_nothing() -> None:
    fixes = sea(7)
    in_order = fixes.take(np.argsort(fixes.time_us, kind="stable"))
    held_back, rest = in_order.take(slice(0, 5)), in_order.take(slice(5, None))
    engine = Engine(PARAMETERS, horizon_h=24)
    engine.update(rest)
    before = as_bytes(engine.events())
    assert engine.update(held_back) == []
    assert engine.too_late == 5
    assert as_bytes(engine.events()) == before


def test_a_late_fix_withdraws_the_dark_period_that_it_splits_and_names_it() -> None:
    """Law 2: the new event names the withdrawn one in `replaces`."""
    fixes = sea(8)
    mine = fixes.take(fixes.mmsi == 416000003)
    gap = int(np.argmax(np.diff(mine.time_us)))
    start_us = int(mine.time_us[gap])
    engine = Engine(PARAMETERS)
    engine.update(mine)
    (dark,) = engine.events()
    assert dark.start_us == start_us
    late = mine.take(slice(gap, gap + 1))
    late.time_us = late.time_us + 2 * HOUR_US
    late.lat_deg = late.lat_deg + 10 / 60  # two hours on at 5 knots
    late.sog_knots = np.full(1, 5.0, "f4")
    changes = engine.update(late)
    assert [change.kind for change in changes] == ["withdrawn", "opened", "closed"]
    assert changes[0].event.event_id == dark.event_id
    assert changes[1].event.replaces == dark.event_id
    (standing,) = engine.events()
    assert standing.start_us == start_us + 2 * HOUR_US
    assert standing.replaces is None


def test_an_open_dark_period_keeps_its_identity_when_it_closes() -> None:
    """T4: known at the last fix heard, the same when heard again."""
    fixes = sea(9)
    mine = fixes.take(fixes.mmsi == 416000003)
    gap = int(np.argmax(np.diff(mine.time_us))) + 1
    engine = Engine(PARAMETERS)
    engine.update(mine.take(slice(0, gap)))
    opened = engine.flush(int(mine.time_us[gap - 1]) + 12 * HOUR_US)
    assert [(c.kind, c.event.status) for c in opened] == [("opened", "open")]
    closed = engine.update(mine.take(slice(gap, None)))
    assert [(c.kind, c.event.status) for c in closed] == [("closed", "closed")]
    assert closed[0].event.event_id == opened[0].event.event_id
