"""Time at sea: tiers, bounds, company and peers; and worlds of 400 days.

In a world some vessels land every three weeks and some never do; between, they fish, transit and
fall silent. Every vessel that never lands must be found, and no other.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from detectors.events import Event
from detectors.parameters import Parameters
from detectors.time_at_sea import longest_days, with_company, with_peers
from tests.detectors.scene import HOUR_US, T0_US, events, hours_of, ship
from vessels.fixes import Fixes, concat_fixes
from vessels.ports import nearest_port, ports
from vessels.visits import VOYAGE

FAR = (-48.0, -124.0)
"""Point Nemo, almost: more than 2,000 km from any port."""
A = 416000001


def roam(mmsi: int, days: tuple[float, float], seed: int = 0, every_h: float = 2.0) -> Fixes:
    """Return a ship that fishes about `FAR`, heard every two hours or so."""
    rng = np.random.default_rng(seed)
    count = round((days[1] - days[0]) * 24 / every_h)
    at = days[0] * 24 + np.sort(rng.uniform(0, (days[1] - days[0]) * 24, count))
    at[0], at[-1] = days[0] * 24, days[1] * 24
    way = at / 30.0
    return ship(mmsi, at, FAR[0] + np.sin(way), FAR[1] + np.cos(way), sog=3.0)


def long_ones(*ships: Fixes, **kwargs) -> list[Event]:
    return events(*ships, kind="time_at_sea", **kwargs)


@pytest.mark.parametrize(("days", "severity"), [(89, None), (91, "watch"), (181, "high")])
def test_severity_goes_by_the_days_proven(days, severity) -> None:
    found = long_ones(roam(A, (0, days)))
    assert [event.severity for event in found] == ([] if severity is None else [severity])


def test_a_year_at_sea_is_a_reason_of_its_own() -> None:
    (event,) = long_ones(roam(A, (0, 366)))
    assert [reason.code for reason in event.reasons] == ["days_at_sea", "a_year_at_sea"]
    assert event.details["tier_days"] == 365


def test_a_ship_at_sea_when_first_heard_is_at_least_that_long_at_sea() -> None:
    (event,) = long_ones(roam(A, (0, 100)))
    assert event.status == "open"
    assert event.details["censored"]
    assert event.details["upper_days"] is None
    assert event.details["lower_days"] == pytest.approx(100, abs=0.01)
    assert event.details["last_port_name"] is None
    assert event.start_us == T0_US
    assert event.confidence == 0.95


def test_a_silence_that_reaches_no_port_is_bridged_and_one_that_does_is_not() -> None:
    """No port is within 2,000 km: there and back is more than 108 h at 20 knots."""
    (bridged,) = long_ones(roam(A, (0, 60)), roam(A, (64, 130), seed=1))
    assert bridged.details["lower_days"] == pytest.approx(130, abs=0.01)
    assert bridged.details["silences"] == 0
    assert bridged.details["longest_silence_h"] == pytest.approx(96, abs=0.01)
    assert long_ones(roam(A, (0, 60)), roam(A, (70, 130), seed=1)) == []


def test_a_possible_call_does_not_take_back_what_was_proven() -> None:
    (event,) = long_ones(roam(A, (0, 100)), roam(A, (120, 150), seed=1))
    assert event.details["lower_days"] == pytest.approx(30, abs=0.01)
    assert 102 < event.details["proven_days"] < 106
    assert event.details["silences"] == 1
    assert event.confidence == 0.7


def test_the_event_opens_at_90_days_and_closes_in_port_as_the_same() -> None:
    import darkwake.engine

    port = ports().query("name == 'Bahia De Valparaiso'").iloc[0]
    out = roam(A, (0, 120))
    home_h = np.arange(120 * 24 + 2, 120 * 24 + 260, 2.0)
    share = np.minimum((home_h - 2880) / 200.0, 1.0)
    home = ship(
        A,
        home_h,
        out.lat_deg[-1] + share * (port["lat_deg"] - out.lat_deg[-1]),
        out.lon_deg[-1] + share * (port["lon_deg"] - out.lon_deg[-1]),
        sog=np.where(share < 1.0, 9.0, 0.0),
    )
    engine = darkwake.engine.Engine(Parameters())
    engine.update(out.take(out.time_us < T0_US + 89 * 24 * HOUR_US))
    assert [event.type for event in engine.events() if event.type == "time_at_sea"] == []
    changes = engine.update(out.take(out.time_us >= T0_US + 89 * 24 * HOUR_US))
    opened = next(change.event for change in changes if change.event.type == "time_at_sea")
    assert (opened.status, opened.severity) == ("open", "watch")
    engine.update(home)
    (event,) = [e for e in engine.events() if e.type == "time_at_sea"]
    assert event.event_id == opened.event_id
    assert event.status == "closed"
    assert hours_of(event)[1] == pytest.approx(2880 + 200, abs=4)
    assert event.details["last_lat"] == pytest.approx(port["lat_deg"], abs=0.05)


def encounter(mmsi: int, other: int, day: float, roles: tuple[str, str]) -> Event:
    start_us = T0_US + round(day * 24 * HOUR_US)
    return Event(
        type="encounter",
        mmsi=mmsi,
        hull_id=f"{mmsi}-1",
        other_mmsi=other,
        other_hull_id=f"{other}-1",
        start_us=start_us,
        end_us=start_us + HOUR_US,
        now_us=start_us + HOUR_US,
        lat=FAR[0],
        lon=FAR[1],
        confidence=0.9,
        details={"role": roles[0], "other_role": roles[1]},
    )


def test_meetings_during_the_voyage_are_told_carriers_first() -> None:
    (event,) = long_ones(roam(A, (0, 100)))
    met = [
        encounter(A, 525000009, 10, ("fishing", "fishing")),
        encounter(353000005, A, 40, ("cargo", "fishing")),
        encounter(A, 525000009, 120, ("fishing", "cargo")),
        encounter(353000005, 525000009, 50, ("cargo", "fishing")),
    ]
    told = [e for e in with_company([event, *met]) if e.type == "time_at_sea"]
    assert told[0].details["meetings"] == [353000005, 525000009]
    assert told[0].details["meeting_events"] == [met[1].event_id, met[0].event_id]


@pytest.mark.parametrize(("peers", "percentile"), [(49, None), (50, 80.0)])
def test_the_percentile_is_withheld_under_50_peers(peers, percentile) -> None:
    (event,) = long_ones(roam(A, (0, 100)))
    longest = {f"{500000000 + i}-1": 10.0 if i % 5 else 200.0 for i in range(peers)}
    roles = dict.fromkeys(longest, "fishing") | {event.hull_id: "fishing"}
    others = {"600000001-1": 500.0}
    mine = {event.hull_id: 100.0}
    (told,) = with_peers([event], longest | others | mine, roles | {"600000001-1": "cargo"})
    assert told.details["peers"] == peers
    assert told.details["peer_percentile"] == percentile


def test_a_ship_of_unknown_role_has_no_peers() -> None:
    (event,) = long_ones(roam(A, (0, 100)))
    longest = {f"{500000000 + i}-1": 10.0 for i in range(80)} | {event.hull_id: 100.0}
    (told,) = with_peers([event], longest, {})
    assert (told.details["peers"], told.details["peer_percentile"]) == (0, None)


def test_a_hulls_longest_time_at_sea_is_over_all_its_voyages() -> None:
    rows = np.zeros(3, VOYAGE)
    rows["key"] = [A << 16 | 1, A << 16 | 1, A << 16 | 2]
    rows["proven_us"] = np.array([24, 48, 12]) * HOUR_US
    assert longest_days(rows) == {f"{A}-1": 2.0, f"{A}-2": 0.5}


DAYS = 400.0
PORTS = ("Suva Harbor", "Papeete", "Manta", "Walvis Bay", "Dakar")
"""With open sea to the west."""


@dataclass(frozen=True)
class Vessel:
    """One vessel of a world of 400 days."""

    fixes: Fixes
    lands: bool


def vessel(mmsi: int, seed: int, *, lands: bool) -> Vessel:
    """Return a vessel: heard every 1 to 3 h, silent for a day or two every other week.

    It leaves port, works some 500 nm off it, and comes back after three weeks, or never comes
    near a port. Berths lie up to 8 km from the port's point.
    """
    rng = np.random.default_rng(seed)
    table = ports()
    homes = table[table["name"].isin(PORTS)]
    home = homes.iloc[int(rng.integers(len(homes)))]
    at = np.cumsum(rng.uniform(1.0, 3.0, int(DAYS * 13)))
    at = at[at < DAYS * 24]
    for begin in np.arange(rng.uniform(4, 10), DAYS, 14.0):
        silent = (at > begin * 24) & (at < begin * 24 + rng.uniform(12, 48))
        at = at[~silent]
    ground = FAR
    lat = ground[0] + 0.5 * np.sin(at / 37.0)
    lon = ground[1] + 0.5 * np.cos(at / 41.0)
    sog = rng.uniform(2.0, 4.0, len(at))
    if lands:
        lat, lon, sog = shuttle(rng, at, home)
    return Vessel(ship(mmsi, at, lat, lon, sog=sog), lands)


def shuttle(
    rng: np.random.Generator, at: np.ndarray, home
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the track of a vessel that calls at home for two days every three weeks."""
    berth = home["lat_deg"] + rng.uniform(-0.05, 0.05), home["lon_deg"] + rng.uniform(-0.05, 0.05)
    west = 8.0 / np.cos(np.radians(home["lat_deg"]))
    ground = home["lat_deg"] - 2.0, home["lon_deg"] - west
    period, stay, sail = 21 * 24.0, 48.0, 60.0
    phase = (at + rng.uniform(0, period)) % period
    out = np.clip((phase - stay) / sail, 0, 1) - np.clip((phase - period + sail) / sail, 0, 1)
    lat = berth[0] + out * (ground[0] - berth[0])
    lon = berth[1] + out * (ground[1] - berth[1])
    moored = out <= 0
    working = out >= 1
    lat = lat + np.where(working, 0.3 * np.sin(at / 17.0), 0.0) + rng.normal(0, 1e-4, len(at))
    sog = np.where(moored, rng.choice([0.0, 0.1], len(at)), np.where(working, 3.0, 8.0))
    return lat, lon, sog


@pytest.mark.parametrize("seed", [1, 2])
def test_in_a_world_of_400_days_those_who_never_land_are_found_and_no_others(seed) -> None:
    fleet = {
        416000000 + i: vessel(416000000 + i, 1000 * seed + i, lands=i % 2 == 0) for i in range(20)
    }
    fixes = concat_fixes([one.fixes for one in fleet.values()])
    found = {event.mmsi: event for event in long_ones(fixes, now_h=DAYS * 24)}
    assert set(found) == {mmsi for mmsi, one in fleet.items() if not one.lands}
    for event in found.values():
        assert event.severity == "high"
        assert event.status == "open"
        assert event.details["lower_days"] > 395


def test_the_worlds_lie_as_they_say() -> None:
    """The ground is far from any port, and those who land do lie in port."""
    _, far_m = nearest_port(*FAR)
    assert far_m > 2_000_000
    one = vessel(416000000, 1000, lands=True).fixes
    _, port_m = nearest_port(one.lat_deg, one.lon_deg)
    moored = one.sog_knots < 0.2
    assert port_m[moored].max() < 10_000
    assert 0.05 < moored.mean() < 0.15
    assert port_m.max() > 300_000
