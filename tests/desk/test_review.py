"""Alerts reviewed over HTTP: filters, moves, two people at once, a watch that goes on writing."""

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from alerts.database import open_database, reading, transaction
from alerts.lifecycle import history, move_alert
from alerts.suppressions import list_suppressions
from tests.alerts.samples import WALL_US, Change, dark, meeting, opened, policy, posted, take_in
from tests.desk.people import Person, Served, serving
from vessels.units import US_PER_H

ID, OTHER, MEETING = dark().event_id, dark(1).event_id, meeting().event_id


def listed(person: Person, query: str = "") -> set[str]:
    answer = person.get(f"/api/alerts{query}")
    assert answer.status_code == 200, answer.text
    return {one["event_id"] for one in answer.json()["alerts"]}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {ID, OTHER, MEETING}),
        ("?type=encounter", {MEETING}),
        ("?severity=high", {ID}),
        ("?severity=watch", {ID, OTHER, MEETING}),
        ("?flag=tha", {OTHER}),
        ("?q=silver%20tern", {ID, OTHER, MEETING}),
        ("?q=574000001", {MEETING}),
        ("?q=nobody", set()),
        (f"?q={ID[:8]}", {ID}),
        ("?area=142,-9,143,-8", {ID, OTHER}),
        ("?area=170,0,-170,20", {MEETING}),
        ("?zone=nowhere", set()),
        ("?status=confirmed", set()),
        ("?status=open", {ID, OTHER, MEETING}),
        ("?status=withdrawn", set()),
        ("?q=%25", set()),
        ("?q=_", set()),
    ],
)
def test_filters_pass_what_they_say(desk: Served, query: str, found: set[str]) -> None:
    assert listed(desk.person(), query) == found


def test_age_counts_in_event_time_and_zones_and_notes_are_searched(engine: Engine) -> None:
    zoned = dark(50, details={"zones": ['Dog "Leg"']})
    take_in(engine, policy(), *opened(zoned))
    now_us = zoned.start_us + 26 * US_PER_H
    with serving(engine, now_us=now_us) as served:
        person = served.person()
        assert listed(person, "?age=1d") >= {zoned.event_id}
        assert MEETING not in listed(person, "?age=1d")
        assert listed(person, "?zone=dog%20%22leg%22") == {zoned.event_id}
        assert listed(person, "?q=%22leg") == {zoned.event_id}


