# mypy: disable-error-code="import-untyped"
"""What a Sentinel-1 annotation file tells: orbit, timing, slant range, incidence, calibration.

The XML is an outside text: entities are refused, and so is a file of absurd size.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from vessels.errors import InputError

Floats = NDArray[np.float64]

_MOST_BYTES = 64 * 1024 * 1024
_ENTITY = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """One polarisation of a Sentinel-1 GRD product. Times are seconds after `start`."""

    mission: str
    mode: str
    polarisation: str
    start: datetime
    """Azimuth time of the first line, UTC."""
    lines: int
    samples: int
    line_interval_s: float
    range_spacing_m: float
    heading_deg: float
    """Flight direction over ground, clockwise from north."""
    azimuth_rate_hz: float
    """Pulse repetition frequency, for azimuth ambiguities; mean of the swaths."""
    orbit_s: Floats
    orbit_m: Floats
    """Earth-fixed positions of the satellite, shape (n, 3)."""
    orbit_m_s: Floats
    """Earth-fixed velocities, shape (n, 3)."""
    range_s: Floats
    """Azimuth times of the ground-to-slant-range polynomials, shape (k,)."""
    range_origin_m: Floats
    range_coefficients: Floats
    """Polynomials: slant range in metres from ground range, shape (k, order + 1)."""
    grid: Floats
    """ESA's own points, shape (n, 6): line, pixel, lat, lon, height, incidence in degrees."""
    grid_s: Floats
    """Azimuth times of those points."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The look-up table from digital numbers to sigma nought: sigma0 = (DN / value)^2."""

    line: Floats
    pixel: Floats
    value: Floats
    """Shape (lines, pixels)."""

    def at(self, row: Floats, column: Floats) -> Floats:
        """Return the table's value at pixels, bilinear."""
        from scipy.interpolate import (  # noqa: PLC0415 - slow
            RegularGridInterpolator,
        )

        points = np.column_stack(
            [
                np.clip(row, self.line[0], self.line[-1]),
                np.clip(column, self.pixel[0], self.pixel[-1]),
            ]
        )
        return np.asarray(RegularGridInterpolator((self.line, self.pixel), self.value)(points))


def read_annotation(path: Path) -> Annotation:
    """Read a product annotation.

    Raises:
        InputError: it is not one, lacks a needed part, or is unsafe to parse.
    """
    root = _parse(path)
    try:
        return _annotation(root)
    except (AttributeError, TypeError, ValueError, IndexError) as error:
        raise InputError("is not a whole Sentinel-1 GRD annotation", path=str(path)) from error


def read_calibration(path: Path) -> Calibration:
    """Read a calibration annotation.

    Raises:
        InputError: it is not one, or its vectors do not form a grid.
    """
    root = _parse(path)
    vectors = root.findall(".//calibrationVector")
    try:
        line = np.array([float(_text(v, "line")) for v in vectors])
        pixels = [_numbers(_text(v, "pixel")) for v in vectors]
        values = [_numbers(_text(v, "sigmaNought")) for v in vectors]
        pixel = pixels[0]
        grid = np.stack([np.interp(pixel, p, v) for p, v in zip(pixels, values, strict=True)])
    except (ValueError, IndexError) as error:
        raise InputError("is not a Sentinel-1 calibration file", path=str(path)) from error
    if line.size < 2 or (np.diff(line) <= 0).any() or (grid <= 0).any():
        raise InputError("its calibration vectors do not form a grid", path=str(path))
    return Calibration(line, pixel, grid)


def _parse(path: Path) -> ET.Element:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError("is too large for a Sentinel-1 annotation", path=str(path))
        text = path.read_bytes()
        if _ENTITY.search(text):
            raise InputError("holds XML entities, which are refused", path=str(path))
        return ET.fromstring(text)  # noqa: S314 - size is bounded and entities are refused above
    except ET.ParseError as error:
        raise InputError(f"is not XML: {error}", path=str(path)) from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=str(path)) from error


def _annotation(root: ET.Element) -> Annotation:
    start = _time(_text(root, ".//imageInformation/productFirstLineUtcTime"))

    def seconds(name: str, items: list[ET.Element]) -> Floats:
        return np.array([(_time(_text(item, name)) - start).total_seconds() for item in items])

    def vectors(name: str, items: list[ET.Element]) -> Floats:
        return np.array([[float(_text(item, f"{name}/{a}")) for a in "xyz"] for item in items])

    orbits = root.findall(".//orbitList/orbit")
    ranges = root.findall(".//coordinateConversionList/coordinateConversion")
    points = root.findall(".//geolocationGridPointList/geolocationGridPoint")
    names = ("line", "pixel", "latitude", "longitude", "height", "incidenceAngle")
    rates = [float(e.text or "") for e in root.findall(".//downlinkInformation/prf")]
    if len(orbits) < 4 or not ranges or len(points) < 4 or not rates:
        raise ValueError("a list is missing")
    return Annotation(
        mission=_text(root, "adsHeader/missionId"),
        mode=_text(root, "adsHeader/mode"),
        polarisation=_text(root, "adsHeader/polarisation").lower(),
        start=start,
        lines=int(_text(root, ".//imageInformation/numberOfLines")),
        samples=int(_text(root, ".//imageInformation/numberOfSamples")),
        line_interval_s=float(_text(root, ".//imageInformation/azimuthTimeInterval")),
        range_spacing_m=float(_text(root, ".//imageInformation/rangePixelSpacing")),
        heading_deg=float(_text(root, ".//productInformation/platformHeading")) % 360.0,
        azimuth_rate_hz=float(np.mean(rates)),
        orbit_s=seconds("time", orbits),
        orbit_m=vectors("position", orbits),
        orbit_m_s=vectors("velocity", orbits),
        range_s=seconds("azimuthTime", ranges),
        range_origin_m=np.array([float(_text(item, "gr0")) for item in ranges]),
        range_coefficients=np.stack([_numbers(_text(item, "grsrCoefficients")) for item in ranges]),
        grid=np.array([[float(_text(point, name)) for name in names] for point in points]),
        grid_s=seconds("azimuthTime", points),
    )


def _text(element: ET.Element, path: str) -> str:
    found = element.findtext(path)
    if found is None or not found.strip():
        raise ValueError(f"no {path}")
    return found.strip()


def _numbers(text: str) -> Floats:
    return np.array([float(word) for word in text.split()])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
