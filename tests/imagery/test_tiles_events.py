"""`darkwake tiles EVENT`: from a run and a folder of scenes to pictures, rows and the map."""

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image as Picture
from typer.testing import CliRunner

from darkwake.cli import app
from darkwake.config import load_settings
from darkwake.demo import LABEL, run_demo
from darkwake.demo_scene import CARRIER_PLACE, SCENES, TIME
from darkwake.tiles import mail_picture, read_findings, tiles_for_events
from darkwake.tiles_providers import providers_of
from imagery.folder import Folder
from imagery.looking import SEEN
from tests.imagery.test_passes import elements
from tests.maps.browser import needs_chromium
from tests.maps.devtools import chromium
from tools.demo_ship import at
from tools.demo_world import CARRIER, ships
from vessels.errors import ConfigError, UsageError

SETTINGS = load_settings().imagery


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a demo."""
    out = tmp_path_factory.mktemp("space") / "demo"
    run_demo(out)
    return out


def command(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


def event_id(run: Path, kind: str, mmsi: int = CARRIER) -> str:
    features = json.loads((run / "events.geojson").read_text("utf-8"))["features"]
    (found,) = [
        f["properties"]["event_id"]
        for f in features
        if f["properties"]["type"] == kind and f["properties"]["mmsi"] == mmsi
    ]
    return str(found)


def payload(run: Path) -> dict[str, Any]:
    text = (run / "alerts.html").read_text("utf-8")
    block = re.search(r'id="alert-data">(.*?)</script>', text, re.DOTALL)
    assert block
    return dict(json.loads(block[1]))


def test_the_scene_of_the_demo_shows_the_carrier_where_its_course_has_it() -> None:
    (carrier,) = [ship for ship in ships() if ship.mmsi == CARRIER]
    lat, lon, _, _ = carrier.motion(at(TIME.month, TIME.day, TIME.hour + TIME.minute / 60.0))
    assert (lat, lon) == pytest.approx(CARRIER_PLACE, abs=1e-6)


def test_the_demo_sees_the_carrier_and_two_ships_without_ais(run: Path) -> None:
    stop = event_id(run, "loitering")
    (finding,) = read_findings(run).values()
    assert finding["event_id"] == stop
    assert finding["says"] == [
        "GULF CEDAR 7 is seen. Two ships of about 40 m alongside send no AIS."
    ]
    (scene,) = finding["scenes"]
    assert scene["ships"] == {"on_ais": 1, "dark": 2, "doubtful": 0}
    assert scene["facts"]["label"] == LABEL
    rows = pq.read_table(run / "tiles" / stop / "detections.parquet")
    assert rows.schema == SEEN
    by = {row["status"]: row for row in rows.to_pylist()}
    assert by["on_ais"]["hull_id"] == f"{CARRIER}-1"
    assert by["on_ais"]["p_match"] > 0.8  # others lie near
    assert by["dark"]["p_dark"] > 0.8
    assert by["dark"]["from_suspect_m"] < 350.0
    truth = np.array(CARRIER_PLACE)
    assert [by["on_ais"]["lat"], by["on_ais"]["lon"]] == pytest.approx(truth, abs=3e-4)


def test_the_map_holds_the_image_its_ships_and_the_sentence(run: Path) -> None:
    held = payload(run)
    during, before = held["imagery"]
    assert (during["role"], before["role"]) == ("during", "before")
    assert LABEL in during["title"]
    assert LABEL in before["title"]
    assert sorted(ship[2] for ship in during["ships"]) == ["dark", "dark", "on_ais"]
    south, west = during["bounds"][0]
    north, east = during["bounds"][1]
    for lat, lon, _, _ in during["ships"]:
        assert south < lat < north
        assert west < lon < east
    (event,) = [e for e in held["events"] if e["id"] == during["event"]]
    assert event["seen"][0].endswith("send no AIS.")
    assert [e["seen"] for e in held["events"] if e["id"] != during["event"]] == [[]] * (
        len(held["events"]) - 1
    )


def test_the_picture_for_mails_is_small_has_a_palette_and_the_label(run: Path) -> None:
    png = mail_picture(run, event_id(run, "loitering"))
    assert png is not None
    with Picture.open(io.BytesIO(png)) as picture:
        assert picture.mode == "P"
        assert max(picture.size) <= 512
    assert len(png) < 200_000
    assert mail_picture(run, "0" * 16) is None
    assert mail_picture(run, "../scenes") is None


def test_twice_is_the_same_and_the_map_holds_each_image_once(run: Path) -> None:
    stop = event_id(run, "loitering")
    files = ["imagery.json", "alerts.html", f"tiles/{stop}/detections.parquet"]
    before = [(run / name).read_bytes() for name in files]
    tiles_for_events(run, [stop], [Folder(run / SCENES)], SETTINGS)
    assert [(run / name).read_bytes() for name in files] == before


def test_no_image_is_an_answer_too(run: Path) -> None:
    dark = event_id(run, "dark_period")
    (finding,) = tiles_for_events(run, [dark], [Folder(run / SCENES)], SETTINGS)
    assert finding["answer"] == "no image"
    assert finding["says"] == ["No scene covers where the vessel can have been in that time."]
    assert set(read_findings(run)) == {dark, event_id(run, "loitering")}
    assert len(payload(run)["imagery"]) == 2


def test_without_the_trawlers_the_carrier_is_alone(run: Path, tmp_path: Path) -> None:
    import rasterio

    stop = event_id(run, "loitering")
    sea = (run / SCENES / "synthetic_sar_20150702T084500.tif").read_bytes()
    name = tmp_path / "scenes" / "sea_20150714T084500.tif"
    name.parent.mkdir()
    name.write_bytes(sea)
    with rasterio.open(name, "r+") as file:
        file.update_tags(ACQUISITION_DATETIME="20150714T084500")
    copy = tmp_path / "run"
    copy.mkdir()
    for held in run.iterdir():
        if held.is_file() and held.name != "imagery.json":
            (copy / held.name).write_bytes(held.read_bytes())
    (finding,) = tiles_for_events(copy, [stop], [Folder(name.parent)], SETTINGS)
    assert finding["says"] == ["GULF CEDAR 7 is not seen, though it ought to be in the picture."]
    assert finding["scenes"][0]["suspect_missing"] > 0.9


def test_the_command_prints_findings(run: Path) -> None:
    stop = event_id(run, "loitering")
    code, printed, errors = command("tiles", stop, "--run", run, "--scenes", run / SCENES, "--json")
    assert code == 0, errors
    (finding,) = json.loads(printed)
    assert finding["answer"] == "seen"
    assert "/" not in finding["scenes"][0]["scene_id"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["tiles"], 2, "nothing to do"),
        (["tiles", "abc", "--run", "RUN", "--scenes", "SCENES"], 2, "no event 'abc'"),
        (["tiles", "abc", "--run", "RUN"], 2, "nowhere to look"),
        (["tiles", "abc", "--run", "RUN", "--scenes", "RUN/none"], 4, "no folder of scenes"),
        (["tiles", "abc", "--run", "SCENES", "--scenes", "SCENES"], 4, ""),
        (["tiles", "--image", "x.tif", "--run", "RUN"], 2, "--image stands alone"),
    ],
)
def test_mistakes_are_told_in_a_line(run: Path, words: list[str], code: int, says: str) -> None:
    given = [w.replace("SCENES", str(run / SCENES)).replace("RUN", str(run)) for w in words]
    done, _, errors = command(*given)
    assert done == code, errors
    assert says in errors
    assert len(errors.strip().splitlines()) == 1


def test_providers_follow_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DARKWAKE_CDSE_TOKEN", raising=False)

    def given(**changes: Any) -> list[str]:
        settings = SETTINGS.model_copy(update={"cache": str(tmp_path / "c"), **changes})
        return [one.name for one in providers_of(settings)]

    assert given(folders=(str(tmp_path),)) == ["folder"]
    both = ("earth-search", "planetary-computer")
    assert given(catalogues=both, stac_url="http://127.0.0.1:1/") == [*both, "stac"]
    with pytest.raises(ConfigError, match="DARKWAKE_CDSE_TOKEN"):
        given(catalogues=("cdse",))
    with pytest.raises(UsageError, match="nowhere"):
        given()


def test_next_passes_and_earlier_visits_are_told(run: Path, tmp_path: Path) -> None:
    stop = event_id(run, "loitering")
    first, second = elements()
    tle = tmp_path / "s1.tle"
    tle.write_text(f"SENTINEL-1A\n{first}\n{second}\n")
    config = tmp_path / "darkwake.toml"
    config.write_text(f"[imagery]\ncache = {json.dumps(str(tmp_path / 'cache'))}\n")
    bare = ["tiles", stop, "--next-pass", "--run", run, "--config", config]
    code, _, errors = command(*bare)
    assert code == 2
    assert "remembered" in errors
    given = [*bare, "--tle", tle]
    code, printed, errors = command(*given, "--json")
    assert code == 0, errors
    (told,) = json.loads(printed)
    assert told["passes"]
    assert all(one["time"] > "2015-07-19" for one in told["passes"])
    assert told["visits"][-1][0].startswith("2015-07-1")
    tle.unlink()  # from now on it is remembered
    code, printed, errors = command(*bare)
    assert code == 0, errors
    assert "SENTINEL-1A" in printed


@needs_chromium
def test_the_page_draws_images_in_a_browser_and_the_slider_fades_them(
    run: Path, tmp_path: Path
) -> None:
    with chromium(tmp_path) as tab:
        tab.size(1280, 860)
        tab.open((run / "alerts.html").resolve().as_uri())
        drawn = "document.querySelectorAll('img.leaflet-image-layer').length"
        assert tab.run(drawn) == 1  # the picture before is put away
        tab.run("document.querySelectorAll('#tree .image button')[1].click()")
        assert tab.run(drawn) == 2
        tab.run(
            "(() => { const s = document.getElementById('image-opacity'); s.value = 30;"
            " s.dispatchEvent(new Event('input')); })()"
        )
        shown = "document.querySelector('img.leaflet-image-layer').style.opacity"
        assert float(tab.run(shown)) == pytest.approx(0.3)
        loaded = "[...document.querySelectorAll('img')].every((i) => i.naturalWidth > 100)"
        assert tab.run(loaded) is True
