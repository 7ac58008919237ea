"""HTTP over real sockets: posts taken, pushed back and refused; pages polled, also with TLS."""

import gzip
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from feeds.live.http import MAX_BODY_BYTES
from tests.feeds.live.common import (
    WAIT_S,
    Collector,
    certificate,
    line,
    recorded,
    running,
    same_rows,
    traffic,
    wait_for,
)
from tests.feeds.live.test_records import AIS_CATCHER


def url_of(source: Any, path: str = "/ais") -> str:
    return f"http://127.0.0.1:{source.port}{path}"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


def test_posts_of_a_receiver_are_taken_plain_and_packed() -> None:
    sink = Collector()
    envelope = {"protocol": "jsonaiscatcher", "stationid": "s1", "msgs": [AIS_CATCHER]}
    with running("http-listen://127.0.0.1:0/ais", sink) as it:
        body = json.dumps(envelope).encode()
        packed = gzip.compress(traffic(3))
        assert requests.post(url_of(it), body, timeout=WAIT_S).status_code == 200
        assert sink.rows == 1
        answer = requests.post(
            url_of(it), packed, headers={"Content-Encoding": "gzip"}, timeout=WAIT_S
        )
        assert answer.text == "ok\n"
        assert sink.rows == 4
        assert it.status().bytes == len(body) + len(traffic(3))


def test_a_post_is_answered_only_after_the_sink_has_its_rows() -> None:
    sink = Collector()
    sink.open.clear()
    answers: list[int] = []
    with running("http-listen://127.0.0.1:0/ais", sink) as it:

        def post() -> None:
            answers.append(requests.post(url_of(it), traffic(5), timeout=WAIT_S).status_code)

        senders = [threading.Thread(target=post) for _ in range(3)]
        for sender in senders:
            sender.start()
        assert sink.blocked.wait(WAIT_S)
        assert not answers
        sink.open.set()
        for sender in senders:
            sender.join()
    assert answers == [200, 200, 200]
    assert sink.rows == 15


def test_what_is_no_sound_post_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVER_PASSWORD", "s3cret")
    sink = Collector()
    options = {"username": "station", "password_env": "RECEIVER_PASSWORD"}
    with running("http-listen://127.0.0.1:0/ais", sink, **options) as it:
        login = ("station", "s3cret")

        def code(path: str = "/ais", body: bytes = b"x", **more: Any) -> int:
            return requests.post(url_of(it, path), body, timeout=WAIT_S, **more).status_code

        packed = {"Content-Encoding": "gzip"}
        assert code() == 401
        assert code(auth=("station", "wrong")) == 401
        assert code(auth=("station", "s3cr\u00e9t")) == 401
        assert code("/other", auth=login) == 404
        assert code(body=b"not gzip", headers=packed, auth=login) == 400
        assert code(body=gzip.compress(traffic(9))[:-30], headers=packed, auth=login) == 400
        bomb = gzip.compress(b"x" * (MAX_BODY_BYTES + 1))
        assert code(body=bomb, headers=packed, auth=login) == 413
        assert requests.get(url_of(it), timeout=WAIT_S).status_code == 501
        assert code(body=line(1), auth=login) == 200
    assert sink.rows == 1


def raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        parts = []
        while part := client.recv(4_096):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"POST /ais HTTP/1.1\r\nHost: x\r\n\r\n", b" 411 "),
        (b"POST /ais HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", b" 411 "),
        (b"POST /ais HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", b" 413 "),
        (b"POST /ais HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nshort", b" 400 "),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b" 400 "),
    ],
)
def test_broken_requests_are_answered_and_the_listener_lives(request_: bytes, code: bytes) -> None:
    sink = Collector()
    with running("http-listen://127.0.0.1:0/ais", sink) as it:
        port = it.port
        assert code.strip() in raw(port, request_)[:300]
        assert requests.post(url_of(it), line(1), timeout=WAIT_S).status_code == 200
    assert sink.rows == 1


class Pages(HTTPServer):
    """Serves bodies one after another, the last for ever."""

    def __init__(self, *bodies: tuple[int, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.bodies = list(bodies)
        self.asked: list[str] = []


class Page(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Pages

    def do_GET(self) -> None:
        """Answer with the body whose turn it is."""
        self.server.asked.append(self.headers.get("Authorization", ""))
        at = min(len(self.server.asked), len(self.server.bodies)) - 1
        code, body = self.server.bodies[at]
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/elsewhere")  # followed, it would bring the next body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def serve() -> Iterator[Any]:
    servers: list[Pages] = []

    def begin(*bodies: tuple[int, bytes], context: ssl.SSLContext | None = None) -> Pages:
        server = Pages(*bodies)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_page_is_polled_with_its_token(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGE_TOKEN", "abc")
    server = serve((200, traffic(3)), (200, json.dumps([AIS_CATCHER]).encode()))
    sink = Collector()
    url = f"http://127.0.0.1:{server.server_port}/latest"
    with running(
        url,
        sink,
        interval_s=0.05,
        token_env="PAGE_TOKEN",  # noqa: S106 - the name of a variable
    ):
        sink.wait_rows(4)
    assert set(server.asked) == {"Bearer abc"}


def test_a_page_that_fails_redirects_or_never_ends_is_told(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.live.worker.FIRST_WAIT_S", 0.02)
    endless = b"x" * (MAX_BODY_BYTES + 70_000)
    server = serve((500, b""), (302, b""), (200, endless), (200, line(1)))
    sink = Collector()
    url = f"http://127.0.0.1:{server.server_port}/"
    with running(url, sink, interval_s=0.05) as it:
        told: set[str] = set()

        def done() -> bool:
            told.add(it.status().last_error)
            return sink.rows > 0

        wait_for(done)
        assert it.status().failures == 3
    assert "a page of more than 8 MiB" in told


def test_https_is_polled_where_the_authority_is_known_and_else_refused(
    serve: Any, tmp_path: Path
) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server = serve((200, traffic(100)), context=context)
    url = f"https://localhost:{server.server_port}/"
    sink = Collector()
    with running(url, sink, interval_s=5, ca_file=str(cert)):
        wanted, _ = recorded(traffic(100))
        sink.wait_rows(wanted.num_rows)
    assert same_rows(sink.table(), wanted)
    with running(url, Collector(), interval_s=5) as it:
        wait_for(lambda: it.status().failures > 0)
        assert "SSLError" in it.status().last_error
