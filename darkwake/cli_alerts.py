"""The commands of `darkwake alerts`."""

import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from darkwake.arguments import parse_bbox, parse_time
from darkwake.console import say, say_json, say_table
from vessels.clock import iso_z, parse_iso_us
from vessels.errors import InputError, StoreError, UsageError

if TYPE_CHECKING:
    from detectors.events import Event

alerts_app = typer.Typer(
    help="Alerts of a watch: list, judge, set aside, export.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
_Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration in TOML.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Id = Annotated[
    str, typer.Argument(metavar="EVENT_ID", help="The event_id, or how it alone begins.")
]
_By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who does it; your log-in name if left.")
]
_Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="A note for the log.")]
_WAITING = ("pending", "held", "gathered", "dead")


@alerts_app.command("list")
def list_(
    *,
    config: _Config = None,
    as_json: _Json = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also events that were withdrawn.")
    ] = False,
    status: Annotated[
        list[str] | None, typer.Option(metavar="STATUS", help="Only alerts of this status.")
    ] = None,
    type_name: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Only events of this type.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="Only events that start then or later.")
    ] = None,
) -> None:
    """List the events of a watch with the status of their alerts.

    Example: darkwake alerts list --config watch.toml --status open
    """
    from alerts.stored import listed_all  # noqa: PLC0415 - numba, for commands that need it

    rows = _selected(config, everything, status, type_name, since)
    if as_json:
        say_json(listed_all(rows))
        return
    found = [
        (
            row["event_id"],
            "withdrawn" if row["withdrawn"] else row["alert_status"],
            row["type"],
            row["severity"],
            f"{row['confidence']:.2f}",
            iso_z(row["start_us"]),
            row["status"],
            json.loads(row["body"])["vessel_name"] or f"MMSI {row['mmsi']:09d}",
        )
        for row in rows
    ]
    if found:
        names = ("event_id", "alert", "type", "severity", "sure", "start", "event", "vessel")
        say_table(names, found)
    else:
        say("no alerts")


@alerts_app.command("show")
def show(event_id: _Id, *, config: _Config = None, as_json: _Json = False) -> None:
    """Show one alert: the finding, who did what, what was sent, and what may follow.

    Example: darkwake alerts show 3f2a --config watch.toml
    """
    from alerts.database import reading  # noqa: PLC0415
    from alerts.lifecycle import allowed, find_alert, history  # noqa: PLC0415
    from alerts.listing import list_outbox  # noqa: PLC0415
    from alerts.stored import identities_from, listed, row_event  # noqa: PLC0415
    from darkwake.alert_store import store_of  # noqa: PLC0415

    with store_of(config) as engine, reading(engine) as connection:
        row = find_alert(connection, event_id)
        log = [
            {**move, "at": iso_z(move.pop("at_us"))}
            for move in history(connection, row["event_id"])
        ]
        sent = list_outbox(connection, event_id=row["event_id"])
    follow = [] if row["withdrawn"] else allowed(row["alert_status"])
    if as_json:
        told = {
            "withdrawn": row["withdrawn"],
            "replaced_by": row["replaced_by"],
            "reason": row["alert_reason"],
            "suppressed_by": row["alert_suppressed_by"],
        }
        say_json({**listed(row), **told, "may_follow": follow, "log": log, "messages": sent})
        return
    from alerts.letter import letter  # noqa: PLC0415
    from alerts.translate import Words  # noqa: PLC0415

    known = identities_from(json.loads(row["identities"]))
    part = letter(row_event(row), Words(), step="opened", known=known)
    say(part.headline)
    status = "withdrawn" if row["withdrawn"] else row["alert_status"]
    facts = [*part.facts, ("Status", status), ("May follow", ", ".join(follow) or "-")]
    facts += [("Why", line) for line in part.why] + [("What else explains it", part.causes)]
    say_table(("", ""), facts)
    if log:
        names = ("at", "by", "move", "from_status", "to_status", "note")
        say_table(names, [[move[name] for name in names] for move in log])
    if sent:
        names = ("step", "channel", "recipient", "state", "tries", "last_error")
        say_table(names, [[one[name] for name in names] for one in sent])


@alerts_app.command()
def ack(event_id: _Id, *, config: _Config = None, by: _By = None, note: _Note = None) -> None:
    """Acknowledge an alert: someone looks into it, and no reminder is sent.

    Example: darkwake alerts ack 3f2a --config watch.toml --by "R. Kila"
    """
    _move(config, event_id, "ack", by, note)


@alerts_app.command()
def confirm(event_id: _Id, *, config: _Config = None, by: _By = None, note: _Note = None) -> None:
    """Confirm an acknowledged alert: what was looked up bears the finding out.

    Example: darkwake alerts confirm 3f2a --config watch.toml
    """
    _move(config, event_id, "confirm", by, note)


