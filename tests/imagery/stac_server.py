"""A small STAC API and a file server with ranges on loopback, which can be told to misbehave."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

CONFORMS = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/item-search",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
]


@dataclass(slots=True)
class Served:
    """What the server has, and what it saw."""

    folder: Path
    items: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)
    """Path -> what to do with its next requests: a status, `status:retry-after`, `cut`, `whole`."""
    page: int = 2
    next_href: str | None = None
    """Where `next` links lead in place of here."""
    next_headers: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    @property
    def place(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc


class Handler(BaseHTTPRequestHandler):
    """Answers for one server."""

    served: ClassVar[Served]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer."""
        self._answer(None)

    def do_POST(self) -> None:
        """Answer."""
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: dict[str, Any] | None) -> None:
        path = urlsplit(self.path).path
        self.served.requests.append((self.command, self.path, dict(self.headers)))
        if body is not None:
            self.served.bodies.append(body)
        fault = self.served.faults[path].pop(0) if self.served.faults.get(path) else ""
        if fault[:1].isdigit():
            status, _, wait = fault.partition(":")
            self._send(int(status), b"{}", {"Retry-After": wait} if wait else {})
        elif path in self.served.redirects:
            self._send(302, b"", {"Location": self.served.redirects[path]})
        elif path.startswith("/files/"):
            self._file(self.served.folder / path.removeprefix("/files/"), fault)
        elif path.startswith("/sas/"):
            told = {"msft:expiry": "2099-01-01T00:00:00Z", "token": "sig=secret"}
            self._send(200, json.dumps(told).encode(), {})
        else:
            self._send(200, json.dumps(self._stac(path, body or {})).encode(), {})

    def _stac(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path == "/search":
            first = int(body.get("token") or 0)
            chosen = [
                item
                for item in self.served.items
                if item.get("collection") in body.get("collections", [])
            ]
            links = []
            if first + self.served.page < len(chosen):
                links.append(
                    {
                        "rel": "next",
                        "href": self.served.next_href or f"{self.served.url}/search",
                        "method": "POST",
                        "merge": True,
                        "headers": self.served.next_headers,
                        "body": {"token": str(first + self.served.page)},
                    }
                )
            page = chosen[first : first + self.served.page]
            return {"type": "FeatureCollection", "features": page, "links": links}
        return {
            "type": "Catalog",
            "id": "small",
            "stac_version": "1.0.0",
            "description": "small",
            "conformsTo": CONFORMS,
            "links": [
                {"rel": "self", "href": self.served.url},
                {"rel": "root", "href": self.served.url},
                {
                    "rel": "search",
                    "href": f"{self.served.url}/search",
                    "method": "POST",
                    "type": "application/geo+json",
                },
            ],
        }

    def _file(self, path: Path, fault: str) -> None:
        if not path.is_file():
            self._send(404, b"", {})
            return
        data = path.read_bytes()
        asked = self.headers.get("Range")
        if asked is None or fault == "whole":
            self._send(200, data, {})
            return
        first, last = asked.removeprefix("bytes=").split("-")
        end = min(int(last), len(data) - 1)
        part = data[int(first) : end + 1]
        told = {"Content-Range": f"bytes {first}-{end}/{len(data)}"}
        if fault == "cut":
            self._head(206, len(part), told)
            self.wfile.write(part[: len(part) // 2])
            self.close_connection = True
        elif fault == "short":
            self._send(206, part[:-7], told)
        else:
            self._send(206, part, told)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self._head(status, len(body), headers)
        self.wfile.write(body)

    def _head(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()


class Quiet(ThreadingHTTPServer):
    """A server that is not surprised by clients that hang up."""

    def handle_error(self, *_: object) -> None:
        """Say nothing: tests look at what the client makes of it."""


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve a folder under /files/ and a STAC API at the root."""
    served = Served(folder)
    handler = type("Here", (Handler,), {"served": served})
    server = Quiet(("127.0.0.1", 0), handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
