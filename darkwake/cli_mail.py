"""The commands of `darkwake mail`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from darkwake.console import say, say_json, say_table
from vessels.errors import ConfigError, DarkwakeError, UsageError

mail_app = typer.Typer(
    help="Mail of a watch: try it, see what waits.", rich_markup_mode=None, no_args_is_help=True
)

_Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration in TOML.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_WAITING = ("pending", "held", "gathered", "dead")


@mail_app.command("test")
def try_mail(
    *,
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Who gets the mail.")],
    config: _Config = None,
) -> None:
    """Send one mail now, the way alerts are sent. Exits 1 where the server does not take it.

    Example: darkwake mail test --to me@example.org --config watch.toml
    """
    from alerts.posting import message_id, row_values  # noqa: PLC0415
    from darkwake.alert_settings import check_address, dispatcher  # noqa: PLC0415
    from darkwake.alert_store import wall_us  # noqa: PLC0415
    from darkwake.config import load_settings  # noqa: PLC0415

    settings = load_settings(config)
    try:
        check_address(to)
    except ValueError as error:
        raise UsageError(f"--to: {error}") from error
    if not (settings.mail.url and settings.mail.sender):
        raise ConfigError("mail.url and mail.sender are needed")
    now_us = wall_us()
    sender = dispatcher(settings, wall_us)
    row = row_values(
        channel="mail",
        kind="test",
        step="test",
        event_id=None,
        subscription="test",
        recipient=to,
        message_id=message_id(sender.policy.domain, "test", str(now_us), to),
        payload=json.dumps({"at_us": now_us}),
        created_us=now_us,
    )
    outcome = sender.deliver(row)
    sender.close()
    if outcome.result != "sent":
        code = "" if outcome.code is None else f"{outcome.code} "
        raise DarkwakeError(f"mail to {to} was not taken: {code}{outcome.answer}")
    say(f"the mail server took the mail to {to}")


@mail_app.command()
def outbox(
    *,
    config: _Config = None,
    as_json: _Json = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what was sent, bundled or cancelled.")
    ] = False,
    dead: Annotated[bool, typer.Option("--dead", help="Only dead letters.")] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Put all dead letters back into the queue.")
    ] = False,
) -> None:
    """Show what waits to be sent, and what was given up.

    Example: darkwake mail outbox --config watch.toml --dead
    """
    from alerts.database import reading, transaction  # noqa: PLC0415
    from alerts.listing import list_outbox  # noqa: PLC0415
    from alerts.outbox import count_states, retry_dead  # noqa: PLC0415
    from darkwake.alert_store import store_of, wall_us  # noqa: PLC0415

    with store_of(config) as engine:
        if retry:
            with transaction(engine) as connection:
                count = retry_dead(connection, wall_us())
            say(f"{count} dead letters are in the queue again; a running watch sends them")
            return
        states = ("dead",) if dead else () if everything else _WAITING
        with reading(engine) as connection:
            rows = list_outbox(connection, states=states)
            counts = count_states(connection)
    if as_json:
        say_json(rows)
        return
    say(", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "empty")
    if rows:
        names = ("id", "state", "step", "event_id", "recipient", "tries", "due", "last_error")
        say_table(names, [[row[name] for name in names] for row in rows])
