"""Numbers and times parsed straight from bytes: one answer for each row, never an exception.

A column of text is a byte buffer with a start and a length for each row, so the same kernels serve
CSV, JSON lines and text columns of Parquet. Each parser writes a status a row: OK, BLANK or BAD.
"""

import numba
import numpy as np
import numpy.typing as npt

OK, BLANK, BAD = 0, 1, 2
"""Status of one value: read, empty, or not a value of its kind."""

ISO, DAY_FIRST, MONTH_FIRST = 0, 1, 2
"""Order of a written date: year first, day first, month first."""

Bytes = npt.NDArray[np.uint8]
Spans = npt.NDArray[np.int32]
Status = npt.NDArray[np.uint8]

NULL_WORDS = frozenset({"", "null", "none", "nan", "n/a", "na", "\\n", "unknown", "undefined"})
"""What sources write for "no value", in lower case."""

_WORDS = sorted(word.encode() for word in NULL_WORDS if word)
_NULL_LENGTHS = np.array([len(word) for word in _WORDS])
_NULL_BYTES = np.array([list(word.ljust(16)) for word in _WORDS], np.uint8)
_POWERS = np.power(10.0, np.arange(23))
_MAX_MANTISSA = 99_999_999_999_999_999
_COLON, _SPACE, _TAB, _T, _Z, _DOT, _COMMA, _PLUS, _MINUS, _SLASH, _E = (
    ord(c) for c in ": \tTZ.,+-/E"
)
_A, _P, _M, _U, _C = (ord(c) for c in "APMUC")
_US_PER_DAY = 86_400_000_000
_LEAST_EPOCH = 1e8  # 1973 in seconds; a smaller number in a time column is no evidence of epochs


@numba.njit(cache=True, nogil=True, inline="always")
def _is_digit(byte: int) -> bool:
    return 48 <= byte <= 57


@numba.njit(cache=True, nogil=True, inline="always")
def _upper(byte: int) -> int:
    return byte - 32 if 97 <= byte <= 122 else byte


@numba.njit(cache=True, nogil=True)
def trim(data: Bytes, start: int, length: int) -> tuple[int, int]:
    """Return (start, end) of a span without the blanks around it."""
    end = start + length
    while start < end and (data[start] == _SPACE or data[start] == _TAB):
        start += 1
    while end > start and (data[end - 1] == _SPACE or data[end - 1] == _TAB):
        end -= 1
    return start, end


@numba.njit(cache=True, nogil=True, inline="always")
def _digits(data: Bytes, p: int, end: int, most: int) -> tuple[int, int]:
    """Return (value, next position) of up to `most` digits from `p`; value -1 where none."""
    stop = min(end, p + most)
    first = p
    value = 0
    while p < stop and _is_digit(data[p]):
        value = value * 10 + (int(data[p]) - 48)
        p += 1
    return (value if p > first else -1), p


@numba.njit(cache=True, nogil=True)
def _mantissa(data: Bytes, p: int, end: int) -> tuple[int, int, int]:
    """Return (digits as an integer, power of ten, next position); position -1 without a digit."""
    mantissa, shift, digits, point = 0, 0, 0, False
    while p < end:
        byte = data[p]
        if _is_digit(byte):
            digits += 1
            if mantissa < _MAX_MANTISSA:
                mantissa = mantissa * 10 + (int(byte) - 48)
                shift -= point
            else:  # beyond what a float holds
                shift += not point
        elif byte == _DOT and not point:
            point = True
        else:
            break
        p += 1
    return mantissa, shift, (p if digits else -1)


@numba.njit(cache=True, nogil=True)
def _exponent(data: Bytes, p: int, end: int) -> tuple[int, int]:
    """Return (power of ten, next position) of `e-5`; position -1 where it is none."""
    if _upper(data[p]) != _E or end - p < 2:
        return 0, -1
    p += 1
    down = data[p] == _MINUS
    if down or data[p] == _PLUS:
        p += 1
    power, p = _digits(data, p, end, 3)
    return (-power if down else power), (-1 if power < 0 else p)


@numba.njit(cache=True, nogil=True)
def _scaled(mantissa: int, shift: int) -> float:
    """Return mantissa x 10^shift, correctly rounded below 2^53 and 10^22."""
    if -22 <= shift < 0:
        return mantissa / _POWERS[-shift]
    if 0 <= shift <= 22:
        return mantissa * _POWERS[shift]
    return mantissa * 10.0**shift


