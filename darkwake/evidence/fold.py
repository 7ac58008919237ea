"""The fold over evidence: the one detection code path, over a few vessels and what others prove.

Of the other vessels an event needs little: that the feed was alive, who was heard near by, how well
places are heard, how long peers stay out. Their fixes and counts come in beside the fixes of the
event's own vessels, at the seam between the vessel stages and the sea stage, which sees both.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from darkwake.telling import Heard, Place, tell
from darkwake.watching.notes import NotingStages
from detectors.events import Event
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, Pipeline, PipelineState
from detectors.reception_neighbours import first_heard
from detectors.vessel_stage import Pending, State, VesselOutput
from feeds.liveness import telling
from vessels.fixes import Array, Fixes, concat_fixes, sort_fixes
from vessels.hulls import hull_id_of, hull_key
from vessels.identity import IdentityBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What an event is found from."""

    judged_us: int
    """The time that open events run to."""
    fixes: Fixes
    """Every fix of the event's own vessels, in the time that counts."""
    witnesses: Fixes
    """Fixes of other numbers, as many as prove what the feed heard; may be empty."""
    reception: Array
    """RECEPTION rows that silences are judged by."""
    statements: pa.Table
    """What the numbers said of themselves (`IdentityBook.statements`)."""
    voyages: Array
    """VOYAGE rows of other hulls, for the comparison with peers."""
    whole: bool = False
    """All vessels are the event's own: nothing of others was put in beside them."""


class _Witnessed:
    """Vessel stages that see the event's own numbers alone, with the counts of all.

    Args:
        stages: the vessel stages.
        numbers: the event's own numbers.
        reception: RECEPTION rows to put in; None keeps what the stages count themselves.
        feed_silence_min: the least outage of a feed, minutes.
    """

    def __init__(
        self,
        stages: NotingStages,
        numbers: Array,
        reception: Array | None,
        feed_silence_min: float,
    ) -> None:
        self._stages = stages
        self._feed_silence_min = feed_silence_min
        self._numbers = numbers
        self._reception = reception
        self.silences: list[Array] = []
        """SILENCE rows that came by: what the sea stage judges."""

    def step(self, token: int, fixes: Fixes, watermark_us: int) -> tuple[int, list[VesselOutput]]:
        """Fold the fixes of the event's own numbers into a state."""
        own = fixes.take(np.isin(fixes.mmsi, self._numbers))
        new, outputs = self._stages.step(token, own, watermark_us)
        self.silences += [output.silences for output in outputs]
        if self._reception is None:
            return new, outputs
        (output,) = outputs
        return new, [
            replace(
                output,
                reception=self._reception,
                heard=telling(fixes.mmsi, fixes.time_us, self._feed_silence_min),
                neighbours=first_heard(fixes),
            )
        ]

    def peek(self, token: int, now_us: int) -> list[Pending]:
        """Return what is open in a state."""
        parts = self._stages.peek(token, now_us)
        self.silences += [part.silences for part in parts]
        return parts

    def forget(self, keep: set[int]) -> None:
        """Drop every state but these and 0."""
        self._stages.forget(keep)

    def dump(self, token: int) -> list[State]:
        """Return a state as arrays."""
        return self._stages.dump(token)

    def load(self, states: list[State]) -> int:
        """Take over what `dump` returned."""
        return self._stages.load(states)


@dataclass(frozen=True, slots=True)
class Derived:
    """What the fold over evidence gives."""

    events: dict[str, Event]
    """By event_id. Only the one that the evidence was gathered for is sure to be whole."""
    silences: Array
    """Silences of the evidence's own vessels, closed and open (SILENCE rows)."""
    notes: NotingStages
    book: IdentityBook

    def track(self, hull_id: str) -> list[tuple[int, float, float]]:
        """Return `(time_us, lon_deg, lat_deg)` of a hull, one in ten minutes."""
        rows = self.notes.track(hull_key(hull_id))
        return list(zip(rows["time_us"].tolist(), rows["lon"], rows["lat"], strict=True))


def derive(evidence: Evidence, parameters: Parameters) -> Derived:
    """Fold the evidence, and tell what is found."""
    notes = NotingStages(LocalStages(parameters))
    numbers = np.unique(evidence.fixes.mmsi)
    counted = None if evidence.whole else evidence.reception
    stages = _Witnessed(notes, numbers, counted, parameters.dark_period.feed_silence_min)
    pipeline = Pipeline(parameters, stages)
    fixes, _ = sort_fixes(concat_fixes([evidence.fixes, evidence.witnesses]))
    state, events = pipeline.step(PipelineState(), fixes, int(fixes.time_us.max()))
    events += pipeline.peek(state, evidence.judged_us)
    around = parameters.surroundings
    visits, voyages = notes.calls(evidence.judged_us, parameters.port_visit, around.anchorages)
    book = IdentityBook()
    book.take_statements(evidence.statements)

    def places(moments: list[tuple[int, int]]) -> list[Place | None]:
        return [
            None if found is None else (hull_id_of(found[0]), float(found[1]), float(found[2]))
            for found in notes.places(moments)
        ]

    known = np.concatenate([voyages, evidence.voyages])
    told = tell(events, Heard(book, visits, known, places, evidence.judged_us), parameters)
    found = {event.event_id: event for event in told}
    return Derived(found, np.concatenate(stages.silences), notes, book)
