"""Reads ahead: the next block is read and unpacked on a thread while this one is parsed."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")
_WAIT_S = 0.1


@dataclass(frozen=True, slots=True)
class _End:
    """The iterator is used up, or broke with `error`."""

    error: BaseException | None = None


def prefetch(items: Iterator[Item], depth: int = 1) -> Iterator[Item]:
    """Yield the items in order, `depth` of them made ahead on a thread.

    What `items` raises is raised here, in its place. Closing the generator ends the thread before
    it returns, so files under `items` can be closed after it.
    """
    ready: queue.Queue[Item | _End] = queue.Queue(depth)
    stop = threading.Event()

    def put(item: Item | _End) -> None:
        while not stop.is_set():
            try:
                ready.put(item, timeout=_WAIT_S)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put(item)
                if stop.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - it is raised again by the consumer
            put(_End(error))
        else:
            put(_End())

    thread = threading.Thread(target=work, name="feeds-prefetch", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        thread.join()
