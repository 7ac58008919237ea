"""Which events a subscription lets pass, and when its mails go out."""

import json
from collections.abc import Collection
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, update

from alerts.database import transaction
from alerts.digests import bundle_due
from alerts.preview import preview
from alerts.reminders import remind
from alerts.rules import AlertContext, AlertPolicy, digest_due_us, matches, quiet_until_us
from alerts.schema import outbox
from detectors.events import EVENT_TYPES
from maps.identities import Identity
from tests.alerts.samples import (
    WALL_US,
    dark,
    meeting,
    opened,
    policy,
    posted,
    rows,
    subscription,
    take_in,
)
from vessels.units import US_PER_H

KNOWN = {"563012345-1": Identity("SILVER TERN", "SGP", 9_000_001, None)}
LISTED = dark(details={"zones": ["Dog Leg"], "lists": ["iuu-2026 (imo)", "friends"]})


@pytest.mark.parametrize(
    ("values", "passes"),
    [
        ({}, True),
        ({"min_confidence": 0.85}, True),
        ({"min_confidence": 0.851}, False),
        ({"min_severity": "high"}, True),
        ({"zones": frozenset({"Dog Leg"})}, True),
        ({"zones": frozenset({"Elsewhere"})}, False),
        ({"bbox": (142.0, -9.0, 143.0, -8.0)}, True),
        ({"bbox": (143.0, -9.0, 142.0, -8.0)}, False),
        ({"bbox": (170.0, -9.0, 143.0, -8.0)}, True),
        ({"bbox": (150.0, -9.0, 160.0, -8.0), "zones": frozenset({"Dog Leg"})}, True),
        ({"circle": (-8.5, 142.25, 1.0)}, True),
        ({"circle": (-8.5, 142.25, 0.5)}, False),
        ({"flags": frozenset({"SGP", "VNM"})}, True),
        ({"flags": frozenset({"VNM"})}, False),
        ({"not_flags": frozenset({"SGP"})}, False),
        ({"lists": frozenset({"iuu-2026"})}, True),
        ({"lists": frozenset({"iuu-2025"})}, False),
        ({"not_lists": frozenset({"friends"})}, False),
        ({"mmsi": frozenset({563_012_345})}, True),
        ({"mmsi": frozenset({563_012_346})}, False),
        ({"imo": frozenset({9_000_001})}, True),
        ({"mmsi": frozenset({1}), "imo": frozenset({9_000_001})}, True),
        ({"not_imo": frozenset({9_000_001})}, False),
        ({"not_mmsi": frozenset({563_012_345}), "imo": frozenset({9_000_001})}, False),
    ],
)
def test_filters(values: dict[str, object], passes: bool) -> None:  # noqa: FBT001 - a table
    assert matches(subscription(**values), LISTED, KNOWN) is passes


def test_either_vessel_of_a_pair_counts() -> None:
    assert matches(subscription(mmsi=frozenset({574_000_001})), meeting())
    assert not matches(subscription(not_mmsi=frozenset({574_000_001})), meeting())
    assert not matches(subscription(min_severity="high"), meeting())


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-07-01T11:59", None),  # 21:59 in Port Moresby, ten hours ahead
        ("2026-07-01T12:00", "2026-07-01T20:00"),
        ("2026-07-01T19:59", "2026-07-01T20:00"),
        ("2026-07-01T20:00", None),
    ],
)
def test_quiet_hours_run_over_midnight_in_their_own_zone(now: str, until: str | None) -> None:
    night = subscription(quiet=(22 * 60, 6 * 60), time_zone="Pacific/Port_Moresby")
    assert quiet_until_us(night, us(now)) == (None if until is None else us(until))


def test_digests_are_due_on_the_hour_and_in_the_morning() -> None:
    assert digest_due_us(subscription(mode="hourly"), us("2026-07-01T11:00")) == us(
        "2026-07-01T12:00"
    )
    daily = subscription(mode="daily", daily_hour=6, time_zone="Europe/Paris")
    assert digest_due_us(daily, us("2026-07-01T03:59")) == us("2026-07-01T04:00")
    assert digest_due_us(daily, us("2026-07-01T04:00")) == us("2026-07-02T04:00")
    assert digest_due_us(daily, us("2026-10-24T04:00")) == us("2026-10-25T05:00")


def bundle(engine: Engine, now_us: int, rules: AlertPolicy | None = None) -> int:
    with transaction(engine) as connection:
        return bundle_due(connection, now_us, policy=rules or policy())


