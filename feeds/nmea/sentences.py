"""Lines of a log to records: what each line is, its sentence's fields, time and station.

A sentence may stand anywhere in its line (after a tag block, a time, a quote). Only `!xxVDM` and
`!xxVDO` with a right checksum are AIS; `xx` is any talker.
"""

import numpy as np

from feeds.nmea.clock import digits, leading_us, wrapper_us
from feeds.nmea.layout import (
    BAD_CHECKSUM,
    BAD_SENTENCE,
    BLANK,
    MAX_LINE_BYTES,
    MAX_PARTS,
    MAX_PAYLOAD_CHARS,
    NO_TIME,
    NOISE,
    SENTENCE,
    WRAPPER,
    WRAPPER_REACH_LINES,
    Array,
    Bytes,
    Record,
    Records,
)
from feeds.nmea.tagblock import (
    has_time,
    hash_bytes,
    read_block,
    read_trailer,
    written_checksum,
)
from feeds.words import njit, word_at, xor_of

_LF, _CR, _COMMA, _STAR, _BANG, _DOLLAR, _BACKSLASH = 10, 13, 44, 42, 33, 36, 92
_HIGH_BITS = np.uint64(0x8080808080808080)
_BELOW_0, _ABOVE_W = np.uint64(0x5050505050505050), np.uint64(0x0808080808080808)
"""What brings a byte from 48 (0), or one from 120 on (after w), to 128."""
_PLACES, _X = np.uint64(0x7878787878787878), np.uint64(0x5858585858585858)

Index = tuple[Array, Bytes, Array]
"""Marks of a buffer, as `mark_bytes` writes them, a flag for each byte, and room for commas."""


def new_index(size: int) -> Index:
    """Return room for the index of a buffer of `size` bytes."""
    return np.empty(size, np.uint32), np.empty(size, np.uint8), np.empty(7, np.int64)


@njit
def is_ais_tag(buffer: Bytes, at: int, high: int) -> bool:
    """Tell whether `!xxVDM,` or `!xxVDO,` stands at `at`; letters may be small."""
    return (
        at + 6 < high
        and buffer[at + 3] & 0xDF == 86
        and buffer[at + 4] & 0xDF == 68
        and (buffer[at + 5] & 0xDF == 77 or buffer[at + 5] & 0xDF == 79)
        and buffer[at + 6] == _COMMA
    )


@njit
def is_wrapper_tag(buffer: Bytes, at: int, high: int) -> bool:
    """Tell whether `$PGHP,` stands at `at`."""
    return (
        at + 5 < high
        and buffer[at + 1] == 80
        and buffer[at + 2] == 71
        and buffer[at + 3] == 72
        and buffer[at + 4] == 80
        and buffer[at + 5] == _COMMA
    )


@njit
def checksum_end(
    buffer: Bytes, start: int, high: int, index: Index, mark: int, upto: int, commas: Array
) -> tuple[int, int]:
    """Return the offset of the asterisk if the sentence's checksum is right, else -1.

    `mark:upto` are the marks from the sentence's start to the end of its line. Writes the offsets
    of its commas, and returns how many there are, at most one too many.
    """
    marks = index[0]
    star = high
    count = 0
    for m in range(mark + 1, upto):
        i = marks[m]
        byte = buffer[i]
        if byte == _STAR:
            star = i
            break
        if byte == _COMMA and count < commas.shape[0]:
            commas[count] = i
            count += 1
    total = xor_of(buffer, start + 1, star)
    return (star if written_checksum(buffer, star, high) == total else -1), count


@njit
def unsound(buffer: Bytes, at: int) -> np.uint64:
    """Return which of eight bytes are no six-bit armour (0..W and `..w): the high bit of each.

    No sum carries into the next byte, for only the low seven bits are added to.
    """
    word = word_at(buffer, at)
    low_seven = word & ~_HIGH_BITS
    from_x = low_seven & _PLACES ^ _X  # 0 where the byte is one of X.._
    return (
        word | ~(low_seven + _BELOW_0) | low_seven + _ABOVE_W | ~(from_x + ~_HIGH_BITS)
    ) & _HIGH_BITS


