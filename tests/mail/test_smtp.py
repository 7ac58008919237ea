"""Sending to a real mail server that refuses, hangs and drops: as docs/mail.md says."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from alerts.database import reading, transaction
from alerts.mailer import MailServer, mail_server
from alerts.outbox import (
    BATCH,
    GIVE_UP_US,
    LEASE_US,
    SendReport,
    drain,
    release_claims,
    retry_dead,
    send_due,
)
from alerts.rules import AlertPolicy
from alerts.schema import deliveries
from alerts.sending import Dispatcher, MailSettings
from tests.alerts.samples import (
    WALL_US,
    dark,
    meeting,
    opened,
    policy,
    posted,
    rows,
    subscription,
    take_in,
)
from tests.mail.server import PASSWORD, PATIENCE_S, USER, Handler, certificate, log_in, serving
from vessels.errors import ConfigError
from vessels.units import US_PER_H, US_PER_MIN

TO = "inspector@example.org"
THREE = ("anna@example.net", "ben@example.net", "cleo@example.net")


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def port(handler: Handler) -> Iterator[int]:
    with serving(handler) as number:
        yield number


def sender(rules: AlertPolicy, server: MailServer) -> Dispatcher:
    mail = MailSettings(server=server, sender="watch@example.org")
    return Dispatcher(rules, clock_us=lambda: WALL_US, mail=mail)


def at(port: int, **values: Any) -> MailServer:
    return mail_server(f"smtp://127.0.0.1:{port}", **{"timeout_s": PATIENCE_S} | values)


def answers(engine: Engine) -> list[tuple[str, int | None, str | None]]:
    with reading(engine) as connection:
        found = connection.execute(select(deliveries).order_by(deliveries.c.id))
        return [(row.result, row.code, row.answer) for row in found]


def test_a_mail_goes_out_once(engine: Engine, handler: Handler, port: int) -> None:
    take_in(engine, policy(), *opened(dark()))
    mailer = sender(policy(), at(port))
    assert send_due(engine, mailer, WALL_US) == SendReport(sent=1)
    assert send_due(engine, mailer, WALL_US) == SendReport()
    assert [(one.sender, one.recipients) for one in handler.got] == [("watch@example.org", [TO])]
    assert dark().event_id in handler.got[0].content.decode()
    assert handler.got[0].message["Message-ID"] == rows(engine)[0]["message_id"]
    assert posted(engine) == [("opened", TO, "sent")]


def test_nobody_sees_who_else_is_told(engine: Engine, handler: Handler, port: int) -> None:
    rules = policy(subscription(to=THREE))
    take_in(engine, rules, *opened(dark()))
    assert send_due(engine, sender(rules, at(port)), WALL_US).sent == 3
    for one in handler.got:
        assert [name for name in THREE if name in one.content.decode()] == one.recipients


@pytest.mark.parametrize("answer", ["450 mailbox busy", "451 local error", "452 no space"])
def test_later_is_tried_again_with_back_off(
    engine: Engine, handler: Handler, port: int, answer: str
) -> None:
    take_in(engine, policy(), *opened(dark()))
    handler.data = lambda count: answer if count < 3 else "250 OK"
    mailer = sender(policy(), at(port))
    now_us, waits = WALL_US, []
    for _ in range(2):
        assert send_due(engine, mailer, now_us) == SendReport(retried=1, waiting=1)
        due_us = rows(engine)[0]["due_us"]
        waits.append(due_us - now_us)
        assert send_due(engine, mailer, due_us - 1).sent == 0
        now_us = due_us
    assert send_due(engine, mailer, now_us).sent == 1
    assert US_PER_MIN <= waits[0] <= 2 * US_PER_MIN
    assert US_PER_MIN <= waits[1] <= 4 * US_PER_MIN
    code, words = answer.split(" ", 1)
    assert answers(engine)[:2] == [("retry", int(code), words)] * 2
    assert len(handler.got) == 1


def test_a_421_closes_the_queue_for_now(engine: Engine, handler: Handler, port: int) -> None:
    take_in(engine, policy(), *opened(dark(), meeting()))
    handler.data = lambda count: "421 going down" if count == 1 else "250 OK"
    mailer = sender(policy(), at(port))
    assert send_due(engine, mailer, WALL_US) == SendReport(retried=1, waiting=2)
    assert handler.seen == 1, "no second mail is tried on a server that goes down"
    assert [row["tries"] for row in rows(engine)] == [1, 0]
    assert send_due(engine, mailer, WALL_US + 2 * US_PER_MIN).sent == 2


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_a_550_is_a_dead_letter_and_the_operator_hears_of_it(
    engine: Engine, handler: Handler, port: int, where: str
) -> None:
    rules = policy(operators=("ops@example.org",))
    take_in(engine, rules, *opened(dark()))
    refusal = "550 no such user"
    if where == "rcpt":
        handler.rcpt = lambda address: refusal if address == TO else "250 OK"
    else:
        handler.data = lambda count: refusal if count == 1 else "250 OK"
    mailer = sender(rules, at(port))
    assert send_due(engine, mailer, WALL_US) == SendReport(dead=1, waiting=1)
    assert posted(engine) == [
        ("opened", TO, "dead"),
        ("operator", "ops@example.org", "pending"),
    ]
    assert send_due(engine, mailer, WALL_US).sent == 1
    told = handler.got[0].message
    assert TO in told.get_content()
    assert "no such user" in told.get_content()
    assert dark().event_id in told.get_content()


def test_one_of_three_receivers_is_refused(engine: Engine, handler: Handler, port: int) -> None:
    rules = policy(subscription(to=THREE))
    take_in(engine, rules, *opened(dark()))
    handler.rcpt = lambda address: "550 unknown" if address == THREE[1] else "250 OK"
    assert send_due(engine, sender(rules, at(port)), WALL_US) == SendReport(sent=2, dead=1)
    assert {row["recipient"]: row["state"] for row in rows(engine)} == {
        THREE[0]: "sent",
        THREE[1]: "dead",
        THREE[2]: "sent",
    }
    assert sorted(one.recipients[0] for one in handler.got) == [THREE[0], THREE[2]]


def test_a_dead_letter_can_be_sent_again(engine: Engine, handler: Handler, port: int) -> None:
    take_in(engine, policy(), *opened(dark()))
    handler.rcpt = lambda _: "550 unknown"
    mailer = sender(policy(), at(port))
    send_due(engine, mailer, WALL_US)
    handler.rcpt = lambda _: "250 OK"
    later_us = WALL_US + 3 * GIVE_UP_US
    with transaction(engine) as connection:
        assert retry_dead(connection, later_us) == 1
    assert send_due(engine, mailer, later_us).sent == 1


def test_a_server_that_hangs_is_given_up_for_now(engine: Engine, handler: Handler) -> None:
    take_in(engine, policy(), *opened(dark(), meeting()))
    handler.hang = True
    with serving(handler) as port:
        report = send_due(engine, sender(policy(), at(port, timeout_s=0.3)), WALL_US)
    assert report == SendReport(retried=2, waiting=2)
    assert {answer[0] for answer in answers(engine)} == {"retry"}


def test_a_connection_lost_after_the_text_is_sent_again_with_the_same_id(
    engine: Engine, handler: Handler, port: int
) -> None:
    take_in(engine, policy(), *opened(dark()))
    handler.drop_after_data = lambda count: count == 1
    mailer = sender(policy(), at(port))
    assert send_due(engine, mailer, WALL_US).retried == 1
    assert send_due(engine, mailer, WALL_US + 2 * US_PER_MIN).sent == 1
    first, second = handler.got
    assert first.content == second.content, "to the byte: id, date and boundaries too"


def test_no_server_at_all(engine: Engine) -> None:
    take_in(engine, policy(), *opened(dark(), meeting()))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert send_due(engine, sender(policy(), at(port)), WALL_US) == SendReport(retried=1, waiting=2)
    assert "no connection" in (answers(engine)[0][2] or "")


def test_after_two_days_a_mail_is_given_up(engine: Engine, handler: Handler, port: int) -> None:
    take_in(engine, policy(), *opened(dark()))
    handler.data = lambda _: "451 later"
    mailer = sender(policy(), at(port))
    assert send_due(engine, mailer, WALL_US + GIVE_UP_US - 1).retried == 1
    assert send_due(engine, mailer, WALL_US + GIVE_UP_US + 7 * US_PER_H).dead == 1


def test_a_crash_between_sending_and_recording_sends_the_same_mail_again(
    engine: Engine, handler: Handler, port: int
) -> None:
    take_in(engine, policy(), *opened(dark()))

    class Dies(Dispatcher):
        def deliver(self, row: Any) -> Any:
            super().deliver(row)
            raise KeyboardInterrupt  # as good as a kill: nothing is recorded

    mail = MailSettings(server=at(port), sender="watch@example.org")
    dying = Dies(policy(), clock_us=lambda: WALL_US, mail=mail)
    with pytest.raises(KeyboardInterrupt):
        send_due(engine, dying, WALL_US)
    mailer = sender(policy(), at(port))
    assert send_due(engine, mailer, WALL_US + 1).sent == 0, "the claim holds"
    assert send_due(engine, mailer, WALL_US + LEASE_US).sent == 1, "until it is over"
    assert len(handler.got) == 2
    assert handler.got[0].content == handler.got[1].content


def test_a_new_watch_needs_not_wait_for_the_claims_of_the_dead_one(
    engine: Engine, handler: Handler, port: int
) -> None:
    take_in(engine, policy(), *opened(dark()))
    from alerts.outbox import _claim

    with transaction(engine) as connection:
        _claim(connection, WALL_US, WALL_US, BATCH)
    assert send_due(engine, sender(policy(), at(port)), WALL_US).sent == 0
    assert release_claims(engine) == 1
    assert send_due(engine, sender(policy(), at(port)), WALL_US).sent == 1
    assert len(handler.got) == 1


@pytest.mark.parametrize("protection", ["smtp+starttls", "smtps"])
def test_tls_is_used_and_checked(
    engine: Engine, handler: Handler, tmp_path: Path, protection: str
) -> None:
    cert, context = certificate(tmp_path)
    take_in(engine, policy(), *opened(dark()))
    options: dict[str, Any] = (
        {"ssl_context": context, "auth_require_tls": False}
        if protection == "smtps"
        else {"tls_context": context, "require_starttls": True}
    )
    with serving(handler, authenticator=log_in, auth_required=True, **options) as port:
        url = f"{protection}://localhost:{port}"
        secrets = {"user": USER, "password": PASSWORD, "timeout_s": PATIENCE_S}
        stranger = mail_server(url, **secrets)
        assert send_due(engine, sender(policy(), stranger), WALL_US).retried == 1
        assert "TLS with the mail server fails" in (answers(engine)[0][2] or "")
        wrong = mail_server(url, **secrets | {"password": "guess", "ca_file": str(cert)})
        later_us = WALL_US + 2 * US_PER_MIN
        assert send_due(engine, sender(policy(), wrong), later_us).retried == 1
        assert answers(engine)[1][2] == "the mail server refuses the log-in"
        known = mail_server(url, **secrets, ca_file=str(cert))
        assert send_due(engine, sender(policy(), known), WALL_US + US_PER_H).sent == 1
    assert len(handler.got) == 1


def test_no_starttls_no_mail(engine: Engine, handler: Handler, port: int) -> None:
    take_in(engine, policy(), *opened(dark()))
    server = mail_server(f"smtp+starttls://127.0.0.1:{port}", timeout_s=PATIENCE_S)
    assert send_due(engine, sender(policy(), server), WALL_US).retried == 1
    assert handler.seen == 0
    assert "STARTTLS" in (answers(engine)[0][2] or "")


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.org",
        "smtp://",
        "smtp://user:secret@mail.example.org",
        "smtp://mail.example.org/path",
        "smtp://mail.example.org:99999",
        "mail.example.org",
    ],
)
def test_a_url_that_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"mail\.url"):
        mail_server(url)


def test_a_password_never_travels_in_the_open() -> None:
    with pytest.raises(ConfigError, match="password"):
        mail_server("smtp://mail.example.org", user="watch", password=PASSWORD)
    assert PASSWORD not in repr(mail_server("smtps://h", user="watch", password=PASSWORD))


def test_draining_sends_digests_roll_ups_and_what_is_held(
    engine: Engine, handler: Handler, port: int
) -> None:
    rules = policy(
        subscription(max_per_hour=1),
        subscription(name="daily", to=("daily@example.org",), mode="daily"),
    )
    take_in(engine, rules, *opened(dark(), dark(1), dark(2)))
    take_in(engine, rules, *opened(meeting()), held_types=frozenset({"encounter"}))
    report = drain(engine, sender(rules, at(port)), lambda: WALL_US, patience_s=5.0)
    assert report == SendReport(sent=5)
    told = {one.recipients[0]: [] for one in handler.got}
    for one in handler.got:
        told[one.recipients[0]].append(one.content.decode())
    assert {name: len(mails) for name, mails in told.items()} == {TO: 3, "daily@example.org": 2}
    for mails in told.values():
        for event in (dark(), dark(1), dark(2), meeting()):
            assert sum(event.event_id in mail for mail in mails) == 1


def test_draining_tries_again_what_the_server_puts_off(
    engine: Engine, handler: Handler, port: int
) -> None:
    take_in(engine, policy(), *opened(dark()))
    handler.data = lambda count: "451 later" if count < 3 else "250 OK"
    report = drain(engine, sender(policy(), at(port)), lambda: WALL_US, patience_s=10.0)
    assert report == SendReport(sent=1, retried=2)
