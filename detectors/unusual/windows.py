"""Features by vessel and window: months, years or the whole run, from the tables of a run.

Every step is an array operation. An interval (visit, voyage, event) meets a window by overlap:
hours are cut at the window's ends, counts belong to the window in which they began, and what was
not observed is NaN, never 0.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detectors.unusual.catalogue import NAMES
from vessels.units import US_PER_DAY, US_PER_H

Array = NDArray[np.void]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WindowKind = Literal["run", "month", "year"]

VISIT = np.dtype([("hull", "<i4"), ("start_us", "<i8"), ("end_us", "<i8"), ("level", "<i4")])
"""A port visit; `end_us` of one that goes on is the hull's last fix."""
VOYAGE = np.dtype(
    [
        ("hull", "<i4"),
        ("start_us", "<i8"),
        ("end_us", "<i8"),
        ("lower_us", "<i8"),
        ("censored", "?"),
        ("silences", "<i4"),
    ]
)
"""A voyage; `lower_us` is the time at sea proven at its end, `silences` those with a possible
call."""
MARK = np.dtype(
    [
        ("hull", "<i4"),
        ("feature", "<i4"),
        ("start_us", "<i8"),
        ("end_us", "<i8"),
        ("amount", "<f8"),
        ("by_hour", "?"),
    ]
)
"""What an event adds to a feature (its place in NAMES): `amount` once, in the window in which the
event began, or for each hour of overlap where `by_hour`."""

MIN_LEVEL = 2
"""Least confidence of a visit that counts as a call, as `detectors.port_visit.min_confidence`."""
SHORT_CALL_US = 24 * US_PER_H
_BITS = np.array([i.bit_count() for i in range(256)], "u1")
_DAYS_MAX = 200_000
_PLACE = {name: i for i, name in enumerate(NAMES)}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run says of its hulls, numbered from 0."""

    first_us: Ints
    last_us: Ints
    days: Array | None
    """DAY rows by hull and day; None where the run has no tracks."""
    visits: Array | None
    voyages: Array | None
    marks: Array
    has_eez: bool = False
    flag_known: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))
    has_lists: bool = False


@dataclass(frozen=True, slots=True)
class Windows:
    """Rows by hull and time. `values` has a column for each of NAMES."""

    hull: NDArray[np.int32]
    label: list[str]
    start_us: Ints
    end_us: Ints
    values: Floats
    box: NDArray[np.int32]
    class_b: NDArray[np.bool_]
    """Whether most fixes of the window came from a Class B set."""


def features(facts: Facts, kind: WindowKind = "run") -> Windows:
    """Return every feature of every hull and window in which the run can speak of it."""
    hull, start, end, label = _windows(facts, kind)
    values = np.full((len(hull), len(NAMES)), np.nan)
    out = Windows(
        hull, label, start, end, values, np.full(len(hull), -1, "i4"), np.zeros(len(hull), bool)
    )
    _sea_time(facts, out)
    if facts.days is not None:
        _from_days(facts, out, facts.days)
    _from_marks(facts, out)
    if facts.visits is not None:
        _from_visits(out, facts.visits)
    if facts.voyages is not None:
        _from_voyages(facts, out, facts.voyages)
    no_sea = ~(out.values[:, _PLACE["sea_h"]] > 0.0)
    if facts.days is not None:
        no_sea |= np.isnan(out.values[:, _PLACE["coverage"]])
    for name in _NEEDS_SEA:
        out.values[no_sea, _PLACE[name]] = np.nan
    return out


_NEEDS_SEA = (
    *("work_7d_h", "max_shore_km", "max_port_km", "high_seas_h", "foreign_eez_h", "dark_h"),
    *("dark_periods", "carrier_meetings", "catcher_meetings", "meeting_h", "loitering_h"),
    *("dark_rendezvous", "way_day_h", "way_night_h", "slow_day_h", "slow_night_h", "still_day_h"),
    *("still_night_h", "travelled_km", "welch_disablings", "encounters"),
)


def _windows(facts: Facts, kind: WindowKind) -> tuple[NDArray[np.int32], Ints, Ints, list[str]]:
    count = len(facts.first_us)
    if kind == "run":
        hull = np.arange(count, dtype="i4")
        return hull, facts.first_us.copy(), facts.last_us.copy(), ["run"] * count
    unit = "M" if kind == "month" else "Y"
    first = facts.first_us.astype("M8[us]").astype(f"M8[{unit}]").astype("i8")
    last = facts.last_us.astype("M8[us]").astype(f"M8[{unit}]").astype("i8")
    number = last - first + 1
    hull = np.repeat(np.arange(count, dtype="i4"), number)
    which = np.arange(len(hull)) - np.repeat(np.cumsum(number) - number, number)
    period = np.repeat(first, number) + which
    begins = period.astype(f"M8[{unit}]")
    start = begins.astype("M8[us]").astype("i8")
    end = (period + 1).astype(f"M8[{unit}]").astype("M8[us]").astype("i8")
    return (
        hull,
        np.maximum(start, facts.first_us[hull]),
        np.minimum(end, facts.last_us[hull]),
        np.datetime_as_string(begins).tolist(),
    )


def _meet(out: Windows, hull: NDArray[np.int32], start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return (interval, window) for each pair of a hull's interval and window that touch.

    Windows of a hull follow each other, so those that an interval touches are a run of rows.
    """
    order = np.lexsort((out.start_us, out.hull))  # rows are in this order already: a check costs
    low = np.searchsorted(out.hull, hull, "left")
    high = np.searchsorted(out.hull, hull, "right")
    most = int((high - low).max(initial=0))
    pairs = []
    for step in range(most):
        row = low + step
        inside = row < high
        row = order[np.minimum(row, len(order) - 1)]
        touch = inside & (start <= out.end_us[row]) & (end >= out.start_us[row])
        chosen = np.flatnonzero(touch)
        pairs.append((chosen, row[chosen]))
    if not pairs:
        return np.empty(0, "i8"), np.empty(0, "i8")
    one, two = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return one, two


