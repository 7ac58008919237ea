"""MQTT through a real mosquitto on loopback: QoS, a broker that restarts, TLS, a slow sink."""

import json
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

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

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="no mosquitto on this machine")


class Broker:
    """A mosquitto of our own, with an empty configuration but for what is given."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.port = free_port()
        self._config = folder / f"mosquitto-{self.port}.conf"
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", *more]
        lines += ["persistence false", "max_queued_messages 100000"]
        self._config.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it may take a moment to answer."""
        self._process = subprocess.Popen(  # noqa: S603 - our own words
            [str(MOSQUITTO), "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def publish(self, *messages: bytes, topic: str = "ais/north", **tls: Any) -> None:
        """Publish messages one after another, each until the broker has it."""
        client = paho.Client(CallbackAPIVersion.VERSION2)
        if tls:
            client.tls_set(**tls)
        end = time.monotonic() + WAIT_S
        while True:
            try:
                client.connect("localhost" if tls else "127.0.0.1", self.port)
                break
            except OSError:
                assert time.monotonic() < end, "the broker does not come up"
                time.sleep(0.05)
        client.loop_start()
        for message in messages:
            client.publish(topic, message, qos=1).wait_for_publish(WAIT_S)
        client.disconnect()
        client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    monkeypatch.setattr("feeds.live.worker.FIRST_WAIT_S", 0.05)
    started = Broker(tmp_path)
    started.start()
    started.publish(b"up")
    yield started
    started.stop()


def test_sentences_and_json_of_a_topic_tree_are_read(broker: Broker) -> None:
    sink = Collector()
    with running(f"mqtt://127.0.0.1:{broker.port}/ais/#", sink) as it:
        wait_for(lambda: it.status().connected)
        broker.publish(line(1).strip(), traffic(3, 10), topic="ais/north")
        broker.publish(json.dumps(AIS_CATCHER).encode(), b"\xff\x00", topic="ais/south/json")
        broker.publish(line(2), topic="other")
        sink.wait_rows(5)
        wait_for(lambda: it.status().rejected == {"noise": 1})
    assert sink.rows == 5


def test_what_comes_while_we_are_away_is_kept_by_the_broker(broker: Broker) -> None:
    sink = Collector()
    url = f"mqtt://127.0.0.1:{broker.port}/ais/north"
    with running(url, sink) as it:
        wait_for(lambda: it.status().connected)
        broker.publish(line(1))
        sink.wait_rows(1)
    broker.publish(line(2), line(3))
    with running(url, sink):
        sink.wait_rows(3)
    assert sink.rows == 3


def test_what_the_sink_did_not_take_is_not_acknowledged(broker: Broker) -> None:
    sink = Collector()
    sink.open.clear()
    url = f"mqtt://127.0.0.1:{broker.port}/ais/north"
    with running(url, sink) as it:
        wait_for(lambda: it.status().connected)
        broker.publish(line(1))
        assert sink.blocked.wait(WAIT_S)
        sink.closed = True  # the service dies before it took the row
    assert sink.rows == 0
    again = Collector()
    with running(url, again):
        again.wait_rows(1)


def test_a_slow_sink_loses_nothing_that_was_published(broker: Broker) -> None:
    data = traffic(4_000)
    wanted, _ = recorded(data)
    lines = data.splitlines(keepends=True)
    messages = [b"".join(lines[at : at + 20]) for at in range(0, len(lines), 20)]
    sink = Collector()
    sink.open.clear()
    with running(f"mqtt://127.0.0.1:{broker.port}/ais/north", sink) as it:
        wait_for(lambda: it.status().connected)
        broker.publish(*messages)
        assert sink.blocked.wait(WAIT_S)
        sink.open.set()
        sink.wait_rows(wanted.num_rows)
    assert sink.table().to_pylist() == wanted.to_pylist()


def test_a_broker_that_restarts_is_found_again(broker: Broker) -> None:
    sink = Collector()
    with running(f"mqtt://127.0.0.1:{broker.port}/ais/north", sink) as it:
        wait_for(lambda: it.status().connected)
        broker.stop()
        wait_for(lambda: it.status().failures > 0)
        broker.start()
        broker.publish(b"up", topic="other")
        wait_for(lambda: it.status().connected)
        broker.publish(line(1))
        sink.wait_rows(1)
        assert it.status().reconnects >= 1


def test_tls_is_spoken_where_the_authority_is_known_and_else_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeds.live.worker.FIRST_WAIT_S", 0.05)
    cert, key = certificate(tmp_path)
    key.chmod(0o644)  # mosquitto gives up root before it reads the key
    tmp_path.chmod(0o755)
    broker = Broker(tmp_path, f"certfile {cert}", f"keyfile {key}", "user root")
    broker.start()
    url = f"mqtts://localhost:{broker.port}/ais/north"
    try:
        broker.publish(b"up", ca_certs=str(cert), cert_reqs=ssl.CERT_REQUIRED)
        sink = Collector()
        with running(url, sink, ca_file=str(cert)) as it:
            wait_for(lambda: it.status().connected)
            broker.publish(line(1), ca_certs=str(cert))
            sink.wait_rows(1)
        with running(url, Collector()) as it:
            wait_for(lambda: it.status().failures > 0)
            assert "certificate verify failed" in it.status().last_error
    finally:
        broker.stop()


def test_a_wrong_password_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_PASSWORD", "wrong")
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("no mosquitto_passwd on this machine")
    file = tmp_path / "passwords"
    subprocess.run([tool, "-b", "-c", str(file), "station", "right"], check=True)  # noqa: S603 - our own words
    broker = Broker(tmp_path, f"password_file {file}", "user root")
    config = tmp_path / f"mosquitto-{broker.port}.conf"
    config.write_text(config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    broker.start()
    try:
        url = f"mqtt://127.0.0.1:{broker.port}/ais/north"
        options = {"username": "station", "password_env": "BROKER_PASSWORD"}
        told: set[str] = set()
        with running(url, Collector(), **options) as it:

            def done() -> bool:
                told.add(it.status().last_error)
                return any("Not authorized" in text for text in told)

            wait_for(done, lambda: told)
    finally:
        broker.stop()
