"""Live sources: sockets, serial lines, brokers, folders.

`open_source` makes a `Source` of a `FeedSpec`; it runs in threads of its own and pushes `Chunk`s
of the house schema into a `Sink`, which holds it back by blocking. docs/sources.md lists them.
"""

from feeds.live.registry import SCHEMES, open_source
from feeds.live.source import Chunk, FeedSpec, Sink, SinkClosedError, Source, SourceStatus

__all__ = [
    "SCHEMES",
    "Chunk",
    "FeedSpec",
    "Sink",
    "SinkClosedError",
    "Source",
    "SourceStatus",
    "open_source",
]
