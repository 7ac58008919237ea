"""Sentences as they come: whole lines pushed in, tables out, the same rows as a recording gives.

The kernels are those of `feeds.nmea`. A file is scanned with its end in sight; here a line may
have to wait for what follows it: a `$PGHP` wrapper within 32 lines of a sentence gives it a time.
Only a sentence whose tag block carries no time can be changed by one, so all others go at once;
the rest waits for 32 more lines or for `flush`.
"""

import base64
import zlib
from typing import Any

import numpy as np
import pyarrow as pa

from feeds.live.source import Clock
from feeds.nmea.layout import (
    BAD_CHECKSUM,
    BAD_SENTENCE,
    LINE,
    MAX_PARTS,
    MAX_PAYLOAD_CHARS,
    MAX_STATION_BYTES,
    MESSAGE,
    NOISE,
    REACH_BYTES,
    SENTENCE,
    SLOT_BYTES,
    WRAPPER,
    WRAPPER_REACH_LINES,
    Array,
    Bytes,
    Records,
)
from feeds.nmea.parts import Pending, empty_pending, give_up, join_parts
from feeds.nmea.reader import Decoder
from feeds.nmea.scan import Messages
from feeds.nmea.sentences import apply_wrappers, mark_bytes, new_index, scan_lines
from feeds.report import ReadReport

STEP_BYTES = 1 << 18
"""Most bytes scanned at once: a line of two bytes takes a hundred while it is looked at."""
MAX_KEPT_PARTS = 64
"""Most half-received messages that a snapshot keeps, the youngest."""

Line = tuple[bytes, int]
"""Whole lines with their ends, and when the last of them came, microseconds UTC."""


