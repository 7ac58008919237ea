"""HTTP: a listener that receivers post to (AIS-catcher's `-H`), and a page that is polled.

A post is answered 200 only after the sink took its rows, so a sender that waits for its answer is
held back. Sentences and JSON are told apart by content; bodies may be packed with gzip.
"""

import base64
import hmac
import threading
import time
import zlib
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

import requests

from feeds.live.session import Session
from feeds.live.settings import Settings
from feeds.live.source import FeedSpec, Sink, SinkClosedError
from feeds.live.worker import (
    LONGEST_READ_S,
    BaseConnection,
    ConnectingWorker,
    Connection,
    ConnectionLostError,
    Worker,
)

if TYPE_CHECKING:
    import socket

MAX_BODY_BYTES = 8 << 20
"""Longest body taken, unpacked."""
MAX_REQUESTS = 16
"""Requests served at once; more wait in the system's queue."""
_READ_TIMEOUT_S = 10.0
_POLL_TIMEOUT_S = (10.0, 30.0)
_BLOCK_BYTES = 1 << 16


class TooLongError(Exception):
    """A body is longer than MAX_BODY_BYTES."""


def unpacked(body: bytes) -> bytes:
    """Return a gzip body unpacked.

    Raises:
        TooLongError: it unpacks to more than MAX_BODY_BYTES.
        ValueError: it is damaged.
    """
    worker = zlib.decompressobj(wbits=31)
    try:
        text = worker.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise ValueError("damaged gzip") from error
    if len(text) > MAX_BODY_BYTES:
        raise TooLongError
    if not worker.eof:
        raise ValueError("truncated gzip")
    return text


class _Server(ThreadingHTTPServer):
    """Serves a bounded number of requests at once."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], listener: "HttpListener") -> None:
        self.listener = listener
        self._room = threading.BoundedSemaphore(MAX_REQUESTS)
        super().__init__(address, _Handler)

    def process_request(
        self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object
    ) -> None:
        """Wait for room, then serve the request on a thread."""
        while not self._room.acquire(timeout=LONGEST_READ_S):
            if self.listener.stopping.is_set():
                self.shutdown_request(request)
                return
        super().process_request(request, client_address)

    def process_request_thread(
        self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object
    ) -> None:
        """Serve the request and make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Count a request that broke; nothing is printed."""
        del request, client_address
        self.listener.meter.failed("a request broke off", "connected")


class _Handler(BaseHTTPRequestHandler):
    """Takes posts of one listener."""

    server_version = "darkwake"
    sys_version = ""
    timeout: ClassVar[float] = _READ_TIMEOUT_S
    server: _Server

    def do_POST(self) -> None:
        """Take one body."""
        listener = self.server.listener
        if urlsplit(self.path).path != listener.path:
            self._answer(404, "no such path")
        elif not listener.may_post(self.headers.get("Authorization", "")):
            self._answer(401, "wrong name or password")
        elif (body := self._body()) is not None:
            try:
                listener.take(body)
            except SinkClosedError:
                self._answer(503, "stopping")
            else:
                self._answer(200, "ok")

    def _body(self) -> bytes | None:
        """Return the body, or None after an answer that refuses it."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 12):
            self._answer(411, "Content-Length is needed")
            return None
        if int(length) > MAX_BODY_BYTES:
            self._answer(413, f"more than {MAX_BODY_BYTES} bytes")
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self._answer(400, "truncated")
            return None
        if self.headers.get("Content-Encoding", "identity").lower() != "gzip":
            return body
        try:
            return unpacked(body)
        except TooLongError:
            self._answer(413, f"more than {MAX_BODY_BYTES} bytes unpacked")
        except ValueError as error:
            self._answer(400, str(error))
        return None

    def _answer(self, code: int, text: str) -> None:
        body = (text + "\n").encode("utf-8")
        self.close_connection = True
        self.send_response(code)
        if code == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="darkwake"')
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the inherited name
        """Print nothing: the status counts."""


