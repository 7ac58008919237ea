"""The short form of the crash sweep: a dozen kills on SQLite, some on PostgreSQL."""

from pathlib import Path

import pytest

from tests.crash.__main__ import faults
from tests.crash.sweep import as_json, sweep


@pytest.mark.parametrize(("store", "kills"), [("sqlite", 12), ("postgresql", 5)])
def test_killed_again_and_again(
    tmp_path: Path, request: pytest.FixtureRequest, store: str, kills: int
) -> None:
    url = "sqlite:///state.db"
    if store == "postgresql":
        url = request.getfixturevalue("postgres_url")
    found = sweep(tmp_path, kills, seed=7, url=url)
    assert found.kills == kills
    assert found.mails > 0
    # The kills did not all come too early to matter: some found whole batches, some half of one.
    assert found.batches >= kills // 4
    assert sum(faults(found)) == 0, as_json(found)
