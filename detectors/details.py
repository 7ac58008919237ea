"""The fields that `Event.details` may hold, by event type, with their Arrow types and meanings.

This table is the contract of the `details` column in events.parquet (a struct of all fields of all
types, null where a type has no such field) and of docs/events.md. A detector that says something
new adds its line here first: a field that is not in the table is an error, not a silent loss. One
name has one type everywhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

_NUMBER = pa.float64()
_COUNT = pa.int64()
_WORD = pa.string()
_WORDS = pa.list_(pa.string())
_COUNTS = pa.list_(pa.int64())
_YES = pa.bool_()
_NUMBERS = pa.list_(pa.float64())


@dataclass(frozen=True, slots=True)
class Detail:
    """One field: its Arrow type, and what it means to a reader. The unit is in the name."""

    arrow: pa.DataType
    meaning: str


_SURROUNDINGS = {
    "zones": Detail(_WORDS, "zones that hold the start; null where no zones are configured"),
    "lists": Detail(_WORDS, "lists that name a vessel of it; null where none are configured"),
    "list_matches": Detail(_WORDS, "for each: vessel, list, by which key, source and date"),
}
"""What every event may hold: the user's own zones and lists."""

_PORT = {
    "port_distance_m": Detail(_NUMBER, "distance to the nearest known port from `lat`, `lon`"),
    "port_name": Detail(_WORD, "name of that port"),
}

