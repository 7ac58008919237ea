"""TCP client and server with real sockets: cuts, garbage, back-pressure, TLS, silence."""

import socket
import ssl
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from feeds.live import FeedSpec, open_source
from feeds.live.worker import Backoff
from tests.feeds.live.common import (
    WAIT_S,
    Collector,
    Server,
    certificate,
    free_port,
    line,
    recorded,
    running,
    same_rows,
    send,
    send_and_wait,
    traffic,
    wait_for,
)
from vessels.errors import ConfigError


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port))


def test_a_stream_over_tcp_gives_the_rows_of_its_recording() -> None:
    data = traffic(5_000)
    wanted, report = recorded(data)
    sink = Collector()
    with (
        Server(send_and_wait(data)) as server,
        running(f"tcp://127.0.0.1:{server.port}", sink) as it,
    ):
        sink.wait_rows(wanted.num_rows)
        assert it.status().connected
    assert same_rows(sink.table(), wanted)
    status = it.status()
    assert status.state == "stopped"
    assert status.bytes == len(data)
    assert status.lines == data.count(b"\n")
    assert status.messages == report.rows_decoded
    assert status.positions == 5_000
    assert status.dropped == 0
    assert status.reconnects == 0
    assert status.last_position_time_us == 1_000_000 * (1_700_000_000 + 4_999)
    assert all(chunk.feed == "north" and chunk.cursor is None for chunk in sink.chunks)


def test_connections_that_break_are_made_anew_and_each_brings_its_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("feeds.live.worker.FIRST_WAIT_S", 0.02)
    parts = [traffic(50, first) for first in (0, 50, 100)]
    sink = Collector()
    visits = [send(parts[0] + b"!AIVDM,1,1,,A,15RT"), send(b""), send(parts[1])]
    with (
        Server(*visits, send_and_wait(b"\xff\x00garbage\r\n" + parts[2])) as server,
        running(f"tcp://127.0.0.1:{server.port}", sink) as it,
    ):
        wanted, _ = recorded(b"".join(parts))
        sink.wait_rows(wanted.num_rows)
        assert it.status().reconnects == 3
        assert it.status().failures == 3
        assert "closed the connection" in it.status().last_error
    assert same_rows(sink.table(), wanted)
    assert it.status().rejected["noise"] == 1
    # The broken line ends with its connection: it never joins the first line of the next.
    assert it.status().rejected["bad_checksum"] == 1


def test_a_sink_that_is_behind_blocks_the_sender_and_nothing_is_lost() -> None:
    data = traffic(5_000) * 40
    sent = [0]
    sink = Collector()
    sink.open.clear()

    def visit(client: socket.socket) -> None:
        for start in range(0, len(data), 65_536):
            client.sendall(data[start : start + 65_536])
            sent[0] = start + 65_536
        client.settimeout(WAIT_S)
        client.recv(1)

    with Server(visit) as server, running(f"tcp://127.0.0.1:{server.port}", sink):
        assert sink.blocked.wait(WAIT_S)
        stalled = -1
        while stalled != sent[0]:  # until the sender makes no way for a while
            stalled = sent[0]
            time.sleep(0.5)
        assert stalled < len(data) - 1_000_000, "the sender was never held back"
        assert sink.rows == 0
        sink.open.set()
        wanted, _ = recorded(data)
        sink.wait_rows(wanted.num_rows)
    assert same_rows(sink.table(), wanted)


def test_a_server_that_is_silent_is_left_and_connected_to_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("feeds.live.worker.FIRST_WAIT_S", 0.02)
    sink = Collector()
    garbage = b"$GPGGA,,,\r\n"
    with (
        Server(send_and_wait(line(0) + garbage), send_and_wait(line(1))) as server,
        running(f"tcp://127.0.0.1:{server.port}", sink, silence_timeout_s=0.6) as it,
    ):
        sink.wait_rows(2)
        assert "no valid position for 0.6 s" in it.status().last_error


def test_the_time_a_sink_takes_is_not_the_silence_of_the_feed() -> None:
    sink = Collector()
    sink.open.clear()
    with (
        Server(send_and_wait(line(0))) as server,
        running(f"tcp://127.0.0.1:{server.port}", sink, silence_timeout_s=3.0) as it,
    ):
        assert sink.blocked.wait(WAIT_S)
        time.sleep(3.3)
        sink.open.set()
        sink.wait_rows(1)
        assert it.status().failures == 0


def test_waits_double_and_only_positions_make_them_short_again() -> None:
    ceilings: list[float] = []

    def highest(low: float, high: float) -> float:
        assert low == 0.0
        ceilings.append(high)
        return high

    backoff = Backoff(highest)
    for _ in range(12):
        backoff.next_s()
    assert ceilings == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    backoff.reset()
    assert backoff.next_s() == 1
    drawn = {Backoff().next_s() for _ in range(200)}
    assert len(drawn) > 150
    assert all(0 <= wait <= 1 for wait in drawn)


