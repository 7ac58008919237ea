"""Sinks, generated traffic and waiting, for the tests of live sources."""

import io
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from feeds.live import Chunk, FeedSpec, SinkClosedError, Source, open_source
from feeds.nmea import read_nmea
from feeds.report import ReadReport
from tests.feeds.nmea.sentences import armour, sentence, static, tagged
from vessels.schema import FIXES

START_S = 1_700_000_000
WAIT_S = 90.0
"""Longer than any machine under load needs: only a failure takes so long."""


class Collector:
    """A sink that keeps everything; it blocks while `open` is cleared."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.open = threading.Event()
        self.open.set()
        self.blocked = threading.Event()
        self.closed = False
        self._lock = threading.Lock()

    def put(self, chunk: Chunk) -> None:
        """Keep a chunk."""
        if not self.open.is_set():
            self.blocked.set()
            self.open.wait()
        if self.closed:
            raise SinkClosedError
        with self._lock:
            self.chunks.append(chunk)

    @property
    def rows(self) -> int:
        """Return how many rows came."""
        return sum(chunk.table.num_rows for chunk in list(self.chunks))

    def table(self) -> pa.Table:
        """Return all rows in the order of their coming."""
        return pa.concat_tables([FIXES.empty_table(), *(chunk.table for chunk in self.chunks)])

    def wait_rows(self, rows: int) -> None:
        """Wait until so many rows came."""
        wait_for(lambda: self.rows >= rows, lambda: f"{self.rows} of {rows} rows")


def wait_for(done: Callable[[], bool], told: Callable[[], Any] = lambda: "") -> None:
    """Wait until something is so; fail after WAIT_S."""
    end = time.monotonic() + WAIT_S
    while not done():
        assert time.monotonic() < end, f"waited {WAIT_S} s in vain: {told()}"
        time.sleep(0.005)


@contextmanager
def running(
    url: str,
    sink: Collector,
    *,
    cursor: bytes | None = None,
    clock: Any = "message",
    **options: Any,
) -> Iterator[Source]:
    """Run a source; stop it and let its sink go at the end."""
    source = open_source(FeedSpec("north", url, clock, options))
    source.start(sink, cursor)
    try:
        yield source
    finally:
        sink.open.set()
        source.stop()


def position(number: int, *, mmsi: int | None = None, channel: bytes = b"A") -> bytes:
    """Return a class A position sentence; each number another place."""
    ship = 366_000_001 + number % 500 if mmsi is None else mmsi
    lon, lat = 6_000_000 + 37 * number, 24_000_000 + 11 * number
    bits = f"{1:06b}{0:02b}{ship:030b}{0:04b}{128:08b}{number % 200:010b}0"
    bits += f"{lon:028b}{lat:027b}{number % 3600:012b}{511:09b}{number % 60:06b}" + "0" * 25
    payload, fill = armour(bits)
    return sentence(payload, fill=fill, channel=channel)


def line(number: int) -> bytes:
    """Return a tagged position sentence, a second after the one before."""
    return tagged(position(number), b"s:st%d,c:%d" % (number % 3, START_S + number)) + b"\r\n"


def traffic(rows: int, first: int = 0) -> bytes:
    """Return so many position lines, a static message of two parts after every hundredth."""
    parts: list[bytes] = []
    for number in range(first, first + rows):
        parts.append(line(number))
        if number % 100 == 99:
            seq = b"%d" % (number // 100 % 10)
            one, two = static(seq)
            parts += [tagged(one, b"c:%d" % (START_S + number)) + b"\r\n", two + b"\r\n"]
    return b"".join(parts)


def recorded(data: bytes) -> tuple[pa.Table, ReadReport]:
    """Return the rows and counts that reading a recording gives."""
    report = ReadReport()
    tables = list(read_nmea(io.BytesIO(data), path="recording", report=report))
    return pa.concat_tables([FIXES.empty_table(), *tables]), report


def same_rows(left: pa.Table, right: pa.Table) -> bool:
    """Tell whether two tables hold the same rows in the same order."""
    return left.to_pylist() == right.to_pylist()


class Server:
    """A TCP server on loopback that does one thing with each client, in turn.

    Args:
        visits: called with each client's socket, one after another; the last is used for all that
            follow.
        context: TLS of the server, where it speaks TLS.
    """

    def __init__(
        self, *visits: Callable[[socket.socket], None], context: ssl.SSLContext | None = None
    ) -> None:
        self._visits = list(visits)
        self._context = context
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.clients = 0
        self.errors: list[Exception] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        with socket.socket() as poke:
            poke.connect_ex(("127.0.0.1", self.port))
        self._server.close()
        self._thread.join(WAIT_S)

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if self._stopping:
                client.close()
                return
            visit = self._visits[min(self.clients, len(self._visits) - 1)]
            self.clients += 1
            try:
                if self._context is not None:
                    client = self._context.wrap_socket(client, server_side=True)
                with client:
                    visit(client)
            except OSError as error:
                self.errors.append(error)
                client.close()


def send(data: bytes) -> Callable[[socket.socket], None]:
    """Return a visit that sends data and hangs up."""
    return lambda client: client.sendall(data)


def send_and_wait(data: bytes) -> Callable[[socket.socket], None]:
    """Return a visit that sends data and waits for the client to hang up."""

    def visit(client: socket.socket) -> None:
        client.sendall(data)
        client.settimeout(WAIT_S)
        client.recv(1)

    return visit


def certificate(folder: Path) -> tuple[Path, Path]:
    """Return (certificate, key) for 127.0.0.1 and localhost, signed by itself."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(  # noqa: S603 - our own words
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", str(key)),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


def drop(path: Path, data: bytes) -> None:
    """Put a file into a folder the way a transfer does: aside, then renamed, never half there."""
    aside = path.with_name(f"{path.name}.part")
    aside.write_bytes(data)
    aside.rename(path)


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
