"""The arms of docs/dark-confidence.md: real tracks masked and thinned, and what the detector says.

Every arm goes through the one detection fold, as a feed would. A case is one dark period that the
detector raised, with the truth of its arm and what the model weighed.
"""

import gzip
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import feeds
from detectors.events import Event
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, Pipeline, PipelineState
from vessels.fixes import Array, Fixes, concat_fixes, fixes_from_table, sort_fixes
from vessels.units import M_PER_NM, US_PER_DAY, US_PER_H

FIRST_US = 1_609_459_200_000_000  # 2021-01-01
ORBCOMM_DAYS = 9
"""The days that hold all the Orbcomm tracks; a few go on alone after them."""
DONORS = {"fit": (239500000, 701000001), "test": (700000151, 701000002, 701000015)}
MOST_CASES = 20
"""Cases of one vessel in one arm, the first by replicate."""
WELL_HEARD, WELL_HEARD_H = 0.9, 72
SATELLITE = 1


@dataclass(frozen=True, slots=True)
class Case:
    """One dark period that is scored."""

    world: str
    arm: str
    vessel: int
    replicate: int
    truth: int
    hours: float
    confidence: float
    welch: bool | None
    columns: dict[str, float]

    @property
    def part(self) -> str:
        """`fit` or `test`, by the vessel alone."""
        return part_of(self.vessel)


def part_of(vessel: int) -> str:
    """Return `fit` or `test`: by the last digit of the number's SHA-256."""
    return (
        "fit" if int(hashlib.sha256(str(vessel).encode()).hexdigest()[-1], 16) % 2 == 0 else "test"
    )


def load_orbcomm(folder: Path) -> Fixes:
    """Return the Orbcomm tracks of the nine days."""
    paths = sorted(str(path) for path in (folder / "gpsdio").glob("regr_*.json.gz"))
    fixes = _read(paths)
    end_us = FIRST_US + ORBCOMM_DAYS * US_PER_DAY
    return fixes.take((fixes.time_us >= FIRST_US) & (fixes.time_us < end_us))


def load_donors(folder: Path) -> dict[int, Array]:
    """Return the hours (since 1970) in which each donor was heard."""
    named = dict(zip(("mmsi", "lon", "lat", "time"), "0123", strict=True))
    fixes = concat_fixes(
        [
            _read([str(folder / "raw_1_3_10k_points.csv.gz")]),
            _read([str(folder / "raw_239500000_2012.csv.gz")], named),
        ]
    )
    hours = fixes.time_us // US_PER_H
    return {m: np.unique(hours[fixes.mmsi == m]) for m in sum(DONORS.values(), ())}


def load_suez(folder: Path) -> Fixes:
    """Return the ships around Suez, numbered from 211000000 on; times are to the minute."""
    with gzip.open(folder / "suez_evergiven_positions.csv.gz", "rt", encoding="utf-8-sig") as file:
        rows = [line.strip().split(",") for line in file][1:]
    n = len(rows)
    told = [datetime.strptime(row[1], "%d/%m/%Y %H:%M").replace(tzinfo=UTC) for row in rows]
    missing = np.full(n, np.nan, "f4")
    fixes = Fixes(
        np.array([211_000_000 + int(row[0]) for row in rows], "i4"),
        np.array([int(moment.timestamp()) * 1_000_000 for moment in told], "i8"),
        np.array([round(float(row[3]), 6) for row in rows]),
        np.array([round(float(row[2]), 6) for row in rows]),
        *(missing, missing, missing),
        np.full(n, 255, "u1"),
        *(np.zeros(n, "u1") for _ in range(3)),
    )
    return sort_fixes(fixes)[0]


def _read(paths: list[str], columns: dict[str, str] | None = None) -> Fixes:
    tables = feeds.read(paths, columns=columns) if columns else feeds.read(paths)
    return sort_fixes(concat_fixes([fixes_from_table(table) for table in tables]))[0]


