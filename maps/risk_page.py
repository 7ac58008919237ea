"""The page of exposure and unusualness: one HTML file that fetches nothing.

One vessel is shown at a time, chosen by its number: the page is no ranking. All data are in a
JSON block and enter the page as text nodes; see `maps.csp`.
"""

import importlib.resources
from pathlib import Path
from typing import Any

from maps.alert_map import write_text
from maps.csp import with_policy
from maps.payload import to_json
from maps.words import plain


def render_risk_page(contents: dict[str, Any]) -> str:
    """Return the page as HTML text: the same bytes for the same input."""
    frame = _own("risk.html")
    head = f"<title>Darkwake: exposure and unusualness</title>\n<style>\n{_own('risk.css')}</style>"
    data = f'<script type="application/json" id="risk-data">{to_json(_cleaned(contents))}</script>'
    before, _, after = frame.rpartition("</head>")
    text = f"{before}{head}\n</head>{after}"
    before, _, after = text.rpartition("</body>")
    return with_policy(f"{before}{data}\n<script>\n{_own('risk.js')}</script>\n</body>{after}")


def write_risk_page(path: Path, contents: dict[str, Any]) -> None:
    """Write the page, aside first.

    Raises:
        StoreError: it cannot be written.
    """
    write_text(path, render_risk_page(contents))


def _cleaned(contents: dict[str, Any]) -> dict[str, Any]:
    vessels = [
        {**row, "name": None if row["name"] is None else plain(row["name"])}
        for row in contents["vessels"]
    ]
    return {**contents, "vessels": vessels}


def _own(name: str) -> str:
    return importlib.resources.files("maps").joinpath("static", name).read_text("utf-8")
