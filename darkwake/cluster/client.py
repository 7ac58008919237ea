"""A Dask cluster reached, and asked whether it can do the work, before any is given to it."""

import contextlib
import importlib.util
import ipaddress
import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from darkwake.cluster_settings import Cluster
from darkwake.console import warn
from darkwake.versions import versions
from vessels.errors import ConfigError, DarkwakeError, InputError, StoreError, UsageError

if TYPE_CHECKING:
    from distributed import Client

_SHOWN = 3


@contextlib.contextmanager
def connected(address: str, settings: Cluster) -> Iterator["Client"]:
    """Yield a client of the scheduler at an address `tcp://host:port` or `tls://host:port`.

    Raises:
        ConfigError: the extra is not installed, or certificates cannot be used.
        UsageError: no scheduler answers there, or it has no workers.
        DarkwakeError: a task took its worker with it time and again.
    """
    if importlib.util.find_spec("distributed") is None:
        raise ConfigError(
            "--scheduler needs a package that is not installed; "
            "install it with: pip install 'darkwake[cluster]'"
        )
    from distributed import Client  # noqa: PLC0415 - an extra
    from distributed.scheduler import KilledWorker  # noqa: PLC0415

    if urlsplit(address).scheme not in ("tcp", "tls"):
        raise UsageError(f"--scheduler {address}: write it as tcp://HOST:PORT or tls://HOST:PORT")
    security = _security(address, settings)
    for name in ("distributed", "tornado"):  # what matters is raised
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(
            address,
            security=security,
            timeout=settings.connect_timeout_s,
            set_as_default=False,
            heartbeat_interval="2s",
        )
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(f"--scheduler {address}: no scheduler answers there") from error
    try:
        with client:
            _await_workers(client, address, settings)
            yield client
    except KilledWorker as error:
        raise DarkwakeError(
            f"{address}: workers died of one task again and again; is there enough memory? "
            "more parts ([cluster] parts) need less each"
        ) from error


def check_access(client: "Client", paths: Sequence[Path], scratch: Path) -> None:
    """See that every worker runs what we run, reads the files and shares the scratch folder.

    Raises:
        ConfigError: a worker has other versions.
        InputError: a worker cannot read a file.
        StoreError: a worker cannot write to the scratch folder.
    """
    token = scratch / f"token-{secrets.token_hex(4)}"
    token.write_text("here", encoding="utf-8")
    told = client.run(_look, [str(path) for path in paths], str(token))
    for worker, answer in sorted(told.items()):
        other = {k: v for k, v in answer["versions"].items() if versions().get(k) != v}
        if other:
            some = ", ".join(
                f"{name} {version}" for name, version in sorted(other.items())[:_SHOWN]
            )
            raise ConfigError(f"worker {worker} runs other versions than we do: {some}")
        if answer["unread"]:
            raise InputError(
                f"worker {worker} cannot read it; every worker needs the files at the same path",
                path=answer["unread"],
            )
        if not answer["shared"]:
            raise StoreError(
                f"{scratch.parent}: worker {worker} cannot write there; --out must lie on storage "
                "that every worker shares"
            )


def _look(paths: list[str], token: str) -> dict[str, Any]:
    """Return what a worker sees. Runs there."""
    path = Path(token)
    mine = path.with_name(f"{path.name}-{os.getpid()}")
    shared = path.exists()
    if shared:
        try:
            mine.write_text("here", encoding="utf-8")
            mine.unlink()
        except OSError:
            shared = False
    unread = next((one for one in paths if not os.access(one, os.R_OK)), None)
    return {"versions": versions(), "shared": shared, "unread": unread}


def _security(address: str, settings: Cluster) -> Any:
    """Return how the connection is secured; None where it is not.

    Raises:
        ConfigError: a certificate is missing or cannot be read.
    """
    from distributed.security import Security  # noqa: PLC0415 - an extra

    if urlsplit(address).scheme == "tcp":
        if not _is_here(urlsplit(address).hostname or ""):
            warn(
                f"darkwake: {address}: neither encrypted nor authenticated; whoever reaches this "
                "port can run programs on the workers. Use tls:// outside a trusted network."
            )
        return None
    files = {
        "tls_ca_file": settings.tls_ca_file,
        "tls_client_cert": settings.tls_cert_file,
        "tls_client_key": settings.tls_key_file,
    }
    for name, path in files.items():
        if path and not os.access(path, os.R_OK):
            raise ConfigError(f"[cluster] {name}: {path}: cannot be read")
    return Security(require_encryption=True, **{k: v for k, v in files.items() if v})


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _await_workers(client: "Client", address: str, settings: Cluster) -> None:
    try:
        client.wait_for_workers(1, timeout=settings.connect_timeout_s)
    except TimeoutError as error:
        raise UsageError(f"--scheduler {address}: it has no workers") from error
