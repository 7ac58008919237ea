"""Laws 1 and 2 where numbers and places are doubtful, and where ships are heard rarely.

A sea of its own: one hull with two transmitters that drifts and sails, a number handed over, a
false circle, three ships that jump to one place, a number of no country, and a pair heard by
satellite alone, in bursts hours apart.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkwake.engine import Engine
from detectors.identity_conflict import IdentityConflictParameters
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages
from tests.property.streams import HOUR_US, T0_US, as_bytes, shuffled, track
from vessels.fixes import Fixes, concat_fixes

PARAMETERS = Parameters(identity_conflict=IdentityConflictParameters(doubtful_numbers=True))
LAWS = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
_M_DEG = 1.0 / 111_195.0


def moved(fixes: Fixes, mmsi: int, north_m: float) -> Fixes:
    """Return the same track for another number, some metres off."""
    out = fixes.take(slice(None))
    out.mmsi = np.full(len(out), mmsi, "i4")
    out.lat_deg = np.round(out.lat_deg + north_m * _M_DEG, 6)
    return out


def circle(rng: np.random.Generator, mmsi: int, start_h: float) -> Fixes:
    """Return fixes that go round a circle of 1.5 km at 12 knots and tell 1 knot."""
    out = track(rng, mmsi, (start_h, start_h + 6.0), (-20.0, -160.0), (0, 0), every_min=3.0)
    hours = (out.time_us - T0_US) / HOUR_US
    angle = hours * 12.0 * 1852.0 / 1500.0
    out.lat_deg = np.round(-20.0 + 1500.0 * np.cos(angle) * _M_DEG, 6)
    out.lon_deg = np.round(-160.0 + 1500.0 * np.sin(angle) * _M_DEG / np.cos(np.radians(20.0)), 6)
    out.sog_knots = np.full(len(out), 1.0, "f4")
    return out


def bursts(rng: np.random.Generator, mmsi: int, north_m: float) -> Fixes:
    """Return a drifter heard two or three times an hour apart, then not for hours, and so on."""
    at_h = np.cumsum(rng.choice([0.4, 0.9, 1.2, 1.9, 5.5], 60, p=[0.3, 0.3, 0.2, 0.1, 0.1]))
    out = track(rng, mmsi, (0, 200), (-50.0, -120.0), (0.1, 0.1)).take(slice(0, 60))
    out.time_us = T0_US + np.round(at_h[: len(out)] * 3600.0).astype("i8") * 1_000_000
    out.lat_deg = np.round(-50.0 + at_h[: len(out)] * 0.1 / 60.0 + north_m * _M_DEG, 6)
    out.lon_deg = np.full(len(out), -120.0)
    return out.take(at_h[: len(out)] < 90.0)


def doubtful_sea(seed: int) -> Fixes:
    """Return all fixes of the doubtful sea."""
    rng = np.random.default_rng(seed)
    drift = float(rng.uniform(20, 30))
    ends = float(rng.uniform(30, 60))
    far = float(rng.uniform(20, 50))
    twin = concat_fixes(
        [
            track(rng, 416000001, (0, drift), (-30.0 - drift / 6, 179.9), (10, 0), 6.0),
            track(rng, 416000001, (drift, drift + 7), (-30.0, 179.9), (0.2, 0.1), 6.0),
            track(rng, 416000001, (drift + 7, 80), (-29.97, 179.9), (9, 2), 6.0),
        ]
    )
    east = 178.0 + (ends + 0.5) * 5.0 / 60.0 / float(np.cos(np.radians(44.0)))
    parts = [
        twin,
        moved(twin, 440000002, 25.0),
        track(rng, 412000003, (0, ends), (-44.0, 178.0), (6, 5)),
        track(rng, 636000004, (ends + 0.5, 96), (-44.0 + (ends + 0.5) / 10, east), (6, 5)),
        circle(rng, 477000005, far),
        track(rng, 200000006, (0, 96), (-55.0, -140.0), (3, 4), 40.0),
        bursts(rng, 538000007, 0.0),
        bursts(rng, 257000008, 120.0),
    ]
    for i in range(3):
        mmsi, lat = 227000010 + i, -10.0 - i
        jump = far + 0.4 * i
        parts += [
            track(rng, mmsi, (0, jump), (lat, -150.0), (0, 8)),
            track(rng, mmsi, (jump, jump + 2), (5.0, -170.0), (0.2, 0.1)),
            track(rng, mmsi, (jump + 2, 96), (lat, -150.0 + (jump + 2) * 8 / 60), (0, 8)),
        ]
    return concat_fixes(parts)


def in_one_go(fixes: Fixes, now_us: int) -> bytes:
    engine = Engine(PARAMETERS)
    engine.update(fixes)
    engine.flush(now_us)
    return as_bytes(engine.events())


@LAWS
@given(
    seed=st.integers(0, 10_000), arrival=st.integers(0, 10_000), late_h=st.sampled_from([0, 7, 40])
)
def test_doubts_do_not_depend_on_order_chunks_duplicates_or_delay(
    seed: int, arrival: int, late_h: int
) -> None:
    fixes = doubtful_sea(seed)
    now_us = int(fixes.time_us.max())
    stream = Engine(PARAMETERS)
    for batch in shuffled(fixes, np.random.default_rng(arrival), late_h=late_h):
        stream.update(batch)
    stream.flush(now_us)
    assert as_bytes(stream.events()) == in_one_go(fixes, now_us)


@LAWS
@given(seed=st.integers(0, 10_000), arrival=st.integers(0, 10_000))
def test_doubts_survive_a_restart_and_a_short_horizon(seed: int, arrival: int) -> None:
    """With a horizon of a few hours most of the fold is done in small, final steps."""
    fixes = doubtful_sea(seed)
    now_us = int(fixes.time_us.max())
    stream = Engine(PARAMETERS, horizon_h=1.0)
    order = np.argsort(fixes.time_us, kind="stable")
    cuts = np.sort(np.random.default_rng(arrival).integers(0, len(order), 12))
    for part in np.split(order, cuts):
        stream.update(fixes.take(part))
        stream = Engine.restore(stream.snapshot(), PARAMETERS) if len(part) else stream
    stream.flush(now_us)
    assert stream.too_late == 0
    assert as_bytes(stream.events()) == in_one_go(fixes, now_us)


def test_a_hull_known_late_meets_the_same_in_small_steps() -> None:
    """Its first two fixes lie 1.9 h apart, and the third, which makes it a hull, 3.9 h on."""
    hours = np.concatenate([[0.0, 1.9], np.arange(5.8, 9.0, 0.1)])
    seed = track(np.random.default_rng(0), 538000007, (0, 200), (-50.0, -120.0), (0, 0))
    late = seed.take(slice(0, len(hours)))
    late.time_us = T0_US + np.round(hours * 3600.0).astype("i8") * 1_000_000
    late.lat_deg[:], late.lon_deg[:] = -50.0, -120.0
    steady = track(np.random.default_rng(1), 257000008, (-1, 9), (-50.001, -120.0), (0, 0))
    fixes = concat_fixes([late, steady])
    now_us = int(fixes.time_us.max())
    stream = Engine(PARAMETERS, horizon_h=0.0)
    order = np.argsort(fixes.time_us, kind="stable")
    for part in np.array_split(order, 40):
        stream.update(fixes.take(part))
    stream.flush(now_us)
    assert stream.too_late == 0
    assert as_bytes(stream.events()) == in_one_go(fixes, now_us)


@pytest.mark.parametrize("parts", [2, 5])
def test_doubts_do_not_depend_on_how_the_numbers_are_split(parts: int) -> None:
    fixes = doubtful_sea(3)
    now_us = int(fixes.time_us.max())
    split = Engine(PARAMETERS, stages=LocalStages(PARAMETERS, parts))
    for batch in shuffled(fixes, np.random.default_rng(parts), late_h=7):
        split.update(batch)
    split.flush(now_us)
    assert as_bytes(split.events()) == in_one_go(fixes, now_us)


def test_the_doubtful_sea_holds_every_doubt() -> None:
    fixes = doubtful_sea(1)
    engine = Engine(PARAMETERS)
    engine.update(fixes)
    found = engine.events()
    kinds = {event.details.get("kind") for event in found}
    assert {"two_transmitters", "hand_over", "circle", "mid_unassigned"} <= kinds
    assert "jump_and_return" in kinds
    pairs = {(e.mmsi, e.other_mmsi) for e in found if e.type == "encounter"}
    assert pairs == {(257000008, 538000007)}
