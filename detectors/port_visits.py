"""Port visits as events: by default only the calls of vessels that something was found about.

Visits and voyages are always worked out and written (visits.parquet, voyages.parquet). As events,
the calls of all ships would bury the findings: a day of 15,000 ships has some 9,000. A port is
where an inspector acts, so by default the calls that matter are raised: those that begin after a
finding of severity `watch` or `high` about the same hull began, and at most 30 days after it ended.

`confidence` is the probability that the vessel called at a port, by the level of section 4 of
pipe-anchorages. It is judgement, not fitted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from detectors.events import Event, Reason
from vessels.anchorages import Anchorages, no_anchorages
from vessels.fixes import Array
from vessels.hulls import hull_id_of, hull_key, mmsi_of
from vessels.units import US_PER_DAY, US_PER_H
from vessels.visits import VisitParameters

CONFIDENCE = {1: 0.3, 2: 0.7, 3: 0.85, 4: 0.95}


@dataclass(frozen=True, slots=True)
class PortVisitParameters(VisitParameters):
    """Thresholds of visits, and which of them are told as events."""

    events: Literal["none", "after_event", "all"] = "after_event"
    after_event_days: float = 30.0


def port_visit_events(
    visits: Array,
    events: Iterable[Event],
    now_us: int,
    parameters: PortVisitParameters,
    anchorages: Anchorages | None = None,
) -> list[Event]:
    """Return the visits (vessels.visits.VISIT) that are to be told, as events.

    A function of the set of visits and the set of events, so it may run at any time; it belongs
    after the naming, which settles the severities. Visits below `min_confidence` are never told.

    Args:
        visits: those that ended, and those that are on at `now_us`.
        events: all other events of the run.
        now_us: the time that open visits run to.
        parameters: thresholds.
        anchorages: ports besides the shipped ones; none by default.
    """
    anchorages = anchorages or no_anchorages()
    rows = visits[visits["confidence"] >= parameters.min_confidence]
    if parameters.events == "none" or len(rows) == 0:
        return []
    found = _findings(events)
    if parameters.events == "after_event":
        rows = rows[np.isin(rows["key"], np.array(sorted(found), "i8"))]
    within_us = int(parameters.after_event_days * US_PER_DAY)
    told = [(row, _before(found.get(int(row["key"]), []), row, within_us)) for row in rows]
    if parameters.events == "after_event":
        told = [(row, earlier) for row, earlier in told if earlier]
    if not told:
        return []
    places = np.array([(row["lat"], row["lon"]) for row, _ in told])
    starts_us = np.array([int(row["start_us"]) for row, _ in told])
    near, near_m = anchorages.nearest(places[:, 0], places[:, 1], starts_us)
    known = near_m <= parameters.rest_port_distance_km * 1e3
    names, countries = anchorages.names(), anchorages.countries()
    return [
        _event(
            row,
            {
                "port_name": names[near[i]] if known[i] else None,
                "port_country": countries[near[i]] if known[i] else None,
                "port_distance_m": round(float(near_m[i]), 0),
            },
            [event.event_id for event in earlier],
            now_us,
        )
        for i, (row, earlier) in enumerate(told)
    ]


def led_to(events: Iterable[Event], visits: Array, parameters: PortVisitParameters) -> set[str]:
    """Return the ids of the findings that some of these calls (VISIT rows) are told after."""
    found = _findings(events)
    within_us = int(parameters.after_event_days * US_PER_DAY)
    return {
        event.event_id
        for row in visits[np.isin(visits["key"], np.array(sorted(found), "i8"))]
        for event in _before(found[int(row["key"])], row, within_us)
    }


def _findings(events: Iterable[Event]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = {}
    for event in events:
        if event.severity == "info" or event.type == "port_visit":
            continue
        for hull in filter(None, (event.hull_id, event.other_hull_id)):
            found.setdefault(hull_key(hull), []).append(event)
    return found


def _before(findings: list[Event], row: np.void, within_us: int) -> list[Event]:
    start_us = int(row["start_us"])
    earlier = [
        event
        for event in findings
        if event.start_us < start_us
        and (event.end_us is None or start_us <= event.end_us + within_us)
    ]
    return sorted(earlier, key=lambda event: (event.start_us, event.event_id))


def _event(row: np.void, port: dict[str, Any], earlier: list[str], now_us: int) -> Event:
    key = int(row["key"])
    level = int(row["confidence"])
    lat, lon = float(row["start_lat"]), float(row["start_lon"])
    reasons = [Reason("confidence_level", level, 4, "level")]
    reasons += [Reason("after_event", one, None, "event_id") for one in earlier[:3]]
    end_us = int(row["end_us"]) or None
    return Event(
        type="port_visit",
        mmsi=mmsi_of(key),
        hull_id=hull_id_of(key),
        start_us=int(row["start_us"]),
        end_us=end_us,
        now_us=now_us if end_us is None else end_us,
        lat=lat,
        lon=lon,
        confidence=CONFIDENCE[level],
        severity="info",
        reasons=tuple(reasons),
        details={
            **port,
            "confidence_level": level,
            **{name: bool(row[name]) for name in ("entry", "exit", "stop", "gap")},
            "rest_h": round(int(row["rest_us"]) / US_PER_H, 3),
            "after_events": earlier,
        },
        path=((float(row["lon"]), float(row["lat"])),),
    )
