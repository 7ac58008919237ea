"""The alert book: what is stored, what is put into the outbox, and that doing it twice is once."""

import json
from typing import Any

import pytest
from sqlalchemy import Engine, Select, Table, select, update

from alerts.book import apply
from alerts.database import reading, transaction
from alerts.rules import AlertContext
from alerts.schema import alert_log, alerts, events, operator_log, outbox
from alerts.stored import event_body, event_from, listed_all, with_alerts
from maps.identities import Identity
from tests.alerts.samples import (
    WALL_US,
    Change,
    dark,
    meeting,
    opened,
    policy,
    posted,
    rows,
    subscription,
    take_in,
)
from vessels.units import US_PER_MIN

TO = "inspector@example.org"


def _in_order(table: Table) -> Select[Any]:
    return select(table).order_by(*table.primary_key)


def contents(engine: Engine) -> list[list[dict[str, object]]]:
    with reading(engine) as connection:
        tables = (events, alerts, alert_log, operator_log)
        found = [
            [
                dict(row)
                for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in tables
        ]
    return [*found, rows(engine)]


def statuses(engine: Engine) -> dict[str, str]:
    with reading(engine) as connection:
        found = connection.execute(select(alerts.c.event_id, alerts.c.status))
        return {row.event_id: row.status for row in found}


def mark_sent(engine: Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(
            update(outbox).where(outbox.c.state == "pending").values(state="sent", tries=1)
        )


def test_an_event_comes_back_as_it_went_in(engine: Engine) -> None:
    known = [dark(), dark(1, end_h=30.5), meeting()]
    take_in(engine, policy(), *opened(*known))
    with reading(engine) as connection:
        found = connection.execute(with_alerts()).mappings().all()
        back = listed_all([dict(row) for row in found])
    expected = {event.event_id: event.properties() | {"alert_status": "open"} for event in known}
    assert {row["event_id"]: row for row in back} == expected
    assert all(list(row) == list(expected[str(row["event_id"])]) for row in back)
    for event in known:
        assert event_from(json.loads(json.dumps(event_body(event)))) == event


def test_the_same_changes_again_change_nothing(engine: Engine) -> None:
    rules = policy(subscription(to=("a@example.org", "b@example.org")), webhook_url="http://h/x")
    batches = [
        opened(dark(), meeting()),
        [Change("updated", dark(confidence=0.9))],
        [Change("closed", dark(end_h=30.0))],
        [
            Change("withdrawn", dark(end_h=30.0)),
            Change("opened", dark(-1, replaces=dark().event_id)),
        ],
    ]
    for batch in batches:
        take_in(engine, rules, *batch)
        before = contents(engine)
        take_in(engine, rules, *batch, now_us=WALL_US + 1)
        assert contents(engine) == before


def test_one_step_one_mail_one_thread(engine: Engine) -> None:
    take_in(engine, policy(), *opened(dark()))
    mark_sent(engine)
    take_in(engine, policy(), Change("closed", dark(end_h=30.0)))
    mark_sent(engine)
    take_in(engine, policy(), Change("withdrawn", dark(end_h=30.0)))
    assert [row["step"] for row in rows(engine)] == ["opened", "closed", "withdrawn"]
    first, *later = rows(engine)
    assert len({row["message_id"] for row in rows(engine)}) == 3
    assert [json.loads(row["references_ids"]) for row in later] == [[first["message_id"]]] * 2


def test_an_opening_that_nobody_saw_is_taken_back_in_silence(engine: Engine) -> None:
    take_in(engine, policy(), *opened(dark()))
    take_in(engine, policy(), Change("withdrawn", dark()))
    assert posted(engine) == [("opened", TO, "cancelled")]
    assert statuses(engine) == {dark().event_id: "closed"}
    take_in(engine, policy(), *opened(dark()))
    assert posted(engine)[1:] == [("opened", TO, "pending")]
    first, second = rows(engine)
    assert first["message_id"] != second["message_id"]
    assert statuses(engine) == {dark().event_id: "open"}


def test_a_moved_start_is_one_correction_in_the_old_thread(engine: Engine) -> None:
    rules = policy(subscription(to=(TO, "b@example.org")))
    take_in(engine, rules, *opened(dark()))
    mark_sent(engine)
    moved = dark(-2, replaces=dark().event_id)
    take_in(engine, rules, Change("withdrawn", dark()), Change("opened", moved))
    assert [row[0] for row in posted(engine)] == ["opened", "opened", "corrected", "corrected"]
    old, _, corrected, _ = rows(engine)
    assert json.loads(corrected["references_ids"]) == [old["message_id"]]
    mark_sent(engine)
    take_in(engine, rules, Change("closed", moved.with_(end_us=moved.now_us)))
    closing = rows(engine)[-2]
    assert json.loads(closing["references_ids"]) == [old["message_id"], corrected["message_id"]]
    with reading(engine) as connection:
        kept = connection.execute(select(events.c.body, events.c.replaced_by)).all()
    assert {row.replaced_by for row in kept} == {moved.event_id, None}
    bodies = [json.loads(row.body) for row in kept]
    assert dark().event_id in {body["replaces"] for body in bodies}


@pytest.mark.parametrize("judged", ["acknowledged", "confirmed", "dismissed"])
def test_a_judgement_outlives_a_correction(engine: Engine, judged: str) -> None:
    take_in(engine, policy(), *opened(dark()))
    mark_sent(engine)
    with transaction(engine) as connection:
        connection.execute(update(alerts).values(status=judged))
    moved = dark(-2, replaces=dark().event_id)
    take_in(engine, policy(), Change("withdrawn", dark()), Change("opened", moved))
    assert statuses(engine)[moved.event_id] == judged
    expected = ["opened"] if judged == "dismissed" else ["opened", "corrected"]
    assert [row[0] for row in posted(engine)] == expected


def test_who_asked_for_more_confidence_is_told_when_it_is_reached(engine: Engine) -> None:
    rules = policy(subscription(min_confidence=0.8))
    take_in(engine, rules, *opened(dark(confidence=0.5)))
    assert posted(engine) == []
    take_in(engine, rules, Change("updated", dark(confidence=0.8)))
    assert posted(engine) == [("opened", TO, "pending")]


def test_no_receiver_hears_twice_through_two_subscriptions(engine: Engine) -> None:
    rules = policy(subscription(mode="daily"), subscription(name="b", to=(TO, "b@example.org")))
    take_in(engine, rules, *opened(dark()))
    assert posted(engine) == [("opened", TO, "pending"), ("opened", "b@example.org", "pending")]


def test_more_than_the_cap_is_gathered(engine: Engine) -> None:
    rules = policy(subscription(max_per_hour=3))
    take_in(engine, rules, *opened(*[dark(n) for n in range(2)]))
    later = opened(*[dark(n) for n in range(2, 6)])
    take_in(engine, rules, *later, now_us=WALL_US + 59 * US_PER_MIN)
    assert [row[2] for row in posted(engine)] == ["pending"] * 3 + ["gathered"] * 3
    assert {row["due_us"] for row in rows(engine)[3:]} == {WALL_US + 119 * US_PER_MIN}
    take_in(engine, rules, *opened(dark(9)), now_us=WALL_US + 61 * US_PER_MIN)
    assert posted(engine)[-1][2] == "pending"


def test_a_flood_is_one_mail_to_the_operator_and_loses_nothing(engine: Engine) -> None:
    rules = policy(flood_per_hour=10, operators=("ops@example.org",))
    many = [dark(n) for n in range(40)]
    for event in many:
        take_in(engine, rules, *opened(event))
    states = [row[2] for row in posted(engine) if row[1] == TO]
    assert states == ["pending"] * 10 + ["gathered"] * 30
    assert [row for row in posted(engine) if row[1] == "ops@example.org"] == [
        ("operator", "ops@example.org", "pending")
    ]
    assert len(statuses(engine)) == 40
    take_in(engine, rules, *opened(meeting()))
    assert posted(engine)[-1] == ("opened", TO, "pending"), "another type is no part of the flood"


def test_while_a_feed_is_down_openings_wait_and_what_it_explains_is_never_mailed(
    engine: Engine,
) -> None:
    held = frozenset({"dark_period"})
    take_in(engine, policy(), *opened(dark(), dark(1), meeting()), held_types=held)
    assert [row[2] for row in posted(engine)] == ["held", "held", "pending"]
    take_in(engine, policy(), Change("withdrawn", dark()), held_types=held)
    take_in(engine, policy())
    assert [row[2] for row in posted(engine)] == ["cancelled", "pending", "pending"]


def test_who_heard_of_a_finding_hears_of_the_port_call(engine: Engine) -> None:
    rules = policy(
        subscription(events=frozenset({"dark_period"})),
        subscription(name="b", to=("b@example.org",), events=frozenset({"encounter"})),
        subscription(
            name="c", to=("c@example.org",), events=frozenset({"dark_period"}), port_arrivals=False
        ),
    )
    take_in(engine, rules, *opened(dark()))
    call = dark(
        40, type="port_visit", details={"port_name": "DAVAO", "after_events": [dark().event_id]}
    )
    take_in(engine, rules, *opened(call))
    told = [row["recipient"] for row in rows(engine) if row["type"] == "port_visit"]
    assert told == [TO]


def test_what_is_known_of_the_other_vessel_goes_with_the_mail(engine: Engine) -> None:
    known = {"574000001-1": Identity("BIEN DONG 88", "VNM", 9_012_345, "XVAB")}
    take_in(engine, policy(), *opened(meeting()), identities=known)
    payload = json.loads(rows(engine)[0]["payload"])
    assert payload["identities"] == {"574000001-1": ["BIEN DONG 88", "VNM", 9_012_345, "XVAB"]}


def test_machines_hear_every_step_whatever_people_asked_for(engine: Engine) -> None:
    rules = policy(subscription(min_confidence=1.0), webhook_url="http://h/x", sink_path="x.jsonl")
    take_in(engine, rules, *opened(dark()))
    take_in(engine, rules, Change("closed", dark(end_h=30.0)))
    take_in(engine, rules, Change("withdrawn", dark(end_h=30.0)))
    by_channel = {
        channel: [row["step"] for row in rows(engine) if row["channel"] == channel]
        for channel in ("webhook", "sink", "mail")
    }
    steps = ["opened", "closed", "withdrawn"]
    assert by_channel == {"webhook": steps, "sink": steps, "mail": []}


def test_an_event_told_and_taken_back_at_once_is_kept_and_not_mailed(engine: Engine) -> None:
    take_in(engine, policy(), Change("opened", dark()), Change("withdrawn", dark()))
    assert posted(engine) == []
    assert statuses(engine) == {dark().event_id: "closed"}


def test_half_a_transaction_is_none(engine: Engine) -> None:
    context = AlertContext(now_us=WALL_US, policy=policy())

    def interrupted() -> None:
        with transaction(engine) as connection:
            apply(connection, opened(dark()), context)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power"):
        interrupted()
    assert contents(engine) == [[], [], [], [], []]
