"""Every field of one message, through pyais, with what pyais leaves wrong put right.

pyais 3.3 reads a field that the payload cuts short from the bits that are left, gives the places
of types 17, 22 and 23 in minutes, those of type 17 without sign, and keeps padding inside texts.
See docs/decoding.md.
"""

from collections.abc import Collection
from enum import Enum
from typing import Any

from pyais.bit_vector import bit_vector
from pyais.exceptions import AISBaseException
from pyais.messages import BYTES, MSG_CLASS, STR

from feeds.report import ReadReport

LEAST_BITS = 38
"""Type, repeat indicator and MMSI."""
_IN_MINUTES = {
    22: ("ne_lon", "ne_lat", "sw_lon", "sw_lat"),
    23: ("ne_lon", "ne_lat", "sw_lon", "sw_lat"),
}


def decode_full(
    payload: bytes, fill: int, report: ReadReport, types: Collection[int] | None = None
) -> dict[str, Any] | None:
    """Return the fields of an armoured payload under pyais' names, or None.

    `types` are the message types that are asked for, None for all.

    Enumerations are their numbers, missing fields None, positions degrees, binary data bytes. The
    message, or the reason against it, is counted in `report`.
    """
    bits = bit_vector(payload, fill)
    if len(bits) < 6:
        report.reject("bad_sentence")
        return None
    kind = bits.get(0, 6)
    report.message_types[kind] += 1
    if kind == 0 or kind not in MSG_CLASS:
        report.reject("unsupported_type")
        return None
    if types is not None and kind not in types:
        report.reject("unsupported_type")
        return None
    try:
        fields = _fields(kind, bits)
    except (AISBaseException, ValueError, TypeError, KeyError, IndexError):
        fields = None
    if fields is None:
        report.reject("bad_sentence")
    else:
        report.accept(1)
    return fields


def _fields(kind: int, bits: bit_vector) -> dict[str, Any] | None:
    if len(bits) < LEAST_BITS:
        return None
    message = MSG_CLASS[kind].from_vector(bits)
    fields: dict[str, Any] = message.asdict(enum_as_int=True)
    for name, value in fields.items():
        if isinstance(value, Enum):
            fields[name] = value.value
        elif isinstance(value, str):
            fields[name] = value.split("@", 1)[0].strip()
    for name, offset, width, _, data_kind, _ in message.decoder_plan():
        cut_short = offset < len(bits) < offset + width
        if cut_short and name in fields and data_kind not in (STR, BYTES):
            fields[name] = None
    if kind == 17 and fields["lat"] is not None:
        fields["lon"] = round(bits.get_signed(40, 18) / 600.0, 6)
        fields["lat"] = round(bits.get_signed(58, 17) / 600.0, 6)
    for name in _IN_MINUTES.get(kind, ()):
        if fields.get(name) is not None:
            fields[name] = round(fields[name] / 60.0, 6)
    return fields
