"""`decode_messages` gives every field of every message, with the faults of pyais put right."""

import io
from typing import Any

from feeds.nmea import decode_messages
from feeds.report import ReadReport
from tests.feeds.nmea.sentences import EPOCH, armour, sentence, static, tagged


def messages(*lines: bytes) -> tuple[list[dict[str, Any]], ReadReport]:
    report = ReadReport()
    stream = io.BytesIO(b"\n".join(lines))
    return list(decode_messages(stream, path="log", report=report)), report


def test_a_message_carries_its_fields_its_time_and_its_station() -> None:
    first, second = static()
    ((message,), report) = messages(tagged(first, b"s:base,c:%d" % EPOCH), second)
    assert message["shipname"] == "EVER DIADEM"
    assert (message["time_us"], message["station"]) == (EPOCH * 1_000_000, "base")
    assert report.message_types == {5: 1}


def test_untimed_and_implausibly_timed_messages_are_given_without_time() -> None:
    found, _ = messages(sentence(), tagged(sentence(), b"c:12400000000"))
    assert [(message["time_us"], message["station"]) for message in found] == [(None, None)] * 2


def test_a_number_that_the_payload_cuts_short_is_none() -> None:
    bits = f"{7:06b}00{211_000_001:030b}00" + f"{244_000_001:030b}01" + f"{244_000_002:030b}"[:20]
    payload, fill = armour(bits)
    ((message,), _) = messages(sentence(payload, fill=fill))
    assert (message["mmsi1"], message["mmsi2"]) == (244_000_001, None)


def test_a_differential_correction_stands_at_signed_degrees() -> None:
    place = f"{80_660:018b}{-26_820 & (1 << 17) - 1:017b}"
    payload, fill = armour(f"{17:06b}00{4_310_302:030b}00" + place + "0" * 5)
    ((message,), _) = messages(sentence(payload, fill=fill))
    assert (message["lon"], message["lat"]) == (134.433333, -44.7)


def test_messages_that_cannot_be_decoded_are_counted() -> None:
    part_c = armour(f"{24:06b}00{211_000_001:030b}10" + "0" * 128)
    lines = [sentence(b"15"), sentence(part_c[0], fill=part_c[1]), sentence(b"w" * 28)]
    found, report = messages(*lines)
    assert found == []
    assert report.rejected == {"bad_sentence": 2, "unsupported_type": 1}
    assert report.message_types == {1: 1, 24: 1, 63: 1}


def test_only_the_types_that_are_asked_for_are_decoded() -> None:
    payload, fill = armour(f"{17:06b}00{2_300_001:030b}" + "0" * 42)
    corrections = sentence(payload, fill=fill)
    report = ReadReport()
    stream = io.BytesIO(b"\n".join([*static(), sentence(), corrections]))
    found = list(decode_messages(stream, path="log", report=report, types={17}))
    assert [message["msg_type"] for message in found] == [17]
    assert report.message_types == {1: 1, 5: 1, 17: 1}
    assert report.rejected == {"unsupported_type": 2}
