"""Late data, proven hard: satellite batches, a week sent again, fixes older than the horizon."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkwake.engine import Change, Engine
from darkwake.recording import (
    DELAYS,
    SATELLITE,
    ContradictionError,
    Delay,
    Delivery,
    Played,
    deliveries,
    follow,
    play,
    received_us,
    sent_again,
)
from detectors.events import Event
from detectors.parameters import Parameters
from tests.detectors.real import gpsdio
from tests.property.streams import HOUR_US, as_bytes, sea
from vessels.fixes import Fixes, concat_fixes, sort_fixes
from vessels.units import US_PER_DAY

PARAMETERS = Parameters()
LAWS = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def at_once(fixes: Fixes, now_us: int) -> list[Event]:
    """Return the events of the set of fixes."""
    engine = Engine(PARAMETERS)
    engine.update(fixes)
    engine.flush(now_us)
    return engine.events()


def assert_told(engine: Engine, played: Played, events: list[Event], now_us: int) -> None:
    """Check that the engine holds these events, and that its watch was told of no others."""
    follow(played, engine.flush(now_us))
    assert as_bytes(engine.events()) == as_bytes(events)
    told = {key: event.with_(replaces=None) for key, event in played.standing.items()}
    assert set(told) == {event.event_id for event in events}
    ends = {event.event_id: event.end_us for event in events}
    assert {key: event.end_us for key, event in told.items()} == ends
    closed = {e.event_id: e for e in events if e.end_us is not None}
    for key, event in closed.items():
        assert told[key].properties() == event.properties()
    assert not set(played.withdrawn) & set(told)
    assert set(played.replaced) <= set(played.withdrawn)


@LAWS
@given(
    seed=st.integers(0, 9999), order=st.integers(0, 9999), every_min=st.sampled_from([30, 120, 400])
)
def test_six_hours_late_by_satellite_and_seconds_by_land_is_the_replay(
    seed: int, order: int, every_min: int
) -> None:
    fixes = sort_fixes(sea(seed))[0]
    now_us = int(fixes.time_us.max())
    at_us = received_us(fixes, DELAYS, order)
    late_h = (at_us - fixes.time_us)[fixes.receiver == SATELLITE] / HOUR_US
    assert late_h.min() > 0.0
    assert 2.0 < late_h.max() < 6.0
    engine = Engine(PARAMETERS)
    played = play(engine, deliveries(fixes, at_us, every_min * 60_000_000))
    assert engine.too_late == played.too_late == 0
    assert_told(engine, played, at_once(fixes, now_us), now_us)


@LAWS
@given(
    seed=st.integers(0, 9999), order=st.integers(0, 9999), horizon_h=st.sampled_from([8, 24, 72])
)
def test_what_is_sent_again_changes_nothing_and_is_counted_where_it_is_too_late(
    seed: int, order: int, horizon_h: int
) -> None:
    fixes = sort_fixes(sea(seed))[0]
    now_us = int(fixes.time_us.max())
    at_us = received_us(fixes, DELAYS, order)
    rng = np.random.default_rng(order)
    begin = int(fixes.time_us.min() + rng.uniform(0, 30) * HOUR_US)
    span = begin, begin + int(rng.uniform(10, 40) * HOUR_US)
    again_us = span[1] + int(rng.uniform(0, 30) * HOUR_US)
    engine = Engine(PARAMETERS, horizon_h=horizon_h)
    came = sent_again(deliveries(fixes, at_us, HOUR_US), span, again_us)
    played = play(engine, came)
    assert engine.too_late == played.too_late
    assert_told(engine, played, at_once(fixes, now_us), now_us)


@LAWS
@given(
    seed=st.integers(0, 9999), order=st.integers(0, 9999), horizon_h=st.sampled_from([6, 12, 24])
)
def test_fixes_older_than_the_horizon_are_counted_and_leave_the_rest_as_it_is(
    seed: int, order: int, horizon_h: int
) -> None:
    """One receiver is up to three days late: what the engine took in makes its events."""
    fixes = sort_fixes(sea(seed))[0]
    delays = {**DELAYS, SATELLITE: Delay(most_us=72 * HOUR_US, pass_us=HOUR_US)}
    at_us = received_us(fixes, delays, order)
    engine = Engine(PARAMETERS, horizon_h=horizon_h)
    taken, refused = [], 0
    played = Played()
    for delivery in deliveries(fixes, at_us, HOUR_US):
        frozen_us = engine.frozen_us
        late = delivery.fixes.time_us <= (-1 if frozen_us is None else frozen_us)
        refused += int(late.sum())
        taken.append(delivery.fixes.take(~late))
        if frozen_us is not None:  # what lies within the horizon is never refused
            newest_us = engine.watermark_us or 0
            assert frozen_us <= newest_us - horizon_h * HOUR_US
        play(engine, [delivery], played)
    assert engine.too_late == played.too_late == refused > 0
    accepted = concat_fixes(taken)
    now_us = int(accepted.time_us.max())
    assert_told(engine, played, at_once(accepted, now_us), now_us)


@LAWS
@given(seed=st.integers(0, 9999), order=st.integers(0, 9999))
def test_absorbing_without_judging_ends_the_same(seed: int, order: int) -> None:
    fixes = sort_fixes(sea(seed))[0]
    now_us = int(fixes.time_us.max())
    at_us = received_us(fixes, DELAYS, order)
    rng = np.random.default_rng(order)
    engine = Engine(PARAMETERS)
    for delivery in deliveries(fixes, at_us, HOUR_US):
        if rng.random() < 0.7:
            engine.absorb(delivery.fixes)
        else:
            engine.update(delivery.fixes)
        if rng.random() < 0.05:
            engine = Engine.restore(engine.snapshot(), PARAMETERS)
    engine.flush(now_us)
    assert as_bytes(engine.events()) == as_bytes(at_once(fixes, now_us))


def test_events_are_withdrawn_and_replaced_by_satellite_batches() -> None:
    """The worlds above do hold what they are to prove: events taken back, and some replaced."""
    withdrawn = replaced = 0
    for seed in range(4):
        fixes = sort_fixes(sea(seed))[0]
        played = play(
            Engine(PARAMETERS), deliveries(fixes, received_us(fixes, DELAYS, seed), HOUR_US // 2)
        )
        withdrawn += len(played.withdrawn)
        replaced += len(played.replaced)
    assert withdrawn > 0
    assert replaced > 0


@pytest.mark.real_data
def test_real_tracks_with_real_delays_are_their_replay(shared_data: Path) -> None:
    """Nine days of satellite and land reception; a batch an hour; some of it sent again."""
    names = ("416070900", "416239500", "416241500", "520318000", "477293900", "247391700")
    fixes = sort_fixes(concat_fixes([gpsdio(shared_data, f"regr_{name}") for name in names]))[0]
    assert {1, 2} <= set(np.unique(fixes.receiver).tolist())
    at_us = received_us(fixes, DELAYS, 1)
    first_us = int(at_us.min())
    span = first_us + US_PER_DAY, first_us + 8 * US_PER_DAY
    engine = Engine(PARAMETERS)
    played = play(engine, sent_again(deliveries(fixes, at_us, HOUR_US), span, span[1]))
    assert played.too_late == engine.too_late > 0  # most of the week that is sent again
    now_us = int(fixes.time_us.max())
    assert_told(engine, played, at_once(fixes, now_us), now_us)


def some_event() -> Event:
    return at_once(sea(8), int(sea(8).time_us.max()))[0]


@pytest.mark.parametrize("kind", ["updated", "closed", "withdrawn"])
def test_the_driver_notices_what_was_never_opened(kind: str) -> None:
    with pytest.raises(ContradictionError):
        follow(Played(), [Change(kind, some_event())])


def test_the_driver_notices_a_second_opening_and_a_wrong_replacement() -> None:
    event = some_event()
    with pytest.raises(ContradictionError):
        follow(Played(), [Change("opened", event), Change("opened", event)])
    with pytest.raises(ContradictionError, match="not withdrawn"):
        follow(Played(), [Change("opened", event.with_(replaces="nothing"))])
    other = event.with_(type="loitering" if event.type != "loitering" else "encounter")
    played = Played()
    follow(played, [Change("opened", other)])
    swap = [Change("withdrawn", other), Change("opened", event.with_(replaces=other.event_id))]
    with pytest.raises(ContradictionError, match="another kind"):
        follow(played, swap)


def test_each_withdrawn_event_is_replaced_once() -> None:
    from darkwake.engine import compare_events

    base = replace(some_event(), start_us=0, end_us=None, now_us=100 * HOUR_US)
    old = base.with_(start_us=10 * HOUR_US)
    near, far = base.with_(start_us=11 * HOUR_US), base.with_(start_us=30 * HOUR_US)
    changes = compare_events({old.event_id: old}, {far.event_id: far, near.event_id: near})
    opened = {c.event.event_id: c.event.replaces for c in changes if c.kind == "opened"}
    assert opened == {near.event_id: old.event_id, far.event_id: None}


def test_deliveries_hold_every_fix_once_in_order_of_receipt() -> None:
    fixes = sort_fixes(sea(3))[0]
    at_us = received_us(fixes, DELAYS, 3)
    came: list[Delivery] = list(deliveries(fixes, at_us, HOUR_US))
    times = [delivery.received_us for delivery in came]
    assert times == sorted(times)
    back, twice = sort_fixes(concat_fixes([delivery.fixes for delivery in came]))
    assert twice == 0
    assert (back.time_us == fixes.time_us).all()
