"""The finder tells what a replay tells, in any arrival, over any restart."""

from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from darkwake.config import Settings
from darkwake.replay import detection_parameters
from darkwake.watching.finder import Finder
from detectors.events import Event
from tests.watch.recording import recording, replayed, table_of
from vessels.clock import iso_z
from vessels.errors import StoreError

PARAMETERS = detection_parameters(Settings())
HOUR_US = 3_600_000_000


def properties(told: dict[str, Event]) -> dict[str, dict[str, Any]]:
    return {key: event.properties() for key, event in told.items()}


def times(table: pa.Table) -> Any:
    return table["time"].cast(pa.int64()).to_numpy()


def finished(finder: Finder) -> dict[str, dict[str, Any]]:
    finder.finish()
    assert finder.newest_us is not None
    return properties(finder.tell(finder.newest_us))


def test_in_order_with_a_restart_now_and_then() -> None:
    rows = table_of(recording())
    finder = Finder(PARAMETERS, horizon_h=24)
    cuts = np.linspace(0, rows.num_rows, 40).astype(int)
    for number, (first, last) in enumerate(pairwise(cuts)):
        part = rows.slice(first, last - first)
        finder.take(part)
        finder.advance(int(times(part).min()))
        if number % 4 == 0:
            finder.tell(finder.watermark_us or 0)
        if number % 9 == 5:
            finder = Finder.restore(finder.snapshot(), PARAMETERS, horizon_h=24)
    assert finder.too_late == 0
    assert finished(finder) == replayed(recording())


@pytest.mark.parametrize("seed", [1, 2])
def test_cut_reordered_and_late(seed: int) -> None:
    """A third of the rows comes up to six hours late, in small pieces, the others in order."""
    rows = table_of(recording())
    rng = np.random.default_rng(seed)
    delay = np.where(rng.random(rows.num_rows) < 1 / 3, rng.uniform(0, 6 * HOUR_US), 0)
    arrival = times(rows) + delay.astype("i8")
    rows = rows.take(pa.array(np.argsort(arrival, kind="stable")))
    finder = Finder(PARAMETERS, horizon_h=48)
    cuts = np.sort(rng.integers(0, rows.num_rows, 30))
    for first, last in zip([0, *cuts], [*cuts, rows.num_rows], strict=True):
        part = rows.slice(first, last - first)
        finder.take(part)
        if finder.newest_us is not None:
            finder.advance(finder.newest_us - int(rng.integers(0, HOUR_US)))
        if rng.random() < 0.2:
            finder.refold()
            finder.tell(finder.watermark_us or 0)
        if rng.random() < 0.1:
            finder = Finder.restore(finder.snapshot(), PARAMETERS, horizon_h=48)
    assert finder.too_late == 0
    assert finished(finder) == replayed(recording())


def test_a_snapshot_of_other_thresholds_or_no_snapshot_is_refused() -> None:
    finder = Finder(PARAMETERS, horizon_h=24)
    finder.take(table_of(recording()).slice(0, 100))
    other = detection_parameters(Settings(detectors={"dark_period": {"min_duration_h": 6}}))
    with pytest.raises(StoreError, match="other parameters"):
        Finder.restore(finder.snapshot(), other, horizon_h=24)
    with pytest.raises(StoreError, match="not a snapshot"):
        Finder.restore(b"nothing", PARAMETERS, horizon_h=24)


def demo_log() -> Path:
    with as_file(files("darkwake") / "data" / "demo.nmea.gz") as path:
        return path


def test_two_hundred_days_in_one_batch() -> None:
    """A year dropped as one file: what is forgotten after weeks was told before it was."""
    finder = Finder(PARAMETERS, horizon_h=72)
    finder.take(table_of(demo_log()))
    assert finished(finder) == replayed(demo_log())


def test_two_hundred_days_told_as_they_come() -> None:
    """Each finding is told as the replay tells it, also when it ended long before the last one.

    A ship may lie in port for months after the finding that its call is told for.
    """
    finder = Finder(PARAMETERS, horizon_h=72)
    rows = table_of(demo_log())
    told: dict[str, dict[str, Any]] = {}
    for first in range(0, rows.num_rows, 1 + rows.num_rows // 40):
        part = rows.slice(first, 1 + rows.num_rows // 40)
        finder.take(part)
        finder.advance(int(times(part).min()))
        now_us = finder.watermark_us or 0
        since = iso_z(finder.settled_us(now_us))
        ended = {key: one for key, one in told.items() if one["end"] and one["end"] < since}
        told = ended | properties(finder.tell(now_us))
    assert told | finished(finder) == replayed(demo_log())


def test_the_track_of_the_last_days() -> None:
    finder = Finder(PARAMETERS, horizon_h=72)
    finder.take(table_of(recording()))
    finder.finish()
    told = finder.tell(finder.newest_us or 0)
    event = max(told.values(), key=lambda event: event.end_us or event.now_us)
    track = finder.recent_track(event.hull_id)
    assert len(track) > 1
    assert [one[0] for one in track] == sorted(one[0] for one in track)
    assert all(abs(lon) <= 180 and abs(lat) <= 90 for _, lon, lat in track)
    assert finder.recent_track("1-1") == []