DETAIL_FIELDS: dict[str, dict[str, Detail]] = {
    "dark_period": {
        "last_lat": Detail(_NUMBER, "latitude last heard, degrees"),
        "last_lon": Detail(_NUMBER, "longitude last heard, degrees"),
        "first_lat": Detail(_NUMBER, "latitude first heard again, degrees; null while open"),
        "first_lon": Detail(_NUMBER, "longitude first heard again, degrees; null while open"),
        "distance_m": Detail(_NUMBER, "great-circle distance between the two; null while open"),
        "implied_speed_knots": Detail(_NUMBER, "that distance over the silence; null while open"),
        "positions_before": Detail(_COUNT, "positions heard in the 12 h before, the last included"),
        "positions_before_satellite": Detail(_COUNT, "of these, received by satellite"),
        "positions_before_terrestrial": Detail(_COUNT, "of these, received on the ground"),
        "positions_before_unknown": Detail(_COUNT, "of these, receiver not told"),
        "shore_distance_m": Detail(_NUMBER, "distance to shore where last heard"),
        **_PORT,
        "shore_distance_end_m": Detail(_NUMBER, "distance to shore where heard again"),
        "port_distance_end_m": Detail(_NUMBER, "distance to the nearest port where heard again"),
        "expected_messages": Detail(
            _NUMBER, "messages that the rate before would have given during the silence"
        ),
        "sog_before_knots": Detail(_NUMBER, "speed over ground where last heard"),
        "feed_down_h": Detail(_NUMBER, "hours of the silence in which the feed itself was down"),
        "heard_hours_expected": Detail(
            _NUMBER, "hours of the silence in which its own rate before would have let it be heard"
        ),
        "longest_silence_before_h": Detail(
            _NUMBER, "longest time without a position in the 12 h before"
        ),
        "reception": Detail(
            _NUMBER,
            "share of hours in which ships on its way are heard, 0 to 1, learnt from the days up "
            "to two before; null where nothing is learnt",
        ),
        "reception_basis": Detail(
            _WORD, "`own`: learnt in those cells; `borrowed`: from cells around; `none`"
        ),
        "neighbours_heard": Detail(
            _COUNT,
            "other vessels heard within 20 nm and 6 h of its way during the silence, up to 64; "
            "null where that lies more than a week before the end",
        ),
        "neighbours_heard_share": Detail(_NUMBER, "share of its way along which one was heard"),
        "path_unknown_share": Detail(
            _NUMBER,
            "share of its way, beyond 20 nm, that nothing speaks for: nobody heard there then, "
            "and no reception learnt there or others heard where it was last heard; half where "
            "there were no such others",
        ),
        "satellite_positions_per_day": Detail(
            _NUMBER,
            "positions by satellite per vessel and day where last heard, learnt; null where none",
        ),
        "welch_disabling": Detail(
            _YES,
            "the rule of Welch et al. 2022: 12 h or more, more than 50 nm from shore, 14 or more "
            "satellite positions in the 12 h before, more than 10 a day where last heard; null "
            "where the last is not known",
        ),
    },
    "encounter": {
        "contact_min": Detail(_NUMBER, "minutes in contact, five for each slot"),
        "observed_min": Detail(
            _NUMBER, "minutes of these within ten minutes of a position of both, and so observed"
        ),
        "unobserved_min": Detail(
            _NUMBER,
            "minutes from the first to the last contact in which one or both were silent: contact "
            "between far-apart positions, and silence between contacts",
        ),
        "apart_min": Detail(_NUMBER, "minutes in which the two were heard, but not together"),
        "parts": Detail(_COUNT, "stretches of contact merged into this event"),
        "part_starts": Detail(_WORDS, "when each of them began; the first hundred"),
        "part_ends": Detail(_WORDS, "when each of them ended, likewise"),
        "position_sigma_m": Detail(
            _NUMBER,
            "median uncertainty of where one was from the other, on each axis: small where heard "
            "often",
        ),
        "length_m": Detail(_NUMBER, "length of `mmsi` as stated; null where not"),
        "other_length_m": Detail(_NUMBER, "length of `other_mmsi` as stated; null where not"),
        "hull_gap_m": Detail(
            _NUMBER,
            "median distance less half of both lengths: what lay between the hulls at least; null "
            "where a length is not stated",
        ),
        "min_hull_gap_m": Detail(_NUMBER, "smallest distance less half of both lengths, likewise"),
        "median_distance_m": Detail(_NUMBER, "median distance between the two while observed"),
        "min_distance_m": Detail(_NUMBER, "smallest distance between the two while observed"),
        "median_speed_knots": Detail(_NUMBER, "median speed of `mmsi`"),
        "other_median_speed_knots": Detail(_NUMBER, "median speed of `other_mmsi`"),
        **_PORT,
        "shore_distance_m": Detail(_NUMBER, "distance to shore"),
        "role": Detail(
            _WORD,
            "role of `mmsi`: fishing, carrier, bunker, cargo, tanker, tug, pilot, sar, law, "
            "dredging, passenger, pleasure, other, unknown, or the word of a list",
        ),
        "other_role": Detail(_WORD, "role of `other_mmsi`, likewise"),
        "role_basis": Detail(_WORD, "what it rests on: list, type, name, behaviour or none"),
        "other_role_basis": Detail(_WORD, "likewise, for `other_mmsi`"),
        "messages": Detail(_COUNT, "positions of `mmsi` heard during the contact"),
        "other_messages": Detail(_COUNT, "positions of `other_mmsi` heard during the contact"),
    },
    "loitering": {
        "observed_h": Detail(_NUMBER, "hours in which the vessel was heard, silences left out"),
        "span_h": Detail(_NUMBER, "hours from first to last fix, silences included"),
        "mean_speed_knots": Detail(_NUMBER, "distance over observed time"),
        "distance_nm": Detail(_NUMBER, "distance travelled in observed time"),
        "min_shore_distance_nm": Detail(_NUMBER, "smallest distance to shore"),
        "mean_shore_distance_nm": Detail(_NUMBER, "mean distance to shore"),
        **_PORT,
        "encounter_h": Detail(_NUMBER, "hours of it spent in encounters"),
    },
    "dark_rendezvous": {
        "candidates": Detail(_COUNT, "hulls that were silent and could have come there"),
        "candidate_mmsi": Detail(_COUNTS, "MMSIs of the likeliest of them, in this order"),
        "candidate_hull": Detail(_WORDS, "their hulls"),
        "candidate_names": Detail(_WORDS, "their names as stated; empty where not stated"),
        "candidate_roles": Detail(_WORDS, "their roles by ship type; `unknown` where not stated"),
        "candidate_probability": Detail(
            _NUMBERS, "probability that it was this one that came; `confidence` is their sum"
        ),
        "candidate_likelihood": Detail(
            _NUMBERS,
            "how much likelier than anywhere within the pool it was there, times time and silence",
        ),
        "candidate_minutes": Detail(_NUMBERS, "minutes that it can have been there, at most"),
        "candidate_last_heard": Detail(_WORDS, "when it was heard last before"),
        "candidate_first_heard": Detail(
            _WORDS, "when it was heard again; null where not within 30 days of the stop's end"
        ),
        "candidate_last_lat": Detail(_NUMBERS, "latitude last heard, degrees"),
        "candidate_last_lon": Detail(_NUMBERS, "longitude last heard, degrees"),
        "candidate_first_lat": Detail(_NUMBERS, "latitude heard again, degrees; may be null"),
        "candidate_first_lon": Detail(_NUMBERS, "longitude heard again, degrees; may be null"),
        "candidate_distance_nm": Detail(_NUMBERS, "way by sea from where it was last heard"),
        "candidate_onward_nm": Detail(
            _NUMBERS, "way by sea on to where it was heard again; null where it was not"
        ),
        "candidate_needed_knots": Detail(_NUMBERS, "least speed at which it can have been there"),
        "likelihood_of_others": Detail(_NUMBER, "sum of it over the candidates not listed"),
        "stop_h": Detail(_NUMBER, "hours that the loiterer lay there"),
        "stop_lat": Detail(_NUMBER, "latitude half-way through the stop, degrees"),
        "stop_lon": Detail(_NUMBER, "longitude half-way through the stop, degrees"),
        "prior": Detail(
            _NUMBER, "probability that such a stop is a meeting at all, before candidates are seen"
        ),
        "max_speed_knots": Detail(_NUMBER, "what the silent hulls are taken to sail at most"),
        "loiterer_role": Detail(_WORD, "role of the loiterer by its ship type"),
    },
    "port_visit": {
        "port_name": Detail(_WORD, "name of the port; null where no list holds one within 10 km"),
        "port_country": Detail(_WORD, "its country, ISO 3166-1 alpha-3"),
        "port_distance_m": Detail(_NUMBER, "distance to the nearest known port from the berth"),
        "confidence_level": Detail(
            _COUNT,
            "4: entry, exit, and a stop or silence in port; 3: entry or exit, and a stop or "
            "silence; 2: a stop or silence alone; 1: passed through",
        ),
        "entry": Detail(_YES, "it was heard outside before"),
        "exit": Detail(_YES, "it was heard outside after; false while open"),
        "stop": Detail(_YES, "it stopped"),
        "gap": Detail(_YES, "it was silent in port for 4 h or more"),
        "rest_h": Detail(_NUMBER, "hours at rest, silences between two fixes at rest included"),
        "after_events": Detail(_WORDS, "findings about the vessel before it called"),
    },
    "time_at_sea": {
        "lower_days": Detail(
            _NUMBER,
            "it was at sea at least this long: since its departure, or since the last silence in "
            "which it could have called at a port",
        ),
        "upper_days": Detail(
            _NUMBER, "at most this long; null where it was at sea when first heard"
        ),
        "proven_days": Detail(
            _NUMBER, "longest stretch of this voyage in which no call was possible"
        ),
        "tier_days": Detail(_COUNT, "the highest threshold that `proven_days` passed"),
        "censored": Detail(_YES, "it was at sea when first heard: the figures are at least"),
        "last_port_name": Detail(
            _WORD, "the port it left; null where not known, or where no list holds it"
        ),
        "last_lat": Detail(_NUMBER, "latitude last heard, or where it reached port, degrees"),
        "last_lon": Detail(_NUMBER, "longitude last heard, or where it reached port, degrees"),
        "silences": Detail(_COUNT, "silences in which it could have called at a port"),
        "longest_silence_h": Detail(_NUMBER, "longest silence of the voyage"),
        "meetings": Detail(_COUNTS, "MMSIs that it met during it, carriers first"),
        "meeting_events": Detail(_WORDS, "the encounters, `event_id`, in the same order"),
        "peers": Detail(_COUNT, "other hulls of the same role in this run"),
        "peer_percentile": Detail(
            _NUMBER,
            "percentage of these whose longest time at sea in this run is shorter; null under 50",
        ),
    },
    "identity_conflict": {
        "kind": Detail(
            _WORD,
            "`two_hulls_at_once` (a shared number), `changed` (another identity on one number), "
            "`flip_flop` (changed, and back), `two_transmitters` (one hull, two numbers at once), "
            "`hand_over` (one hull, one number after another), `mid_unassigned` (the number's "
            "country digits are nobody's) or `imo_invalid` (its IMO number's check digit is wrong)",
        ),
        "together_h": Detail(_NUMBER, "hours under way in which two transmitters were together"),
        "max_distance_m": Detail(_NUMBER, "largest distance between two transmitters meanwhile"),
        "from_mmsi": Detail(_COUNT, "the number that fell silent"),
        "to_mmsi": Detail(_COUNT, "the number that began"),
        "same": Detail(_WORDS, "what both stated: imo, callsign, name, or size"),
        "hulls": Detail(_WORDS, "hulls that used the number"),
        "alternations": Detail(_COUNT, "times the number changed from one hull to another"),
        "distance_m": Detail(
            _NUMBER,
            "distance between the hulls when the second was heard first; mean distance of two "
            "transmitters; from where the old number was heard last to where the new one began",
        ),
        "implied_speed_knots": Detail(_NUMBER, "speed one hull would need to be both"),
        "old": Detail(_WORD, "value before the change"),
        "new": Detail(_WORD, "value after the change"),
        "attribute": Detail(_WORD, "what changed: name, callsign or imo"),
        "reports": Detail(_COUNT, "times that the old and the new value were stated at least"),
    },
    "implausible_position": {
        "kind": Detail(
            _WORD,
            "`jump`, `jump_and_return`, `circle` (round a circle, at another speed than told) or "
            "`interference` (several vessels, one place)",
        ),
        "radius_m": Detail(_NUMBER, "radius of the circle"),
        "turns": Detail(_NUMBER, "times that it went round"),
        "circle_speed_knots": Detail(_NUMBER, "speed round the circle"),
        "told_speed_knots": Detail(_NUMBER, "mean speed over ground told meanwhile"),
        "numbers": Detail(_COUNTS, "MMSIs of all vessels that jumped there"),
        "others": Detail(_COUNT, "how many of them besides `mmsi`"),
        "area_radius_m": Detail(_NUMBER, "largest distance of their places from `lat`, `lon`"),
        "inland_km": Detail(_NUMBER, "how far inside the mapped land the place lies"),
        "fixes": Detail(_COUNT, "positions sent from there; null where it has not come back"),
        "distance_m": Detail(_NUMBER, "distance of the jump"),
        "implied_speed_knots": Detail(_NUMBER, "speed that the jump would need"),
    },
    "zone_entry": {
        "zones_entered": Detail(_WORDS, "names of the zones that were entered with this fix"),
        "zone_kinds": Detail(_WORDS, "their kinds: eez, mpa, rfmo or area"),
        "zone_sets": Detail(_WORDS, "the sets of zones, as configured, that they are of"),
        "zones_hash": Detail(_WORD, "hash of all zones of the run, its first 16 digits"),
        "last_outside_before": Detail(
            _WORD, "last time heard outside before; null where it was first heard inside"
        ),
        "last_inside": Detail(_WORD, "last time heard inside"),
        "first_outside_after": Detail(
            _WORD, "first time heard outside after; null while open: silence is no exit"
        ),
        "last_lat": Detail(_NUMBER, "latitude last heard inside, degrees"),
        "last_lon": Detail(_NUMBER, "longitude last heard inside, degrees"),
        "positions_inside": Detail(_COUNT, "positions heard inside"),
        "longest_silence_h": Detail(_NUMBER, "longest silence between two of them, or to now"),
    },
}
"""Event type -> field -> its type and meaning."""


for _fields in DETAIL_FIELDS.values():
    _fields.update(_SURROUNDINGS)


def details_type() -> pa.StructType:
    """Return the Arrow type of the `details` column: every field of every type, by name.

    Raises:
        ValueError: two event types use one name with different types.
    """
    union: dict[str, pa.DataType] = {}
    for type_name, fields in DETAIL_FIELDS.items():
        for name, detail in fields.items():
            if union.setdefault(name, detail.arrow) != detail.arrow:
                raise ValueError(f"details.{name} of {type_name} has a second Arrow type")
    return pa.struct([pa.field(name, union[name]) for name in sorted(union)])


def check_details(type_name: str, names: Iterable[str]) -> None:
    """Refuse detail fields that the table does not hold.

    Raises:
        KeyError: a field, or the type itself, is missing in DETAIL_FIELDS.
    """
    unknown = set(names) - DETAIL_FIELDS.get(type_name, {}).keys()
    if unknown:
        raise KeyError(f"details of {type_name} not in DETAIL_FIELDS: {', '.join(sorted(unknown))}")
