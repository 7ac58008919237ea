"""The command line: reads arguments, calls the room that does the work, prints what came of it.

Exit codes: 0 well, 1 a check failed, 2 usage, 3 configuration, 4 input, 5 results cannot be
written, 130 interrupted. Heavy modules are imported inside the commands: `--help` starts at once.
"""

import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from darkwake.arguments import (
    parse_bbox,
    parse_columns,
    parse_format,
    parse_paths,
    parse_range,
    parse_time,
)
from darkwake.cli_alerts import alerts_app
from darkwake.cli_archive import archive_app
from darkwake.cli_desk import desk
from darkwake.cli_evidence import evidence, verify
from darkwake.cli_mail import mail_app
from darkwake.cli_ports import ports_app
from darkwake.cli_risk import risk_app
from darkwake.cli_tiles import tiles
from darkwake.cli_watch import feeds_app, watch_app
from darkwake.console import say, warn
from darkwake.options import COLUMN_KEYS, FORMATS, ReplayOptions
from darkwake.versions import darkwake_version
from vessels.errors import DarkwakeError, UsageError

INTERRUPTED = 130
TERMINATED = 143


class House(TyperGroup):
    """Turns every error that Darkwake raises on purpose into one line and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except DarkwakeError as error:
            warn(f"darkwake: {error}")
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            warn("darkwake: interrupted")
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    cls=House,
    rich_markup_mode=None,  # rich help costs 0.35 s of start-up
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)
config_app = typer.Typer(
    help="Check, show and explain the configuration.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.add_typer(config_app, name="config")
app.add_typer(archive_app, name="archive")
app.add_typer(ports_app, name="ports")
app.add_typer(watch_app, name="watch")
app.add_typer(feeds_app, name="feeds")
app.add_typer(alerts_app, name="alerts")
app.add_typer(mail_app, name="mail")
app.add_typer(risk_app, name="risk")
app.command()(tiles)
app.command()(desk)
app.command()(evidence)
app.command()(verify)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration in TOML.")
]


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag's value
    if wanted:
        say(f"darkwake {darkwake_version()}")
        raise typer.Exit


@app.callback()
def darkwake(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Find vessels that go dark, meet at sea or stay out too long, in AIS data."""
    del version  # its callback has run


@app.command()
def replay(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="AIS files, folders or globs.")
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results.")],
    config: ConfigOption = None,
    file_format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")
    ] = "auto",
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=COL,...",
            help=f"Columns of a table of your own, by name or 0-based number; a NAME is one of"
            f" {', '.join(COLUMN_KEYS)}.",
        ),
    ] = None,
    start_time: Annotated[
        str | None,
        typer.Option(metavar="T", help="Time of the first line of a log without any time."),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Leave out what is earlier.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="T", help="Leave out what is later; open events run to it."),
    ] = None,
    bbox: Annotated[
        str | None,
        typer.Option(metavar="W,S,E,N", help="Leave out positions outside, in degrees."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Cores to read and to detect with. Without it, those that are worth it.",
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Dask scheduler whose workers do the work: tcp:// or tls://."
        ),
    ] = None,
    tracks: Annotated[
        bool, typer.Option("--tracks", help="Also write every fix, kept or rejected.")
    ] = False,
    no_map: Annotated[bool, typer.Option("--no-map", help="Do not draw alerts.html.")] = False,
    map_limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="Most events on the map.")
    ] = 1000,
) -> None:
    """Find events in AIS files and write them, a map and the record of the run to a folder.

    Example: darkwake replay january/*.csv.gz --out january-events

    Times are ISO 8601; without zone they are UTC, and a day alone is its first moment. A --bbox
    with W > E spans 180 degrees.

    Without --workers, reading uses the cores of the machine; detection as many of them as a stretch
    of six hours is worth, the square root of its rows / 5,000: 2 from 20,000 rows on, 19 for 1.8
    million. No number of workers changes an event.
    """
    from_us, to_us = parse_range(from_, to)
    if scheduler is not None and (workers or 1) > 1:
        raise UsageError("--workers and --scheduler: the cluster knows its workers; give one")
    options = ReplayOptions(
        paths=parse_paths(paths),
        out=out,
        format=parse_format(file_format),
        columns=parse_columns(columns),
        start_time_us=parse_time("--start-time", start_time),
        from_us=from_us,
        to_us=to_us,
        bbox=parse_bbox(bbox),
        workers=workers or (1 if scheduler else None),
        readers=workers,
        scheduler=scheduler,
        tracks=tracks,
        draw_map=not no_map,
        map_limit=map_limit,
    )
    from darkwake.config import load_settings  # noqa: PLC0415 - see the module's docstring

    settings = load_settings(config)
    from darkwake.progress import progress_for_terminal  # noqa: PLC0415
    from darkwake.reports import report_replay  # noqa: PLC0415
    from darkwake.run import run_replay  # noqa: PLC0415

    with progress_for_terminal() as progress:
        result = run_replay(options, settings, progress)
    report_replay(result, out)


