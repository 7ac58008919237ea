"""Catalogues over a real server on loopback: search, ranges, faults, and what is refused."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imagery.cache import Cache
from imagery.opening import open_image
from imagery.quicklook import footprint
from imagery.remote import RangeFile
from imagery.simulate import radar_scene
from imagery.stac import Catalogue, SasSigner, scene_of
from imagery.web import Budget, Web, retry_after_s, shown
from tests.imagery.conftest import Writer
from tests.imagery.stac_server import Served, serving
from vessels.errors import InputError

JULY = datetime(2015, 7, 1, tzinfo=UTC), datetime(2015, 8, 1, tzinfo=UTC)
KINDS: Any = {"sentinel-1-grd": "s1"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    folder = tmp_path / "files"
    folder.mkdir()
    with serving(folder) as served:
        yield served


@pytest.fixture
def radar(server: Served, write_tiff: Writer) -> Path:
    """Put a scene of two bands behind the server; return the folder of its files."""
    bands = radar_scene((700, 640), seed=1)
    options = {"tiled": True, "blockxsize": 128, "blockysize": 128, "compress": "deflate"}
    paths = [write_tiff(f"s1_iw_{n}_20150714T084500.tif", v, **options) for n, v in bands.items()]
    for path in paths:
        shutil.copy(path, server.folder)
    outline = footprint(open_image(paths))
    server.items.append(item(server, "one", [list(p) for p in outline], paths))
    return paths[0].parent


def item(server: Served, name: str, ring: list[list[float]], paths: list[Path]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": "sentinel-1-grd",
        "properties": {"datetime": "2015-07-14T08:45:00Z"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [0, 0, 1, 1],
        "links": [],
        "assets": {
            path.name.split("_")[2]: {"href": f"{server.url}/files/{path.name}?sig=secret"}
            for path in paths
        },
    }


def catalogue(server: Served, tmp_path: Path, **changes: Any) -> Catalogue:
    web = Web(own=frozenset({server.place}), timeout_s=2.0, sleep=lambda _: None, **changes)
    return Catalogue("test", server.url, KINDS, web, Cache(tmp_path / "cache", 10**8))


def area_of(server: Served) -> Any:
    return tuple(map(tuple, server.items[0]["geometry"]["coordinates"][0]))


@pytest.mark.usefixtures("radar")
def test_a_scene_is_found_and_its_pixels_pulled_by_ranges(
    server: Served, tmp_path: Path, radar: Path
) -> None:
    asked = catalogue(server, tmp_path)
    (scene,) = asked.search(area_of(server), *JULY, ["s1"])
    assert scene.scene_id == "one"
    assert "secret" not in json.dumps(dict(scene.facts))
    whole = open_image(sorted(radar.glob("*.tif")))
    lat, lon = (float(v[0]) for v in whole.geometry.locate(350, 300))
    chip = asked.fetch(scene, lat, lon, 1000.0)
    window = tuple(chip.provenance["window"])
    for band in ("vv", "vh"):
        assert chip.read(band).tolist() == whole.read(band, window).tolist()
    assert "secret" not in json.dumps(chip.provenance)
    files = [r for r in server.requests if r[1].startswith("/files/")]
    assert all("Range" in headers for _, _, headers in files)
    before = len(server.requests)
    asked.fetch(scene, lat, lon, 1000.0)
    assert len(server.requests) == before  # all of it from the cache


@pytest.mark.usefixtures("radar")
@pytest.mark.parametrize("fault", ["429:1", "500", "503", "cut", "502"])
def test_a_fault_on_the_way_is_tried_again(server: Served, tmp_path: Path, fault: str) -> None:
    path = "/files/s1_iw_vv_20150714T084500.tif"
    server.faults = {path: [fault, fault], "/search": ["429:2"] if fault[0] == "4" else []}
    asked = catalogue(server, tmp_path)
    waits: list[float] = []
    asked.web.sleep = waits.append
    (scene,) = asked.search(area_of(server), *JULY, ["s1"])
    lon, lat = np.mean(area_of(server)[:-1], axis=0)
    chip = asked.fetch(scene, float(lat), float(lon), 500.0)
    assert chip.read("vv").any()
    assert server.faults[path] == []
    if fault == "429:1":
        assert 2.0 in waits
        assert 1.0 in waits


@pytest.mark.usefixtures("radar")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("500", "gave up after 4 tries: answered 500"),
        ("429:4000", "asks to wait 4000 s"),
        ("403", "answered 403"),
        ("whole", "more than"),
        ("short", "another part"),
    ],
)
def test_a_fault_that_stays_is_a_clear_error(
    server: Served, tmp_path: Path, fault: str, words: str
) -> None:
    server.faults = {"/files/s1_iw_vv_20150714T084500.tif": [fault] * 9}
    asked = catalogue(server, tmp_path)
    (scene,) = asked.search(area_of(server), *JULY, ["s1"])
    lon, lat = np.mean(area_of(server)[:-1], axis=0)
    with pytest.raises(InputError, match=words) as caught:
        asked.fetch(scene, float(lat), float(lon), 500.0)
    assert "secret" not in str(caught.value)


def test_a_silent_server_is_given_up() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        place = f"127.0.0.1:{deaf.getsockname()[1]}"
        web = Web(own=frozenset({place}), timeout_s=0.2, tries=2, sleep=lambda _: None)
        with pytest.raises(InputError, match=r"gave up after 2 tries: .*Timeout"):
            web.get(f"http://{place}/x?sig=secret")


@pytest.mark.usefixtures("radar")
def test_the_byte_budget_holds(server: Served, tmp_path: Path) -> None:
    asked = catalogue(server, tmp_path, budget=Budget(60_000))
    (scene,) = asked.search(area_of(server), *JULY, ["s1"])
    lon, lat = np.mean(area_of(server)[:-1], axis=0)
    with pytest.raises(InputError, match="budget"):
        asked.fetch(scene, float(lat), float(lon), 3000.0)


@pytest.mark.usefixtures("radar")
def test_pages_are_followed_and_credentials_stay_at_home(server: Served, tmp_path: Path) -> None:
    ring = server.items[0]["geometry"]["coordinates"][0]
    server.items += [item(server, f"n{i}", ring, []) for i in range(4)]
    web_changes = {"secrets": {server.place: "Bearer house"}}
    found = catalogue(server, tmp_path, **web_changes).search(area_of(server), *JULY, ["s1"])
    assert len(found) == 5
    assert all(h.get("Authorization") == "Bearer house" for _, _, h in server.requests)
    with serving(tmp_path) as other:
        # The next page is said to lie elsewhere, with a header of the catalogue's choosing.
        server.next_href = f"{other.url}/search"
        server.next_headers = {"Authorization": "Bearer house", "X-Odd": "1"}
        asked = catalogue(server, tmp_path, **web_changes)
        asked.web.own = frozenset({server.place, other.place})
        asked.search(area_of(server), *JULY, ["s1"])
        (sent,) = [headers for _, _, headers in other.requests]
        assert "Authorization" not in sent
        assert "X-Odd" not in sent
        asked.web.own = frozenset({server.place})
        with pytest.raises(InputError, match="only https"):
            asked.search(area_of(server), *JULY, ["s1"])


@pytest.mark.usefixtures("radar")
def test_a_next_link_into_the_disk_is_refused(server: Served, tmp_path: Path) -> None:
    ring = server.items[0]["geometry"]["coordinates"][0]
    server.items += [item(server, f"n{i}", ring, []) for i in range(4)]
    for href in ("/etc/passwd", "file:///etc/passwd", "ftp://a.example/x"):
        server.next_href = href
        with pytest.raises(InputError):
            catalogue(server, tmp_path).search(area_of(server), *JULY, ["s1"])


@pytest.mark.parametrize(
    "href",
    [
        "file:///etc/passwd",
        "http://example.com/a.tif",
        "https://127.0.0.1/a.tif",
        "https://localhost/a.tif",
        "https://10.0.0.8/a.tif",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/a.tif",
        "https://[::ffff:127.0.0.1]/a.tif",
        "https://me:secret@example.com/a.tif",
        "https://0/a.tif",
        "gopher://example.com/",
        "/vsicurl/http://127.0.0.1/",
        "https://[bad",
    ],
)
def test_addresses_that_lead_inside_are_refused(href: str) -> None:
    with pytest.raises(InputError) as caught:
        Web(sleep=lambda _: None, tries=1).get(href)
    assert "secret" not in str(caught.value)


def test_a_redirect_into_the_house_is_refused(server: Served) -> None:
    web = Web(own=frozenset({server.place}), sleep=lambda _: None)
    server.redirects["/away"] = "https://127.0.0.1:1/x"
    with pytest.raises(InputError, match="private network"):
        web.get(f"{server.url}/away")
    server.redirects["/round"] = "/round"
    with pytest.raises(InputError, match="from address to address"):
        web.get(f"{server.url}/round")


def test_a_bucket_where_the_reader_pays_is_told(server: Served, tmp_path: Path) -> None:
    asked = catalogue(server, tmp_path)
    told = item(server, "s3", [[0, 0], [1, 0], [1, 1], [0, 0]], [])
    told["assets"]["vv"] = {"href": "s3://sentinel-s1-l1c/GRD/iw-vv.tiff"}
    with pytest.raises(InputError, match="the reader pays"):
        asked.open(scene_of(told, "test", KINDS))


def test_tokens_go_to_the_services_own_blobs_alone(server: Served) -> None:
    web = Web(own=frozenset({server.place}), sleep=lambda _: None)
    sign = SasSigner(web, f"{server.url}/sas", ".blob.example")
    signed = sign("https://a.blob.example/x.tif", "sentinel-1-grd")
    assert signed == "https://a.blob.example/x.tif?sig=secret"
    assert sign("https://b.blob.example/y.tif?v=1", "sentinel-1-grd").endswith("?v=1&sig=secret")
    assert len(server.requests) == 1  # the token is kept
    for other in ("https://a.blob.example.evil.org/x", "https://evil.org/a.blob.example"):
        assert sign(other, "sentinel-1-grd") == other


def test_a_server_that_answers_no_stac_is_told(server: Served, tmp_path: Path) -> None:
    server.faults = {"/": ["404"]}
    area = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0))
    with pytest.raises(InputError, match="404"):
        catalogue(server, tmp_path).search(area, *JULY, ["s1"])
    server.items = [{"collection": "sentinel-1-grd", "id": "x", "properties": {}, "assets": {}}]
    asked = catalogue(server, tmp_path)
    assert asked.search(area, *JULY, ["s1"]) == []
    assert len(asked.unread) == 1


def test_the_cache_stays_under_its_cap(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1000)
    for number in range(30):
        cache.put(str(number), bytes(100))
    held = [number for number in range(30) if cache.get(str(number)) is not None]
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 1000
    assert 29 in held
    assert 0 not in held
    assert Cache(tmp_path, 1000).get("29") == bytes(100)


def test_a_range_file_reads_what_a_file_does(server: Served, tmp_path: Path) -> None:
    data = np.random.default_rng(1).bytes(500_000)
    (server.folder / "x.bin").write_bytes(data)
    web = Web(own=frozenset({server.place}))
    file = RangeFile(lambda: f"{server.url}/files/x.bin", "x", web, Cache(tmp_path / "c", 10**7))
    assert file.size == len(data)
    for begin, size in ((0, 10), (131_000, 300), (499_990, 100), (500_000, 5), (7, 400_000)):
        file.seek(begin)
        assert file.read(size) == data[begin : begin + size]
    file.seek(-5, 2)
    assert file.read() == data[-5:]
    assert file.tell() == len(data)


def test_messages_hide_what_an_address_holds() -> None:
    assert shown("https://a.example:81/b?sig=1#x") == "https://a.example:81/b"
    assert retry_after_s("17") == 17.0
    assert retry_after_s("soon") == retry_after_s(None) == 0.0
    assert retry_after_s("Wed, 21 Oct 2099 07:28:00 GMT") > 1e9


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "sensor"),
    [
        ("sentinel-1-grd", "s1"),
        ("sentinel-2-l2a", "s2"),
        ("sentinel-2-c1-l2a", "s2"),
        ("planetary_computer_sentinel-2-l2a", "s2"),
    ],
)
def test_real_items_are_read_as_they_are(shared_data: Path, name: str, sensor: str) -> None:
    path = shared_data / "imagery" / "stac" / f"{name}.items.json"
    for told in json.loads(path.read_text("utf-8"))["features"]:
        scene = scene_of(told, "test", {told["collection"]: sensor})
        assert scene.scene_id == told["id"]
        bands = {b for b in scene.assets if not b.startswith("annotation")}
        if sensor == "s2":
            assert {"red", "green", "blue", "nir"} == bands
            assert all(not href.startswith("s3://") for href in scene.assets.values())
            assert 0.0 <= (scene.cloud or 0.0) <= 1.0
        else:
            assert bands <= {"vv", "vh", "hh", "hv"}
            assert bands
            assert scene.cloud is None
        lons = [lon for lon, _ in scene.outline]
        assert max(lons) - min(lons) < 40.0
        assert "transform" not in json.dumps(dict(scene.facts))


def test_rustac_serves_what_we_search(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "rustac"
    if not program.is_file():
        pytest.skip("the program rustac is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ring = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
    with serving(tmp_path) as here:
        items = [item(here, f"n{i}", ring, []) for i in range(5)]
    file = tmp_path / "items.json"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    place = f"127.0.0.1:{port}"
    command = [program, "serve", file, "--addr", place, "--create-collections"]
    with subprocess.Popen(  # noqa: S603 - a program of our own environment
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            web = Web(own=frozenset({place}))
            asked = Catalogue("rustac", f"http://{place}", KINDS, web, Cache(tmp_path / "c", 1000))
            area = ((0.2, 0.2), (0.4, 0.2), (0.4, 0.4), (0.2, 0.2))
            assert len(asked.search(area, *JULY, ["s1"])) == 5
            away = tuple((x + 20.0, y) for x, y in area)
            assert asked.search(away, *JULY, ["s1"]) == []
        finally:
            running.terminate()
