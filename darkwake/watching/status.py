"""The state of a watch for those who look after it: status.json, and a Prometheus endpoint."""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from alerts.database import reading
from alerts.outbox import count_states
from darkwake.watching.jobs import Desk
from darkwake.watching.service import Service
from darkwake.watching.store import wall_us
from darkwake.watching.talk import log
from vessels.clock import iso_z
from vessels.errors import ConfigError, StoreError

EVERY_S = 10.0
_TIMEOUT_S = 5.0


class Status:
    """Writes the state now and then, and answers who asks for it.

    Raises:
        ConfigError: the endpoint's address cannot be used.
    """

    def __init__(self, service: Service, desk: Desk) -> None:
        self._service = service
        self._desk = desk
        watch, store = desk.settings.watch, desk.settings.store
        self._path = Path(watch.status_file or f"{store.journal_folder}/status.json")
        self._process = psutil.Process()
        self._written_s = 0.0
        self._state: dict[str, Any] = {}
        self._said = ""
        self._server = _serve(watch.metrics, self) if watch.metrics else None

    @property
    def text(self) -> str:
        """The state written last, in Prometheus' text format 0.0.4."""
        return "".join(f"{line}\n" for line in _metrics(self._state)) if self._state else ""

    @property
    def json(self) -> str:
        """The state written last, as JSON."""
        return json.dumps(self._state, indent=2) + "\n"

    def write_when_due(self) -> None:
        """Write the state if it is old. What cannot be written is said once; the watch goes on."""
        if time.monotonic() - self._written_s < EVERY_S:
            return
        self._written_s = time.monotonic()
        try:
            self._state = self.state()
            aside = self._path.with_name(f".{self._path.name}.tmp")
            aside.write_text(self.json, encoding="utf-8")
            aside.replace(self._path)
        except (OSError, StoreError) as error:
            if str(error) != self._said:
                self._said = str(error)
                log(f"{self._path}: not written: {error}")
        else:
            self._said = ""

    def state(self) -> dict[str, Any]:
        """Return the state of the watch as JSON values."""
        service = self._service
        done = service.counters
        with reading(self._desk.engine) as connection:
            outbox = count_states(connection)
        return {
            "at": iso_z(wall_us() // 1_000_000 * 1_000_000),
            "pid": os.getpid(),
            "now": None if service.now_us is None else iso_z(service.now_us),
            "batch": service.journal.last,
            "rows": done.rows,
            "duplicates": done.duplicates,
            "too_late": service.finder.too_late,
            "late_waiting": service.finder.waiting_late,
            "intake_waiting": service.intake.waiting_rows,
            "findings": dict(sorted(Counter(e.type for e in service.shown.values()).items())),
            "changes": done.changes,
            "refolds": done.refolds,
            "checkpoints": done.checkpoints,
            "store_failures": done.store_failures,
            "seconds": {stage: round(spent, 3) for stage, spent in sorted(done.seconds.items())},
            "memory_mb": round(self._process.memory_info().rss / 1e6, 1),
            "outbox": outbox,
            "feeds": {name: self._feed(name) for name in service.sources},
        }

    def close(self) -> None:
        """Write the state a last time, and answer no more."""
        self._written_s = 0.0
        self.write_when_due()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _feed(self, name: str) -> dict[str, Any]:
        source = self._service.sources[name].status()
        clock = self._service.clocks.feeds[name]
        received = source.last_position_received_us
        return {
            "state": source.state,
            "health": self._service.health.state(name),
            "since": iso_z(source.since_us),
            "last_message": None if clock.newest_us is None else iso_z(clock.newest_us),
            "last_position_received": None if received is None else iso_z(received),
            "bytes": source.bytes,
            "lines": source.lines,
            "messages": source.messages,
            "positions": source.positions,
            "dropped": source.dropped,
            "rejected": dict(source.rejected),
            "reconnects": source.reconnects,
            "failures": source.failures,
            "last_error": source.last_error,
        }


def _metrics(state: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the Prometheus text."""
    for name, kind, told in (
        ("batch", "counter", "Batches that were made durable."),
        ("rows", "counter", "Rows taken in since the start."),
        ("duplicates", "counter", "Rows that had been heard already."),
        ("too_late", "counter", "Fixes later than the horizon."),
        ("late_waiting", "gauge", "Late fixes that wait for a refold."),
        ("intake_waiting", "gauge", "Rows that were not taken in yet."),
        ("changes", "counter", "Changes of findings that were stored."),
        ("refolds", "counter", "Times that the past was folded anew."),
        ("store_failures", "counter", "Writes that failed and were tried again."),
        ("memory_mb", "gauge", "Resident memory, megabytes."),
    ):
        unit = "_total" if kind == "counter" else ""
        yield f"# HELP darkwake_{name}{unit} {told}"
        yield f"# TYPE darkwake_{name}{unit} {kind}"
        yield f"darkwake_{name}{unit} {state[name]}"
    yield "# HELP darkwake_findings Findings that can still change, by type."
    yield "# TYPE darkwake_findings gauge"
    for type_name, count in state["findings"].items():
        yield f'darkwake_findings{{type="{type_name}"}} {count}'
    yield "# HELP darkwake_outbox Rows of the outbox by state."
    yield "# TYPE darkwake_outbox gauge"
    for name, count in state["outbox"].items():
        yield f'darkwake_outbox{{state="{name}"}} {count}'
    for name in ("bytes", "messages", "positions", "dropped", "reconnects", "failures"):
        yield f"# HELP darkwake_feed_{name}_total What a feed brought or lost since the start."
        yield f"# TYPE darkwake_feed_{name}_total counter"
        for feed, values in state["feeds"].items():
            yield f'darkwake_feed_{name}_total{{feed="{feed}"}} {values[name]}'
    yield "# HELP darkwake_feed_ill Whether a feed is silent or far below its usual rate."
    yield "# TYPE darkwake_feed_ill gauge"
    for feed, values in state["feeds"].items():
        yield f'darkwake_feed_ill{{feed="{feed}"}} {int(values["health"].get("ill", False))}'
    yield "# HELP darkwake_feed_connected Whether a feed is connected."
    yield "# TYPE darkwake_feed_connected gauge"
    for feed, values in state["feeds"].items():
        yield f'darkwake_feed_connected{{feed="{feed}"}} {int(values["state"] == "connected")}'


def _serve(address: str, status: Status) -> ThreadingHTTPServer:
    """Answer /metrics and /status.json; to everybody who reaches the address."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _TIMEOUT_S

        def do_GET(self) -> None:
            """Answer one question."""
            kind, text, known = "text/plain", "", True
            if self.path == "/metrics":
                kind, text = "text/plain; version=0.0.4", status.text
            elif self.path == "/status.json":
                kind, text = "application/json", status.json
            else:
                known = False
            body = text.encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing: a question every few seconds is no happening."""

    host, _, port = address.rpartition(":")
    try:
        server = ThreadingHTTPServer((host.strip("[]"), int(port)), Handler)
    except OSError as error:
        raise ConfigError(f"watch.metrics: {address}: {error.strerror}") from error
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
