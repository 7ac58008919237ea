"""Replay: files in any order through the one detection fold, to a finished result.

Rows are read once and put in order of time (darkwake/timeline.py); then stretch after stretch is
folded, and what is open at the end is judged as of the last fix or `--to`. The wall clock is never
asked.
"""

import contextlib
import time
from pathlib import Path

from darkwake.detector_settings import Detectors, Hulls
from darkwake.driving import Driver, LocalDriver, Run
from darkwake.geography_settings import surroundings_of
from darkwake.identity_file import identity_table
from darkwake.options import ReplayOptions
from darkwake.outputs import ReplayResult
from darkwake.peak_memory import peak_memory_mb
from darkwake.progress import Progress
from darkwake.settings import Settings
from darkwake.telling import Heard, numbers_to_place, tell
from darkwake.tracks import TrackSpool, TrackWriter
from darkwake.vessel_table import vessel_table
from darkwake.visit_tables import Calls, visit_table, voyage_table
from detectors import deaf_cells
from detectors.events import Event
from detectors.parameters import Parameters
from detectors.pipeline import Pipeline, PipelineState
from detectors.surroundings import Surroundings
from detectors.vessel_stage import State, VesselOutput
from feeds.report import ReadReport
from vessels.errors import InputError
from vessels.fixes import Fixes
from vessels.reception import digest

_SCRATCH = "scratch"


def detection_parameters(settings: Settings) -> Parameters:
    """Return the settings as the detectors take them: the same sections, the same names.

    Raises:
        ConfigError: a file of zones, lists or anchorages is of no use.
    """
    return parameters_of(settings.detectors, settings.hulls, surroundings_of(settings))


def parameters_of(detectors: Detectors, hulls: Hulls, around: Surroundings) -> Parameters:
    """Return two sections of the settings, and what is known of the world, as parameters."""
    sections = {"hulls": hulls, **dict(detectors)}
    defaults = Parameters()
    built = {
        name: type(getattr(defaults, name))(**sections[name].model_dump())
        for name in defaults.thresholds()
    }
    return Parameters(**built, surroundings=around)


def replay(options: ReplayOptions, settings: Settings, progress: Progress) -> ReplayResult:
    """Run the whole replay; nothing is written but scratch files and tracks in `options.out`.

    Raises:
        InputError: a file is not AIS data or damaged, or none holds a single position.
    """
    begun = time.perf_counter()
    run = Run(options, progress)
    run.scratch = options.out / _SCRATCH
    parameters = detection_parameters(settings)
    try:
        with contextlib.ExitStack() as stack:
            driver = _driver(run, parameters, settings, stack)
            with run.stage("read", "reading"):
                driver.read()
            if run.report.rows_decoded == 0:
                raise InputError(_nothing(run.report))
            now_us = options.to_us if options.to_us is not None else driver.last_us
            driver.start()
            result = _detect(run, driver, parameters, now_us)
    finally:
        _remove(run.scratch)
    result.parameters = settings.run_parameters()
    result.learnt |= parameters.surroundings.as_dict()
    result.driven = driver.as_dict()
    run.seconds["total"] = time.perf_counter() - begun
    result.seconds = run.seconds
    result.peak_memory_mb = peak_memory_mb()
    return result


def _driver(
    run: Run, parameters: Parameters, settings: Settings, stack: contextlib.ExitStack
) -> Driver:
    """Return what reads and folds: this process, or the cluster of `--scheduler`."""
    if run.options.scheduler is None:
        return LocalDriver(run, parameters)
    from darkwake.cluster.driver import ClusterDriver  # noqa: PLC0415 - distributed is an extra

    return ClusterDriver(run, parameters, settings.cluster, stack)


