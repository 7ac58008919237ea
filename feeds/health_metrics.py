"""Feeds in the text format that Prometheus reads (exposition format 0.0.4), and as rows of JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from feeds.health import Health
from feeds.live.source import SourceStatus
from vessels.clock import iso_z

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_COUNTERS = {
    "bytes": "Bytes received.",
    "lines": "Lines, records or rows received.",
    "messages": "Rows decoded, positions and identities.",
    "positions": "Positions decoded.",
    "dropped": "Messages lost because nobody took them in time.",
    "connects": "Connections made.",
    "failures": "Attempts that failed and connections that broke.",
}
_STATES = ("ok", "degraded", "silent", "learning")

Feeds = Mapping[str, tuple[SourceStatus, Health | None]]


def metric_lines(feeds: Feeds) -> Iterator[str]:
    """Yield the lines about feeds, without their ends, in a fixed order."""
    for name, told in _COUNTERS.items():
        yield from _head(f"feed_{name}_total", "counter", told)
        for feed, (status, _) in feeds.items():
            yield f"darkwake_feed_{name}_total{_labels(feed=feed)} {getattr(status, name)}"
    yield from _head("feed_rejected_total", "counter", "Rows rejected, by reason.")
    for feed, (status, _) in feeds.items():
        for reason, count in sorted(status.rejected.items()):
            yield f"darkwake_feed_rejected_total{_labels(feed=feed, reason=reason)} {count}"
    yield from _head("feed_connected", "gauge", "1 while there is a connection.")
    for feed, (status, _) in feeds.items():
        yield f"darkwake_feed_connected{_labels(feed=feed)} {int(status.connected)}"
    yield from _head("feed_last_position_seconds", "gauge", "Event time of the newest position.")
    for feed, (status, _) in feeds.items():
        if status.last_position_time_us is not None:
            seconds = status.last_position_time_us / 1e6
            yield f"darkwake_feed_last_position_seconds{_labels(feed=feed)} {seconds:.3f}"
    yield from _health_lines(feeds)


def _health_lines(feeds: Feeds) -> Iterator[str]:
    judged = {feed: health for feed, (_, health) in feeds.items() if health is not None}
    yield from _head("feed_health", "gauge", "1 for the state that the feed is in.")
    for feed, health in judged.items():
        for state in _STATES:
            labels = _labels(feed=feed, state=state)
            yield f"darkwake_feed_health{labels} {int(health.state == state)}"
    for name, told in (
        ("rate_per_h", "Positions in the last hour."),
        ("usual_per_h", "Positions that the last hour should have brought."),
    ):
        yield from _head(f"feed_{name}", "gauge", told)
        for feed, health in judged.items():
            value = getattr(health, name)
            if value is not None:
                yield f"darkwake_feed_{name}{_labels(feed=feed)} {value:.1f}"


def status_row(name: str, status: SourceStatus, health: Health | None) -> dict[str, Any]:
    """Return one feed as JSON values, for `feeds status` and status.json."""
    received, message = status.last_position_received_us, status.last_position_time_us
    return {
        "name": name,
        "state": status.state,
        "since": iso_z(status.since_us),
        "last_position_received": None if received is None else iso_z(received),
        "last_position_time": None if message is None else iso_z(message),
        **{counter: getattr(status, counter) for counter in _COUNTERS},
        "reconnects": status.reconnects,
        "rejected": dict(sorted(status.rejected.items())),
        "last_error": status.last_error,
        "health": None if health is None else health.to_json(),
    }


def _head(name: str, kind: str, told: str) -> Iterator[str]:
    yield f"# HELP darkwake_{name} {told}"
    yield f"# TYPE darkwake_{name} {kind}"


def _labels(**labels: str) -> str:
    """Return labels in braces; backslash, quote and line end are escaped as the format wants."""
    escaped = {
        key: value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        for key, value in labels.items()
    }
    return "{" + ",".join(f'{key}="{value}"' for key, value in escaped.items()) + "}"
