"""Scenes of a folder, and which of them can show a ship."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from imagery.crops import crop
from imagery.folder import LABEL_TAG, Folder
from imagery.opening import open_image
from imagery.overlays import overlay
from imagery.scenes import Scene, inside, overlaps, p_found, rank_scenes
from imagery.simulate import radar_scene
from tests.imagery.conftest import Writer
from vessels.errors import InputError

JULY = datetime(2015, 7, 1, tzinfo=UTC), datetime(2015, 8, 1, tzinfo=UTC)
HERE = ((2.0, 0.5), (2.5, 0.5), (2.5, 1.2), (2.0, 1.2), (2.0, 0.5))
BOX = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0), (0.0, 0.0))


def scene(outline: tuple[tuple[float, float], ...] = BOX, **changes: object) -> Scene:
    values = {
        "scene_id": "a",
        "provider": "test",
        "sensor": "s1",
        "time": JULY[0],
        "outline": outline,
    }
    return Scene(**values | changes)


@pytest.fixture
def pair(write_tiff: Writer) -> Path:
    bands = radar_scene((200, 240), seed=1)
    for name in ("vv", "vh"):
        write_tiff(f"s1a_iw_grd_{name}_20150714T084500.tif", bands[name])
    return write_tiff("notes.tif", bands["vv"]).parent


def test_a_folder_gives_scenes_of_the_time_and_place(pair: Path) -> None:
    folder = Folder(pair)
    (found,) = folder.search(HERE, *JULY, ["s1"])
    assert found.time == datetime(2015, 7, 14, 8, 45, tzinfo=UTC)
    assert found.sensor == "s1"
    assert len(found.facts["files"]) == 2
    assert [line for line in folder.skipped if "notes" in line and "time" in line]
    assert folder.search(HERE, JULY[1], JULY[1], ["s1"]) == []
    assert folder.search(HERE, *JULY, ["s2"]) == []
    assert folder.search(tuple((x + 30.0, y) for x, y in HERE), *JULY, ["s1"]) == []


def test_a_chip_lies_where_the_image_does(pair: Path) -> None:
    folder = Folder(pair)
    (found,) = folder.search(HERE, *JULY, ["s1"])
    whole = open_image(sorted(pair.glob("s1a*.tif")))
    lat, lon = (float(v[0]) for v in whole.geometry.locate(120, 90))
    chip = folder.fetch(found, lat, lon, 600.0)
    assert set(chip.bands) == {"vv", "vh"}
    top, bottom, left, right = chip.provenance["window"]
    assert top <= 120 < bottom
    assert left <= 90 < right
    assert chip.read("vv").tolist() == whole.read("vv", (top, bottom, left, right)).tolist()
    here = chip.geometry.locate(120 - top, 90 - left)
    assert float(here[0][0]) == pytest.approx(lat, abs=1e-9)
    assert float(here[1][0]) == pytest.approx(lon, abs=1e-9)
    with pytest.raises(InputError, match="outside"):
        folder.fetch(found, lat + 3.0, lon, 600.0)


def test_a_crop_outside_is_refused(pair: Path) -> None:
    whole = open_image(sorted(pair.glob("s1a*.tif")))
    with pytest.raises(InputError, match="outside"):
        crop(whole, (500, 600, 0, 10))


def test_damaged_and_foreign_files_are_skipped_with_a_reason(pair: Path) -> None:
    (pair / "cut_20150714T084500.tif").write_bytes(b"II*\x00" + bytes(40))
    (pair / "evil.vrt").write_text("<VRTDataset/>")
    folder = Folder(pair)
    assert len(folder.search(HERE, *JULY, ["s1"])) == 1
    assert [line for line in folder.skipped if "cut_" in line]
    with pytest.raises(InputError, match="no folder"):
        Folder(pair / "nothing")


def test_a_label_goes_with_the_scene(write_tiff: Writer) -> None:
    import rasterio

    path = write_tiff("sar_20150714T084500.tif", *radar_scene((150, 150), seed=1).values())
    with rasterio.open(path, "r+") as file:
        file.update_tags(**{LABEL_TAG: "synthetic"})
    folder = Folder(path.parent)
    (found,) = folder.search(HERE, *JULY, ["s1"])
    assert found.facts["label"] == "synthetic"
    lat, lon = 0.9, 2.1
    outline = np.array(found.outline)
    lon, lat = outline[:-1].mean(axis=0)
    assert folder.fetch(found, lat, lon, 500.0).provenance["label"] == "synthetic"


def test_outlines_touch_also_across_180_degrees() -> None:
    over = ((179.0, 0.0), (-179.0, 0.0), (-179.0, 1.0), (179.0, 1.0), (179.0, 0.0))
    assert inside(over, [0.5, 0.5, 0.5], [179.5, -179.5, 0.0]).tolist() == [True, True, False]
    assert overlaps(
        over, tuple((x - 360.0, y) for x, y in ((179.5, 0.2), (180.2, 0.2), (180.2, 0.4)))
    )
    assert not overlaps(over, BOX)


def test_the_scene_that_the_ship_is_in_goes_first_and_cloud_counts() -> None:
    far = scene(tuple((x + 10.0, y) for x, y in BOX), scene_id="far")
    half = scene(((1.0, 0.0), (3.0, 0.0), (3.0, 2.0), (1.0, 2.0), (1.0, 0.0)), scene_id="half")
    whole = scene(scene_id="whole")
    cloudy = scene(scene_id="cloudy", sensor="s2", cloud=0.9)
    place = (1.0, 1.0), 5_000.0**2
    ranked = rank_scenes([(one, *place) for one in (far, half, cloudy, whole)], 60.0)
    assert [one.scene.scene_id for one in ranked] == ["whole", "half", "cloudy", "far"]
    assert ranked[0].p_inside == 1.0
    assert ranked[1].p_inside == pytest.approx(0.5, abs=0.03)
    assert ranked[2].worth == pytest.approx(0.1, abs=0.02)
    assert ranked[3].worth == 0.0


def test_larger_ships_are_found_more_often_and_unknown_lengths_are_usual_ones() -> None:
    for sensor in ("s1", "s2"):
        shares = p_found([5.0, 15.0, 25.0, 60.0, 300.0], sensor)
        assert (np.diff(shares) >= 0.0).all()
        assert 0.0 < shares[0] < shares[3] < 1.0
        assert p_found(np.nan, sensor) == p_found(40.0, sensor)


def test_an_overlay_lies_on_the_map_where_the_image_does(pair: Path) -> None:
    from PIL import Image as Picture

    whole = open_image(sorted(pair.glob("s1a*.tif")))
    drawn = overlay(whole, 128)
    corners = whole.geometry.locate([0, 0, 199, 199], [0, 239, 0, 239])
    assert (drawn.south, drawn.north) == pytest.approx(
        (corners[0].min(), corners[0].max()), abs=1e-6
    )
    assert (drawn.west, drawn.east) == pytest.approx((corners[1].min(), corners[1].max()), abs=1e-6)
    import io

    with Picture.open(io.BytesIO(drawn.png)) as picture:
        assert picture.mode == "P"
        assert max(picture.size) == 128


def test_an_overlay_shows_a_bright_spot_in_its_place(write_tiff: Writer) -> None:
    import io

    from PIL import Image as Picture

    sea = np.full((300, 300), 50, np.uint16)
    sea[200:206, 60:66] = 4000
    path = write_tiff("vv_20150714T084500.tif", sea)
    image = open_image([path], "s1")
    drawn = overlay(image, 300)
    lat, lon = (float(v[0]) for v in image.geometry.locate(202.5, 62.5))
    with Picture.open(io.BytesIO(drawn.png)) as picture:
        grey = np.asarray(picture.convert("L"), np.float64)
    rows, columns = np.nonzero(grey > 0.8 * grey.max())
    across = (lon - drawn.west) / (drawn.east - drawn.west) * grey.shape[1]
    down = (drawn.north - lat) / (drawn.north - drawn.south) * grey.shape[0]
    assert columns.mean() + 0.5 == pytest.approx(across, abs=1.5)
    assert rows.mean() + 0.5 == pytest.approx(down, abs=1.5)
