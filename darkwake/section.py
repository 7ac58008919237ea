"""What every section of the configuration is made of: a strict model, and numbers with a unit."""

from typing import Any, TypedDict, Unpack

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, field_validator

OURS = "Darkwake"
"""Source of a value that is our own judgement."""


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
