"""A desk that serves in a thread, and people who use it as a browser does."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Engine

from darkwake.desk.material import Material
from darkwake.desk.serving import server_of
from darkwake.desk.tracks import TrackSources

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
TOKEN = "a token of the tests"  # noqa: S105 - of the tests
_FIELD = 'name="{}" value="([^"]*)"'


@dataclass
class Served:
    """A desk that answers."""

    address: str
    material: Material

    def person(self, name: str = "") -> "Person":
        """Return somebody with a browser of their own, called `name`."""
        person = Person(self.address)
        if name:
            person.post("/name", name=name)
        return person


@dataclass
class Person:
    """A browser without scripts: it keeps cookies and sends the forms that it was shown."""

    address: str
    session: requests.Session = field(default_factory=requests.Session)
    seen: str = ""

    def get(self, path: str = "/", **more: Any) -> requests.Response:
        """Open a page."""
        answer = self.session.get(self.address + path, timeout=30, **more)
        if 'name="csrf"' in answer.text:
            self.seen = answer.text
        return answer

    def field(self, name: str) -> str:
        """Return a hidden field of the page that was opened last."""
        found = re.search(_FIELD.format(name), self.seen)
        assert found is not None, self.seen
        return found[1]

    def post(self, path: str, **fields: str) -> requests.Response:
        """Send a form with the secret of the page that was opened last, or of the list."""
        if not self.seen:
            self.get()
        form = {"csrf": self.field("csrf"), **fields}
        answer = self.session.post(self.address + path, data=form, timeout=30)
        if answer.status_code == 200:
            self.seen = answer.text
        return answer

    def act(self, event_id: str, action: str, **fields: str) -> requests.Response:
        """Do something to the alert that was opened last, as its page stood."""
        return self.post(f"/alerts/{event_id}/{action}", version=self.field("version"), **fields)


@contextmanager
def serving(
    engine: Engine,
    *,
    token: str | None = None,
    hosts: frozenset[str] = LOCAL,
    run: Path | None = None,
    archive: Path | None = None,
    read_only: bool = False,
    now_us: int | None = None,
) -> Iterator[Served]:
    """Serve a store on a free port of this machine."""
    material = Material(
        engine, run, TrackSources(run, archive), read_only=read_only, title="Test", now_us=now_us
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = server_of(material, token, hosts, port)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            yield Served(f"http://127.0.0.1:{port}", material)
        finally:
            server.should_exit = True
            thread.join(timeout=20)
