"""What the service says: a plain line for each happening on stderr, JSON where nobody watches."""

import json
import sys
import threading

from darkwake.console import one_line
from vessels.clock import utc_now

_LOCK = threading.Lock()


def log(what: str, **facts: object) -> None:
    """Say what happened, with its facts; control characters are taken out.

    Losing a line must not stop the watch: what stderr does not take is gone.
    """
    at = utc_now().strftime("%Y-%m-%dT%H:%M:%SZ")
    if sys.stderr.isatty():
        told = " ".join(f"{name}={fact}" for name, fact in facts.items())
        line = f"{at} {what}" + (f" ({told})" if told else "")
    else:
        line = json.dumps({"at": at, "what": what, **facts}, default=str)
    with _LOCK:
        try:
            sys.stderr.write(f"{one_line(line)}\n")
            sys.stderr.flush()
        except OSError:
            return
