"""Kafka through librdkafka's own cluster in memory, NATS through a real nats-server."""

import asyncio
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from feeds.live import FeedSpec, open_source
from tests.feeds.live.common import (
    WAIT_S,
    Collector,
    certificate,
    free_port,
    line,
    recorded,
    running,
    traffic,
    wait_for,
)
from tests.feeds.live.test_records import AIS_CATCHER
from vessels.errors import ConfigError

kafka = pytest.importorskip("confluent_kafka", reason="the kafka extra is not installed")
nats = pytest.importorskip("nats", reason="the nats extra is not installed")
NATS_SERVER = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
needs_nats = pytest.mark.skipif(NATS_SERVER is None, reason="no nats-server on this machine")


class Cluster:
    """A producer whose library runs three brokers that speak the real protocol."""

    def __init__(self) -> None:
        self.producer = kafka.Producer({"test.mock.num.brokers": 3, "bootstrap.servers": "none"})
        found = self.producer.list_topics("ais", timeout=WAIT_S).brokers.values()
        self.address = next(f"{broker.host}:{broker.port}" for broker in found)

    def publish(self, *messages: bytes, partition: int = 0) -> None:
        """Publish and wait until the brokers have it."""
        for message in messages:
            self.producer.produce("ais", message, partition=partition)
        assert self.producer.flush(WAIT_S) == 0


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr("feeds.live.worker.FIRST_WAIT_S", 0.05)
    return Cluster()


def test_messages_of_all_partitions_are_read(cluster: Cluster) -> None:
    cluster.publish(*(line(n).strip() for n in range(50)))
    cluster.publish(json.dumps(AIS_CATCHER).encode(), b"garbage", partition=1)
    sink = Collector()
    with running(f"kafka://{cluster.address}/ais", sink) as it:
        sink.wait_rows(51)
        cluster.publish(line(60), partition=2)
        sink.wait_rows(52)
        wait_for(lambda: it.status().rejected == {"noise": 1})
    assert it.status().dropped == 0


