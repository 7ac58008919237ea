"""Sentinel-1 geometry against ESA's own grid, and what an annotation may do to us."""

from pathlib import Path

import numpy as np
import pytest

from imagery.chips import pixel_of
from imagery.geometry import Lattice
from imagery.opening import open_image
from imagery.s1_annotation import Annotation, read_annotation, read_calibration
from imagery.s1_orbit import OrbitGeometry
from imagery.ships import find_ships
from vessels.errors import InputError

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def safe(shared_data: Path) -> Path:
    """The real product folder."""
    found = sorted((shared_data / "imagery" / "s1_grd_safe").glob("*.SAFE"))
    if not found:
        pytest.skip("real data absent: no Sentinel-1 product")
    return found[0]


@pytest.fixture(scope="module", params=["vv", "vh"])
def note(safe: Path, request: pytest.FixtureRequest) -> Annotation:
    """A real annotation of either polarisation."""
    return read_annotation(next((safe / "annotation").glob(f"*-{request.param}-*.xml")))


def metres(lat: np.ndarray, lon: np.ndarray, lat2: np.ndarray, lon2: np.ndarray) -> np.ndarray:
    """Return distances of neighbouring points."""
    east = (lon - lon2) * 111_195.0 * np.cos(np.radians(lat))
    return np.asarray(np.hypot((lat - lat2) * 111_195.0, east))


def test_within_a_metre_of_the_grid(note: Annotation) -> None:
    line, pixel, lat, lon, height, _ = note.grid.T
    got = OrbitGeometry(note).locate_at(line, pixel, height)
    assert metres(lat, lon, *got).max() < 1.0


def test_sea_level_where_the_grid_is_near_it(note: Annotation) -> None:
    line, pixel, lat, lon, height, incidence = note.grid.T
    low = height < 150.0
    assert low.sum() >= 3
    got = OrbitGeometry(note).locate(line[low], pixel[low])
    # A height h moves a point by h over the tangent of the incidence angle.
    shift = height[low] / np.tan(np.radians(incidence[low]))
    assert np.abs(metres(lat[low], lon[low], *got) - shift).max() < 1.5


def test_mountains_do_not_move_ships(note: Annotation) -> None:
    line, pixel, lat, lon, height, _ = note.grid.T
    high = height > 2000.0
    away = metres(lat[high], lon[high], *OrbitGeometry(note).locate(line[high], pixel[high]))
    assert (away / height[high]).min() > 0.8  # what the control points would have done


def test_platform_and_heading(note: Annotation) -> None:
    geometry = OrbitGeometry(note)
    assert geometry.range_over_speed_s([0, 0], [0, note.samples]) == pytest.approx(
        [105.5, 126.8], abs=0.1
    )
    (lat1, lat2), (lon1, lon2) = geometry.locate([0, 1000], [0, 0])
    track = np.degrees(np.arctan2((lon2 - lon1) * np.cos(np.radians(lat1)), lat2 - lat1)) % 360
    # The ground turns below the platform: by some 3 degrees at this latitude.
    assert track == pytest.approx(note.heading_deg, abs=4.0)


def test_lattice_and_inverse(safe: Path) -> None:
    image = open_image([safe])
    rows, columns = np.linspace(5, 16_000, 7), np.linspace(9, 25_000, 9)
    grid = np.meshgrid(rows, columns, indexing="ij")
    lat, lon = image.geometry.locate(*grid)
    fast = Lattice(image.geometry, image.shape).locate(rows, columns)
    # Range polynomials change by up to 120 m between their records, elsewhere it is centimetres.
    assert np.median(metres(lat, lon, fast[0].ravel(), fast[1].ravel())) < 2.0
    for row, column in ((0.0, 0.0), (8000.5, 12_345.0), (16_600.0, 25_700.0)):
        (lat1,), (lon1,) = image.geometry.locate(row, column)
        assert pixel_of(image, lat1, lon1) == pytest.approx((row, column), abs=0.02)


def test_folder_is_one_image(safe: Path) -> None:
    image = open_image([safe])
    assert (image.sensor, list(image.bands), image.shape) == ("s1", ["vv"], (16_685, 25_788))
    assert image.geometry.kind == "orbit"
    assert image.pixel_m == pytest.approx(10.0, abs=0.3)
    assert image.time is not None
    assert image.time.isoformat() == "2021-04-01T05:26:23.794457+00:00"
    chip = image.dataset((100, 140, 200, 260))
    assert dict(chip.sizes) == {"row": 40, "col": 60}
    assert float(chip["incidence"].min()) == pytest.approx(30.8, abs=0.3)
    assert chip["vv"].dtype == np.uint16


def test_scene_without_contrast_has_no_ships(safe: Path) -> None:
    # The measurement is a dummy of ones: a full scene through the whole chain.
    assert find_ships(open_image([safe])).num_rows == 0


def test_entities_are_refused(tmp_path: Path, note: Annotation) -> None:
    assert note.lines > 0
    path = tmp_path / "a.xml"
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><product>&b;</product>'
    path.write_text(bomb)
    with pytest.raises(InputError, match="entities"):
        read_annotation(path)


@pytest.mark.parametrize(
    "text", ["", "<product>", "<product/>", "<product><adsHeader/></product>", "\0\1\2"]
)
def test_broken_annotations(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(text)
    for read in (read_annotation, read_calibration):
        with pytest.raises(InputError, match=r"a\.xml"):
            read(path)


def test_annotation_with_parts_cut_out(safe: Path, tmp_path: Path) -> None:
    text = next((safe / "annotation").glob("*-vv-*.xml")).read_text()
    for name in ("orbitList", "coordinateConversionList", "geolocationGridPointList", "prf"):
        path = tmp_path / "a.xml"
        path.write_text(text.replace(f"<{name}", "<gone").replace(f"</{name}", "</gone"))
        with pytest.raises(InputError, match="not a whole Sentinel-1"):
            read_annotation(path)


def test_calibration(tmp_path: Path) -> None:
    rows = "".join(
        f"<calibrationVector><line>{line}</line><pixel>0 40 80</pixel>"
        f"<sigmaNought>{100 + line} {120 + line} {140 + line}</sigmaNought></calibrationVector>"
        for line in (0, 50)
    )
    path = tmp_path / "c.xml"
    path.write_text(
        f"<calibration><calibrationVectorList>{rows}</calibrationVectorList></calibration>"
    )
    table = read_calibration(path)
    got = table.at(np.array([0.0, 25.0, 90.0]), np.array([20.0, 80.0, -5.0]))
    assert got == pytest.approx([110.0, 165.0, 150.0])
