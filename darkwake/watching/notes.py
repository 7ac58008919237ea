"""What telling needs of the fold's past, kept beside the state it belongs to.

`NotingStages` wraps the vessel stages: it notes the visits, voyages and thinned positions that each
step brings, under the token of the state that step made. When late fixes send the engine back to an
earlier state, the notes go back with it, and a snapshot of the state holds them too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from darkwake.tracks import THIN_US
from detectors import vessel_stage
from detectors.pipeline import VesselStages
from detectors.vessel_stage import Pending, State, VesselOutput
from vessels.anchorages import Anchorages
from vessels.fixes import Array, Fixes
from vessels.visits import VISIT, VOYAGE, VisitParameters, open_visits, open_voyages

PLACE = np.dtype([("key", "i8"), ("time_us", "i8"), ("lat", "f8"), ("lon", "f8")])
"""The first fix of a hull in each ten minutes of UTC."""
_CELL = np.dtype([("key", "i8"), ("cell", "i8")])
_PREFIX = "noted_"

Chunks = tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class Notes:
    """What was noted up to a state. Never changed in place."""

    visits: Chunks = ()
    voyages: Chunks = ()
    places: Chunks = ()
    cells: Array = field(default_factory=lambda: np.empty(0, _CELL))
    """The newest ten minutes noted of each hull, in order of key."""

    def after(self, outputs: Sequence[VesselOutput]) -> "Notes":
        """Return the notes with what one step brought."""
        visits, voyages, places, cells = self.visits, self.voyages, self.places, self.cells
        for output in outputs:
            visits = _append(visits, output.visits)
            voyages = _append(voyages, output.voyages)
            fresh, cells = _thinned(output, cells)
            places = _append(places, fresh)
        return Notes(visits, voyages, places, cells)

    def without(self, visits_before_us: int, places_before_us: int) -> "Notes":
        """Return the notes without what is too old to matter; of voyages each hull's longest."""
        visits, places = joined(self.visits, VISIT), joined(self.places, PLACE)
        voyages = joined(self.voyages, VOYAGE)
        order = np.lexsort((voyages["proven_us"], voyages["key"]))
        voyages = voyages[order]
        longest = np.append(voyages["key"][1:] != voyages["key"][:-1], True)[: len(voyages)]
        return replace(
            self,
            visits=_append((), visits[visits["end_us"] >= visits_before_us]),
            voyages=_append((), voyages[longest]),
            places=_append((), places[places["time_us"] >= places_before_us]),
        )

    def as_arrays(self) -> State:
        """Return the notes by name, for a snapshot."""
        return {
            f"{_PREFIX}visits": joined(self.visits, VISIT),
            f"{_PREFIX}voyages": joined(self.voyages, VOYAGE),
            f"{_PREFIX}places": joined(self.places, PLACE),
            f"{_PREFIX}cells": self.cells,
        }

    @classmethod
    def from_arrays(cls, arrays: State) -> "Notes":
        """Return the notes that `as_arrays` wrote."""
        visits, voyages, places = (
            _append((), arrays[f"{_PREFIX}{name}"]) for name in ("visits", "voyages", "places")
        )
        return cls(visits, voyages, places, arrays[f"{_PREFIX}cells"])


