"""Law 1 for visits, voyages and time at sea; and the bounds of a voyage hold its true length.

Ships shuttle between a berth at Georgetown on Ascension, the only port within 1,000 km, and the
sea. Truth is known: when each left its berth and when it came to rest there again. They fall silent
at any time, in port and through whole calls too.
"""

from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkwake.engine import Engine
from darkwake.visit_tables import Calls
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, Pipeline, PipelineState
from detectors.time_at_sea import TimeAtSeaParameters
from tests.detectors.scene import HOUR_US, T0_US, ship
from tests.property.streams import as_bytes, shuffled
from vessels.fixes import Fixes, concat_fixes, sort_fixes
from vessels.visits import VisitParameters, follow_visits, new_visit_state, open_voyages

PORT_LAT, PORT_LON = -7.0 - 56 / 60, -14.0 - 25 / 60
KM_PER_DEG = 110.13
SLACK_H = 1.0
"""The way between a berth and the border of port waters: 4 km, or 10 km for a berth far out."""
PARAMETERS = Parameters(time_at_sea=TimeAtSeaParameters(min_days=2.0, high_days=4.0))
SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@dataclass(frozen=True)
class Shuttle:
    """A ship and its true voyages, as hours (left the berth, at rest there again)."""

    fixes: Fixes
    voyages: list[tuple[float, float]]
    now_h: float


def shuttle(seed: int, mmsi: int = 247000001, days: float = 40.0) -> Shuttle:
    """Return a ship that goes out for one to nine days at 5 to 18 knots, and lies for 2 to 60 h."""
    rng = np.random.default_rng(seed)
    berth_km = float(rng.choice([0.5, 2.0, 6.0, 9.0]))
    knot_h, knot_km, voyages = [0.0], [berth_km], []
    at_sea = bool(rng.integers(2))
    if at_sea:
        knot_km[0] = float(rng.uniform(100, 900))
        knot_h.append(knot_km[0] / float(rng.uniform(10, 30)))
        knot_km.append(berth_km)
        voyages.append((-np.inf, knot_h[-1]))
    while knot_h[-1] < days * 24:
        leave = knot_h[-1] + float(rng.uniform(2, 60))
        speed, far = float(rng.uniform(10, 33)), float(rng.uniform(30, 900))
        stay = float(rng.uniform(0, 150))
        out = leave + far / speed
        back = out + stay + far / speed
        knot_h += [leave, out, out + stay, back]
        knot_km += [berth_km, far, far, berth_km]
        voyages.append((leave, back))
    at = np.cumsum(rng.uniform(0.1, float(rng.choice([0.5, 2.0, 4.0])), 4000))
    now_h = float(rng.uniform(0.3, 1.0) * days * 24)
    at = at[at < now_h]
    for _ in range(int(rng.integers(0, 8))):
        begin, length = rng.uniform(0, days * 24), rng.exponential(30.0)
        at = at[(at < begin) | (at > begin + length)]
    at = np.append(at[at < now_h], now_h)
    km = np.interp(at, knot_h, knot_km)
    resting = np.isclose(km, berth_km)
    sog = np.where(resting, 0.0, rng.choice([3.0, 9.0], len(at)))
    lat = PORT_LAT + rng.normal(0.0, 1e-5, len(at))
    fixes = ship(mmsi, at, lat, PORT_LON - km / KM_PER_DEG, sog=sog)
    return Shuttle(fixes, voyages, now_h)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1_000_000))
def test_the_bounds_of_every_voyage_hold_its_true_length(seed: int) -> None:
    world = shuttle(seed)
    key = world.fixes.mmsi.astype("i8") << 16 | 1
    parameters = VisitParameters()
    state, _, closed = follow_visits(new_visit_state(), key, world.fixes, parameters)
    now_us = T0_US + round(world.now_h * HOUR_US)
    rows = np.concatenate([closed, open_voyages(state, now_us, parameters)])
    for row in rows:
        end_h = (int(row["end_us"]) or now_us) - T0_US
        length_h = true_length_h(world, end_h / HOUR_US, is_open=row["end_us"] == 0)
        assert int(row["lower_us"]) / HOUR_US <= length_h + SLACK_H
        if row["upper_us"] >= 0:
            assert int(row["upper_us"]) / HOUR_US >= length_h - SLACK_H


def true_length_h(world: Shuttle, end_h: float, *, is_open: bool) -> float:
    """Return the true length of the voyage that was on when the ship was heard last at sea."""
    if is_open:
        left = [leave for leave, _ in world.voyages if leave <= end_h]
        back = [arrive for leave, arrive in world.voyages if leave <= end_h]
        return max(min(end_h, back[-1]) - left[-1], 0.0) if left else 0.0
    heard_h = (world.fixes.time_us - T0_US) / HOUR_US
    last_h = heard_h[heard_h < end_h - 1e-6][-1]
    leave, arrive = next(one for one in reversed(world.voyages) if one[0] <= last_h)
    return arrive - leave


def fleet(seed: int) -> Fixes:
    return concat_fixes([shuttle(seed * 10 + i, 247000001 + i, days=20.0).fixes for i in range(4)])


@SLOW
@given(
    seed=st.integers(0, 10_000), arrival=st.integers(0, 10_000), late_h=st.sampled_from([0, 7, 40])
)
def test_time_at_sea_does_not_depend_on_arrival_or_restarts(
    seed: int, arrival: int, late_h: int
) -> None:
    fixes = fleet(seed)
    now_us = int(fixes.time_us.max())
    whole = Engine(PARAMETERS)
    whole.update(fixes)
    whole.flush(now_us)
    stream = Engine(PARAMETERS, horizon_h=48)
    for batch in shuffled(fixes, np.random.default_rng(arrival), late_h=late_h):
        stream.update(batch)
        stream = Engine.restore(stream.snapshot(), PARAMETERS)
    stream.flush(now_us)
    assert stream.too_late == 0
    assert as_bytes(stream.events()) == as_bytes(whole.events())


def test_the_fleets_of_these_tests_have_long_voyages_open_and_closed() -> None:
    engine = Engine(PARAMETERS)
    engine.update(fleet(3))
    long_ones = [event for event in engine.events() if event.type == "time_at_sea"]
    assert {event.status for event in long_ones} == {"open", "closed"}


def calls(fixes: Fixes, parts: int, days: float) -> tuple[bytes, bytes]:
    """Return visits and voyages of fixes folded in stretches of so many days."""
    gathered = Calls(PARAMETERS.port_visit)
    stages = LocalStages(PARAMETERS, parts)
    pipeline = Pipeline(PARAMETERS, stages, gathered.add)
    state = PipelineState()
    now_us = int(fixes.time_us.max())
    for edge_us in range(T0_US, now_us + 1, round(days * 24 * HOUR_US)):
        upto_us = min(edge_us + round(days * 24 * HOUR_US) - 1, now_us)
        inside = (fixes.time_us >= edge_us) & (fixes.time_us <= upto_us)
        stretch, _ = sort_fixes(fixes.take(inside))
        state, _ = pipeline.step(state, stretch, upto_us)
    visits, voyages = gathered.finish(stages.dump(state.token), now_us)
    assert len(visits) > 5
    assert len(voyages) > 5
    return visits.tobytes(), voyages.tobytes()


def test_visits_and_voyages_do_not_depend_on_stretches_and_parts() -> None:
    fixes = fleet(7)
    expected = calls(fixes, 1, 100.0)
    assert calls(fixes, 1, 1.3) == expected
    assert calls(fixes, 3, 0.4) == expected
