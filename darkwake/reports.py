"""What each command says when it is done: for people, or as JSON."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkwake.config import InvalidSettingsError, Key, keys, load_settings, suggestion
from darkwake.console import say, say_json, say_table, show, warn
from darkwake.diff import Change, RunDiff
from darkwake.doctor import Check
from vessels.errors import UsageError

if TYPE_CHECKING:
    from darkwake.outputs import ReplayResult
    from maps.vessel_facts import VesselPage

_NO_HULL = (
    "No hull, so nothing was looked for: no ship's number (nine digits, the first 2 to 7) was heard"
    " three times"
)
_WHO = ("type", "start", "mmsi", "other_mmsi", "event_id")


def report_replay(result: "ReplayResult", out: Path) -> None:
    """Print what a replay read and found."""
    report = result.report
    rejected = sorted(report.rejected.items(), key=lambda item: (-item[1], item[0]))
    rows = [("rows read", report.rows_read), ("rows decoded", report.rows_decoded)]
    rows += [(f"rejected: {reason}", count) for reason, count in rejected if count]
    rows.append(("vessels (hulls)", result.vessels.num_rows))
    rows += [(f"events: {name}", count) for name, count in result.events_by_type().items()]
    if not result.events:
        rows.append(("events", 0))
    say_table(("", ""), rows)
    if result.vessels.num_rows == 0:
        say(_NO_HULL)
    page = out / "alerts.html"
    say(f"Results are in {out}; " + (f"open {page} in a browser" if page.exists() else "no map"))


def report_diff(found: RunDiff, *, as_json: bool) -> None:
    """Print the difference of two runs."""
    if as_json:
        say_json(found.as_dict())
        return
    say(
        f"{len(found.added)} events added, {len(found.removed)} removed, "
        f"{len(found.changed)} changed, {found.unchanged} unchanged"
    )
    rows = [("added", *_who(event), "", "", "") for event in found.added]
    rows += [("removed", *_who(event), "", "", "") for event in found.removed]
    for event in found.changed:
        rows += [
            ("changed", *_who(event), name, show(change["a"]), show(change["b"]))
            for name, change in event["fields"].items()
        ]
    if rows:
        say_table(("event", *_WHO, "field", "a", "b"), rows)
    parts: list[tuple[str, dict[str, Change]]] = [
        ("input", found.inputs),
        ("count", found.counts),
        ("parameter", found.parameters),
        ("option", found.options),
        ("learnt", found.learnt),
        ("version", found.versions),
    ]
    differing = [
        (part, name, change["a"], change["b"])
        for part, changes in parts
        for name, change in changes.items()
    ]
    if differing:
        say_table(("made from", "name", "a", "b"), differing)


def report_vessel(path: Path, page: "VesselPage", *, as_json: bool) -> None:
    """Print where a vessel's page is and what it holds."""
    from darkwake.vessel import contents  # noqa: PLC0415 - numba and shapely load for a second

    if as_json:
        say_json({"page": str(path), **contents(page)})
        return
    rows = [
        ("numbers", ", ".join(f"{number:09d}" for number in page.numbers)),
        ("hulls", len(page.hulls)),
        ("positions", sum(hull.fixes for hull in page.hulls)),
        ("positions not believed", sum(page.rejected.values())),
        ("silences", len(page.silences)),
        ("identity statements", len(page.held)),
        ("events", len(page.events)),
    ]
    say_table(("", ""), rows)
    say(f"Open {path} in a browser. It needs no network.")


def report_checks(checks: list[Check], *, as_json: bool) -> None:
    """Print the checks of `doctor`."""
    if as_json:
        say_json({"ok": all(check.ok for check in checks), "checks": [c.as_dict() for c in checks]})
        return
    say_table(("", "", ""), [("ok" if c.ok else "PROBLEM", c.name, c.found) for c in checks])


def report_config_check(path: Path | None, *, as_json: bool) -> int:
    """Print every problem of a configuration; return the exit code."""
    problems: list[str] = []
    code = 0
    try:
        settings = load_settings(path)
    except InvalidSettingsError as error:
        problems, code = error.problems, error.exit_code
    if as_json:
        say_json({"ok": not problems, "problems": problems})
    elif problems:
        for problem in problems:
            warn(f"darkwake: {problem}")
    else:
        values = settings.parameters()
        changed = [key.name for key in keys() if values[key.name] != key.default]
        say(f"{path or 'defaults'}: well; {len(changed)} of {len(values)} values are not defaults")
    return code


def report_config(path: Path | None, *, as_json: bool) -> None:
    """Print every value in force. The text form is TOML and can be saved as a configuration."""
    values = load_settings(path).parameters()
    if as_json:
        say_json(values)
        return
    for name, value in values.items():
        say(f"{name} = {_toml(value)}")


def _toml(value: Any) -> str:
    """Return a JSON value as TOML in one line; what is null is left out of tables."""
    if isinstance(value, dict):
        inside = (f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items() if v is not None)
        return f"{{{', '.join(inside)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_toml(one) for one in value)}]"
    return json.dumps(value)


def report_explanation(name: str, path: Path | None, *, as_json: bool) -> None:
    """Print what a key, or each key of a section, means.

    Raises:
        UsageError: there is no such key.
    """
    known = list(keys())
    wanted = [key for key in known if key.name == name or key.name.startswith(f"{name}.")]
    if not wanted:
        names = [key.name for key in known]
        same_end = [key for key in names if key.rsplit(".", 1)[-1] == name]
        near = f"; did you mean {same_end[0]}?" if same_end else suggestion(name, names)
        raise UsageError(f"no key {name!r} in the configuration{near}")
    values = load_settings(path).parameters()
    if as_json:
        say_json([_explained(key, values[key.name]) for key in wanted])
        return
    for number, key in enumerate(wanted):
        if number:
            say("")
        say_table(("", ""), _explained(key, values[key.name]).items())


def _explained(key: Key, value: Any) -> dict[str, Any]:
    described = asdict(key)
    return {"key": described.pop("name"), "value": value, **described, "variable": key.variable}


def _who(event: dict[str, Any]) -> tuple[str, ...]:
    return tuple(show(event.get(name)) for name in _WHO)
