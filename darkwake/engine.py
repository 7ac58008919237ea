"""The engine: fixes in any order, events that are a function of their set.

It keeps two points of the one detection fold: `frozen`, behind which nothing can change any more
(`horizon` behind the newest fix), and `head`, which has seen everything. Fixes in order move the
head on. A late fix folds the whole time since `frozen` again, so the past is re-opened and events
are withdrawn as need be. A fix older than `frozen` is `too_late`: counted, left to the archive and
to a replay.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from detectors.events import Event, Reason
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, Pipeline, PipelineState, VesselStages
from detectors.sea_stage import SeaState
from vessels.errors import StoreError
from vessels.fixes import Fixes, concat_fixes, empty_fixes, fixes_from_table, sort_fixes
from vessels.units import US_PER_H

HORIZON_H = 72.0
_FREEZE_STEP_US = 6 * US_PER_H
"""How far the frozen point lags behind the horizon at most: each freeze folds its fixes again."""
_SNAPSHOT_VERSION = 1


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
        self._head = PipelineState()
        self._pending = empty_fixes()
        self._final: dict[str, Event] = {}
        self._closed: dict[str, Event] = {}
        self._shown: dict[str, Event] = {}
        self._now_us: int | None = None
        self.too_late = 0
        """Fixes that came after their time was frozen."""

    @property
    def watermark_us(self) -> int | None:
        """Time of the newest fix; None before the first."""
        return self._head.watermark_us

    @property
    def pending_rows(self) -> int:
        """Fixes that are kept because late ones may change what they mean."""
        return len(self._pending)

    def update(self, batch: pa.Table | Fixes) -> list[Change]:
        """Take in fixes in any order and return what changed, as of the newest fix.

        `batch` is a table of the house schema (rows without position are left out) or Fixes.
        """
        fixes, _ = sort_fixes(batch if isinstance(batch, Fixes) else fixes_from_table(batch))
        frozen_us = self._frozen.watermark_us
        if frozen_us is not None and len(fixes):
            late = fixes.time_us <= frozen_us
            self.too_late += int(late.sum())
            fixes = fixes.take(~late)
        if len(fixes) == 0:
            return []
        self._take_in(fixes)
        changes = self.flush(self._now_us or 0)
        self._freeze()
        return changes

    def flush(self, now_us: int) -> list[Change]:
        """Judge everything as of `now_us`, which is never before the newest fix."""
        if self._head.watermark_us is None:
            return []
        self._now_us = max(now_us, self._head.watermark_us)
        shown = dict(self._closed)
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
        arrays |= self._pending.as_arrays("pending/")
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
            StoreError: the bytes are not a snapshot, or of other parameters.
        """
        try:
            with np.load(io.BytesIO(snapshot), allow_pickle=False) as archive:
                arrays = dict(archive.items())
            meta = json.loads(arrays["meta"].tobytes())
        except (ValueError, OSError, KeyError) as error:
            raise StoreError(f"not an engine snapshot: {error}") from error
        if meta["version"] != _SNAPSHOT_VERSION:
            raise StoreError(f"snapshot of version {meta['version']}; replay the archive instead")
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
        self._head = self._frozen
        self.too_late = meta["too_late"]
        self._final = {event.event_id: event for event in map(event_from_json, meta["final"])}
        pending, _ = sort_fixes(Fixes.from_arrays(arrays, "pending/"))
        if len(pending):
            self._take_in(pending)
        if meta["now_us"] is not None:
            self.flush(meta["now_us"])

    def _take_in(self, fixes: Fixes) -> None:
        """Move the head over new fixes, from the frozen point where any of them is late."""
        head_us = self._head.watermark_us
        in_order = head_us is None or int(fixes.time_us.min()) > head_us
        if in_order:
            self._pending = concat_fixes([self._pending, fixes])
            start, news = self._head, fixes
        else:
            self._pending, _ = sort_fixes(concat_fixes([self._pending, fixes]))
            start, news = self._frozen, self._pending
            self._closed = {}
        watermark_us = max(int(news.time_us.max()), head_us or 0)
        self._head, closed = self._pipeline.step(start, news, watermark_us)
        self._closed |= {event.event_id: event for event in closed}
        self._pipeline.stages.forget({self._frozen.token, self._head.token})

    def _freeze(self) -> None:
        """Move the frozen point up to the horizon, and set free what lies behind it."""
        upto_us = (self._head.watermark_us or 0) - self._horizon_us
        behind = self._frozen.watermark_us
        old = self._pending.time_us <= upto_us
        if not old.any() or (behind is not None and upto_us - behind < _FREEZE_STEP_US):
            return
        settled, _ = sort_fixes(self._pending.take(old))
        self._frozen, final = self._pipeline.step(self._frozen, settled, upto_us)
        self._pending = self._pending.take(~old)
        for event in final:
            self._closed.pop(event.event_id, None)
            self._shown.pop(event.event_id, None)
            self._final[event.event_id] = event
        self._pipeline.stages.forget({self._frozen.token, self._head.token})


def compare_events(before: dict[str, Event], after: dict[str, Event]) -> list[Change]:
    """Return the changes that lead from the events by event_id `before` to those `after`."""
    gone = [event for key, event in before.items() if key not in after]
    changes = [Change("withdrawn", event) for event in gone]
    for key, event in after.items():
        old = before.get(key)
        if old is None:
            changes.append(Change("opened", event.with_(replaces=_replaced_by(event, gone))))
            if event.end_us is not None:
                changes.append(Change("closed", event))
        elif content(event) != content(old):
            ended = old.end_us is None and event.end_us is not None
            changes.append(Change("closed" if ended else "updated", event))
    return changes


def content(event: Event) -> Event:
    """Return the event without the time of judgement: an open event that only ages is the same."""
    return (
        event.with_(now_us=0, reasons=(), details={}, confidence=0.0) if not event.end_us else event
    )


def _replaced_by(event: Event, gone: Sequence[Event]) -> str | None:
    """Return the withdrawn event that this one takes the place of.

    That is one of the same type and numbers, overlapping in time, nearest in start.
    """
    same = [
        old
        for old in gone
        if (old.type, old.mmsi, old.other_mmsi) == (event.type, event.mmsi, event.other_mmsi)
        and old.start_us <= (event.end_us or event.now_us)
        and event.start_us <= (old.end_us or old.now_us)
    ]
    if not same:
        return None
    return min(same, key=lambda old: (abs(old.start_us - event.start_us), old.event_id)).event_id


def event_from_json(row: dict[str, Any]) -> Event:
    """Return the event whose `dataclasses.asdict` went through JSON."""
    values = dict(row)
    values["reasons"] = tuple(Reason(**reason) for reason in row["reasons"])
    values["path"] = tuple((lon, lat) for lon, lat in row["path"])
    return Event(**values)


def _under(arrays: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
