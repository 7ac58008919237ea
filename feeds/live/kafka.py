"""Kafka: each message a sentence, some sentences, or JSON. Extra: `darkwake[kafka]`.

Offsets are kept by us, in the cursor that is stored with the rows, never by the broker: a restart
goes on behind the last row that was stored, with the halves of messages that waited.
"""

import base64
import json
import time

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from feeds.live.decode import StreamDecoder
from feeds.live.session import Session
from feeds.live.settings import Settings
from feeds.live.source import FeedSpec
from feeds.live.worker import BaseConnection, ConnectingWorker, Connection, ConnectionLostError

AHEAD_KIB = 16_384
"""What the library may read ahead of us; then it pauses, and the broker waits."""
_ANSWER_S = 10.0
_AT_ONCE = 1_024
_LOOK_AGAIN_S = 60.0


class KafkaConnection(BaseConnection):
    """A consumer of all partitions of one topic, from given offsets on."""

    framed = True

    def __init__(self, consumer: Consumer, topic: str, offsets: dict[int, int], start: int) -> None:
        self._consumer = consumer
        self._topic = topic
        self._offsets = offsets
        self._start = start
        self._assigned: set[int] = set()
        self._look_s = 0.0
        self._assign()

    def receive(self, timeout_s: float) -> list[bytes]:
        """Return the messages that are there; see `Connection`."""
        if time.monotonic() >= self._look_s:
            self._assign()
        bodies: list[bytes] = []
        for message in self._consumer.consume(_AT_ONCE, timeout=max(timeout_s, 0.001)):
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the public name
                    continue
                raise ConnectionLostError(f"the broker says: {error.str()}")
            body, partition, offset = message.value(), message.partition(), message.offset()
            if partition is not None and offset is not None:
                self._offsets[partition] = offset + 1
            if body:
                bodies.append(body if isinstance(body, bytes) else body.encode("utf-8"))
        return bodies

    def close(self) -> None:
        """Leave."""
        self._consumer.close()

    def _assign(self) -> None:
        """Take the partitions that the topic has now."""
        self._look_s = time.monotonic() + _LOOK_AGAIN_S
        try:
            found = self._consumer.list_topics(self._topic, timeout=_ANSWER_S).topics[self._topic]
        except KafkaException as error:
            raise ConnectionLostError(f"no answer: {error.args[0].str()}") from error
        if found.error is not None:
            raise ConnectionLostError(f"topic {self._topic!r}: {found.error.str()}")
        partitions = set(found.partitions)
        if partitions == self._assigned:
            return
        # One that appears while we read is new, and read from its first message.
        new = OFFSET_BEGINNING if self._assigned else self._start
        self._consumer.assign(
            [TopicPartition(self._topic, p, self._offsets.get(p, new)) for p in sorted(partitions)]
        )
        self._assigned = partitions


class KafkaReader(ConnectingWorker):
    """`kafka://host:9092/topic`. Options: `start` (`earliest`, `latest`) for the first time."""

    silence_default_s = 0.0

    def __init__(self, spec: FeedSpec) -> None:
        settings = Settings(spec)
        super().__init__(spec, settings)
        self._server = f"{settings.host()}:{settings.port(9092)}"
        self._topic = settings.topic()
        start = settings.choice("start", "earliest", ("earliest", "latest"))
        self._start = OFFSET_BEGINNING if start == "earliest" else OFFSET_END
        settings.finish()
        self._offsets: dict[int, int] = {}
        self._decoder_state: bytes | None = None

    def prepare(self) -> None:
        """Read the cursor."""
        if self.cursor is None:
            return
        try:
            state = json.loads(self.cursor)
            self._offsets = {int(key): int(value) for key, value in state["offsets"].items()}
            self._decoder_state = base64.b64decode(state["decoder"], validate=True)
            StreamDecoder(self.name, self.spec.clock).restore(self._decoder_state)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            text = f"the stored cursor cannot be read: {error}"
            raise Settings(self.spec).error(text) from error

    def begin(self, session: Session) -> None:
        """Go on where the cursor says, and write one with every chunk."""
        if self._decoder_state is not None:
            session.decoder.restore(self._decoder_state)
        session.cursor_of = lambda: self._cursor(session)

    def _cursor(self, session: Session) -> bytes:
        decoder = base64.b64encode(session.decoder.snapshot()).decode("ascii")
        offsets = {str(key): value for key, value in sorted(self._offsets.items())}
        return json.dumps({"offsets": offsets, "decoder": decoder}).encode("ascii")

    def connect(self) -> Connection:
        """Return a consumer at the right offsets."""
        settings: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self._server,
            "group.id": "darkwake",  # the library wants one; nothing is committed to it
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "queued.max.messages.kbytes": AHEAD_KIB,
            "log_level": 0,
        }
        consumer = Consumer(settings)
        try:
            return KafkaConnection(consumer, self._topic, self._offsets, self._start)
        except BaseException:
            consumer.close()
            raise
