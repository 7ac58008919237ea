"""Echoes of bright radar targets that look like ships: sidelobes and azimuth ambiguities."""

import numpy as np
from numpy.typing import NDArray

from imagery.detections import Ship
from imagery.geometry import ground_axes
from imagery.image import Image

Floats = NDArray[np.float64]

_SIDELOBE_REACH_M = 400.0
_SIDELOBE_WIDTH_M = 30.0
_SIDELOBE_DB = 18.0
"""A sidelobe lies this far below its source at least (weighted IW: below -20 dB)."""
_GHOST_M = (4_500.0, 6_000.0)
"""Ghosts lie half a wavelength times the pulse rate (1452 to 1717 Hz) times R/V (105 to 127 s)
along the track: 4.7 to 5.8 km in the three swaths of IW."""
_GHOST_WIDTH_M = 150.0
_GHOST_DB = 15.0
"""An ambiguity lies this far below its source at least (IW: -22 dB and less, saturation aside)."""
_COSINE_OF_ORBIT = -0.1423
_GROUND_SPEED_KM_S = 6.8
_EQUATOR_KM_S = 0.465


def without_echoes(ships: list[Ship], image: Image) -> list[Ship]:
    """Return the ships less what is an echo of a much brighter one.

    Sidelobes lie along the sensor's axes near a bright target, ambiguities some 5 km along its
    track. A map image does not tell the track's direction: both passes' are tried.
    """
    if len(ships) < 2:
        return ships
    row = np.array([ship.row for ship in ships])
    column = np.array([ship.column for ship in ships])
    level = np.array([ship.contrast_db for ship in ships])
    middle = ground_axes(image.geometry, row.mean(), column.mean())[0]
    east, north = (np.column_stack([row, column]) @ middle).T
    echo = np.zeros(len(ships), np.bool_)
    for heading in _headings(image):
        turn = np.radians(heading)
        along = east * np.sin(turn) + north * np.cos(turn)
        across = east * np.cos(turn) - north * np.sin(turn)
        echo |= _echoes(along, across, level)
    return [ship for ship, false in zip(ships, echo, strict=True) if not false]


def _headings(image: Image) -> list[float]:
    """Return directions the satellite may have flown, degrees from north."""
    row, column = (image.shape[0] - 1) / 2.0, (image.shape[1] - 1) / 2.0
    if image.geometry.kind == "none":
        return [0.0]
    if image.geometry.kind != "affine":
        east, north = ground_axes(image.geometry, row, column)[0, 0]
        return [float(np.degrees(np.arctan2(east, north)))]
    latitude = np.radians(float(image.geometry.locate(row, column)[0][0]))
    cosine = max(float(np.cos(latitude)), 0.2)
    east = _GROUND_SPEED_KM_S * _COSINE_OF_ORBIT / cosine
    north = np.sqrt(max(_GROUND_SPEED_KM_S**2 - east**2, 0.0))
    ascending = float(np.degrees(np.arctan2(east - _EQUATOR_KM_S * cosine, north)))
    return [ascending, -ascending]


def _echoes(along: Floats, across: Floats, level: Floats) -> NDArray[np.bool_]:
    """Return which points lie where a brighter one would cast an echo."""
    out = np.zeros(along.size, np.bool_)
    for source in np.flatnonzero(level > level.min() + _GHOST_DB):
        far, side = np.abs(along - along[source]), np.abs(across - across[source])
        fainter = level[source] - level
        cross = (np.minimum(far, side) <= _SIDELOBE_WIDTH_M) & (
            np.maximum(far, side) <= _SIDELOBE_REACH_M
        )
        ghost = (far >= _GHOST_M[0]) & (far <= _GHOST_M[1]) & (side <= _GHOST_WIDTH_M)
        out |= cross & (fainter >= _SIDELOBE_DB) | ghost & (fainter >= _GHOST_DB)
    return out
