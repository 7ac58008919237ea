"""What the commands print. All text is made harmless first; nothing in it is markup."""

import io
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from vessels.errors import StoreError
from vessels.text import clean_text

_LINE_LIMIT = 2000
_PIPE_WIDTH = 200


def say(text: str) -> None:
    """Print one line on stdout.

    Raises:
        StoreError: it cannot be written, for example because the disk behind it is full.
    """
    _put(f"{one_line(text)}\n")


def warn(text: str) -> None:
    """Print one line on stderr."""
    sys.stderr.write(f"{one_line(text)}\n")


def say_json(value: Any) -> None:
    """Print `value` as JSON on stdout; everything outside ASCII is escaped."""
    _put(json.dumps(value, indent=2, allow_nan=False) + "\n")


def say_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table on stdout, as wide as the terminal; wide where nobody watches.

    Columns without names print no header.
    """
    from rich.console import Console  # noqa: PLC0415 - 60 ms that --help need not spend
    from rich.table import Table  # noqa: PLC0415

    table = Table(*columns, box=None, pad_edge=False, show_header=any(columns))
    for row in rows:
        table.add_row(*(one_line(show(cell)) for cell in row))
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    drawn = io.StringIO()
    Console(
        file=drawn,
        width=width,
        force_terminal=sys.stdout.isatty(),
        markup=False,
        emoji=False,
        highlight=False,
    ).print(table)
    _put("".join(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines()))


def show(value: Any) -> str:
    """Return a value as a person reads it: text as it is, the rest as JSON, nothing as "-"."""
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def one_line(text: str) -> str:
    """Return the text without control characters, in one line.

    A file name may hold bytes that are not UTF-8; these are shown as escapes.
    """
    printable = text.encode("utf-8", "backslashreplace").decode()
    return clean_text(printable, limit=_LINE_LIMIT) or ""


def _put(text: str) -> None:
    """Write to stdout and see it through. A reader that has gone away is no error of ours."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StoreError(f"cannot print: {error.strerror}") from error
