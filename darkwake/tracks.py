"""Tracks of a replay: all of them as tracks.parquet if asked for, thinned ones for the map.

Both are written as the fold goes, so memory does not grow with the data.
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from detectors.vessel_stage import VesselOutput
from vessels.fixes import NO_STATUS, Array, Fixes
from vessels.hulls import REASONS, hull_id_of, hull_key
from vessels.units import US_PER_MIN

THIN_US = 10 * US_PER_MIN
_RECEIVERS = ("satellite", "terrestrial")
_CLASSES = ("A", "B")

TRACKS = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("hull_id", pa.dictionary(pa.int32(), pa.string())),
        pa.field("reason", pa.dictionary(pa.int32(), pa.string()), nullable=False),
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("lat_deg", pa.float64(), nullable=False),
        pa.field("lon_deg", pa.float64(), nullable=False),
        pa.field("sog_knots", pa.float32()),
        pa.field("cog_deg", pa.float32()),
        pa.field("heading_deg", pa.float32()),
        pa.field("nav_status", pa.uint8()),
        pa.field("msg_type", pa.uint8()),
        pa.field("ais_class", pa.dictionary(pa.int32(), pa.string())),
        pa.field("receiver", pa.dictionary(pa.int32(), pa.string())),
    ]
)
"""Columns of tracks.parquet: every fix with a position; `reason` is `kept` or why it was not."""


class TrackWriter:
    """Write tracks.parquet batch by batch, in order of becoming known."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, TRACKS, compression="zstd", version="2.6")

    def add(self, output: VesselOutput) -> None:
        """Write what one step of the vessel stage decided."""
        kept = np.zeros(len(output.kept), "u1")
        self._write(output.kept, _hull_column(output.key), kept)
        nobody = pa.DictionaryArray.from_arrays(
            pa.nulls(len(output.rejected), pa.int32()), pa.array([], pa.string())
        )
        self._write(output.rejected, nobody, output.reason)

    def add_waiting(self, fixes: Fixes) -> None:
        """Write the fixes that were still waiting for a hull at the end."""
        nobody = pa.DictionaryArray.from_arrays(
            pa.nulls(len(fixes), pa.int32()), pa.array([], pa.string())
        )
        self._write(fixes, nobody, np.full(len(fixes), REASONS.index("unconfirmed"), "u1"))

    def add_file(self, path: Path) -> None:
        """Write the rows of a file that another writer finished."""
        for batch in pq.ParquetFile(path).iter_batches():
            self._writer.write_table(pa.Table.from_batches([batch]).cast(TRACKS))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def _write(self, fixes: Fixes, hull: pa.DictionaryArray, reason: Array) -> None:
        if len(fixes) == 0:
            return
        columns = [
            pa.array(fixes.mmsi),
            hull,
            pa.DictionaryArray.from_arrays(pa.array(reason.astype("i4")), pa.array(REASONS)),
            pa.array(fixes.time_us).cast(TRACKS.field("time").type),
            pa.array(fixes.lat_deg),
            pa.array(fixes.lon_deg),
            *(_nullable(column) for column in (fixes.sog_knots, fixes.cog_deg, fixes.heading_deg)),
            pa.array(fixes.nav_status, mask=fixes.nav_status == NO_STATUS),
            pa.array(fixes.msg_type, mask=fixes.msg_type == 0),
            _words(fixes.ais_class, _CLASSES),
            _words(fixes.receiver, _RECEIVERS),
        ]
        self._writer.write_table(pa.Table.from_arrays(columns, schema=TRACKS))


def _hull_column(key: Array) -> pa.DictionaryArray:
    hulls, place = np.unique(key, return_inverse=True)
    names = [hull_id_of(one) for one in hulls]
    return pa.DictionaryArray.from_arrays(
        pa.array(place.astype("i4")), pa.array(names, pa.string())
    )


def _nullable(column: Array) -> pa.Array:
    return pa.array(column, mask=np.isnan(column))


