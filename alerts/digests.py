"""Bundles: many rows for one receiver become one mail.

Digests (hourly, daily), the roll-up of what passed a cap or came in a flood, and what waited for
the end of quiet hours are all rows in state `gathered` with a time when they are due. What is due
is read from the store, so a bundle that was missed while the watch stood still is made at the next
look, and one that was made is not made again.
"""

import hashlib
import json
from collections.abc import Iterable
from itertools import groupby

from sqlalchemy import Connection, func, select, update

from alerts.posting import insert_once, message_id, row_values
from alerts.rules import AlertPolicy
from alerts.schema import outbox
from alerts.stored import Row, to_json

MOST_ITEMS = 200
"""Most findings that the payload of a bundle holds; all are counted, and all are in the list."""
DIGESTS = ("hourly", "daily")
_SHARED = ("language", "time_zone", "max_kb")


def bundle_due(
    connection: Connection, now_us: int, *, policy: AlertPolicy, force: bool = False
) -> int:
    """Make the bundles that are due and return how many mails came of it.

    Args:
        connection: an open transaction.
        now_us: time of the machine.
        policy: right-hand side of Message-IDs, and the numbers that digests tell.
        force: make all of them now, also what is held for a feed, because nothing will follow.
    """
    if force:
        connection.execute(
            update(outbox)
            .where(outbox.c.state == "held")
            .values(state="pending", due_us=now_us, bundle=None)
        )
    made = 0
    for group in _due_groups(connection, now_us, force=force):
        if len(group) == 1 and group[0]["bundle"] not in DIGESTS:
            connection.execute(
                update(outbox)
                .where(outbox.c.id == group[0]["id"])
                .values(state="pending", bundle=None, due_us=now_us)
            )
        else:
            _bundle(connection, group, now_us, policy)
        made += 1
    return made


def _due_groups(connection: Connection, now_us: int, *, force: bool) -> Iterable[list[Row]]:
    """Yield the rows of each receiver and kind of bundle of which the first is due."""
    key = (outbox.c.subscription, outbox.c.recipient, outbox.c.bundle)
    due = select(*key).where(outbox.c.state == "gathered").group_by(*key)
    if not force:
        due = due.having(func.min(outbox.c.due_us) <= now_us)
    for one in connection.execute(due.order_by(*key)).all():
        mine = [column == value for column, value in zip(key, one, strict=True)]
        asked = select(outbox).where(outbox.c.state == "gathered", *mine).order_by(outbox.c.id)
        if one[2] in DIGESTS and not force:  # what happened since belongs to the next digest
            asked = asked.where(outbox.c.due_us <= now_us)
        yield [dict(row) for row in connection.execute(asked).mappings()]


def _bundle(connection: Connection, rows: list[Row], now_us: int, policy: AlertPolicy) -> None:
    first = rows[0]
    payloads = [json.loads(row["payload"]) for row in rows[:MOST_ITEMS]]
    items = [
        {
            "event": payload["event"],
            "identities": payload["identities"],
            "step": row["step"],
        }
        for row, payload in zip(rows, payloads, strict=False)
    ]
    payload = {name: payloads[0][name] for name in _SHARED}
    payload |= {
        "items": items,
        "total": len(rows),
        "bundle": first["bundle"],
        "by_type": {
            name: sum(1 for _ in group)
            for name, group in groupby(sorted(str(row["type"]) for row in rows))
        },
        "from_us": min(row["created_us"] for row in rows),
        "to_us": now_us,
    }
    if first["bundle"] in DIGESTS:
        named = {item["event"][key] for item in items for key in ("mmsi", "other_mmsi")}
        payload["numbers"] = policy.numbers(named - {None})
    mark = hashlib.sha256("\n".join(row["dedup"] for row in rows).encode()).hexdigest()[:16]
    insert_once(
        connection,
        outbox,
        row_values(
            channel="mail",
            kind="bundle",
            step=first["bundle"],
            subscription=first["subscription"],
            recipient=first["recipient"],
            dedup=f"bundle|{mark}",
            message_id=message_id(policy.domain, "bundle", mark, first["recipient"]),
            payload=to_json(payload),
            created_us=now_us,
            due_us=now_us,
        ),
    )
    number = select(outbox.c.id).where(outbox.c.dedup == f"bundle|{mark}")
    number_of = connection.execute(number).scalar_one()
    for row in rows:
        connection.execute(
            update(outbox)
            .where(outbox.c.id == row["id"])
            .values(state="bundled", bundled_in=number_of, done_us=now_us)
        )
