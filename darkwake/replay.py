"""Replay: files in any order through the one detection fold, to a finished result.

Rows are read once and put in order of time (darkwake/timeline.py); then stretch after stretch is
folded, and what is open at the end is judged as of the last fix or `--to`. The wall clock is never
asked.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc

import feeds
from darkwake.detector_settings import Detectors, Hulls
from darkwake.geography_settings import surroundings_of
from darkwake.identity_file import identity_table
from darkwake.options import ReplayOptions
from darkwake.outputs import ReplayResult
from darkwake.progress import Progress
from darkwake.settings import Settings
from darkwake.telling import Heard, tell
from darkwake.timeline import Timeline
from darkwake.tracks import TrackSpool, TrackWriter
from darkwake.vessel_table import vessel_table
from darkwake.visit_tables import Calls, visit_table, voyage_table
from darkwake.workers import WorkerStages
from detectors.events import Event
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, Pipeline, PipelineState, VesselStages
from detectors.surroundings import Surroundings
from detectors.vessel_stage import State, VesselOutput
from feeds.prefetch import prefetch
from feeds.report import ReadReport
from vessels.errors import InputError
from vessels.fixes import Fixes, fixes_from_table, sort_fixes
from vessels.identity import IdentityBook
from vessels.reception import digest

_SCRATCH = "scratch"


@dataclass(slots=True)
class _Run:
    """What one replay carries from stage to stage."""

    options: ReplayOptions
    progress: Progress
    report: ReadReport = field(default_factory=ReadReport)
    book: IdentityBook = field(default_factory=IdentityBook)
    seconds: dict[str, float] = field(default_factory=dict)
    scratch: Path = Path()

    @contextlib.contextmanager
    def stage(self, name: str, title: str, total: int | None = None) -> Iterator[None]:
        """Time a stage, and show it."""
        self.progress.stage(title, total)
        begun = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begun


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
    run = _Run(options, progress)
    run.scratch = options.out / _SCRATCH
    parameters = detection_parameters(settings)
    try:
        with run.stage("read", "reading"):
            timeline = _read(run)
        if run.report.rows_decoded == 0:
            raise InputError(_nothing(run.report))
        now_us = options.to_us if options.to_us is not None else timeline.last_us
        with contextlib.ExitStack() as stack:
            stages: VesselStages
            if options.workers > 1:
                stages = stack.enter_context(WorkerStages(parameters, options.workers))
            else:
                stages = LocalStages(parameters)
            result = _detect(run, timeline, stages, parameters, now_us)
    finally:
        _remove(run.scratch)
    result.parameters = settings.run_parameters()
    result.learnt |= parameters.surroundings.as_dict()
    run.seconds["total"] = time.perf_counter() - begun
    result.seconds = run.seconds
    result.peak_memory_mb = _peak_memory_mb()
    return result


def _read(run: _Run) -> Timeline:
    timeline = Timeline(run.scratch)
    options = run.options
    tables = feeds.read(
        options.paths,
        format=options.format,
        columns=options.columns,
        start_time_us=options.start_time_us,
        report=run.report,
        progress=run.progress.update,
    )
    outside = 0
    for table in prefetch(tables):
        rows = _in_time(table, run.options)
        outside += table.num_rows - rows.num_rows
        run.book.update(rows)
        timeline.add(fixes_from_table(rows))
    run.report.reject_decoded("outside_time_range", outside)
    return timeline


def _in_time(table: pa.Table, options: ReplayOptions) -> pa.Table:
    """Return the rows between `--from` and `--to`."""
    if options.from_us is None and options.to_us is None:
        return table
    time_us = table["time"].cast(pa.int64())
    low = options.from_us if options.from_us is not None else np.iinfo("i8").min
    high = options.to_us if options.to_us is not None else np.iinfo("i8").max
    return table.filter(pc.and_(pc.greater_equal(time_us, low), pc.less_equal(time_us, high)))


def _detect(
    run: _Run,
    timeline: Timeline,
    stages: VesselStages,
    parameters: Parameters,
    now_us: int | None,
) -> ReplayResult:
    """Fold all stretches, judge what is open as of `now_us`, and tell what was found."""
    tracks = TrackWriter(run.options.out / "tracks.parquet") if run.options.tracks else None
    spool = TrackSpool(run.scratch / "spool.parquet")
    calls = Calls(parameters.port_visit, parameters.surroundings.anchorages)

    def note(output: VesselOutput) -> None:
        spool.add(output)
        calls.add(output)
        if tracks is not None:
            tracks.add(output)

    pipeline = Pipeline(parameters, stages, note)
    with run.stage("detect", "detecting", len(timeline)):
        state, events = _fold(run, timeline, pipeline)
        if now_us is not None:
            events += pipeline.peek(state, now_us)
    spool.close()
    states = stages.dump(state.token)
    if tracks is not None:
        for part in states:
            tracks.add_waiting(Fixes.from_arrays(part, "split_held_"))
        tracks.close()
    result = _tell(run, events, states, calls, spool, parameters, now_us)
    result.reception = state.sea.reception.counts
    result.learnt["reception"] = digest(result.reception)
    result.tracks = run.options.out / "tracks.parquet" if tracks is not None else None
    return result


def _tell(
    run: _Run,
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


def _fold(run: _Run, timeline: Timeline, pipeline: Pipeline) -> tuple[PipelineState, list[Event]]:
    state = PipelineState()
    events: list[Event] = []
    ahead = prefetch(sort_fixes(stretch) for stretch in timeline.stretches())
    for done, (fixes, repeated) in enumerate(ahead, start=1):
        run.report.reject_decoded("duplicate", repeated)
        state, final = pipeline.step(state, fixes, int(fixes.time_us.max()))
        pipeline.stages.forget({state.token})
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


def _peak_memory_mb() -> float:
    """Return the peak resident memory of this process, MB; the present one where none is kept."""
    try:
        import resource  # noqa: PLC0415  not on Windows
    except ImportError:
        return float(psutil.Process().memory_info().rss / 1e6)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
