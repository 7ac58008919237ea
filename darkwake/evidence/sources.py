"""Where evidence comes from: the folder of a replay with tracks, or a watch's archive and store."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import feeds
from alerts.database import reading
from alerts.lifecycle import find_alert
from alerts.listing import list_alerts
from alerts.stored import row_event
from darkwake.alert_store import store_of
from darkwake.config import load_settings
from darkwake.diff import read_record
from darkwake.evidence.features import Feature, feature_of
from darkwake.evidence.gather import Material
from darkwake.evidence.verify import parameters_from
from darkwake.geography_settings import surroundings_of
from darkwake.replay import detection_parameters
from darkwake.settings import Settings
from darkwake.vessel_events import event_from_feature
from darkwake.watching.journal import read_rows
from darkwake.watching.store import read_progress
from detectors.events import Event
from feeds.dedupe import Deduper
from vessels.clock import parse_iso_us
from vessels.errors import ConfigError, InputError
from vessels.fixes import concat_fixes, fixes_from_table, sort_fixes
from vessels.identity import IdentityBook

_LEAST_PREFIX = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """An event, as it is told, and all that it may rest on."""

    event: Event
    told: Feature
    material: Material
    thresholds: dict[str, Any]
    """Under dotted keys, as in run.json."""


def from_run(run: Path, event_id: str, settings: Settings) -> Wanted:
    """Return an event of a replay. `settings` name its zones, lists and anchorages.

    Raises:
        InputError: there is no such event, the run has no tracks, or was made with other zones.
        ConfigError: a file of zones, lists or anchorages is of no use.
    """
    record = read_record(run)
    for name in ("tracks.parquet", "statements.parquet", "events.geojson"):
        if not (run / name).is_file():
            raise InputError(f"holds no {name}: run darkwake replay --tracks again", path=str(run))
    around = surroundings_of(settings)
    learnt = record.get("learnt") or {}
    for name in ("zones", "lists", "anchorages"):
        told = learnt.get(name)
        made_with = told.get("sha256") if isinstance(told, dict) else None
        if made_with != around.hashes().get(name):
            raise ConfigError(f"{run}: was made with other {name}: give the --config that it had")
    parameters = record.get("parameters") or {}
    thresholds = {k: v for k, v in parameters.items() if k.startswith(("detectors.", "hulls."))}
    try:
        now_us = parse_iso_us(str(record["now"]))
        text = (run / "events.geojson").read_text(encoding="utf-8")
        features: list[Feature] = json.loads(text)["features"]
        events = [event_from_feature(feature, now_us) for feature in features]
        told_as = _one(features, event_id, run)
        tracks = pq.read_table(run / "tracks.parquet")
        statements = pq.read_table(run / "statements.parquet")
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise InputError(f"cannot be read: {error}", path=str(run)) from error
    fixes, _ = sort_fixes(fixes_from_table(tracks))
    material = Material(
        fixes=fixes,
        statements=statements,
        events=events,
        parameters=parameters_from(thresholds, around, run),
        judged_us=now_us,
    )
    return Wanted(event_from_feature(told_as, now_us), told_as, material, thresholds)


def from_watch(config: Path, event_id: str) -> Wanted:
    """Return an event of a watch, which may be running.

    Raises:
        UsageError: there is no such event.
        InputError: no fixes are kept.
        StoreError: the store, the archive or the journal cannot be read.
    """
    settings = load_settings(config)
    with store_of(config) as engine:
        with reading(engine) as connection:
            row = find_alert(connection, event_id)
            rows = list_alerts(connection)
        done, _ = read_progress(engine)
    event = row_event(row)
    judged_us = event.now_us if event.end_us is None else done.now_us or event.now_us
    upto_us = min(judged_us, done.watermark_us or judged_us)
    book, deduper, parts = IdentityBook(), Deduper(), []
    for table in _kept_rows(settings):
        known = deduper.filter(table.filter(pc.less_equal(table["time"].cast("int64"), upto_us)))
        book.update(known)
        parts.append(fixes_from_table(known))
    fixes, _ = sort_fixes(concat_fixes(parts))
    if len(fixes) == 0:
        raise InputError("holds no fixes", path=settings.store.archive)
    material = Material(
        fixes=fixes,
        statements=book.statements(),
        events=[row_event(one) for one in rows],
        parameters=detection_parameters(settings),
        judged_us=judged_us,
    )
    parameters = settings.run_parameters()
    thresholds = {k: v for k, v in parameters.items() if k.startswith(("detectors.", "hulls."))}
    return Wanted(event, feature_of(event), material, thresholds)


def _kept_rows(settings: Settings) -> Iterator[pa.Table]:
    """Yield the rows of the journal, then those of the archive.

    In this order, because a running watch moves rows from the one to the other.
    """
    yield from read_rows(Path(settings.store.journal_folder))
    archive = Path(settings.store.archive)
    if any(archive.glob("date=*/part-*.parquet")):
        yield from feeds.read([archive], format="parquet")


def _one(features: list[Feature], event_id: str, run: Path) -> Feature:
    """Return the feature whose event_id begins so, if it alone does."""
    found = [one for one in features if str(one["properties"]["event_id"]).startswith(event_id)]
    if len(event_id) < _LEAST_PREFIX or len(found) != 1:
        what = "no event" if not found else "more than one event, or too few digits to tell,"
        raise InputError(f"{what} begins with {event_id!r}", path=str(run))
    return found[0]
