"""Encounters and loitering as events, and what separates them.

A hull beside another is not loitering alone: the time of its encounters is taken out of a loitering
run, and what is left must still hold one stretch of `min_duration_h`.
"""

from dataclasses import dataclass

import numpy as np

from detectors.encounters import Chain, EncounterParameters
from detectors.events import Event, Reason
from detectors.loitering import LoiteringParameters
from detectors.nearness import within_probability
from detectors.slots import SLOT_MIN, SLOT_US
from vessels.clock import iso_z
from vessels.fixes import Array
from vessels.geodesy import interpolate
from vessels.geography import distance_to_shore_m
from vessels.hulls import hull_id_of, mmsi_of
from vessels.ports import nearest_port, port_names
from vessels.units import M_PER_NM, US_PER_H

_PARTS_TOLD = 100

Meeting = tuple[int, int, int]
"""Hull key, first and last slot of an encounter."""


def encounter_events(
    chains: list[Chain], now_us: int, parameters: EncounterParameters
) -> list[Event]:
    """Return the chains as events, but for those whose place is in port by exact distance."""
    if not chains:
        return []
    first = [chain.rows[0] for chain in chains]
    middle = [interpolate(row["lat1"], row["lon1"], row["lat2"], row["lon2"], 0.5) for row in first]
    lat = np.array([point[0] for point in middle])
    lon = np.array([point[1] for point in middle])
    port, port_m = nearest_port(lat, lon)
    shore_m = distance_to_shore_m(lat, lon)
    names = port_names()
    least_m = parameters.min_port_distance_km * 1000.0
    return [
        _encounter(
            chain,
            (round(float(lat[i]), 6), round(float(lon[i]), 6)),
            {
                "port_distance_m": round(float(port_m[i]), 0),
                "port_name": names[int(port[i])],
                "shore_distance_m": round(float(shore_m[i]), 0),
            },
            now_us,
            parameters,
        )
        for i, chain in enumerate(chains)
        if port_m[i] >= least_m
    ]


def _encounter(
    chain: Chain,
    place: tuple[float, float],
    surroundings: dict[str, object],
    now_us: int,
    parameters: EncounterParameters,
) -> Event:
    rows = chain.rows
    contact_min = len(rows) * SLOT_MIN
    observed_min = int(rows["observed"].sum()) * SLOT_MIN
    distance_m = float(np.median(rows["distance_m"]))
    speeds = float(np.median(rows["speed1"])), float(np.median(rows["speed2"]))
    limit_m = parameters.max_distance_m
    near = float(within_probability(rows["distance_m"], rows["sigma_m"], limit_m).mean())
    key1, key2 = int(rows["key1"][0]), int(rows["key2"][0])
    start_us, last_us = int(rows["slot"][0]) * SLOT_US, int(rows["slot"][-1]) * SLOT_US
    return Event(
        type="encounter",
        mmsi=mmsi_of(key1),
        hull_id=hull_id_of(key1),
        other_mmsi=mmsi_of(key2),
        other_hull_id=hull_id_of(key2),
        start_us=start_us,
        end_us=last_us if chain.closed else None,
        now_us=last_us if chain.closed else now_us,
        lat=place[0],
        lon=place[1],
        confidence=round(near, 3),
        severity="watch",
        reasons=(
            Reason("contact", round(contact_min / 60.0, 3), parameters.min_duration_h, "h"),
            Reason("median_distance", round(distance_m, 1), parameters.max_distance_m, "m"),
            Reason(
                "median_speed", round(max(speeds), 2), parameters.max_median_speed_knots, "knots"
            ),
        ),
        details={
            "contact_min": contact_min,
            "observed_min": observed_min,
            "unobserved_min": contact_min - observed_min + chain.silent_min,
            "apart_min": chain.apart_min,
            "parts": len(chain.parts),
            "part_starts": [iso_z(first * SLOT_US) for first, _ in chain.parts[:_PARTS_TOLD]],
            "part_ends": [iso_z(last * SLOT_US) for _, last in chain.parts[:_PARTS_TOLD]],
            "median_distance_m": round(distance_m, 1),
            "min_distance_m": round(float(rows["distance_m"].min()), 1),
            "position_sigma_m": round(float(np.median(rows["sigma_m"])), 1),
            "median_speed_knots": round(speeds[0], 3),
            "other_median_speed_knots": round(speeds[1], 3),
            "messages": int(rows["messages1"].sum()),
            "other_messages": int(rows["messages2"].sum()),
            **surroundings,
        },
        path=((place[1], place[0]),),
    )


