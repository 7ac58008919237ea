"""What the feed itself tells about who can be heard where: the part of the sea stage's state.

Counts of reception by event day and records of who was heard, folded step by step; both are
functions of the fixes taken in, however they were cut. A silence that ends on day D is judged by
the counts of days D - 30 to D - 2, all of them known by then.
"""

from dataclasses import dataclass, field

import numpy as np

from detectors import deaf_cells
from detectors.reception_neighbours import NEIGHBOUR, drop_old, follow_neighbours
from vessels.fixes import Array
from vessels.reception import (
    PER_DAY,
    RECEPTION,
    WINDOW_DAYS,
    Learnt,
    learn,
    merge_reception,
    since_day,
)
from vessels.units import US_PER_DAY


@dataclass(frozen=True, slots=True)
class ReceptionState:
    """Never changed in place, but for `learnt`, which only remembers what it was asked."""

    counts: Array = field(default_factory=lambda: np.empty(0, RECEPTION))
    neighbours: Array = field(default_factory=lambda: np.empty(0, NEIGHBOUR))
    crossed: Array = field(default_factory=lambda: np.empty(0, deaf_cells.CROSSED))
    learnt: dict[int, Learnt] = field(default_factory=dict, compare=False)

    def as_arrays(self) -> dict[str, Array]:
        """Return the state as arrays that can be written down without pickle."""
        return {"counts": self.counts, "neighbours": self.neighbours, "crossed": self.crossed}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> "ReceptionState":
        """Return the state that `as_arrays` wrote."""
        return cls(arrays["counts"], arrays["neighbours"], arrays["crossed"])

    def take_in(self, counts: list[Array], silences: Array, heard: Array) -> "ReceptionState":
        """Return the state with counts and silences of the vessel stages, and who was heard."""
        neighbours = follow_neighbours(self.neighbours, heard)
        crossed = deaf_cells.crossed(silences)
        if len(crossed):
            crossed = np.unique(np.concatenate([self.crossed, crossed]))
        else:
            crossed = self.crossed
        news = merge_reception(counts)
        if len(news) == 0:
            return ReceptionState(self.counts, neighbours, crossed, self.learnt)
        first = int(news["key"].min())
        split = np.searchsorted(self.counts["key"], first)
        late = merge_reception([self.counts[split:], news])
        merged = np.concatenate([self.counts[:split], late])
        first_day = first // PER_DAY
        still = {d: known for d, known in self.learnt.items() if first_day > d - WINDOW_DAYS[1]}
        return ReceptionState(merged, neighbours, crossed, still)

    def drop_old(self, watermark_us: int) -> "ReceptionState":
        """Return the state without what no event that ends after `watermark_us` may ask for."""
        day = watermark_us // US_PER_DAY - WINDOW_DAYS[0]
        neighbours = drop_old(self.neighbours, watermark_us)
        crossed = deaf_cells.since_day(self.crossed, day)
        learnt = {d: known for d, known in self.learnt.items() if d >= day}
        return ReceptionState(since_day(self.counts, day), neighbours, crossed, learnt)

    def as_of(self, day: int) -> Learnt:
        """Return the reception that events ending on `day` (days since 1970) are judged by."""
        if day not in self.learnt:
            self.learnt[day] = learn(self.counts, day)
        return self.learnt[day]
