"""What is told in the end of doubtful numbers and places: the fold, then names and judgement."""

import numpy as np
import pyarrow as pa

from darkwake.telling import Heard, Place, tell
from detectors.events import Event, sort_events
from detectors.identity_conflict import IdentityConflictParameters
from detectors.parameters import Parameters
from tests.darkwake.test_replay import as_table
from tests.detectors.scene import HOUR_US, OFFSHORE, T0_US, events, every, ship
from vessels.fixes import Fixes
from vessels.identity import IdentityBook
from vessels.visits import VISIT, VOYAGE

A, B, C = 416000001, 440000002, 636000003
M_DEG = 1.0 / 111_195.0


DOUBTFUL = Parameters(identity_conflict=IdentityConflictParameters(doubtful_numbers=True))


def told(rows: list[dict[str, object]], *ships: Fixes, now_h: float = 100.0) -> list[Event]:
    """Return the findings of ships and of rows (mmsi, name, ...) stated hourly for a day."""
    book = IdentityBook()
    for row in rows:
        times = [T0_US + hour * HOUR_US for hour in range(24)]
        table: pa.Table = as_table({"time": times} | {k: [v] * 24 for k, v in row.items()})
        book.update(table)

    def places(moments: list[tuple[int, int]]) -> list[Place | None]:
        return [(f"{mmsi}-1", *OFFSHORE) for mmsi, _ in moments]

    heard = Heard(
        book=book,
        visits=np.empty(0, VISIT),
        voyages=np.empty(0, VOYAGE),
        places=places,
        now_us=T0_US + round(now_h * HOUR_US),
    )
    return sort_events(tell(events(*ships, now_h=now_h), heard, DOUBTFUL))


def kinds(found: list[Event]) -> list[str]:
    return [event.details["kind"] for event in found if "kind" in event.details]


def sailing(mmsi: int, hours: np.ndarray, east_m: float = 0.0) -> Fixes:
    east = east_m * M_DEG / np.cos(np.radians(OFFSHORE[0]))
    return ship(mmsi, hours, OFFSHORE[0] + hours * 0.15, OFFSHORE[1] + east, sog=9.0)


def test_a_hand_over_is_told_only_with_what_both_stated() -> None:
    ships = sailing(A, every(10, 0, 20)), sailing(B, every(10, 20.5, 60))
    assert kinds(told([], *ships)) == []
    rows = [{"mmsi": A, "imo": 9074729}, {"mmsi": B, "imo": 9074729}]
    assert kinds(told(rows, *ships)) == ["hand_over"]


def test_gear_beacons_meet_nobody_and_share_no_hull() -> None:
    """A beacon made fast aboard sails with its ship all day: it is gear, not a second number."""
    hours = every(5, 0, 30)
    adrift = ship(A, hours), ship(B, hours, OFFSHORE[0] + 80 * M_DEG)
    aboard = sailing(A, hours), sailing(B, hours, 20.0)
    gear = [{"mmsi": B, "name": "NET 12 87%"}]
    for ships in (adrift, aboard):
        mine = [event for event in told(gear, *ships) if B in (event.mmsi, event.other_mmsi)]
        assert mine == []
    assert "encounter" in {event.type for event in told([], *adrift)}
    assert kinds(told([], *aboard)) == ["two_transmitters"]


def test_a_wrong_imo_number_is_told_where_the_ship_was() -> None:
    found = told([{"mmsi": A, "imo": 9074728}], sailing(A, every(10, 0, 100)))
    (event,) = found
    assert event.details["kind"] == "imo_invalid"
    assert (event.lat, event.lon) == OFFSHORE
    assert kinds(told([{"mmsi": A, "imo": 9074729}], sailing(A, every(10, 0, 100)))) == []


def test_three_ships_that_jump_are_one_finding_with_a_name() -> None:
    hours = every(6, 0, 40)
    fleet = []
    for i, mmsi in enumerate((A, B, C)):
        away = (hours > 10) & (hours < 12)
        lat = np.where(away, 20.0 + hours * 0.001, OFFSHORE[0] + i + hours * 0.15)
        fleet.append(ship(mmsi, hours, lat, sog=9.0))
    found = told([{"mmsi": n, "name": f"STAR {n}"} for n in (A, B, C)], *fleet, now_h=40)
    (event,) = found
    assert event.details["kind"] == "interference"
    assert event.vessel_name == f"STAR {event.mmsi}"
    assert event.details["numbers"] == [A, B, C]


def test_an_encounter_is_told_with_lengths_and_roles() -> None:
    hours = every(5, 0, 6)
    rows = [
        {"mmsi": A, "length_m": 150.0, "ship_type": 80},
        {"mmsi": B, "length_m": 150.0, "ship_type": 30},
    ]
    ships = ship(A, hours), ship(B, hours, OFFSHORE[0] + 140 * M_DEG)
    (event,) = [e for e in told(rows, *ships) if e.type == "encounter"]
    assert event.details["hull_gap_m"] == 0.0
    assert event.reasons[-1].code == "may_lie_alongside"
    assert (event.details["role"], event.details["other_role"]) == ("bunker", "fishing")
    assert event.severity == "high"
