"""Who plays which part in a meeting, and how near the hulls can have been."""

import pytest

from detectors.events import Event
from detectors.naming import alongside, name_events
from detectors.roles import Role, encounter_severity, meeting_roles, stated_role
from tests.darkwake.test_replay import as_table
from vessels.identity import Identity, IdentityBook

A, B = 416000001, 440000002
DAY_US = 86_400_000_000
FISHING, CARGO, TANKER, TUG = 30, 70, 80, 52


def meeting(
    one: int = A, two: int = B, day: float = 1.0, *, median_m: float = 100.0, min_m: float = 50.0
) -> Event:
    low, high = sorted((one, two))
    return Event(
        type="encounter",
        mmsi=low,
        hull_id=f"{low}-1",
        other_mmsi=high,
        other_hull_id=f"{high}-1",
        start_us=round(day * DAY_US),
        now_us=round(day * DAY_US),
        lat=1.0,
        lon=2.0,
        confidence=1.0,
        details={"median_distance_m": median_m, "min_distance_m": min_m},
    )


def book(types: dict[int, int]) -> IdentityBook:
    out = IdentityBook()
    rows = {"mmsi": list(types), "time": [0] * len(types), "ship_type": list(types.values())}
    out.update(as_table(rows))
    return out


@pytest.mark.parametrize(
    ("who", "role"),
    [
        (Identity(ship_type=FISHING), Role("fishing", "type")),
        (Identity(ship_type=CARGO), Role("cargo", "type")),
        (Identity(ship_type=50), Role("pilot", "type")),
        (Identity(ship_type=51), Role("sar", "type")),
        (Identity(ship_type=TUG), Role("tug", "type")),
        (Identity(name="F/V HOPE"), Role("fishing", "name")),
        (Identity(ship_type=CARGO, name="FRIO OLYMPIC"), Role("carrier", "name")),
        (Identity(ship_type=CARGO, name="FRIOUL"), Role("cargo", "type")),
        (Identity(ship_type=FISHING, name="REEFER 1"), Role("fishing", "type")),
        (Identity(), Role("unknown", "none")),
    ],
)
def test_a_role_rests_on_type_then_name(who: Identity, role: Role) -> None:
    assert stated_role(A, who, 0) == role


def test_a_list_goes_before_all() -> None:
    listed = {A: "carrier"}
    who = Identity(ship_type=FISHING)

    def role(mmsi: int, _: Identity, time_us: int) -> str | None:
        return listed.get(mmsi) if time_us < DAY_US else None

    assert stated_role(A, who, 0, role) == Role("carrier", "list")
    assert stated_role(A, who, DAY_US, role) == Role("fishing", "type")
    assert stated_role(B, who, 0, role) == Role("fishing", "type")


@pytest.mark.parametrize(
    ("other", "role"), [(FISHING, "bunker"), (CARGO, "bunker"), (TANKER, "tanker"), (TUG, "tanker")]
)
def test_a_tanker_beside_no_tanker_is_a_bunker(other: int, role: str) -> None:
    event = meeting()
    roles = meeting_roles([event], book({A: TANKER, B: other}))[event.event_id]
    assert roles[0].word == role


@pytest.mark.parametrize(
    ("days", "role"),
    [
        ((1, 2, 3), "carrier"),
        ((1, 2), "cargo"),
        ((1, 2, 32.5), "cargo"),  # the first is out of the thirty days
        ((3, 4, 32.5), "carrier"),
    ],
)
def test_a_cargo_ship_that_meets_three_catchers_in_thirty_days_is_a_carrier(
    days: tuple[float, ...], role: str
) -> None:
    catchers = [440000002 + i for i in range(3)]
    found = [meeting(A, catcher, day) for catcher, day in zip(catchers, days, strict=False)]
    roles = meeting_roles(found, book({A: CARGO} | dict.fromkeys(catchers, FISHING)))
    assert roles[found[-1].event_id][0].word == role
    assert roles[found[0].event_id][0].word == "cargo"  # nothing is known before it happens


def test_the_same_catcher_three_times_makes_no_carrier() -> None:
    found = [meeting(A, B, day) for day in (1, 2, 3)]
    roles = meeting_roles(found, book({A: CARGO, B: FISHING}))
    assert roles[found[-1].event_id][0] == Role("cargo", "type")


def test_the_roles_are_told_with_their_basis_and_weigh() -> None:
    (event,) = name_events([meeting()], book({A: TANKER, B: FISHING}))
    assert event.details["role"] == "bunker"
    assert event.details["role_basis"] == "behaviour"
    assert event.details["other_role_basis"] == "type"
    assert event.severity == encounter_severity("bunker", "fishing") == "high"


@pytest.mark.parametrize(
    ("lengths", "median_m", "code", "gap_m"),
    [
        ((150.0, 150.0), 140.0, "may_lie_alongside", 0.0),  # bow to stern
        ((150.0, 150.0), 195.0, "may_lie_alongside", 45.0),
        ((150.0, 150.0), 205.0, "hulls_apart", 55.0),
        ((333.0, 333.0), 380.0, "may_lie_alongside", 47.0),
        ((20.0, 24.0), 100.0, "hulls_apart", 78.0),
    ],
)
def test_the_distance_of_antennas_is_judged_by_the_ships_lengths(
    lengths: tuple[float, float], median_m: float, code: str, gap_m: float
) -> None:
    (reason,), told = alongside(meeting(median_m=median_m), *lengths)
    assert (reason.code, reason.value) == (code, gap_m)
    assert told["hull_gap_m"] == gap_m
    assert (told["length_m"], told["other_length_m"]) == lengths


@pytest.mark.parametrize("lengths", [(None, 100.0), (100.0, None), (0.0, 100.0)])
def test_without_both_lengths_nothing_is_said(lengths: tuple[float | None, float | None]) -> None:
    reasons, told = alongside(meeting(), *lengths)
    assert reasons == ()
    assert told["hull_gap_m"] is None
