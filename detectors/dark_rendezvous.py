"""Dark rendezvous: a ship lay still at sea, and others that were not heard could have come to it.

A stop is a loitering run that was told (detectors/loitering.py), up to a month long. Candidates
are hulls silent during it for the least length of a dark period, not at rest in port, last heard
within `pool_distance_nm`, that can have sailed there (way by sea) and on to where they were heard
again, with an hour to spare. Two or more may have met it; each is given the probability that it
was the one, and "none of these" keeps the rest.

How the probabilities come about (judgement, not fitted; docs/detectors/dark_rendezvous.md):
the odds that such a stop is a meeting at all, spread evenly over the candidates and `UNSEEN_HULLS`
that the data do not have; times, for each, how much denser its presence is at the place than if it
were anywhere in the pool (at most `MOST_LIKELIHOOD`); times the share of a whole meeting that it
had time for; times the probability that it would have been heard had it transmitted there, at its
own rate before. With a hundred alike each has a hundredth, and nothing is told.

A silence may end weeks after the stop. The event is final `PENDING_DAYS` after the stop's end:
what is not heard again by then counts as not heard again. So it does not matter when it is judged.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from detectors._rendezvous_pairs import PAIR, SILENT, STOP, pair_up, weigh
from detectors.dark_period import open_silences
from detectors.events import Event, Reason
from detectors.slots import SLOT_US
from vessels.clock import iso_z
from vessels.fixes import Array, Fixes
from vessels.geodesy import interpolate
from vessels.geography import distance_to_shore_m
from vessels.hulls import hull_id_of, hull_key, mmsi_of
from vessels.ports import nearest_port
from vessels.presence import MOTIONS
from vessels.units import M_PER_NM, MPS_PER_KNOT, US_PER_DAY, US_PER_H, US_PER_S

PENDING_DAYS = 30.0
"""How long after its end a stop waits for those that were silent to be heard again."""
MOST_STOP_DAYS = 30.0
"""A hull that lies longer is moored or a platform: nothing tells one meeting of it from another."""
MOST_SILENT_DAYS = 30.0
"""A hull silent for longer when the stop ended can be anywhere."""
_SETTLE_US = 12 * US_PER_H
"""Fixes wait up to hours to be known as their hull's: a stop is final only this much later."""
PRIOR = 0.1
"""Probability that such a stop is a meeting with a ship not heard, for a loiterer of any kind."""
BEST_PRIOR = 0.3
"""The same for the kind that it is likeliest for (detectors/dark_rendezvous_roles.py)."""
LEAST_WEIGHT = 0.2
"""Weight of the kind of candidate that it is least likely for."""
UNSEEN_HULLS = 2.0
"""Ships without AIS that count as candidates beside those in the data."""
MOST_LIKELIHOOD = 20.0
"""Ships and silences gather on the same grounds: nearness alone proves no more than this."""
WHOLE_MEETING_H = 4.0
_BURST = 3.0
_IN_PORT_M, _HARBOUR_M = 10_000.0, 1_000.0
_WATCH_PROBABILITY = 0.3


@dataclass(frozen=True, slots=True)
class DarkRendezvousParameters:
    """Thresholds; the probabilities' own constants are the module's."""

    max_speed_knots: float = 15.0
    """What a silent ship sails at most: few trawlers make 14 knots, reefers 15 to 18."""
    min_stay_h: float = 1.0
    pool_distance_nm: float = 500.0
    min_probability: float = 0.2
    """Nothing is told unless one candidate has this."""
    max_candidates: int = 10


