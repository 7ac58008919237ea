"""Is a feed as loud as it used to be? A pure fold over counts of positions by event hour.

A feed that dies looks like a sea full of ships that go dark. So each feed's rate is held against
the same hour of past weeks, whose median no single outage moves. While there is little history it
says so and uses what there is: the same hour of past days, then the hours before, then nothing.

Results depend on the set of positions alone, not on the order or the pieces in which they came.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

HOUR_US = 3_600_000_000
WEEK_H = 168
HISTORY_H = 8 * WEEK_H
"""Eight weeks are remembered: long enough for a median, short enough to follow a season."""
MIN_PAST = 3
"""So many past hours of one kind make a usual rate: with three, one outage cannot be the median."""
MIN_RECENT = 6
_DAYS = 14
_RECENT_H = 24
MIN_EXPECTED = 20.0
"""Below so many expected positions nothing is said: by chance alone (Poisson) none of 20 comes in
1 of 5e8 hours, and fewer than half of them in 1 of 200."""
MIN_SILENCE_US = 10 * 60 * 1_000_000

State = Literal["ok", "degraded", "silent", "learning"]
Basis = Literal["weeks", "days", "hours", "none"]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Limits:
    """When a feed counts as ill."""

    min_share: float = 0.5
    """Below this share of its usual rate it is degraded, if it is also below all hours compared."""
    learning_silence_us: int = HOUR_US
    """A feed without a usual rate is silent after so long."""


def _no_counts() -> Counts:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class History:
    """Positions of one feed by event hour, from `first_hour` (hours since 1970) on, one a slot."""

    first_hour: int = 0
    counts: Counts = field(default_factory=_no_counts)
    last_us: int | None = None
    """Event time of its newest position."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "first_hour": self.first_hour,
            "counts": self.counts.tolist(),
            "last_us": self.last_us,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "History":
        """Return what `to_json` gave.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """
        counts = np.array(raw["counts"], np.int64)
        if counts.ndim != 1 or len(counts) > HISTORY_H or (counts < 0).any():
            raise ValueError("counts of hours are a list of whole numbers from 0 on")
        last_us = raw["last_us"]
        return cls(int(raw["first_hour"]), counts, None if last_us is None else int(last_us))


@dataclass(frozen=True, slots=True)
class Health:
    """How a feed does at one moment."""

    state: State
    rate_per_h: float | None
    """Positions in the hour before; None where it has none yet."""
    usual_per_h: float | None
    """What that hour should have brought; None while learning."""
    basis: Basis
    """What the usual rate was taken from."""
    compared: int
    """How many past hours it was taken from."""
    quiet_s: float | None
    """Seconds since the newest position."""

    @property
    def suppresses_dark(self) -> bool:
        """Tell whether silence of ships says nothing now: the feed itself falls silent."""
        return self.state in ("degraded", "silent")

    @property
    def told(self) -> str:
        """Return one line for people."""
        if self.state == "silent":
            return f"silent for {(self.quiet_s or 0) / 60:.0f} min"
        if self.usual_per_h is None or self.rate_per_h is None:
            return "learning: too little history to judge by"
        what = {"weeks": "this hour of past weeks", "days": "this hour of past days"}
        than = what.get(self.basis, "the hours before")
        share = 100 * self.rate_per_h / max(self.usual_per_h, 1e-9)
        return f"{self.rate_per_h:.0f} positions an hour, {share:.0f} % of {than}"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "state": self.state,
            "rate_per_h": None if self.rate_per_h is None else round(self.rate_per_h, 1),
            "usual_per_h": None if self.usual_per_h is None else round(self.usual_per_h, 1),
            "basis": self.basis,
            "compared": self.compared,
            "quiet_s": None if self.quiet_s is None else round(self.quiet_s),
            "told": self.told,
        }


def fold_positions(history: History, table: pa.Table) -> History:
    """Return the history with the positions of a table of FIXES; identities count for nothing."""
    times = pc.filter(table["time"], pc.is_valid(table["lat_deg"])).cast(pa.int64())
    return fold_times(history, times.to_numpy())


