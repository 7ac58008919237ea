"""Law 1 for dark rendezvous: fifty days, so that stops become final while silences end late."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkwake.engine import Engine
from detectors.parameters import Parameters
from tests.property.streams import HOUR_US, T0_US, as_bytes, shuffled, track
from vessels.fixes import Fixes, concat_fixes, sort_fixes

PARAMETERS = Parameters()
DAY_H = 24.0
END_H = 50 * DAY_H
LAWS = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def fishery(seed: int) -> Fixes:
    """Return three ships that lie still now and then, and five that are silent for long."""
    rng = np.random.default_rng(seed)
    parts = []
    for ship in range(3):
        at_h, north = 0.0, -30.0
        for _ in range(4):
            sail_h, lie_h = rng.uniform(60, 200), rng.uniform(10, 60)
            parts.append(
                track(rng, 636000001 + ship, (at_h, at_h + sail_h), (north, 179.9), (1, 5), 55)
            )
            parts.append(
                track(
                    rng, 636000001 + ship, (at_h + sail_h, at_h + sail_h + lie_h),
                    (north + sail_h / 60, 179.9 + sail_h * 5 / 60 / 0.866), (0.1, 0.2), 25,
                )
            )  # fmt: skip
            at_h += sail_h + lie_h
            parts.append(
                track(
                    rng, 636000001 + ship, (at_h, at_h + sail_h),
                    (north + sail_h / 60, 179.9 + sail_h * 5 / 60 / 0.866), (-1, -5), 55,
                )
            )  # fmt: skip
            at_h += sail_h
    for ship in range(5):
        at_h = 0.0
        place = -30.0 + rng.uniform(-2, 4), 179.9 + rng.uniform(0, 12)
        while at_h < END_H:
            heard_h = rng.uniform(20, 150)
            end_h = min(END_H, at_h + heard_h)
            parts.append(track(rng, 412000001 + ship, (at_h, end_h), place, (2.5, 0), 50))
            place = place[0] + (end_h - at_h) * 2.5 / 60 * 0.5, place[1]
            at_h = end_h + rng.choice([15.0, 60.0, 300.0, 900.0])
    fixes = concat_fixes(parts)
    return sort_fixes(fixes.take(fixes.time_us < T0_US + int(END_H * HOUR_US)))[0]


def run(fixes: Fixes, batches: list[Fixes], seed: int, horizon_h: float) -> Engine:
    rng = np.random.default_rng(seed)
    engine = Engine(PARAMETERS, horizon_h=horizon_h)
    for batch in batches:
        engine.update(batch)
        if rng.random() < 0.2:
            engine = Engine.restore(engine.snapshot(), PARAMETERS)
    engine.flush(int(fixes.time_us.max()))
    assert engine.too_late == 0
    return engine


@LAWS
@given(seed=st.integers(0, 9999), order=st.integers(0, 9999))
def test_the_same_fixes_give_the_same_rendezvous_however_they_are_cut(
    seed: int, order: int
) -> None:
    fixes = fishery(seed)
    rng = np.random.default_rng(order)
    whole = run(fixes, [fixes], order, 72.0)
    by_time = fixes.take(np.argsort(fixes.time_us, kind="stable"))
    cuts = np.sort(rng.integers(0, len(fixes), 25))
    in_order = [by_time.take(part) for part in np.split(np.arange(len(fixes)), cuts) if len(part)]
    late = shuffled(fixes, rng, late_h=20)
    expected = as_bytes(whole.events())
    assert as_bytes(run(fixes, in_order, order, 24.0).events()) == expected
    assert as_bytes(run(fixes, late, order, END_H * 2).events()) == expected


def test_the_fishery_holds_what_it_is_to_prove() -> None:
    """Stops that are final, with silences ended before and after the cap, and ones still open."""
    final = told = unheard = 0
    for seed in range(6):
        fixes = fishery(seed)
        engine = run(fixes, [fixes], 0, 72.0)
        found = [e for e in engine.events() if e.type == "dark_rendezvous"]
        told += len(found)
        settled_us = int(fixes.time_us.max()) - 31 * 24 * HOUR_US
        final += sum((e.end_us or e.now_us) < settled_us for e in found)
        unheard += sum(None in e.details["candidate_first_heard"] for e in found)
    assert told > final > 0
    assert unheard > 0