def test_the_list_comes_in_pages_most_severe_first(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/many.db")
    take_in(engine, policy(), *opened(*(dark(n, severity="watch") for n in range(60)), dark(99)))
    with serving(engine) as served:
        person = served.person()
        first, second = (person.get(f"/api/alerts?page={n}").json() for n in (1, 2))
        assert first["alerts"][0]["event_id"] == dark(99).event_id
        assert (len(first["alerts"]), first["more"]) == (50, True)
        assert (len(second["alerts"]), second["more"]) == (11, False)
        ids = [one["event_id"] for one in first["alerts"] + second["alerts"]]
        assert len(set(ids)) == 61
        assert 'rel="next"' in person.get("/?severity=watch").text
        assert "severity=watch&amp;page=2" in person.seen
    engine.dispose()


def test_an_alert_from_its_opening_to_its_end(engine: Engine, desk: Served) -> None:
    person = desk.person("R. Kila")
    page = person.get(f"/alerts/{ID}").text
    for text in ("SILVER TERN", "563012345", "Not heard for", "What else explains it", "VMS"):
        assert text in page
    assert "Confirm" not in page
    assert "Acknowledged: the alert is yours" in person.act(ID, "ack").text
    assert person.act(ID, "note", text="asked the owner").status_code == 200
    assert "asked the owner" in person.seen
    refused = person.act(ID, "dismiss", text=" ")
    assert refused.status_code == 400
    assert "a reason is needed" in refused.text
    person.get(f"/alerts/{ID}")
    assert person.act(ID, "dismiss", text="in dry dock").status_code == 200
    person.get(f"/alerts/{ID}")
    assert person.act(ID, "close").status_code == 200
    with reading(engine) as connection:
        log = [(row["by"], row["move"], row["note"]) for row in history(connection, ID)]
    assert log[1:] == [
        ("R. Kila", "ack", None),
        ("R. Kila", "note", "asked the owner"),
        ("R. Kila", "dismiss", "in dry dock"),
        ("R. Kila", "close", None),
    ]
    told = person.get(f"/api/alerts/{ID}").json()
    assert told["alert_status"] == "closed"
    assert told["may_follow"] == []
    assert [one["move"] for one in told["log"]] == ["open", "ack", "note", "dismiss", "close"]


def test_a_suppression_silences_its_hull_and_can_be_ended(engine: Engine, desk: Served) -> None:
    person = desk.person("Ana")
    person.get(f"/alerts/{ID}")
    assert person.act(ID, "suppress", until="2y").status_code == 400
    person.get(f"/alerts/{ID}")
    assert person.act(ID, "suppress", until="7d", text="in dock").status_code == 200
    with reading(engine) as connection:
        held = list_suppressions(connection)
    assert [(row["by"], row["reason"]) for row in held] == [("Ana", "in dock")]
    assert ("opened", "inspector@example.org", "cancelled") in posted(engine)
    assert "in dock" in person.get("/suppressions").text
    assert person.post(f"/suppressions/{held[0]['id']}/end").status_code == 200
    assert person.post(f"/suppressions/{held[0]['id']}/end").status_code == 400
    with reading(engine) as connection:
        assert list_suppressions(connection) == []


def test_of_two_reviewers_the_second_is_told_what_the_first_did(store_url: str) -> None:
    engine = open_database(store_url)
    take_in(engine, policy(), *opened(dark()))
    with serving(engine) as served:
        ana, ben = served.person("Ana"), served.person("Ben")
        ana.get(f"/alerts/{ID}")
        assert ana.act(ID, "ack").status_code == 200
        for person in (ana, ben):
            person.get(f"/alerts/{ID}")
        assert ana.act(ID, "note", text="the owner answered").status_code == 200
        late = ben.act(ID, "dismiss", text="my long reason")
        assert late.status_code == 409
        assert "Somebody changed this alert" in late.text
        assert "the owner answered" in late.text
        assert "my long reason" in late.text
        with reading(engine) as connection:
            assert [row["move"] for row in history(connection, ID)] == ["open", "ack", "note"]
        # The answer is the alert as it stands now: from here he may decide again.
        ben.seen = late.text
        assert ben.act(ID, "dismiss", text="my long reason").status_code == 200
    engine.dispose()


def test_a_withdrawal_by_the_watch_overtakes_a_reviewer(engine: Engine, desk: Served) -> None:
    person = desk.person("Ana")
    person.get(f"/alerts/{ID}")
    take_in(engine, policy(), Change("withdrawn", dark()))
    assert person.act(ID, "ack").status_code == 409
    page = person.get(f"/alerts/{ID}").text
    assert "withdrawn" in page
    assert "Acknowledge" not in page


def test_an_event_that_only_grows_older_does_not_stand_in_the_way(
    engine: Engine, desk: Served
) -> None:
    person = desk.person("Ana")
    person.get(f"/alerts/{ID}")
    older = dark().with_(now_us=dark().now_us + US_PER_H)
    take_in(engine, policy(), Change("updated", older))
    assert person.act(ID, "ack").status_code == 200


def test_reviewers_and_a_watch_write_at_once(store_url: str) -> None:
    engine = open_database(store_url)
    numbers = range(12)
    take_in(engine, policy(), *opened(*(dark(n) for n in numbers)))
    wrong: list[Any] = []

    def watch() -> None:
        for hour in range(30):
            grown = [dark(n).with_(now_us=dark(n).now_us + hour * US_PER_H) for n in numbers]
            take_in(engine, policy(), *(Change("updated", event) for event in grown))

    def review(served: Served, name: str) -> None:
        person = served.person(name)
        for n in numbers:
            event_id = dark(n).event_id
            person.get(f"/alerts/{event_id}")
            answer = person.act(event_id, "ack")
            if answer.status_code not in {200, 400, 409}:
                wrong.append(answer.text)

    with serving(engine) as served:
        work = [threading.Thread(target=watch)]
        work += [threading.Thread(target=review, args=(served, name)) for name in ("Ana", "Ben")]
        for one in work:
            one.start()
        for one in work:
            one.join(timeout=120)
    assert wrong == []
    with reading(engine) as connection:
        for n in numbers:
            log = history(connection, dark(n).event_id)
            assert [row["move"] for row in log] == ["open", "ack"]
    engine.dispose()


def test_a_move_on_the_command_line_overtakes_too(engine: Engine, desk: Served) -> None:
    person = desk.person("Ana")
    person.get(f"/alerts/{ID}")
    with transaction(engine) as connection:
        move_alert(connection, ID, "ack", by="Ben", now_us=WALL_US)
    answer = person.act(ID, "ack")
    assert answer.status_code == 409
    assert "Ben" in answer.text
