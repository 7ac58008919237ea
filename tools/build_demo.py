"""Builds darkwake/data/demo.nmea.gz: `uv run python -m tools.build_demo`.

The log of the demo: a reconstruction (synthetic) of a public case with invented ships.
tools/demo_world.py lays their courses, tools/demo_ship.py says when each is heard, and
tools/demo_sentences.py puts it in AIS; this file puts all of it in one log, in order of time.
"""

import gzip
import random
from pathlib import Path

from tools import demo_sentences
from tools.demo_ship import HOUR_S, START_S, Ship
from tools.demo_world import ships

TARGET = Path(__file__).resolve().parent.parent / "darkwake" / "data" / "demo.nmea.gz"
STATION = "synthetic"
"""Stands in the tag block of every line."""
STATIC_EVERY_H = 12.0
_JITTER_M = 6.0
_M_PER_DEGREE = 111_195.0


def sentences() -> list[str]:
    """Return the log: NMEA sentences with tag blocks (receive time, station), in time order."""
    timed = [group for index, ship in enumerate(ships()) for group in _reports(ship, index)]
    timed.sort(key=lambda group: group[:2])
    return [_tag(second, sentence) for second, _, group in timed for sentence in group]


def _reports(ship: Ship, index: int) -> list[tuple[int, int, list[str]]]:
    """Return (second since 1970, number of the ship, sentences) for one ship's whole stay."""
    rng = random.Random(ship.mmsi)  # noqa: S311 - generated traffic is not cryptography
    reports: list[tuple[int, int, list[str]]] = []
    told_h = -STATIC_EVERY_H
    for hour in ship.heard_hours(rng):
        second = START_S + round(hour * HOUR_S)
        if hour - told_h >= STATIC_EVERY_H:
            told_h = hour
            reports.append((second, index, demo_sentences.identity(ship, index)))
        reports.append((second, index, demo_sentences.position(_report(ship, hour, rng))))
    return reports


def _report(ship: Ship, hour: float, rng: random.Random) -> demo_sentences.Report:
    lat, lon, knots, course = ship.motion(hour)
    return demo_sentences.Report(
        mmsi=ship.mmsi,
        ais_class=ship.ais_class,
        status=ship.status(hour),
        second=round(hour * HOUR_S) % 60,
        lat=lat + rng.gauss(0.0, _JITTER_M) / _M_PER_DEGREE,
        lon=lon + rng.gauss(0.0, _JITTER_M) / _M_PER_DEGREE,
        knots=max(0.0, knots + rng.gauss(0.0, 0.1)),
        course=course,
    )


def _tag(second: int, sentence: str) -> str:
    block = f"s:{STATION},c:{second}"
    return f"\\{block}*{demo_sentences.checksum(block)}\\{sentence}"


def log_bytes() -> bytes:
    """Return the log as it is stored, before compression."""
    return "".join(f"{line}\n" for line in sentences()).encode("ascii")


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    packed = gzip.compress(log_bytes(), compresslevel=9, mtime=0)
    TARGET.write_bytes(packed)
    print(f"{TARGET.name}: {len(packed)} bytes")
