"""What the commands print. All text is made harmless first; nothing in it is markup."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from vessels.text import clean_text

_LINE_LIMIT = 2000
_PIPE_WIDTH = 200


def say(text: str) -> None:
    """Print one line on stdout."""
    sys.stdout.write(f"{one_line(text)}\n")


def warn(text: str) -> None:
    """Print one line on stderr."""
    sys.stderr.write(f"{one_line(text)}\n")


def say_json(value: Any) -> None:
    """Print `value` as JSON on stdout; everything outside ASCII is escaped."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


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
    console = Console(width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as captured:
        console.print(table)
    lines = captured.get().splitlines()
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in lines)


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
