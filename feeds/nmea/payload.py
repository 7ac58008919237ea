"""Payload bits of the messages that carry position or identity, to rows.

Bit offsets are those of ITU-R M.1371-5, annex 8, tables 45 to 79 (28: M.1371-6). A field that the
payload does not hold whole is missing. Types 1-5, 9, 11, 18, 19, 21, 24, 27 and 28 are decoded.
"""

import numpy as np
import numpy.typing as npt

from feeds.nmea.columns import Columns, keep_fix
from feeds.nmea.layout import (
    BAD_MMSI,
    BAD_TIME,
    CALLSIGN,
    DECODED,
    DESTINATION,
    EARLIEST_US,
    LATEST_US,
    NAME,
    NO_TIME,
    OTHER,
    SHORT,
    TYPES,
    UNSUPPORTED,
    UNTIMED,
    Array,
    Bytes,
    Record,
    Records,
)
from feeds.nmea.stations import Stations, station_number
from feeds.words import njit, word_at

_MINUTE_US = 60_000_000
Words = npt.NDArray[np.uint64]
"""The bits of a payload, 64 a word, the first one highest."""
MOST_CHARS = 96
"""Characters of a payload that are looked at; the longest text ends in the 71st."""
_TEXT_STEP = 60
_ZEROS, _PAST_40 = np.uint64(0x3030303030303030), np.uint64(0x5757575757575757)
_HIGH_BITS, _EVEN_6 = np.uint64(0x8080808080808080), np.uint64(0x003F003F003F003F)
_EVEN_12, _LOW_24 = np.uint64(0x00000FFF00000FFF), np.uint64(0xFFFFFF)
LAST_TYPE = 28
_LEAST = {1: 116, 2: 116, 3: 116, 4: 134, 5: 232, 9: 116, 11: 134, 18: 112, 19: 112}
_LEAST |= {21: 219, 24: 40, 27: 79, 28: 99}
_LEAST_BITS = tuple(_LEAST.get(kind, 0) for kind in range(LAST_TYPE + 1))


@njit
def unarmoured(buffer: Bytes, at: int) -> np.uint64:
    """Return the 48 bits of eight armoured characters, each of them 0..W or `..w."""
    value = word_at(buffer, at) - _ZEROS
    value -= (value + _PAST_40 & _HIGH_BITS) >> np.uint64(4)  # 8 off what is above 40
    value = (value & _EVEN_6) << np.uint64(6) | value >> np.uint64(8) & _EVEN_6
    value = (value & _EVEN_12) << np.uint64(12) | value >> np.uint64(16) & _EVEN_12
    return (value & _LOW_24) << np.uint64(24) | value >> np.uint64(32) & _LOW_24


@njit
def unpack(bits: Words, buffer: Bytes, payload: int, chars: int) -> None:
    """Write the bits of a payload's first `chars` characters, the first one highest.

    Those behind them are of no meaning. `buffer` has to go on for REACH_BYTES.
    """
    word = 0
    for at in range(payload, payload + min(chars, MOST_CHARS), 32):
        first, second = unarmoured(buffer, at), unarmoured(buffer, at + 8)
        third, fourth = unarmoured(buffer, at + 16), unarmoured(buffer, at + 24)
        bits[word] = first << np.uint64(16) | second >> np.uint64(32)
        bits[word + 1] = second << np.uint64(32) | third >> np.uint64(16)
        bits[word + 2] = third << np.uint64(48) | fourth
        word += 3


@njit
def unsigned(bits: Words, start: int, width: int) -> np.int64:
    """Return `width` bits (at most 63) from bit `start` of the payload."""
    at = start >> 6
    end = (start & 63) + width
    if end <= 64:
        value = bits[at] >> np.uint64(64 - end)
    else:
        value = bits[at] << np.uint64(end - 64) | bits[at + 1] >> np.uint64(128 - end)
    return np.int64(value & ((np.uint64(1) << np.uint64(width)) - np.uint64(1)))


@njit
def signed(bits: Words, start: int, width: int) -> int:
    """Return `width` bits from bit `start` as a two's complement number."""
    value = unsigned(bits, start, width)
    return value - (1 << width) if value >> (width - 1) else value