def orbcomm_cases(fleet: Fixes, donors: dict[int, Array], replicate: int) -> list[Case]:
    """Return the cases of one replicate: each vessel masked, thinned or left alone.

    In every second replicate the thinned ones are masked as well.
    """
    rng = np.random.default_rng([20_260, replicate])
    both = replicate % 2 == 1
    parts, masks, thinned = [], {}, {}
    for mmsi in np.unique(fleet.mmsi).tolist():
        mine = fleet.take(fleet.mmsi == mmsi)
        choice = int(rng.integers(3))
        if choice == 1:
            mine = thin(mine, donors, rng)
            thinned[mmsi] = mine
        if (choice == 0 and is_well_heard(mine)) or (choice == 1 and both):
            masks[mmsi] = mask_span(mine, rng, longest_h=96.0)
            if masks[mmsi] is not None:
                mine = masked(mine, masks[mmsi])
        parts.append(mine)
    end_us = int(fleet.time_us.max())
    out = []
    for event in dark_periods(concat_fixes(parts), end_us):
        mask = masks.get(event.mmsi)
        if event.mmsi in thinned:
            whole = fleet.take(fleet.mmsi == event.mmsi)
            if not _inside(whole, event, end_us):
                continue  # the source itself is silent: nobody knows why
            truth = int(both and _inside(thinned[event.mmsi], event, end_us))
            arm = "masked after thinning" if both else "thinned"
            out.append(_case("orbcomm", arm, event, replicate, truth))
        elif mask is not None and _starts_at(event, fleet, mask):
            out.append(_case("orbcomm", "masked", event, replicate, 1))
    return out


def suez_cases(fleet: Fixes, replicate: int) -> list[Case]:
    """Return the cases of one replicate: one ship in eight masked; replicate 0 masks none."""
    end_us = int(fleet.time_us.max())
    if replicate == 0:
        found = dark_periods(fleet, end_us)
        return [_case("suez", "suez leaving", e, 0, 0) for e in found if e.end_us is None]
    rng = np.random.default_rng([20_261, replicate])
    parts, masks = [], {}
    for mmsi in np.unique(fleet.mmsi).tolist():
        mine = fleet.take(fleet.mmsi == mmsi)
        if rng.integers(8) == 0:
            span = mask_span(mine, rng, longest_h=48.0, least_fixes=6)
            if span is not None:
                masks[mmsi] = span
                mine = masked(mine, span)
        parts.append(mine)
    return [
        _case("suez", "suez masked", event, replicate, 1)
        for event in dark_periods(concat_fixes(parts), end_us)
        if event.mmsi in masks and _starts_at(event, fleet, masks[event.mmsi])
    ]


