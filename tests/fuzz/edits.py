"""Edits of bytes: what turns a sound sample into a hostile one."""

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

OPERATIONS = ("flip", "cut", "copy", "token", "swap", "fill", "number", "end")
TOKENS: tuple[bytes, ...] = (
    b"\\",
    b"!AIVDM,",
    b"$PGHP,1,",
    b"*00",
    b",,",
    b"\r\n",
    b"\r",
    b"\0",
    b"\x1b[31m",
    b'"',
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"\\ud800",
    b"\xff\xfe",
    b"\xe2\x80\xae",
    b"NaN",
    b"Infinity",
    b"1e999",
    b"-0",
    b"9" * 40,
    b"2147483648",
    b"-9223372036854775809",
    b"null",
    b"true",
    b"\xef\xbb\xbf",
    b"=cmd()",
    b"<script>",
    b"c:1700000000",
    b"g:1-9-x",
)
MAX_BYTES = 1 << 16
_CHECKED = re.compile(rb"([!$\\])([^\\*\r\n!$]{1,400})\*[0-9A-Fa-f]{2}")


class Edit(NamedTuple):
    """One edit; `place`, `length` and `value` are taken modulo what there is."""

    operation: str
    place: int
    length: int
    value: int


def apply(sample: bytes, edits: Sequence[Edit], *, repair: bool) -> bytes:
    """Return the sample with the edits; `repair` then puts NMEA checksums right.

    Without right checksums hardly any edit would get past the first test of a sentence.
    """
    data = bytearray(sample)
    for edit in edits:
        _edit(data, edit)
        del data[MAX_BYTES:]
    return _CHECKED.sub(_repaired, bytes(data)) if repair else bytes(data)


def _edit(data: bytearray, edit: Edit) -> None:
    size = max(len(data), 1)
    at = edit.place % size
    length = edit.length % min(size, 64) + 1
    if edit.operation == "flip" and data:
        data[at] ^= 1 << edit.value % 8
    elif edit.operation == "cut":
        del data[at : at + length]
    elif edit.operation == "copy":
        data[edit.value % size : edit.value % size] = data[at : at + length]
    elif edit.operation == "token":
        data[at:at] = TOKENS[edit.value % len(TOKENS)]
    elif edit.operation == "swap":
        part, other = data[at : at + length], edit.value % size
        data[at : at + length] = data[other : other + length]
        data[other : other + length] = part
    elif edit.operation == "fill":
        data[at : at + length] = bytes([edit.value % 256]) * length
    elif edit.operation == "number":
        data[at : at + 1] = str(edit.value - (1 << 31)).encode("ascii")
    else:
        del data[at:]


def _repaired(match: re.Match[bytes]) -> bytes:
    total = 0
    for byte in match[2]:
        total ^= byte
    return b"%b%b*%02X" % (match[1], match[2], total)


def random_edits(rng: random.Random) -> list[Edit]:
    """Return one to six edits."""
    return [
        Edit(
            rng.choice(OPERATIONS),
            rng.getrandbits(20),
            rng.getrandbits(12),
            rng.getrandbits(32),
        )
        for _ in range(rng.choice((1, 1, 2, 3, 6)))
    ]
