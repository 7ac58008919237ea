"""Ships drawn by hand: a few lines make fixes, and one call makes events of them."""

from collections.abc import Sequence

import numpy as np

from darkwake.engine import Engine
from detectors.events import Event, sort_events
from detectors.parameters import Parameters
from vessels.fixes import RECEIVER_CODES, Fixes, concat_fixes

T0_US = 1_600_000_000_000_000 // 86_400_000_000 * 86_400_000_000  # a midnight, UTC
HOUR_US = 3_600_000_000
OFFSHORE = (-30.0, -100.0)
"""South Pacific: more than 1,000 km from any shore."""


def ship(
    mmsi: int,
    hours: Sequence[float] | np.ndarray,
    lat: float | Sequence[float] | np.ndarray = OFFSHORE[0],
    lon: float | Sequence[float] | np.ndarray = OFFSHORE[1],
    *,
    sog: float | Sequence[float] | np.ndarray = np.nan,
    receiver: str | Sequence[str] = "",
    nav_status: int = 255,
    cog: float = np.nan,
    msg_type: int = 1,
) -> Fixes:
    """Return fixes of one number at `hours` after a midnight; scalars hold for all of them."""
    n = len(hours)
    words = [receiver] * n if isinstance(receiver, str) else list(receiver)
    wide = [np.broadcast_to(np.asarray(value, "f8"), n) for value in (lat, lon, sog)]
    return Fixes(
        np.full(n, mmsi, "i4"),
        T0_US + np.round(np.asarray(hours, "f8") * HOUR_US).astype("i8"),
        np.round(wide[0], 6),
        np.round((wide[1] + 180.0) % 360.0 - 180.0, 6),
        wide[2].astype("f4"),
        np.full(n, cog, "f4"),
        np.full(n, np.nan, "f4"),
        np.full(n, nav_status, "u1"),
        np.full(n, msg_type, "u1"),
        np.ones(n, "u1"),
        np.array([RECEIVER_CODES.get(word, 0) for word in words], "u1"),
    )


def every(minutes: float, start_h: float, end_h: float) -> np.ndarray:
    """Return hours from start to end (included), `minutes` apart."""
    return np.arange(round((end_h - start_h) * 60.0 / minutes) + 1) * minutes / 60.0 + start_h


def events(
    *ships: Fixes, now_h: float | None = None, parameters: Parameters | None = None, kind: str = ""
) -> list[Event]:
    """Return the events of these fixes, of one type if `kind` says so, in file order."""
    fixes = concat_fixes(ships)
    engine = Engine(parameters or Parameters())
    engine.update(fixes)
    if now_h is not None:
        engine.flush(T0_US + round(now_h * HOUR_US))
    return [e for e in sort_events(engine.events()) if kind in {"", e.type}]


def hours_of(event: Event) -> tuple[float, float | None]:
    """Return start and end as hours after the midnight."""
    end = None if event.end_us is None else (event.end_us - T0_US) / HOUR_US
    return (event.start_us - T0_US) / HOUR_US, end
