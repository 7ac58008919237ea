"""Vessel stages in several processes, each with the numbers that fall to it.

The results are those of one process: a number is always in the same worker, and what the workers
bring is put in order before it is used.
"""

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from detectors import vessel_stage
from detectors.parameters import Parameters
from detectors.pipeline import LocalStages, Pending, VesselStages, split_by_number
from detectors.vessel_stage import VesselOutput
from vessels.errors import DarkwakeError
from vessels.fixes import Fixes

_QUIT_S = 5.0
_METHODS = ("step", "peek", "forget", "dump", "load")


class WorkerStages(VesselStages):
    """Worker processes; use it as a context, so that they end with it."""

    def __init__(self, parameters: Parameters, workers: int) -> None:
        # spawn: forking a process that holds Arrow's and numba's threads can hang.
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, parameters), daemon=True)
            with _ignoring_interrupts():
                process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        self._tokens: dict[int, list[int]] = {0: [0] * workers}
        self._next = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the workers, whatever happened."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(_QUIT_S)
            if process.is_alive():
                process.kill()

    def step(self, token: int, fixes: Fixes, watermark_us: int) -> tuple[int, list[VesselOutput]]:
        """Fold the fixes, each number in its worker."""
        parts = split_by_number(fixes, len(self._pipes))
        calls = zip(self._tokens[token], parts, strict=True)
        answers = self._ask([("step", (t, part, watermark_us)) for t, part in calls])
        outputs = [output for _, brought in answers for output in brought]
        return self._keep([t for t, _ in answers]), outputs

    def peek(self, token: int, now_us: int) -> list[Pending]:
        """Return what is open, from every worker."""
        answers = self._ask([("peek", (t, now_us)) for t in self._tokens[token]])
        return [pending for answer in answers for pending in answer]

    def forget(self, keep: set[int]) -> None:
        """Drop every state but these and 0, here and in the workers."""
        self._tokens = {t: parts for t, parts in self._tokens.items() if t in keep or t == 0}
        kept = [{parts[i] for parts in self._tokens.values()} for i in range(len(self._pipes))]
        self._ask([("forget", (tokens,)) for tokens in kept])

    def dump(self, token: int) -> list[vessel_stage.State]:
        """Return the arrays of every worker's state."""
        answers = self._ask([("dump", (t,)) for t in self._tokens[token]])
        return [state for answer in answers for state in answer]

    def load(self, states: list[vessel_stage.State]) -> int:
        """Give every worker its state back; there must be one for each."""
        if len(states) != len(self._pipes):
            raise DarkwakeError(f"state of {len(states)} workers, but {len(self._pipes)} run")
        return self._keep(self._ask([("load", ([state],)) for state in states]))

    def _keep(self, parts: list[int]) -> int:
        token, self._next = self._next, self._next + 1
        self._tokens[token] = parts
        return token

    def _ask(self, calls: list[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        for pipe, call in zip(self._pipes, calls, strict=True):
            pipe.send(call)
        return [_answer(pipe) for pipe in self._pipes]


@contextlib.contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Ctrl-C at a terminal reaches the workers too; only the main process is to answer it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _answer(pipe: Connection) -> Any:
    try:
        done, value = pipe.recv()
    except EOFError as error:
        raise DarkwakeError("a worker process died; is there enough memory?") from error
    if not done:
        raise value
    return value


def _work(pipe: Connection, parameters: Parameters) -> None:
    """Serve one part until the pipe closes. An error goes back to the caller, who raises it."""
    stages = LocalStages(parameters)
    methods = {name: getattr(stages, name) for name in _METHODS}
    while True:
        try:
            name, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer = (True, methods[name](*arguments))
        except Exception as error:  # noqa: BLE001  raised again in the calling process
            answer = (False, error)
        pipe.send(answer)
