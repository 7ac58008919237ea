"""A real PostgreSQL for tests: a cluster of its own in a temporary folder, gone afterwards.

A test folder takes the fixtures by importing them in its conftest.py.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_START_S = 30.0


def _programs() -> Path | None:
    """Return the folder of the server's programs; of several versions the newest."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[-3])
    if found:
        return found[-1].parent
    beside = shutil.which("initdb")
    return Path(beside).resolve().parent if beside else None


def _as_nobody_special() -> dict[str, Any]:
    """Return how to start a program as an ordinary user: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    pytest.skip("no ordinary user to run PostgreSQL as")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Host and port of a running server that trusts its user `darkwake`."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's programs are not on this machine")
    who = _as_nobody_special()
    folder = Path(tempfile.mkdtemp(prefix="darkwake-pg-"))
    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        yield from _running(programs, folder, who)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _running(programs: Path, folder: Path, who: dict[str, Any]) -> Iterator[str]:
    data = folder / "data"
    quiet: dict[str, Any] = {
        "cwd": folder,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.STDOUT,
        "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        **who,
    }
    made = subprocess.run(  # noqa: S603 - the machine's own initdb
        [programs / "initdb", "-D", data, "-U", "darkwake", "-A", "trust", "-E", "UTF8", "-N"],
        check=False,
        **quiet,
    )
    assert made.returncode == 0, made.stdout.decode()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(folder),
        "fsync": "off",  # the machine does not lose its power during a test
        "max_connections": "40",
    }
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        if who:
            os.chown(folder / "log", who["user"], who["group"])
        server = subprocess.Popen(  # noqa: S603 - the machine's own server
            [programs / "postgres", "-D", data, *settings], **(quiet | {"stdout": log})
        )
        try:
            _wait_for(port, server, folder / "log")
            yield f"127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGINT)  # fast: it waits for no client
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    end = time.monotonic() + _START_S
    while True:
        try:
            psycopg.connect(f"postgresql://darkwake@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """URL of a new, empty database."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    where = f"postgresql://darkwake@{postgres_server}/postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://darkwake@{postgres_server}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a new store, once for each database that a store can be in."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'state.db'}"
