"""Gathering: as little as an event can be found from, and never less.

What an event rests on is not the same for each type, so it is tried out: first the event's own
vessels in the days around it, then all that is known of them, then the vessels of other findings
about them, then those near by, then all. What gives the event exactly is kept; so a bundle that was
written has been found to give the event.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.evidence.features import Difference, Feature, differences, feature_of
from darkwake.evidence.fold import Evidence, derive
from darkwake.evidence.witnesses import (
    feed_witnesses,
    join_witnesses,
    near_witnesses,
    reception_rows,
)
from darkwake.watching.notes import NotingStages
from detectors.events import Event
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages
from vessels.errors import InputError
from vessels.fixes import Array, Fixes, empty_fixes
from vessels.geodesy import distances_m
from vessels.reception import RECEPTION, WINDOW_DAYS, merge_reception
from vessels.units import M_PER_NM, US_PER_DAY, US_PER_H
from vessels.visits import VOYAGE

MOST_FIXES = 5_000_000
_BEFORE_US, _AFTER_US = 4 * US_PER_DAY, 2 * US_PER_DAY
_STRETCH_US = 6 * US_PER_H
_NEAR_M = 600.0 * M_PER_NM
_NEAR_DAYS = 35


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that a run or a watch knows."""

    fixes: Fixes
    """Every fix, sorted."""
    statements: pa.Table
    """What every number said of itself."""
    events: list[Event]
    """Every finding, those about the same vessels among them."""
    parameters: Parameters
    judged_us: int


def gather(event: Event, told: Feature, material: Material) -> Evidence:
    """Return the least of some choices of evidence that gives the event.

    Args:
        event: what is to be found anew.
        told: the same as a GeoJSON feature, as the run or the store tells it.
        material: all there is to choose from.

    Raises:
        InputError: not even all fixes give it.
    """
    differs: list[Difference] = []
    for evidence in _choices(event, material):
        found = derive(evidence, material.parameters).events.get(event.event_id)
        differs = differences(told, None if found is None else feature_of(found))
        if not differs:
            return evidence
    names = ", ".join(name for name, *_ in differs)
    raise InputError(
        f"the fixes that are kept do not give event {event.event_id} as it is told, but with "
        f"another {names}: fixes are missing, or came since it was told"
    )


def _choices(event: Event, material: Material) -> Iterator[Evidence]:
    """Yield evidence, the smallest first."""
    fixes, end_us = material.fixes, event.end_us or material.judged_us
    own = numbers_of(event)
    theirs = np.isin(fixes.mmsi, own)
    others = _Others(event, material)
    around = (fixes.time_us >= event.start_us - _BEFORE_US) & (fixes.time_us <= end_us + _AFTER_US)
    yield others.beside(theirs & around, (event.start_us - _BEFORE_US, end_us + _AFTER_US))
    yield others.beside(theirs)
    linked = _linked(event, own, material.events)
    if len(linked) > len(own):
        yield others.beside(np.isin(fixes.mmsi, linked))
    days_us = _NEAR_DAYS * US_PER_DAY
    lately = (fixes.time_us >= event.start_us - days_us) & (fixes.time_us <= end_us + days_us)
    away_m = distances_m(event.lat, event.lon, fixes.lat_deg[lately], fixes.lon_deg[lately])
    near = np.union1d(linked, fixes.mmsi[lately][away_m <= _NEAR_M])
    numbers = len(np.unique(fixes.mmsi))
    if len(linked) < len(near) < numbers:
        yield others.beside(np.isin(fixes.mmsi, near))
    if len(fixes) > MOST_FIXES:
        raise InputError(
            f"event {event.event_id} rests on more vessels than a bundle can hold: all {numbers} "
            f"together have {len(fixes)} fixes, and {MOST_FIXES} is the most"
        )
    yield Evidence(
        judged_us=material.judged_us,
        fixes=fixes,
        witnesses=empty_fixes(),
        reception=np.empty(0, RECEPTION),
        statements=material.statements,
        voyages=np.empty(0, VOYAGE),
        whole=True,
    )


