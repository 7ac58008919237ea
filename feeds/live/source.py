"""What a live source is: the seam between those who fetch positions and the service that uses them.

A service implements `Sink`, opens each configured feed with `open_source`, and starts it. The
source runs in threads of its own and pushes `Chunk`s; a sink that is behind blocks in `put`, the
source then stops reading, and the sender is held back by the network itself.

A chunk that carries a `cursor` comes from a source that remembers (files, Kafka). Whoever stores
the chunk's rows stores the cursor in the same transaction and hands the last one to `start`: each
row then arrives once over any number of restarts. Other sources lose what was not stored yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import pyarrow as pa

Clock = Literal["message", "arrival"]
State = Literal["new", "connecting", "connected", "waiting", "stopped", "failed"]


class SinkClosedError(Exception):
    """Raise this from `Sink.put` when nothing is taken any more; the source ends quietly."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of one feed. The table may be empty where only the cursor moved on."""

    feed: str
    table: pa.Table
    """Rows of `vessels.schema.FIXES`, as `feeds.read` yields them, duplicates included."""
    received_us: int
    """When the last of its bytes came, microseconds UTC by the machine's clock."""
    cursor: bytes | None = None
    """How far a file, folder or Kafka source has read, this chunk included. Opaque."""


class Sink(Protocol):
    """Takes chunks from any number of threads at once."""

    def put(self, chunk: Chunk) -> None:
        """Take a chunk; block while the consumer is behind.

        Raises:
            SinkClosedError: the consumer has ended.
        """


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """One configured feed."""

    name: str
    url: str
    """Scheme, host and port, path: see docs/sources.md."""
    clock: Clock = "message"
    """`message`: the time of the tag block, or of the JSON record. `arrival`: the time of receipt,
    whatever the message says."""
    options: Mapping[str, object] = field(default_factory=dict)
    """The source's own settings, `silence_timeout_s` among them; an unknown one is refused."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What a source is doing and what it has done since it was started."""

    state: State
    since_us: int
    """When it got into this state, microseconds UTC."""
    last_position_received_us: int | None = None
    last_position_time_us: int | None = None
    bytes: int = 0
    lines: int = 0
    """Lines of sentences, JSON records, rows of files: what a report calls rows, and more where
    several sentences are one message."""
    messages: int = 0
    """Rows decoded, positions and identities."""
    positions: int = 0
    dropped: int = 0
    """Datagrams or messages that were lost because nobody took them in time; never for TCP, TLS,
    WebSocket, files and Kafka, which hold the sender back instead."""
    rejected: Mapping[str, int] = field(default_factory=dict)
    """Rows by reason, as `feeds.REASONS` names them."""
    connects: int = 0
    """Connections made; reconnects are those after the first."""
    failures: int = 0
    """Attempts that failed and connections that broke or went silent."""
    last_error: str = ""
    """One line, safe to print."""

    @property
    def connected(self) -> bool:
        """Tell whether there is a connection now."""
        return self.state == "connected"

    @property
    def reconnects(self) -> int:
        """Return how often it had to connect anew."""
        return max(self.connects - 1, 0)


class Source(Protocol):
    """One feed in threads of its own."""

    @property
    def name(self) -> str:
        """Return the feed's name."""

    def start(self, sink: Sink, cursor: bytes | None = None) -> None:
        """Begin to fetch; `cursor` is the one stored last for this feed.

        Raises:
            ConfigError: an address that can never work: a port in use, a folder that is missing.
        """

    def stop(self) -> None:
        """Hand over what was received whole, close, and end the threads; takes 2 s at most."""

    def status(self) -> SourceStatus:
        """Return what it is doing. May be called from any thread, at any time."""
