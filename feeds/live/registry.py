"""The scheme of a feed's address chooses its source."""

import importlib
import importlib.util

from feeds.live.source import FeedSpec, Source
from vessels.errors import ConfigError

_SOURCES = {  # scheme: (module, class); modules are read when they are needed
    "tcp": ("tcp", "TcpClient"),
    "tcps": ("tcp", "TcpClient"),
    "tcp-listen": ("tcp", "TcpListener"),
    "udp": ("udp", "UdpListener"),
    "serial": ("serial_line", "SerialReader"),
    "http": ("http", "HttpPoller"),
    "https": ("http", "HttpPoller"),
    "http-listen": ("http", "HttpListener"),
    "mqtt": ("mqtt", "MqttClient"),
    "mqtts": ("mqtt", "MqttClient"),
    "ws": ("websocket", "WebSocketClient"),
    "wss": ("websocket", "WebSocketClient"),
    "dir": ("folder", "FolderReader"),
    "kafka": ("kafka", "KafkaReader"),
    "nats": ("nats", "NatsReader"),
    "natss": ("nats", "NatsReader"),
}
_EXTRAS = {"kafka": ("confluent_kafka", "kafka"), "nats": ("nats", "nats")}
SCHEMES = tuple(_SOURCES)
"""Schemes of an address, in the order of docs/sources.md."""


def open_source(spec: FeedSpec) -> Source:
    """Return the source of a feed, not started yet.

    Raises:
        ConfigError: an address, an option or a clock that cannot work, or a package that is
            missing; the message says which and what to do.
    """
    scheme, mark, _ = spec.url.partition(":")
    if not mark or scheme not in _SOURCES:
        raise ConfigError(
            f"feed {spec.name!r}: no source for {scheme[:40]!r}; there are {', '.join(SCHEMES)}"
        )
    if spec.clock not in ("message", "arrival"):
        raise ConfigError(f"feed {spec.name!r}: clock is message or arrival, not {spec.clock!r}")
    module, name = _SOURCES[scheme]
    if module in _EXTRAS:
        package, extra = _EXTRAS[module]
        if importlib.util.find_spec(package) is None:
            raise ConfigError(
                f"feed {spec.name!r}: {scheme} needs a package that is not installed; "
                f"install it with: pip install 'darkwake[{extra}]'"
            )
    source: Source = getattr(importlib.import_module(f"feeds.live.{module}"), name)(spec)
    return source
