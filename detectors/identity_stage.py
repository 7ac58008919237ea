"""What the vessel stages bring about who is who and whether a place is true, folded together.

Two transmitters of one hull, numbers handed over, numbers that are nobody's, and positions that go
round circles. A fold like the sea stage, of which it is a part.
"""

from dataclasses import dataclass, field

import numpy as np

from detectors.circles import CIRCLE, CircleLimits, join_circles
from detectors.encounters import Chain, Patience
from detectors.events import Event
from detectors.hand_over import BIRTH, at_sea, hand_over_events, invalid_number_events
from detectors.implausible_position import circle_events
from detectors.parameters import Parameters
from detectors.slots import SLOT, SLOT_US
from detectors.twins import WAIT_SLOTS, TwinState, follow_twins, forget_old, twin_events
from detectors.twins import is_twin as _is_twin
from vessels.fixes import Array


@dataclass(frozen=True, slots=True)
class Traces:
    """What one step of a vessel stage brought."""

    company: Array
    """SLOT: half hours under way."""
    births: Array
    """BIRTH: numbers never heard before."""
    circles: Array
    """CIRCLE."""


@dataclass(frozen=True, slots=True)
class IdentityState:
    """Never changed in place."""

    twins: TwinState = field(default_factory=TwinState)
    births: Array = field(default_factory=lambda: np.empty(0, BIRTH))
    """At sea, by first time."""
    circles: Array = field(default_factory=lambda: np.empty(0, CIRCLE))
    """The last circles of each hull."""

    def as_arrays(self) -> dict[str, Array]:
        """Return the state as arrays that can be written down without pickle."""
        return {
            "samples": self.twins.samples,
            "twins": self.twins.runs,
            "twins_over": self.twins.over,
            "births": self.births,
            "circles": self.circles,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> "IdentityState":
        """Return the state that `as_arrays` wrote."""
        twins = TwinState(arrays["samples"], arrays["twins"], arrays["twins_over"])
        return cls(twins, arrays["births"], arrays["circles"])

    def is_twin(self, chain: Chain) -> bool:
        """Tell whether the two hulls of a chain are one."""
        return _is_twin(self.twins, chain)


def patience(parameters: Parameters) -> Patience:
    """Return when a chain of contact must wait for how its hulls sail on."""
    return Patience(parameters.identity_conflict.twin_distance_m, WAIT_SLOTS)


def circle_limits(parameters: Parameters) -> CircleLimits:
    """Return when a track is a false circle."""
    mine = parameters.implausible_position
    return CircleLimits(
        mine.circle_turns,
        mine.circle_deviation,
        mine.circle_speed_mismatch,
        mine.circle_min_speed_knots,
    )


def step(
    state: IdentityState,
    traces: list[Traces],
    silences: Array,
    slots: tuple[int, int],
    parameters: Parameters,
) -> tuple[IdentityState, list[Event]]:
    """Fold what the vessel stages brought.

    Args:
        state: what earlier steps left.
        traces: one for each vessel stage.
        silences: SILENCE rows that ended.
        slots: the last slot of which all positions are known, and the first one of any chain of
            contact that was undecided before.
        parameters: thresholds.
    """
    mine = parameters.identity_conflict
    settled_slot, earliest_slot = slots
    samples = np.concatenate([one.company for one in traces])
    twins, over = follow_twins(state.twins, samples, settled_slot, mine)
    events = twin_events(over, over=True, now_us=0, parameters=mine)
    born = np.concatenate([one.births for one in traces])
    if mine.doubtful_numbers:
        events += invalid_number_events(born)
    births = np.concatenate([state.births, at_sea(born)])
    births = births[np.lexsort((births["key"], births["first_us"]))]
    events += hand_over_events(silences, births, mine)
    circles, gone = join_circles(state.circles, np.concatenate([one.circles for one in traces]))
    events += circle_events(gone, None, parameters.implausible_position)
    twins = forget_old(twins, min(earliest_slot, settled_slot))
    return IdentityState(twins, births, circles), events


def peek(
    state: IdentityState, silences: Array, now_us: int, parameters: Parameters
) -> tuple[IdentityState, list[Event]]:
    """Return what is not final as it stands at `now_us`, and the state it is judged with.

    `silences` are the SILENCE rows open by then.
    """
    mine = parameters.identity_conflict
    upto_slot = now_us // SLOT_US
    twins, over = follow_twins(state.twins, np.empty(0, SLOT), upto_slot, mine)
    events = twin_events(over, over=True, now_us=now_us, parameters=mine)
    events += twin_events(twins.runs, over=False, now_us=now_us, parameters=mine)
    events += hand_over_events(silences, state.births, mine)
    events += circle_events(state.circles, now_us, parameters.implausible_position)
    return IdentityState(twins, state.births, state.circles), events
