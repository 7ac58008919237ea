"""Settings of alerts: mail, subscriptions, webhook. docs/alerts.md and docs/mail.md tell more."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, StringConstraints, field_validator

from darkwake.section import OURS, Section, quantity
from vessels.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.comparison import Numbers
    from alerts.rules import AlertPolicy, Subscription
    from alerts.sending import Dispatcher, Tracks
    from darkwake.settings import Settings

_ADDRESS = r"^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$"
Address = Annotated[str, StringConstraints(pattern=_ADDRESS)]
"""A mail address in plain ASCII: no names, no comments, nothing that could end a header."""
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
EventType = Literal[
    "dark_period",
    "encounter",
    "loitering",
    "port_visit",
    "time_at_sea",
    "identity_conflict",
    "implausible_position",
    "dark_rendezvous",
    "zone_entry",
]
Severity = Literal["info", "watch", "high"]
_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")

_PLAIN = (
    *("name", "min_confidence", "min_severity", "bbox", "circle", "mode", "max_per_hour"),
    *("quiet_passes", "time_zone", "daily_hour", "language", "attach", "max_kb"),
    *("reminder_after_h", "port_arrivals"),
)
_SETS = (
    *("events", "zones", "flags", "not_flags", "lists", "not_lists"),
    *("mmsi", "not_mmsi", "imo", "not_imo"),
)
"""Keys of a subscription as they are, and those that become sets."""


class Mail(Section):
    """The mail server, and who mails are from."""

    url: str = Field(
        default="",
        description="Mail server: smtp://HOST:PORT, smtp+starttls://HOST:PORT or smtps://HOST:PORT;"
        " no mail is sent where it is empty.",
    )
    sender: str = Field(default="", description="Address that mails are from.")
    reply_to: str = Field(
        default="", description="Address that answers go to; the sender's where it is empty."
    )
    list_name: str = Field(default="Darkwake alerts", description="Name of the list, in List-Id.")
    user: str = Field(default="", description="User name at the mail server; none where empty.")
    password: SecretStr = Field(
        default=SecretStr(""),
        description="Password at the mail server, from the environment only.",
    )
    password_file: str = Field(
        default="", description="File that holds the password, in its first line."
    )
    ca_file: str = Field(
        default="",
        description="Certificates to trust, in PEM; those of the machine where it is empty.",
    )
    timeout_s: float = quantity(
        30.0, "Longest wait for an answer of the mail server.", unit="s", source=OURS, gt=0, le=600
    )

    @field_validator("sender", "reply_to")
    @classmethod
    def _is_address(cls, value: str) -> str:
        return check_address(value) if value else value

    @field_validator("password", mode="before")
    @classmethod
    def _not_in_the_file(cls, value: Any) -> Any:
        return from_environment(value, "MAIL__PASSWORD")


class SubscriptionTable(Section):
    """One subscription: every filter that is set must be passed."""

    name: Name
    to: tuple[Address, ...] = Field(min_length=1, max_length=1000)
    events: tuple[EventType, ...] = ()
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    min_severity: Severity = "info"
    zones: tuple[str, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    circle: tuple[float, float, float] | None = None
    flags: tuple[str, ...] = ()
    not_flags: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    not_lists: tuple[str, ...] = ()
    mmsi: tuple[int, ...] = ()
    not_mmsi: tuple[int, ...] = ()
    imo: tuple[int, ...] = ()
    not_imo: tuple[int, ...] = ()
    mode: Literal["immediate", "hourly", "daily"] = "immediate"
    max_per_hour: int = Field(default=20, ge=1, le=10_000)
    quiet_hours: str = ""
    quiet_passes: Severity = "high"
    time_zone: str = "UTC"
    daily_hour: int = Field(default=6, ge=0, le=23)
    language: Literal["en", "es", "fr", "id"] = "en"
    attach: tuple[Literal["geojson", "kml"], ...] = ()
    max_kb: int = Field(default=60, ge=15, le=2000)
    reminder_after_h: float = Field(default=24.0, ge=0, le=8784)
    port_arrivals: bool = True

    @field_validator("quiet_hours")
    @classmethod
    def _from_to(cls, value: str) -> str:
        if value and (not _QUIET.fullmatch(value) or value[:5] == value[6:]):
            raise ValueError("must be HH:MM-HH:MM, as 22:00-06:00")
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError) as error:
            raise ValueError("must be a time zone, as Pacific/Port_Moresby") from error
        return value

    @field_validator("bbox")
    @classmethod
    def _box(
        cls, value: tuple[float, float, float, float] | None
    ) -> tuple[float, float, float, float] | None:
        if value is None:
            return None
        west, south, east, north = value
        if not (abs(west) <= 180 and abs(east) <= 180 and -90 <= south <= north <= 90):
            raise ValueError("must be west, south, east, north in degrees")
        return value

    @field_validator("circle")
    @classmethod
    def _circle(cls, value: tuple[float, float, float] | None) -> tuple[float, float, float] | None:
        if value is not None and not (abs(value[0]) <= 90 and abs(value[1]) <= 180):
            raise ValueError("must be latitude, longitude and a radius in nautical miles")
        if value is not None and not 0 < value[2] <= 10_800:
            raise ValueError("must have a radius between 0 and 10800 nautical miles")
        return value

    def subscription(self) -> Subscription:
        """Return the subscription as the room of alerts takes it."""
        from alerts.rules import Subscription  # noqa: PLC0415 - numba, for commands that need it

        values: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        values |= {name: frozenset(getattr(self, name)) for name in _SETS}
        return Subscription(to=tuple(dict.fromkeys(self.to)), quiet=self._quiet(), **values)

    def _quiet(self) -> tuple[int, int] | None:
        found = _QUIET.fullmatch(self.quiet_hours)
        if found is None:
            return None
        hours = [int(part) for part in found.groups()]
        return hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]


class Webhook(Section):
    """Signed posts for programs."""

    url: str = Field(default="", description="Address that every step of an alert is posted to.")
    events: tuple[EventType, ...] = Field(
        default=(),
        description="Types of events to post and to write to the file; all where empty.",
    )
    secret: SecretStr = Field(
        default=SecretStr(""), description="Key of the signatures, from the environment only."
    )
    secret_file: str = Field(default="", description="File that holds it, in its first line.")
    ca_file: str = Field(
        default="",
        description="Certificates to trust, in PEM; those of the machine where it is empty.",
    )

    @field_validator("url")
    @classmethod
    def _web(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s@/]+(/\S*)?", value):
            raise ValueError("must be http:// or https:// without user and password")
        return value

    @field_validator("secret", mode="before")
    @classmethod
    def _not_in_the_file(cls, value: Any) -> Any:
        return from_environment(value, "WEBHOOK__SECRET")


class Alerts(Section):
    """What holds for all alerts."""

    operators: tuple[Address, ...] = Field(
        default=(), description="Addresses of those who run the watch: floods, feeds, dead letters."
    )
    flood_per_hour: int = Field(
        default=100,
        description="More openings of one type in an hour are a flood: one mail to the operators,"
        " the rest rolled up.",
        ge=1,
        le=1_000_000,
        json_schema_extra={"unit": "alerts", "source": OURS},
    )
    json_lines: str = Field(
        default="", description="File that every step of an alert is written to as a line of JSON."
    )


def subscriptions_field() -> Any:
    """Return the field of `[[subscriptions]]`."""
    return Field(
        default=(), description="Who is told of what: name, to, and the filters of docs/alerts.md."
    )


def check_subscriptions(
    tables: tuple[SubscriptionTable, ...],
) -> tuple[SubscriptionTable, ...]:
    """Return the subscriptions; two of one name are refused."""
    names = [table.name for table in tables]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two subscriptions have the name {twice[0]!r}")
    return tables


def check_address(value: str) -> str:
    """Return a mail address.

    Raises:
        ValueError: it is none, in plain ASCII.
    """
    if not re.fullmatch(_ADDRESS, value) or value.endswith("\n"):
        raise ValueError("must be a mail address, as watch@example.org")
    return value


def alert_policy(settings: Settings) -> AlertPolicy:
    """Return what the configuration says about alerts.

    Raises:
        ConfigError: subscriptions without a mail server, or a webhook without a secret.
    """
    from alerts.rules import AlertPolicy  # noqa: PLC0415 - numba, for commands that need it

    mail = settings.mail
    if settings.subscriptions and not (mail.url and mail.sender):
        raise ConfigError("[[subscriptions]] need mail.url and mail.sender")
    if settings.webhook.url:
        _webhook_secret(settings)
    return AlertPolicy(
        subscriptions=tuple(table.subscription() for table in settings.subscriptions),
        operators=tuple(settings.alerts.operators) if mail.url else (),
        domain=mail.sender.rpartition("@")[2] or "darkwake.invalid",
        flood_per_hour=settings.alerts.flood_per_hour,
        webhook_url=settings.webhook.url or None,
        webhook_events=frozenset(settings.webhook.events),
        sink_path=settings.alerts.json_lines or None,
        numbers=_numbers(settings.store.run),
    )


def _numbers(run: str) -> Numbers:
    from alerts.comparison import no_numbers  # noqa: PLC0415 - as above

    if not run:
        return no_numbers
    from darkwake.risk_digest import digest_numbers  # noqa: PLC0415 - pyarrow, where it is needed

    return digest_numbers(Path(run))


def dispatcher(
    settings: Settings, clock_us: Callable[[], int], tracks: Tracks | None = None
) -> Dispatcher:
    """Return the sender that the configuration describes.

    Raises:
        ConfigError: the mail server or a secret is not usable.
    """
    from alerts.mailer import mail_server  # noqa: PLC0415 - as above
    from alerts.sending import Dispatcher, MailSettings, no_tracks  # noqa: PLC0415
    from alerts.webhook import WebhookTarget  # noqa: PLC0415

    policy = alert_policy(settings)
    mail, webhook = settings.mail, settings.webhook
    server = (
        mail_server(
            mail.url,
            user=mail.user or None,
            password=secret_of(mail.password, mail.password_file, "mail.password_file"),
            ca_file=mail.ca_file or None,
            timeout_s=mail.timeout_s,
        )
        if mail.url
        else None
    )
    return Dispatcher(
        policy,
        clock_us=clock_us,
        mail=MailSettings(
            server=server,
            sender=mail.sender,
            reply_to=mail.reply_to or None,
            list_name=mail.list_name,
        )
        if server is not None
        else None,
        webhook=WebhookTarget(webhook.url, _webhook_secret(settings), webhook.ca_file or None)
        if webhook.url
        else None,
        tracks=tracks or no_tracks,
    )


def _webhook_secret(settings: Settings) -> str:
    webhook = settings.webhook
    secret = secret_of(webhook.secret, webhook.secret_file, "webhook.secret_file")
    if not secret:
        raise ConfigError("webhook.url needs webhook.secret or webhook.secret_file")
    return secret


def secret_of(value: SecretStr, path: str, key: str) -> str | None:
    """Return a secret, from its variable or else from the first line of its file; None without.

    Raises:
        ConfigError: the file cannot be read, or its first line is empty.
    """
    if value.get_secret_value():
        return value.get_secret_value()
    if not path:
        return None
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{key}: {path} cannot be read") from error
    if not lines or not lines[0]:
        raise ConfigError(f"{key}: {path} is empty")
    return lines[0]


def from_environment(value: Any, name: str) -> Any:
    """Refuse a secret that did not come from its variable: configuration files are shared."""
    given = value.get_secret_value() if isinstance(value, SecretStr) else value
    variables = {key.upper(): text for key, text in os.environ.items()}
    if given and variables.get(f"DARKWAKE__{name}") != given:
        raise ValueError(f"belongs in the environment, as DARKWAKE__{name}, or in a file")
    return value