@dataclass(frozen=True, slots=True)
class LoiteringContext:
    """What runs are judged with: all encounters so far, by hull."""

    meetings: dict[int, list[tuple[int, int]]]

    @classmethod
    def of(cls, meetings: list[Meeting]) -> "LoiteringContext":
        """Gather (hull key, first slot, last slot) rows by hull."""
        by_hull: dict[int, list[tuple[int, int]]] = {}
        for key, first, last in meetings:
            by_hull.setdefault(key, []).append((first, last))
        return cls({key: sorted(spans) for key, spans in by_hull.items()})

    def alone(self, key: int, start: int, end: int) -> tuple[int, int]:
        """Return the longest stretch between encounters, and all time in them, in slots."""
        longest, met, at = 0, 0, start
        for first, last in self.meetings.get(key, ()):
            if last < start or first > end:
                continue
            longest = max(longest, first - at)
            met += max(min(last, end) - max(first, at), 0)
            at = max(at, last)
        return max(longest, end - at), met


def meetings_that_matter(
    meetings: tuple[Meeting, ...], lying: Array, undecided: Array, done_slot: int
) -> tuple[Meeting, ...]:
    """Return the encounters that a loitering run may yet be judged with.

    Those of runs that are on (`lying`) or over and undecided, and those that a run to come may
    reach back to: it begins one slot before the first that is not known yet, at the earliest.
    """
    if not meetings:
        return meetings
    since: dict[int, int] = {}
    for runs in (lying, undecided):
        for key, slot in zip(runs["key"].tolist(), runs["start_slot"].tolist(), strict=True):
            since[key] = min(slot, since.get(key, slot))
    return tuple(one for one in meetings if one[2] >= min(since.get(one[0], done_slot), done_slot))


def loitering_events(
    runs: Array,
    is_open: Array,
    context: LoiteringContext,
    now_us: int,
    parameters: LoiteringParameters,
) -> list[Event]:
    """Return loitering RUN rows as events, without those that encounters explain."""
    if len(runs) == 0:
        return []
    names = port_names()
    port, port_m = nearest_port(runs["start_lat"], runs["start_lon"])
    out = []
    for i, run in enumerate(runs):
        key, start, best = int(run["key"]), int(run["start_slot"]), int(run["best_slot"])
        longest, met = context.alone(key, start, best)
        if met and longest * SLOT_MIN < parameters.min_duration_h * 60.0:
            continue
        hours = int(run["best_slots"]) * SLOT_MIN / 60.0
        knots = float(run["best_distance_nm"]) / hours
        shore_nm = float(run["best_shore_min_m"]) / M_PER_NM
        lat, lon = round(float(run["start_lat"]), 6), round(float(run["start_lon"]), 6)
        end_us = None if is_open[i] else best * SLOT_US
        out.append(
            Event(
                type="loitering",
                mmsi=mmsi_of(key),
                hull_id=hull_id_of(key),
                start_us=start * SLOT_US,
                end_us=end_us,
                now_us=now_us if end_us is None else end_us,
                lat=lat,
                lon=lon,
                confidence=1.0,
                severity="watch" if hours >= 24.0 else "info",
                reasons=(
                    Reason("mean_speed", round(knots, 3), parameters.max_speed_knots, "knots"),
                    Reason("observed", round(hours, 3), parameters.min_duration_h, "h"),
                    Reason(
                        "shore_distance", round(shore_nm, 2), parameters.min_shore_distance_nm, "nm"
                    ),
                ),
                details={
                    "observed_h": round(hours, 3),
                    "span_h": round((best - start) * SLOT_MIN / 60.0, 3),
                    "mean_speed_knots": round(knots, 3),
                    "distance_nm": round(float(run["best_distance_nm"]), 3),
                    "min_shore_distance_nm": round(shore_nm, 2),
                    "mean_shore_distance_nm": round(
                        float(run["best_shore_sum_m"]) / int(run["best_slots"]) / M_PER_NM, 2
                    ),
                    "port_distance_m": round(float(port_m[i]), 0),
                    "port_name": names[int(port[i])],
                    "encounter_h": round(met * SLOT_MIN / 60.0, 3),
                },
                path=((lon, lat),),
            )
        )
    return out


def open_runs(runs: Array, now_us: int, max_gap_h: float) -> Array:
    """Tell which runs are still on: a fix may yet come that continues them."""
    return now_us - runs["last_slot"].astype("i8") * SLOT_US <= max_gap_h * US_PER_H
