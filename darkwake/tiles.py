"""Satellite tiles for events of a run: search, chips, ships, AIS, and what it comes to.

Writes `tiles/EVENT/` (pictures and detections.parquet) and `imagery.json` into the run's folder,
and puts the pictures on its map. Events themselves are not changed: they depend on fixes alone
(law 1).
That there is no image is a result like any other.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.diff import read_record
from darkwake.imagery_settings import Imagery
from darkwake.outputs import write_json
from darkwake.tiles_run import Fixes, RunFixes, area_of
from darkwake.vessel_events import event_from_feature
from darkwake.vessel_fixes import database
from detectors.events import Event
from imagery.chips import pixel_of
from imagery.expected import OnAis, expect
from imagery.image import Image
from imagery.looking import SEEN, Sight, look_at, sayings_of
from imagery.overlays import overlay
from imagery.quicklook import footprint, quicklook
from imagery.scenes import Provider, Ranked, Scene, rank_scenes
from imagery.telling import saying, sentences
from maps.image_layer import MapImage, add_images
from vessels.clock import iso_z, parse_iso_us
from vessels.errors import InputError, UsageError

FINDINGS = "imagery.json"
FOLDER = "tiles"
MAIL_PICTURE = "mail.png"
MAIL_PX, MAIL_M, MAIL_CALM_PX = 360, 2000.0, 1.5
MAIL_COLOURS = {"s1": 16, "s2": 64}
"""A picture of some 25 kB: a mail is at most 60 kB. Speckle packs badly, hence few greys."""
MAX_KNOTS = 25.0
"""Fastest that a ship is taken to sail when its reachable set is asked about."""
_SENSORS: tuple[Any, ...] = ("s1", "s2")
_SENSOR_WORDS = {"s1": "radar", "s2": "optical"}
_STATUS_WORDS = {"on_ais": "on AIS", "dark": "sends no AIS", "doubtful": "perhaps on AIS"}
_MARKS = {"on_ais": "black", "dark": "red", "doubtful": "orange"}


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What came of one event."""

    event: Event
    sights: tuple[Sight, ...]
    before: tuple[Ranked, Image] | None
    notes: tuple[str, ...]
    """What went wrong on the way, in words: a provider that failed, a scene that would not open."""
    candidates: int
    """Scenes that touched the area within the time."""


