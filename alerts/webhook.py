"""Signed posts for those who integrate, and a file of JSON lines.

A post is signed so that the receiver can tell who sent it and when: `Darkwake-Signature:
t=SECONDS,v1=HEX` where HEX is HMAC-SHA256 of `SECONDS.BODY` under the shared secret. A receiver
refuses a post whose time lies more than five minutes away, and one whose `Darkwake-Delivery` it
has seen. Only the configured address is asked; an answer that is a redirect is a refusal.
"""

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from alerts.outbox import Outcome
from alerts.stored import Row, event_from, to_json
from vessels.clock import iso_z
from vessels.units import US_PER_S

REPLAY_WINDOW_S = 300
TIMEOUT_S = (5.0, 30.0)
_TRY_AGAIN = frozenset({408, 425, 429})
_MOST_ANSWER = 2048


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where posts go. The secret is shown by nothing."""

    url: str
    secret: str
    ca_file: str | None = None

    def __repr__(self) -> str:
        """Return the target without its secret and without what the URL may hold of one."""
        return f"WebhookTarget({self.url.partition('?')[0]})"


def signature(secret: str, seconds: int, body: bytes) -> str:
    """Return the value of the header `Darkwake-Signature`."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={digest.hexdigest()}"


def verify(secret: str, header: str, body: bytes, now_s: int) -> bool:
    """Tell whether a post is ours and fresh: what a receiver does, and what the tests do."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    if not parts.get("t", "").isdigit() or abs(now_s - int(parts["t"])) > REPLAY_WINDOW_S:
        return False
    return hmac.compare_digest(signature(secret, int(parts["t"]), body), header)


def notice(row: Row) -> dict[str, Any]:
    """Return what the webhook and the file say of a step: the event as a GeoJSON feature."""
    event = event_from(json.loads(row["payload"])["event"])
    return {
        "delivery": row["message_id"],
        "step": row["step"],
        "at": iso_z(row["created_us"]),
        "event": {
            "type": "Feature",
            "id": event.event_id,
            "geometry": event.geometry(),
            "properties": event.properties(),
        },
    }


def post(target: WebhookTarget, row: Row, now_us: int) -> Outcome:
    """Post one row. 2xx is sent; 408, 425, 429, 5xx and silence are tried again; else dead."""
    body = to_json(notice(row)).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Darkwake",
        "Darkwake-Delivery": row["message_id"],
        "Darkwake-Signature": signature(target.secret, now_us // US_PER_S, body),
    }
    try:
        with requests.Session() as session:
            session.trust_env = False  # neither proxies nor .netrc of the machine have a say
            with session.post(
                target.url,
                data=body,
                headers=headers,
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,  # an answer without end is not read
                verify=target.ca_file or True,
            ) as answer:
                said = answer.raw.read(_MOST_ANSWER, decode_content=False) or b""
                code = answer.status_code
    except (requests.RequestException, OSError) as error:
        return Outcome("retry", None, f"no connection: {type(error).__name__}", stop=True)
    text = f"{code} {said.decode('utf-8', 'replace')}"
    if 200 <= code < 300:
        return Outcome("sent", code, text)
    return Outcome("retry" if code >= 500 or code in _TRY_AGAIN else "dead", code, text)


def append_line(path: Path, row: Row) -> Outcome:
    """Append one row to a file of JSON lines and see it to the disk.

    A crash may leave half a line at the end; the next line begins on a line of its own.
    """
    try:
        with path.open("a+b") as file:
            file.seek(0, os.SEEK_END)
            if file.tell() > 0:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write(to_json(notice(row)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Outcome("retry", None, f"{error.strerror}", stop=True)
    return Outcome("sent", None, "written")
