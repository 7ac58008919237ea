"""The stage on which scenes are played: gives out ships and places, collects rows and truths."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.worlds import sphere
from tests.worlds.helm import Rng
from tests.worlds.model import HOUR, Identity, Rows, Track, Truth
from tests.worlds.places import Atlas
from tests.worlds.reporting import Radio, report

MIDS = (416, 412, 431, 440, 273, 338, 366, 520, 503, 227, 224, 351, 636, 563, 257, 577, 538, 601)
FIRST = ("OCEAN", "SEA", "PACIFIC", "GOLDEN", "SILVER", "NORTH", "SOUTHERN", "BLUE", "LUCKY", "NEW")
SECOND = ("HARVEST", "STAR", "PEARL", "TRADER", "SPIRIT", "DAWN", "EAGLE", "FORTUNE", "RIVER")
CARGO, FISHER, REEFER, TANKER, TUG, PILOT, FERRY = 70, 30, 79, 80, 52, 50, 60


@dataclass
class Cast:
    """Collects what the scenes of one world produce. `end` is its length in seconds."""

    rng: Rng
    start_s: int
    end: float
    atlas: Atlas
    stations: list[str]
    identities: list[Identity] = field(default_factory=list)
    parts: list[Rows] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    tracks: list[tuple[Identity, Track]] = field(default_factory=list)
    offshore: list[tuple[Identity, Track]] = field(default_factory=list)
    _numbers: set[int] = field(default_factory=set)

    def number(self, digits: int = 6, prefix: str = "") -> int:
        """Return a number nobody has yet."""
        while True:
            head = prefix or str(self.rng.choice(MIDS))
            mmsi = int(f"{head}{self.rng.integers(10**digits):0{digits}d}")
            if mmsi not in self._numbers:
                self._numbers.add(mmsi)
                return mmsi

    def identity(self, ship_type: int = CARGO, ais_class: str = "A", **fixed: object) -> Identity:
        """Return a new ship with a name, a call sign, a valid IMO number and a size."""
        rng = self.rng
        name = f"{rng.choice(FIRST)} {rng.choice(SECOND)} {rng.integers(2, 99)}"
        length_m = int(rng.integers(18, 60) if ship_type in (FISHER, TUG, PILOT) else 0)
        length_m = length_m or int(rng.integers(80, 260))
        values: dict[str, Any] = {
            "mmsi": 0,
            "name": name,
            "callsign": "".join(rng.choice(list("ABCDEFHJKLMNPRTUVW"), 3)) + str(rng.integers(99)),
            "imo": 0 if ais_class == "B" else imo_number(int(rng.integers(700000, 990000))),
            "ship_type": ship_type,
            "length_m": length_m,
            "beam_m": max(4, length_m // 7),
            "ais_class": ais_class,
        }
        values.update(fixed)
        values["mmsi"] = values["mmsi"] or self.number()
        return Identity(**values)

    def sail(
        self, identity: Identity, track: Track, radio: Radio | None = None, *, offshore: bool = True
    ) -> Rows:
        """Record a transmitter's whole track; return its rows, which are already taken in.

        `offshore` tracks lie 20 nm or more from shore wherever they are slow.
        """
        if radio is None:
            radio = self.radio()
        self.identities.append(identity)
        who = (len(self.identities) - 1, identity)
        rows = report(self.rng, who, track, radio, self.start_s)
        self.parts.append(rows)
        if identity.kind == "ship":
            self.tracks.append((identity, track))
            if offshore:
                self.offshore.append((identity, track))
        return rows

    def radio(self, **fixed: object) -> Radio:
        """Return an ordinary receiver: a report every one to five minutes, 5-20 % lost."""
        rng = self.rng
        low = float(rng.uniform(130, 250))
        values: dict[str, Any] = {
            "interval_s": (low, low * 1.5),
            "loss": float(rng.uniform(0.05, 0.2)),
            "station": int(rng.integers(len(self.stations))),
        }
        values.update(fixed)
        return Radio(**values)

    def hour(self, low: float, high: float) -> float:
        """Return a time between two hours of the world, in seconds."""
        return float(self.rng.uniform(low, high)) * HOUR

    def plant(
        self,
        kind: str,
        mmsis: tuple[int, ...],
        span: tuple[float, float | None],
        place: tuple[float, float],
        what: str,
        *,
        required: bool = True,
    ) -> None:
        """Note the truth of an event; the span is in seconds from the start of the world."""
        self.truths.append(
            Truth(
                type=kind,
                mmsis=frozenset(mmsis),
                start_s=round(self.start_s + span[0]),
                end_s=None if span[1] is None else round(self.start_s + span[1]),
                lat=place[0],
                lon=place[1],
                required=required,
                what=what,
            )
        )


def imo_number(six: int) -> int:
    """Return a seven-digit IMO number with its check digit.

    >>> imo_number(907472)
    9074729
    """
    digits = [int(d) for d in f"{six:06d}"]
    return six * 10 + sum(d * w for d, w in zip(digits, range(7, 1, -1), strict=True)) % 10


def rows_around(rows: Rows, at_s: int) -> tuple[int, int]:
    """Return the indices of the last row before and the first row after a time."""
    after = int(np.searchsorted(rows.t_s, at_s))
    return after - 1, after


def stray(cast: Cast, rows: Rows, index: int, off_m: tuple[float, float] = (5e3, 3e6)) -> None:
    """Throw one report 5 to 3000 km off."""
    far = np.exp(cast.rng.uniform(*np.log(off_m)))
    lat, lon = rows.columns["lat"], rows.columns["lon"]
    lat[index], lon[index] = sphere.destination(
        lat[index], lon[index], cast.rng.uniform(0, 360), far
    )
