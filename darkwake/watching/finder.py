"""The finder: rows of all feeds in, findings out, exactly as a replay of the same rows tells them.

It drives the engine of the one detection fold. Rows that are in order go on at once; late ones are
collected, because each refold of the past costs the same for one fix as for a thousand. Everything
here is a function of the set of rows and can be written down and taken up again (`snapshot`).
"""

import io
import json
from dataclasses import asdict, replace
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa

from darkwake.engine import Engine, event_from_json
from darkwake.telling import Heard, Place, tell
from darkwake.watching.notes import NotingStages
from detectors.events import Event
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages
from detectors.port_visits import led_to
from detectors.surroundings import Surroundings
from vessels.errors import StoreError
from vessels.fixes import Array, Fixes, concat_fixes, empty_fixes, fixes_from_table
from vessels.hulls import hull_id_of, hull_key
from vessels.identity import IdentityBook
from vessels.lists import VesselLists
from vessels.units import US_PER_DAY, US_PER_H

_VERSION = 2
KEEP_DAYS = 35.0
"""A finding is told anew this long after its end; then it stands as it was told last. A call at a
port is told up to 30 days after a finding, which is kept as long as the call is told."""
KEEP_MEETINGS_DAYS = 400.0
"""Encounters are remembered this long, for the company of those who stay out for months."""
_PLACES_SLACK_US = 24 * US_PER_H
_STEP_US = US_PER_DAY
"""Rows that span more event time than this, a year in one file, are folded and told in steps: what
telling needs of the past is kept for a few days only."""
_UPDATE_STEP_US = US_PER_H // 4
"""Event time after which the engine is asked what became final."""


