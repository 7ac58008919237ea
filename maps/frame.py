"""Where the map is centred, so that what lies on both sides of 180 degrees is drawn together.

Everything is drawn in one frame of longitudes [centre - 180, centre + 180). The centre is opposite
the widest empty stretch of the events, so a Pacific map does not split along the antimeridian.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise


def centre_longitude(lons_deg: Iterable[float]) -> float:
    """Return the longitude opposite the widest gap between `lons_deg`; 0 where there are none.

    >>> centre_longitude([179.0, -179.0])
    180.0
    """
    lons = sorted({round(lon % 360.0, 6) % 360.0 for lon in lons_deg})
    if not lons:
        return 0.0
    gaps = [(b - a, a) for a, b in pairwise([*lons, lons[0] + 360.0])]
    width, start = max(gaps, key=lambda gap: (gap[0], -gap[1]))
    middle = (start + width / 2.0 + 180.0) % 360.0
    return round(middle if middle <= 180.0 else middle - 360.0, 6)


def into_frame(lon_deg: float, centre_deg: float) -> float:
    """Return the same meridian as a longitude in [centre - 180, centre + 180)."""
    return (lon_deg - centre_deg + 180.0) % 360.0 - 180.0 + centre_deg


def unwrap(lons_deg: Sequence[float], centre_deg: float) -> list[float]:
    """Return the longitudes of a line, each within 180 degrees of the one before.

    The first lies in the frame; a line over 180 degrees goes on beyond it and never jumps back
    across the whole map.
    """
    line: list[float] = []
    for lon in lons_deg:
        line.append(into_frame(lon, line[-1] if line else centre_deg))
    return line
