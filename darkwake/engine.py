"""The engine: fixes in any order, events that are a function of their set.

It keeps a ladder of points of the one detection fold. The lowest is `frozen`, behind which nothing
can change any more (`horizon` behind the newest fix); the highest has seen everything. Fixes in
order add a rung. A late fix goes back to the highest rung before it and folds what came since
again, so the past is re-opened and events are withdrawn as need be: seconds of disorder between
receivers cost minutes of folding, a satellite's batch hours. A fix older than `frozen` is
`too_late`: counted, left to the archive and to a replay.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa

from detectors.events import Event, Reason
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, Pipeline, PipelineState, VesselStages
from detectors.sea_stage import SeaState
from vessels.errors import StoreError
from vessels.fixes import Fixes, concat_fixes, fixes_from_table, sort_fixes
from vessels.units import US_PER_H, US_PER_MIN

HORIZON_H = 72.0
_FREEZE_STEP_US = 6 * US_PER_H
"""How far the frozen point lags behind the horizon at most, or an eighth of the horizon where that
is less: each freeze may fold a rung's fixes again."""
_RUNG_AGES_US = (2 * US_PER_MIN, 20 * US_PER_MIN, 3 * US_PER_H, 12 * US_PER_H)
"""One rung is kept between two of these ages: each is a whole state, so they are few."""
_SNAPSHOT_VERSION = 3
"""Raised with each change of what a state holds: nothing else tells an older one from this one."""


@dataclass(slots=True)
class _Rung:
    """A point of the fold, the fixes that lead to it from the one below, and what they closed."""

    state: PipelineState
    fixes: Fixes
    closed: dict[str, Event]

    @property
    def upto_us(self) -> int:
        return self.state.watermark_us or 0


@dataclass(frozen=True, slots=True)
class Change:
    """One step in the life of an event.

    `kind` is opened, updated, closed or withdrawn. Where late data moved an event's start, the new
    event names the withdrawn one in `event.replaces`; that belongs to the history of a watch, so
    it is not in `Engine.events`, which depend on the set of fixes alone.
    """

    kind: str
    event: Event


