"""Tracks of an event's hulls for its map: from a replay's folder, else from the watch's archive.

A replay's tracks are split into hulls; the archive's rows are not, so the rows of a number around
the event are split here, and the hull is taken that was nearest to where the event began. What is
still in the journal, an hour at most, is not drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from darkwake.vessel_fixes import database
from detectors.events import Event
from maps.event_page import AROUND_US
from maps.tracks import Track
from vessels.fixes import fixes_from_table, sort_fixes
from vessels.geodesy import distance_m
from vessels.hulls import HullParameters, new_state, split_hulls
from vessels.schema import FIXES
from vessels.units import US_PER_DAY

MOST_ROWS = 200_000
"""Most fixes read of a hull: some 17 days at one every seven seconds."""
MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class TrackSources:
    """Where tracks can come from; either may be None."""

    run: Path | None
    archive: Path | None


def tracks_of(event: Event, sources: TrackSources) -> Mapping[str, Track]:
    """Return the tracks of an event's hulls around it; a hull that nothing is known of is left out.

    A track is a help to the eye: what cannot be read is not drawn.
    """
    found: dict[str, Track] = {}
    pairs = ((event.hull_id, event.mmsi), (event.other_hull_id, event.other_mmsi))
    try:
        with database() as connection:
            for hull, mmsi in pairs:
                if hull is None or mmsi is None:
                    continue
                track = _from_run(connection, event, hull, sources.run)
                track = track or _from_archive(connection, event, mmsi, sources.archive)
                if track:
                    found[hull] = track
    except (duckdb.Error, OSError):
        return found
    return found


def _span(event: Event) -> tuple[int, int]:
    end_us = event.now_us if event.end_us is None else event.end_us
    return event.start_us - AROUND_US, end_us + AROUND_US


def _from_run(
    connection: duckdb.DuckDBPyConnection, event: Event, hull: str, run: Path | None
) -> Track:
    path = None if run is None else run / "tracks.parquet"
    if path is None or not path.is_file():
        return []
    rows = connection.execute(
        "SELECT epoch_us(time) AS t, lon_deg, lat_deg FROM read_parquet(?) "
        "WHERE hull_id::VARCHAR = ? AND epoch_us(time) BETWEEN ? AND ? "
        "ORDER BY t, lat_deg, lon_deg LIMIT ?",
        [str(path), hull, *_span(event), MOST_ROWS],
    ).fetchall()
    return [(int(t), float(lon), float(lat)) for t, lon, lat in rows]


def _from_archive(
    connection: duckdb.DuckDBPyConnection, event: Event, mmsi: int, archive: Path | None
) -> Track:
    if archive is None:
        return []
    first_us, last_us = _span(event)
    files = [str(path) for path in _parts(archive, first_us, last_us)]
    if not files:
        return []
    columns = ", ".join(FIXES.names)
    asked = (
        f"SELECT {columns} FROM read_parquet(?) WHERE mmsi = ? "  # noqa: S608 - our own names
        "AND lat_deg IS NOT NULL AND epoch_us(time) BETWEEN ? AND ? ORDER BY time LIMIT ?"
    )
    values = [files, mmsi, first_us, last_us, MOST_ROWS]
    table: pa.Table = connection.sql(asked, params=values).to_arrow_table()
    if table.num_rows == 0:
        return []
    return _hull_nearest(table.cast(pa.schema([FIXES.field(n) for n in table.column_names])), event)


def _parts(archive: Path, first_us: int, last_us: int) -> list[Path]:
    days = min((last_us - first_us) // US_PER_DAY + 2, MOST_DAYS)
    first = datetime.fromtimestamp(first_us / 1e6, UTC).date()
    folders = (archive / f"date={first + timedelta(days=day)}" for day in range(days))
    return [part for folder in folders for part in sorted(folder.glob("part-*.parquet"))]


def _hull_nearest(table: pa.Table, event: Event) -> Track:
    """Return the fixes of the hull that was nearest to where and when the event began."""
    fixes, _ = sort_fixes(fixes_from_table(table))
    _, out = split_hulls(new_state(), fixes, np.zeros(len(fixes), "u1"), HullParameters())
    rows = out.fixes
    if len(rows) == 0:
        return []
    # A second counts as a metre (2 knots): neither time nor place alone must decide.
    places = zip(rows.lat_deg.tolist(), rows.lon_deg.tolist(), strict=True)
    apart_m = np.array([distance_m(event.lat, event.lon, lat, lon) for lat, lon in places])
    apart_s = np.abs(rows.time_us - event.start_us) / 1e6
    nearest = int(np.argmin(apart_m + apart_s))
    mine = out.hull == out.hull[nearest]
    return list(
        zip(
            rows.time_us[mine].tolist(),
            rows.lon_deg[mine].tolist(),
            rows.lat_deg[mine].tolist(),
            strict=True,
        )
    )
