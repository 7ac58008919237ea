"""A position that no ship could have reached: the number jumps away, stays for some fixes, returns.

Single wild fixes never get here (vessels/hulls.py drops them). Several hulls speaking at once are
an identity conflict. What is left is one transmitter whose position jumped: a GNSS fault or
interference, a simulated position, or a number handed to another ship far away. Positions that go
round a circle are found by detectors/circles.py; where several vessels jump to one place,
detectors/interference.py makes one event of them.
"""

from dataclasses import dataclass

import numpy as np

from detectors.circles import QUIET_US
from detectors.events import Event, Reason
from detectors.identity_conflict import Excursion, SwitchRun, implied_knots
from vessels.fixes import Array
from vessels.geodesy import distance_m
from vessels.hulls import MIN_FIXES, HullParameters, hull_id, hull_id_of, mmsi_of

_DOUBT_A_FIX = 0.7
"""What each fix at the far place leaves of the doubt that the place, not the clock, is wrong."""
_DOUBT_A_TURN = 0.5
"""The same for each whole turn of a circle."""


@dataclass(frozen=True, slots=True)
class ImplausiblePositionParameters:
    """Thresholds."""

    min_fixes: int = 3
    """Fixes at the far place before anything is said."""
    min_distance_km: float = 20.0
    """Shorter jumps are clocks that are minutes wrong more often than positions."""
    circle_turns: float = 2.0
    circle_deviation: float = 0.1
    """Largest distance from the circle (root mean square), as a share of its radius."""
    circle_speed_mismatch: float = 0.3
    """Least difference of the speed told from that round the circle, as a share of the latter."""
    circle_min_speed_knots: float = 3.0
    """Slower round it, a ship may swing at anchor."""
    area_min_vessels: int = 3
    """Vessels that jump to one place before it is an area, not a vessel, that is at fault."""
    area_distance_km: float = 5.0
    area_time_h: float = 6.0
    min_inland_km: float = 10.0
    """A false place this far inside the mapped land is told to be on land."""


def position_events(
    run: SwitchRun,
    *,
    over: bool,
    now_us: int,
    hulls: HullParameters,
    parameters: ImplausiblePositionParameters,
) -> list[Event]:
    """Return the jumps of a run whose number is not known to be shared."""
    if run.shared:
        return []
    jumps = [
        _event(run.mmsi, one, over=True, now_us=now_us, limits=hulls)
        for one in run.back
        if one.fixes >= parameters.min_fixes and _apart_m(one) >= parameters.min_distance_km * 1e3
    ]
    if run.away is not None and _apart_m(run.away) >= parameters.min_distance_km * 1e3:
        jumps.append(_event(run.mmsi, run.away, over=over, now_us=now_us, limits=hulls))
    return jumps


def _apart_m(jump: Excursion) -> float:
    return distance_m(jump.left_lat, jump.left_lon, jump.away_lat, jump.away_lon)


def _event(mmsi: int, jump: Excursion, *, over: bool, now_us: int, limits: HullParameters) -> Event:
    apart_m = _apart_m(jump)
    knots = implied_knots(apart_m, jump.away_us - jump.left_us)
    came_back = jump.last_us > 0
    end_us = jump.last_us if came_back else jump.away_us if over else None
    return Event(
        type="implausible_position",
        mmsi=mmsi,
        hull_id=hull_id(mmsi, jump.home_hull),
        other_hull_id=hull_id(mmsi, jump.away_hull),
        start_us=jump.away_us,
        end_us=end_us,
        now_us=now_us if end_us is None else end_us,
        lat=jump.away_lat,
        lon=jump.away_lon,
        confidence=1.0 - _DOUBT_A_FIX ** max(jump.fixes, MIN_FIXES),
        reasons=(Reason("implied_speed", round(knots, 1), limits.max_speed_knots, "knots"),),
        details={
            "kind": "jump_and_return" if came_back else "jump",
            "fixes": jump.fixes if came_back else None,
            "distance_m": round(apart_m, 1),
            "implied_speed_knots": round(knots, 2),
        },
        path=((jump.left_lon, jump.left_lat), (jump.away_lon, jump.away_lat)),
    )


def circle_events(
    circles: Array, now_us: int | None, parameters: ImplausiblePositionParameters
) -> list[Event]:
    """Return CIRCLE rows as events: over where `now_us` is None or they ended six hours before."""
    return [_circle(row, now_us, parameters) for row in circles]


def _circle(row: Array, now_us: int | None, parameters: ImplausiblePositionParameters) -> Event:
    key, last_us = int(row["key"]), int(row["end_us"])
    end_us = last_us if now_us is None or now_us - last_us > QUIET_US else None
    lat, lon = round(float(row["lat"]), 6), round(float(row["lon"]), 6)
    knots, told, turns = float(row["knots"]), float(row["told_knots"]), float(row["turns"])
    return Event(
        type="implausible_position",
        mmsi=mmsi_of(key),
        hull_id=hull_id_of(key),
        start_us=int(row["start_us"]),
        end_us=end_us,
        now_us=last_us if end_us is not None else now_us or last_us,
        lat=lat,
        lon=lon,
        confidence=round(1.0 - _DOUBT_A_TURN ** np.floor(turns), 3),
        severity="watch",
        reasons=(
            Reason("circle", round(turns, 2), parameters.circle_turns, "turns"),
            Reason(
                "speed_mismatch",
                round(abs(told - knots) / knots, 3),
                parameters.circle_speed_mismatch,
                "share",
            ),
        ),
        details={
            "kind": "circle",
            "fixes": int(row["fixes"]),
            "radius_m": round(float(row["radius_m"]), 1),
            "turns": round(turns, 2),
            "circle_speed_knots": round(knots, 2),
            "told_speed_knots": round(told, 2),
        },
        path=((lon, lat),),
    )
