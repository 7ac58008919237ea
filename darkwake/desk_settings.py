"""Settings of the review desk. docs/desk.md tells more."""

import re
from typing import Any

from pydantic import Field, SecretStr, field_validator

from darkwake.alert_settings import from_environment
from darkwake.section import Section

LEAST_TOKEN = 16
"""Letters that a token needs at least: shorter ones can be guessed."""
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


class Desk(Section):
    """The review desk, `darkwake desk`."""

    token: SecretStr = Field(
        default=SecretStr(""),
        description="What a person logs in with, and programs send as a bearer; from the"
        " environment only. Needed where the desk can be reached from another machine.",
    )
    token_file: str = Field(default="", description="File that holds the token, in its first line.")
    hosts: tuple[str, ...] = Field(
        default=(),
        description="Names or addresses under which the desk is reached from elsewhere; requests"
        " for any other are refused.",
    )
    read_only: bool = Field(default=False, description="Whether the desk only shows.")

    @field_validator("token", mode="before")
    @classmethod
    def _not_in_the_file(cls, value: Any) -> Any:
        return from_environment(value, "DESK__TOKEN")

    @field_validator("hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if not _HOST.fullmatch(one):
                raise ValueError(f"{one!r} is not a host name or an IPv4 address, without a port")
        return tuple(one.lower() for one in value)
