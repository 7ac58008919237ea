"""What a satellite saw of an event: written into its alert's log, and told to those who know of it.

Alerts never wait for pictures. That there is none is a line in the log and no mail.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert

from alerts.posting import Poster
from alerts.rules import AlertContext
from alerts.schema import alert_log
from alerts.seen import PICTURE_MOVE
from alerts.stored import identities_from, row_event, rows_of, to_json


def note_picture(
    connection: Connection, context: AlertContext, event_id: str, picture: Mapping[str, Any]
) -> None:
    """Note on an alert what was seen; where there is a picture, put its mails into the outbox.

    An event that was withdrawn meanwhile is left alone.

    Args:
        connection: of the store, in a transaction.
        context: what holds now.
        event_id: of the event.
        picture: `says`, for each scene a list of sayings (imagery.telling); `png`, at most 512
            pixels, in base64, empty where there is none.
    """
    row = rows_of(connection, [event_id]).get(event_id)
    if row is None or row["withdrawn"]:
        return
    connection.execute(
        insert(alert_log).values(
            event_id=event_id,
            at_us=context.now_us,
            by="darkwake",
            move=PICTURE_MOVE,
            from_status=row["alert_status"],
            to_status=row["alert_status"],
            note=to_json(picture["says"]),
        )
    )
    if picture["png"]:
        known = identities_from(json.loads(row["identities"]))
        poster = Poster(connection, replace(context, identities=known))
        poster.pictured(row_event(row), row["alert_life"], picture)
