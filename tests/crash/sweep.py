"""The crash sweep: a watch is killed again and again while a recording comes in and mails go out.

The recording is dropped into a folder piece by piece. A watch is started, and killed with SIGKILL
after a random time, in whatever it is doing: loading, recovering, writing the journal, folding,
committing, writing a snapshot, talking to the mail server. In the end one watch runs to its end,
and what the store lists is compared with a replay, and what the mail server got with the outbox.
"""

import contextlib
import email
import email.policy
import json
import os
import random
import signal
import socket
import subprocess
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from alerts.database import open_database, reading
from alerts.schema import outbox
from tests.watch.recording import recording, replayed
from tests.watch.running import FOLDER_OPTIONS, Watched, finished

MAIL = """
[mail]
url = "smtp://127.0.0.1:{port}"
sender = "watch@example.org"
[alerts]
flood_per_hour = 10000
[[subscriptions]]
name = "inspectors"
to = ["one@example.org", "two@example.org"]
mode = "immediate"
max_per_hour = 10000
"""


class Postbox:
    """A mail server's handler that keeps the Message-ID and receiver of everything it took."""

    def __init__(self) -> None:
        self.got: Counter[tuple[str, str]] = Counter()
        self.bodies: dict[str, set[bytes]] = {}

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a mail."""
        del server, session
        content = envelope.content or b""
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        name = str(message["Message-ID"])
        self.bodies.setdefault(name, set()).add(str(message["Subject"]).encode())
        for receiver in envelope.rcpt_tos:
            self.got[name, receiver] += 1
        return "250 OK"


@dataclass
class Findings:
    """What a sweep found; all but the duplicates must be 0."""

    kills: int = 0
    events: int = 0
    events_lost: int = 0
    events_too_many: int = 0
    events_that_differ: int = 0
    mails: int = 0
    mails_lost: int = 0
    mails_unknown: int = 0
    ids_with_two_subjects: int = 0
    mails_twice: int = 0
    """Same Message-ID, same receiver, more than once."""
    openings_missing: int = 0
    """Findings that stand, and of which a receiver was never told."""
    kills_while: dict[str, int] = field(default_factory=dict)
    """How many kills came at any time after the start, and how many while batches were taken in."""
    batches: int = 0
    """Batches that the last watch found in the journal when it started."""
    seconds: float = 0.0


def sweep(folder: Path, kills: int, seed: int = 1, url: str = "sqlite:///state.db") -> Findings:
    """Run a sweep in a folder; return what it found."""
    rng = random.Random(seed)
    begun = time.monotonic()
    found = Findings()
    postbox = Postbox()
    port = free_port()
    server = Controller(postbox, hostname="127.0.0.1", port=port, ready_timeout=60.0)
    server.start()
    try:
        watched = Watched(
            folder,
            {"files": "dir:in"},
            url,
            FOLDER_OPTIONS,
            MAIL.format(port=port),
        )
        (folder / "in").mkdir()
        drops = pieces(recording().read_bytes().splitlines(keepends=True), 2 * kills)
        for number, piece in enumerate(drops):
            drop(folder, number, piece)
            if number % 2 == 1 and found.kills < kills:
                _run_and_kill(watched, rng, found)
        said = map(json.loads, finished(watched.start("--stop-when-idle", "6")).splitlines())
        found.batches = next(line["batch"] for line in said if line["what"] == "watching")
    finally:
        server.stop()
    _compare_events(watched, found)
    _compare_mails(watched, postbox, found)
    found.seconds = round(time.monotonic() - begun, 1)
    return found


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pieces(lines: list[bytes], count: int) -> list[bytes]:
    """Return the lines as so many pieces; no message of several parts is cut."""
    cuts = [0]
    for number in range(1, count):
        at = max(cuts[-1], len(lines) * number // count)
        while at < len(lines) and not lines[at].startswith(b"\\"):
            at += 1
        cuts.append(at)
    cuts.append(len(lines))
    return [b"".join(lines[a:b]) for a, b in pairwise(cuts)]


def drop(folder: Path, number: int, piece: bytes) -> None:
    """Put a piece into the watched folder, as a transfer does: aside, then renamed."""
    aside = folder / f"{number:06d}.tmp"
    aside.write_bytes(piece)
    aside.replace(folder / "in" / f"{number:06d}.nmea")


def _run_and_kill(watched: Watched, rng: random.Random, found: Findings) -> None:
    """Start a watch and kill it: mostly soon after it made a batch durable, else at any time."""
    before = _journaled(watched.folder)
    process = watched.start()
    while_ = "starting"
    if rng.random() < 0.2:
        time.sleep(rng.uniform(0.0, 3.0))
    else:
        until = time.monotonic() + 120.0
        while _journaled(watched.folder) <= before and time.monotonic() < until:
            assert process.poll() is None, process.communicate()
            time.sleep(0.002)
        # Folding, telling, committing, sending follow: from at once to seconds later.
        time.sleep(rng.choice((0.0, 0.02, 0.1, 0.5, 2.0)) * rng.random())
        while_ = "working"
    assert process.poll() is None, process.communicate()
    _kill(process)
    found.kills += 1
    found.kills_while[while_] = found.kills_while.get(while_, 0) + 1


def _journaled(folder: Path) -> set[tuple[str, int]]:
    """Return the journal's segments and their sizes: every batch brings a new pair.

    A segment is made before its first batch is written; empty, it holds none yet.
    """
    found = set()
    for path in (folder / "tracks-journal").glob("*.journal"):
        with contextlib.suppress(OSError):
            found.add((path.name, path.stat().st_size))
    return {pair for pair in found if pair[1] > 0}


def _kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def _compare_events(watched: Watched, found: Findings) -> None:
    stored, expected = watched.stored(), replayed(recording())
    found.events = len(expected)
    found.events_lost = len(expected.keys() - stored.keys())
    found.events_too_many = len(stored.keys() - expected.keys())
    found.events_that_differ = sum(
        stored[key] != expected[key] for key in stored.keys() & expected.keys()
    )


def _compare_mails(watched: Watched, postbox: Postbox, found: Findings) -> None:
    engine = open_database(watched.database)
    try:
        with reading(engine) as connection:
            rows = [dict(row) for row in connection.execute(select(outbox)).mappings()]
    finally:
        engine.dispose()
    mails: list[dict[str, Any]] = [row for row in rows if row["channel"] == "mail"]
    due = {(row["message_id"], row["recipient"]) for row in mails if row["state"] != "cancelled"}
    known = {(row["message_id"], row["recipient"]) for row in mails}
    found.mails = postbox.got.total()
    found.mails_lost = len(due - postbox.got.keys())
    found.mails_unknown = len(postbox.got.keys() - known)
    found.mails_twice = sum(times - 1 for times in postbox.got.values())
    found.ids_with_two_subjects = sum(len(subjects) > 1 for subjects in postbox.bodies.values())
    told = {
        (row["event_id"], row["recipient"])
        for row in mails
        if row["step"] in {"opened", "corrected"}
        and postbox.got[row["message_id"], row["recipient"]]
    }
    found.openings_missing = sum(
        (key, receiver) not in told
        for key in watched.stored()
        for receiver in ("one@example.org", "two@example.org")
    )


def as_json(found: Findings) -> str:
    """Return the findings as one JSON line."""
    return json.dumps(asdict(found))
