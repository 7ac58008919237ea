"""The shipped sentences: rebuilt to the byte, well formed, invented throughout, and small."""

import gzip
import re
from collections import defaultdict
from importlib.resources import files

import numpy as np
import pytest
from pyais import decode

from tools import demo_world
from tools.build_demo import log_bytes
from vessels.geodesy import distances_m
from vessels.geography import distance_to_shore_m, on_land
from vessels.units import M_PER_NM

TAGGED = re.compile(r"\\(s:generated,c:(\d+))\*([0-9A-F]{2})\\!(AIVDM,(\d),(\d),.*)\*([0-9A-F]{2})")


def _shipped() -> bytes:
    return (files("darkwake") / "data" / "demo.nmea.gz").read_bytes()


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return gzip.decompress(_shipped()).decode("ascii").splitlines()


def _checksum(text: str) -> str:
    value = 0
    for byte in text.encode():
        value ^= byte
    return f"{value:02X}"


def test_the_shipped_file_is_what_the_build_script_makes() -> None:
    assert gzip.decompress(_shipped()) == log_bytes()


def test_the_shipped_file_is_small_and_holds_no_build_time() -> None:
    packed = _shipped()
    assert len(packed) <= 300_000
    assert packed[4:8] == b"\0\0\0\0"


def test_every_line_has_a_true_tag_block_and_checksum_in_time_order(lines: list[str]) -> None:
    seconds = []
    for line in lines:
        found = TAGGED.fullmatch(line)
        assert found is not None, line
        assert _checksum(found[1]) == found[3]
        assert _checksum(found[4]) == found[7]
        seconds.append(int(found[2]))
    assert seconds == sorted(seconds)
    assert seconds[0] >= demo_world.START_S
    assert seconds[-1] <= demo_world.START_S + demo_world.LAST_H * 3600 + 60


def test_parts_of_a_message_stand_together_and_decode(lines: list[str]) -> None:
    names = set()
    part = b""
    for line in lines:
        sentence = line.rsplit("\\", 1)[1].encode()
        if sentence.startswith(b"!AIVDM,2,1,"):
            part = sentence
        elif sentence.startswith(b"!AIVDM,2,2,"):
            names.add(decode(part, sentence).asdict()["shipname"])
    class_a = {ship.name for ship in demo_world.ships() if ship.ais_class == "A"}
    assert names == class_a


def test_every_number_is_of_a_country_code_that_nobody_has() -> None:
    assigned = (files("vessels") / "data" / "mid.csv").read_text().splitlines()
    assert not [row for row in assigned if row.startswith("299,")]
    numbers = [ship.mmsi for ship in demo_world.ships()]
    assert all(number // 1_000_000 == 299 for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_no_ship_sails_over_land_or_faster_than_it_can() -> None:
    for ship in demo_world.ships():
        hours = np.arange(ship.hours[0], ship.hours[-1], 0.05)
        lat, lon, knots, _ = np.array([ship.at(float(hour)) for hour in hours]).T
        assert not on_land(lat, lon).any(), ship.name
        assert knots.max() <= 12.5, ship.name


def test_the_meetings_and_the_silence_lie_well_offshore() -> None:
    places = [demo_world.FIRST_MEETING, demo_world.SECOND_MEETING]
    carrier = demo_world.ships()[0]
    ((first, last),) = carrier.silent
    assert last - first == demo_world.SILENCE_H
    places += [carrier.at(first)[:2], carrier.at(last)[:2]]
    lat, lon = np.array(places).T
    assert (distance_to_shore_m(lat, lon) >= 20 * M_PER_NM).all()


def test_every_other_ship_is_heard_to_the_end() -> None:
    assert all(ship.hours[-1] == demo_world.LAST_H for ship in demo_world.ships())


def test_only_the_planted_pairs_lie_together_slowly() -> None:
    fleet = demo_world.ships()
    together: dict[tuple[int, int], float] = defaultdict(float)
    for hour in np.arange(0.0, demo_world.LAST_H, 0.1):
        here = [(s, *s.at(float(hour))[:3]) for s in fleet if s.hours[0] <= hour]
        for i, (one, lat1, lon1, knots1) in enumerate(here):
            for two, lat2, lon2, knots2 in here[i + 1 :]:
                near = distances_m(lat1, lon1, lat2, lon2) <= 500.0
                at_sea = distances_m(lat1, lon1, *demo_world.DARU) > 10_000.0
                if near and at_sea and max(knots1, knots2) < 2.0:
                    together[one.mmsi, two.mmsi] += 0.1
    pairs = {pair for pair, hours in together.items() if hours > 1.0}
    assert pairs == {
        (demo_world.CARRIER_MMSI, demo_world.FIRST_TRAWLER_MMSI),
        (demo_world.CARRIER_MMSI, demo_world.SECOND_TRAWLER_MMSI),
    }
