"""A source that brings what a test says, for several feeds in order of arrival; and a watch."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from alerts.database import open_database
from darkwake.alert_settings import alert_policy, dispatcher
from darkwake.config import Settings, load_settings
from darkwake.replay import detection_parameters
from darkwake.watching.assembly import context_of
from darkwake.watching.intake import Intake
from darkwake.watching.jobs import Desk
from darkwake.watching.service import Service
from darkwake.watching.store import Store, wall_us
from feeds.live.source import Chunk, Sink, SinkClosedError, SourceStatus

IDLE_S = 3.0
"""Longer than the thread of a source waits for its turn on a machine under load."""


class Scripted:
    """Puts chunks from a thread of its own, as every source does."""

    def __init__(self, name: str, chunks: Iterable[Chunk] = ()) -> None:
        self._name = name
        self._chunks = list(chunks)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._sink: Sink | None = None
        self.cursor: bytes | None = None

    @property
    def name(self) -> str:
        """Return the feed's name."""
        return self._name

    def start(self, sink: Sink, cursor: bytes | None = None) -> None:
        """Begin."""
        self._sink, self.cursor = sink, cursor
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._thread.join(timeout=5.0)

    def status(self) -> SourceStatus:
        """Return that all is well."""
        return SourceStatus(state="connected", since_us=0)

    def _run(self) -> None:
        assert self._sink is not None
        for chunk in self._chunks:
            try:
                self._sink.put(chunk)
            except SinkClosedError:
                return


def cut(feed: str, table: pa.Table, rows: int) -> list[Chunk]:
    """Return the rows of a table, in their order, as chunks."""
    return [
        Chunk(feed, table.slice(at, rows), received_us=1) for at in range(0, table.num_rows, rows)
    ]


def by_arrival(feeds: dict[str, tuple[pa.Table, np.ndarray]], chunks: int) -> list[Chunk]:
    """Return the rows of feeds as chunks in the order of arrival.

    Args:
        feeds: rows of each feed, and the arrival time of each row.
        chunks: pieces of equal length of arrival time.
    """
    first = min(int(arrival.min()) for _, arrival in feeds.values())
    last = max(int(arrival.max()) for _, arrival in feeds.values())
    edges = np.linspace(first, last + 1, chunks + 1)
    out = []
    for begin, end in pairwise(edges):
        for feed, (table, arrival) in feeds.items():
            rows = np.flatnonzero((arrival >= begin) & (arrival < end))
            rows = rows[np.argsort(arrival[rows], kind="stable")]
            if len(rows):
                out.append(Chunk(feed, table.take(pa.array(rows)), received_us=int(end)))
    return out


def settings_for(folder: Path, url: str, feeds: Iterable[str], more: str = "") -> Settings:
    """Return settings whose store, archive and journal are in a folder."""
    lines = ["[store]", f'url = "{url}"', f'archive = "{folder}/tracks"']
    lines += ["[watch]", "gather_s = 0.02", more]
    for name in feeds:
        lines += ["[[feeds]]", f'name = "{name}"', 'url = "tcp://127.0.0.1:1"']
    (folder / "watch.toml").write_text("\n".join(lines) + "\n")
    return load_settings(folder / "watch.toml")


@contextmanager
def service_for(
    settings: Settings, chunks: Iterable[Chunk], *, max_rows: int = 10_000
) -> Iterator[Service]:
    """Yield a service whose first feed brings all the chunks."""
    engine = open_database(settings.store.url)
    sender = dispatcher(settings, wall_us)
    desk = Desk(settings, engine, alert_policy(settings), sender)
    names = [feed.name for feed in settings.feeds]
    sources = {name: Scripted(name, chunks if name == names[0] else ()) for name in names}
    service = Service(
        settings,
        detection_parameters(settings),
        Store(engine),
        sources,
        context_of(desk),
    )
    service.intake = Intake(max_rows)  # many batches
    try:
        yield service
    finally:
        service.journal.close()
        sender.close()
        engine.dispose()