def _words(codes: Array, words: tuple[str, ...]) -> pa.DictionaryArray:
    indices = pa.array(codes.astype("i4") - 1, mask=codes == 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


class TrackSpool:
    """One fix a hull and ten minutes, kept in a file until it is known which hulls are drawn."""

    _SCHEMA = pa.schema(
        [("key", pa.int64()), ("time_us", pa.int64()), ("lon", pa.float64()), ("lat", pa.float64())]
    )

    def __init__(self, path: Path, numbers: Array | None = None) -> None:
        """Begin a file of all hulls, or of those of some MMSIs (sorted)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._paths = [path]
        self._writer = pq.ParquetWriter(path, self._SCHEMA, compression="zstd")
        self._numbers = numbers

    def add(self, output: VesselOutput) -> None:
        """Keep the first fix of each hull in each ten minutes, and each hull's last of the step."""
        key, time_us = output.key, output.kept.time_us
        if len(key) == 0:
            return
        cell = time_us // THIN_US
        new = np.append(True, (key[1:] != key[:-1]) | (cell[1:] != cell[:-1]))
        new[np.flatnonzero(np.append(key[1:] != key[:-1], True))] = True
        kept = output.kept
        rows = self._wanted(key, np.flatnonzero(new))
        columns = [column[rows] for column in (key, kept.time_us, kept.lon_deg, kept.lat_deg)]
        self._writer.write_table(
            pa.Table.from_arrays([pa.array(column) for column in columns], schema=self._SCHEMA)
        )

    def _wanted(self, key: Array, rows: Array) -> Array:
        if self._numbers is None:
            return rows
        mmsi = key[rows] >> 16
        place = np.searchsorted(self._numbers, mmsi)
        return rows[np.append(self._numbers, -1)[place] == mmsi]

    def close(self, others: Iterable[Path] = ()) -> None:
        """Finish the file, so that `tracks` can read it, and those of other spools with it."""
        self._writer.close()
        self._paths += others

    def _files(self) -> list[str]:
        return [str(path) for path in self._paths]

    def tracks(self, hulls: Iterable[str]) -> dict[str, list[tuple[int, float, float]]]:
        """Return hull_id -> (time_us, lon, lat) in time order, for the hulls asked for."""
        keys = {hull_key(name): name for name in hulls}
        out: dict[str, list[tuple[int, float, float]]] = {name: [] for name in keys.values()}
        if not keys:
            return out
        wanted = pa.table({"key": pa.array(list(keys), pa.int64())})
        with duckdb.connect(":memory:") as database:
            database.register("wanted", wanted)
            rows = database.execute(
                "SELECT key, time_us, lon, lat FROM read_parquet(?) SEMI JOIN wanted USING (key) "
                "ORDER BY key, time_us, lon, lat",
                [self._files()],
            ).fetchall()
        for key, time_us, lon, lat in rows:
            out[keys[key]].append((time_us, lon, lat))
        return out

    def places(self, moments: list[tuple[int, int]]) -> list[tuple[str, float, float] | None]:
        """Return hull_id, lat and lon heard last at each (mmsi, time_us); None where never before.

        To ten minutes: the spool holds no more.
        """
        if not moments:
            return []
        wanted = pa.table(
            {
                "row": pa.array(range(len(moments)), pa.int64()),
                "mmsi": pa.array([mmsi for mmsi, _ in moments], pa.int64()),
                "at_us": pa.array([at_us for _, at_us in moments], pa.int64()),
            }
        )
        with duckdb.connect(":memory:") as database:
            database.register("wanted", wanted)
            rows = database.execute(
                "SELECT key, lat, lon FROM wanted ASOF LEFT JOIN "
                # The first of each ten minutes alone: the last of a step depends on its cut.
                "(SELECT *, key >> 16 AS mmsi FROM read_parquet(?) "
                "WHERE key >> 16 IN (SELECT mmsi FROM wanted) "
                "QUALIFY row_number() OVER (PARTITION BY key, time_us // ? "
                "ORDER BY time_us) = 1) AS heard "
                "ON wanted.mmsi = heard.mmsi AND wanted.at_us >= heard.time_us ORDER BY row",
                [self._files(), THIN_US],
            ).fetchall()
        return [None if key is None else (hull_id_of(key), lat, lon) for key, lat, lon in rows]