@numba.njit(cache=True, nogil=True)
def _decimal(data: Bytes, start: int, end: int) -> tuple[int, float]:
    """Return (status, value) of one decimal number with optional sign, point and exponent."""
    negative = data[start] == _MINUS
    p = start + 1 if negative or data[start] == _PLUS else start
    mantissa, shift, p = _mantissa(data, p, end)
    if 0 <= p < end:
        power, p = _exponent(data, p, end)
        shift += power
    if p != end:
        return BAD, 0.0
    value = _scaled(mantissa, shift)
    if not np.isfinite(value):
        return BAD, 0.0
    return OK, -value if negative else value


@numba.njit(cache=True, nogil=True)
def _is_null_word(data: Bytes, start: int, end: int) -> bool:
    """Tell whether the text is one of NULL_WORDS, in any case."""
    for word in range(len(_NULL_LENGTHS)):
        same = _NULL_LENGTHS[word] == end - start
        p = start
        while same and p < end:
            byte = data[p]
            lower = byte + 32 if 65 <= byte <= 90 else byte
            same = _NULL_BYTES[word, p - start] == lower
            p += 1
        if same:
            return True
    return False


@numba.njit(cache=True, nogil=True)
def parse_decimals(
    data: Bytes, starts: Spans, lengths: Spans, values: npt.NDArray[np.float64], status: Status
) -> None:
    """Parse each span as a decimal number into `values` and `status`."""
    for row in range(len(starts)):
        start, end = trim(data, starts[row], lengths[row])
        values[row] = 0.0
        if start == end:
            status[row] = BLANK
        else:
            status[row], values[row] = _decimal(data, start, end)
            if status[row] == BAD and _is_null_word(data, start, end):
                status[row] = BLANK


@numba.njit(cache=True, nogil=True)
def _days(year: int, month: int, day: int) -> int:
    """Return days since 1970 of a civil date, or -1000000 where there is no such day.

    Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
    """
    if month < 1 or month > 12 or day < 1 or year < 1:
        return -1_000_000
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = 31
    if month in (4, 6, 9, 11):
        last = 30
    elif month == 2:
        last = 29 if leap else 28
    if day > last:
        return -1_000_000
    shifted = year - 1 if month <= 2 else year
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return int(era * 146_097 + day_of_era - 719_468)


@numba.njit(cache=True, nogil=True)
def _date(data: Bytes, p: int, end: int, order: int) -> tuple[int, int]:
    """Return (days since 1970, next position); position -1 where it is no date of that order."""
    begin = p
    first, p = _digits(data, p, end, 4 if order == ISO else 2)
    if first < 0 or p >= end or (order == ISO and p - begin != 4):
        return 0, -1
    mark = data[p]
    joined = order == ISO and _is_digit(mark)
    if not joined:
        if mark not in (_MINUS, _SLASH, _DOT):
            return 0, -1
        p += 1
    second, p = _digits(data, p, end, 2)
    if second < 0 or p >= end:
        return 0, -1
    if not joined:
        if data[p] != mark:
            return 0, -1
        p += 1
    third, p = _digits(data, p, end, 2 if order == ISO else 4)
    if third < 0:
        return 0, -1
    if order == ISO:
        days = _days(first, second, third)
    elif order == DAY_FIRST:
        days = _days(third, second, first)
    else:
        days = _days(third, first, second)
    return days, (p if days > -1_000_000 else -1)


@numba.njit(cache=True, nogil=True)
def _fraction(data: Bytes, p: int, end: int) -> tuple[int, int]:
    """Return (microseconds, next position) of a fraction of a second; -1 without a digit."""
    first = p
    micro, p = _digits(data, p, end, 6)
    for _ in range(6 - (p - first)):
        micro *= 10
    while p < end and _is_digit(data[p]):  # finer than a microsecond
        p += 1
    return micro, p


@numba.njit(cache=True, nogil=True)
def _clock(data: Bytes, p: int, end: int) -> tuple[int, int]:
    """Return (microseconds of the day, next position); position -1 where it is no clock time."""
    hour, p = _digits(data, p, end, 2)
    if p < end and data[p] == _COLON:
        p += 1
    minute, p = _digits(data, p, end, 2)
    second, micro = 0, 0
    if p < end and (data[p] == _COLON or _is_digit(data[p])):
        p += data[p] == _COLON
        second, p = _digits(data, p, end, 2)
        if p < end and (data[p] == _DOT or data[p] == _COMMA):
            micro, p = _fraction(data, p + 1, end)
    if min(hour, minute, second, micro) < 0:
        return 0, -1
    if hour > 23 or minute > 59 or second > 60:  # 60 is a leap second
        return 0, -1
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micro, p


