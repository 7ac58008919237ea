"""The scheme of a feed's address chooses its source."""

from feeds.live.source import FeedSpec, Source
from vessels.errors import ConfigError

SCHEMES: tuple[str, ...] = ()
"""Schemes of an address, in the order of docs/sources.md."""


def open_source(spec: FeedSpec) -> Source:
    """Return the source of a feed, not started yet.

    Raises:
        ConfigError: an address, an option or a clock that cannot work, or a package that is
            missing; the message says which and what to do.
    """
    raise ConfigError(f"feed {spec.name!r}: no source for {spec.url!r}")
