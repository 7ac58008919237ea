"""What a world consists of: hulls, true tracks, recorded rows, and the truth about events."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.worlds import sphere
from tests.worlds.sphere import NM_M, Floats

HOUR = 3600.0
KNOT = NM_M / HOUR
UNDER_WAY, AT_ANCHOR, MOORED, FISHING = 0, 1, 5, 7
NO_LAT, NO_LON = 91.0, 181.0


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a transmitter says of itself. `kind`: ship, gear, base, aid or aircraft."""

    mmsi: int
    name: str
    callsign: str = ""
    imo: int = 0
    ship_type: int = 70
    length_m: int = 90
    beam_m: int = 14
    ais_class: str = "A"
    kind: str = "ship"


@dataclass(frozen=True)
class Track:
    """A true path: knots in time order, great circles between them, a status from each knot on.

    `t_s` counts seconds from the start of the world.
    """

    t_s: Floats
    lat: Floats
    lon: Floats
    status: NDArray[np.int64]

    def at(self, t_s: Floats) -> tuple[Floats, Floats]:
        """Return positions at times; outside the knots the ends hold."""
        i = np.clip(np.searchsorted(self.t_s, t_s, side="right") - 1, 0, len(self.t_s) - 2)
        span = self.t_s[i + 1] - self.t_s[i]
        share = np.clip((t_s - self.t_s[i]) / span, 0.0, 1.0)
        leg_m = sphere.distance(self.lat[i], self.lon[i], self.lat[i + 1], self.lon[i + 1])
        course = sphere.bearing(self.lat[i], self.lon[i], self.lat[i + 1], self.lon[i + 1])
        return sphere.destination(self.lat[i], self.lon[i], course, leg_m * share)

    def motion(self, t_s: Floats) -> tuple[Floats, Floats]:
        """Return speed over ground, knots, and course, degrees, at times."""
        i = np.clip(np.searchsorted(self.t_s, t_s, side="right") - 1, 0, len(self.t_s) - 2)
        lat, lon = self.at(t_s)
        leg_m = sphere.distance(self.lat[i], self.lon[i], self.lat[i + 1], self.lon[i + 1])
        knots = leg_m / (self.t_s[i + 1] - self.t_s[i]) / KNOT
        return knots, sphere.bearing(lat, lon, self.lat[i + 1], self.lon[i + 1])

    def status_at(self, t_s: Floats) -> NDArray[np.int64]:
        """Return navigational status at times."""
        i = np.clip(np.searchsorted(self.t_s, t_s, side="right") - 1, 0, len(self.t_s) - 1)
        return self.status[i]

    def then(self, other: "Track") -> "Track":
        """Return this track followed by `other`, which starts where and when this one ends."""
        return Track(
            np.concatenate([self.t_s[:-1], other.t_s]),
            np.concatenate([self.lat[:-1], other.lat]),
            np.concatenate([self.lon[:-1], other.lon]),
            np.concatenate([self.status[:-1], other.status]),
        )


ROW_FIELDS = {
    "t_s": np.int64,  # whole seconds since 1970 UTC
    "mmsi": np.int64,
    "who": np.int64,  # index into World.identities
    "lat": np.float64,
    "lon": np.float64,
    "sog": np.float64,  # knots; NaN where not available
    "cog": np.float64,  # degrees; NaN where not available
    "heading": np.float64,  # degrees; NaN where not available
    "status": np.int64,  # 15 where not told
    "station": np.int64,  # index into World.stations
}


@dataclass(frozen=True)
class Rows:
    """Position reports as columns, in time order."""

    columns: dict[str, NDArray[Any]]

    def __getattr__(self, name: str) -> NDArray[Any]:
        try:
            return self.columns[name]
        except KeyError:
            raise AttributeError(name) from None

    def __len__(self) -> int:
        return len(self.columns["t_s"])

    def where(self, keep: NDArray[Any]) -> "Rows":
        """Return the rows that a mask or an index selects."""
        return Rows({name: column[keep] for name, column in self.columns.items()})

    @staticmethod
    def of(**columns: Any) -> "Rows":
        """Return rows from columns; scalars are repeated."""
        size = len(np.atleast_1d(columns["t_s"]))
        return Rows(
            {
                name: np.broadcast_to(np.asarray(columns[name], dtype=kind), (size,)).copy()
                for name, kind in ROW_FIELDS.items()
            }
        )

    @staticmethod
    def join(parts: list["Rows"]) -> "Rows":
        """Return all rows, sorted by time, then number, then place."""
        every = {name: np.concatenate([p.columns[name] for p in parts]) for name in ROW_FIELDS}
        order = np.lexsort((every["lon"], every["lat"], every["mmsi"], every["t_s"]))
        return Rows({name: column[order] for name, column in every.items()})


@dataclass(frozen=True, kw_only=True)
class Truth:
    """One event that a detector must find, or, where not `required`, may find.

    Times are seconds since 1970 UTC; `end_s` is None while open. `what` says what was planted.
    """

    type: str
    mmsis: frozenset[int]
    start_s: int
    end_s: int | None
    lat: float
    lon: float
    required: bool = True
    what: str = ""


@dataclass
class World:
    """Some days of recorded traffic and the truth about it. Equal seeds give equal worlds."""

    seed: int
    start_s: int
    end_s: int
    identities: list[Identity]
    stations: list[str]
    rows: Rows
    truths: list[Truth]
    tracks: list[tuple[Identity, Track]] = field(default_factory=list)

    @property
    def now_s(self) -> int:
        """The time of the last row: a replay's now."""
        return int(self.rows.t_s[-1])
