"""The one JSON payload of a vessel's page.

As in `payload`, all data goes into the page as JSON and leaves it by `textContent`. Times are
minutes since 1970; places are [lat, lon] in one frame of longitudes around the vessel's own waters.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from detectors.events import Event
from maps import words
from maps.basemap import basemap_payload
from maps.findings import finding
from maps.frame import centre_longitude, into_frame, unwrap
from maps.payload import most_severe
from maps.tracks import track_payload
from maps.vessel_facts import Chart, Held, Silence, Slice, Stay, VesselPage
from maps.vessel_tables import (
    ATTRIBUTE_WORDS,
    ROW_LIMIT,
    hull_table,
    identity_notes,
    identity_table,
    rejected_lines,
    silence_table,
    stay_table,
)
from vessels.mmsi import flag_of
from vessels.units import US_PER_MIN

HULL_LIMIT = 24
"""Most hulls drawn on one page: a number that hundreds send is no vessel any more."""
EVENT_LIMIT = 500
POINT_BUDGET = 40_000
"""Most track vertices, about 0.6 MB: a vessel's year stays under 2 MB."""
LAND_BUDGET = 40_000
_LAND_PLACES = 300
_SPEED_SCALE = 10
_LANES = ("name", "callsign", "imo")


def vessel_payload(page: VesselPage) -> dict[str, Any]:
    """Return everything that the page shows, as JSON values."""
    fixes = [fix for track in page.tracks.values() for fix in track]
    centre = centre_longitude(lon for _, lon, _ in fixes)
    events = most_severe(page.events)[:EVENT_LIMIT]
    held = sorted(page.held, key=_by_attribute)
    notes = identity_notes(held)
    return {
        "title": f"{heading(page)} · Darkwake vessel page",
        "label": words.plain(page.label),
        "heading": heading(page),
        "who": [_who(page, number) for number in page.numbers],
        "summary": _summary(page, notes),
        "disclaimer": words.DISCLAIMER,
        "tracks": _tracks(page, events, centre),
        "events": [finding(event, centre, page.identities) for event in events],
        "eventsLeft": len(page.events) - len(events),
        "types": _types(events),
        "silences": [_silence(one, centre) for one in page.silences[:ROW_LIMIT]],
        "silenceTable": silence_table(page.silences, page.events, many=len(page.hulls) > 1),
        "silenceHours": page.least_silence_h,
        "identities": identity_table(held, notes),
        "visits": None if page.visits is None else _stays(page.visits, centre, "Port"),
        "voyages": None if page.voyages is None else _stays(page.voyages, centre, "Voyage"),
        "hulls": hull_table(page.hulls),
        "rejected": rejected_lines(page.rejected),
        "chart": _chart(page.chart),
        "lanes": [*_number_lane(page), *_lanes(page.held)],
        "span": _span(page),
        "land": basemap_payload(_land_places(page), page.land, budget=LAND_BUDGET),
        "centre": centre,
    }


def _by_attribute(one: Held) -> tuple[int, int, str, int, str]:
    """Sort key: number, then what tells most of a vessel, then time."""
    known = list(ATTRIBUTE_WORDS)
    place = known.index(one.attribute) if one.attribute in known else len(known)
    return one.mmsi, place, one.attribute, one.first_us, one.value


def heading(page: VesselPage) -> str:
    """Return the vessel's latest name, or its number."""
    names = [one for one in page.held if one.attribute == "name"]
    if names:
        latest = max(names, key=lambda one: (one.last_us, one.reports, one.value))
        return words.plain(latest.value)
    return f"IMO {page.imo:07d}" if page.imo is not None else f"MMSI {page.numbers[0]:09d}"


def _who(page: VesselPage, number: int) -> str:
    imo = [one for one in page.held if one.attribute == "imo" and one.mmsi == number]
    stated = int(max(imo, key=lambda one: one.last_us).value) if imo else None
    names = [one for one in page.held if one.attribute == "name" and one.mmsi == number]
    name = max(names, key=lambda one: one.last_us).value if names else None
    return words.who(name, flag_of(number), number, stated)


def _summary(page: VesselPage, notes: Sequence[str]) -> list[str]:
    """Return the sentences under the heading: what was heard, not heard, found, and of what."""
    lines = [_heard_sentence(page)]
    lines += [_silence_sentence(page)] if page.hulls else []
    found = len(page.events)
    lines.append(
        f"{_count(found, 'finding')} in this run." if found else "No findings in this run."
    )
    changes = sum("changed" in note.split("; ") for note in notes)
    if changes:
        lines.append(f"{_count(changes, 'change')} of stated identity.")
    if len(page.numbers) > 1:
        lines.append(
            f"IMO {page.imo:07d} was stated by {len(page.numbers)} numbers: all are shown."
        )
    if len(page.hulls) > len(page.tracks):
        drawn = len(page.tracks)
        lines.append(f"Of {len(page.hulls):,} hulls the {drawn} with most positions are drawn.")
    if page.looked_at:
        lines.append(words.plain(page.looked_at, limit=500))
    return lines


def _heard_sentence(page: VesselPage) -> str:
    kept, left = sum(hull.fixes for hull in page.hulls), sum(page.rejected.values())
    refused = f" {_count(left, 'more position')} could not be believed." if left else ""
    if not page.hulls:
        return f"No position of it was kept.{refused}"
    first = words.utc(min(hull.first_us for hull in page.hulls))
    last = words.utc(max(hull.last_us for hull in page.hulls))
    hulls = "" if len(page.hulls) == 1 else f" of {len(page.hulls):,} hulls"
    return f"{_count(kept, 'position')}{hulls}, {first} to {last}.{refused}"


