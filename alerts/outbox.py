"""Sending what the outbox holds: claims, tries again with back-off, gives up in the open.

At least once: a row is claimed, sent, and then recorded. A crash between the last two sends it
again with the same Message-ID; nothing is ever lost. What is refused for good is kept as a dead
letter and told to the operator.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from sqlalchemy import Connection, Engine, func, insert, select, update

from alerts.database import reading, transaction
from alerts.digests import bundle_due
from alerts.posting import tell_operator
from alerts.rules import AlertContext, AlertPolicy
from alerts.schema import deliveries, outbox
from alerts.stored import Row
from vessels.text import clean_text
from vessels.units import US_PER_H, US_PER_MIN, US_PER_S

LEASE_US = 10 * US_PER_MIN
"""A claim that is older than this was made by a sender that died."""
FIRST_WAIT_US, LONGEST_WAIT_US = US_PER_MIN, 6 * US_PER_H
GIVE_UP_US = 48 * US_PER_H
"""A row that could not be sent for this long is a dead letter."""
BATCH = 100
_ANSWER_LIMIT = 300
_jitter = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try.

    `result` is sent, retry (later, with back-off) or dead (refused for good). `stop` tells that
    the other side as a whole cannot be reached: no other row of this channel is worth a try now.
    """

    result: Literal["sent", "retry", "dead"]
    code: int | None = None
    answer: str = ""
    stop: bool = False


class Sender(Protocol):
    """Delivers rows of every channel, over one connection as long as it holds."""

    @property
    def policy(self) -> AlertPolicy:
        """Whom to tell of dead letters."""

    def deliver(self, row: Row) -> Outcome:
        """Try to send one row. Never raises for what the other side does."""

    def close(self) -> None:
        """End the connection, if there is one."""


@dataclass(frozen=True, slots=True)
class SendReport:
    """How many rows were sent, put off, and given up; and how many still wait to be sent."""

    sent: int = 0
    retried: int = 0
    dead: int = 0
    waiting: int = 0


def send_due(engine: Engine, sender: Sender, now_us: int, *, limit: int = BATCH) -> SendReport:
    """Make due bundles, then send what is due, at most `limit` rows.

    Raises:
        StoreError: the store cannot be read or written.
    """
    with transaction(engine) as connection:
        bundle_due(connection, now_us, policy=sender.policy)
    return _send(engine, sender, now_us, before_us=now_us, limit=limit)


def drain(
    engine: Engine, sender: Sender, clock_us: Callable[[], int], *, patience_s: float = 30.0
) -> SendReport:
    """Send everything now, bundles and held rows too, because the watch ends.

    What is put off is tried again for at most `patience_s` seconds and then left for the next
    start.

    Raises:
        StoreError: the store cannot be read or written.
    """
    total = SendReport()
    end = time.monotonic() + patience_s
    with transaction(engine) as connection:
        bundle_due(connection, clock_us(), policy=sender.policy, force=True)
    pause_s = 0.1
    while True:
        now_us = clock_us()
        report = _send(engine, sender, now_us, before_us=now_us + 2 * GIVE_UP_US, limit=BATCH)
        total = replace(
            report,
            sent=total.sent + report.sent,
            retried=total.retried + report.retried,
            dead=total.dead + report.dead,
        )
        if report.waiting == 0 or time.monotonic() + pause_s > end:
            return total
        if report.sent == 0:
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 2.0)


def release_claims(engine: Engine) -> int:
    """Forget the claims of a sender that died; the one watch of a store calls it at its start."""
    with transaction(engine) as connection:
        freed = connection.execute(
            update(outbox)
            .where(outbox.c.state == "pending", outbox.c.lease_us != 0)
            .values(lease_us=0)
        )
        return int(freed.rowcount)


def retry_dead(connection: Connection, now_us: int, numbers: list[int] | None = None) -> int:
    """Put dead letters (all, or of these numbers) back into the queue; return how many."""
    dead = outbox.c.state == "dead"
    if numbers is not None:
        dead &= outbox.c.id.in_(numbers)
    # Their patience begins anew: a row is given up by its age.
    values = {"state": "pending", "due_us": now_us, "created_us": now_us, "tries": 0}
    return int(connection.execute(update(outbox).where(dead).values(**values)).rowcount)


