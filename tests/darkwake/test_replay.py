"""What the options of a replay do to its events, on one small generated log."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from darkwake.options import ReplayOptions, worthwhile_threads
from darkwake.outputs import ReplayResult
from darkwake.run import run_replay
from darkwake.settings import Settings
from tests.property.streams import T0_US, sea
from vessels.errors import InputError
from vessels.schema import FIXES, TEXT

HOUR_US = 3_600_000_000


def as_table(rows: dict[str, list[object]]) -> pa.Table:
    """Return house-schema columns, the others null."""
    count = len(rows["mmsi"])
    columns = [
        pa.array(rows[field.name], field.type)
        if field.name in rows
        else pa.nulls(count, pa.string() if field.type == TEXT else field.type).cast(field.type)
        for field in FIXES
    ]
    return pa.Table.from_arrays(columns, schema=FIXES)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small sea of the property tests as a table with its own column names."""
    fixes = sea(3)
    path = tmp_path_factory.mktemp("log") / "fixes.parquet"
    table = pa.table(
        {
            "mmsi": fixes.mmsi,
            "timestamp": pa.array(fixes.time_us).cast(pa.timestamp("us", tz="UTC")),
            "lat": fixes.lat_deg,
            "lon": fixes.lon_deg,
            "sog": fixes.sog_knots,
        }
    )
    pq.write_table(table, path)
    return path


@pytest.fixture(scope="module")
def options(log: Path) -> ReplayOptions:
    return ReplayOptions(paths=(str(log),), out=log.parent / "out", draw_map=False)


def run(options: ReplayOptions, **changes: Any) -> ReplayResult:
    return run_replay(replace(options, **changes), Settings())


def test_a_plain_replay_finds_what_happens_in_the_sea(options: ReplayOptions) -> None:
    result = run(options)
    assert result.events_by_type() == {
        "dark_period": 1,
        "encounter": 1,
        "identity_conflict": 1,
        "implausible_position": 1,
        "loitering": 1,
    }
    assert result.now_us is not None
    assert result.report.rows_read == result.report.rows_decoded


def test_now_is_to_and_rows_outside_the_range_are_counted(options: ReplayOptions) -> None:
    to_us = T0_US + 30 * HOUR_US
    result = run(options, from_us=T0_US + HOUR_US, to_us=to_us)
    assert result.now_us == to_us
    report = result.report
    assert report.rejected["outside_time_range"] > 0
    assert report.rows_read == report.rows_decoded + report.rejected.total()
    assert max(event.start_us for event in result.events) <= to_us


def test_open_events_run_to_to_when_the_data_end_before(options: ReplayOptions) -> None:
    late_us = T0_US + 96 * HOUR_US + 13 * HOUR_US
    events = run(options, to_us=late_us).events
    silent = [e for e in events if e.type == "dark_period" and e.end_us is None]
    assert silent == []  # all fell silent together: that is the feed, not the ships


def test_the_box_chooses_events_and_does_not_cut_tracks(options: ReplayOptions) -> None:
    """A ship that sails out of the box has not gone dark."""
    box = (170.0, -40.0, -177.5, -29.0)  # over 180 degrees
    inside = run(options, bbox=box).events
    everything = {event.event_id for event in run(options).events}
    assert {event.type for event in inside} == {"dark_period", "encounter", "loitering"}
    assert {event.event_id for event in inside} < everything


def test_tracks_hold_as_many_rows_as_were_decoded(options: ReplayOptions) -> None:
    result = run(options, tracks=True)
    assert pq.read_metadata(options.out / "tracks.parquet").num_rows == result.report.rows_decoded


def test_vessels_are_listed_by_hull(options: ReplayOptions) -> None:
    hulls = run(options).vessels["hull_id"].to_pylist()
    assert "477000005-1" in hulls
    assert "477000005-2" in hulls


@pytest.mark.parametrize("change", [{"to_us": T0_US - 1}, {"from_us": T0_US + 9000 * HOUR_US}])
def test_a_range_that_holds_no_row_is_refused(
    options: ReplayOptions, change: dict[str, int]
) -> None:
    with pytest.raises(InputError, match="outside_time_range"):
        run(options, **change)


def test_a_log_without_any_position_is_refused(tmp_path: Path, options: ReplayOptions) -> None:
    path = tmp_path / "none.csv"
    path.write_text("mmsi,timestamp,lat,lon\nx,2024-01-01T00:00:00,1,2\n")
    with pytest.raises(InputError, match="no AIS position in 1 rows"):
        run(options, paths=(str(path),), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("rows", "steps", "processors", "threads"),
    [(0, 0, 8, 1), (19_000, 1, 8, 1), (20_000, 1, 8, 2), (80_000, 4, 8, 2), (7_400_000, 4, 4, 4)],
)
def test_threads_are_as_many_as_a_stretch_is_worth(
    rows: int, steps: int, processors: int, threads: int
) -> None:
    assert worthwhile_threads(rows, steps, processors) == threads


def test_a_small_log_is_folded_in_one_thread_unless_more_are_asked_for(
    options: ReplayOptions,
) -> None:
    chosen, asked = run(options, workers=None), run(options, workers=3)
    assert (chosen.driven, asked.driven) == ({"workers": 1}, {"workers": 3})
    assert chosen.events == asked.events
