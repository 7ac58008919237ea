"""Encounters are kept while a loitering run may hold them, and no longer: state is bounded."""

import numpy as np
import pytest

from detectors.events import Event, sort_events
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, Pipeline, PipelineState
from tests.detectors.scene import HOUR_US, OFFSHORE, T0_US, every, ship
from vessels.fixes import Fixes, concat_fixes, sort_fixes
from vessels.hulls import mmsi_of

HOST, GUEST = 416000001, 440000002
DAYS = 6
PARAMETERS = Parameters()


def visits_of_a_drifter() -> Fixes:
    """Return a ship that drifts for days, and another that is beside it for three hours of each."""
    hours = every(10, 0, 24 * (DAYS + 2))
    lat = OFFSHORE[0] + 0.2 / 60.0 * hours
    of_day = hours % 24.0
    away_h = np.clip(of_day - 9.0, 0, 7) - np.clip(of_day - 17.0, 0, 7)
    away_h = np.where(of_day < 6.0, np.maximum(6.0 - of_day, 0), away_h)
    leaving_h = np.maximum(hours - 24.0 * DAYS, 0)
    guest_lat = lat + 0.001 + away_h * 8.0 / 60.0
    return concat_fixes(
        [
            ship(HOST, hours, lat + leaving_h * 9.0 / 60.0),
            ship(GUEST, hours, guest_lat - leaving_h * 9.0 / 60.0),
        ]
    )


def folded(fixes: Fixes, step_h: float) -> tuple[list[Event], list[list[int]]]:
    """Return all events, and the numbers of the encounters that each step left in the state."""
    pipeline, state = Pipeline(PARAMETERS, LocalStages(PARAMETERS)), PipelineState()
    fixes, _ = sort_fixes(fixes)
    events, kept = [], []
    last_us = int(fixes.time_us.max())
    before_us = T0_US - 1
    while before_us < last_us:
        upto_us = min(before_us + int(step_h * HOUR_US), last_us)
        due = (fixes.time_us > before_us) & (fixes.time_us <= upto_us)
        state, final = pipeline.step(state, fixes.take(due), upto_us)
        events += final
        kept.append([mmsi_of(key) for key, _, _ in state.sea.meetings])
        before_us = upto_us
    events += pipeline.peek(state, last_us)
    return sort_events(events), kept


def test_a_drifter_keeps_its_encounters_and_a_guest_that_sails_on_does_not():
    fixes = visits_of_a_drifter()
    events, kept = folded(fixes, 6)
    met = [event for event in events if event.type == "encounter"]
    assert len(met) == DAYS
    (alone,) = [e for e in events if e.type == "loitering" and e.mmsi == HOST]
    assert alone.details["encounter_h"] == pytest.approx(3 * DAYS, abs=2)
    during = kept[4 * DAYS - 1]
    assert during.count(HOST) >= DAYS - 1
    assert during.count(GUEST) <= 1
    assert kept[-1] == []
    at_once, _ = folded(fixes, 24 * (DAYS + 3))
    assert [e.properties() for e in events] == [e.properties() for e in at_once]