@njit
def least_bits(msg_type: int) -> int:
    """Return the bits without which a message of the type says nothing of use.

    Position reports must hold the position, type 5 the name; 24 is judged by its part.
    """
    return _LEAST_BITS[msg_type]


@njit
def carries(msg_type: int) -> bool:
    """Tell whether messages of a type carry a position or an identity."""
    return _LEAST_BITS[msg_type] > 0


@njit
def degrees(raw: int, factor: int) -> float:
    """Return raw / (600000 / factor) degrees, correctly rounded to 1e-6, in integers.

    The nearest integer to raw * factor * 5 / 3; never a tie, so pyais rounds the same way.
    """
    return np.float64((raw * factor * 10 + 3) // 6) / 1e6


@njit
def set_position(fix: Record, data: Words, at: int) -> None:
    """Write the 28-bit longitude and 27-bit latitude (1/600000 degree) at bit `at`."""
    keep_position(fix, signed(data, at, 28), signed(data, at + 28, 27), 1, 108_000_000)


@njit
def keep_position(fix: Record, lon: int, lat: int, factor: int, limit: int) -> None:
    """Write a position unless it is out of range (181 and 91 degrees mean not available)."""
    if abs(lon) > limit or abs(lat) * 2 > limit:
        return
    fix.lon_deg = -180.0 if lon == limit else degrees(lon, factor)
    fix.lat_deg = degrees(lat, factor)


@njit
def set_motion(fix: Record, sog: int, cog: int, heading: int) -> None:
    """Write speed and course (tenths) and heading; 1023, 3600 and 511 mean not available."""
    if sog <= 1022:
        fix.sog_knots = np.float32(sog / 10.0)
    if cog < 3600:
        fix.cog_deg = np.float32(cog / 10.0)
    if heading < 360:
        fix.heading_deg = np.float32(heading)


@njit
def set_size(fix: Record, data: Words, at: int) -> None:
    """Write length and beam from the four distances to the antenna at bit `at`."""
    length = unsigned(data, at, 9) + unsigned(data, at + 9, 9)
    beam = unsigned(data, at + 18, 6) + unsigned(data, at + 24, 6)
    if length:
        fix.length_m = np.float32(length)
    if beam:
        fix.beam_m = np.float32(beam)


@njit
def put_text(
    texts: Bytes,
    ends: Array,
    row: int,
    column: int,
    free: int,
    data: Words,
    bits: int,
    start: int,
    width: int,
) -> int:
    """Append the six-bit text at `start` to a text column; return the column's new end.

    From the first `@` on a text is padding. Spaces are trimmed, and runs of them joined.
    """
    at = free
    for first in range(start, min(start + width, bits) - 5, _TEXT_STEP):
        several = unsigned(data, first, _TEXT_STEP)
        last = min(first + _TEXT_STEP, start + width, bits)
        for bit in range(first, last - 5, 6):
            code = several >> (first + _TEXT_STEP - 6 - bit) & 63
            if code == 0:
                return at
            if code == 32 and (at == ends[column, row] or texts[column, at - 1] == 32):
                continue
            texts[column, at] = code + 64 if code < 32 else code
            at += 1
    return at


@njit
def is_full(data: Words, start: int, chars: int) -> bool:
    """Tell whether a text of so many characters holds no padding."""
    full = True
    for k in range(chars):
        full = full and unsigned(data, start + 6 * k, 6) != 0
    return full


@njit
def close_text(texts: Bytes, ends: Array, row: int, column: int, at: int) -> None:
    """End a row of a text column, without a trailing space."""
    if at > ends[column, row] and texts[column, at - 1] == 32:
        at -= 1
    ends[column, row + 1] = at


@njit
def decode_position_a(fix: Record, data: Words, bits: int) -> None:
    """Types 1, 2, 3: class A position report."""
    fix.ais_class = 1
    fix.nav_status = unsigned(data, 38, 4)
    set_position(fix, data, 61)
    cog = unsigned(data, 116, 12) if bits >= 128 else 3600
    heading = unsigned(data, 128, 9) if bits >= 137 else 511
    set_motion(fix, unsigned(data, 50, 10), cog, heading)


@njit
def decode_position_b(fix: Record, data: Words, bits: int) -> None:
    """Types 18 and 19: class B position report; 19 with ship type and size."""
    fix.ais_class = 2
    set_position(fix, data, 57)
    cog = unsigned(data, 112, 12) if bits >= 124 else 3600
    heading = unsigned(data, 124, 9) if bits >= 133 else 511
    set_motion(fix, unsigned(data, 46, 10), cog, heading)
    if fix.msg_type == 19:
        if bits >= 271:
            fix.ship_type = unsigned(data, 263, 8)
        if bits >= 301:
            set_size(fix, data, 271)


@njit
def decode_static_a(fix: Record, data: Words, bits: int) -> None:
    """Type 5: class A static and voyage data."""
    fix.ais_class = 1
    fix.imo = unsigned(data, 40, 30)
    if bits >= 240:
        fix.ship_type = unsigned(data, 232, 8)
    if bits >= 270:
        set_size(fix, data, 240)
    if bits >= 302 and unsigned(data, 294, 8):
        fix.draught_m = np.float32(unsigned(data, 294, 8) / 10.0)


@njit
def decode_static_b(fix: Record, data: Words, bits: int) -> bool:
    """Type 24: class B static data, part A or B; False for any other part, or half a name.

    A craft of a parent ship (MMSI 98xxxxxxx) sends its parent's MMSI where others send their size.
    """
    fix.ais_class = 2
    part = unsigned(data, 38, 2)
    if part == 0:
        return bits >= 160
    fix.ship_type = unsigned(data, 40, 8) if bits >= 48 else 0
    if bits >= 162 and fix.mmsi // 10_000_000 != 98:
        set_size(fix, data, 132)
    return part == 1 and bits >= 132


@njit
def decode_other(fix: Record, data: Words, bits: int) -> None:
    """Types 4, 9, 11, 21, 27, 28: stations, aircraft, aids and long-range reports."""
    kind = fix.msg_type
    if kind == 9:
        set_position(fix, data, 61)
        # Aircraft send whole knots up to 1022; the column ends at 102.2.
        sog = unsigned(data, 50, 10)
        cog = unsigned(data, 116, 12) if bits >= 128 else 3600
        set_motion(fix, sog * 10 if sog <= 102 else 1023, cog, 511)
    elif kind == 27:
        fix.nav_status = unsigned(data, 40, 4)
        keep_position(fix, signed(data, 44, 18), signed(data, 62, 17), 1000, 108_000)
        sog = unsigned(data, 79, 6) if bits >= 85 else 63
        cog = unsigned(data, 85, 9) if bits >= 94 else 511
        set_motion(fix, sog * 10 if sog < 63 else 1023, cog * 10, 511)
    elif kind == 21:
        set_position(fix, data, 164)
    else:
        set_position(fix, data, 44 if kind == 28 else 79)


@njit
def decode_texts(fix: Record, data: Words, bits: int, texts: Bytes, ends: Array, row: int) -> None:
    """Write name, call sign and destination of a message; empty where it holds none."""
    name, call, destination = ends[NAME, row], ends[CALLSIGN, row], ends[DESTINATION, row]
    kind = fix.msg_type
    if kind == 5:
        call = put_text(texts, ends, row, CALLSIGN, call, data, bits, 70, 42)
        name = put_text(texts, ends, row, NAME, name, data, bits, 112, 120)
        destination = put_text(texts, ends, row, DESTINATION, destination, data, bits, 302, 120)
    elif kind == 19 and bits >= 263:
        name = put_text(texts, ends, row, NAME, name, data, bits, 143, 120)
    elif kind == 21:
        name = put_text(texts, ends, row, NAME, name, data, bits, 43, 120)
        if is_full(data, 43, 20):  # only a full name is extended
            name = put_text(texts, ends, row, NAME, name, data, bits, 272, 84)
    elif kind == 24:
        if unsigned(data, 38, 2) == 0:
            name = put_text(texts, ends, row, NAME, name, data, bits, 40, 120)
        else:
            call = put_text(texts, ends, row, CALLSIGN, call, data, bits, 90, 42)
    close_text(texts, ends, row, NAME, name)
    close_text(texts, ends, row, CALLSIGN, call)
    close_text(texts, ends, row, DESTINATION, destination)


@njit
def clear_fix(fix: Record) -> None:
    """Make every field of a row missing."""
    fix.lat_deg = np.nan
    fix.lon_deg = np.nan
    fix.sog_knots = np.nan
    fix.cog_deg = np.nan
    fix.heading_deg = np.nan
    fix.length_m = np.nan
    fix.beam_m = np.nan
    fix.draught_m = np.nan
    fix.imo = 0
    fix.ais_class = 0
    fix.nav_status = 15
    fix.ship_type = 0


@njit
def utc_second(data: Words, bits: int, msg_type: int) -> int:
    """Return the UTC second that a position report was made in, or -1."""
    if msg_type <= 3:
        at = 137
    elif msg_type in (4, 11):
        at = 72
    elif msg_type == 9:
        at = 128
    elif msg_type in (18, 19):
        at = 133
    elif msg_type == 21:
        at = 253
    elif msg_type == 28:
        at = 38
    else:
        return -1
    if bits < at + 6:
        return -1
    second = unsigned(data, at, 6)
    return second if second < 60 else -1


@njit
def next_time(now_us: int, second: int) -> int:
    """Advance a running clock to the next `second` of a minute, unless that is 30 s away or more.

    A second that lies shortly behind the clock belongs to a message that came late: no step.
    """
    if second < 0:
        return now_us
    ahead = (second * 1_000_000 - now_us) % _MINUTE_US
    return now_us + ahead if ahead < _MINUTE_US // 2 else now_us


@njit
def judge(fix: Record, time_us: int) -> int:
    """Return why a decoded message is rejected, DECODED if it is not."""
    if fix.mmsi < 1 or fix.mmsi > 999_999_999:
        return BAD_MMSI
    if time_us == NO_TIME:
        return UNTIMED
    if time_us < EARLIEST_US or time_us >= LATEST_US:
        return BAD_TIME
    return DECODED


@njit
def decode_fields(fix: Record, data: Words, bits: int) -> bool:
    """Write the numeric fields of a message into its row; False if it cannot be decoded."""
    clear_fix(fix)
    fix.mmsi = unsigned(data, 8, 30)
    kind = fix.msg_type
    if kind <= 3:
        decode_position_a(fix, data, bits)
    elif kind in (18, 19):
        decode_position_b(fix, data, bits)
    elif kind == 5:
        decode_static_a(fix, data, bits)
    elif kind == 24:
        return decode_static_b(fix, data, bits)
    else:
        decode_other(fix, data, bits)
    return True


@njit
def decode_payloads(
    buffer: Bytes,
    messages: Records,
    clock_us: Array,
    scratch: Records,
    data: Words,
    columns: Columns,
    stations: Stations,
    rows: int,
    counters: Array,
) -> int:
    """Decode `messages` into `columns` from row `rows` on, in order; return the rows there are.

    `clock_us[0]` is the running clock of an untimed log, NO_TIME where none was given. `scratch`
    is one FIX, `data` room for the bits of MOST_CHARS; `stations` learns the names of new stations;
    `counters` are added to.
    """
    texts, ends = columns.texts, columns.ends
    fix = scratch[0]
    for i in range(messages.shape[0]):
        message = messages[i]
        bits = message.length * 6 - message.fill
        if bits < 6:
            counters[SHORT] += 1
            continue
        unpack(data, buffer, message.payload, message.length)
        kind = unsigned(data, 0, 6)
        counters[TYPES + kind] += 1
        if kind < 1 or kind > LAST_TYPE:
            counters[UNSUPPORTED] += 1
            continue
        if not carries(kind):
            counters[OTHER] += 1
            continue
        fix.msg_type = kind
        if bits < least_bits(kind) or not decode_fields(fix, data, bits):
            counters[SHORT] += 1
            continue
        time_us = message.time_us
        if clock_us[0] != NO_TIME:
            if time_us == NO_TIME:
                clock_us[0] = next_time(clock_us[0], utc_second(data, bits, kind))
                time_us = clock_us[0]
            elif clock_us[0] < time_us < LATEST_US:
                clock_us[0] = time_us
        verdict = judge(fix, time_us)
        counters[verdict] += 1
        if verdict != DECODED:
            continue
        keep_fix(columns, rows, fix)
        columns.time[rows] = time_us
        columns.station[rows] = station_number(stations, message)
        decode_texts(fix, data, bits, texts, ends, rows)
        rows += 1
    return rows
