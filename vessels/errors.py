"""The error tree. Each class says when to catch it; each message says what the user can do.

DarkwakeError
  x UsageError       the command line asks for something impossible (exit 2)
  x ConfigError      a configuration file or value is wrong (exit 3)
  x InputError       a file cannot be read as AIS data (exit 4)
    + NoTimeError    a log carries no time at all: `--start-time` gives it one
  x StoreError       results or state cannot be written or read back (exit 5)

Bad *rows* are never errors: they are counted under a reason and reported in run.json.
"""

from typing import ClassVar


class DarkwakeError(Exception):
    """Base of everything Darkwake raises on purpose; the command line prints it in one line."""

    exit_code: ClassVar[int] = 1


class UsageError(DarkwakeError):
    """Catch this when options contradict each other or name something that does not exist."""

    exit_code = 2


class ConfigError(DarkwakeError):
    """Catch this when a configuration file has an unknown key or a value out of bounds."""

    exit_code = 3


class InputError(DarkwakeError):
    """Catch this when a file is not AIS data, is damaged, or lacks a needed column.

    `path` names the file and `line` the line (1-based) where one is known.
    """

    exit_code = 4

    def __init__(self, message: str, *, path: str | None = None, line: int | None = None) -> None:
        place = "" if path is None else path if line is None else f"{path}:{line}"
        super().__init__(f"{place}: {message}" if place else message)
        self.path = path
        self.line = line


class NoTimeError(InputError):
    """Catch this when no line of a log carries a time; `--start-time` gives it one."""


class StoreError(DarkwakeError):
    """Catch this when an output folder or a state file cannot be written or read back."""

    exit_code = 5
