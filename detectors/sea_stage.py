"""The part of detection that looks across vessels: meetings, the feed's health, and judgement.

A fold like the vessel stage, over what that stage brings. `step` returns the events that no later
fix can change; `peek` returns all others as they stand at a time.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from detectors import dark_rendezvous, identity_stage
from detectors.contacts import CONTACT, find_contacts
from detectors.dark_events import dark_period_events
from detectors.dark_rendezvous import RendezvousState, stops_of
from detectors.encounters import follow_chains
from detectors.events import Event
from detectors.identity_conflict import (
    Runs,
    SwitchRun,
    conflict_event,
    follow_switches,
    runs_as_json,
    runs_from_json,
)
from detectors.identity_stage import IdentityState, patience
from detectors.implausible_position import position_events
from detectors.loitering import RUN
from detectors.meeting_events import (
    LoiteringContext,
    Meeting,
    encounter_events,
    loitering_events,
    meetings_that_matter,
    open_runs,
)
from detectors.parameters import Parameters
from detectors.reception_state import ReceptionState
from detectors.slots import SLOT_US
from detectors.time_at_sea import time_at_sea_events
from detectors.vessel_stage import OPEN_SEA, Pending, VesselOutput, settled_slot
from detectors.zone_entry import zone_entry_events
from feeds import liveness
from vessels.fixes import Array
from vessels.hulls import hull_key


@dataclass(frozen=True, slots=True)
class SeaState:
    """Everything that meetings and judgement need to know of the past. Never changed in place."""

    slots: Array = field(default_factory=lambda: np.empty(0, OPEN_SEA))
    contacts: Array = field(default_factory=lambda: np.empty(0, CONTACT))
    runs: Array = field(default_factory=lambda: np.empty(0, RUN))
    """Loitering runs that are over, but whose encounters may not all be known yet."""
    meetings: tuple[Meeting, ...] = ()
    """Encounters that a loitering run may yet hold."""
    switch_runs: Runs = field(default_factory=dict)
    feed: liveness.State = field(default_factory=liveness.new_state)
    reception: ReceptionState = field(default_factory=ReceptionState)
    rendezvous: RendezvousState = field(default_factory=RendezvousState)
    identity: IdentityState = field(default_factory=IdentityState)

    def as_arrays(self) -> dict[str, Array]:
        """Return the state as arrays that can be written down without pickle."""
        text = json.dumps(
            {"meetings": self.meetings, "switch_runs": runs_as_json(self.switch_runs)}
        )
        return {
            "slots": self.slots,
            "contacts": self.contacts,
            "runs": self.runs,
            **self.rendezvous.as_arrays("rendezvous_"),
            "text": np.frombuffer(text.encode(), "u1"),
            **{f"feed_{name}": column for name, column in self.feed.items()},
            **{f"reception_{k}": v for k, v in self.reception.as_arrays().items()},
            **{f"identity_{k}": v for k, v in self.identity.as_arrays().items()},
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> "SeaState":
        """Return the state that `as_arrays` wrote."""
        text: dict[str, Any] = json.loads(arrays["text"].tobytes())
        feed = {k.removeprefix("feed_"): v for k, v in arrays.items() if k.startswith("feed_")}
        names = ReceptionState().as_arrays()
        who = {n: arrays[f"identity_{n}"] for n in IdentityState().as_arrays()}
        return cls(
            identity=IdentityState.from_arrays(who),
            reception=ReceptionState.from_arrays({n: arrays[f"reception_{n}"] for n in names}),
            slots=arrays["slots"],
            contacts=arrays["contacts"],
            runs=arrays["runs"],
            meetings=tuple((m[0], m[1], m[2]) for m in text["meetings"]),
            switch_runs=runs_from_json(text["switch_runs"]),
            feed=feed,
            rendezvous=RendezvousState.from_arrays(arrays, "rendezvous_"),
        )


def step(
    state: SeaState,
    outputs: list[VesselOutput],
    watermark_us: int,
    parameters: Parameters,
) -> tuple[SeaState, list[Event]]:
    """Fold what the vessel stages brought up to a time.

    Args:
        state: what earlier steps left.
        outputs: one for each vessel stage; their order does not matter.
        watermark_us: every fix up to here has been folded.
        parameters: thresholds.
    """
    dark = parameters.dark_period
    heard = np.concatenate([out.heard for out in outputs])
    feed = liveness.follow_feed(
        state.feed, heard["mmsi"], heard["time_us"], dark.feed_silence_min, dark.feed_min_numbers
    )
    silences = np.concatenate([out.silences for out in outputs])
    reception = state.reception.take_in(
        [out.reception for out in outputs],
        silences,
        np.concatenate([out.neighbours for out in outputs]),
    )
    anchorages = parameters.surroundings.anchorages
    events = dark_period_events(
        silences, feed["outages"], reception, watermark_us, dark, anchorages
    )
    voyages = np.concatenate([out.voyages for out in outputs])
    events += time_at_sea_events(voyages, watermark_us, parameters.time_at_sea)
    stays = np.concatenate([out.stays for out in outputs])
    events += _zone_entries(stays, watermark_us, parameters)

    done = settled_slot(watermark_us, parameters)
    earliest = int(state.contacts["slot"].min()) if len(state.contacts) else done
    traces = [out.traces for out in outputs]
    identity, doubts = identity_stage.step(
        state.identity, traces, silences, (done, earliest), parameters
    )
    events += doubts
    state = replace(state, identity=identity)
    state, chain_events = _advance_meetings(state, outputs, watermark_us, parameters)
    events += chain_events
    runs = np.concatenate([state.runs, *(out.runs for out in outputs)])
    undecided = _undecided(runs, state.contacts, settled_slot(watermark_us, parameters))
    lay = _loitering(runs[~undecided], state.meetings, watermark_us, parameters)
    rendezvous, met = dark_rendezvous.follow(
        state.rendezvous,
        stops_of(runs[~undecided], lay),
        silences,
        np.concatenate([out.unheard for out in outputs]),
        runs[undecided],
        int(heard["time_us"].max()) if len(heard) else 0,
        parameters.dark_rendezvous,
    )
    events += lay + met

    switches = np.concatenate([out.switches for out in outputs])
    switch_runs, over = follow_switches(
        state.switch_runs, switches, watermark_us, parameters.hulls.quiet_h
    )
    for run in over:
        events += _switch_events(run, over=True, now_us=watermark_us, parameters=parameters)
    reception = reception.drop_old(watermark_us)
    meetings = meetings_that_matter(
        state.meetings,
        np.concatenate([out.lying for out in outputs]),
        runs[undecided],
        settled_slot(watermark_us, parameters),
    )
    state = replace(
        state, runs=runs[undecided], meetings=meetings, switch_runs=switch_runs, feed=feed
    )
    return replace(state, reception=reception, rendezvous=rendezvous), events


def peek(
    state: SeaState,
    pending: list[Pending],
    now_us: int,
    parameters: Parameters,
) -> list[Event]:
    """Return the events that are open at `now_us`, and those that later fixes may still change.

    `pending` holds what `vessel_stage.peek` gives, for each vessel stage.
    """
    dark = parameters.dark_period
    outages = liveness.outages_until(
        state.feed, now_us, dark.feed_silence_min, dark.feed_min_numbers
    )
    events = dark_period_events(
        np.concatenate([part.silences for part in pending]),
        outages,
        state.reception,
        now_us,
        dark,
        parameters.surroundings.anchorages,
    )
    voyages = np.concatenate([part.voyages for part in pending])
    events += time_at_sea_events(voyages, now_us, parameters.time_at_sea)
    stays = np.concatenate([part.stays for part in pending])
    events += _zone_entries(stays, now_us, parameters)
    silent = np.concatenate([part.silences for part in pending])
    identity, doubts = identity_stage.peek(state.identity, silent, now_us, parameters)
    events += doubts
    contacts = np.concatenate([state.contacts, find_contacts(state.slots, _reach(parameters))])
    contacts = contacts[np.lexsort((contacts["slot"], contacts["key2"], contacts["key1"]))]
    upto_slot = now_us // SLOT_US
    _, chains = follow_chains(contacts, upto_slot, parameters.encounter, patience(parameters))
    two = [chain for chain in chains if not identity.is_twin(chain)]
    met = encounter_events(two, now_us, parameters.encounter)
    events += met
    meetings = (*state.meetings, *_meetings(met, now_us))
    runs = np.concatenate([part.runs for part in pending])
    lay = _loitering(state.runs, meetings, now_us, parameters)
    lay += _loitering(runs, meetings, now_us, parameters, still_on=True)
    events += lay
    events += dark_rendezvous.peek(
        state.rendezvous,
        stops_of(np.concatenate([state.runs, runs]), lay),
        np.concatenate([part.silences for part in pending]),
        now_us,
        parameters.dark_rendezvous,
    )
    for run in state.switch_runs.values():
        events += _switch_events(run, over=False, now_us=now_us, parameters=parameters)
    return events


def _advance_meetings(
    state: SeaState, outputs: list[VesselOutput], watermark_us: int, parameters: Parameters
) -> tuple[SeaState, list[Event]]:
    done = settled_slot(watermark_us, parameters)
    slots = np.concatenate([state.slots, *(out.slots for out in outputs)])
    settled = slots["slot"] <= done
    contacts = np.concatenate([state.contacts, find_contacts(slots[settled], _reach(parameters))])
    contacts = contacts[np.lexsort((contacts["slot"], contacts["key2"], contacts["key1"]))]
    contacts, chains = follow_chains(contacts, done, parameters.encounter, patience(parameters))
    decided = [chain for chain in chains if chain.decided and not state.identity.is_twin(chain)]
    events = encounter_events(decided, watermark_us, parameters.encounter)
    meetings = (*state.meetings, *_meetings(events, watermark_us))
    return replace(state, slots=slots[~settled], contacts=contacts, meetings=meetings), events


def _zone_entries(stays: Array, now_us: int, parameters: Parameters) -> list[Event]:
    zones = parameters.surroundings.zones
    return zone_entry_events(stays, zones, now_us, parameters.zone_entry)


def _reach(parameters: Parameters) -> float:
    return parameters.encounter.max_distance_m


def _meetings(events: list[Event], now_us: int) -> list[Meeting]:
    out = []
    for event in events:
        span = event.start_us // SLOT_US, (event.end_us or now_us) // SLOT_US
        out.append((hull_key(event.hull_id), *span))
        out.append((hull_key(event.other_hull_id or ""), *span))
    return out


def _undecided(runs: Array, contacts: Array, done_slot: int) -> Array:
    """Tell which loitering runs may still turn out to hold an encounter."""
    keys = np.concatenate([contacts["key1"], contacts["key2"]])
    slots = np.tile(contacts["slot"], 2)
    order = np.lexsort((slots, keys))
    keys, firsts = np.unique(keys[order], return_index=True)
    first = np.append(slots[order][firsts], done_slot + 1)
    place = np.searchsorted(keys, runs["key"])
    met = np.append(keys, -1)[place] == runs["key"]
    waits = np.where(met, first[place], done_slot + 1) <= runs["best_slot"]
    return np.asarray(waits | (runs["best_slot"] > done_slot))


def _loitering(
    runs: Array,
    meetings: tuple[Meeting, ...],
    now_us: int,
    parameters: Parameters,
    *,
    still_on: bool = False,
) -> list[Event]:
    is_open = np.zeros(len(runs), bool)
    if still_on:
        is_open = open_runs(runs, now_us, parameters.loitering.merge_gap_h)
    context = LoiteringContext.of(list(meetings))
    return loitering_events(runs, is_open, context, now_us, parameters.loitering)


def _switch_events(
    run: SwitchRun, *, over: bool, now_us: int, parameters: Parameters
) -> list[Event]:
    conflict = conflict_event(
        run,
        over=over,
        now_us=now_us,
        hulls=parameters.hulls,
        parameters=parameters.identity_conflict,
    )
    if conflict is not None:
        return [conflict]
    return position_events(
        run,
        over=over,
        now_us=now_us,
        hulls=parameters.hulls,
        parameters=parameters.implausible_position,
    )
