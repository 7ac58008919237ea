"""tracks.parquet holds every fix with what became of it; the spool finds tracks and places."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from darkwake.tracks import TRACKS, TrackSpool, TrackWriter
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, Pipeline, PipelineState
from tests.detectors.scene import OFFSHORE, T0_US, every, ship
from vessels.fixes import Fixes, concat_fixes, sort_fixes

A = 416000001


def scene() -> Fixes:
    hours = every(3, 0, 30)
    steaming = ship(A, hours, OFFSHORE[0] + hours * 0.2, sog=12.0)
    wild = ship(A, [10.01], 20.0, 30.0)
    base = ship(4160001, every(60, 0, 5), msg_type=4)
    return sort_fixes(concat_fixes([steaming, wild, base]))[0]


def test_every_fix_is_in_tracks_with_its_hull_or_the_reason_why_not(tmp_path: Path) -> None:
    writer = TrackWriter(tmp_path / "tracks.parquet")
    stages = LocalStages(Parameters())
    pipeline = Pipeline(Parameters(), stages, writer.add)
    fixes = scene()
    state, _ = pipeline.step(PipelineState(), fixes, int(fixes.time_us.max()))
    for part in stages.dump(state.token):
        writer.add_waiting(Fixes.from_arrays(part, "split_held_"))
    writer.close()
    table = pq.read_table(tmp_path / "tracks.parquet")
    assert table.schema.equals(TRACKS)
    assert table.num_rows == len(fixes)
    told = table.group_by("reason").aggregate([("reason", "count")]).to_pylist()
    assert {row["reason"]: row["reason_count"] for row in told} == {
        "kept": 601,
        "not_a_vessel": 6,
        "unconfirmed": 1,
    }
    kept = table.filter(np.array([r == "kept" for r in table["reason"].to_pylist()]))
    assert set(kept["hull_id"].to_pylist()) == {f"{A}-1"}


def test_the_spool_thins_to_ten_minutes_and_keeps_the_last_fix(tmp_path: Path) -> None:
    spool = TrackSpool(tmp_path / "spool.parquet")
    fixes = scene()
    Pipeline(Parameters(), LocalStages(Parameters()), spool.add).step(
        PipelineState(), fixes, int(fixes.time_us.max())
    )
    spool.close()
    track = spool.tracks([f"{A}-1", "999-1"])
    assert track["999-1"] == []
    times = [time_us for time_us, _, _ in track[f"{A}-1"]]
    assert times == sorted(times)
    assert len(times) < 601 / 3
    assert times[-1] == T0_US + 30 * 3_600_000_000


def test_the_place_heard_last_is_found_for_a_number_and_a_time(tmp_path: Path) -> None:
    spool = TrackSpool(tmp_path / "spool.parquet")
    fixes = scene()
    Pipeline(Parameters(), LocalStages(Parameters()), spool.add).step(
        PipelineState(), fixes, int(fixes.time_us.max())
    )
    spool.close()
    place, before, unknown = spool.places(
        [(A, T0_US + 12 * 3_600_000_000), (A, T0_US - 1), (999, T0_US)]
    )
    assert place is not None
    hull, lat, lon = place
    assert hull == f"{A}-1"
    assert abs(lat - (OFFSHORE[0] + 12 * 0.2)) < 0.05
    assert lon == OFFSHORE[1]
    assert before is None
    assert unknown is None
    assert spool.places([]) == []