def count_states(connection: Connection) -> dict[str, int]:
    """Return how many rows are in each state."""
    states = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    return {state: int(count) for state, count in connection.execute(states)}


def _send(engine: Engine, sender: Sender, now_us: int, *, before_us: int, limit: int) -> SendReport:
    with transaction(engine) as connection:
        rows = _claim(connection, now_us, before_us, limit)
    counts = {"sent": 0, "retry": 0, "dead": 0}
    stopped: dict[str, Outcome] = {}
    try:
        for row in rows:
            outcome = stopped.get(row["channel"])
            if outcome is None:
                outcome = sender.deliver(row)
                if outcome.stop:
                    stopped[row["channel"]] = outcome
                counts[_record(engine, sender.policy, row, outcome, now_us)] += 1
            else:
                # The server is away: one row was tried for all of them.
                _put_off(engine, row, outcome, now_us)
    finally:
        sender.close()
    with reading(engine) as connection:
        waiting = count_states(connection).get("pending", 0)
    return SendReport(counts["sent"], counts["retry"], counts["dead"], waiting)


def _claim(connection: Connection, now_us: int, before_us: int, limit: int) -> list[Row]:
    """Return rows that nobody else will send until their lease is over."""
    free = (
        select(outbox)
        .where(
            outbox.c.state == "pending",
            outbox.c.due_us <= before_us,
            outbox.c.lease_us <= now_us,
        )
        .order_by(outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # SQLite has no such words; its writers take turns
    )
    rows = [dict(row) for row in connection.execute(free).mappings()]
    for row in rows:
        row["tries"] += 1
        connection.execute(
            update(outbox)
            .where(outbox.c.id == row["id"])
            .values(lease_us=now_us + LEASE_US, tries=row["tries"])
        )
    return rows


def _record(engine: Engine, policy: AlertPolicy, row: Row, outcome: Outcome, now_us: int) -> str:
    """Write down what came of a try and return it: a retry that is too old is dead."""
    answer = clean_text(outcome.answer, limit=_ANSWER_LIMIT)
    result: str = outcome.result
    if result == "retry" and now_us - row["created_us"] >= GIVE_UP_US:
        result = "dead"
    values = {"lease_us": 0, "last_error": None if result == "sent" else answer}
    if result == "retry":
        values |= {"due_us": now_us + _wait_us(row["tries"])}
    else:
        values |= {"state": result, "done_us": now_us}
    with transaction(engine) as connection:
        connection.execute(
            insert(deliveries).values(
                outbox_id=row["id"], at_us=now_us, result=result, code=outcome.code, answer=answer
            )
        )
        connection.execute(update(outbox).where(outbox.c.id == row["id"]).values(**values))
        if result == "dead" and row["kind"] != "operator":
            _tell_of_dead(connection, policy, row, answer or "no reason given", now_us)
    return result


def _put_off(engine: Engine, row: Row, outcome: Outcome, now_us: int) -> None:
    """Give a claimed row back untried."""
    values = {
        "lease_us": 0,
        "tries": row["tries"] - 1,
        "due_us": now_us + _wait_us(1),
        "last_error": clean_text(outcome.answer, limit=_ANSWER_LIMIT),
    }
    with transaction(engine) as connection:
        connection.execute(update(outbox).where(outbox.c.id == row["id"]).values(**values))


def _tell_of_dead(
    connection: Connection, policy: AlertPolicy, row: Row, answer: str, now_us: int
) -> None:
    what = f"alert {row['event_id']}" if row["event_id"] else f"a {row['kind']}"
    text = (
        f"{row['channel']} number {row['id']} ({what}, step {row['step']}) to {row['recipient']} "
        f"was given up: {answer}. It is kept: `darkwake mail outbox --dead` shows it, `--retry` "
        "sends it again."
    )
    context = AlertContext(now_us=now_us, policy=policy)
    tell_operator(connection, context, f"dead:{row['id']}:{row['created_us'] // US_PER_S}", text)


def _wait_us(tries: int) -> int:
    """Return how long to wait: doubling from a minute to six hours, with full jitter."""
    longest = min(FIRST_WAIT_US * 2 ** min(tries, 20), LONGEST_WAIT_US)
    return _jitter.randint(FIRST_WAIT_US, longest)