def _detect(run: Run, driver: Driver, parameters: Parameters, now_us: int | None) -> ReplayResult:
    """Fold all stretches, judge what is open as of `now_us`, and tell what was found."""
    tracks = TrackWriter(run.options.out / "tracks.parquet") if run.options.tracks else None
    drawn = run.options.draw_map
    spool = TrackSpool(run.scratch / "spool.parquet", None if drawn else numbers_to_place(run.book))
    calls = Calls(parameters.port_visit, parameters.surroundings.anchorages)

    def note(output: VesselOutput) -> None:
        spool.add(output)
        calls.add(output)
        if tracks is not None:
            tracks.add(output)

    with run.stage("detect", "detecting", len(driver)):
        pipeline = Pipeline(parameters, driver.stages, note)
        state, events = _fold(run, driver, pipeline, now_us)
        if now_us is not None:
            events += pipeline.peek(state, now_us)
    spool.close(driver.spools)
    states = driver.stages.dump(state.token)
    if tracks is not None:
        for path in driver.tracks:
            tracks.add_file(path)
        for part in states:
            tracks.add_waiting(Fixes.from_arrays(part, "split_held_"))
        tracks.close()
    result = _tell(run, events, states, calls, spool, parameters, now_us)
    result.reception = state.sea.reception.counts
    result.learnt["reception"] = digest(result.reception)
    result.learnt["silent_crossings"] = deaf_cells.digest(state.sea.reception.crossed)
    result.tracks = run.options.out / "tracks.parquet" if tracks is not None else None
    return result


def _tell(
    run: Run,
    events: list[Event],
    states: list[State],
    calls: Calls,
    spool: TrackSpool,
    parameters: Parameters,
    now_us: int | None,
) -> ReplayResult:
    """Make findings of the events, and list the hulls."""
    judged_us = now_us or 0
    with run.stage("name", "naming"):
        visits, voyages = calls.finish(states, judged_us)
        heard = Heard(run.book, visits, voyages, spool.places, judged_us)
        events = tell(events, heard, parameters)
        events = _inside(events, run.options.bbox)
        vessels = vessel_table(states, run.book)
        hulls = {hull for event in events for hull in (event.hull_id, event.other_hull_id) if hull}
        event_tracks = spool.tracks(hulls) if run.options.draw_map else {}
    return ReplayResult(
        events=events,
        vessels=vessels,
        identities=identity_table(run.book),
        statements=run.book.statements() if run.options.tracks else None,
        visits=visit_table(visits, parameters.port_visit, parameters.surroundings.anchorages),
        voyages=voyage_table(voyages, parameters.port_visit),
        report=run.report,
        parameters={},
        event_tracks=event_tracks,
        now_us=now_us,
    )


def _fold(
    run: Run, driver: Driver, pipeline: Pipeline, now_us: int | None
) -> tuple[PipelineState, list[Event]]:
    state = PipelineState()
    events: list[Event] = []
    folded = pipeline.fold(driver.fold(now_us), ahead=driver.ahead)
    for done, (reached, final) in enumerate(folded, start=1):
        state = reached
        events += final
        run.progress.update(done)
    return state, events


def _inside(events: list[Event], bbox: tuple[float, float, float, float] | None) -> list[Event]:
    """Return the events that begin in the box, or have a point of their geometry in it.

    The box chooses events, not fixes: a ship that sails out of it has not gone dark.
    """
    if bbox is None:
        return events
    west, south, east, north = bbox

    def holds(lon: float, lat: float) -> bool:
        in_lon = west <= lon <= east if west <= east else lon >= west or lon <= east
        return in_lon and south <= lat <= north

    return [
        event
        for event in events
        if holds(event.lon, event.lat) or any(holds(lon, lat) for lon, lat in event.path)
    ]


def _nothing(report: ReadReport) -> str:
    reasons = ", ".join(f"{n} {reason}" for reason, n in report.rejected.most_common())
    names = ", ".join(file.path for file in report.inputs[:3])
    return f"{names}: no AIS position in {report.rows_read} rows ({reasons or 'empty'})"


def _remove(folder: Path) -> None:
    if folder.is_dir():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
