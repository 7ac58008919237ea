"""All parameters of the detection pipeline in one frozen value."""

from dataclasses import asdict, dataclass, field
from typing import Any

from detectors.dark_period import DarkPeriodParameters
from detectors.dark_rendezvous import DarkRendezvousParameters
from detectors.encounters import EncounterParameters
from detectors.identity_conflict import IdentityConflictParameters
from detectors.implausible_position import ImplausiblePositionParameters
from detectors.loitering import LoiteringParameters
from detectors.port_visits import PortVisitParameters
from detectors.surroundings import Surroundings
from detectors.time_at_sea import TimeAtSeaParameters
from detectors.zone_entry import ZoneEntryParameters
from vessels.hulls import HullParameters


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a run was made with; equal fixes and equal parameters give equal events."""

    hulls: HullParameters = field(default_factory=HullParameters)
    dark_period: DarkPeriodParameters = field(default_factory=DarkPeriodParameters)
    encounter: EncounterParameters = field(default_factory=EncounterParameters)
    loitering: LoiteringParameters = field(default_factory=LoiteringParameters)
    dark_rendezvous: DarkRendezvousParameters = field(default_factory=DarkRendezvousParameters)
    port_visit: PortVisitParameters = field(default_factory=PortVisitParameters)
    time_at_sea: TimeAtSeaParameters = field(default_factory=TimeAtSeaParameters)
    identity_conflict: IdentityConflictParameters = field(
        default_factory=IdentityConflictParameters
    )
    implausible_position: ImplausiblePositionParameters = field(
        default_factory=ImplausiblePositionParameters
    )
    zone_entry: ZoneEntryParameters = field(default_factory=ZoneEntryParameters)
    surroundings: Surroundings = field(default_factory=Surroundings)
    """Zones, lists and anchorages; known by their hashes."""

    def thresholds(self) -> dict[str, Any]:
        """Return every parameter but the surroundings, a dict for each section."""
        sections = asdict(self)
        del sections["surroundings"]
        return sections

    def fingerprint(self) -> dict[str, Any]:
        """Return JSON values that are equal where the fold's parameters are.

        Lists are no part: they come in when findings are told, and may change while a watch runs.
        """
        hashes = self.surroundings.hashes()
        hashes.pop("lists", None)
        return {**self.thresholds(), "surroundings": hashes}
