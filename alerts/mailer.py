"""Hands one message at a time to a mail server, over one connection as long as it holds.

What each answer means is in docs/mail.md: refused for good (5xx for the receiver or the text) is
dead, everything else is tried again. A server that asks for a log-in that fails, or that does not
offer the encryption asked for, gets nothing: mail is never sent less protected than configured.
"""

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal
from urllib.parse import urlsplit

from alerts.outbox import Outcome
from vessels.errors import ConfigError

TIMEOUT_S = 30.0
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes. `password` is shown by nothing."""

    host: str
    port: int
    protection: Literal["none", "starttls", "tls"]
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None
    timeout_s: float = TIMEOUT_S

    def __repr__(self) -> str:
        """Return the server without its secrets."""
        return f"MailServer({self.protection}, {self.host}:{self.port})"


def mail_server(
    url: str,
    *,
    user: str | None = None,
    password: str | None = None,
    ca_file: str | None = None,
    timeout_s: float = TIMEOUT_S,
) -> MailServer:
    """Return the server that `smtp://`, `smtp+starttls://` or `smtps://` HOST[:PORT] names.

    Raises:
        ConfigError: the URL is not one of a mail server, or holds a password.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ConfigError("mail.url: begins with smtp://, smtp+starttls:// or smtps://")
    if parts.username or parts.password:
        raise ConfigError("mail.url: user and password belong in mail.user and mail.password")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"mail.url: {error}") from error
    if not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigError("mail.url: is HOST or HOST:PORT behind the //, nothing more")
    protections: dict[str, Literal["none", "starttls", "tls"]] = {
        "smtp": "none",
        "smtp+starttls": "starttls",
        "smtps": "tls",
    }
    protection = protections[parts.scheme]
    if user and protection == "none" and host not in {"localhost", "127.0.0.1", "::1"}:
        raise ConfigError("mail.url: a password is sent over smtp+starttls:// or smtps:// only")
    where = (host, port or _PORTS[parts.scheme], protection)
    return MailServer(*where, user, password, ca_file, timeout_s)


class SmtpMailer:
    """A connection to a mail server, made when the first message is sent."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._link: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, sender: str, recipient: str) -> Outcome:
        """Send one message to one receiver; the envelope names nobody else."""
        try:
            link = self._connected()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.close()
            return _no_connection(error)
        try:
            link.send_message(message, from_addr=sender, to_addrs=[recipient])
        except smtplib.SMTPRecipientsRefused as error:
            code, text = error.recipients.get(recipient) or next(iter(error.recipients.values()))
            return self._answered(code, text)
        except smtplib.SMTPSenderRefused as error:
            self.close()  # no receiver has a say in it: wait, and let the operator mend it
            return Outcome("retry", error.smtp_code, _text(error.smtp_error), stop=True)
        except smtplib.SMTPResponseException as error:
            return self._answered(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            # Lost while talking, perhaps after the text: the server may have it. The next try has
            # the same Message-ID.
            self.close()
            return Outcome("retry", None, f"connection lost: {_say(error)}")
        return Outcome("sent", 250, "accepted")

    def close(self) -> None:
        """Say goodbye, if anyone listens."""
        link, self._link = self._link, None
        if link is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                link.quit()
            link.close()

    def _connected(self) -> smtplib.SMTP:
        if self._link is None:
            self._link = self._connect()
        return self._link

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        trust = ssl.create_default_context(cafile=server.ca_file)
        link: smtplib.SMTP
        if server.protection == "tls":
            link = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout_s, context=trust
            )
        else:
            link = smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
        try:
            if server.protection == "starttls":
                link.starttls(context=trust)  # raises where the server does not offer it
            if server.user is not None:
                link.login(server.user, server.password or "")
        except BaseException:
            link.close()
            raise
        return link

    def _answered(self, code: int, text: bytes | str) -> Outcome:
        """Return what an answer to one message means, and leave the connection usable."""
        said = _text(text)
        if code == 421:  # the server closes the channel (RFC 5321, section 3.8)
            self.close()
            return Outcome("retry", code, said, stop=True)
        if self._link is not None:
            try:
                self._link.rset()
            except (OSError, smtplib.SMTPException):
                self.close()
        return Outcome("dead" if code >= 500 else "retry", code, said)


def _no_connection(error: Exception) -> Outcome:
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Outcome("retry", code, "the mail server refuses the log-in", stop=True)
    if isinstance(error, ssl.SSLError):
        return Outcome("retry", None, f"TLS with the mail server fails: {_say(error)}", stop=True)
    return Outcome("retry", code, f"no connection to the mail server: {_say(error)}", stop=True)


def _say(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
