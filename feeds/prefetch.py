"""Reads ahead: the next block is read and unpacked on a thread while this one is parsed."""

import io
import queue
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeVar

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Item = TypeVar("Item")
_WAIT_S = 0.1
_CHUNK_BYTES = 1 << 20
_LANE_DEPTH = 2


@dataclass(frozen=True, slots=True)
class _End:
    """The iterator is used up, or broke with `error`."""

    error: BaseException | None = None


class Ahead(Iterator[Item]):
    """Items in order, up to `depth` of them made ahead on a thread that begins at once.

    What `items` raises is raised by `next`, in its place. `close` ends the thread, and `items`,
    before it returns, so files under `items` can be closed after it.
    """

    def __init__(self, items: Iterator[Item], depth: int = 1) -> None:
        self._items = items
        self._ready: queue.Queue[Item | _End] = queue.Queue(depth)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="feeds-prefetch", daemon=True)
        self._thread.start()

    def __next__(self) -> Item:
        """Return the next item; wait where it is not made yet."""
        item = self._ready.get()
        if not isinstance(item, _End):
            return item
        self._ready.put(item)  # once ended, always ended
        if item.error is not None:
            raise item.error
        raise StopIteration

    def close(self) -> None:
        """End the thread and wait for it."""
        self._stop.set()
        self._thread.join()
        close = getattr(self._items, "close", None)
        if close is not None:
            close()

    def _put(self, item: Item | _End) -> None:
        while not self._stop.is_set():
            try:
                self._ready.put(item, timeout=_WAIT_S)
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


def prefetch(items: Iterator[Item], depth: int = 1) -> Generator[Item]:
    """Yield the items as `Ahead` does; its thread begins with the first and ends with the last."""
    ahead = Ahead(items, depth)
    try:
        yield from ahead
    finally:
        ahead.close()


def lanes(sources: Iterable[Iterator[Item]], width: int) -> Generator[Iterator[Item]]:
    """Yield the sources in order, each to be used up before the next; `width` of them in work.

    With a width of 1 nothing is done ahead.
    """
    if width < 2:
        yield from sources
        return
    waiting: deque[Ahead[Item]] = deque()
    try:
        for source in sources:
            waiting.append(Ahead(source, _LANE_DEPTH))
            if len(waiting) == width:
                yield waiting[0]
                waiting.popleft().close()
        while waiting:
            yield waiting[0]
            waiting.popleft().close()
    finally:
        for ahead in waiting:
            ahead.close()


def threaded(items: Iterator[Item], workers: int) -> Generator[Item]:
    """Yield the items: made on a thread of their own where there is more than one worker."""
    return prefetch(items) if workers > 1 else _as_generator(items)


def _as_generator(items: Iterator[Item]) -> Generator[Item]:
    yield from items


class AheadStream(io.RawIOBase):
    """A stream read ahead on a thread: the disk, the hash and the unpacking of the next bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._chunks = prefetch(_chunks_of(stream))
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Return True: a raw stream has to say so."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Copy the next bytes into `buffer`; wait where none are there yet."""
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        room = memoryview(buffer)
        count = min(len(room), len(self._rest))
        room[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """End the thread; the stream under it stays open."""
        self._chunks.close()
        super().close()


def _chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: stream.read(_CHUNK_BYTES), b"")
