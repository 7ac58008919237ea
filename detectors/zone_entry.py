"""Stays of hulls in zones: a fold over fixes, and the events that they are.

A stay begins with the first fix inside and ends with the last one inside: that much is proven. How
much longer it can have been is told: the last fix outside before, the first one outside after.
A border is a line and a position is not, so there is hysteresis: a stay is told once the hull was
heard clear of the border (2 km inside) or inside for 10 minutes, and it is over once the hull is
heard clear of it (2 km outside) or outside for an hour. Clear means that eight points around are
all on the same side. Silence inside is no exit: the stay stays open, and the silence is told.

Zones that are entered with one fix (an MPA first heard inside its EEZ) are one event, as an event's
identity is its start: it lists them all, and lasts as long as the longest of the stays.

`confidence` is the probability that the vessel was in the zone: it is judgement, not fitted.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from detectors.events import Event, Reason
from detectors.zone_entry_kernel import HEARD, STAY, follow
from vessels.clock import iso_z
from vessels.fixes import Array, Fixes
from vessels.hulls import hull_id_of, mmsi_of
from vessels.units import US_PER_H, US_PER_MIN
from vessels.zones import ZONE_KINDS, ZoneKind, ZoneSet

__all__ = [
    "HEARD",
    "STAY",
    "ZoneEntryParameters",
    "ZoneState",
    "follow_zones",
    "new_zone_state",
    "open_stays",
    "qualified_stays",
    "zone_entry_events",
]

_NEAR_CONFIDENCE, _CLEAR_CONFIDENCE = 0.8, 0.99

ZoneState = dict[str, Array]
"""`stays` (STAY) that are on, by (key, zone); `over` (STAY), those that ended but began with one of
them; `heard` (HEARD) by key."""


_START = np.dtype([("key", ">i8"), ("start_us", ">i8")])
_START_BYTES = "V16"


@dataclass(frozen=True, slots=True)
class ZoneEntryParameters:
    """Which zones are followed, and what is a stay in them."""

    eez: bool = False
    mpa: bool = True
    rfmo: bool = False
    area: bool = True
    clear_distance_km: float = 2.0
    """This far from the border a fix is clear of it."""
    min_stay_min: float = 10.0
    """A stay that was never clear of the border is told from this length on."""
    exit_min: float = 60.0
    """Outside for this long a hull has left, however near to the border it is."""

    @property
    def kinds(self) -> tuple[ZoneKind, ...]:
        """The kinds of zone that are followed."""
        return tuple(kind for kind in ZONE_KINDS if getattr(self, kind))


def new_zone_state() -> ZoneState:
    """Return the state before any fix."""
    return {"stays": np.empty(0, STAY), "over": np.empty(0, STAY), "heard": np.empty(0, HEARD)}


def follow_zones(
    state: ZoneState, key: Array, fixes: Fixes, zones: ZoneSet, parameters: ZoneEntryParameters
) -> tuple[ZoneState, Array]:
    """Fold fixes into the state; return the new one, and the stays (STAY) that ended and count.

    Args:
        state: what `new_zone_state` or an earlier step returned; it is not changed.
        key: hull of each fix (MMSI << 16 | number); sorted by (key, time).
        fixes: equally long, none earlier than the hull's in the step before.
        zones: the zones; always the same ones.
        parameters: thresholds.
    """
    asked = zones.of_kinds(parameters.kinds)
    if zones.grid is None or not asked.any() or len(key) == 0:
        return state, np.empty(0, STAY)
    before = state["heard"]
    keys = np.union1d(before["key"], key)
    heard = np.zeros(len(keys), HEARD)
    heard["key"] = keys
    heard["last_us"][np.searchsorted(keys, before["key"])] = before["last_us"]
    limits = parameters.clear_distance_km * 1e3, int(parameters.exit_min * US_PER_MIN)
    rows = key, fixes.time_us, fixes.lat_deg, fixes.lon_deg
    size = 2 * len(state["stays"]) + 1024
    while True:
        hulls = heard.copy()
        on, closed = np.zeros(size, STAY), np.zeros(size, STAY)
        kept, done = follow(zones.grid, asked, hulls, state["stays"], rows, limits, on, closed)
        if kept >= 0:
            break
        size *= 4
    stays = on[:kept].copy()
    ended = np.concatenate([state["over"], closed[:done]])
    waits = np.isin(_starts(ended), _starts(stays))
    new = {"stays": stays, "over": ended[waits], "heard": hulls}
    return new, qualified_stays(ended[~waits], parameters)


def open_stays(state: ZoneState, parameters: ZoneEntryParameters) -> Array:
    """Return the stays that are told and are on, with those that ended but began with one."""
    return qualified_stays(np.concatenate([state["stays"], state["over"]]), parameters)


def _starts(stays: Array) -> Array:
    """Return what tells stays that began with one fix: hull and time, as one value."""
    return np.ascontiguousarray(stays[["key", "start_us"]].astype(_START)).view(_START_BYTES)


def qualified_stays(stays: Array, parameters: ZoneEntryParameters) -> Array:
    """Return the stays that are told: clear of the border once, or long enough."""
    long_enough = stays["last_us"] - stays["start_us"] >= int(parameters.min_stay_min * US_PER_MIN)
    return stays[(stays["deep"] > 0) | long_enough]


def zone_entry_events(
    stays: Array, zones: ZoneSet, now_us: int, parameters: ZoneEntryParameters
) -> list[Event]:
    """Return stays (STAY), over where `after_us` is set, as events judged at `now_us`."""
    groups: dict[tuple[int, int], list[np.void]] = {}
    for stay in stays:
        groups.setdefault((int(stay["key"]), int(stay["start_us"])), []).append(stay)
    return [
        _event(sorted(group, key=lambda stay: int(stay["zone"])), zones, now_us, parameters)
        for group in groups.values()
    ]


def _event(
    group: list[np.void], zones: ZoneSet, now_us: int, parameters: ZoneEntryParameters
) -> Event:
    """Return the event that stays of one hull are which began with one fix, sorted by zone."""
    stay = max(group, key=lambda one: (not one["after_us"], int(one["last_us"]), -int(one["zone"])))
    key = int(stay["key"])
    is_over = int(stay["after_us"]) > 0
    end_us = int(stay["last_us"]) if is_over else None
    silent_us = int(stay["longest_us"])
    if not is_over:
        silent_us = max(silent_us, now_us - max(int(stay["last_us"]), int(stay["out_us"])))
    is_deep = any(one["deep"] for one in group)
    entered = [int(one["zone"]) for one in group]
    details: dict[str, Any] = {
        "zones_entered": [zones.names[zone] for zone in entered],
        "zone_kinds": [zones.kinds[zone] for zone in entered],
        "zone_sets": [zones.sources[zone] for zone in entered],
        "zones_hash": zones.hash[:16],
        "last_outside_before": iso_z(int(stay["before_us"])) if stay["before_us"] else None,
        "last_inside": iso_z(int(stay["last_us"])),
        "first_outside_after": iso_z(int(stay["after_us"])) if is_over else None,
        "last_lat": float(stay["last_lat"]),
        "last_lon": float(stay["last_lon"]),
        "positions_inside": int(stay["fixes"]),
        "longest_silence_h": round(silent_us / US_PER_H, 3),
    }
    return Event(
        type="zone_entry",
        mmsi=mmsi_of(key),
        hull_id=hull_id_of(key),
        start_us=int(stay["start_us"]),
        end_us=end_us,
        now_us=now_us if end_us is None else end_us,
        lat=float(stay["start_lat"]),
        lon=float(stay["start_lon"]),
        confidence=_CLEAR_CONFIDENCE if is_deep else _NEAR_CONFIDENCE,
        severity="info",
        reasons=_reasons(stay, parameters, is_deep=is_deep),
        details=details,
        path=((float(stay["start_lon"]), float(stay["start_lat"])),),
    )


def _reasons(
    stay: np.void, parameters: ZoneEntryParameters, *, is_deep: bool
) -> tuple[Reason, ...]:
    stayed_min = (int(stay["last_us"]) - int(stay["start_us"])) / US_PER_MIN
    reasons = [Reason("stayed_inside", round(stayed_min, 1), parameters.min_stay_min, "min")]
    if is_deep:
        reasons.append(Reason("clear_of_border", None, parameters.clear_distance_km, "km"))
    if not stay["before_us"]:
        reasons.append(Reason("first_heard_inside", None, None, "flag"))
    return tuple(reasons)
