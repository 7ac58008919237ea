"""Which silences are dark periods, and how sure that is.

Not a dark period: a hull at rest in port or alongside, a silence between two fixes in port, time in
which the feed was down, a number heard at another hull meanwhile (that is a jump of position).
`confidence` is the probability that the hull would have been heard had it transmitted; missing
reception lowers it and never suppresses the event (law 3).
"""

from dataclasses import fields
from typing import Any

import numpy as np

from detectors.dark_confidence import confidence, features, welch_disabling
from detectors.dark_evidence import WELCH_SHORE_M, Evidence, gather
from detectors.dark_period import DarkPeriodParameters
from detectors.events import Event, Reason
from detectors.reception_state import ReceptionState
from feeds.liveness import overlap_us
from vessels.anchorages import Anchorages, no_anchorages
from vessels.fixes import Array
from vessels.geodesy import distances_m
from vessels.geography import distance_to_shore_m
from vessels.hulls import hull_id_of, mmsi_of
from vessels.ports import port_names
from vessels.reception import BASES
from vessels.units import M_PER_NM, MPS_PER_KNOT, US_PER_H, US_PER_S

_PORT_ENTRY_M = 3_000.0
_SLOW_IN_PORT_KNOTS = 3.0
_SAME_HARBOUR_M = 5_000.0
"""Alongside before and after no further apart than this is one harbour."""
_HIGH_CONFIDENCE, _WATCH_CONFIDENCE = 0.8, 0.5
_HIGH_HOURS = 24.0


def dark_period_events(
    silences: Array,
    outages: Array,
    learnt: ReceptionState,
    now_us: int,
    parameters: DarkPeriodParameters,
    anchorages: Anchorages | None = None,
) -> list[Event]:
    """Return the dark periods among SILENCE rows, closed and open.

    Args:
        silences: rows of detectors.dark_period.SILENCE.
        outages: (start, end) of the feed's outages, microseconds.
        learnt: reception and who was heard, of all fixes up to `now_us` at least.
        now_us: the time that open silences run to.
        parameters: thresholds.
        anchorages: ports besides the shipped ones; none by default.
    """
    anchorages = anchorages or no_anchorages()
    if len(silences) == 0:
        return []
    ends = np.where(silences["end_us"] > 0, silences["end_us"], now_us)
    down_us = overlap_us(outages, silences["start_us"], ends)
    alive = ends - silences["start_us"] - down_us >= parameters.min_duration_h * US_PER_H
    alive &= silences["elsewhere"] == 0
    silences, ends, down_us = silences[alive], ends[alive], down_us[alive]
    if len(silences) == 0:
        return []
    where = _surroundings(silences, anchorages)
    free = np.flatnonzero(~_excused(silences, where, parameters))
    silences, ends, down_us = silences[free], ends[free], down_us[free]
    where = tuple(column[free] for column in where)
    shore_m, moved_m = where[3], where[6]
    alive_h = (ends - silences["start_us"] - down_us) / US_PER_H
    knots = moved_m / ((ends - silences["start_us"]) / US_PER_S) / MPS_PER_KNOT
    knots = np.where(silences["end_us"] > 0, knots, np.nan)
    evidence = gather(silences, ends, alive_h, shore_m, learnt)
    sure = confidence(features(evidence, shore_m), knots)
    told = [getattr(evidence, one.name) for one in fields(Evidence)]
    rows = zip(silences, ends, down_us, *where, sure, zip(*told, strict=True), strict=True)
    names = anchorages.names() if len(anchorages) else port_names()
    return [_event(row, names, parameters.min_duration_h) for row in rows]


def _surroundings(silences: Array, anchorages: Anchorages) -> tuple[Array, ...]:
    """Return where silences lie: the end of an open one is its start.

    Columns: nearest port at start and end, then distances in metres: port and shore at the start,
    port and shore at the end, start to end.
    """
    is_open = silences["end_us"] == 0
    lat0, lon0 = silences["start_lat"], silences["start_lon"]
    lat1 = np.where(is_open, lat0, silences["end_lat"])
    lon1 = np.where(is_open, lon0, silences["end_lon"])
    end_us = np.where(is_open, silences["start_us"], silences["end_us"])
    port0, port0_m = anchorages.nearest(lat0, lon0, silences["start_us"])
    port1, port1_m = anchorages.nearest(lat1, lon1, end_us)
    if len(anchorages):
        port0, port1 = anchorages.port_of(port0), anchorages.port_of(port1)
    shore0_m, shore1_m = distance_to_shore_m(lat0, lon0), distance_to_shore_m(lat1, lon1)
    moved_m = distances_m(lat0, lon0, lat1, lon1)
    columns = (port0_m, shore0_m, port1_m, shore1_m, moved_m)
    return (port0, port1, *(column.astype("f8") for column in columns))


