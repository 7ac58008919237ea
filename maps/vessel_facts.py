"""What a vessel's page is made of: hulls, silences, statements, slices of time, visits.

Plain values, made by whoever reads a run. Times are microseconds since 1970 UTC, places are
(lat, lon) in degrees.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from detectors.events import Event
from maps.basemap import Land, shipped_land
from maps.identities import Identity
from maps.tracks import Track
from vessels.geodesy import distance_m
from vessels.units import M_PER_NM, US_PER_H

Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hull:
    """One ship that sent a number; `fixes` counts the positions that were believed."""

    hull_id: str
    mmsi: int
    fixes: int
    first_us: int
    last_us: int
    name: str | None = None
    flag: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """From the last position heard to the next; `end_us` is None where none came any more."""

    hull_id: str
    start_us: int
    end_us: int | None
    now_us: int
    place: Place
    end_place: Place | None

    @property
    def hours(self) -> float:
        """Hours of silence, to the end of the data where it has no end."""
        return ((self.now_us if self.end_us is None else self.end_us) - self.start_us) / US_PER_H

    @property
    def distance_nm(self) -> float | None:
        """Great-circle distance from place to place; None where it has no end."""
        if self.end_place is None:
            return None
        return distance_m(*self.place, *self.end_place) / M_PER_NM

    @property
    def knots(self) -> float | None:
        """The speed that would join both places straight; None where it has no end."""
        return None if self.distance_nm is None else self.distance_nm / self.hours


class Held(NamedTuple):
    """A number stated a value of an attribute `reports` times, from first to last."""

    mmsi: int
    attribute: str
    value: str
    first_us: int
    last_us: int
    reports: int


class Slice(NamedTuple):
    """What was heard in the slice of time with this number; speeds in knots, None if not stated."""

    number: int
    fixes: int
    least_knots: float | None
    median_knots: float | None
    most_knots: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Slices of time by hull; slice `n` starts at `n * width_us`."""

    width_us: int
    slices: Mapping[str, Sequence[Slice]]


class Stay(NamedTuple):
    """Something that lasted: a visit to a port, or a voyage between two.

    `end_us` is None while it goes on. `facts` are label and text.
    """

    start_us: int
    end_us: int | None
    title: str
    facts: tuple[tuple[str, str], ...]
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselPage:
    """Everything that a vessel's page shows.

    Args:
        numbers: The MMSIs shown.
        imo: The IMO number that was asked for, if one was.
        hulls: All hulls of the numbers, most fixes first.
        tracks: For each hull that is drawn its fixes, thinned or not.
        chart: Slices of the hulls that are drawn.
        silences: In order of start.
        least_silence_h: What counts as a silence, hours.
        held: Statements by number, attribute, time.
        events: Findings of the run that name one of the hulls.
        rejected: Reason -> positions that were not believed.
        now_us: The time that open silences and events run to.
        looked_at: A sentence on the data behind the page. Plain text.
        label: Words that stand beside the title of data that are not real, such as "synthetic".
        visits: Visits to ports; None where the run has none worked out.
        voyages: Voyages between them; None as for visits.
        identities: By hull id, for the names of other vessels in the findings.
        land: Where the outlines of land come from.
    """

    numbers: Sequence[int]
    imo: int | None
    hulls: Sequence[Hull]
    tracks: Mapping[str, Track]
    chart: Chart
    silences: Sequence[Silence]
    least_silence_h: float
    held: Sequence[Held]
    events: Sequence[Event]
    rejected: Mapping[str, int]
    now_us: int
    looked_at: str = ""
    label: str = ""
    visits: Sequence[Stay] | None = None
    voyages: Sequence[Stay] | None = None
    identities: Mapping[str, Identity] = field(default_factory=dict)
    land: Land = shipped_land
