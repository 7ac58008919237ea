"""From true tracks to recorded rows: reporting rate, losses, fades, noise, silences.

Times are whole seconds, as every format here records them. Values have the resolution of AIS
itself: 0.1 knot, 0.1 degree, whole degrees of heading; positions are left unrounded.
"""

from dataclasses import dataclass, field

import numpy as np

from tests.worlds import sphere
from tests.worlds.model import AT_ANCHOR, FISHING, HOUR, MOORED, Identity, Rows, Track

GPS_NOISE_M = 4.0


@dataclass(kw_only=True)
class Radio:
    """How a transmitter is heard.

    `interval_s` is the range of gaps between recorded reports; a fade is a short loss of all
    reports. `silent` and `span` are in seconds from the start of the world.
    """

    interval_s: tuple[float, float] = (120.0, 300.0)
    loss: float = 0.1
    fades_per_day: float = 1.0
    silent: list[tuple[float, float]] = field(default_factory=list)
    span: tuple[float, float] | None = None
    station: int = 0


SATELLITE = {"interval_s": (1200.0, 4200.0), "loss": 0.0, "fades_per_day": 0.0}


def heard_times(rng: np.random.Generator, radio: Radio, span: tuple[float, float]) -> np.ndarray:
    """Return the times at which reports are recorded, seconds from the start of the world."""
    low, high = radio.interval_s
    count = int((span[1] - span[0]) / low) + 2
    times = span[0] + rng.uniform(0, high) + np.cumsum(rng.uniform(low, high, count))
    times = times[times < span[1]]
    keep = rng.uniform(size=len(times)) >= radio.loss
    for _ in range(rng.poisson(radio.fades_per_day * (span[1] - span[0]) / (24 * HOUR))):
        start = rng.uniform(*span)
        keep &= (times < start) | (times > start + rng.uniform(10, 30) * 60)
    for start, end in radio.silent:
        keep &= (times < start) | (times > end)
    return np.unique(np.floor(times[keep]))


def report(
    rng: np.random.Generator,
    who: tuple[int, Identity],
    track: Track,
    radio: Radio,
    start_s: int,
) -> Rows:
    """Return the rows that stations record of one transmitter."""
    index, identity = who
    span = radio.span or (float(track.t_s[0]), float(track.t_s[-1]))
    t_s = heard_times(rng, radio, span)
    size = len(t_s)
    lat, lon = track.at(t_s)
    noise_m = np.abs(rng.normal(0.0, GPS_NOISE_M, size))
    lat, lon = sphere.destination(lat, lon, rng.uniform(0, 360, size), noise_m)
    knots, course = track.motion(t_s)
    status = track.status_at(t_s)
    lying = np.isin(status, (MOORED, AT_ANCHOR))
    sog = np.round(np.clip(knots + rng.normal(0, 0.08, size), 0, 102.2), 1)
    sog = np.where(lying & (sog < 0.3), 0.0, sog)
    cog = np.round(course + rng.normal(0, np.clip(4.0 / (knots + 0.1), 0.5, 60.0)), 1) % 360.0
    heading = np.round(course + 8.0 * np.sin(t_s / 5000.0)) % 360.0
    class_b = identity.ais_class == "B"
    if identity.ship_type != 30:  # only fishing vessels say "engaged in fishing"
        status = np.where(status == FISHING, 0, status)
    return Rows.of(
        t_s=start_s + t_s.astype(np.int64),
        mmsi=identity.mmsi,
        who=index,
        lat=lat,
        lon=lon,
        sog=sog,
        cog=np.round(cog, 1) % 360.0,
        heading=np.nan if class_b else heading,
        status=15 if class_b else status,
        station=radio.station,
    )