def test_a_digest_is_one_mail_of_all_and_is_made_once(engine: Engine) -> None:
    rules = policy(subscription(mode="hourly"))
    now_us = us("2026-07-01T11:10")
    take_in(engine, rules, *opened(dark(), meeting()), now_us=now_us)
    late_us = us("2026-07-01T12:05")
    take_in(engine, rules, *opened(dark(1)), now_us=late_us)
    assert bundle(engine, us("2026-07-01T11:59")) == 0
    assert bundle(engine, late_us) == 1
    assert bundle(engine, late_us) == 0
    assert [row[2] for row in posted(engine)] == ["bundled", "bundled", "gathered", "pending"]
    made = rows(engine)[-1]
    assert made["kind"] == "bundle"
    assert {row["bundled_in"] for row in rows(engine)[:2]} == {made["id"]}


def test_a_digest_takes_the_numbers_of_its_vessels_and_a_roll_up_none(engine: Engine) -> None:
    asked: list[set[int]] = []

    def numbers(mmsis: Collection[int]) -> list[dict[str, int]]:
        asked.append(set(mmsis))
        return [{"mmsi": 574_000_001}]

    rules = policy(subscription(mode="hourly"), numbers=numbers)
    take_in(engine, rules, *opened(dark(), meeting()), now_us=us("2026-07-01T11:10"))
    assert bundle(engine, us("2026-07-01T12:00"), rules) == 1
    assert asked == [{563_012_345, 574_000_001}]
    assert json.loads(rows(engine)[-1]["payload"])["numbers"] == [{"mmsi": 574_000_001}]
    quiet = policy(subscription(quiet=(22 * 60, 6 * 60)), numbers=numbers)
    take_in(engine, quiet, *opened(meeting(5), meeting(6)), now_us=us("2026-07-01T23:00"))
    assert bundle(engine, us("2026-07-02T06:00"), quiet) == 1
    assert "numbers" not in json.loads(rows(engine)[-1]["payload"])
    assert len(asked) == 1


def test_quiet_hours_hold_mails_back_but_not_what_is_urgent(engine: Engine) -> None:
    rules = policy(subscription(quiet=(22 * 60, 6 * 60)))
    night_us = us("2026-07-01T23:00")
    take_in(engine, rules, *opened(dark(), meeting()), now_us=night_us)
    assert [row[2] for row in posted(engine)] == ["pending", "gathered"]
    assert bundle(engine, us("2026-07-02T05:59")) == 0
    assert bundle(engine, us("2026-07-02T06:00")) == 1
    assert [row[2] for row in posted(engine)] == ["pending", "pending"], "one alone is a mail"


def test_one_reminder_and_only_for_what_was_sent_and_is_open(engine: Engine) -> None:
    rules = policy(subscription(reminder_after_h=24.0))
    take_in(engine, rules, *opened(dark(), meeting()))
    first, second = (row["id"] for row in rows(engine))

    def reminded(hours: float) -> int:
        context = AlertContext(now_us=WALL_US + int(hours * US_PER_H), policy=rules)
        with transaction(engine) as connection:
            return remind(connection, context)

    assert reminded(25.0) == 0, "nothing was sent"
    with transaction(engine) as connection:
        connection.execute(update(outbox).where(outbox.c.id == first).values(state="sent"))
    assert second != first
    assert reminded(23.9) == 0
    assert reminded(24.0) == 1
    assert reminded(100.0) == 0
    reminder = rows(engine)[-1]
    assert (reminder["step"], reminder["event_id"]) == ("reminder", rows(engine)[0]["event_id"])
    assert rows(engine)[0]["message_id"] in reminder["references_ids"]


def test_a_dry_run_counts_what_would_go_out() -> None:
    events = [dark(n) for n in range(30)] + [dark(24 * 40)]
    own = subscription(events=frozenset({"dark_period"}), max_per_hour=1)
    count, found = preview([own, subscription(name="d", mode="daily")], events, days=30)
    assert count == 1, "days are counted back from the last event"
    count, found = preview([own, subscription(name="d", mode="daily")], events[:-1], days=30)
    assert (count, found[0].events, found[0].mails, found[1].mails) == (30, 30, 30, 2)
    crowd = [dark(0, hull_id=f"h{n}", mmsi=563_000_000 + n) for n in range(50)]
    _, (one,) = preview([subscription(max_per_hour=5)], crowd, days=30)
    assert (one.events, one.mails) == (50, 6)
    assert one.by_type == {"dark_period": 50}


def test_the_settings_know_the_same_types_as_the_detectors() -> None:
    from typing import get_args

    from darkwake.alert_settings import EventType

    assert get_args(EventType) == EVENT_TYPES
