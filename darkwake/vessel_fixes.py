"""The fixes of one vessel, read from a run's tracks.parquet with DuckDB, in bounded memory.

However many fixes there are, what leaves here is small: the hulls, their silences, a thinned track
and the slices of a chart. Fixes at equal times are put in order by place, so equal files give equal
answers.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from maps.vessel_facts import Chart, Hull, Silence, Slice
from vessels.errors import InputError
from vessels.units import US_PER_DAY, US_PER_H, US_PER_MIN

MEMORY_LIMIT = "1GB"
"""DuckDB spills to a temporary folder above this."""
TRACK_CELLS = 40_000
"""A track is thinned to about one fix in each of so many equal stretches of its time."""
CHART_SLICES = 1_200
"""Most slices of the chart: about one for each pixel of its width."""
_SLICE_US = (
    *(10 * US_PER_MIN, 30 * US_PER_MIN, US_PER_H, 3 * US_PER_H, 6 * US_PER_H, 12 * US_PER_H),
    *(US_PER_DAY, 7 * US_PER_DAY, 30 * US_PER_DAY),
)

Row = tuple[Any, ...]


@contextmanager
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a database in memory that may spill to a temporary folder, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="darkwake-") as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": folder,
        }
        with duckdb.connect(":memory:", config=config) as connection:
            yield connection


def ask(
    connection: duckdb.DuckDBPyConnection, query: str, path: Path, *values: object
) -> list[Row]:
    """Return the rows of a query whose first parameter is a Parquet file.

    Raises:
        InputError: the file cannot be read, or lacks a column.
    """
    try:
        return connection.execute(query, [str(path), *values]).fetchall()
    except duckdb.Error as error:
        why = str(error).splitlines()[0]
        raise InputError(f"cannot be read: {why}", path=str(path)) from error


class VesselFixes:
    """All fixes of some numbers.

    Args:
        connection: A database of `database`.
        tracks: tracks.parquet of a run.
        numbers: MMSIs.

    Raises:
        InputError: the file cannot be read.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, tracks: Path, numbers: Sequence[int]
    ) -> None:
        self._connection = connection
        ask(
            connection,
            "CREATE TEMP TABLE fixes AS SELECT mmsi, hull_id::VARCHAR AS hull, "
            "reason::VARCHAR AS reason, epoch_us(time) AS t, lat_deg AS lat, lon_deg AS lon, "
            "sog_knots AS sog FROM read_parquet(?) WHERE list_contains(?, mmsi)",
            tracks,
            list(numbers),
        )
        connection.execute(
            "CREATE TEMP TABLE kept AS SELECT *, lag(t) OVER h AS before, lead(t) OVER h AS after, "
            "lead(lat) OVER h AS lat_after, lead(lon) OVER h AS lon_after FROM fixes "
            " WHERE hull IS NOT NULL WINDOW h AS (PARTITION BY hull ORDER BY t, lat, lon)"
        )

    def rejected(self) -> dict[str, int]:
        """Return why fixes were not believed -> how many, by reason."""
        rows = self._connection.execute(
            "SELECT reason, count(*) FROM fixes WHERE hull IS NULL GROUP BY reason ORDER BY reason"
        ).fetchall()
        return dict(rows)

    def hulls(self) -> list[Hull]:
        """Return the hulls that were told apart, most fixes first; without name and flag."""
        rows = self._connection.execute(
            "SELECT hull, any_value(mmsi), count(*) AS fixes, min(t), max(t) FROM kept "
            "GROUP BY hull ORDER BY fixes DESC, hull"
        ).fetchall()
        return [
            Hull(hull_id=hull, mmsi=mmsi, fixes=fixes, first_us=first, last_us=last)
            for hull, mmsi, fixes, first, last in rows
        ]

    def silences(self, least_us: int, now_us: int) -> list[Silence]:
        """Return the silences of `least_us` and more of each hull, by start.

        The last one of a hull runs to `now_us` and has no end.
        """
        rows = self._connection.execute(
            "SELECT hull, t, lat, lon, after, lat_after, lon_after FROM kept "
            "WHERE coalesce(after, ?) - t >= ? ORDER BY t, hull",
            [now_us, least_us],
        ).fetchall()
        return [
            Silence(
                hull_id=hull,
                start_us=start,
                end_us=end,
                now_us=now_us,
                place=(lat, lon),
                end_place=None if end is None else (end_lat, end_lon),
            )
            for hull, start, lat, lon, end, end_lat, end_lon in rows
        ]

    def tracks(self, hulls: Sequence[str], silence_us: int) -> dict[str, list[Row]]:
        """Return hull_id -> (time_us, lon, lat), thinned; both ends of every silence are kept."""
        rows = self._connection.execute(
            "WITH w AS (SELECT greatest((max(t) - min(t)) // ?, 1) AS width FROM kept) "
            "SELECT hull, t, lon, lat FROM kept, w WHERE list_contains(?, hull) AND ("
            "before IS NULL OR after IS NULL OR t - before >= ? OR after - t >= ? "
            "OR t // width != before // width) ORDER BY hull, t, lat, lon",
            [TRACK_CELLS, list(hulls), silence_us, silence_us],
        ).fetchall()
        out: dict[str, list[Row]] = {hull: [] for hull in hulls}
        for hull, *fix in rows:
            out[hull].append(tuple(fix))
        return out

    def chart(self, hulls: Sequence[str]) -> Chart:
        """Return reports and speeds of the hulls in equal slices of time."""
        width_us = self._slice_width_us(len(hulls))
        rows = self._connection.execute(
            "SELECT hull, t // ? AS slice, count(*), min(sog), median(sog), max(sog) FROM kept "
            "WHERE list_contains(?, hull) GROUP BY hull, slice ORDER BY hull, slice",
            [width_us, list(hulls)],
        ).fetchall()
        slices: dict[str, list[Slice]] = {hull: [] for hull in hulls}
        for hull, *values in rows:
            slices[hull].append(Slice(*values))
        return Chart(width_us=width_us, slices=slices)

    def _slice_width_us(self, hulls: int) -> int:
        found = self._connection.execute("SELECT max(t) - min(t) FROM kept").fetchone()
        span_us = (found[0] if found else None) or 0
        most = max(CHART_SLICES // max(hulls, 1), 150)
        return next((width for width in _SLICE_US if span_us // width < most), _SLICE_US[-1])
