"""Multi-part messages: parts wait in slots until the message is whole.

Parts belong together if they agree in talker, formatter, number of parts, sequence id and channel;
if station and tag-block group agree, where both parts tell them; and if they came within 30 s of
each other, or within 500 lines where a time is missing. Order does not matter. State is bounded:
the longest waiting message of a full bucket is given up, and counted.
"""

from typing import NamedTuple

import numpy as np

from feeds.nmea.layout import (
    MAX_LINES_APART,
    MAX_PARTS,
    MAX_PAYLOAD_CHARS,
    MAX_SECONDS_APART,
    NO_TIME,
    SENTENCE,
    SLOT,
    SLOT_BUCKETS,
    SLOT_BYTES,
    SLOT_WAYS,
    Array,
    Bytes,
    Record,
    Records,
)
from feeds.words import njit

_STATION_AT = MAX_PARTS * MAX_PAYLOAD_CHARS


class Pending(NamedTuple):
    """Messages that wait for parts. Slot i has its payloads and station name in `store[i]`."""

    slots: Records  # (n,) of SLOT
    lengths: Array  # (n, MAX_PARTS) characters of each part
    store: Bytes  # (n, SLOT_BYTES)


def empty_pending() -> Pending:
    """Return a table of slots with nothing in it."""
    count = SLOT_BUCKETS * SLOT_WAYS
    return Pending(
        np.zeros(count, SLOT),
        np.zeros((count, MAX_PARTS), np.int32),
        np.zeros((count, SLOT_BYTES), np.uint8),
    )


def give_up(pending: Pending) -> int:
    """Return how many messages still wait, and forget them."""
    count = int(np.count_nonzero(pending.slots["used"]))
    pending.slots["used"] = 0
    return count


@njit
def in_reach(slot: Record, line: Record, line_number: int) -> bool:
    """Tell whether a part came soon enough to belong to the message in a slot."""
    if NO_TIME not in (slot.first_us, line.time_us):
        return abs(line.time_us - slot.first_us) <= MAX_SECONDS_APART * 1_000_000
    return line_number - slot.first_line <= MAX_LINES_APART


@njit
def agreement(slot: Record, line: Record) -> int:
    """Compare station and group: 2 the same, 1 not contradicting, 0 contradicting."""
    score = 2
    if slot.station != line.station:
        if slot.station != 0 and line.station != 0:
            return 0
        score = 1
    if slot.group != line.group:
        if slot.group != 0 and line.group != 0:
            return 0
        return 1
    return 2 if slot.group != 0 else score


@njit
def find_slot(slots: Records, first: int, line: Record, line_number: int) -> int:
    """Return the slot of the bucket at `first` that waits for this part, or -1.

    The best agreement wins, then the youngest. A part without station that would fit messages of
    two stations fits none.
    """
    best, best_score, rival = -1, 0, False
    for i in range(first, first + SLOT_WAYS):
        slot = slots[i]
        if slot.used == 0 or slot.key != line.key or slot.have >> line.number & 1:
            continue
        if not in_reach(slot, line, line_number):
            continue
        score = agreement(slot, line)
        if score == 0 or score < best_score:
            continue
        if best >= 0 and score == best_score:
            rival = rival or slot.station != slots[best].station
            if slot.first_line < slots[best].first_line:
                continue
        else:
            rival = False
        best, best_score = i, score
    return -1 if rival and best_score == 1 else best


@njit
def open_slot(slots: Records, first: int, line: Record, line_number: int) -> tuple[int, int]:
    """Make room in a bucket for the message of a part; return the slot and how many gave up."""
    chosen = first
    for i in range(first, first + SLOT_WAYS):
        if slots[i].used == 0:
            chosen = i
            break
        if slots[i].first_line < slots[chosen].first_line:
            chosen = i
    lost = int(slots[chosen].used)
    slot = slots[chosen]
    slot.used = 1
    slot.key = line.key
    slot.group = 0
    slot.station = 0
    slot.station_length = 0
    slot.first_line = line_number
    slot.first_us = NO_TIME
    slot.have = 0
    slot.total = line.total
    slot.fill = 0
    return chosen, lost


@njit
def add_part(pending: Pending, at: int, line: Record, buffer: Bytes) -> None:
    """Put one part into a slot."""
    slot = pending.slots[at]
    slot.have |= np.uint16(1) << line.number
    if slot.first_us == NO_TIME:
        slot.first_us = line.time_us
    if slot.group == 0:
        slot.group = line.group
    if slot.station == 0 and line.station != 0:
        slot.station = line.station
        slot.station_length = line.station_length
        for i in range(line.station_length):
            pending.store[at, _STATION_AT + i] = buffer[line.station_at + i]
    if line.number == line.total:
        slot.fill = line.fill
    pending.lengths[at, line.number - 1] = line.length
    start = (line.number - 1) * MAX_PAYLOAD_CHARS
    for i in range(line.length):
        pending.store[at, start + i] = buffer[line.payload + i]


@njit
def take_message(pending: Pending, at: int, message: Record, buffer: Bytes, free: int) -> int:
    """Join the parts of a slot into `message`, written at `free` of the buffer; return its end."""
    slot = pending.slots[at]
    slot.used = 0
    message.payload = free
    message.fill = slot.fill
    message.time_us = slot.first_us
    message.station = slot.station
    for part in range(slot.total):
        for i in range(pending.lengths[at, part]):
            buffer[free] = pending.store[at, part * MAX_PAYLOAD_CHARS + i]
            free += 1
    message.length = free - message.payload
    message.station_at = free
    message.station_length = slot.station_length
    for i in range(slot.station_length):
        buffer[free] = pending.store[at, _STATION_AT + i]
        free += 1
    return free


@njit
def copy_single(line: Record, message: Record) -> None:
    """Make a message of a sentence that holds it whole."""
    message.payload = line.payload
    message.length = line.length
    message.fill = line.fill
    message.time_us = line.time_us
    message.station = line.station
    message.station_at = line.station_at
    message.station_length = line.station_length


@njit
def join_parts(
    buffer: Bytes,
    free: int,
    lines: Records,
    first: int,
    last: int,
    base: int,
    pending: Pending,
    messages: Records,
) -> tuple[int, int, int]:
    """Turn the sentences among `lines[first:last]` into messages, in the order they become whole.

    `base` is the number of line `lines[0]` in the log. Joined payloads are written into `buffer`
    from `free` on. Returns the number of messages, of multi-part messages given up, and the end of
    what was written.
    """
    count, lost = 0, 0
    for i in range(first, last):
        line = lines[i]
        if line.kind != SENTENCE:
            continue
        if line.total == 1:
            copy_single(line, messages[count])
            count += 1
            continue
        bucket = int(line.key % np.uint64(SLOT_BUCKETS)) * SLOT_WAYS
        at = find_slot(pending.slots, bucket, line, base + i)
        if at < 0:
            at, gone = open_slot(pending.slots, bucket, line, base + i)
            lost += gone
        add_part(pending, at, line, buffer)
        if pending.slots[at].have == (np.uint16(2) << line.total) - 2:
            free = take_message(pending, at, messages[count], buffer, free)
            count += 1
    return count, lost, free
