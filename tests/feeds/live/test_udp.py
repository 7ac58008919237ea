"""UDP with real sockets: unicast, multicast, senders kept apart, losses counted."""

import socket
import sys
import time

import pytest

from feeds.live import FeedSpec, open_source
from feeds.live.settings import Settings
from tests.feeds.live.common import WAIT_S, Collector, line, recorded, running, traffic, wait_for
from tests.feeds.nmea.sentences import static, tagged
from vessels.errors import ConfigError


def port_of(source: object) -> int:
    port = source.port
    assert isinstance(port, int)
    return port


def test_datagrams_give_the_rows_of_their_recording() -> None:
    data = traffic(2_000)
    wanted, _ = recorded(data)
    sink = Collector()
    with running("udp://127.0.0.1:0", sink) as it, socket.socket(type=socket.SOCK_DGRAM) as out:
        lines = data.splitlines(keepends=True)
        for at in range(0, len(lines), 10):
            text = b"".join(lines[at : at + 10])
            out.sendto(text.strip() if at % 20 else text, ("127.0.0.1", port_of(it)))
            if at % 200 == 190:  # no more on its way than the system's buffer holds
                wait_for(lambda at=at: it.status().lines == at + 10)
        sink.wait_rows(wanted.num_rows)
    assert sink.table().to_pylist() == wanted.to_pylist()
    assert it.status().dropped == 0


def test_halves_from_two_senders_are_not_joined() -> None:
    one, two = static()
    sink = Collector()
    with (
        running("udp://127.0.0.1:0", sink) as it,
        socket.socket(type=socket.SOCK_DGRAM) as left,
        socket.socket(type=socket.SOCK_DGRAM) as right,
    ):
        for out in (left, right):
            out.connect(("127.0.0.1", port_of(it)))
        left.send(tagged(one))
        right.send(tagged(two))
        left.send(line(0))
        sink.wait_rows(1)
        left.send(tagged(two))  # its own other half
        sink.wait_rows(2)
    assert sink.table()["name"].to_pylist()[1] == "EVER DIADEM"
    assert it.status().rejected == {"incomplete_multipart": 1}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what it dropped")
def test_what_the_system_drops_while_the_sink_is_behind_is_counted() -> None:
    sink = Collector()
    sink.open.clear()
    sent = 0
    with (
        running("udp://127.0.0.1:0", sink, buffer_bytes=65_536) as it,
        socket.socket(type=socket.SOCK_DGRAM) as out,
    ):
        out.connect(("127.0.0.1", port_of(it)))
        out.send(line(0))
        sent += 1
        assert sink.blocked.wait(WAIT_S)
        for number in range(5_000):
            out.send(line(number + 1))
            sent += 1
        sink.open.set()
        wait_for(lambda: sink.rows > 1)
        end = time.monotonic() + WAIT_S
        while it.status().dropped + sink.rows != sent:
            assert time.monotonic() < end, (it.status().dropped, sink.rows, sent)
            out.send(line(9_000 + sent % 500))  # the count comes with one that found room
            sent += 1
            time.sleep(0.2)
        assert it.status().dropped > 1_000


def test_a_multicast_group_is_joined() -> None:
    group = "239.255.77.7"
    sink = Collector()
    with socket.socket(type=socket.SOCK_DGRAM) as out:
        out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        try:
            with running(f"udp://{group}:0", sink, interface="127.0.0.1") as it:
                end = time.monotonic() + WAIT_S
                while not sink.rows and time.monotonic() < end:
                    out.sendto(line(0), (group, port_of(it)))
                    time.sleep(0.05)
        except (ConfigError, OSError) as error:
            pytest.skip(f"no multicast on the loopback of this machine: {error}")
    assert sink.rows


def test_a_port_in_use_is_told_at_once() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        source = open_source(FeedSpec("n", f"udp://127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(ConfigError, match="cannot listen"):
            source.start(Collector())


def test_an_address_without_port_is_refused() -> None:
    with pytest.raises(ConfigError, match="no port"):
        open_source(FeedSpec("n", "udp://127.0.0.1"))
    assert Settings(FeedSpec("n", "udp://127.0.0.1")).port(10_110) == 10_110


def test_a_port_that_is_silent_is_opened_anew_and_still_heard() -> None:
    sink = Collector()
    with (
        running("udp://127.0.0.1:0", sink, silence_timeout_s=0.3) as it,
        socket.socket(type=socket.SOCK_DGRAM) as out,
    ):
        port = port_of(it)
        wait_for(lambda: it.status().reconnects >= 1)
        assert "no valid position for 0.3 s" in it.status().last_error
        end = time.monotonic() + WAIT_S
        while not sink.rows:  # between closing and opening nobody listens
            assert time.monotonic() < end
            out.sendto(line(1), ("127.0.0.1", port))
            time.sleep(0.02)
    assert it.status().state == "stopped"
