"""Fixes in any order come out by stretches of time, from memory or from spilled files alike."""

from pathlib import Path

import numpy as np

from darkwake.timeline import STRETCH_US, Timeline
from tests.property.streams import sea
from vessels.fixes import COLUMNS, Fixes, concat_fixes, sort_fixes


def filled(folder: Path, memory_rows: int) -> tuple[Timeline, Fixes]:
    fixes = sea(1)
    rng = np.random.default_rng(0)
    timeline = Timeline(folder, memory_rows=memory_rows)
    for part in np.array_split(rng.permutation(len(fixes)), 17):
        timeline.add(fixes.take(part))
    return timeline, fixes


def test_stretches_come_in_order_and_hold_every_fix_once(tmp_path: Path) -> None:
    timeline, fixes = filled(tmp_path / "spill", memory_rows=10**9)
    assert timeline.last_us == fixes.time_us.max()
    stretches = list(timeline.stretches())
    numbers = [np.unique(part.time_us // STRETCH_US).tolist() for part in stretches]
    assert all(len(number) == 1 for number in numbers)
    assert numbers == sorted(numbers)
    assert sum(map(len, stretches)) == len(fixes)
    assert not (tmp_path / "spill").exists()


def test_spilled_stretches_are_the_same_and_leave_no_file(tmp_path: Path) -> None:
    in_memory, _ = filled(tmp_path / "none", memory_rows=10**9)
    spilling, _ = filled(tmp_path / "spill", memory_rows=300)
    assert len(list((tmp_path / "spill").iterdir())) > 5
    for one, two in zip(in_memory.stretches(), spilling.stretches(), strict=True):
        mine, theirs = sort_fixes(one)[0], sort_fixes(two)[0]
        for name in COLUMNS:
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
    assert list((tmp_path / "spill").iterdir()) == []


def test_nothing_added_is_nothing_out(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path)
    timeline.add(concat_fixes([]))
    assert timeline.last_us is None
    assert list(timeline.stretches()) == []
