"""Settings of the user's own geography: zones, vessel lists, anchorages learnt; and their loading.

Paths are relative to the folder that Darkwake runs in. The files are read once, when a run starts;
what they hold is known by its hash from then on.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import Field

from darkwake.section import OURS, Section

if TYPE_CHECKING:
    from darkwake.settings import Settings
    from detectors.surroundings import Surroundings
    from vessels.lists import VesselLists


# As vessels.zones.ZoneKind and vessels.lists.ListKind, without loading numba to check a file.
class ZoneFile(Section):
    """A file of zones."""

    name: str = Field(min_length=1, max_length=64)
    path: str = Field(min_length=1)
    kind: Literal["eez", "mpa", "rfmo", "area"] = "area"
    name_column: str | None = None


class ListFile(Section):
    """A file that lists vessels."""

    name: str = Field(min_length=1, max_length=64)
    path: str = Field(min_length=1)
    kind: Literal["iuu", "authorised", "interest"] = "interest"
    source: str | None = None
    date: str | None = None
    role: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)


Named = TypeVar("Named", ZoneFile, ListFile)


class Ports(Section):
    """Ports besides the shipped ones."""

    learnt: str = Field(
        default="",
        description="Anchorages learnt by `darkwake ports learn`; none where it is empty.",
        json_schema_extra={"unit": "path", "source": OURS},
    )


def zones_field() -> Any:
    """Return the field of `[[zones]]`."""
    return Field(
        default=(),
        description="Maps of zones: name, path, kind (eez, mpa, rfmo, area), name_column.",
        json_schema_extra={"source": OURS},
    )


def lists_field() -> Any:
    """Return the field of `[[lists]]`."""
    return Field(
        default=(),
        description="Vessel lists: name, path, kind (iuu, authorised, interest), source, date,"
        " role, columns.",
        json_schema_extra={"source": OURS},
    )


def one_of_each_name(given: tuple[Named, ...]) -> tuple[Named, ...]:
    """Return the tables; two of one name are refused."""
    names = [one.name for one in given]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two have the name {twice[0]!r}")
    return given


def surroundings_of(settings: Settings) -> Surroundings:
    """Read the zones, lists and anchorages that the settings name.

    Raises:
        ConfigError: one of the files is of no use.
    """
    from detectors.surroundings import Surroundings  # noqa: PLC0415 - numba, for a run alone
    from vessels.anchorages import no_anchorages, read_anchorages  # noqa: PLC0415
    from vessels.zones import ZoneSource, no_zones  # noqa: PLC0415

    zones = no_zones()
    if settings.zones:
        from vessels.zones_files import read_zones  # noqa: PLC0415 - geopandas is slow to load

        zones = read_zones(
            ZoneSource(one.name, Path(one.path), one.kind, one.name_column)
            for one in settings.zones
        )
    learnt = settings.ports.learnt
    anchorages = read_anchorages(Path(learnt)) if learnt else no_anchorages()
    return Surroundings(zones=zones, lists=lists_of(settings), anchorages=anchorages)


def lists_of(settings: Settings) -> VesselLists:
    """Read the vessel lists that the settings name.

    Raises:
        ConfigError: one of the files is of no use.
    """
    from vessels.lists import ListSource, read_lists  # noqa: PLC0415 - as above

    return read_lists(
        ListSource(
            one.name,
            Path(one.path),
            one.kind,
            one.source,
            one.date,
            one.role,
            tuple(sorted(one.columns.items())),
        )
        for one in settings.lists
    )
