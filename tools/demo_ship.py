"""A ship of the demo: who it says it is, the course that it steers, and how it is heard.

Times are hours since `START_S`. A course is a table of places and times with straight lines
between. What is drawn at random is drawn from a generator seeded with the ship's number.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

HOUR_S = 3600
_START = datetime(2015, 1, 1, tzinfo=UTC)
START_S = int(_START.timestamp())
"""2015-01-01T00:00:00Z."""

Place = tuple[float, float]
Grounds = tuple[Place, float]
"""The middle of fishing grounds, and how far they reach in nautical miles."""
Minutes = tuple[float, float]
"""Shortest and longest time from one message that is heard to the next."""

BY_SATELLITE: Minutes = (20.0, 90.0)
BY_MANY_SATELLITES: Minutes = (12.0, 35.0)
BY_STATION: Minutes = (8.0, 16.0)
AT_BERTH: Minutes = (150.0, 330.0)
STATIONS: tuple[Place, ...] = ((-9.08, 143.20), (-10.58, 142.22))
"""Invented stations on land at Daru and on Thursday Island."""
STATION_RANGE_NM = 25.0
_NM_PER_DEGREE = 60.04
_FISHING_TYPE = 30
_UNDER_WAY, _MOORED, _FISHING = 0, 5, 7
_TOWING_KNOTS = 5.0


def at(month: int, day: int, hour: float = 0.0) -> float:
    """Return a time of 2015 as hours since the start.

    >>> at(1, 2, 6.0)
    30.0
    """
    return (datetime(2015, month, day, tzinfo=UTC) - _START) / timedelta(hours=1) + hour


def miles(a: Place, b: Place) -> float:
    """Return nautical miles between two places, flat: good to 1 % over these distances."""
    east = (b[1] - a[1]) * math.cos(math.radians((a[0] + b[0]) / 2.0))
    return math.hypot(b[0] - a[0], east) * _NM_PER_DEGREE


def _course_deg(a: Place, b: Place) -> float:
    """Return the course from a to b in degrees."""
    east = (b[1] - a[1]) * math.cos(math.radians(a[0]))
    return math.degrees(math.atan2(east, b[0] - a[0])) % 360.0


def _along(place: Place, course_deg: float, distance_nm: float) -> Place:
    """Return the place that lies so far from another on a course."""
    lat, lon = place
    north = distance_nm * math.cos(math.radians(course_deg)) / _NM_PER_DEGREE
    east = distance_nm * math.sin(math.radians(course_deg)) / _NM_PER_DEGREE
    return lat + north, lon + east / math.cos(math.radians(lat))


@dataclass(slots=True, kw_only=True)
class Ship:
    """One ship. `places` are (lat, lon) in degrees, `hours` when it is there."""

    mmsi: int
    name: str
    ship_type: int
    length_m: int
    hours: list[float]
    places: list[Place]
    ais_class: str = "A"
    heard_every: Minutes = BY_SATELLITE
    moored: list[tuple[float, float]] = field(default_factory=list)
    silent: list[tuple[float, float]] = field(default_factory=list)
    heard_well: list[tuple[float, float]] = field(default_factory=list)
    """Spans in which many satellites hear it, whatever `heard_every` says."""

    @property
    def now_h(self) -> float:
        """The hour to which the course is laid."""
        return self.hours[-1]

    @property
    def here(self) -> Place:
        """The place to which the course is laid."""
        return self.places[-1]

    def moor(self, until_h: float) -> Self:
        """Lie in port."""
        self.moored.append((self.now_h, until_h))
        return self.arrive(self.here, until_h)

    def sail(self, route: Sequence[Place], knots: float) -> Self:
        """Go from place to place."""
        for place in route:
            self.arrive(place, self.now_h + miles(self.here, place) / knots)
        return self

    def sail_until(self, route: Sequence[Place], knots: float, hour: float) -> Self:
        """Go from place to place and stop the course at an hour, wherever that is."""
        for place in route:
            needed_h = miles(self.here, place) / knots
            share = min((hour - self.now_h) / needed_h, 1.0)
            (lat, lon), (to_lat, to_lon) = self.here, place
            stop = lat + share * (to_lat - lat), lon + share * (to_lon - lon)
            self.arrive(stop, self.now_h + share * needed_h)
            if share < 1.0:
                break
        return self

    def arrive(self, place: Place, hour: float) -> Self:
        """Go straight to a place, so as to be there at an hour."""
        self.hours.append(hour)
        self.places.append(place)
        return self

    def drift(self, hours: float, knots: float = 0.3) -> Self:
        """Lie stopped at sea, carried to the north-west."""
        lat, lon = self.here
        step = knots * hours / _NM_PER_DEGREE
        return self.arrive((lat + 0.6 * step, lon - 0.8 * step), self.now_h + hours)

    def go_silent(self, place: Place, hour: float) -> Self:
        """Go to a place with AIS off, and switch it on there."""
        self.silent.append((self.now_h, hour))
        return self.arrive(place, hour)

    def fish(self, grounds: Grounds, knots: float, leg_h: float, until_h: float) -> Self:
        """Tow about on fishing grounds until an hour, with a bend after each leg."""
        rng = random.Random(self.mmsi + len(self.hours))  # noqa: S311 - not cryptography
        middle, radius_nm = grounds
        course_deg = rng.uniform(0.0, 360.0)
        while self.now_h < until_h:
            hours = min(leg_h, until_h - self.now_h)
            course_deg += rng.uniform(-60.0, 60.0)
            place = _along(self.here, course_deg, knots * hours)
            if miles(place, middle) > radius_nm:
                course_deg = _course_deg(self.here, middle) + rng.uniform(-50.0, 50.0)
                place = _along(self.here, course_deg, knots * hours)
            self.arrive(place, self.now_h + hours)
        return self

    def fish_until_due(self, grounds: Grounds, place: Place, hour: float) -> Self:
        """Tow about until it is time to leave, so as to be at a place at an hour."""
        while hour - self.now_h > miles(self.here, place) / _TOWING_KNOTS + 1.0:
            self.fish(grounds, 3.2, 1.0, self.now_h + 1.0)
        return self.arrive(place, hour)

    def motion(self, hour: float) -> tuple[float, float, float, float]:
        """Return latitude, longitude, speed in knots and course in degrees."""
        leg = min(max(bisect_right(self.hours, hour), 1), len(self.hours) - 1)
        begin, end = self.hours[leg - 1], self.hours[leg]
        (lat1, lon1), (lat2, lon2) = self.places[leg - 1], self.places[leg]
        share = (hour - begin) / (end - begin)
        course = _course_deg((lat1, lon1), (lat2, lon2))
        knots = miles((lat1, lon1), (lat2, lon2)) / (end - begin)
        return lat1 + share * (lat2 - lat1), lon1 + share * (lon2 - lon1), knots, course

    def status(self, hour: float) -> int:
        """Return the navigational status: moored, fishing or under way."""
        if self._is_in(self.moored, hour):
            return _MOORED
        towing = self.ship_type == _FISHING_TYPE and self.motion(hour)[2] < _TOWING_KNOTS
        return _FISHING if towing else _UNDER_WAY

    def is_silent(self, hour: float) -> bool:
        """Return whether AIS is off."""
        return self._is_in(self.silent, hour)

    def heard_hours(self, rng: random.Random) -> Iterator[float]:
        """Yield the hours at which a message of this ship is heard.

        The last message before AIS goes off and the first after are heard, so that the silence is
        as long as it was.
        """
        edges = sorted(edge for span in self.silent for edge in span)
        hour = self.hours[0] + rng.uniform(0.0, 0.5)
        while hour < self.now_h:
            if not self.is_silent(hour):
                yield hour
            after = hour + rng.uniform(*self._gap_min(hour)) / 60.0
            hour = min([after, *(edge for edge in edges if hour < edge < after)])

    def _gap_min(self, hour: float) -> Minutes:
        lat, lon, _, _ = self.motion(hour)
        if any(miles((lat, lon), station) < STATION_RANGE_NM for station in STATIONS):
            return (25.0, 45.0) if self._is_in(self.moored, hour) else BY_STATION
        if self._is_in(self.moored, hour):
            return AT_BERTH
        return BY_MANY_SATELLITES if self._is_in(self.heard_well, hour) else self.heard_every

    @staticmethod
    def _is_in(spans: list[tuple[float, float]], hour: float) -> bool:
        return any(first < hour < last for first, last in spans)