class SentenceStream:
    """Turns lines into tables and counts every row in `report`, as `feeds.nmea.read_nmea` does.

    Args:
        clock: `message`, or `arrival` to give each sentence the time of its receipt.
        report: counts every row.
    """

    def __init__(self, clock: Clock, report: ReadReport) -> None:
        self._arrival = clock == "arrival"
        self._report = report
        self._decoder = Decoder(report, None)
        self._pending = empty_pending()
        self._rest = b""  # lines that were used but are neighbours of the next, then those held
        self._base = 0  # number in the stream of the first line of `_rest`
        self._done = 0  # lines of `_rest` that were used
        self._held = False

    @property
    def holds_lines(self) -> bool:
        """Tell whether lines wait for what follows them."""
        return self._held

    def decode(self, lines: list[Line], *, flush: bool = False) -> list[pa.Table]:
        """Return the rows of some lines, in the order in which messages became whole.

        `flush` uses up the lines that wait as well: nothing is expected to follow soon.
        """
        tables: list[pa.Table] = []
        for data, received in _steps(lines):
            tables += self._step(data, received, flush=False)
        if flush and self._held:
            tables += self._step(b"", np.zeros((0, 2), np.int64), flush=True)
        return tables

    def end(self) -> None:
        """Count the messages whose parts never came together."""
        self._report.reject("incomplete_multipart", give_up(self._pending))

    def _step(self, data: bytes, received: Array, *, flush: bool) -> list[pa.Table]:
        known = len(self._rest)
        text = self._rest + data
        lines: Records = np.zeros(_most_lines(text), LINE)
        room = 2 * len(text) + int(np.count_nonzero(self._pending.slots["used"])) * SLOT_BYTES
        buffer = np.empty(len(text) + room + REACH_BYTES, np.uint8)
        buffer[: len(text)] = np.frombuffer(text, np.uint8)
        index = new_index(len(text))
        marked = mark_bytes(buffer, 0, len(text), index)
        count, _, wrapped = scan_lines(buffer, 0, len(text), index, marked, lines)
        if wrapped and not self._arrival:
            apply_wrappers(lines, count)
        upto = count if flush else self._upto(lines[:count])
        fresh = lines[self._done : upto]
        if self._arrival:
            ends = _ends(buffer[: len(text)], fresh["start"])
            stamp_arrival(fresh, ends, received[:, 0] + known, received[:, 1])
        self._count(fresh)
        messages: Records = np.zeros(len(fresh), MESSAGE)
        number, lost, _ = join_parts(
            buffer, len(text), lines, self._done, upto, self._base, self._pending, messages
        )
        self._report.reject("incomplete_multipart", lost)
        tables = [self._decoder.decode(Messages(buffer, messages[:number]))] if number else []
        first = max(upto - WRAPPER_REACH_LINES, 0)
        self._rest = text[int(lines["start"][first]) :] if first < count else b""
        self._base += first
        self._done = upto - first
        self._held = upto < count
        return tables

    def _upto(self, lines: Records) -> int:
        """Return how many lines no wrapper to come can change any more."""
        sure = max(self._done, len(lines) - WRAPPER_REACH_LINES)
        if self._arrival:
            return len(lines)
        late = lines[sure:]
        open_ = np.flatnonzero((late["kind"] == SENTENCE) & (late["from_tag"] == 0))
        return sure + int(open_[0]) if len(open_) else len(lines)

    def _count(self, lines: Records) -> None:
        kinds = np.bincount(lines["kind"], minlength=BAD_SENTENCE + 1)
        self._report.reject("noise", int(kinds[NOISE] + kinds[WRAPPER]))
        self._report.reject("bad_checksum", int(kinds[BAD_CHECKSUM]))
        self._report.reject("bad_sentence", int(kinds[BAD_SENTENCE]))

    def snapshot(self) -> dict[str, Any]:
        """Return what must be known to go on after the lines decoded so far; JSON values."""
        used = np.flatnonzero(self._pending.slots["used"])
        age = self._pending.slots["first_line"][used]
        used = used[np.argsort(-age, kind="stable")][:MAX_KEPT_PARTS]
        return {
            "rest": _packed(self._rest),
            "base": self._base,
            "done": self._done,
            "held": self._held,
            "at": used.tolist(),
            "slots": _packed(self._pending.slots[used].tobytes()),
            "lengths": _packed(self._pending.lengths[used].tobytes()),
            "store": _packed(self._pending.store[used].tobytes()),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a snapshot.

        Raises:
            ValueError, KeyError: it is none.
        """
        pending = empty_pending()
        _fill(pending, state)
        rest = _unpacked(state["rest"])
        base, done = int(state["base"]), int(state["done"])
        if rest and rest[-1:] not in (b"\n", b"\r"):
            raise ValueError("a line without an end")
        if not (0 <= done <= rest.count(b"\n") + rest.count(b"\r") and 0 <= base < 1 << 62):
            raise ValueError("more lines than there are")
        self._pending, self._rest = pending, rest
        self._base, self._done, self._held = base, done, bool(state["held"])


def _ends(text: Bytes, starts: Array) -> Array:
    """Return the offset after each line, its end included."""
    ends = np.flatnonzero((text == 10) | (text == 13))
    return ends[np.searchsorted(ends, starts)] + 1


def stamp_arrival(lines: Records, ends: Array, offsets: Array, times_us: Array) -> None:
    """Give every sentence the time at which the last byte of its line came.

    Args:
        lines: the lines; `ends` is the offset after each.
        ends: (n,) offsets.
        offsets: (m,) offset after the bytes of each receipt, rising.
        times_us: (m,) its time.
    """
    if not len(offsets):  # only lines that waited, and in this clock none does
        return
    which = np.minimum(np.searchsorted(offsets, ends, side="left"), len(offsets) - 1)
    lines["time_us"] = times_us[which]


def _steps(lines: list[Line]) -> list[tuple[bytes, Array]]:
    """Return the lines in steps of about STEP_BYTES, each with (offset, time) of its receipts."""
    steps: list[tuple[bytes, Array]] = []
    parts: list[bytes] = []
    marks: list[tuple[int, int]] = []
    size = 0
    for data, received_us in lines:
        at = 0
        while at < len(data):
            cut = min(len(data), at + STEP_BYTES - size)
            if cut < len(data):
                end = max(data.rfind(b"\n", at, cut), data.rfind(b"\r", at, cut)) + 1
                cut = end if end > at else _line_end(data, cut)
            parts.append(data[at:cut])
            size += cut - at
            marks.append((size, received_us))
            at = cut
            if size >= STEP_BYTES or at < len(data):
                steps.append((b"".join(parts), np.array(marks, np.int64)))
                parts, marks, size = [], [], 0
    if parts:
        steps.append((b"".join(parts), np.array(marks, np.int64)))
    return steps


def _line_end(data: bytes, start: int) -> int:
    ends = [at for at in (data.find(b"\n", start), data.find(b"\r", start)) if at >= 0]
    return min(ends) + 1 if ends else len(data)


def _most_lines(text: bytes) -> int:
    return min(text.count(b"\n") + text.count(b"\r"), len(text) // 2 + 1)


def _packed(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw, 1)).decode("ascii")


def _unpacked(text: str) -> bytes:
    try:
        return zlib.decompress(base64.b64decode(text, validate=True))
    except zlib.error as error:
        raise ValueError("damaged") from error


def _fill(pending: Pending, state: dict[str, Any]) -> None:
    """Write the half-received messages of a snapshot into empty slots.

    Raises:
        ValueError: they are not sound: the kernels trust what the slots say.
    """
    at = np.array(state["at"], np.int64)
    slots = np.frombuffer(_unpacked(state["slots"]), pending.slots.dtype)
    lengths = np.frombuffer(_unpacked(state["lengths"]), pending.lengths.dtype)
    store = np.frombuffer(_unpacked(state["store"]), np.uint8)
    if at.ndim != 1 or len(slots) != len(at) or len(np.unique(at)) != len(at):
        raise ValueError("not one slot for each message")
    if not len(at):
        return
    lengths = lengths.reshape(len(at), pending.lengths.shape[1])
    for values, high in (
        (at, len(pending.slots) - 1),
        (lengths, MAX_PAYLOAD_CHARS),
        (slots["total"], MAX_PARTS),
        (slots["fill"], 5),
        (slots["station_length"], MAX_STATION_BYTES),
    ):
        if values.min() < 0 or values.max() > high:
            raise ValueError("a message that cannot be")
    pending.slots[at] = slots
    pending.lengths[at] = lengths
    pending.store[at] = store.reshape(len(at), pending.store.shape[1])
