"""Files become images: bands, grids, geometry, sensor; hostile and broken files become one line."""

import contextlib
import struct
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS

from imagery.geometry import ground_axes
from imagery.opening import open_image
from imagery.ships import find_ships
from imagery.simulate import Ship, radar_scene
from tests.imagery.conftest import OPEN_SEA, UTM31, Writer
from vessels.errors import InputError

SHIPS = [Ship(110.0, 150.0, 90.0, 30.0), Ship(260.0, 300.0, 140.0, 80.0)]


@pytest.fixture(scope="module")
def scene() -> dict[str, NDArray[np.uint16]]:
    """A small scene with two ships."""
    return radar_scene((400, 420), SHIPS, seed=11)


def places(image_files: list[Path]) -> list[tuple[int, int]]:
    """Return rows and columns of what is found, rounded to five pixels."""
    table = find_ships(open_image(image_files))
    rows, columns = table["row"].to_numpy(), table["col"].to_numpy()
    return sorted(
        (round(r / 10) * 10, round(c / 10) * 10) for r, c in zip(rows, columns, strict=True)
    )


FOUND = [(110, 150), (260, 300)]


def test_two_files_are_one_image(write_tiff: Writer, scene: dict[str, NDArray[np.uint16]]) -> None:
    files = [write_tiff(f"scene_{name}.tif", values) for name, values in scene.items()]
    image = open_image(files)
    assert (image.sensor, sorted(image.bands), image.shape) == ("s1", ["vh", "vv"], (400, 420))
    assert image.pixel_m == pytest.approx(10.0, rel=5e-3)
    assert places(files) == FOUND


@pytest.mark.parametrize("kind", ["linear", "decibel", "nan", "nodata", "amplitude", "byte"])
def test_any_scaling(kind: str, write_tiff: Writer, scene: dict[str, NDArray[np.uint16]]) -> None:
    sigma0 = [(scene[name] / 450.0).astype(np.float32) ** 2 for name in ("vv", "vh")]
    options: dict[str, object] = {}
    if kind == "linear":
        bands = sigma0
    elif kind == "decibel":
        bands = [10.0 * np.log10(band) for band in sigma0]
    elif kind == "amplitude":
        bands = [np.sqrt(band) * 100.0 for band in sigma0]
    elif kind == "byte":
        bands = [
            np.clip((10.0 * np.log10(band) + 35.0) * 6.0, 0, 255).astype(np.uint8)
            for band in sigma0
        ]
    else:
        hole = np.nan if kind == "nan" else -9999.0
        bands = [band.copy() for band in sigma0]
        for band in bands:
            band[:, :60] = hole
        options["nodata"] = hole
    assert places([write_tiff("s1_grd.tif", *bands, **options)]) == FOUND


def test_single_band_without_a_name(
    write_tiff: Writer, scene: dict[str, NDArray[np.uint16]]
) -> None:
    assert open_image([write_tiff("picture.tif", scene["vv"])]).sensor == "s1"
    decibels = (20.0 * np.log10(scene["vv"] / 450.0)).astype(np.float32)
    assert open_image([write_tiff("picture2.tif", decibels)]).sensor == "s1"


def test_web_mercator_metres_are_map_metres(write_tiff: Writer) -> None:
    # At 60 degrees north a map metre is half a metre.
    north = Affine(20.0, 0.0, 500_000.0, 0.0, -20.0, 8_399_737.9)
    path = write_tiff("rgb.tif", *np.ones((3, 64, 64), np.uint8), crs="EPSG:3857", transform=north)
    image = open_image([path])
    assert image.pixel_m == pytest.approx(10.0, rel=0.01)
    step = ground_axes(image.geometry, 32.0, 32.0)[0]
    assert step[1] == pytest.approx([10.0, 0.0], abs=0.1)
    assert step[0] == pytest.approx([0.0, -10.0], abs=0.1)


def test_degrees(write_tiff: Writer, scene: dict[str, NDArray[np.uint16]]) -> None:
    grid = Affine(9e-5, 0.0, 2.0, 0.0, -9e-5, 0.9)
    path = write_tiff("s1.tif", scene["vv"], scene["vh"], crs="EPSG:4326", transform=grid)
    table = find_ships(open_image([path]))
    assert table.num_rows == 2
    assert table["lat"].to_numpy() == pytest.approx(0.9 - 9e-5 * (table["row"].to_numpy() + 0.5))


