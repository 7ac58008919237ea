"""One number, two hulls at once.

Built on the switches that hull splitting notes: each time a number's voice moves to another hull.
Changes to and fro, none more than `quiet_h` apart, are one run. A run of at least
`shared_alternations` is a shared number: an identity conflict. A shorter one is not two ships but a
position that jumps: detectors/implausible_position.py. A run is judged when it is over, or as it
stands now.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from detectors.events import Event, Reason
from vessels.fixes import Array
from vessels.geodesy import distance_m
from vessels.hulls import HullParameters, hull_id
from vessels.units import MPS_PER_KNOT, US_PER_H, US_PER_S

_DOUBT_A_CHANGE = 0.8
"""What each change of voice leaves of the doubt that there are two hulls."""


@dataclass(frozen=True, slots=True)
class IdentityConflictParameters:
    """When statements of identity count (kinematic limits are those of the hulls)."""

    min_reports: int = 3
    """Times that both the old and the new name, call sign or IMO number must have been stated."""
    min_distance_km: float = 20.0
    """Hulls nearer to each other than this may be one ship, heard with a delay of minutes."""
    twin_distance_m: float = 60.0
    """Two numbers under way no further apart than this are two transmitters of one hull."""
    twin_min_h: float = 6.0
    twin_speed_knots: float = 3.0
    """Slower, anyone may lie beside another."""
    hand_over_max_h: float = 6.0
    """From the last fix of the old number to the first of the new one."""
    hand_over_speed_knots: float = 25.0
    doubtful_numbers: bool = False
    """Also tell numbers of no country and IMO numbers with a wrong check digit as findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excursion:
    """A number's voice leaves one hull for another, and may come back."""

    home_hull: int
    away_hull: int
    left_us: int
    left_lat: float
    left_lon: float
    away_us: int
    away_lat: float
    away_lon: float
    last_us: int = 0  # last fix away; 0 while not back
    fixes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchRun:
    """Changes of one number between hulls, none more than `quiet_h` apart."""

    mmsi: int
    alternations: int
    shared: bool
    last_us: int
    hulls: tuple[int, ...]
    first: Excursion
    away: Excursion | None
    back: tuple[Excursion, ...] = ()


Runs = dict[int, SwitchRun]


def follow_switches(
    runs: Runs, switches: Array, upto_us: int, quiet_h: float
) -> tuple[Runs, list[SwitchRun]]:
    """Fold SWITCH rows into the runs; return the runs still on and those that are over."""
    now = dict(runs)
    over = []
    for switch in switches[switches["known_us"].argsort(kind="stable")]:
        mmsi = int(switch["mmsi"])
        run = now.get(mmsi)
        if run is not None and switch["alternations"] == 1:
            over.append(run)
            run = None
        now[mmsi] = _extend(run, switch)
    quiet = [m for m, run in now.items() if upto_us - run.last_us > quiet_h * US_PER_H]
    over.extend(now.pop(mmsi) for mmsi in quiet)
    return now, over


def _extend(run: SwitchRun | None, switch: Any) -> SwitchRun:
    leaves = Excursion(
        home_hull=int(switch["from_hull"]),
        away_hull=int(switch["to_hull"]),
        left_us=int(switch["from_us"]),
        left_lat=float(switch["from_lat"]),
        left_lon=float(switch["from_lon"]),
        away_us=int(switch["to_us"]),
        away_lat=float(switch["to_lat"]),
        away_lon=float(switch["to_lon"]),
    )
    if run is None:
        return SwitchRun(
            mmsi=int(switch["mmsi"]),
            alternations=1,
            shared=bool(switch["shared"]),
            last_us=int(switch["known_us"]),
            hulls=tuple(sorted((leaves.home_hull, leaves.away_hull))),
            first=leaves,
            away=leaves,
        )
    back, away = run.back, run.away
    if away is not None and leaves.away_hull == away.home_hull:
        if len(back) < 8:  # more than this is a shared number anyway
            last = int(switch["from_us"])
            back = (*back, replace(away, last_us=last, fixes=int(switch["from_fixes"])))
        away = None
    else:
        away = leaves
    return replace(
        run,
        alternations=int(switch["alternations"]),
        shared=bool(switch["shared"]),
        last_us=int(switch["known_us"]),
        hulls=tuple(sorted({*run.hulls, leaves.home_hull, leaves.away_hull})),
        back=back,
        away=away,
    )


def conflict_event(
    run: SwitchRun,
    *,
    over: bool,
    now_us: int,
    hulls: HullParameters,
    parameters: IdentityConflictParameters,
) -> Event | None:
    """Return the identity conflict that a run is, or None where it has too few changes."""
    first = run.first
    apart_m = distance_m(first.left_lat, first.left_lon, first.away_lat, first.away_lon)
    if run.alternations < hulls.shared_alternations or apart_m < parameters.min_distance_km * 1e3:
        return None
    knots = implied_knots(apart_m, first.away_us - first.left_us)
    return Event(
        type="identity_conflict",
        mmsi=run.mmsi,
        hull_id=hull_id(run.mmsi, first.home_hull),
        other_hull_id=hull_id(run.mmsi, first.away_hull),
        start_us=first.away_us,
        end_us=run.last_us if over else None,
        now_us=run.last_us if over else now_us,
        lat=first.away_lat,
        lon=first.away_lon,
        confidence=1.0 - _DOUBT_A_CHANGE**run.alternations,
        severity="watch",
        reasons=(
            Reason("alternations", run.alternations, hulls.shared_alternations, "count"),
            Reason("implied_speed", round(knots, 1), hulls.max_speed_knots, "knots"),
        ),
        details={
            "kind": "two_hulls_at_once",
            "hulls": [hull_id(run.mmsi, n) for n in run.hulls],
            "alternations": run.alternations,
            "distance_m": round(apart_m, 1),
            "implied_speed_knots": round(knots, 2),
        },
        path=((first.away_lon, first.away_lat),),
    )


def implied_knots(distance: float, duration_us: int) -> float:
    """Return the speed that a distance takes; a duration below a minute counts as one."""
    return distance / max(duration_us / US_PER_S, 60.0) / MPS_PER_KNOT


def runs_as_json(runs: Runs) -> list[dict[str, Any]]:
    """Return the runs as plain values, for a snapshot."""
    return [asdict(run) for run in runs.values()]


def runs_from_json(rows: list[dict[str, Any]]) -> Runs:
    """Return the runs that `runs_as_json` wrote."""
    out = {}
    for row in rows:
        values = dict(row)
        values["first"] = Excursion(**row["first"])
        values["away"] = None if row["away"] is None else Excursion(**row["away"])
        values["back"] = tuple(Excursion(**one) for one in row["back"])
        values["hulls"] = tuple(row["hulls"])
        out[row["mmsi"]] = SwitchRun(**values)
    return out
