"""What a source counts, from any of its threads, read by the service at any time."""

import threading
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from feeds.live.source import SourceStatus, State
from feeds.report import ReadReport
from vessels.clock import utc_now
from vessels.text import clean_text

MAX_ERROR_LENGTH = 200


def now_us() -> int:
    """Return the current time in microseconds UTC, by the one clock."""
    moment = utc_now()
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


class Meter:
    """Counters and state of one source."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._status = SourceStatus("new", now_us())
        self._rejected: Counter[str] = Counter()
        self._totals: Counter[str] = Counter()
        self._last_received_us: int | None = None
        self._last_time_us: int | None = None
        self._state: State = "new"
        self._since_us = self._status.since_us
        self._error = ""

    def state(self, state: State) -> None:
        """Note what the source is doing now."""
        with self._lock:
            self._enter(state)

    def connected(self) -> None:
        """Note a connection."""
        with self._lock:
            self._totals["connects"] += 1
            self._enter("connected")

    def failed(self, error: object, state: State = "waiting") -> None:
        """Note an attempt that failed, or a connection that broke; the text is made safe."""
        with self._lock:
            self._totals["failures"] += 1
            self._error = clean_text(str(error), limit=MAX_ERROR_LENGTH) or type(error).__name__
            self._enter(state)

    def dropped(self, messages: int) -> None:
        """Count messages that are lost."""
        with self._lock:
            self._totals["dropped"] += messages

    def count(
        self, report: ReadReport, *, size: int, lines: int, table: pa.Table, received_us: int
    ) -> int:
        """Add what a decoder did; return how many rows of `table` are positions."""
        found = pc.is_valid(table["lat_deg"])
        positions = int(pc.sum(found).as_py() or 0)
        with self._lock:
            self._totals["bytes"] += size
            self._totals["lines"] += lines
            self._totals["messages"] += report.rows_decoded
            self._totals["positions"] += positions
            self._rejected.update(report.rejected)
            if positions:
                last = pc.max(pc.if_else(found, table["time"].cast(pa.int64()), None)).as_py()
                self._last_received_us = received_us
                self._last_time_us = max(last, self._last_time_us or last)
        return positions

    def _enter(self, state: State) -> None:
        if state != self._state:
            self._state, self._since_us = state, now_us()

    def status(self) -> SourceStatus:
        """Return everything as one consistent value."""
        with self._lock:
            totals = self._totals
            return SourceStatus(
                state=self._state,
                since_us=self._since_us,
                last_position_received_us=self._last_received_us,
                last_position_time_us=self._last_time_us,
                bytes=totals["bytes"],
                lines=totals["lines"],
                messages=totals["messages"],
                positions=totals["positions"],
                dropped=totals["dropped"],
                rejected=dict(self._rejected),
                connects=totals["connects"],
                failures=totals["failures"],
                last_error=self._error,
            )
