"""What can be configured: one small model a section, every key with unit, bounds and source.

To add a section, write a model of `darkwake.section.Section` and name it in its parent. The
configuration reference, `config explain`, the checks and the environment variables follow from it.
"""

from typing import Any

from pydantic import field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from darkwake.alert_settings import (
    Alerts,
    Mail,
    SubscriptionTable,
    Webhook,
    check_subscriptions,
    subscriptions_field,
)
from darkwake.cluster_settings import Cluster
from darkwake.desk_settings import Desk
from darkwake.detector_settings import Detectors, Hulls
from darkwake.feed_settings import Feed, Store, Watch, check_feeds, feeds_field
from darkwake.geography_settings import (
    ListFile,
    Ports,
    ZoneFile,
    lists_field,
    one_of_each_name,
    zones_field,
)
from darkwake.imagery_settings import Imagery
from darkwake.risk_settings import Risk
from darkwake.section import OURS, Section, quantity

ENV_PREFIX = "DARKWAKE__"
ENV_SEPARATOR = "__"


class Engine(Section):
    """How streams are put in order."""

    horizon_h: float = quantity(
        72.0,
        "Fixes that come later than this no longer change the past.",
        unit="h",
        source=OURS,
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
    store: Store = Store()
    feeds: tuple[Feed, ...] = feeds_field()
    watch: Watch = Watch()
    zones: tuple[ZoneFile, ...] = zones_field()
    lists: tuple[ListFile, ...] = lists_field()
    ports: Ports = Ports()
    imagery: Imagery = Imagery()
    mail: Mail = Mail()
    subscriptions: tuple[SubscriptionTable, ...] = subscriptions_field()
    webhook: Webhook = Webhook()
    alerts: Alerts = Alerts()
    risk: Risk = Risk()
    desk: Desk = Desk()
    cluster: Cluster = Cluster()

    _subscription_names = field_validator("subscriptions")(check_subscriptions)
    _feed_names = field_validator("feeds")(check_feeds)
    _file_names = field_validator("zones", "lists")(one_of_each_name)

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
        """Return every value under its dotted key, as JSON values."""
        return _flat(self.model_dump(mode="json"), "")

    def run_parameters(self) -> dict[str, Any]:
        """Return what can change events, under its dotted keys, as JSON values, for run.json.

        A run is handed on: who gets mail, and where what is stored, is nobody else's business.
        Zones and lists are told by name; what was in the files is known by the hashes in `learnt`.
        """
        kept = self.model_dump(
            mode="json",
            include={
                **dict.fromkeys(_TOLD, True),
                "zones": {"__all__": set(ZoneFile.model_fields) - _PATHS},
                "lists": {"__all__": set(ListFile.model_fields) - _PATHS},
            },
        )
        return _flat(kept, "")


_TOLD = ("detectors", "hulls", "engine")
_PATHS = {"path"}


def _flat(tree: dict[str, Any], prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
