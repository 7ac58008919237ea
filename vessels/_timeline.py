"""What one number stated of one attribute, in order: which value held when, and what changed."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

Value = str | int | float


class Entry(NamedTuple):
    """A value stated `reports` times from `first_us` to `last_us`, within one UTC day."""

    first_us: int
    last_us: int
    reports: int
    value: Value


@dataclass(frozen=True, slots=True)
class Interval:
    """A value held from its first to its last statement, without another known in a pause.

    Intervals of two values overlap where both were stated in turns within one UTC day.
    """

    value: Value
    first_us: int
    last_us: int
    reports: int


class Turn(NamedTuple):
    """One value follows another: `new` was first stated at `time_us`."""

    old: Value
    new: Value
    time_us: int
    flip_flop: bool


def value_at(entries: Iterable[Entry], time_us: int) -> Value | None:
    """Return the value known latest at or before a time, else the one stated first after it.

    Known are the first and the last statement of each value on each day. Of statements at one
    time the more frequent value wins, then the greater.
    """
    before: tuple[int, int, Value] | None = None
    after: tuple[int, int, Value] | None = None
    for first_us, last_us, reports, value in entries:
        if first_us <= time_us:
            known = (last_us if last_us <= time_us else first_us, reports, value)
            before = known if before is None else max(before, known)
        elif before is None:
            known = (-first_us, reports, value)
            after = known if after is None else max(after, known)
    chosen = before or after
    return None if chosen is None else chosen[2]


def merge_days(entries: Iterable[Entry]) -> list[Interval]:
    """Return the intervals of each value, sorted by first time."""
    ordered = sorted(entries)
    known = sorted((t, e.value) for e in ordered for t in (e.first_us, e.last_us))
    times = [t for t, _ in known]
    latest: dict[Value, int] = {}
    out: list[Interval] = []
    for entry in ordered:
        place = latest.get(entry.value)
        if place is not None:
            held = out[place]
            pause = known[bisect_right(times, held.last_us) : bisect_left(times, entry.first_us)]
            if all(value == entry.value for _, value in pause):
                out[place] = Interval(
                    entry.value,
                    held.first_us,
                    max(held.last_us, entry.last_us),
                    held.reports + entry.reports,
                )
                continue
        latest[entry.value] = len(out)
        out.append(Interval(entry.value, entry.first_us, entry.last_us, entry.reports))
    return out


def turns(entries: Iterable[Entry]) -> list[Turn]:
    """Return each change from one value to another, once for a pair of values.

    A turn is a flip-flop where the pair turns more than once, or the new value was held before.
    """
    known = sorted((t, e.value) for e in entries for t in (e.first_us, e.last_us))
    runs = [known[0], *(b for a, b in pairwise(known) if a[1] != b[1])] if known else []
    found: dict[frozenset[Value], Turn] = {}
    held: set[Value] = set()
    for (_, old), (time_us, new) in pairwise(runs):
        held.add(old)
        pair = frozenset((old, new))
        if pair in found:
            found[pair] = found[pair]._replace(flip_flop=True)
        else:
            found[pair] = Turn(old, new, time_us, new in held)
    return list(found.values())
