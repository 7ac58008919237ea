"""False positions judged together: one place that several vessels jump to, and places on land.

A GNSS receiver that is jammed or deceived is not alone: every ship near by shows the same false
place in the same hours (SeaSpoofFinder, arXiv 2602.16257, keeps only jumps that several vessels
share; so does arXiv 2603.11055). So jumps of `area_min_vessels` numbers to places within
`area_distance_km`, begun within `area_time_h`, are one event that names them all, and what is left
is noise or deceit of a single hull. Numbers that flicker between the true and the false place look
as if two hulls shared them: they count too, and are no identity conflicts then.

On land: Natural Earth lacks rivers, lakes and docks, and ships are often "on land" there. So land
counts for false places alone: those that no ship could have sailed to, and centres of false
circles, `min_inland_km` or more inside the outline. A hull that sails inland by plain kinematics is
taken to be on a river.
"""

from collections.abc import Iterable

import numpy as np

from detectors.events import Event, Reason
from detectors.implausible_position import ImplausiblePositionParameters
from vessels.geodesy import distances_m
from vessels.geography import distance_inland_m
from vessels.units import US_PER_H

_DOUBT_A_NUMBER = 0.5
"""What each number that shares a false place leaves of the doubt."""


def judge_positions(events: list[Event], parameters: ImplausiblePositionParameters) -> list[Event]:
    """Return the events with false positions joined by place, and told where they lie on land."""
    events = _without_doubles(events, parameters)
    jumps = sorted(
        (event for event in events if _is_jump(event)), key=lambda e: (e.start_us, e.event_id)
    )
    joined: set[str] = set()
    areas = []
    for group in _groups(jumps, parameters):
        joined |= {event.event_id for event in group}
        areas.append(_area(group, parameters))
    rest = [event for event in events if event.event_id not in joined]
    return _on_land([*rest, *areas], parameters)


def _is_jump(event: Event) -> bool:
    kind = event.details.get("kind")
    return kind in {"jump", "jump_and_return", "circle", "two_hulls_at_once"}


def _without_doubles(events: list[Event], parameters: ImplausiblePositionParameters) -> list[Event]:
    """Drop circles at the far place of a jump of the same number: the jump tells them."""
    jumps: dict[int, list[Event]] = {}
    for event in events:
        if _is_jump(event) and event.details["kind"] != "circle":
            jumps.setdefault(event.mmsi, []).append(event)
    circling: dict[str, Event] = {}
    dropped = set()
    for event in events:
        if event.details.get("kind") != "circle":
            continue
        for jump in jumps.get(event.mmsi, ()):
            if _touch(event, jump, parameters.area_time_h):
                dropped.add(event.event_id)
                circling.setdefault(jump.event_id, event)
    return [
        _with_circle(event, circling.get(event.event_id))
        for event in events
        if event.event_id not in dropped
    ]


def _touch(one: Event, two: Event, hours: float) -> bool:
    slack_us = int(hours * US_PER_H)
    end1, end2 = one.end_us or one.now_us, two.end_us or two.now_us
    return one.start_us <= end2 + slack_us and two.start_us <= end1 + slack_us


def _with_circle(jump: Event, circle: Event | None) -> Event:
    if circle is None or jump.type != "implausible_position":
        return jump
    told = {name: circle.details[name] for name in ("radius_m", "turns")}
    return jump.with_(reasons=(*jump.reasons, circle.reasons[0]), details={**jump.details, **told})


def _groups(jumps: list[Event], parameters: ImplausiblePositionParameters) -> list[list[Event]]:
    """Return the groups of jumps of enough numbers, each linked to another by place and time."""
    count = len(jumps)
    if count == 0:
        return []
    starts = np.array([event.start_us for event in jumps])
    lat = np.array([event.lat for event in jumps])
    lon = np.array([event.lon for event in jumps])
    root = np.arange(count)
    window_us = int(parameters.area_time_h * US_PER_H)
    for i in range(count):
        upto = int(np.searchsorted(starts, starts[i] + window_us, "right"))
        apart_m = distances_m(lat[i], lon[i], lat[i + 1 : upto], lon[i + 1 : upto])
        for j in (np.flatnonzero(apart_m <= parameters.area_distance_km * 1e3) + i + 1).tolist():
            low, high = sorted((int(root[i]), int(root[j])))
            root[root == high] = low
    groups = [[jumps[i] for i in np.flatnonzero(root == first)] for first in np.unique(root)]
    return [
        group
        for group in groups
        if len({event.mmsi for event in group}) >= parameters.area_min_vessels
    ]


def _area(group: list[Event], parameters: ImplausiblePositionParameters) -> Event:
    first = group[0]
    numbers = sorted({event.mmsi for event in group})
    is_open = any(event.end_us is None for event in group)
    ends = [event.end_us or event.now_us for event in group]
    apart_m = distances_m(
        first.lat,
        first.lon,
        np.array([event.lat for event in group]),
        np.array([event.lon for event in group]),
    )
    return Event(
        type="implausible_position",
        mmsi=first.mmsi,
        hull_id=first.hull_id,
        start_us=first.start_us,
        end_us=None if is_open else max(ends),
        now_us=max(event.now_us for event in group),
        lat=first.lat,
        lon=first.lon,
        confidence=round(1.0 - _DOUBT_A_NUMBER ** len(numbers), 3),
        severity="watch",
        reasons=(
            Reason("several_vessels", len(numbers) - 1, parameters.area_min_vessels - 1, "others"),
            *first.reasons,
        ),
        details={
            "kind": "interference",
            "numbers": numbers,
            "others": len(numbers) - 1,
            "area_radius_m": round(float(apart_m.max()), 1),
            **{
                name: first.details[name]
                for name in ("distance_m", "implied_speed_knots", "radius_m", "turns")
                if name in first.details
            },
        },
        path=((first.lon, first.lat),),
    )


def _on_land(events: Iterable[Event], parameters: ImplausiblePositionParameters) -> list[Event]:
    events = list(events)
    false = [i for i, event in enumerate(events) if event.type == "implausible_position"]
    if not false:
        return events
    inland_m = distance_inland_m(
        np.array([events[i].lat for i in false]), np.array([events[i].lon for i in false])
    )
    for i, metres in zip(false, inland_m.tolist(), strict=True):
        inland_km = metres / 1e3
        if inland_km >= parameters.min_inland_km:
            reason = Reason("on_land", round(inland_km, 1), parameters.min_inland_km, "km")
            events[i] = events[i].with_(
                reasons=(*events[i].reasons, reason),
                details={**events[i].details, "inland_km": round(inland_km, 1)},
            )
    return events