def numbers_of(event: Event) -> Array:
    """Return the numbers that an event names, in its details too."""
    found = {event.mmsi, event.other_mmsi}
    for name in ("numbers", "candidate_mmsi", "meetings"):
        found |= set(event.details.get(name) or ())
    return np.array(sorted(number for number in found if number is not None), "i4")


def _linked(event: Event, own: Array, events: list[Event]) -> Array:
    """Return the numbers of an event, and of findings about its vessels."""
    hulls = {event.hull_id, event.other_hull_id} - {None}
    numbers = [own]
    numbers += [numbers_of(one) for one in events if hulls & {one.hull_id, one.other_hull_id}]
    return np.unique(np.concatenate(numbers))


class _Others:
    """What the other vessels prove, worked out once for all choices."""

    def __init__(self, event: Event, material: Material) -> None:
        self._event = event
        self._material = material
        self._alive = feed_witnesses(material.fixes, material.parameters)
        self._counts, self._voyages = _learnt(event, material)

    def beside(self, own: Array, span_us: tuple[int, int] | None = None) -> Evidence:
        """Return the fixes that `own` selects as evidence, with the witnesses of the others.

        Where a span of time is given, what proves that the feed was alive is left out beyond it.
        """
        material = self._material
        alive = self._alive
        if span_us is not None:
            within = (alive.time_us >= span_us[0]) & (alive.time_us <= span_us[1])
            alive = alive.take(within | (alive.time_us == alive.time_us.max()))
        fixes = material.fixes.take(own)
        numbers = np.unique(fixes.mmsi)
        bare = Evidence(
            judged_us=material.judged_us,
            fixes=fixes,
            witnesses=join_witnesses([alive], numbers),
            reception=np.empty(0, RECEPTION),
            statements=material.statements,
            voyages=self._voyages[~np.isin(self._voyages["key"] >> 16, numbers)],
        )
        silences = derive(bare, material.parameters).silences
        near = near_witnesses(material.fixes, alive, silences, material.judged_us)
        heard = np.union1d(numbers, bare.voyages["key"] >> 16)
        wanted = pc.is_in(material.statements["mmsi"], pa.array(heard.astype("i4")))
        return replace(
            bare,
            witnesses=join_witnesses([alive, near], numbers),
            reception=reception_rows(self._counts, silences, material.judged_us),
            statements=material.statements.filter(wanted),
        )


def _learnt(event: Event, material: Material) -> tuple[Array, Array]:
    """Return reception counts, and of a finding of time at sea the voyages of all hulls.

    Reception of days that no silence of the event is judged by is not worked out.
    """
    fixes, parameters = material.fixes, material.parameters
    voyages = event.type == "time_at_sea"
    end_us = material.judged_us if voyages else event.end_us or material.judged_us
    first_day = int(fixes.time_us.min()) // US_PER_DAY
    if not voyages and end_us // US_PER_DAY - WINDOW_DAYS[1] < first_day:
        return np.empty(0, RECEPTION), np.empty(0, VOYAGE)
    noting = NotingStages(LocalStages(parameters))
    token, counts = 0, []
    stretch = fixes.time_us // _STRETCH_US
    last = (end_us + _AFTER_US) // _STRETCH_US
    order = np.argsort(stretch, kind="stable")
    begins = np.flatnonzero(np.append(True, np.diff(stretch[order]) > 0))
    for begin, end in zip(begins, np.append(begins[1:], len(order)), strict=True):
        if stretch[order[begin]] > last:
            break
        part = fixes.take(order[begin:end])
        new, outputs = noting.step(token, part, int(part.time_us.max()))
        noting.forget({new})
        token = new
        counts += [output.reception for output in outputs]
    noting.head = token
    longest = np.empty(0, VOYAGE)
    if voyages:
        around = parameters.surroundings
        longest = noting.calls(material.judged_us, parameters.port_visit, around.anchorages)[1]
    return merge_reception(counts), longest
