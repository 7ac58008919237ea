"""Leaflet and MarkerCluster, taken from the installed xstatic packages, written into the page.

No third-party code lies in this repository: the files come with the dependency. Their hashes are
pinned here, because a page that an inspector opens runs exactly what was looked at. A new file is
an error until somebody has looked at it and pinned it.
"""

import base64
import hashlib
import importlib.resources
import re
from collections.abc import Callable, Mapping

from vessels.errors import DarkwakeError

FOLIUM_ASSETS: Mapping[str, str] = {
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js": "leaflet.js",
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css": "leaflet.css",
    "installed:leaflet.markercluster.js": "leaflet.markercluster.js",
    "installed:MarkerCluster.css": "MarkerCluster.css",
}
"""The links that our frame prints, and the installed file that stands for each.

Leaflet's are folium's own; folium's MarkerCluster is an older one, so ours have names of our own.
"""

PINNED_SHA256: Mapping[str, str] = {
    "leaflet.js": "5819285cec137b229c94e1ee5ad73e8b6b84345a4367d60f75fe477fe0fb7b03",
    "leaflet.css": "90b693d86392a4779c861b28cf307e7e59c3fb35328c4d8b95f58f814d38c722",
    "images/layers.png": "1dbbe9d028e292f36fcba8f8b3a28d5e8932754fc2215b9ac69e4cdecf5107c6",
    "images/layers-2x.png": "066daca850d8ffbef007af00b06eac0015728dee279c51f3cb6c716df7c42edf",
    "images/marker-icon.png": "574c3a5cca85f4114085b6841596d62f00d7c892c7b03f28cbfa301deb1dc437",
    "leaflet.markercluster.js": "58be871df61f6c512464e15db0941e63b9491bf1396a2ae3bea6f39e0854cd1c",
    "MarkerCluster.css": "614dea0a98ff3f4ead74f04918f6b1d1b9ba435c25b5fc23b21a394d1e3e4d87",
}
"""SHA-256 of each file of Leaflet 1.9.3 (xstatic-leaflet 1.9.3.0) and of MarkerCluster 1.4.1
(xstatic-leaflet-markercluster 1.4.1.1)."""

_CLUSTER_FILES = frozenset({"leaflet.markercluster.js", "MarkerCluster.css"})

_SCRIPT_LINK = re.compile(r'<script src="([^"]*)"></script>')
_STYLE_LINK = re.compile(r'<link rel="stylesheet" href="([^"]*)"/>')
_ANY_LINK = re.compile(r"<(?:script|link|img|iframe|object|embed)\b[^>]*\b(?:src|href|data)=")
_STYLE_URL = re.compile(r"url\((images/[a-z0-9-]+\.png)\)")
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


class MissingAsset(DarkwakeError):  # noqa: N818 - the name the design gives it
    """Catch this when a page asks for a file that no installed package holds."""


class ChangedAsset(DarkwakeError):  # noqa: N818 - pairs with MissingAsset
    """Catch this when an installed file is not the one that was pinned."""


def installed_asset(name: str) -> bytes:
    """Return a file of the installed Leaflet or MarkerCluster.

    Raises:
        MissingAsset: the package or the file is not installed, or the file was never pinned.
        ChangedAsset: its SHA-256 is not the pinned one.
    """
    if name not in PINNED_SHA256:
        raise MissingAsset(f"{name} is not among the pinned map assets")
    package = "leaflet_markercluster" if name in _CLUSTER_FILES else "leaflet"
    try:
        root = importlib.resources.files(f"xstatic.pkg.{package}")
        data = root.joinpath("data", *name.split("/")).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise MissingAsset(
            f"{name} is missing: reinstall xstatic-{package.replace('_', '-')}"
        ) from error
    if hashlib.sha256(data).hexdigest() != PINNED_SHA256[name]:
        raise ChangedAsset(f"{name} of {package} is not the file that was checked")
    return data


def inline_assets(html: str, read: Callable[[str], bytes] = installed_asset) -> str:
    """Return the page with the text of each linked asset in place of its link.

    Raises:
        MissingAsset: the page links to something that is not installed.
        ChangedAsset: an installed file is not the pinned one.
    """
    html = _SCRIPT_LINK.sub(lambda m: f"<script>{_script(m[1], read)}</script>", html)
    html = _STYLE_LINK.sub(lambda m: f"<style>{_style(m[1], read)}</style>", html)
    left = _ANY_LINK.search(re.sub(r"(?s)(<script>).*?(</script>)", r"\1\2", html))
    if left is not None:
        raise MissingAsset(f"the page still links to a file: {left[0]}")
    return html


def _script(url: str, read: Callable[[str], bytes]) -> str:
    text = _SOURCE_MAP.sub("", _text(url, read))
    if "</script" in text.lower():
        raise ChangedAsset(f"{url} would end its own script tag")
    return text


def _style(url: str, read: Callable[[str], bytes]) -> str:
    def data_uri(match: re.Match[str]) -> str:
        return f"url(data:image/png;base64,{base64.b64encode(read(match[1])).decode()})"

    return _STYLE_URL.sub(data_uri, _text(url, read))


def _text(url: str, read: Callable[[str], bytes]) -> str:
    if url not in FOLIUM_ASSETS:
        raise MissingAsset(f"no installed asset for {url}")
    # A browser reads CR LF as LF before it hashes; leaflet.css has CR LF, and a policy hash of it
    # would not match.
    return read(FOLIUM_ASSETS[url]).decode().replace("\r\n", "\n")
