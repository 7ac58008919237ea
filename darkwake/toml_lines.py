"""Where in a TOML text a key stands. The parser of the standard library does not tell."""

import re
from collections import Counter
from typing import Any

_TABLE = re.compile(r"\[(?!\[)([^\[\]]+)\]")
_ARRAY = re.compile(r"\[\[([^\[\]]+)\]\]")
_KEY = re.compile(r"""((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def line_of(text: str, where: tuple[Any, ...]) -> int | None:
    r"""Return the line (1-based) of the key or table at `where`, or of the nearest table around it.

    `where` holds names, and an index for each array of tables. None where nothing of it is named.

    >>> line_of("[hulls]\nslack_m = 1", ("hulls", "slack_m"))
    2
    """
    table: tuple[Any, ...] = ()
    seen: Counter[tuple[Any, ...]] = Counter()
    nearest: tuple[int, int] | None = None
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if found := _ARRAY.match(line):
            name = _parts(found[1])
            path = table = (*name, seen[name])
            seen[name] += 1
        elif found := _TABLE.match(line):
            path = table = _parts(found[1])
        elif found := _KEY.match(line):
            path = (*table, *_parts(found[1]))
        else:
            continue
        if path[: len(where)] == where:
            return number
        if path == where[: len(path)] and (nearest is None or len(path) > nearest[0]):
            nearest = (len(path), number)
    return nearest[1] if nearest else None


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