@alerts_app.command()
def dismiss(
    event_id: _Id,
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why it needs no more attention.")
    ],
    config: _Config = None,
    by: _By = None,
) -> None:
    """Dismiss an acknowledged alert; its vessel and time are mailed no more.

    Example: darkwake alerts dismiss 3f2a --config watch.toml --reason "in dry dock"
    """
    _move(config, event_id, "dismiss", by, reason)


@alerts_app.command()
def close(event_id: _Id, *, config: _Config = None, by: _By = None, note: _Note = None) -> None:
    """Close an alert that was confirmed or dismissed.

    Example: darkwake alerts close 3f2a --config watch.toml
    """
    _move(config, event_id, "close", by, note)


@alerts_app.command()
def note(
    event_id: _Id,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to remember.")],
    *,
    config: _Config = None,
    by: _By = None,
) -> None:
    """Add a note to an alert; its status stays as it is.

    Example: darkwake alerts note 3f2a "owner asked for the VMS track" --config watch.toml
    """
    from alerts.database import transaction  # noqa: PLC0415
    from alerts.lifecycle import find_alert  # noqa: PLC0415
    from alerts.review import add_note  # noqa: PLC0415
    from darkwake.alert_store import store_of, wall_us  # noqa: PLC0415

    with store_of(config) as engine, transaction(engine) as connection:
        row = find_alert(connection, event_id)
        add_note(connection, row["event_id"], text, by=by or _me(), now_us=wall_us())
    say(f"noted on alert {row['event_id']}")


@alerts_app.command()
def suppress(
    event_id: Annotated[
        str | None,
        typer.Argument(metavar="[EVENT_ID]", help="Its hull and type are suppressed."),
    ] = None,
    *,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="T",
            help="Event time: ISO 8601, or a span such as 12h, 7d, 4w after the event.",
        ),
    ] = None,
    type_name: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Events of this type.")
    ] = None,
    mmsi: Annotated[int | None, typer.Option(metavar="N", help="Events of this number.")] = None,
    bbox: Annotated[
        str | None, typer.Option(metavar="W,S,E,N", help="Events inside, in degrees.")
    ] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List what is suppressed.")] = False,
    end: Annotated[int | None, typer.Option(metavar="NUMBER", help="End this suppression.")] = None,
    config: _Config = None,
    by: _By = None,
    as_json: _Json = False,
) -> None:
    """Send no mail about events that start before a time; they are listed all the same.

    Example: darkwake alerts suppress 3f2a --until 7d --config watch.toml

    The time is event time, so the same data replayed later stay silent too.
    """
    from alerts import suppressions  # noqa: PLC0415
    from alerts.database import reading, transaction  # noqa: PLC0415
    from darkwake.alert_store import store_of, wall_us  # noqa: PLC0415
    from darkwake.suppressing import suppress_until  # noqa: PLC0415

    _one_of_types("--type", type_name)
    with store_of(config) as engine:
        if show_list:
            with reading(engine) as connection:
                _say_suppressions(suppressions.list_suppressions(connection), as_json=as_json)
            return
        if end is not None:
            with transaction(engine) as connection:
                suppressions.end_suppression(connection, end, wall_us())
            say(f"suppression {end} has ended")
            return
        if until is None:
            raise UsageError("suppress: --until is needed, --list, or --end NUMBER")
        with transaction(engine) as connection:
            found = suppress_until(
                connection,
                event_id,
                until,
                by=by or _me(),
                reason=reason,
                type_name=type_name,
                mmsi=mmsi,
                bbox=parse_bbox(bbox),
            )
    say(f"suppression {found[0]} holds for events that start before {iso_z(found[1])}")


@alerts_app.command()
def export(
    *,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="geojson, csv or kml.")
    ] = "geojson",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file; stdout if left out.")
    ] = None,
    config: _Config = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also events that were withdrawn.")
    ] = False,
    status: Annotated[
        list[str] | None, typer.Option(metavar="STATUS", help="Only alerts of this status.")
    ] = None,
    type_name: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Only events of this type.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="Only events that start then or later.")
    ] = None,
) -> None:
    """Write alerts as GeoJSON, as CSV that no spreadsheet runs, or as KML.

    Example: darkwake alerts export --format csv --out alerts.csv --config watch.toml
    """
    from alerts.export import FORMATS  # noqa: PLC0415
    from alerts.export import export as text_of  # noqa: PLC0415

    if form not in FORMATS:
        raise UsageError(f"--format: {form!r} is not one of {', '.join(FORMATS)}")
    text = text_of(_selected(config, everything, status, type_name, since), form)
    try:
        if out is None:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            out.write_text(text, encoding="utf-8", newline="")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StoreError(f"{out or 'stdout'}: cannot be written: {error.strerror}") from error


