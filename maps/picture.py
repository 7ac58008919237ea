"""One finding as a small still picture, for mails and reports: no browser, no network.

A palette PNG of 600 x 400 pixels, about 10 kB: the finding in one sentence, the place with land,
graticule, scale bar and a small map of the world, the tracks solid where heard and dashed through
silence. Equal input and equal versions of matplotlib and Pillow give equal bytes.

matplotlib is used through `Figure` alone: pyplot keeps figures of the whole process alive.
"""

import io
import textwrap
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from matplotlib import get_data_path
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from PIL import Image

from detectors.events import Event
from maps import words
from maps.basemap import Land, shipped_land
from maps.frame import unwrap
from maps.identities import NOBODY, Identity
from maps.marks import mark_of
from maps.picture_frame import (
    GRID_COLOUR,
    LAND_COLOUR,
    PLACE_COLOUR,
    SEA_COLOUR,
    View,
    draw_graticule,
    draw_land,
    draw_scale_bar,
    draw_world,
    view_of,
)
from maps.sentences import headline
from maps.tracks import SILENCE_US, Track
from vessels.units import US_PER_DAY

WIDTH_PX, HEIGHT_PX = 600, 400
AROUND_US = 3 * US_PER_DAY
"""Tracks are drawn from this long before the event to this long after it."""
_DPI = 100
_HEAD_PX, _FOOT_PX = 58, 18
_FONT_FILE = f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf"
_TRACK, _OTHER_TRACK, _TEXT, _SMALL_TEXT = "#0b3d5c", "#5b3a8c", "#1b2733", "#44535f"
_DRAWN = (_TRACK, _OTHER_TRACK, _TEXT, _SMALL_TEXT, GRID_COLOUR, PLACE_COLOUR)
_EDGE_SHARES = (0.25, 0.5, 0.75)
_LINE_CHARACTERS = 90


