"""The invented ships of the demo and the courses that they steer.

Times are hours since `START_S`. A course is a table of places and times with straight lines
between; nothing here is drawn at random.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass, field

HOUR_S = 3600
START_S = 1_713_139_200
"""2024-04-15T00:00:00Z."""
LAST_H = 96.0
DARU = (-9.085, 143.185)
DARU_ROADS = (-9.25, 143.10)
SOUTH_OF_ISLANDS = (-9.60, 142.80)
OFF_COAST = (-9.60, 142.0)
FIRST_MEETING = (-9.85, 140.90)
SECOND_MEETING = (-9.98, 140.40)
FIRST_MEETING_H = 3.0
SECOND_MEETING_H = 3.5
SILENCE_H = 30.0
CARRIER_MMSI, FIRST_TRAWLER_MMSI, SECOND_TRAWLER_MMSI = 299000017, 299000021, 299000034

Place = tuple[float, float]
_NM_PER_DEGREE = 60.04
_AT_ANCHOR, _UNDER_WAY, _FISHING, _MOORED = 1, 0, 7, 5


@dataclass(slots=True, kw_only=True)
class Ship:
    """One ship: who it says it is, and where it is when. `places` are (lat, lon) in degrees."""

    mmsi: int
    name: str
    ship_type: int
    length_m: int
    ais_class: str = "A"
    hours: list[float] = field(default_factory=lambda: [0.0])
    places: list[Place] = field(default_factory=list)
    silent: list[tuple[float, float]] = field(default_factory=list)

    @property
    def now_h(self) -> float:
        """The hour to which the course is laid."""
        return self.hours[-1]

    def stay(self, hours: float) -> "Ship":
        """Lie still."""
        return self._go(self.places[-1], self.now_h + hours)

    def sail(self, place: Place, knots: float) -> "Ship":
        """Go straight to a place."""
        return self._go(place, self.now_h + _miles(self.places[-1], place) / knots)

    def arrive(self, place: Place, hour: float) -> "Ship":
        """Go straight to a place, so as to be there at an hour."""
        return self._go(place, hour)

    def sail_until(self, place: Place, knots: float, hour: float) -> "Ship":
        """Go towards a place and stop the course at an hour, wherever that is."""
        from_lat, from_lon = self.places[-1]
        share = (hour - self.now_h) * knots / _miles(self.places[-1], place)
        lat = from_lat + share * (place[0] - from_lat)
        return self._go((lat, from_lon + share * (place[1] - from_lon)), hour)

    def fish(self, knots: float, leg_h: float, hour: float) -> "Ship":
        """Tow to and fro until an hour: legs east and west, each a little further south."""
        heading = 1.0
        while self.now_h + leg_h <= hour:
            lat, lon = self.places[-1]
            step = heading * knots * leg_h / (_NM_PER_DEGREE * math.cos(math.radians(lat)))
            self._go((lat - 0.012, lon + step), self.now_h + leg_h)
            heading = -heading
        return self

    def keep_silent(self, hours: float, place: Place) -> "Ship":
        """Go to a place with AIS off."""
        self.silent.append((self.now_h, self.now_h + hours))
        return self._go(place, self.now_h + hours)

    def is_silent(self, hour: float) -> bool:
        """Return whether AIS is off."""
        return any(first < hour < last for first, last in self.silent)

    def at(self, hour: float) -> tuple[float, float, float, float]:
        """Return latitude, longitude, speed in knots and course in degrees."""
        leg = min(max(bisect_right(self.hours, hour), 1), len(self.hours) - 1)
        begin, end = self.hours[leg - 1], self.hours[leg]
        (lat1, lon1), (lat2, lon2) = self.places[leg - 1], self.places[leg]
        share = (hour - begin) / (end - begin)
        east = (lon2 - lon1) * math.cos(math.radians(lat1))
        course = math.degrees(math.atan2(east, lat2 - lat1)) % 360.0
        knots = _miles((lat1, lon1), (lat2, lon2)) / (end - begin)
        return lat1 + share * (lat2 - lat1), lon1 + share * (lon2 - lon1), knots, course

    def status(self, hour: float) -> int:
        """Return the navigational status: moored near Daru, else under way or fishing."""
        lat, lon, knots, _ = self.at(hour)
        if knots < 0.3 and _miles((lat, lon), DARU) < 3.0:
            return _AT_ANCHOR if self.length_m > 60 else _MOORED
        return _FISHING if self.ship_type == 30 and knots < 5.0 else _UNDER_WAY

    def _go(self, place: Place, hour: float) -> "Ship":
        self.hours.append(hour)
        self.places.append(place)
        return self


def _miles(a: Place, b: Place) -> float:
    east = (b[1] - a[1]) * math.cos(math.radians((a[0] + b[0]) / 2.0))
    return math.hypot(b[0] - a[0], east) * _NM_PER_DEGREE


def ships() -> list[Ship]:
    """Return all ships of the demo, each with its course laid."""
    carrier, first_h, second_h = _carrier()
    suspects = [
        carrier,
        _met(FIRST_TRAWLER_MMSI, "TIDE RUNNER 3", FIRST_MEETING, first_h, FIRST_MEETING_H),
        _met(SECOND_TRAWLER_MMSI, "TIDE RUNNER 5", SECOND_MEETING, second_h, SECOND_MEETING_H),
    ]
    return [*suspects, *_pair(), *_merchants(), *_coasters(), *_fishers()]


def _carrier() -> tuple[Ship, float, float]:
    """Return the carrier and the hours at which its two meetings begin."""
    ship = Ship(mmsi=CARRIER_MMSI, name="GULF CEDAR 7", ship_type=70, length_m=96, places=[DARU])
    ship.stay(10.0).sail(DARU_ROADS, 7.0).sail(SOUTH_OF_ISLANDS, 10.5).sail(FIRST_MEETING, 10.5)
    first_h = ship.now_h
    ship.stay(FIRST_MEETING_H).sail(SECOND_MEETING, 8.5)
    second_h = ship.now_h
    ship.stay(SECOND_MEETING_H).sail((-10.05, 140.15), 7.0)
    ship.keep_silent(SILENCE_H, (-10.30, 139.40)).sail_until((-10.40, 132.0), 11.0, LAST_H)
    return ship, first_h, second_h


def _met(mmsi: int, name: str, place: Place, hour: float, hours: float) -> Ship:
    """Return a trawler that tows, lies beside the carrier, and tows again."""
    beside = (place[0] + 0.0004, place[1])
    ship = Ship(mmsi=mmsi, name=name, ship_type=30, length_m=38)
    ship.places.append((place[0] + 0.06, place[1] - 0.05))
    ship.fish(3.4, 3.0, hour - 1.0).arrive(beside, hour).stay(hours)
    return ship.fish(3.4, 3.0, LAST_H - 2.0).sail_until((-10.5, 140.0), 3.4, LAST_H)


def _pair() -> list[Ship]:
    """Return two trawlers that tow one net, 300 m apart at three knots."""
    pair = []
    for mmsi, name, offset in ((299000045, "TWIN HERON", 0.0), (299000046, "TWIN EGRET", 0.0027)):
        ship = Ship(mmsi=mmsi, name=name, ship_type=30, length_m=24)
        ship.places.append((-10.25 + offset, 141.05))
        pair.append(ship.fish(3.2, 3.0, LAST_H))
    return pair


def _merchants() -> list[Ship]:
    """Return a cargo ship that calls at Daru, and a tanker that passes."""
    cargo = Ship(mmsi=299000052, name="CORAL LANTERN", ship_type=70, length_m=110)
    cargo.places.append((-10.35, 138.0))
    cargo.sail(OFF_COAST, 12.0).sail(SOUTH_OF_ISLANDS, 12.0).sail(DARU_ROADS, 12.0)
    cargo.sail((-9.088, 143.190), 6.0).stay(40.0)
    cargo.sail(DARU_ROADS, 6.0).sail(SOUTH_OF_ISLANDS, 12.0).sail_until(
        (-10.35, 138.0), 12.0, LAST_H
    )
    tanker = Ship(mmsi=299000063, name="NORTHERN QUILL", ship_type=80, length_m=140, hours=[70.0])
    tanker.places.append((-10.0, 136.2))
    return [cargo, tanker.sail_until((-10.7, 141.8), 11.5, LAST_H)]


def _coasters() -> list[Ship]:
    """Return a ferry that sails by day, and a tug that is switched off at its berth."""
    ferry = Ship(mmsi=299000071, name="ISLAND LARK", ship_type=60, length_m=22, ais_class="B")
    ferry.places.append((-9.082, 143.192))
    while ferry.now_h < LAST_H - 24.0:
        ferry.stay(7.0).sail(DARU_ROADS, 9.0).sail((-9.42, 142.75), 9.0).stay(2.0)
        ferry.sail(DARU_ROADS, 9.0).sail((-9.082, 143.192), 9.0)
        ferry.stay(24.0 - ferry.now_h % 24.0)
    ferry.stay(LAST_H - ferry.now_h)
    tug = Ship(mmsi=299000072, name="STRAIT BADGER", ship_type=52, length_m=26)
    tug.places.append((-9.079, 143.189))
    tug.stay(20.0).keep_silent(40.0, tug.places[0]).stay(LAST_H - tug.now_h)
    return [ferry, tug]


def _fishers() -> list[Ship]:
    """Return a longliner far out, and a small boat that drifts at night within 20 miles."""
    liner = Ship(mmsi=299000083, name="GREY PETREL", ship_type=30, length_m=30)
    liner.places.append((-10.60, 139.70))
    liner.fish(5.5, 4.0, LAST_H)
    boat = Ship(mmsi=299000084, name="REED WARBLER", ship_type=30, length_m=12, ais_class="B")
    boat.places.append((-9.38, 141.35))
    while boat.now_h < LAST_H:
        lat, lon = boat.places[-1]
        boat.fish(3.0, 2.0, boat.now_h + 16.0).sail_until(
            (lat - 0.05, lon + 0.02), 0.8, boat.now_h + 7.0
        )
        boat.arrive((-9.38, 141.35), boat.now_h + 1.0)
    return [liner, boat]
