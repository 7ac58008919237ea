"""`diff` says what changed between two runs, and in what they were made from."""

import json
from pathlib import Path
from typing import Any

import pytest

from darkwake.diff import diff_runs
from darkwake.options import ReplayOptions
from darkwake.outputs import write_result
from darkwake.progress import Progress
from tests.darkwake.samples import START_US, dark_period, encounter, report, result
from vessels.errors import InputError


def run(folder: Path, **changes: Any) -> Path:
    folder.mkdir()
    options = ReplayOptions(paths=("a.nmea",), out=folder, draw_map=False)
    write_result(result(**changes), options, Progress())
    return folder


def test_equal_runs_differ_in_nothing(tmp_path: Path) -> None:
    found = diff_runs(run(tmp_path / "a"), run(tmp_path / "b")).as_dict()
    assert found.pop("unchanged") == 2
    assert not any(found.values())


def test_added_removed_and_changed_events_are_told_apart(tmp_path: Path) -> None:
    closed = encounter(end_us=START_US + 4 * 3_600_000_000, details={"parts": 3, "role": "carrier"})
    later = dark_period(start_us=START_US + 60_000_000)
    a = run(tmp_path / "a")
    b = run(tmp_path / "b", events=[closed, later])
    found = diff_runs(a, b)
    assert [event["event_id"] for event in found.added] == [later.event_id]
    assert [event["event_id"] for event in found.removed] == [dark_period().event_id]
    (changed,) = found.changed
    assert changed["event_id"] == encounter().event_id
    assert changed["fields"] == {
        "status": {"a": "open", "b": "closed"},
        "end": {"a": None, "b": "2021-01-01T04:00:00Z"},
        "duration_h": {"a": 89.0, "b": 3.0},
        "details.parts": {"a": 2, "b": 3},
    }
    assert found.unchanged == 0


def test_a_track_that_moved_is_a_change_of_geometry(tmp_path: Path) -> None:
    moved = dark_period(path=((179.5, -1.5), (179.75, -1.5)))
    found = diff_runs(
        run(tmp_path / "a", events=[dark_period()]), run(tmp_path / "b", events=[moved])
    )
    (changed,) = found.changed
    assert list(changed["fields"]) == ["geometry"]


def test_parameters_inputs_and_counts_that_differ_are_named(tmp_path: Path) -> None:
    other = report()
    other.inputs[0].sha256 = "00" * 32
    other.reject("noise", 5)
    key = "detectors.dark_period.min_duration_h"
    a = run(tmp_path / "a")
    b = run(tmp_path / "b", report=other, parameters=result().parameters | {key: 6.0})
    found = diff_runs(a, b)
    assert found.inputs == {"a.nmea": {"a": "ab" * 32, "b": "00" * 32}}
    assert found.parameters == {key: {"a": 12.0, "b": 6.0}}
    assert found.counts == {
        "rows_read": {"a": 10, "b": 15},
        "rejected.noise": {"a": 2, "b": 7},
    }


def test_a_folder_without_a_whole_result_is_an_input_error(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    with pytest.raises(InputError, match="none: no such folder"):
        diff_runs(whole, tmp_path / "none")
    with pytest.raises(InputError, match=r"holds no run\.json"):
        diff_runs(tmp_path, whole)
    (whole / "events.geojson").write_text('{"features": [')
    with pytest.raises(InputError, match=r"events\.geojson: cannot be read as events"):
        diff_runs(whole, whole)
    (whole / "run.json").write_text(json.dumps([1]))
    with pytest.raises(InputError, match="is not a record of a run"):
        diff_runs(whole, whole)
