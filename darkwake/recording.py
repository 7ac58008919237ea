"""A recording fed through the engine as it would have come: in the order of receipt.

Files hold fixes by the time that they were sent. Live, a terrestrial station is seconds late; a
satellite keeps what it hears until it passes a ground station, so its fixes come hours late and in
batches; a broker that lost its place sends a whole week again. `deliveries` makes that order of a
recording, and `play` follows what a watch would be told by it, change by change.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from darkwake.engine import Change, Engine
from detectors.events import Event
from vessels.fixes import RECEIVER_CODES, Array, Fixes
from vessels.units import US_PER_H, US_PER_MIN, US_PER_S

SATELLITE, TERRESTRIAL, UNKNOWN = RECEIVER_CODES["satellite"], RECEIVER_CODES["terrestrial"], 0


@dataclass(frozen=True, slots=True)
class Delay:
    """How late a kind of receiver is.

    A fix waits for the next pass (every `pass_us`, at times of the receiver's own), then for
    processing: a random part of `most_us`, exponentially distributed with a fifth of it as mean.
    """

    most_us: int
    pass_us: int = 0


DELAYS: Mapping[int, Delay] = {
    TERRESTRIAL: Delay(most_us=30 * US_PER_S),
    SATELLITE: Delay(most_us=4 * US_PER_H, pass_us=100 * US_PER_MIN),
    UNKNOWN: Delay(most_us=2 * US_PER_MIN),
}
"""By receiver code. A satellite in a low orbit passes a polar ground station every 100 minutes; six
hours from receipt to user is what providers of the time of the test data state as usual."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Fixes that came together, in no order."""

    received_us: int
    fixes: Fixes


@dataclass(slots=True)
class Played:
    """What a watch heard. `standing` holds each event as last told, by event_id."""

    standing: dict[str, Event] = field(default_factory=dict)
    withdrawn: dict[str, Event] = field(default_factory=dict)
    """Events that were taken back and do not stand now."""
    replaced: dict[str, str] = field(default_factory=dict)
    """event_id of a withdrawn event -> of the one told in its place."""
    too_late: int = 0
    """Fixes that came when their time was settled, counted here and not by the engine."""


class ContradictionError(Exception):
    """What the engine told does not go with what it told before."""


def received_us(fixes: Fixes, delays: Mapping[int, Delay], seed: int) -> Array:
    """Return when each fix is received, microseconds; the same for the same seed."""
    rng = np.random.default_rng(seed)
    out = fixes.time_us.copy()
    for code, delay in sorted(delays.items()):
        mine = fixes.receiver == code
        if delay.pass_us:
            first_us = int(rng.integers(0, delay.pass_us))
            since = (out[mine] - first_us) % delay.pass_us
            out[mine] += delay.pass_us - since
        wait = rng.exponential(delay.most_us / 5.0, int(mine.sum()))
        if delay.pass_us and len(wait):  # what one pass brings is processed together
            _, batch = np.unique(out[mine], return_inverse=True)
            wait = wait[np.minimum(batch, len(wait) - 1)]
        out[mine] += np.minimum(wait, delay.most_us).astype("i8")
    return out


def deliveries(fixes: Fixes, at_us: Array, every_us: int) -> Iterator[Delivery]:
    """Yield the fixes in the order of receipt, those of each `every_us` together."""
    order = np.argsort(at_us, kind="stable")
    tick = at_us[order] // every_us
    cuts = np.flatnonzero(np.diff(tick)) + 1
    for rows in np.split(order, cuts):
        if len(rows):
            yield Delivery(int(at_us[rows[-1]]), fixes.take(rows))


def sent_again(came: Iterable[Delivery], span: tuple[int, int], at_us: int) -> Iterator[Delivery]:
    """Yield the deliveries; at `at_us` all fixes received within `span` so far come once more."""
    again: list[Fixes] = []
    due = True
    for delivery in came:
        if due and delivery.received_us >= at_us:
            due = False
            for fixes in again:
                yield Delivery(at_us, fixes)
        if span[0] <= delivery.received_us < span[1]:
            again.append(delivery.fixes)
        yield delivery
    if due:
        for fixes in again:
            yield Delivery(at_us, fixes)


def play(engine: Engine, came: Iterable[Delivery], played: Played | None = None) -> Played:
    """Feed deliveries to the engine; return what a watch holds that believed every change.

    Raises:
        ContradictionError: a change cannot follow from what was told before: an event opened that
            stands, or updated, closed or withdrawn that does not; or one withdrawn event replaced
            twice, or by an event of another kind, or named and still standing.
    """
    played = Played() if played is None else played
    for delivery in came:
        frozen_us = engine.frozen_us
        if frozen_us is not None:
            played.too_late += _late(delivery.fixes, frozen_us)
        follow(played, engine.update(delivery.fixes))
    return played


def _late(fixes: Fixes, frozen_us: int) -> int:
    """Return how many different fixes are of a time that is settled."""
    late = fixes.take(fixes.time_us <= frozen_us)
    rows = zip(*(getattr(late, name).tolist() for name in late.as_arrays()), strict=True)
    return len({tuple("nan" if v != v else v for v in row) for row in rows})  # noqa: PLR0124  NaN


def follow(played: Played, changes: Iterable[Change]) -> None:
    """Believe the changes of one update. Raises as `play` does."""
    gone: dict[str, Event] = {}
    for change in changes:
        event, key = change.event, change.event.event_id
        if (key in played.standing) == (change.kind == "opened"):
            raise ContradictionError(f"{change.kind} {event.type} {key}")
        if change.kind == "withdrawn":
            gone[key] = played.standing.pop(key)
            continue
        if event.replaces is not None and change.kind == "opened":
            old = gone.get(event.replaces)
            if old is None or event.replaces in played.replaced:
                raise ContradictionError(
                    f"{key} replaces {event.replaces}, which was not withdrawn"
                )
            if (old.type, old.mmsi, old.other_mmsi) != (event.type, event.mmsi, event.other_mmsi):
                raise ContradictionError(f"{key} replaces {event.replaces}, of another kind")
            played.replaced[event.replaces] = key
        played.standing[key] = event
        played.withdrawn.pop(key, None)
        played.replaced.pop(key, None)
    played.withdrawn |= gone
