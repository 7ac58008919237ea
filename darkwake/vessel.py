"""`darkwake vessel`: one vessel's page from a run's folder, by MMSI or IMO number.

The run must hold tracks.parquet (`darkwake replay --tracks`). Names of files come from numbers,
never from what a vessel calls itself.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from darkwake.diff import read_record
from darkwake.vessel_events import read_events
from darkwake.vessel_fixes import VesselFixes, ask, database
from darkwake.vessel_visits import read_visits, read_voyages
from maps.identities import Identity
from maps.tracks import SILENCE_US
from maps.vessel_facts import Held, Hull, VesselPage
from maps.vessel_page import write_vessel_page
from maps.vessel_payload import HULL_LIMIT
from vessels.clock import iso_z, parse_iso_us
from vessels.errors import InputError, UsageError
from vessels.units import US_PER_H

IMO_DIGITS = 7
MMSI_DIGITS = 9
NEAR_NUMBERS = 5
_NUMBER = re.compile(r"(?P<kind>IMO|MMSI)?\s*(?P<digits>[0-9]{1,9})", re.IGNORECASE)
_LEAST_SILENCE = "detectors.dark_period.min_duration_h"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: numbers, and the IMO number that led to them, if one did."""

    numbers: tuple[int, ...]
    imo: int | None = None

    @property
    def file_name(self) -> str:
        """Name of the page: by MMSI, or by IMO number where several MMSIs stated it."""
        if len(self.numbers) > 1:
            return f"vessel-imo-{self.imo:07d}.html"
        return f"vessel-{self.numbers[0]:09d}.html"


def make_vessel_page(
    run: Path, number: str, *, out: Path | None = None, label: str = ""
) -> tuple[Path, VesselPage]:
    """Write one vessel's page and return its path and what it holds.

    Args:
        run: Folder of a replay with `--tracks`.
        number: MMSI, or IMO number of seven digits, "IMO" before it or not.
        out: The page; `vessel-MMSI.html` in `run` by default.
        label: As `VesselPage.label`; by default the run's own, as the demo writes it.

    Raises:
        UsageError: `number` is no number.
        InputError: `run` is not a run with tracks, or does not know the number.
        StoreError: the page cannot be written.
    """
    wanted, page = _found(run, number, label)
    path = out or run / wanted.file_name
    write_vessel_page(path, page)
    return path, page


def vessel_page(run: Path, number: str) -> VesselPage:
    """Return what one vessel's page holds, without writing it; arguments as `make_vessel_page`.

    Raises:
        UsageError: `number` is no number.
        InputError: `run` is not a run with tracks, or does not know the number.
    """
    return _found(run, number, "")[1]


def _found(run: Path, number: str, label: str) -> tuple[Wanted, VesselPage]:
    record = read_record(run)
    for name, hint in (("tracks.parquet", " --tracks"), ("identities.parquet", "")):
        if not (run / name).is_file():
            raise InputError(f"holds no {name}: run darkwake replay{hint} again", path=str(run))
    with database() as connection:
        wanted = _wanted(connection, run, number)
        found = label or str(record.get("label") or "")
        return wanted, replace(_page(connection, run, record, wanted), label=found)


