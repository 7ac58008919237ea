"""The list as files for other programs: GeoJSON, CSV that no spreadsheet runs, KML."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from alerts.attachments import geojson, kml
from alerts.stored import Row, listed, row_event
from vessels.text import clean_text

FORMATS = ("geojson", "csv", "kml")
_FORMULA = ("=", "+", "-", "@")
_CELL_LIMIT = 32_000
"""Longest text that the common spreadsheets keep in a cell."""


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
        # Controls go, and spaces in front: they hide a formula from us, not from every program.
        text = clean_text(value, limit=_CELL_LIMIT) or ""
        return f"'{text}" if text.startswith(_FORMULA) else text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return value


def _csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    columns = list(rows[0]) if rows else ["event_id"]
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([safe_cell(row[column]) for column in columns] for row in rows)
    return out.getvalue()
