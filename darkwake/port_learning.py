"""Anchorages learnt from files: the readers and the hulls of a replay, then vessels/anchorages.py.

How well they agree with a list of named anchorages is measured both ways: how many learnt places
lie within 3 km of a listed one, and how many listed ones where hulls lay still long enough lie
within 3 km of a learnt one. The latter is asked only near the data: of a list of the whole world
most anchorages were never visited.
"""

import csv
import gzip
import io
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import feeds
from darkwake.progress import Progress
from darkwake.settings import Settings
from darkwake.timeline import Timeline
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages
from feeds.prefetch import prefetch
from feeds.report import ReadReport
from vessels import _nearest
from vessels.anchorages import (
    REST,
    LearningParameters,
    Learnt,
    follow_rests,
    learn,
    new_rest_state,
    write_anchorages,
)
from vessels.errors import InputError, StoreError
from vessels.fixes import Array, fixes_from_table, sort_fixes
from vessels.hulls import HullParameters

AGREE_KM = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnOptions:
    """What `darkwake ports learn` was asked to do."""

    paths: tuple[str, ...]
    out: Path
    format: str = "auto"
    columns: Mapping[str, str] | None = None
    start_time_us: int | None = None
    compare: Path | None = None


def learn_ports(
    options: LearnOptions,
    settings: Settings,
    parameters: LearningParameters,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Learn anchorages, write them to `options.out`, and return what is told of them.

    Raises:
        InputError: a file is no AIS data, or the list to compare with cannot be read.
        StoreError: the result cannot be written.
    """
    listed = None if options.compare is None else read_listed(options.compare)
    rests, report = _rests(options, settings, parameters, progress or Progress())
    learnt = learn(rests, parameters)
    try:
        part = options.out.with_name(f".{options.out.name}.part")
        write_anchorages(part, learnt.anchorages)
        part.replace(options.out)
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreError(f"{options.out}: cannot be written: {error}") from error
    told: dict[str, Any] = {
        "rows_read": report.rows_read,
        "rows_decoded": report.rows_decoded,
        "hulls_at_rest": learnt.hulls,
        "rests": learnt.rests,
        "cells": learnt.cells,
        "anchorages": len(learnt.anchorages),
        "already_ports": learnt.cells - len(learnt.anchorages),
        "sha256": learnt.anchorages.hash,
    }
    if listed is not None:
        told["agreement"] = agreement(learnt, rests, listed)
    return told


def _rests(
    options: LearnOptions, settings: Settings, parameters: LearningParameters, progress: Progress
) -> tuple[Array, ReadReport]:
    """Return the stationary periods (REST) of the hulls in the files."""
    report = ReadReport()
    progress.stage("reading")
    with tempfile.TemporaryDirectory(prefix="darkwake-ports-") as scratch:
        timeline = Timeline(Path(scratch))
        tables = feeds.read(
            options.paths,
            format=options.format,
            columns=dict(options.columns or {}),
            start_time_us=options.start_time_us,
            report=report,
            progress=progress.update,
        )
        for table in prefetch(tables):
            timeline.add(fixes_from_table(table))
        if report.rows_decoded == 0:
            raise InputError(f"no AIS position in {report.rows_read} rows")
        stages = LocalStages(Parameters(hulls=HullParameters(**settings.hulls.model_dump())))
        progress.stage("learning", len(timeline))
        token, lying, found = 0, new_rest_state(), [np.empty(0, REST)]
        for done, stretch in enumerate(timeline.stretches(), 1):
            fixes, _ = sort_fixes(stretch)
            token, outputs = stages.step(token, fixes, int(fixes.time_us.max()))
            stages.forget({token})
            for output in outputs:
                lying, rests = follow_rests(lying, output.key, output.kept, parameters)
                found.append(rests)
            progress.update(done)
    return np.concatenate(found), report


def read_listed(path: Path) -> tuple[Array, Array]:
    """Return the latitudes and longitudes of a CSV list of anchorages, plain or gzipped.

    Raises:
        InputError: it cannot be read, or has no columns latitude and longitude (lat, lon).
    """
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot be read: {error}", path=str(path)) from error
    for lat, lon in (("latitude", "longitude"), ("lat", "lon"), ("lat_deg", "lon_deg")):
        if rows and {lat, lon} <= rows[0].keys():
            try:
                places = np.array([(float(row[lat]), float(row[lon])) for row in rows])
            except (TypeError, ValueError) as error:
                raise InputError("holds a place that is no number", path=str(path)) from error
            return places[:, 0].copy(), places[:, 1].copy()
    raise InputError("has no columns latitude and longitude", path=str(path))


def agreement(learnt: Learnt, rests: Array, listed: tuple[Array, Array]) -> dict[str, Any]:
    """Return how learnt places and listed anchorages agree, in counts and shares."""
    lat, lon = learnt.all_places
    near_learnt = _within(listed, (lat, lon))
    # Near the data: some hull lay still within a kilometre or so of the listed place.
    visited = _within((rests["lat_e6"] / 1e6, rests["lon_e6"] / 1e6), listed, 1.0)
    covered = _within((lat, lon), (listed[0][visited], listed[1][visited]))
    rest_agrees = _within(listed, (rests["lat_e6"] / 1e6, rests["lon_e6"] / 1e6))
    return {
        "within_km": AGREE_KM,
        "learnt": len(lat),
        "learnt_near_listed": int(near_learnt.sum()),
        "learnt_near_listed_share": _share(near_learnt),
        "listed_with_a_rest": int(visited.sum()),
        "listed_near_learnt": int(covered.sum()),
        "listed_near_learnt_share": _share(covered),
        "rests": len(rests),
        "rests_near_listed_share": _share(rest_agrees),
    }


def _within(these: tuple[Array, Array], points: tuple[Array, Array], km: float = AGREE_KM) -> Array:
    """Return for each point whether one of these lies within some kilometres."""
    if len(these[0]) == 0 or len(points[0]) == 0:
        return np.zeros(len(points[0]), bool)
    tree = _nearest.build_tree(these[0], these[1], these[0], these[1])
    return _nearest.nearest(tree, points[0], points[1])[1] <= km * 1e3


def _share(true: Array) -> float | None:
    return round(float(true.mean()), 4) if len(true) else None


def lines_of(told: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    """Return what is told as rows of a table, names spelt out."""
    flat = {key: value for key, value in told.items() if key != "agreement"}
    flat |= told.get("agreement", {})
    return [(key.replace("_", " "), value) for key, value in flat.items()]