@numba.njit(cache=True, nogil=True)
def _zone(data: Bytes, p: int, end: int) -> tuple[int, int]:
    """Return (microseconds east of UTC, next position) of an optional zone; -1 where unknown."""
    while p < end and data[p] == _SPACE:
        p += 1
    if p == end:
        return 0, p
    byte = _upper(data[p])
    if byte == _Z:
        return 0, p + 1
    if byte == _U and end - p == 3 and _upper(data[p + 1]) == _T and _upper(data[p + 2]) == _C:
        return 0, end
    if byte not in (_PLUS, _MINUS):
        return 0, -1
    hour, p = _digits(data, p + 1, end, 2)
    minute = 0
    if p < end:
        p += data[p] == _COLON
        minute, p = _digits(data, p, end, 2)
    if min(hour, minute) < 0 or hour > 23 or minute > 59:
        return 0, -1
    offset = (hour * 60 + minute) * 60_000_000
    return (offset if byte == _PLUS else -offset), p


@numba.njit(cache=True, nogil=True)
def _half_day(data: Bytes, p: int, end: int, micros: int) -> tuple[int, int]:
    """Return (microseconds, next position) after an optional AM or PM; -1 where it is wrong."""
    q = p
    while q < end and data[q] == _SPACE:
        q += 1
    if end - q < 2 or _upper(data[q + 1]) != _M or _upper(data[q]) not in (_A, _P):
        return micros, p
    hour = micros // 3_600_000_000
    if hour < 1 or hour > 12:
        return 0, -1
    if hour == 12:
        micros -= 43_200_000_000
    if _upper(data[q]) == _P:
        micros += 43_200_000_000
    return micros, q + 2


@numba.njit(cache=True, nogil=True)
def _moment(data: Bytes, start: int, end: int, order: int) -> tuple[int, int]:
    """Return (status, microseconds since 1970 UTC) of one written date and time."""
    days, p = _date(data, start, end, order)
    if p < 0 or p >= end or _upper(data[p]) not in (_T, _SPACE):
        return BAD, 0
    p += 1
    while p < end and data[p] == _SPACE:
        p += 1
    micros, p = _clock(data, p, end)
    if p < 0:
        return BAD, 0
    micros, p = _half_day(data, p, end, micros)
    if p < 0:
        return BAD, 0
    offset, p = _zone(data, p, end)
    if p != end:
        return BAD, 0
    return OK, days * _US_PER_DAY + micros - offset


@numba.njit(cache=True, nogil=True)
def parse_moments(
    data: Bytes,
    starts: Spans,
    lengths: Spans,
    order: int,
    values: npt.NDArray[np.int64],
    status: Status,
) -> None:
    """Parse each span as a date and time of `order` into microseconds since 1970 UTC."""
    for row in range(len(starts)):
        start, end = trim(data, starts[row], lengths[row])
        values[row] = 0
        if start == end:
            status[row] = BLANK
        else:
            status[row], values[row] = _moment(data, start, end, order)
            if status[row] == BAD and _is_null_word(data, start, end):
                status[row] = BLANK


@numba.njit(cache=True, nogil=True)
def date_evidence(data: Bytes, starts: Spans, lengths: Spans) -> npt.NDArray[np.int64]:
    """Count what the values of a time column look like.

    Returns seven counts: number, year first, day first for certain (first part above 12), month
    first for certain (second part above 12), either of the two, anything else, blank.
    """
    counts = np.zeros(7, np.int64)
    for row in range(len(starts)):
        start, end = trim(data, starts[row], lengths[row])
        if start == end or _is_null_word(data, start, end):
            counts[6] += 1
        elif _decimal(data, start, end)[0] == OK:
            counts[0 if _decimal(data, start, end)[1] >= _LEAST_EPOCH else 5] += 1
        elif _moment(data, start, end, ISO)[0] == OK:
            counts[1] += 1
        else:
            by_day = _moment(data, start, end, DAY_FIRST)[0] == OK
            by_month = _moment(data, start, end, MONTH_FIRST)[0] == OK
            if by_day and by_month:
                counts[4] += 1
            elif by_day:
                counts[2] += 1
            elif by_month:
                counts[3] += 1
            else:
                counts[5] += 1
    return counts