@dataclass(frozen=True, slots=True)
class RendezvousState:
    """What later steps need. Never changed in place."""

    stops: Array = field(default_factory=lambda: np.empty(0, STOP))
    """Stops that are over, but not final."""
    silent: Array = field(default_factory=lambda: np.empty(0, SILENT))
    """Silences that are over and that a stop may still need, in order of start."""
    pairs: Array = field(default_factory=lambda: np.empty(0, PAIR))
    """Of these stops with silences that are over."""
    heard_us: int = 0
    """Time of the newest fix of anybody."""

    def as_arrays(self, prefix: str) -> dict[str, Array]:
        """Return the state as arrays."""
        return {
            f"{prefix}stops": self.stops,
            f"{prefix}silent": self.silent,
            f"{prefix}pairs": self.pairs,
            f"{prefix}heard_us": np.array([self.heard_us], "i8"),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array], prefix: str) -> "RendezvousState":
        """Return the state that `as_arrays` wrote."""
        return cls(
            stops=arrays[f"{prefix}stops"],
            silent=arrays[f"{prefix}silent"],
            pairs=arrays[f"{prefix}pairs"],
            heard_us=int(arrays[f"{prefix}heard_us"][0]),
        )


def unheard_rows(key: Array, fixes: Fixes, table: Array, spoke_us: int, now_us: int) -> Array:
    """Return as SILENCE rows the hulls that a stop may become final with, not heard again.

    Args:
        key: hull of each fix; sorted by (key, time).
        fixes: the last hours of every hull.
        table: detectors.vessel_stage.HULL rows of these hulls.
        spoke_us: newest fix before this step: what was final then needs no silence any more.
        now_us: every fix up to here has been folded.
    """
    lasts = np.flatnonzero(np.append(key[1:] != key[:-1], True)) if len(key) else np.empty(0, int)
    last_us = fixes.time_us[lasts]
    # A run may be known as one long after its end: twice the longest stop leaves room for that.
    days = MOST_SILENT_DAYS + 2.0 * MOST_STOP_DAYS
    since_us = spoke_us - _cap_us() - _SETTLE_US - int(days * US_PER_DAY)
    lasts = lasts[(now_us - last_us >= _cap_us()) & (last_us >= since_us)]
    first_us = table["first_us"][np.searchsorted(table["key"], key[lasts])]
    return open_silences(key, fixes, lasts, first_us, np.zeros(len(lasts), bool))


def silent_rows(silences: Array) -> Array:
    """Return SILENCE rows as SILENT rows, in order of start."""
    out = np.zeros(len(silences), SILENT)
    over = silences["end_us"] > 0
    for name, source in (("lat1", "start_lat"), ("lon1", "start_lon"), ("sog_knots",) * 2):
        out[name] = silences[source]
    for name in ("key", "start_us", "end_us", "at_rest", "elsewhere"):
        out[name] = silences[name]
    out["lat2"] = np.where(over, silences["end_lat"], np.nan)
    out["lon2"] = np.where(over, silences["end_lon"], np.nan)
    heard = np.maximum(silences["before"].astype("f8") - 1.0, 0.5)
    out["rate_per_h"] = heard / np.maximum(silences["heard_h"], 1.0)
    return _sorted(out)


def _sorted(silent: Array) -> Array:
    return silent[np.lexsort((silent["end_us"], silent["key"], silent["start_us"]))]


def stops_of(runs: Array, told: list[Event]) -> Array:
    """Return as STOP rows the loitering runs that were told as events."""
    events = {(hull_key(e.hull_id), e.start_us): e for e in told if e.type == "loitering"}
    out = []
    for run in runs:
        start_us, end_us = int(run["start_slot"]) * SLOT_US, int(run["best_slot"]) * SLOT_US
        event = events.get((int(run["key"]), start_us))
        span = int(run["last_slot"]) - int(run["start_slot"])
        if event is None or span * SLOT_US > MOST_STOP_DAYS * US_PER_DAY or span <= 0:
            continue
        share = 0.5 * (int(run["best_slot"]) - int(run["start_slot"])) / span
        start = float(run["start_lat"]), float(run["start_lon"])
        middle = interpolate(*start, float(run["before_lat"]), float(run["before_lon"]), share)
        is_open = event.end_us is None
        out.append((int(run["key"]), start_us, end_us, *start, *middle, is_open))
    return np.array(out, STOP)