def is_well_heard(track: Fixes) -> bool:
    """Tell whether nine in ten UTC hours hold a fix, over three days or more."""
    hours = np.unique(track.time_us // US_PER_H)
    span = int(hours[-1] - hours[0]) + 1 if len(hours) else 0
    return span >= WELL_HEARD_H and len(hours) >= WELL_HEARD * span


def thin(track: Fixes, donors: dict[int, Array], rng: np.random.Generator) -> Fixes:
    """Return the fixes in hours in which a donor was heard, as heard by satellite."""
    names = DONORS[part_of(int(track.mmsi[0]))]
    hours = donors[names[int(rng.integers(len(names)))]]
    track_hours = track.time_us // US_PER_H
    length = int(track_hours[-1] - track_hours[0])
    last = max(int(hours[-1]) - length, int(hours[0]) + 1)
    start = int(rng.integers(int(hours[0]), last))
    kept = track.take(np.isin(track_hours - track_hours[0] + start, hours))
    return replace(kept, receiver=np.full(len(kept), SATELLITE, "u1"))


def mask_span(
    track: Fixes, rng: np.random.Generator, *, longest_h: float, least_fixes: int = 1
) -> tuple[int, int] | None:
    """Return a stretch to take out, 12 h to `longest_h`, log-uniform, or to the end of the data.

    None where forty tries find none that holds `least_fixes`.
    """
    if len(track) < 3:
        return None
    first_us, last_us = int(track.time_us[0]), int(track.time_us[-1])
    for _ in range(40):
        hours = float(np.exp(rng.uniform(np.log(12.0), np.log(longest_h))))
        start_us = first_us + int(rng.uniform(0.1, 0.9) * (last_us - first_us))
        end_us = start_us + int(hours * US_PER_H)
        if rng.integers(3) == 0:
            end_us = max(end_us, last_us + 1)
        hidden = (track.time_us > start_us) & (track.time_us < end_us)
        spans = last_us - start_us >= 12 * US_PER_H
        if spans and hidden.sum() >= least_fixes and (track.time_us <= start_us).sum() >= 3:
            return start_us, end_us
    return None


def masked(track: Fixes, span_us: tuple[int, int]) -> Fixes:
    """Return the track without what lies in the span."""
    return track.take((track.time_us <= span_us[0]) | (track.time_us >= span_us[1]))


def dark_periods(fixes: Fixes, now_us: int) -> list[Event]:
    """Return the dark periods of the one detection fold, day by day, as of `now_us`."""
    parameters = Parameters()
    pipeline = Pipeline(parameters, LocalStages(parameters))
    state, events = PipelineState(), []
    fixes = sort_fixes(fixes)[0]
    day = fixes.time_us // US_PER_DAY
    for one in np.unique(day):
        part = fixes.take(day == one)
        state, final = pipeline.step(state, part, int(part.time_us.max()))
        pipeline.stages.forget({state.token})
        events += final
    events += pipeline.peek(state, now_us)
    return [event for event in events if event.type == "dark_period"]


def _inside(track: Fixes, event: Event, now_us: int) -> bool:
    end_us = now_us + 1 if event.end_us is None else event.end_us
    return bool(((track.time_us > event.start_us) & (track.time_us < end_us)).any())


def _starts_at(event: Event, fleet: Fixes, span_us: tuple[int, int]) -> bool:
    """Tell whether an event begins at its vessel's last fix before the mask."""
    mine = fleet.time_us[fleet.mmsi == event.mmsi]
    return event.start_us == int(mine[mine <= span_us[0]].max())


def _case(world: str, arm: str, event: Event, replicate: int, truth: int) -> Case:
    return Case(
        world,
        arm,
        event.mmsi,
        replicate,
        truth,
        event.duration_h,
        event.confidence,
        event.details["welch_disabling"],
        columns_of(event),
    )


def columns_of(event: Event) -> dict[str, float]:
    """Return what the model weighed, from the event's details; see detectors.dark_confidence."""
    told = event.details
    alive_h = max(event.duration_h - told["feed_down_h"], 1.0)
    shore_nm = told["shore_distance_m"] / M_PER_NM
    satellite = told["positions_before_satellite"] / max(told["positions_before"], 1)
    beyond = max(satellite, float(np.clip((shore_nm - 40.0) / 10.0, 0.0, 1.0)))
    own_rate = told["heard_hours_expected"] / alive_h
    return {
        "expected": float(np.log10(np.clip(told["heard_hours_expected"], 0.1, 10.0))),
        "longest": told["longest_silence_before_h"] / 12.0,
        "reception": own_rate if told["reception"] is None else told["reception"],
        "company": told["neighbours_heard_share"] or 0.0,
        "leaving": told["path_unknown_share"] * (1.0 - beyond),
        "offshore": min(shore_nm / 50.0, 1.0),
    }


def most(cases: list[Case]) -> list[Case]:
    """Return at most `MOST_CASES` of each vessel and arm, the first by replicate."""
    seen: dict[tuple[str, int], int] = {}
    out = []
    for case in sorted(cases, key=lambda c: (c.replicate, c.vessel, c.arm, c.hours)):
        key = case.arm, case.vessel
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= MOST_CASES:
            out.append(case)
    return out