def test_ground_control_points_alone(
    write_tiff: Writer, scene: dict[str, NDArray[np.uint16]]
) -> None:
    flat = write_tiff("flat_vv.tif", scene["vv"])
    wanted = open_image([flat]).geometry.locate([10.0, 333.3], [20.0, 401.5])
    points = [
        GroundControlPoint(row=r, col=c, x=400_000.0 + 10.0 * c, y=100_000.0 - 10.0 * r, z=0.0)
        for r in (0, 100, 200, 300, 400)
        for c in (0, 140, 280, 420)
    ]
    path = write_tiff("gcp_vv.tif", scene["vv"], gcps=points, crs=UTM31, transform=None)
    image = open_image([path])
    assert image.geometry.kind == "gcps"
    got = image.geometry.locate([10.0, 333.3], [20.0, 401.5])
    assert np.concatenate(got) == pytest.approx(np.concatenate(wanted), abs=1e-7)
    irregular = [*points[:7], *points[8:]]
    path = write_tiff("gcp2_vv.tif", scene["vv"], gcps=irregular, crs=UTM31, transform=None)
    got = open_image([path]).geometry.locate([10.0, 333.3], [20.0, 401.5])
    assert np.concatenate(got) == pytest.approx(np.concatenate(wanted), abs=3e-6)


def test_bands_of_two_resolutions(write_tiff: Writer) -> None:
    fine = np.tile(np.arange(80, dtype=np.uint16), (80, 1))
    coarse = fine[::2, ::2] + 1
    files = [
        write_tiff("T01_B08.tif", fine),
        write_tiff("T01_B11.tif", coarse, transform=OPEN_SEA @ Affine.scale(2.0)),
    ]
    image = open_image(files)
    assert (image.sensor, sorted(image.bands), image.shape) == ("s2", ["nir", "swir16"], (80, 80))
    window = (10, 30, 20, 60)
    assert np.array_equal(image.read("nir", window), fine[10:30, 20:60])
    away = image.read("swir16", window).astype(int) - fine[10:30, 20:60]
    assert np.abs(away).max() <= 2


def test_unnamed_stacks(write_tiff: Writer) -> None:
    rng = np.random.default_rng(1)
    water = [rng.normal(level, 5.0, (64, 64)).astype(np.uint16) for level in (900, 700, 450, 200)]
    blue_first = open_image([write_tiff("a.tif", *water)])
    red_first = open_image([write_tiff("b.tif", *water[2::-1], water[3])])
    for image in (blue_first, red_first):
        assert set(image.bands) == {"blue", "green", "red", "nir"}
        assert np.array_equal(image.read("blue"), water[0])
        assert np.array_equal(image.read("nir"), water[3])


def tiff_bomb(path: Path, width: int, height: int) -> Path:
    """Write a TIFF of some bytes that declares any size, its one strip absent."""
    fields = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, height),
        (279, 4, 1, 10),
    ]
    body = b"".join(struct.pack("<HHII", *field) for field in fields)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 9) + body + bytes(4))
    return path


def test_bomb(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="declares 200000 x 200000 pixels, above the limit"):
        open_image([tiff_bomb(tmp_path / "bomb.tif", 200_000, 200_000)])


def test_virtual_file_is_refused(tmp_path: Path, write_tiff: Writer) -> None:
    inside = write_tiff("s1_vv.tif", np.ones((8, 8), np.uint16))
    text = (
        '<VRTDataset rasterXSize="8" rasterYSize="8"><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{inside}</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    for name in ("out.vrt", "out.tif"):
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match="is not a GeoTIFF"):
            open_image([tmp_path / name])


@pytest.mark.parametrize("name", ["/vsicurl/http://127.0.0.1:1/a.tif", "GTIFF_DIR:1:a.tif", "a\0b"])
def test_names_that_mean_more_than_files(name: str) -> None:
    with pytest.raises(InputError, match=r"no such file|cannot be read"):
        open_image([Path(name)])


def test_sidecars_are_not_read(write_tiff: Writer, tmp_path: Path) -> None:
    path = write_tiff("s1_vv.tif", np.full((64, 64), 5, np.uint16), crs=None, transform=None)
    (tmp_path / "s1_vv.tif.aux.xml").write_text(
        "<PAMDataset><SRS>EPSG:4326</SRS><GeoTransform>1,1e-4,0,1,0,-1e-4</GeoTransform></PAMDataset>"
    )
    (tmp_path / "s1_vv.tfw").write_text("10\n0\n0\n-10\n400000\n100000\n")
    assert open_image([path]).geometry.kind == "none"