class HttpListener(Worker):
    """`http-listen://127.0.0.1:8100/ais`: takes posts.

    Options: `username` and `password_env` ask for them (HTTP Basic, AIS-catcher's USERPWD).
    """

    def __init__(self, spec: FeedSpec) -> None:
        super().__init__(spec)
        settings = Settings(spec)
        self._address = (settings.host(), settings.port())
        self.path = settings.url.path or "/"
        username = settings.text("username", "")
        password = settings.secret("password_env")
        settings.finish()
        word = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
        self._wanted = f"Basic {word}" if username or password else ""
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        """Return the port listened on, once started."""
        if self._server is None:
            raise RuntimeError(f"feed {self.name!r} was not started")
        return int(self._server.server_address[1])

    def may_post(self, authorization: str) -> bool:
        """Tell whether a request brings the right name and password."""
        given = authorization.encode("utf-8", "replace")
        return not self._wanted or hmac.compare_digest(given, self._wanted.encode("ascii"))

    def take(self, body: bytes) -> None:
        """Hand a body over; returns when the sink has it.

        Raises:
            SinkClosedError: the sink takes nothing any more.
        """
        with self._lock:
            if self._session is None or self.stopping.is_set():
                raise SinkClosedError
            self._session.take(body, framed=True)
            self._session.hand_over()

    def prepare(self) -> None:
        """Open the port."""
        try:
            self._server = _Server(self._address, self)
        except OSError as error:
            what = error.strerror or str(error)
            raise Settings(self.spec).error(f"cannot listen on {self.spec.url}: {what}") from error
        self._server.timeout = LONGEST_READ_S

    def run(self, sink: Sink) -> None:
        """Serve requests until `stopping` is set."""
        server = self._server
        if server is None:
            raise RuntimeError("the port is not open")
        self._session = session = Session(self.spec, sink, self.meter)
        self.meter.connected()
        with server:
            server.daemon_threads = True
            while not self.stopping.is_set():
                server.handle_request()
                with self._lock:
                    session.tick()
        with self._lock, suppress(SinkClosedError):
            session.end()


class PolledPage(BaseConnection):
    """A page that is fetched every so often."""

    framed = True

    def __init__(self, url: str, every_s: float, *, ca_file: str | None, login: str) -> None:
        self._url = url
        self._every_s = every_s
        self._due_s = time.monotonic()
        self._session = requests.Session()
        self._verify = ca_file or True  # given with each request: the environment's would win
        if login:
            self._session.headers["Authorization"] = login

    def receive(self, timeout_s: float) -> list[bytes]:
        """Fetch the page when it is due; see `Connection`."""
        wait_s = self._due_s - time.monotonic()
        if wait_s > 0:
            time.sleep(min(wait_s, timeout_s))
            return []
        self._due_s = time.monotonic() + self._every_s
        try:
            return [self._fetch()]
        except requests.RequestException as error:
            raise ConnectionLostError(f"{type(error).__name__}: {error}") from error

    def _fetch(self) -> bytes:
        # A page that sends us elsewhere could send us anywhere: only the configured one is read.
        with self._session.get(
            self._url,
            timeout=_POLL_TIMEOUT_S,
            stream=True,
            allow_redirects=False,
            verify=self._verify,
        ) as answer:
            if answer.status_code != 200:
                raise ConnectionLostError(f"the server answers {answer.status_code}")
            parts: list[bytes] = []
            size = 0
            for part in answer.iter_content(_BLOCK_BYTES):
                parts.append(part)
                size += len(part)
                if size > MAX_BODY_BYTES:
                    raise ConnectionLostError(f"a page of more than {MAX_BODY_BYTES >> 20} MiB")
            return b"".join(parts)

    def close(self) -> None:
        """Close the connection that is kept open between two fetches."""
        self._session.close()


class HttpPoller(ConnectingWorker):
    """`https://host/path`: fetched every `interval_s`; sentences, JSON, or JSON lines.

    Options: `username`, `password_env`, `token_env` (sent as a bearer), `ca_file`.
    """

    def __init__(self, spec: FeedSpec) -> None:
        settings = Settings(spec)
        self._every_s = settings.number("interval_s", 60, 0.05, 86_400)
        self.silence_default_s = 0.0  # each fetch is an attempt of its own
        settings.number("silence_timeout_s", 0, 0, 0)
        super().__init__(spec, settings)
        settings.host()
        username, password = settings.text("username", ""), settings.secret("password_env")
        token = settings.secret("token_env")
        self._ca_file = settings.file("ca_file")
        settings.finish()
        self._login = f"Bearer {token}" if token else ""
        if username or password:
            word = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
            self._login = f"Basic {word}"

    def connect(self) -> Connection:
        """Return the page, not fetched yet."""
        return PolledPage(self.spec.url, self._every_s, ca_file=self._ca_file, login=self._login)