def _excused(silences: Array, where: tuple[Array, ...], parameters: DarkPeriodParameters) -> Array:
    """Tell which silences have port or harbour as their plain explanation."""
    port0, port1, port0_m, shore0_m, port1_m, shore1_m, moved_m = where
    port_m = parameters.in_port_distance_km * 1000.0
    harbour_m = parameters.harbour_distance_km * 1000.0
    closed = silences["end_us"] > 0
    at_rest = (silences["at_rest"] > 0) & ((port0_m <= port_m) | (shore0_m <= harbour_m))
    between = closed & (port0_m <= port_m) & (port1_m <= port_m) & (port0 == port1)
    alongside = closed & (shore0_m <= harbour_m) & (shore1_m <= harbour_m)
    between |= alongside & (moved_m <= _SAME_HARBOUR_M)
    arriving = (port0_m <= _PORT_ENTRY_M) & (silences["sog_knots"] < _SLOW_IN_PORT_KNOTS)
    return at_rest | between | (arriving & ~closed)


def _event(row: tuple[Any, ...], port_names: list[str], min_duration_h: float) -> Event:
    silence, end_us, down_us, port0, _, port0_m, shore0_m, port1_m, shore1_m, moved_m = row[:10]
    sure, known = float(row[10]), Evidence(*row[11])
    is_open = silence["end_us"] == 0
    start_us, end_us = int(silence["start_us"]), int(end_us)
    alive_h = (end_us - start_us - int(down_us)) / US_PER_H
    hours = (end_us - start_us) / US_PER_H
    knots = moved_m / ((end_us - start_us) / US_PER_S) / MPS_PER_KNOT
    # The last fix began the silence; the others tell the rate. A single fix counts as half a one.
    rate_per_h = max(float(silence["before"]) - 1.0, 0.5) / max(float(silence["heard_h"]), 1.0)
    key = int(silence["key"])
    lat, lon = float(silence["start_lat"]), float(silence["start_lon"])
    here, there = (lon, lat), (float(silence["end_lon"]), float(silence["end_lat"]))
    details = {
        "last_lat": round(lat, 6),
        "last_lon": round(lon, 6),
        "first_lat": None if is_open else round(there[1], 6),
        "first_lon": None if is_open else round(there[0], 6),
        "distance_m": None if is_open else round(float(moved_m), 1),
        "implied_speed_knots": None if is_open else round(float(knots), 3),
        "positions_before": int(silence["before"]),
        "positions_before_satellite": int(silence["before_satellite"]),
        "positions_before_terrestrial": int(silence["before_terrestrial"]),
        "positions_before_unknown": int(
            silence["before"] - silence["before_satellite"] - silence["before_terrestrial"]
        ),
        "shore_distance_m": round(float(shore0_m), 0),
        "port_distance_m": round(float(port0_m), 0),
        "port_name": port_names[int(port0)],
        "shore_distance_end_m": None if is_open else round(float(shore1_m), 0),
        "port_distance_end_m": None if is_open else round(float(port1_m), 0),
        "expected_messages": round(rate_per_h * alive_h, 1),
        "sog_before_knots": round(float(silence["sog_knots"]), 2),
        "feed_down_h": round(int(down_us) / US_PER_H, 3),
        **_told(known),
        "welch_disabling": welch_disabling(
            hours,
            float(shore0_m),
            int(silence["before_satellite"]),
            float(known.satellite_per_day),
        ),
    }
    return Event(
        type="dark_period",
        mmsi=mmsi_of(key),
        hull_id=hull_id_of(key),
        start_us=start_us,
        end_us=None if is_open else end_us,
        now_us=end_us,
        lat=lat,
        lon=lon,
        confidence=sure,
        severity=_severity(sure, hours),
        reasons=_reasons(details, hours, min_duration_h),
        details=details,
        path=(here,) if is_open else (here, there),
    )


def _told(known: Evidence) -> dict[str, Any]:
    """Return the evidence as details; what is not known is null."""
    count = int(known.neighbours)
    return {
        "heard_hours_expected": round(float(known.expected_h), 1),
        "longest_silence_before_h": round(float(known.longest_h), 2),
        "reception": _or_none(float(known.reception), 3),
        "reception_basis": BASES[int(known.basis)],
        "neighbours_heard": None if count < 0 else count,
        "neighbours_heard_share": _or_none(float(known.heard_share), 2),
        "path_unknown_share": round(float(known.unknown_share), 2),
        "satellite_positions_per_day": _or_none(float(known.satellite_per_day), 1),
    }


def _or_none(value: float, digits: int) -> float | None:
    return None if np.isnan(value) else round(value, digits)


def _reasons(details: dict[str, Any], hours: float, min_duration_h: float) -> tuple[Reason, ...]:
    reasons = [
        Reason("silence", round(hours, 3), min_duration_h, "h"),
        Reason("heard_hours_expected", details["heard_hours_expected"], None, "h"),
        Reason(f"reception_{details['reception_basis']}", details["reception"], None, ""),
        Reason("neighbours_heard", details["neighbours_heard"], None, "vessels"),
        Reason(
            "shore_distance_for_confidence",
            round(details["shore_distance_m"] / M_PER_NM, 1),
            round(WELCH_SHORE_M / M_PER_NM, 1),
            "nm",
        ),
    ]
    return tuple(reason for reason in reasons if reason.value is not None)


def _severity(confidence: float, hours: float) -> str:
    if confidence >= _HIGH_CONFIDENCE and hours >= _HIGH_HOURS:
        return "high"
    return "watch" if confidence >= _WATCH_CONFIDENCE else "info"