def _overlap_us(out: Windows, rows: Ints, start: Ints, end: Ints) -> Ints:
    over = np.minimum(end, out.end_us[rows]) - np.maximum(start, out.start_us[rows])
    return np.maximum(over, 0)


def _put(out: Windows, name: str, values: Floats) -> None:
    out.values[:, _PLACE[name]] = values


def _add(rows: Ints, amounts: NDArray[np.generic], size: int) -> Floats:
    """Return sums by row; rows are brought into order first, so that sums are repeatable."""
    order = np.lexsort((amounts, rows))
    return np.asarray(np.bincount(rows[order], np.asarray(amounts[order], "f8"), size), "f8")


def _begins_in(out: Windows, rows: Ints, start: Ints) -> NDArray[np.bool_]:
    """Return whether an interval begins in a window; the last window holds its own end."""
    last = np.append(out.hull[1:] != out.hull[:-1], True)[rows]
    before_end = (start < out.end_us[rows]) | (last & (start == out.end_us[rows]))
    return (start >= out.start_us[rows]) & before_end


def _sea_time(facts: Facts, out: Windows) -> None:
    sea_us = out.end_us - out.start_us
    if facts.visits is not None and len(out.hull):
        calls = facts.visits[facts.visits["level"] >= MIN_LEVEL]
        which, rows = _meet(out, calls["hull"], calls["start_us"], calls["end_us"])
        over = _overlap_us(out, rows, calls["start_us"][which], calls["end_us"][which])
        sea_us = sea_us - _add(rows, over, len(sea_us)).astype("i8")
    _put(out, "sea_h", np.maximum(sea_us, 0) / US_PER_H)


def _window_of_day(out: Windows, hull: NDArray[np.int32], day: NDArray[np.int32]) -> Ints:
    """Return the row of the window that holds each vessel-day."""
    first_day = out.start_us // US_PER_DAY
    key = out.hull.astype("i8") * _DAYS_MAX + first_day
    return np.searchsorted(key, hull.astype("i8") * _DAYS_MAX + day, "right") - 1


