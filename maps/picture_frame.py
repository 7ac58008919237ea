"""What a still picture shows around a finding: its frame, land, graticule, scale, and the world.

The map is equirectangular, true to scale along the middle parallel. Longitudes run on beyond 180
degrees, so that a place at the antimeridian is drawn as one.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from shapely.geometry.base import BaseGeometry

from detectors.events import Event
from maps.basemap import Land
from maps.frame import centre_longitude, unwrap
from vessels.units import M_PER_NM

LEAST_SPAN_DEG = 1.6
"""The frame is at least this high: what lies around a point says where it is."""
COARSE_FROM_DEG = 15.0
"""Frames higher than this are drawn on the coarse land."""
LAND_COLOUR, SEA_COLOUR = "#e9e2d0", "#cfe0ea"
GRID_COLOUR, PLACE_COLOUR = "#93a9b6", "#c2410c"
_M_PER_DEGREE = 111_195.0
_STEPS_DEG = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_WORLD_PX = (112, 56)


@dataclass(frozen=True, slots=True)
class View:
    """The frame in degrees, and the longitude of its middle, which lies in [-180, 180]."""

    west: float
    east: float
    south: float
    north: float
    middle_lon: float

    @property
    def metres_per_degree_east(self) -> float:
        """Metres of one degree of longitude in the middle of the frame."""
        middle = (self.south + self.north) / 2.0
        return _M_PER_DEGREE * max(math.cos(math.radians(middle)), 0.02)


def view_of(event: Event, width_by_height: float) -> View:
    """Return a frame of this shape with the whole event in it, and room around."""
    points = event.path if len(event.path) > 1 else ((event.lon, event.lat),)
    middle_lon = centre_longitude([lon for lon, _ in points])
    lons = unwrap([lon for lon, _ in points], middle_lon)
    lats = [lat for _, lat in points]
    lon, lat = (min(lons) + max(lons)) / 2.0, (min(lats) + max(lats)) / 2.0
    squeeze = max(math.cos(math.radians(lat)), 0.02)
    width_deg = (max(lons) - min(lons)) * squeeze
    span = max(LEAST_SPAN_DEG, 1.7 * (max(lats) - min(lats)), 1.7 * width_deg / width_by_height)
    span = min(span, 170.0)
    south = min(max(lat - span / 2.0, -90.0), 90.0 - span)
    half = min(span * width_by_height / squeeze / 2.0, 180.0)
    return View(lon - half, lon + half, south, south + span, middle_lon)


def draw_land(axes: Axes, view: View, land: Land) -> None:
    """Draw the land of the frame, cut to it, from both sides of 180 degrees."""
    shapes = list(land("110m" if view.north - view.south > COARSE_FROM_DEG else "10m"))
    for shift in (-360.0, 0.0, 360.0):
        frame = (view.west - shift, view.south, view.east - shift, view.north)
        box = shapely.box(*frame)
        near = [shape for shape in shapes if shape.intersects(box)]
        parts = shapely.clip_by_rect(np.array(near, dtype=object), *frame)
        # A quarter of a pixel: finer corners cost bytes and show nothing.
        thin = shapely.simplify(parts, (view.north - view.south) / 336.0 / 4.0)
        _fill(axes, thin, shift)


def _fill(axes: Axes, shapes: Iterable[BaseGeometry], shift: float) -> None:
    # Twice, because a clip can give a collection that holds a multipolygon.
    for part in shapely.get_parts(shapely.get_parts(np.array(list(shapes), dtype=object))):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        rings = [shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors)]
        codes = [np.full(len(ring), Path.LINETO, dtype=Path.code_type) for ring in rings]
        for code in codes:
            code[0], code[-1] = Path.MOVETO, Path.CLOSEPOLY
        corners = np.concatenate(rings) + np.array((shift, 0.0))
        # The edge has the colour of the land: a line would show where land is cut at 180 degrees.
        path = Path(corners, np.concatenate(codes))
        axes.add_patch(PathPatch(path, facecolor=LAND_COLOUR, edgecolor=LAND_COLOUR, linewidth=0.5))


def draw_graticule(axes: Axes, view: View, font: FontProperties) -> None:
    """Draw meridians and parallels with their degrees."""
    for step, low, high, letters, upright in (
        (_step(view.east - view.west), view.west, view.east, "EW", True),
        (_step(view.north - view.south), view.south, view.north, "NS", False),
    ):
        for number in range(math.ceil(low / step), math.floor(high / step) + 1):
            value = number * step
            line = axes.axvline if upright else axes.axhline
            line(value, color=GRID_COLOUR, linewidth=0.6, zorder=1.5)
            share = (value - low) / (high - low)
            if 0.04 < share < 0.9:
                axes.text(
                    *((share, 0.012) if upright else (0.006, share)),
                    _degrees(value, letters),
                    transform=axes.transAxes,
                    fontproperties=font,
                    fontsize=6.5,
                    color="#33505f",
                    va="bottom",
                    zorder=6,
                    parse_math=False,
                )


def _step(span_deg: float) -> float:
    return next((step for step in _STEPS_DEG if span_deg / step <= 6.0), 45.0)


def _degrees(value: float, letters: str) -> str:
    """Return a meridian or parallel as on a chart, longitudes wrapped to 180 degrees.

    >>> _degrees(-9.5, "NS"), _degrees(190.0, "EW")
    ("9°30'S", '170°W')
    """
    wrapped = (value + 180.0) % 360.0 - 180.0 if letters == "EW" else value
    minutes = round(abs(wrapped) * 60.0)
    part = f"{minutes % 60:02d}'" if minutes % 60 else ""
    letter = "" if minutes in {0, 180 * 60} else letters[1] if wrapped < 0 else letters[0]
    return f"{minutes // 60}°{part}{letter}"


def draw_scale_bar(axes: Axes, view: View, font: FontProperties) -> None:
    """Draw a round number of nautical miles at the lower right, true in the middle of the frame."""
    width_nm = (view.east - view.west) * view.metres_per_degree_east / M_PER_NM
    power = 10.0 ** math.floor(math.log10(width_nm / 4.0))
    miles = max(n * power for n in (1.0, 2.0, 5.0) if n * power <= width_nm / 4.0)
    left, right, low = 0.98 - miles / width_nm, 0.98, 0.05
    axes.plot(
        [left, left, right, right],
        [low + 0.02, low, low, low + 0.02],
        transform=axes.transAxes,
        color="#1b2733",
        linewidth=1.4,
        zorder=6,
    )
    axes.text(
        (left + right) / 2.0,
        low + 0.012,
        f"{miles:g} nm",
        transform=axes.transAxes,
        fontproperties=font,
        fontsize=7,
        color="#1b2733",
        ha="center",
        va="bottom",
        zorder=6,
        parse_math=False,
    )


def draw_world(figure: Figure, view: View, land: Land) -> None:
    """Draw a small map of the world with the place marked, at the upper right."""
    width, height = figure.get_size_inches() * figure.dpi
    wide, high = _WORLD_PX
    left, bottom = 1.0 - (wide + 6) / width, 1.0 - (high + 64) / height
    axes = figure.add_axes((left, bottom, wide / width, high / height), facecolor=SEA_COLOUR)
    middle = view.middle_lon
    axes.set_xlim(middle - 180.0, middle + 180.0)
    axes.set_ylim(-90.0, 90.0)
    axes.set_xticks([])
    axes.set_yticks([])
    coarse = shapely.simplify(np.array(list(land("110m")), dtype=object), 1.0)
    for shift in (-360.0, 0.0, 360.0):
        _fill(axes, coarse, shift)
    lat = (view.south + view.north) / 2.0
    axes.plot([middle], [lat], "o", color=PLACE_COLOUR, markersize=5, markeredgecolor="white")
