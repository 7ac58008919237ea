"""Runs a watch as its users do: the command, a configuration, a folder."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from alerts.database import open_database, reading
from alerts.schema import alerts, events
from alerts.stored import listed, with_alerts

ROOT = Path(__file__).resolve().parents[2]
FOLDER_OPTIONS = {"settle_s": 0.1, "poll_s": 0.1}


@dataclass
class Watched:
    """A folder with a configuration, in which watches are run one after the other."""

    folder: Path
    feeds: dict[str, str]
    url: str = "sqlite:///state.db"
    options: dict[str, Any] = field(default_factory=dict)
    more: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = ["[store]", f'url = "{self.url}"', 'archive = "tracks"']
        lines += ["[watch]", "gather_s = 0.1"]
        for name, url in self.feeds.items():
            lines += ["[[feeds]]", f'name = "{name}"', f'url = "{url}"']
            lines += [f"{key} = {value!r}" for key, value in self.options.items()]
        (self.folder / "watch.toml").write_text("\n".join([*lines, self.more]) + "\n")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the watch."""
        return self.command("watch", *arguments)

    def command(self, *words: str) -> subprocess.Popen[str]:
        """Start a command with this configuration."""
        return subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "darkwake", *words, "--config", "watch.toml"],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, idle_s: float = 4.0) -> str:
        """Run the watch until it is idle; return what it said."""
        return finished(self.start("--stop-when-idle", str(idle_s), *arguments))

    @property
    def database(self) -> str:
        """The store's URL from wherever this process is."""
        if self.url == "sqlite:///state.db":
            return f"sqlite:///{self.folder}/state.db"
        return self.url

    def stored(self, *, withdrawn: bool = False) -> dict[str, dict[str, Any]]:
        """Return the event properties that the store lists, by event_id."""
        engine = open_database(self.database)
        try:
            with reading(engine) as connection:
                asked = with_alerts().where(events.c.withdrawn.is_(withdrawn))
                rows = [listed(dict(row)) for row in connection.execute(asked).mappings()]
        finally:
            engine.dispose()
        for row in rows:
            row.pop("alert_status")
            row["replaces"] = None  # of the watch's history; a replay has none
        return {row["event_id"]: row for row in rows}

    def alerts(self) -> dict[str, int]:
        """Return how often each event was told."""
        engine = open_database(self.database)
        try:
            with reading(engine) as connection:
                return dict(connection.execute(select(alerts.c.event_id, alerts.c.life)).all())
        finally:
            engine.dispose()


def finished(process: subprocess.Popen[str], code: int = 0, timeout_s: float = 900.0) -> str:
    """Wait for a process; return what it said on stderr."""
    try:
        _, said = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        _, said = process.communicate()
        raise AssertionError(f"still running after {timeout_s} s:\n{said[-4000:]}") from None
    assert process.returncode == code, said[-4000:]
    return said


@contextmanager
def tcp_server(*streams: list[bytes]) -> Iterator[tuple[int, list[int]]]:
    """Serve each connection the next stream, piece by piece; yield the port and bytes sent."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(60.0)
    sent: list[int] = []

    def serve() -> None:
        for pieces in streams:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                sent.append(0)
                for piece in pieces:
                    try:
                        connection.sendall(piece)
                    except OSError:
                        break
                    sent[-1] += len(piece)
                if pieces is streams[-1]:
                    # Kept open while the watch goes idle: until it hangs up.
                    with suppress(OSError):
                        connection.settimeout(120.0)
                        connection.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], sent
    finally:
        server.close()
        thread.join(timeout=10.0)