def _from_days(facts: Facts, out: Windows, days: Array) -> None:
    size = len(out.hull)
    row = _window_of_day(out, days["hull"], days["day"])

    def total(name: str) -> Floats:
        return np.asarray(np.bincount(row, days[name].astype("f8"), size), "f8")

    hours = np.bincount(row, _hours(days["heard"]), size)
    sea_h = out.values[:, _PLACE["sea_h"]]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where((sea_h > 0) & (hours > 0), np.minimum(hours / sea_h, 1.0), np.nan)
    _put(out, "coverage", share)
    for name in ("way_day", "way_night", "slow_day", "slow_night", "still_day", "still_night"):
        _put(out, f"{name}_h", total(f"{name}_us") / US_PER_H)
    _put(out, "travelled_km", total("travelled_m") / 1e3)
    for name in ("shore", "port"):
        most = np.full(size, -1.0)
        np.maximum.at(most, row, days[f"{name}_m"].astype("f8"))
        _put(out, f"max_{name}_km", np.where(most < 0, np.nan, most / 1e3))
    if facts.has_eez:
        _put(out, "high_seas_h", total("high_seas_us") / US_PER_H)
        known = facts.flag_known[out.hull]
        _put(out, "foreign_eez_h", np.where(known, total("foreign_us") / US_PER_H, np.nan))
    most = np.zeros(size)
    np.maximum.at(most, row, _week_h(days))
    told = np.bincount(row, _hours(days["told"]), size) > 0
    _put(out, "work_7d_h", np.where(told, most, np.nan))
    out.class_b[:] = total("class_b") * 2 > total("fixes")
    _boxes(out, days, row)


def _hours(bits: NDArray[np.int32]) -> Floats:
    """Return how many hours a mask of DAY holds."""
    parts = np.ascontiguousarray(bits).view("u1").reshape(-1, 4)
    return np.asarray(_BITS[parts].sum(axis=1), "f8")


def _week_h(days: Array) -> Floats:
    """Return the hours at working speed of the seven days up to each vessel-day."""
    key = days["hull"].astype("i8") * _DAYS_MAX + days["day"]
    work = np.concatenate([[0], np.cumsum(_hours(days["worked"]))])
    first = np.searchsorted(key, key - 6)
    own = np.searchsorted(days["hull"], days["hull"])
    return np.asarray(work[1:] - work[np.maximum(first, own)], "f8")


