"""A thread that keeps one connection: it connects, reads, and comes back when it breaks.

The wait before a new attempt is drawn evenly between 0 and a ceiling that doubles from 1 s to
5 min ("full jitter": M. Brooker, Exponential Backoff And Jitter, AWS 2015). Only positions that
were decoded bring the ceiling down again: a server that accepts, greets and hangs up keeps it up.
"""

import contextlib
import secrets
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from feeds.live.meter import Meter
from feeds.live.session import Session
from feeds.live.settings import RESET_AFTER_POSITIONS, Settings
from feeds.live.source import FeedSpec, Sink, SinkClosedError, SourceStatus

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0
STOP_WAIT_S = 2.0
LONGEST_READ_S = 0.25
"""A read returns after so long at the latest, so that stopping is quick."""
_random = secrets.SystemRandom()


class ConnectionLostError(Exception):
    """Raise this where a connection ended or cannot be made; the text tells why, in a few words."""


class Backoff:
    """Waits before attempts to connect. `uniform(a, b)` draws one."""

    def __init__(self, uniform: Callable[[float, float], float] = _random.uniform) -> None:
        self._uniform = uniform
        self._ceiling_s = FIRST_WAIT_S

    def next_s(self) -> float:
        """Return how long to wait now; the ceiling doubles."""
        wait_s = self._uniform(0.0, self._ceiling_s)
        self._ceiling_s = min(2 * self._ceiling_s, LONGEST_WAIT_S)
        return wait_s

    def reset(self) -> None:
        """Begin at the shortest wait again."""
        self._ceiling_s = FIRST_WAIT_S


class Connection(Protocol):
    """One open connection. Closing it twice does no harm."""

    framed: bool
    """Whether each item is a whole message, or a piece of a stream."""

    def receive(self, timeout_s: float) -> list[bytes]:
        """Return what came, nothing where `timeout_s` passed.

        Raises:
            ConnectionLostError, OSError: it is over.
        """

    def handed_over(self) -> None:
        """Note that the sink took everything received so far."""

    def close(self) -> None:
        """Close it."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""


class BaseConnection:
    """What connections have in common."""

    framed = False

    def handed_over(self) -> None:
        """Nothing to acknowledge."""

    def close(self) -> None:
        """Nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Worker(ABC):
    """A source with one main thread. Subclasses write `run`."""

    def __init__(self, spec: FeedSpec) -> None:
        self.spec = spec
        self.meter = Meter()
        self.stopping = threading.Event()
        self.cursor: bytes | None = None
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """Return the feed's name."""
        return self.spec.name

    def start(self, sink: Sink, cursor: bytes | None = None) -> None:
        """Begin to fetch; see `Source`."""
        if self._thread is not None:
            raise RuntimeError(f"feed {self.name!r} was started before")
        self.cursor = cursor
        self.prepare()
        self._thread = threading.Thread(
            target=self._main, args=(sink,), name=f"feed-{self.name}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread; see `Source`. One that a sink holds for longer is left to the sink."""
        self.stopping.set()
        self.wake()
        if self._thread is not None:
            self._thread.join(STOP_WAIT_S)

    def status(self) -> SourceStatus:
        """Return what it is doing."""
        return self.meter.status()

    def prepare(self) -> None:  # noqa: B027 - most sources have nothing to open
        """Open what must be there from the start; in the caller's thread, so errors reach it."""

    def wake(self) -> None:  # noqa: B027 - most waits are short
        """Interrupt a wait of the thread."""

    @abstractmethod
    def run(self, sink: Sink) -> None:
        """Fetch until `stopping` is set."""

    def _main(self, sink: Sink) -> None:
        try:
            self.run(sink)
        except SinkClosedError:
            pass
        except Exception as error:  # noqa: BLE001 - a thread's last word: it reaches the status
            self.meter.failed(f"{type(error).__name__}: {error}", "failed")
            return
        self.meter.state("stopped")


class ConnectingWorker(Worker):
    """A source that connects to a server and comes back when the connection breaks.

    Args:
        spec: the feed.
        settings: its options; the common ones are taken here.
    """

    silence_default_s: float | None = None

    def __init__(self, spec: FeedSpec, settings: Settings) -> None:
        super().__init__(spec)
        default = self.silence_default_s
        self.silence_s = settings.silence_s() if default is None else settings.silence_s(default)
        self.reset_after = settings.number("reset_after", RESET_AFTER_POSITIONS, 1, 1e6)
        self.backoff = Backoff()

    @abstractmethod
    def connect(self) -> Connection:
        """Return a new connection.

        Raises:
            ConnectionLostError, OSError: it cannot be made now.
        """

    def begin(self, session: Session) -> None:
        """Prepare the session before the first connection."""

    def run(self, sink: Sink) -> None:
        """Connect and read until `stopping` is set."""
        session = Session(self.spec, sink, self.meter)
        self.begin(session)
        while not self.stopping.is_set():
            self.meter.state("connecting")
            try:
                with self.connect() as connection:
                    self.meter.connected()
                    self._read(connection, session)
            except (ConnectionLostError, OSError) as error:
                self._lost(session, error)
        with contextlib.suppress(SinkClosedError):
            session.end()

    def _lost(self, session: Session, error: Exception) -> None:
        self.meter.failed(error)
        session.cut()
        wait_s = self.backoff.next_s()
        self.stopping.wait(wait_s)

    def _read(self, connection: Connection, session: Session) -> None:
        before = session.positions
        heard, quiet_s = before, 0.0
        while not self.stopping.is_set():
            started_s = time.monotonic()
            items = connection.receive(session.wait_s(LONGEST_READ_S))
            quiet_s += time.monotonic() - started_s  # what the sink takes is not the feed's silence
            full = False
            for item in items:
                full = session.take(item, framed=connection.framed) or full
            self._pass_on(connection, session, full=full)
            if session.positions > heard:
                heard, quiet_s = session.positions, 0.0
            if heard - before >= self.reset_after:
                self.backoff.reset()
                before = heard
            if 0 < self.silence_s <= quiet_s:
                raise ConnectionLostError(f"no valid position for {self.silence_s:g} s")

    def _pass_on(self, connection: Connection, session: Session, *, full: bool) -> None:
        waited = session.waiting
        if full:
            session.hand_over()
        else:
            session.tick()
        if waited and not session.waiting:
            connection.handed_over()
