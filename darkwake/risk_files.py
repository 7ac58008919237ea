"""What `darkwake risk` writes: risk.parquet, the columns in vessels.parquet, risk.html."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.risk import Assessment, burden
from detectors import exposure
from detectors.unusual import guard
from detectors.unusual.catalogue import FEATURES
from maps.risk_layer import add_comparisons
from maps.risk_page import write_risk_page
from vessels.aside import written_aside
from vessels.clock import iso_z
from vessels.errors import InputError, StoreError

_TIME = pa.timestamp("us", tz="UTC")
VESSEL_COLUMNS = (
    pa.field("exposure", pa.int32()),
    pa.field("exposure_met", pa.list_(pa.string())),
    pa.field("unusual", pa.float64()),
    pa.field("unusual_p_value", pa.float64()),
    pa.field("unusual_withheld", pa.string()),
    pa.field("unusual_peers", pa.int32()),
    pa.field("risk_window", pa.string()),
)
"""What is added to vessels.parquet: of the hull's last window; null where nothing was assessed."""
_FIRST = (
    *(("hull_id", pa.string()), ("mmsi", pa.int32()), ("window", pa.string())),
    ("name", pa.string()),
    *(("role", pa.string()), ("ais_class", pa.string()), ("region", pa.string())),
    *(("exposure", pa.int32()), ("unusual", pa.float64()), ("p_value", pa.float64())),
    *(("listed", pa.bool_()), ("withheld", pa.string()), ("peers", pa.int32())),
    *(("peer_group", pa.string()), ("counterfactual", pa.string())),
)
_NOTE = b"darkwake_risk"
"""Key of the metadata that holds the text that goes with every score."""


def write_risk(run: Path, found: Assessment, alert_share: float) -> Path:
    """Write all three into the run's folder; return the page.

    Raises:
        StoreError: a file cannot be written.
    """
    told = {"reference_sha256": found.reference.hash, "text": list(guard.ALL)}
    note = {_NOTE: json.dumps(told).encode()}
    _write(run / "risk.parquet", risk_table(found.rows).replace_schema_metadata(note))
    vessels = _with_columns(run / "vessels.parquet", found.rows)
    _write(
        run / "vessels.parquet",
        vessels.replace_schema_metadata({**(vessels.schema.metadata or {}), **note}),
    )
    page = run / "risk.html"
    write_risk_page(page, contents(found, alert_share))
    if (run / "alerts.html").is_file():
        with suppress(InputError):  # a map of an older Darkwake stays as it is
            add_comparisons(run / "alerts.html", _on_the_map(found.rows), guard.ALL)
    return page


def _on_the_map(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return what a finding's popup says of each hull: its newest window, two lines."""
    last = {row["hull_id"]: row for row in rows}
    return {hull: _two_lines(row) for hull, row in last.items()}


def _two_lines(row: dict[str, Any]) -> list[str]:
    who = f"MMSI {row['mmsi']:09d}, window {row['window']}"
    met = [one["code"] for one in row["indicators"] if one["state"] == "met"]
    words = [rule.words for rule in exposure.RULES if rule.code in met]
    which = f": {', '.join(words)}" if words else ""
    exposed = f"{who}: exposure {row['exposure']} of {len(exposure.RULES)} indicators{which}."
    if row["withheld"] is not None:
        why = guard.why_withheld(row["withheld"], row)
        return [exposed, f"Unusual for its peers: score withheld, {why}. All of it: risk.html"]
    share = f"{100 * row['p_value']:.1f} % of its {row['peers']} peers and itself"
    told = f"{share} are as far out or farther (AIS coverage {100 * row['coverage']:.0f} %)"
    return [exposed, f"Unusual for its peers: {told}. Why, and what else explains it: risk.html"]


def risk_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Return a row a vessel and window: who, the two numbers, every feature, null where missing."""
    columns: dict[str, pa.Array] = {
        name: pa.array([row[name] for row in rows], kind) for name, kind in _FIRST
    }
    for name in ("start", "end"):
        columns[name] = pa.array([row[f"{name}_us"] for row in rows], pa.int64()).cast(_TIME)
    texts = {
        "indicators_met": [_of_state(row, "met") for row in rows],
        "indicators_possible": [_of_state(row, "possible") for row in rows],
        "findings": [[one["says"] for one in row["findings"]] for row in rows],
        "innocent": [[one["may_be"] for one in row["findings"]] for row in rows],
    }
    columns |= {name: pa.array(held, pa.list_(pa.string())) for name, held in texts.items()}
    for feature in FEATURES:
        values = [row["features"][feature.name] for row in rows]
        columns[feature.name] = pa.array(values, pa.float64())
    return pa.table(columns)


def contents(found: Assessment, alert_share: float) -> dict[str, Any]:
    """Return everything that page and `--json` tell. Vessels come by number: this is no ranking."""
    rows = [{**row, "start": iso_z(row["start_us"]), "end": iso_z(row["end_us"])}
            for row in found.rows]  # fmt: skip
    for row in rows:
        del row["start_us"], row["end_us"]
    return {
        "text": list(guard.ALL),
        "window": found.reference.window,
        "reference_sha256": found.reference.hash,
        "reference_vessels": len(found.reference.key),
        "promised_false_alarm_share": alert_share,
        "agreement": found.agreement,
        "burden": burden(found.rows),
        "withheld_words": guard.WITHHELD,
        "rules": [
            {"code": r.code, "tier": r.tier, "words": r.words, "source": r.source, "ilo": r.ilo,
             "strength": r.strength, "threshold": r.needs[0][1], "unit": r.unit}
            for r in exposure.RULES
        ],
        "no_proxy": list(exposure.NO_PROXY),
        "features": [
            {"name": f.name, "family": f.family, "unit": f.unit, "direction": f.direction,
             "words": f.words, "source": f.source, "missing": f.missing}
            for f in FEATURES
        ],
        "vessels": rows,
    }  # fmt: skip


def _of_state(row: dict[str, Any], state: str) -> list[str]:
    return [one["code"] for one in row["indicators"] if one["state"] == state]


def _with_columns(path: Path, rows: list[dict[str, Any]]) -> pa.Table:
    last = {row["hull_id"]: row for row in rows}  # windows of a hull come in time order
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"cannot be read: {error}", path=str(path)) from error
    known = [last.get(hull) for hull in table["hull_id"].to_pylist()]
    taken = {
        "exposure": "exposure",
        "unusual": "unusual",
        "unusual_p_value": "p_value",
        "unusual_withheld": "withheld",
        "unusual_peers": "peers",
        "risk_window": "window",
    }
    for field in VESSEL_COLUMNS:
        if field.name in table.column_names:
            table = table.drop_columns([field.name])
        values = [
            None if row is None else _of_state(row, "met") if field.name == "exposure_met" else
            row[taken[field.name]] for row in known
        ]  # fmt: skip
        table = table.append_column(field, pa.array(values, field.type))
    return table


def _write(path: Path, table: pa.Table) -> None:
    try:
        with written_aside(path) as aside:
            pq.write_table(table, aside, compression="zstd", version="2.6")
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