def event_picture(
    event: Event,
    tracks: Mapping[str, Track],
    *,
    identities: Mapping[str, Identity] | None = None,
    label: str = "",
    land: Land = shipped_land,
) -> bytes:
    """Return the picture of one event as PNG.

    Args:
        event: The finding.
        tracks: By hull id, `(time_us, lon_deg, lat_deg)` in time order; those of the event's
            vessels are drawn, three days around it.
        identities: By hull id, for the name of the other vessel.
        label: Where the data come from, if that must be said, as in `synthetic`. Plain text.
        land: Where the outlines of land come from.
    """
    other = (identities or {}).get(event.other_hull_id or "", NOBODY)
    figure = Figure(figsize=(WIDTH_PX / _DPI, HEIGHT_PX / _DPI), dpi=_DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    view = view_of(event, WIDTH_PX / (HEIGHT_PX - _HEAD_PX - _FOOT_PX))
    axes = _axes(figure, view)
    draw_land(axes, view, land)
    draw_graticule(axes, view, font())
    _draw_tracks(axes, view, event, tracks)
    _draw_event(axes, view, event)
    draw_scale_bar(axes, view, font())
    draw_world(figure, view, land)
    facts = f"{words.dms(event.lat, event.lon)} · how sure: {words.sureness(event.confidence)}"
    _write(figure, headline(event, other.name), facts, label)
    canvas.draw()
    return _palette_png(canvas, mark_of(event.type).colour)


@cache
def font() -> FontProperties:
    """Return the font that matplotlib ships: the machine's own fonts differ."""
    return FontProperties(fname=_FONT_FILE)


@cache
def _letters() -> frozenset[int]:
    return frozenset(FT2Font(_FONT_FILE).get_charmap())


def drawable(text: str) -> str:
    """Return the text with a box in place of each letter that the font does not hold."""
    return "".join(letter if ord(letter) in _letters() else "\u25a1" for letter in text)


def _axes(figure: Figure, view: View) -> Axes:
    bottom, height = _FOOT_PX / HEIGHT_PX, (HEIGHT_PX - _HEAD_PX - _FOOT_PX) / HEIGHT_PX
    axes = figure.add_axes((0.0, bottom, 1.0, height), facecolor=SEA_COLOUR)
    axes.set_xlim(view.west, view.east)
    axes.set_ylim(view.south, view.north)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_aspect("auto")
    return axes


def _draw_tracks(axes: Axes, view: View, event: Event, tracks: Mapping[str, Track]) -> None:
    end_us = event.now_us if event.end_us is None else event.end_us
    for hull, colour in ((event.other_hull_id, _OTHER_TRACK), (event.hull_id, _TRACK)):
        track = tracks.get(hull, ()) if hull is not None else ()
        times = [fix[0] for fix in track]
        first = max(bisect_left(times, event.start_us - AROUND_US) - 1, 0)
        last = bisect_right(times, end_us + AROUND_US) + 1
        near = track[first:last]
        lons = unwrap([fix[1] for fix in near], view.middle_lon)
        lats = [fix[2] for fix in near]
        cuts = [i for i, (a, b) in enumerate(pairwise(near), 1) if b[0] - a[0] >= SILENCE_US]
        for begin, stop in pairwise([0, *cuts, len(near)]):
            axes.plot(lons[begin:stop], lats[begin:stop], color=colour, linewidth=1.4)
        for cut in cuts:
            pair = slice(cut - 1, cut + 1)
            axes.plot(lons[pair], lats[pair], color=colour, linewidth=1.2, dashes=(4, 3))


def _draw_event(axes: Axes, view: View, event: Event) -> None:
    mark = mark_of(event.type)
    if len(event.path) > 1:
        lons = unwrap([lon for lon, _ in event.path], view.middle_lon)
        lats = [lat for _, lat in event.path]
        axes.plot(lons, lats, color=mark.colour, linewidth=1.8, dashes=(4, 3), zorder=4)
    (lon,) = unwrap([event.lon], view.middle_lon)
    axes.plot(
        [lon],
        [event.lat],
        marker=[(x, -y) for x, y in mark.sides],
        markersize=15,
        color=mark.colour,
        markeredgecolor="white",
        markeredgewidth=1.5,
        linestyle="none",
        zorder=5,
    )


def _write(figure: Figure, sentence: str, facts: str, label: str) -> None:
    """Write the finding above the map and what it is not below. Names are text, never mathtext."""
    lines = textwrap.wrap(drawable(sentence), _LINE_CHARACTERS, max_lines=2, placeholder=" ...")
    figure.text(
        8 / WIDTH_PX,
        1.0 - _HEAD_PX / 2 / HEIGHT_PX,
        "\n".join([*lines, facts]),
        fontproperties=font(),
        fontsize=8.5,
        va="center",
        color=_TEXT,
        parse_math=False,
    )
    below = f"{label.strip()}. {words.DISCLAIMER}" if label.strip() else words.DISCLAIMER
    figure.text(
        8 / WIDTH_PX,
        _FOOT_PX / 2 / HEIGHT_PX,
        textwrap.shorten(drawable(below), 115, placeholder=" ..."),
        fontproperties=font(),
        fontsize=6.5,
        va="center",
        color=_SMALL_TEXT,
        parse_math=False,
    )


def _palette_png(canvas: FigureCanvasAgg, mark_colour: str) -> bytes:
    """Return the canvas as a palette PNG.

    The palette is ours: one that is counted out of the picture shifts the few colours that matter.
    """
    image = Image.frombuffer("RGBA", (WIDTH_PX, HEIGHT_PX), canvas.buffer_rgba()).convert("RGB")
    chart = Image.new("P", (1, 1))
    chart.putpalette([level for colour in _palette(mark_colour) for level in colour])
    out = io.BytesIO()
    small = image.quantize(palette=chart, dither=Image.Dither.NONE)
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


def _palette(mark_colour: str) -> list[tuple[int, int, int]]:
    """Return every colour drawn, and for smooth edges steps between it and what lies behind."""
    behind = [_levels(colour) for colour in ("#ffffff", SEA_COLOUR, LAND_COLOUR)]
    drawn = [_levels(colour) for colour in (mark_colour, *_DRAWN)]
    colours = [*behind, *drawn]
    for front in drawn:
        for back in behind:
            for share in _EDGE_SHARES:
                mix = [
                    round(f * share + b * (1.0 - share)) for f, b in zip(front, back, strict=True)
                ]
                colours.append((mix[0], mix[1], mix[2]))
    return list(dict.fromkeys(colours))


def _levels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
