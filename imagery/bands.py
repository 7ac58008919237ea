"""Which band is which, and which sensor took them: file names, descriptions, counts, colours.

House names: vv vh hh hv (radar), blue green red nir swir16 and so on (optical), gray (unknown).
"""

import re
from collections.abc import Sequence
from typing import Literal

from imagery.raster import RasterFile

Sensor = Literal["s1", "s2"]

RADAR = ("vv", "vh", "hh", "hv")
OPTICAL = ("blue", "green", "red", "nir", "swir16")

_S2_NAMES = {
    "b01": "coastal",
    "b02": "blue",
    "b03": "green",
    "b04": "red",
    "b05": "rededge1",
    "b06": "rededge2",
    "b07": "rededge3",
    "b08": "nir",
    "b8a": "nir08",
    "b09": "nir09",
    "b10": "cirrus",
    "b11": "swir16",
    "b12": "swir22",
}
_WORDS = {
    "blue": "blue",
    "green": "green",
    "red": "red",
    "nir": "nir",
    "nir08": "nir08",
    "swir": "swir16",
    "swir1": "swir16",
    "swir16": "swir16",
    "swir2": "swir22",
    "swir22": "swir22",
    "scl": "scl",
    **{name: name for name in RADAR},
}
_RADAR_WORDS = {"s1", "s1a", "s1b", "s1c", "s1d", "sar", "grd", "grdh", "iw", "sigma0", "gamma0"}
_RADAR_WORDS |= {"sentinel1", "sentinel-1", "sigma", "radar", "rtc"}
_OPTICAL_WORDS = {"s2", "s2a", "s2b", "s2c", "sentinel2", "rgb", "tci", "visual", "l2a", "l1c"}
_OPTICAL_WORDS |= {"ndwi", "msil1c", "msil2a"}
_STACKS: dict[int, tuple[str, ...]] = {
    5: ("b02", "b03", "b04", "b08", "b11"),
    6: ("b02", "b03", "b04", "b08", "b11", "b12"),
    10: ("b02", "b03", "b04", "b05", "b06", "b07", "b08", "b8a", "b11", "b12"),
    12: tuple(name for name in _S2_NAMES if name != "b10"),
    13: ("b01", "b02", "b03", "b04", "b05", "b06", "b07", "b08", "b8a", "b09", "b10", "b11", "b12"),
}
"""Usual orders of Sentinel-2 stacks whose bands have no names, by count."""


def words_of(text: str) -> list[str]:
    """Return the words of a name in lower case, split where letters and digits are not."""
    return [word for word in re.split(r"[^a-z0-9]+", text.lower()) if word]


def band_in(text: str | None) -> str | None:
    """Return the house name that a text spells, the last one if several."""
    found = None
    for word in words_of(text or ""):
        band = re.fullmatch(r"b(?:and)?0*(\d{1,2}|8a)", word)
        if band:
            found = _S2_NAMES.get(f"b{band[1].zfill(2)}", found)
        found = _WORDS.get(word, found)
    return found


def name_bands(file: RasterFile) -> list[str]:
    """Return a house name for each band of a file; "gray", "alpha" or "bandN" where unknown."""
    count = len(file.dtypes)
    if count == 1:
        return [band_in(file.descriptions[0]) or band_in(file.path.stem) or "gray"]
    described = [band_in(text) for text in file.descriptions]
    if sum(name is not None for name in described) >= min(count, 2):
        return [name or f"band{i}" for i, name in enumerate(described, 1)]
    coloured = ["alpha" if colour == "alpha" else None for colour in file.colours]
    plain = count - sum(name is not None for name in coloured)
    names = _by_count(file, plain)
    rest = iter(names)
    return [name or next(rest) for name in coloured]


def _by_count(file: RasterFile, count: int) -> list[str]:
    radar = sensor_in(file.path.name) == "s1"
    if count == 1:
        return [band_in(file.path.stem) or "gray"]
    if count == 2 or (radar and count == 3):
        # The third band of a radar composite is the ratio of the two.
        return ["vv", "vh", "ratio"][:count]
    if count == 3:
        return ["red", "green", "blue"]
    if count == 4:
        # Either blue first (B02 B03 B04 B08) or red first; image.py asks the water.
        rgb = file.colours[0] == "red"
        return ["red", "green", "blue", "nir"] if rgb else ["first", "green", "third", "nir"]
    if count in _STACKS:
        return [_S2_NAMES[name] for name in _STACKS[count]]
    return ["red", "green", "blue", *(f"band{i}" for i in range(4, count + 1))]


def sensor_in(name: str) -> Sensor | None:
    """Return the sensor that a file name tells, if any."""
    words = set(words_of(name))
    if words & (_RADAR_WORDS | set(RADAR)):
        return "s1"
    if words & _OPTICAL_WORDS or ("sentinel" in words and "2" in words):
        return "s2"
    return "s1" if "sentinel" in words and "1" in words else None


def sensor_of(names: Sequence[str], files: Sequence[str]) -> Sensor | None:
    """Return the sensor from band names first and file names second; None: ask the pixels."""
    if any(name in RADAR for name in names):
        return "s1"
    if any(name in ("blue", "green", "nir", "swir16", "first") for name in names):
        return "s2"
    told = {sensor for sensor in map(sensor_in, files) if sensor is not None}
    return told.pop() if len(told) == 1 else None