def fold_times(history: History, time_us: Counts) -> History:
    """Return the history with positions at some event times, microseconds UTC."""
    if not len(time_us):
        return history
    hours, counts = np.unique(time_us // HOUR_US, return_counts=True)
    return fold_hours(history, hours, counts, int(time_us.max()))


def fold_hours(history: History, hours: Counts, counts: Counts, last_us: int) -> History:
    """Return the history with (event hour, count) rows; `last_us` is the newest time among them.

    Hours more than HISTORY_H before the newest are forgotten, but that there were some is not: the
    feed is then known to be that old.
    """
    if not len(hours):
        return history
    known = len(history.counts) > 0
    newest = max(int(hours.max()), history.first_hour + len(history.counts) - 1 if known else 0)
    oldest = min(int(hours.min()), history.first_hour) if known else int(hours.min())
    first = max(oldest, newest - HISTORY_H + 1)
    merged = np.zeros(newest - first + 1, np.int64)
    if known:
        kept = history.counts[max(0, first - history.first_hour) :]
        at = max(0, history.first_hour - first)
        merged[at : at + len(kept)] += kept
    fresh = hours >= first
    np.add.at(merged, hours[fresh] - first, counts[fresh])
    last = last_us if history.last_us is None else max(last_us, history.last_us)
    return History(first, merged, last)


def judge(history: History, now_us: int, limits: Limits | None = None) -> Health:
    """Return how the feed does at `now_us`, event time.

    The rate is that of the hour that ends now: the running hour, and of the one before it the part
    that lies in that hour. So is the usual rate. Times after now are not looked at.
    """
    bounds = Limits() if limits is None else limits
    quiet_us = None if history.last_us is None else max(0, now_us - history.last_us)
    quiet_s = None if quiet_us is None else quiet_us / 1e6
    hour, into_us = divmod(now_us, HOUR_US)
    share = into_us / HOUR_US
    rate = None
    if len(history.counts):
        before, running = (_count(history, hour - 1), _count(history, hour))
        rate = running + (1 - share) * before
    basis, past = _past(history, hour)
    if basis == "none" or quiet_us is None:
        silent = quiet_us is not None and quiet_us >= bounds.learning_silence_us
        return Health("silent" if silent else "learning", rate, None, "none", 0, quiet_s)
    mixed = share * past[:, 1] + (1 - share) * past[:, 0]
    usual = float(np.median(mixed))
    state = _state(rate or 0.0, mixed, usual, quiet_us, bounds)
    return Health(state, rate, usual, basis, len(past), quiet_s)


def _state(
    rate: float, past: npt.NDArray[np.float64], usual: float, quiet_us: int, bounds: Limits
) -> State:
    missing = usual * quiet_us / HOUR_US
    if quiet_us >= MIN_SILENCE_US and missing >= MIN_EXPECTED:
        return "silent"
    too_low = rate < bounds.min_share * usual and rate < float(past[past > 0].min(initial=np.inf))
    return "degraded" if too_low and usual >= MIN_EXPECTED else "ok"


_BASES: tuple[tuple[Basis, int, int, int], ...] = (
    ("weeks", WEEK_H, HISTORY_H // WEEK_H, MIN_PAST),
    ("days", 24, _DAYS, MIN_PAST),
    ("hours", 1, _RECENT_H, MIN_RECENT),
)
"""What an hour is compared with: hours between two, the most that are taken, the fewest needed."""


def _past(history: History, hour: int) -> tuple[Basis, npt.NDArray[np.float64]]:
    """Return what to compare with: (n, 2) counts of the hour before and of the hour, n times ago.

    The feed's first hour began somewhere within, so it is never used.
    """
    if len(history.counts) < 2:
        return "none", np.zeros((0, 2))
    for basis, step, most, least in _BASES:
        ends = hour - step * np.arange(1, most + 1)
        ends = ends[ends - 1 > history.first_hour]
        if len(ends) >= least:
            pairs = [[_count(history, int(end) - 1), _count(history, int(end))] for end in ends]
            return basis, np.array(pairs, np.float64)
    return "none", np.zeros((0, 2))


def _count(history: History, hour: int) -> int:
    at = hour - history.first_hour
    return int(history.counts[at]) if 0 <= at < len(history.counts) else 0