@njit
def payload_is_sound(buffer: Bytes, low: int, high: int) -> bool:
    """Tell whether every character is one of the 64 of six-bit armour."""
    wrong = np.uint64(0)
    at = low
    while at + 8 <= high:
        wrong |= unsound(buffer, at)
        at += 8
    rest = (np.uint64(1) << np.uint64(8 * (high - at))) - np.uint64(1)
    return (wrong | unsound(buffer, at) & rest) == 0


@njit
def read_fields(
    line: Record, buffer: Bytes, start: int, star: int, commas: Array, count: int
) -> bool:
    """Read the fields of the AIS sentence `start:star` into a line; False unless they are sound.

    Some receivers leave the channel field out altogether: six fields instead of seven.
    """
    if not 5 <= count <= 6:
        return False
    low, high = commas[count - 2] + 1, commas[count - 1]
    total = digits(buffer, commas[0] + 1, commas[1])
    number = digits(buffer, commas[1] + 1, commas[2])
    fill = 0 if high + 1 == star else digits(buffer, high + 1, star)
    if not 1 <= total <= MAX_PARTS or not 1 <= number <= total or not 0 <= fill <= 5:
        return False
    if high - low > MAX_PAYLOAD_CHARS or (high == low and total == 1):
        return False
    if not payload_is_sound(buffer, low, high):
        return False
    line.payload, line.length, line.fill = low, high - low, fill
    line.total, line.number = total, number
    if total > 1:
        # Talker and formatter, then sequence id and channel; the part number stays out.
        line.key = hash_bytes(buffer, commas[2], low, hash_bytes(buffer, start, commas[1], 0))
    return True


@njit
def read_sentence(
    line: Record, buffer: Bytes, high: int, index: Index, mark: int, upto: int, commas: Array
) -> None:
    """Read the AIS sentence at a mark of a line that ends at `high`, and what follows it."""
    start = index[0][mark]
    star, count = checksum_end(buffer, start, high, index, mark, upto, commas)
    if star < 0:
        line.kind = BAD_CHECKSUM
    elif not read_fields(line, buffer, start, star, commas, count):
        line.kind = BAD_SENTENCE
    else:
        line.kind = SENTENCE
    if star > 0:
        line.checksum = written_checksum(buffer, star, high)
        if star + 3 < high and buffer[star + 3] == _COMMA:
            read_trailer(line, buffer, star + 4, high)


@njit
def read_wrapper(
    line: Record, buffer: Bytes, high: int, index: Index, mark: int, upto: int, commas: Array
) -> None:
    """Read the `$PGHP` sentence at a mark: its time, and the checksum it names last, or -1."""
    star, count = checksum_end(buffer, index[0][mark], high, index, mark, upto, commas)
    if star < 0 or count < 2:
        return
    line.kind = WRAPPER
    line.time_us = wrapper_us(buffer, commas[1] + 1, star)
    last = star
    while buffer[last - 1] != _COMMA:
        last -= 1
    # Written like a checksum, so read like one: the byte before it stands where `*` would.
    line.checksum = written_checksum(buffer, last - 1, star) if star - last == 2 else -1


@njit
def pass_block(line: Record, buffer: Bytes, index: Index, mark: int, upto: int) -> int:
    """Read the tag block that a mark opens; return the mark that closes it, or that same mark."""
    marks = index[0]
    end = mark + 1
    while end < upto and buffer[marks[end]] != _BACKSLASH:
        end += 1
    if end == upto:
        return mark
    read_block(line, buffer, marks[mark] + 1, marks[end])
    return end


