r"""Tag blocks, trailers and station names: what stands around a sentence.

A tag block is `\c:1668046497,s:117,g:1-2-7218*hh\` before a sentence (NMEA 0183 v4.10, 7). A
block whose checksum is missing or wrong is not trusted: it gives no time, station or group. One
case is told apart: a relay that put a group before a block and left the checksum as it was (the
Norwegian Coastal Administration's feed). Then the fields that the checksum covers are trusted.
"""

import numpy as np

from feeds.nmea.clock import MIN_EPOCH_DIGITS, digits_end, epoch_us
from feeds.nmea.layout import MAX_STATION_BYTES, NO_TIME, UNREADABLE_TIME, Bytes, Record
from feeds.words import hash_of, njit, xor_of

_COMMA, _STAR, _COLON, _DASH = 44, 42, 58, 45


@njit
def hash_bytes(buffer: Bytes, low: int, high: int, seed: int) -> np.uint64:
    """Return a 64-bit hash of `low:high` mixed once more, never 0."""
    value = hash_of(buffer, low, high) ^ np.uint64(seed)
    value ^= value >> np.uint64(29)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(32)
    return value if value != np.uint64(0) else np.uint64(1)


@njit
def hex_value(byte: int) -> int:
    """Return the value of a hexadecimal digit, or -1."""
    if 48 <= byte <= 57:
        return byte - 48
    if 65 <= byte <= 70:
        return byte - 55
    if 97 <= byte <= 102:
        return byte - 87
    return -1


@njit
def written_checksum(buffer: Bytes, star: int, high: int) -> int:
    """Return the two hexadecimal digits after the asterisk at `star`, or -1."""
    if star + 2 >= high:
        return -1
    upper, lower = hex_value(buffer[star + 1]), hex_value(buffer[star + 2])
    return upper * 16 + lower if upper >= 0 and lower >= 0 else -1


@njit
def find(buffer: Bytes, low: int, high: int, byte: int) -> int:
    """Return the offset of the first `byte` in `low:high`, or `high`."""
    i = low
    while i < high and buffer[i] != byte:
        i += 1
    return i


@njit
def set_station(line: Record, buffer: Bytes, low: int, high: int) -> None:
    """Write the station named by `low:high` into a line, unless it is empty."""
    high = min(high, low + MAX_STATION_BYTES)
    if high > low:
        line.station = hash_bytes(buffer, low, high, 0)
        line.station_at = low
        line.station_length = high - low


@njit
def read_group(line: Record, buffer: Bytes, low: int, high: int) -> None:
    """Write the id of a group `part-total-id` into a line."""
    first = find(buffer, low, high, _DASH)
    second = find(buffer, first + 1, high, _DASH)
    if second + 1 < high:
        line.group = hash_bytes(buffer, second + 1, high, 0)


@njit
def trusted_from(buffer: Bytes, low: int, star: int, high: int) -> int:
    """Return where the fields begin that the checksum of the block `low:high` covers; else -1."""
    if star + 3 != high:
        return -1
    written = written_checksum(buffer, star, high)
    if written == xor_of(buffer, low, star):
        return low
    if buffer[low] == 103:  # a group put before the block
        after = find(buffer, low, star, _COMMA) + 1
        if after < star and written == xor_of(buffer, after, star):
            return after
    return -1


@njit
def read_block(line: Record, buffer: Bytes, low: int, high: int) -> None:
    """Read the fields c, s and g of the tag block inside `low:high` into a line."""
    star = high - 3 if high - low > 3 and buffer[high - 3] == _STAR else high
    at = trusted_from(buffer, low, star, high)
    if at < 0:
        return
    while at < star:
        code = buffer[at]
        end = find(buffer, at, star, _COMMA)
        if end - at > 2 and buffer[at + 1] == _COLON:
            if code == 99:  # c: receive time
                value = epoch_us(buffer, at + 2, end)
                line.time_us = value if value >= 0 else UNREADABLE_TIME
                line.from_tag = 1
            elif code == 115:  # s: source station
                set_station(line, buffer, at + 2, end)
            elif code == 103:  # g: sentence group
                read_group(line, buffer, at + 2, end)
        at = end + 1


@njit
def read_trailer(line: Record, buffer: Bytes, low: int, high: int) -> None:
    """Read what follows a sentence's checksum: `,epoch` and the US Coast Guard's `,rSTATION`.

    The last epoch counts. A time or station from the tag block is kept.
    """
    at = low
    while at < high:
        end = find(buffer, at, high, _COMMA)
        stop = end
        while stop > at and buffer[stop - 1] in (32, 9):
            stop -= 1
        if stop - at > 2 and buffer[at] in (98, 114) and line.station == 0:  # b..., r...
            set_station(line, buffer, at + 1, stop)
        elif line.from_tag == 0 and digits_end(buffer, at, stop) - at >= MIN_EPOCH_DIGITS:
            value = epoch_us(buffer, at, stop)
            if value >= 0:
                line.time_us = value
        at = end + 1


@njit
def has_time(line: Record) -> bool:
    """Tell whether a line carries a time, plausible or not."""
    return line.time_us != NO_TIME
