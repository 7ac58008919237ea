"""Which silences are dark periods, and how sure that is.

Not a dark period: a hull at rest in port or alongside, a silence between two fixes in port, time in
which the feed was down, a number heard at another hull meanwhile (that is a jump of position).
`confidence` is the probability that the hull would have been heard had it transmitted, as far as
its own rate before, the shore and the speed implied tell; learnt reception will sharpen it.
Missing reception lowers it and never suppresses the event.
"""

import math
from typing import Any

import numpy as np

from detectors.dark_period import DarkPeriodParameters
from detectors.events import Event, Reason
from feeds.liveness import overlap_us
from vessels.fixes import Array
from vessels.geodesy import distances_m
from vessels.geography import distance_to_shore_m
from vessels.hulls import hull_id_of, mmsi_of
from vessels.ports import nearest_port, port_names
from vessels.units import M_PER_NM, MPS_PER_KNOT, US_PER_H, US_PER_S

WELCH_SHORE_M = 50.0 * M_PER_NM
"""Beyond 50 nm more than 99 % of receptions are by satellite, so leaving the range of stations on
land cannot explain a silence (Welch et al. 2022). Nearer, confidence falls; it does not vanish."""
_PORT_ENTRY_M = 3_000.0
_SLOW_IN_PORT_KNOTS = 3.0
_BURST = 3.0
"""Messages come in bursts of about this many (one satellite pass, one stretch in range)."""
_FAST_KNOTS = 25.0
_HIGH_CONFIDENCE, _WATCH_CONFIDENCE = 0.8, 0.5
_HIGH_HOURS = 24.0


def dark_period_events(
    silences: Array, outages: Array, now_us: int, parameters: DarkPeriodParameters
) -> list[Event]:
    """Return the dark periods among SILENCE rows, closed and open.

    Args:
        silences: rows of detectors.dark_period.SILENCE.
        outages: (start, end) of the feed's outages, microseconds.
        now_us: the time that open silences run to.
        parameters: thresholds.
    """
    if len(silences) == 0:
        return []
    ends = np.where(silences["end_us"] > 0, silences["end_us"], now_us)
    down_us = overlap_us(outages, silences["start_us"], ends)
    alive = ends - silences["start_us"] - down_us >= parameters.min_duration_h * US_PER_H
    alive &= silences["elsewhere"] == 0
    silences, ends, down_us = silences[alive], ends[alive], down_us[alive]
    if len(silences) == 0:
        return []
    where = _surroundings(silences)
    free = ~_excused(silences, where, parameters)
    rows = zip(
        silences[free], ends[free], down_us[free], *(column[free] for column in where), strict=True
    )
    names = port_names()
    return [_event(row, names, parameters.min_duration_h) for row in rows]


def _surroundings(silences: Array) -> tuple[Array, ...]:
    """Return where silences lie: the end of an open one is its start.

    Columns: nearest port at start and end, then distances in metres: port and shore at the start,
    port and shore at the end, start to end.
    """
    is_open = silences["end_us"] == 0
    lat0, lon0 = silences["start_lat"], silences["start_lon"]
    lat1 = np.where(is_open, lat0, silences["end_lat"])
    lon1 = np.where(is_open, lon0, silences["end_lon"])
    port0, port0_m = nearest_port(lat0, lon0)
    port1, port1_m = nearest_port(lat1, lon1)
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
    between |= closed & (shore0_m <= harbour_m) & (shore1_m <= harbour_m) & (moved_m <= 5_000.0)
    arriving = (port0_m <= _PORT_ENTRY_M) & (silences["sog_knots"] < _SLOW_IN_PORT_KNOTS)
    return at_rest | between | (arriving & ~closed)


def _event(row: tuple[Any, ...], port_names: list[str], min_duration_h: float) -> Event:
    silence, end_us, down_us, port0, _, port0_m, shore0_m, port1_m, shore1_m, moved_m = row
    is_open = silence["end_us"] == 0
    start_us, end_us = int(silence["start_us"]), int(end_us)
    alive_h = (end_us - start_us - int(down_us)) / US_PER_H
    hours = (end_us - start_us) / US_PER_H
    knots = moved_m / ((end_us - start_us) / US_PER_S) / MPS_PER_KNOT
    # The last fix began the silence; the others tell the rate. A single fix counts as half a one.
    rate_per_h = max(float(silence["before"]) - 1.0, 0.5) / max(float(silence["heard_h"]), 1.0)
    confidence = _confidence(rate_per_h * alive_h, float(shore0_m), knots, is_open=bool(is_open))
    key = int(silence["key"])
    lat, lon = float(silence["start_lat"]), float(silence["start_lon"])
    here, there = (lon, lat), (float(silence["end_lon"]), float(silence["end_lat"]))
    return Event(
        type="dark_period",
        mmsi=mmsi_of(key),
        hull_id=hull_id_of(key),
        start_us=start_us,
        end_us=None if is_open else end_us,
        now_us=end_us,
        lat=lat,
        lon=lon,
        confidence=confidence,
        severity=_severity(confidence, hours),
        reasons=(
            Reason("silence", round(hours, 3), min_duration_h, "h"),
            Reason("expected_messages", round(rate_per_h * alive_h, 1), _BURST, "count"),
            Reason(
                "shore_distance_for_confidence", round(float(shore0_m) / M_PER_NM, 1), 50.0, "nm"
            ),
        ),
        details={
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
        },
        path=(here,) if is_open else (here, there),
    )


def _confidence(expected: float, shore_m: float, knots: float, *, is_open: bool) -> float:
    """Return the probability that the hull would have been heard had it transmitted.

    Three factors: messages expected from its own rate (in bursts, so a few are no proof); the
    shore (half near it, full from 50 nm on, the published rule); a distance that no ship sails in
    the time makes both ends doubtful. They are judgement, not fitted: see docs/detectors.md.
    """
    heard = 1.0 - math.exp(-expected / _BURST)
    shore = 0.5 + 0.5 * min(shore_m / WELCH_SHORE_M, 1.0)
    speed = 1.0 if is_open or knots <= _FAST_KNOTS else 0.5
    return round(heard * shore * speed, 3)


def _severity(confidence: float, hours: float) -> str:
    if confidence >= _HIGH_CONFIDENCE and hours >= _HIGH_HOURS:
        return "high"
    return "watch" if confidence >= _WATCH_CONFIDENCE else "info"
