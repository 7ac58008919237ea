"""What a run knows of the ships near an image: fixes before and after its time, length, kind."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow.parquet as pq

from darkwake.vessel_fixes import ask
from detectors.events import Event
from imagery.expected import Fix, OnAis, motion_kind
from imagery.scenes import Outline
from vessels.errors import InputError
from vessels.units import M_PER_NM, US_PER_H, US_PER_MIN

REACH_US = 6 * US_PER_H
"""A ship whose nearest fix is further off in time is not expected in a picture."""
_MARGIN_DEG = 2.0
"""A ship sails this far in the time above."""
_SHIPS = (
    "WITH f AS (SELECT hull_id::VARCHAR AS hull, epoch_us(time) AS t, lat_deg AS lat, "
    "lon_deg AS lon, sog_knots AS sog, cog_deg AS cog FROM read_parquet(?) "
    "WHERE hull_id IS NOT NULL), "
    "g AS (SELECT * FROM f WHERE CONDITION AND t BETWEEN ? AND ?) "
    "SELECT hull, max_by((t, lat, lon, sog, cog), t) FILTER (t <= ?), "
    "min_by((t, lat, lon, sog, cog), t) FILTER (t > ?) FROM g GROUP BY hull ORDER BY hull"
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is stated of a hull."""

    name: str | None
    length_m: float
    kind: str


class Fixes(Protocol):
    """Where fixes come from: a run, or the archive of a watch."""

    known: dict[str, Known]
    """What is stated of hulls, by hull."""

    def around(self, hull: str, at_us: int) -> OnAis | None:
        """Return a hull with its fixes before and after a time, however far off."""

    def near(self, outline: Outline, at_us: int, without: Sequence[str]) -> list[OnAis]:
        """Return the hulls that may have been within an outline at a time."""

    def path(self, hulls: Sequence[str], begin_us: int, end_us: int) -> list[tuple[float, float]]:
        """Return (lon, lat) of the fixes of hulls within a time."""


