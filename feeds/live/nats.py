"""NATS: each message a sentence, some sentences, or JSON. Extra: `darkwake[nats]`.

Core NATS keeps nothing: what the client cannot take in time is dropped, here or at the server. What
is dropped here is counted; a server that drops closes the connection, which is counted too.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING

import nats as library
import nats.errors

from feeds.live.meter import Meter
from feeds.live.settings import Settings
from feeds.live.source import FeedSpec
from feeds.live.tls import client_context
from feeds.live.worker import BaseConnection, ConnectingWorker, Connection, ConnectionLostError

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

MAX_WAITING_MESSAGES = 65_536
MAX_WAITING_BYTES = 32 << 20
_CONNECT_S = 5
_Errors = (nats.errors.Error, OSError, asyncio.TimeoutError)


class NatsConnection(BaseConnection):
    """A client whose loop runs in our thread, and only while we receive."""

    framed = True

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._loop = asyncio.new_event_loop()
        self._client: Client | None = None
        self._came: list[bytes] = []
        self._something = asyncio.Event()
        self._over = ""

    def open(self, worker: "NatsReader") -> None:
        """Connect and subscribe.

        Raises:
            ConnectionLostError: it cannot be done now.
        """
        try:
            self._loop.run_until_complete(self._open(worker))
        except _Errors as error:
            text = str(error) or type(error).__name__
            raise ConnectionLostError(f"no connection: {text}") from error

    async def _open(self, worker: "NatsReader") -> None:
        self._client = await library.connect(
            worker.server,
            error_cb=self._on_error,
            closed_cb=self._on_closed,
            disconnected_cb=self._on_closed,
            allow_reconnect=False,
            connect_timeout=_CONNECT_S,
            max_reconnect_attempts=0,
            tls=worker.context,
            user=worker.username or None,
            password=worker.password or None,
            token=worker.token or None,
        )
        await self._client.subscribe(
            worker.subject,
            cb=self._on_message,
            pending_msgs_limit=MAX_WAITING_MESSAGES,
            pending_bytes_limit=MAX_WAITING_BYTES,
        )
        await self._client.flush(_CONNECT_S)

    def receive(self, timeout_s: float) -> list[bytes]:
        """Return the messages that are there; see `Connection`."""
        self._loop.run_until_complete(self._wait(max(timeout_s, 0.001)))
        came, self._came = self._came, []
        if self._over and not came:
            raise ConnectionLostError(self._over)
        return came

    async def _wait(self, timeout_s: float) -> None:
        self._something.clear()
        if not self._came and not self._over:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._something.wait(), timeout_s)
        await asyncio.sleep(0)

    async def _on_message(self, message: "Msg") -> None:
        self._came.append(message.data)
        self._something.set()

    async def _on_error(self, error: Exception) -> None:
        if isinstance(error, nats.errors.SlowConsumerError):
            self._meter.dropped(1)
        else:
            self._over = f"the server says: {error}"
            self._something.set()

    async def _on_closed(self) -> None:
        self._over = self._over or "the server closed the connection"
        self._something.set()

    def close(self) -> None:
        """Close it and its loop."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(*_Errors):
            self._loop.run_until_complete(asyncio.wait_for(self._close(), 1.0))
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _close(self) -> None:
        if self._client is not None:
            await self._client.close()


class NatsReader(ConnectingWorker):
    """`nats://host[:4222]/subject`, `natss://` with TLS; the subject may hold * and >.

    Options: `username`, `password_env`, `token_env`, `ca_file`.
    """

    def __init__(self, spec: FeedSpec) -> None:
        settings = Settings(spec)
        super().__init__(spec, settings)
        secure = settings.url.scheme == "natss"
        host = settings.host()
        shown = f"[{host}]" if ":" in host else host
        self.server = f"{'tls' if secure else 'nats'}://{shown}:{settings.port(4222)}"
        self.subject = settings.topic()
        self.username = settings.text("username", "")
        self.password = settings.secret("password_env")
        self.token = settings.secret("token_env")
        self.context = client_context(settings) if secure else None
        settings.finish()

    def connect(self) -> Connection:
        """Return a connection that has subscribed."""
        connection = NatsConnection(self.meter)
        try:
            connection.open(self)
        except BaseException:
            connection.close()
            raise
        return connection
