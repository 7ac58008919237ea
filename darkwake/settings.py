"""What can be configured: one small model a section, every key with unit, bounds and source.

To add a section, write a model like the ones below and name it in its parent. The configuration
reference, `config explain`, the checks and the environment variables follow from the model.
"""

from typing import Any, TypedDict, Unpack

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

ENV_PREFIX = "DARKWAKE__"
ENV_SEPARATOR = "__"

_PIPE_GAPS = "Global Fishing Watch, pipe-gaps, class default"
_MILLER = "Miller et al. 2018, doi:10.3389/fmars.2018.00240"
_PIPE_ENCOUNTERS = "Global Fishing Watch, pipe-encounters"
_LOITERING = "Global Fishing Watch, pipe-loitering"
_OURS = "Darkwake"


class Bounds(TypedDict, total=False):
    """Limits of a number, by pydantic's names."""

    gt: float
    ge: float
    lt: float
    le: float


def quantity(
    default: float, description: str, *, unit: str, source: str, **bounds: Unpack[Bounds]
) -> Any:
    """Return a numeric field. The unit also ends the field's name."""
    extra: dict[str, JsonValue] = {"unit": unit, "source": source}
    return Field(default=default, description=description, json_schema_extra=extra, **bounds)


class Section(BaseModel):
    """Base of every section: unknown keys refused, values fixed once read, only finite numbers."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_not_one(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse `true` where a number belongs; pydantic would read it as 1."""
        field = cls.model_fields[info.field_name or ""]
        if isinstance(value, bool) and field.annotation in (int, float):
            raise ValueError("must be a number, not true or false")
        return value


class DarkPeriod(Section):
    """Silences of one hull."""

    min_duration_h: float = quantity(
        12.0,
        "Shortest silence that is reported.",
        unit="h",
        source=f"{_PIPE_GAPS}; Welch et al. 2022, doi:10.1126/sciadv.abq2109",
        gt=0,
        le=8784,
    )
    in_port_distance_km: float = quantity(
        10.0,
        "At rest nearer than this to a known port, a silent hull is in port: not reported.",
        unit="km",
        source=_OURS,
        ge=0,
    )
    harbour_distance_km: float = quantity(
        1.0,
        "At rest nearer than this to land, a silent hull is moored: not reported.",
        unit="km",
        source=_OURS,
        ge=0,
    )
    feed_silence_min: float = quantity(
        60.0,
        "All numbers silent for this long is an outage of the feed, not a silence of a hull.",
        unit="min",
        source=_OURS,
        gt=0,
    )
    feed_min_numbers: int = quantity(
        5,
        "An outage is told only where this many numbers were heard in the six hours before.",
        unit="numbers",
        source=_OURS,
        ge=1,
    )


class Encounter(Section):
    """Two hulls close together and slow, away from port."""

    max_distance_m: float = quantity(
        500.0, "Largest distance between the two hulls.", unit="m", source=_MILLER, gt=0, le=10_000
    )
    min_duration_h: float = quantity(
        2.0, "Shortest contact that is reported.", unit="h", source=_MILLER, gt=0, le=8784
    )
    max_median_speed_knots: float = quantity(
        2.0, "Each hull's median speed must lie below this.", unit="knots", source=_MILLER, gt=0
    )
    min_port_distance_km: float = quantity(
        10.0, "Contacts nearer to a known port are left out.", unit="km", source=_MILLER, ge=0
    )
    min_shore_distance_km: float = quantity(
        2.0,
        "Contacts nearer to shore are left out: berths and anchorages that no port list holds.",
        unit="km",
        source=_OURS,
        ge=0,
    )
    merge_gap_h: float = quantity(
        4.0,
        "Contacts of the same pair less than this apart are one event.",
        unit="h",
        source=f"{_PIPE_ENCOUNTERS}, default of the merge step",
        ge=0,
    )
    max_interpolation_h: float = quantity(
        2.0,
        "Positions are interpolated only between fixes closer than this; longer is unobserved.",
        unit="h",
        source=f"{_OURS}; {_PIPE_ENCOUNTERS} uses 1",
        gt=0,
        le=12,
    )
    min_messages: int = quantity(
        3,
        "Positions of each hull that must have been heard during the contact.",
        unit="messages",
        source=_OURS,
        ge=1,
    )


