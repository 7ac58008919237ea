"""One vessel's page: one HTML file that opens without a network and fetches nothing.

The frame is our own; Leaflet is written in from the installed package, then our scripts and style
and the payload of `vessel_payload`. No data is ever in markup, script or style.
"""

import html
import importlib.resources
from pathlib import Path

from maps.alert_map import write_text
from maps.assets import inline_assets
from maps.csp import with_policy
from maps.payload import to_json
from maps.vessel_facts import VesselPage
from maps.vessel_payload import heading, vessel_payload

_SCRIPTS = ("shapes.js", "base.js", "tracks.js", "popup.js", "chart.js", "vessel.js")


def render_vessel_page(page: VesselPage) -> str:
    """Return the page as HTML text: the same bytes for the same input.

    Raises:
        MissingAsset: Leaflet is not installed.
        ChangedAsset: the installed Leaflet is not the pinned one.
    """
    frame = inline_assets(_own("vessel.html"))
    head = f"<title>{html.escape(heading(page))}</title>\n<style>\n{_own('vessel.css')}</style>\n"
    code = "\n".join(_own(name) for name in _SCRIPTS)
    data = f'<script type="application/json" id="vessel-data">{to_json(vessel_payload(page))}'
    before, _, after = frame.rpartition("</head>")
    text = f"{before}{head}</head>{after}"
    before, _, after = text.rpartition("</body>")
    return with_policy(f"{before}{data}</script>\n<script>\n{code}</script>\n</body>{after}")


def write_vessel_page(path: Path, page: VesselPage) -> None:
    """Write the page to `path`, aside first, so that no half page is left.

    Raises:
        StoreError: the file cannot be written.
        MissingAsset, ChangedAsset: as `render_vessel_page`.
    """
    write_text(path, render_vessel_page(page))


def _own(name: str) -> str:
    return importlib.resources.files("maps").joinpath("static", name).read_text("utf-8")
