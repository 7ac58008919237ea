"""The invented fleet of the demo: a reconstruction (synthetic) of a case that was made public.

Modelled on the Silver Sea 2 as SkyTruth and the Associated Press reported it in 2015: a fish
carrier from Thailand calls at Daru, is not heard for three weeks in the Dog Leg south-west of it,
is heard again on 17 May going west, and comes back; on 14 July a satellite saw two trawlers without
AIS beside it. Two sister ships had made the same voyage before. Every name here is invented and
every number has a country code (299) that the ITU has not given out. Times and places of the
sisters, the trawlers with AIS and all others are made up.
"""

from tools.demo_ship import Grounds, Minutes, Place, Ship, at

LAST_H = at(7, 20)
CARRIER, FIRST_SISTER, SECOND_SISTER = 299000017, 299000013, 299000015
FIRST_TRAWLER, LONG_STAYER = 299000021, 299000034
HEARD_AGAIN_H = {CARRIER: at(5, 17, 5), FIRST_SISTER: at(3, 28, 8)}
"""When AIS is on again, by number."""
FIRST_MEETING_H, SECOND_MEETING_H, LYING_H = 4.75, 4.0, 40.0
PLANTED: tuple[tuple[str, int, int | None], ...] = (
    ("dark_period", FIRST_SISTER, None),
    ("dark_period", CARRIER, None),
    ("encounter", SECOND_SISTER, FIRST_TRAWLER),
    ("encounter", SECOND_SISTER, LONG_STAYER),
    ("loitering", CARRIER, None),
    ("time_at_sea", LONG_STAYER, None),
    # Each lands once within a month of what was found about it.
    ("port_visit", CARRIER, None),
    ("port_visit", FIRST_SISTER, None),
    ("port_visit", SECOND_SISTER, None),
    ("port_visit", FIRST_TRAWLER, None),
)
"""What AIS shows of the case: type, number, the other's number. Nothing else may be found."""

SONGKHLA: Place = (7.235, 100.600)
DARU: Place = (-9.085, 143.185)
DARU_BERTH: Place = (-9.088, 143.190)
DARU_ROADS: Place = (-9.25, 143.10)
SOUTH_OF_ISLANDS: Place = (-9.60, 142.80)
OFF_COAST: Place = (-9.60, 142.0)
THURSDAY_ISLAND: Place = (-10.575, 142.225)
DARWIN: Place = (-12.455, 130.825)
PORT_MORESBY: Place = (-9.475, 147.14)
DARK_FROM: Place = (-10.03, 140.70)
HEARD_AGAIN: Place = (-10.06, 140.02)
SISTER_DARK_FROM: Place = (-9.83, 141.27)
SISTER_HEARD_AGAIN: Place = (-10.22, 140.78)
FIRST_MEETING: Place = (-10.10, 141.15)
SECOND_MEETING: Place = (-10.12, 140.40)
LYING: Place = (-9.62, 140.55)
GROUNDS: Grounds = ((-10.35, 140.85), 26.0)
FAR_GROUNDS: tuple[tuple[Grounds, float], ...] = (
    (((-10.00, 139.00), 40.0), at(1, 20)),
    (((-9.20, 135.20), 45.0), at(2, 14)),
    (((-9.85, 137.10), 40.0), at(3, 20)),
    (((-10.30, 138.60), 45.0), at(4, 20)),
    (((-8.95, 135.90), 40.0), at(5, 25)),
    (((-10.20, 136.20), 45.0), at(6, 22)),
    (((-9.90, 138.00), 40.0), LAST_H),
)
"""Where the long stayer fishes, and until when."""
PAIR_GROUNDS: Grounds = ((-10.45, 141.00), 14.0)
LINER_GROUNDS: Grounds = ((-10.70, 138.70), 45.0)
NEAR_GROUNDS: Grounds = ((-9.43, 141.75), 5.0)
FAINT: Minutes = (120.0, 180.0)
FAINTER: Minutes = (120.0, 540.0)

