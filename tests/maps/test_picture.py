"""The still picture: small, the same each time, true at 180 degrees, names inert."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detectors.events import EVENT_TYPES, Event
from maps.identities import Identity
from maps.marks import MARKS, mark_of
from maps.picture import HEIGHT_PX, WIDTH_PX, drawable, event_picture
from maps.picture_frame import view_of
from tests.maps.samples import HOSTILE, event, land, walk

NAMES = (*HOSTILE, "$_$", "$$", r"$\FRAC$", "[/]", "%s{}", "^_\\", "船長 丸", "A" * 300)


def _pixels(png: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(png)).convert("RGB"))


def _draw(found: Event) -> bytes:
    return event_picture(found, {"898000101-1": walk(1, 60)}, land=land)


def test_it_is_a_small_palette_png() -> None:
    png = _draw(event())
    image = Image.open(io.BytesIO(png))
    assert (image.format, image.mode, image.size) == ("PNG", "P", (WIDTH_PX, HEIGHT_PX))
    assert len(png) <= 15_000


def test_equal_input_gives_equal_bytes() -> None:
    assert _draw(event()) == _draw(event())


@pytest.mark.parametrize("type_name", EVENT_TYPES)
def test_each_type_is_drawn_in_its_colour(type_name: str) -> None:
    colour = tuple(bytes.fromhex(mark_of(type_name).colour[1:]))
    pixels = _pixels(_draw(event(type=type_name, path=())))
    assert (pixels == colour).all(axis=2).sum() > 60


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_drawn_as_text(name: str) -> None:
    found = event(vessel_name=name, type="encounter", other_mmsi=1, other_hull_id="b", path=())
    png = event_picture(found, {}, identities={"b": Identity(name, name)}, label=name, land=land)
    assert _pixels(png).shape == (HEIGHT_PX, WIDTH_PX, 3)


def test_letters_that_the_font_lacks_become_boxes() -> None:
    assert drawable("ÅSA 船 1") == "ÅSA \u25a1 1"


def test_at_180_degrees_the_frame_stays_narrow_and_land_of_both_sides_is_drawn() -> None:
    found = event(lat=-17.0, lon=179.5, path=((179.5, -17.0), (-179.5, -17.5)))
    view = view_of(found, 2.0)
    assert view.east - view.west < 6.0
    assert view.west < 179.5
    assert view.east > 180.5
    row = _pixels(_draw(found))[300]
    is_land = (row == (233, 226, 208)).all(axis=1)
    # The made-up island lies west of 180 degrees and ends there.
    assert is_land[: WIDTH_PX // 4].any()
    assert not is_land[WIDTH_PX * 3 // 4 :].any()


@pytest.mark.parametrize("lat", [-90.0, -89.9, 0.0, 89.9, 90.0])
@pytest.mark.parametrize("lon", [-180.0, 0.0, 180.0])
def test_every_place_on_earth_lies_in_its_frame(lat: float, lon: float) -> None:
    view = view_of(event(lat=lat, lon=lon, path=()), 2.0)
    assert view.south <= lat <= view.north
    assert view.south >= -90.0
    assert view.north <= 90.0
    assert view.east - view.west <= 360.0


def test_a_silence_is_drawn_dashed() -> None:
    start, _, _ = walk(1, 1)[0]
    hour = 3_600_000_000
    track = [(start + h * hour, 140.4 + h / 50.0, -9.3) for h in (0, 2, 40, 42)]
    pixels = _pixels(event_picture(event(path=()), {"898000101-1": track}, land=land))
    line = np.flatnonzero((pixels[60:300] == (11, 61, 92)).all(axis=2).sum(axis=1) > 5)[0] + 60
    dark = pixels[line].sum(axis=1) < 450  # the sea is 665
    assert np.count_nonzero(np.diff(dark.astype(int)) == 1) > 5


def test_the_marks_are_those_of_the_page() -> None:
    script = Path(__file__).resolve().parents[2] / "maps" / "static" / "shapes.js"
    row = re.compile(r"^  (\w+): \{ colour: \"(#\w+)\", sides: (\[.*\]) \},$", re.MULTILINE)
    rows = row.findall(script.read_text(encoding="utf-8"))
    drawn = {
        name: (colour, [float(n) for n in re.findall(r"-?[\d.]+", sides)])
        for name, colour, sides in rows
    }
    assert drawn == {
        name: (mark.colour, [float(n) for side in mark.sides for n in side])
        for name, mark in MARKS.items()
    }
    assert set(MARKS) == set(EVENT_TYPES)
