"""The heartbeat: says in the store that this watch lives, whatever it is doing.

A rebuild reads years, and a refold on a slow machine takes minutes; a watch on another machine must
not take the store over meanwhile. So a thread of its own renews the lease, while the process lives.
"""

import threading
from collections.abc import Callable

from vessels.errors import StoreError

HEARTBEAT_S = 15.0


class Heartbeat:
    """Calls `beat` again and again from `start` to `stop`.

    Args:
        beat: renews the lease; a StoreError of it is left to the service, whose next write meets it
            too and tells of it.
        every_s: seconds between two calls.
    """

    def __init__(self, beat: Callable[[], None], every_s: float = HEARTBEAT_S) -> None:
        self._beat = beat
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin; the first beat is after `every_s`."""
        self._thread.start()

    def stop(self) -> None:
        """End; no beat comes any more once this has returned."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self._beat()
            except StoreError:
                continue