TO_DOG_LEG: tuple[Place, ...] = (
    (7.40, 101.8),
    (3.40, 105.0),
    (1.00, 105.9),
    (-0.80, 107.6),
    (-2.20, 108.45),
    (-3.40, 108.9),
    (-5.00, 111.5),
    (-5.00, 114.4),
    (-6.60, 118.6),
    (-7.75, 120.2),
    (-7.80, 122.6),
    (-7.35, 125.0),
    (-6.60, 127.6),
    (-5.95, 129.6),
    (-6.00, 131.2),
    (-6.45, 132.3),
    (-7.60, 133.6),
    (-8.60, 135.5),
    (-9.30, 138.0),
    (-9.85, 140.3),
)
"""From Songkhla through the Java, Flores, Banda and Arafura Seas."""
TO_DARU: tuple[Place, ...] = (OFF_COAST, SOUTH_OF_ISLANDS, DARU_ROADS, DARU)
FROM_DARU: tuple[Place, ...] = (DARU_ROADS, SOUTH_OF_ISLANDS, OFF_COAST)
HOMEWARD: tuple[Place, ...] = (*reversed(TO_DOG_LEG), SONGKHLA)
STRAIT: tuple[Place, ...] = (
    (-12.30, 130.75),
    (-12.20, 130.2),
    (-11.80, 129.6),
    (-10.90, 129.9),
    (-10.60, 132.5),
    (-10.85, 139.0),
    (-10.60, 141.6),
    (-10.48, 142.05),
    (-10.44, 142.25),
    (-10.25, 142.70),
    (-9.85, 143.20),
    (-9.45, 143.75),
    (-9.20, 144.60),
    (-9.60, 146.60),
    (-9.62, 147.05),
)
"""From Darwin through Torres Strait and the Great North East Channel to Port Moresby."""
FERRY: tuple[Place, ...] = (
    DARU_ROADS,
    SOUTH_OF_ISLANDS,
    (-10.20, 142.45),
    (-10.47, 142.24),
    THURSDAY_ISLAND,
)


def ships() -> list[Ship]:
    """Return all ships of the demo, each with its course laid."""
    second, first_h, second_h = _second_sister()
    suspects = [_carrier(), _first_sister(), second, _trawler(first_h), _long_stayer(second_h)]
    return [*suspects, *_pair(), *_merchants(), _ferry(), _tug(), *_fishers()]


def _fish_carrier(mmsi: int, name: str, first_h: float, sail_h: float) -> Ship:
    """Return a carrier that sails from Songkhla to Daru, stays there five days and leaves."""
    ship = Ship(mmsi=mmsi, name=name, ship_type=70, length_m=96, hours=[first_h], places=[SONGKHLA])
    ship.moor(sail_h).sail((*TO_DOG_LEG, *TO_DARU), 11.5)
    return ship.moor(ship.now_h + 120.0).sail(FROM_DARU, 9.0)


def _carrier() -> Ship:
    """Return the carrier: silent in the Dog Leg, home, and back there on 13 July."""
    ship = _fish_carrier(CARRIER, "GULF CEDAR 7", at(4, 4), at(4, 9, 6)).sail([DARK_FROM], 9.0)
    ship.go_silent(HEARD_AGAIN, HEARD_AGAIN_H[CARRIER]).sail(HOMEWARD, 11.0)
    ship.moor(at(7, 2, 18)).sail((*TO_DOG_LEG, LYING), 11.5)
    return ship.drift(LYING_H, 0.4).sail_until(HOMEWARD, 10.5, LAST_H)


def _first_sister() -> Ship:
    """Return the sister that was silent in the Dog Leg in March, and lies at home since."""
    ship = _fish_carrier(FIRST_SISTER, "GULF CEDAR 3", at(2, 22), at(2, 26, 9))
    ship.sail([SISTER_DARK_FROM], 9.0)
    ship.go_silent(SISTER_HEARD_AGAIN, HEARD_AGAIN_H[FIRST_SISTER])
    return ship.sail(HOMEWARD, 11.0).moor(at(4, 20))


