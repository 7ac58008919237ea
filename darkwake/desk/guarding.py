"""What every request meets before a page is made: its host, its size, where it comes from.

A page of another site cannot use the desk through a reviewer's browser: the Host header must be one
of ours (a name that was bent to this machine is not), forms come from our own pages, and no answer
may be framed or read by others. Answers are not stored by browsers.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 16_384
MOST_QUERY_BYTES = 2_048
_METHODS = frozenset({"GET", "HEAD", "POST"})
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of our own pages: they hold no script, style or picture inline."""
MAP_POLICY = "sandbox allow-scripts; frame-ancestors 'self'"
"""Of maps, beside the policy that they carry themselves: they run apart, without our cookies."""
_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Guard:
    """ASGI middleware.

    Args:
        app: what answers.
        hosts: host names that are ours, in small letters, without ports.
        tell: told of each refusal, in words that hold nothing of the request.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], tell: Callable[[str], None]) -> None:
        self._app = app
        self._hosts = hosts
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            status, text = refusal
            self._tell(text)
            answer = PlainTextResponse(f"{text}\n", status)
            await answer(scope, receive, _with_headers(send))
            return
        await self._app(scope, _limited(receive), _with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if len(headers.getlist("host")) != 1 or host_of(headers["host"]) not in self._hosts:
            return 421, "refused: this desk has no such host name (desk.hosts)"
        if scope["method"] not in _METHODS:
            return 405, "refused: method"
        if len(scope.get("query_string", b"")) > MOST_QUERY_BYTES:
            return 414, "refused: the address is too long"
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length[:12]) > MOST_BODY_BYTES:
            return 413, "refused: too many bytes"
        if scope["method"] == "POST" and _is_foreign(headers):
            return 403, "refused: the form is of another site"
        return None


def host_of(text: str) -> str:
    """Return the host of a Host header, in small letters, without port; empty where it is none.

    >>> host_of("LOCALHOST:8642"), host_of("[::1]:8642"), host_of("a@b")
    ('localhost', '::1', '')
    """
    try:
        parts = urlsplit(f"//{text}")
        _ = parts.port
    except ValueError:
        return ""
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return ""
    return (parts.hostname or "").lower()


def _is_foreign(headers: Headers) -> bool:
    """Return whether the browser says that another site sent a form."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers["host"].lower()


def _limited(receive: Receive) -> Receive:
    """Return a receiver that ends a body which is longer than was said."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > MOST_BODY_BYTES:
                return {"type": "http.disconnect"}
        return message

    return limited


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", PAGE_POLICY)
            headers.setdefault("X-Frame-Options", "DENY")
        await send(message)

    return sending
