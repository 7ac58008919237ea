"""Snapshots that do not fit this version are refused with a line that says what to do."""

import io
import json
from typing import Any

import numpy as np
import pytest

from darkwake.engine import Engine
from darkwake.watching.finder import Finder
from detectors.parameters import Parameters
from tests.property.streams import sea
from vessels.errors import StoreError

PARAMETERS = Parameters()


def of_version(snapshot: bytes, version: int | None, keep: str = "") -> bytes:
    """Return the snapshot as an older one: its version, and of its columns those that begin so."""
    with np.load(io.BytesIO(snapshot), allow_pickle=False) as archive:
        arrays: dict[str, Any] = {name: archive[name] for name in archive if name.startswith(keep)}
        meta = json.loads(archive["meta"].tobytes()) | {"version": version}
    if version is None:
        del meta["version"]
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), "u1")
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def engine_snapshot() -> bytes:
    engine = Engine(PARAMETERS, horizon_h=24)
    engine.update(sea(1))
    return engine.snapshot()


@pytest.mark.parametrize("version", [1, None, 10_000])
def test_a_snapshot_of_another_version_is_refused_before_its_state_is_read(
    version: int | None,
) -> None:
    """Columns that an older version did not have are missing: that must not be what is told."""
    old = of_version(engine_snapshot(), version, keep="meta")
    with pytest.raises(StoreError, match=f"^snapshot of version {version}; replay the archive"):
        Engine.restore(old, PARAMETERS)


def test_a_watch_names_the_version_of_an_older_engine_state() -> None:
    finder = Finder(PARAMETERS, horizon_h=24)
    with np.load(io.BytesIO(finder.snapshot()), allow_pickle=False) as archive:
        arrays: dict[str, Any] = dict(archive.items())
    arrays["engine"] = np.frombuffer(of_version(arrays["engine"].tobytes(), 1), "u1")
    out = io.BytesIO()
    np.savez(out, **arrays)
    with pytest.raises(StoreError, match="snapshot of version 1; replay the archive"):
        Finder.restore(out.getvalue(), PARAMETERS, horizon_h=24)


def test_a_snapshot_of_this_version_goes_on() -> None:
    snapshot = engine_snapshot()
    with np.load(io.BytesIO(snapshot), allow_pickle=False) as archive:
        version = json.loads(archive["meta"].tobytes())["version"]
    assert version > 1, "states have changed since version 1"
    restored = Engine.restore(of_version(snapshot, version), PARAMETERS)
    assert restored.snapshot() == snapshot


@pytest.mark.parametrize("kept", [2, 100, 0.5, 0.99])
def test_a_damaged_snapshot_is_refused(kept: float) -> None:
    whole = engine_snapshot()
    part = whole[: int(kept if kept > 1 else kept * len(whole))]
    with pytest.raises(StoreError, match="not an engine snapshot"):
        Engine.restore(part, PARAMETERS)
    with pytest.raises(StoreError, match="not a snapshot of a watch"):
        Finder.restore(part, PARAMETERS, horizon_h=24)
