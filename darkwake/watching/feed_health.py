"""The health of each feed in a watch: who is ill, since when, and which alerts wait for it.

While a feed is ill, mails about dark periods are held: a sea full of ships that fall silent is more
likely one receiver. They are sent when it has recovered, as far as the findings still stand, and
after a day in any case, for a feed may never come back. The operator is told once.
"""

import json
from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import pyarrow as pa

from darkwake.watching.intake import Clocks
from feeds.health import Health, History, fold_positions, judge
from vessels.units import US_PER_S

HELD_TYPES = frozenset({"dark_period"})
HOLD_S = 24 * 3600.0
_WALL_SILENCE_S = 900.0
"""Nothing received for so long is silence whatever the event time, which stands still then."""
_PAUSES = 8


@dataclass(slots=True)
class _Feed:
    history: History = field(default_factory=History)
    health: Health | None = None
    pauses_us: deque[int] = field(default_factory=lambda: deque([0], _PAUSES))
    """How far behind the newest of all feeds it was when its last chunks came: satellites always
    are, and that is no illness. The median counts: one outage makes nobody a satellite."""
    ill_since_s: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A feed fell ill, or is well again."""

    feed: str
    ill: bool
    text: str


class FeedHealth:
    """Follows all feeds. `known` is what `as_json` gave for each before a restart."""

    def __init__(self, names: list[str], known: dict[str, str]) -> None:
        self._feeds = {name: _Feed(_history(known.get(name, ""))) for name in names}

    def note(self, feed: str, table: pa.Table, clocks: Clocks) -> None:
        """Count the positions of a chunk. Call it before `clocks` takes note of the chunk."""
        one = self._feeds[feed]
        newest_us, last_us = clocks.newest_us, one.history.last_us
        if newest_us is not None and last_us is not None and table.num_rows:
            one.pauses_us.append(max(0, newest_us - last_us))
        one.history = fold_positions(one.history, table)

    def judge(self, clocks: Clocks, now_us: int, monotonic_s: float) -> list[Turn]:
        """Judge all feeds as of `now_us`, event time; return those that fell ill or recovered."""
        turns = []
        for name, one in self._feeds.items():
            if one.history.last_us is None:
                continue
            one.health = judge(one.history, now_us - int(median(one.pauses_us)))
            heard_s = clocks.feeds[name].heard_s
            quiet_s = 0.0 if heard_s is None else monotonic_s - heard_s
            ill = one.health.suppresses_dark or quiet_s >= _WALL_SILENCE_S
            told = one.health.told
            if quiet_s >= _WALL_SILENCE_S:
                told = f"nothing received for {quiet_s / 60:.0f} min"
            if ill and one.ill_since_s is None:
                one.ill_since_s = monotonic_s
                turns.append(Turn(name, ill=True, text=f"the feed {name} is ill: {told}"))
            elif not ill and one.ill_since_s is not None:
                one.ill_since_s = None
                turns.append(Turn(name, ill=False, text=f"the feed {name} is well again: {told}"))
        return turns

    def held_types(self, monotonic_s: float) -> frozenset[str]:
        """Return the event types whose mails wait for a feed to recover."""
        waiting = any(
            one.ill_since_s is not None and monotonic_s - one.ill_since_s < HOLD_S
            for one in self._feeds.values()
        )
        return HELD_TYPES if waiting else frozenset()

    def state(self, feed: str) -> dict[str, Any]:
        """Return how a feed does, as JSON values."""
        one = self._feeds[feed]
        if one.health is None:
            return {}
        return {**one.health.to_json(), "ill": one.ill_since_s is not None}

    def as_json(self, feed: str) -> str:
        """Return what is remembered of a feed."""
        return json.dumps({**self.state(feed), "history": self._feeds[feed].history.to_json()})


def _history(text: str) -> History:
    """Return the history that was written; an empty one where it cannot be read."""
    try:
        return History.from_json(json.loads(text)["history"])
    except (ValueError, KeyError, TypeError):
        return History()


def now_for(clocks: Clocks, wall_us: int, monotonic_s: float) -> int | None:
    """Return the event time that feeds are judged at: how far the furthest of them has come."""
    newest = clocks.newest_us
    if newest is None:
        return None
    if any(feed.clock == "arrival" for feed in clocks.feeds.values()):
        quiet_s = clocks.quiet_s(monotonic_s) or 0.0
        return max(newest, min(wall_us, newest + int(quiet_s * US_PER_S)))
    return newest