def _boxes(out: Windows, days: Array, row: Ints) -> None:
    """Take the box in which most days at sea were begun; the lowest of equals."""
    at_sea = days["box"] >= 0
    key, count = np.unique(row[at_sea] * 64 + days["box"][at_sea], return_counts=True)
    best = np.lexsort((key % 64, -count, key // 64))
    rows, first = np.unique((key // 64)[best], return_index=True)
    out.box[rows] = (key % 64)[best][first]


def _from_marks(facts: Facts, out: Windows) -> None:
    size, marks = len(out.hull), facts.marks
    which, rows = _meet(out, marks["hull"], marks["start_us"], marks["end_us"])
    met = marks[which]
    begun = _begins_in(out, rows, met["start_us"])
    over = _overlap_us(out, rows, met["start_us"], met["end_us"])
    amount = np.where(met["by_hour"], met["amount"] * (over / US_PER_H), met["amount"] * begun)
    for name in _MARKED:
        if name == "listed" and not facts.has_lists:
            continue
        mine = met["feature"] == _PLACE[name]
        _put(out, name, _add(rows[mine], amount[mine], size))


_MARKED = (
    *("dark_h", "dark_periods", "carrier_meetings", "catcher_meetings", "meeting_h"),
    *("loitering_h", "dark_rendezvous", "identity_changes", "false_positions"),
    *("welch_disablings", "encounters", "zone_entries", "listed"),
)


def _from_visits(out: Windows, visits: Array) -> None:
    size = len(out.hull)
    which, rows = _meet(out, visits["hull"], visits["start_us"], visits["end_us"])
    met = visits[which]
    begun = _begins_in(out, rows, met["start_us"])
    call = begun & (met["level"] >= MIN_LEVEL)
    short = call & (met["end_us"] - met["start_us"] < SHORT_CALL_US)
    _put(out, "port_calls", _add(rows[call], np.ones(int(call.sum())), size))
    _put(out, "short_calls", _add(rows[short], np.ones(int(short.sum())), size))
    passed = begun & (met["level"] < MIN_LEVEL)
    _put(out, "passed_ports", _add(rows[passed], np.ones(int(passed.sum())), size))
    order = np.lexsort((met["start_us"][call], rows[call]))
    row, at = rows[call][order], met["start_us"][call][order]
    same = row[1:] == row[:-1]
    between = (at[1:] - at[:-1])[same] / US_PER_DAY
    row = row[1:][same]
    count, total = np.bincount(row, minlength=size), np.bincount(row, between, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(count > 0, total / count, np.nan)
        off = np.bincount(row, (between - mean[row]) ** 2, size)
        spread = np.where(count > 1, np.sqrt(off / np.maximum(count - 1, 1)), np.nan)
    _put(out, "call_interval_days", mean)
    _put(out, "call_interval_sd_days", spread)


def _from_voyages(facts: Facts, out: Windows, voyages: Array) -> None:
    size = len(out.hull)
    which, rows = _meet(out, voyages["hull"], voyages["start_us"], voyages["end_us"])
    met = voyages[which]
    until = np.minimum(met["end_us"], out.end_us[rows])
    # The lower bound began anew at end - lower; it is what has passed since.
    lower = np.maximum(until - (met["end_us"] - met["lower_us"]), 0) / US_PER_DAY
    upper = np.where(met["censored"], np.nan, (until - met["start_us"]) / US_PER_DAY)
    known = np.bincount(out.hull[rows], minlength=len(facts.first_us))[out.hull] > 0
    if facts.visits is not None:
        visited = np.bincount(facts.visits["hull"], minlength=len(facts.first_us))
        known |= visited[out.hull] > 0
    longest = np.zeros(size)
    np.maximum.at(longest, rows, lower)
    _put(out, "longest_voyage_days", np.where(known, longest, np.nan))
    longest_upper = np.zeros(size)
    np.maximum.at(longest_upper, rows, np.nan_to_num(upper))
    longest_upper[rows[met["censored"]]] = np.nan  # one voyage unknown: the longest is unknown
    _put(out, "longest_voyage_upper_days", np.where(known, longest_upper, np.nan))
    on = (met["start_us"] <= out.end_us[rows]) & (met["end_us"] >= out.end_us[rows])
    for name, days in (("days_since_port", lower), ("days_since_port_upper", upper)):
        since = np.zeros(size)
        since[rows[on]] = days[on]
        _put(out, name, np.where(known, since, np.nan))
    possible = _add(rows, met["silences"], size)
    calls = np.nan_to_num(out.values[:, _PLACE["port_calls"]])
    window_days = (out.end_us - out.start_us) / US_PER_DAY
    _put(out, "days_per_call", np.where(known, window_days / (calls + possible + 1.0), np.nan))
    _put(out, "unsupplied_days", np.where(known, _unsupplied(facts, out, rows, met), np.nan))


def _unsupplied(facts: Facts, out: Windows, rows: Ints, met: Array) -> Floats:
    """Return the longest proven stretch at sea, cut at each meeting that began in it, in days."""
    size = len(out.hull)
    until = np.minimum(met["end_us"], out.end_us[rows])
    since = met["end_us"] - met["lower_us"]
    sea = until > since
    row, begin, end = rows[sea], since[sea], until[sea]
    meetings = facts.marks[facts.marks["feature"] == _PLACE["encounters"]]
    which, hit = _meet(out, meetings["hull"], meetings["start_us"], meetings["end_us"])
    at = meetings["start_us"][which]
    edges_row = np.concatenate([row, row, hit])
    edges = np.concatenate([begin, end, at])
    kind = np.concatenate([np.zeros(len(row)), np.full(len(row), 2.0), np.ones(len(hit))])
    order = np.lexsort((kind, edges, edges_row))
    edges_row, edges, kind = edges_row[order], edges[order], kind[order]
    same = (edges_row[1:] == edges_row[:-1]) & (kind[1:] > 0) & (kind[:-1] < 2)
    longest = np.zeros(size)
    np.maximum.at(longest, edges_row[1:][same], ((edges[1:] - edges[:-1])[same]) / US_PER_DAY)
    return longest
