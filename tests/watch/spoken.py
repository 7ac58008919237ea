"""What a service says on stderr while it runs in a thread."""

import io
import sys
import time
from collections.abc import Callable

import pytest

WAIT_S = 90.0


class Spoken(io.StringIO):
    """Keeps all; pytest's own capture empties what it reads, and may lose a line written then."""

    @classmethod
    def instead_of_stderr(cls, monkeypatch: pytest.MonkeyPatch) -> "Spoken":
        """Return one that takes the place of stderr for a test."""
        spoken = cls()
        monkeypatch.setattr(sys, "stderr", spoken)
        return spoken

    def wait_for(self, words: str, alive: Callable[[], bool] = lambda: True) -> None:
        """Wait until something was said; fail after WAIT_S, or when nobody is left to say it."""
        end = time.monotonic() + WAIT_S
        while words not in self.getvalue():
            assert alive(), f"ended without a word of {words!r}: {self.getvalue()}"
            assert time.monotonic() < end, f"waited for {words!r} in vain: {self.getvalue()}"
            time.sleep(0.01)
