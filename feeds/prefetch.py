"""Reads ahead: the next block is read and unpacked on a thread while this one is parsed."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class _End:
    """The iterator is used up, or broke with `error`."""

    error: BaseException | None = None


class _Worker(Generic[Item]):
    """Fills a bounded queue from an iterator until it ends, breaks or is told to stop."""

    def __init__(self, items: Iterator[Item], depth: int) -> None:
        self._items = items
        self.ready: queue.Queue[Item | _End] = queue.Queue(depth)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="feeds-prefetch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stop.set()
        self._thread.join()

    def _put(self, item: Item | _End) -> None:
        while not self._stop.is_set():
            try:
                self.ready.put(item, timeout=_WAIT_S)
            except queue.Full:
                continue
            return

    def _work(self) -> None:
        try:
            for item in self._items:
                self._put(item)
                if self._stop.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - the consumer raises it again
            self._put(_End(error))
        else:
            self._put(_End())


def prefetch(items: Iterator[Item], depth: int = 1) -> Iterator[Item]:
    """Yield the items in order, `depth` of them made ahead on a thread.

    What `items` raises is raised here, in its place. Closing the generator ends the thread before
    it returns, so files under `items` can be closed after it.
    """
    worker = _Worker(items, depth)
    try:
        while not isinstance(item := worker.ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        worker.stop()
