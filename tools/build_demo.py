"""Builds darkwake/data/demo.nmea.gz: `uv run python -m tools.build_demo`.

Generated AIS of four invented days in and around the Dog Leg, south-west of Daru in Papua New
Guinea. Every name is invented; every number has a country code (299) that the ITU has not given
out. A fish carrier meets two trawlers far from shore, then is silent for 30 hours. All others do
what honest ships do. tools/demo_world.py holds the courses; this file says them in AIS.
"""

import gzip
import random
from pathlib import Path

from pyais.encode import encode_dict

from tools.demo_world import HOUR_S, START_S, Ship, ships

TARGET = Path(__file__).resolve().parent.parent / "darkwake" / "data" / "demo.nmea.gz"
REPORT_S = 300
STATIC_S = 6 * HOUR_S
STATION = "generated"
Message = dict[str, str | int | float | bytes | bool]
"""The fields of one AIS message, as pyais names them."""
_JITTER_M = 6.0
_M_PER_DEGREE = 111_195.0


def sentences() -> list[str]:
    """Return the log: NMEA sentences with tag blocks (receive time, station), in time order."""
    timed = [pair for index, ship in enumerate(ships()) for pair in _reports(ship, index)]
    timed.sort(key=lambda pair: pair[0])
    return [_tag(second, sentence) for second, group in timed for sentence in group]


def _reports(ship: Ship, index: int) -> list[tuple[int, list[str]]]:
    """Return (second since 1970, sentences) of one ship's whole stay."""
    rng = random.Random(ship.mmsi)  # noqa: S311 - generated traffic is not cryptography
    first_s, last_s = round(ship.hours[0] * HOUR_S), round(ship.hours[-1] * HOUR_S)
    reports: list[tuple[int, list[str]]] = []
    for at_s in range(first_s + 37 * index % REPORT_S, last_s, REPORT_S):
        second = at_s + rng.randint(0, 20)
        if ship.is_silent(second / HOUR_S):
            continue
        if (at_s - first_s) % STATIC_S < REPORT_S:
            reports.append((START_S + second, _static(ship, index)))
        reports.append((START_S + second, _position(ship, second, rng)))
    return reports


def _position(ship: Ship, second: int, rng: random.Random) -> list[str]:
    lat, lon, knots, course = ship.at(second / HOUR_S)
    data: Message = {
        "mmsi": ship.mmsi,
        "lat": lat + rng.gauss(0.0, _JITTER_M) / _M_PER_DEGREE,
        "lon": lon + rng.gauss(0.0, _JITTER_M) / _M_PER_DEGREE,
        "speed": round(max(0.0, knots + rng.gauss(0.0, 0.1)), 1),
        "course": round(course, 1) % 360,
        "heading": round(course) % 360,
        "second": second % 60,
    }
    if ship.ais_class == "B":
        return _encode({"type": 18, **data})
    return _encode({"type": 1, "status": ship.status(second / HOUR_S), **data})


def _static(ship: Ship, index: int) -> list[str]:
    half = ship.length_m // 2
    size = {"to_bow": half, "to_stern": ship.length_m - half, "to_port": 4, "to_starboard": 4}
    common: Message = {
        "mmsi": ship.mmsi,
        "ship_type": ship.ship_type,
        "callsign": f"ZZ{index:03d}",
        **size,
    }
    if ship.ais_class == "B":
        name: Message = {"type": 24, "partno": 0, "mmsi": ship.mmsi, "shipname": ship.name}
        return _encode(name) + _encode({"type": 24, "partno": 1, **common})
    return _encode({"type": 5, "shipname": ship.name, **common}, seq_id=index % 10)


def _encode(data: Message, seq_id: int = 0) -> list[str]:
    return encode_dict(data, sentence_type="VDM", radio_channel="A", seq_id=seq_id)


def _tag(second: int, sentence: str) -> str:
    block = f"s:{STATION},c:{second}"
    checksum = 0
    for byte in block.encode():
        checksum ^= byte
    return f"\\{block}*{checksum:02X}\\{sentence}"


def log_bytes() -> bytes:
    """Return the log as it is stored, before compression."""
    return "".join(f"{line}\n" for line in sentences()).encode("ascii")


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    packed = gzip.compress(log_bytes(), compresslevel=9, mtime=0)
    TARGET.write_bytes(packed)
    print(f"{TARGET.name}: {len(packed)} bytes")
