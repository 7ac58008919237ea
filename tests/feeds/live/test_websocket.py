"""aisstream.io's protocol over a real WebSocket server on loopback, with TLS."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from feeds.live import FeedSpec, open_source
from tests.feeds.live.common import (
    WAIT_S,
    Collector,
    certificate,
    line,
    recorded,
    running,
    traffic,
    wait_for,
)
from tests.feeds.live.test_records import AISSTREAM, AISSTREAM_STATIC
from vessels.errors import ConfigError

Visit = Callable[[ServerConnection], None]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("AISSTREAM_API_KEY", "key-1")
    monkeypatch.setattr("feeds.live.worker.FIRST_WAIT_S", 0.02)


@contextmanager
def server(visit: Visit, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve WebSockets; yield the port."""

    def quiet(client: ServerConnection) -> None:
        try:
            visit(client)
        except ConnectionClosed:
            return

    with serve(
        quiet, "127.0.0.1", 0, ssl=context, close_timeout=0.5, compression=None
    ) as running_server:
        threading.Thread(target=running_server.serve_forever, daemon=True).start()
        try:
            yield running_server.socket.getsockname()[1]
        finally:
            running_server.shutdown()


def test_the_subscription_is_sent_and_messages_are_read_over_tls(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    asked: list[dict[str, object]] = []

    def visit(client: ServerConnection) -> None:
        asked.append(json.loads(client.recv(timeout=WAIT_S)))
        client.send(json.dumps(AISSTREAM))
        client.send(json.dumps(AISSTREAM_STATIC).encode())
        client.recv()

    sink = Collector()
    with (
        server(visit, context) as port,
        running(
            f"wss://localhost:{port}/v0/stream",
            sink,
            ca_file=str(cert),
            bounding_boxes=[[170, -10, -170, 10], [0, 50, 10, 60]],
            message_types=["PositionReport"],
            mmsi=["247193240"],
        ),
    ):
        sink.wait_rows(2)
    assert asked == [
        {
            "APIKey": "key-1",
            "BoundingBoxes": [
                [[-10, 170], [10, 180.0]],
                [[-10, -180.0], [10, -170]],
                [[50, 0], [60, 10]],
            ],
            "FiltersShipMMSI": ["247193240"],
            "FilterMessageTypes": ["PositionReport"],
        }
    ]
    assert sink.table()["mmsi"].to_pylist() == [247193240, 257038990]


def test_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with (
        server(lambda client: client.send("x"), context) as port,
        running(f"wss://localhost:{port}/", Collector()) as it,
    ):
        wait_for(lambda: it.status().failures > 0)
        assert "certificate" in it.status().last_error


def test_an_error_of_the_service_is_told_and_tried_again() -> None:
    visits: list[int] = []

    def visit(client: ServerConnection) -> None:
        visits.append(1)
        client.recv(timeout=WAIT_S)
        if len(visits) == 1:
            client.send(json.dumps({"error": "Api Key Is Not Valid\x1b[2J"}))
        else:
            client.send(json.dumps(AISSTREAM))
        client.recv()

    sink = Collector()
    told: set[str] = set()
    with server(visit) as port, running(f"ws://127.0.0.1:{port}/", sink) as it:

        def done() -> bool:
            told.add(it.status().last_error)
            return sink.rows == 1

        wait_for(done)
    assert "the server says: Api Key Is Not Valid [2J" in told


def test_an_open_socket_without_a_frame_is_left() -> None:
    visits: list[int] = []

    def visit(client: ServerConnection) -> None:
        visits.append(1)
        if len(visits) > 1:
            client.send(json.dumps(AISSTREAM))
        client.recv()
        client.recv()

    sink = Collector()
    with (
        server(visit) as port,
        running(f"ws://127.0.0.1:{port}/", sink, silence_timeout_s=0.4) as it,
    ):
        sink.wait_rows(1)
        assert it.status().reconnects >= 1


def test_a_sink_that_is_behind_blocks_the_server_and_nothing_is_lost() -> None:
    block = traffic(500)
    frames = 400  # 16 MB: more than the sockets and the library hold
    sent = [0]

    def visit(client: ServerConnection) -> None:
        for _ in range(frames):
            client.send(block)
            sent[0] += 1
        client.recv()

    sink = Collector()
    sink.open.clear()
    with (
        server(visit) as port,
        running(f"ws://127.0.0.1:{port}/", sink, subscribe="none"),
    ):
        assert sink.blocked.wait(WAIT_S)
        stalled = -1
        while stalled != sent[0]:
            stalled = sent[0]
            time.sleep(0.5)
        assert stalled < frames
        sink.open.set()
        wanted, _ = recorded(block)
        sink.wait_rows(frames * wanted.num_rows)
    assert sink.rows == frames * wanted.num_rows


def test_a_frame_that_is_too_long_ends_the_connection_and_not_the_feed() -> None:
    visits: list[int] = []

    def visit(client: ServerConnection) -> None:
        visits.append(1)
        client.send("x" * (2 << 20) if len(visits) == 1 else line(1))
        client.recv()
        client.recv()

    sink = Collector()
    with server(visit) as port, running(f"ws://127.0.0.1:{port}/", sink) as it:
        sink.wait_rows(1)
        assert it.status().failures >= 1


def test_a_missing_key_and_bad_boxes_are_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = "wss://stream.aisstream.io/v0/stream"
    for boxes in ([[1, 2, 3]], [[0, 50, 10, 40]], [["a", 1, 2, 3]], [[0, 0, 500, 1]], "world"):
        with pytest.raises(ConfigError, match="bounding_boxes"):
            open_source(FeedSpec("a", url, options={"bounding_boxes": boxes}))
    monkeypatch.delenv("AISSTREAM_API_KEY")
    with pytest.raises(ConfigError, match="AISSTREAM_API_KEY"):
        open_source(FeedSpec("a", url))
    secret = tmp_path / "key"
    secret.write_text("from-file\n")
    monkeypatch.setenv("AISSTREAM_API_KEY_FILE", str(secret))
    assert "from-file" in open_source(FeedSpec("a", url))._subscription  # noqa: SLF001 - what goes out is the point
