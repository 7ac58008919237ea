"""How far a long run is. A bar on stderr when a person watches; silence otherwise."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from vessels.text import clean_text

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Progress:
    """The silent form, and the interface: name a stage, then say how far it is.

    `update` fits `feeds.read` as its callback (bytes read, bytes known).
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was, whatever happened."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage of `total` steps, or of unknown length."""

    def update(self, done: int, total: int | None = None) -> None:
        """Say how many steps of the stage are done, and of how many if that is now known."""


class TerminalProgress(Progress):
    """One bar a stage, on stderr."""

    def __init__(self) -> None:
        # rich costs 60 ms: not worth it before a long run is certain.
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._bars: RichProgress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._finish()
        self._bars.stop()

    def stage(self, name: str, total: int | None = None) -> None:
        """Finish the bar of the last stage and begin a new one."""
        self._finish()
        self._task = self._bars.add_task(clean_text(name) or "", total=total)

    def update(self, done: int, total: int | None = None) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=total)

    def _finish(self) -> None:
        if self._task is not None:
            self._bars.update(self._task, total=1, completed=1)


def progress_for_terminal() -> Progress:
    """Return bars where stderr is a terminal, silence where it is a file or a pipe."""
    return TerminalProgress() if sys.stderr.isatty() else Progress()
