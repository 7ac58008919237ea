"""The offline alert map: one HTML file that opens without a network and fetches nothing.

Folium renders the frame once; the assets, our own script and style, and one JSON payload are
written in afterwards, never through a template (branca renders macro output as a template again, so
a vessel called `{{7*7}}` would be run). The policy of `csp` is the last thing added.
"""

import html
import importlib.resources
from pathlib import Path

import folium

from maps.assets import inline_assets
from maps.csp import with_policy
from maps.payload import Page, page_payload, to_json
from maps.words import plain
from vessels.aside import written_aside
from vessels.errors import StoreError

_MAP_ID = "alerts"
_SCRIPTS = (
    "shapes.js",
    "base.js",
    "tracks.js",
    "popup.js",
    "time.js",
    "filters.js",
    "reception.js",
    "imagery.js",
    "page.js",
)
_CLUSTER_SCRIPT = ("markercluster", "installed:leaflet.markercluster.js")
_CLUSTER_STYLE = ("markercluster_css", "installed:MarkerCluster.css")
_KEPT_ASSETS = ("leaflet", "leaflet_css")


def render_page(page: Page) -> str:
    """Return the page as HTML text: the same bytes for the same input.

    Raises:
        MissingAsset: Leaflet is not installed.
        ChangedAsset: the installed Leaflet is not the pinned one.
    """
    text = inline_assets(_frame())
    text = _insert_before(text, "</head>", _head(page))
    text = _insert_before(text, '<div class="folium-map"', _own("panel.html"))
    block = f'<script type="application/json" id="alert-data">{to_json(page_payload(page))}'
    code = "\n".join(_own(name) for name in _SCRIPTS)
    text = _insert_before(text, "</html>", f"{block}</script>\n<script>\n{code}</script>\n")
    return with_policy(text)


def write_page(path: Path, page: Page) -> None:
    """Write the page to `path`, whole or not at all.

    Raises:
        StoreError: the file cannot be written.
        MissingAsset, ChangedAsset: as `render_page`.
    """
    write_text(path, render_page(page))


def write_text(path: Path, text: str) -> None:
    """Write a page to `path`, aside first, so that no half page is left.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        with written_aside(path) as aside:
            aside.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error


def _frame() -> str:
    """Return folium's page with a map named `map_alerts`, with Leaflet and MarkerCluster.

    What else folium links serves its own popups and marker icons, which we do not use.
    """
    frame = folium.Map(
        location=(0.0, 0.0),
        zoom_start=2,
        tiles=None,
        prefer_canvas=True,
        attribution_control=False,
        min_zoom=1,
    )
    frame._id = _MAP_ID  # noqa: SLF001 - folium draws random ids; equal input must give equal bytes
    # On the instance: folium's own add_js_link would change the lists of every map.
    kept_js = [link for link in frame.default_js if link[0] in _KEPT_ASSETS]
    kept_css = [link for link in frame.default_css if link[0] in _KEPT_ASSETS]
    frame.default_js = [*kept_js, _CLUSTER_SCRIPT]
    frame.default_css = [*kept_css, _CLUSTER_STYLE]
    text: str = frame.get_root().render()
    # Folium forbids pinch zoom of the page, which people with weak sight need.
    text = text.replace("maximum-scale=1.0, user-scalable=no", "viewport-fit=cover")
    return text.replace("<html>", '<html lang="en">', 1)


def _head(page: Page) -> str:
    style = _own("page.css") + (_own("bare.css") if page.bare else "")
    return f"<title>{html.escape(plain(page.title))}</title>\n<style>\n{style}</style>\n"


def _own(name: str) -> str:
    return importlib.resources.files("maps").joinpath("static", name).read_text("utf-8")


def _insert_before(page: str, tag: str, text: str) -> str:
    """Put `text` before the last occurrence of `tag`: assets may hold the tag as a string."""
    head, found, tail = page.rpartition(tag)
    if not found:
        raise ValueError(f"folium's page has no {tag}")
    return f"{head}{text}{found}{tail}"
