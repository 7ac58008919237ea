"""TCP: a client with or without TLS, and a server that receivers connect to."""

import contextlib
import socket
import ssl
import threading
import time

from feeds.live.session import Session
from feeds.live.settings import Settings
from feeds.live.source import FeedSpec, Sink, SinkClosedError
from feeds.live.tls import client_context
from feeds.live.worker import (
    LONGEST_READ_S,
    BaseConnection,
    ConnectingWorker,
    Connection,
    ConnectionLostError,
    Worker,
)

READ_BYTES = 1 << 16
CONNECT_TIMEOUT_S = 10.0
MAX_CLIENTS = 64
"""Most receivers that may be connected to one listening feed."""


class SocketConnection(BaseConnection):
    """A connected stream socket, TLS or not."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def receive(self, timeout_s: float) -> list[bytes]:
        """Return the next bytes; see `Connection`."""
        self._socket.settimeout(max(timeout_s, 0.001))
        try:
            data = self._socket.recv(READ_BYTES)
        except (TimeoutError, ssl.SSLWantReadError):
            return []
        if not data:
            raise ConnectionLostError("the other side closed the connection")
        return [data]

    def close(self) -> None:
        """Close it."""
        with contextlib.suppress(OSError):
            self._socket.close()


class TcpClient(ConnectingWorker):
    """`tcp://host:port`, `tcps://host:port`: connects, and comes back when it breaks."""

    def __init__(self, spec: FeedSpec) -> None:
        settings = Settings(spec)
        super().__init__(spec, settings)
        self._address = (settings.host(), settings.port())
        self._context = client_context(settings) if settings.url.scheme == "tcps" else None
        settings.finish()

    def connect(self) -> Connection:
        """Return a connection to the configured address."""
        connected = socket.create_connection(self._address, timeout=CONNECT_TIMEOUT_S)
        try:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if self._context is not None:
                host = self._address[0]
                connected = self._context.wrap_socket(connected, server_hostname=host)
        except BaseException:
            connected.close()
            raise
        return SocketConnection(connected)


class TcpListener(Worker):
    """`tcp-listen://host:port`: receivers connect to us, each with a thread of its own.

    Lines of different receivers are never mixed, so each has its own decoder.
    """

    def __init__(self, spec: FeedSpec) -> None:
        super().__init__(spec)
        settings = Settings(spec)
        self._silence_s = settings.silence_s()
        self._max_clients = int(settings.number("max_clients", 16, 1, MAX_CLIENTS))
        self._address = (settings.host(), settings.port())
        settings.finish()
        self._lock = threading.Lock()
        self._clients: dict[threading.Thread, socket.socket] = {}
        self._server: socket.socket | None = None

    @property
    def port(self) -> int:
        """Return the port listened on, once started."""
        if self._server is None:
            raise RuntimeError(f"feed {self.name!r} was not started")
        return int(self._server.getsockname()[1])

    def prepare(self) -> None:
        """Open the port."""
        settings = Settings(self.spec)
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        try:
            self._server = socket.create_server(self._address, family=family, backlog=16)
        except OSError as error:
            raise settings.error(f"cannot listen on {self.spec.url}: {error.strerror}") from error
        self._server.settimeout(LONGEST_READ_S)

    def run(self, sink: Sink) -> None:
        """Accept receivers until `stopping` is set, then wait for their threads."""
        server = self._server
        if server is None:
            raise RuntimeError("the port is not open")
        self.meter.state("waiting")
        with server:
            while not self.stopping.is_set():
                try:
                    client, _ = server.accept()
                except TimeoutError:
                    continue
                self._admit(client, sink)
        for thread in list(self._clients):
            thread.join()

    def _admit(self, client: socket.socket, sink: Sink) -> None:
        with self._lock:
            if len(self._clients) >= self._max_clients:
                # Told before it is hung up on: whoever sees the end can read why.
                self.meter.failed(f"more than {self._max_clients} receivers", "connected")
                client.close()
                return
            thread = threading.Thread(
                target=self._serve, args=(client, sink), name=f"feed-{self.name}-in", daemon=True
            )
            self._clients[thread] = client
        self.meter.connected()
        thread.start()

    def _serve(self, client: socket.socket, sink: Sink) -> None:
        session = Session(self.spec, sink, self.meter)
        try:
            with SocketConnection(client) as connection:
                self._read(connection, session)
        except (ConnectionLostError, OSError) as error:
            self.meter.failed(error, "connected")
        except SinkClosedError:
            self.stopping.set()
        finally:
            with contextlib.suppress(SinkClosedError):
                session.end()
            with self._lock:
                del self._clients[threading.current_thread()]
                if not self._clients and not self.stopping.is_set():
                    self.meter.state("waiting")

    def _read(self, connection: SocketConnection, session: Session) -> None:
        heard, quiet_s = 0, 0.0
        while not self.stopping.is_set():
            started_s = time.monotonic()
            items = connection.receive(session.wait_s(LONGEST_READ_S))
            quiet_s += time.monotonic() - started_s
            if any([session.take(item, framed=False) for item in items]):  # noqa: C419 - all of them
                session.hand_over()
            else:
                session.tick()
            if session.positions > heard:
                heard, quiet_s = session.positions, 0.0
            if 0 < self._silence_s <= quiet_s:
                raise ConnectionLostError(f"no valid position for {self._silence_s:g} s")