@pytest.mark.parametrize(("lines", "resets"), [(4, 0), (5, 1)])
def test_a_server_that_greets_and_hangs_up_does_not_reset_the_waits(
    lines: int, resets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.live.worker.FIRST_WAIT_S", 0.01)
    calls: list[int] = []
    monkeypatch.setattr(Backoff, "reset", lambda _: calls.append(1))
    sink = Collector()
    greeting = b"hello\r\n" + b"".join(line(n) for n in range(lines))
    with (
        Server(send_and_wait(greeting), send_and_wait(b"")) as server,
        running(f"tcp://127.0.0.1:{server.port}", sink, silence_timeout_s=2.0) as it,
    ):
        wait_for(lambda: server.clients == 2)
        assert it.status().positions == lines
    assert len(calls) == resets


def test_stopping_is_quick_while_waiting_connecting_reading_and_blocked() -> None:
    nobody = free_port()
    sink = Collector()
    waiting = open_source(FeedSpec("w", f"tcp://127.0.0.1:{nobody}"))
    waiting.start(sink)
    wait_for(lambda: waiting.status().failures > 0)
    blocked_sink = Collector()
    blocked_sink.open.clear()
    with Server(send_and_wait(line(0))) as server:
        blocked = open_source(FeedSpec("b", f"tcp://127.0.0.1:{server.port}"))
        blocked.start(blocked_sink)
        assert blocked_sink.blocked.wait(WAIT_S)
        stopped = threading.Event()

        def stop() -> None:
            waiting.stop()
            blocked.stop()
            stopped.set()

        threading.Thread(target=stop, daemon=True).start()
        assert stopped.wait(WAIT_S)
        assert waiting.status().state == "stopped"
        blocked_sink.open.set()
        wait_for(lambda: blocked.status().state == "stopped")
    assert blocked_sink.rows == 1


def test_a_sink_that_is_closed_ends_the_source_quietly() -> None:
    sink = Collector()
    sink.closed = True
    with (
        Server(send_and_wait(line(0))) as server,
        running(f"tcp://127.0.0.1:{server.port}", sink) as it,
    ):
        wait_for(lambda: it.status().state == "stopped")
        assert not it.status().last_error


def test_what_came_whole_is_handed_over_when_the_source_is_stopped() -> None:
    sink = Collector()
    untagged_after_tagged = line(0) + line(1)[line(1).index(b"!") :]
    with (
        Server(send_and_wait(untagged_after_tagged)) as server,
        running(f"tcp://127.0.0.1:{server.port}", sink) as it,
    ):
        wait_for(lambda: it.status().bytes == len(untagged_after_tagged))
    assert sink.rows == 1
    assert it.status().rejected == {"no_time": 1}


@pytest.fixture
def tls(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def test_tls_is_spoken_where_the_authority_is_known(tls: tuple[Path, ssl.SSLContext]) -> None:
    cert, context = tls
    data = traffic(3_000)
    wanted, _ = recorded(data)
    sink = Collector()
    with (
        Server(send_and_wait(data), context=context) as server,
        running(f"tcps://localhost:{server.port}", sink, ca_file=str(cert)),
    ):
        sink.wait_rows(wanted.num_rows)
    assert same_rows(sink.table(), wanted)


def test_tls_refuses_an_unknown_authority(tls: tuple[Path, ssl.SSLContext]) -> None:
    sink = Collector()
    with (
        Server(send_and_wait(line(0)), context=tls[1]) as server,
        running(f"tcps://localhost:{server.port}", sink) as it,
    ):
        wait_for(lambda: it.status().failures > 0)
        assert "certificate verify failed" in it.status().last_error
    assert sink.rows == 0


def test_several_receivers_connect_to_a_listening_feed() -> None:
    sink = Collector()
    logs = [traffic(1_000, first) for first in (0, 1_000, 2_000)]
    with running("tcp-listen://127.0.0.1:0", sink) as it, ExitStack() as stack:
        port = it.port
        clients = [stack.enter_context(connected(port)) for _ in logs]
        for start in range(0, max(map(len, logs)), 1_000):  # interleaved, cut within lines
            for client, log in zip(clients, logs, strict=True):
                client.sendall(log[start : start + 1_000])
        rows = sum(recorded(log)[0].num_rows for log in logs)
        sink.wait_rows(rows)
        assert it.status().connected
        for client in clients:
            client.close()
        wait_for(lambda: it.status().state == "waiting")
    assert it.status().rejected == {}
    by_row = sorted(map(str, sink.table().to_pylist()))
    assert by_row == sorted(str(row) for log in logs for row in recorded(log)[0].to_pylist())


def test_halves_from_two_receivers_are_not_joined_and_too_many_are_refused() -> None:
    from tests.feeds.nmea.sentences import static, tagged

    one, two = static()
    sink = Collector()
    with running("tcp-listen://127.0.0.1:0", sink, max_clients=2) as it, ExitStack() as stack:
        port = it.port
        left, right = (stack.enter_context(connected(port)) for _ in range(2))
        left.sendall(tagged(one) + b"\n")
        right.sendall(tagged(two) + b"\n")
        wait_for(lambda: it.status().lines == 2)
        third = stack.enter_context(connected(port))
        third.settimeout(WAIT_S)
        assert third.recv(1) == b""
        assert "more than 2 receivers" in it.status().last_error
        for client in (left, right, third):
            client.close()
        wait_for(lambda: it.status().rejected == {"incomplete_multipart": 2})
    assert sink.rows == 0


def test_a_silent_receiver_is_hung_up_on() -> None:
    sink = Collector()
    with running("tcp-listen://127.0.0.1:0", sink, silence_timeout_s=0.3) as it:
        port = it.port
        with connected(port) as client:
            client.settimeout(WAIT_S)
            assert client.recv(1) == b""


def test_a_port_in_use_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        source = open_source(FeedSpec("n", f"tcp-listen://127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(ConfigError, match="cannot listen"):
            source.start(Collector())
