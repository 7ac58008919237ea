"""MQTT, as AIS-catcher publishes it: each message a sentence, or JSON.

With QoS 1 (the default) and a session that the broker keeps, a message is acknowledged once the
sink has taken it, so the broker keeps what we did not take: while we are away or behind, within
its own limits. With QoS 0 the broker drops what we do not read in time and tells nobody.
"""

import contextlib
import re
import ssl
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from feeds.live.settings import Settings
from feeds.live.source import FeedSpec
from feeds.live.tls import client_context
from feeds.live.worker import BaseConnection, ConnectingWorker, Connection, ConnectionLostError

KEEPALIVE_S = 60
_CONNECT_TIMEOUT_S = 10.0
_AT_ONCE = 512
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")


class _ClosingSocket(ssl.SSLSocket):
    """Closes itself when the other side cannot be trusted; paho leaves that to chance."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - inherited
        """Agree on keys, or close."""
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class MqttConnection(BaseConnection):
    """A client of a broker whose loop runs in our thread: who does not loop does not read."""

    framed = True

    def __init__(self, client: paho.Client) -> None:
        self._client = client
        self._came: list[bytes] = []
        self._unacknowledged: list[tuple[int, int]] = []
        self.refused = ""
        self.granted = False
        client.on_message = self._on_message
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe

    def subscribe(self, topic: str, qos: int) -> None:
        """Wait for the broker's word, then subscribe and wait again."""
        deadline_s = time.monotonic() + _CONNECT_TIMEOUT_S
        asked = False
        while not self.granted:
            self._loop(0.1)
            if self._client.is_connected() and not asked:
                self._client.subscribe(topic, qos)
                asked = True
            if time.monotonic() > deadline_s:
                raise ConnectionLostError("the broker does not answer")

    def receive(self, timeout_s: float) -> list[bytes]:
        """Return the messages that are there; see `Connection`."""
        self._loop(max(timeout_s, 0.001))
        before = 0
        while before < len(self._came) < _AT_ONCE:
            before = len(self._came)
            self._loop(0.0)
        came, self._came = self._came, []
        return came

    def handed_over(self) -> None:
        """Acknowledge what the sink took."""
        for number, qos in self._unacknowledged:
            self._client.ack(number, qos)
        self._unacknowledged.clear()

    def close(self) -> None:
        """Close it; the broker keeps the session."""
        with contextlib.suppress(OSError, ValueError):
            self._client.disconnect()
            self._client.loop(0.05)

    def _loop(self, timeout_s: float) -> None:
        code = self._client.loop(timeout_s)
        if self.refused:
            raise ConnectionLostError(self.refused)
        if code != paho.MQTT_ERR_SUCCESS:
            raise ConnectionLostError(f"the broker is gone: {paho.error_string(code)}")

    def _on_message(self, client: paho.Client, data: object, message: paho.MQTTMessage) -> None:
        del client, data
        self._came.append(bytes(message.payload))
        if message.qos:
            self._unacknowledged.append((message.mid, message.qos))

    def _on_connect(
        self, client: paho.Client, data: object, flags: object, code: ReasonCode, more: object
    ) -> None:
        del client, data, flags, more
        if code.is_failure:
            self.refused = f"the broker refuses: {code}"

    def _on_subscribe(
        self, client: paho.Client, data: object, number: int, codes: list[ReasonCode], more: object
    ) -> None:
        del client, data, number, more
        if any(code.is_failure for code in codes):
            self.refused = f"the broker refuses the topic: {codes[0]}"
        self.granted = True


class MqttClient(ConnectingWorker):
    """`mqtt://host[:1883]/topic`, `mqtts://host[:8883]/topic`; the topic may hold + and #.

    Options: `qos` (0 or 1), `client_id`, `username`, `password_env`, `ca_file`.
    """

    def __init__(self, spec: FeedSpec) -> None:
        settings = Settings(spec)
        super().__init__(spec, settings)
        secure = settings.url.scheme == "mqtts"
        self._address = (settings.host(), settings.port(8883 if secure else 1883))
        # "#" begins a fragment in an address, and is what all topics below one are called here.
        rest = f"#{settings.url.fragment}" if settings.spec.url.rpartition("#")[1] else ""
        self._topic = settings.url.path.removeprefix("/") + rest
        if not self._topic:
            raise settings.error("no topic; it follows the host and a slash")
        self._qos = int(settings.number("qos", 1, 0, 1))
        plain = _NOT_PLAIN.sub("-", spec.name)[:40]
        self._client_id = settings.text("client_id", f"darkwake-{plain}")
        self._username = settings.text("username", "")
        self._password = settings.secret("password_env")
        self._context = client_context(settings) if secure else None
        settings.finish()

    def connect(self) -> Connection:
        """Return a connection that has subscribed."""
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=self._qos == 0,
            manual_ack=True,
        )
        if self._username:
            client.username_pw_set(self._username, self._password or None)
        if self._context is not None:
            self._context.sslsocket_class = _ClosingSocket
            client.tls_set_context(self._context)
        client.connect_timeout = _CONNECT_TIMEOUT_S
        connection = MqttConnection(client)
        client.connect(*self._address, keepalive=KEEPALIVE_S)
        try:
            connection.subscribe(self._topic, self._qos)
        except BaseException:
            connection.close()
            raise
        return connection
