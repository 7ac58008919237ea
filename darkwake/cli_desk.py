"""The command `desk`: review alerts in a browser."""

from pathlib import Path
from typing import Annotated

import typer

from darkwake.console import warn
from vessels.errors import UsageError


def desk(
    *,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Configuration of the watch.")
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Result folder of a replay, to look at; not the watch."),
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen at.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65_535, help="Port; 0 takes a free one.")
    ] = 8642,
    read_only: Annotated[bool, typer.Option("--read-only", help="Show, change nothing.")] = False,
) -> None:
    """Review the alerts of a watch in a browser, on this machine or, with a token, from others.

    Example: darkwake desk --config watch.toml

    The watch may run meanwhile. Nothing is asked of the network. Ctrl-C ends it.
    """
    if (config is None) == (run is None):
        raise UsageError("desk needs --config FILE, or --run DIR to look at a replay")
    from darkwake.desk.serving import serve  # noqa: PLC0415 - starlette, for this command alone

    def ready(address: str) -> None:
        warn(f"The desk is at {address} - Ctrl-C ends it.")

    serve(config, run, host=host, port=port, read_only=read_only, ready=ready)
