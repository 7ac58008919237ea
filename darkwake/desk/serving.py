"""Runs the desk: who may come is settled before the first page is served."""

import contextlib
import getpass
import ipaddress
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn

from darkwake.alert_settings import secret_of
from darkwake.config import load_settings
from darkwake.desk.app import Desk
from darkwake.desk.guarding import Guard
from darkwake.desk.material import Material, material_of_run, material_of_watch
from darkwake.desk.sessions import Sessions
from darkwake.desk_settings import LEAST_TOKEN
from darkwake.settings import Settings
from darkwake.watching.talk import log
from vessels.errors import ConfigError, UsageError

_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


def serve(
    config: Path | None,
    run: Path | None,
    *,
    host: str,
    port: int,
    read_only: bool,
    ready: Callable[[str], None],
) -> None:
    """Serve until it is stopped.

    Args:
        config: the watch's configuration.
        run: a replay's folder, shown in place of the watch's store.
        host: the address to listen at.
        port: the port; 0 takes a free one.
        read_only: whether nothing can be changed.
        ready: told the address once the desk answers.

    Raises:
        UsageError: the address cannot be listened at.
        ConfigError: it could be reached from elsewhere without a token, or under no name.
        StoreError, InputError: there is nothing to show.
    """
    settings = load_settings(config)
    token, hosts = admission(settings, host)
    opened = material_of_watch(config, read_only=read_only) if run is None else material_of_run(run)
    with opened as material, _listening(host, port) as listener:
        taken = listener.getsockname()[1]
        server = server_of(material, token, hosts, taken)
        ready(f"http://{f'[{host}]' if ':' in host else host}:{taken}/")
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def server_of(
    material: Material, token: str | None, hosts: frozenset[str], port: int
) -> uvicorn.Server:
    """Return the server of a desk, to be run on a socket."""
    sessions = Sessions(token, _me())
    # Cookies are shared by all ports of a host: each desk has one of its own name.
    desk = Desk(material, sessions, cookie=f"darkwake-desk-{port}")
    return uvicorn.Server(
        uvicorn.Config(
            Guard(desk.app(), hosts, lambda text: log(f"desk: {text}")),
            log_config=None,  # addresses may name vessels; what is done is logged by us
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            limit_concurrency=64,
            timeout_graceful_shutdown=3,
            h11_max_incomplete_event_size=32_768,
        )
    )


def admission(settings: Settings, host: str) -> tuple[str | None, frozenset[str]]:
    """Return the token, and the host names that the desk answers to.

    Raises:
        ConfigError: the desk could be reached from elsewhere without a token, or under no name.
    """
    token = secret_of(settings.desk.token, settings.desk.token_file, "desk.token_file")
    elsewhere = not is_loopback(host) or bool(settings.desk.hosts)
    if elsewhere and token is None:
        raise ConfigError(
            f"desk: {'desk.hosts' if is_loopback(host) else f'--host {host}'} lets others in: give"
            " them a token, in DARKWAKE__DESK__TOKEN or desk.token_file"
        )
    if token is not None and len(token) < LEAST_TOKEN:
        raise ConfigError(f"desk: the token has fewer than {LEAST_TOKEN} letters")
    every = host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    if every and not settings.desk.hosts:
        raise ConfigError(
            "desk: at every address of this machine the desk must know its own names: desk.hosts"
        )
    own = _LOCAL if is_loopback(host) or every else frozenset({host.lower()})
    return token, own | frozenset(settings.desk.hosts)


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(f"--host {host}: {error.strerror or error}") from error
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            listener.listen(128)  # who comes before the server has started waits
        except OSError as error:
            raise UsageError(
                f"{host}:{port}: {error.strerror or error}: give another --port"
            ) from error
        yield listener


def _me() -> str:
    """Return the log-in name; a machine may have none for a number."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "reviewer"