def _second_sister() -> tuple[Ship, float, float]:
    """Return the sister that is heard all the way, and the hours at which its meetings begin."""
    ship = _fish_carrier(SECOND_SISTER, "GULF CEDAR 5", at(3, 8), at(3, 12, 15))
    first_h = ship.sail([FIRST_MEETING], 9.0).now_h
    second_h = ship.drift(FIRST_MEETING_H).sail([SECOND_MEETING], 8.0).now_h
    ship.drift(SECOND_MEETING_H).sail(HOMEWARD, 11.0).moor(at(5, 1))
    ship.heard_well.append((first_h - 12.0, second_h + 12.0))
    return ship, first_h, second_h


def _trawler(meeting_h: float) -> Ship:
    """Return a trawler from Daru that lies beside the second sister, and lands at Daru again."""
    ship = _fisher(FIRST_TRAWLER, "TIDE RUNNER 3", at(3, 3), 38)
    ship.moor(at(3, 5)).sail(FROM_DARU, 8.0).sail([GROUNDS[0]], 8.0)
    ship.fish(GROUNDS, 3.2, 3.0, meeting_h - 18.0)
    ship.fish_until_due(GROUNDS, _beside(FIRST_MEETING), meeting_h).drift(FIRST_MEETING_H)
    ship.heard_well.append((meeting_h - 12.0, meeting_h + 12.0))
    ship.fish(GROUNDS, 3.2, 3.0, at(4, 8)).sail(TO_DARU, 8.0)
    return ship.moor(at(4, 24))


def _long_stayer(meeting_h: float) -> Ship:
    """Return a trawler that is at sea when the data begin and still is when they end."""
    ship = _fisher(LONG_STAYER, "TIDE RUNNER 8", 0.0, 41)
    ship.places, ship.heard_every = [FAR_GROUNDS[0][0][0]], FAINT
    for grounds, until_h in FAR_GROUNDS:
        if ship.now_h < meeting_h < until_h:
            ship.sail([grounds[0]], 6.0).fish(grounds, 2.9, 4.0, meeting_h - 72.0)
            _meet(ship, meeting_h)
        ship.sail([grounds[0]], 6.0).fish(grounds, 2.9, 4.0, until_h)
    return ship


def _meet(ship: Ship, meeting_h: float) -> None:
    """Go to the grounds of the others, lie beside the second sister, and fish there."""
    ship.sail([GROUNDS[0]], 6.0)
    ship.fish(GROUNDS, 3.2, 3.0, meeting_h - 18.0)
    ship.fish_until_due(GROUNDS, _beside(SECOND_MEETING), meeting_h).drift(SECOND_MEETING_H)
    ship.heard_well.append((meeting_h - 60.0, meeting_h + 60.0))
    ship.fish(GROUNDS, 3.2, 3.0, meeting_h + 72.0)


def _beside(place: Place) -> Place:
    """Return a place 45 m north of another."""
    return place[0] + 0.0004, place[1]


def _fisher(mmsi: int, name: str, first_h: float, length_m: int) -> Ship:
    """Return a fishing vessel that lies at Daru."""
    return Ship(
        mmsi=mmsi,
        name=name,
        ship_type=30,
        length_m=length_m,
        hours=[first_h],
        places=[DARU_BERTH],
    )


def _pair() -> list[Ship]:
    """Return two trawlers that tow one net, 300 m apart at three knots."""
    leader = _fisher(299000045, "TWIN HERON", at(4, 1), 24)
    leader.moor(at(4, 2)).sail(FROM_DARU, 8.0).sail([PAIR_GROUNDS[0]], 8.0)
    leader.fish(PAIR_GROUNDS, 3.2, 3.0, at(4, 18)).sail(TO_DARU, 8.0).moor(at(4, 26))
    other = _fisher(299000046, "TWIN EGRET", at(4, 1), 24)
    other.hours, other.moored = list(leader.hours), list(leader.moored)
    other.places = [(lat - 0.0027, lon) for lat, lon in leader.places]
    return [leader, other]


