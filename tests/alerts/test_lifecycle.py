"""The review's life, against a model: every legal move works, every other is refused."""

from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Engine, select

from alerts.database import open_database, reading, transaction
from alerts.lifecycle import MOVES, STATUSES, allowed, find_alert, history, move_alert
from alerts.schema import alerts, events
from alerts.suppressions import add_suppression, end_suppression, silence_alert
from tests.alerts.samples import (
    START_US,
    WALL_US,
    Change,
    dark,
    meeting,
    opened,
    policy,
    posted,
    take_in,
)
from vessels.errors import UsageError
from vessels.units import US_PER_DAY, US_PER_H

CHAIN = {
    ("open", "ack"): "acknowledged",
    ("acknowledged", "confirm"): "confirmed",
    ("acknowledged", "dismiss"): "dismissed",
    ("confirmed", "close"): "closed",
    ("dismissed", "close"): "closed",
}
"""The life of an alert, written down a second time."""


class Review(RuleBasedStateMachine):
    """People and late data move three alerts about."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = open_database("sqlite://")
        self.clock = count(WALL_US)
        self.status: dict[str, str] = {}
        self.withdrawn: set[str] = set()
        self.log: dict[str, list[tuple[str, str]]] = {}

    def teardown(self) -> None:
        """Close the store."""
        self.engine.dispose()

    @rule(number=st.integers(0, 2))
    def engine_opens(self, number: int) -> None:
        """Find an event, again perhaps."""
        event = dark(number)
        take_in(self.engine, policy(), *opened(event), now_us=next(self.clock))
        if event.event_id not in self.status or event.event_id in self.withdrawn:
            before = self.status.get(event.event_id, "")
            self.log.setdefault(event.event_id, []).append((before, "open"))
            self.status[event.event_id] = "open"
            self.withdrawn.discard(event.event_id)

    @rule(number=st.integers(0, 2))
    def engine_withdraws(self, number: int) -> None:
        """Take an event back."""
        event = dark(number)
        if event.event_id not in self.status or event.event_id in self.withdrawn:
            return
        take_in(self.engine, policy(), Change("withdrawn", event), now_us=next(self.clock))
        self.log[event.event_id].append((self.status[event.event_id], "closed"))
        self.status[event.event_id] = "closed"
        self.withdrawn.add(event.event_id)

    @rule(number=st.integers(0, 2), move=st.sampled_from(sorted(MOVES)))
    def person_moves(self, number: int, move: str) -> None:
        """Try a move, legal or not."""
        event_id = dark(number).event_id
        status = self.status.get(event_id, "missing")
        expected = CHAIN.get((status, move))
        try:
            with transaction(self.engine) as connection:
                found = move_alert(
                    connection, event_id, move, by="R. Kila", now_us=1, reason="seen"
                )
        except UsageError:
            assert expected is None
        else:
            assert found == expected
            self.log[event_id].append((status, found))
            self.status[event_id] = found

    @invariant()
    def store_agrees(self) -> None:
        """Compare status, withdrawals and the whole log."""
        with reading(self.engine) as connection:
            found = connection.execute(select(alerts.c.event_id, alerts.c.status)).all()
            gone = connection.execute(select(events.c.event_id).where(events.c.withdrawn)).all()
            logs = {
                event_id: [
                    (one["from_status"], one["to_status"]) for one in history(connection, event_id)
                ]
                for event_id in self.status
            }
        assert {row.event_id: row.status for row in found} == self.status
        assert {row.event_id for row in gone} == self.withdrawn
        assert logs == self.log


Review.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestReview = Review.TestCase


def test_what_may_follow_is_the_chain_and_nothing_else() -> None:
    found = {(status, move) for status in STATUSES for move in allowed(status)}
    assert found == CHAIN.keys()


def test_a_dismissal_needs_a_reason_and_a_move_a_name(engine: Engine) -> None:
    take_in(engine, policy(), *opened(dark()))
    with transaction(engine) as connection:
        move_alert(connection, dark().event_id, "ack", by="R. Kila", now_us=1)
        with pytest.raises(UsageError, match="reason"):
            move_alert(connection, dark().event_id, "dismiss", by="R", now_us=1, reason=" \n")
        with pytest.raises(UsageError, match="name"):
            move_alert(connection, dark().event_id, "dismiss", by=" ", now_us=1, reason="dock")
        move_alert(connection, dark().event_id, "dismiss", by="R", now_us=1, reason="in dry\ndock")
    with reading(engine) as connection:
        assert history(connection, dark().event_id)[-1]["note"] == "in dry dock"


def test_an_alert_is_found_by_how_its_id_begins(engine: Engine) -> None:
    take_in(engine, policy(), *opened(dark(), meeting()))
    with reading(engine) as connection:
        assert find_alert(connection, dark().event_id[:6].upper())["event_id"] == dark().event_id
        for text, told in (("ffff0000", "no alert"), ("abc", "not an event_id"), ("%", "not an")):
            with pytest.raises(UsageError, match=told):
                find_alert(connection, text)


def test_suppression_goes_by_the_time_of_the_event_not_of_the_run(engine: Engine) -> None:
    until_us = START_US + 5 * US_PER_H
    with transaction(engine) as connection:
        hull = {"hull_id": dark().hull_id, "type_name": "dark_period"}
        number = add_suppression(connection, until_us=until_us, by="R", now_us=WALL_US, **hull)
    late_us = WALL_US + 400 * US_PER_DAY
    take_in(engine, policy(), *opened(dark(), dark(4), dark(5), meeting()), now_us=late_us)
    told = [row[0] for row in posted(engine)]
    assert told == ["opened", "opened"], "the fifth hour is after it, a meeting is another type"
    with reading(engine) as connection:
        silent = connection.execute(
            select(alerts.c.event_id).where(alerts.c.suppressed_by == number)
        )
        assert {row.event_id for row in silent} == {dark().event_id, dark(4).event_id}
    with transaction(engine) as connection:
        end_suppression(connection, number, WALL_US)
        with pytest.raises(UsageError, match="no suppression"):
            end_suppression(connection, number, WALL_US)
    take_in(engine, policy(), *opened(dark(2)), now_us=late_us)
    assert len(posted(engine)) == 3


def test_a_suppressed_alert_is_silent_to_its_end(engine: Engine) -> None:
    take_in(engine, policy(), *opened(dark()))
    with transaction(engine) as connection:
        silence_alert(connection, dark().event_id, 1, now_us=WALL_US)
    take_in(engine, policy(), Change("closed", dark(end_h=30.0)))
    take_in(engine, policy(), Change("withdrawn", dark(end_h=30.0)))
    assert [row[2] for row in posted(engine)] == ["cancelled"]


def test_nothing_may_be_suppressed_altogether(engine: Engine) -> None:
    with transaction(engine) as connection, pytest.raises(UsageError, match="needs"):
        add_suppression(connection, until_us=1, by="R", now_us=1)
