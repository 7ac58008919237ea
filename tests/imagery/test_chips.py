"""Chips, quick looks, fixed structures, and the command that a user types."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from PIL import Image as Picture

from imagery.chips import pixel_of, reflectance, window_around
from imagery.quicklook import footprint, quicklook
from imagery.ships import find_ships
from imagery.simulate import Ship, radar_scene
from imagery.structures import learn_structures, read_structures, without_structures
from tests.imagery.conftest import Writer, radar_image
from vessels.errors import InputError, StoreError, UsageError

SCENE = [Ship(110.0, 150.0, 90.0, 30.0), Ship(260.0, 300.0, 140.0, 80.0)]


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """Run darkwake as a user does."""
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "darkwake", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=os.environ | {"COLUMNS": "200"},
    )


def test_command(write_tiff: Writer, tmp_path: Path) -> None:
    scene = radar_scene((400, 420), SCENE, seed=11)
    files = [str(write_tiff(f"s_{name}.tif", values)) for name, values in scene.items()]
    told = command("tiles", "--image", *files, "--json")
    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)
    assert answer["type"] == "FeatureCollection"
    assert answer["warnings"] == []
    assert len(answer["features"]) == 2
    for feature in answer["features"]:
        assert feature["geometry"]["type"] == "Point"
        assert {"length_m", "heading_deg", "score", "row", "col"} <= feature["properties"].keys()
        lon, lat = feature["geometry"]["coordinates"]
        assert (lat, lon) == pytest.approx((0.89, 2.12), abs=0.03)
    lon, lat = answer["features"][0]["geometry"]["coordinates"]
    rigs = tmp_path / "rigs.csv"
    rigs.write_text(f"lat,lon\n{lat},{lon}\n")
    fewer = command("tiles", "--image", *files, "--structures", str(rigs), "--json")
    assert json.loads(fewer.stdout)["features"] == answer["features"][1:]
    table = command("tiles", "--image", files[0], "--sensor", "s1")
    assert table.returncode == 0
    assert "2 ships in 420 x 400 pixels of 10.0 m, radar (Sentinel-1)" in table.stdout
    plain = write_tiff("plain_vv.tif", scene["vv"], crs=None, transform=Affine.identity())
    placeless = command("tiles", "--image", str(plain), "--json")
    assert "has no coordinate reference system and no ground control points" in placeless.stderr
    answer_there = json.loads(placeless.stdout)
    assert [feature["geometry"] for feature in answer_there["features"]] == [None, None]
    assert answer_there["warnings"] == placeless.stderr.splitlines()
    numbers = scene["vv"].astype(float)
    grey = np.clip(numbers / (numbers.mean() * 1.5) * 255.0, 0, 255).astype(np.uint8)
    cut_off = command("tiles", "--image", str(write_tiff("grey_vv.tif", grey)), "--json")
    (warning,) = json.loads(cut_off.stdout)["warnings"]
    assert "stand at 255, the end of an 8-bit scale" in warning
    assert cut_off.stderr.splitlines() == [warning]
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"II*\0nothing")
    for words, code in (
        (("tiles", "--image", str(broken), "--json"), 4),
        (("tiles", "--image", str(tmp_path / "none.tif")), 4),
        (("tiles", "--image", files[0], "--sensor", "x9"), 2),
        (("tiles",), 2),
    ):
        failed = command(*words)
        assert (failed.returncode, failed.stdout) == (code, "")
        assert len(failed.stderr.strip().splitlines()) == 1


def test_chip_knows_where_it_is() -> None:
    image = radar_image(radar_scene((300, 320), SCENE[:1], seed=12))
    chip = image.dataset((40, 90, 100, 180))
    assert chip.attrs["sensor"] == "s1"
    assert np.array_equal(chip["vv"].to_numpy(), image.read("vv")[40:90, 100:180])
    lat, lon = float(chip["lat"][7, 9]), float(chip["lon"][7, 9])
    assert pixel_of(image, lat, lon) == pytest.approx((47.0, 109.0), abs=1e-2)
    assert chip.attrs["transform"][2] == pytest.approx(401_000.0)
    assert chip.attrs["transform"][5] == pytest.approx(99_600.0)
    assert window_around(image, lat, lon, 400.0) == (27, 67, 89, 129)
    with pytest.raises(InputError, match="outside"):
        window_around(image, lat + 1.0, lon, 400.0)


def test_quick_look() -> None:
    image = radar_image(radar_scene((300, 320), SCENE[:1], seed=12))
    data = quicklook(image, marks=[(110.0, 150.0, "red")], side_px=512, colours=64)
    picture = Picture.open(io.BytesIO(data))
    assert (picture.format, picture.mode, picture.width) == ("PNG", "P", 512)
    assert picture.height == 480 + 34
    shades = np.asarray(picture.convert("RGB")).astype(int)
    at = shades[round(110.5 * 1.6) - 12 : round(110.5 * 1.6) + 12, round(150.5 * 1.6) - 9]
    assert ((at[:, 0] > 150) & (at[:, 1] < 90)).any()
    outline = footprint(image)
    assert outline[0] == outline[-1]
    assert np.ptp([lat for _, lat in outline]) == pytest.approx(3000.0 / 110_600.0, rel=0.01)


def test_reflectance_offset() -> None:
    numbers = np.array([0, 1000, 1150, 3000], np.uint16)
    assert reflectance(numbers, 4.0)[1:] == pytest.approx([0.0, 0.015, 0.2])
    assert reflectance(numbers, 2.14)[1:] == pytest.approx([0.1, 0.115, 0.3])
    assert np.isnan(reflectance(numbers, None)[0])


def test_command_learns_structures(write_tiff: Writer, tmp_path: Path) -> None:
    from darkwake.cli_tiles import structures_in_images

    days = [
        write_tiff(
            f"day{i}_VV.tif",
            radar_scene((300, 320), [Ship(100.0, 100.0, 80.0), Ship(*at, 60.0)], seed=30 + i)["vv"],
        )
        for i, at in enumerate([(200.0, 250.0), (250.0, 60.0), (60.0, 240.0)])
    ]
    out = tmp_path / "rigs.csv"
    structures_in_images(days, "auto", out)
    assert len(read_structures(out)) == 1
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []
    with pytest.raises(UsageError, match="another day"):
        structures_in_images(days[:2], "auto", out)
    with pytest.raises(StoreError, match="cannot be written"):
        structures_in_images(days, "auto", tmp_path / "none" / "rigs.csv")


def test_structures_are_learnt_and_left_out(tmp_path: Path) -> None:
    platform = Ship(100.0, 100.0, 80.0)
    days = [
        [platform, Ship(200.0, 250.0, 60.0)],
        [platform, Ship(250.0, 60.0, 60.0)],
        [platform, Ship(60.0, 240.0, 60.0)],
    ]
    tables = [
        find_ships(radar_image(radar_scene((300, 320), ships, seed=20 + i)))
        for i, ships in enumerate(days)
    ]
    assert [table.num_rows for table in tables] == [2, 2, 2]
    places = learn_structures(tables)
    assert len(places) == 1
    assert len(learn_structures(tables[:2])) == 0
    (ship,) = without_structures(tables[0], places).to_pylist()
    assert (ship["row"], ship["col"]) == pytest.approx((200.0, 250.0), abs=2.0)
    assert without_structures(tables[0], np.empty((0, 2))) == tables[0]
    listed = tmp_path / "rigs.csv"
    listed.write_text(f"lat,lon\n{places[0][0]},{places[0][1]}\n")
    (other,) = without_structures(tables[1], read_structures(listed)).to_pylist()
    assert (other["row"], other["col"]) == pytest.approx((250.0, 60.0), abs=2.0)
    listed.write_text("lat,lon\n95,10\n")
    with pytest.raises(InputError, match="off the Earth"):
        read_structures(listed)
