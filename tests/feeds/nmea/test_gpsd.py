"""Every message of gpsd's sample is decoded as gpsd's own expected output says.

Fields that gpsd and pyais define differently are listed in DIFFERENT with the reason, and in
docs/decoding.md. The list is exact: a new difference fails the test, and so does a stale entry.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from feeds.nmea import decode_messages
from feeds.report import ReadReport

pytestmark = pytest.mark.real_data

NAMES = {
    "type": "msg_type",
    "shiptype": "ship_type",
    "stationtype": "station_type",
    "portname": "port_name",
}
CUT = "gpsd reads a number that the payload cuts short; here it is None"
VARIANT = "this variant of the message does not have the field; gpsd prints 0"
RESERVED = "reserved bits, split otherwise by pyais"
UNITS = "gpsd's scaled output leaves this field in tenths or hundredths, pyais gives metres"
BITS = "pyais takes the data up to the end of the slot, the radio status included"
WORD = "an application message that gpsd does not decode at this length, pyais does"

DIFFERENT: dict[tuple[Any, ...], str] = {
    (4, "epfd"): "pyais maps codes 9 to 14 of the positioning device to 0, undefined",
    (1, "radio"): CUT,
    (7, "mmsi3"): CUT,
    (16, "mmsi2"): VARIANT,
    (16, "offset2"): VARIANT,
    (16, "increment2"): VARIANT,
    (18, "regional"): RESERVED,
    (18, "reserved"): RESERVED,
    (19, "regional"): RESERVED,
    (19, "reserved"): RESERVED,
    (21, "regional"): RESERVED,
    (9, "regional"): RESERVED,
    (24, "vendorid"): "gpsd reads 7 characters, pyais 3 and then model and serial (M.1371-4)",
    (25, "dest_mmsi"): VARIANT,
    (25, "app_id"): VARIANT,
    (26, "dest_mmsi"): VARIANT,
    (26, "app_id"): "pyais reads one where the message is unstructured and has none",
    (26, "data"): BITS,
    (8, 200, 10, "data"): WORD,
    (8, 200, 10, "length"): UNITS,
    (8, 200, 10, "beam"): UNITS,
    (8, 200, 10, "draught"): UNITS,
}


RAW = {(6, 1, 12), (6, 1, 14), (6, 1, 30), (6, 1, 32), (6, 235, 10)}
"""Application messages that pyais has no layout for: their payload stands in `data`."""

NO_FIELD = float("nan")  # equals nothing
IGNORED = {"class", "device", "scaled"}
WORDS: dict[str, set[float]] = {
    "fastleft": {-127},
    "fastright": {127},
    "n/a": {-128},
    "steady": {0},
    "increasing": {1},
    "decreasing": {2},
    "N/A": {3, 7},
}
TIMES = {
    "timestamp": ("year", "month", "day", "hour", "minute", "second"),
    "eta": ("month", "day", "hour", "minute"),
    "arrival": ("month", "day", "hour", "minute"),
}


def our_value(ours: dict[str, Any], name: str) -> Any:
    """Return our value of a field of gpsd's, in gpsd's form where that is a composed text."""
    if name in TIMES:
        parts = TIMES[name] if name != "timestamp" or "year" in ours else TIMES[name][2:5]
        return [ours.get(part) for part in parts]
    if name == "name":
        return ours["full_name"]
    if name == "data" and "target_data" in ours:
        return ours["target_data"]
    return ours.get(name, ours.get(NAMES.get(name, name), NO_FIELD))


def equal(theirs: Any, ours: Any, tolerance: float) -> bool:
    """Compare a value of gpsd's JSON with ours."""
    if ours is None:  # the payload ends before the field, where gpsd prints nothing or 0
        return theirs in (0, "")
    if isinstance(ours, bytes):  # gpsd writes "bits:hex"
        return isinstance(theirs, str) and theirs.partition(":")[2] == ours.hex()
    if isinstance(ours, list):
        return [int(number) for number in re.findall(r"\d+", theirs)] == ours
    if isinstance(theirs, str) and theirs in WORDS:
        return ours in WORDS[theirs]
    if ours is not NO_FIELD and (isinstance(theirs, float) or isinstance(ours, float)):
        return abs(float(theirs) - float(ours)) <= tolerance
    return bool(theirs == ours)


def tolerance(expected: dict[str, Any], name: str) -> float:
    """Return half a unit of the last digit that gpsd prints."""
    if name in ("lat", "lon"):
        return {17: 0.05, 27: 5e-5}.get(expected["type"], 6e-7)
    return 0.05 if name == "waterlevel" else 6e-7


def differences(expected: dict[str, Any], ours: dict[str, Any]) -> set[str]:
    """Return the names of the fields in which gpsd and we differ."""
    raw = (expected["type"], expected.get("dac"), expected.get("fid")) in RAW
    return {
        name
        for name, theirs in expected.items()
        if name not in IGNORED
        and not name.endswith("_text")
        and not (raw and NAMES.get(name, name) not in ours)
        and not equal(theirs, our_value(ours, name), tolerance(expected, name))
    }


def whole_statics(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the parts A and B of type 24 as gpsd does, and drop a part whose other never came."""
    parts: dict[int, dict[str, Any]] = {}
    for message in messages:
        if message["msg_type"] == 24:
            parts.setdefault(message["mmsi"], {}).update(message)
    whole = [part for part in parts.values() if {"shipname", "callsign"} <= part.keys()]
    return [message for message in messages if message["msg_type"] != 24] + whole


def test_every_message_is_decoded_as_gpsd_says(shared_data: Path) -> None:
    sample = shared_data / "nmea" / "gpsd_sample.aivdm"
    lines = Path(f"{sample}.expected.jsonl").read_text().splitlines()
    report = ReadReport()
    with sample.open("rb") as stream:
        messages = whole_statics(list(decode_messages(stream, path="sample", report=report)))
    found: set[tuple[Any, ...]] = set()
    for expected in map(json.loads, lines):
        candidates = [
            message
            for message in messages
            if (message["msg_type"], message["mmsi"]) == (expected["type"], expected["mmsi"])
        ]
        assert candidates, expected
        least = min((differences(expected, message) for message in candidates), key=len)
        found |= {(expected["type"], *application(expected), name) for name in least}
    assert found == set(DIFFERENT)
    assert len(lines) == 97


def application(expected: dict[str, Any]) -> tuple[int, ...]:
    """Return DAC and FID of a binary message, nothing for any other."""
    return (expected["dac"], expected["fid"]) if "dac" in expected else ()