def follow(
    state: RendezvousState,
    stops: Array,
    silences: Array,
    unheard: Array,
    undecided: Array,
    heard_us: int,
    parameters: DarkRendezvousParameters,
) -> tuple[RendezvousState, list[Event]]:
    """Fold stops and silences that are over; return the new state and the events that are final.

    Args:
        state: what earlier steps left.
        stops: STOP rows newly over.
        silences: SILENCE rows newly over.
        unheard: SILENCE rows, open, of hulls long silent (`unheard_rows`).
        undecided: loitering runs that may yet be told.
        heard_us: time of the newest fix of anybody, 0 if there was none.
        parameters: thresholds.
    """
    heard_us = max(state.heard_us, heard_us)
    news = silent_rows(silences)
    silent = _sorted(np.concatenate([state.silent, news]))
    pairs = [
        state.pairs,
        pairs_of(state.stops, news, parameters, unheard_only=False),
        pairs_of(stops, silent, parameters, unheard_only=False),
    ]
    pairs_now = np.concatenate(pairs)
    waiting = np.concatenate([state.stops, stops])
    due = waiting["end_us"] + _cap_us() + _SETTLE_US <= heard_us
    events: list[Event] = []
    if due.any():
        late = _sorted(np.concatenate([silent, silent_rows(unheard)]))
        found = pairs_of(waiting[due], late, parameters, unheard_only=True)
        events = _events(waiting[due], np.concatenate([pairs_now, found]), 0, parameters)
        over = np.isin(_stop_ids(pairs_now), _stop_ids(waiting[due], "key", "start_us"))
        pairs_now = pairs_now[~over]
    waiting = waiting[~due]
    # A stop that comes later began at most so long ago; one that waits has its pairs already.
    old_us = heard_us - int((MOST_STOP_DAYS + 2.0) * US_PER_DAY)
    starts = [*waiting["start_us"].tolist(), *(undecided["start_slot"] * SLOT_US).tolist()]
    later = silent["end_us"] > min([old_us, *starts])
    return replace(
        state, stops=waiting, silent=silent[later], pairs=pairs_now, heard_us=heard_us
    ), events


def peek(
    state: RendezvousState,
    stops: Array,
    unheard: Array,
    now_us: int,
    parameters: DarkRendezvousParameters,
) -> list[Event]:
    """Return the events that are not final, as they stand at `now_us`.

    Args:
        state: what the last step left.
        stops: STOP rows that are on, or over and not yet folded.
        unheard: SILENCE rows, open at `now_us`.
        now_us: the time that open stops run to.
        parameters: thresholds.
    """
    silent = silent_rows(unheard)
    waiting = np.concatenate([state.stops, stops])
    pairs = [
        state.pairs,
        pairs_of(stops, state.silent, parameters, unheard_only=False),
        pairs_of(state.stops, state.silent, parameters, unheard_only=True),
        pairs_of(waiting, silent, parameters, unheard_only=True),
    ]
    return _events(waiting, np.concatenate(pairs), now_us, parameters)


def _cap_us() -> int:
    return int(PENDING_DAYS * US_PER_DAY)


