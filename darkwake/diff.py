"""What changed between two runs: event by event, and in what they were made from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vessels.errors import InputError

Change = dict[str, Any]
"""`{"a": value, "b": value}`; a side without the entry is null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """The difference from run A to run B. Empty parts mean equal."""

    unchanged: int
    """Events that are equal in every property and in geometry."""
    added: list[dict[str, Any]]
    """Properties of the events that only B has."""
    removed: list[dict[str, Any]]
    """Properties of the events that only A has."""
    changed: list[dict[str, Any]]
    """`event_id`, `type`, `mmsi`, `other_mmsi`, `start`, and `fields`: name -> Change."""
    inputs: dict[str, Change]
    """Path -> SHA-256 on both sides, where they differ."""
    counts: dict[str, Change]
    """Rows read, decoded and rejected by reason, where they differ."""
    parameters: dict[str, Change]
    options: dict[str, Change]
    learnt: dict[str, Change]
    versions: dict[str, Change]

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def diff_runs(run_a: Path, run_b: Path) -> RunDiff:
    """Compare two result folders.

    Raises:
        InputError: a folder holds no whole result, or its files cannot be read.
    """
    record_a, record_b = read_record(run_a), read_record(run_b)
    a, b = _features(run_a), _features(run_b)
    changed = [
        {**_who(b[key]), "fields": fields}
        for key in b
        if key in a and (fields := _event_changes(a[key], b[key]))
    ]
    return RunDiff(
        unchanged=len(a.keys() & b.keys()) - len(changed),
        added=[feature["properties"] for key, feature in b.items() if key not in a],
        removed=[feature["properties"] for key, feature in a.items() if key not in b],
        changed=changed,
        inputs=_changes(_hashes(record_a), _hashes(record_b)),
        counts=_changes(_counts(record_a), _counts(record_b)),
        **{
            part: _changes(record_a.get(part, {}), record_b.get(part, {}))
            for part in ("parameters", "options", "learnt", "versions")
        },
    )


def read_record(run: Path) -> dict[str, Any]:
    """Return a run's run.json.

    Raises:
        InputError: there is none, or it is not one.
    """
    path = run / "run.json"
    try:
        record = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        what = "is not a result of darkwake replay: it holds no run.json"
        raise InputError(what if run.is_dir() else "no such folder", path=str(run)) from error
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", path=str(path)) from error
    if not isinstance(record, dict):
        raise InputError("is not a record of a run", path=str(path))
    return record


def _features(run: Path) -> dict[str, dict[str, Any]]:
    """Return event_id -> feature of events.geojson, in the order of the file."""
    path = run / "events.geojson"
    try:
        collection = json.loads(path.read_bytes())
        return {feature["properties"]["event_id"]: feature for feature in collection["features"]}
    except FileNotFoundError as error:
        raise InputError("is missing", path=str(path)) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("cannot be read as events", path=str(path)) from error


def _event_changes(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Change]:
    fields = _changes(_fields(a["properties"]), _fields(b["properties"]))
    if a["geometry"] != b["geometry"]:
        fields["geometry"] = {"a": a["geometry"], "b": b["geometry"]}
    return fields


def _fields(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the properties with each detail under its own name."""
    flat = {key: value for key, value in properties.items() if key != "details"}
    details = properties.get("details") or {}
    return flat | {f"details.{key}": value for key, value in details.items()}


def _changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Change]:
    names = [*a, *(name for name in b if name not in a)]
    return {
        name: {"a": a.get(name), "b": b.get(name)} for name in names if a.get(name) != b.get(name)
    }


def _hashes(record: dict[str, Any]) -> dict[str, Any]:
    return {file["path"]: file.get("sha256") for file in record.get("inputs", [])}


def _counts(record: dict[str, Any]) -> dict[str, Any]:
    rejected = {f"rejected.{key}": rows for key, rows in record.get("rejected", {}).items()}
    return {key: record.get(key) for key in ("rows_read", "rows_decoded", "now")} | rejected


def _who(feature: dict[str, Any]) -> dict[str, Any]:
    names = ("event_id", "type", "mmsi", "other_mmsi", "start")
    return {name: feature["properties"].get(name) for name in names}
