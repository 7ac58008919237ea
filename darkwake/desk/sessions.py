"""Who is at the desk: sessions in memory, a secret against forged forms in each.

A session ends with the desk, or when it was not used for half a day. Nothing of it is written down.
"""

import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field

IDLE_S = 12 * 3600.0
MOST_SESSIONS = 1000
"""Above this the one that was unused for longest ends: nobody fills the memory."""


@dataclass(slots=True)
class Session:
    """One browser."""

    name: str
    """Whose moves they are, as the person says."""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    used_s: float = field(default_factory=time.monotonic)


class Sessions:
    """All sessions of a desk.

    Args:
        token: what a person must know; None where everybody on this machine may come.
        name: what a session is called at first.
    """

    def __init__(self, token: str | None, name: str) -> None:
        self._token = token
        self._name = name
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    @property
    def needs_token(self) -> bool:
        """Whether a person must log in."""
        return self._token is not None

    def is_token(self, given: str) -> bool:
        """Return whether a text is the token, in a time that tells nothing of it."""
        return self._token is not None and hmac.compare_digest(given.encode(), self._token.encode())

    def begin(self, name: str | None = None) -> Session:
        """Begin a session."""
        session = Session(name or self._name)
        self._sessions[session.key] = session
        while len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def find(self, key: str | None) -> Session | None:
        """Return the session of a cookie, if it has not ended."""
        session = self._sessions.get(key or "")
        if session is None:
            return None
        now_s = time.monotonic()
        if now_s - session.used_s > IDLE_S:
            self.end(session)
            return None
        session.used_s = now_s
        self._sessions.move_to_end(session.key)
        return session

    def end(self, session: Session) -> None:
        """End a session."""
        self._sessions.pop(session.key, None)


def is_forged(session: Session, given: str) -> bool:
    """Return whether a form does not carry the session's own secret."""
    return not hmac.compare_digest(given.encode(), session.csrf.encode())
