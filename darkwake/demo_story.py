"""The three things to look at in the demo, in plain language.

Each says what was found, what it may mean, and what else could explain it. Numbers come from the
events; only what no program can know of them stands here as text. The ships are invented: see
tools/demo_world.py.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from detectors.events import Event
from maps import words
from vessels.units import M_PER_NM, US_PER_S

CARRIER, SECOND_SISTER, LONG_STAYER = 299000017, 299000015, 299000034

_SILENCE_MEANS = (
    "meetings that nobody was to see, to take fish, stores or people on or off. Two ships of its "
    "name had made the same voyage in March, and one of them was silent there as well."
)
_MEETING_MEANS = (
    "fish, stores, fuel or crew changing ships. A trawler that is emptied and supplied at sea need "
    "not land for months, and the people on it cannot."
)
_LYING_MEANS = (
    "a wait for vessels that send no AIS, or a meeting with them. In the public case that this is "
    "modelled on, a satellite saw two trawlers alongside on 14 July: AIS shows the carrier alone. "
    "Time and place are what to order a picture for."
)


def three_things(events: Sequence[Event]) -> list[list[str]]:
    """Return up to three things to look at, each as lines: what, what it may mean, what else."""
    silences = _of(events, "dark_period", CARRIER)
    meetings = _of(events, "encounter", SECOND_SISTER)
    if meetings:
        meetings += _of(events, "time_at_sea", LONG_STAYER)
    stops = _of(events, "loitering", CARRIER)
    told = (
        (silences, _silence, _SILENCE_MEANS),
        (meetings, _meetings, _MEETING_MEANS),
        (stops, _lying, _LYING_MEANS),
    )
    return [
        [
            f"{number}. {say(found)}",
            f"- What it may mean: {means}",
            f"- What else could explain it: {words.OTHER_CAUSES[found[0].type]}",
        ]
        for number, (found, say, means) in enumerate(told, start=1)
        if found
    ]


def _of(events: Sequence[Event], type_name: str, mmsi: int) -> list[Event]:
    found = [event for event in events if event.type == type_name and event.mmsi == mmsi]
    return sorted(found, key=lambda event: event.start_us)


def _silence(events: Sequence[Event]) -> str:
    event = events[0]
    shore_nm = event.details["shore_distance_m"] / M_PER_NM
    expected = event.details["expected_messages"]
    moved_nm = (event.details["distance_m"] or 0.0) / M_PER_NM
    return (
        f"{event.vessel_name} was not heard for {words.hours_words(event.duration_h)}, from "
        f"{_day(event.start_us)} to {_day(event.end_us or event.now_us)}, {shore_nm:.0f} nautical "
        f"miles from shore, and heard again {moved_nm:.0f} miles away. At its rate before, about "
        f"{expected:.0f} messages were to be expected."
    )


def _meetings(events: Sequence[Event]) -> str:
    first = events[0]
    met = [event for event in events if event.type == "encounter"]
    lengths = " and ".join(f"{event.duration_h:.1f} h" for event in met)
    metres = max(event.details["median_distance_m"] for event in met)
    trawlers = "two trawlers" if len(met) > 1 else "a trawler"
    stays = "".join(
        f" One of them, {event.vessel_name}, was not seen in a port in the whole time, "
        f"{words.hours_words(event.duration_h)}."
        for event in events
        if event.type == "time_at_sea"
    )
    return (
        f"{first.vessel_name} lay beside {trawlers}, one after the other, for {lengths} on "
        f"{_day(first.start_us)}, about {metres:.0f} m apart, far from any port.{stays}"
    )


def _lying(events: Sequence[Event]) -> str:
    event = events[0]
    port_nm = event.details["port_distance_m"] / M_PER_NM
    return (
        f"{event.vessel_name} came back and lay still for {words.hours_words(event.duration_h)} "
        f"from {_day(event.start_us)}, alone as far as AIS tells, {port_nm:.0f} nautical miles "
        "from the nearest port."
    )


def _day(time_us: int) -> str:
    moment = datetime.fromtimestamp(time_us // US_PER_S, UTC)
    return f"{moment.day} {moment:%B %Y}"