def _stop_ids(rows: Array, key: str = "stop_key", start: str = "stop_us") -> Array:
    """Return one number for each stop: MMSI (30 bits), hull (10) and five-minute slot (23)."""
    return ((rows[key] >> 16) << 33) | ((rows[key] & 0x3FF) << 23) | (rows[start] // SLOT_US)


def pairs_of(
    stops: Array, silent: Array, parameters: DarkRendezvousParameters, *, unheard_only: bool
) -> Array:
    """Return PAIR rows of stops with silences: those heard again in time, or those not.

    Of a silence that ends after the cap of a stop, the stop knows only that it was on. Whether the
    number spoke from elsewhere meanwhile (a jump of position, not a silence) counts for those that
    ended: for the others it would depend on when it is asked.
    """
    silent = silent if unheard_only else silent[silent["elsewhere"] == 0]
    if len(stops) == 0 or len(silent) == 0:
        return np.empty(0, PAIR)
    if unheard_only:  # most have ended in time: they are with the stop already
        late = silent["end_us"] > int(stops["end_us"].min()) + _cap_us()
        silent = silent[late | (silent["end_us"] == 0)]
    speed = parameters.max_speed_knots * MPS_PER_KNOT / US_PER_S
    pool_m = parameters.pool_distance_nm * M_PER_NM
    stop, row, away = pair_up(
        stops,
        silent,
        speed,
        parameters.min_stay_h * US_PER_H,
        pool_m,
        int(MOST_SILENT_DAYS * US_PER_DAY),
        _cap_us(),
    )
    wanted = np.isnan(away[:, 1]) == unheard_only
    wanted[wanted] = ~in_port(silent[row[wanted]])
    stop, row, away = stop[wanted], row[wanted], away[wanted]
    motion = MOTIONS["unknown"]
    return weigh(
        stops[stop],
        silent[row],
        away,
        (speed, _cap_us(), np.pi * pool_m**2, MOST_LIKELIHOOD, WHOLE_MEETING_H, _BURST),
        (motion.speed_knots * MPS_PER_KNOT, 1.0 / (motion.memory_h * 3600.0)),
    )


def in_port(silent: Array) -> Array:
    """Tell which were at rest within 10 km of a port or 1 km of the shore, as for dark periods."""
    out = silent["at_rest"] > 0
    rows = silent[out]
    port_m = nearest_port(rows["lat1"], rows["lon1"])[1]
    shore_m = distance_to_shore_m(rows["lat1"], rows["lon1"])
    out[out] = (port_m <= _IN_PORT_M) | (shore_m <= _HARBOUR_M)
    return out


def _events(
    stops: Array, pairs: Array, now_us: int, parameters: DarkRendezvousParameters
) -> list[Event]:
    """Return the stops that a candidate stands out at, as events."""
    order = np.lexsort((pairs["start_us"], pairs["key"], -pairs["likelihood"]))
    pairs = pairs[order]
    ids = _stop_ids(pairs)
    by_stop = np.argsort(ids, kind="stable")
    ids = ids[by_stop]
    out = []
    for stop in stops:
        mine = int(_stop_ids(stop, "key", "start_us"))
        first, last = np.searchsorted(ids, [mine, mine + 1])
        rows = _one_a_hull(pairs[by_stop[first:last]])
        if len(rows) and best_probability(rows["likelihood"]) >= parameters.min_probability:
            out.append(_event(stop, rows, now_us, parameters))
    return out


def _one_a_hull(rows: Array) -> Array:
    """Return the likeliest silence of each hull: a long stop may lie in two of its silences."""
    _, first = np.unique(rows["key"], return_index=True)
    return rows[np.sort(first)]


def best_probability(likelihood: Array) -> float:
    """Return what the first candidate has at most, whatever kinds of ship these are."""
    weighed = likelihood * np.where(np.arange(len(likelihood)) == 0, 1.0, LEAST_WEIGHT)
    count = 1.0 + LEAST_WEIGHT * (len(likelihood) - 1)
    return float(probabilities(weighed, count, 0.0, BEST_PRIOR)[0])


def probabilities(
    likelihood: Array, count: float, others: float, prior: float, unseen: float = UNSEEN_HULLS
) -> Array:
    """Return the probability of each candidate that it met the loiterer.

    Args:
        likelihood: of each, times its kind's weight.
        count: of all candidates, by weight.
        others: sum of the likelihoods of those not listed.
        prior: probability that the stop is a meeting with a ship not heard.
        unseen: ships that the data do not have, as many as count.
    """
    share = prior / (1.0 - prior) / (count + unseen)
    weights = share * likelihood
    return weights / (1.0 + share * unseen + share * others + float(np.sum(weights)))


def _event(stop: np.void, rows: Array, now_us: int, parameters: DarkRendezvousParameters) -> Event:
    key, start_us, end_us = int(stop["key"]), int(stop["start_us"]), int(stop["end_us"])
    kept = rows[: parameters.max_candidates]
    others = float(np.sum(rows["likelihood"][len(kept) :]))
    likely = np.round(kept["likelihood"], 4)
    each = probabilities(likely, len(rows), others, PRIOR)
    lat, lon = round(float(stop["start_lat"]), 6), round(float(stop["start_lon"]), 6)
    is_open = bool(stop["is_open"])
    details = {
        "candidates": len(rows),
        "likelihood_of_others": round(others, 4),
        "stop_h": round((end_us - start_us) / US_PER_H, 3),
        "stop_lat": round(float(stop["lat"]), 6),
        "stop_lon": round(float(stop["lon"]), 6),
        "prior": PRIOR,
        "max_speed_knots": parameters.max_speed_knots,
        **_columns(stop, kept, likely),
    }
    event = Event(
        type="dark_rendezvous",
        mmsi=mmsi_of(key),
        hull_id=hull_id_of(key),
        start_us=start_us,
        end_us=None if is_open else end_us,
        now_us=now_us if is_open else end_us,
        lat=lat,
        lon=lon,
        confidence=0.0,
        severity="info",
        details=details,
        path=((lon, lat),),
    )
    return with_probabilities(event, each, parameters.min_probability)


def with_probabilities(event: Event, each: Array, floor: float) -> Event:
    """Return the event with these probabilities of its candidates, in their order.

    `confidence` is their sum: that at least one of those listed met it, given that one did at most.
    """
    total = round(float(np.sum(each)), 3)
    rounded = np.round(each, 3).tolist()
    top = event.details["candidate_mmsi"][0], rounded[0]
    minutes = event.details["candidate_minutes"][0]
    reasons = (
        Reason("likeliest_candidate", top[1], floor, "probability"),
        Reason("candidates", event.details["candidates"], None, "count"),
        Reason("time_possible", round(minutes / 60.0, 2), None, "h"),
        Reason("stop", event.details["stop_h"], None, "h"),
    )
    return event.with_(
        confidence=total,
        severity="watch" if rounded[0] >= _WATCH_PROBABILITY else "info",
        reasons=reasons,
        details=event.details | {"candidate_probability": rounded},
    )


def _columns(stop: np.void, rows: Array, likely: Array) -> dict[str, object]:
    """Return the candidates, likeliest first, as lists of equal length."""
    there_nm, on_nm = rows["distance_m"] / M_PER_NM, rows["on_m"] / M_PER_NM
    closed = rows["end_us"] > 0
    until_h = (np.where(closed, np.minimum(rows["end_us"], stop["end_us"]), stop["end_us"])) / 1.0
    there_h = (until_h - rows["start_us"]) / US_PER_H
    silence_h = np.where(closed, rows["end_us"] - rows["start_us"], US_PER_H) / US_PER_H
    after_us = np.maximum(rows["end_us"] - np.maximum(stop["start_us"], rows["start_us"]), 1)
    needed = there_nm / there_h
    both = np.where(
        closed, np.maximum((there_nm + on_nm) / silence_h, on_nm * US_PER_H / after_us), 0
    )
    needed = np.where(closed, np.maximum(needed, both), needed)

    def numbers(column: Array, digits: int) -> list[float | None]:
        return [None if np.isnan(v) else round(float(v), digits) for v in column]

    return {
        "candidate_mmsi": [mmsi_of(key) for key in rows["key"].tolist()],
        "candidate_hull": [hull_id_of(key) for key in rows["key"].tolist()],
        "candidate_likelihood": likely.tolist(),
        "candidate_minutes": numbers(rows["minutes"], 1),
        "candidate_last_heard": [iso_z(t) for t in rows["start_us"].tolist()],
        "candidate_first_heard": [iso_z(t) if t else None for t in rows["end_us"].tolist()],
        "candidate_last_lat": numbers(rows["lat1"], 6),
        "candidate_last_lon": numbers(rows["lon1"], 6),
        "candidate_first_lat": numbers(rows["lat2"], 6),
        "candidate_first_lon": numbers(rows["lon2"], 6),
        "candidate_distance_nm": numbers(there_nm, 2),
        "candidate_onward_nm": numbers(on_nm, 2),
        "candidate_needed_knots": numbers(needed, 2),
    }
