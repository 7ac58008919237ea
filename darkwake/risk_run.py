"""What a run's folder says of its hulls, as arrays for the features of `detectors.unusual`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from darkwake.vessel_fixes import Row, ask, database
from detectors.roles import CARRIERS, CATCHERS
from detectors.unusual.catalogue import NAMES
from detectors.unusual.days import DAY, FOREIGN, HIGH_SEAS, HOME, vessel_days
from detectors.unusual.windows import MARK, MIN_LEVEL, VISIT, VOYAGE, Facts
from vessels.clock import parse_iso_us
from vessels.geography import distance_to_shore_m
from vessels.identity import role_of
from vessels.mmsi import VESSEL_KINDS, kind_of
from vessels.ports import nearest_port
from vessels.units import US_PER_DAY
from vessels.zones import ZoneSet, no_zones

Array = NDArray[np.void]
CHUNK_ROWS = 8_000_000
"""Fixes held at a time."""
_PLACE = {name: i for i, name in enumerate(NAMES)}
_IDENTITY_KINDS = frozenset({"changed", "flip_flop", "hand_over", "two_hulls_at_once"})
_OPEN_END = 1 << 62
_DRAWN = "(epoch_us(time) // 1000000 * 2654435761 + hull * 40503) % 1000"
"""A number below 1000 for each fix, the same at every reading (Knuth's multiplicative hash)."""


@dataclass(frozen=True, slots=True)
class RiskRun:
    """A run: its hulls, numbered from 0 by hull_id, and the facts about them."""

    hull_id: list[str]
    mmsi: NDArray[np.int64]
    name: list[str | None]
    flag: list[str | None]
    role: list[str]
    length_m: NDArray[np.float64]
    facts: Facts


def read_run(run: Path, zones: ZoneSet | None = None, *, keep: float = 1.0) -> RiskRun:
    """Read a run's folder; `keep` is the share of its positions to look at, drawn by time.

    Raises:
        InputError: a file cannot be read.
    """
    zones = zones or no_zones()
    with database() as connection:
        people = ask(
            connection,
            "SELECT hull_id, mmsi, name, flag, ship_type, length_m, epoch_us(first_time), "
            "epoch_us(last_time) FROM read_parquet(?) ORDER BY hull_id",
            run / "vessels.parquet",
        )
        kinds = kind_of(np.array([row[1] for row in people], "i8"))
        people = [r for r, kind in zip(people, kinds, strict=True) if int(kind) in VESSEL_KINDS]
        number = {row[0]: i for i, row in enumerate(people)}
        marks, roles, has_lists = _marks(connection, run, number)
        visits = _visits(connection, run, number)
        flag = [row[3] for row in people]
        role = [roles.get(row[0]) or role_of(row[4], row[2]) for row in people]
        eez = zones.of_kinds(["eez"]) if len(zones) else np.empty(0, bool)
        facts = Facts(
            first_us=np.array([row[6] for row in people], "i8"),
            last_us=np.array([row[7] for row in people], "i8"),
            days=_days(connection, run, people, visits, zones, keep),
            visits=visits,
            voyages=_voyages(connection, run, number),
            marks=marks,
            has_eez=bool(eez.any()),
            flag_known=np.array([one is not None for one in flag], bool),
            has_lists=has_lists,
        )
    length = np.array([np.nan if row[5] is None else row[5] for row in people], "f8")
    mmsi = np.array([row[1] for row in people], "i8")
    return RiskRun([r[0] for r in people], mmsi, [r[2] for r in people], flag, role, length, facts)


def _visits(
    connection: duckdb.DuckDBPyConnection, run: Path, number: dict[str, int]
) -> Array | None:
    path = run / "visits.parquet"
    if not path.is_file():
        return None
    rows = ask(
        connection,
        'SELECT hull_id, epoch_us("start"), coalesce(epoch_us("end"), epoch_us(last_inside)), '
        "confidence_level FROM read_parquet(?)",
        path,
    )
    return _numbered(rows, number, VISIT)


def _voyages(
    connection: duckdb.DuckDBPyConnection, run: Path, number: dict[str, int]
) -> Array | None:
    path = run / "voyages.parquet"
    if not path.is_file():
        return None
    # An ongoing voyage runs to the run's last time, as its bounds do.
    now = parse_iso_us(json.loads((run / "run.json").read_bytes())["now"])
    rows = ask(
        connection,
        f'SELECT hull_id, epoch_us("start"), coalesce(epoch_us("end"), {now:d}), '  # noqa: S608 - an integer
        f"round(lower_days * {US_PER_DAY})::BIGINT, censored, silences FROM read_parquet(?)",
        path,
    )
    return _numbered(rows, number, VOYAGE)


def _numbered(rows: list[Row], number: dict[str, int], dtype: np.dtype[np.void]) -> Array:
    """Return rows of known hulls, their hull_id as a number, by hull and start."""
    known = [(number[hull], *rest) for hull, *rest in rows if hull in number]
    return np.array(sorted(known), dtype)


def _marks(
    connection: duckdb.DuckDBPyConnection, run: Path, number: dict[str, int]
) -> tuple[Array, dict[str, str], bool]:
    """Return what the events add to features, the roles that encounters tell, and lists or not."""
    rows = ask(
        connection,
        'SELECT type, hull_id, other_hull_id, epoch_us("start"::TIMESTAMPTZ), '
        'epoch_us("end"::TIMESTAMPTZ), duration_h, confidence, details.kind, details.role, '
        "details.other_role, details.observed_min, details.observed_h, details.welch_disabling, "
        "details.list_matches FROM read_parquet(?) ORDER BY event_id",
        run / "events.parquet",
    )
    marks: list[tuple[int, int, int, int, float, bool]] = []
    roles: dict[str, str] = {}
    has_lists = False
    for row in rows:
        kind, hull, other, start, end = row[:5]
        has_lists |= row[13] is not None
        until = _OPEN_END if end is None else end
        for mine, partner, own in ((hull, row[9], row[8]), (other, row[8], row[9])):
            if mine in number:
                if kind == "encounter" and own in {"carrier", "bunker"}:
                    roles[mine] = own
                for name, amount, by_hour in _adds(row, kind, partner):
                    place = _PLACE[name]
                    marks.append((number[mine], place, start, until, amount, by_hour))
    return np.array(sorted(marks), MARK), roles, has_lists


def _adds(row: Row, kind: str, partner: str | None) -> list[tuple[str, float, bool]]:
    """Return (feature, amount, by the hour) of one event for one of its hulls."""
    hours, confidence, sort, observed_min = row[5], row[6], row[7], row[10]
    observed_h, welch = row[11], row[12]
    out: list[tuple[str, float, bool]] = []
    if kind == "dark_period":
        out = [("dark_h", confidence, True), ("dark_periods", float(confidence >= 0.5), False)]
        out.append(("welch_disablings", float(bool(welch)), False))
    elif kind == "encounter":
        out = [("encounters", 1.0, False)]
        if partner in CARRIERS | CATCHERS:
            met = "carrier_meetings" if partner in CARRIERS else "catcher_meetings"
            out += [(met, 1.0, False)]
            out += [("meeting_h", (observed_min or 0.0) / 60.0 / max(hours, 1e-6), True)]
    elif kind == "loitering":
        out = [("loitering_h", (observed_h or 0.0) / max(hours, 1e-6), True)]
    elif kind == "dark_rendezvous":
        out = [("dark_rendezvous", confidence, False)]
    elif kind == "identity_conflict" and sort in _IDENTITY_KINDS:
        out = [("identity_changes", 1.0, False)]
    elif kind == "implausible_position" and sort != "interference":
        out = [("false_positions", 1.0, False)]
    elif kind == "zone_entry":
        out = [("zone_entries", 1.0, False)]
    # As vessels.lists writes a match.
    if any(" (iuu) by " in match for match in row[13] or ()):
        out.append(("listed", 1.0, False))
    return out


def _days(
    connection: duckdb.DuckDBPyConnection,
    run: Path,
    people: list[Row],
    visits: Array | None,
    zones: ZoneSet,
    keep: float,
) -> Array | None:
    """Return the vessel-days of tracks.parquet, read hull by hull in chunks; None without it."""
    path = run / "tracks.parquet"
    if not path.is_file():
        return None
    table = pa.table(
        {
            "hull_id": pa.array([row[0] for row in people], pa.string()),
            "hull": pa.array(range(len(people)), pa.int32()),
        }
    )
    connection.register("hulls", table)
    (total,) = ask(connection, "SELECT count(*) FROM read_parquet(?)", path)[0]
    chunks = max(1, -(-int(total) // CHUNK_ROWS))
    thinned = f"AND {_DRAWN} < {round(1000 * keep):d}" if keep < 1.0 else ""
    parts = [np.empty(0, DAY)]
    for chunk in range(chunks):
        columns = connection.execute(
            "SELECT hull, epoch_us(time) AS t, lat_deg AS lat, lon_deg AS lon, "  # noqa: S608 - ours
            "coalesce(ais_class = 'B', false) AS b, coalesce(sog_knots, 'nan') AS sog "
            "FROM read_parquet(?) JOIN hulls USING (hull_id) "
            f"WHERE hull % ? = ? {thinned} ORDER BY hull, t, lat, lon",
            [str(path), chunks, chunk],
        ).fetchnumpy()
        parts.append(_chunk_days(columns, people, visits, zones))
    days = np.concatenate(parts)
    return days[np.lexsort((days["day"], days["hull"]))]


def _chunk_days(
    columns: dict[str, Any], people: list[Row], visits: Array | None, zones: ZoneSet
) -> Array:
    hull, time_us = np.asarray(columns["hull"], "i4"), np.asarray(columns["t"], "i8")
    lat, lon = np.asarray(columns["lat"], "f8"), np.asarray(columns["lon"], "f8")
    return vessel_days(
        hull,
        time_us,
        lat,
        lon,
        at_sea=_at_sea(hull, time_us, visits),
        class_b=np.asarray(columns["b"], bool),
        shore_m=distance_to_shore_m(lat, lon),
        port_m=nearest_port(lat, lon)[1],
        sog_knots=np.asarray(columns["sog"], "f4"),
        zone=_zones(hull, lat, lon, [row[3] for row in people], zones),
    )


def _at_sea(
    hull: NDArray[np.int32], time_us: NDArray[np.int64], visits: Array | None
) -> NDArray[np.bool_]:
    """Return whether each fix lies outside every confident visit of its hull.

    Hull and hour share one integer: visits of a hull do not overlap, so the last that began
    before a fix is the only one that can hold it.
    """
    if visits is None:
        return np.ones(len(hull), bool)
    calls = visits[visits["level"] >= MIN_LEVEL]
    if len(calls) == 0:
        return np.ones(len(hull), bool)
    calls = calls[np.lexsort((calls["start_us"], calls["hull"]))]
    out = np.ones(len(hull), bool)
    own, first = np.unique(hull, return_index=True)
    ends = np.append(first[1:], len(hull))
    begin = np.searchsorted(calls["hull"], own, "left")
    stop = np.searchsorted(calls["hull"], own, "right")
    for one in np.flatnonzero(stop > begin).tolist():
        rows, mine = slice(first[one], ends[one]), calls[begin[one] : stop[one]]
        which = np.searchsorted(mine["start_us"], time_us[rows], "right") - 1
        inside = (which >= 0) & (time_us[rows] <= mine["end_us"][np.maximum(which, 0)])
        out[rows] = ~inside
    return out


def _zones(
    hull: NDArray[np.int32],
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    flag: list[str | None],
    zones: ZoneSet,
) -> NDArray[np.int8]:
    """Return HOME, FOREIGN, HIGH_SEAS or UNSURE for each fix.

    UNSURE is a fix in several EEZs, without a flag, or in a zone whose name is no ISO 3166-1
    alpha-3 code.
    """
    out = np.zeros(len(hull), "i1")
    is_eez = zones.of_kinds(["eez"]) if len(zones) else np.empty(0, bool)
    if not is_eez.any():
        return out
    first, held = zones.at(lat, lon)
    point = np.repeat(np.arange(len(lat)), np.diff(first))
    point, held = point[is_eez[held]], held[is_eez[held]]
    count = np.bincount(point, minlength=len(lat))
    out[count == 0] = HIGH_SEAS
    code = {name: i for i, name in enumerate(sorted({*zones.names, *(f for f in flag if f)}))}
    is_code = np.array([len(n) == 3 and n.isalpha() and n.isupper() for n in zones.names])
    zone_code = np.array([code[name] for name in zones.names])
    flag_code = np.array([-1 if one is None else code[one] for one in flag])
    alone = (count[point] == 1) & is_code[held] & (flag_code[hull[point]] >= 0)
    same = zone_code[held] == flag_code[hull[point]]
    out[point[alone]] = np.where(same, HOME, FOREIGN)[alone]
    return out
