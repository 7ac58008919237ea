"""The shipped sentences: rebuilt to the byte, well formed, invented throughout, and small.

Plausible too: at sea, not too fast, and alongside others only where that was planted.
"""

import gzip
import re
from importlib.resources import files

import numpy as np
import pytest
from numpy.typing import NDArray
from pyais import decode

from tools import demo_world
from tools.build_demo import log_bytes
from tools.demo_ship import START_S, Ship
from vessels.geodesy import distances_m
from vessels.geography import distance_to_shore_m, on_land
from vessels.units import M_PER_NM

TAGGED = re.compile(r"\\(s:synthetic,c:(\d+))\*([0-9A-F]{2})\\!(AIVDM,(\d),(\d),.*)\*([0-9A-F]{2})")


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
    assert len(packed) <= 700_000
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
    assert seconds[0] >= START_S
    assert seconds[-1] <= START_S + demo_world.LAST_H * 3600


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


def test_every_identity_sent_is_invented(lines: list[str]) -> None:
    invented = {ship.mmsi: ship.name for ship in demo_world.ships()}
    sent = set()
    part = b""
    for line in lines:
        sentence = line.rsplit("\\", 1)[1].encode()
        if sentence.startswith(b"!AIVDM,2,1,"):
            part = sentence
            continue
        parts = (part, sentence) if sentence.startswith(b"!AIVDM,2,2,") else (sentence,)
        if sentence[14:15] == b"H" or len(parts) == 2:
            message = decode(*parts).asdict()
            name, callsign = message.get("shipname"), message.get("callsign")
            sent.add((message["mmsi"], str(name or ""), str(callsign or "")))
            assert message.get("imo", 0) == 0
    names = {(mmsi, name) for mmsi, name, _ in sent if name}
    assert names == set(invented.items())
    assert not {name for _, name in names if "SILVER" in name}
    # Q begins no call sign: it is kept for operating signals.
    assert {callsign[0] for _, _, callsign in sent if callsign} == {"Q"}


def test_no_ship_sails_over_land_or_faster_than_it_can() -> None:
    for ship in demo_world.ships():
        hours = np.arange(ship.hours[0], ship.hours[-1], 0.05)
        lat, lon, knots, _ = np.array([ship.motion(float(hour)) for hour in hours]).T
        assert not on_land(lat, lon).any(), ship.name
        assert knots.max() <= 12.5, ship.name


def test_the_meetings_and_the_silences_lie_well_offshore() -> None:
    places = [demo_world.FIRST_MEETING, demo_world.SECOND_MEETING, demo_world.LYING]
    for ship in demo_world.ships():
        if ship.mmsi in demo_world.HEARD_AGAIN_H:
            ((first, last),) = ship.silent
            places += [ship.motion(first)[:2], ship.motion(last)[:2]]
    lat, lon = np.array(places).T
    assert (distance_to_shore_m(lat, lon) >= 20 * M_PER_NM).all()


def test_honest_ships_are_heard_to_the_end_or_lie_in_port() -> None:
    for ship in demo_world.ships():
        in_port = bool(ship.moored) and ship.moored[-1][1] == ship.hours[-1]
        assert in_port or ship.hours[-1] == pytest.approx(demo_world.LAST_H), ship.name


def test_only_the_planted_pairs_lie_together_slowly_at_sea() -> None:
    fleet = demo_world.ships()
    step_h = 0.25
    hours = np.arange(0.0, demo_world.LAST_H, step_h)
    tracks = [_track(ship, hours) for ship in fleet]
    pairs = set()
    for i, one in enumerate(tracks):
        for j in range(i + 1, len(tracks)):
            two = tracks[j]
            apart_m = distances_m(one[0], one[1], two[0], two[1])
            in_port = distances_m(one[0], one[1], *demo_world.DARU) <= 10_000.0
            in_port |= distances_m(one[0], one[1], *demo_world.DARWIN) <= 10_000.0
            in_port |= distances_m(one[0], one[1], *demo_world.PORT_MORESBY) <= 10_000.0
            in_port |= distances_m(one[0], one[1], *demo_world.SONGKHLA) <= 10_000.0
            near = (apart_m <= 500.0) & ~in_port & (np.maximum(one[2], two[2]) < 2.0)
            if near.sum() * step_h > 1.0:
                pairs.add((fleet[i].mmsi, fleet[j].mmsi))
    assert pairs == {
        (mmsi, other) for kind, mmsi, other in demo_world.PLANTED if kind == "encounter"
    }


def _track(ship: Ship, hours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return latitude, longitude and knots at hours; NaN where the ship is not in the world."""
    out = np.full((3, len(hours)), np.nan)
    for k in np.flatnonzero((hours >= ship.hours[0]) & (hours <= ship.hours[-1])):
        out[:, k] = ship.motion(float(hours[k]))[:3]
    return out
