"""What the archive of a watch knows of the ships near an image.

The archive holds rows by number, not by hull: where two hulls share a number, both count as one
here. Rows of the last hour or so are still in the journal and come in with the next look.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from darkwake.tiles_run import REACH_US, Known, known_of, near_places, to_fix
from imagery.expected import OnAis
from imagery.scenes import Outline
from vessels.errors import InputError
from vessels.hulls import hull_id, hull_key, mmsi_of
from vessels.units import US_PER_DAY

_ROWS = (
    "(SELECT mmsi, epoch_us(time) AS t, lat_deg AS lat, lon_deg AS lon, sog_knots AS sog,"
    " cog_deg AS cog FROM read_parquet(?) WHERE lat_deg IS NOT NULL AND lon_deg IS NOT NULL)"
)
_SHIPS = (
    "SELECT mmsi, max_by((t, lat, lon, sog, cog), t) FILTER (t <= ?),"
    " min_by((t, lat, lon, sog, cog), t) FILTER (t > ?) FROM ROWS"
    " WHERE CONDITION AND t BETWEEN ? AND ? GROUP BY mmsi ORDER BY mmsi"
)
_PATH = (
    "SELECT lon, lat FROM ROWS WHERE list_contains(?, mmsi) AND t BETWEEN ? AND ?"
    " ORDER BY t, lat, lon"
)
_STATED = (
    "SELECT mmsi, max_by(name, time) FILTER (name IS NOT NULL) AS name,"
    " max_by(length_m, time) FILTER (length_m IS NOT NULL) AS length_m,"
    " max_by(ship_type, time) FILTER (ship_type IS NOT NULL) AS ship_type"
    " FROM read_parquet(?) WHERE list_contains(?, mmsi) GROUP BY mmsi"
)


class ArchiveFixes:
    """Fixes of a watch's archive over the days of one event.

    Args:
        connection: A database of `darkwake.vessel_fixes.database`.
        archive: Folder of `date=YYYY-MM-DD` folders.
        begin_us: First time that matters.
        end_us: Last time that matters.
        hulls: Those of the event.

    Raises:
        InputError: the archive holds nothing of those days, or cannot be read.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        archive: Path,
        begin_us: int,
        end_us: int,
        hulls: Sequence[str],
    ) -> None:
        self._connection = connection
        self._files = _files(archive, begin_us - US_PER_DAY, end_us + US_PER_DAY)
        if not self._files:
            raise InputError("holds no rows of those days yet", path=str(archive))
        self._hulls = {mmsi_of(hull_key(hull)): hull for hull in hulls}
        self.known: dict[str, Known] = {}
        self._state(self._hulls)

    def around(self, hull: str, at_us: int) -> OnAis | None:
        """Return a hull with its fixes before and after a time, however far off."""
        ships = self._ships("mmsi = ?", [mmsi_of(hull_key(hull))], -(2**62), 2**62, at_us)
        return ships[0] if ships else None

    def near(self, outline: Outline, at_us: int, without: Sequence[str]) -> list[OnAis]:
        """Return the hulls that may have been within an outline at a time."""
        where, values = near_places(outline)
        numbers = [mmsi_of(hull_key(hull)) for hull in without]
        where = f"{where} AND NOT list_contains(?, mmsi)"
        begin_us, end_us = at_us - REACH_US, at_us + REACH_US
        return self._ships(where, [*values, numbers], begin_us, end_us, at_us)

    def path(self, hulls: Sequence[str], begin_us: int, end_us: int) -> list[tuple[float, float]]:
        """Return (lon, lat) of the fixes of hulls within a time."""
        numbers = [mmsi_of(hull_key(hull)) for hull in hulls]
        return [(row[0], row[1]) for row in self._ask(_PATH, numbers, begin_us, end_us)]

    def _ships(
        self, where: str, values: list[Any], begin_us: int, end_us: int, at_us: int
    ) -> list[OnAis]:
        query = _SHIPS.replace("CONDITION", where)
        rows = self._ask(query, at_us, at_us, *values, begin_us, end_us, files_at=2)
        self._state(row[0] for row in rows)
        ships = []
        for number, before, after in rows:
            hull = self._name(number)
            known = self.known.get(hull, Known(None, float("nan"), "unknown"))
            ships.append(OnAis(hull, to_fix(before), to_fix(after), known.length_m, known.kind))
        return ships

    def _state(self, numbers: Iterable[int]) -> None:
        """Look up what ships say of themselves."""
        new = [number for number in numbers if self._name(number) not in self.known]
        for number, name, length_m, ship_type in self._ask(_STATED, new) if new else []:
            stated = {"name": name, "length_m": length_m, "ship_type": ship_type}
            self.known[self._name(number)] = known_of(stated)

    def _name(self, number: int) -> str:
        return self._hulls.get(number) or hull_id(number, 1)

    def _ask(self, query: str, *values: object, files_at: int = 0) -> list[tuple[Any, ...]]:
        """Ask; the list of files goes among the values where the query has its rows."""
        asked = [*values[:files_at], self._files, *values[files_at:]]
        try:
            return self._connection.execute(query.replace("ROWS", _ROWS), asked).fetchall()
        except duckdb.Error as error:
            why = str(error).splitlines()[0]
            raise InputError(f"the archive cannot be read: {why}") from error


def _files(archive: Path, begin_us: int, end_us: int) -> list[str]:
    """Return the files of the days of a time."""
    first, last = (datetime.fromtimestamp(us / 1e6, UTC).date() for us in (begin_us, end_us))
    out: list[str] = []
    for number in range((last - first).days + 1):
        day = archive / f"date={first + timedelta(days=number)}"
        out += [str(path) for path in sorted(day.glob("*.parquet"))]
    return out
