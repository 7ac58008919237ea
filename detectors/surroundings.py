"""What a run knows besides its fixes: zones, vessel lists and anchorages of the user's own.

Large and fixed, so it is known by hashes: two are equal, and a snapshot fits, where the hashes are.
"""

from typing import Any, Self

from vessels.anchorages import Anchorages, no_anchorages
from vessels.lists import VesselLists
from vessels.zones import ZoneSet, no_zones


class Surroundings:
    """Zones, lists, anchorages. Not a dataclass: `dataclasses.asdict` would copy every border."""

    __slots__ = ("anchorages", "lists", "zones")

    def __init__(
        self,
        *,
        zones: ZoneSet | None = None,
        lists: VesselLists | None = None,
        anchorages: Anchorages | None = None,
    ) -> None:
        self.zones = no_zones() if zones is None else zones
        self.lists = VesselLists() if lists is None else lists
        self.anchorages = no_anchorages() if anchorages is None else anchorages

    def hashes(self) -> dict[str, str]:
        """Return name -> SHA-256 of what there is; nothing for what there is not."""
        found = {
            "zones": self.zones.hash,
            "lists": self.lists.hash,
            "anchorages": self.anchorages.hash,
        }
        return {name: digest for name, digest in found.items() if digest}

    def as_dict(self) -> dict[str, Any]:
        """Return what run.json tells of them."""
        told = {
            "zones": self.zones.as_dict(),
            "lists": self.lists.as_dict(),
            "anchorages": self.anchorages.as_dict(),
        }
        return {name: told[name] for name in self.hashes()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Surroundings) and self.hashes() == other.hashes()

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.hashes().items())))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        del memo
        return self