def test_a_restart_at_any_chunk_goes_on_behind_what_was_stored(cluster: Cluster) -> None:
    data = traffic(400)  # with messages of two sentences, each sentence a message of its own
    wanted, _ = recorded(data)
    lines = data.splitlines()
    whole = Collector()
    url = f"kafka://{cluster.address}/ais"
    with running(url, whole):
        for at in range(0, len(lines), 80):
            cluster.publish(*lines[at : at + 80])
            wait_for(lambda at=at: whole.rows >= at * 9 // 10)
        whole.wait_rows(wanted.num_rows)
    assert whole.table().to_pylist() == wanted.to_pylist()
    assert len(whole.chunks) > 3
    for kept in (1, len(whole.chunks) // 2):
        stored = whole.chunks[:kept]
        rows = sum(chunk.table.num_rows for chunk in stored)
        sink = Collector()
        with running(url, sink, cursor=stored[-1].cursor if stored else None):
            sink.wait_rows(wanted.num_rows - rows)
        both = [row for chunk in stored + sink.chunks for row in chunk.table.to_pylist()]
        assert both == wanted.to_pylist(), kept


def test_halves_of_a_message_are_joined_across_a_restart(cluster: Cluster) -> None:
    from tests.feeds.nmea.sentences import static, tagged

    one, two = static()
    url = f"kafka://{cluster.address}/ais"
    sink = Collector()
    with running(url, sink) as it:
        cluster.publish(line(1), tagged(one))
        wait_for(lambda: it.status().lines == 2)
        sink.wait_rows(1)
    cluster.publish(tagged(two))
    again = Collector()
    with running(url, again, cursor=sink.chunks[-1].cursor):
        again.wait_rows(1)
    assert again.table()["name"].to_pylist() == ["EVER DIADEM"]


def test_a_feed_that_starts_latest_reads_only_what_is_new(cluster: Cluster) -> None:
    cluster.publish(line(1))
    sink = Collector()
    with running(f"kafka://{cluster.address}/ais", sink, start="latest") as it:
        wait_for(lambda: it.status().connected)
        number, end = 2, time.monotonic() + WAIT_S
        while not sink.rows:
            assert time.monotonic() < end
            cluster.publish(line(number))
            number += 1
            time.sleep(0.02)
    assert 366_000_002 not in sink.table()["mmsi"].to_pylist()


def test_a_broker_that_is_not_there_and_a_bad_cursor_are_told() -> None:
    with running(f"kafka://127.0.0.1:{free_port()}/ais", Collector()) as it:
        wait_for(lambda: it.status().state == "connecting")
    for cursor in (b"", b"[]", b'{"offsets":{"x":1},"decoder":""}'):
        with pytest.raises(ConfigError, match="cursor"):
            open_source(FeedSpec("k", "kafka://h/ais")).start(Collector(), cursor)


class NatsServer:
    """A nats-server of our own."""

    def __init__(self, *more: str) -> None:
        self.port = free_port()
        self._command = [str(NATS_SERVER), "-a", "127.0.0.1", "-p", str(self.port), *more]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = subprocess.Popen(  # noqa: S603 - our own words
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_for(listens)

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def publish(self, *messages: bytes, subject: str = "ais.north", **options: object) -> None:
        """Publish and wait until the server has it."""

        async def go() -> None:
            scheme = "tls://localhost" if options else "nats://127.0.0.1"
            client = await nats.connect(f"{scheme}:{self.port}", **options)
            for message in messages:
                await client.publish(subject, message)
            await client.flush()
            await client.close()

        asyncio.run(go())


@pytest.fixture
def nats_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NatsServer]:
    monkeypatch.setattr("feeds.live.worker.FIRST_WAIT_S", 0.05)
    server = NatsServer()
    server.start()
    yield server
    server.stop()


@needs_nats
def test_a_subject_is_read_and_a_server_that_restarts_is_found_again(
    nats_server: NatsServer,
) -> None:
    data = traffic(2_000)
    wanted, _ = recorded(data)
    lines = data.splitlines(keepends=True)
    sink = Collector()
    with running(f"nats://127.0.0.1:{nats_server.port}/ais.>", sink) as it:
        wait_for(lambda: it.status().connected)
        nats_server.publish(*(b"".join(lines[at : at + 9]) for at in range(0, len(lines), 9)))
        sink.wait_rows(wanted.num_rows)
        nats_server.publish(line(1), subject="other")
        nats_server.stop()
        wait_for(lambda: it.status().failures > 0)
        nats_server.start()
        wait_for(lambda: it.status().connected)
        nats_server.publish(json.dumps(AIS_CATCHER).encode())
        sink.wait_rows(wanted.num_rows + 1)
        assert it.status().reconnects >= 1
    assert sink.table().to_pylist()[:-1] == wanted.to_pylist()


@needs_nats
def test_what_a_slow_sink_makes_nats_drop_is_counted(
    nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.live.nats.MAX_WAITING_MESSAGES", 50)
    sink = Collector()
    sink.open.clear()
    with running(f"nats://127.0.0.1:{nats_server.port}/ais.north", sink) as it:
        wait_for(lambda: it.status().connected)
        nats_server.publish(line(0))
        assert sink.blocked.wait(WAIT_S)
        nats_server.publish(*(line(n) for n in range(1, 3_000)))
        sink.open.set()
        wait_for(lambda: it.status().dropped + sink.rows == 3_000, it.status)
        assert it.status().dropped > 0


@needs_nats
def test_tls_to_nats_where_the_authority_is_known_and_else_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ssl

    monkeypatch.setattr("feeds.live.worker.FIRST_WAIT_S", 0.05)
    cert, key = certificate(tmp_path)
    server = NatsServer("--tls", "--tlscert", str(cert), "--tlskey", str(key))
    server.start()
    url = f"natss://localhost:{server.port}/ais.north"
    try:
        sink = Collector()
        with running(url, sink, ca_file=str(cert)) as it:
            wait_for(lambda: it.status().connected, it.status)
            server.publish(line(1), tls=ssl.create_default_context(cafile=str(cert)))
            sink.wait_rows(1)
        with running(url, Collector()) as it:
            wait_for(lambda: it.status().failures > 0)
            assert "certificate" in it.status().last_error.lower()
    finally:
        server.stop()