def _merchants() -> list[Ship]:
    """Return a cargo ship that calls at Daru, and two ships that trade through the strait."""
    cargo = _merchant(299000052, "CORAL LANTERN", at(4, 10), 110)
    cargo.moor(at(4, 12)).sail(STRAIT[:6], 12.0).sail(TO_DARU, 12.0).moor(at(4, 20))
    cargo.sail(FROM_DARU, 12.0).sail((*reversed(STRAIT[:6]), DARWIN), 12.0).moor(at(4, 30))
    tanker = _merchant(299000063, "NORTHERN QUILL", at(3, 10), 140, ship_type=80)
    bulker = _merchant(299000064, "AMBER FERN", at(3, 15), 180)
    for ship, knots, stay_h in ((tanker, 11.5, 60.0), (bulker, 12.0, 84.0)):
        while ship.now_h < at(7, 4):
            ship.moor(ship.now_h + stay_h).sail((*STRAIT, PORT_MORESBY), knots)
            ship.moor(ship.now_h + stay_h).sail((*reversed(STRAIT), DARWIN), knots)
        ship.moor(LAST_H)
    return [cargo, tanker, bulker]


def _merchant(mmsi: int, name: str, first_h: float, length_m: int, ship_type: int = 70) -> Ship:
    """Return a merchant ship that lies at Darwin."""
    return Ship(
        mmsi=mmsi,
        name=name,
        ship_type=ship_type,
        length_m=length_m,
        hours=[first_h],
        places=[DARWIN],
    )


def _ferry() -> Ship:
    """Return a ferry from Daru to Thursday Island: out on one day, back on the next."""
    ship = _fisher(299000071, "ISLAND LARK", at(4, 14), 22)
    ship.ship_type, ship.ais_class = 60, "B"
    while ship.now_h < at(5, 20):
        ship.moor(ship.now_h + 12.0).sail(FERRY, 9.0).moor(ship.now_h + 12.0)
        ship.sail((*FERRY[-2::-1], DARU_BERTH), 9.0).moor(ship.now_h + 40.0)
    return ship


def _tug() -> Ship:
    """Return a tug that lies at Daru, switched off for 40 hours in June."""
    ship = _fisher(299000072, "STRAIT BADGER", at(2, 20), 26)
    ship.ship_type, ship.places = 52, [(-9.079, 143.189)]
    ship.silent.append((at(6, 9, 4), at(6, 10, 20)))
    return ship.moor(LAST_H)


def _fishers() -> list[Ship]:
    """Return a longliner that is heard badly, and a small boat that drifts at night near land."""
    liner = _fisher(299000083, "GREY PETREL", at(2, 20), 30)
    liner.ais_class, liner.heard_every = "B", FAINTER
    while liner.now_h < at(7, 1):
        liner.moor(liner.now_h + 60.0).sail(FROM_DARU, 8.0).sail([LINER_GROUNDS[0]], 8.0)
        liner.fish(LINER_GROUNDS, 5.5, 4.0, liner.now_h + 16 * 24.0).sail(TO_DARU, 8.0)
    liner.moor(LAST_H)
    boat = _fisher(299000084, "REED WARBLER", at(4, 15), 12)
    boat.ais_class = "B"
    boat.moor(at(4, 16)).sail(FROM_DARU, 7.0).sail([NEAR_GROUNDS[0]], 7.0)
    while boat.now_h < at(4, 26):
        boat.fish(NEAR_GROUNDS, 3.0, 2.0, boat.now_h + 14.0)
        boat.drift(8.0, 0.5)
    return [liner, boat.sail(TO_DARU, 7.0).moor(at(4, 30))]
