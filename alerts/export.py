"""The list as files for other programs: GeoJSON, CSV that no spreadsheet runs, KML."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from alerts.attachments import geojson, kml
from alerts.stored import Row, listed, row_event

FORMATS = ("geojson", "csv", "kml")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def export(rows: Sequence[Row], form: str) -> str:
    """Return the events as text in one of FORMATS."""
    features = [(row_event(row), listed(row)) for row in rows]
    if form == "geojson":
        return geojson(features)
    if form == "kml":
        return kml(features)
    return _csv([properties for _, properties in features])


def safe_cell(value: Any) -> Any:
    """Return a cell that a spreadsheet shows and never runs.

    Text that begins as a formula does gets an apostrophe in front, the way spreadsheets themselves
    mark text. Numbers stay numbers, also negative ones.
    """
    if isinstance(value, str):
        # Spaces in front do not keep every program from seeing a formula.
        return f"'{value}" if value.lstrip().startswith(_FORMULA) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return value


def _csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    columns = list(rows[0]) if rows else ["event_id"]
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([safe_cell(row[column]) for column in columns] for row in rows)
    return out.getvalue()
