"""The only way from this room to a network: checked addresses, time-outs, retries, a byte budget.

What a catalogue names is an outside text. Only https is spoken, and only to public addresses; the
host that the user configured is the one exception. Redirects are checked like first addresses.
Credentials are kept by host and go to no other, whatever a link asks for; no message shows a query.
"""

import email.utils
import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests

from vessels.clock import utc_now
from vessels.errors import InputError

_RETRY = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_MOST_WAIT_S = 60.0
_PIECE = 65_536
_DEADLINE = 6.0
"""A whole answer may take this many time-outs: a server that drips holds nobody up for ever."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Budget:
    """What may be pulled in all, over several sessions."""

    left_bytes: int = 1 << 40
    pulled_bytes: int = 0

    def spend(self, count: int) -> None:
        """Count bytes that came in.

        Raises:
            InputError: the budget is used up.
        """
        self.pulled_bytes += count
        self.left_bytes -= count
        if self.left_bytes < 0:
            raise InputError("the byte budget for images is used up")


@dataclass(slots=True)
class Web:
    """A guarded session.

    Args:
        own: Network places (host, or host:port) that the user named; they may be private, and may
            speak plain http.
        secrets: Network place -> value of its Authorization header.
        timeout_s: Silence of a server that is borne.
        tries: Requests for one answer, at most.
        budget: What may be pulled in all; sessions may share one.
        sleep: Waits; replaced in tests.
    """

    own: frozenset[str] = frozenset()
    secrets: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 20.0
    tries: int = 4
    budget: Budget = field(default_factory=Budget)
    sleep: Callable[[float], None] = time.sleep
    _session: requests.Session = field(default_factory=requests.Session)

    def get(self, url: str, *, part: tuple[int, int] | None = None, most: int = 1 << 26) -> Answer:
        """Return the answer to a GET, of bytes `part` (first, last) where given.

        Raises:
            InputError: the address is refused, the server fails or is silent, the answer is larger
                than `most`, or the budget is used up.
        """
        headers = {} if part is None else {"Range": f"bytes={part[0]}-{part[1]}"}
        return self._ask("GET", url, headers, None, most)

    def post(self, url: str, body: Any, *, most: int = 1 << 26) -> Answer:
        """Return the answer to a POST of JSON. Raises as `get`."""
        return self._ask("POST", url, {}, body, most)

    def _ask(self, method: str, url: str, headers: dict[str, str], body: Any, most: int) -> Answer:
        why = ""
        for attempt in range(self.tries):
            if attempt:
                self.sleep(min(0.5 * 2.0 ** (attempt - 1), _MOST_WAIT_S))
            try:
                answer = self._follow(method, url, headers, body, most)
            except (requests.RequestException, OSError) as error:
                # Its text may hold the whole address: the kind is told alone.
                why = type(error).__name__
                continue
            if answer.status in _RETRY:
                why = f"answered {answer.status}"
                self._wait_as_told(url, answer)
                continue
            if answer.status >= 400:
                raise InputError(f"{shown(url)}: the server answered {answer.status}")
            return answer
        raise InputError(f"{shown(url)}: gave up after {self.tries} tries: {why}")

    def _wait_as_told(self, url: str, answer: Answer) -> None:
        """Wait as long as a Retry-After asks.

        Raises:
            InputError: that is longer than a minute.
        """
        wait_s = retry_after_s(answer.headers.get("Retry-After"))
        if wait_s > _MOST_WAIT_S:
            raise InputError(f"{shown(url)}: asks to wait {wait_s:.0f} s: try later")
        if wait_s > 0.0:
            self.sleep(wait_s)

    def _follow(
        self, method: str, url: str, headers: dict[str, str], body: Any, most: int
    ) -> Answer:
        for _ in range(_MOST_REDIRECTS):
            answer = self._once(method, url, headers, body, most)
            if answer.status not in _REDIRECTS:
                return answer
            url = urljoin(url, answer.headers.get("Location", ""))
        raise InputError(f"{shown(url)}: sends from address to address")

    def _once(self, method: str, url: str, headers: dict[str, str], body: Any, most: int) -> Answer:
        place = self.check(url)
        sent = {**headers, "User-Agent": "darkwake", "Accept-Encoding": "identity"}
        if place in self.secrets:
            sent["Authorization"] = self.secrets[place]
        begun = time.monotonic()
        with self._session.request(
            method,
            url,
            headers=sent,
            json=body,
            timeout=self.timeout_s,
            stream=True,
            allow_redirects=False,
        ) as reply:
            parts, size = [], 0
            for piece in reply.iter_content(_PIECE):
                parts.append(piece)
                size += len(piece)
                self.budget.spend(len(piece))
                if size > most:
                    raise InputError(f"{shown(url)}: answers with more than {most} bytes")
                if time.monotonic() - begun > _DEADLINE * self.timeout_s:
                    raise requests.Timeout
            length = reply.headers.get("Content-Length", "")
            if length.isdigit() and int(length) != size and method != "HEAD":
                raise requests.ConnectionError  # cut on the way
            return Answer(reply.status_code, dict(reply.headers), b"".join(parts))

    def check(self, url: str) -> str:
        """Return the network place of an address that may be asked.

        Raises:
            InputError: its scheme is not https, it holds a password, or it leads into a private
                network.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise InputError(f"{url[:60]!r} is no address") from error
        if parts.scheme == "s3":
            raise InputError(
                f"{shown(url)}: lies in an s3:// bucket where the reader pays or signs in:"
                " take another catalogue"
            )
        place = host if port is None else f"{host}:{port}"
        if place in self.own:
            if parts.scheme in {"http", "https"} and "@" not in parts.netloc:
                return place
            raise InputError(f"{shown(url)}: only http and https are read")
        if parts.scheme != "https" or not host or "@" in parts.netloc:
            raise InputError(f"{shown(url)}: only https addresses without a password are read")
        self._check_public(url, host, port or 443)
        return place

    @staticmethod
    def _check_public(url: str, host: str, port: int) -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise InputError(f"{shown(url)}: there is no such host") from error
        for *_, address in found:
            if not ipaddress.ip_address(str(address[0]).split("%")[0]).is_global:
                raise InputError(f"{shown(url)}: leads into a private network, which is refused")


def shown(url: str) -> str:
    """Return an address for messages and files: no query, no password, no fragment.

    >>> shown("https://me:secret@a.example/b.tif?sig=secret")
    'https://a.example/b.tif'
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        place = host if parts.port is None else f"{host}:{parts.port}"
    except ValueError:
        return "an address that cannot be read"
    return urlunsplit((parts.scheme, place, parts.path, "", ""))[:300]


def retry_after_s(text: str | None) -> float:
    """Return the seconds that a Retry-After header asks for: a number, or a date; 0 without one."""
    if not text:
        return 0.0
    if text.strip().isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0.0
    if moment.tzinfo is None:
        return 0.0
    return max((moment - utc_now()).total_seconds(), 0.0)
