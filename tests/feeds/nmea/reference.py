"""The policy of reading sentences, written once more in plain Python, with pyais for the fields.

What is a sentence, which checksum is right and which parts belong together follows
docs/decoding.md; what the message says is pyais' word (tests/feeds/nmea/sentences.py). It shares no
line with the kernels. Times, stations and groups are left to other tests: logs are given without.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pyais.bit_vector import bit_vector
from pyais.exceptions import InvalidNMEAMessageException
from pyais.messages import BYTES, MSG_CLASS, STR, AISSentence, NMEASentenceFactory

from tests.feeds.nmea.sentences import ROW_TYPES, expected_row, pyais_fields, xor

MAX_LINE_BYTES, MAX_PAYLOAD, MAX_PARTS, LINES_APART = 16_384, 200, 9, 500
_TAG = re.compile(rb"!..[Vv][Dd][MmOo],", re.DOTALL)
_ARMOURED = re.compile(rb"[0-W`-w]*")
_NUMBER = re.compile(rb"[0-9]{1,18}")
_CHECKSUM = re.compile(rb"[0-9A-Fa-f]{2}")
_TO_THE_POSITION = {1: 116, 2: 116, 3: 116, 4: 134, 9: 116, 11: 134, 18: 112, 19: 112}
_TO_THE_POSITION |= {21: 219, 27: 79, 28: 99}
_TO_THE_NAME = {5: 232}


@dataclass
class Waiting:
    """A message whose parts are not all there."""

    first_line: int
    parts: dict[int, tuple[bytes, int]] = field(default_factory=dict)


def sentence_of(line: bytes) -> tuple[str, bytes]:
    """Return what a line is, and its text from the sentence on."""
    if len(line) > MAX_LINE_BYTES:
        return "noise", b""
    if not line.strip(b" \t"):
        return "blank", b""
    at = 0
    while at < len(line):
        if _TAG.match(line, at):
            return "sentence", line[at:]
        if line.startswith(b"$PGHP,", at):
            return "noise", b""
        closing = line.find(b"\\", at + 1) if line[at : at + 1] == b"\\" else -1
        at = max(at, closing) + 1
    return "noise", b""


def fields_of(text: bytes) -> list[bytes] | str:
    """Return the fields of a sound sentence, or the reason against it."""
    body, star, rest = text.partition(b"*")
    if not star or not _CHECKSUM.match(rest) or xor(body[1:]) != rest[:2].upper():
        return "bad_checksum"
    fields = body.split(b",")
    if len(fields) not in (6, 7):
        return "bad_sentence"
    total, number, payload, fill = fields[1], fields[2], fields[-2], fields[-1] or b"0"
    if not all(_NUMBER.fullmatch(text) for text in (total, number, fill)):
        return "bad_sentence"
    if not 1 <= int(number) <= int(total) <= MAX_PARTS or int(fill) > 5:
        return "bad_sentence"
    if len(payload) > MAX_PAYLOAD or not _ARMOURED.fullmatch(payload):
        return "bad_sentence"
    return fields if payload or int(total) > 1 else "bad_sentence"


def check_with_pyais(text: bytes, fields: list[bytes] | str) -> None:
    """Check that pyais takes and refuses the same sentence, where it reads the same text.

    It lets bad checksums pass with a mark, needs the channel and its comma, takes characters that
    are no armour, an empty payload, numbers with a sign or spaces, half a checksum, and only ASCII.
    """
    body, _, rest = text.partition(b"*")
    own = body + b"*" + rest[:2]
    if not own.isascii() or body.count(b",") != 6 or body != body.strip():
        return
    if not _CHECKSUM.match(rest):
        return
    try:
        found: Any = NMEASentenceFactory.produce(own)
        sound = isinstance(found, AISSentence) and found.is_valid
    except InvalidNMEAMessageException:
        sound = False
    if not isinstance(fields, str):
        seq = fields[3]
        assert sound or (seq and not seq.isdigit()) or not fields[-1], own
        if sound:
            assert found.payload == fields[-2]
            assert found.fill_bits == int(fields[-1] or 0)
    elif sound:
        parts = body.split(b",")
        numbers = all(_NUMBER.fullmatch(text) for text in (parts[1], parts[2], parts[6]))
        assert not numbers or not parts[5] or not _ARMOURED.fullmatch(parts[5]), own


def row_of(payload: bytes, fill: int) -> dict[str, Any] | str:
    """Return the row of a message as pyais' fields give it, or the reason against it."""
    bits = 6 * len(payload) - fill
    if bits < 6:
        return "bad_sentence"
    kind = _code(payload, 0)
    if not 1 <= kind <= 28:
        return "unsupported_type"
    if kind not in ROW_TYPES:
        return "no_position_or_identity"
    if bits < {**_TO_THE_POSITION, **_TO_THE_NAME}.get(kind, 40) or (
        kind == 24 and not _is_whole_24(payload, bits)
    ):
        return "bad_sentence"
    fields = pyais_fields(payload, fill) | _cut_short(payload, fill)
    if not 1 <= fields["mmsi"] <= 999_999_999:
        return "bad_mmsi"
    row = expected_row(fields)
    if kind == 24 and fields["mmsi"] // 10_000_000 == 98:  # its parent's number stands there
        row.pop("length_m", None)
        row.pop("beam_m", None)
    return row


