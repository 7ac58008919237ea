"""The inlined Leaflet: present, the pinned one, or an error."""

import pytest

from maps import assets
from maps.assets import ChangedAsset, MissingAsset, inline_assets, installed_asset

LEAFLET = '<script src="https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js"></script>'
STYLE = (
    '<link rel="stylesheet" href="https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css"/>'
)


@pytest.mark.parametrize("name", sorted(assets.PINNED_SHA256))
def test_every_pinned_file_is_installed_unchanged(name: str) -> None:
    assert installed_asset(name)


def test_a_link_becomes_the_text_of_its_file() -> None:
    page = inline_assets(f"<head>{LEAFLET}{STYLE}</head>")
    assert "Leaflet 1.9.3" in page
    assert "cdn.jsdelivr.net" not in page
    assert "url(images/" not in page
    assert page.count("url(data:image/png;base64,") == 3


def test_the_inlined_text_has_no_cr_and_no_source_map() -> None:
    page = inline_assets(f"<head>{LEAFLET}{STYLE}</head>")
    assert "\r" not in page
    assert "sourceMappingURL" not in page


@pytest.mark.parametrize(
    "link",
    [
        '<script src="https://unpkg.com/another@latest/plugin.js"></script>',
        '<link rel="stylesheet" href="https://unpkg.com/another.css"/>',
        '<script defer src="https://unpkg.com/another.js"></script>',
        '<img alt="" src="https://unpkg.com/another.png">',
    ],
)
def test_a_link_without_an_installed_asset_is_an_error(link: str) -> None:
    with pytest.raises(MissingAsset):
        inline_assets(f"<head>{link}</head>")


def test_a_file_that_is_not_pinned_is_an_error() -> None:
    with pytest.raises(MissingAsset, match="pinned"):
        installed_asset("leaflet-src.js")


def test_a_missing_file_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "PINNED_SHA256", {"images/none.png": "0"})
    with pytest.raises(MissingAsset, match="reinstall"):
        installed_asset("images/none.png")


def test_a_changed_file_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "PINNED_SHA256", {"leaflet.js": "0" * 64})
    with pytest.raises(ChangedAsset):
        installed_asset("leaflet.js")


def test_a_script_that_would_end_its_own_tag_is_an_error() -> None:
    with pytest.raises(ChangedAsset, match="end its own"):
        inline_assets(LEAFLET, read=lambda _: b"var a = '</SCRIPT>'")
