"""The tables of the store, the same in SQLite and PostgreSQL.

Times are integers of microseconds since 1970 UTC. `*_us` columns of `events` are event time; all
others are the time of the machine that wrote them. JSON is kept as text, so that what comes out is
what went in, in the same order. Other rooms add their own tables to `metadata`.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION = 1

metadata = MetaData()

_ROW_ID = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER numbers itself in SQLite

facts = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Single values: the schema's version, and the watermarks of jobs."""

events = Table(
    "events",
    metadata,
    Column("event_id", String(16), primary_key=True),
    Column("type", String(32), nullable=False),
    Column("status", String(8), nullable=False),
    Column("start_us", BigInteger, nullable=False),
    Column("end_us", BigInteger),
    Column("mmsi", BigInteger, nullable=False),
    Column("other_mmsi", BigInteger),
    Column("hull_id", String(64), nullable=False),
    Column("other_hull_id", String(64)),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("severity", String(8), nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("replaced_by", String(16)),
    Column("body", Text, nullable=False),
    Column("identities", Text, nullable=False),
    Column("stored_us", BigInteger, nullable=False),
    Column("changed_us", BigInteger, nullable=False),
    Index("events_by_start", "start_us", "type", "event_id"),
    Index("events_by_mmsi", "mmsi"),
)
"""Every event that was ever told, withdrawn ones too. `body` is the whole `Event` as JSON."""

alerts = Table(
    "alerts",
    metadata,
    Column("event_id", String(16), ForeignKey("events.event_id"), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("reason", Text),
    Column("thread", String(16), nullable=False),
    Column("life", Integer, nullable=False),
    Column("suppressed_by", _ROW_ID),
    Column("opened_us", BigInteger, nullable=False),
    Column("moved_us", BigInteger, nullable=False),
    Column("reminded_us", BigInteger),
    Index("alerts_by_opening", "opened_us"),
)
"""The review of an event. `thread` is the event whose opening began its mail thread; `life` counts
how often it was told anew after it had been withdrawn."""

alert_log = Table(
    "alert_log",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("event_id", String(16), ForeignKey("events.event_id"), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("by", String(64), nullable=False),
    Column("move", String(16), nullable=False),
    Column("from_status", String(16), nullable=False),
    Column("to_status", String(16), nullable=False),
    Column("note", Text),
    Index("alert_log_by_event", "event_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("dedup", String(200), nullable=False, unique=True),
    Column("channel", String(8), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("step", String(12), nullable=False),
    Column("event_id", String(16)),
    Column("life", Integer, nullable=False),
    Column("type", String(32)),
    Column("subscription", String(64), nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("references_ids", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("bundle", String(10)),
    Column("bundled_in", _ROW_ID),
    Column("created_us", BigInteger, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("lease_us", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("last_error", Text),
    Column("done_us", BigInteger),
    Index("outbox_by_state", "state", "due_us"),
    Index("outbox_by_recipient", "subscription", "recipient", "created_us"),
    Index("outbox_by_event", "event_id"),
)
"""One message to one receiver. `state`: pending, held (a feed is down), gathered (waits for its
bundle), bundled, sent, dead, cancelled. `dedup` makes a step go to a receiver once."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("outbox_id", _ROW_ID, ForeignKey("outbox.id"), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("result", String(10), nullable=False),
    Column("code", Integer),
    Column("answer", Text),
    Index("deliveries_by_outbox", "outbox_id"),
)
"""Every try: `sent`, `retry` or `dead`, with what the other side answered."""

suppressions = Table(
    "suppressions",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("type", String(32)),
    Column("mmsi", BigInteger),
    Column("hull_id", String(64)),
    Column("bbox", String(120)),
    Column("until_us", BigInteger, nullable=False),
    Column("by", String(64), nullable=False),
    Column("reason", Text),
    Column("created_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
)
"""What is not to be mailed: events that start before `until_us`, in event time."""

operator_log = Table(
    "operator_log",
    metadata,
    Column("id", _ROW_ID, primary_key=True, autoincrement=True),
    Column("topic", String(120), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("topic", name="operator_log_once"),
)
"""What the operator was told. A `topic` is told once; it holds its own hour or day."""
