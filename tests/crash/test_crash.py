"""The short form of the crash sweep: a dozen kills, on each store."""

from pathlib import Path

from tests.crash.__main__ import faults
from tests.crash.sweep import as_json, sweep

KILLS = 12


def test_killed_again_and_again(tmp_path: Path) -> None:
    found = sweep(tmp_path, KILLS, seed=7)
    assert found.kills == KILLS
    assert found.mails > 0
    assert sum(faults(found)) == 0, as_json(found)