class Loitering(Section):
    """A hull that hardly moves, far from shore."""

    max_speed_knots: float = quantity(
        2.0, "Mean speed must lie below this.", unit="knots", source=_LOITERING, gt=0
    )
    min_duration_h: float = quantity(
        4.0, "Shortest observed time that is reported.", unit="h", source=_LOITERING, gt=0, le=8784
    )
    min_shore_distance_nm: float = quantity(
        20.0, "Nearer to shore it is not loitering.", unit="nm", source=_LOITERING, ge=0
    )
    min_port_distance_km: float = quantity(
        10.0,
        "Nearer to a port it is not loitering: terminals lie beyond any mapped shore.",
        unit="km",
        source=_OURS,
        ge=0,
    )
    merge_gap_h: float = quantity(
        4.0,
        "Longest silence within one event; it is no part of the observed time.",
        unit="h",
        source=f"{_OURS}; as for encounters",
        ge=0,
    )


class IdentityConflict(Section):
    """One number used by two hulls at once, or a hull that changes identity."""

    min_reports: int = quantity(
        3,
        "Times that the old and the new name, call sign or IMO number must each have been stated.",
        unit="messages",
        source=_OURS,
        ge=1,
    )
    min_distance_km: float = quantity(
        20.0,
        "Hulls nearer to each other may be one ship, heard minutes late: not reported.",
        unit="km",
        source=_OURS,
        ge=0,
    )


class ImplausiblePosition(Section):
    """Positions that no ship could have sent from there."""

    min_fixes: int = quantity(
        3,
        "One wild fix never makes an event: this many must agree.",
        unit="fixes",
        source=_OURS,
        ge=2,
    )
    min_distance_km: float = quantity(
        20.0,
        "Shorter jumps are clocks minutes wrong more often than positions: not reported.",
        unit="km",
        source=_OURS,
        ge=0,
    )


class Detectors(Section):
    """What counts as a finding."""

    dark_period: DarkPeriod = DarkPeriod()
    encounter: Encounter = Encounter()
    loitering: Loitering = Loitering()
    identity_conflict: IdentityConflict = IdentityConflict()
    implausible_position: ImplausiblePosition = ImplausiblePosition()


class Hulls(Section):
    """How the fixes of one number are split into hulls."""

    max_speed_knots: float = quantity(
        45.0,
        "Faster than this between two fixes up to 2 h apart is another hull or a wild fix.",
        unit="knots",
        source=_OURS,
        gt=0,
        le=102.2,
    )
    max_sustained_speed_knots: float = quantity(
        30.0,
        "The same for fixes 6 h and more apart; in between the limit falls linearly.",
        unit="knots",
        source=_OURS,
        gt=0,
        le=102.2,
    )
    slack_m: float = quantity(
        2500.0,
        "Added to every reach: position noise, and receive times minutes late (4 min at 20 kn).",
        unit="m",
        source=_OURS,
        ge=0,
    )
    shared_alternations: int = quantity(
        6,
        "Changes between hulls that make a number shared: an identity conflict.",
        unit="changes",
        source=_OURS,
        ge=2,
    )
    quiet_h: float = quantity(
        48.0,
        "Changes further apart than this do not count together; the conflict ends after it.",
        unit="h",
        source=_OURS,
        gt=0,
    )


class Engine(Section):
    """How streams are put in order."""

    horizon_h: float = quantity(
        72.0,
        "Fixes that come later than this no longer change the past.",
        unit="h",
        source=_OURS,
        gt=0,
        le=8784,
    )


class Settings(BaseSettings):
    """The whole configuration. Environment variables win over the file, the file over defaults."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=ENV_SEPARATOR,
        validate_default=True,
    )

    detectors: Detectors = Detectors()
    hulls: Hulls = Hulls()
    engine: Engine = Engine()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment before the file, whose values come as keyword arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    def parameters(self) -> dict[str, Any]:
        """Return every value under its dotted key, as JSON values, for run.json."""
        return _flat(self.model_dump(mode="json"), "")


def _flat(tree: dict[str, Any], prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
