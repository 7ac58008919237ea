"""Laws 1 and 3 with learnt reception in play: the same events to the byte, however fixes arrive."""

import numpy as np
import pytest

from darkwake.engine import Engine
from detectors.dark_period import SILENCE
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, Pipeline, PipelineState
from detectors.reception_neighbours import NEIGHBOUR
from detectors.reception_state import ReceptionState
from tests.property.streams import as_bytes, shuffled
from vessels.fixes import Fixes, concat_fixes, sort_fixes
from vessels.reception import RECEPTION, WINDOW_DAYS, digest, newest_day
from vessels.units import US_PER_DAY, US_PER_H

T0_US = 1_700_000_000_000_000
DAYS = 9
PARAMETERS = Parameters()


def fleet(seed: int, days: int = DAYS) -> Fixes:
    """Return ships to and fro in neighbouring cells on 180 degrees; each is silent for a time."""
    rng = np.random.default_rng(seed)
    parts = []
    for n in range(7):
        hours = np.cumsum(rng.choice([0.1, 0.4, 1.5, 5.0, 9.5], days * 30))
        hours = hours[hours < days * 24.0]
        silent = rng.uniform(60.0, days * 24.0 - 40.0)
        length = rng.uniform(12.5, 40.0)
        hours = hours[(hours < silent) | (hours > silent + length)]
        if n == 0:
            hours = hours[hours < silent]
        swing = np.abs((hours + rng.uniform(0, 20)) % 20.0 - 10.0) - 5.0
        lon = 179.9 + n * 0.05 + swing * 0.12
        count = len(hours)
        missing = np.full(count, np.nan, "f4")
        parts.append(
            Fixes(
                np.full(count, 412000001 + n, "i4"),
                T0_US + (hours * US_PER_H).astype("i8") // 1_000_000 * 1_000_000,
                np.round(-30.0 + n * 0.1 + swing * 0.02, 6),
                np.round((lon + 180.0) % 360.0 - 180.0, 6),
                *(missing, missing, missing),
                np.full(count, 255, "u1"),
                np.ones(count, "u1"),
                np.full(count, 1 + n % 2, "u1"),
                rng.integers(0, 3, count).astype("u1"),
            )
        )
    return concat_fixes(parts)


def in_one_go(fixes: Fixes, now_us: int) -> Engine:
    engine = Engine(PARAMETERS)
    engine.update(fixes)
    engine.flush(now_us)
    return engine


@pytest.mark.parametrize("seed", range(8))
def test_events_are_the_same_in_any_order_cuts_and_after_restarts(seed: int) -> None:
    fixes = fleet(seed)
    now_us = int(fixes.time_us.max()) + 20 * US_PER_H
    expected = in_one_go(fixes, now_us).events()
    dark = [event for event in expected if event.type == "dark_period"]
    assert any(event.details["reception"] is not None for event in dark)
    assert any(event.details["neighbours_heard"] for event in dark)
    stream = Engine(PARAMETERS, horizon_h=50)
    for batch in shuffled(fixes, np.random.default_rng(seed), late_h=8):
        stream.update(batch)
        if seed % 2:
            stream = Engine.restore(stream.snapshot(), PARAMETERS)
    stream.flush(now_us)
    assert stream.too_late == 0
    assert as_bytes(stream.events()) == as_bytes(expected)


def folded(fixes: Fixes, cuts_us: list[int], parts: int = 1) -> tuple[list, PipelineState]:
    """Fold in steps that end at some times; return the events and the last state."""
    pipeline = Pipeline(PARAMETERS, LocalStages(PARAMETERS, parts))
    state, events = PipelineState(), []
    last = -1
    for end in [*sorted(cuts_us), int(fixes.time_us.max())]:
        step = fixes.take((fixes.time_us > last) & (fixes.time_us <= end))
        state, final = pipeline.step(state, sort_fixes(step)[0], end)
        events += final
        last = end
    return events + pipeline.peek(state, last), state


@pytest.mark.parametrize("seed", range(4))
def test_what_is_learnt_does_not_depend_on_cuts_or_parts(seed: int) -> None:
    fixes = fleet(seed + 100)
    rng = np.random.default_rng(seed)
    span = int(fixes.time_us.min()), int(fixes.time_us.max())
    cuts = rng.integers(*span, 40).tolist()
    whole, first = folded(fixes, [])
    cut, second = folded(fixes, cuts, parts=1 + seed % 3)
    assert as_bytes(cut) == as_bytes(whole)
    mine, other = first.sea.reception, second.sea.reception
    assert digest(mine.counts) == digest(other.counts)
    assert mine.neighbours.tobytes() == other.neighbours.tobytes()
    assert len(mine.counts) > 50


def test_a_state_comes_back_from_its_arrays() -> None:
    _, state = folded(fleet(7), [])
    again = ReceptionState.from_arrays(state.sea.reception.as_arrays())
    assert digest(again.counts) == digest(state.sea.reception.counts)
    assert again.neighbours.tobytes() == state.sea.reception.neighbours.tobytes()


def test_old_days_and_records_are_dropped() -> None:
    """A watch of years must not grow: 31 days of counts, a week of records."""
    fixes = fleet(11, days=40)
    _, state = folded(fixes, list(range(T0_US, T0_US + 40 * US_PER_DAY, US_PER_DAY)))
    kept = state.sea.reception
    last = int(fixes.time_us.max())
    days = kept.counts["key"] // (newest_day(kept.counts) and 64_800 * 24)
    assert int(days.min()) == last // US_PER_DAY - 30
    assert kept.neighbours["time_us"].min() > last - 8 * US_PER_DAY


def test_news_of_a_day_that_was_judged_by_are_not_missed() -> None:
    """What was remembered of a day is forgotten when counts of its window come."""
    rows = np.zeros(1, RECEPTION)
    rows["key"], rows["present"], rows["heard"] = 100 * 64_800 * 24 + 1, 50, 50
    empty = np.empty(0, NEIGHBOUR)
    state = ReceptionState().take_in([rows], np.empty(0, SILENCE), empty)
    assert state.as_of(102).counts[0, 0] == 50
    assert state.take_in([rows], np.empty(0, SILENCE), empty).as_of(102).counts[0, 0] == 100
    late = rows.copy()
    late["key"] += 64_800 * 24
    newer = state.take_in([late], np.empty(0, SILENCE), empty)
    assert newer.as_of(102).counts[0, 0] == 50
    assert newer.as_of(103).counts[0, 0] == 100


def test_what_was_learnt_is_remembered_as_long_as_its_counts():
    state = ReceptionState()
    first = T0_US // US_PER_DAY
    for day in range(first, first + 100):
        assert state.as_of(day).day == day
        state = state.drop_old(day * US_PER_DAY)
    assert sorted(state.learnt) == list(range(first + 99 - WINDOW_DAYS[0], first + 100))
