# mypy: disable-error-code="import-untyped"
"""Ships in an image, matched to ships on AIS: who is who, who is dark, who is missing.

Each pair has a likelihood ratio (reference: house notes on imagery, section 5): the picture of a
ship at its place (moved by the radar's azimuth shift) and of its length, against a ship of nobody.
The Hungarian method picks the best assignment with both sides free to stay alone; belief
propagation (Williams and Lau 2014, IEEE Transactions on Aerospace and Electronic Systems 50(4),
doi 10.1109/TAES.2014.120568) gives the probability of each pair, of which `p_match` and `p_dark`
are made. The density of ships that send nothing is estimated from the image itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from imagery.scenes import p_found
from vessels.units import EARTH_RADIUS_M, MPS_PER_KNOT

Floats = NDArray[np.float64]

PLACE_SIGMA_M = 25.0
"""Of a detection: centre of the echo against the AIS antenna, geolocation."""
SHIFT_SHARE = 0.12
"""Standard deviation of the predicted azimuth shift, as a share of it."""
LENGTH_BIAS, LENGTH_SIGMA = 0.26, 0.49
"""ln(length in the image / length on AIS): mean and standard deviation of 373 confirmed pairs."""
FALSE_PER_M2 = 1e-9
"""False detections: at most 10 in 10,000 km2 (benchmarks/cfar.py)."""
DARK_AT = 0.6
"""Probability above which a detection without a partner is told as sending no AIS."""
_UNKNOWN_LENGTH_SIGMA = 0.9
_UNKNOWN_LENGTH_M = 40.0
_TURN_SHARE = 0.15
"""How often a ship did something else than go on: that part is as wide as it can sail."""
_TURN_WIDTH = 0.6
_TURN_KNOTS = 2.0
_USUAL_LOOK = (115.0, 38.0)
"""R/V in seconds and incidence of Sentinel-1, where the image does not tell."""
_FEWEST_PER_M2 = 2e-9
_ROUNDS = 3
_MESSAGES = 200
_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class Look:
    """How a radar looked: what moves a sailing ship in its image. Right-looking."""

    heading_deg: float
    """Flight direction over ground."""
    range_over_speed_s: float
    incidence_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Ships on AIS at the time of the image; equally long arrays."""

    lat: Floats
    lon: Floats
    variance_m2: Floats
    """Per axis, of `vessels.presence`."""
    sog_knots: Floats
    """Speed at that time; NaN where not known."""
    cog_deg: Floats
    length_m: Floats
    """NaN where not stated."""
    nearest_s: Floats
    """Seconds to the nearest fix: what it can have sailed unheard."""
    p_inside: Floats
    """Probability that it was within the image."""

    def __len__(self) -> int:
        return self.lat.size


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """What became of both sides."""

    ship: NDArray[np.int64]
    """For each detection the row of its ship on AIS, or -1."""
    p_match: Floats
    """Probability of that pair; of the likeliest pair where there is none."""
    p_free: Floats
    """Probability that none of the ships on AIS is it."""
    p_dark: Floats
    """The same, and that it is a ship, no false detection."""
    detection: NDArray[np.int64]
    """For each ship on AIS its detection, or -1."""
    p_missing: Floats
    """Probability that the ship was in the image and ought to have been found, and is not seen."""
    density_m2: float
    """Ships that send nothing and false detections, per square metre, as estimated."""
    shift_m: Floats
    """For each ship on AIS how far the radar moved it, metres east and north, (n, 2)."""

    @property
    def dark(self) -> NDArray[np.bool_]:
        """Which detections are told as sending no AIS; the others are matched, or in doubt."""
        return np.asarray((self.ship < 0) & (self.p_free >= DARK_AT))


def match(
    lat: Floats,
    lon: Floats,
    length_m: Floats,
    ships: Expected,
    *,
    sensor: str,
    area_m2: float,
    look: Look | None = None,
) -> Match:
    """Match detections (lat, lon, length) to ships.

    Args:
        lat: of the detections, degrees.
        lon: the same.
        length_m: as measured in the image.
        ships: who was to be expected.
        sensor: s1 or s2; only radar moves what sails.
        area_m2: sea in the image.
        look: how the radar looked; where None for radar, the shift is only known in size.
    """
    count, known = lat.size, len(ships)
    shift, spread = _shift(ships, sensor, look)
    found = np.clip(p_found(ships.length_m, sensor) * ships.p_inside, 0.0, 0.995)
    near = _log_place(lat, lon, ships, shift, spread) + _log_length(length_m, ships.length_m)
    ratio = np.log(np.maximum(found, 1e-12)) - np.log1p(-found)
    density = max(count - float(found.sum()), 1.0) / area_m2
    pairs = np.zeros((count, known))
    for _ in range(_ROUNDS):
        score = near + ratio - np.log(density)
        pairs = _marginals(score)
        alone = count - float(pairs.sum())
        density = max(alone / area_m2, _FEWEST_PER_M2, 0.5 / area_m2)
    score = near + ratio - np.log(density)
    ship, detection = _assign(score)
    free = np.clip(1.0 - pairs.sum(axis=1), 0.0, 1.0)
    real = 1.0 - min(FALSE_PER_M2 / density, 0.5)
    seen = np.clip(pairs.sum(axis=0), 0.0, 1.0)
    best = pairs.max(axis=1) if known else np.zeros(count)
    chosen = pairs[np.arange(count), np.maximum(ship, 0)] if known else best
    return Match(
        ship=ship,
        p_match=np.where(ship >= 0, chosen, best),
        p_free=free,
        p_dark=free * real,
        detection=detection,
        p_missing=found * (1.0 - seen),
        density_m2=float(density),
        shift_m=shift,
    )