class Finder:
    """Folds rows and tells findings. Not safe for use by two threads at once.

    Args:
        parameters: thresholds of every detector.
        horizon_h: how late a fix may be and still change the past, hours of event time.
    """

    def __init__(self, parameters: Parameters, *, horizon_h: float) -> None:
        self.parameters = parameters
        self._horizon_us = int(horizon_h * US_PER_H)
        self._stages = NotingStages(LocalStages(parameters))
        self._engine = Engine(parameters, horizon_h=horizon_h, stages=self._stages)
        self.book = IdentityBook()
        self._held = empty_fixes()
        self._late: list[Fixes] = []
        self._final: dict[str, Event] = {}
        self._places: dict[tuple[int, int], Place] = {}
        self._passed: dict[str, Event] = {}
        self._pruned_us = self._updated_us = self._told_us = 0
        self.newest_us: int | None = None
        """Time of the newest fix taken in, released or not."""

    @property
    def watermark_us(self) -> int | None:
        """Time of the newest fix that was folded; None before the first."""
        return self._engine.watermark_us

    @property
    def too_late(self) -> int:
        """Fixes that came later than the horizon; they are in the archive, and count on replay."""
        return self._engine.too_late

    @property
    def waiting_late(self) -> int:
        """Late fixes that wait for the next refold."""
        return sum(len(part) for part in self._late)

    @property
    def rows_in_memory(self) -> int:
        """Fixes younger than the horizon: what a snapshot holds and a refold folds, about."""
        return self._engine.pending_rows + len(self._held) + self.waiting_late

    def take(self, table: pa.Table) -> None:
        """Take in rows of the house schema, in any order, without exact duplicates."""
        self.book.update(table)
        fixes = fixes_from_table(table)
        if len(fixes) == 0:
            return
        newest = int(fixes.time_us.max())
        self.newest_us = newest if self.newest_us is None else max(newest, self.newest_us)
        folded_us = self.watermark_us
        if folded_us is not None:
            late = fixes.time_us <= folded_us
            if late.any():
                self._late.append(fixes.take(late))
                fixes = fixes.take(~late)
        self._held = concat_fixes([self._held, fixes])

    def advance(self, upto_us: int) -> None:
        """Fold the rows that are not later than this time.

        Late rows that would be too late after it are folded first.
        """
        if any((part.time_us <= upto_us - self._horizon_us).any() for part in self._late):
            self.refold()
        while len(self._held):
            first_us = max(int(self._held.time_us.min()), self.watermark_us or 0)
            if upto_us - first_us <= _STEP_US:
                break
            self._fold_held(first_us + _STEP_US)
            self._pass(first_us + _STEP_US)
        self._fold_held(upto_us)

    def _fold_held(self, upto_us: int) -> None:
        due = self._held.time_us <= upto_us
        if due.any():
            fixes, self._held = self._held.take(due), self._held.take(~due)
            self._fold(fixes)

    def _pass(self, upto_us: int) -> None:
        """Tell as of a step, and keep what will be settled at the next."""
        settled_us = self.settled_us(max(upto_us, self._told_us) + _STEP_US)
        told = self._tell(upto_us)
        self._passed |= {
            key: event for key, event in told.items() if event.end_us and event.end_us < settled_us
        }

    def refold(self) -> None:
        """Fold the late rows, and with them all of the past that they can change."""
        late, self._late = concat_fixes(self._late), []
        if len(late):
            self._fold(late)

    def finish(self) -> None:
        """Fold everything that was taken in: what the end of a recording does."""
        self.refold()
        if self.newest_us is not None:
            self.advance(self.newest_us)

    def tell(self, now_us: int) -> dict[str, Event]:
        """Return all findings that can still change, by event_id, judged as of `now_us`.

        With them come those that ended for good since the last call. `now_us` is never before the
        newest fix folded, nor before that of an earlier call.
        """
        passed, self._passed = self._passed, {}
        return passed | self._tell(now_us)

    def _tell(self, now_us: int) -> dict[str, Event]:
        if self.watermark_us is None:
            return {}
        now_us = self._told_us = max(now_us, self.watermark_us, self._told_us)
        self._engine.flush(now_us)
        parameters = self.parameters
        visits, voyages = self._calls(now_us)
        heard = Heard(self.book, visits, voyages, self._placed, now_us)
        told = tell([*self._final.values(), *self._engine.events()], heard, parameters)
        settled_us = self.settled_us(now_us)
        return {
            event.event_id: event
            for event in told
            if event.end_us is None or event.end_us >= settled_us
        }

    def recent_track(self, hull_id: str) -> list[tuple[int, float, float]]:
        """Return `(time_us, lon_deg, lat_deg)` of a hull, one in ten minutes, as far as is noted.

        May be called by another thread: notes are never changed in place.
        """
        rows = self._stages.track(hull_key(hull_id))
        return list(zip(rows["time_us"].tolist(), rows["lon"], rows["lat"], strict=True))

    def use_lists(self, lists: VesselLists) -> None:
        """Tell with other vessel lists from now on; the fold does not know of them."""
        around = self.parameters.surroundings
        if lists.hash != around.lists.hash:
            known = Surroundings(zones=around.zones, lists=lists, anchorages=around.anchorages)
            self.parameters = replace(self.parameters, surroundings=known)

    def settled_us(self, now_us: int) -> int:
        """Return the time before which a finding that has ended is told no more."""
        return now_us - max(int(KEEP_DAYS * US_PER_DAY), 2 * self._horizon_us)

    def snapshot(self) -> bytes:
        """Return all state as bytes (numpy archive, no pickle)."""
        meta = {
            "version": _VERSION,
            "newest_us": self.newest_us,
            "pruned_us": self._pruned_us,
            "told_us": self._told_us,
            "passed": [asdict(event) for event in self._passed.values()],
            "final": [asdict(event) for event in self._final.values()],
            "places": [[*key, *place] for key, place in self._places.items()],
        }
        arrays: dict[str, Any] = {
            "meta": np.frombuffer(json.dumps(meta).encode(), "u1"),
            "engine": np.frombuffer(self._engine.snapshot(), "u1"),
            "book": np.frombuffer(self.book.snapshot(), "u1"),
        }
        arrays |= self._held.as_arrays("held/")
        arrays |= concat_fixes(self._late).as_arrays("late/")
        out = io.BytesIO()
        np.savez(out, **arrays)
        return out.getvalue()

    @classmethod
    def restore(cls, snapshot: bytes, parameters: Parameters, *, horizon_h: float) -> "Finder":
        """Return a finder that goes on where `snapshot` was taken.

        Raises:
            StoreError: the bytes are no snapshot, or of other parameters.
        """
        try:
            with np.load(io.BytesIO(snapshot), allow_pickle=False) as archive:
                arrays = dict(archive.items())
            meta = json.loads(arrays["meta"].tobytes())
            if meta["version"] != _VERSION:
                raise StoreError(f"a snapshot of version {meta['version']}; use --rebuild")
            finder = cls(parameters, horizon_h=horizon_h)
            finder._engine = Engine.restore(
                arrays["engine"].tobytes(), parameters, stages=finder._stages
            )
            finder.book = IdentityBook.restore(arrays["book"].tobytes())
            finder._held = Fixes.from_arrays(arrays, "held/")
            finder._late = [Fixes.from_arrays(arrays, "late/")]
            finder._final = {e.event_id: e for e in map(event_from_json, meta["final"])}
            finder._passed = {e.event_id: e for e in map(event_from_json, meta["passed"])}
            finder._told_us = meta["told_us"]
            finder._places = {(m, t): (hull, lat, lon) for m, t, hull, lat, lon in meta["places"]}
        except (ValueError, OSError, BadZipFile, KeyError, TypeError) as error:
            raise StoreError(f"not a snapshot of a watch: {error}") from error
        finder.newest_us, finder._pruned_us = meta["newest_us"], meta["pruned_us"]
        return finder

    def _fold(self, fixes: Fixes) -> None:
        """Fold rows. Judging is left to `tell`, but for what becomes final, now and then."""
        if int(fixes.time_us.max()) - self._updated_us < _UPDATE_STEP_US:
            self._engine.absorb(fixes)
            return
        self._engine.update(fixes)
        self._updated_us = self.watermark_us or 0
        self._settle()

    def _settle(self) -> None:
        """Keep what became final as long as it can matter, and forget what is older."""
        self._final |= {event.event_id: event for event in self._engine.drain_final()}
        folded_us = self.watermark_us or 0
        if folded_us - self._pruned_us < US_PER_DAY:
            return
        self._pruned_us = folded_us
        settled_us = self.settled_us(folded_us)
        meetings_us = folded_us - int(KEEP_MEETINGS_DAYS * US_PER_DAY)
        visits, _ = self._calls(folded_us)
        kept = led_to(self._final.values(), visits, self.parameters.port_visit)
        self._final = {
            key: event
            for key, event in self._final.items()
            if key in kept
            or (event.end_us or folded_us)
            >= (meetings_us if event.type == "encounter" else settled_us)
        }
        self._stages.prune(settled_us, self._places_from_us(folded_us))

    def _calls(self, now_us: int) -> tuple[Array, Array]:
        anchorages = self.parameters.surroundings.anchorages
        return self._stages.calls(now_us, self.parameters.port_visit, anchorages)

    def _places_from_us(self, folded_us: int) -> int:
        return folded_us - self._horizon_us - _PLACES_SLACK_US

    def _placed(self, moments: list[tuple[int, int]]) -> list[Place | None]:
        """Return where numbers were heard last; older moments as they were told before.

        The places themselves are kept a day longer than the horizon, so that a moment is settled
        before its place is forgotten.
        """
        settled_us = (self.watermark_us or 0) - self._horizon_us
        asked = [one for one in moments if one[1] >= settled_us or one not in self._places]
        for moment, found in zip(asked, self._stages.places(asked), strict=True):
            if found is not None:
                self._places[moment] = (hull_id_of(found[0]), float(found[1]), float(found[2]))
            else:
                self._places.pop(moment, None)
        return [self._places.get(moment) for moment in moments]
