"""One hull under several numbers: a number falls silent where and when another begins.

A number never heard before whose first fix lies within reach of a hull that is silent from then on
(a silence of a dark period's length) may be that hull under a new number. Within reach is what the
hull could sail at `hand_over_speed_knots`, or at twice its own speed and 5 knots if that is less.
Many ships come into hearing while others leave it, so this makes only candidates, the three nearest
of each silence; a candidate is told where the two state the same identity (detectors/same_ship.py).
Only what happens at sea is looked at: in port transponders are switched on and off all day.
"""

import numpy as np

from detectors.events import Event, Reason
from detectors.identity_conflict import IdentityConflictParameters, implied_knots
from vessels.fixes import Array, Fixes
from vessels.geodesy import distances_m
from vessels.geography import distance_to_shore_m
from vessels.hulls import MIN_FIXES, hull_id_of, mmsi_of
from vessels.mmsi import MmsiKind, kind_of
from vessels.ports import nearest_port
from vessels.units import MPS_PER_KNOT, US_PER_H, US_PER_S

BIRTH = np.dtype(
    [
        ("key", "i8"),
        ("first_us", "i8"),
        ("known_us", "i8"),  # the fix that made it a hull
        ("lat", "f8"),
        ("lon", "f8"),
        ("port_m", "f8"),
        ("shore_m", "f8"),
    ]
)
"""The first hull of a number never heard before."""
_SLACK_M = 2_000.0
_FASTER_TIMES, _FASTER_KNOTS = 2.0, 5.0
_NEAREST = 3
_CONFIDENCE = 0.1
_NO_COUNTRY_CONFIDENCE = 0.95
_MIN_PORT_M, _MIN_SHORE_M = 10_000.0, 2_000.0
"""As for encounters."""


def find_births(known: Array, key: Array, rows: Fixes) -> Array:
    """Return BIRTH rows for the first hulls of numbers, of which no fix was known.

    Args:
        known: sorted hull keys of earlier steps.
        key: hull of each row, sorted by (key, time).
        rows: equally long.
    """
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])) if len(key) else np.empty(0, "i8")
    place = np.searchsorted(known, key[starts])
    old = np.zeros(len(starts), bool)
    inside = place < len(known)
    old[inside] = known[place[inside]] == key[starts[inside]]
    starts = starts[~old & (key[starts] & 0xFFFF == 1)]
    out = np.zeros(len(starts), BIRTH)
    out["key"] = key[starts]
    out["first_us"] = rows.time_us[starts]
    # A hull is never made of less; the guard is for a table cut by hand.
    out["known_us"] = rows.time_us[np.minimum(starts + MIN_FIXES - 1, len(key) - 1)]
    out["lat"], out["lon"] = rows.lat_deg[starts], rows.lon_deg[starts]
    out["port_m"] = nearest_port(out["lat"], out["lon"])[1]
    out["shore_m"] = distance_to_shore_m(out["lat"], out["lon"])
    return out


def at_sea(births: Array) -> Array:
    """Return the births far enough from port and shore."""
    return births[(births["port_m"] >= _MIN_PORT_M) & (births["shore_m"] >= _MIN_SHORE_M)]


def hand_over_events(
    silences: Array, births: Array, parameters: IdentityConflictParameters
) -> list[Event]:
    """Return the candidates: silences (SILENCE rows) with the births that may continue them.

    `births` are rows of `at_sea`, sorted by first time.
    """
    free = silences[silences["elsewhere"] == 0]
    if len(free) == 0 or len(births) == 0:
        return []
    max_us = int(parameters.hand_over_max_h * US_PER_H)
    low = np.searchsorted(births["first_us"], free["start_us"], "right")
    high = np.searchsorted(births["first_us"], free["start_us"] + max_us, "right")
    one = np.repeat(np.arange(len(free)), high - low)
    two = np.arange(len(one)) - np.repeat(np.cumsum(high - low) - (high - low), high - low)
    two += np.repeat(low, high - low)
    gone, born = free[one], births[two]
    away_m = distances_m(gone["start_lat"], gone["start_lon"], born["lat"], born["lon"])
    after_s = (born["first_us"] - gone["start_us"]) / US_PER_S
    knots = np.minimum(
        parameters.hand_over_speed_knots, _FASTER_TIMES * gone["sog_knots"] + _FASTER_KNOTS
    )
    reach_m = _SLACK_M + knots * MPS_PER_KNOT * after_s
    fits = (away_m <= reach_m) & (gone["key"] >> 16 != born["key"] >> 16)
    fits &= (gone["end_us"] == 0) | (born["known_us"] <= gone["end_us"])
    # A place at sea is not looked up twice: the birth's is, and the silence began near by.
    rows = np.flatnonzero(fits)
    rows = rows[np.lexsort((born["key"][rows], away_m[rows], one[rows]))]
    rank = np.arange(len(rows)) - np.searchsorted(one[rows], one[rows])
    return [
        _event(gone[row], born[row], float(away_m[row]), parameters)
        for row in rows[rank < _NEAREST]
    ]


def _event(
    gone: Array, born: Array, away_m: float, parameters: IdentityConflictParameters
) -> Event:
    old, new = int(gone["key"]), int(born["key"])
    start_us = int(born["first_us"])
    after_us = start_us - int(gone["start_us"])
    low, high = sorted((old, new))
    lat, lon = round(float(born["lat"]), 6), round(float(born["lon"]), 6)
    return Event(
        type="identity_conflict",
        mmsi=mmsi_of(low),
        hull_id=hull_id_of(low),
        other_mmsi=mmsi_of(high),
        other_hull_id=hull_id_of(high),
        start_us=start_us,
        end_us=start_us,
        now_us=start_us,
        lat=lat,
        lon=lon,
        confidence=_CONFIDENCE,
        severity="info",
        reasons=(
            Reason("hand_over", f"{mmsi_of(old)} to {mmsi_of(new)}", None, ""),
            Reason(
                "silent_before",
                round(after_us / US_PER_H, 3),
                parameters.hand_over_max_h,
                "h",
            ),
        ),
        details={
            "kind": "hand_over",
            "hulls": [hull_id_of(old), hull_id_of(new)],
            "from_mmsi": mmsi_of(old),
            "to_mmsi": mmsi_of(new),
            "distance_m": round(away_m, 1),
            "implied_speed_knots": round(implied_knots(away_m, after_us), 2),
        },
        path=((float(gone["start_lon"]), float(gone["start_lat"])), (lon, lat)),
    )


def invalid_number_events(births: Array) -> list[Event]:
    """Return an identity conflict for each number whose MID (country digits) is nobody's."""
    numbers = births["key"] >> 16
    wrong = births[kind_of(numbers) == MmsiKind.UNASSIGNED_MID]
    return [
        Event(
            type="identity_conflict",
            mmsi=mmsi_of(int(row["key"])),
            hull_id=hull_id_of(int(row["key"])),
            start_us=int(row["first_us"]),
            end_us=int(row["first_us"]),
            now_us=int(row["first_us"]),
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            confidence=_NO_COUNTRY_CONFIDENCE,
            severity="info",
            reasons=(Reason("mid_unassigned", mmsi_of(int(row["key"])) // 1_000_000, None, "MID"),),
            details={"kind": "mid_unassigned"},
            path=((float(row["lon"]), float(row["lat"])),),
        )
        for row in wrong
    ]
