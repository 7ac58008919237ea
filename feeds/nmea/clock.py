"""Times as logs write them, read from bytes: epochs, ISO 8601, the fields of a $PGHP wrapper."""

from feeds.nmea.layout import NO_TIME, UNREADABLE_TIME, Bytes
from feeds.words import njit

_MICRO = 1_000_000
MIN_EPOCH_DIGITS = 9
"""Shorter numbers before or after a sentence are counters and signal strengths, not epochs."""


@njit
def is_digit(byte: int) -> bool:
    """Tell whether an ASCII code is a decimal digit."""
    return 48 <= byte <= 57


@njit
def digits(buffer: Bytes, low: int, high: int) -> int:
    """Return the number written in `low:high`, or -1 unless it is 1 to 18 decimal digits."""
    if high <= low or high - low > 18:
        return -1
    value = 0
    for i in range(low, high):
        if not is_digit(buffer[i]):
            return -1
        value = value * 10 + buffer[i] - 48
    return value


@njit
def fraction_us(buffer: Bytes, low: int, high: int) -> int:
    """Return the digits after a decimal point as microseconds of a second; more than 6 are cut."""
    value, unit = 0, 100_000
    for i in range(low, high):
        value += (buffer[i] - 48) * unit
        unit //= 10
    return value


@njit
def digits_end(buffer: Bytes, low: int, high: int) -> int:
    """Return the offset of the first byte of `low:high` that is no digit."""
    i = low
    while i < high and is_digit(buffer[i]):
        i += 1
    return i


@njit
def epoch_us(buffer: Bytes, low: int, high: int) -> int:
    """Read `digits[.digits]` as a Unix time in microseconds; -1 unless it is one.

    The unit follows from the size: from 1e14 on microseconds, from 1e11 on milliseconds (1e11
    milliseconds are the year 1973, 1e11 seconds the year 5138), below that seconds.
    """
    point = digits_end(buffer, low, high)
    value = digits(buffer, low, point)
    if value < 0:
        return UNREADABLE_TIME if point - low > 18 and point == high else -1
    tail = 0
    if point < high:
        if buffer[point] != 46 or digits_end(buffer, point + 1, high) != high:
            return -1
        tail = fraction_us(buffer, point + 1, high)
    if value >= 100_000_000_000_000:
        return value
    if value >= 100_000_000_000:
        return value * 1000 + tail // 1000
    return value * _MICRO + tail


@njit
def civil_us(year: int, month: int, day: int, second_of_day: int) -> int:
    """Return microseconds since 1970 of a proleptic Gregorian date.

    Days from civil: H. Hinnant, chrono-compatible low-level date algorithms.
    """
    y = year - 1 if month <= 2 else year
    era = y // 400
    year_of_era = y - era * 400
    shifted = month - 3 if month > 2 else month + 9
    day_of_year = (153 * shifted + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return ((era * 146097 + day_of_era - 719468) * 86400 + second_of_day) * _MICRO


@njit
def date_is_sound(year: int, month: int, day: int) -> bool:
    """Tell whether a date exists."""
    if year < 1 or not 1 <= month <= 12 or day < 1:
        return False
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return day <= (29 if leap else 28)
    return day <= (30 if month in (4, 6, 9, 11) else 31)


@njit
def zone_seconds(buffer: Bytes, low: int, high: int) -> int:
    """Return the offset from UTC written at `low` (`+02:00`, `-0330`, `+02`), 0 where none is."""
    if low >= high or buffer[low] not in (43, 45):
        return 0
    hours = digits(buffer, low + 1, min(low + 3, high))
    at = low + 4 if low + 3 < high and buffer[low + 3] == 58 else low + 3
    minutes = digits(buffer, at, at + 2) if at + 2 <= high else 0
    if hours < 0:
        return 0
    seconds = hours * 3600 + max(minutes, 0) * 60
    return seconds if buffer[low] == 43 else -seconds


@njit
def iso_us(buffer: Bytes, low: int, high: int) -> int:
    """Read `YYYY-MM-DD[T ]hh:mm:ss[.f][Z|+hh:mm]` at `low`; -1 unless it is one. No zone is UTC."""
    if high - low < 19 or buffer[low + 4] != 45 or buffer[low + 7] != 45:
        return -1
    if buffer[low + 10] not in (84, 116, 32) or buffer[low + 13] != 58 or buffer[low + 16] != 58:
        return -1
    year = digits(buffer, low, low + 4)
    month = digits(buffer, low + 5, low + 7)
    day = digits(buffer, low + 8, low + 10)
    hour = digits(buffer, low + 11, low + 13)
    minute = digits(buffer, low + 14, low + 16)
    second = digits(buffer, low + 17, low + 19)
    if min(year, month, day, hour, minute, second) < 0:
        return -1
    if not date_is_sound(year, month, day) or hour > 24 or minute > 59 or second > 60:
        return UNREADABLE_TIME
    end = low + 19
    tail = 0
    if end < high and buffer[end] in (44, 46):
        stop = digits_end(buffer, end + 1, high)
        if stop > end + 1:  # a comma may also be the separator before the sentence
            tail = fraction_us(buffer, end + 1, stop)
            end = stop
    offset = zone_seconds(buffer, end, high)
    return civil_us(year, month, day, hour * 3600 + minute * 60 + second - offset) + tail


@njit
def is_separator(byte: int) -> bool:
    """Tell whether a byte may stand around a leading time: space, tab, comma, semicolon, quote."""
    return byte in (32, 9, 44, 59, 34, 39, 91, 93)


@njit
def leading_us(buffer: Bytes, low: int, high: int) -> int:
    """Read the time that a line begins with, before its sentence; NO_TIME where there is none."""
    while low < high and is_separator(buffer[low]):
        low += 1
    if low >= high or not is_digit(buffer[low]):
        return NO_TIME
    value = iso_us(buffer, low, high)
    if value >= 0:
        return value
    end = low
    while end < high and not is_separator(buffer[end]):
        end += 1
    if digits_end(buffer, low, end) - low < MIN_EPOCH_DIGITS:
        return NO_TIME
    value = epoch_us(buffer, low, end)
    return value if value >= 0 else NO_TIME


@njit
def field(buffer: Bytes, low: int, high: int, number: int) -> int:
    """Return the number in a comma-separated field of `low:high`, -1 unless it is one."""
    at = low
    for _ in range(number):
        while at < high and buffer[at] != 44:
            at += 1
        at += 1
    end = at
    while end < high and buffer[end] != 44:
        end += 1
    return digits(buffer, at, end)


@njit
def wrapper_us(buffer: Bytes, low: int, high: int) -> int:
    """Read year, month, day, hour, minute, second, millisecond, comma-separated, from `low`.

    These are fields 2 to 8 of a Gatehouse `$PGHP` sentence; UNREADABLE_TIME unless they are sound.
    """
    year, month, day = (
        field(buffer, low, high, 0),
        field(buffer, low, high, 1),
        field(buffer, low, high, 2),
    )
    hour, minute = field(buffer, low, high, 3), field(buffer, low, high, 4)
    second, milli = field(buffer, low, high, 5), field(buffer, low, high, 6)
    if min(year, month, day, hour, minute, second, milli) < 0:
        return UNREADABLE_TIME
    if not date_is_sound(year, month, day) or hour > 24 or minute > 59 or second > 60:
        return UNREADABLE_TIME
    return civil_us(year, month, day, hour * 3600 + minute * 60 + second) + milli * 1000
