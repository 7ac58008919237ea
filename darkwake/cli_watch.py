"""The commands of the live service: `watch`, `watch job`, `feeds status`."""

from pathlib import Path
from typing import Annotated

import typer

from darkwake.console import say, say_json, say_table
from vessels.errors import UsageError

watch_app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)
feeds_app = typer.Typer(
    help="Look at the feeds of a watch.", rich_markup_mode=None, no_args_is_help=True
)

_Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="Configuration in TOML.")]


@watch_app.callback()
def watch(
    ctx: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Configuration in TOML.")
    ] = None,
    stop_when_idle: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0.1,
            help="End when no feed has brought anything for so long, counted from the first"
            " message; everything is then judged as at the end of a replay, and mails are sent.",
        ),
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Find everything anew from the archive, then go on."),
    ] = False,
) -> None:
    """Watch live feeds: detection, alerts and mail, until it is stopped.

    Example: darkwake watch --config watch.toml

    SIGTERM and Ctrl-C finish the batch and end it. It may be killed at any time: nothing is lost.
    """
    if ctx.invoked_subcommand is not None:
        return
    if config is None:
        raise UsageError("watch needs --config FILE")
    from darkwake.config import load_settings  # noqa: PLC0415 - heavy modules, for a watch alone

    settings = load_settings(config)
    from darkwake.watching.assembly import watch as run_watch  # noqa: PLC0415

    run_watch(settings, stop_when_idle_s=stop_when_idle, rebuild=rebuild)


@watch_app.command()
def job(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A job; docs/watch.md lists them.")],
    *,
    config: _Config,
) -> None:
    """Run one job of a watch now, beside the watch or without it.

    Example: darkwake watch job compaction --config watch.toml
    """
    from darkwake.config import load_settings  # noqa: PLC0415

    settings = load_settings(config)
    from darkwake.watching.assembly import run_one_job  # noqa: PLC0415

    say(f"{name}: {run_one_job(settings, name) or 'nothing to do'}")


@feeds_app.command()
def status(
    *,
    config: _Config,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how each feed of a watch does.

    Example: darkwake feeds status --config watch.toml
    """
    from darkwake.config import load_settings  # noqa: PLC0415

    settings = load_settings(config)
    from darkwake.watching.feeds_report import feed_rows  # noqa: PLC0415

    rows = feed_rows(settings)
    if as_json:
        say_json(rows)
        return
    names = ["name", "state", "health", "last_message", "last_received", "rows", "last_error"]
    say_table(names, [[row[name] for name in names] for row in rows])