def _code(payload: bytes, place: int) -> int:
    """Return the six bits of a character."""
    return payload[place] - (48 if payload[place] < 96 else 56)


def _is_whole_24(payload: bytes, bits: int) -> bool:
    """Tell whether a type 24 is part A with its name, or part B with its call sign."""
    part = _code(payload, 6) >> 2 & 3  # bits 38 and 39
    return bits >= {0: 160, 1: 132}.get(part, 1 << 30)


def _cut_short(payload: bytes, fill: int) -> dict[str, None]:
    """Return the numbers that the payload does not hold whole; pyais gives the bits left."""
    bits = bit_vector(payload, fill)
    plan = MSG_CLASS[bits.get(0, 6)].from_vector(bits).decoder_plan()
    return {
        name: None
        for name, offset, width, _, kind, _ in plan
        if offset < len(bits) < offset + width and kind not in (STR, BYTES)
    }


def read_by_reference(data: bytes) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Return the rows of a log and how many rows were rejected for each reason."""
    rows: list[dict[str, Any]] = []
    rejected: Counter[str] = Counter()
    waiting: dict[tuple[bytes, ...], list[Waiting]] = {}
    number = -1
    for line in re.split(rb"[\r\n]", data):
        number += bool(line)
        kind, text = sentence_of(line)
        if kind != "sentence":
            rejected[kind] += kind == "noise"
            continue
        fields = fields_of(text)
        check_with_pyais(text, fields)
        if isinstance(fields, str):
            rejected[fields] += 1
            continue
        message = _joined(waiting, fields, number)
        if message is not None:
            row = row_of(*message)
            if isinstance(row, str):
                rejected[row] += 1
            else:
                rows.append(row)
    rejected["incomplete_multipart"] += sum(map(len, waiting.values()))
    return rows, +rejected


def _joined(
    waiting: dict[tuple[bytes, ...], list[Waiting]], fields: list[bytes], number: int
) -> tuple[bytes, int] | None:
    """Return payload and fill bits of the message that a sentence is, or makes whole."""
    total, part = int(fields[1]), int(fields[2])
    payload, fill = fields[-2], int(fields[-1] or b"0")
    if total == 1:
        return payload, fill
    key = (fields[0], fields[1], *fields[3:-2], b"%d" % len(fields))
    slots = waiting.setdefault(key, [])
    fitting = [
        slot for slot in slots if part not in slot.parts and number - slot.first_line <= LINES_APART
    ]
    slot = max(fitting, key=lambda slot: slot.first_line, default=None)
    if slot is None:
        slot = Waiting(number)
        slots.append(slot)
    slot.parts[part] = payload, fill
    if len(slot.parts) < total:
        return None
    slots.remove(slot)
    return b"".join(slot.parts[i][0] for i in range(1, total + 1)), slot.parts[total][1]
