"""A position that no ship could have reached: the number jumps away, stays for some fixes, returns.

Single wild fixes never get here (vessels/hulls.py drops them). Several hulls speaking at once are
an identity conflict. What is left is one transmitter whose position jumped: a GNSS fault or
interference, a simulated position, or a number handed to another ship far away.
"""

from dataclasses import dataclass

from detectors.events import Event, Reason
from detectors.identity_conflict import Excursion, SwitchRun, implied_knots
from vessels.geodesy import distance_m
from vessels.hulls import HullParameters, hull_id


@dataclass(frozen=True, slots=True)
class ImplausiblePositionParameters:
    """Thresholds."""

    min_fixes: int = 3
    """Fixes at the far place before anything is said."""
    min_distance_km: float = 20.0
    """Shorter jumps are clocks that are minutes wrong more often than positions."""


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
        confidence=1.0 - 0.7 ** max(jump.fixes, 3),
        reasons=(Reason("implied_speed", round(knots, 1), limits.max_speed_knots, "knots"),),
        details={
            "kind": "jump_and_return" if came_back else "jump",
            "fixes": jump.fixes if came_back else None,
            "distance_m": round(apart_m, 1),
            "implied_speed_knots": round(knots, 2),
        },
        path=((jump.left_lon, jump.left_lat), (jump.away_lon, jump.away_lat)),
    )
