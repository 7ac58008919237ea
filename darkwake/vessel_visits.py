"""Port visits and voyages of some numbers, where the run has worked them out."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from darkwake.vessel_fixes import Row, ask
from maps import words
from maps.vessel_facts import Stay

_VISITS = """
SELECT port_name, port_country, epoch_us("start") AS first, epoch_us("end"), lat, lon,
       confidence_level, rest_h
FROM read_parquet(?) WHERE list_contains(?, mmsi) ORDER BY first, hull_id
"""
_VOYAGES = """
SELECT from_port, to_port, epoch_us("start") AS first, epoch_us("end"), lower_days, upper_days,
       censored, silences, longest_silence_h
FROM read_parquet(?) WHERE list_contains(?, mmsi) ORDER BY first, hull_id
"""
_UNKNOWN = "unlisted port"
_CONFIDENCE = {
    1: "1 of 4: passed through",
    2: "2 of 4: stopped or fell silent there",
    3: "3 of 4: stopped, and was heard coming or leaving",
    4: "4 of 4: came, stopped and left",
}


def read_visits(
    connection: duckdb.DuckDBPyConnection, run: Path, numbers: Sequence[int]
) -> list[Stay] | None:
    """Return the port visits by start; None where the run has none worked out.

    Raises:
        InputError: visits.parquet cannot be read.
    """
    return _stays(connection, run / "visits.parquet", _VISITS, numbers)


def read_voyages(
    connection: duckdb.DuckDBPyConnection, run: Path, numbers: Sequence[int]
) -> list[Stay] | None:
    """Return the voyages by start, as `read_visits` does from voyages.parquet."""
    return _stays(connection, run / "voyages.parquet", _VOYAGES, numbers)


def _stays(
    connection: duckdb.DuckDBPyConnection, path: Path, query: str, numbers: Sequence[int]
) -> list[Stay] | None:
    if not path.is_file():
        return None
    make = _visit if query == _VISITS else _voyage
    return [make(row) for row in ask(connection, query, path, list(numbers))]


def _visit(row: Row) -> Stay:
    port, country, start_us, end_us, lat, lon, level, rest_h = row
    title = (
        ", ".join(part for part in (port, country) if part) or f"No listed port near {lat}, {lon}"
    )
    facts = (
        ("At rest", words.hours_words(rest_h)),
        ("How sure", _CONFIDENCE.get(level, f"{level} of 4")),
    )
    return Stay(start_us, end_us, title, facts, (lat, lon))


def _voyage(row: Row) -> Stay:
    start, end, start_us, end_us, lower, upper, censored, silences, longest_h = row
    left = start or ("At sea when first heard" if censored else _UNKNOWN)
    title = f"{left}, still at sea" if end_us is None else f"{left} to {end or _UNKNOWN}"
    longest = f", the longest {words.hours_words(longest_h)}" if silences else ""
    facts = (
        ("Days at sea", _days(lower, None if censored else upper)),
        ("Silences that could hide a call", f"{silences}{longest}"),
    )
    return Stay(start_us, end_us, title, facts, None)


def _days(lower: float, upper: float | None) -> str:
    """Return the bounds in words: what lies between them is not known."""
    if upper is None:
        return f"at least {lower:.1f}"
    return f"{upper:.1f}" if upper - lower < 0.05 else f"{lower:.1f} to {upper:.1f}"
