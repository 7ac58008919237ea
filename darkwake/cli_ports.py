"""The commands of `darkwake ports`."""

from pathlib import Path
from typing import Annotated

import typer

from darkwake.arguments import parse_columns, parse_format, parse_paths, parse_time
from darkwake.console import say, say_json, say_table

ports_app = typer.Typer(
    help="Anchorages learnt from your own tracks.", rich_markup_mode=None, no_args_is_help=True
)


@ports_app.callback()
def ports() -> None:
    """Anchorages learnt from your own tracks."""


@ports_app.command()
def learn(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="AIS files, folders or globs.")
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The anchorages, as Parquet.")],
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Configuration in TOML.")
    ] = None,
    file_format: Annotated[str, typer.Option("--format", metavar="FORMAT")] = "auto",
    columns: Annotated[
        str | None, typer.Option(metavar="NAME=COL,...", help="As for replay.")
    ] = None,
    start_time: Annotated[
        str | None,
        typer.Option(metavar="T", help="Time of the first line of a log without any time."),
    ] = None,
    min_hulls: Annotated[
        int, typer.Option(metavar="N", min=2, help="Hulls that make an anchorage.")
    ] = 20,
    min_rest_h: Annotated[
        float, typer.Option(metavar="H", min=0.5, help="Hours at rest that count.")
    ] = 12.0,
    compare: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Named anchorages (CSV, may be gzipped) to check with."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Learn where many hulls lie still, and write these places down as anchorages.

    Example: darkwake ports learn archive/ --out anchorages.parquet

    The result is used by `learnt = "anchorages.parquet"` in the section [ports] of a configuration.
    The tracks.parquet of a run will do as PATH.
    """
    from darkwake.config import load_settings  # noqa: PLC0415 - see darkwake/cli.py
    from darkwake.port_learning import LearnOptions, learn_ports, lines_of  # noqa: PLC0415
    from darkwake.progress import progress_for_terminal  # noqa: PLC0415
    from vessels.anchorages import LearningParameters  # noqa: PLC0415

    options = LearnOptions(
        paths=parse_paths(paths),
        out=out,
        format=parse_format(file_format),
        columns=parse_columns(columns),
        start_time_us=parse_time("--start-time", start_time),
        compare=compare,
    )
    parameters = LearningParameters(min_hulls=min_hulls, min_rest_h=min_rest_h)
    settings = load_settings(config)
    with progress_for_terminal() as progress:
        told = learn_ports(options, settings, parameters, progress)
    if as_json:
        say_json(told)
        return
    say_table(("", ""), lines_of(told))
    say(f"Anchorages written to {out}.")
