"""Settings of a watch: its feeds, its store, and how it runs. docs/watch.md explains them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, field_validator

from darkwake.section import OURS, Section, quantity

if TYPE_CHECKING:
    from feeds.live.source import FeedSpec

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class Feed(Section):
    """One feed; keys that are not named here are options of its kind of source."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)

    name: Name
    url: str = Field(min_length=1, max_length=2000)
    clock: Literal["message", "arrival"] = "message"

    def spec(self) -> FeedSpec:
        """Return the feed as feeds.live takes it."""
        from feeds.live.source import FeedSpec  # noqa: PLC0415 - pyarrow, for a watch alone

        return FeedSpec(self.name, self.url, self.clock, dict(self.model_extra or {}))


def check_feeds(feeds: tuple[Feed, ...]) -> tuple[Feed, ...]:
    """Return the feeds; two of one name are refused."""
    names = [feed.name for feed in feeds]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two feeds have the name {twice[0]!r}")
    return feeds


class Store(Section):
    """Where a watch keeps what must survive it."""

    url: str = Field(
        default="sqlite:///darkwake.db",
        description="Database of events, alerts and outbox: sqlite:///FILE, or"
        " postgresql+psycopg://USER@HOST/NAME.",
    )
    archive: str = Field(
        default="tracks", description="Folder of the tracks, as Parquet files by day."
    )
    journal: str = Field(
        default="",
        description="Folder of the journal and the snapshots, on a local disk; the archive's name"
        " and -journal where it is empty.",
    )
    run: str = Field(
        default="",
        description="Result folder of a replay of the archive: its tracks, satellite pictures and"
        " risk numbers are shown on the desk, its risk numbers told in digests; none where empty.",
    )
    keep_days: int = quantity(
        0,
        "Days of tracks to keep, by event time; 0 keeps all of them.",
        unit="days",
        source=OURS,
        ge=0,
        le=36_600,
    )

    @field_validator("url")
    @classmethod
    def _without_password(cls, value: str) -> str:
        """Every value is shown and recorded, so none may be a secret."""
        if re.match(r"[^/]*://[^/@]*:[^/@]*@", value):
            raise ValueError("must hold no password: use PGPASSWORD, PGPASSFILE or a socket")
        return value

    @field_validator("archive")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must name a folder")
        return value

    @property
    def journal_folder(self) -> str:
        """Return the folder of the journal."""
        return self.journal or f"{self.archive.rstrip('/')}-journal"


class Watch(Section):
    """How a watch runs."""

    gather_s: float = quantity(
        0.5,
        "Rows are taken in together when they have been gathered for this long.",
        unit="s",
        source=OURS,
        gt=0,
        le=60,
    )
    silent_after_s: float = quantity(
        10.0,
        "A feed that has brought nothing for this long holds the others back no more.",
        unit="s",
        source=OURS,
        gt=0,
        le=3600,
    )
    max_lag_min: float = quantity(
        10.0,
        "A feed whose messages are this much older than the newest ones holds the others back no"
        " more; its rows are late data.",
        unit="min of event time",
        source=OURS,
        ge=0,
        le=1440,
    )
    max_refold_wait_s: float = quantity(
        300.0,
        "Late rows wait at most this long until the past is judged anew.",
        unit="s",
        source=OURS,
        gt=0,
        le=86_400,
    )
    metrics: str = Field(
        default="",
        description="HOST:PORT of the Prometheus endpoint, for example 127.0.0.1:9108; none where"
        " it is empty.",
    )
    status_file: str = Field(
        default="",
        description="File of the state of the watch as JSON; status.json in the journal's folder"
        " where it is empty.",
    )

    @field_validator("metrics")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not (host and port.isdigit() and int(port) < 65_536):
            raise ValueError("must be HOST:PORT")
        return value


def feeds_field() -> Any:
    """Return the field of `[[feeds]]`."""
    return Field(
        default=(),
        description="Feeds of a watch: name, url, clock, and the options of its kind of source.",
    )