@app.command()
def diff(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", help="Result folder before.")],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", help="Result folder after.")],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show what changed between two runs, event by event.

    Example: darkwake diff january-events january-events-12h
    """
    from darkwake.diff import diff_runs  # noqa: PLC0415
    from darkwake.reports import report_diff  # noqa: PLC0415

    report_diff(diff_runs(run_a, run_b), as_json=as_json)


@app.command()
def vessel(
    number: Annotated[str, typer.Argument(metavar="MMSI|IMO", help="Number of the vessel.")],
    *,
    run: Annotated[
        Path, typer.Option(metavar="DIR", help="Result folder of a replay with --tracks.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The page; vessel-MMSI.html in DIR by default."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write one vessel's page: tracks, silences, identities, voyages and events.

    Example: darkwake vessel 563012345 --run january-events

    A number of seven digits is an IMO number; the page shows every MMSI that stated it.
    """
    from darkwake.reports import report_vessel  # noqa: PLC0415
    from darkwake.vessel import make_vessel_page  # noqa: PLC0415

    path, page = make_vessel_page(run, number, out=out)
    report_vessel(path, page, as_json=as_json)


@app.command()
def demo(
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results.")] = Path(
        "darkwake-demo"
    ),
) -> None:
    """Replay the shipped sample, without a network, and print where to look.

    Example: darkwake demo --out /tmp/demo
    """
    from darkwake.demo import run_demo  # noqa: PLC0415

    page = run_demo(out)
    say(f"Open {page} in a browser. It needs no network.")


@app.command()
def doctor(*, as_json: JsonFlag = False) -> None:
    """Check that this machine can run Darkwake. Exits 1 where a check fails.

    Example: darkwake doctor --json
    """
    from darkwake.doctor import run_checks  # noqa: PLC0415
    from darkwake.reports import report_checks  # noqa: PLC0415

    checks = run_checks()
    report_checks(checks, as_json=as_json)
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


@config_app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Configuration in TOML.")
    ] = None,
    *,
    config: ConfigOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Check a configuration file and the environment, and list every problem.

    Example: darkwake config check watch.toml
    """
    from darkwake.reports import report_config_check  # noqa: PLC0415

    code = report_config_check(file or config, as_json=as_json)
    raise typer.Exit(code)


@config_app.command()
def show(*, config: ConfigOption = None, as_json: JsonFlag = False) -> None:
    """Print every value in force, as TOML.

    Example: darkwake config show --config watch.toml
    """
    from darkwake.reports import report_config  # noqa: PLC0415

    report_config(config, as_json=as_json)


@config_app.command()
def explain(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A key, or a section for all in it.")],
    *,
    config: ConfigOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Explain a key: meaning, unit, default, bounds, source and the value in force.

    Example: darkwake config explain detectors.dark_period.min_duration_h
    """
    from darkwake.reports import report_explanation  # noqa: PLC0415

    report_explanation(key, config, as_json=as_json)


def _terminate(*_: object) -> NoReturn:
    """Leave through the usual clean-up: a staged result must not stay behind."""
    sys.exit(TERMINATED)


def main() -> None:
    """Entry point of the `darkwake` command."""
    signal.signal(signal.SIGTERM, _terminate)
    app(prog_name="darkwake")