class Engine:
    """Detection over a stream whose fixes may come late, twice, and in any chunks.

    Args:
        parameters: thresholds of every detector.
        horizon_h: how late a fix may be and still change the past, hours of event time.
        stages: the vessel stages; those of this process by default.
    """

    def __init__(
        self,
        parameters: Parameters,
        *,
        horizon_h: float = HORIZON_H,
        stages: VesselStages | None = None,
    ) -> None:
        self._pipeline = Pipeline(parameters, stages or LocalStages(parameters))
        self._horizon_us = int(horizon_h * US_PER_H)
        self._frozen = PipelineState()
        self._ladder: list[_Rung] = []
        self._final: dict[str, Event] = {}
        self._shown: dict[str, Event] = {}
        self._now_us: int | None = None
        self.too_late = 0
        """Fixes that came after their time was frozen."""

    @property
    def watermark_us(self) -> int | None:
        """Time of the newest fix; None before the first."""
        return self._head.watermark_us

    @property
    def frozen_us(self) -> int | None:
        """Fixes up to this time are too late; None while none is."""
        return self._frozen.watermark_us

    @property
    def pending_rows(self) -> int:
        """Fixes that are kept because late ones may change what they mean."""
        return sum(len(rung.fixes) for rung in self._ladder)

    @property
    def _head(self) -> PipelineState:
        return self._ladder[-1].state if self._ladder else self._frozen

    def update(self, batch: pa.Table | Fixes) -> list[Change]:
        """Take in fixes in any order and return what changed, as of the newest fix.

        `batch` is a table of the house schema (rows without position are left out) or Fixes.
        """
        if not self.absorb(batch):
            return []
        changes = self.flush(self._now_us or 0)
        self._freeze()
        return changes

    def absorb(self, batch: pa.Table | Fixes) -> bool:
        """Take in fixes without judging; tell whether any was not too late.

        Judging costs more than folding where batches are small: a service may absorb several and
        `update` with the last. What is told then is the same.
        """
        fixes, _ = sort_fixes(batch if isinstance(batch, Fixes) else fixes_from_table(batch))
        frozen_us = self._frozen.watermark_us
        if frozen_us is not None and len(fixes):
            late = fixes.time_us <= frozen_us
            self.too_late += int(late.sum())
            fixes = fixes.take(~late)
        if len(fixes):
            self._take_in(fixes)
        return len(fixes) > 0

    def flush(self, now_us: int) -> list[Change]:
        """Judge everything as of `now_us`, which is never before the newest fix."""
        if self._head.watermark_us is None:
            return []
        self._now_us = max(now_us, self._head.watermark_us)
        shown: dict[str, Event] = {}
        for rung in self._ladder:
            shown |= rung.closed
        for event in self._pipeline.peek(self._head, self._now_us):
            shown[event.event_id] = event
        changes = compare_events(self._shown, shown)
        self._shown = shown
        return changes

    def events(self) -> list[Event]:
        """Return every event that stands, final or not, in no particular order."""
        return [*self._final.values(), *self._shown.values()]

    def drain_final(self) -> list[Event]:
        """Return the events that can no longer change, once, and forget them."""
        final, self._final = list(self._final.values()), {}
        return final

    def snapshot(self) -> bytes:
        """Return all state as bytes (numpy archive, no pickle)."""
        dumped = self._pipeline.stages.dump(self._frozen.token)
        meta = {
            "version": _SNAPSHOT_VERSION,
            "parameters": self._pipeline.parameters.fingerprint(),
            "horizon_us": self._horizon_us,
            "frozen_us": self._frozen.watermark_us,
            "now_us": self._now_us,
            "too_late": self.too_late,
            "parts": len(dumped),
            "final": [asdict(event) for event in self._final.values()],
        }
        arrays: dict[str, Any] = {"meta": np.frombuffer(json.dumps(meta).encode(), "u1")}
        pending = concat_fixes([rung.fixes for rung in self._ladder])
        arrays |= pending.as_arrays("pending/")
        arrays |= {f"sea/{name}": column for name, column in self._frozen.sea.as_arrays().items()}
        for i, state in enumerate(dumped):
            arrays |= {f"part{i}/{name}": column for name, column in state.items()}
        out = io.BytesIO()
        np.savez(out, **arrays)
        return out.getvalue()

    @classmethod
    def restore(
        cls, snapshot: bytes, parameters: Parameters, *, stages: VesselStages | None = None
    ) -> "Engine":
        """Return an engine that goes on where `snapshot` was taken.

        Raises:
            StoreError: the bytes are not a snapshot, or of another version or other parameters.
        """
        try:
            with np.load(io.BytesIO(snapshot), allow_pickle=False) as archive:
                arrays = dict(archive.items())
            meta = json.loads(arrays["meta"].tobytes())
        except (ValueError, OSError, BadZipFile, KeyError) as error:
            raise StoreError(f"not an engine snapshot: {error}") from error
        version = meta.get("version")
        if version != _SNAPSHOT_VERSION:
            raise StoreError(f"snapshot of version {version}; replay the archive instead")
        if meta["parameters"] != json.loads(json.dumps(parameters.fingerprint())):
            raise StoreError("the snapshot was made with other parameters; replay the archive")
        engine = cls(parameters, horizon_h=meta["horizon_us"] / US_PER_H, stages=stages)
        parts = [_under(arrays, f"part{i}/") for i in range(meta["parts"])]
        token = engine._pipeline.stages.load(parts)
        engine._resume(token, meta, arrays)
        return engine

    def _resume(self, token: int, meta: dict[str, Any], arrays: dict[str, Any]) -> None:
        sea = SeaState.from_arrays(_under(arrays, "sea/"))
        self._frozen = PipelineState(token, sea, meta["frozen_us"])
        self.too_late = meta["too_late"]
        self._final = {event.event_id: event for event in map(event_from_json, meta["final"])}
        pending, _ = sort_fixes(Fixes.from_arrays(arrays, "pending/"))
        if len(pending):
            self._take_in(pending)
        if meta["now_us"] is not None:
            self.flush(meta["now_us"])

    def _take_in(self, fixes: Fixes) -> None:
        """Climb on over new fixes, from the highest rung before the earliest of them."""
        first_us = int(fixes.time_us.min())
        keep = sum(rung.upto_us < first_us for rung in self._ladder)
        again = self._ladder[keep:]
        del self._ladder[keep:]
        news = fixes
        if again:
            news, _ = sort_fixes(concat_fixes([*(rung.fixes for rung in again), fixes]))
        newest_us = int(news.time_us.max())
        if again:  # leave rungs on the way: more of the kind is to be expected
            for age_us in reversed(_RUNG_AGES_US):
                below = news.time_us <= newest_us - age_us
                if below.any() and newest_us - age_us - self._since_us() > age_us // 2:
                    self._climb(news.take(below), newest_us - age_us)
                    news = news.take(~below)
        self._climb(news, newest_us)
        self._thin()

    def _since_us(self) -> int:
        """Return up to when is folded; the beginning of time before the first fix."""
        upto_us = self._head.watermark_us
        return np.iinfo("i8").min // 2 if upto_us is None else upto_us

    def _climb(self, fixes: Fixes, upto_us: int) -> None:
        state, closed = self._pipeline.step(self._head, fixes, upto_us)
        self._ladder.append(_Rung(state, fixes, {event.event_id: event for event in closed}))

    def _thin(self) -> None:
        """Keep the highest rung, and of the others the lowest of each age."""
        head_us = self._ladder[-1].upto_us
        kept: list[_Rung] = []
        ages: set[int] = set()
        spare: list[_Rung] = []
        for rung in self._ladder:
            age = sum(head_us - rung.upto_us >= limit for limit in _RUNG_AGES_US)
            if age in ages and rung is not self._ladder[-1]:
                spare.append(rung)
                continue
            if spare:
                rung.fixes = concat_fixes([*(low.fixes for low in spare), rung.fixes])
                for low in reversed(spare):
                    rung.closed = low.closed | rung.closed
                spare = []
            ages.add(age)
            kept.append(rung)
        self._ladder = kept
        self._forget()

    def _forget(self) -> None:
        tokens = {rung.state.token for rung in self._ladder}
        self._pipeline.stages.forget({self._frozen.token} | tokens)

    def _freeze(self) -> None:
        """Move the frozen point up to the horizon, and set free what lies behind it."""
        upto_us = (self._head.watermark_us or 0) - self._horizon_us
        behind = self._frozen.watermark_us
        step_us = min(_FREEZE_STEP_US, self._horizon_us // 8)
        if behind is not None and upto_us - behind < step_us:
            return
        if not any((rung.fixes.time_us <= upto_us).any() for rung in self._ladder):
            return
        final: dict[str, Event] = {}
        while self._ladder and self._ladder[0].upto_us <= upto_us:
            rung = self._ladder.pop(0)
            self._frozen = rung.state
            final |= rung.closed
        settled: list[Fixes] = []
        if self._ladder:
            lowest = self._ladder[0]
            old = lowest.fixes.time_us <= upto_us
            settled.append(lowest.fixes.take(old))
            lowest.fixes = lowest.fixes.take(~old)
        if (self._frozen.watermark_us or 0) < upto_us:
            fixes, _ = sort_fixes(concat_fixes(settled))
            self._frozen, events = self._pipeline.step(self._frozen, fixes, upto_us)
            final |= {event.event_id: event for event in events}
        for key in final:
            self._shown.pop(key, None)
            if self._ladder:
                self._ladder[0].closed.pop(key, None)
        self._final |= final
        self._forget()


def compare_events(before: dict[str, Event], after: dict[str, Event]) -> list[Change]:
    """Return the changes that lead from the events by event_id `before` to those `after`."""
    gone = [event for key, event in before.items() if key not in after]
    changes = [Change("withdrawn", event) for event in gone]
    replaces = _replacements(gone, [event for key, event in after.items() if key not in before])
    for key, event in after.items():
        old = before.get(key)
        if event is old:
            continue
        if old is None:
            changes.append(Change("opened", event.with_(replaces=replaces.get(key))))
            if event.end_us is not None:
                changes.append(Change("closed", event))
        elif content(event) != content(old):
            ended = old.end_us is None and event.end_us is not None
            changes.append(Change("closed" if ended else "updated", event))
    return changes


_NEWS_WHILE_OPEN = ("candidate_mmsi", "candidate_first_heard")
"""Details of open events that do not merely grow with time."""


def content(event: Event) -> Event:
    """Return the event without the time of judgement: an open event that only ages is the same."""
    if event.end_us:
        return event
    kept = {name: event.details[name] for name in _NEWS_WHILE_OPEN if name in event.details}
    return event.with_(now_us=0, reasons=(), details=kept, confidence=0.0)


def _replacements(gone: Sequence[Event], new: Sequence[Event]) -> dict[str, str]:
    """Return which withdrawn event each new one takes the place of, by event_id.

    The two are of one type and of the same numbers and overlap in time. Each withdrawn event is
    replaced once: those nearest in start belong together.
    """
    by_kind: dict[tuple[str, int, int | None], list[Event]] = {}
    for old in gone:
        by_kind.setdefault((old.type, old.mmsi, old.other_mmsi), []).append(old)
    pairs = [
        (abs(old.start_us - event.start_us), old.event_id, event.event_id)
        for event in new
        for old in by_kind.get((event.type, event.mmsi, event.other_mmsi), [])
        if old.start_us <= (event.end_us or event.now_us)
        and event.start_us <= (old.end_us or old.now_us)
    ]
    taken: set[str] = set()
    out: dict[str, str] = {}
    for _, old_id, new_id in sorted(pairs):
        if old_id not in taken and new_id not in out:
            out[new_id] = old_id
            taken.add(old_id)
    return out


def event_from_json(row: dict[str, Any]) -> Event:
    """Return the event whose `dataclasses.asdict` went through JSON."""
    values = dict(row)
    values["reasons"] = tuple(Reason(**reason) for reason in row["reasons"])
    values["path"] = tuple((lon, lat) for lon, lat in row["path"])
    return Event(**values)


def _under(arrays: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
