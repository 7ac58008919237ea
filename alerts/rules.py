"""Subscriptions: who wants to hear of which events, when, and in which language. Plain data.

An event must pass every filter that a subscription sets; a filter that is not set lets all pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from alerts.comparison import Numbers, no_numbers
from detectors.events import SEVERITIES, Event
from maps.identities import NOBODY, Identity
from vessels.geodesy import distance_m
from vessels.units import M_PER_NM, US_PER_S

Mode = Literal["immediate", "hourly", "daily"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription. Areas are alternatives: an event in any of them passes."""

    name: str
    to: tuple[str, ...]
    events: frozenset[str] = frozenset()
    min_confidence: float = 0.0
    min_severity: str = "info"
    zones: frozenset[str] = frozenset()
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees; west > east spans 180 degrees."""
    circle: tuple[float, float, float] | None = None
    """Latitude, longitude, radius in nautical miles."""
    flags: frozenset[str] = frozenset()
    not_flags: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    not_lists: frozenset[str] = frozenset()
    mmsi: frozenset[int] = frozenset()
    not_mmsi: frozenset[int] = frozenset()
    imo: frozenset[int] = frozenset()
    not_imo: frozenset[int] = frozenset()
    mode: Mode = "immediate"
    max_per_hour: int = 20
    quiet: tuple[int, int] | None = None
    """From and to, minutes of the local day; from > to runs over midnight."""
    quiet_passes: str = "high"
    """Severity from which a mail is sent in quiet hours all the same."""
    time_zone: str = "UTC"
    daily_hour: int = 6
    language: str = "en"
    attach: tuple[str, ...] = ()
    max_kb: int = 60
    reminder_after_h: float = 24.0
    port_arrivals: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """Everything the configuration says about alerts."""

    subscriptions: tuple[Subscription, ...] = ()
    operators: tuple[str, ...] = ()
    domain: str = "darkwake.invalid"
    """Right-hand side of Message-IDs: the sender's domain."""
    flood_per_hour: int = 100
    webhook_url: str | None = None
    webhook_events: frozenset[str] = frozenset()
    sink_path: str | None = None
    numbers: Numbers = no_numbers
    """What digests tell of vessels beside their peers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertContext:
    """What holds while a batch of changes is taken in.

    Attributes:
        now_us: time of the machine, not of events: caps, quiet hours and retries go by it.
        policy: the configuration.
        held_types: event types whose mails are held because a feed is down.
        identities: what is known of hulls, by hull id, for the words of a mail.
    """

    now_us: int
    policy: AlertPolicy = field(default_factory=AlertPolicy)
    held_types: frozenset[str] = frozenset()
    identities: Mapping[str, Identity] = field(default_factory=dict)


def matches(
    subscription: Subscription, event: Event, identities: Mapping[str, Identity] | None = None
) -> bool:
    """Tell whether the event passes every filter of the subscription but its type's."""
    return (
        event.confidence >= subscription.min_confidence
        and severe(event.severity) >= severe(subscription.min_severity)
        and _in_area(subscription, event)
        and _vessel_passes(subscription, event, identities or {})
    )


def wants_type(subscription: Subscription, type_name: str) -> bool:
    """Tell whether the subscription asks for this type; none named means all."""
    return not subscription.events or type_name in subscription.events


def severe(severity: str) -> int:
    """Return the rank of a severity; one that is not known ranks lowest."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0


def quiet_until_us(subscription: Subscription, now_us: int) -> int | None:
    """Return when the quiet hours end that `now_us` lies in, or None outside them."""
    if subscription.quiet is None:
        return None
    begin, end = subscription.quiet
    local = _local(subscription, now_us)
    minute = local.hour * 60 + local.minute
    inside = begin <= minute < end if begin <= end else minute >= begin or minute < end
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if begin > end and minute >= begin else 0)
    over = datetime(day.year, day.month, day.day, end // 60, end % 60, tzinfo=local.tzinfo)
    return _to_us(over)


def digest_due_us(subscription: Subscription, now_us: int) -> int:
    """Return when the digest is due that gathers what happens at `now_us`."""
    if subscription.mode == "hourly":
        hour_us = 3600 * US_PER_S
        return (now_us // hour_us + 1) * hour_us
    local = _local(subscription, now_us)
    due = datetime(local.year, local.month, local.day, subscription.daily_hour, tzinfo=local.tzinfo)
    if _to_us(due) <= now_us:
        later = local.date() + timedelta(days=1)
        due = datetime(
            later.year, later.month, later.day, subscription.daily_hour, tzinfo=local.tzinfo
        )
    return _to_us(due)


def inside_bbox(bbox: tuple[float, float, float, float], lat_deg: float, lon_deg: float) -> bool:
    """Tell whether a point lies in west, south, east, north; west > east spans 180 degrees."""
    west, south, east, north = bbox
    within = west <= lon_deg <= east if west <= east else lon_deg >= west or lon_deg <= east
    return within and south <= lat_deg <= north


def _in_area(subscription: Subscription, event: Event) -> bool:
    if not (subscription.zones or subscription.bbox or subscription.circle):
        return True
    if subscription.zones & set(event.details.get("zones") or ()):
        return True
    places = [(event.lat, event.lon), *((lat, lon) for lon, lat in event.path)]
    bbox, circle = subscription.bbox, subscription.circle
    if bbox is not None and any(inside_bbox(bbox, *place) for place in places):
        return True
    return circle is not None and any(
        distance_m(circle[0], circle[1], *place) <= circle[2] * M_PER_NM for place in places
    )


def _vessel_passes(
    subscription: Subscription, event: Event, identities: Mapping[str, Identity]
) -> bool:
    """Tell whether one of the vessels is asked for, and none is left out."""
    numbers = {event.mmsi} | ({event.other_mmsi} if event.other_mmsi is not None else set())
    hulls = [identities.get(hull or "", NOBODY) for hull in (event.hull_id, event.other_hull_id)]
    imos = {one.imo for one in hulls if one.imo is not None}
    flags = {event.flag, hulls[1].flag} - {None}
    lists = {str(name).partition(" (")[0] for name in event.details.get("lists") or ()}
    lists |= {str(name) for name in event.details.get("lists") or ()}
    asked = (
        (subscription.flags, flags),
        (subscription.lists, lists),
        (subscription.mmsi | subscription.imo, numbers | imos),
    )
    barred = (
        (subscription.not_flags, flags),
        (subscription.not_lists, lists),
        (subscription.not_mmsi | subscription.not_imo, numbers | imos),
    )
    return all(not wanted or wanted & has for wanted, has in asked) and not any(
        banned & has for banned, has in barred
    )


def _local(subscription: Subscription, now_us: int) -> datetime:
    return (_EPOCH + timedelta(microseconds=now_us)).astimezone(ZoneInfo(subscription.time_zone))


def _to_us(moment: datetime) -> int:
    return int((moment.astimezone(UTC) - _EPOCH).total_seconds()) * US_PER_S
