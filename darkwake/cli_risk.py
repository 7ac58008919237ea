"""The command `risk`: exposure and unusualness, and its benchmark for users with labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from darkwake.console import say, say_json, say_table
from vessels.errors import UsageError

if TYPE_CHECKING:
    from detectors.unusual.windows import WindowKind

risk_app = typer.Typer(
    help="Exposure and unusualness per vessel, with reasons.", rich_markup_mode=None
)
_WINDOWS = ("run", "month", "year")
RunOption = Annotated[
    Path | None, typer.Option("--run", metavar="DIR", help="Result folder of a replay.")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration in TOML.")
]
ReferenceOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Peers to compare with; the run's own vessels by default."),
]
WindowOption = Annotated[str, typer.Option(metavar="KIND", help=f"One of {', '.join(_WINDOWS)}.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@risk_app.callback(invoke_without_command=True)
def risk(
    ctx: typer.Context,
    *,
    run: RunOption = None,
    config: ConfigOption = None,
    reference: ReferenceOption = None,
    write_reference: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Store this run's vessels as a reference (.npz)."),
    ] = None,
    window: WindowOption = "run",
    no_opinions: Annotated[
        bool, typer.Option("--no-opinions", help="Do not ask PyOD for second opinions.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Tell exposure and unusualness of each vessel of a run, with reasons.

    Example: darkwake risk --run january-events

    Writes risk.parquet and risk.html into DIR, adds columns to vessels.parquet and both numbers to
    the findings of alerts.html. Distances,
    hours and coverage need a replay with --tracks; without it scores are withheld.
    """
    if ctx.invoked_subcommand is not None:
        return
    from darkwake.risk_command import RiskOptions, assess_run  # noqa: PLC0415 - see darkwake/cli.py
    from detectors.unusual.guard import why_withheld  # noqa: PLC0415

    options = RiskOptions(_needed(run), config, _kind(window), reference, write_reference)
    told, page = assess_run(options, opinions=not no_opinions)
    if as_json:
        say_json(told)
        return
    for line in told["text"]:
        say(line)
    columns = ("MMSI", "hull", "window", "exposure", "unusual", "as high", "why withheld")
    rows = [
        (f"{v['mmsi']:09d}", v["hull_id"], v["window"], v["exposure"], v["unusual"], v["p_value"],
         v["withheld"] and why_withheld(v["withheld"], v))
        for v in told["vessels"]
    ]  # fmt: skip
    say_table(columns, rows)
    say(f"Open {page} in a browser. It needs no network.")


@risk_app.command()
def benchmark(
    *,
    run: RunOption = None,
    labels: Annotated[
        Path, typer.Option(metavar="FILE", help="CSV with a column mmsi: the reported vessels.")
    ],
    config: ConfigOption = None,
    reference: ReferenceOption = None,
    window: WindowOption = "run",
    as_json: JsonFlag = False,
) -> None:
    """Hold the score against vessels that you know of, beside plain baselines.

    Example: darkwake risk benchmark --run january-events --labels reported.csv

    Vessels that are not in FILE are unlabelled, not innocent: no precision is told.
    """
    from darkwake.risk_benchmark import benchmark_run, lines_of  # noqa: PLC0415
    from darkwake.risk_command import RiskOptions  # noqa: PLC0415

    options = RiskOptions(_needed(run), config, _kind(window), reference, None)
    told = benchmark_run(options, labels)
    if as_json:
        say_json(told)
        return
    for line in lines_of(told):
        say(line)


def _needed(run: Path | None) -> Path:
    if run is None:
        raise UsageError("--run DIR is missing: the result folder of a replay")
    return run


def _kind(window: str) -> "WindowKind":
    if window not in _WINDOWS:
        raise UsageError(f"--window {window}: one of {', '.join(_WINDOWS)}")
    return cast("WindowKind", window)