def _silence_sentence(page: VesselPage) -> str:
    least = f"{page.least_silence_h:g} h"
    if not page.silences:
        return f"Never silent for {least} or more."
    told = f"{_count(len(page.silences), 'silence')} of {least} or more"
    if len(page.hulls) > 1:
        return f"{told}, each of one hull: another may have been heard meanwhile."
    return f"{told}, {words.hours_words(sum(one.hours for one in page.silences))} in all."


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _tracks(page: VesselPage, events: Sequence[Event], centre: float) -> list[dict[str, Any]]:
    drawn = track_payload(page.tracks, events, centre, budget=POINT_BUDGET)
    known = {hull.hull_id: hull for hull in page.hulls}
    for track in drawn:
        name = known[track["hull"]].name
        track["name"] = f"{words.plain(name)} ({track['hull']})" if name else track["hull"]
    return drawn


def _types(events: Sequence[Event]) -> dict[str, dict[str, str]]:
    return {
        name: {
            "label": words.type_words(name),
            "meaning": words.TYPE_MEANING.get(name, ""),
            "causes": words.OTHER_CAUSES.get(name, ""),
        }
        for name in sorted({event.type for event in events})
    }


def _silence(one: Silence, centre: float) -> dict[str, Any]:
    """Return a silence as the map and the chart need it; one line from place to place."""
    places = [one.place] if one.end_place is None else [one.place, one.end_place]
    lons = unwrap([lon for _, lon in places], centre)
    end_us = one.now_us if one.end_us is None else one.end_us
    return {
        "hull": one.hull_id,
        "from": one.start_us // US_PER_MIN,
        "to": -(-end_us // US_PER_MIN),
        "path": [
            [round(lat, 5), round(lon, 5)] for (lat, _), lon in zip(places, lons, strict=True)
        ],
    }


def _stays(stays: Sequence[Stay], centre: float, first_column: str) -> dict[str, Any]:
    """Return visits or voyages as a table and as bars of the chart."""
    bars = [
        {
            "from": stay.start_us // US_PER_MIN,
            "to": None if stay.end_us is None else -(-stay.end_us // US_PER_MIN),
            "text": words.plain(stay.title),
            "place": _place(stay.place, centre),
        }
        for stay in stays[:ROW_LIMIT]
    ]
    return {"table": stay_table(stays, first_column), "bars": bars}


def _place(place: tuple[float, float] | None, centre: float) -> list[float] | None:
    if place is None:
        return None
    return [round(place[0], 5), round(into_frame(place[1], centre), 5)]


def _chart(chart: Chart) -> dict[str, Any]:
    """Return the slices as integers, each number as the difference from the one before.

    A slice is number, fixes, then least, median and most speed in tenths of a knot or null.
    """
    return {
        "width": chart.width_us // US_PER_MIN,
        "hulls": [
            {"hull": hull, "slices": list(_flat(slices))}
            for hull, slices in sorted(chart.slices.items())
        ],
    }


def _flat(slices: Iterable[Slice]) -> Iterable[int | None]:
    before = 0
    for one in slices:
        yield one.number - before
        before = one.number
        yield one.fixes
        for knots in (one.least_knots, one.median_knots, one.most_knots):
            yield None if knots is None else round(knots * _SPEED_SCALE)


def _number_lane(page: VesselPage) -> list[dict[str, Any]]:
    """Return when each number was heard, where an IMO number stands for several."""
    if len(page.numbers) < 2:
        return []
    bars = [
        [hull.first_us // US_PER_MIN, -(-hull.last_us // US_PER_MIN), f"{hull.mmsi:09d}"]
        for hull in sorted(page.hulls, key=lambda hull: (hull.first_us, hull.hull_id))[:ROW_LIMIT]
    ]
    return [{"label": "MMSI", "bars": bars}]


def _lanes(held: Sequence[Held]) -> list[dict[str, Any]]:
    """Return names, call signs and IMO numbers as bars on the axis of time."""
    lanes = []
    for attribute in _LANES:
        bars = [one for one in held if one.attribute == attribute][:ROW_LIMIT]
        if bars:
            shown = [
                [one.first_us // US_PER_MIN, -(-one.last_us // US_PER_MIN), words.plain(one.value)]
                for one in bars
            ]
            lanes.append({"label": ATTRIBUTE_WORDS[attribute], "bars": shown})
    return lanes


def _span(page: VesselPage) -> list[int]:
    """Return the first and last minute of the chart; empty where nothing is dated."""
    times = [time for hull in page.hulls for time in (hull.first_us, hull.last_us)]
    times += [time for one in page.held for time in (one.first_us, one.last_us)]
    times += [page.now_us for silence in page.silences if silence.end_us is None]
    return [min(times) // US_PER_MIN, -(-max(times) // US_PER_MIN)] if times else []


def _land_places(page: VesselPage) -> list[tuple[float, float]]:
    """Return where land is drawn fine: around findings and silences, and along the track.

    Cells of half a degree along the track, evenly left out above `_LAND_PLACES`.
    """
    marks = [(event.lon, event.lat) for event in page.events]
    marks += [(one.place[1], one.place[0]) for one in page.silences]
    fixes = [fix for track in page.tracks.values() for fix in track]
    way = [(round(lon * 2) / 2, round(lat * 2) / 2) for _, lon, lat in fixes]
    places: list[tuple[float, float]] = []
    for cells in (dict.fromkeys(marks), dict.fromkeys(way)):
        some = list(cells)
        places += some[:: -(-len(some) // _LAND_PLACES) or 1]
    return places