class NotingStages:
    """Vessel stages that keep notes. `head` is the state that was looked at last."""

    def __init__(self, stages: VesselStages) -> None:
        self._stages = stages
        self._notes: dict[int, Notes] = {0: Notes()}
        self.head = 0

    def step(self, token: int, fixes: Fixes, watermark_us: int) -> tuple[int, list[VesselOutput]]:
        """Fold the fixes into a state, and note what they brought."""
        new, outputs = self._stages.step(token, fixes, watermark_us)
        self._notes[new] = self._notes[token].after(outputs)
        return new, outputs

    def peek(self, token: int, now_us: int) -> list[Pending]:
        """Return what is open in a state, which becomes the head."""
        self.head = token
        return self._stages.peek(token, now_us)

    def forget(self, keep: set[int]) -> None:
        """Drop every state but these and 0, and their notes."""
        self._stages.forget(keep)
        self._notes = {t: notes for t, notes in self._notes.items() if t in keep or t == 0}

    def dump(self, token: int) -> list[State]:
        """Return a state as arrays; the notes are one part more."""
        return [*self._stages.dump(token), self._notes[token].as_arrays()]

    def load(self, states: list[State]) -> int:
        """Take over what `dump` returned."""
        token = self._stages.load(states[:-1])
        self._notes[token] = Notes.from_arrays(states[-1])
        return token

    def prune(self, visits_before_us: int, places_before_us: int) -> None:
        """Forget what is too old to matter, in every state."""
        self._notes = {
            token: notes.without(visits_before_us, places_before_us)
            for token, notes in self._notes.items()
        }

    def calls(
        self, now_us: int, parameters: VisitParameters, anchorages: Anchorages | None = None
    ) -> tuple[Array, Array]:
        """Return VISIT and VOYAGE rows of the head, by hull and start, with those on at `now_us`.

        As `darkwake.visit_tables.Calls` does for a replay; of each hull's past voyages the longest
        may be the only one.
        """
        notes = self._notes[self.head]
        visits, voyages = [*notes.visits], [*notes.voyages]
        for state in self._stages.dump(self.head):
            called = vessel_stage.visit_state(state)
            visits.append(open_visits(called, now_us, parameters))
            voyages.append(open_voyages(called, now_us, parameters, anchorages=anchorages))
        rows = joined(visits, VISIT), joined(voyages, VOYAGE)
        ordered = [part[np.lexsort((part["start_us"], part["key"]))] for part in rows]
        return ordered[0], ordered[1]

    def track(self, key: int) -> Array:
        """Return the PLACE rows of a hull, in order of time."""
        notes = self._notes.get(self.head, Notes())
        rows = joined([part[part["key"] == key] for part in notes.places], PLACE)
        return rows[np.argsort(rows["time_us"], kind="stable")]

    def places(self, moments: list[tuple[int, int]]) -> list[tuple[int, float, float] | None]:
        """Return hull key, lat and lon heard last at each (mmsi, time_us), as far as is noted."""
        if not moments:
            return []
        numbers = np.array(sorted({mmsi for mmsi, _ in moments}), "i8")
        found = [
            part[np.isin(part["key"] >> 16, numbers)] for part in self._notes[self.head].places
        ]
        rows = joined(found, PLACE)
        rows = rows[np.lexsort((rows["key"], rows["time_us"], rows["key"] >> 16))]
        number = rows["key"] >> 16
        out: list[tuple[int, float, float] | None] = []
        for mmsi, time_us in moments:
            first, last = np.searchsorted(number, [mmsi, mmsi + 1])
            at = first + int(np.searchsorted(rows["time_us"][first:last], time_us, "right")) - 1
            row = rows[at] if at >= first else None
            out.append(None if row is None else (int(row["key"]), row["lat"], row["lon"]))
        return out


def joined(parts: Sequence[Array], kind: np.dtype[np.void]) -> Array:
    """Return all rows of some chunks."""
    return np.concatenate([np.empty(0, kind), *parts])


def _append(chunks: Chunks, rows: Array) -> Chunks:
    """Return the chunks with more rows; small ones are merged, so that there are few."""
    if len(rows) == 0:
        return chunks
    kept = list(chunks)
    while kept and len(kept[-1]) <= len(rows):
        rows = np.concatenate([kept.pop(), rows])
    return (*kept, rows)


def _thinned(output: VesselOutput, cells: Array) -> tuple[Array, Array]:
    """Return the first fix of each hull in ten minutes that was not noted yet, and the new cells.

    The fixes of an output are sorted by (key, time) and later than all that were noted.
    """
    key, time_us = output.key, output.kept.time_us
    if len(key) == 0:
        return np.empty(0, PLACE), cells
    cell = time_us // THIN_US
    first = np.append(True, key[1:] != key[:-1])
    fresh = first | np.append(True, cell[1:] != cell[:-1])
    place = np.searchsorted(cells["key"], key[first])
    known = np.flatnonzero(place < len(cells))
    starts = np.flatnonzero(first)
    if len(known):
        old = cells[place[known]]
        same = (old["key"] == key[starts[known]]) & (old["cell"] == cell[starts[known]])
        fresh[starts[known[same]]] = False
    rows = np.empty(int(fresh.sum()), PLACE)
    rows["key"], rows["time_us"] = key[fresh], time_us[fresh]
    rows["lat"], rows["lon"] = output.kept.lat_deg[fresh], output.kept.lon_deg[fresh]
    ends = np.append(starts[1:], len(key)) - 1
    every = np.union1d(cells["key"], key[starts])
    newest = np.empty(len(every), _CELL)
    newest["key"] = every
    newest["cell"][np.searchsorted(every, cells["key"])] = cells["cell"]
    newest["cell"][np.searchsorted(every, key[starts])] = cell[ends]
    return rows, newest
