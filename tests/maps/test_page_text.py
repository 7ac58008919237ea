"""The page as text: nothing fetched, the policy true, data only in the payload, equal bytes."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from detectors.events import Reason
from maps.alert_map import render_page, write_page
from maps.assets import FOLIUM_ASSETS
from maps.csp import with_policy
from maps.payload import Identity
from tests.maps.samples import HOSTILE, event, many_events, page, walk
from vessels.errors import StoreError

LINKING = {"src", "href", "srcset", "data", "action", "formaction", "poster", "background", "cite"}


class _Reader(HTMLParser):
    """Collects tags with their attributes, and the text of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: list[tuple[str, dict[str, str | None], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attributes = self.tags[-1] if self.tags else ("", {})
        if tag in {"script", "style"} and data.strip():
            self.blocks.append((tag, attributes, data))


def _read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    return reader


def _payload(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="alert-data">(.*?)</script>', text)
    assert found is not None
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def _policy(reader: _Reader) -> str:
    contents = [
        attributes["content"]
        for tag, attributes in reader.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(contents) == 1
    return contents[0] or ""


def test_no_tag_links_to_anything() -> None:
    reader = _read(render_page(page()))
    for tag, attributes in reader.tags:
        assert tag not in {"link", "iframe", "object", "embed", "base", "img", "form"}
        assert not LINKING & attributes.keys(), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on") or name == "style"]


def test_styles_refer_only_to_data_in_the_page() -> None:
    reader = _read(render_page(page()))
    styles = "".join(text for tag, _, text in reader.blocks if tag == "style")
    urls = re.findall(r"url\(\s*['\"]?([^)'\"]*)", styles)
    assert urls
    assert all(url.startswith(("data:image/png;base64,", "#default#VML")) for url in urls)
    assert "@import" not in styles


def test_our_own_files_name_no_address_but_the_svg_namespace_and_inlined_assets() -> None:
    folder = Path(__file__).resolve().parents[2] / "maps" / "static"
    text = "".join(file.read_text("utf-8") for file in sorted(folder.iterdir()))
    named = set(re.findall(r"\w+://[^\"'\s]+", text))
    assert named <= {"http://www.w3.org/2000/svg", *FOLIUM_ASSETS}
    assert "innerHTML" not in text
    assert "\r" not in text


def test_the_policy_allows_exactly_the_scripts_and_styles_of_the_page() -> None:
    reader = _read(render_page(page()))
    policy = dict(part.split(" ", 1) for part in _policy(reader).split("; "))
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        texts = [t for name, attrs, t in reader.blocks if name == tag and "type" not in attrs]
        hashes = {
            f"'sha256-{base64.b64encode(hashlib.sha256(t.encode()).digest()).decode()}'"
            for t in texts
        }
        assert hashes
        assert set(policy[directive].split()) == hashes
    assert policy["default-src"] == policy["connect-src"] == "'none'"
    assert "unsafe" not in _policy(reader)


def test_the_policy_stands_before_every_script() -> None:
    reader = _read(render_page(page()))
    names = [tag for tag, _ in reader.tags]
    assert names[:4] == ["html", "head", "meta", "meta"]
    assert reader.tags[3][1]["http-equiv"] == "Content-Security-Policy"


def test_a_page_without_one_head_gets_no_policy() -> None:
    with pytest.raises(ValueError, match="head"):
        with_policy("<html><body></body></html>")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_in_the_payload_and_in_the_title(text: str) -> None:
    calm = _read(render_page(page(title="calm")))
    found = event(
        vessel_name=text,
        flag=text,
        hull_id=text,
        type="dark_period",
        replaces=text,
        details={text: text},
        reasons=(Reason(text, text, text, text),),
        other_mmsi=1,
        other_hull_id=text,
    )
    tracks = {text: walk(1, 5)}
    identities = {text: Identity(text, text)}
    hostile = render_page(
        page(events=[found], tracks=tracks, title=text, looked_at=text, identities=identities)
    )
    reader = _read(hostile)
    assert [tag for tag, _ in reader.tags] == [tag for tag, _ in calm.tags]
    scripts = [t for _, attrs, t in reader.blocks if attrs.get("type") is None]
    assert scripts == [t for _, attrs, t in calm.blocks if attrs.get("type") is None]
    payload = re.search(r'id="alert-data">(.*?)</script>', hostile)
    assert payload is not None
    assert not set("<>&") & set(payload[1])
    assert payload[1].isascii()
    assert _payload(hostile)["events"][0]["hulls"] == [text, text]


def test_control_characters_do_not_reach_the_page() -> None:
    text = render_page(page(events=[event(vessel_name="\x1b[31m\x00\u202eevil")]))
    assert _payload(text)["events"][0]["name"] == "[31m evil"


def test_equal_input_gives_equal_bytes() -> None:
    events = many_events(30)
    tracks = {f"h{i}": walk(i, 30) for i in range(4)}
    first = render_page(page(events=events, tracks=tracks))
    second = render_page(page(events=events[::-1], tracks=dict(reversed(list(tracks.items())))))
    assert first == second


def test_rendering_leaves_folium_as_it_was() -> None:
    import folium

    before = (list(folium.Map.default_js), list(folium.Map.default_css))
    render_page(page())
    assert (folium.Map.default_js, folium.Map.default_css) == before


def test_pages_can_be_zoomed_by_fingers_and_say_their_language() -> None:
    text = render_page(page())
    assert "user-scalable" not in text
    assert '<html lang="en">' in text


def test_a_thousand_events_and_a_hundred_thousand_fixes_fit_in_five_megabytes() -> None:
    tracks = {f"{898000000 + i}-1": walk(i, 1_000, lon=i * 3.0 - 150.0) for i in range(100)}
    text = render_page(page(events=many_events(1_000), tracks=tracks, limit=1_000))
    assert len(_payload(text)["events"]) == 1_000
    assert len(text.encode()) <= 5_000_000


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "alerts.html"
    write_page(target, page())
    assert target.read_text(encoding="utf-8") == render_page(page())
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(StoreError, match="cannot write"):
        write_page(tmp_path / "absent" / "alerts.html", page())
