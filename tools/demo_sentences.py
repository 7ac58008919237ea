"""AIS messages of types 1, 3, 5, 18 and 24 as AIVDM sentences.

Bit layouts: ITU-R M.1371-5, annex 8. Only what the demo needs: fields that
a ship of the demo does not state are "not available".
"""

from dataclasses import dataclass
from functools import reduce
from operator import xor

from tools.demo_ship import Ship

_FIRST_PART_CHARS = 59
_MOORED = 5
_UNITS_PER_DEGREE = 600_000  # 1/10,000 minute

Field = tuple[int, int]
"""A value and its width in bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One position report. Degrees, knots; `second` of the minute."""

    mmsi: int
    ais_class: str
    status: int
    second: int
    lat: float
    lon: float
    knots: float
    course: float


def position(report: Report) -> list[str]:
    """Return the sentence of a position: type 18 of class B; type 3 in port, else 1, of class A."""
    place = [
        (0, 1),
        (round(report.lon * _UNITS_PER_DEGREE), 28),
        (round(report.lat * _UNITS_PER_DEGREE), 27),
    ]
    speed = (round(report.knots * 10), 10)
    course = [
        (round(report.course * 10) % 3600, 12),
        (round(report.course) % 360, 9),
        (report.second, 6),
    ]
    if report.ais_class == "B":
        head = [(18, 6), (0, 2), (report.mmsi, 30), (0, 8), speed]
        return _sentences([*head, *place, *course, (0, 2), (1, 1), (0, 26)], report.second)
    kind = 3 if report.status == _MOORED else 1
    no_turn_rate = (128, 8)
    head = [(kind, 6), (0, 2), (report.mmsi, 30), (report.status, 4), no_turn_rate, speed]
    return _sentences([*head, *place, *course, (0, 6), (0, 19)], report.second)


def identity(ship: Ship, index: int) -> list[str]:
    """Return the sentences of who a ship is: type 5 of class A, 24 in two parts of class B."""
    half = ship.length_m // 2
    size = [
        (half, 9),
        (ship.length_m - half, 9),
        (ship.length_m // 12, 6),
        (ship.length_m // 12, 6),
    ]
    # No country has call signs that begin with Q: those are operating signals (ITU RR, app. 42).
    callsign = _text(f"Q{index:04d}", 7)
    name = _text(ship.name, 20)
    if ship.ais_class == "B":
        part_a = [(24, 6), (0, 2), (ship.mmsi, 30), (0, 2), name, (0, 8)]
        part_b = [(24, 6), (0, 2), (ship.mmsi, 30), (1, 2), (ship.ship_type, 8), (0, 42)]
        return _sentences(part_a, index) + _sentences([*part_b, callsign, *size, (0, 6)], index)
    no_imo, no_arrival = (0, 30), [(0, 4), (0, 5), (24, 5), (60, 6)]
    who = [(5, 6), (0, 2), (ship.mmsi, 30), (0, 2), no_imo, callsign, name, (ship.ship_type, 8)]
    voyage = [(1, 4), *no_arrival, (0, 8), _text("", 20), (0, 2)]
    return _sentences([*who, *size, *voyage], index)


def checksum(text: str) -> str:
    """Return the NMEA checksum of what stands between the delimiters."""
    return f"{reduce(xor, text.encode('ascii')):02X}"


def _text(text: str, chars: int) -> Field:
    """Return six-bit text as one field, padded with "@"."""
    value = 0
    for char in text[:chars].ljust(chars, "@"):
        value = value << 6 | ord(char) & 63
    return value, 6 * chars


def _sentences(fields: list[Field], number: int) -> list[str]:
    """Return a message as one sentence, or as two with a sequence number."""
    payload, fill = _armour(fields)
    channel = "AB"[number % 2]
    if len(payload) <= _FIRST_PART_CHARS:
        bodies = [f"AIVDM,1,1,,{channel},{payload},{fill}"]
    else:
        head, tail = payload[:_FIRST_PART_CHARS], payload[_FIRST_PART_CHARS:]
        bodies = [
            f"AIVDM,2,1,{number % 10},{channel},{head},0",
            f"AIVDM,2,2,{number % 10},{channel},{tail},{fill}",
        ]
    return [f"!{body}*{checksum(body)}" for body in bodies]


def _armour(fields: list[Field]) -> tuple[str, int]:
    """Return the payload characters and the number of fill bits."""
    value, size = 0, 0
    for number, width in fields:
        value = value << width | number & (1 << width) - 1
        size += width
    fill = -size % 6
    value <<= fill
    sixes = [value >> shift & 63 for shift in range(size + fill - 6, -1, -6)]
    return "".join(chr(six + 48 if six < 40 else six + 56) for six in sixes), fill