def test_truncated(write_tiff: Writer, scene: dict[str, NDArray[np.uint16]]) -> None:
    path = write_tiff("s1_vv.tif", scene["vv"], compress="deflate")
    whole = path.read_bytes()
    for keep in (4, 200, len(whole) // 3, len(whole) - 2000):
        path.write_bytes(whole[:keep])
        with pytest.raises(InputError) as error:
            find_ships(open_image([path]))
        assert "\n" not in str(error.value)
        assert "s1_vv.tif" in str(error.value)


def test_damaged_everywhere(write_tiff: Writer, scene: dict[str, NDArray[np.uint16]]) -> None:
    path = write_tiff("s1_vv.tif", scene["vv"][:64, :64])
    whole = bytearray(path.read_bytes())
    rng = np.random.default_rng(3)
    for _ in range(150):
        hurt = whole.copy()
        for at in rng.integers(0, 400, 6):
            hurt[at] = rng.integers(256)
        path.write_bytes(bytes(hurt))
        # Nothing but the house's own error may come of it.
        with contextlib.suppress(InputError):
            find_ships(open_image([path]))


@pytest.mark.parametrize(
    ("crs", "transform", "what"),
    [
        ("EPSG:4326", OPEN_SEA, "off the Earth"),
        ("EPSG:32631", Affine(1000.0, 0.0, 4e5, 0.0, -1000.0, 1e5), "measure 1003 m"),
        ("EPSG:4326", Affine(1.0, 0.0, 0.0, 0.0, -1.0, 10.0), "measure 1.1"),
    ],
)
def test_wrong_georeference(crs: str, transform: Affine, what: str, write_tiff: Writer) -> None:
    path = write_tiff("s1_vv.tif", np.ones((40, 40), np.uint16), crs=crs, transform=transform)
    with pytest.raises(InputError, match=what):
        open_image([path])


@pytest.mark.parametrize(
    ("transform", "pixel_m"),
    [(Affine.identity(), 10.0), (OPEN_SEA, 10.0), (Affine(20.0, 0, 0, 0, -20.0, 0), 20.0)],
)
def test_without_a_georeference_rows_and_columns_are_told(
    transform: Affine, pixel_m: float, write_tiff: Writer, scene: dict[str, NDArray[np.uint16]]
) -> None:
    files = [
        write_tiff(f"plain_{name}.tif", values, crs=None, transform=transform)
        for name, values in scene.items()
    ]
    image = open_image(files)
    assert (image.geometry.kind, image.pixel_m) == ("none", pixel_m)
    if pixel_m == 10.0:
        assert places(files) == FOUND
        assert find_ships(image)["lat"].null_count == 2


def test_files_of_different_places(write_tiff: Writer) -> None:
    here = write_tiff("s1_vv.tif", np.ones((40, 40), np.uint16))
    moved = Affine(10.0, 0.0, 500_000.0, 0.0, -10.0, 100_000.0)
    there = write_tiff("s1_vh.tif", np.ones((40, 40), np.uint16), transform=moved)
    with pytest.raises(InputError, match="not of one scene"):
        open_image([here, there])
    other = write_tiff("t1_vh.tif", np.ones((40, 40), np.uint16), crs=CRS.from_epsg(32632))
    with pytest.raises(InputError, match="map projection"):
        open_image([here, other])
    twice = write_tiff("u1_vv.tif", np.ones((40, 40), np.uint16))
    with pytest.raises(InputError, match="second band vv"):
        open_image([here, twice])


def test_complex_is_refused(write_tiff: Writer) -> None:
    with pytest.raises(InputError, match="GRD"):
        open_image([write_tiff("slc_vv.tif", np.ones((40, 40), np.complex64))])


def test_nothing_but_gaps(write_tiff: Writer) -> None:
    assert (
        find_ships(open_image([write_tiff("s1_vv.tif", np.zeros((90, 90), np.uint16))])).num_rows
        == 0
    )
    hollow = np.full((90, 90), np.nan, np.float32)
    assert find_ships(open_image([write_tiff("s2_B08.tif", hollow)])).num_rows == 0
