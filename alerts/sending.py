"""The one sender: mail, webhook and file behind the outbox."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.compose import compose
from alerts.mailer import MailServer, SmtpMailer
from alerts.outbox import Outcome
from alerts.rules import AlertPolicy
from alerts.stored import Row, event_body, to_json
from alerts.webhook import WebhookTarget, append_line, post
from detectors.events import Event
from maps.identities import Identity
from maps.picture import event_picture
from maps.tracks import Track

Tracks = Callable[[Event], Mapping[str, Track]]
"""Gives the tracks of an event's hulls around it, for the picture; none is fine."""


_MOST_PICTURES = 100
"""Pictures kept, at some 10 kB each."""


def no_tracks(event: Event) -> Mapping[str, Track]:
    """Return no tracks: the picture shows the event alone."""
    del event
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """How mails are made: who sends them, where answers go, and the list's name."""

    server: MailServer
    sender: str
    reply_to: str | None = None
    list_name: str = "Darkwake alerts"


class Dispatcher:
    """Delivers rows of every channel. What is not configured waits in the outbox."""

    def __init__(
        self,
        policy: AlertPolicy,
        *,
        clock_us: Callable[[], int],
        mail: MailSettings | None = None,
        webhook: WebhookTarget | None = None,
        tracks: Tracks = no_tracks,
    ) -> None:
        self._policy = policy
        self._clock_us = clock_us
        self._mail = mail
        self._mailer = None if mail is None else SmtpMailer(mail.server)
        self._webhook = webhook
        self._tracks = tracks
        self._pictures: dict[str, bytes] = {}

    @property
    def policy(self) -> AlertPolicy:
        """Whom to tell of dead letters."""
        return self._policy

    def deliver(self, row: Row) -> Outcome:
        """Try to send one row."""
        if row["channel"] == "sink" and self._policy.sink_path is not None:
            return append_line(Path(self._policy.sink_path), row)
        if row["channel"] == "webhook" and self._webhook is not None:
            return post(self._webhook, row, self._clock_us())
        if row["channel"] == "mail" and self._mail is not None and self._mailer is not None:
            message = compose(
                row,
                json.loads(row["payload"]),
                sender=self._mail.sender,
                reply_to=self._mail.reply_to,
                list_name=self._mail.list_name,
                domain=self._policy.domain,
                draw=self._draw,
            )
            return self._mailer.send(message, self._mail.sender, row["recipient"])
        return Outcome("retry", None, f"no {row['channel']} is configured", stop=True)

    def _draw(self, event: Event, known: Mapping[str, Identity]) -> bytes:
        """Return the picture of an event, drawn once for all who get it."""
        key = to_json([event_body(event), sorted(known.items())])
        if key not in self._pictures:
            if len(self._pictures) >= _MOST_PICTURES:
                self._pictures.pop(next(iter(self._pictures)))
            self._pictures[key] = event_picture(event, self._tracks(event), identities=known)
        return self._pictures[key]

    def close(self) -> None:
        """End the connection to the mail server."""
        if self._mailer is not None:
            self._mailer.close()
