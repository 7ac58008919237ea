"""A real mail server on loopback that misbehaves as it is told."""

import asyncio
import socket
import ssl
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

PATIENCE_S = 60.0
"""A sound server on a machine under load answers sooner than this."""
USER, PASSWORD = "watch", "not a secret, a test"


@dataclass
class Received:
    """One message that the server took, or saw and then dropped."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, read back."""
        found = message_from_bytes(self.content, policy=default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class Handler:
    """Answers by scripts: callables that get the receiver, or the count of messages."""

    rcpt: Callable[[str], str] = lambda _: "250 OK"
    data: Callable[[int], str] = lambda _: "250 OK"
    mail: Callable[[], str] = lambda: "250 OK"
    hang: bool = False
    drop_after_data: Callable[[int], bool] = lambda _: False
    got: list[Received] = field(default_factory=list)
    seen: int = 0

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's names
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Answer MAIL FROM."""
        del server, session, options
        answer = self.mail()
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        del server, session, options
        answer = self.rcpt(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Answer the text."""
        del session
        self.seen += 1
        if self.hang:
            await asyncio.sleep(30)
        answer = self.data(self.seen)
        if answer.startswith("250"):
            self.got.append(Received(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        if self.drop_after_data(self.seen):
            server.transport.abort()
        return answer


class _Quiet(SMTP):
    def connection_lost(self, error: Exception | None) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            super().connection_lost(error)


class _Controller(Controller):
    def factory(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of itself; what it does is what counts
            return _Quiet(self.handler, **self.SMTP_kwargs)


@contextmanager
def serving(handler: Handler, **options: Any) -> Iterator[int]:
    """Run a server and yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = _Controller(
        handler, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE_S, **options
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        controller.start()
    try:
        yield port
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            controller.stop()


def log_in(server: Any, session: Any, envelope: Any, mechanism: str, auth_data: Any) -> AuthResult:
    """Accept the one user with the one password."""
    del server, session, envelope, mechanism
    good = isinstance(auth_data, LoginPassword) and (
        auth_data.login == USER.encode() and auth_data.password == PASSWORD.encode()
    )
    return AuthResult(success=good, handled=False)


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return a new certificate for localhost and the server's side of it."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(key), "-out", str(cert)]
    try:
        made = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError:
        pytest.skip("openssl is not on this machine")
    assert made.returncode == 0, made.stderr.decode()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context