@njit
def read_line(
    line: Record,
    buffer: Bytes,
    low: int,
    high: int,
    index: Index,
    mark: int,
    upto: int,
    commas: Array,
) -> None:
    """Write what the line `low:high`, whose marks are `mark:upto`, is into its record."""
    line.start = low
    line.kind = BLANK
    line.time_us = NO_TIME
    line.checksum = -1
    line.from_tag = 0
    line.station = 0
    line.station_length = 0
    line.group = 0
    line.key = 0
    if high - low > MAX_LINE_BYTES:  # whatever it holds: the rest may not have been kept
        line.kind = NOISE
        return
    first = low
    while first < high and buffer[first] in (32, 9):
        first += 1
    if first == high:
        return
    line.kind = NOISE
    marks = index[0]
    prefix = -1
    while mark < upto:
        i = marks[mark]
        byte = buffer[i]
        if byte == _BANG and is_ais_tag(buffer, i, high):
            prefix = i if prefix < 0 else prefix
            if prefix > first and line.from_tag == 0:
                line.time_us = leading_us(buffer, first, prefix)
            read_sentence(line, buffer, high, index, mark, upto, commas)
            return
        if byte == _DOLLAR and is_wrapper_tag(buffer, i, high):
            read_wrapper(line, buffer, high, index, mark, upto, commas)
            return
        if byte == _BACKSLASH:
            prefix = i if prefix < 0 else prefix
            mark = pass_block(line, buffer, index, mark, upto)
        mark += 1
    line.time_us = NO_TIME


@njit
def flag_bytes(text: Bytes, flags: Bytes) -> None:
    """Write 1 for each byte that structures lines, 0 for others: vectorised, so without branch."""
    for i in range(len(text)):
        byte = text[i]
        flags[i] = np.uint8(
            (byte == _LF)
            | (byte == _CR)
            | (byte == _COMMA)
            | (byte == _STAR)
            | (byte == _BANG)
            | (byte == _DOLLAR)
            | (byte == _BACKSLASH)
        )


@njit
def mark_bytes(buffer: Bytes, low: int, high: int, index: Index) -> int:
    """Write the offsets of the bytes of `low:high` that structure lines; return their number."""
    marks, flags = index[0], index[1]
    flag_bytes(buffer[low:high], flags)
    count = 0
    for i in range(high - low):
        marks[count] = low + i
        count += flags[i]  # no branch: what is no mark is overwritten
    return count


@njit
def scan_lines(
    buffer: Bytes, low: int, high: int, index: Index, marked: int, lines: Records
) -> tuple[int, int, bool]:
    """Read lines of `low:high` into `lines` until either is used up.

    `index` and `marked` are what `mark_bytes` wrote and returned for a span that holds `low:high`.
    Returns the number of lines, the offset after the last, and whether a wrapper was among them.
    Every line ends in LF or CR; CR LF reads as a line and a blank one. The caller sees to it that
    the last byte ends a line.
    """
    count = 0
    wrapped = False
    commas = index[2]
    marks = index[0]
    mark = np.searchsorted(marks[:marked], low)
    while low < high and count < lines.shape[0]:
        upto = mark
        while buffer[marks[upto]] != _LF and buffer[marks[upto]] != _CR:
            upto += 1
        end = marks[upto]
        if end > low:
            read_line(lines[count], buffer, low, end, index, mark, upto, commas)
            wrapped = wrapped or lines[count].kind == WRAPPER
            count += 1
        low = end + 1
        mark = upto + 1
    return count, low, wrapped


@njit
def apply_wrappers(lines: Records, count: int) -> None:
    """Give sentences the time of the wrapper that belongs to them.

    A wrapper names the checksum of its sentence. Archives shuffle lines of one delivery, so the
    nearest wrapper that names the sentence's checksum is taken, before or after it; the one before
    wins a tie. A wrapper that names none belongs to the line after it. Its time is when the
    message was received, a trailer behind it when the line was written down, hours later from a
    satellite; a tag block's time stays.
    """
    for i in range(count):
        line = lines[i]
        if line.kind != SENTENCE or line.from_tag != 0:
            continue
        for step in range(1, WRAPPER_REACH_LINES + 1):
            if i >= step and wraps(lines[i - step], line, step):
                line.time_us = lines[i - step].time_us
                break
            if i + step < count and wraps(lines[i + step], line, -step):
                line.time_us = lines[i + step].time_us
                break


@njit
def wraps(wrapper: Record, line: Record, ahead: int) -> bool:
    """Tell whether a wrapper that stands `ahead` lines before a sentence belongs to it."""
    if wrapper.kind != WRAPPER or not has_time(wrapper):
        return False
    return wrapper.checksum == line.checksum or (wrapper.checksum < 0 and ahead == 1)
