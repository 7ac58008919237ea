"""The one detection code path: vessel stages and the sea stage, as one fold over sorted fixes.

Files, live streams and clusters are drivers of this. The vessel stage is split by MMSI into parts:
each keeps the states it made under a number, so that a driver may go back to an earlier one when
late fixes arrive. Parts run in threads: their work is in kernels that do without Python's lock, and
nothing is copied from one to another, as it would be between processes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np

from detectors import sea_stage, vessel_stage
from detectors.events import Event
from detectors.parameters import Parameters
from detectors.sea_stage import SeaState
from detectors.vessel_stage import Pending, VesselOutput
from vessels.fixes import Array, Fixes

__all__ = [
    "LocalStages",
    "Pending",
    "Pipeline",
    "PipelineState",
    "VesselStages",
    "part_of",
    "part_of_number",
]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class VesselStages(Protocol):
    """The vessel stages of all workers. A token names a state; 0 is the one before any fix."""

    def step(self, token: int, fixes: Fixes, watermark_us: int) -> tuple[int, list[VesselOutput]]:
        """Fold sorted fixes into a state; return the new state's token and what they brought."""

    def peek(self, token: int, now_us: int) -> list[Pending]:
        """Return what is open in a state, for each part."""

    def forget(self, keep: set[int]) -> None:
        """Drop every state but these and 0."""

    def dump(self, token: int) -> list[vessel_stage.State]:
        """Return a state as arrays, one dict for each part."""

    def load(self, states: list[vessel_stage.State]) -> int:
        """Take over what `dump` returned; return its token."""


@dataclass(frozen=True, slots=True)
class PipelineState:
    """A point in the fold: every fix up to `watermark_us` has been taken in."""

    token: int = 0
    sea: SeaState = field(default_factory=SeaState)
    watermark_us: int | None = None


class Pipeline:
    """Fold sorted fixes into events.

    Args:
        parameters: thresholds of every detector.
        stages: the vessel stages; `LocalStages` in this process.
        on_output: called with every vessel output in order, for tracks and vessel tables; `fold`
            calls it in the thread of the sea stage.
    """

    def __init__(
        self,
        parameters: Parameters,
        stages: VesselStages,
        on_output: Callable[[VesselOutput], None] | None = None,
    ) -> None:
        self.parameters = parameters
        self.stages = stages
        self._on_output = on_output

    def step(
        self, state: PipelineState, fixes: Fixes, watermark_us: int
    ) -> tuple[PipelineState, list[Event]]:
        """Take in sorted fixes, all later than the state's watermark; return what is final."""
        token, outputs = self.stages.step(state.token, fixes, watermark_us)
        return self._told(state.sea, token, outputs, watermark_us)

    def fold(
        self, stretches: Iterable[tuple[Fixes, int]], *, ahead: bool
    ) -> Iterator[tuple[PipelineState, list[Event]]]:
        """Take in stretches (fixes, watermark) from the first on; yield what `step` returns.

        With `ahead` the vessel stages fold a stretch while the one before it is in the sea stage,
        in a thread of its own: the sea stage has no parts, and the others would wait for it. Only
        the newest state can be gone on from.
        """
        token, sea = 0, SeaState()
        waiting: Future[tuple[PipelineState, list[Event]]] | None = None
        with ThreadPoolExecutor(1) as thread:
            for fixes, watermark_us in stretches:
                token, outputs = self.stages.step(token, fixes, watermark_us)
                self.stages.forget({token})
                if waiting is not None:
                    state, events = waiting.result()
                    sea = state.sea
                    yield state, events
                waiting = thread.submit(self._told, sea, token, outputs, watermark_us)
                del fixes, outputs  # they go when they are told, not when the next are there
                if not ahead:
                    waiting.result()
            if waiting is not None:
                yield waiting.result()

    def _told(
        self, sea: SeaState, token: int, outputs: list[VesselOutput], watermark_us: int
    ) -> tuple[PipelineState, list[Event]]:
        if self._on_output is not None:
            for output in outputs:
                self._on_output(output)
        sea, events = sea_stage.step(sea, outputs, watermark_us, self.parameters)
        return PipelineState(token, sea, watermark_us), events

    def peek(self, state: PipelineState, now_us: int) -> list[Event]:
        """Return the events that are not final, as they stand at `now_us`."""
        pending = self.stages.peek(state.token, now_us)
        return sea_stage.peek(state.sea, pending, now_us, self.parameters)


class LocalStages:
    """One vessel stage, or several by MMSI, in threads of this process: as many, or fewer.

    A part that waits for a thread takes no memory yet but for its state.
    """

    def __init__(
        self, parameters: Parameters, parts: int = 1, *, threads: int | None = None
    ) -> None:
        self._parameters = parameters
        self._parts = parts
        self._threads = threads or parts
        self._states = {0: [vessel_stage.new_state() for _ in range(parts)]}
        self._next = 1

    def step(self, token: int, fixes: Fixes, watermark_us: int) -> tuple[int, list[VesselOutput]]:
        """Fold the fixes into a state; return the token of the new one."""
        states = self._states[token]

        def fold(part: int) -> tuple[vessel_stage.State, VesselOutput]:
            mine = part_of(fixes, part, self._parts)
            return vessel_stage.step(states[part], mine, watermark_us, self._parameters)

        done = _in_threads(fold, range(self._parts), self._threads)
        return self.load([state for state, _ in done]), [output for _, output in done]

    def peek(self, token: int, now_us: int) -> list[Pending]:
        """Return what is open in a state, for each part."""
        return [vessel_stage.peek(s, now_us, self._parameters) for s in self._states[token]]

    def forget(self, keep: set[int]) -> None:
        """Drop the states that nobody will go back to."""
        self._states = {t: s for t, s in self._states.items() if t in keep or t == 0}

    def dump(self, token: int) -> list[vessel_stage.State]:
        """Return a state as arrays, for a snapshot."""
        return self._states[token]

    def load(self, states: list[vessel_stage.State]) -> int:
        """Take over states; return their token."""
        token, self._next = self._next, self._next + 1
        self._states[token] = states
        return token


def part_of(fixes: Fixes, part: int, parts: int) -> Fixes:
    """Return the fixes of one of so many parts; a number is always in the same one."""
    if parts == 1:
        return fixes
    return fixes.take(np.flatnonzero(part_of_number(fixes.mmsi, parts) == part))


def part_of_number(mmsi: Array, parts: int) -> Array:
    """Return the part that each number falls to."""
    return (mmsi.astype("u4") * np.uint32(2654435761) >> np.uint32(16)) % np.uint32(parts)


def _in_threads(
    work: Callable[[_Item], _Result], items: Sequence[_Item], threads: int
) -> list[_Result]:
    """Return what `work` makes of each item, in their order, so many at a time."""
    if threads == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))
