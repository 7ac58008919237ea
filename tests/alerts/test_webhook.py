"""Signed posts to a real HTTP server, and the file of JSON lines."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from alerts.outbox import send_due
from alerts.sending import Dispatcher
from alerts.webhook import REPLAY_WINDOW_S, WebhookTarget, append_line, verify
from tests.alerts.samples import (
    WALL_US,
    Change,
    dark,
    meeting,
    opened,
    policy,
    posted,
    rows,
    subscription,
    take_in,
)
from vessels.units import US_PER_MIN, US_PER_S

SECRET = "a shared secret, for tests"  # noqa: S105 - it is what it says
NOW_S = WALL_US // US_PER_S


@dataclass
class Site:
    """A server that answers by script and keeps what it got."""

    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    kept = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append((self.path, dict(self.headers), body))
            self.send_response(kept.answers.pop(0) if kept.answers else 200)
            for name, value in kept.headers.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - a redirect that is followed would come here

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


def machine(site: Site, **values: Any) -> tuple[Any, Dispatcher]:
    rules = policy(subscription(min_confidence=1.0), webhook_url=site.url, **values)
    target = WebhookTarget(site.url, SECRET)
    return rules, Dispatcher(rules, clock_us=lambda: WALL_US, webhook=target)


def test_a_post_is_signed_and_fresh(engine: Engine, site: Site) -> None:
    rules, sender = machine(site)
    take_in(engine, rules, *opened(dark()))
    assert send_due(engine, sender, WALL_US).sent == 1
    path, headers, body = site.got[0]
    assert path == "/hook"
    told = json.loads(body)
    assert told["step"] == "opened"
    assert told["event"]["properties"] == dark().properties()
    signature = headers["Darkwake-Signature"]
    assert verify(SECRET, signature, body, NOW_S)
    assert verify(SECRET, signature, body, NOW_S + REPLAY_WINDOW_S)
    assert not verify(SECRET, signature, body, NOW_S + REPLAY_WINDOW_S + 1)
    assert not verify(SECRET, signature, body + b" ", NOW_S)
    assert not verify("another", signature, body, NOW_S)
    moved = signature.replace(f"t={NOW_S}", f"t={NOW_S + 1}")
    assert not verify(SECRET, moved, body, NOW_S), "the time is signed too"
    assert not verify(SECRET, "rubbish", body, NOW_S)


def test_steps_come_with_a_delivery_id_of_their_own_that_stays(engine: Engine, site: Site) -> None:
    rules, sender = machine(site)
    site.answers = [503]
    take_in(engine, rules, *opened(dark()))
    assert send_due(engine, sender, WALL_US).retried == 1
    assert send_due(engine, sender, WALL_US + 2 * US_PER_MIN).sent == 1
    take_in(engine, rules, Change("closed", dark(end_h=30.0)))
    send_due(engine, sender, WALL_US)
    first, again, closed = (headers["Darkwake-Delivery"] for _, headers, _ in site.got)
    assert first == again != closed


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        *((200, "sent"), (204, "sent"), (302, "dead"), (400, "dead"), (410, "dead")),
        *((408, "pending"), (429, "pending"), (500, "pending"), (503, "pending")),
    ],
)
def test_answers(engine: Engine, site: Site, answer: int, state: str) -> None:
    rules, sender = machine(site)
    site.answers = [answer]
    site.headers = {"Location": "/elsewhere"}
    take_in(engine, rules, *opened(dark()))
    send_due(engine, sender, WALL_US)
    assert posted(engine) == [("opened", site.url, state)]
    assert len(site.got) == 1, "a redirect is not followed"


def test_a_server_that_is_away_holds_up_nothing_else(
    engine: Engine, site: Site, tmp_path: Path
) -> None:
    rules, _ = machine(site, sink_path=str(tmp_path / "alerts.jsonl"))
    away = WebhookTarget("http://127.0.0.1:9/hook", SECRET)
    sender = Dispatcher(rules, clock_us=lambda: WALL_US, webhook=away)
    take_in(engine, rules, *opened(dark(), meeting()))
    report = send_due(engine, sender, WALL_US)
    assert (report.sent, report.retried) == (2, 1)
    lines = [json.loads(line) for line in (tmp_path / "alerts.jsonl").read_text().splitlines()]
    assert [line["event"]["id"] for line in lines] == [dark().event_id, meeting().event_id]


def test_only_the_types_asked_for_are_posted(engine: Engine, site: Site) -> None:
    rules, _ = machine(site, webhook_events=frozenset({"encounter"}))
    take_in(engine, rules, *opened(dark(), meeting()))
    assert [row["type"] for row in rows(engine)] == ["encounter"]


def test_half_a_line_of_a_crash_spoils_no_other(engine: Engine, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"delivery":"a","st')
    rules, _ = machine(site)
    take_in(engine, rules, *opened(dark()))
    (row,) = rows(engine)
    append_line(path, row)
    append_line(path, row)
    half, *whole = path.read_text().splitlines()
    assert half == '{"delivery":"a","st'
    assert [json.loads(line)["step"] for line in whole] == ["opened", "opened"]


def test_a_folder_that_is_missing_is_tried_again(engine: Engine, site: Site) -> None:
    rules, _ = machine(site)
    take_in(engine, rules, *opened(dark()))
    (row,) = rows(engine)
    assert append_line(Path("/nonexistent/alerts.jsonl"), row).result == "retry"


def test_the_secret_is_never_shown(site: Site) -> None:
    target = WebhookTarget(f"{site.url}?token=abc", SECRET)
    assert SECRET not in repr(target)
    assert "abc" not in repr(target)