class RunFixes:
    """Fixes of a run, asked for by time.

    Args:
        connection: A database of `darkwake.vessel_fixes.database`.
        run: The run's folder, with tracks.parquet.

    Raises:
        InputError: the run has no tracks.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, run: Path) -> None:
        self._connection = connection
        self._tracks = run / "tracks.parquet"
        if not self._tracks.is_file():
            raise InputError(
                "holds no tracks.parquet: run replay again with --tracks", path=str(run)
            )
        rows = pq.read_table(
            run / "vessels.parquet", columns=["hull_id", "name", "length_m", "ship_type"]
        ).to_pylist()
        self.known: dict[str, Known] = {row["hull_id"]: known_of(row) for row in rows}

    def around(self, hull: str, at_us: int) -> OnAis | None:
        """Return a hull with its fixes before and after a time, however far off."""
        ships = self._ships("hull = ?", [hull], -(2**62), 2**62, at_us)
        return ships[0] if ships else None

    def near(self, outline: Outline, at_us: int, without: Sequence[str]) -> list[OnAis]:
        """Return the hulls that may have been within an outline at a time."""
        where, values = near_places(outline)
        return self._ships(
            f"{where} AND NOT list_contains(?, hull)",
            [*values, list(without)],
            at_us - REACH_US,
            at_us + REACH_US,
            at_us,
        )

    def path(self, hulls: Sequence[str], begin_us: int, end_us: int) -> list[tuple[float, float]]:
        """Return (lon, lat) of the fixes of hulls within a time."""
        return ask(
            self._connection,
            "SELECT lon_deg, lat_deg FROM read_parquet(?) WHERE list_contains(?, hull_id::VARCHAR) "
            "AND epoch_us(time) BETWEEN ? AND ? ORDER BY time, lat_deg, lon_deg",
            self._tracks,
            list(hulls),
            begin_us,
            end_us,
        )

    def visits(
        self, hulls: Sequence[str], place: tuple[float, float, float], step_us: int
    ) -> list[int]:
        """Return the steps of time in which hulls were within degrees (lat, lon, reach)."""
        lat, lon, reach = place
        rows = ask(
            self._connection,
            "SELECT DISTINCT epoch_us(time) // $2 AS t FROM read_parquet($1) WHERE "
            "list_contains($3, hull_id::VARCHAR) AND abs(lat_deg - $4) <= $5 AND "
            "abs((lon_deg - $6 + 540) % 360 - 180) * cos(radians($4)) <= $5 ORDER BY t",
            self._tracks,
            step_us,
            list(hulls),
            lat,
            reach,
            lon,
        )
        return [int(t) for (t,) in rows]

    def _ships(
        self, where: str, values: list[Any], begin_us: int, end_us: int, at_us: int
    ) -> list[OnAis]:
        """Return hulls of which a fix within the time answers a condition, with two fixes each."""
        query = _SHIPS.replace("CONDITION", where)
        rows = ask(
            self._connection,
            query,
            self._tracks,
            *values,
            begin_us,
            end_us,
            at_us,
            at_us,
        )
        return [self._ship(hull, before, after) for hull, before, after in rows]

    def _ship(self, hull: str, before: Any, after: Any) -> OnAis:
        known = self.known.get(hull, Known(None, math.nan, "unknown"))
        return OnAis(hull, to_fix(before), to_fix(after), known.length_m, known.kind)


def near_places(outline: Outline) -> tuple[str, list[float]]:
    """Return a condition on lat and lon, and its values: within an outline or a margin round it."""
    lons, lats = [lon for lon, _ in outline], [lat for _, lat in outline]
    wide = _MARGIN_DEG / max(math.cos(math.radians(max(map(abs, lats)))), 0.05)
    if max(lons) - min(lons) > 180.0:  # across 180 degrees
        lons = [lon % 360.0 for lon in lons]
    middle = (min(lons) + max(lons)) / 2.0
    half = (max(lons) - min(lons)) / 2.0 + wide
    return (
        "lat BETWEEN ? AND ? AND abs((lon - ? + 540) % 360 - 180) <= ?",
        [min(lats) - _MARGIN_DEG, max(lats) + _MARGIN_DEG, middle, half],
    )


def to_fix(row: Any) -> Fix | None:
    """Return a fix of DuckDB's (t, lat, lon, sog, cog), a struct or a tuple."""
    if row is None:
        return None
    time_us, lat, lon, sog, cog = row.values() if isinstance(row, dict) else row
    return Fix(time_us, lat, lon, *(math.nan if v is None else float(v) for v in (sog, cog)))


def known_of(row: Mapping[str, Any]) -> Known:
    """Return what is stated of a hull: a row with name, length_m, ship_type."""
    length = row["length_m"]
    return Known(row["name"], math.nan if length is None else length, motion_kind(row["ship_type"]))


def area_of(event: Event, fixes: Fixes, max_knots: float) -> Outline:
    """Return where to look for scenes: where its vessel can have been during an event.

    The reachable set of a dark period; for others a box round the fixes, half an hour's sailing
    wider.
    """
    from shapely.geometry import MultiPoint, Polygon  # noqa: PLC0415 - slow to import

    from vessels.reachable import whole_lens  # noqa: PLC0415 - as above

    end_us = event.now_us if event.end_us is None else event.end_us
    if event.type == "dark_period":
        again = event.path[-1] if event.end_us is not None and len(event.path) > 1 else (None, None)
        lens = whole_lens(
            event.lat, event.lon, event.start_us, again[1], again[0], end_us, max_knots
        )
        if lens is not None:
            hull = lens.convex_hull
            if isinstance(hull, Polygon):
                return tuple((float(x), float(y)) for x, y in hull.exterior.coords)
    hulls = [hull for hull in (event.hull_id, event.other_hull_id) if hull]
    slack_us = 30 * US_PER_MIN
    places = fixes.path(hulls, event.start_us - slack_us, end_us + slack_us)
    points = [*places, (event.lon, event.lat)]
    middle = event.lon
    turned = [(middle + (x - middle + 180.0) % 360.0 - 180.0, y) for x, y in points]
    reach = max_knots * 0.5 * M_PER_NM / 111_195.0
    west, south, east, north = MultiPoint(turned).buffer(reach).bounds
    return ((west, south), (east, south), (east, north), (west, north), (west, south))