@alerts_app.command()
def preview(
    *,
    config: _Config = None,
    days: Annotated[
        float, typer.Option(metavar="N", min=0.01, help="Days back from the last event.")
    ] = 30.0,
    run: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Events of a replay's folder, not of the store."),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Tell what the subscriptions would have sent. Nothing is sent and nothing is stored.

    Example: darkwake alerts preview --config watch.toml --days 30
    """
    from dataclasses import asdict  # noqa: PLC0415

    from alerts.preview import preview as dry_run  # noqa: PLC0415
    from alerts.stored import row_event  # noqa: PLC0415
    from darkwake.config import load_settings  # noqa: PLC0415

    settings = load_settings(config)
    if run is not None:
        events = _events_of_run(run)
    else:
        events = [row_event(row) for row in _selected(config, False, None, None, None)]
    wanted = [table.subscription() for table in settings.subscriptions]
    count, found = dry_run(wanted, events, days=days)
    if as_json:
        say_json({"days": days, "events": count, "subscriptions": [asdict(one) for one in found]})
        return
    for one in found:
        kinds = ", ".join(f"{name} {number}" for name, number in one.by_type.items())
        say(
            f"{one.name}: this would have sent {one.mails} mails to each receiver in the last "
            f"{days:g} days, {one.busiest_day} on the busiest; {one.events} of {count} events"
            + (f" ({kinds})" if kinds else "")
        )
    if not found:
        say("no subscriptions")


def _selected(
    config: Path | None,
    everything: bool,  # noqa: FBT001 - the commands' own options, in their order
    status: list[str] | None,
    type_name: list[str] | None,
    since: str | None,
) -> list[dict[str, Any]]:
    """Return the rows that the options of `list` and `export` ask for."""
    from alerts.database import reading  # noqa: PLC0415
    from alerts.lifecycle import STATUSES  # noqa: PLC0415
    from alerts.listing import list_alerts  # noqa: PLC0415
    from darkwake.alert_store import store_of  # noqa: PLC0415
    from detectors.events import EVENT_TYPES  # noqa: PLC0415

    _one_of("--status", status, STATUSES)
    _one_of("--type", type_name, EVENT_TYPES)
    since_us = parse_time("--since", since)
    with store_of(config) as engine, reading(engine) as connection:
        return list_alerts(
            connection,
            withdrawn=everything,
            statuses=status or (),
            types=type_name or (),
            since_us=since_us,
        )


def _one_of_types(option: str, given: str | None) -> None:
    from detectors.events import EVENT_TYPES  # noqa: PLC0415

    _one_of(option, None if given is None else [given], EVENT_TYPES)


def _one_of(option: str, given: list[str] | None, known: tuple[str, ...]) -> None:
    for word in given or ():
        if word not in known:
            raise UsageError(f"{option}: {word!r} is not one of {', '.join(known)}")


def _move(config: Path | None, event_id: str, name: str, by: str | None, note: str | None) -> None:
    from alerts.database import transaction  # noqa: PLC0415
    from alerts.lifecycle import find_alert, move_alert  # noqa: PLC0415
    from darkwake.alert_store import store_of, wall_us  # noqa: PLC0415

    with store_of(config) as engine, transaction(engine) as connection:
        row = find_alert(connection, event_id)
        who = by or _me()
        status = move_alert(
            connection, row["event_id"], name, by=who, now_us=wall_us(), reason=note
        )
    say(f"alert {row['event_id']} is {status}")


def _say_suppressions(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    names = ("id", "type", "mmsi", "hull_id", "bbox", "by", "reason")
    told = [
        {**{name: row[name] for name in names}, "until": iso_z(row["until_us"])} for row in rows
    ]
    if as_json:
        say_json(told)
    elif told:
        say_table((*names, "until"), [list(row.values()) for row in told])
    else:
        say("nothing is suppressed")


def _events_of_run(run: Path) -> "list[Event]":
    from darkwake.vessel_events import event_from_feature  # noqa: PLC0415

    path = run / "events.geojson"
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        starts = [parse_iso_us(feature["properties"]["start"]) for feature in features]
        hours = [float(feature["properties"]["duration_h"]) for feature in features]
        now = [start + int(h * 3.6e9) for start, h in zip(starts, hours, strict=True)]
        return [event_from_feature(one, at) for one, at in zip(features, now, strict=True)]
    except FileNotFoundError as error:
        raise InputError("is missing", path=str(path)) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("cannot be read as events", path=str(path)) from error


def _me() -> str:
    """Return the log-in name; a machine may have none for a number."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
