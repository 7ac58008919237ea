"""Text from the command line, turned into checked values. Each error says what would be right."""

import csv
import re

from darkwake.options import COLUMN_KEYS, FORMATS
from vessels.clock import parse_iso_us
from vessels.errors import UsageError

BBox = tuple[float, float, float, float]


def parse_time(option: str, text: str | None) -> int | None:
    """Return an ISO 8601 time as microseconds since 1970; without zone it is UTC.

    Raises:
        UsageError: it is not a time.
    """
    if text is None:
        return None
    try:
        return parse_iso_us(text)
    except (ValueError, OverflowError) as error:
        example = "2021-01-31 or 2021-01-31T18:00:00Z"
        raise UsageError(f"{option}: {text!r} is not a time; write it as {example}") from error


def parse_range(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """Return `--from` and `--to` as microseconds. A day alone is its first moment.

    Raises:
        UsageError: one is not a time, or the range is empty.
    """
    from_us, to_us = parse_time("--from", start), parse_time("--to", end)
    if from_us is not None and to_us is not None and from_us > to_us:
        raise UsageError(f"--from {start} is later than --to {end}")
    return from_us, to_us


def parse_bbox(text: str | None) -> BBox | None:
    """Return west, south, east, north in degrees; west > east spans 180 degrees.

    Raises:
        UsageError: it is not four numbers, or they are not on the globe.
    """
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(
            f"--bbox: {text!r} is not W,S,E,N in degrees; for the Solent: -1.7,50.6,-1.0,50.95"
        ) from error
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise UsageError(f"--bbox: {text!r}: needs -180 <= W, E <= 180 and -90 <= S <= N <= 90")
    return west, south, east, north


def parse_columns(text: str | None) -> dict[str, str]:
    """Return COLUMN_KEYS name -> column of the file. A name that holds a comma goes in quotes.

    Raises:
        UsageError: a pair is not NAME=COLUMN, or a name is not one of COLUMN_KEYS or given twice.
    """
    if text is None:
        return {}
    columns: dict[str, str] = {}
    for pair in next(csv.reader([text], skipinitialspace=True), []):
        name, equals, column = (part.strip() for part in pair.partition("="))
        if not equals or not column:
            raise UsageError(f"--columns: {pair!r} is not NAME=COLUMN, as in mmsi=ID,time=WHEN")
        if name not in COLUMN_KEYS:
            raise UsageError(f"--columns: {name!r} is not one of {', '.join(COLUMN_KEYS)}")
        if name in columns:
            raise UsageError(f"--columns: {name} is given twice")
        columns[name] = column
    return columns


def parse_format(text: str) -> str:
    """Return the format.

    Raises:
        UsageError: there is no such format.
    """
    if text not in FORMATS:
        raise UsageError(f"--format: {text!r} is not one of {', '.join(FORMATS)}")
    return text


def parse_paths(paths: list[str]) -> tuple[str, ...]:
    """Return the paths as given, globs included.

    Raises:
        UsageError: one is empty, or is a network address: Darkwake reads files.
    """
    for path in paths:
        if not path:
            raise UsageError("an input path is empty")
        if re.match(r"[a-z][a-z0-9+.-]+://", path, re.IGNORECASE):
            raise UsageError(f"{path}: is an address; replay reads files, folders and globs")
    return tuple(paths)