def contents(page: VesselPage) -> dict[str, Any]:
    """Return what a page holds as JSON values, for `--json`."""
    return {
        "mmsi": list(page.numbers),
        "imo": page.imo,
        "hulls": [
            {
                "hull_id": hull.hull_id,
                "mmsi": hull.mmsi,
                "name": hull.name,
                "flag": hull.flag,
                "first_time": iso_z(hull.first_us),
                "last_time": iso_z(hull.last_us),
                "fixes": hull.fixes,
            }
            for hull in page.hulls
        ],
        "rejected": dict(page.rejected),
        "silences": [
            {
                "hull_id": silence.hull_id,
                "start": iso_z(silence.start_us),
                "end": None if silence.end_us is None else iso_z(silence.end_us),
                "duration_h": round(silence.hours, 4),
                "distance_nm": _rounded(silence.distance_nm),
                "implied_speed_knots": _rounded(silence.knots),
            }
            for silence in page.silences
        ],
        "identities": [
            {
                "mmsi": one.mmsi,
                "attribute": one.attribute,
                "value": one.value,
                "first_time": iso_z(one.first_us),
                "last_time": iso_z(one.last_us),
                "reports": one.reports,
            }
            for one in page.held
        ],
        "events": [event.properties() for event in page.events],
        "visits": None if page.visits is None else len(page.visits),
        "voyages": None if page.voyages is None else len(page.voyages),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _wanted(connection: duckdb.DuckDBPyConnection, run: Path, text: str) -> Wanted:
    """Return the MMSIs meant by a number.

    Raises:
        UsageError: it is no number.
        InputError: the run does not know it.
    """
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is neither an MMSI nor an IMO number, such as 563012345")
    kind, digits = (match["kind"] or "").upper(), match["digits"]
    if kind != "MMSI" and len(digits) == IMO_DIGITS:
        query = (
            "SELECT DISTINCT mmsi FROM read_parquet(?) WHERE attribute = 'imo' "
            "AND value = ? ORDER BY mmsi"
        )
        found = ask(connection, query, run / "identities.parquet", str(int(digits)))
        if found:
            return Wanted(tuple(mmsi for (mmsi,) in found), int(digits))
    if kind != "IMO":
        # Of all known numbers, because one may have stated an identity and sent no position.
        for name in ("identities.parquet", "tracks.parquet"):
            query = "SELECT mmsi FROM read_parquet(?) WHERE mmsi = ? LIMIT 1"
            if ask(connection, query, run / name, int(digits)):
                return Wanted((int(digits),))
    raise _unknown(connection, run, kind, digits)


def _unknown(
    connection: duckdb.DuckDBPyConnection, run: Path, kind: str, digits: str
) -> InputError:
    """Return the error for a number that the run does not know; it names those most like it."""
    as_imo = kind == "IMO" or (not kind and len(digits) == IMO_DIGITS)
    if as_imo:
        query = "SELECT DISTINCT value FROM read_parquet(?) WHERE attribute = 'imo' ORDER BY value"
        known = [value for (value,) in ask(connection, query, run / "identities.parquet")]
    else:
        query = "SELECT DISTINCT mmsi FROM read_parquet(?) ORDER BY mmsi"
        rows = ask(connection, query, run / "tracks.parquet")
        known = [f"{mmsi:0{MMSI_DIGITS}d}" for (mmsi,) in rows]
    near = sorted((_apart(digits, one), one) for one in known if _apart(digits, one) <= 2)
    numbers = ", ".join(one for _, one in near[:NEAR_NUMBERS])
    hint = f"near numbers: {numbers}" if near else "no number in it is near"
    what = "IMO number" if as_imo else "MMSI"
    return InputError(f"{what} {digits} is not in this run; {hint}", path=str(run))


def _apart(asked: str, known: str) -> int:
    """Return in how many digits two numbers differ; a digit too many or too few counts as one.

    >>> _apart("416070901", "416070900"), _apart("41607090", "416070900")
    (1, 1)
    """
    if abs(len(asked) - len(known)) == 1:
        long, short = sorted((asked, known), key=len, reverse=True)
        if any(long[:i] + long[i + 1 :] == short for i in range(len(long))):
            return 1
    if len(asked) != len(known):
        return max(len(asked), len(known))
    return sum(a != b for a, b in zip(asked, known, strict=True))


def _page(
    connection: duckdb.DuckDBPyConnection, run: Path, record: dict[str, Any], wanted: Wanted
) -> VesselPage:
    fixes = VesselFixes(connection, run / "tracks.parquet", wanted.numbers)
    hulls = fixes.hulls()
    now_us = _now_us(record, hulls)
    least_h = _least_silence_h(record)
    drawn = [hull.hull_id for hull in hulls[:HULL_LIMIT]]
    events = read_events(run, wanted.numbers, now_us)
    others = {hull for event in events for hull in (event.hull_id, event.other_hull_id) if hull}
    known = dict(_known(connection, run, others | {hull.hull_id for hull in hulls}))
    return VesselPage(
        numbers=wanted.numbers,
        imo=wanted.imo,
        hulls=[_named(hull, known) for hull in hulls],
        tracks=fixes.tracks(drawn, SILENCE_US),
        chart=fixes.chart(drawn),
        silences=fixes.silences(int(least_h * US_PER_H), now_us),
        least_silence_h=least_h,
        held=_held(connection, run, wanted.numbers),
        events=events,
        rejected=fixes.rejected(),
        now_us=now_us,
        looked_at=_looked_at(record),
        visits=read_visits(connection, run, wanted.numbers),
        voyages=read_voyages(connection, run, wanted.numbers),
        identities={hull: one for hull, (one, _) in known.items()},
    )


def _now_us(record: dict[str, Any], hulls: Sequence[Hull]) -> int:
    try:
        return parse_iso_us(str(record["now"]))
    except (KeyError, ValueError):
        return max((hull.last_us for hull in hulls), default=0)


def _least_silence_h(record: dict[str, Any]) -> float:
    """Return what counts as a silence: the published 12 h, or less if the run looked for less."""
    published_h = SILENCE_US / US_PER_H
    asked = (record.get("parameters") or {}).get(_LEAST_SILENCE)
    return min(published_h, float(asked)) if isinstance(asked, (int, float)) else published_h


def _looked_at(record: dict[str, Any]) -> str:
    files, rows = len(record.get("inputs") or []), record.get("rows_decoded")
    version = (record.get("versions") or {}).get("darkwake") or "unknown"
    count = f"{rows:,} rows" if isinstance(rows, int) else "rows"
    names = "1 file" if files == 1 else f"{files} files"
    return f"From a run over {count} of {names}, up to {record.get('now')}; Darkwake {version}."


def _known(
    connection: duckdb.DuckDBPyConnection, run: Path, hulls: set[str]
) -> Iterator[tuple[str, tuple[Identity, str | None]]]:
    """Yield hull_id -> identity and kind, of the hulls asked for."""
    query = (
        "SELECT hull_id, name, flag, imo, callsign, kind FROM read_parquet(?) "
        "WHERE list_contains(?, hull_id)"
    )
    for hull, *values, kind in ask(connection, query, run / "vessels.parquet", sorted(hulls)):
        yield hull, (Identity(*values), kind)


def _named(hull: Hull, known: dict[str, tuple[Identity, str | None]]) -> Hull:
    if hull.hull_id not in known:
        return hull
    identity, kind = known[hull.hull_id]
    return replace(hull, name=identity.name, flag=identity.flag, kind=kind)


def _held(connection: duckdb.DuckDBPyConnection, run: Path, numbers: Sequence[int]) -> list[Held]:
    query = (
        "SELECT mmsi, attribute, value, epoch_us(first_time) AS first, epoch_us(last_time), reports"
        " FROM read_parquet(?) WHERE list_contains(?, mmsi) ORDER BY mmsi, attribute, first, value"
    )
    rows = ask(connection, query, run / "identities.parquet", list(numbers))
    return [Held(*row) for row in rows]
