"""One vessel at the desk: its alerts, its numbers with the text that goes with them, its story."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, or_

from alerts.schema import events
from alerts.stored import Row, identities_from, row_event, with_alerts
from darkwake.desk.finding import brief
from darkwake.risk_numbers import INDICATORS, Numbers, read_numbers
from darkwake.vessel import vessel_page
from detectors.unusual import guard
from maps.identities import NOBODY
from maps.vessel_page import render_vessel_page
from maps.words import plain
from vessels.clock import iso_z
from vessels.errors import InputError

MOST_ALERTS = 200


def alerts_of(connection: Connection, mmsi: int) -> list[Row]:
    """Return the alerts that name a number, newest first, withdrawn ones too."""
    mine = or_(events.c.mmsi == mmsi, events.c.other_mmsi == mmsi)
    asked = with_alerts().where(mine).order_by(events.c.start_us.desc()).limit(MOST_ALERTS)
    return [dict(row) for row in connection.execute(asked).mappings()]


def whole(connection: Connection, mmsi: int, run: Path | None) -> dict[str, Any] | None:
    """Return what the page of a vessel shows; None where nothing is known of the number."""
    rows = alerts_of(connection, mmsi)
    trouble, found = "", []
    if run is not None:
        try:
            found = read_numbers(run, [mmsi])
        except InputError as error:
            trouble = str(error)
    if not rows and not found:
        return None
    return {
        "mmsi": f"{mmsi:09d}",
        "name": _name(rows, mmsi),
        "alerts": [brief(row) for row in rows],
        "numbers": [_told(one) for one in found],
        "guard": guard.ALL,
        "trouble": trouble,
        "story": run is not None and (run / "tracks.parquet").is_file(),
        "has_run": run is not None,
    }


def _name(rows: list[Row], mmsi: int) -> str:
    """Return the name that the newest alert knows; empty where none does."""
    for row in rows:
        event, known = row_event(row), identities_from(json.loads(row["identities"]))
        hull = event.hull_id if event.mmsi == mmsi else event.other_hull_id
        name = known.get(hull or "", NOBODY).name
        name = name or (event.vessel_name if event.mmsi == mmsi else None)
        if name:
            return plain(name)
    return ""


def story(run: Path, mmsi: int) -> str:
    """Return the vessel's own page of a replay, as HTML.

    Raises:
        InputError: the run does not know the number, or has no tracks.
    """
    return render_vessel_page(vessel_page(run, f"MMSI {mmsi:09d}"))


def _told(one: Numbers) -> dict[str, Any]:
    row = one.told
    return {
        "hull_id": row["hull_id"],
        "window": row["window"],
        "span": " to ".join(iso_z(int(row[n].timestamp() * 1e6))[:10] for n in ("start", "end")),
        "role": row["role"],
        "ais_class": row["ais_class"],
        "region": row["region"],
        "coverage": _percent(row["coverage"]),
        "peers": row["peers"],
        "peer_group": row["peer_group"],
        "exposure": row["exposure"],
        "indicators": INDICATORS,
        "met": one.met,
        "possible": one.possible,
        "why_withheld": one.why_withheld,
        "share": _percent(row["p_value"]),
        "listed": row["listed"],
        "findings": [(plain(says, limit=300), innocent) for says, innocent in one.findings],
        "counterfactual": row["counterfactual"],
        "features": [
            (words, "missing" if value is None else _number(value, unit))
            for words, unit, value in one.features
        ],
    }


def _percent(share: float | None) -> str:
    return "not known" if share is None else f"{100 * share:.1f} %"


def _number(value: float, unit: str) -> str:
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return text if unit == "n" else f"{text} {unit}"