def radial_knots(offset_m: Floats, look: Look) -> Floats:
    """Return speeds away from the radar along the ground that explain azimuth offsets.

    For a matched ship: how far it lies along the track from where AIS has it, divided by R/V.
    An independent check of the speed that AIS states. Positive is receding.
    """
    slant = -offset_m / look.range_over_speed_s
    return np.asarray(slant / np.sin(np.radians(look.incidence_deg)) / MPS_PER_KNOT)


def _shift(ships: Expected, sensor: str, look: Look | None) -> tuple[Floats, Floats]:
    """Return the azimuth shift in metres east and north, (n, 2), and variances along those axes.

    A target receding at v_r along the line of sight is drawn -(R/V) v_r along the track.
    """
    nothing = np.zeros((len(ships), 2))
    if sensor != "s1":
        return nothing, nothing
    speed = np.where(np.isfinite(ships.sog_knots), ships.sog_knots, 0.0) * MPS_PER_KNOT
    course = np.where(np.isfinite(ships.cog_deg), ships.cog_deg, 0.0)
    unknown = ~np.isfinite(ships.sog_knots) | ~np.isfinite(ships.cog_deg)
    if look is None:
        delay_s, incidence = _USUAL_LOOK
        size = delay_s * speed * np.sin(np.radians(incidence))
        # The track runs north and south but for some twelve degrees.
        spread = np.column_stack([(0.25 * size) ** 2, (0.7 * size) ** 2])
        return nothing, spread
    away = speed * np.sin(np.radians(look.incidence_deg))
    away = away * np.sin(np.radians(course - look.heading_deg))
    along = -look.range_over_speed_s * np.where(unknown, 0.0, away)
    track = np.radians(look.heading_deg)
    direction = np.array([np.sin(track), np.cos(track)])
    loose = look.range_over_speed_s * speed * np.sin(np.radians(look.incidence_deg)) * 0.7
    sigma = np.where(unknown, loose, SHIFT_SHARE * np.abs(along))
    return along[:, None] * direction, (sigma[:, None] * direction) ** 2


def _log_place(lat: Floats, lon: Floats, ships: Expected, shift: Floats, spread: Floats) -> Floats:
    """Return the log density per square metre of each detection's place for each ship."""
    radius = EARTH_RADIUS_M * np.pi / 180.0
    turn = (lon[:, None] - ships.lon + 180.0) % 360.0 - 180.0
    stretch = np.cos(np.radians((lat[:, None] + ships.lat) / 2.0))
    east = turn * stretch * radius - shift[:, 0]
    north = (lat[:, None] - ships.lat) * radius - shift[:, 1]
    base = ships.variance_m2[:, None] + spread + PLACE_SIGMA_M**2
    speed = np.where(np.isfinite(ships.sog_knots), ships.sog_knots, _TURN_KNOTS)
    sailed = _TURN_WIDTH * np.maximum(speed, _TURN_KNOTS) * MPS_PER_KNOT * ships.nearest_s
    wide = base + sailed[:, None] ** 2
    parts = [
        np.log(share)
        - 0.5 * (east**2 / v[:, 0] + north**2 / v[:, 1])
        - 0.5 * np.log(v[:, 0] * v[:, 1])
        - np.log(2.0 * np.pi)
        for share, v in ((1.0 - _TURN_SHARE, base), (_TURN_SHARE, wide))
    ]
    return np.asarray(np.logaddexp(*parts))


def _log_length(measured_m: Floats, stated_m: Floats) -> Floats:
    """Return the log ratio of a measured length under a ship's own, against any ship's."""
    length = np.log(np.maximum(measured_m, 5.0))[:, None]
    known = np.isfinite(stated_m) & (stated_m > 0.0)
    middle = np.log(np.where(known, stated_m, _UNKNOWN_LENGTH_M)) + LENGTH_BIAS
    sigma = np.where(known, LENGTH_SIGMA, _UNKNOWN_LENGTH_SIGMA)
    own = -0.5 * ((length - middle) / sigma) ** 2 - np.log(sigma)
    usual = np.log(_UNKNOWN_LENGTH_M) + LENGTH_BIAS
    other = -0.5 * ((length - usual) / _UNKNOWN_LENGTH_SIGMA) ** 2 - np.log(_UNKNOWN_LENGTH_SIGMA)
    return np.asarray(own - other)


def _assign(score: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each side its partner or -1: most likely as a whole, pairs above 0 only."""
    count, known = score.shape
    ship, detection = np.full(count, -1, np.int64), np.full(known, -1, np.int64)
    if count and known:
        # A dummy each for the detections to stay alone with, at no cost.
        costs = np.hstack([-np.maximum(score, -1e6), np.zeros((count, count))])
        for row, column in zip(*linear_sum_assignment(costs), strict=True):
            if column < known and score[row, column] > 0.0:
                ship[row], detection[column] = column, row
    return ship, detection


def _marginals(score: Floats) -> Floats:
    """Return the probability of each pair, by belief propagation on the assignment."""
    if score.size == 0:
        return np.zeros(score.shape)
    weight = np.exp(np.clip(score, -60.0, 60.0))
    back = np.ones_like(weight)
    for _ in range(_MESSAGES):
        sent = weight * back
        ahead = weight / (1.0 + sent.sum(axis=1, keepdims=True) - sent)
        new = 1.0 / (1.0 + ahead.sum(axis=0, keepdims=True) - ahead)
        done = float(np.abs(new - back).max()) < _CLOSE
        back = new
        if done:
            break
    sent = weight * back
    return np.asarray(sent / (1.0 + sent.sum(axis=1, keepdims=True)))