def tiles_for_events(
    run: Path,
    event_ids: Sequence[str],
    providers: Sequence[Provider],
    settings: Imagery,
    tell: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Look at events of a run and write what is seen. Return the findings, one an event.

    Raises:
        UsageError: the run has no such event.
        InputError: the folder is no run with tracks.
        StoreError: its map cannot be written.
    """
    events = events_of(run, event_ids)
    findings = []
    with database() as connection:
        fixes = RunFixes(connection, run)
        for event in events:
            tell(f"looking for images of {event.event_id}")
            findings.append(look_and_write(run, event, fixes, providers, settings))
    remember(run, findings)
    return findings


def look_and_write(
    folder: Path,
    event: Event,
    fixes: Fixes,
    providers: Sequence[Provider],
    settings: Imagery,
) -> dict[str, Any]:
    """Look at an event, write what is seen into `folder`, return the finding.

    Raises:
        InputError: nothing is known of where its vessel was.
    """
    return _write(folder, look(event, fixes, providers, settings), fixes)


def look(event: Event, fixes: Fixes, providers: Sequence[Provider], settings: Imagery) -> Looked:
    """Search scenes of an event and look at those that are worth it. Writes nothing."""
    own = fixes.known.get(event.hull_id)
    length = own.length_m if own and own.length_m == own.length_m else None
    end_us = event.now_us if event.end_us is None else event.end_us
    begin, end = (datetime.fromtimestamp(us / 1e6, UTC) for us in (event.start_us, end_us))
    area = area_of(event, fixes, MAX_KNOTS)
    notes: list[str] = []
    scenes = _search(providers, area, begin, end, notes)
    ranked = rank_scenes([(s, *_where(fixes, event, s.time_us)) for s, _ in scenes], length)
    of = {scene.scene_id: provider for scene, provider in scenes}
    sights: list[Sight] = []
    for one in ranked[: int(settings.max_scenes)]:
        if one.worth < settings.min_worth:
            break
        try:
            sights.append(_sight(event, fixes, of[one.scene.scene_id], one, settings))
        except InputError as error:
            notes.append(f"{one.scene.scene_id}: {error}")
    before = None
    if sights:
        before = _before(sights[0], providers, begin, settings, notes)
    return Looked(event, tuple(sights), before, tuple(notes), len(scenes))


def _search(
    providers: Sequence[Provider], area: Any, begin: datetime, end: datetime, notes: list[str]
) -> list[tuple[Scene, Provider]]:
    found: list[tuple[Scene, Provider]] = []
    for provider in providers:
        try:
            found += [(scene, provider) for scene in provider.search(area, begin, end, _SENSORS)]
        except InputError as error:
            notes.append(f"{provider.name}: {error}")
    return found


def _where(fixes: Fixes, event: Event, at_us: int) -> tuple[tuple[float, float], float]:
    ship = _suspect(fixes, event, at_us)
    expected = expect([ship], at_us)
    return (float(expected.lat[0]), float(expected.lon[0])), float(expected.variance_m2[0])


def _suspect(fixes: Fixes, event: Event, at_us: int) -> OnAis:
    ship = fixes.around(event.hull_id, at_us)
    if ship is None:
        raise InputError(f"tracks.parquet knows nothing of hull {event.hull_id}")
    return ship


def _sight(
    event: Event, fixes: Fixes, provider: Provider, ranked: Ranked, settings: Imagery
) -> Sight:
    at_us = ranked.scene.time_us
    (lat, lon), variance = _where(fixes, event, at_us)
    side_m = 1000.0 * settings.chip_km + 6.0 * variance**0.5
    image = provider.fetch(ranked.scene, lat, lon, min(side_m, 1000.0 * settings.max_chip_km))
    ship = _suspect(fixes, event, at_us)
    others = fixes.near(tuple(footprint(image)), at_us, [event.hull_id])
    return look_at(event.event_id, image, ranked, ship, others)


def _before(
    sight: Sight,
    providers: Sequence[Provider],
    begin: datetime,
    settings: Imagery,
    notes: list[str],
) -> tuple[Ranked, Image] | None:
    """Return the last picture before the event of the same place by the same sensor."""
    scene = sight.ranked.scene
    (provider,) = [one for one in providers if one.name == scene.provider][:1]
    since = begin - timedelta(days=settings.before_days)
    until = begin - timedelta(seconds=1)
    lat, lon = sight.suspect
    reach = 0.01
    area = tuple(
        (lon + reach * x, lat + reach * y)
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    )
    try:
        earlier = provider.search(area, since, until, [scene.sensor])
        if not earlier:
            return None
        side_m = max(sight.image.shape) * sight.image.pixel_m
        return Ranked(earlier[-1], 1.0, 1.0), provider.fetch(earlier[-1], lat, lon, side_m)
    except InputError as error:
        notes.append(f"picture before: {error}")
        return None


def _write(run: Path, looked: Looked, fixes: Fixes) -> dict[str, Any]:
    """Write the pictures and rows of an event, put them on the map, return the finding."""
    event = looked.event
    name = event.vessel_name or f"MMSI {event.mmsi:09d}"
    folder = run / FOLDER / event.event_id
    folder.mkdir(parents=True, exist_ok=True)
    tables, told, images = [], [], []
    sayings: list[list[dict[str, Any]]] = []
    for number, sight in enumerate(looked.sights, 1):
        sayings.append(sayings_of(sight, name))
        says = sentences(sayings[-1])
        marks = [
            (*pixel_of(sight.image, row["lat"], row["lon"]), _MARKS[row["status"]])
            for row in sight.ships.to_pylist()
        ]
        files = {"picture": f"{number}.png"}
        big = quicklook(sight.image, marks=marks, side_px=1024, colours=128)
        (folder / files["picture"]).write_bytes(big)
        if number == 1:
            (folder / MAIL_PICTURE).write_bytes(_mail_picture(sight, marks))
        tables.append(sight.ships)
        told.append(_told(sight, says, files))
        images.append(_map_image(event, sight, says, fixes))
    if looked.before is not None:
        ranked, image = looked.before
        (folder / "before.png").write_bytes(quicklook(image, side_px=1024, colours=128))
        images.append(_plain_image(event, ranked.scene, image))
    table = pa.concat_tables(tables) if tables else SEEN.empty_table()
    pq.write_table(table, folder / "detections.parquet", compression="zstd", version="2.6")
    if images and (run / "alerts.html").is_file():
        add_images(run / "alerts.html", images)
    return {
        "event_id": event.event_id,
        "answer": "seen" if told else "no image",
        **says_of(sayings or [[_no_image(looked)]]),
        "candidates": looked.candidates,
        "scenes": told,
        "before": None if looked.before is None else looked.before[0].scene.scene_id,
        "notes": list(looked.notes),
    }


def _mail_picture(sight: Sight, marks: Sequence[tuple[float, float, str]]) -> bytes:
    """Return a small picture round the suspect, for a mail: at most 512 px, few colours."""
    from imagery.chips import window_around  # noqa: PLC0415 - beside its only use

    try:
        window = window_around(sight.image, *sight.suspect, MAIL_M)
    except InputError:  # the suspect lies outside: the whole chip then
        window = sight.image.window()
    return quicklook(
        sight.image,
        window,
        marks=marks,
        side_px=MAIL_PX - 40,
        colours=MAIL_COLOURS[sight.image.sensor],
        calm_px=MAIL_CALM_PX,
    )


def says_of(sayings: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the part of a finding that tells it: in English, and as sayings of imagery.telling."""
    return {"says": [sentences(one) for one in sayings], "sayings": sayings}


def _no_image(looked: Looked) -> dict[str, Any]:
    if looked.candidates == 0:
        return saying("no_scene")
    return saying("none_likely", scenes=looked.candidates)


def _told(sight: Sight, says: str, files: dict[str, str]) -> dict[str, Any]:
    scene = sight.ranked.scene
    status = sight.ships["status"].to_pylist()
    return {
        "scene_id": scene.scene_id,
        "provider": scene.provider,
        "sensor": scene.sensor,
        "time": iso_z(scene.time_us),
        "says": says,
        "p_inside": sight.ranked.p_inside,
        "p_found": sight.ranked.p_found,
        "pixel_m": round(sight.image.pixel_m, 2),
        "window": list(sight.image.provenance.get("window", [])),
        "ships": {name: status.count(name) for name in _STATUS_WORDS},
        "missing": [{"hull_id": hull, "probability": p} for hull, p in sight.missing],
        "suspect_missing": sight.suspect_missing,
        "facts": dict(scene.facts),
        **files,
    }


def _title(scene: Scene) -> str:
    label = scene.facts.get("label")
    kind = f"{_SENSOR_WORDS[scene.sensor]} image"
    return f"{label}: {kind}" if label else f"{kind.capitalize()} {Path(scene.scene_id).name}"


def _map_image(event: Event, sight: Sight, says: str, fixes: Fixes) -> MapImage:
    ships = []
    for row in sight.ships.to_pylist():
        known = fixes.known.get(row["hull_id"] or "")
        who = f"{known.name or row['hull_id']}, " if known else ""
        sure = row["p_match"] if row["status"] == "on_ais" else row["p_dark"]
        text = (
            f"{who}{_STATUS_WORDS[row['status']]} ({sure:.2f} of 1), about {row['length_m']:.0f} m"
        )
        ships.append((row["lat"], row["lon"], row["status"], text))
    image = _plain_image(event, sight.ranked.scene, sight.image)
    return MapImage(
        event_id=image.event_id,
        title=image.title,
        time_us=image.time_us,
        role="during",
        says=says,
        png=image.png,
        bounds=image.bounds,
        outline=image.outline,
        ships=ships,
    )


def _plain_image(event: Event, scene: Scene, image: Image) -> MapImage:
    drawn = overlay(image)
    return MapImage(
        event_id=event.event_id,
        title=_title(scene),
        time_us=scene.time_us,
        role="before",
        says="",
        png=drawn.png,
        bounds=drawn[1:],
        outline=footprint(image),
    )


def events_of(run: Path, event_ids: Sequence[str]) -> list[Event]:
    """Return events of a run by their names, in the order given.

    Raises:
        UsageError: there is no such event.
        InputError: the folder is no run.
    """
    record = read_record(run)
    wanted, found = set(event_ids), {}
    try:
        now_us = parse_iso_us(record["now"]) if record["now"] else 0
        with (run / "events.geojson").open(encoding="utf-8") as lines:
            for line in lines:
                if not any(one in line for one in wanted):
                    continue
                feature = json.loads(line.strip().rstrip(","))
                if feature["properties"]["event_id"] in wanted:
                    event = event_from_feature(feature, now_us)
                    found[event.event_id] = event
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("holds no events that can be read", path=str(run)) from error
    missing = [one for one in event_ids if one not in found]
    if missing:
        raise UsageError(f"{run} has no event {missing[0]!r}: see events.geojson for the names")
    return [found[one] for one in dict.fromkeys(event_ids)]


def read_findings(run: Path) -> dict[str, dict[str, Any]]:
    """Return event id -> finding, of a run's imagery.json; nothing where there is none.

    Raises:
        InputError: the file is damaged.
    """
    path = run / FINDINGS
    if not path.is_file():
        return {}
    try:
        return {one["event_id"]: one for one in json.loads(path.read_text("utf-8"))["events"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("is damaged: delete it", path=str(path)) from error


def mail_picture(run: Path, event_id: str) -> bytes | None:
    """Return the small PNG of an event (at most 512 px, palette), or None where there is none."""
    path = run / FOLDER / event_id / MAIL_PICTURE
    return path.read_bytes() if event_id.isalnum() and path.is_file() else None


def remember(run: Path, findings: Sequence[dict[str, Any]]) -> None:
    """Put findings into imagery.json, in place of older ones of the same events."""
    held = read_findings(run) | {one["event_id"]: one for one in findings}
    aside = run / f"{FINDINGS}.part"
    write_json(aside, {"events": [held[name] for name in sorted(held)]})
    aside.replace(run / FINDINGS)
