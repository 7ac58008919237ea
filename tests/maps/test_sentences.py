"""Each finding in one sentence that needs no other words."""

from typing import Any

import pytest

from detectors.events import EVENT_TYPES
from maps.sentences import headline
from tests.maps.samples import HOSTILE, event

AT = "20 April 2015, 10:00 UTC"
SINCE = f"from {AT}"


@pytest.mark.parametrize(
    ("changes", "other", "text"),
    [
        (
            {"details": {"shore_distance_m": 134725.0}},
            None,
            f"SEA ORCHID was not heard on AIS for 30 h, {SINCE}, 73 nautical miles from shore.",
        ),
        (
            {"end_us": None, "vessel_name": None, "details": {}},
            None,
            "MMSI 898000101 has not been heard on AIS for 89 h, since 20 April 2015, 10:00 UTC.",
        ),
        (
            {"type": "encounter", "other_mmsi": 7, "details": {"median_distance_m": 44.3}},
            "LUCKY",
            f"SEA ORCHID and LUCKY lay about 44 m apart for 30 h, {SINCE}.",
        ),
        (
            {"type": "encounter", "other_mmsi": 7, "details": {}},
            None,
            f"SEA ORCHID and MMSI 000000007 lay close together for 30 h, {SINCE}.",
        ),
        (
            {
                "type": "loitering",
                "details": {"mean_speed_knots": 0.92, "min_shore_distance_nm": 60.4},
            },
            None,
            f"SEA ORCHID drifted at 0.9 knots for 30 h, {SINCE}, 60 nautical miles from shore.",
        ),
        (
            {"type": "port_visit", "details": {"port_name": "Merauke"}},
            None,
            f"SEA ORCHID stopped in or near Merauke for 30 h, {SINCE}.",
        ),
        (
            {"type": "port_visit", "details": {"port_name": None}},
            None,
            f"SEA ORCHID stopped in or near a port for 30 h, {SINCE}.",
        ),
        (
            {"type": "time_at_sea", "details": {"lower_days": 201.4, "upper_days": 243.0}},
            None,
            (
                "SEA ORCHID was at sea for between 201 and 243 days without a port call that could "
                f"be seen, {SINCE}."
            ),
        ),
        (
            {
                "type": "time_at_sea",
                "end_us": None,
                "details": {"lower_days": 201.4, "upper_days": None, "last_port_name": "Suva"},
            },
            None,
            (
                "SEA ORCHID has been at sea for at least 201 days without a port call that could "
                "be seen, since 20 April 2015, 10:00 UTC, after leaving Suva."
            ),
        ),
        (
            {"type": "identity_conflict", "details": {"kind": "two_hulls_at_once"}},
            None,
            f"The number MMSI 898000101 was sent from two places at once, {SINCE}.",
        ),
        (
            {
                "type": "identity_conflict",
                "details": {"kind": "changed", "attribute": "name", "old": "A", "new": "B"},
            },
            None,
            f"The vessel with MMSI 898000101 changed its stated name from A to B, {SINCE}.",
        ),
        (
            {"type": "implausible_position", "details": {"implied_speed_knots": 1234.4}},
            None,
            f"SEA ORCHID reported positions that would need 1,234 knots, {SINCE}.",
        ),
        (
            {"type": "dark_rendezvous", "details": {}},
            None,
            (
                f"SEA ORCHID lay still for 30 h, {SINCE}; "
                "one silent vessel could have come to it unheard."
            ),
        ),
        (
            {"type": "zone_entry"},
            None,
            f"SEA ORCHID entered a watched zone, {AT}, and was heard inside for 30 h.",
        ),
        (
            {
                "type": "zone_entry",
                "end_us": None,
                "details": {"zones_entered": ["Reserve"], "last_outside_before": "2015-04-20"},
            },
            None,
            f"SEA ORCHID entered Reserve, {AT}, and has not been heard outside since.",
        ),
        (
            {
                "type": "zone_entry",
                "details": {"zones_entered": list("ABCD"), "last_outside_before": None},
            },
            None,
            f"SEA ORCHID was inside A, B, C when first heard, {AT}, and was heard inside for 30 h.",
        ),
        (
            {
                "type": "identity_conflict",
                "details": {"kind": "flip_flop", "attribute": "imo", "old": 1, "new": 2},
            },
            None,
            f"The vessel with MMSI 898000101 stated 1 and 2 by turns as its IMO number, {SINCE}.",
        ),
        (
            {
                "type": "implausible_position",
                "details": {"kind": "jump", "inland_km": 41.3, "implied_speed_knots": 90.0},
            },
            None,
            f"SEA ORCHID reported positions 41 km inside the mapped land, {SINCE}.",
        ),
        ({"type": "new_kind"}, None, f"SEA ORCHID: new kind, {SINCE}."),
    ],
)
def test_a_finding_reads_as_one_sentence(
    changes: dict[str, Any], other: str | None, text: str
) -> None:
    assert headline(event(**changes), other) == text


@pytest.mark.parametrize("type_name", EVENT_TYPES)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_sentence_of_hostile_names_is_one_line(type_name: str, text: str) -> None:
    details = {"port_name": text, "old": text, "new": text, "attribute": text}
    details |= {"zones_entered": [text]}
    sentence = headline(event(type=type_name, vessel_name=text, details=details), text)
    assert sentence.isprintable()
    assert sentence.endswith(".")
