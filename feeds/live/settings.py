"""A feed's address and options, read strictly: what is not known is refused with its name."""

import ipaddress
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from feeds.live.source import FeedSpec
from vessels.errors import ConfigError

SILENCE_TIMEOUT_S = 300.0
"""A connection without a valid position for so long is closed and made anew. Providers were seen
with the socket open and no frame coming for hours."""
RESET_AFTER_POSITIONS = 5
"""So many valid positions make a connection a good one: the next wait begins at 1 s again."""


class Settings:
    """Reads the address and the options of one feed; `finish` refuses those nobody asked for.

    Raises:
        ConfigError: from every method, with the feed's name and what to do.
    """

    def __init__(self, spec: FeedSpec) -> None:
        self.spec = spec
        self._left = dict(spec.options)
        try:
            self.url: SplitResult = urlsplit(spec.url)
            _ = self.url.port
        except ValueError as error:
            raise self.error(f"the address cannot be read: {error}") from error
        if self.url.password is not None:
            raise self.error("no password belongs into the address; name the variable it is in")

    def error(self, text: str) -> ConfigError:
        """Return an error that names the feed."""
        return ConfigError(f"feed {self.spec.name!r}: {text}")

    def host(self, default: str | None = None) -> str:
        """Return the host of the address."""
        host = self.url.hostname or default
        if host is None:
            raise self.error(f"no host in {self.spec.url!r}")
        return host

    def port(self, default: int | None = None) -> int:
        """Return the port of the address; 0 lets the system choose, where we listen."""
        port = self.url.port if self.url.port is not None else default
        if port is None:
            raise self.error(f"no port in {self.spec.url!r}")
        return port

    def path(self) -> str:
        """Return the file or folder of the address: `dir:in`, `dir://in`, `dir:///srv/in`."""
        path = unquote(self.url.netloc + self.url.path)
        if not path or "\0" in path:
            raise self.error(f"no path in {self.spec.url!r}")
        return path

    def topic(self) -> str:
        """Return what stands after the host, without its slash: a topic or a subject."""
        topic = unquote(self.url.path.removeprefix("/"))
        if not topic:
            raise self.error(f"no topic in {self.spec.url!r}; it follows the host and a slash")
        return topic

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Return an option between `low` and `high`."""
        value = self._left.pop(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(f"{name} must be a number, not {value!r}")
        if not low <= value <= high:
            raise self.error(f"{name} must lie between {low:g} and {high:g}, not {value:g}")
        return float(value)

    def text(self, name: str, default: str) -> str:
        """Return a text option."""
        value = self._left.pop(name, default)
        if not isinstance(value, str) or "\0" in value:
            raise self.error(f"{name} must be text, not {value!r}")
        return value

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        """Return an option that is one of `choices`."""
        value = self.text(name, default)
        if value not in choices:
            raise self.error(f"{name} must be one of {', '.join(choices)}, not {value!r}")
        return value

    def texts(self, name: str) -> list[str]:
        """Return an option that is a list of texts."""
        value = self._left.pop(name, [])
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.error(f"{name} must be a list of texts, not {value!r}")
        return list(value)

    def raw(self, name: str, default: object) -> object:
        """Return an option as it stands."""
        return self._left.pop(name, default)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return an option that is true or false."""
        value = self._left.pop(name, default)
        if not isinstance(value, bool):
            raise self.error(f"{name} must be true or false, not {value!r}")
        return value

    def secret(self, name: str, default: str = "") -> str:
        """Return a secret from the variable that option `name` names, or its _FILE sibling.

        An option that is not set, and has no default variable, means no secret: "".
        """
        variable = self.text(name, "")
        chosen = variable or default
        if not chosen:
            return ""
        if value := os.environ.get(chosen, ""):
            return value
        file = os.environ.get(f"{chosen}_FILE", "")
        if file:
            try:
                return Path(file).read_text(encoding="utf-8").strip()
            except (OSError, ValueError) as error:
                raise self.error(f"{chosen}_FILE cannot be read: {error}") from error
        raise self.error(f"needs {chosen} or {chosen}_FILE in the environment")

    def file(self, name: str) -> str | None:
        """Return an option that names a file which must be there, or None."""
        value = self.text(name, "")
        if value and not Path(value).is_file():
            raise self.error(f"{name}: no such file {value!r}")
        return value or None

    def silence_s(self, default: float = SILENCE_TIMEOUT_S) -> float:
        """Return `silence_timeout_s`; 0 turns the watchdog off."""
        return self.number("silence_timeout_s", default, 0, 7 * 86_400)

    def finish(self) -> None:
        """Refuse the options that are left."""
        if self._left:
            names = ", ".join(repr(str(name)[:40]) for name in sorted(self._left, key=str))
            raise self.error(f"unknown option {names}; docs/sources.md lists those there are")


def is_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return `host` as an IP address, or None where it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
